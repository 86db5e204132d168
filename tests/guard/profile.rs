//! What each profile presets, and what its callers read when they are refused.

use crate::problem::CODES;
use onlyonce::guard::fingerprint::Algorithm;
use onlyonce::guard::key::Spelling;
use onlyonce::guard::key_location::KeyLocation;
use onlyonce::guard::policy::{KeyMode, Policy, Settings};
use onlyonce::guard::problem::{Code, Problem};
use onlyonce::guard::profile::Profile;
use onlyonce::guard::scope::Scope;
use onlyonce::guard::source::Source;
use onlyonce::guard::time::Millis;
use serde_json::{Value, json};
use strum::VariantNames;

fn settings(policy: &str) -> Settings {
    Settings::clone(&Policy::parse(policy).expect(policy).defaults)
}

fn under(profile: &str) -> Settings {
    settings(&format!("{{\"profile\": \"{profile}\"}}"))
}

#[test]
fn the_draft_is_what_holds_without_a_word() {
    assert_eq!(under("draft"), Settings::default());
}

#[test]
fn a_profile_presets_what_its_protocol_says() {
    let methods = |settings: &Settings| settings.methods.join(" ");
    let stripe = under("stripe");
    let usual = Settings {
        profile: Profile::Stripe,
        methods: stripe.methods.clone(),
        ..Settings::default()
    };
    assert_eq!((methods(&stripe).as_str(), &stripe), ("POST PATCH DELETE", &usual));
    let endpoint = Scope::AutoAnd(vec![Source::Path]);
    let platforms = Scope::AutoAnd(vec![Source::Path, Source::Header("ucp-agent".into())]);
    let acp = under("acp");
    assert_eq!(
        (methods(&acp).as_str(), acp.key, &acp.scope),
        ("POST", KeyMode::Required, &endpoint)
    );
    assert_eq!((acp.retry_window, acp.fingerprint.algorithm), (Millis::hours(24), Algorithm::Auto));
    let ucp = under("ucp");
    assert_eq!(
        (methods(&ucp).as_str(), ucp.key, &ucp.scope),
        ("POST PUT PATCH DELETE", KeyMode::Required, &platforms)
    );
    assert_eq!(
        (ucp.retry_window, ucp.fingerprint.algorithm, ucp.key_min_length),
        (Millis::hours(48), Algorithm::Bytes, 22)
    );
    let webhook = under("webhook");
    let places: Vec<String> = webhook.key_from.iter().map(KeyLocation::written).collect();
    assert_eq!(
        places,
        [
            "header:webhook-id",
            "header:svix-id",
            "header:x-github-delivery",
            "header:x-shopify-webhook-id"
        ]
    );
    assert_eq!(
        (webhook.key, webhook.retry_window, webhook.wait),
        (KeyMode::Optional, Millis::hours(360), Millis::seconds(4))
    );
    assert_eq!(
        (webhook.fingerprint.algorithm, &webhook.scope),
        (Algorithm::None, &Scope::Sources(vec![Source::Path, Source::WholeQuery]))
    );
}

/// A sender takes all that is no success for "not processed"; what may have acted is held all the same.
#[test]
fn a_handlers_refusals_free_an_event() {
    let webhook = under("webhook");
    let frees = |status: u16| {
        webhook.release.iter().any(|entry| entry.status == status && entry.header.is_none())
    };
    assert!(webhook.credential.is_empty());
    for status in (400..=499).chain([301, 307, 308, 521]) {
        assert!(frees(status), "{status}");
    }
    // What may have been done, or half of it.
    for status in [200, 202, 302, 303, 304, 500, 502, 503, 504] {
        assert!(!frees(status), "{status}");
    }
    assert!(webhook.release.iter().any(|entry| entry.status == 503 && entry.header.is_some()));
}

#[test]
fn what_a_table_says_beside_its_profile_wins_in_any_order() {
    for policy in [
        r#"{"key": "optional", "retry_window": "2h", "profile": "ucp"}"#,
        r#"{"profile": "ucp", "retry_window": "2h", "key": "optional"}"#,
    ] {
        let settings = settings(policy);
        assert_eq!(
            (settings.key, settings.retry_window, settings.key_min_length),
            (KeyMode::Optional, Millis::hours(2), 22)
        );
    }
}

#[test]
fn a_routes_profile_wins_over_the_defaults_and_without_one_the_defaults_profile_holds() {
    let policy = Policy::parse(
        r#"{"profile": "webhook", "retry_window": "2h", "in_flight": "reject", "routes": [
            {"path": "/acp/**", "profile": "acp"}, {"path": "/other", "key": "off"}, {"path": "/draft", "profile": "draft"}]}"#,
    );
    let policy = policy.expect("a policy");
    let of = |path: &str| policy.route(path).1;
    assert_eq!(
        (of("/acp/a").retry_window, of("/acp/a").wait),
        (Millis::hours(24), Millis::seconds(25))
    );
    // What no profile presets is taken over as ever.
    assert_eq!(of("/acp/a").in_flight, policy.defaults.in_flight);
    assert_eq!(
        (of("/other").profile, of("/other").retry_window),
        (Profile::Webhook, Millis::hours(2))
    );
    assert_eq!(of("/draft").release, Settings::default().release);
}

#[test]
fn a_preset_that_does_not_go_with_another_field_is_told_of_the_profile() {
    let told = |policy: &str| {
        let errors = Policy::parse(policy).expect_err(policy);
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        told(r#"{"ignore": ["/sent_at"], "routes": [{"path": "/hooks", "profile": "webhook"}]}"#),
        [
            r#"routes[0].profile "webhook" presets fingerprint, which does not go with ignore: write fingerprint = "auto", which alone looks into a body, or ignore = []"#
        ],
    );
    assert_eq!(
        told(
            r#"{"retry_window": "48h", "deadline": "1h", "settle": {"path": "/a?k={key}", "found": "/a", "absent_after": "30h", "at": ["1m"]}, "routes": [{"path": "/a", "profile": "acp"}]}"#
        ),
        [
            r#"routes[0].profile "acp" presets retry_window, which is over before the absent_after of settle, "30h": write an absent_after under "24h", or a longer retry_window"#
        ],
    );
    assert_eq!(
        told(r#"{"profile": "webhook", "key": "derive"}"#),
        [
            r#"key "derive" does not go with fingerprint = "none": write fingerprint = "auto" or "bytes", else all requests of one caller would be the same one"#
        ],
    );
    assert_eq!(
        told(r#"{"profile": "Stripe"}"#),
        [
            r#"profile "Stripe" is none of its values: write "draft", "stripe", "acp", "ucp" or "webhook""#
        ]
    );
}

#[test]
fn stripes_and_acps_clients_may_write_spaces() {
    for profile in Profile::VARIANTS {
        let profile: Profile = profile.parse().expect(profile);
        let takes_spaces = matches!(profile, Profile::Stripe | Profile::Acp);
        assert_eq!(profile.spelling() == Spelling::SpacedHeader, takes_spaces, "{profile:?}");
    }
}

/// Status and body of a refusal.
fn refused(profile: Profile, code: Code, status: u16) -> (u16, Value) {
    let problem = Problem { status, ..Problem::new(code, "why; what to do") }.under(profile);
    let body = profile.body(&problem, Some("https://docs.example/errors"));
    (problem.status, serde_json::from_str(&body).expect("JSON"))
}

#[test]
fn stripes_clients_read_its_envelope() {
    let check = |code, from, status: u16, kind: &str, name: &str, fragment: &str| {
        let error = json!({ "type": kind, "code": name, "doc_url": format!("https://docs.example/errors#{fragment}"), "message": "why; what to do" });
        assert_eq!(refused(Profile::Stripe, code, from), (status, json!({ "error": error })));
    };
    check(Code::KeyReused, 422, 400, "idempotency_error", "key_reused", "key-reused");
    check(
        Code::CredentialChanged,
        409,
        400,
        "idempotency_error",
        "credential_changed",
        "credential-changed",
    );
    check(Code::KeyFenced, 409, 400, "idempotency_error", "key_fenced", "key-fenced");
    check(
        Code::ResponseNotKept,
        409,
        400,
        "idempotency_error",
        "response_not_kept",
        "response-not-kept",
    );
    check(
        Code::InProgress,
        409,
        409,
        "invalid_request_error",
        "idempotency_key_in_use",
        "in-progress",
    );
    check(Code::KeyMissing, 400, 400, "invalid_request_error", "key_missing", "key-missing");
    check(Code::OutcomeUnknown, 504, 504, "api_error", "outcome_unknown", "outcome-unknown");
    check(Code::OriginBusy, 503, 503, "api_error", "origin_busy", "origin-busy");
    check(Code::TooManyKeys, 429, 429, "invalid_request_error", "too_many_keys", "too-many-keys");
    let body = Profile::Stripe.body(&Problem::new(Code::KeyMissing, "why"), None);
    assert_eq!(
        body,
        r#"{"error":{"type":"invalid_request_error","code":"key_missing","message":"why"}}"#
    );
}

#[test]
fn acps_clients_read_a_flat_error_of_its_schema() {
    let check = |code, from, status: u16, kind: &str, name: &str| {
        let body = json!({ "type": kind, "code": name, "message": "why; what to do" });
        assert_eq!(refused(Profile::Acp, code, from), (status, body));
    };
    check(Code::KeyMissing, 400, 400, "invalid_request", "idempotency_key_required");
    check(Code::KeyReused, 422, 422, "invalid_request", "idempotency_conflict");
    check(Code::InProgress, 409, 409, "invalid_request", "idempotency_in_flight");
    // 409 is for what is worth sending again.
    check(Code::CredentialChanged, 409, 422, "invalid_request", "credential_changed");
    check(Code::OutcomeUnknown, 502, 502, "processing_error", "outcome_unknown");
    check(Code::GuardUnavailable, 503, 503, "service_unavailable", "guard_unavailable");
}

#[test]
fn ucps_clients_read_code_and_content() {
    let check = |code, from, status: u16, name: &str| {
        let body = json!({ "code": name, "content": "why; what to do" });
        assert_eq!(refused(Profile::Ucp, code, from), (status, body));
    };
    check(Code::KeyReused, 422, 409, "idempotency_conflict");
    // 409 says "another request" to them.
    check(Code::InProgress, 409, 503, "idempotency_in_flight");
    check(Code::KeyMissing, 400, 400, "idempotency_key_required");
    check(Code::OutcomeUnknown, 504, 504, "outcome_unknown");
    for (code, name) in [
        (Code::CredentialChanged, "credential_changed"),
        (Code::KeyFenced, "key_fenced"),
        (Code::ResponseNotKept, "response_not_kept"),
    ] {
        check(code, 409, 422, name);
    }
}

#[test]
fn senders_of_webhooks_are_not_slowed_down_or_stopped_for_good() {
    for (code, _, status, ..) in CODES {
        let (shown, body) = refused(Profile::Webhook, code, status);
        // Only what was handled has it stop.
        assert_eq!((200..300).contains(&shown), code == Code::ResponseNotKept, "{code:?}");
        assert_ne!(shown, 410, "{code:?}");
        assert_eq!(body["status"], shown);
        assert_eq!(body["code"], code.describe().name);
    }
    assert_eq!(refused(Profile::Webhook, Code::InProgress, 409).0, 503);
    assert_eq!(refused(Profile::Webhook, Code::OutcomeUnknown, 504).0, 500);
}

#[test]
fn a_protocols_names_are_the_guards_in_snake_case() {
    for (code, name, ..) in CODES {
        assert_eq!(code.snake_case(), name.replace('-', "_"));
        assert_eq!(Profile::Draft.code(code), name);
        assert_eq!(Profile::Draft.content_type(), "application/problem+json");
    }
}
