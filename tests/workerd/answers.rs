//! What of the origin's answer is kept, and how it comes back.

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::Answer;
use crate::problem;
use crate::script::{Ending, GZIPPED_TEA, Gate, Reply};
use crate::stamp::{came, check_first, check_replay};
use crate::storage::{empty_kv, wait_for_copy};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/small/**", "max_stored_response": "1KiB" },
        { "path": "/*/cookies/**", "replay_set_cookie": true },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

#[track_caller]
fn check_not_kept(answer: &Answer, reply: &Reply) {
    assert_eq!(answer.status, reply.status, "{}", answer.text());
    assert!(answer.body == reply.body, "{} of {} bytes", answer.body.len(), reply.body.len());
    let marked = answer.header("cache-status").unwrap_or_default();
    assert!(marked.starts_with("onlyonce; fwd=miss; key=\""), "{marked:?}");
    assert!(marked.ends_with("; detail=not-kept"), "{marked:?}");
    assert!(!answer.replayed());
}

/// The caller has all but the end in its hands while the origin still holds the end back.
#[test]
fn nine_mebibytes_reach_the_first_caller_as_they_come() {
    let most = 8 * MIB + 512 * KIB;
    for ending in [Ending::PauseAfter(most), Ending::ChunkedPauseAfter(most)] {
        println!("{ending:?}");
        let guard = under_policy();
        let gate = Gate::new();
        let body: Vec<u8> = (0..9 * MIB).map(|n| (n % 251) as u8).collect();
        let reply = Reply::new(200).body(body).held_by(&gate).ending(ending);
        guard.origin_in_turn([reply.clone()]);
        let mut first = guard.order().open(guard.runtime().address()).expect("a socket");
        first.read_ahead(most - 256 * KIB);
        problem::check(&guard.send(&guard.order()), "response-not-kept");
        gate.open();
        check_not_kept(&first.answer().expect("an answer"), &reply);
        problem::check(&guard.send(&guard.order()), "response-not-kept");
        guard.check_calls(1);
    }
}

/// Up to 4 KiB a body, or a record with its answer, travels in the message between Worker and object.
#[test]
fn bodies_are_whole_on_either_side_of_what_a_message_holds() {
    let most = 4 * KIB;
    let sizes = [0, 1, most - 1, most, most + 1];
    let records = (most - 800..=most).step_by(100);
    for size in sizes.into_iter().chain(records) {
        println!("{size} bytes");
        let guard = Guard::shared(false);
        let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        guard.origin_in_turn([Reply::new(201).body(body.clone())]);
        let order = guard.order().body(body.clone());
        let first = guard.send(&order);
        check_first(&first, &guard.key());
        assert!(first.body == body, "{} bytes came back", first.body.len());
        check_replay(&guard.send(&order), &first);
        let seen = guard.seen();
        assert!(seen[0].body == body, "{} bytes reached the origin", seen[0].body.len());
        guard.check_calls(1);
    }
}

#[test]
fn a_route_says_how_much_is_kept() {
    let rows = [
        ("/small", KIB, true),
        ("/small", KIB + 1, false),
        ("/small", 70 * KIB, false),
        ("/other", KIB + 1, true),
    ];
    for (path, size, kept) in rows {
        for ending in [Ending::Whole, Ending::Chunked(100)] {
            println!("{size} bytes at {path}, {ending:?}");
            let guard = under_policy();
            let reply = Reply::new(201).body(vec![b'x'; size]).ending(ending);
            guard.origin_in_turn([reply.clone()]);
            let first = guard.send(&guard.order_to(path));
            let again = guard.send(&guard.order_to(path));
            if kept {
                check_first(&first, &guard.key());
                check_replay(&again, &first);
            } else {
                check_not_kept(&first, &reply);
                problem::check(&again, "response-not-kept");
            }
            guard.check_calls(1);
        }
    }
}

/// A redirect that is too large to keep is not followed either.
#[test]
fn a_large_redirect_is_handed_on() {
    let guard = under_policy();
    let to = guard.path("/small/elsewhere");
    let reply = Reply::new(302).header("Location", &to).body(vec![b'x'; 2 * KIB]);
    guard.origin_in_turn([reply.clone()]);
    let first = guard.send(&guard.order_to("/small"));
    check_not_kept(&first, &reply);
    assert_eq!(first.header("location"), Some(to.as_str()));
    problem::check(&guard.send(&guard.order_to("/small")), "response-not-kept");
    guard.check_calls(1);
}

/// It may have acted, and there is nothing to show for it.
#[test]
fn a_large_server_error_leaves_the_outcome_unknown() {
    let guard = under_policy();
    let reply = Reply::new(500).body(vec![b'x'; 2 * KIB]);
    guard.origin_in_turn([reply.clone()]);
    check_not_kept(&guard.send(&guard.order_to("/small")), &reply);
    for _ in 0..2 {
        problem::check(&guard.send(&guard.order_to("/small")), "outcome-unknown");
    }
    guard.check_calls(1);
}

/// The first caller must see that it breaks off, and the retry is told what is true of it.
#[test]
fn a_large_answer_that_breaks_off_ends_without_an_end() {
    for ending in [Ending::CutAfter(80 * KIB), Ending::ChunkedWithoutEnd(10 * KIB)] {
        println!("{ending:?}");
        let guard = under_policy();
        guard.origin_in_turn([Reply::new(200).body(vec![b'x'; 100 * KIB]).ending(ending)]);
        let first = guard.order_to("/small").try_send(guard.runtime().address());
        assert!(first.is_err(), "{} bytes came as if they were all", first.unwrap().body.len());
        problem::check(&guard.send(&guard.order_to("/small")), "response-not-kept");
        guard.check_calls(1);
    }
}

#[test]
fn an_answer_without_a_body_comes_back_without_one() {
    for status in [201, 204, 205, 304] {
        println!("{status}");
        let guard = under_policy();
        guard.origin_in_turn([Reply::new(status).header("ETag", "\"v1\"")]);
        let first = guard.send(&guard.order());
        assert_eq!((first.status, first.body.as_slice()), (status, b"".as_slice()));
        check_first(&first, &guard.key());
        let again = guard.send(&guard.order());
        check_replay(&again, &first);
        assert_eq!(again.header("etag"), Some("\"v1\""));
        guard.check_calls(1);
    }
}

/// A small answer comes back from the isolate's memory, a large one from the object's storage.
#[test]
fn cookies_are_replayed_line_by_line_where_the_policy_says_so() {
    const COOKIES: [&str; 3] = ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT", "a=3"];
    let rows = [("/cookies", COOKIES.as_slice()), ("/other", &[])];
    for ((path, replayed), size) in rows.iter().flat_map(|row| [(row, 10), (row, 100 * KIB)]) {
        println!("{size} bytes at {path}");
        let guard = under_policy();
        let reply = Reply::new(201).body(vec![b'x'; size]);
        let reply = COOKIES.iter().fold(reply, |reply, line| reply.header("Set-Cookie", line));
        guard.origin_in_turn([reply]);
        let first = guard.send(&guard.order_to(path));
        assert_eq!(first.headers.all("set-cookie"), COOKIES);
        let again = guard.send(&guard.order_to(path));
        check_replay(&again, &first);
        assert_eq!(again.headers.all("set-cookie"), *replayed);
    }
}

/// Whatever a coding is called, and whether or not the body is in it: the bytes are those that came, and an
/// answer that is whole is an answer.
#[test]
fn a_body_and_its_content_coding_are_left_alone() {
    let rows = [
        ("gzip", GZIPPED_TEA.as_slice()),
        ("GZIP", &GZIPPED_TEA),
        ("x-gzip", &GZIPPED_TEA),
        ("gzip, identity", &GZIPPED_TEA),
        ("identity", b"tea"),
        ("zstd", b"(\xb5/\xfd\x00\x00\xff"),
        ("deflate", b"x\x9c\x03\x00\x00\x00\x00\x01"),
        ("compress", b"\x1f\x9d\x90"),
        // None of these is what it says.
        ("gzip", b""),
        ("br", b""),
        ("gzip", br#"{"order":1}"#),
        ("br", br#"{"order":1}"#),
        ("gzip", b"junk"),
        ("gzip", &GZIPPED_TEA[..12]),
        ("br", b"\x1b"),
    ];
    for (coding, sent) in rows {
        for ending in [Ending::Whole, Ending::Chunked(7)] {
            for kv in [true, false] {
                println!("{coding}: {sent:?}, {ending:?}");
                let guard = Guard::shared(kv);
                let reply = Reply::new(202).header("Content-Encoding", coding).body(sent);
                guard.origin_in_turn([reply.ending(ending)]);
                let first = guard.send(&guard.order());
                check_first(&first, &guard.key());
                let again = guard.send(&guard.order());
                check_replay(&again, &first);
                for answer in [first, again] {
                    assert_eq!(answer.header("content-encoding"), Some(coding));
                    assert_eq!(answer.body, sent);
                }
                guard.check_calls(1);
            }
        }
    }
}

/// Behind more than a row, over the limit, and freeing the key: the same.
#[test]
fn a_large_body_in_a_coding_is_left_alone() {
    let rows = [("/other", 200, 3 * MIB), ("/small", 200, 2 * KIB), ("/other", 429, 100)];
    for (path, status, size) in rows {
        println!("{status} of {size} bytes at {path}");
        let guard = under_policy();
        let body = vec![0x1f; size];
        let reply = Reply::new(status).header("Content-Encoding", "gzip").body(body.clone());
        guard.origin_in_turn([reply.ending(Ending::Chunked(KIB))]);
        let first = guard.send(&guard.order_to(path));
        assert_eq!((first.status, first.header("content-encoding")), (status, Some("gzip")));
        assert!(first.body == body, "{} bytes came back", first.body.len());
    }
}

/// What other caches and other guards on the way said stays, but for what would be false here.
#[test]
fn the_guards_own_headers_are_added_to_what_is_there() {
    let guard = under_policy();
    let reply = Reply::new(201)
        .header("Cache-Status", "inner; fwd=miss")
        .header("Server-Timing", "db;dur=5")
        .header("Idempotency-Replayed", "true")
        .header("Idempotency-Key", "\"another\"")
        .header("Age", "7");
    guard.origin_in_turn([reply]);
    let first = guard.send(&guard.order());
    let again = guard.send(&guard.order());
    for (answer, replayed) in [(&first, None), (&again, Some("true"))] {
        let status = answer.headers.all("cache-status").join(", ");
        assert!(status.starts_with("inner; fwd=miss, onlyonce; "), "{status}");
        let timing = answer.headers.all("server-timing").join(", ");
        assert!(timing.starts_with("db;dur=5, guard;dur="), "{timing}");
        assert_eq!(answer.header("idempotency-replayed"), replayed);
        let key = format!("{:?}", guard.key());
        assert_eq!(answer.headers.all("idempotency-key"), [key.as_str()]);
    }
    guard.check_calls(1);
}

/// Answers of many kinds, each with the header `X-Kind` to tell it by.
fn kinds() -> Vec<Reply> {
    let bytes: Vec<u8> = (0..=255).collect();
    let kinds = [
        Reply::json(201, r#"{"order":1}"#),
        Reply::new(200).body(bytes.repeat(10)),
        Reply::new(200).body(bytes.repeat(400)),
        Reply::new(200).body(bytes.repeat(4_000)),
        Reply::new(200).body(bytes.repeat(400)).ending(Ending::Chunked(1000)),
        Reply::new(200).header("Content-Type", "text/plain; charset=utf-16").body(b"\xff\xfet\0"),
        Reply::new(200).header("Content-Encoding", "zstd").body(b"(\xb5/\xfd"),
        Reply::new(200).header("Content-Encoding", "gzip").body(GZIPPED_TEA),
        Reply::new(204),
        Reply::new(205),
        Reply::new(303).header("Location", "/orders/1"),
        Reply::new(304).header("ETag", "\"v1\""),
        Reply::json(404, r#"{"error":"none"}"#),
        Reply::json(299, "{}").header("Warning", "299 - \"old\"").header("Vary", "Accept, Origin"),
        Reply::new(200)
            .header("Cache-Control", "max-age=5")
            .header("Link", "</a>")
            .header("Link", "</b>"),
    ];
    kinds.into_iter().enumerate().map(|(at, kind)| kind.header("X-Kind", &at.to_string())).collect()
}

/// All that the origin said, without what the guard says of the single answer.
fn told(answer: &Answer) -> Vec<(String, String)> {
    const OWN: [&str; 7] = [
        "age",
        "cache-status",
        "connection",
        "idempotency-replayed",
        "idempotent-replayed",
        "server-timing",
        "transfer-encoding",
    ];
    let headers =
        answer.headers.0.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let no_store = |name: &str, value: &str| name == "cache-control" && value == "no-store";
    let mut told: Vec<_> = headers
        .filter(|(name, value)| !OWN.contains(&name.as_str()) && !no_store(name, value))
        .collect();
    told.sort();
    told
}

/// From the isolate's memory, from KV, and from the object: each has the runtime to itself in turn.
#[test]
fn an_answer_is_the_same_from_wherever_it_comes() {
    let mut guard = Guard::own_under(true, &policy());
    let replies = kinds();
    let calls: Vec<_> = (0..replies.len())
        .map(|at| guard.keyless_order().key(&format!("{}-{at}", guard.key())))
        .collect();
    guard.origin_in_turn(replies);
    let firsts: Vec<_> = calls.iter().map(|call| guard.send(call)).collect();
    let check = |guard: &Guard, place: &str| {
        for (call, first) in calls.iter().zip(&firsts) {
            // What binds only one credential has no copy.
            if first.status >= 400 && place != "the object" {
                continue;
            }
            println!("from {place}: {:?}", first.header("x-kind"));
            let again = guard.send(call);
            check_replay(&again, first);
            assert_eq!(told(&again), told(first));
        }
    };
    check(&guard, "the isolate");
    let copied = firsts.iter().filter(|first| first.status < 400);
    copied.for_each(|first| wait_for_copy(&guard, &came(first).1));
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.objects(false));
    check(&guard, "KV");
    guard.runtime_mut().kill();
    empty_kv(&guard);
    guard.runtime_mut().redeploy(|setup| setup.objects(true));
    check(&guard, "the object");
    guard.check_calls(calls.len());
}
