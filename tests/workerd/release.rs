//! Answers that mean "not processed": which they are, who shares them, and that the key is free.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};
use crate::storage::files_with;

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/listed/**", "release": [
            429,
            { "status": 503, "header": "retry-after" },
            { "status": 302, "header": "location", "matches": "*/login*" },
            { "status": 200, "header": "x-outcome", "matches": "declined" },
            500,
        ] },
        { "path": "/*/none/**", "release": [] },
        { "path": "/*/cookies/**", "replay_set_cookie": true },
        { "path": "/*/tenants/**", "scope": ["header:x-tenant"] },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// What says that an answer was handed on and is recorded nowhere.
#[track_caller]
fn check_released(answer: &Answer) {
    let status = answer.header("cache-status").unwrap_or_default();
    assert!(status.starts_with("onlyonce; fwd=miss; key=\""), "{}: {status:?}", answer.status);
    assert_eq!(answer.header("idempotency-expires"), None, "nothing is remembered");
    assert!(!answer.replayed());
}

#[test]
fn what_is_released_frees_the_key_and_nothing_else_does() {
    let to = |path: &str| Reply::new(302).header("Location", path);
    let outcome = |text: &str| Reply::new(200).header("X-Outcome", text);
    let rows = [
        ("/listed", Reply::new(429), true),
        ("/listed", Reply::new(503).header("Retry-After", "1"), true),
        ("/listed", Reply::new(503), false),
        ("/listed", to("/app/login?next=1"), true),
        ("/listed", to("https://id.example/login"), true),
        ("/listed", to("/orders/1"), false),
        ("/listed", Reply::new(302), false),
        ("/listed", Reply::new(303).header("Location", "/login"), false),
        ("/listed", outcome("declined"), true),
        ("/listed", outcome("accepted"), false),
        ("/listed", outcome("not declined"), false),
        ("/listed", Reply::new(500), true),
        ("/listed", Reply::new(401), false),
        ("/none", Reply::new(401), false),
        ("/none", Reply::new(429), false),
        ("/other", Reply::new(401), true),
        ("/other", Reply::new(408), true),
        ("/other", Reply::new(411), true),
        ("/other", Reply::new(417), true),
        ("/other", Reply::new(421), true),
        ("/other", Reply::new(425), true),
        ("/other", Reply::new(426), true),
        ("/other", Reply::new(428), true),
        ("/other", Reply::new(431), true),
        ("/other", Reply::new(511), true),
        ("/other", Reply::new(307).header("Location", "/orders/"), true),
        ("/other", Reply::new(308).header("Location", "/orders/"), true),
        ("/other", Reply::new(307), false),
        ("/other", Reply::new(303).header("Location", "/orders/1"), false),
        ("/other", Reply::new(409), false),
        ("/other", Reply::new(409).header("Retry-After", "1"), true),
        ("/other", Reply::new(423), false),
        ("/other", Reply::new(423).header("Retry-After", "1"), true),
        ("/other", Reply::new(413), false),
        ("/other", Reply::new(413).header("Retry-After", "1"), true),
        ("/other", Reply::new(404).header("Retry-After", "1"), false),
        ("/other", Reply::new(500), false),
        ("/other", Reply::new(521), true),
        ("/other", Reply::new(522), false),
        ("/other", Reply::new(523), true),
        ("/other", Reply::new(525), true),
        ("/other", Reply::new(526), true),
        ("/other", Reply::new(530), true),
    ];
    for (path, reply, released) in rows {
        println!("{path}: {} {:?}", reply.status, reply.headers);
        let guard = under_policy();
        guard.origin_in_turn([reply.clone(), Reply::json(201, r#"{"order":1}"#)]);
        let answer = guard.send(&guard.order_to(path));
        assert_eq!(answer.status, reply.status);
        let again = guard.send(&guard.order_to(path));
        if released {
            check_released(&answer);
            check_first(&again, &guard.key());
        } else {
            check_replay(&again, &answer);
        }
        guard.check_calls(1 + usize::from(released));
    }
}

/// Who follows a 307 shows the same key at another path: held, it would be refused there as another's.
#[test]
fn who_follows_a_redirect_that_keeps_the_method_is_carried_out_there() {
    for status in [307, 308] {
        println!("{status}");
        let guard = under_policy();
        let there = guard.path("/orders/");
        let to = there.clone();
        guard.origin(move |seen| match seen.target == to {
            true => Reply::json(201, r#"{"order":1}"#),
            false => Reply::new(status).header("Location", &to),
        });
        let redirected = guard.send(&guard.order_to("/orders"));
        assert_eq!(redirected.status, status);
        assert_eq!(redirected.header("location"), Some(there.as_str()));
        let first = guard.send(&guard.order_to("/orders/"));
        check_first(&first, &guard.key());
        check_replay(&guard.send(&guard.order_to("/orders/")), &first);
        let executed = guard.seen().iter().filter(|seen| seen.target == there).count();
        assert_eq!(executed, 1);
    }
}

/// The key was free before its caller saw the answer.
#[test]
fn a_released_answer_of_any_size_reaches_its_caller() {
    for size in [0, 1, 64 * 1024, 64 * 1024 + 1, 9 * 1024 * 1024] {
        println!("{size} bytes");
        let guard = under_policy();
        let body: Vec<u8> = (0..=255).cycle().take(size).collect();
        let reply = Reply::new(429).body(body.clone()).header("Set-Cookie", "a=1");
        guard.origin_in_turn([reply, Reply::new(201)]);
        let answer = guard.send(&guard.order_to("/listed"));
        assert_eq!((answer.status, answer.body == body), (429, true));
        assert_eq!(answer.header("set-cookie"), Some("a=1"));
        check_released(&answer);
        check_first(&guard.send(&guard.order_to("/listed")), &guard.key());
    }
}

#[test]
fn those_who_wait_share_a_released_answer() {
    for path in ["/listed", "/cookies"] {
        share_a_released_answer(path);
    }
}

#[track_caller]
fn share_a_released_answer(path: &str) {
    let guard = under_policy();
    let gate = Gate::new();
    let refusal = Reply::json(429, r#"{"slow":"down"}"#).header("Set-Cookie", "a=1");
    guard.origin_in_turn([refusal.header("Retry-After", "7").held_by(&gate), Reply::new(201)]);
    let order = || guard.order_to(path);
    let open = || order().open(guard.runtime().address()).expect("a socket");
    let mut first = open();
    gate.wait_for(1);
    let mut waiting = [open(), open(), open()];
    for one in waiting.iter_mut().chain([&mut first]) {
        one.time_out(Duration::from_millis(100));
    }
    gate.open();
    let first = first.answer().expect("an answer");
    check_released(&first);
    assert_eq!(first.header("set-cookie"), Some("a=1"));
    for one in waiting {
        let shared = one.answer().expect("an answer");
        check_shared(&shared, &first);
        assert_eq!(shared.header("set-cookie"), Some("a=1"), "it is their call's own");
    }
    guard.check_calls(1);
    check_first(&guard.send(&order()), &guard.key());
    guard.check_calls(2);
}

#[track_caller]
fn check_shared(answer: &Answer, first: &Answer) {
    assert_eq!((answer.status, &answer.body), (first.status, &first.body));
    assert_eq!(came(answer).0, Came::Joined);
    assert_eq!(answer.header("retry-after"), first.header("retry-after"));
    assert!(answer.replayed());
    assert_eq!(answer.header("idempotency-expires"), None, "nothing is remembered");
}

/// Too large to be held for others, it streams to its caller alone; the others may come again.
#[test]
fn a_large_released_answer_is_not_shared() {
    let guard = under_policy();
    let gate = Gate::new();
    let refusal = Reply::new(429).body(vec![b'x'; 100_000]);
    guard.origin_in_turn([refusal.held_by(&gate), Reply::new(201)]);
    let order = || guard.order_to("/listed");
    let open = || order().open(guard.runtime().address()).expect("a socket");
    let first = open();
    gate.wait_for(1);
    let mut waiting = open();
    waiting.time_out(Duration::from_millis(200));
    gate.open();
    check_released(&first.answer().expect("an answer"));
    problem::check(&waiting.answer().expect("an answer"), "in-progress");
    guard.check_calls(1);
    check_first(&guard.send(&order()), &guard.key());
}

/// What is told to one is not told to another of the same scope, who may try for himself.
#[test]
fn who_waits_under_another_credential_claims_the_key() {
    let guard = under_policy();
    let gates = [Gate::new(), Gate::new()];
    let refusal = Reply::new(403).body("the secret of alice");
    guard.origin_in_turn([refusal.held_by(&gates[0]), Reply::new(201).held_by(&gates[1])]);
    let order = |who: &str| {
        let call = Call::post(&guard.path("/tenants")).header("X-Tenant", &guard.lane);
        call.key(&guard.key()).authorization(who).json("{}")
    };
    thread::scope(|scope| {
        let alice = guard.send_aside(scope, order("Bearer alice"));
        gates[0].wait_for(1);
        let mut bob = order("Bearer bob").open(guard.runtime().address()).expect("a socket");
        bob.time_out(Duration::from_millis(200));
        gates[0].open();
        assert_eq!(alice.join().expect("an answer").text(), "the secret of alice");
        gates[1].wait_for(1);
        guard.check_calls(2);
        gates[1].open();
        let first = bob.answer().expect("an answer");
        check_first(&first, &guard.key());
        check_replay(&guard.send(&order("Bearer bob")), &first);
        problem::check(&guard.send(&order("Bearer alice")), "credential-changed");
    });
    guard.check_calls(2);
}

/// Nothing of a released key stays behind.
#[test]
fn nothing_of_a_released_answer_is_stored() {
    const MARKER: &str = "an-answer-that-was-released";
    let guard = Guard::own_under(true, &policy());
    guard.origin_in_turn([Reply::new(429).body(MARKER), Reply::new(201).body("kept-instead")]);
    guard.send(&guard.order_to("/listed"));
    guard.send(&guard.order_to("/listed"));
    let files = |marker: &str| files_with(&guard.runtime().storage, marker);
    poll_until("the second answer is stored", || !files("kept-instead").is_empty());
    assert!(files(MARKER).is_empty(), "{:?}", files(MARKER));
}
