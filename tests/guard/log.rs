//! The line that is written for each request of a guarded route.

use crate::fixtures::{CLAIMED_AT, answer, claim, claim_id, record_id};
use onlyonce::guard::digest::Pepper;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::{
    Advice, ClaimRef, FingerprintTag, LogLine, RequestOutcome, malformed, operator_line,
    origin_call,
};
use onlyonce::guard::machine::{Event, Resolution};
use onlyonce::guard::record::Claim;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::Millis;
use serde_json::Value;

/// The digest of a request, 64 hex digits.
const FINGERPRINT: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
/// The claim's id: 128 random bits in hex.
pub const CLAIM: &str = "0123456789abcdef0123456789abcdef";

fn pepper() -> Pepper {
    Pepper::new(Some("pepper"))
}

/// What an entry borrows.
pub struct Parts {
    pub record: RecordId,
    pub claim: ClaimRef,
    pub outcome: RequestOutcome,
}

impl Parts {
    pub fn of(outcome: RequestOutcome) -> Self {
        let record = record_id("shop.example", &[], &IdempotencyKey::parse(KEY).expect("a key"));
        let claim = ClaimRef::of(&Claim { attempt: 2, ..claim(CLAIM) });
        Self { record, claim, outcome }
    }

    /// With everything, half a second after the key was claimed.
    pub fn entry(&self) -> LogLine<'_> {
        LogLine {
            route: "/orders/**",
            method: "POST",
            record: Some(&self.record),
            fingerprint: FingerprintTag::of(&pepper(), "shop.example", FINGERPRINT),
            source: None,
            queue: None,
            advice: None,
            ray: None,
            trace: None,
            claim: Some(&self.claim),
            outcome: &self.outcome,
            status: 201,
            now: CLAIMED_AT.plus(Millis(500)),
            total: Millis(130),
        }
    }
}

pub fn replayed() -> RequestOutcome {
    RequestOutcome { origin: Millis(120), ..RequestOutcome::of("replayed") }
}

/// The first digits of record id and salted fingerprint: computed apart from this program.
const NAMES: &str = r#""record":"de998130b5679e38","fingerprint":"5403e826c4f3f2eb""#;

#[track_caller]
fn check(entry: &LogLine, expected: &str) {
    let found = entry.line();
    assert_eq!(found, expected.replace("NAMES", NAMES));
    let parsed: Value = serde_json::from_str(&found).expect("a JSON object");
    assert!(parsed.is_object() && !found.contains('\n'));
}

#[test]
fn a_request_with_everything() {
    let parts = Parts::of(replayed());
    let expected = concat!(
        r#"{"outcome":"replayed","route":"/orders/**","method":"POST",NAMES,"#,
        r#""claim":"01234567","source":"generated","queue":"orders","status":201,"attempt":2,"#,
        r#""since_first_ms":500,"origin_ms":120,"total_ms":130}"#,
    );
    check(&LogLine { source: Some("generated"), queue: Some("orders"), ..parts.entry() }, expected);
}

#[test]
fn a_refusal_has_its_code_and_tells_whose_key_it_is() {
    let parts =
        Parts::of(RequestOutcome { code: Some("key-reused"), ..RequestOutcome::of("refused") });
    let expected = concat!(
        r#"{"outcome":"refused","route":"/orders/**","method":"POST","code":"key-reused",NAMES,"#,
        r#""claim":"01234567","status":422,"attempt":2,"since_first_ms":500,"#,
        r#""origin_ms":0,"total_ms":130}"#,
    );
    check(&LogLine { status: 422, ..parts.entry() }, expected);
}

#[test]
fn an_observed_duplicate_says_what_would_have_been() {
    let spared = RequestOutcome {
        would: Some("refuse"),
        code: Some("credential-changed"),
        ..RequestOutcome::of("observed")
    };
    let parts = Parts::of(spared);
    let expected = concat!(
        r#"{"outcome":"observed","route":"/orders/**","method":"POST","#,
        r#""code":"credential-changed","would":"refuse",NAMES,"status":200,"#,
        r#""origin_ms":0,"total_ms":130}"#,
    );
    check(&LogLine { status: 200, claim: None, ..parts.entry() }, expected);
}

#[test]
fn a_request_without_a_key_has_no_record() {
    let parts = Parts::of(RequestOutcome::of("bypass"));
    let keyless = LogLine { record: None, fingerprint: None, claim: None, ..parts.entry() };
    let expected = concat!(
        r#"{"outcome":"bypass","route":"/orders/**","method":"POST","status":201,"#,
        r#""origin_ms":0,"total_ms":130}"#,
    );
    check(&keyless, expected);
}

#[test]
fn a_message_that_is_no_request_has_a_line_of_its_own() {
    let expected = concat!(
        r#"{"outcome":"dead-letter","code":"malformed","queue":"orders","#,
        r#""detail":"path holds \\"}"#,
    );
    assert_eq!(malformed("orders", r"path holds \"), expected);
}

#[test]
fn a_claim_is_told_as_it_stands_now() {
    let since = |claim: ClaimRef, now| {
        let parts = Parts { claim, ..Parts::of(replayed()) };
        let parsed: Value = serde_json::from_str(&LogLine { now, ..parts.entry() }.line()).unwrap();
        (parsed["claim"].as_str().unwrap().to_owned(), parsed["since_first_ms"].as_u64().unwrap())
    };
    let reference = || ClaimRef::of(&claim(CLAIM));
    assert_eq!(since(reference(), CLAIMED_AT), ("01234567".into(), 0));
    assert_eq!(since(reference(), CLAIMED_AT.plus(Millis(1))), ("01234567".into(), 1));
    // Two machines' clocks may differ.
    assert_eq!(since(reference(), CLAIMED_AT.minus(Millis(1))), ("01234567".into(), 0));
    assert_eq!(since(ClaimRef::of(&claim("c1")), CLAIMED_AT), ("63310000".into(), 0));
}

/// A client chooses the method, an operator the pattern: neither may break out of its string.
#[test]
fn what_others_chose_stays_in_its_string() {
    let parts = Parts::of(RequestOutcome::of("first"));
    let hostile = LogLine { method: "PO\"ST\\", route: "/a\n\"b/ü/\u{1}", ..parts.entry() };
    let line = hostile.line();
    let parsed: Value = serde_json::from_str(&line).expect("a JSON object");
    assert_eq!(parsed["method"], "PO\"ST\\");
    assert_eq!(parsed["route"], "/a\n\"b/ü/\u{1}");
    assert_eq!(parsed["outcome"], "first");
    assert!(!line.contains('\n'));
}

/// A log is read by more people than a record is: what is in it must not lead to an answer.
#[track_caller]
pub fn check_tells_nothing_whole(told: &str) {
    let parts = Parts::of(replayed());
    let (id, start) = (&parts.record.to_string(), &format!("{:.16}", parts.record));
    for secret in [KEY, "8e03", id, &id[..17], CLAIM, &CLAIM[..9], FINGERPRINT, "shop.example"] {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }
    assert!(told.contains(start), "{told}");
    // A fingerprint is told salted, not cut: its own digits could be computed by anybody.
    assert!(!told.contains(&FINGERPRINT[..8]), "{told}");
}

#[test]
fn no_key_and_nothing_whole() {
    check_tells_nothing_whole(&Parts::of(replayed()).entry().line());
}

fn salted(realm: &str, fingerprint: &str) -> String {
    let parts = Parts::of(replayed());
    let fingerprint = FingerprintTag::of(&pepper(), realm, fingerprint);
    let line = LogLine { fingerprint, ..parts.entry() }.line();
    let parsed: Value = serde_json::from_str(&line).expect("a JSON object");
    parsed["fingerprint"].as_str().expect("16 digits").to_owned()
}

#[test]
fn a_fingerprint_tells_requests_apart_within_one_realm() {
    assert_eq!(salted("a", FINGERPRINT), salted("a", FINGERPRINT));
    assert_ne!(salted("a", FINGERPRINT), salted("b", FINGERPRINT));
    assert_ne!(salted("a", FINGERPRINT), salted("a", "00"));
    assert_ne!(salted("ab", "c"), salted("a", "bc"));
    assert_eq!(salted("a", FINGERPRINT).len(), 16);
}

/// Whoever reads a log could try every PIN there is.
#[test]
fn without_a_pepper_there_is_no_fingerprint() {
    for pepper in [Pepper::default(), Pepper::new(None), Pepper::new(Some(""))] {
        assert!(FingerprintTag::of(&pepper, "a", FINGERPRINT).is_none());
    }
    let told = |secret| {
        let tag = FingerprintTag::of(&Pepper::new(Some(secret)), "a", FINGERPRINT);
        tag.expect("a fingerprint").as_str().to_owned()
    };
    assert_ne!(told("pepper"), told("peppers"));
    assert_ne!(told("a".repeat(64).as_str()), told("a".repeat(65).as_str()));
}

#[test]
fn what_a_policy_should_say_is_pointed_out() {
    let parts = Parts::of(RequestOutcome::of("first"));
    let line = LogLine { advice: Some(Advice::NameTheSessionCookie), ..parts.entry() }.line();
    let parsed: Value = serde_json::from_str(&line).expect("a JSON object");
    assert_eq!(parsed["advice"], "scope-by-cookie");
}

#[test]
fn others_lines_of_the_same_request_can_be_found() {
    let parts = Parts::of(RequestOutcome::of("first"));
    let (ray, trace) =
        (Some("8e0393e2bb7d0a1c-FRA".into()), Some("4bf92f3577b34da6a3ce929d0e0e4736".into()));
    let line = LogLine { ray, trace, ..parts.entry() }.line();
    let parsed: Value = serde_json::from_str(&line).expect("a JSON object");
    assert_eq!(parsed["ray"], "8e0393e2bb7d0a1c-FRA");
    assert_eq!(parsed["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

/// What an operator did is told like a request: by the beginnings of record and claim.
#[test]
fn what_an_operator_did() {
    let parts = Parts::of(replayed());
    let resolve = |resolution| Event::Resolve { claim: claim_id("c1"), resolution };
    let of_claim = r#""record":"de998130b5679e38","claim":"63310000""#;
    let by = r#""operator":"a\"@acme.com""#;
    for (event, expected) in [
        (Event::Forget, format!(r#""code":"forgotten","record":"de998130b5679e38",{by}"#)),
        (resolve(Resolution::NotProcessed), format!(r#""code":"not-processed",{of_claim},{by}"#)),
        (
            resolve(Resolution::Answered(answer(201, "secret"))),
            format!(r#""code":"resolved",{of_claim},{by},"status":201"#),
        ),
    ] {
        let expected = format!(r#"{{"outcome":"operator",{expected}}}"#);
        assert_eq!(operator_line(&event, "a\"@acme.com", &parts.record), Some(expected));
    }
    assert_eq!(operator_line(&Event::Look, "token", &parts.record), None);
}

/// A trace leaves the account, so it is told no more than a line.
#[test]
fn what_a_trace_is_told_of_a_call() {
    let parts = Parts::of(replayed());
    let told = |status| origin_call(&claim("c1"), &parts.record, status);
    let of_call = r#"{"route":"ROUTE","method":"METHOD","record":"de998130b5679e38","claim":"63310000","attempt":1"#;
    let claim = claim("c1");
    let of_call = of_call.replace("ROUTE", &claim.route).replace("METHOD", &claim.method);
    assert_eq!(told(None), format!("{of_call}}}"));
    assert_eq!(told(Some(201)), format!(r#"{of_call},"status":201}}"#));
}
