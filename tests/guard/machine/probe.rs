//! What the origin says when it is asked about an unknown outcome, and who asks.

use super::*;
use crate::fixtures::SINCE;
use onlyonce::guard::machine::{MAX_WAITING, Probed};
use onlyonce::guard::record::{AnswerSource, ProbeAnswer};
use onlyonce::guard::settle::{ProbeWord, Settle};
use std::rc::Rc;

const ABSENT_AFTER: Millis = Millis::seconds(900);
/// The first moment at which a question counts whose answer is that there is nothing.
const COUNTS_FROM: UnixMillis = CLAIMED_AT.plus(ABSENT_AFTER);
const LATER: UnixMillis = COUNTS_FROM.plus(Millis::seconds(60));

fn settle() -> Rc<Settle> {
    Rc::new(Settle {
        path: "/orders?key={key}".into(),
        found: "/data/0".into(),
        absent_after: ABSENT_AFTER,
        at: vec![Millis::seconds(10)],
    })
}

fn doubtful() -> Record {
    let outcome = Outcome::new(Reason::Restarted, None, SINCE);
    Record::Unknown { claim: Claim { settles: true, ..claim(CLAIM) }, outcome }
}

/// The same after it was asked about once more.
fn asked(asked_at: UnixMillis, said: ProbeAnswer) -> Record {
    let Record::Unknown { claim, mut outcome } = doubtful() else { unreachable!() };
    outcome.probes.add(asked_at, said);
    Record::Unknown { claim, outcome }
}

fn says_of(claim: &str, asked_at: UnixMillis, word: ProbeWord) -> Event {
    let claim = claim_id(claim);
    Event::Probed(Probed { claim, asked_at, settle: settle(), word })
}

fn found() -> Answer {
    Answer { source: AnswerSource::Settled, ..answer(200, "{}") }
}

#[test]
fn what_is_found_is_the_answer() {
    for live in [NONE_OPEN, open(&[1])] {
        let claim = Claim { settles: true, ..claim(CLAIM) };
        let done = Record::Done { claim, answer: found() };
        let event = says_of(CLAIM, SINCE, ProbeWord::Found(found()));
        check((doubtful(), live, LATER), event, (done, StorageOp::Put, Action::Nothing));
    }
}

#[test]
fn an_absence_counts_by_when_it_was_asked_for() {
    let absent = |asked_at| says_of(CLAIM, asked_at, ProbeWord::Said(ProbeAnswer::Absent));
    let freed = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((doubtful(), NONE_OPEN, LATER), absent(COUNTS_FROM), freed);
    // Asked a moment too early, and answered long after.
    let early = COUNTS_FROM.minus(Millis(1));
    let kept = (asked(early, ProbeAnswer::Absent), StorageOp::Put, Action::Nothing);
    check((doubtful(), NONE_OPEN, LATER), absent(early), kept);
}

/// It may still act, and would be taken for one of the next claim's.
#[test]
fn an_absence_beside_an_open_call_frees_nothing() {
    let kept = (asked(LATER, ProbeAnswer::Absent), StorageOp::Put, Action::Nothing);
    let absent = says_of(CLAIM, LATER, ProbeWord::Said(ProbeAnswer::Absent));
    check((doubtful(), open(&[1]), LATER), absent, kept);
}

/// Under an earlier policy it was sent again, nobody knows when.
#[test]
fn an_absence_of_what_was_sent_again_is_not_believed() {
    let outcome = |asked: bool| {
        let mut outcome = Outcome::new(Reason::Restarted, None, SINCE);
        if asked {
            outcome.probes.add(LATER, ProbeAnswer::Absent);
        }
        Record::Unknown { claim: second(), outcome }
    };
    let absent = says_of(CLAIM, LATER, ProbeWord::Said(ProbeAnswer::Absent));
    let kept = (outcome(true), StorageOp::Put, Action::Nothing);
    check((outcome(false), NONE_OPEN, LATER), absent, kept);
}

#[test]
fn what_says_nothing_is_remembered() {
    for status in [None, Some(401), Some(503)] {
        let said = ProbeAnswer::NoWord(status);
        let kept = (asked(LATER, said), StorageOp::Put, Action::Nothing);
        let event = says_of(CLAIM, LATER, ProbeWord::Said(ProbeAnswer::NoWord(status)));
        check((doubtful(), NONE_OPEN, LATER), event, kept);
    }
}

#[test]
fn what_is_said_of_another_claim_or_of_what_is_known_counts_for_nothing() {
    let words = [
        ProbeWord::Found(found()),
        ProbeWord::Said(ProbeAnswer::Absent),
        ProbeWord::Said(ProbeAnswer::NoWord(None)),
    ];
    for word in words {
        ignored(doubtful(), NONE_OPEN, LATER, says_of("c0", LATER, word.clone()));
        for record in [done(), Record::Vacant] {
            ignored(record, NONE_OPEN, LATER, says_of(CLAIM, LATER, word.clone()));
        }
    }
}

#[test]
fn a_late_answer_does_not_supersede_what_was_settled() {
    let done = Record::Done { claim: claim(CLAIM), answer: found() };
    for event in every_report(1) {
        ignored(done.clone(), open(&[1]), LATER, event);
    }
}

#[test]
fn the_alarm_asks_when_it_is_time_and_nobody_does() {
    let due = SINCE.plus(Millis::seconds(10));
    let rings = || Event::Alarm { settle: Some(settle()) };
    let asks = |action| (doubtful(), StorageOp::Keep, action);
    check((doubtful(), NONE_OPEN, due), rings(), asks(Action::Probe));
    check((doubtful(), NONE_OPEN, due.minus(Millis(1))), rings(), asks(Action::Nothing));
    let probing = [claim_id(CLAIM)];
    let live = InMemoryState { probing: &probing, ..NONE_OPEN };
    check((doubtful(), live, due), rings(), asks(Action::Nothing));
    // A question about an earlier claim says nothing of this one.
    let other = [claim_id("c0")];
    let live = InMemoryState { probing: &other, ..NONE_OPEN };
    check((doubtful(), live, due), rings(), asks(Action::Probe));
    // Nobody's credentials are at hand, or the policy does not say how any more.
    let silent = Event::Alarm { settle: None };
    check((doubtful(), NONE_OPEN, due), silent, asks(Action::Nothing));
    // A call that is open may still answer, and is asked about all the same.
    check((doubtful(), open(&[1]), due), rings(), asks(Action::Probe));
    let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((doubtful(), NONE_OPEN, CLAIMED_AT.plus(WINDOW)), rings(), gone);
}

#[test]
fn a_retry_has_the_origin_asked() {
    let retry = |place| Submission { may_probe: true, place, ..owner() };
    let told = |action| (doubtful(), StorageOp::Keep, action);
    let unknown = Action::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
    let probing = [claim_id(CLAIM)];
    for (live, by, action) in [
        (NONE_OPEN, retry(Place::Taken), Action::Probe),
        (NONE_OPEN, retry(Place::Wanted), Action::AwaitPlace),
        (NONE_OPEN, retry(Place::Denied), unknown.clone()),
        // One that has waited is told what is known by now.
        (NONE_OPEN, owner(), unknown.clone()),
        (InMemoryState { probing: &probing, ..NONE_OPEN }, retry(Place::Wanted), Action::Join),
        (
            InMemoryState { probing: &probing, waiting: MAX_WAITING, ..NONE_OPEN },
            retry(Place::Wanted),
            unknown.clone(),
        ),
        (InMemoryState { probing: &probing, ..NONE_OPEN }, owner(), unknown.clone()),
    ] {
        check((doubtful(), live, EARLY), asks(by), told(action));
    }
    // Nobody else has it asked, and no other request.
    let stranger = Submission { may_probe: true, ..stranger() };
    check((doubtful(), NONE_OPEN, EARLY), asks(stranger), told(unknown));
    let reused = other_request(retry(Place::Taken));
    let refused = Action::Refuse(Refusal::KeyReused);
    check((doubtful(), NONE_OPEN, EARLY), asks(reused), told(refused));
}

/// The origin's 5xx is what a retry gets where the origin says nothing more.
#[test]
fn an_answer_that_is_held_is_asked_about_too() {
    let retry = Submission { may_probe: true, ..owner() };
    let kept = (held(), StorageOp::Keep, Action::Probe);
    check((held(), NONE_OPEN, EARLY), asks(retry), kept);
    let kept = (held(), StorageOp::Keep, Action::Replay);
    check((held(), NONE_OPEN, EARLY), asks(owner()), kept);
}

fn asks(by: Submission) -> Event {
    Event::Submitted(by)
}

/// What is told of a claim that may be settled: its retry keeps it.
#[test]
fn a_claim_keeps_whether_it_can_be_settled() {
    let by = Submission { settles: true, ..owner() };
    let step = transition(Record::Vacant, Event::Submitted(by), NONE_OPEN, EARLY);
    assert!(step.record.claim().is_some_and(|claim| claim.settles));
}

/// Since when it is unknown outlasts what is learnt of it later.
#[test]
fn doubt_begins_once() {
    let since = |record: &Record| record.unknown_outcome().map(|(_, outcome)| outcome.since);
    let deadline = CLAIMED_AT.plus(DEADLINE);
    let late = transition(in_flight(), Event::Look, open(&[1]), deadline);
    assert_eq!(since(&late.record), Some(deadline));
    for event in [breaks(1), fails_with_503(1), answers_999(1)] {
        let step = transition(late.record.clone(), event, open(&[1]), LATER);
        assert_eq!(since(&step.record), Some(deadline));
    }
    // What was asked meanwhile is known, too.
    let event = says_of(CLAIM, deadline, ProbeWord::Said(ProbeAnswer::Absent));
    let asked = transition(late.record, event, open(&[1]), LATER).record;
    let broken = transition(asked, breaks(1), open(&[1]), LATER).record;
    let probes = broken.unknown_outcome().map(|(_, outcome)| outcome.probes.asked);
    assert_eq!(probes, Some(1));
}
