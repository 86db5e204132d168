//! Events that others deliver until they read a 2xx: each is handled once at each address.

use std::thread;

use serde_json::json;

use super::{check, presets};
use crate::guard::Guard;
use crate::http::Call;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came};

fn delivery(guard: &Guard, header: &str, attempt: u32) -> Call {
    // Time, signature and a count in the body change with each attempt.
    Call::post(&guard.path("/webhook/events"))
        .header(header, &format!("evt-{}", guard.key()))
        .header("webhook-timestamp", &attempt.to_string())
        .header("webhook-signature", &format!("v1,{attempt}"))
        .json(&format!("{{\"attempt\":{attempt}}}"))
}

#[test]
fn an_event_is_handled_once_however_often_it_is_delivered() {
    for header in ["webhook-id", "svix-id", "X-GitHub-Delivery", "X-Shopify-Webhook-Id"] {
        let guard = Guard::under(&presets());
        guard.origin_in_turn([Reply::new(204)]);
        assert_eq!(came(&guard.send(&delivery(&guard, header, 1))).0, Came::First);
        let again = guard.send(&delivery(&guard, header, 2));
        assert_eq!((again.status, came(&again).0), (204, Came::Replayed));
        guard.check_calls(1);
    }
}

/// A sender tells all its subscribers of an event under one id.
#[test]
fn each_endpoint_gets_an_event_by_itself() {
    let guard = Guard::under(&presets());
    guard.origin_always(Reply::new(204));
    let to = |target: &str| {
        let call = Call::post(&guard.path(target)).json("{}");
        guard.send(&call.header("webhook-id", &format!("evt-{}", guard.key())))
    };
    for target in ["/webhook/a", "/webhook/b", "/webhook/a?tenant=2"] {
        assert_eq!(came(&to(target)).0, Came::First, "{target}");
        assert_eq!(came(&to(target)).0, Came::Replayed, "{target}");
    }
    guard.check_calls(3);
}

/// Senders renew their tokens from one attempt to the next.
#[test]
fn a_sender_with_another_token_is_the_same_sender() {
    let guard = Guard::under(&presets());
    guard.origin_in_turn([Reply::new(204)]);
    for (token, how) in [("one", Came::First), ("two", Came::Replayed)] {
        let call = delivery(&guard, "webhook-id", 1).authorization(&format!("Bearer {token}"));
        assert_eq!(came(&guard.send(&call)).0, how);
    }
    guard.check_calls(1);
}

#[test]
fn an_event_that_its_handler_did_not_take_comes_again() {
    let guard = Guard::under(&presets());
    let moved = Reply::new(301).header("Location", "/elsewhere");
    let refused = [400, 404, 418, 429, 451].map(Reply::new);
    guard.origin_in_turn(refused.into_iter().chain([moved, Reply::new(200)]));
    for (attempt, status) in [400, 404, 418, 429, 451, 301, 200, 200].into_iter().enumerate() {
        let answer = guard.send(&delivery(&guard, "webhook-id", attempt as u32));
        assert_eq!(answer.status, status);
    }
    guard.check_calls(7);
}

#[test]
fn a_senders_second_delivery_waits_only_as_long_as_senders_do() {
    let guard = Guard::under(&presets());
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(200).held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, delivery(&guard, "webhook-id", 1));
        gate.wait_for(1);
        check(&guard.send(&delivery(&guard, "webhook-id", 2)), "webhook", "in-progress");
        gate.open();
        assert_eq!(first.join().expect("an answer").status, 200);
    });
    assert_eq!(came(&guard.send(&delivery(&guard, "webhook-id", 3))).0, Came::Replayed);
    guard.check_calls(1);
}

/// A signed webhook without Authorization: the signature is another one with each delivery.
#[test]
fn the_readmes_webhooks_are_carried_out_once() {
    let example = include_str!("../../../README.md");
    for lines in [
        "\npath = \"/webhooks/stripe\"\nprofile = \"webhook\" ",
        "\nkey_from = [\"json:/id\"] ",
        "\npath = \"/webhooks/**\"\nprofile = \"webhook\" ",
    ] {
        assert!(example.contains(lines), "{lines}");
    }
    let guard = Guard::under(&json!({ "routes": [
        { "path": "/*/webhooks/stripe", "profile": "webhook", "key_from": ["json:/id"] },
        { "path": "/*/webhooks/**", "profile": "webhook" },
    ] }));
    guard.origin_always(Reply::json(200, r#"{"received":true}"#));
    let event = |id: &str, signature: &str, pending: u32| {
        let body =
            json!({ "id": format!("evt_{id}_{}", guard.key()), "pending_webhooks": pending });
        let call = Call::post(&guard.path("/webhooks/stripe")).json(&body.to_string());
        call.header("Stripe-Signature", signature)
    };
    assert_eq!(came(&guard.send(&event("1", "t=1,v1=a", 2))).0, Came::First);
    assert_eq!(came(&guard.send(&event("1", "t=2,v1=b", 1))).0, Came::Replayed);
    assert_eq!(came(&guard.send(&event("2", "t=3,v1=c", 1))).0, Came::First);
    let push = |id: &str| {
        let call = Call::post(&guard.path("/webhooks/github")).json(r#"{"id":17}"#);
        call.header("X-GitHub-Delivery", &format!("{id}-{}", guard.key()))
    };
    assert_eq!(came(&guard.send(&push("1"))).0, Came::First);
    assert_eq!(came(&guard.send(&push("1"))).0, Came::Replayed);
    guard.check_calls(3);
    // One without an id goes its way.
    let bare = guard.send(&Call::post(&guard.path("/webhooks/github")).json("{}"));
    assert_eq!(bare.header("cache-status"), Some("onlyonce; fwd=bypass"));
}
