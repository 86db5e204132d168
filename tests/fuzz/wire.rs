//! Headers that are to be messages between Worker and object; a client may send any.
//!
//! 1. Whatever the header, reading it ends in a message or in nothing. The input is tried as the
//!    header's text and as the bytes that the text stands for.
//! 2. A message that was read is written so that it is read again: base64 has several spellings of
//!    some bytes.
//! 3. A message made of any values is read as it was written, and not when it is cut short.

use onlyonce::guard::base64::encode;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::log::Trace;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::wire::{KeySource, PROTOCOL, Reply, Shown, Submit, Verdict, Would};

use crate::choices::Choices;
use crate::engine::kind;
use crate::record;

pub const WORDS: &[&str] = &[
    "\0\0\0\x02",
    "\0\0\0\x03",
    "\0",
    "\x01",
    "\0\0\0\0\0\0\0\x40",
    "\0\0\0\0\0\0\0\0",
    "\n",
    "AAAAAw",
    "A",
    "é",
    ",",
    " ",
];

pub fn check(input: &[u8]) -> u64 {
    let text = check_header(&String::from_utf8_lossy(input));
    let bytes = check_header(&encode(input));
    kind(&(text, bytes, check_value(input)))
}

fn check_header(header: &str) -> impl std::hash::Hash + use<> {
    let submit = Submit::from_header(Some(header));
    if let Some(submit) = &submit {
        assert_eq!(Submit::from_header(Some(&submit.to_header())).as_ref(), Some(submit));
    }
    let reply = Reply::from_header(Some(header));
    if let Some(reply) = &reply {
        assert_eq!(Reply::from_header(Some(&reply.to_header())).as_ref(), Some(reply));
    }
    (submit.is_some(), reply.map(|reply| std::mem::discriminant(&reply.verdict)))
}

fn check_value(input: &[u8]) -> impl std::hash::Hash {
    let mut choices = Choices(input);
    let (submit, reply) = (submit(&mut choices), reply(&mut choices));
    let line = submit.to_header();
    assert_eq!(Submit::from_header(Some(&line)).as_ref(), Some(&submit));
    assert_eq!(Submit::from_header(line.get(..line.len() - 1)), None, "{submit:?}");
    let line = reply.to_header();
    assert_eq!(Reply::from_header(Some(&line)).as_ref(), Some(&reply));
    assert_eq!(Reply::from_header(line.get(..line.len() - 1)), None, "{reply:?}");
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
        body: choices.optional(|choices| choices.text().into_bytes()),
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
        record: choices.optional(|choices| choices.text().into_bytes()),
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
