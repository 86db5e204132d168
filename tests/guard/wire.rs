//! What Worker and object say to each other, and what they make of anything else.

use crate::fixtures::{AUTO, CLAIMED_AT, fingerprint, unhex};
use onlyonce::guard::base64::{COMMON, decode, encode};
use onlyonce::guard::digest::hex;
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Method};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::Trace;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::record::Reason;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};
use onlyonce::guard::wire::{
    HEADER, KeySource, MOST_IN_MESSAGE, PROTOCOL, Reply, Shown, Submit, Verdict, Would,
};

/// The header that pinned bytes travel in.
fn header(digits: &str) -> String {
    encode(&unhex(digits))
}

fn submit(fingerprint: Fingerprint) -> Submit {
    let key = IdempotencyKey::parse("8e03").expect("a key");
    let record = RecordId::new("r", &[], &key);
    Submit {
        protocol: PROTOCOL,
        record,
        fingerprint,
        length: 5,
        body: None,
        key: KeySource::Client,
        observe: false,
        redelivered: false,
    }
}

fn reply(verdict: Verdict) -> Reply {
    let expires_at = Some(CLAIMED_AT);
    Reply { protocol: PROTOCOL, verdict, expires_at, origin: Millis(7), trace: None, record: None }
}

fn trace() -> Trace {
    Trace { claim: "01234567".into(), attempt: 2, claimed_at: CLAIMED_AT }
}

fn every_verdict() -> Vec<(Verdict, &'static str)> {
    let refused = |refusal| Verdict::Refused { refusal };
    let unknown = |reason| refused(Refusal::OutcomeUnknown(reason));
    vec![
        (Verdict::Stored { shown: Shown::First, whole: true }, "00"),
        (Verdict::Stored { shown: Shown::Joined, whole: true }, "01"),
        (Verdict::Stored { shown: Shown::Replayed, whole: true }, "02"),
        (Verdict::Stored { shown: Shown::First, whole: false }, "0b"),
        (Verdict::Stored { shown: Shown::Joined, whole: false }, "0c"),
        (Verdict::Stored { shown: Shown::Replayed, whole: false }, "0d"),
        (Verdict::Released { shared: false }, "03"),
        (Verdict::Released { shared: true }, "04"),
        (Verdict::NotKept, "05"),
        (refused(Refusal::KeyReused), "0600"),
        (refused(Refusal::CredentialChanged), "0601"),
        (refused(Refusal::InProgress { retry_after: Millis(2000) }), "060200000000000007d0"),
        (refused(Refusal::ResponseNotKept), "0603"),
        (unknown(Reason::ConnectionLost), "060400"),
        (unknown(Reason::Restarted), "060401"),
        (unknown(Reason::DeadlinePassed), "060402"),
        (unknown(Reason::ServerError), "060403"),
        (Verdict::Unavailable { detail: "é".into() }, "070000000000000002c3a9"),
        (Verdict::Duplicate { would: Would::Join }, "08"),
        (Verdict::Duplicate { would: Would::Replay }, "09"),
        (Verdict::Duplicate { would: Would::Refuse(Refusal::KeyReused) }, "0a00"),
    ]
}

#[test]
fn the_header() {
    assert_eq!((HEADER, PROTOCOL), ("x-onlyonce-secret", 3));
    // In base64, with what else a message says, well within what a header may hold.
    assert_eq!(MOST_IN_MESSAGE, 4096);
}

/// During a deployment a Worker and an object of two versions talk: what one protocol says must
/// not change under its number.
#[test]
fn replies_are_pinned() {
    for (verdict, bytes) in every_verdict() {
        let at = format!("{:016x}", CLAIMED_AT.0);
        let expected = header(&format!("00000003{bytes}01{at}00000000000000070000"));
        let reply = reply(verdict);
        assert_eq!(reply.to_header(), expected);
        assert_eq!(Reply::from_header(Some(&expected)), Some(reply));
    }
    let vacant = Reply { expires_at: None, ..reply(Verdict::Released { shared: false }) };
    let expected = header("00000003030000000000000000070000");
    assert_eq!(vacant.to_header(), expected);
    assert_eq!(Reply::from_header(Some(&expected)), Some(vacant));
}

#[test]
fn the_trace_of_a_claim_is_pinned() {
    let reply = Reply { trace: Some(trace()), ..reply(Verdict::NotKept) };
    let at = format!("{:016x}", CLAIMED_AT.0);
    let claim = format!("01{}{}00000002{at}", "0000000000000008", hex(b"01234567"));
    let expected = header(&format!("000000030501{at}0000000000000007{claim}00"));
    assert_eq!(reply.to_header(), expected);
    assert_eq!(Reply::from_header(Some(&expected)), Some(reply));
}

/// A record that travels in the message stands at its end.
#[test]
fn a_small_record_is_pinned() {
    let reply = Reply { record: Some(b"once".to_vec()), ..reply(Verdict::NotKept) };
    let at = format!("{:016x}", CLAIMED_AT.0);
    let record = format!("01{}{}", "0000000000000004", hex(b"once"));
    let expected = header(&format!("000000030501{at}000000000000000700{record}"));
    assert_eq!(reply.to_header(), expected);
    assert_eq!(Reply::from_header(Some(&expected)), Some(reply));
}

#[test]
fn submissions_are_pinned() {
    let submit = Submit { body: Some(b"hello".to_vec()), ..submit(fingerprint("order")) };
    let expected = [
        "00000003",
        "0000000000000040",
        &hex(submit.record.as_str().as_bytes()),
        "00",
        "0000000000000000",
        "00000000000000056f72646572",
        "0000000000000005",
        "01", // the body is here
        "0000000000000005",
        &hex(b"hello"),
        "00", // the client's key
        "00", // enforced
        "00", // delivered once
    ]
    .concat();
    let expected = header(&expected);
    assert_eq!(submit.to_header(), expected);
    assert_eq!(Submit::from_header(Some(&expected)), Some(submit));
}

fn every_submit() -> Vec<Submit> {
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
        Submit { length: u64::MAX, redelivered: true, ..submit(fingerprint("")) },
        Submit { key: KeySource::Generated, observe: true, ..submit(fingerprint("")) },
        Submit { key: KeySource::Derived, ..submit(fingerprint("")) },
        Submit { key: KeySource::Queue, ..submit(fingerprint("")) },
        Submit { body: Some(Vec::new()), ..submit(fingerprint("")) },
        Submit { body: Some(vec![0, 0xff, b'\n']), ..submit(fingerprint("")) },
    ]
}

#[test]
fn what_was_said_is_heard() {
    for submit in every_submit() {
        assert_eq!(Submit::from_header(Some(&submit.to_header())), Some(submit));
    }
    for expires_at in [None, Some(UnixMillis(0)), Some(UnixMillis(u64::MAX))] {
        for (verdict, _) in every_verdict() {
            let trace = expires_at.map(|_| trace());
            let reply = Reply { expires_at, trace, ..reply(verdict) };
            assert_eq!(Reply::from_header(Some(&reply.to_header())), Some(reply));
        }
    }
}

#[track_caller]
fn unheard(header: Option<&str>) {
    assert_eq!(Submit::from_header(header), None, "{header:?}");
    assert_eq!(Reply::from_header(header), None, "{header:?}");
}

#[test]
fn what_nobody_said_is_nothing() {
    unheard(None);
    unheard(Some(""));
    unheard(Some("0"));
    unheard(Some(&header("00000003")));
    unheard(Some("xx"));
    unheard(Some("éé"));
    unheard(Some(&format!(" {}", submit(fingerprint("order")).to_header())));
    unheard(Some("+1"));
    // A client that guesses: every count as large as can be.
    unheard(Some(&header(&format!("00000003{}", "ff".repeat(64)))));
    unheard(Some(&header(&format!("0000000307{}", "ff".repeat(8)))));
}

/// Two lines of the header, as a client's own beside the Worker's would arrive.
#[test]
fn two_messages_are_none() {
    let line = submit(fingerprint("order")).to_header();
    unheard(Some(&format!("{line}, {line}")));
    unheard(Some(&format!("{line}{line}")));
}

#[test]
fn another_protocol_is_refused() {
    for protocol in [0, PROTOCOL - 1, PROTOCOL + 1, u32::MAX] {
        let submit = Submit { protocol, ..submit(fingerprint("order")) };
        unheard(Some(&submit.to_header()));
        unheard(Some(&Reply { protocol, ..reply(Verdict::NotKept) }.to_header()));
    }
}

#[test]
fn every_truncation_and_every_addition_is_refused() {
    for submit in every_submit() {
        let line = submit.to_header();
        for end in 0..line.len() {
            assert_eq!(Submit::from_header(Some(&line[..end])), None, "{line} to {end}");
        }
        unheard(Some(&format!("{line}0")));
        unheard(Some(&format!("{line}00")));
    }
    for (verdict, _) in every_verdict() {
        let line = reply(verdict).to_header();
        for end in 0..line.len() {
            assert_eq!(Reply::from_header(Some(&line[..end])), None, "{line} to {end}");
        }
        assert_eq!(Reply::from_header(Some(&format!("{line}00"))), None, "{line}");
    }
}

/// The last two bytes of a submission: whether it only watches, whether it is a redelivery.
#[test]
fn flags_have_one_spelling_each() {
    let plain = submit(fingerprint("order"));
    let line = hex(&decode(&plain.to_header(), COMMON).expect("a message"));
    let head = line.strip_suffix("0000").expect("two flags that are not set");
    for (observe, redelivered) in [(false, false), (false, true), (true, false), (true, true)] {
        let flags = format!("{:02x}{:02x}", u8::from(observe), u8::from(redelivered));
        let header = header(&format!("{head}{flags}"));
        let expected = Submit { observe, redelivered, ..plain.clone() };
        assert_eq!(Submit::from_header(Some(&header)), Some(expected), "{header}");
    }
    for byte in 2..=u8::MAX {
        unheard(Some(&header(&format!("{head}{byte:02x}00"))));
        unheard(Some(&header(&format!("{head}00{byte:02x}"))));
    }
}

fn every_flip(line: &str) -> impl Iterator<Item = String> {
    let bytes = decode(line, COMMON).expect("a message");
    let places = (0..bytes.len()).flat_map(|at| (1..=u8::MAX).map(move |flip| (at, flip)));
    places.map(move |(at, flip)| {
        let mut other = bytes.clone();
        other[at] ^= flip;
        encode(&other)
    })
}

/// Whatever one byte becomes, it is nothing or another message, and reading never panics.
#[test]
fn every_other_byte_in_every_place() {
    for (verdict, _) in every_verdict() {
        let reply = reply(verdict);
        for other in every_flip(&reply.to_header()) {
            assert_ne!(Reply::from_header(Some(&other)).as_ref(), Some(&reply), "{other}");
        }
    }
    for submit in every_submit() {
        for other in every_flip(&submit.to_header()) {
            assert_ne!(Submit::from_header(Some(&other)).as_ref(), Some(&submit), "{other}");
        }
    }
}
