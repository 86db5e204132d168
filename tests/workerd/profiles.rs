//! What the callers of each protocol get: statuses, bodies and marks, row by row.

use std::thread;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::runtime::Setup;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

const PROFILES: [&str; 5] = ["draft", "stripe", "acp", "ucp", "webhook"];

/// A refusal: its code, whether it is worth sending again, and for each profile status, type and code.
type Row = (&'static str, bool, [(u16, &'static str, &'static str); 5]);

const ROWS: [Row; 10] = [
    (
        "key-missing",
        false,
        [
            (400, "", "key-missing"),
            (400, "invalid_request_error", "key_missing"),
            (400, "invalid_request", "idempotency_key_required"),
            (400, "", "idempotency_key_required"),
            (400, "", "key-missing"),
        ],
    ),
    (
        "key-invalid",
        false,
        [
            (400, "", "key-invalid"),
            (400, "invalid_request_error", "key_invalid"),
            (400, "invalid_request", "key_invalid"),
            (400, "", "key_invalid"),
            (400, "", "key-invalid"),
        ],
    ),
    (
        "credential-unreadable",
        false,
        [
            (400, "", "credential-unreadable"),
            (400, "invalid_request_error", "credential_unreadable"),
            (400, "invalid_request", "credential_unreadable"),
            (400, "", "credential_unreadable"),
            (400, "", "credential-unreadable"),
        ],
    ),
    (
        "key-reused",
        false,
        [
            (422, "", "key-reused"),
            (400, "idempotency_error", "key_reused"),
            (422, "invalid_request", "idempotency_conflict"),
            (409, "", "idempotency_conflict"),
            (422, "", "key-reused"),
        ],
    ),
    (
        "credential-changed",
        false,
        [
            (409, "", "credential-changed"),
            (400, "idempotency_error", "credential_changed"),
            (422, "invalid_request", "credential_changed"),
            (422, "", "credential_changed"),
            (409, "", "credential-changed"),
        ],
    ),
    (
        "key-fenced",
        false,
        [
            (409, "", "key-fenced"),
            (400, "idempotency_error", "key_fenced"),
            (422, "invalid_request", "key_fenced"),
            (422, "", "key_fenced"),
            (409, "", "key-fenced"),
        ],
    ),
    (
        "in-progress",
        true,
        [
            (409, "", "in-progress"),
            (409, "invalid_request_error", "idempotency_key_in_use"),
            (409, "invalid_request", "idempotency_in_flight"),
            (503, "", "idempotency_in_flight"),
            (503, "", "in-progress"),
        ],
    ),
    (
        "response-not-kept",
        false,
        [
            (409, "", "response-not-kept"),
            (400, "idempotency_error", "response_not_kept"),
            (422, "invalid_request", "response_not_kept"),
            (422, "", "response_not_kept"),
            (200, "", "response-not-kept"),
        ],
    ),
    (
        "body-too-large",
        false,
        [
            (413, "", "body-too-large"),
            (413, "invalid_request_error", "body_too_large"),
            (413, "invalid_request", "body_too_large"),
            (413, "", "body_too_large"),
            (413, "", "body-too-large"),
        ],
    ),
    (
        "outcome-unknown",
        false,
        [
            (502, "", "outcome-unknown"),
            (502, "api_error", "outcome_unknown"),
            (502, "processing_error", "outcome_unknown"),
            (502, "", "outcome_unknown"),
            (500, "", "outcome-unknown"),
        ],
    ),
];

fn policy() -> Value {
    let route = |profile: &&str| {
        json!({
            "path": format!("/*/{profile}/**"), "profile": profile, "key": "required", "in_flight": "reject", "retry_window": "24h",
            // A caller's account, so that two of its credentials meet.
            "scope": ["header:x-account", "path"], "credential": "auto", "fingerprint": "auto",
            "key_from": ["header:idempotency-key"], "max_request_body": "1KiB", "max_stored_response": "1KiB",
        })
    };
    let routes: Vec<Value> = PROFILES.iter().map(route).collect();
    json!({ "routes": routes })
}

fn order(guard: &Guard, profile: &str) -> Call {
    let call = guard.order_to(&format!("/{profile}/orders")).header("X-Account", "1");
    call.without("idempotency-key").key(&format!("{}-{profile}-of-22-and-more", guard.key()))
}

/// Checks a refusal in every part.
#[track_caller]
fn check(answer: &Answer, profile: &str, code: &str) {
    let shown =
        format!("{profile} {code}: {} {:?} {}", answer.status, answer.headers.0, answer.text());
    let (_, retryable, rows) = ROWS.iter().find(|row| row.0 == code).expect(code);
    let at = PROFILES.iter().position(|known| *known == profile).expect(profile);
    let (status, kind, name) = rows[at];
    assert_eq!(answer.status, status, "{shown}");
    let mark = format!("onlyonce; detail={code}");
    assert_eq!(answer.header("cache-status"), Some(mark.as_str()), "{shown}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{shown}");
    assert_eq!(
        answer.header("stripe-should-retry"),
        Some(if *retryable { "true" } else { "false" }),
        "{shown}"
    );
    assert_eq!(answer.header("retry-after").is_some(), *retryable, "{shown}");
    assert_eq!(answer.header("idempotent-replayed"), None, "{shown}");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let media_type = answer.header("content-type").expect("a type");
    match profile {
        "draft" | "webhook" => {
            assert_eq!(media_type, "application/problem+json", "{shown}");
            assert_eq!((&body["code"], &body["status"]), (&json!(name), &json!(status)), "{shown}");
        }
        "stripe" => {
            let message = sentence(&body["error"]["message"]);
            assert_eq!(
                body,
                json!({ "error": { "type": kind, "code": name, "message": message } }),
                "{shown}"
            );
        }
        // The schema of `Error` allows no other members.
        "acp" => {
            let message = sentence(&body["message"]);
            assert_eq!(body, json!({ "type": kind, "code": name, "message": message }), "{shown}");
        }
        _ => {
            let content = sentence(&body["content"]);
            assert_eq!(body, json!({ "code": name, "content": content }), "{shown}");
        }
    }
    assert!(matches!(profile, "draft" | "webhook") || media_type == "application/json", "{shown}");
}

#[track_caller]
fn sentence(member: &Value) -> &str {
    let text = member.as_str().expect("a sentence");
    assert!(text.contains("; "), "{text} says no cure");
    text
}

#[test]
fn a_first_answer_and_its_replay_are_marked_under_every_profile() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        guard.origin_in_turn([Reply::json(201, r#"{"id":"cs_1"}"#)]);
        let order = order(&guard, profile);
        let first = guard.send(&order);
        check_first(&first, order.headers().all("idempotency-key").first().expect("a key"));
        let again = guard.send(&order);
        check_replay(&again, &first);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        guard.check_calls(1);
    }
}

#[test]
fn what_is_refused_before_it_has_a_record() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let order = order(&guard, profile);
        check(&guard.send(&order.clone().without("idempotency-key")), profile, "key-missing");
        let invalid = order.clone().without("idempotency-key").key("undefined");
        check(&guard.send(&invalid), profile, "key-invalid");
        let unreadable = order.clone().without("x-account").header_bytes("X-Account", b"\xff");
        check(&guard.send(&unreadable), profile, "credential-unreadable");
        check(&guard.send(&order.json(&"x".repeat(2000))), profile, "body-too-large");
        guard.check_calls(0);
    }
}

#[test]
fn acps_callers_find_their_request_id_on_a_refusal() {
    let guard = Guard::under(&policy());
    for profile in PROFILES {
        let keyless =
            order(&guard, profile).without("idempotency-key").header("Request-Id", "req-1");
        let refused = guard.send(&keyless);
        check(&refused, profile, "key-missing");
        assert_eq!(refused.header("request-id"), (profile == "acp").then_some("req-1"));
    }
}

/// Without a key nothing is guarded, and what the guard says is the protocol's all the same.
#[test]
fn an_origin_that_cannot_be_reached_is_told_in_the_protocols_shape() {
    let nowhere = Setup::new(false).var("ORIGIN", "http://127.0.0.1:9");
    let guard = Guard::with(nowhere.policy(&json!({ "profile": "acp", "key": "optional" })));
    let answer = guard.send(&guard.keyless_order().header("Request-Id", "req-1"));
    assert_eq!((answer.status, answer.header("content-type")), (502, Some("application/json")));
    assert_eq!(answer.header("request-id"), Some("req-1"));
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (&body["type"], &body["code"]),
        (&json!("processing_error"), &json!("origin_unreachable"))
    );
}

#[test]
fn what_a_known_key_is_refused_for() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        guard.origin_in_turn([Reply::json(201, "{}")]);
        let order = order(&guard, profile);
        assert_eq!(came(&guard.send(&order)).0, Came::First);
        check(&guard.send(&order.clone().json(r#"{"item":"milk"}"#)), profile, "key-reused");
        let other = order.clone().without("authorization").authorization("Bearer renewed");
        check(&guard.send(&other), profile, "credential-changed");
        guard.check_calls(1);
    }
}

#[test]
fn a_key_that_was_given_up() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let order = order(&guard, profile);
        let path = format!("/.onlyonce/key?path={}", guard.path(&format!("/{profile}/orders")));
        let key = order.headers().all("idempotency-key").join(", ");
        let give_up = Call::new("DELETE", &path).key(&key).header("X-Account", "1");
        let told = guard.send(&give_up.authorization("Bearer alice"));
        assert_eq!(told.status, 200, "{}", told.text());
        check(&guard.send(&order), profile, "key-fenced");
        guard.check_calls(0);
    }
}

#[test]
fn a_duplicate_beside_the_first() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let gate = Gate::new();
        guard.origin_in_turn([Reply::json(201, "{}").held_by(&gate)]);
        let order = order(&guard, profile);
        thread::scope(|scope| {
            let first = guard.send_aside(scope, order.clone());
            gate.wait_for(1);
            check(&guard.send(&order), profile, "in-progress");
            gate.open();
            assert_eq!(came(&first.join().expect("an answer")).0, Came::First);
        });
        guard.check_calls(1);
    }
}

#[test]
fn an_answer_that_was_not_kept_and_an_outcome_that_nobody_knows() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let large = Reply::json(201, &format!("\"{}\"", "x".repeat(3000)));
        guard.origin_in_turn([large, Reply::no_answer()]);
        let kept = order(&guard, profile);
        assert_eq!(guard.send(&kept).status, 201);
        check(&guard.send(&kept), profile, "response-not-kept");
        let lost =
            order(&guard, profile).without("idempotency-key").key("another-key-of-22-and-more");
        for _ in 0..2 {
            check(&guard.send(&lost), profile, "outcome-unknown");
        }
        guard.check_calls(2);
    }
}

/// A server error may have acted, whatever a protocol's text says of it: it is not sent again.
#[test]
fn a_server_error_is_held_under_every_profile() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        guard.origin_in_turn([Reply::json(500, r#"{"type":"processing_error"}"#)]);
        for _ in 0..2 {
            let answer = guard.send(&order(&guard, profile));
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (500, r#"{"type":"processing_error"}"#)
            );
        }
        guard.check_calls(1);
    }
}

fn presets() -> Value {
    let route = |profile: &&str| json!({ "path": format!("/*/{profile}/**"), "profile": profile });
    json!({ "routes": PROFILES.iter().map(route).collect::<Vec<_>>() })
}

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
    let example = include_str!("../../README.md");
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
