//! What an answer is sealed with, and what is sealed of it. The cipher itself is the platform's:
//! tests/workerd/seal.rs.

use crate::fixtures::{answer, claim, claim_id, record_id};
use onlyonce::guard::digest::{Pepper, hex};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::record::{Answer, Body, Record};
use onlyonce::guard::scope::{Namespace, OperationSecret, ScopeValue};
use onlyonce::guard::seal::{SealKey, associated_data, opened, plaintext};
use onlyonce::guard::source::Source;

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a key")
}

fn scope(value: &str) -> Vec<ScopeValue> {
    vec![ScopeValue { source: Source::Header("x-account".into()), value: Some(value.into()) }]
}

/// The key of a key's record, in hex.
fn seal_key(pepper: Option<&str>, realm: &str, scope: &[ScopeValue], text: &str) -> String {
    let pepper = Pepper::new(pepper);
    let namespace = Namespace { pepper: &pepper, realm, scope };
    let secret = OperationSecret::new(namespace, &key(text));
    hex(SealKey::new(&secret, &record_id(realm, scope, &key(text))).as_bytes())
}

/// Computed apart from this program, with Python's hmac: answers that are sealed are opened by it.
#[test]
fn it_is_pinned() {
    assert_eq!(seal_key(None, "r", &scope("a"), "k"), PLAIN);
    assert_eq!(seal_key(Some("pepper"), "r", &scope("a"), "k"), PEPPERED);
}

const PLAIN: &str = "8c5a3b6209068ab13a2d0dbc4eb1208fff758b73cd279bf6e7cd57cce8ace17d";
const PEPPERED: &str = "77395fd69afcf6d914eb0566181ed71792d2da901450b2590a9f13a25ccf2627";

#[test]
fn whatever_names_an_operation_makes_another_one() {
    let keys = [
        seal_key(None, "r", &[], "k"),
        seal_key(None, "s", &[], "k"),
        seal_key(None, "r", &scope("a"), "k"),
        seal_key(None, "r", &scope("b"), "k"),
        seal_key(None, "r", &[], "l"),
        seal_key(Some("pepper"), "r", &[], "k"),
        seal_key(Some("salt"), "r", &[], "k"),
    ];
    for (at, one) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(one), "{at}");
    }
}

/// What a log or a crash could show of it.
#[test]
fn it_is_never_printed() {
    let pepper = Pepper::default();
    let namespace = Namespace { pepper: &pepper, realm: "r", scope: &[] };
    let secret = OperationSecret::new(namespace, &key("k"));
    let seal_key = SealKey::new(&secret, &record_id("r", &[], &key("k")));
    assert_eq!(format!("{seal_key:?}"), "SealKey");
}

#[test]
fn headers_and_body_come_back() {
    let sealed = Answer { headers: Vec::new(), sealed: true, ..answer(201, "ciphertext") };
    let record = Record::Done { claim: claim("c1"), answer: sealed };
    let whole = answer(201, "created");
    let text = plaintext(&whole.headers, whole.inline());
    let expected = Record::Done { claim: claim("c1"), answer: whole };
    assert_eq!(opened(&record, &text), Some(expected));
    let rows = Body::Rows { attempt: 1, rows: 2, length: 9 };
    let Record::Done { claim, answer } = record else { panic!("it is done") };
    let record = Record::Done { claim, answer: Answer { body: rows, ..answer } };
    assert_eq!(
        opened(&record, &text).and_then(|record| Some(record.answer()?.inline().to_vec())),
        Some(b"created".to_vec())
    );
    for end in 0..text.len() {
        assert_eq!(opened(&record, &text[..end]), None, "{end}");
    }
}

/// Record, claim and status: no ciphertext can stand in another's place.
#[test]
fn it_is_bound_to_its_place() {
    let (one, other) = (record_id("r", &[], &key("k")), record_id("r", &[], &key("l")));
    let bound = associated_data(&one, &claim_id("c1"), 201);
    assert_eq!(bound.len(), 32 + 16 + 2);
    assert_ne!(bound, associated_data(&other, &claim_id("c1"), 201));
    assert_ne!(bound, associated_data(&one, &claim_id("c2"), 201));
    assert_ne!(bound, associated_data(&one, &claim_id("c1"), 200));
}
