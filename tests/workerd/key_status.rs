//! What a caller asks of its own key, and that a key which it has given up is never carried out.

use std::thread;

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, both_ways, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{check_first, check_replay};

/// The question about the order's key, by the credential that sends the order.
fn question(guard: &Guard, method: &str) -> Call {
    let path = format!("/.onlyonce/key?path={}", guard.path("/orders%3Fshop=1"));
    Call::new(method, &path).key(&format!("{:?}", guard.key())).authorization("Bearer alice")
}

#[track_caller]
fn told(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_slice(&answer.body).expect("JSON")
}

#[track_caller]
fn state(guard: &Guard, method: &str) -> String {
    told(&guard.send(&question(guard, method)))["state"].as_str().expect("a state").to_owned()
}

#[test]
fn a_caller_learns_what_became_of_its_key() {
    both_ways(|guard| {
        let answer = told(&guard.send(&question(guard, "GET")));
        assert_eq!(answer["state"], "absent");
        assert_eq!(answer["expires_at"], Value::Null);
        guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
        let first = guard.send(&guard.order());
        check_first(&first, &guard.key());
        let answer = told(&guard.send(&question(guard, "GET")));
        assert_eq!((&answer["state"], &answer["status"]), (&json!("done"), &json!(201)));
        assert!(answer["expires_at"].as_str().is_some_and(|at| at.ends_with('Z')));
        let status = first.header("cache-status").expect("a status").to_owned();
        assert!(status.contains(answer["record"].as_str().expect("an id")));
        check_replay(&guard.send(&guard.order()), &first);
        guard.check_calls(1);
    });
}

#[test]
fn what_is_under_way_and_what_nobody_knows() {
    let guard = Guard::shared(true);
    let gate = Gate::new();
    guard.origin_in_turn([Reply::no_answer().held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, guard.order());
        gate.wait_for(1);
        assert_eq!(state(&guard, "GET"), "in-progress");
        // Too late to give it up, and it is told so.
        assert_eq!(state(&guard, "DELETE"), "in-progress");
        gate.open();
        problem::check(&first.join().expect("an answer"), "outcome-unknown");
    });
    assert_eq!(state(&guard, "GET"), "unknown");
    assert_eq!(state(&guard, "DELETE"), "unknown");
    problem::check(&guard.send(&guard.order()), "outcome-unknown");
    guard.check_calls(1);
}

#[test]
fn what_was_given_up_is_never_carried_out() {
    both_ways(|guard| {
        let answer = told(&guard.send(&question(guard, "DELETE")));
        assert_eq!(answer["state"], "fenced");
        assert!(answer["expires_at"].is_string());
        for _ in 0..2 {
            problem::check(&guard.send(&guard.order()), "key-fenced");
        }
        // Whoever of the scope sends it: it may be the very request that the caller is afraid of.
        let with_session = guard.order().header("Cookie", "sid=1");
        problem::check(&guard.send(&with_session), "key-fenced");
        assert_eq!(state(guard, "GET"), "fenced");
        assert_eq!(state(guard, "DELETE"), "fenced");
        guard.check_calls(0);
    });
    let guard = Guard::own(true);
    assert_eq!(state(&guard, "DELETE"), "fenced");
    poll_until("it is in the log", || {
        guard.runtime().log().contains(r#"{"outcome":"fenced","route":"*","record":""#)
    });
}

#[test]
fn what_is_done_stays() {
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let first = guard.send(&guard.order());
    assert_eq!(state(&guard, "DELETE"), "done");
    check_replay(&guard.send(&guard.order()), &first);
    guard.check_calls(1);
}

#[test]
fn a_fence_outlives_the_runtime() {
    let mut guard = Guard::own(true);
    assert_eq!(state(&guard, "DELETE"), "fenced");
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    problem::check(&guard.send(&guard.order()), "key-fenced");
    guard.check_calls(0);
}

/// A request that waits for a place has claimed nothing: whoever is told of a fence is told the truth.
#[test]
fn a_fence_stands_before_one_who_waits_for_a_place() {
    let policy = json!({ "shards": 1, "calls_per_shard": 1 });
    let guard = Guard::own_under(true, &policy);
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    thread::scope(|scope| {
        let other = guard.keyless_order().key(&format!("{}-other", guard.key()));
        let first = guard.send_aside(scope, other);
        gate.wait_for(1);
        let waiting = guard.order().open(guard.runtime().address()).expect("a socket");
        poll_until("it is fenced", || state(&guard, "DELETE") == "fenced");
        gate.open();
        assert_eq!(first.join().expect("an answer").status, 201);
        problem::check(&waiting.answer().expect("an answer"), "key-fenced");
    });
    guard.check_calls(1);
}

/// A token that is renewed stays the same owner, and another one's answer is another's.
#[test]
fn another_credential_learns_nothing_and_fences_nothing_that_is_known() {
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let first = guard.send(&guard.order().header("Cookie", "sid=1"));
    for method in ["GET", "DELETE"] {
        let other = question(&guard, method).header("Cookie", "sid=2");
        let answer = guard.send(&other);
        // Beside a token no cookie counts, so that here they are one.
        assert_eq!(told(&answer)["state"], "done");
    }
    check_replay(&guard.send(&guard.order().header("Cookie", "sid=1")), &first);
    let cookies = Guard::shared(true);
    cookies.origin_in_turn([Reply::json(201, r#"{"order":2}"#)]);
    let sent = |call: Call, sid: &str| call.without("Authorization").header("Cookie", sid);
    let first = cookies.send(&sent(cookies.order(), "sid=1"));
    for method in ["GET", "DELETE"] {
        let answer = cookies.send(&sent(question(&cookies, method), "sid=2"));
        problem::check(&answer, "credential-changed");
        assert!(!answer.text().contains("201"), "{}", answer.text());
    }
    check_replay(&cookies.send(&sent(cookies.order(), "sid=1")), &first);
}

#[test]
fn a_question_that_is_none_is_told_why() {
    let guard = Guard::shared(true);
    for path in ["/.onlyonce/key", "/.onlyonce/key?path=orders", "/.onlyonce/key?path=/.onlyonce/x"]
    {
        let call = Call::get(path).key("k").authorization("Bearer alice");
        problem::check(&guard.send(&call), "address-invalid");
    }
    let keyless = Call::get("/.onlyonce/key?path=/a").authorization("Bearer alice");
    problem::check(&guard.send(&keyless), "key-missing");
    problem::check(&guard.send(&keyless.clone().key("undefined")), "key-invalid");
    let post = Call::post("/.onlyonce/key?path=/a").key("k");
    let answer = guard.send(&post);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, DELETE")));
    guard.check_calls(0);
}

/// While `shards` is being changed, the shard of before gives the key away, fence and all.
#[test]
fn a_fence_holds_across_a_change_of_shards() {
    let setup = |policy: Value| at_origin(true).policy(&policy);
    let mut guard = Guard::with(setup(json!({ "shards": 2 })));
    assert_eq!(state(&guard, "DELETE"), "fenced");
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|_| setup(json!({ "shards": 8, "shards_before": 2 })));
    assert_eq!(state(&guard, "GET"), "fenced");
    problem::check(&guard.send(&guard.order()), "key-fenced");
    let key = format!("{}-other", guard.key());
    let other = |call: Call| call.without("Idempotency-Key").key(&key);
    assert_eq!(told(&guard.send(&other(question(&guard, "GET"))))["state"], "absent");
    for method in ["DELETE", "GET"] {
        assert_eq!(told(&guard.send(&other(question(&guard, method))))["state"], "fenced");
    }
    problem::check(&guard.send(&other(guard.keyless_order())), "key-fenced");
    guard.check_calls(0);
}

#[test]
fn a_page_of_another_origin_may_ask_where_the_policy_lets_it() {
    const SHOP: &str = "https://shop.example.com";
    let guard = Guard::under(&json!({ "cors": { "origins": [SHOP] } }));
    let preflight = question(&guard, "OPTIONS")
        .header("Origin", SHOP)
        .header("Access-Control-Request-Method", "DELETE")
        .header("Access-Control-Request-Headers", "idempotency-key");
    let answer = guard.send(&preflight);
    assert_eq!(
        (answer.status, answer.header("access-control-allow-methods")),
        (204, Some("DELETE"))
    );
    for call in [question(&guard, "GET"), question(&guard, "DELETE"), guard.order()] {
        let answer = guard.send(&call.header("Origin", SHOP));
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{}", answer.text());
    }
    let other = question(&guard, "GET").header("Origin", "https://evil.example.com");
    assert_eq!(guard.send(&other).header("access-control-allow-origin"), None);
    guard.check_calls(0);
}

/// What would pass all the same is not called fenced.
#[test]
fn a_key_that_nobody_guards_is_not_given_up() {
    let routes =
        json!([{ "path": "/*/off", "key": "off" }, { "path": "/*/seen", "mode": "observe" }]);
    let guard = Guard::under(&json!({ "routes": routes }));
    let ask = |method: &str, path: &str| {
        let path = format!("/.onlyonce/key?path={}", guard.path(path));
        guard.send(&Call::new(method, &path).key(&guard.key()).authorization("Bearer alice"))
    };
    for (method, path, expected) in [
        ("GET", "/off", "not guarded"),
        ("DELETE", "/off", "not guarded"),
        ("DELETE", "/seen", "only watches"),
    ] {
        let detail = problem::check(&ask(method, path), "address-invalid");
        assert!(detail.contains(expected), "{detail}");
    }
    assert_eq!(told(&ask("GET", "/seen"))["state"], "absent");
    assert_eq!(told(&ask("DELETE", "/orders"))["state"], "fenced");
}
