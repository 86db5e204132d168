//! Headers that are to be messages between Worker and object; a client may send any.
//!
//! 1. Whatever the header, reading it ends in a message or in nothing.
//! 2. A message that was read is written as the same header, but for the case of hex digits.
//! 3. A message made of any values is read as it was written, and not when it is cut short.

use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::Trace;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::wire::{KeySource, PROTOCOL, Reply, Shown, Submit, Verdict, Would};

use crate::choices::Choices;
use crate::engine::kind;
use crate::record;

pub const WORDS: &[&str] = &[
    "00000001",
    "00000002",
    "00",
    "01",
    "02",
    "ff",
    "ffffffffffffffff",
    "0000000000000040",
    "0000000000000000",
    "0a",
    "é",
    ",",
    " ",
];

pub fn check(input: &[u8]) -> u64 {
    let header = String::from_utf8_lossy(input);
    let submit = Submit::from_header(Some(&header));
    let reply = Reply::from_header(Some(&header));
    for written in [submit.as_ref().map(Submit::to_header), reply.as_ref().map(Reply::to_header)] {
        assert!(written.is_none_or(|written| written.eq_ignore_ascii_case(&header)), "{header}");
    }
    let made = check_value(input);
    kind(&(submit.is_some(), reply.map(|reply| std::mem::discriminant(&reply.verdict)), made))
}

fn check_value(input: &[u8]) -> impl std::hash::Hash {
    let mut choices = Choices(input);
    let (submit, reply) = (submit(&mut choices), reply(&mut choices));
    let line = submit.to_header();
    assert_eq!(Submit::from_header(Some(&line)).as_ref(), Some(&submit));
    assert_eq!(Submit::from_header(line.get(..line.len() - 2)), None, "{submit:?}");
    let line = reply.to_header();
    assert_eq!(Reply::from_header(Some(&line)).as_ref(), Some(&reply));
    assert_eq!(Reply::from_header(line.get(..line.len() - 2)), None, "{reply:?}");
    (submit.observe, submit.redelivered, std::mem::discriminant(&reply.verdict))
}

const SOURCES: [KeySource; 4] =
    [KeySource::Client, KeySource::Generated, KeySource::Derived, KeySource::Queue];

fn submit(choices: &mut Choices) -> Submit {
    let key = IdempotencyKey::parse(&format!("k{}", choices.byte())).expect("a key");
    Submit {
        protocol: PROTOCOL,
        record: RecordId::new("realm", &[], &key),
        fingerprint: record::fingerprint(choices),
        length: choices.number(),
        key: choices.pick(&SOURCES),
        observe: choices.flag(),
        redelivered: choices.flag(),
    }
}

fn reply(choices: &mut Choices) -> Reply {
    Reply {
        protocol: PROTOCOL,
        verdict: verdict(choices),
        expires_at: choices.optional(record::at),
        origin: record::span(choices),
        trace: choices.optional(trace),
    }
}

fn trace(choices: &mut Choices) -> Trace {
    let (claim, attempt) = (choices.text(), choices.number() as u32);
    Trace { claim, attempt, claimed_at: record::at(choices) }
}

fn verdict(choices: &mut Choices) -> Verdict {
    match choices.below(6) {
        0 => {
            let shown = choices.pick(&[Shown::First, Shown::Joined, Shown::Replayed]);
            Verdict::Stored { shown, whole: choices.flag() }
        }
        1 => Verdict::Released { shared: choices.flag() },
        2 => Verdict::NotKept,
        3 => Verdict::Refused { refusal: refusal(choices) },
        4 => {
            let refused = Would::Refuse(refusal(choices));
            Verdict::Duplicate { would: choices.pick(&[Would::Join, Would::Replay, refused]) }
        }
        _ => Verdict::Unavailable { detail: choices.text() },
    }
}

fn refusal(choices: &mut Choices) -> Refusal {
    let (retry_after, reason) = (record::span(choices), record::reason(choices));
    choices.pick(&[
        Refusal::KeyReused,
        Refusal::CredentialChanged,
        Refusal::InProgress { retry_after },
        Refusal::ResponseNotKept,
        Refusal::OutcomeUnknown(reason),
    ])
}
