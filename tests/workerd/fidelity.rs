//! A first caller's answer is the origin's, those who waited for the call get the same, and a replay says nothing
//! that has become false.

use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, both_ways};
use crate::http::{Answer, Call};
use crate::origin::Origin;
use crate::script::{GZIPPED_TEA, Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

fn policy() -> Value {
    json!({ "realm": "shop", "routes": [
        { "path": "/*/personal/**", "replay_set_cookie": true },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// The first answer, that of one who waited for the very call, and a replay.
#[track_caller]
fn first_joined_and_replayed(guard: &Guard, path: &str, reply: Reply) -> [Answer; 3] {
    let gate = Gate::new();
    guard.origin_in_turn([reply.held_by(&gate)]);
    let open = || guard.order_to(path).open(guard.runtime().address()).expect("a socket");
    let first = open();
    gate.wait_for(1);
    let mut waiting = open();
    waiting.time_out(Duration::from_millis(200));
    gate.open();
    let [first, joined] = [first, waiting].map(|one| one.answer().expect("an answer"));
    check_first(&first, &guard.key());
    check_replay(&joined, &first);
    assert_eq!(came(&joined).0, Came::Joined);
    let replayed = guard.send(&guard.order_to(path));
    check_replay(&replayed, &first);
    guard.check_calls(1);
    [first, joined, replayed]
}

/// A browser's own conversation with the origin: those who were there have it, and nobody an hour later.
#[test]
fn personal_headers_are_for_those_who_were_there() {
    const PERSONAL: [(&str, &str); 8] = [
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie2", "a=1"),
        ("Clear-Site-Data", "\"cookies\""),
        ("Authorization", "Bearer fresh"),
        ("Authentication-Info", "nextnonce=\"2\""),
        ("WWW-Authenticate", "Basic realm=\"r\""),
        ("X-CSRF-Token", "once"),
        ("X-XSRF-Token", "once"),
    ];
    for (path, kept) in [("/other", false), ("/personal", true)] {
        for size in [10, 100_000] {
            println!("{size} bytes at {path}");
            let guard = under_policy();
            let reply = Reply::new(201).body(vec![b'x'; size]).header("ETag", "\"v1\"");
            let reply =
                PERSONAL.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
            let [first, joined, replayed] = first_joined_and_replayed(&guard, path, reply);
            for (name, value) in PERSONAL {
                assert_eq!(first.headers.all(name), [value], "{name}");
                assert_eq!(joined.headers.all(name), [value], "{name}");
                let expected = if kept { vec![value] } else { vec![] };
                assert_eq!(replayed.headers.all(name), expected, "{name}");
            }
            assert_eq!(replayed.header("etag"), Some("\"v1\""));
        }
    }
}

/// Every cookie line by itself, to each of those who wait.
#[test]
fn all_who_wait_get_every_cookie() {
    both_ways(|guard| {
        let reply = Reply::new(201).header("Set-Cookie", "a=1").header("Set-Cookie", "b=2");
        let [first, joined, replayed] = first_joined_and_replayed(guard, "/orders", reply);
        for answer in [&first, &joined] {
            assert_eq!(answer.headers.all("set-cookie"), ["a=1", "b=2"]);
        }
        assert_eq!(replayed.headers.all("set-cookie"), [""; 0]);
    });
}

/// The test's wire reads bytes as Latin-1, so each character is one byte.
#[test]
fn header_bytes_that_are_no_text_reach_those_who_were_there() {
    const NAME: &str = "attachment; filename=\"r\u{e9}sum\u{e9}.pdf\"";
    both_ways(|guard| {
        let reply = Reply::new(201).header("Content-Disposition", NAME).header("ETag", "\"v1\"");
        let [first, joined, replayed] = first_joined_and_replayed(guard, "/orders", reply);
        for answer in [&first, &joined] {
            assert_eq!(answer.header("content-disposition"), Some(NAME));
        }
        assert_eq!(replayed.header("content-disposition"), None, "nothing false is said");
        assert_eq!(replayed.header("etag"), Some("\"v1\""));
    });
}

/// In UTF-8 it can be written down, and comes back.
#[test]
fn header_bytes_that_are_utf_8_are_replayed() {
    // `é`, byte by byte.
    const NAME: &str = "attachment; filename=\"r\u{c3}\u{a9}sum.pdf\"";
    both_ways(|guard| {
        let reply = Reply::new(201).header("Content-Disposition", NAME);
        for answer in first_joined_and_replayed(guard, "/orders", reply) {
            assert_eq!(answer.header("content-disposition"), Some(NAME));
        }
    });
}

#[test]
fn the_reason_phrase_reaches_those_who_were_there() {
    for phrase in ["Made It", "", "OK"] {
        println!("{phrase:?}");
        let guard = Guard::shared(true);
        let reply = Reply::new(201).reason(phrase);
        let [first, joined, replayed] = first_joined_and_replayed(&guard, "/orders", reply);
        assert_eq!([first.reason, joined.reason], [phrase; 2]);
        assert_eq!(replayed.reason, "Created");
    }
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(429).reason("Not Now"));
    assert_eq!(guard.send(&guard.order()).reason, "Not Now");
    assert_eq!(guard.send(&guard.keyless_order()).reason, "Not Now");
    // What the platform would not write again is left to it.
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::new(201).reason("Made\tIt"), Reply::new(201).reason("Cr\u{e9}")]);
    assert_eq!(guard.send(&guard.order()).status, 201);
    assert_eq!(
        guard.send(&guard.order_to("/other").without("Idempotency-Key").key("other")).status,
        201
    );
}

/// What the platform would not write again is left to it: an answer that came is handed on.
#[test]
fn a_reason_phrase_that_cannot_be_written_costs_nobody_an_answer() {
    let phrases = ["Made\tIt", "\tIt", "Cr\u{e9}\u{e9}"];
    let watching = Guard::under(&json!({ "mode": "observe" }));
    for reason in phrases {
        println!("{reason:?}");
        let reply = Reply::json(201, r#"{"order":1}"#).reason(reason);
        let guard = Guard::shared(true);
        guard.origin_always(reply.clone());
        watching.origin_always(reply);
        let calls = [(&guard, guard.order()), (&guard, guard.keyless_order())];
        let calls = calls.into_iter().chain([
            (&watching, watching.order()),
            (&watching, watching.order()),
            (&watching, watching.keyless_order()),
            (&guard, guard.order().method("PUT")),
        ]);
        for (guard, call) in calls {
            let answer = guard.send(&call);
            assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
        }
    }
}

/// Nor does a body where HTTP has none, nor a coding that is not what it says.
#[test]
fn whatever_an_origin_answers_a_keyless_request_gets_it() {
    let guard = Guard::shared(true);
    let gzipped = Reply::new(201).header("Content-Encoding", "gzip").body(GZIPPED_TEA);
    for (reply, body) in [
        (Reply::new(205).body("reset"), None),
        (gzipped.clone(), Some(GZIPPED_TEA.as_slice())),
        (gzipped.reason("Made\tIt"), Some(&GZIPPED_TEA)),
    ] {
        guard.origin_always(reply.clone());
        let answer = guard.send(&guard.keyless_order());
        assert_eq!(answer.status, reply.status, "{}", answer.text());
        assert!(body.is_none_or(|body| answer.body == body), "{:?}", answer.body);
    }
}

/// Bare stays bare and quoted stays quoted, once, whatever the origin echoes by itself.
#[test]
fn the_key_is_echoed_in_the_clients_own_spelling() {
    let guard = Guard::shared(true);
    let key = guard.key();
    let quoted = format!("\"{key}\"");
    let spelled = [
        (key.clone(), key.clone()),
        (quoted.clone(), quoted.clone()),
        (format!("{quoted}; v=1"), quoted),
    ];
    guard.origin_always(Reply::new(201).header("Idempotency-Key", "the-origins-own"));
    for (sent, echoed) in &spelled {
        let answer = guard.send(&guard.keyless_order().key(sent));
        assert_eq!(answer.headers.all("idempotency-key"), [echoed], "{sent}");
    }
    // A refusal as well.
    let reused = guard.send(&guard.keyless_order().key(&key).body("{}"));
    assert_eq!((reused.status, reused.headers.all("idempotency-key")), (422, vec![key.as_str()]));
    guard.check_calls(1);
}

/// Under either scheme; to each caller with the host that it asked.
#[test]
fn addresses_at_the_origin_become_public() {
    let guard = under_policy();
    let origin = Origin::shared().address;
    let at = |scheme: &str| format!("{scheme}://{origin}/orders/1");
    for (n, scheme) in ["http", "https"].into_iter().enumerate() {
        let reply = Reply::new(201)
            .header("Location", &at(scheme))
            .header("Content-Location", &at(scheme))
            .header("Refresh", &format!("5; url={}", at(scheme)))
            .header("Link", &format!("<{}>", at(scheme)));
        guard.origin_always(reply);
        let order = |host: &str| {
            let call = Call::post(&guard.path("/orders")).host(host).authorization(&guard.lane);
            call.key(&format!("{}-{n}", guard.key())).json("{}")
        };
        for host in ["one.example", "one.example", "two.example", "two.example:8443"] {
            println!("{scheme}, asked at {host}");
            let answer = guard.send(&order(host));
            let public = format!("http://{host}/orders/1");
            assert_eq!(answer.header("location"), Some(public.as_str()));
            assert_eq!(answer.header("content-location"), Some(public.as_str()));
            assert_eq!(answer.header("refresh"), Some(format!("5; url={public}").as_str()));
            // Others are the origin's own business.
            assert_eq!(answer.header("link"), Some(format!("<{}>", at(scheme)).as_str()));
        }
    }
    guard.check_calls(2);
}

/// A client's own word on where it came from does not reach the origin, nor what it expects of whoever is asked
/// next.
#[test]
fn what_a_client_says_of_the_way_is_not_forwarded() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(201));
    let told = |call: Call| {
        call.header("Expect", "100-continue")
            .header("Forwarded", "for=192.0.2.9;host=evil.example")
            .header("X-Forwarded-Prefix", "/evil")
            .header("X-Forwarded-Port", "1")
            .header("X-Real-IP", "192.0.2.9")
            .header("X-Kept", "1")
    };
    let calls = [guard.order(), guard.keyless_order(), guard.order().method("PUT")];
    for call in calls {
        assert_eq!(guard.send(&told(call)).status, 201);
    }
    let port = guard.runtime().address().port().to_string();
    for seen in guard.seen() {
        for name in ["expect", "forwarded", "x-forwarded-prefix", "x-real-ip"] {
            assert_eq!(seen.headers.get(name), None, "{name}");
        }
        assert_eq!(seen.headers.all("x-forwarded-port"), [port.as_str()]);
        assert_eq!(seen.headers.get("x-kept"), Some("1"));
    }
    guard.check_calls(3);
}
