//! What tells who somebody is where the policy says nothing: tokens, keys, and the cookies that count.

use serde_json::{Value, json};

use crate::guard::{Guard, poll_until};
use crate::http::Call;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{check_first, check_replay};

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/derive/**", "key": "derive" },
        { "path": "/*/sid/**", "credential": ["cookie:sid"] },
        { "path": "/*/all/**", "credential": ["header:authorization", "header:x-api-key", "header:cookie"] },
        { "path": "/*/named/**", "scope": ["cookie:sid"] },
    ] })
}

type Headers = &'static [(&'static str, &'static str)];

fn order(guard: &Guard, path: &str, headers: Headers) -> Call {
    let call = Call::post(&guard.path(path)).json(r#"{"item":"tea"}"#);
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

/// The code of what the second is told; none where it is a replay.
#[track_caller]
fn check(path: &str, one: Headers, other: Headers, code: Option<&str>) {
    println!("{path}: {one:?} and {other:?}");
    let guard = Guard::under(&policy());
    guard.origin_always(Reply::new(201).body("a secret"));
    let [one, other] = [one, other].map(|headers| order(&guard, path, headers).key(&guard.key()));
    let first = guard.send(&one);
    check_first(&first, &guard.key());
    let second = guard.send(&other);
    match code {
        None => check_replay(&second, &first),
        Some(code) => drop(problem::check(&second, code)),
    }
    guard.check_calls(1);
}

const CHANGED: Option<&str> = Some("credential-changed");

#[test]
fn cookies_of_common_tools_do_not_count() {
    check("/plain", &[("Cookie", "sid=1; _ga=1")], &[("Cookie", "sid=1; _ga=2")], None);
    check("/plain", &[("Cookie", "sid=1; a=2")], &[("Cookie", "a=2; sid=1")], None);
    check("/plain", &[("Cookie", "sid=1")], &[("Cookie", "AWSALB=x; sid=1; __cf_bm=y")], None);
    check("/plain", &[("Cookie", "sid=1; _ga=1")], &[("Cookie", "sid=2; _ga=1")], CHANGED);
    check("/plain", &[("Cookie", "sid=1; _ga=1")], &[("Cookie", "_ga=1")], CHANGED);
    check("/all", &[("Cookie", "sid=1; _ga=1")], &[("Cookie", "sid=1; _ga=2")], CHANGED);
}

#[test]
fn beside_a_token_no_cookie_counts() {
    const TOKEN: (&str, &str) = ("Authorization", "Bearer alice");
    const BASIC: (&str, &str) = ("Authorization", "Basic c2hvcDpwYXNz");
    const KEY: (&str, &str) = ("X-Api-Key", "of-the-shop");
    check("/plain", &[TOKEN, ("Cookie", "lb=1")], &[TOKEN, ("Cookie", "lb=2")], None);
    check("/plain", &[TOKEN, ("Cookie", "lb=1")], &[TOKEN], None);
    check("/plain", &[BASIC, ("Cookie", "sid=1")], &[BASIC, ("Cookie", "sid=2")], CHANGED);
    check("/plain", &[KEY, ("Cookie", "sid=1")], &[KEY, ("Cookie", "sid=2")], CHANGED);
}

/// As servers read them: names trimmed, and every value of a name.
#[test]
fn no_two_sessions_are_one() {
    let rows = [
        ("sid =alice", "sid =bob"),
        ("sid=x; sid=alice", "sid=x; sid=bob"),
        ("s%69d=alice", "s%69d=bob"),
        ("sid=alice; sid=x", "sid=bob; sid=x"),
    ];
    for (one, other) in rows {
        let headers = |value: &'static str| -> Headers { Box::leak(Box::new([("Cookie", value)])) };
        check("/sid", headers(one), headers(other), CHANGED);
        check("/plain", headers(one), headers(other), CHANGED);
    }
    // Two lines of one header.
    check(
        "/sid",
        &[("Cookie", "_ga=1"), ("Cookie", "sid=alice")],
        &[("Cookie", "_ga=1"), ("Cookie", "sid=bob")],
        CHANGED,
    );
    check(
        "/plain",
        &[("Cookie", "_ga=1"), ("Cookie", "sid=alice")],
        &[("Cookie", "_ga=1"), ("Cookie", "sid=bob")],
        CHANGED,
    );
}

#[test]
fn two_keys_beside_one_token_are_two_owners() {
    let guard = Guard::under(&policy());
    guard.origin_always(Reply::new(201));
    for key in ["k1", "k2"] {
        let call = order(&guard, "/plain", &[("Authorization", "Bearer alice")]);
        check_first(&guard.send(&call.header("X-Api-Key", key).key(&guard.key())), &guard.key());
    }
    guard.check_calls(2);
}

#[test]
fn two_clicks_between_which_a_measuring_cookie_changed_are_one() {
    let guard = Guard::under(&policy());
    guard.origin_in_turn([Reply::new(201)]);
    for cookie in ["sid=1; _ga=1", "_ga=2; sid=1"] {
        let answer = guard.send(&order(&guard, "/derive", &[]).header("Cookie", cookie));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    guard.check_calls(1);
    // Who is told apart by nothing else is a stranger.
    guard.origin_always(Reply::new(201));
    for _ in 0..2 {
        let answer = guard.send(&order(&guard, "/derive", &[("Cookie", "_ga=1")]));
        assert_eq!(answer.header("cache-status"), Some("onlyonce; fwd=bypass"));
    }
    guard.check_calls(3);
}

/// Requests with cookies alone share one scope, unless the policy names the one of the session.
#[test]
fn a_policy_that_should_name_the_session_is_told_so() {
    let guard = Guard::own_under(true, &policy());
    guard.origin_always(Reply::new(201));
    let advice = "\"advice\":\"scope-by-cookie\"";
    for path in ["/named", "/plain"] {
        for cookie in ["sid=alice", "sid=bob"] {
            guard.send(&order(&guard, path, &[]).key(&guard.key()).header("Cookie", cookie));
        }
        match path {
            // Two users who chose one key do not meet.
            "/named" => guard.check_calls(2),
            _ => guard.check_calls(3),
        }
        let told = || guard.runtime().log().matches(advice).count();
        match path {
            "/named" => assert_eq!(told(), 0),
            _ => poll_until("the log points it out", || told() == 2),
        }
    }
}

/// A key that is derived from a theme's cookie is everybody's who has the same theme.
#[test]
fn a_policy_that_derives_keys_from_any_cookie_is_told_so() {
    let guard = Guard::own_under(true, &policy());
    guard.origin_always(Reply::new(201));
    let advice = "\"advice\":\"scope-by-cookie\"";
    let told = || guard.runtime().log().matches(advice).count();
    for headers in
        [&[("Authorization", "Bearer t"), ("Cookie", "theme=dark")], &[("Cookie", "sid=")][..]]
    {
        guard.send(&order(&guard, "/derive", headers));
    }
    guard.send(&order(&guard, "/derive", &[("Cookie", "theme=dark")]));
    poll_until("the log points it out", || told() == 1);
    // What says nothing passes.
    for nothing in
        [("Authorization", "Bearer undefined"), ("X-Api-Key", ""), ("Cookie", "sid=null")]
    {
        let call = order(&guard, "/derive", &[]).header(nothing.0, nothing.1);
        for _ in 0..2 {
            let answer = guard.send(&call);
            assert_eq!(answer.header("cache-status"), Some("onlyonce; fwd=bypass"), "{nothing:?}");
        }
    }
    guard.check_calls(9);
}
