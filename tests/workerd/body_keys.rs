//! Keys that stand in a JSON body or in the query, as some APIs' clients send them.

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::Call;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{Came, came, came_with};

fn policy() -> Value {
    let places = ["header:idempotency-key", "query:request_id", "json:/idempotency_key"];
    json!({ "key_from": places, "max_request_body": "1KiB", "routes": [
        { "path": "/*/required", "key": "required", "key_min_length": 8 },
        { "path": "/*/derive", "key": "derive" },
        { "path": "/*/generate", "key": "generate" },
        { "path": "/*/observe", "mode": "observe" },
        { "path": "/*/bytes", "fingerprint": "bytes" },
        { "path": "/*/cors", "cors": { "origins": ["https://shop.example"] } },
        { "path": "/*/nested", "key_from": ["json:/meta/request~1id"] },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

fn order(guard: &Guard, path: &str, body: &str) -> Call {
    Call::post(&guard.path(path)).header("Authorization", "Bearer a").json(body)
}

fn keyed(key: &str) -> String {
    format!("{{\"item\": \"tea\", \"idempotency_key\": {}}}", json!(key))
}

#[test]
fn a_request_with_its_key_in_its_body_is_carried_out_once() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201).body("bought")]);
    let key = guard.key();
    let first = guard.send(&order(&guard, "/buy", &keyed(&key)));
    assert_eq!((first.status, came(&first).0), (201, Came::First));
    assert_eq!(first.header("idempotency-key"), Some(key.as_str()));
    // Written anew, in chunks, and with the key in the other places: the same request.
    let respelled = format!("{{\"idempotency_key\":{key:?},\"item\":\"tea\"}}");
    let in_query = order(&guard, &format!("/buy?request_id={key}"), "{\"item\": \"tea\"}");
    let in_header = order(&guard, "/buy", "{\"item\": \"tea\"}").key(&format!("{key:?}"));
    for again in [
        order(&guard, "/buy", &respelled),
        order(&guard, "/buy", &keyed(&key)).chunked(7),
        order(&guard, &format!("/buy?request_id={key}"), &keyed(&key)).key(&key),
        in_query,
        in_header,
    ] {
        let again = guard.send(&again);
        assert_eq!(came(&again), (Came::Replayed, came(&first).1));
        assert_eq!(again.body, first.body);
    }
    let other = order(&guard, "/buy", &keyed(&key).replace("tea", "milk"));
    problem::check(&guard.send(&other), "key-reused");
    // Another query is another request, as ever.
    let other = order(&guard, &format!("/buy?shop=2&request_id={key}"), "{\"item\": \"tea\"}");
    problem::check(&guard.send(&other), "key-reused");
    // As the client sent it, and as the header that the origin may know.
    let seen = guard.seen().remove(0);
    assert_eq!(seen.body, keyed(&key).as_bytes());
    assert_eq!(seen.headers.all("idempotency-key"), [key.as_str()]);
    guard.check_calls(1);
}

#[test]
fn a_key_that_no_bare_header_holds_is_quoted_for_the_origin() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let key = format!("order 17, {}; \"x\"", guard.key());
    let header = format!("\"order 17, {}; \\\"x\\\"\"", guard.key());
    let first = guard.send(&order(&guard, "/buy", &keyed(&key)));
    assert_eq!(came(&first).0, Came::First);
    assert_eq!(first.header("idempotency-key"), Some(header.as_str()));
    assert_eq!(guard.seen().remove(0).headers.all("idempotency-key"), [header.as_str()]);
    let in_header = order(&guard, "/buy", "{\"item\": \"tea\"}").key(&header);
    assert_eq!(came(&guard.send(&in_header)).0, Came::Replayed);
    guard.check_calls(1);
}

#[test]
fn keys_that_disagree_are_repeated_or_are_none_are_refused() {
    let guard = under_policy();
    let refuses = |call: &Call, code: &str, begin: &str| {
        let detail = problem::check(&guard.send(call), code);
        assert!(detail.starts_with(begin), "{detail}");
    };
    let two = order(&guard, "/buy", &keyed("one")).key("two");
    refuses(&two, "key-invalid", "Idempotency-Key and the body's /idempotency_key name two keys");
    let two = order(&guard, "/buy?request_id=three", &keyed("one"));
    refuses(&two, "key-invalid", "the query's request_id and the body's /idempotency_key name");
    let twice = order(&guard, "/buy", r#"{"idempotency_key": "a", "idempotency_key": "b"}"#);
    refuses(&twice, "key-invalid", "the body's /idempotency_key is there more than once");
    let number = order(&guard, "/buy", r#"{"idempotency_key": 1.5}"#);
    refuses(&number, "key-invalid", "the body's /idempotency_key is no text");
    // Nobody knows whether these hold a key: they are not sent on as if they held none.
    let broken = order(&guard, "/buy", r#"{"idempotency_key": "k", "price": NaN}"#);
    let gzipped = order(&guard, "/buy", "...").header("Content-Encoding", "gzip");
    for unreadable in [broken, gzipped] {
        refuses(&unreadable, "key-invalid", "the body's /idempotency_key cannot be looked for");
    }
    let nothing = order(&guard, "/buy", &keyed("undefined"));
    refuses(&nothing, "key-invalid", "the body's /idempotency_key \"undefined\" is what a program");
    let short = order(&guard, "/required", &keyed("1234567"));
    refuses(
        &short,
        "key-invalid",
        "the body's /idempotency_key \"1234567\" has 7 characters, and this route takes 8 or more",
    );
    let null = order(&guard, "/required", r#"{"idempotency_key": null}"#);
    refuses(
        &null,
        "key-missing",
        "the request has no key in Idempotency-Key or the query's request_id or the body's /idempotency_key",
    );
    let large = order(&guard, "/buy", &keyed(&"x".repeat(2000)));
    refuses(&large, "body-too-large", "");
    refuses(&large.chunked(100), "body-too-large", "");
    guard.check_calls(0);
}

#[test]
fn without_a_key_a_route_does_what_its_policy_says() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let keyless = |path: &str| order(&guard, path, "{\"item\": \"tea\"}");
    let bypassed = guard.send(&keyless("/buy"));
    assert_eq!(bypassed.header("cache-status"), Some("onlyonce; fwd=bypass"));
    assert_eq!(guard.seen().remove(0).body, b"{\"item\": \"tea\"}");
    assert_eq!(came_with(&guard.send(&keyless("/derive")), "derived").0, Came::First);
    assert_eq!(came_with(&guard.send(&keyless("/derive")), "derived").0, Came::Replayed);
    let drawn = guard.send(&keyless("/generate"));
    let drawn = drawn.header("idempotency-key").expect("a key").trim_matches('"').to_owned();
    let with_drawn = format!("{{\"item\": \"tea\", \"idempotency_key\": {drawn:?}}}");
    assert_eq!(came(&guard.send(&order(&guard, "/generate", &with_drawn))).0, Came::Replayed);
    guard.check_calls(3);
}

#[test]
fn under_bytes_and_under_a_policy_that_watches_keys_are_found_as_well() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let bytes = order(&guard, "/bytes", &keyed(&guard.key()));
    assert_eq!(came(&guard.send(&bytes)).0, Came::First);
    assert_eq!(came(&guard.send(&bytes)).0, Came::Replayed);
    let watched = order(&guard, "/observe", &keyed(&format!("w{}", guard.key())));
    assert_eq!(came_with(&guard.send(&watched), "observe").0, Came::First);
    let again = guard.send(&watched);
    assert_eq!(again.header("cache-status"), Some("onlyonce; fwd=bypass; detail=observe"));
    guard.check_calls(3);
    // Who only watches changes nothing of a request.
    let seen = guard.seen();
    let headers = |at: usize| seen[at].headers.all("idempotency-key").len();
    assert_eq!((headers(0), headers(1), headers(2)), (1, 0, 0));
}

#[test]
fn a_page_of_another_origin_reads_what_its_key_in_the_body_brought_it() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let order =
        order(&guard, "/cors", &keyed(&guard.key())).header("Origin", "https://shop.example");
    for came_about in [Came::First, Came::Replayed] {
        let answer = guard.send(&order);
        assert_eq!(came(&answer).0, came_about);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    }
    guard.check_calls(1);
}

#[test]
fn a_pointer_leads_into_objects_and_its_names_may_hold_a_slash() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let nested =
        order(&guard, "/nested", &format!("{{\"meta\": {{\"request/id\": {:?}}}}}", guard.key()));
    assert_eq!(came(&guard.send(&nested)).0, Came::First);
    assert_eq!(came(&guard.send(&nested)).0, Came::Replayed);
    // The header that other routes take is the origin's affair here.
    let unread = order(&guard, "/nested", "{}").key(&guard.key());
    guard.send(&unread);
    guard.send(&unread);
    guard.check_calls(3);
}
