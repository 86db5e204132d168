//! Bytes that are to be messages between Worker and object.
//!
//! 1. Whatever the bytes, reading them ends in a message or in nothing.
//! 2. A message that was read is written as the bytes that it was read from.
//! 3. A message made of any values is read as it was written, and not when it is cut short.

use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::ClaimRef;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::rpc::{
    Delivery, DryRun, KeySource, PROTOCOL, ResponseHead, SubmitReply, SubmitRequest, SubmitResult,
};
use onlyonce::guard::scope::RecordId;

use crate::choices::Choices;
use crate::engine::kind;
use crate::record;

pub const WORDS: &[&str] = &[
    "\0\0\0\x03",
    "\0\0\0\x04",
    "\0",
    "\x01",
    "\0\0\0\0\0\0\0\x40",
    "\0\0\0\0\0\0\0\0",
    "\n",
    "=",
    "POST",
    "é",
];

pub fn check(input: &[u8]) -> u64 {
    kind(&(check_bytes(input), check_value(input)))
}

fn check_bytes(bytes: &[u8]) -> impl std::hash::Hash + use<> {
    let submit = SubmitRequest::decode(bytes);
    if let Some(submit) = &submit {
        assert_eq!(submit.encode(), bytes, "{submit:?}");
    }
    let reply = SubmitReply::decode(bytes);
    if let Some(reply) = &reply {
        assert_eq!(reply.encode(), bytes, "{reply:?}");
    }
    (submit.is_some(), reply.map(|reply| std::mem::discriminant(&reply.verdict)))
}

fn check_value(input: &[u8]) -> impl std::hash::Hash {
    let mut choices = Choices(input);
    let (submit, reply) = (submit(&mut choices), reply(&mut choices));
    let bytes = submit.encode();
    assert_eq!(SubmitRequest::decode(&bytes).as_ref(), Some(&submit));
    assert_eq!(SubmitRequest::decode(&bytes[..bytes.len() - 1]), None, "{submit:?}");
    let bytes = reply.encode();
    assert_eq!(SubmitReply::decode(&bytes).as_ref(), Some(&reply));
    assert_eq!(SubmitReply::decode(&bytes[..bytes.len() - 1]), None, "{reply:?}");
    (submit.observe, submit.redelivered, std::mem::discriminant(&reply.verdict))
}

const SOURCES: [KeySource; 4] =
    [KeySource::Client, KeySource::Generated, KeySource::Derived, KeySource::Queue];

fn submit(choices: &mut Choices) -> SubmitRequest {
    let key = IdempotencyKey::parse(&format!("k{}", choices.byte())).expect("a key");
    SubmitRequest {
        protocol: PROTOCOL,
        record: RecordId::new("realm", &[], &key),
        method: choices.text(),
        url: choices.text(),
        headers: choices.text(),
        fingerprint: record::fingerprint(choices),
        length: choices.number(),
        key: choices.pick(&SOURCES),
        generated: choices.optional(Choices::text),
        observe: choices.flag(),
        redelivered: choices.flag(),
    }
}

fn reply(choices: &mut Choices) -> SubmitReply {
    SubmitReply {
        protocol: PROTOCOL,
        verdict: verdict(choices),
        expires_at: choices.optional(record::at),
        origin: record::span(choices),
        trace: choices.optional(trace),
    }
}

fn trace(choices: &mut Choices) -> ClaimRef {
    let (claim, attempt) = (choices.text(), choices.number() as u32);
    ClaimRef { claim, attempt, claimed_at: record::at(choices) }
}

fn verdict(choices: &mut Choices) -> SubmitResult {
    match choices.below(6) {
        0 => {
            let shown = choices.pick(&[Delivery::First, Delivery::Collapsed, Delivery::Replayed]);
            SubmitResult::Stored { shown, record: choices.text().into_bytes() }
        }
        1 => SubmitResult::Released { shared: choices.flag(), passed: passed(choices) },
        2 => SubmitResult::NotKept { passed: passed(choices) },
        3 => SubmitResult::Refused { refusal: refusal(choices) },
        4 => {
            let refused = DryRun::Refuse(refusal(choices));
            SubmitResult::Duplicate {
                would: choices.pick(&[DryRun::Join, DryRun::Replay, refused]),
            }
        }
        _ => SubmitResult::Unavailable { detail: choices.text() },
    }
}

fn passed(choices: &mut Choices) -> ResponseHead {
    let headers = (0..choices.below(3)).map(|_| (choices.text(), choices.text())).collect();
    ResponseHead { status: choices.number() as u16, headers }
}

fn refusal(choices: &mut Choices) -> Refusal {
    let (retry_after, reason) = (record::span(choices), record::reason(choices));
    choices.pick(&[
        Refusal::KeyReused,
        Refusal::CredentialChanged,
        Refusal::InProgress { retry_after },
        Refusal::ResponseNotKept,
        Refusal::OriginBusy,
        Refusal::OutcomeUnknown(reason),
    ])
}
