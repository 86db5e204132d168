//! Where shards are made and kept: the policy's `jurisdiction` and `location`, by what the platform is
//! asked.

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin};
use crate::http::Call;
use crate::script::Reply;

/// What the guard asks the namespace for on behalf of one request.
#[track_caller]
fn asked_under(policy: &Value) -> Value {
    let setup = at_origin(false).policy(policy).around("tests/workerd/data_location.js");
    let guard = Guard::with(setup);
    guard.origin_always(Reply::json(201, "{}"));
    assert_eq!(guard.send(&guard.order()).status, 201);
    let answer = Call::get("/.asked").send(guard.runtime().address());
    serde_json::from_slice(&answer.body).expect("the calls")
}

#[test]
fn a_location_is_a_hint_for_each_shard() {
    let asked = asked_under(&json!({ "shards": 1, "location": "weur" }));
    assert_eq!(asked, json!([{ "shard": "shard/", "locationHint": "weur" }]));
}

#[test]
fn a_jurisdiction_is_asked_before_its_shard() {
    let asked = asked_under(&json!({ "shards": 1, "jurisdiction": "eu" }));
    assert_eq!(asked, json!([{ "jurisdiction": "eu" }, { "shard": "shard/" }]));
}

#[test]
fn both_go_together() {
    let asked = asked_under(&json!({ "shards": 1, "jurisdiction": "eu", "location": "eeur" }));
    let shard = json!({ "shard": "shard/", "locationHint": "eeur" });
    assert_eq!(asked, json!([{ "jurisdiction": "eu" }, shard]));
}

#[test]
fn neither_is_asked_for_where_the_policy_names_none() {
    assert_eq!(asked_under(&json!({ "shards": 1 })), json!([{ "shard": "shard/" }]));
}
