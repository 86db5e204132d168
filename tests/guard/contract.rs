//! What programs may know of a policy.

use onlyonce::guard::contract::contract;
use onlyonce::guard::policy::Policy;
use serde_json::{Value, json};

fn of(policy: &str) -> Value {
    let contract = contract("1.2.3", &Policy::parse(policy).expect(policy));
    serde_json::from_str(&contract).expect("JSON")
}

#[test]
fn routes_stand_in_their_order_and_the_defaults_last() {
    let contract = of(
        r#"{"retry_window": "48h", "routes": [
            {"path": "/payments/**", "profile": "acp", "key_from": ["header:x-key", "json:/a~1b"], "docs_url": "https://docs.example"},
            {"path": "/off", "key": "off"},
            {"path": "/derived", "key": "derive", "mode": "observe", "unknown": "resend", "fingerprint": "bytes", "key_min_length": 8}]}"#
            .replace(r#""unknown": "resend", "#, "").as_str(),
    );
    assert_eq!(contract["version"], "1.2.3");
    let routes = contract["routes"].as_array().expect("a list");
    assert_eq!(
        routes[0],
        json!({
            "path": "/payments/**", "key": "required", "methods": ["POST"], "mode": "enforce", "profile": "acp",
            "key_from": ["header:x-key", "json:/a~1b"], "key_min_length": 1, "key_max_length": 255,
            "retry_window_ms": 86_400_000, "in_flight": "wait", "unknown": "hold", "max_request_body": 10_485_760,
            "docs_url": "https://docs.example",
        }),
    );
    assert_eq!(routes[1], json!({ "path": "/off", "key": "off" }));
    assert_eq!(
        (&routes[2]["mode"], &routes[2]["derive_window_ms"], &routes[2]["key_min_length"]),
        (&json!("observe"), &json!(10_000), &json!(8))
    );
    assert_eq!(
        (&routes[3]["path"], &routes[3]["retry_window_ms"]),
        (&json!("*"), &json!(172_800_000))
    );
    assert_eq!(routes.len(), 4);
}

#[test]
fn refusals_are_told_for_each_profile_that_guards_something() {
    let profiles = |policy: &str| {
        let contract = of(policy);
        contract["refusals"].as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(profiles("{}"), ["draft"]);
    assert_eq!(
        profiles(
            r#"{"routes": [{"path": "/a", "profile": "ucp"}, {"path": "/b", "profile": "acp", "key": "off"}]}"#
        ),
        ["draft", "ucp"]
    );
    assert_eq!(profiles(r#"{"key": "off"}"#), Vec::<String>::new());
}

#[test]
fn a_refusal_is_told_with_its_statuses_and_an_example() {
    let contract = of(r#"{"routes": [{"path": "/a", "profile": "webhook"}]}"#);
    let refusal = |profile: &str, code: &str| {
        let refusals = contract["refusals"][profile].as_array().expect("a list").clone();
        refusals.into_iter().find(|refusal| refusal["code"] == code).expect(code)
    };
    let unknown = refusal("draft", "outcome-unknown");
    assert_eq!((&unknown["statuses"], &unknown["retryable"]), (&json!([502, 504]), &json!(false)));
    assert_eq!(
        (&unknown["content_type"], &unknown["example"]["code"]),
        (&json!("application/problem+json"), &json!("outcome-unknown"))
    );
    assert_eq!(refusal("webhook", "outcome-unknown")["statuses"], json!([500]));
    assert_eq!(refusal("webhook", "in-progress")["example"]["status"], 503);
    assert_eq!(refusal("draft", "key-missing")["when_key"], json!(["required"]));
    assert!(refusal("draft", "key-invalid").get("when_key").is_none());
}

/// What only operators know is not in it.
#[test]
fn nothing_of_who_asks_and_of_the_origin_is_told() {
    let contract = of(
        r#"{"realm": "secret-realm", "scope": ["header:x-secret"], "credential": ["cookie:x-secret"], "settle": {"path": "/secret?k={key}", "found": "/secret", "absent_after": "15m", "at": ["1m"]}}"#,
    );
    assert!(!contract.to_string().contains("secret"));
}
