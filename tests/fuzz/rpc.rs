//! Bytes that are to be messages between Worker and object.
//!
//! 1. Whatever the bytes, reading them ends in a message or in an error.
//! 2. A message that was read is written as bytes that read as the same message. They are as long as
//!    those that it was read from, or shorter: postcard reads numbers with needless zeros.
//! 3. A message made of any values is read as it was written, and not when it is cut short.

use onlyonce::guard::digest::Pepper;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::ClaimRef;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::rpc::{
    Delivery, DryRun, KeySource, ResponseHead, SubmitReply, SubmitRequest, SubmitResult,
};
use onlyonce::guard::scope::{Namespace, OperationSecret, RecordId};
use onlyonce::guard::seal::SealKey;

use crate::choices::Choices;
use crate::engine::kind;
use crate::record;

pub const WORDS: &[&str] =
    &["\0\0\0\x05", "\0\0\0\x06", "\0", "\x01", "\x20", "\x10", "\n", "=", "POST", "é"];

pub fn check(input: &[u8]) -> u64 {
    kind(&(check_bytes(input), check_value(input)))
}

fn check_bytes(bytes: &[u8]) -> impl std::hash::Hash + use<> {
    let submit = SubmitRequest::decode(bytes);
    if let Ok(submit) = &submit {
        let written = submit.encode();
        assert!(written.len() <= bytes.len(), "{submit:?}");
        assert_eq!(SubmitRequest::decode(&written).as_ref(), Ok(submit));
    }
    let reply = SubmitReply::decode(bytes);
    if let Ok(reply) = &reply {
        let written = reply.encode();
        assert!(written.len() <= bytes.len(), "{reply:?}");
        assert_eq!(SubmitReply::decode(&written).as_ref(), Ok(reply));
    }
    (submit.is_ok(), reply.ok().map(|reply| std::mem::discriminant(&reply.result)))
}

fn check_value(input: &[u8]) -> impl std::hash::Hash {
    let mut choices = Choices(input);
    let (submit, reply) = (submit(&mut choices), reply(&mut choices));
    let bytes = submit.encode();
    assert_eq!(SubmitRequest::decode(&bytes).as_ref(), Ok(&submit));
    assert!(SubmitRequest::decode(&bytes[..bytes.len() - 1]).is_err(), "{submit:?}");
    let bytes = reply.encode();
    assert_eq!(SubmitReply::decode(&bytes).as_ref(), Ok(&reply));
    assert!(SubmitReply::decode(&bytes[..bytes.len() - 1]).is_err(), "{reply:?}");
    (submit.observe, submit.redelivered, std::mem::discriminant(&reply.result))
}

const SOURCES: [KeySource; 4] =
    [KeySource::Client, KeySource::Generated, KeySource::Derived, KeySource::Queue];

fn submit(choices: &mut Choices) -> SubmitRequest {
    let key = IdempotencyKey::parse(&format!("k{}", choices.byte())).expect("a key");
    let pepper = Pepper::default();
    let namespace = Namespace { pepper: &pepper, realm: "realm", scope: &[] };
    let record = RecordId::new(namespace, &key);
    SubmitRequest {
        record,
        method: choices.text(),
        url: choices.text(),
        fingerprint: record::fingerprint(choices),
        length: choices.number(),
        key: choices.pick(&SOURCES),
        key_header: choices.optional(Choices::text),
        observe: choices.flag(),
        redelivered: choices.flag(),
        known_only: choices.flag(),
        seal_key: choices
            .optional(|_| SealKey::new(&OperationSecret::new(namespace, &key), &record)),
    }
}

fn reply(choices: &mut Choices) -> SubmitReply {
    SubmitReply {
        result: result(choices),
        expires_at: choices.optional(record::at),
        origin_time: record::span(choices),
        claim: choices.optional(claim),
    }
}

fn claim(choices: &mut Choices) -> ClaimRef {
    let (claim, attempt) = (choices.text(), choices.number() as u32);
    ClaimRef { claim, attempt, claimed_at: record::at(choices) }
}

fn result(choices: &mut Choices) -> SubmitResult {
    match choices.below(8) {
        0 => {
            let delivery =
                choices.pick(&[Delivery::First, Delivery::Collapsed, Delivery::Replayed]);
            let record = choices.text().into_bytes();
            SubmitResult::Stored { delivery, record, reason: choices.optional(Choices::text) }
        }
        1 => SubmitResult::Released { shared: choices.flag(), head: head(choices) },
        2 => SubmitResult::NotKept { head: head(choices) },
        3 => SubmitResult::Streamed { head: head(choices) },
        4 => SubmitResult::Refused { refusal: refusal(choices) },
        5 => {
            let refused = DryRun::Refuse(refusal(choices));
            SubmitResult::Duplicate {
                would: choices.pick(&[DryRun::Join, DryRun::Replay, refused]),
            }
        }
        6 => SubmitResult::Unreadable { detail: choices.text() },
        _ => SubmitResult::Unavailable { detail: choices.text() },
    }
}

fn head(choices: &mut Choices) -> ResponseHead {
    ResponseHead { status: choices.number() as u16, reason: choices.optional(Choices::text) }
}

fn refusal(choices: &mut Choices) -> Refusal {
    let (retry_after, reason) = (record::span(choices), record::reason(choices));
    let status = choices.number() as u16;
    choices.pick(&[
        Refusal::KeyReused,
        Refusal::CredentialChanged,
        Refusal::InProgress { retry_after },
        Refusal::ResponseNotKept { status },
        Refusal::OriginBusy,
        Refusal::OutcomeUnknown(reason),
        Refusal::Moved,
        Refusal::KeyFenced,
        Refusal::TooManyKeys,
    ])
}
