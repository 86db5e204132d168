//! A retry gets the first answer, and the origin does not hear of it.

use crate::guard::{Guard, both_ways};
use crate::http::Call;
use crate::script::{Ending, GZIPPED_TEA, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

/// Sends the order three times; the origin must be called once and every answer be the first.
#[track_caller]
fn check_replays(guard: &Guard, reply: Reply) {
    let status = reply.status;
    let body = reply.body.clone();
    guard.origin_in_turn([reply]);
    let first = guard.send(&guard.order());
    assert_eq!(first.status, status, "{}", first.text());
    assert!(first.body == body, "the first answer's body is the origin's");
    check_first(&first, &guard.key());
    for _ in 0..2 {
        let again = guard.send(&guard.order());
        check_replay(&again, &first);
        assert_eq!(came(&again).0, Came::Replayed);
    }
    guard.check_calls(1);
}

#[test]
fn a_retry_gets_the_first_answer() {
    both_ways(|guard| check_replays(guard, Reply::json(201, r#"{"order":1}"#)));
}

#[test]
fn a_binary_body_is_replayed_byte_for_byte() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    both_ways(|guard| {
        let reply = Reply::new(200).header("Content-Type", "application/octet-stream");
        check_replays(guard, reply.body(bytes.clone()));
    });
}

#[test]
fn a_chunked_answer_is_replayed() {
    let reply = Reply::json(200, r#"{"order":"in many small parts"}"#).ending(Ending::Chunked(5));
    both_ways(|guard| check_replays(guard, reply.clone()));
}

/// Larger than one row of the object's storage (2 MB) and than any one chunk.
#[test]
fn an_answer_of_five_megabytes_is_replayed() {
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    both_ways(|guard| check_replays(guard, Reply::new(200).body(bytes.clone())));
}

#[test]
fn every_answer_below_500_that_is_not_a_release_is_final() {
    for status in [200, 202, 204, 303, 400, 404, 409, 410, 422] {
        let guard = Guard::shared(true);
        let reply = Reply::new(status);
        check_replays(&guard, if status == 204 { reply } else { reply.body("{}") });
    }
}

#[test]
fn a_server_error_may_have_acted_so_it_is_given_again_and_not_tried_again() {
    for status in [500, 502, 503, 504, 599] {
        check_replays(&Guard::shared(true), Reply::json(status, r#"{"error":"half-way"}"#));
        check_replays(&Guard::shared(false), Reply::json(status, r#"{"error":"half-way"}"#));
    }
}

#[test]
fn both_spellings_of_a_key_are_the_same_key() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
        let key = guard.key();
        let first = guard.send(&guard.keyless_order().key(&key));
        check_first(&first, &key);
        for spelling in [format!("\"{key}\""), format!("\"{key}\";v=1"), format!("  {key}\t")] {
            check_replay(&guard.send(&guard.keyless_order().key(&spelling)), &first);
        }
        guard.check_calls(1);
    });
}

#[test]
fn the_same_request_spelled_otherwise_is_the_same_request() {
    let rows = [
        ("application/json", r#"{"item":"tea","quantity":2}"#),
        ("application/json", r#"{ "quantity": 2, "item": "tea" }"#),
        ("Application/JSON; charset=utf-8", "{\"item\":\"tea\",\n\"quantity\":2}"),
    ];
    both_ways(|guard| {
        guard.origin_in_turn([Reply::new(201)]);
        let order = || Call::post(&guard.path("/orders")).key(&guard.key());
        let answers =
            rows.map(|(kind, body)| guard.send(&order().header("Content-Type", kind).body(body)));
        check_first(&answers[0], &guard.key());
        answers[1..].iter().for_each(|again| check_replay(again, &answers[0]));
        guard.check_calls(1);
    });
}

#[test]
fn escapes_in_a_quoted_key_are_part_of_the_key() {
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::new(201)]);
    let key = format!("{} with \"quotes\" and \\", guard.key());
    let spelled = format!("{key:?}");
    let first = guard.send(&guard.keyless_order().key(&spelled));
    check_first(&first, &key);
    check_replay(&guard.send(&guard.keyless_order().key(&spelled)), &first);
    guard.check_calls(1);
}

#[test]
fn the_origins_headers_survive() {
    both_ways(|guard| {
        let reply = Reply::json(201, "{}")
            .header("X-Order", "1")
            .header("ETag", "\"v1\"")
            .header("Link", "</a>; rel=\"next\"")
            .header("Link", "</b>; rel=\"prev\"")
            .header("Cache-Control", "private, max-age=5")
            .header("Connection", "keep-alive");
        guard.origin_in_turn([reply]);
        let first = guard.send(&guard.order());
        let again = guard.send(&guard.order());
        check_replay(&again, &first);
        for answer in [&first, &again] {
            assert_eq!(answer.header("x-order"), Some("1"));
            assert_eq!(answer.header("etag"), Some("\"v1\""));
            assert_eq!(answer.header("cache-control"), Some("private, max-age=5"));
            let links = answer.headers.all("link").join(", ");
            assert_eq!(links, "</a>; rel=\"next\", </b>; rel=\"prev\"");
        }
    });
}

/// It is asked for without a coding; one that comes all the same stays, with the digests that may be made over it.
#[test]
fn an_encoded_answer_is_kept_as_it_came() {
    let rows = [("gzip", GZIPPED_TEA.as_slice()), ("zstd", b"(\xb5/")];
    for (coding, sent) in rows {
        both_ways(|guard| {
            let reply = Reply::json(201, "").body(sent).header("Content-Encoding", coding);
            guard.origin_in_turn([reply]);
            let first = guard.send(&guard.order().header("Accept-Encoding", "gzip"));
            assert_eq!(
                (first.body.as_slice(), first.header("content-encoding")),
                (sent, Some(coding))
            );
            let again = guard.send(&guard.order());
            check_replay(&again, &first);
            assert_eq!(again.header("content-encoding"), Some(coding));
            assert_eq!(guard.seen()[0].headers.all("accept-encoding"), ["identity"]);
        });
    }
}

#[test]
fn a_replay_is_no_store_unless_the_origin_said_otherwise() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::json(201, "{}")]);
        let first = guard.send(&guard.order());
        let again = guard.send(&guard.order());
        assert_eq!(first.header("cache-control"), None);
        assert_eq!(again.header("cache-control"), Some("no-store"));
    });
}

#[test]
fn set_cookie_goes_to_the_first_caller_alone() {
    both_ways(|guard| {
        let reply = Reply::json(201, "{}")
            .header("Set-Cookie", "a=1; Path=/")
            .header("Set-Cookie", "b=2; HttpOnly");
        guard.origin_in_turn([reply]);
        let first = guard.send(&guard.order());
        assert_eq!(first.headers.all("set-cookie"), ["a=1; Path=/", "b=2; HttpOnly"]);
        let again = guard.send(&guard.order());
        check_replay(&again, &first);
        assert_eq!(again.header("set-cookie"), None);
    });
}

#[test]
fn the_origin_gets_the_request_as_it_was_sent() {
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::new(201)]);
    guard.send(
        &guard
            .order()
            .header("X-Trace", "7")
            .header("Connection", "close, X-Hop")
            .header("X-Hop", "1")
            .header("X-Line", "1")
            .header("X-Line", "2"),
    );
    let seen = guard.seen().remove(0);
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.target, guard.path("/orders?shop=1"));
    assert_eq!(seen.body, br#"{"item":"tea","quantity":2}"#);
    let header = |name| seen.headers.get(name);
    assert_eq!(header("authorization"), Some("Bearer alice"));
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("x-trace"), Some("7"));
    assert_eq!(seen.headers.all("x-line"), ["1", "2"], "each line on its own");
    assert_eq!(header("x-hop"), None, "named by Connection: hop-by-hop");
    assert!(header("idempotency-key").is_some_and(|key| key.contains(&guard.key())));
    assert!(header("via").is_some(), "{:?}", seen.headers);
    let host = guard.runtime().address().to_string();
    assert_eq!(header("x-forwarded-host"), Some(host.as_str()));
    assert_eq!(header("x-forwarded-proto"), Some("http"));
}

#[test]
fn a_location_at_the_origin_becomes_the_public_one() {
    both_ways(|guard| {
        let path = guard.path("/orders/1");
        let elsewhere = format!("{}{path}", crate::origin::Origin::shared().url());
        guard.origin_in_turn([Reply::new(201).header("Location", &elsewhere)]);
        let public = format!("http://{}{path}", guard.runtime().address());
        for _ in 0..2 {
            assert_eq!(guard.send(&guard.order()).header("location"), Some(public.as_str()));
        }
    });
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    for status in [301, 302, 303] {
        let guard = Guard::shared(true);
        check_replays(&guard, Reply::new(status).header("Location", &guard.path("/elsewhere")));
        assert_eq!(guard.seen()[0].target, guard.path("/orders?shop=1"));
    }
}

#[test]
fn other_keys_are_other_operations() {
    both_ways(|guard| {
        guard.origin(|seen| {
            Reply::new(201).body(seen.headers.get("idempotency-key").unwrap_or("none"))
        });
        let [one, two] =
            ["1", "2"].map(|end| guard.keyless_order().key(&format!("{}-{end}", guard.key())));
        let (first, second) = (guard.send(&one), guard.send(&two));
        assert_ne!(first.body, second.body);
        check_replay(&guard.send(&one), &first);
        check_replay(&guard.send(&two), &second);
        guard.check_calls(2);
    });
}
