//! Keys that stand in a field of a form, as a browser sends one by itself.

use std::thread;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::Call;
use crate::problem;
use crate::queue_producer::{QueueProducer, Settled};
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, came_with};

const URLENCODED: &str = "application/x-www-form-urlencoded";

fn policy() -> Value {
    let both = ["header:idempotency-key", "form:idempotency-key"];
    json!({ "key_from": both, "max_request_body": "1KiB", "routes": [
        { "path": "/*/required", "key": "required" },
        { "path": "/*/derive", "key": "derive" },
        { "path": "/*/generate", "key": "generate" },
        { "path": "/*/observe", "mode": "observe" },
        { "path": "/*/headers", "key_from": ["header:idempotency-key"] },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

fn form(guard: &Guard, path: &str, body: &str) -> Call {
    let call = Call::post(&guard.path(path)).header("Cookie", "sid=1");
    call.header("Content-Type", URLENCODED).body(body)
}

fn multipart(guard: &Guard, boundary: &str, key: &str) -> Call {
    let part = |name, value| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let body = [part("item", "tea"), part("idempotency-key", key), format!("--{boundary}--\r\n")];
    let kind = format!("multipart/form-data; boundary={boundary}");
    let call = Call::post(&guard.path("/buy")).header("Cookie", "sid=1");
    call.header("Content-Type", &kind).body(body.concat())
}

#[test]
fn a_form_that_is_sent_twice_is_carried_out_once() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201).body("bought")]);
    let key = guard.key();
    let order = form(&guard, "/buy", &format!("item=tea&idempotency-key={key}"));
    let first = guard.send(&order);
    assert_eq!((first.status, came(&first).0), (201, Came::First));
    let again = guard.send(&order);
    assert_eq!(came(&again), (Came::Replayed, came(&first).1));
    assert_eq!(again.body, first.body);
    // As the client sent it, and as the header that the origin may know.
    let seen = guard.seen().remove(0);
    assert_eq!(seen.body, order.body_bytes());
    assert_eq!(seen.headers.all("idempotency-key"), [key.as_str()]);
    guard.check_calls(1);
}

#[test]
fn multipart_under_another_boundary_and_with_a_header_is_the_same_request() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let key = guard.key();
    assert_eq!(came(&guard.send(&multipart(&guard, "aa", &key))).0, Came::First);
    assert_eq!(came(&guard.send(&multipart(&guard, "bb", &format!("{key:?}")))).0, Came::Replayed);
    let both = multipart(&guard, "cc", &key).key(&key);
    assert_eq!(came(&guard.send(&both)).0, Came::Replayed);
    guard.check_calls(1);
}

#[test]
fn the_same_entries_with_the_key_in_the_header_alone_are_the_same_request() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let key = guard.key();
    let in_form = form(&guard, "/buy", &format!("item=tea&idempotency-key={key}"));
    assert_eq!(came(&guard.send(&in_form)).0, Came::First);
    let in_header = form(&guard, "/buy", "item=tea").key(&key);
    assert_eq!(came(&guard.send(&in_header)).0, Came::Replayed);
    let other = form(&guard, "/buy", &format!("item=milk&idempotency-key={key}"));
    problem::check(&guard.send(&other), "key-reused");
    guard.check_calls(1);
}

#[test]
fn a_double_click_joins() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(303).header("Location", "/receipt").held_by(&gate)]);
    let order = form(&guard, "/buy", &format!("idempotency-key={}", guard.key()));
    thread::scope(|scope| {
        let clicks = [0, 1].map(|_| guard.send_aside(scope, order.clone()));
        gate.wait_for(1);
        gate.open();
        for click in clicks {
            let answer = click.join().expect("an answer");
            assert_eq!((answer.status, answer.header("location")), (303, Some("/receipt")));
        }
    });
    guard.check_calls(1);
}

#[test]
fn two_keys_and_keys_that_are_none_are_refused() {
    let guard = under_policy();
    let disagreeing = form(&guard, "/buy", "idempotency-key=one").key("two");
    let detail = problem::check(&guard.send(&disagreeing), "key-invalid");
    assert!(detail.starts_with("Idempotency-Key and the form's field idempotency-key"), "{detail}");
    let detail =
        problem::check(&guard.send(&form(&guard, "/buy", "idempotency-key=")), "key-invalid");
    assert!(detail.starts_with("the form's field idempotency-key \"\" is empty"), "{detail}");
    let detail = problem::check(&guard.send(&form(&guard, "/required", "item=tea")), "key-missing");
    assert!(detail.contains("Idempotency-Key or the form's field idempotency-key"), "{detail}");
    guard.check_calls(0);
}

#[test]
fn a_form_without_a_key_goes_its_way_whole() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let body = format!("item={}", "x".repeat(900));
    for call in [form(&guard, "/buy", &body), form(&guard, "/buy", &body).chunked(100)] {
        let answer = guard.send(&call);
        assert_eq!(
            (answer.status, answer.header("cache-status")),
            (201, Some("onlyonce; fwd=bypass"))
        );
    }
    assert!(guard.seen().iter().all(|seen| seen.body == body.as_bytes()));
    guard.check_calls(2);
}

#[test]
fn a_form_that_is_too_large_to_be_read_is_not_sent_on_unguarded() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let body = format!("item={}&idempotency-key={}", "x".repeat(2000), guard.key());
    let large = form(&guard, "/buy", &body);
    problem::check(&guard.send(&large), "body-too-large");
    problem::check(&guard.send(&large.clone().chunked(100)), "body-too-large");
    // Not even where a key would be made of what can be read.
    problem::check(&guard.send(&form(&guard, "/derive", &body)), "body-too-large");
    guard.check_calls(0);
    // Nothing is looked for in what is no form, and nothing is refused by a policy that watches.
    let json = Call::post(&guard.path("/buy")).json(&format!("[{body:?}]"));
    assert_eq!(guard.send(&json).status, 201);
    assert_eq!(guard.send(&form(&guard, "/observe", &body)).status, 201);
    assert_eq!(guard.send(&form(&guard, "/observe", &body).chunked(100)).status, 201);
    guard.check_calls(3);
}

#[test]
fn a_key_is_derived_where_the_form_has_none_and_no_field_counts_where_the_policy_names_none() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let keyless = form(&guard, "/derive", "item=tea");
    guard.send(&keyless);
    guard.send(&keyless);
    guard.check_calls(1);
    let unread = form(&guard, "/headers", &format!("idempotency-key={}", guard.key()));
    guard.send(&unread);
    guard.send(&unread);
    guard.check_calls(3);
}

#[test]
fn a_form_that_comes_in_chunks_is_the_same_request() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let order = form(&guard, "/buy", &format!("item=tea&idempotency-key={}", guard.key()));
    assert_eq!(came(&guard.send(&order.clone().chunked(7))).0, Came::First);
    assert_eq!(came(&guard.send(&order)).0, Came::Replayed);
    guard.check_calls(1);
}

#[test]
fn a_form_that_breaks_off_behind_its_key_is_not_sent() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let item = "x".repeat(100);
    let order = form(&guard, "/buy", &format!("idempotency-key={}&item={item}", guard.key()));
    for call in [order.clone(), order.clone().chunked(100)] {
        let part = call.open_part(guard.runtime().address(), 70).expect("a socket");
        part.hang_up();
    }
    assert_eq!(came(&guard.send(&order)).0, Came::First);
    guard.check_calls(1);
}

#[test]
fn a_key_is_drawn_only_where_the_form_has_none() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let keyed = form(&guard, "/generate", &format!("idempotency-key={}", guard.key()));
    assert_eq!(came(&guard.send(&keyed)).0, Came::First);
    assert_eq!(came(&guard.send(&keyed)).0, Came::Replayed);
    let drawn = guard.send(&form(&guard, "/generate", "item=tea"));
    let drawn = drawn.header("idempotency-key").expect("a key").to_owned();
    let keys = guard.seen().into_iter().map(|seen| seen.headers.all("idempotency-key").join(", "));
    assert!(keys.eq([guard.key(), drawn]));
}

#[test]
fn a_policy_that_watches_tells_forms_apart() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let order = form(&guard, "/observe", &format!("item=tea&idempotency-key={}", guard.key()));
    assert_eq!(came_with(&guard.send(&order), "observe").0, Came::First);
    let other = form(&guard, "/observe", "idempotency-key=one").key("two");
    for passed in [order, other, form(&guard, "/observe", "item=tea")] {
        let answer = guard.send(&passed);
        let status = answer.header("cache-status").unwrap_or_default();
        assert!(status.starts_with("onlyonce; fwd=bypass"), "{status}");
    }
    guard.check_calls(4);
}

/// A message has its key in one place; what its body holds is the origin's affair.
#[test]
fn a_message_of_a_queue_is_not_searched_for_a_key() {
    let queue_producer = QueueProducer::under(&policy());
    let guard = &queue_producer.0;
    guard.origin_always(Reply::new(201));
    let message = |name: &str, key: &str| {
        let parcel = queue_producer.order(name).with("path", guard.path("/buy"));
        let parcel =
            parcel.with("headers", json!({ "Content-Type": URLENCODED, "Cookie": "sid=1" }));
        parcel.with("body", format!("item=tea&idempotency-key={key}"))
    };
    let batch = ["a", "b"].map(|name| message(name, name).key(&guard.key()));
    assert_eq!(queue_producer.deliver(&batch), [Settled::Acked; 2]);
    let key = guard.seen().remove(0).headers.all("idempotency-key").join(", ");
    assert_eq!(key.trim_matches('"'), guard.key());
    guard.check_calls(1);
    // Two messages without a key are two operations.
    let batch = ["c", "d"].map(|name| message(name, "one"));
    assert_eq!(queue_producer.deliver(&batch), [Settled::Acked; 2]);
    guard.check_calls(3);
}
