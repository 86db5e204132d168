//! Bytes that are to be records.
//!
//! 1. Whatever the bytes, reading them ends in a record or in an error.
//! 2. A record that was read is written as bytes that read as the same record. They are as long as
//!    those that it was read from, or shorter: postcard reads numbers with needless zeros.
//! 3. A record made of any values is read as it was written, and not when it is cut short.
//! 4. Whatever follows a record is handed back, and refused where a record alone is asked for.

use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Headers, Ignore, Method};
use onlyonce::guard::hex::Hex;
use onlyonce::guard::record::{
    Answer, AnswerSource, Body, Claim, ClaimId, LeftOut, Outcome, ProbeAnswer, Reason, Record,
};
use onlyonce::guard::scope::Credential;
use onlyonce::guard::source::Source;
use onlyonce::guard::stored_form::RecordError;
use onlyonce::guard::time::{Millis, UnixMillis};

use crate::choices::Choices;
use crate::engine::kind;

pub fn check(input: &[u8]) -> u64 {
    let read = Record::decode(input);
    let prefix = Record::decode_prefix(input);
    let Ok(record) = &read else {
        let error = std::mem::discriminant(read.as_ref().expect_err("no record"));
        return kind(&(prefix.is_err(), error, input.len() / 16));
    };
    let written = record.encode().expect("what was stored is not vacant");
    assert!(written.len() <= input.len(), "{record:?} is written as {written:02x?}");
    assert_eq!(Record::decode(&written).as_ref(), Ok(record));
    assert_eq!(prefix, Ok((record.clone(), &[][..])));
    let followed = [input, b"!"].concat();
    assert_eq!(Record::decode_prefix(&followed), Ok((record.clone(), &b"!"[..])));
    assert_eq!(Record::decode(&followed), Err(RecordError::Trailing(1)));
    kind(&shape(record))
}

/// From choices: every value of every field.
pub fn check_value(input: &[u8]) -> u64 {
    let record = record(&mut Choices(input));
    let Ok(written) = record.encode() else {
        assert_eq!(record, Record::Vacant);
        return 0;
    };
    assert_eq!(Record::decode(&written).as_ref(), Ok(&record));
    for cut in [written.len() / 2, written.len() - 1] {
        assert!(Record::decode(&written[..cut]).is_err(), "{record:?} cut to {cut} bytes");
    }
    kind(&shape(&record))
}

fn shape(record: &Record) -> impl std::hash::Hash {
    let claim = record.claim().map(|claim| {
        let optional =
            (claim.derived_ttl.is_some(), claim.answered_at.is_some(), claim.raw_key.is_some());
        let Method { algorithm, ignore, headers } = &claim.fingerprint.method;
        (
            optional,
            format!("{algorithm:?}"),
            ignore.pointers.len().min(3),
            headers.known,
            claim.credential.sources.len().min(3),
        )
    });
    let answer = record.answer().map(|answer| {
        (std::mem::discriminant(&answer.body), answer.headers.len().min(3), answer.status / 100)
    });
    (std::mem::discriminant(record), claim, answer)
}

pub fn record(choices: &mut Choices) -> Record {
    match choices.below(7) {
        0 => Record::InFlight { claim: claim(choices), previous: choices.optional(outcome) },
        1 => Record::Done { claim: claim(choices), answer: answer(choices) },
        2 => Record::Unknown { claim: claim(choices), outcome: outcome(choices) },
        3 => Record::Forgotten { until: choices.optional(at) },
        4 => Record::Moved { until: at(choices) },
        5 => Record::Fenced { until: at(choices) },
        _ => Record::Vacant,
    }
}

fn claim(choices: &mut Choices) -> Claim {
    Claim {
        id: ClaimId(hex(choices)),
        attempt: choices.number() as u32,
        fingerprint: fingerprint(choices),
        credential: credential(choices),
        claimed_at: at(choices),
        deadline_at: at(choices),
        window_ends_at: at(choices),
        derived_ttl: choices.optional(span),
        answered_at: choices.optional(at),
        raw_key: choices.optional(Choices::text),
        settles: choices.flag(),
        asked_as: choices.list(3, |choices| (choices.text(), choices.text())),
        method: choices.text(),
        route: choices.text(),
    }
}

pub fn fingerprint(choices: &mut Choices) -> Fingerprint {
    let algorithm = choices.pick(&[Algorithm::Auto, Algorithm::Bytes, Algorithm::None]);
    let pointers = choices.list(3, |choices| choices.list(3, Choices::text));
    let ignore = Ignore {
        pointers,
        fields: choices.list(3, Choices::text),
        query: choices.list(1, Choices::text),
    };
    let headers = Headers { known: choices.flag(), named: choices.list(3, Choices::text) };
    Fingerprint { method: Method { algorithm, ignore, headers }, digest: hex(choices) }
}

fn credential(choices: &mut Choices) -> Credential {
    let sources = choices.list(3, source);
    Credential { sources, digest: hex(choices) }
}

fn hex<const N: usize>(choices: &mut Choices) -> Hex<N> {
    let byte = choices.byte();
    Hex(std::array::from_fn(|at| if at == 0 { choices.byte() } else { byte }))
}

fn source(choices: &mut Choices) -> Source {
    let kind = choices.below(7);
    let name = match choices.text() {
        empty if empty.is_empty() => "a".to_owned(),
        name => name,
    };
    match kind {
        0 => Source::Header(name.to_ascii_lowercase()),
        1 => Source::Cookie(name),
        2 => Source::Query(name),
        3 => Source::Jwt(name),
        4 => Source::Signer(name),
        5 => Source::Path,
        _ => Source::Cookies,
    }
}

fn outcome(choices: &mut Choices) -> Outcome {
    let (reason, answer) = (reason(choices), choices.optional(answer));
    let mut outcome = Outcome::new(reason, answer, UnixMillis(choices.number()));
    for _ in 0..choices.below(3) {
        let status = choices.optional(|choices| choices.number() as u16);
        let said = choices.pick(&[ProbeAnswer::Absent, ProbeAnswer::NoWord(status)]);
        outcome.probes.add(UnixMillis(choices.number()), said);
    }
    outcome
}

pub fn reason(choices: &mut Choices) -> Reason {
    let status = choices.number() as u16;
    choices.pick(&[
        Reason::ConnectionLost,
        Reason::Restarted,
        Reason::DeadlinePassed,
        Reason::ServerError,
        Reason::NoSuchStatus(status),
    ])
}

fn left_out(choices: &mut Choices) -> LeftOut {
    match choices.below(3) {
        0 => LeftOut::Nothing,
        1 => LeftOut::Body,
        _ => LeftOut::Members(choices.list(3, Choices::text)),
    }
}

fn answer(choices: &mut Choices) -> Answer {
    Answer {
        status: choices.number() as u16,
        headers: choices.list(4, |choices| (choices.text(), choices.text())),
        answered_at: at(choices),
        origin_time: span(choices),
        body: body(choices),
        source: choices.pick(&[
            AnswerSource::Origin,
            AnswerSource::Operator,
            AnswerSource::Settled,
        ]),
        left_out: left_out(choices),
        sealed: choices.flag(),
    }
}

fn body(choices: &mut Choices) -> Body {
    match choices.below(3) {
        0 => Body::Inline { bytes: choices.bytes().to_vec() },
        1 => {
            let (attempt, rows) = (choices.number() as u32, choices.number() as u32);
            Body::Rows { attempt, rows, length: choices.number() }
        }
        _ => Body::NotKept,
    }
}

pub fn at(choices: &mut Choices) -> UnixMillis {
    UnixMillis(choices.number())
}

pub fn span(choices: &mut Choices) -> Millis {
    Millis(choices.number())
}
