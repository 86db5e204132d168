//! Bytes that are no record: cut short, changed, invented, or written by another version.

use super::{
    CLAIM, CREATED, ORIGIN, SERVER_ERROR, START, answer_head, done, full_claim, in_flight, stored,
    unknown,
};
use crate::fixtures::{CLAIMED_AT, SINCE, answer, headers, not_kept, unhex};
use crate::random::Random;
use onlyonce::guard::record::{Answer, Body, Outcome, Reason, Record};
use onlyonce::guard::stored_form::RecordError;

/// One record of every shape.
fn every_shape() -> Vec<Record> {
    let error = Outcome::new(Reason::ServerError, Some(answer(500, "oops")), SINCE);
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
        Record::Forgotten { until: Some(CLAIMED_AT) },
        Record::Moved { until: CLAIMED_AT },
        Record::Fenced { until: CLAIMED_AT },
    ]
}

/// What is cut short does not decode, wherever the cut.
#[test]
fn every_truncation() {
    for record in every_shape() {
        let bytes = record.encode().expect("stored");
        for end in 0..bytes.len() {
            let cut = Record::decode(&bytes[..end]);
            assert_eq!(cut, Err(RecordError::Truncated), "{record:?} at {end}");
        }
    }
}

#[test]
fn every_addition() {
    for record in every_shape() {
        let bytes = record.encode().expect("stored");
        for more in [b"\0".as_slice(), b"x", b"once", &bytes] {
            let longer = Record::decode(&[&bytes, more].concat());
            assert_eq!(longer, Err(RecordError::Trailing(more.len())), "{record:?}");
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
            assert!(Record::decode(&bytes).is_err(), "{record:?}");
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
        assert!(Record::decode(&bytes).is_err());
        if !noise.starts_with(b"once") {
            assert!(Record::decode(&noise).is_err());
        }
    }
}

/// A length that promises more than there is must not be believed, let alone reserved.
#[test]
fn lengths_that_lie() {
    let most = "ffffffff0f";
    for (at, lie) in [
        (0, most.to_owned()),                   // the id's bytes
        (38, most.to_owned()),                  // pointers to ignore
        (38, format!("01{most}")),              // tokens of a pointer
        (38, format!("0101{most}")),            // letters of a token
        (38, "ffffffffffffffff01".into()),      // more than the platform can count
        (40, most.to_owned()),                  // fields to ignore
        (44, most.to_owned()),                  // headers that count
        (46, most.to_owned()),                  // the digest's bytes
        (CLAIM.len() - 2, format!("01{most}")), // letters of a raw key
    ] {
        malformed(&["01", &CLAIM[..at], &lie, &CLAIM[at + 2..], "00"]);
    }
    for rest in ["ffffffff0000000001", "00000001ffffffff04"] {
        let bytes = unhex(&format!("{START}{rest}"));
        assert_eq!(Record::decode(&bytes), Err(RecordError::Truncated), "{rest}");
    }
}

#[track_caller]
fn malformed(head: &[&str]) {
    let digits = stored(head, "");
    let read = Record::decode(&unhex(&digits));
    assert!(matches!(read, Err(RecordError::Malformed(_))), "{digits} is {read:?}");
}

#[test]
fn parts_must_fit_the_state() {
    let error = answer_head(SERVER_ERROR);
    malformed(&[]); // no state
    malformed(&["07", CLAIM, "00"]); // a state of a later version
    malformed(&["01", CLAIM]); // something is missing
    malformed(&["01", CLAIM, "02"]); // neither there nor absent
    malformed(&["01", CLAIM, "01", "04", "00"]); // a reason of a later version
    malformed(&["01", CLAIM, "01", "03", "01"]); // no answer where one is told of
    malformed(&["02", CLAIM]); // done without an answer
    malformed(&["02", CLAIM, &error]); // no body
    malformed(&["02", CLAIM, &error, "03"]); // a kind of body to come
    malformed(&["02", CLAIM, &error, "00"]); // nobody's answer
    malformed(&["02", CLAIM, &error, "00", "03"]); // somebody's of a later version
    malformed(&["02", CLAIM, &answer_head("808004"), "00"]); // status 65536
    malformed(&["03", CLAIM, "04", "00"]);
    malformed(&["04"]);
    malformed(&["05"]);
    // An id of another length, and a source that is none.
    malformed(&["01", "0f", &CLAIM[2..], "00"]);
    malformed(&["01", &CLAIM.replacen("6865616465723a", "6865616465722e", 1), "00"]);
}

/// Nothing may follow a head that has been read, nor a body an answer that has none.
#[test]
fn what_belongs_to_nothing() {
    let longer = unhex(&stored(&["01", CLAIM, "00", "00"], ""));
    assert_eq!(Record::decode(&longer), Err(RecordError::Trailing(1)));
    let created = answer_head(CREATED);
    let not_kept = vec!["02", CLAIM, &created, "02", ORIGIN];
    for head in [vec!["01", CLAIM, "00"], not_kept, vec!["04", "00"]] {
        let bytes = unhex(&stored(&head, "61"));
        assert_eq!(Record::decode(&bytes), Err(RecordError::StrayBody), "{head:?}");
    }
}

#[test]
fn another_version_is_refused_not_guessed_at() {
    let mut bytes = in_flight(None).encode().expect("stored");
    for version in [0_u32, 1, 2, 3, 4, 5, 6, 8, u32::MAX] {
        bytes[4..8].copy_from_slice(&version.to_be_bytes());
        assert_eq!(Record::decode(&bytes), Err(RecordError::Version(version)));
    }
    bytes[0] = b'O';
    assert_eq!(Record::decode(&bytes), Err(RecordError::NoRecord));
}

#[track_caller]
fn says(error: RecordError, sentence: &str) {
    assert_eq!(error.to_string(), sentence);
}

#[test]
fn what_an_unusable_record_says() {
    says(
        RecordError::Version(1),
        "the record has version 1 and this guard reads version 7, as happens while a deployment or a roll-back is under way",
    );
    says(RecordError::NoRecord, "the record does not decode: it does not begin as a record does");
    says(RecordError::Truncated, "the record does not decode: it breaks off");
    says(
        postcard::Error::DeserializeBadUtf8.into(),
        "the record does not decode: its head is malformed (Tried to parse invalid utf-8)",
    );
    says(RecordError::Trailing(7), "the record does not decode: 7 more bytes follow its end");
    says(
        RecordError::StrayBody,
        "the record does not decode: it holds a body that belongs to no answer",
    );
    says(RecordError::Vacant, "a vacant key has no stored form");
    says(
        RecordError::TooLong(5_000_000_000),
        "the record's body has 5000000000 bytes, which is more than a stored form counts",
    );
}
