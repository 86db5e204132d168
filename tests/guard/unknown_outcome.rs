//! What is told of an outcome that became unknown, and of its end: each once, and nothing else.

use crate::fixtures::{
    CLAIMED_AT, DEADLINE, NONE_OPEN, SINCE, WINDOW, answer, claim, claim_id, credential, submission,
};
use onlyonce::guard::machine::{
    Event, InMemoryState, Resolution, StorageOp, Submission, transition,
};
use onlyonce::guard::metrics::outcome_point;
use onlyonce::guard::origin::OriginVerdict::{self, Final, MayHaveActed, NotProcessed};
use onlyonce::guard::record::{Answer, AnswerSource, Claim, Outcome, Reason, Record};
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};
use onlyonce::guard::unknown_outcome::{Cause, OpenClaim, OutcomeChange, What};
use serde_json::{Value, json};

const EARLY: UnixMillis = CLAIMED_AT.plus(Millis::seconds(10));
const PAST_DEADLINE: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const PAST_WINDOW: UnixMillis = CLAIMED_AT.plus(WINDOW);

const OPEN: InMemoryState = InMemoryState { open_calls: &[1], ..NONE_OPEN };
const SECOND_OPEN: InMemoryState = InMemoryState { open_calls: &[2], ..NONE_OPEN };

const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn in_flight() -> Record {
    Record::InFlight { claim: claim("c1"), previous: None }
}

fn unknown() -> Record {
    let outcome = Outcome::new(Reason::ConnectionLost, None, SINCE);
    Record::Unknown { claim: claim("c1"), outcome }
}

/// Sent a second time, since nobody knows what became of the first.
fn resending() -> Record {
    let previous = Some(Outcome::new(Reason::ConnectionLost, None, SINCE));
    Record::InFlight { claim: Claim { attempt: 2, ..claim("c1") }, previous }
}

fn answered(attempt: u32, verdict: OriginVerdict, status: u16) -> Event {
    Event::Answered { claim: claim_id("c1"), attempt, verdict, answer: answer(status, "") }
}

fn failed(attempt: u32) -> Event {
    Event::Failed { claim: claim_id("c1"), attempt }
}

fn resolve(resolution: Resolution) -> Event {
    Event::Resolve { claim: claim_id("c1"), resolution }
}

fn operators_answer() -> Resolution {
    Resolution::Answered(Answer { source: AnswerSource::Operator, ..answer(201, "") })
}

fn changes(
    before: Record,
    event: Event,
    live: InMemoryState,
    now: UnixMillis,
) -> Vec<OutcomeChange> {
    let (open, cause) = (OpenClaim::of(&before), Cause::of(&event));
    let transition = transition(before, event, live, now);
    open.map(|open| open.changes(cause, &transition)).unwrap_or_default()
}

/// As `outcome code status`.
fn told(before: Record, event: Event, live: InMemoryState, now: UnixMillis) -> Vec<String> {
    let changes = changes(before, event, live, now);
    let text = |change: &OutcomeChange| {
        assert_eq!(change.claim.id, claim_id("c1"));
        let status = change.status().map(|status| format!(" {status}")).unwrap_or_default();
        format!("{} {}{status}", change.name(), change.code())
    };
    changes.iter().map(text).collect()
}

#[test]
fn an_outcome_becomes_unknown_once() {
    let no_such = Event::AnsweredNoSuchStatus { claim: claim_id("c1"), attempt: 1, status: 999 };
    for (event, live, now, expected) in [
        (failed(1), OPEN, EARLY, "unknown connection-lost"),
        (answered(1, MayHaveActed, 500), OPEN, EARLY, "unknown server-error 500"),
        (no_such, OPEN, EARLY, "unknown no-such-status 999"),
        (Event::Look, NONE_OPEN, EARLY, "unknown restarted"),
        (Event::Alarm { settle: None }, NONE_OPEN, EARLY, "unknown restarted"),
        (Event::Submitted(submission("c2")), NONE_OPEN, EARLY, "unknown restarted"),
        (Event::Look, OPEN, PAST_DEADLINE, "unknown deadline-passed"),
    ] {
        assert_eq!(told(in_flight(), event.clone(), live, now), [expected], "{event:?}");
        // What was told is not told again.
        assert!(told(unknown(), event.clone(), live, now).is_empty(), "{event:?}");
    }
}

#[test]
fn an_unknown_outcome_ends_once() {
    for (event, live, now, expected) in [
        (answered(1, Final, 201), OPEN, PAST_DEADLINE, "ended answered 201"),
        (answered(1, Final, 404), OPEN, PAST_DEADLINE, "ended answered 404"),
        (answered(1, NotProcessed, 429), OPEN, PAST_DEADLINE, "ended not-processed"),
        (Event::NotSent { claim: claim_id("c1"), attempt: 1 }, OPEN, EARLY, "ended not-processed"),
        (resolve(operators_answer()), NONE_OPEN, EARLY, "ended resolved 201"),
        (resolve(Resolution::NotProcessed), NONE_OPEN, EARLY, "ended freed"),
        (Event::Forget, NONE_OPEN, EARLY, "ended forgotten"),
        (Event::Look, NONE_OPEN, PAST_WINDOW, "ended expired"),
        (Event::Alarm { settle: None }, NONE_OPEN, PAST_WINDOW, "ended expired"),
        // The next claim of the key is another story.
        (Event::Submitted(submission("c2")), NONE_OPEN, PAST_WINDOW, "ended expired"),
    ] {
        assert_eq!(told(unknown(), event.clone(), live, now), [expected], "{event:?}");
    }
}

#[test]
fn what_was_never_unknown_is_not_told() {
    for (event, live) in [
        (answered(1, Final, 201), OPEN),
        (answered(1, NotProcessed, 429), OPEN),
        (Event::NotSent { claim: claim_id("c1"), attempt: 1 }, OPEN),
        (Event::Look, OPEN),
        (Event::Submitted(submission("c2")), OPEN),
        (Event::Failed { claim: claim_id("c9"), attempt: 1 }, OPEN),
        (resolve(operators_answer()), OPEN),
    ] {
        assert!(told(in_flight(), event.clone(), live, EARLY).is_empty(), "{event:?}");
    }
    let done = || Record::Done { claim: claim("c1"), answer: answer(201, "") };
    for (event, now) in [
        (Event::Forget, EARLY),
        (Event::Look, PAST_WINDOW),
        (Event::Submitted(submission("c2")), PAST_WINDOW),
        (failed(1), EARLY),
    ] {
        assert!(told(done(), event.clone(), NONE_OPEN, now).is_empty(), "{event:?}");
        assert!(told(Record::Vacant, event.clone(), NONE_OPEN, now).is_empty(), "{event:?}");
    }
}

/// It must not vanish without a trace.
#[test]
fn a_call_that_was_found_dead_too_late_is_told_as_both() {
    for (event, now, end) in [
        (Event::Alarm { settle: None }, PAST_WINDOW, "ended expired"),
        (Event::Submitted(submission("c2")), PAST_WINDOW, "ended expired"),
        (Event::Forget, EARLY, "ended forgotten"),
        (resolve(Resolution::NotProcessed), EARLY, "ended freed"),
        (resolve(operators_answer()), EARLY, "ended resolved 201"),
    ] {
        let told = told(in_flight(), event.clone(), NONE_OPEN, now);
        assert_eq!(told, ["unknown restarted", end], "{event:?}");
    }
}

#[test]
fn a_second_sending_is_no_end() {
    let resend = Submission { may_resend: true, ..submission("c2") };
    assert!(told(unknown(), Event::Submitted(resend), NONE_OPEN, EARLY).is_empty());
    assert!(told(resending(), failed(2), SECOND_OPEN, EARLY).is_empty());
    assert!(told(resending(), answered(2, NotProcessed, 429), SECOND_OPEN, EARLY).is_empty());
    assert!(told(resending(), Event::Look, NONE_OPEN, EARLY).is_empty());
    let ended = told(resending(), answered(2, Final, 201), SECOND_OPEN, EARLY);
    assert_eq!(ended, ["ended answered 201"]);
}

fn id() -> RecordId {
    ID.parse().expect("an id")
}

fn one(before: Record, event: Event) -> OutcomeChange {
    let mut changes = changes(before, event, NONE_OPEN, EARLY);
    assert_eq!(changes.len(), 1);
    changes.remove(0)
}

#[test]
fn lines_name_record_and_claim_by_their_beginnings() {
    let became = one(in_flight(), Event::Look);
    let expected = r#"{"outcome":"unknown","route":"/orders","method":"POST","code":"restarted","record":"0011223344556677","claim":"63310000","attempt":1,"since_first_ms":10000}"#;
    assert_eq!(became.line(&id(), EARLY), expected);
    let ended = one(unknown(), resolve(operators_answer()));
    let expected = r#"{"outcome":"ended","route":"/orders","method":"POST","code":"resolved","record":"0011223344556677","claim":"63310000","status":201,"attempt":1,"since_first_ms":10000}"#;
    assert_eq!(ended.line(&id(), EARLY), expected);
}

#[test]
fn messages_are_enough_to_settle_by() {
    let became = one(in_flight(), Event::Look);
    let message: Value = serde_json::from_str(&became.message(&id(), EARLY)).expect("JSON");
    let expected = json!({
        "outcome": "unknown", "route": "/orders", "method": "POST", "code": "restarted",
        "record": ID, "claim": "63310000000000000000000000000000", "attempt": 1,
        "since_first_ms": 10000, "claimed_at": "2027-01-15T08:00:00.000Z",
        "at": "2027-01-15T08:00:10.000Z",
    });
    assert_eq!(message, expected);
}

/// In the columns of a request's figures.
#[test]
fn data_points_have_the_columns_of_a_request() {
    let ended = one(unknown(), resolve(operators_answer()));
    let point: Value = serde_json::from_str(&outcome_point(&ended, &id(), EARLY)).expect("JSON");
    let expected = json!({
        "indexes": ["/orders"],
        "blobs": ["ended", "/orders", "POST", "resolved", "", "0011223344556677", "", "63310000",
            "", "", "", "", ""],
        "doubles": [201, 1, 10000, 0, 0],
    });
    assert_eq!(point, expected);
}

/// Whether nobody knows what became of the record's claim.
fn is_in_doubt(record: &Record) -> bool {
    matches!(record, Record::Unknown { .. } | Record::InFlight { previous: Some(_), .. })
}

/// Whatever happens in whatever state, what was told and not ended is what is unknown: nothing is told
/// twice, nothing is missing, and nothing ends that has not begun.
#[test]
fn what_was_told_is_what_is_unknown() {
    let done = Record::Done { claim: claim("c1"), answer: answer(201, "") };
    let refused = Record::Done { claim: claim("c1"), answer: answer(404, "") };
    let derived = Claim { derived_ttl: Some(Millis::seconds(10)), ..claim("c1") };
    let states = [
        Record::Vacant,
        in_flight(),
        Record::InFlight { claim: derived.clone(), previous: None },
        resending(),
        unknown(),
        Record::Unknown {
            claim: derived,
            outcome: Outcome::new(Reason::ServerError, Some(answer(500, "")), SINCE),
        },
        done,
        refused,
        Record::Forgotten { until: None },
        Record::Moved { until: PAST_WINDOW },
    ];
    let other = Submission { credential: credential("stranger"), ..submission("c2") };
    let mut events =
        vec![Event::Look, Event::Alarm { settle: None }, Event::Forget, Event::CopyDeleted];
    events.extend([submission("c2"), other].map(Event::Submitted));
    events.push(Event::Submitted(Submission { may_resend: true, ..submission("c2") }));
    events.extend([resolve(operators_answer()), resolve(Resolution::NotProcessed)]);
    for attempt in [1, 2] {
        events.push(failed(attempt));
        events.push(Event::NotSent { claim: claim_id("c1"), attempt });
        events.push(Event::AnsweredNoSuchStatus { claim: claim_id("c1"), attempt, status: 999 });
        events.push(answered(attempt, Final, 409));
        events.push(answered(attempt, Final, 201));
        events.push(answered(attempt, MayHaveActed, 500));
        events.push(answered(attempt, NotProcessed, 429));
    }
    let mut seen = 0;
    for state in &states {
        for event in &events {
            for live in [NONE_OPEN, OPEN, SECOND_OPEN] {
                for now in [EARLY, PAST_DEADLINE, PAST_DEADLINE.plus(WINDOW), PAST_WINDOW] {
                    let (open, cause) = (OpenClaim::of(state), Cause::of(event));
                    let transition = transition(state.clone(), event.clone(), live, now);
                    let changes = open.map(|open| open.changes(cause, &transition));
                    let mut is_told = is_in_doubt(state);
                    for change in changes.unwrap_or_default() {
                        let begins = matches!(change.what, What::BecameUnknown { .. });
                        assert_ne!(begins, is_told, "{state:?} {event:?} {live:?} {now:?}");
                        is_told = begins;
                        seen += 1;
                    }
                    let after = match transition.storage {
                        StorageOp::Keep => state,
                        StorageOp::Put => &transition.record,
                        StorageOp::Erase => &Record::Vacant,
                    };
                    assert_eq!(is_told, is_in_doubt(after), "{state:?} {event:?} {live:?} {now:?}");
                }
            }
        }
    }
    assert!(seen > 500, "{seen}");
}
