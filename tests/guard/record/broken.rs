//! Bytes that are no record: cut short, changed, invented, or written by another version.

use super::{CLAIM, START, answer_head, done, full_claim, in_flight, stored, unknown};
use crate::fixtures::{answer, headers, not_kept, unhex};
use crate::random::Random;
use onlyonce::guard::record::{Answer, Body, Outcome, Reason, Record};
use onlyonce::guard::stored_form::RecordError;

/// One record of every shape.
fn every_shape() -> Vec<Record> {
    let error = Outcome { reason: Reason::ServerError, answer: Some(answer(500, "oops")) };
    let rows = Body::Rows { attempt: 1, rows: 2, length: 1_048_577 };
    let large =
        Answer { headers: headers([("a", ""), ("ü", "é")]), body: rows, ..answer(200, "") };
    vec![
        in_flight(None),
        in_flight(Some(error)),
        Record::InFlight { claim: full_claim(), previous: None },
        done(answer(201, "created")),
        done(large),
        done(not_kept(200)),
        unknown(Reason::DeadlinePassed, None),
        unknown(Reason::ServerError, Some(answer(500, "oops"))),
    ]
}

/// What is cut short does not decode, wherever the cut; a reader of the head alone asks for more
/// bytes until the head is there.
#[test]
fn every_truncation() {
    for record in every_shape() {
        let bytes = record.encode().expect("stored");
        let body = record.answer().map_or(0, |answer| answer.inline().len());
        for end in 0..bytes.len() {
            let cut = &bytes[..end];
            assert_eq!(Record::decode(cut), Err(RecordError::Malformed), "{record:?} at {end}");
            let head = Record::decode_head(cut).expect("nothing wrong so far");
            assert_eq!(head.is_some(), end >= bytes.len() - body, "{record:?} at {end}");
        }
    }
}

#[test]
fn every_addition() {
    for record in every_shape() {
        let bytes = record.encode().expect("stored");
        for more in [b"\0".as_slice(), b"x", b"once", &bytes] {
            let longer = [&bytes, more].concat();
            assert_eq!(Record::decode(&longer), Err(RecordError::Malformed), "{record:?}");
        }
    }
}

/// The length of a body in the record itself, after magic number, version and head length.
#[test]
fn a_body_is_as_long_as_its_length_says() {
    for record in every_shape() {
        let mut bytes = record.encode().expect("stored");
        let length = record.answer().map_or(0, |answer| answer.inline().len());
        assert_eq!(bytes[12..16], u32::try_from(length).expect("short").to_be_bytes());
        for other in [length + 1, length.wrapping_sub(1), usize::MAX] {
            bytes[12..16].copy_from_slice(&(other as u32).to_be_bytes());
            assert_eq!(Record::decode(&bytes), Err(RecordError::Malformed), "{record:?}");
        }
    }
}

/// What tells a lower-case letter from its capital.
const CASE: u8 = b'a' ^ b'A';

#[test]
fn every_other_byte_in_every_place() {
    for record in every_shape() {
        let bytes = record.encode().expect("stored");
        for at in 0..bytes.len() {
            for flip in 1..=u8::MAX {
                let mut other = bytes.clone();
                other[at] ^= flip;
                // It is refused or it is another record, and nothing panics. A letter of a
                // header's name may change its case: that is the same header.
                let is_same = Record::decode(&other).as_ref() == Ok(&record);
                assert!(!is_same || flip == CASE, "{at} ^ {flip}");
            }
        }
    }
}

#[test]
fn random_bytes_are_no_record() {
    let mut random = Random::seeded(1);
    let start = unhex(START);
    for _ in 0..20_000 {
        let noise: Vec<u8> = (0..random.below(200)).map(|_| random.below(256) as u8).collect();
        let head = u32::try_from(noise.len()).expect("short").to_be_bytes();
        let bytes = [start.as_slice(), &head, &[0; 4], &noise].concat();
        assert_eq!(Record::decode(&bytes), Err(RecordError::Malformed));
        if !noise.starts_with(b"once") {
            assert!(Record::decode(&noise).is_err());
        }
    }
}

/// A length that promises more than there is must not be believed, let alone reserved.
#[test]
fn lengths_that_lie() {
    malformed(&["01", &CLAIM.replacen("0000000000000002", "ffffffffffffffff", 1), "0000"]);
    for rest in ["ffffffff0000000001", "00000000ffffffff01", "ffffffffffffffff", "0000000000000000"]
    {
        let bytes = unhex(&format!("{START}{rest}"));
        assert_eq!(Record::decode(&bytes), Err(RecordError::Malformed), "{rest}");
    }
}

#[track_caller]
fn malformed(head: &[&str]) {
    let digits = stored(head, "");
    assert_eq!(Record::decode(&unhex(&digits)), Err(RecordError::Malformed), "{digits}");
}

#[test]
fn parts_must_fit_the_state() {
    let given = ["01", &answer_head(500), "00"].concat();
    malformed(&["00", CLAIM, "00", "00"]);
    malformed(&["04", CLAIM, "00", "00"]);
    malformed(&["01", CLAIM, "00", &given]); // in flight with an answer of no attempt
    malformed(&["02", CLAIM, "00", "00"]); // done without an answer
    malformed(&["02", CLAIM, "0103", &given]); // done for a reason
    malformed(&["03", CLAIM, "00", "00"]); // unknown for no reason
    malformed(&["03", CLAIM, "00", &given]);
    malformed(&["03", CLAIM, "0104", "00"]); // a reason of a later version
    malformed(&["01", CLAIM, "02", "00"]); // neither there nor absent
    malformed(&["01", CLAIM, "00", "00", "00"]); // something follows
    malformed(&["01", CLAIM, "00"]); // something is missing
    malformed(&["02", CLAIM, "00", "01", &answer_head(201), "03"]); // a kind of body to come
    let status = answer_head(201).replacen("000000c9", "00010000", 1);
    malformed(&["02", CLAIM, "00", "01", &status, "00"]);
}

#[test]
fn another_version_is_refused_not_guessed_at() {
    let mut bytes = in_flight(None).encode().expect("stored");
    for version in [0_u32, 2, u32::MAX] {
        bytes[4..8].copy_from_slice(&version.to_be_bytes());
        assert_eq!(Record::decode(&bytes), Err(RecordError::Version(version)));
        assert_eq!(Record::decode_head(&bytes), Err(RecordError::Version(version)));
    }
    bytes[0] = b'O';
    assert_eq!(Record::decode(&bytes), Err(RecordError::Malformed));
}

#[test]
fn what_an_unusable_record_says() {
    assert_eq!(
        RecordError::Version(2).sentence(),
        "the record has version 2 and this guard reads version 1, as happens while a deployment or a roll-back is under way"
    );
    assert_eq!(RecordError::Malformed.sentence(), "the record does not decode");
}
