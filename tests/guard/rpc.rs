//! What Worker and object say to each other, and what they make of anything else.

use crate::fixtures::{AUTO, CLAIMED_AT, fingerprint, unhex};
use onlyonce::guard::digest::hex;
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Method};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::ClaimRef;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::record::Reason;
use onlyonce::guard::rpc::{
    Delivery, DryRun, HEADERS, KeySource, PROTOCOL, ResponseHead, SubmitReply, SubmitRequest,
    SubmitResult,
};
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};

fn submit(fingerprint: Fingerprint) -> SubmitRequest {
    let key = IdempotencyKey::parse("8e03").expect("a key");
    let record = RecordId::new("r", &[], &key);
    SubmitRequest {
        protocol: PROTOCOL,
        record,
        method: "POST".into(),
        url: "http://r/".into(),
        headers: "=a\n".into(),
        fingerprint,
        length: 5,
        key: KeySource::Client,
        generated: None,
        observe: false,
        redelivered: false,
    }
}

fn reply(verdict: SubmitResult) -> SubmitReply {
    let expires_at = Some(CLAIMED_AT);
    SubmitReply { protocol: PROTOCOL, verdict, expires_at, origin: Millis(7), trace: None }
}

fn trace() -> ClaimRef {
    ClaimRef { claim: "01234567".into(), attempt: 2, claimed_at: CLAIMED_AT }
}

/// 429 with one header.
fn passed() -> ResponseHead {
    ResponseHead { status: 429, headers: vec![("a".into(), "é".into())] }
}

fn not_kept() -> SubmitResult {
    SubmitResult::NotKept { passed: passed() }
}

fn every_verdict() -> Vec<(SubmitResult, &'static str)> {
    let refused = |refusal| SubmitResult::Refused { refusal };
    let unknown = |reason| refused(Refusal::OutcomeUnknown(reason));
    let stored = |shown| SubmitResult::Stored { shown, record: b"once".to_vec() };
    vec![
        (stored(Delivery::First), "000000000000000000046f6e6365"),
        (stored(Delivery::Collapsed), "000100000000000000046f6e6365"),
        (stored(Delivery::Replayed), "000200000000000000046f6e6365"),
        (
            SubmitResult::Released { shared: false, passed: passed() },
            "0100000001ad00000000000000010000000000000001610000000000000002c3a9",
        ),
        (
            SubmitResult::Released { shared: true, passed: passed() },
            "0101000001ad00000000000000010000000000000001610000000000000002c3a9",
        ),
        (
            SubmitResult::NotKept { passed: passed() },
            "02000001ad00000000000000010000000000000001610000000000000002c3a9",
        ),
        (refused(Refusal::KeyReused), "0300"),
        (refused(Refusal::CredentialChanged), "0301"),
        (refused(Refusal::InProgress { retry_after: Millis(2000) }), "030200000000000007d0"),
        (refused(Refusal::ResponseNotKept), "0303"),
        (refused(Refusal::OriginBusy), "0305"),
        (unknown(Reason::ConnectionLost), "030400"),
        (unknown(Reason::Restarted), "030401"),
        (unknown(Reason::DeadlinePassed), "030402"),
        (unknown(Reason::ServerError), "030403"),
        (SubmitResult::Unavailable { detail: "é".into() }, "070000000000000002c3a9"),
        (SubmitResult::Duplicate { would: DryRun::Join }, "04"),
        (SubmitResult::Duplicate { would: DryRun::Replay }, "05"),
        (SubmitResult::Duplicate { would: DryRun::Refuse(Refusal::KeyReused) }, "0600"),
    ]
}

/// Which header a line stands for depends on its place.
#[test]
fn the_headers_of_a_message() {
    let names = "idempotency-key authorization x-api-key cookie content-type content-length origin connection";
    assert_eq!((HEADERS.join(" ").as_str(), PROTOCOL), (names, 4));
}

/// During a deployment a Worker and an object of two versions talk: what one protocol says must
/// not change under its number.
#[test]
fn replies_are_pinned() {
    for (verdict, bytes) in every_verdict() {
        let at = format!("{:016x}", CLAIMED_AT.0);
        let expected = unhex(&format!("00000004{bytes}01{at}000000000000000700"));
        let reply = reply(verdict);
        assert_eq!(hex(&reply.encode()), hex(&expected));
        assert_eq!(SubmitReply::decode(&expected), Some(reply));
    }
    let vacant =
        SubmitReply { expires_at: None, ..reply(SubmitResult::Duplicate { would: DryRun::Join }) };
    let expected = unhex("000000040400000000000000000700");
    assert_eq!(vacant.encode(), expected);
    assert_eq!(SubmitReply::decode(&expected), Some(vacant));
}

#[test]
fn the_trace_of_a_claim_is_pinned() {
    let duplicate = SubmitResult::Duplicate { would: DryRun::Join };
    let reply = SubmitReply { trace: Some(trace()), ..reply(duplicate) };
    let at = format!("{:016x}", CLAIMED_AT.0);
    let claim = format!("01{}{}00000002{at}", "0000000000000008", hex(b"01234567"));
    let expected = unhex(&format!("000000040401{at}0000000000000007{claim}"));
    assert_eq!(reply.encode(), expected);
    assert_eq!(SubmitReply::decode(&expected), Some(reply));
}

#[test]
fn submissions_are_pinned() {
    let generated = Some("\"k\"".into());
    let submit = SubmitRequest { generated, ..submit(fingerprint("order")) };
    let expected = [
        "00000004",
        "0000000000000040",
        &hex(submit.record.as_str().as_bytes()),
        "0000000000000004",
        &hex(b"POST"),
        "0000000000000009",
        &hex(b"http://r/"),
        "0000000000000003",
        &hex(b"=a\n"),
        "00",
        "0000000000000000",
        "00000000000000056f72646572",
        "0000000000000005",
        "00", // the client's key
        "01", // in this raw_key
        "0000000000000003226b22",
        "00", // enforced
        "00", // delivered once
    ]
    .concat();
    let expected = unhex(&expected);
    assert_eq!(hex(&submit.encode()), hex(&expected));
    assert_eq!(SubmitRequest::decode(&expected), Some(submit));
}

fn every_submit() -> Vec<SubmitRequest> {
    let ignore = vec![vec!["sent_at".to_owned()], vec![String::new(), "é".to_owned()]];
    let method = Method { ignore, ..AUTO };
    let bytes = Method { algorithm: Algorithm::Bytes, ..AUTO };
    let none = Method { algorithm: Algorithm::None, ..AUTO };
    let of = |method| submit(Fingerprint { method, digest: "d".into() });
    vec![
        submit(fingerprint("order")),
        of(method),
        of(bytes),
        of(none),
        SubmitRequest { length: u64::MAX, redelivered: true, ..submit(fingerprint("")) },
        SubmitRequest { key: KeySource::Generated, observe: true, ..submit(fingerprint("")) },
        SubmitRequest { key: KeySource::Derived, ..submit(fingerprint("")) },
        SubmitRequest { key: KeySource::Queue, ..submit(fingerprint("")) },
        SubmitRequest { generated: Some("k".into()), ..submit(fingerprint("")) },
        SubmitRequest {
            url: "https://r/é?q".into(),
            headers: String::new(),
            ..submit(fingerprint(""))
        },
    ]
}

#[test]
fn what_was_said_is_heard() {
    for submit in every_submit() {
        assert_eq!(SubmitRequest::decode(&submit.encode()), Some(submit));
    }
    for expires_at in [None, Some(UnixMillis(0)), Some(UnixMillis(u64::MAX))] {
        for (verdict, _) in every_verdict() {
            let trace = expires_at.map(|_| trace());
            let reply = SubmitReply { expires_at, trace, ..reply(verdict) };
            assert_eq!(SubmitReply::decode(&reply.encode()), Some(reply));
        }
    }
}

#[track_caller]
fn unheard(bytes: &[u8]) {
    assert_eq!(SubmitRequest::decode(bytes), None, "{}", hex(bytes));
    assert_eq!(SubmitReply::decode(bytes), None, "{}", hex(bytes));
}

#[test]
fn what_nobody_said_is_nothing() {
    unheard(b"");
    unheard(b"0");
    unheard(&unhex("00000004"));
    unheard(b"POST / HTTP/1.1");
    // Every count as large as can be.
    unheard(&unhex(&format!("00000004{}", "ff".repeat(64))));
    unheard(&unhex(&format!("0000000407{}", "ff".repeat(8))));
}

#[test]
fn another_protocol_is_refused() {
    for protocol in [0, PROTOCOL - 1, PROTOCOL + 1, u32::MAX] {
        unheard(&SubmitRequest { protocol, ..submit(fingerprint("order")) }.encode());
        unheard(&SubmitReply { protocol, ..reply(not_kept()) }.encode());
    }
}

#[test]
fn every_truncation_and_every_addition_is_refused() {
    for submit in every_submit() {
        let bytes = submit.encode();
        for end in 0..bytes.len() {
            assert_eq!(SubmitRequest::decode(&bytes[..end]), None, "{submit:?} to {end}");
        }
        unheard(&[&bytes[..], b"\0"].concat());
        unheard(&bytes.repeat(2));
    }
    for (verdict, _) in every_verdict() {
        let bytes = reply(verdict).encode();
        for end in 0..bytes.len() {
            assert_eq!(SubmitReply::decode(&bytes[..end]), None, "{} to {end}", hex(&bytes));
        }
        unheard(&[&bytes[..], b"\0"].concat());
    }
}

/// The last two bytes of a submission: whether it only watches, whether it is a redelivery.
#[test]
fn flags_have_one_spelling_each() {
    let plain = submit(fingerprint("order"));
    let bytes = plain.encode();
    let head = bytes.strip_suffix(&[0, 0]).expect("two flags that are not set");
    let with = |flags: [u8; 2]| [head, &flags[..]].concat();
    for (observe, redelivered) in [(false, false), (false, true), (true, false), (true, true)] {
        let expected = SubmitRequest { observe, redelivered, ..plain.clone() };
        let bytes = with([observe.into(), redelivered.into()]);
        assert_eq!(SubmitRequest::decode(&bytes), Some(expected), "{observe} {redelivered}");
    }
    for byte in 2..=u8::MAX {
        unheard(&with([byte, 0]));
        unheard(&with([0, byte]));
    }
}

fn every_flip(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let places = (0..bytes.len()).flat_map(|at| (1..=u8::MAX).map(move |flip| (at, flip)));
    places.map(move |(at, flip)| {
        let mut other = bytes.to_vec();
        other[at] ^= flip;
        other
    })
}

/// Whatever one byte becomes, it is nothing or another message, and reading never panics.
#[test]
fn every_other_byte_in_every_place() {
    for (verdict, _) in every_verdict() {
        let reply = reply(verdict);
        for other in every_flip(&reply.encode()) {
            assert_ne!(SubmitReply::decode(&other).as_ref(), Some(&reply), "{}", hex(&other));
        }
    }
    for submit in every_submit() {
        for other in every_flip(&submit.encode()) {
            assert_ne!(SubmitRequest::decode(&other).as_ref(), Some(&submit), "{}", hex(&other));
        }
    }
}
