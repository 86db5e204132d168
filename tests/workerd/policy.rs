//! Which requests the policy guards, and what a wrong policy gets.

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::runtime::Setup;
use crate::script::Reply;
use crate::stamp::{check_first, check_replay};

fn routes() -> Value {
    json!({ "routes": [
        { "path": "/*/required/**", "key": "required" },
        { "path": "/*/one/*", "key": "required" },
        { "path": "/*/first/special", "key": "off" },
        { "path": "/*/first/**", "key": "required" },
        { "path": "/*/off/**", "key": "off" },
        { "path": "/*/verbs/**", "methods": ["POST", "PUT", "DELETE"] },
        { "path": "/*/docs/**", "key": "required", "docs_url": "https://docs.example/problems" },
    ] })
}

/// How a POST without a key tells which route it is on.
#[derive(Debug, PartialEq)]
enum Route {
    Required,
    Optional,
    Off,
}

fn route_of(answer: &Answer) -> Route {
    match (answer.status, answer.header("cache-status")) {
        (400, _) => {
            problem::check(answer, "key-missing");
            Route::Required
        }
        (_, Some("onlyonce; fwd=bypass")) => Route::Optional,
        (_, None) => Route::Off,
        (status, other) => panic!("{status} with Cache-Status {other:?}"),
    }
}

#[test]
fn the_first_route_that_matches_decides() {
    let guard = Guard::under(&routes());
    guard.origin_always(Reply::new(201));
    let rows = [
        ("/required", Route::Required),
        ("/required/", Route::Required),
        ("/required/a", Route::Required),
        ("/required/a/b?c=d", Route::Required),
        ("/requiredly", Route::Optional),
        ("/Required/a", Route::Optional),
        ("/other/required/a", Route::Optional),
        ("/one/a", Route::Required),
        ("/one/a/b", Route::Optional),
        ("/one", Route::Optional),
        ("/first/special", Route::Off),
        ("/first/special/more", Route::Required),
        ("/first/other", Route::Required),
        ("/off/a", Route::Off),
    ];
    let sent = rows.iter().filter(|(_, route)| *route != Route::Required).count();
    for (path, route) in rows {
        assert_eq!(route_of(&guard.send(&guard.keyless_order_to(path))), route, "{path}");
    }
    guard.check_calls(sent);
}

#[test]
fn a_missing_key_is_asked_for_and_a_sent_one_guards() {
    let guard = Guard::under(&routes());
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let detail = problem::check(&guard.send(&guard.keyless_order_to("/required")), "key-missing");
    assert!(detail.contains("Idempotency-Key"), "names the cure: {detail}");
    guard.check_calls(0);
    let first = guard.send(&guard.order_to("/required"));
    check_first(&first, &guard.key());
    check_replay(&guard.send(&guard.order_to("/required")), &first);
    guard.check_calls(1);
}

/// Not even a key that is none is looked at.
#[test]
fn where_the_guard_is_off_everything_passes() {
    let guard = Guard::under(&routes());
    guard.origin_always(Reply::new(201));
    for key in ["abc", "abc", "", "two, keys"] {
        let answer = guard.send(&guard.keyless_order_to("/off").key(key));
        assert_eq!((answer.status, answer.header("cache-status")), (201, None), "{key:?}");
        assert_eq!(answer.header("idempotency-key"), None, "{key:?}");
    }
    guard.check_calls(4);
}

#[test]
fn methods_are_guarded_where_they_are_listed_and_only_there() {
    let rows = [
        ("/verbs/1", "POST", 1),
        ("/verbs/1", "PUT", 1),
        ("/verbs/1", "DELETE", 1),
        ("/verbs/1", "PATCH", 2),
        ("/orders/1", "POST", 1),
        ("/orders/1", "PATCH", 1),
        ("/orders/1", "PUT", 2),
        ("/orders/1", "DELETE", 2),
    ];
    for (path, method, calls) in rows {
        println!("{method} {path}");
        let guard = Guard::under(&routes());
        guard.origin_always(Reply::json(200, "{}"));
        let call = guard.order_to(path).method(method);
        let first = guard.send(&call);
        let again = guard.send(&call);
        guard.check_calls(calls);
        match calls {
            1 => check_replay(&again, &first),
            _ => assert_eq!(again.header("cache-status"), None),
        }
    }
}

/// The retry of a DELETE whose answer was lost must not hear that there is nothing to delete.
#[test]
fn a_delete_that_was_carried_out_answers_its_retry_with_the_first_answer() {
    let guard = Guard::under(&routes());
    guard.origin_in_turn([Reply::new(204), Reply::json(404, r#"{"error":"no such order"}"#)]);
    let path = guard.path("/verbs/orders/1");
    let delete = Call::new("DELETE", &path).authorization("Bearer alice").key(&guard.key());
    let first = guard.send(&delete);
    assert_eq!((first.status, first.body.as_slice()), (204, b"".as_slice()));
    check_first(&first, &guard.key());
    for _ in 0..2 {
        check_replay(&guard.send(&delete), &first);
    }
    guard.check_calls(1);
    let again = Call::new("DELETE", &path).authorization("Bearer alice").key("another");
    assert_eq!(guard.send(&again).status, 404, "under another key it is another operation");
}

#[test]
fn a_problem_points_to_the_documentation_that_the_policy_names() {
    let guard = Guard::under(&routes());
    let answer = guard.send(&guard.keyless_order_to("/docs"));
    let body: Value = serde_json::from_slice(&answer.body).expect("a problem");
    assert_eq!(body["type"], "https://docs.example/problems#key-missing");
    assert_eq!(body["code"], "key-missing");
}

/// Six mistakes, each told in the same answer by its field, and nothing is guarded by a guess.
#[test]
fn every_mistake_of_a_policy_is_told_at_once() {
    let guard = Guard::with(at_origin(true).policy(&json!({
        "retry_windw": "24h",
        "wait": 5,
        "deadline": "2h",
        "routes": [
            { "path": "/payments/**", "key": "sometimes" },
            { "key": "off" },
            { "path": "/orders", "unknown": "resend" },
        ],
    })));
    guard.origin_always(Reply::new(200));
    for call in [guard.order(), guard.keyless_order(), guard.order().method("DELETE")] {
        let detail = problem::check(&guard.send(&call), "misconfigured");
        for told in [
            "retry_windw is not a field",
            "wait 5 has no unit",
            "deadline \"2h\"",
            "routes[0].key \"sometimes\"",
            "routes[1]",
            "routes[2].unknown \"resend\" does not go with this fingerprint",
        ] {
            assert!(detail.contains(told), "{told:?} is not told: {detail}");
        }
        poll_until("the log tells it too", || guard.runtime().log().contains("retry_windw"));
    }
    guard.check_calls(0);
    check_reads_pass(&guard);
}

/// What is never guarded needs no policy.
#[track_caller]
fn check_reads_pass(guard: &Guard) {
    let reads = ["GET", "HEAD", "OPTIONS"];
    for method in reads {
        assert_eq!(guard.send(&Call::new(method, &guard.path("/orders"))).status, 200, "{method}");
    }
    guard.check_calls(reads.len());
}

/// The origin must not answer in the guard's name, and an operator must not be told that all is well.
#[test]
fn a_guard_without_a_policy_keeps_its_own_paths() {
    let guard = Guard::with(at_origin(true).policy(&json!({ "retry_windw": "24h" })));
    guard.origin_always(Reply::new(200));
    let lane = &guard.lane;
    for path in [
        "/.onlyonce/health".to_owned(),
        format!("/.onlyonce/records/{}", "0".repeat(64)),
        "/.onlyonce/find".to_owned(),
        "/.onlyonce".to_owned(),
        format!("/{lane}/../.onlyonce/health"),
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            let answer = guard.send(&Call::new(method, &path));
            assert_eq!(answer.status, 500, "{method} {path}");
            if method != "HEAD" {
                problem::check(&answer, "misconfigured");
            }
        }
    }
    let explained = guard.send(&Call::get("/.onlyonce/problems"));
    assert_eq!(explained.status, 200);
    assert!(explained.text().contains("id=\"misconfigured\""));
    guard.check_calls(0);
}

#[test]
fn a_policy_that_is_no_table_is_told_too() {
    let rows = [("\"24h\"", "POLICY"), ("{", "is not JSON")];
    for (policy, told) in rows {
        let guard = Guard::with(at_origin(true).var("POLICY", policy));
        guard.origin_always(Reply::new(200));
        let detail = problem::check(&guard.send(&guard.order()), "misconfigured");
        assert!(detail.contains(told), "{policy}: {detail}");
        check_reads_pass(&guard);
    }
}

#[test]
fn a_wrong_origin_and_a_wrong_policy_are_told_together() {
    let guard = Guard::with(
        Setup::new(true).var("ORIGIN", "shop.example").policy(&json!({ "wait": "soon" })),
    );
    for call in [guard.order(), Call::get(&guard.path("/orders"))] {
        let detail = problem::check(&guard.send(&call), "misconfigured");
        assert!(detail.contains("ORIGIN \"shop.example\""), "{detail}");
        assert!(detail.contains("wait \"soon\""), "{detail}");
    }
}
