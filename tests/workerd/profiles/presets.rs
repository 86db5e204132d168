//! What a profile presets, as its protocol's callers meet it; and what programs are told of it.

use serde_json::{Value, json};

use super::{check, presets};
use crate::guard::Guard;
use crate::http::Call;
use crate::script::Reply;
use crate::stamp::{Came, came};

#[test]
fn an_endpoint_of_acp_and_of_ucp_has_keys_of_its_own_and_one_of_stripe_has_not() {
    for (profile, is_apart) in [("acp", true), ("ucp", true), ("stripe", false), ("draft", false)] {
        let guard = Guard::under(&presets());
        guard.origin_always(Reply::json(201, "{}"));
        let key = format!("{}-of-22-and-more", guard.key());
        let to = |path: &str| guard.keyless_order_to(&format!("/{profile}/{path}")).key(&key);
        assert_eq!(came(&guard.send(&to("a/complete"))).0, Came::First);
        let other = guard.send(&to("b/complete"));
        match is_apart {
            true => assert_eq!(came(&other).0, Came::First, "{profile}"),
            false => assert_eq!(other.header("cache-status"), Some("onlyonce; detail=key-reused")),
        }
        assert_eq!(came(&guard.send(&to("a/complete"))).0, Came::Replayed);
    }
}

#[test]
fn stripes_clients_may_delete_and_write_spaces() {
    let guard = Guard::under(&presets());
    guard.origin_always(Reply::json(200, r#"{"deleted":true}"#));
    let key = format!("customer 17; {}", guard.key());
    let delete = Call::new("DELETE", &guard.path("/stripe/customers/17")).key(&key);
    let delete = delete.authorization("Bearer alice");
    let first = guard.send(&delete);
    assert_eq!(came(&first).0, Came::First);
    assert_eq!(first.header("idempotency-key"), Some(key.as_str()));
    assert_eq!(came(&guard.send(&delete)).0, Came::Replayed);
    assert_eq!(guard.seen().remove(0).headers.all("idempotency-key"), [key.as_str()]);
    let quoted = delete.clone().without("idempotency-key").key(&format!("{key:?}"));
    assert_eq!(came(&guard.send(&quoted)).0, Came::Replayed);
    // Two lines of the header are joined by a comma.
    let repeated = delete.key("another");
    check(&guard.send(&repeated), "stripe", "key-invalid");
    guard.check_calls(1);
}

/// What may be asked of such a key is asked under the spelling that its route takes.
#[test]
fn a_key_with_spaces_can_be_asked_about() {
    let guard = Guard::under(&presets());
    guard.origin_always(Reply::json(201, "{}"));
    let key = format!("order 17 {}", guard.key());
    let order = guard.order_to("/stripe/orders").without("idempotency-key").key(&key);
    guard.send(&order);
    let path = format!("/.onlyonce/key?path={}", guard.path("/stripe/orders"));
    let told = guard.send(&Call::get(&path).key(&key).authorization("Bearer alice"));
    assert_eq!(serde_json::from_slice::<Value>(&told.body).expect("JSON")["state"], "done");
}

#[test]
fn ucp_compares_the_bytes_of_a_body_and_takes_keys_of_128_bits() {
    let guard = Guard::under(&presets());
    guard.origin_always(Reply::json(200, "{}"));
    let update = guard.keyless_order_to("/ucp/checkout-sessions/7").method("PUT");
    let update = update.key(&format!("{}-of-22-and-more", guard.key()));
    assert_eq!(came(&guard.send(&update)).0, Came::First);
    assert_eq!(came(&guard.send(&update)).0, Came::Replayed);
    let respelled = update.clone().json(r#"{ "item":"tea","quantity":2}"#);
    check(&guard.send(&respelled), "ucp", "key-reused");
    let short = update.without("idempotency-key").key("12345678-1234-1234-12");
    check(&guard.send(&short), "ucp", "key-invalid");
    guard.check_calls(1);
}

#[test]
fn programs_are_told_the_contract() {
    let guard = Guard::under(&presets());
    let answer = guard.send(&Call::get("/.onlyonce/contract"));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let contract: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let profiles: Vec<&str> = contract["routes"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|route| route["profile"].as_str())
        .collect();
    assert_eq!(profiles, ["draft", "stripe", "acp", "ucp", "webhook", "draft"]);
    // What it says of a refusal is what is sent.
    let refused = guard.send(&guard.keyless_order_to("/acp/orders"));
    let told = contract["refusals"]["acp"].as_array().expect("a list");
    let told = told.iter().find(|refusal| refusal["code"] == "key-missing").expect("it");
    assert_eq!(told["statuses"], json!([refused.status]));
    assert_eq!(told["content_type"], refused.header("content-type").expect("a type"));
    let sent: Value = serde_json::from_slice(&refused.body).expect("JSON");
    assert_eq!(
        (&told["example"]["type"], &told["example"]["code"]),
        (&sent["type"], &sent["code"])
    );
}
