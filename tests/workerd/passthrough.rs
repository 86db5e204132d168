//! What is not guarded passes as if the guard were not there.

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::script::{Ending, GZIPPED_TEA, Gate, Reply};

const LARGE: usize = 50_000_000;

/// Bytes that do not repeat in step with any buffer.
fn large() -> Vec<u8> {
    (0..LARGE as u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

/// Sends a call that is not guarded, twice: both reach the origin as sent, both answers are its own.
#[track_caller]
fn check_passes(guard: &Guard, call: &Call, reply: Reply) {
    let before = guard.seen().len();
    guard.origin_always(reply.clone());
    for _ in 0..2 {
        let answer = guard.send(call);
        check_unaltered(&answer, &reply);
    }
    guard.check_calls(before + 2);
}

#[track_caller]
fn check_unaltered(answer: &Answer, reply: &Reply) {
    assert_eq!(answer.status, reply.status, "{}", answer.text());
    assert!(
        answer.body == reply.body,
        "the body differs: {} bytes came, {} were sent",
        answer.body.len(),
        reply.body.len()
    );
    for (name, _) in &reply.headers.0 {
        assert_eq!(answer.headers.all(name), reply.headers.all(name), "{name}");
    }
    for name in ["idempotency-key", "idempotency-replayed", "idempotency-expires", "age"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[test]
fn unguarded_requests_pass_every_time() {
    let guard = Guard::shared(true);
    let with_key = |method| {
        Call::new(method, &guard.path("/orders?a=%2F&b=c+d")).key("k").header("X-Trace", "7")
    };
    let body = |method| with_key(method).body("{}");
    let calls = [
        with_key("GET"),
        with_key("OPTIONS"),
        body("PUT"),
        body("DELETE"),
        guard.keyless_order(),
        body("GET"),
        with_key("GET").header("Content-Length", "0"),
    ];
    for call in calls {
        check_passes(&guard, &call, Reply::json(200, r#"{"ok":true}"#).header("X-Origin", "1"));
    }
    for seen in &guard.seen()[..8] {
        assert_eq!(seen.target, guard.path("/orders?a=%2F&b=c+d"));
        assert_eq!(seen.headers.get("x-trace"), Some("7"));
        assert_eq!(seen.headers.get("idempotency-key"), Some("k"));
    }
    assert_eq!(guard.seen()[10].body, b"{}", "a GET's body goes along");
}

#[test]
fn only_a_guarded_route_without_a_key_is_marked() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(200).header("Cache-Status", "inner; hit"));
    let keyless = guard.send(&guard.keyless_order());
    assert_eq!(keyless.headers.all("cache-status").join(", "), "inner; hit, onlyonce; fwd=bypass");
    let get = guard.send(&Call::get(&guard.path("/orders")));
    assert_eq!(get.headers.all("cache-status"), ["inner; hit"]);
}

#[test]
fn statuses_pass() {
    let guard = Guard::shared(true);
    let get = Call::get(&guard.path("/orders/1"));
    for status in [200, 206, 400, 401, 404, 429, 500, 503] {
        check_passes(&guard, &get, Reply::json(status, "{}").header("Retry-After", "9"));
    }
    for status in [204, 304] {
        check_passes(&guard, &get, Reply::new(status).header("ETag", "\"v1\""));
    }
}

#[test]
fn a_head_passes() {
    let guard = Guard::shared(true);
    let reply = Reply::json(200, "").header("X-Origin", "1").header("ETag", "\"v1\"");
    check_passes(&guard, &Call::new("HEAD", &guard.path("/orders/1")), reply);
    assert_eq!(guard.seen()[0].method, "HEAD");
}

#[test]
fn redirects_are_passed_on_and_not_followed() {
    let guard = Guard::shared(true);
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Reply::new(status).header("Location", "/elsewhere");
        check_passes(&guard, &Call::get(&guard.path("/orders/1")), elsewhere.clone());
        check_passes(&guard, &guard.keyless_order(), elsewhere);
    }
}

#[test]
fn repeated_headers_stay_apart() {
    let guard = Guard::shared(true);
    let reply = Reply::json(200, "{}")
        .header("Set-Cookie", "a=1; Path=/")
        .header("Set-Cookie", "b=2; Expires=Thu, 01 Jan 2037 00:00:00 GMT");
    check_passes(&guard, &Call::get(&guard.path("/session")), reply.clone());
    check_passes(&guard, &guard.keyless_order(), reply);
}

#[test]
fn encoded_bodies_stay_as_they_are() {
    let guard = Guard::shared(true);
    for accepted in ["gzip", "br, gzip", "identity"] {
        // Miniflare's front encodes text types anew, as the edge does, but never this one.
        let reply = Reply::new(200).header("Content-Type", "application/octet-stream");
        let reply = reply.body(GZIPPED_TEA).header("Content-Encoding", "gzip");
        let call = Call::get(&guard.path("/orders/1")).header("Accept-Encoding", accepted);
        check_passes(&guard, &call, reply);
    }
}

#[test]
fn a_chunked_answer_passes() {
    let guard = Guard::shared(true);
    let reply = Reply::new(200).body(vec![b'x'; 100_000]).ending(Ending::Chunked(999));
    check_passes(&guard, &Call::get(&guard.path("/report")), reply);
}

/// The first half is in the caller's hands while the origin is still at the second.
#[test]
fn an_answer_streams() {
    let guard = Guard::shared(true);
    for call in [Call::get(&guard.path("/feed")), guard.keyless_order()] {
        let gate = Gate::new();
        let reply = Reply::new(200).body("first half, second half").ending(Ending::PauseAfter(10));
        guard.origin_always(reply.clone().held_by(&gate));
        let mut connection = call.open(guard.runtime().address()).expect("a socket");
        connection.wait_for(b"first half");
        gate.open();
        check_unaltered(&connection.answer().expect("an answer"), &reply);
    }
}

#[test]
fn a_chunked_upload_passes() {
    let guard = Guard::shared(true);
    let body: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    check_passes(&guard, &guard.keyless_order().body(body.clone()).chunked(1_000), Reply::new(201));
    assert!(guard.seen()[0].body == body, "the uploaded body differs");
}

#[test]
fn fifty_megabytes_go_up() {
    let guard = Guard::shared(true);
    let body = large();
    guard.origin_always(Reply::new(201));
    assert_eq!(guard.send(&guard.keyless_order().body(body.clone())).status, 201);
    assert!(guard.seen()[0].body == body, "the uploaded body differs");
}

#[test]
fn fifty_megabytes_come_down() {
    let guard = Guard::shared(true);
    let reply = Reply::new(200).body(large());
    for call in [Call::get(&guard.path("/export")), guard.keyless_order()] {
        guard.origin_always(reply.clone());
        check_unaltered(&guard.send(&call), &reply);
    }
}
