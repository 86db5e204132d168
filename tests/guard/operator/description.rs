//! What an operator is told of a record.

use super::*;
use crate::fixtures::SINCE;
use onlyonce::guard::record::{Claim, ProbeAnswer};

/// [`SINCE`], as it is told.
const SINCE_TEXT: &str = "2027-01-15T08:00:09.000Z";

fn fingerprint(pepper: &Pepper) -> Option<String> {
    let tag = FingerprintTag::of(pepper, "r", &digest_of("order").to_string())?;
    Some(tag.as_str().to_owned())
}

/// Everything is asked for of a key at which nothing happens.
fn about<'a>(id: &'a RecordId, pepper: &'a Pepper) -> About<'a> {
    let seen = DuplicateCounts::default();
    About { id, pepper, realm: "r", live: NONE_OPEN, seen, body: true, next_probe: None }
}

#[track_caller]
fn described(record: &Record, live: InMemoryState, seen: DuplicateCounts) -> Value {
    let (id, pepper) = (id(), pepper());
    let about = About { live, seen, body: false, ..about(&id, &pepper) };
    let (before, after) = describe(record, about);
    parsed(&format!("{before}{after}"))
}

/// What every record of the fixtures' claim tells.
fn of_claim(state: &str) -> Value {
    json!({
        "record": ID, "state": state, "claim": claim_id("c1").to_string(), "attempt": 1,
        // As in the log: HMAC-SHA-256 over the purpose, the realm and the digest, its first 16 digits.
        "fingerprint": fingerprint(&pepper()),
        "method": "POST", "route": "/orders",
        "claimed_at": "2027-01-15T08:00:00.000Z", "deadline_at": "2027-01-15T08:02:05.000Z",
        "expires_at": "2027-01-16T08:00:00.000Z", "call_open": false, "waiting": 0,
        "seen": {"first": 1, "joined": 0, "replayed": 0, "refused": 0},
    })
}

fn with(mut of_claim: Value, members: Value) -> Value {
    let members = members.as_object().expect("members").clone();
    of_claim.as_object_mut().expect("an object").extend(members);
    of_claim
}

fn of_answer(status: u16, bytes: usize) -> Value {
    json!({
        "status": status, "headers": [["content-type", "text/plain"]],
        "answered_at": "2027-01-15T08:00:01.000Z", "took_ms": 1000,
        "body": "kept", "body_bytes": bytes,
    })
}

#[test]
fn records_are_described() {
    let tell = |record: &Record| described(record, NONE_OPEN, DuplicateCounts::default());
    let done = |answer| Record::Done { claim: claim("c1"), answer };
    let expected = with(of_claim("done"), json!({"answer": of_answer(201, 7)}));
    assert_eq!(tell(&done(answer(201, "created"))), expected);
    let not_kept_answer = with(of_answer(200, 0), json!({"body": "not-kept"}));
    let expected = with(of_claim("done"), json!({"answer": not_kept_answer}));
    assert_eq!(tell(&done(not_kept(200))), expected);
    let rows = Answer { body: Body::Rows { attempt: 1, rows: 2, length: 9 }, ..answer(200, "") };
    assert_eq!(tell(&done(rows))["answer"]["body_bytes"], 9);
    // What an operator said does not pass for the origin's word.
    let resolved = Answer { source: AnswerSource::Operator, ..answer(201, "created") };
    let told = with(of_answer(201, 7), json!({"resolved_at": "2027-01-15T08:00:01.000Z"}));
    assert_eq!(tell(&done(resolved)), with(of_claim("done"), json!({"answer": told})));
    let settled = Answer { source: AnswerSource::Settled, ..answer(200, "created") };
    let told = with(of_answer(200, 7), json!({"settled_at": "2027-01-15T08:00:01.000Z"}));
    assert_eq!(tell(&done(settled)), with(of_claim("done"), json!({"answer": told})));
    for (reason, name) in [
        (Reason::ConnectionLost, "connection-lost"),
        (Reason::Restarted, "restarted"),
        (Reason::DeadlinePassed, "deadline-passed"),
    ] {
        let outcome = Outcome::new(reason, None, SINCE);
        let expected =
            with(of_claim("unknown"), json!({"reason": name, "unknown_since": SINCE_TEXT}));
        assert_eq!(tell(&Record::Unknown { claim: claim("c1"), outcome }), expected);
    }
    let outcome = Outcome::new(Reason::ServerError, Some(answer(500, "")), SINCE);
    let told = json!({
        "reason": "server-error", "unknown_since": SINCE_TEXT, "answer": of_answer(500, 0),
    });
    let expected = with(of_claim("unknown"), told);
    assert_eq!(tell(&Record::Unknown { claim: claim("c1"), outcome }), expected);
    let forgotten = Record::Forgotten { until: Some(CLAIMED_AT) };
    let until = "2027-01-15T08:00:00.000Z";
    assert_eq!(tell(&forgotten), json!({"record": ID, "state": "forgotten", "until": until}));
    let forgotten = Record::Forgotten { until: None };
    assert_eq!(tell(&forgotten), json!({"record": ID, "state": "forgotten"}));
    assert_eq!(parsed(&vacant(&id())), json!({"record": ID, "state": "vacant"}));
}

/// What the origin said when it was asked, and when it is asked next.
#[test]
fn what_is_asked_of_the_origin_is_described() {
    let (id, pepper) = (id(), pepper());
    let tell = |said: Option<ProbeAnswer>, next_probe| {
        let mut outcome = Outcome::new(Reason::Restarted, None, SINCE);
        if let Some(said) = said {
            outcome.probes.add(SINCE.plus(Millis::seconds(10)), said);
        }
        let record = Record::Unknown { claim: Claim { settles: true, ..claim("c1") }, outcome };
        let about = About { body: false, next_probe, ..about(&id, &pepper) };
        let (before, after) = describe(&record, about);
        parsed(&format!("{before}{after}"))["settle"].clone()
    };
    let (last, next) = ("2027-01-15T08:00:19.000Z", "2027-01-15T08:01:09.000Z");
    assert_eq!(tell(None, None), json!({"asked": 0}));
    let absent = tell(Some(ProbeAnswer::Absent), Some(SINCE.plus(Millis::seconds(60))));
    let told = json!({"asked": 1, "last_asked_at": last, "said": "absent", "next_at": next});
    assert_eq!(absent, told);
    let told = json!({"asked": 1, "last_asked_at": last, "said": "no-word", "status": 503});
    assert_eq!(tell(Some(ProbeAnswer::NoWord(Some(503))), None), told);
    let told = json!({"asked": 1, "last_asked_at": last, "said": "no-word"});
    assert_eq!(tell(Some(ProbeAnswer::NoWord(None)), None), told);
}

/// People read it as it comes.
#[test]
fn members_stand_in_an_order_that_a_person_can_read() {
    let outcome = Outcome::new(Reason::ServerError, Some(answer(500, "no")), SINCE);
    let record = Record::Unknown { claim: claim("c1"), outcome };
    let (before, after) = describe(&record, about(&id(), &pepper()));
    let expected = concat!(
        r#"{"record":"RECORD","state":"unknown","claim":"CLAIM","attempt":1,"#,
        r#""fingerprint":"FINGERPRINT","method":"POST","route":"/orders","#,
        r#""claimed_at":"2027-01-15T08:00:00.000Z","#,
        r#""deadline_at":"2027-01-15T08:02:05.000Z","expires_at":"2027-01-16T08:00:00.000Z","#,
        r#""call_open":false,"waiting":0,"#,
        r#""seen":{"first":1,"joined":0,"replayed":0,"refused":0},"reason":"server-error","#,
        r#""unknown_since":"2027-01-15T08:00:09.000Z","answer":{"status":500,"headers":[["content-type","text/plain"]],"#,
        r#""answered_at":"2027-01-15T08:00:01.000Z","took_ms":1000,"body":"kept","body_bytes":2,"#,
        r#""body_base64":""#,
    );
    let expected = expected
        .replace("RECORD", ID)
        .replace("CLAIM", &claim_id("c1").to_string())
        .replace("FINGERPRINT", &fingerprint(&pepper()).expect("16 digits"));
    assert_eq!((before, after.as_str()), (expected, r#""}}"#));
}

#[test]
fn a_call_and_its_duplicates_are_described() {
    let record = Record::InFlight { claim: claim("c1"), previous: None };
    let live = InMemoryState { open_calls: &[1], waiting: 3, ..NONE_OPEN };
    let seen = DuplicateCounts { joined: 4, replayed: 5, refused: 6 };
    let members = json!({
        "call_open": true, "waiting": 3,
        "seen": {"first": 1, "joined": 4, "replayed": 5, "refused": 6},
    });
    assert_eq!(described(&record, live, seen), with(of_claim("in-flight"), members));
}

#[test]
fn a_body_goes_between_the_parts() {
    let record = Record::Done { claim: claim("c1"), answer: answer(201, "created") };
    let (before, after) = describe(&record, about(&id(), &pepper()));
    let whole = parsed(&format!("{before}Y3JlYXRlZA=={after}"));
    assert_eq!(whole["answer"]["body_base64"], "Y3JlYXRlZA==");
}

/// As in the log, where there is none either.
#[test]
fn without_a_pepper_a_record_tells_no_fingerprint() {
    let record = Record::Done { claim: claim("c1"), answer: answer(201, "created") };
    let (before, after) = describe(&record, about(&id(), &Pepper::default()));
    let whole = parsed(&format!("{before}{after}"));
    assert_eq!(whole.get("fingerprint"), None);
    assert_eq!(whole["attempt"], 1);
}
