//! What deployed objects hold, byte for byte, and what a record tells.

mod broken;

use crate::fixtures::{AUTO, CLAIMED_AT, SINCE, WINDOW, answer, claim, digest_of, not_kept, unhex};
use onlyonce::guard::digest::hex;
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Headers, Ignore, Method};
use onlyonce::guard::record::{
    Answer, AnswerSource, Body, Claim, INLINE_LIMIT, LeftOut, Outcome, ProbeAnswer, Reason, Record,
};
use onlyonce::guard::scope::Credential;
use onlyonce::guard::source::Source;
use onlyonce::guard::stored_form::{RecordError, VERSION};
use onlyonce::guard::time::{Millis, UnixMillis};

// Deployed objects and KV hold records of these shapes. A test that fails here means that a
// deployment would lose the keys that are alive: keep the old shape readable under its version,
// and write another shape under another version. The hex was written down from the format's
// description, apart from the encoder.

/// `once`, version 7.
const START: &str = "6f6e636500000007";

/// The claim `c1` of the fixtures. Numbers have seven bits a byte, the least significant first, and
/// a byte that another follows has its highest bit set; texts, lists and ids have their count in
/// front of them.
const CLAIM: &str = concat!(
    "1063310000000000000000000000000000", // id
    "01",                                 // attempt
    "00",                                 // fingerprint: auto
    "000000",                             // no pointer, no field and nothing of the query ignored
    "0100",                               // the usual headers, and no others
    "206f726465720000000000000000000000",
    "00000000000000000000000000000000", // digest "order"
    "01",                               // one credential source
    "146865616465723a617574686f72697a6174696f6e",
    "206f776e65720000000000000000000000",
    "00000000000000000000000000000000", // digest "owner"
    "80a0f1c2b134",                     // claimed at
    "c8f0f8c2b134",                     // deadline at
    "80d88aecb134",                     // window ends at
    "00",                               // no derived_ttl
    "00",                               // no answered_at
    "00",                               // no raw_key
    "00",                               // the origin is not asked about it
    "00",                               // nor told whose it is
    "04504f5354",                       // method
    "072f6f7264657273",                 // the route's pattern
);

/// An answer up to its body.
fn answer_head(status: &str) -> String {
    let rest = concat!(
        "01", // one header
        "0c636f6e74656e742d74797065",
        "0a746578742f706c61696e",
        "e8a7f1c2b134", // answered at
        "e807",         // the origin took a second
    );
    format!("{status}{rest}")
}

/// Who gave an answer, behind its body; that nothing was left out of it, and that it is not sealed.
const ORIGIN: &str = "000000";
const OPERATOR: &str = "010000";
const SETTLED: &str = "020000";

/// Behind an outcome: since when, how often the origin was asked, and what it said last.
const NEVER_ASKED: &str = "a8e6f1c2b1340000";

/// Statuses 201 and 500.
const CREATED: &str = "c901";
const SERVER_ERROR: &str = "f403";

/// The stored form, in hex: both lengths, in bytes, stand before what they count.
fn stored(head: &[&str], body: &str) -> String {
    let head = head.concat();
    format!("{START}{:08x}{:08x}{head}{body}", head.len() / 2, body.len() / 2)
}

/// Encodes to exactly these bytes, and back.
#[track_caller]
fn pinned(record: &Record, head: &[&str], body: &str) {
    let expected = stored(head, body);
    assert_eq!(record.encode().map(|bytes| hex(&bytes)), Ok(expected.clone()));
    assert_eq!(Record::decode(&unhex(&expected)).as_ref(), Ok(record));
}

fn done(answer: Answer) -> Record {
    Record::Done { claim: claim("c1"), answer }
}

fn unknown(reason: Reason, answer: Option<Answer>) -> Record {
    Record::Unknown { claim: claim("c1"), outcome: Outcome::new(reason, answer, SINCE) }
}

fn in_flight(previous: Option<Outcome>) -> Record {
    Record::InFlight { claim: claim("c1"), previous }
}

#[test]
fn vacant_is_not_stored() {
    assert_eq!(Record::Vacant.encode(), Err(RecordError::Vacant));
    assert_eq!(Record::decode(&unhex(&stored(&["00"], ""))), Err(RecordError::Vacant));
    assert_eq!(VERSION, 7);
}

#[test]
fn in_flight_is_pinned() {
    pinned(&in_flight(None), &["01", CLAIM, "00"], "");
    let lost = Outcome::new(Reason::ConnectionLost, None, SINCE);
    pinned(&in_flight(Some(lost)), &["01", CLAIM, "0100", "00", NEVER_ASKED], "");
    let error = Outcome::new(Reason::ServerError, Some(answer(500, "oops")), SINCE);
    let error_head = answer_head(SERVER_ERROR);
    let head = ["01", CLAIM, "0103", "01", &error_head, "00", ORIGIN, NEVER_ASKED];
    pinned(&in_flight(Some(error)), &head, "6f6f7073");
}

#[test]
fn done_is_pinned() {
    let head = ["02", CLAIM, &answer_head(CREATED)].concat();
    pinned(&done(answer(201, "created")), &[&head, "00", ORIGIN], "63726561746564");
    pinned(&done(answer(201, "")), &[&head, "00", ORIGIN], "");
    let rows = Body::Rows { attempt: 2, rows: 9, length: 8_388_609 };
    let rows = Answer { body: rows, ..answer(201, "") };
    pinned(&done(rows), &[&head, "01", "02", "09", "81808004", ORIGIN], "");
    pinned(&done(not_kept(201)), &[&head, "02", ORIGIN], "");
    let resolved = Answer { source: AnswerSource::Operator, ..answer(201, "") };
    pinned(&done(resolved), &[&head, "00", OPERATOR], "");
    let settled = Answer { source: AnswerSource::Settled, ..answer(201, "") };
    pinned(&done(settled), &[&head, "00", SETTLED], "");
    let head_alone = Answer { left_out: LeftOut::Body, ..answer(201, "") };
    pinned(&done(head_alone), &[&head, "00", "00", "01", "00"], "");
    let members = LeftOut::Members(vec!["/a".into(), "/b".into()]);
    let redacted = Answer { left_out: members, ..answer(201, "{}") };
    pinned(&done(redacted), &[&head, "00", "00", "0202", "022f61", "022f62", "00"], "7b7d");
    let sealed = Answer { sealed: true, ..answer(201, "x") };
    pinned(&done(sealed), &[&head, "00", "00", "00", "01"], "78");
}

#[test]
fn unknown_is_pinned() {
    for (reason, code) in [
        (Reason::ConnectionLost, "00"),
        (Reason::Restarted, "01"),
        (Reason::DeadlinePassed, "02"),
        (Reason::ServerError, "03"),
        (Reason::NoSuchStatus(999), "04e707"),
    ] {
        pinned(&unknown(reason, None), &["03", CLAIM, code, "00", NEVER_ASKED], "");
    }
    let held = unknown(Reason::ServerError, Some(answer(500, "oops")));
    let error = answer_head(SERVER_ERROR);
    let head = ["03", CLAIM, "03", "01", &error, "00", ORIGIN, NEVER_ASKED];
    pinned(&held, &head, "6f6f7073");
    for (said, code) in [
        (ProbeAnswer::Absent, "00"),
        (ProbeAnswer::NoWord(None), "0100"),
        (ProbeAnswer::NoWord(Some(500)), "0101f403"),
    ] {
        let mut lost = Outcome::new(Reason::ConnectionLost, None, SINCE);
        lost.probes.add(CLAIMED_AT, said);
        let asked = ["03", CLAIM, "00", "00", "a8e6f1c2b134", "01", "01", "80a0f1c2b134", code];
        pinned(&Record::Unknown { claim: claim("c1"), outcome: lost }, &asked, "");
    }
}

#[test]
fn forgotten_is_pinned() {
    pinned(&Record::Forgotten { until: None }, &["04", "00"], "");
    pinned(&Record::Forgotten { until: Some(CLAIMED_AT) }, &["04", "01", "80a0f1c2b134"], "");
}

#[test]
fn moved_is_pinned() {
    pinned(&Record::Moved { until: CLAIMED_AT }, &["05", "80a0f1c2b134"], "");
}

#[test]
fn fenced_is_pinned() {
    pinned(&Record::Fenced { until: CLAIMED_AT }, &["06", "80a0f1c2b134"], "");
}

/// A claim with every optional part in use.
fn full_claim() -> Claim {
    let pointers = vec![vec!["sent_at".to_owned()], vec!["a".to_owned(), "0".to_owned()]];
    let ignore = Ignore { pointers, fields: vec!["sent_at".into()], query: vec!["key".into()] };
    let headers = Headers { known: false, named: vec!["x-shop".into()] };
    let method = Method { ignore, headers, ..AUTO };
    let sources = vec![
        Source::Header("x-api-key".into()),
        Source::Cookie("Sid".into()),
        Source::Query("t".into()),
        Source::Jwt("sub".into()),
        Source::Cookies,
    ];
    Claim {
        attempt: 7,
        fingerprint: Fingerprint { method, digest: digest_of("f") },
        credential: Credential { sources, digest: digest_of("d") },
        derived_ttl: Some(Millis::seconds(10)),
        answered_at: Some(CLAIMED_AT.plus(Millis::seconds(10))),
        raw_key: Some("\"k\"".into()),
        settles: true,
        asked_as: vec![("x-tenant".into(), "t1".into())],
        ..claim("c1")
    }
}

#[test]
fn a_full_claim_is_pinned() {
    let head = [
        "01",
        "1063310000000000000000000000000000",
        "07",
        // auto, two pointers ignored: one of one token, one of two
        "00",
        "02",
        "010773656e745f6174",
        "0201610130",
        // one field, and one of the query
        "010773656e745f6174",
        "01036b6579",
        // no usual headers, and one other
        "000106782d73686f70",
        "206600000000000000000000000000000000000000000000000000000000000000",
        // five sources
        "05",
        "106865616465723a782d6170692d6b6579",
        "0a636f6f6b69653a536964",
        "0771756572793a74",
        "076a77743a737562",
        "07636f6f6b696573",
        "206400000000000000000000000000000000000000000000000000000000000000",
        "80a0f1c2b134c8f0f8c2b13480d88aecb134",
        // ten seconds of lingering, the end of its call, and a raw_key
        "01904e",
        "0190eef1c2b134",
        "0103226b22",
        "01",
        "0108782d74656e616e74027431",
        "04504f5354072f6f7264657273",
        "00",
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
        let head = ["01", &CLAIM[..36], code, &CLAIM[38..], "00"];
        pinned(&Record::InFlight { claim, previous: None }, &head, "");
    }
}

/// In KV, the body of a large answer follows its record.
#[test]
fn what_follows_a_record_is_handed_back() {
    let rows = Body::Rows { attempt: 1, rows: 1, length: 3 };
    for record in [done(Answer { body: rows, ..answer(200, "") }), done(answer(200, "inline"))] {
        let bytes = [record.encode().expect("stored").as_slice(), b"abc"].concat();
        assert_eq!(Record::decode_prefix(&bytes), Ok((record, b"abc".as_slice())));
        assert_eq!(Record::decode(&bytes), Err(RecordError::Trailing(3)));
    }
}

/// One record from its first byte to its last, as it was computed apart from this program.
#[test]
fn a_whole_record_is_pinned() {
    let expected = concat!(
        "6f6e636500000007000000bc0000000702106331000000000000000000000000000001000000000100206f726465",
        "7200000000000000000000000000000000000000000000000000000001146865616465723a617574686f",
        "72697a6174696f6e206f776e657200000000000000000000000000000000000000000000000000000080",
        "a0f1c2b134c8f0f8c2b13480d88aecb134000000000004504f5354072f6f7264657273c901010c636f6e74656e742d747970650a746578742f",
        "706c61696ee8a7f1c2b134e8070000000063726561746564",
    );
    let record = done(answer(201, "created"));
    assert_eq!(record.encode().map(|bytes| hex(&bytes)).as_deref(), Ok(expected));
    assert_eq!(Record::decode(&unhex(expected)), Ok(record));
}

/// A shard's rows are to hold at most 1.5 KB for a small answer's key, the table's own share
/// included.
#[test]
fn a_small_record_is_small() {
    assert_eq!(in_flight(None).encode().expect("stored").len(), 166);
    assert!(done(answer(201, "created")).encode().expect("stored").len() < 256);
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
fn ends(record: &Record, at: Option<UnixMillis>) {
    assert_eq!(record.expires_at(), at, "{record:?}");
}

/// In flight an ordinary key's record is over at the same moment as once it is done, so it stays in
/// its bucket.
#[test]
fn when_a_record_is_over() {
    let lost = Outcome::new(Reason::ConnectionLost, None, SINCE);
    let end = claim("c1").window_ends_at;
    for record in [
        in_flight(None),
        in_flight(Some(lost)),
        done(answer(200, "")),
        unknown(Reason::Restarted, None),
    ] {
        ends(&record, Some(end));
    }
    ends(&Record::Vacant, None);
    // A forgotten key is free at its time; until its copy is deleted nobody knows when that is.
    ends(&Record::Forgotten { until: Some(CLAIMED_AT) }, Some(CLAIMED_AT));
    ends(&Record::Forgotten { until: None }, None);
    ends(&Record::Moved { until: CLAIMED_AT }, Some(CLAIMED_AT));
    ends(&Record::Fenced { until: CLAIMED_AT }, Some(CLAIMED_AT));
    // A derived key's record is over soon after its answer; without one it lives to its window's end.
    let second = |number| Some(CLAIMED_AT.plus(Millis::seconds(number)));
    ends(&Record::Done { claim: full_claim(), answer: answer(200, "") }, second(20));
    let outcome = Outcome::new(Reason::Restarted, Some(answer(500, "")), SINCE);
    ends(&Record::Unknown { claim: full_claim(), outcome }, Some(end));
    let sent = Claim { answered_at: None, ..full_claim() };
    ends(&Record::InFlight { claim: sent, previous: None }, Some(end));
}

/// What the shard's alarm looks at before its time is over: nothing else can end by itself.
#[test]
fn which_records_the_alarm_watches() {
    let lost = Outcome::new(Reason::ConnectionLost, None, SINCE);
    for record in [in_flight(None), in_flight(Some(lost)), Record::Forgotten { until: None }] {
        assert!(record.needs_watching(), "{record:?}");
    }
    for record in [
        Record::Vacant,
        done(answer(200, "")),
        unknown(Reason::DeadlinePassed, None),
        Record::Forgotten { until: Some(CLAIMED_AT) },
        Record::Moved { until: CLAIMED_AT },
        Record::Fenced { until: CLAIMED_AT },
    ] {
        assert!(!record.needs_watching(), "{record:?}");
    }
}

#[track_caller]
fn expires(derived_ttl: Option<Millis>, answered_at: Option<UnixMillis>, expected: UnixMillis) {
    let claim = Claim { derived_ttl, answered_at, ..claim("c1") };
    ends(&Record::Done { claim, answer: answer(200, "") }, Some(expected));
}

#[test]
fn when_an_answer_is_forgotten() {
    let (ten, window) = (Some(Millis::seconds(10)), CLAIMED_AT.plus(WINDOW));
    let second = |number| CLAIMED_AT.plus(Millis::seconds(number));
    expires(None, None, window);
    expires(None, Some(second(1)), window);
    expires(ten, None, window);
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
fn only_a_derived_claim_notes_when_it_was_answered() {
    let now = CLAIMED_AT.plus(Millis::seconds(5));
    assert_eq!(claim("c1").answered(now), claim("c1"));
    let derived = Claim { derived_ttl: Some(Millis::seconds(10)), ..claim("c1") };
    let ended = Claim { answered_at: Some(now), ..derived.clone() };
    assert_eq!(derived.answered(now), ended);
}

#[test]
fn what_a_record_tells() {
    for record in [Record::Vacant, Record::Moved { until: CLAIMED_AT }] {
        assert!(record.claim().is_none() && record.answer().is_none());
    }
    let other = answer(200, "other");
    let held = unknown(Reason::ServerError, Some(answer(500, "oops")));
    let changed = unknown(Reason::ServerError, Some(other.clone()));
    assert_eq!(held.with_answer(other.clone()), changed);
    assert_eq!(done(answer(200, "")).with_answer(other.clone()), done(other.clone()));
    assert_eq!(Record::Vacant.with_answer(other), Record::Vacant);
}
