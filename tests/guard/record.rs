//! What deployed objects hold, byte for byte, and what a record tells.

mod broken;

use crate::fixtures::{AUTO, CLAIMED_AT, WINDOW, answer, claim, not_kept, unhex};
use onlyonce::guard::digest::hex;
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Method};
use onlyonce::guard::record::{Answer, Body, Claim, INLINE_LIMIT, Outcome, Reason, Record};
use onlyonce::guard::scope::{Credential, Source};
use onlyonce::guard::stored_form::{RecordError, VERSION};
use onlyonce::guard::time::{Millis, UnixMillis};

// Deployed objects and KV hold records of these shapes. A test that fails here means that a
// deployment would lose the keys that are alive: keep the old shape readable under its version,
// and write another shape under another version. The hex was written down from the format's
// description, apart from the encoder.

/// `once`, version 1.
const START: &str = "6f6e636500000001";

/// The claim `c1` of the fixtures.
const CLAIM: &str = concat!(
    "00000000000000026331", // id "c1"
    "00000001",             // attempt
    "00",                   // fingerprint: auto
    "0000000000000000",     // nothing ignored
    "00000000000000056f72646572",
    "0000000000000001", // one credential source
    "00000000000000146865616465723a617574686f72697a6174696f6e",
    "00000000000000056f776e6572",
    "000001a3185c5000", // claimed at
    "000001a3185e3848", // deadline at
    "000001a31d82ac00", // window ends at
    "00",               // no derived_ttl
    "00",               // no end of its call
    "00",               // no raw_key
);

/// An answer up to its body.
fn answer_head(status: u16) -> String {
    let rest = concat!(
        "0000000000000001", // one header
        "000000000000000c636f6e74656e742d74797065",
        "000000000000000a746578742f706c61696e",
        "000001a3185c53e8", // answered at
        "00000000000003e8", // took
    );
    format!("{:08x}{rest}", u32::from(status))
}

/// The stored form, in hex: both lengths, in bytes, stand before what they count.
fn stored(head: &[&str], body: &str) -> String {
    let head = head.concat();
    format!("{START}{:08x}{:08x}{head}{body}", head.len() / 2, body.len() / 2)
}

/// Encodes to exactly these bytes, and back.
#[track_caller]
fn pinned(record: &Record, head: &[&str], body: &str) {
    let expected = stored(head, body);
    assert_eq!(record.encode().map(|bytes| hex(&bytes)), Some(expected.clone()));
    assert_eq!(Record::decode(&unhex(&expected)).as_ref(), Ok(record));
}

fn done(answer: Answer) -> Record {
    Record::Done { claim: claim("c1"), answer }
}

fn unknown(reason: Reason, answer: Option<Answer>) -> Record {
    Record::Unknown { claim: claim("c1"), outcome: Outcome { reason, answer } }
}

fn in_flight(previous: Option<Outcome>) -> Record {
    Record::InFlight { claim: claim("c1"), previous }
}

#[test]
fn vacant_is_not_stored() {
    assert_eq!(Record::Vacant.encode(), None);
    assert_eq!(VERSION, 1);
}

#[test]
fn in_flight_is_pinned() {
    pinned(&in_flight(None), &["01", CLAIM, "00", "00"], "");
    let lost = Outcome { reason: Reason::ConnectionLost, answer: None };
    pinned(&in_flight(Some(lost)), &["01", CLAIM, "0100", "00"], "");
    let error = Outcome { reason: Reason::ServerError, answer: Some(answer(500, "oops")) };
    let head = ["01", CLAIM, "0103", "01", &answer_head(500), "00"];
    pinned(&in_flight(Some(error)), &head, "6f6f7073");
}

#[test]
fn done_is_pinned() {
    let head = ["02", CLAIM, "00", "01", &answer_head(201)].concat();
    pinned(&done(answer(201, "created")), &[&head, "00"], "63726561746564");
    pinned(&done(answer(201, "")), &[&head, "00"], "");
    let rows = Body::Rows { attempt: 2, rows: 9, length: 8_388_609 };
    let rows = Answer { body: rows, ..answer(201, "") };
    pinned(&done(rows), &[&head, "01", "00000002", "00000009", "0000000000800001"], "");
    pinned(&done(not_kept(201)), &[&head, "02"], "");
}

#[test]
fn unknown_is_pinned() {
    for (reason, code) in [
        (Reason::ConnectionLost, "00"),
        (Reason::Restarted, "01"),
        (Reason::DeadlinePassed, "02"),
        (Reason::ServerError, "03"),
    ] {
        pinned(&unknown(reason, None), &["03", CLAIM, "01", code, "00"], "");
    }
    let held = unknown(Reason::ServerError, Some(answer(500, "oops")));
    pinned(&held, &["03", CLAIM, "0103", "01", &answer_head(500), "00"], "6f6f7073");
}

#[test]
fn forgotten_is_pinned() {
    pinned(&Record::Forgotten { until: None }, &["04", "00"], "");
    pinned(&Record::Forgotten { until: Some(CLAIMED_AT) }, &["04", "01", "000001a3185c5000"], "");
}

/// A claim with every optional part in use.
fn full_claim() -> Claim {
    let ignore = vec![vec!["sent_at".to_owned()], vec!["a".to_owned(), "0".to_owned()]];
    let method = Method { ignore, ..AUTO };
    let sources = vec![
        Source::Header("x-api-key".into()),
        Source::Cookie("Sid".into()),
        Source::Query("t".into()),
        Source::Jwt("sub".into()),
    ];
    Claim {
        attempt: 7,
        fingerprint: Fingerprint { method, digest: "f".into() },
        credential: Credential { sources, digest: "d".into() },
        derived_ttl: Some(Millis::seconds(10)),
        call_ended_at: Some(CLAIMED_AT.plus(Millis::seconds(10))),
        raw_key: Some("\"k\"".into()),
        ..claim("c1")
    }
}

#[test]
fn a_full_claim_is_pinned() {
    let head = [
        "01",
        "00000000000000026331",
        "00000007",
        // auto, two pointers ignored: one of one token, one of two
        "00",
        "0000000000000002",
        "0000000000000001000000000000000773656e745f6174",
        "00000000000000020000000000000001610000000000000001",
        "30",
        "000000000000000166",
        // four sources
        "0000000000000004",
        "00000000000000106865616465723a782d6170692d6b6579",
        "000000000000000a636f6f6b69653a536964",
        "000000000000000771756572793a74",
        "00000000000000076a77743a737562",
        "000000000000000164",
        "000001a3185c5000000001a3185e3848000001a31d82ac00",
        // ten seconds of lingering, the end of its call, and a raw_key
        "010000000000002710",
        "01000001a3185c7710",
        "010000000000000003226b22",
        "0000",
    ];
    pinned(&Record::InFlight { claim: full_claim(), previous: None }, &head, "");
}

#[test]
fn fingerprint_algorithms_are_pinned() {
    for (algorithm, code) in
        [(Algorithm::Auto, "00"), (Algorithm::Bytes, "01"), (Algorithm::None, "02")]
    {
        let mut claim = claim("c1");
        claim.fingerprint.method.algorithm = algorithm;
        let head = ["01", &CLAIM[..28], code, &CLAIM[30..], "0000"];
        pinned(&Record::InFlight { claim, previous: None }, &head, "");
    }
}

/// Worker and object stream a large body behind the head.
#[test]
fn what_follows_the_head_is_the_body() {
    let rows = Body::Rows { attempt: 1, rows: 1, length: 3 };
    let record = done(Answer { body: rows, ..answer(200, "") });
    let bytes = [record.encode().expect("stored").as_slice(), b"abc"].concat();
    assert_eq!(Record::decode_head(&bytes), Ok(Some((record, 0, b"abc".as_slice()))));
    let record = done(answer(200, "abc"));
    let bytes = record.encode().expect("stored");
    let head = done(answer(200, ""));
    assert_eq!(Record::decode_head(&bytes), Ok(Some((head.clone(), 3, b"abc".as_slice()))));
    // While a small body is still coming in, its length says so.
    let begun = &bytes[..bytes.len() - 2];
    assert_eq!(Record::decode_head(begun), Ok(Some((head, 3, b"a".as_slice()))));
    assert_eq!(Record::decode(begun), Err(RecordError::Malformed));
}

/// One record from its first byte to its last, as it was computed apart from this program.
#[test]
fn a_whole_record_is_pinned() {
    let expected = concat!(
        "6f6e636500000001000000b60000000702000000000000000263310000000100000000000000000000000000",
        "000000056f72646572000000000000000100000000000000146865616465723a617574686f72697a6174696f",
        "6e00000000000000056f776e6572000001a3185c5000000001a3185e3848000001a31d82ac00000000000100",
        "0000c90000000000000001000000000000000c636f6e74656e742d74797065000000000000000a746578742f",
        "706c61696e000001a3185c53e800000000000003e80063726561746564",
    );
    let record = done(answer(201, "created"));
    assert_eq!(record.encode().map(|bytes| hex(&bytes)).as_deref(), Some(expected));
    assert_eq!(Record::decode(&unhex(expected)), Ok(record));
}

#[test]
fn the_largest_inline_body_fits_a_row() {
    let body = "x".repeat(INLINE_LIMIT);
    let record = done(answer(200, &body));
    let bytes = record.encode().expect("stored");
    // A row of object storage holds 2 MB at most (Durable Objects, "Limits").
    assert!(bytes.len() < 2_000_000);
    assert_eq!(Record::decode(&bytes), Ok(record));
}

#[track_caller]
fn wakes(record: &Record, at: Option<UnixMillis>) {
    assert_eq!(record.alarm_at(), at, "{record:?}");
}

/// One alarm for all of an ordinary key's life: in flight it asks for the same as when it is over.
#[test]
fn when_a_record_asks_to_be_looked_at() {
    let lost = Outcome { reason: Reason::ConnectionLost, answer: None };
    let end = claim("c1").window_ends_at;
    for record in [
        in_flight(None),
        in_flight(Some(lost)),
        done(answer(200, "")),
        unknown(Reason::Restarted, None),
    ] {
        wakes(&record, Some(end));
    }
    wakes(&Record::Vacant, None);
    // A forgotten key is free at its time; until its copy is deleted nothing is too soon.
    wakes(&Record::Forgotten { until: Some(CLAIMED_AT) }, Some(CLAIMED_AT));
    wakes(&Record::Forgotten { until: None }, Some(UnixMillis(0)));
    // A derived key's record is looked at when it is to be forgotten, not at its window's end.
    let second = |number| Some(CLAIMED_AT.plus(Millis::seconds(number)));
    wakes(&Record::Done { claim: full_claim(), answer: answer(200, "") }, second(20));
    let sent = Claim { call_ended_at: None, ..full_claim() };
    wakes(&Record::InFlight { claim: sent, previous: None }, second(125 + 10));
}

#[track_caller]
fn expires(derived_ttl: Option<Millis>, call_ended_at: Option<UnixMillis>, expected: UnixMillis) {
    let claim = Claim { derived_ttl, call_ended_at, ..claim("c1") };
    assert_eq!(claim.expires_at(), expected, "{derived_ttl:?} after {call_ended_at:?}");
}

#[test]
fn when_a_record_is_forgotten() {
    let (ten, window) = (Some(Millis::seconds(10)), CLAIMED_AT.plus(WINDOW));
    let second = |number| CLAIMED_AT.plus(Millis::seconds(number));
    expires(None, None, window);
    expires(None, Some(second(1)), window);
    // A call that nobody heard of again is over at its deadline.
    expires(ten, None, claim("c1").deadline_at.plus(Millis::seconds(10)));
    expires(ten, Some(second(1)), second(11));
    expires(ten, Some(second(500)), second(510));
    // Never later than the window's end, by however little.
    let last = window.minus(Millis::seconds(10));
    expires(ten, Some(last.minus(Millis(1))), window.minus(Millis(1)));
    expires(ten, Some(last), window);
    expires(ten, Some(last.plus(Millis(1))), window);
    expires(ten, Some(window), window);
    expires(Some(Millis(u64::MAX)), Some(UnixMillis(u64::MAX)), window);
}

#[test]
fn only_a_claim_that_lingers_notes_its_end() {
    let now = CLAIMED_AT.plus(Millis::seconds(5));
    assert_eq!(claim("c1").ended(now), claim("c1"));
    let derived = Claim { derived_ttl: Some(Millis::seconds(10)), ..claim("c1") };
    let ended = Claim { call_ended_at: Some(now), ..derived.clone() };
    assert_eq!(derived.ended(now), ended);
    let later = now.plus(Millis::seconds(60));
    assert_eq!(ended.clone().ended(later), Claim { call_ended_at: Some(later), ..ended });
}

#[test]
fn what_a_record_tells() {
    assert!(Record::Vacant.claim().is_none() && Record::Vacant.answer().is_none());
    let other = answer(200, "other");
    let held = unknown(Reason::ServerError, Some(answer(500, "oops")));
    let changed = unknown(Reason::ServerError, Some(other.clone()));
    assert_eq!(held.with_answer(other.clone()), changed);
    assert_eq!(done(answer(200, "")).with_answer(other.clone()), done(other.clone()));
    assert_eq!(Record::Vacant.with_answer(other), Record::Vacant);
}
