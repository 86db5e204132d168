//! The line that is written for each request of a guarded route.

use crate::fixtures::{CLAIMED_AT, claim};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::{Request, Told, line, malformed};
use onlyonce::guard::record::Claim;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::Millis;
use serde_json::Value;

/// The digest of a request, 64 hex digits.
const FINGERPRINT: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
/// The claim's id: 128 random bits in hex.
const CLAIM: &str = "0123456789abcdef0123456789abcdef";

fn record() -> RecordId {
    RecordId::new("shop.example", &[], &IdempotencyKey::parse(KEY).expect("a key"))
}

fn request(record: &RecordId) -> Request<'_> {
    Request {
        route: "/orders/**",
        method: "POST",
        realm: "shop.example",
        record: Some(record),
        fingerprint: Some(FINGERPRINT),
        queue: None,
    }
}

/// Half a second after the key was first seen.
fn told(outcome: &'static str) -> Told {
    let claim = Claim { attempt: 2, ..claim(CLAIM) };
    Told { origin: Millis(120), ..Told::of(outcome) }
        .claim(Some(&claim), CLAIMED_AT.plus(Millis(500)))
}

#[track_caller]
fn check(request: &Request, told: &Told, status: u16, expected: &str) {
    let found = line(request, told, status, Millis(130));
    assert_eq!(found, expected);
    let parsed: Value = serde_json::from_str(&found).expect("a JSON object");
    assert!(parsed.is_object() && !found.contains('\n'));
}

#[test]
fn a_request_with_everything() {
    let expected = concat!(
        r#"{"outcome":"replayed","route":"/orders/**","method":"POST","status":201,"#,
        r#""record":"RECORD","fingerprint":"SALTED","claim":"01234567","#,
        r#""attempt":2,"since_first_ms":500,"origin_ms":120,"total_ms":130}"#,
    );
    check(&request(&record()), &told("replayed"), 201, &written(expected));
}

#[test]
fn a_refusal_has_its_code() {
    let told = Told { code: Some("key-reused"), ..Told::of("refused") };
    let expected = concat!(
        r#"{"outcome":"refused","route":"/orders/**","method":"POST","status":422,"#,
        r#""code":"key-reused","record":"RECORD","fingerprint":"SALTED","#,
        r#""origin_ms":0,"total_ms":130}"#,
    );
    check(&request(&record()), &told, 422, &written(expected));
}

#[test]
fn an_observed_duplicate_says_what_would_have_been() {
    let spared =
        Told { would: Some("refuse"), code: Some("credential-changed"), ..Told::of("observed") };
    let expected = concat!(
        r#"{"outcome":"observed","route":"/orders/**","method":"POST","status":200,"#,
        r#""code":"credential-changed","would":"refuse","record":"RECORD","#,
        r#""fingerprint":"SALTED","origin_ms":0,"total_ms":130}"#,
    );
    check(&request(&record()), &spared, 200, &written(expected));
}

#[test]
fn a_request_without_a_key_has_no_record() {
    let record = record();
    let keyless = Request { record: None, fingerprint: None, ..request(&record) };
    let expected = concat!(
        r#"{"outcome":"bypass","route":"/orders/**","method":"POST","status":200,"#,
        r#""origin_ms":0,"total_ms":130}"#,
    );
    check(&keyless, &Told::of("bypass"), 200, expected);
}

#[test]
fn a_queues_message_names_its_queue() {
    let record = record();
    let queued = Request { queue: Some("orders"), ..request(&record) };
    let told = Told { code: Some("final-answer"), ..Told::of("dead-letter") };
    let expected = concat!(
        r#"{"outcome":"dead-letter","route":"/orders/**","method":"POST","status":404,"#,
        r#""code":"final-answer","queue":"orders","record":"RECORD","#,
        r#""fingerprint":"SALTED","origin_ms":0,"total_ms":130}"#,
    );
    check(&queued, &told, 404, &written(expected));
}

#[test]
fn a_message_that_is_no_request_has_a_line_of_its_own() {
    let expected = concat!(
        r#"{"outcome":"dead-letter","code":"malformed","queue":"orders","#,
        r#""detail":"path holds \\"}"#,
    );
    assert_eq!(malformed("orders", r"path holds \"), expected);
}

/// The first digits of record id and salted fingerprint: computed apart from this program.
fn written(line: &str) -> String {
    line.replace("RECORD", "de998130b5679e38").replace("SALTED", "6e487c322eb4147a")
}

#[test]
fn a_claim_is_told_as_it_stands_now() {
    let at = |now| Told::of("first").claim(Some(&claim(CLAIM)), now).claim;
    assert_eq!(at(CLAIMED_AT), Some(("01234567".into(), 1, 0)));
    assert_eq!(at(CLAIMED_AT.plus(Millis(1))), Some(("01234567".into(), 1, 1)));
    // Two machines' clocks may differ.
    assert_eq!(at(CLAIMED_AT.minus(Millis(1))), Some(("01234567".into(), 1, 0)));
    assert_eq!(Told::of("first").claim(None, CLAIMED_AT).claim, None);
    let short = Told::of("first").claim(Some(&claim("c1")), CLAIMED_AT).claim;
    assert_eq!(short, Some(("c1".into(), 1, 0)));
}

/// A client chooses the method, an operator the pattern: neither may break out of its string.
#[test]
fn what_others_chose_stays_in_its_string() {
    let record = record();
    let hostile = Request { method: "PO\"ST\\", route: "/a\n\"b/ü/\u{1}", ..request(&record) };
    let line = line(&hostile, &told("first"), 200, Millis(1));
    let parsed: Value = serde_json::from_str(&line).expect("a JSON object");
    assert_eq!(parsed["method"], "PO\"ST\\");
    assert_eq!(parsed["route"], "/a\n\"b/ü/\u{1}");
    assert_eq!(parsed["outcome"], "first");
    assert!(!line.contains('\n'));
}

/// A log is read by more people than a record is: what is in it must not lead to an answer.
#[test]
fn no_key_and_nothing_whole() {
    let record = record();
    let line = line(&request(&record), &told("first"), 201, Millis(1));
    let (id, start) = (record.as_str(), &record.as_str()[..16]);
    for secret in [KEY, "8e03", id, &id[..17], CLAIM, &CLAIM[..9], FINGERPRINT, "shop.example"] {
        assert!(!line.contains(secret), "{secret} is in {line}");
    }
    assert!(line.contains(start), "{line}");
    // A fingerprint is told salted, not cut: its own digits could be computed by anybody.
    assert!(!line.contains(&FINGERPRINT[..8]), "{line}");
}

fn salted(realm: &str, fingerprint: &str) -> String {
    let record = record();
    let request = Request { realm, fingerprint: Some(fingerprint), ..request(&record) };
    let line = line(&request, &Told::of("first"), 200, Millis(1));
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
