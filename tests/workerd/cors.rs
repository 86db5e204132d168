//! What a page on another origin may read of the guard.

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::Reply;
use crate::stamp::check_replay;

const SHOP: &str = "https://shop.example";
const LOCAL: &str = "http://localhost:3000";
const OTHER: &str = "https://evil.example";

fn policy() -> Value {
    json!({ "credential": ["header:authorization", "header:cookie"], "routes": [
        {
            "path": "/*/named/**", "key": "required", "max_request_body": "1KiB",
            "cors": { "origins": [SHOP, LOCAL] },
        },
        { "path": "/*/all/**", "key": "required", "cors": { "origins": ["*"] } },
        {
            "path": "/*/other/**", "key_from": ["header:X-Request-Id", "form:order"],
            "cors": { "origins": [SHOP] },
        },
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
        "idempotent-replayed",
        "idempotency-expires",
        "cache-status",
        "age",
        "server-timing",
        "link",
        "retry-after",
        "stripe-should-retry",
        "x-should-retry",
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

/// Who may read is for the policy to say, whatever the origin knows of CORS.
#[test]
fn an_answer_names_the_page_that_asks() {
    for own in [None, Some(SHOP), Some(LOCAL), Some("*"), Some(OTHER)] {
        for (asks_first, asks_then) in [(SHOP, LOCAL), (LOCAL, SHOP), (SHOP, SHOP)] {
            println!("the origin allows {own:?}; {asks_first}, then {asks_then}");
            let guard = under_policy();
            guard.origin_in_turn([with_cors(own)]);
            let order = |page: &str| guard.order_to("/named").header("Origin", page);
            let first = guard.send(&order(asks_first));
            let again = guard.send(&order(asks_then));
            check_replay(&again, &first);
            for (answer, page) in [(&first, asks_first), (&again, asks_then)] {
                check_named(answer, page);
                let names = answer.headers.all("access-control-expose-headers").join(", ");
                assert_eq!(names.starts_with("X-Order"), own.is_some(), "{names}");
            }
            guard.check_calls(1);
        }
    }
}

#[track_caller]
fn check_named(answer: &Answer, page: &str) {
    assert_eq!(answer.headers.all("access-control-allow-origin"), [page]);
    assert_eq!(answer.headers.all("access-control-allow-credentials"), ["true"]);
    assert_eq!(answer.header("vary"), Some("Origin"));
    check_exposed(answer);
}

fn with_cors(allowed: Option<&str>) -> Reply {
    let reply = Reply::json(201, r#"{"order":1}"#);
    match allowed {
        None => reply,
        Some(page) => reply
            .header("Access-Control-Allow-Origin", page)
            .header("Access-Control-Expose-Headers", "X-Order"),
    }
}

/// A program asked first, and a page wants the answer; and the other way round.
#[test]
fn an_answer_to_nobodys_page_can_be_read_by_one() {
    let guard = under_policy();
    guard.origin_in_turn([with_cors(None)]);
    let first = guard.send(&guard.order_to("/named"));
    check_nothing(&first);
    let again = guard.send(&guard.order_to("/named").header("Origin", SHOP));
    check_replay(&again, &first);
    check_named(&again, SHOP);
    check_nothing(&guard.send(&guard.order_to("/named")));
    guard.check_calls(1);
}

/// A released answer and one that was not stored are answers, too.
#[test]
fn every_kind_of_answer_can_be_read() {
    let policy = json!({ "max_stored_response": "1B", "cors": { "origins": [SHOP] } });
    let guard = Guard::under(&policy);
    let page = |call: Call| call.header("Origin", SHOP);
    guard.origin_in_turn([
        Reply::json(429, "{}"),
        Reply::json(201, r#"{"order":1}"#),
        Reply::json(200, "{}"),
    ]);
    check_named(&guard.send(&page(guard.order())), SHOP);
    let not_kept = guard.send(&page(guard.order()));
    assert!(not_kept.header("cache-status").is_some_and(|status| status.contains("not-kept")));
    check_named(&not_kept, SHOP);
    check_named(&guard.send(&page(guard.keyless_order())), SHOP);
    guard.check_calls(3);
}

#[test]
fn all_may_read_without_credentials_where_the_policy_says_so() {
    let guard = under_policy();
    guard.origin_in_turn([with_cors(None), with_cors(Some(OTHER))]);
    for key in ["1", "2"] {
        let order = |page: &str| guard.keyless_order_to("/all").key(key).header("Origin", page);
        for (page, allowed) in [(SHOP, "*"), (OTHER, if key == "1" { "*" } else { OTHER })] {
            let answer = guard.send(&order(page));
            assert_eq!(answer.headers.all("access-control-allow-origin"), [allowed]);
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            check_exposed(&answer);
        }
    }
}

/// What the origin itself says of a page that the policy does not know is left as it is.
#[test]
fn others_get_what_the_origin_says() {
    let guard = under_policy();
    guard.origin_in_turn([with_cors(Some(OTHER))]);
    let order = || guard.order_to("/named").header("Origin", OTHER);
    for answer in [guard.send(&order()), guard.send(&order())] {
        assert_eq!(answer.headers.all("access-control-allow-origin"), [OTHER]);
        assert_eq!(answer.headers.all("access-control-expose-headers"), ["X-Order"]);
    }
}

fn preflight(guard: &Guard, path: &str, page: &str, method: &str) -> Call {
    let call = Call::new("OPTIONS", &guard.path(path)).header("Origin", page);
    call.header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", "content-type,idempotency-key")
}

/// The origin would refuse, or has never heard of CORS: it is not asked.
#[test]
fn a_preflight_is_answered_for_the_pages_of_the_policy() {
    let rows = [
        ("/named", SHOP, "POST", SHOP),
        ("/named/x", LOCAL, "PATCH", LOCAL),
        ("/all", OTHER, "PATCH", "*"),
    ];
    for (path, page, method, allowed) in rows {
        println!("{path} for {page}: {method}");
        let guard = under_policy();
        guard.origin_always(Reply::new(403));
        let answer = guard.send(&preflight(&guard, path, page, method));
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(allowed));
        let credentials = answer.header("access-control-allow-credentials");
        assert_eq!(credentials, (allowed != "*").then_some("true"));
        assert_eq!(answer.header("access-control-allow-methods"), Some(method));
        let headers = answer.header("access-control-allow-headers");
        assert_eq!(headers, Some("content-type, idempotency-key"));
        guard.check_calls(0);
    }
}

#[test]
fn a_preflight_allows_the_headers_that_keys_stand_in() {
    let guard = under_policy();
    for asked in ["content-type", "content-type, x-request-id"] {
        let call = Call::new("OPTIONS", &guard.path("/other")).header("Origin", SHOP);
        let call = call.header("Access-Control-Request-Method", "POST");
        let answer = guard.send(&call.header("Access-Control-Request-Headers", asked));
        let headers = answer.header("access-control-allow-headers");
        assert_eq!((answer.status, headers), (204, Some("content-type, x-request-id")));
    }
    guard.check_calls(0);
    // And the key that stands there is one.
    guard.origin_in_turn([Reply::new(201)]);
    let order = guard.keyless_order_to("/other").header("X-Request-Id", &guard.key());
    let order = order.header("Origin", SHOP).header("Connection", "x-request-id");
    guard.send(&order);
    let again = guard.send(&order);
    check_exposed(&again);
    assert_eq!(again.header("idempotency-key"), Some(guard.key().as_str()));
    let seen = guard.seen().remove(0).headers;
    assert_eq!(seen.all("x-request-id"), [guard.key().as_str()]);
    assert_eq!(seen.all("idempotency-key"), [guard.key().as_str()]);
    guard.check_calls(1);
}

#[test]
fn every_other_preflight_is_the_origins_to_answer() {
    let rows = [
        ("/named", OTHER, "POST"),
        ("/named", SHOP, "PUT"),
        ("/named", SHOP, "post"),
        ("/off", SHOP, "POST"),
        ("/elsewhere", SHOP, "POST"),
    ];
    for (path, page, method) in rows {
        println!("{path} for {page}: {method}");
        let guard = under_policy();
        let reply = Reply::new(405).header("Access-Control-Allow-Headers", "content-type");
        guard.origin_always(reply);
        let answer = guard.send(&preflight(&guard, path, page, method));
        assert_eq!(answer.status, 405);
        assert_eq!(answer.headers.all("access-control-allow-headers"), ["content-type"]);
        guard.check_calls(1);
    }
    // OPTIONS that is no preflight.
    let guard = under_policy();
    guard.origin_always(Reply::new(200).header("Allow", "POST"));
    let options = Call::new("OPTIONS", &guard.path("/named"));
    for call in [options.clone(), options.clone().header("Origin", SHOP)] {
        assert_eq!(guard.send(&call).header("allow"), Some("POST"));
    }
    let without_page = options.header("Access-Control-Request-Method", "POST");
    assert_eq!(guard.send(&without_page).header("allow"), Some("POST"));
    guard.check_calls(3);
}
