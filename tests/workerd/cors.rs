//! What a page on another origin may read of the guard.

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::Reply;
use crate::stamp::check_replay;

const SHOP: &str = "https://shop.example";
const OTHER: &str = "https://evil.example";

fn policy() -> Value {
    json!({ "routes": [
        {
            "path": "/*/named/**", "key": "required", "max_request_body": "1KiB",
            "cors": { "origins": [SHOP, "http://localhost:3000"] },
        },
        { "path": "/*/all/**", "key": "required", "cors": { "origins": ["*"] } },
        { "path": "/*/off/**", "key": "required" },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// The headers of section 2 of the contract that a page could not read otherwise.
#[track_caller]
fn check_exposed(answer: &Answer) {
    let names = answer.headers.all("access-control-expose-headers").join(", ").to_ascii_lowercase();
    let exposed: Vec<_> = names.split(", ").collect();
    for name in [
        "idempotency-key",
        "idempotency-replayed",
        "idempotency-expires",
        "cache-status",
        "age",
        "server-timing",
        "link",
        "retry-after",
    ] {
        assert!(exposed.contains(&name), "{name} is not exposed: {names:?}");
    }
}

#[track_caller]
fn check_nothing(answer: &Answer) {
    let cors = answer
        .headers
        .0
        .iter()
        .find(|(name, _)| name.to_ascii_lowercase().starts_with("access-control-"));
    assert_eq!(cors, None, "{}", answer.status);
}

/// Calls that the guard refuses, each in its own way.
fn refused(guard: &Guard, path: &str) -> [(&'static str, Call); 4] {
    let order = guard.order_to(path);
    [
        ("key-missing", guard.keyless_order_to(path)),
        ("key-invalid", guard.keyless_order_to(path).key("two, keys")),
        ("key-reused", order.clone().body("{}")),
        ("credential-changed", order.header("Cookie", "a=1")),
    ]
}

#[test]
fn a_page_of_a_named_origin_reads_every_refusal() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    guard.send(&guard.order_to("/named"));
    let large = guard.order_to("/named").body(vec![b'x'; 2000]);
    let calls = refused(&guard, "/named").into_iter().chain([("body-too-large", large)]);
    for (code, call) in calls {
        let answer = guard.send(&call.header("Origin", SHOP));
        problem::check(&answer, code);
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{code}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{code}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{code}");
        check_exposed(&answer);
    }
    guard.check_calls(1);
}

#[test]
fn every_page_reads_where_all_may_but_not_with_credentials() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    guard.send(&guard.order_to("/all"));
    for (code, call) in refused(&guard, "/all") {
        let answer = guard.send(&call.header("Origin", OTHER));
        problem::check(&answer, code);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{code}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{code}");
        check_exposed(&answer);
    }
}

#[test]
fn nobody_else_is_told_anything() {
    let rows = [
        ("/named", Some(OTHER)),
        ("/named", Some("https://shop.example.evil.example")),
        ("/named", Some("http://shop.example")),
        ("/named", Some("https://shop.example:8443")),
        ("/named", Some("null")),
        ("/named", None),
        ("/off", Some(SHOP)),
    ];
    for (path, origin) in rows {
        println!("{path} for {origin:?}");
        let guard = under_policy();
        guard.origin_in_turn([Reply::new(201)]);
        let from =
            |call: Call| origin.into_iter().fold(call, |call, page| call.header("Origin", page));
        check_nothing(&guard.send(&from(guard.order_to(path))));
        check_nothing(&guard.send(&from(guard.order_to(path))));
        for (code, call) in refused(&guard, path) {
            let answer = guard.send(&from(call));
            problem::check(&answer, code);
            check_nothing(&answer);
        }
    }
}

/// Who may read the origin's answer is for the origin to say; what the guard adds can be read with it.
#[test]
fn an_answer_exposes_the_guards_headers_beside_the_origins_own() {
    let rows = [("/named", SHOP, true), ("/named", OTHER, false), ("/all", OTHER, true)];
    for (path, page, exposed) in rows {
        println!("{path} for {page}");
        let guard = under_policy();
        let reply = Reply::json(201, r#"{"order":1}"#)
            .header("Access-Control-Allow-Origin", page)
            .header("Access-Control-Expose-Headers", "X-Order");
        guard.origin_in_turn([reply]);
        let order = || guard.order_to(path).header("Origin", page);
        let first = guard.send(&order());
        let again = guard.send(&order());
        check_replay(&again, &first);
        for answer in [&first, &again] {
            assert_eq!(answer.headers.all("access-control-allow-origin"), [page]);
            let names = answer.headers.all("access-control-expose-headers").join(", ");
            assert!(names.starts_with("X-Order"), "{names}");
            match exposed {
                true => check_exposed(answer),
                false => assert_eq!(names, "X-Order"),
            }
        }
        guard.check_calls(1);
    }
}

fn preflight(guard: &Guard, path: &str, page: &str, method: &str) -> Call {
    let call = Call::new("OPTIONS", &guard.path(path)).header("Origin", page);
    call.header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", "content-type,idempotency-key")
}

#[test]
fn a_preflight_lets_the_key_through_where_the_origin_lets_anything() {
    const KEY: &str = "Idempotency-Key";
    let rows = [
        ("/named", SHOP, "POST", Some("content-type"), "content-type, Idempotency-Key"),
        (
            "/named",
            "http://localhost:3000",
            "POST",
            Some("content-type"),
            "content-type, Idempotency-Key",
        ),
        ("/named", SHOP, "POST", Some("a, idempotency-key"), "a, idempotency-key"),
        ("/named", SHOP, "POST", Some(KEY), KEY),
        ("/named", SHOP, "POST", None, ""),
        ("/named", OTHER, "POST", Some("content-type"), "content-type"),
        ("/named", SHOP, "PUT", Some("content-type"), "content-type"),
        ("/all", OTHER, "PATCH", Some("content-type"), "content-type, Idempotency-Key"),
        ("/off", SHOP, "POST", Some("content-type"), "content-type"),
    ];
    for (path, page, method, allowed, expected) in rows {
        println!("{path} for {page}: {method}, the origin allows {allowed:?}");
        let guard = under_policy();
        let reply = Reply::new(204).header("Access-Control-Allow-Origin", page);
        let name = "Access-Control-Allow-Headers";
        let reply = allowed.into_iter().fold(reply, |reply, names| reply.header(name, names));
        guard.origin_in_turn([reply]);
        let answer = guard.send(&preflight(&guard, path, page, method));
        assert_eq!(answer.status, 204);
        assert_eq!(answer.headers.all(name).join(", "), expected);
        assert_eq!(answer.header("access-control-allow-origin"), Some(page));
        guard.check_calls(1);
    }
}
