//! What Worker and object say to each other, and what they make of anything else.

use crate::fixtures::{AUTO, CLAIMED_AT, digest_of, fingerprint, record_id, unhex};
use onlyonce::guard::digest::hex;
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Headers, Ignore, Method};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::ClaimRef;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::record::Reason;
use onlyonce::guard::rpc::{
    Delivery, DryRun, KeySource, PROTOCOL, ResponseHead, RpcError, SubmitReply, SubmitRequest,
    SubmitResult,
};
use onlyonce::guard::time::{Millis, UnixMillis};

fn submit(fingerprint: Fingerprint) -> SubmitRequest {
    let key = IdempotencyKey::parse("8e03").expect("a key");
    let record = record_id("r", &[], &key);
    SubmitRequest {
        record,
        method: "POST".into(),
        url: "http://r/".into(),
        fingerprint,
        length: 5,
        key: KeySource::Client,
        key_header: None,
        observe: false,
        redelivered: false,
        known_only: false,
        seal_key: None,
    }
}

fn reply(result: SubmitResult) -> SubmitReply {
    let expires_at = Some(CLAIMED_AT);
    SubmitReply { result, expires_at, origin_time: Millis(7), claim: None }
}

fn claim() -> ClaimRef {
    ClaimRef { claim: "01234567".into(), attempt: 2, claimed_at: CLAIMED_AT }
}

/// 429 with a reason phrase.
fn head() -> ResponseHead {
    ResponseHead { status: 429, reason: Some("é".into()) }
}

fn not_kept() -> SubmitResult {
    SubmitResult::NotKept { head: head() }
}

fn every_result() -> Vec<(SubmitResult, &'static str)> {
    let refused = |refusal| SubmitResult::Refused { refusal };
    let unknown = |reason| refused(Refusal::OutcomeUnknown(reason));
    let stored = |delivery| SubmitResult::Stored {
        delivery,
        record: b"once".to_vec(),
        reason: Some("a".into()),
    };
    let would = |would| SubmitResult::Duplicate { would };
    vec![
        (stored(Delivery::First), "0000046f6e6365010161"),
        (stored(Delivery::Collapsed), "0001046f6e6365010161"),
        (stored(Delivery::Replayed), "0002046f6e6365010161"),
        (SubmitResult::Released { shared: false, head: head() }, "0100ad030102c3a9"),
        (SubmitResult::Released { shared: true, head: head() }, "0101ad030102c3a9"),
        (SubmitResult::Streamed { head: head() }, "02ad030102c3a9"),
        (not_kept(), "03ad030102c3a9"),
        (SubmitResult::NotKept { head: ResponseHead { status: 200, reason: None } }, "03c80100"),
        (refused(Refusal::KeyReused), "0400"),
        (refused(Refusal::CredentialChanged), "0401"),
        (refused(Refusal::InProgress { retry_after: Millis(2000) }), "0402d00f"),
        (refused(Refusal::ResponseNotKept { status: 201 }), "0403c901"),
        (refused(Refusal::OriginBusy), "0405"),
        (unknown(Reason::ConnectionLost), "040400"),
        (unknown(Reason::Restarted), "040401"),
        (unknown(Reason::DeadlinePassed), "040402"),
        (unknown(Reason::ServerError), "040403"),
        (unknown(Reason::NoSuchStatus(999)), "040404e707"),
        (refused(Refusal::Moved), "0406"),
        (refused(Refusal::KeyFenced), "0407"),
        (refused(Refusal::TooManyKeys), "0408"),
        (would(DryRun::Join), "0500"),
        (would(DryRun::Replay), "0501"),
        (would(DryRun::Refuse(Refusal::KeyReused)), "050200"),
        (SubmitResult::Unavailable { detail: "é".into() }, "0602c3a9"),
        (SubmitResult::Moved, "07"),
        (SubmitResult::Unreadable { detail: "é".into() }, "0802c3a9"),
        (SubmitResult::Whole { head: head() }, "09ad030102c3a9"),
    ]
}

/// During a deployment a Worker and an object of two versions talk: what one protocol says must
/// not change under its number.
#[test]
fn replies_are_pinned() {
    for (result, bytes) in every_result() {
        let expected = unhex(&format!("0000000b{bytes}0180a0f1c2b1340700"));
        let reply = reply(result);
        assert_eq!(hex(&reply.encode()), hex(&expected));
        assert_eq!(SubmitReply::decode(&expected), Ok(reply));
    }
    let vacant =
        SubmitReply { expires_at: None, ..reply(SubmitResult::Duplicate { would: DryRun::Join }) };
    let expected = unhex("0000000b0500000700");
    assert_eq!(vacant.encode(), expected);
    assert_eq!(SubmitReply::decode(&expected), Ok(vacant));
}

#[test]
fn the_trace_of_a_claim_is_pinned() {
    let duplicate = SubmitResult::Duplicate { would: DryRun::Join };
    let reply = SubmitReply { claim: Some(claim()), ..reply(duplicate) };
    let claim = format!("0108{}0280a0f1c2b134", hex(b"01234567"));
    let expected = unhex(&format!("0000000b05000180a0f1c2b13407{claim}"));
    assert_eq!(hex(&reply.encode()), hex(&expected));
    assert_eq!(SubmitReply::decode(&expected), Ok(reply));
}

#[test]
fn submissions_are_pinned() {
    let key_header = Some("\"k\"".into());
    let submit = SubmitRequest { key_header, ..submit(fingerprint("order")) };
    let expected = [
        "0000000b",
        "20",
        &submit.record.to_string(),
        "04",
        &hex(b"POST"),
        "09",
        &hex(b"http://r/"),
        "00000000", // auto, nothing ignored
        "0100",     // the usual headers
        "206f726465720000000000000000000000",
        "00000000000000000000000000000000",
        "05",
        "00", // the client's key
        "01", // in this spelling
        "03226b22",
        "00", // enforced
        "00", // delivered once
        "00", // the key's own shard
        "00", // nothing is sealed
    ]
    .concat();
    let expected = unhex(&expected);
    assert_eq!(hex(&submit.encode()), hex(&expected));
    assert_eq!(SubmitRequest::decode(&expected), Ok(submit));
}

fn every_submit() -> Vec<SubmitRequest> {
    let pointers = vec![vec!["sent_at".to_owned()], vec![String::new(), "é".to_owned()]];
    let ignore = Ignore { pointers, fields: vec!["é".into()], query: vec!["k".into()] };
    let headers = Headers { known: false, named: vec!["x-shop".into()] };
    let method = Method { ignore, headers, ..AUTO };
    let bytes = Method { algorithm: Algorithm::Bytes, ..AUTO };
    let none = Method { algorithm: Algorithm::None, ..AUTO };
    let of = |method| submit(Fingerprint { method, digest: digest_of("d") });
    vec![
        submit(fingerprint("order")),
        of(method),
        of(bytes),
        of(none),
        SubmitRequest { length: u64::MAX, redelivered: true, ..submit(fingerprint("")) },
        SubmitRequest { key: KeySource::Generated, observe: true, ..submit(fingerprint("")) },
        SubmitRequest { key: KeySource::Derived, ..submit(fingerprint("")) },
        SubmitRequest { key: KeySource::Queue, ..submit(fingerprint("")) },
        SubmitRequest { key_header: Some("k".into()), ..submit(fingerprint("")) },
        SubmitRequest { url: "https://r/é?q".into(), ..submit(fingerprint("")) },
        SubmitRequest { known_only: true, ..submit(fingerprint("")) },
    ]
}

#[test]
fn what_was_said_is_heard() {
    for submit in every_submit() {
        assert_eq!(SubmitRequest::decode(&submit.encode()), Ok(submit));
    }
    for expires_at in [None, Some(UnixMillis(0)), Some(UnixMillis(u64::MAX))] {
        for (result, _) in every_result() {
            let claim = expires_at.map(|_| claim());
            let reply = SubmitReply { expires_at, claim, ..reply(result) };
            assert_eq!(SubmitReply::decode(&reply.encode()), Ok(reply));
        }
    }
}

#[track_caller]
fn unheard(bytes: &[u8]) {
    assert!(SubmitRequest::decode(bytes).is_err(), "{}", hex(bytes));
    assert!(SubmitReply::decode(bytes).is_err(), "{}", hex(bytes));
}

#[test]
fn what_nobody_said_is_nothing() {
    unheard(b"");
    unheard(b"0");
    unheard(&unhex("00000007"));
    unheard(b"POST / HTTP/1.1");
    // Every count as large as can be.
    unheard(&unhex(&format!("00000007{}", "ff".repeat(64))));
    unheard(&unhex("00000007ffffffff0f"));
    // A stored record, a reason phrase and a text of 4 GB, of which nothing is there.
    unheard(&unhex("000000070000ffffffff0f"));
    unheard(&unhex("0000000702ad0301ffffffff0f"));
    unheard(&unhex("0000000706ffffffff0f"));
}

/// The number comes first, so that the rest may be in any form.
#[test]
fn another_protocol_is_refused() {
    for protocol in [0, PROTOCOL - 1, PROTOCOL + 1, u32::MAX] {
        let begin = protocol.to_be_bytes();
        let mut submit = submit(fingerprint("order")).encode();
        submit[..4].copy_from_slice(&begin);
        let mut reply = reply(not_kept()).encode();
        reply[..4].copy_from_slice(&begin);
        for bytes in [&submit[..], &reply, &begin, &[&begin[..], b"anything"].concat()] {
            assert_eq!(SubmitRequest::decode(bytes), Err(RpcError::Protocol(protocol)));
            assert_eq!(SubmitReply::decode(bytes), Err(RpcError::Protocol(protocol)));
        }
    }
}

#[test]
fn every_sentence() {
    assert_eq!(
        RpcError::Protocol(5).to_string(),
        "the message has protocol 5 and this guard speaks 11, as happens while a deployment or a roll-back is under way"
    );
    assert_eq!(RpcError::Truncated.to_string(), "the message breaks off before its protocol");
    assert_eq!(
        RpcError::Malformed(postcard::Error::DeserializeBadBool).to_string(),
        "the message is malformed (Found a bool that wasn't 0 or 1)"
    );
    assert_eq!(RpcError::Trailing(3).to_string(), "3 more bytes follow the message's end");
}

#[track_caller]
fn breaks_off<T: std::fmt::Debug>(read: Result<T, RpcError>, end: usize) {
    let right = match read {
        Err(RpcError::Truncated) => end < 4,
        Err(RpcError::Malformed(_)) => end >= 4,
        _ => false,
    };
    assert!(right, "cut to {end}: {read:?}");
}

#[test]
fn every_truncation_and_every_addition_is_refused() {
    for submit in every_submit() {
        let bytes = submit.encode();
        for end in 0..bytes.len() {
            breaks_off(SubmitRequest::decode(&bytes[..end]), end);
        }
        let longer = [&bytes[..], b"\0"].concat();
        assert_eq!(SubmitRequest::decode(&longer), Err(RpcError::Trailing(1)));
        unheard(&bytes.repeat(2));
    }
    for (result, _) in every_result() {
        let bytes = reply(result).encode();
        for end in 0..bytes.len() {
            breaks_off(SubmitReply::decode(&bytes[..end]), end);
        }
        let longer = [&bytes[..], b"\0"].concat();
        assert_eq!(SubmitReply::decode(&longer), Err(RpcError::Trailing(1)));
    }
}

/// Before the last byte of a submission, which says that there is no key to seal with: whether it only
/// watches, whether it is a redelivery, and whether it is carried out only where its key is known.
#[test]
fn flags_have_one_spelling_each() {
    let plain = submit(fingerprint("order"));
    let bytes = plain.encode();
    let head = bytes.strip_suffix(&[0, 0, 0, 0]).expect("three flags that are not set");
    let with = |flags: [u8; 3]| [head, &flags[..], &[0]].concat();
    for flags in 0..8u8 {
        let [observe, redelivered, known_only] = [1, 2, 4].map(|bit| flags & bit != 0);
        let expected = SubmitRequest { observe, redelivered, known_only, ..plain.clone() };
        let bytes = with([observe, redelivered, known_only].map(u8::from));
        assert_eq!(SubmitRequest::decode(&bytes), Ok(expected), "{flags:03b}");
    }
    for byte in 2..=u8::MAX {
        for flags in [[byte, 0, 0], [0, byte, 0], [0, 0, byte]] {
            unheard(&with(flags));
        }
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
    for (result, _) in every_result() {
        let reply = reply(result);
        for other in every_flip(&reply.encode()) {
            assert_ne!(SubmitReply::decode(&other).as_ref(), Ok(&reply), "{}", hex(&other));
        }
    }
    for submit in every_submit() {
        for other in every_flip(&submit.encode()) {
            assert_ne!(SubmitRequest::decode(&other).as_ref(), Ok(&submit), "{}", hex(&other));
        }
    }
}
