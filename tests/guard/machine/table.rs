//! Every event in every state, before the deadline and with the current call open. The compiler
//! counts the rows and `state` checks their order, so no pair can be left out.

use super::{
    ALL_OPEN, EARLY, FRESH, breaks, check, claimed, conflict, done, done_with, fails_with_503,
    finally, held, in_flight, not_sent, other_request, owner, rejecting, released, resend,
    resending, server_error, spent, stranger, unknown, unknown_again,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, SINCE, WINDOW, answer, claim, claim_id, not_kept};
use onlyonce::guard::machine::Action::{Forward, Join, Nothing, Refuse, Replay};
use onlyonce::guard::machine::Refusal::{
    CredentialChanged, InProgress, KeyReused, OutcomeUnknown, ResponseNotKept,
};
use onlyonce::guard::machine::StorageOp::{Erase, Keep, Put};
use onlyonce::guard::machine::{ASK_AGAIN, Action, Event, StorageOp, Submission};
use onlyonce::guard::record::Reason::{ConnectionLost, ServerError};
use onlyonce::guard::record::{Claim, Outcome, Record};

/// What happens to a key. The origin's reports are about the current attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum On {
    Owner,
    Stranger,
    OtherRequest,
    OtherRequestOfStranger,
    OwnerRejecting,
    StrangerRejecting,
    OwnerResending,
    StrangerResending,
    OtherRequestResending,
    OwnerSpent,
    OwnerSpentResending,
    Final,
    Final409,
    MayHaveActed,
    NotProcessed,
    Failed,
    NotSent,
    Look,
}

const EVERY: [On; 18] = [
    On::Owner,
    On::Stranger,
    On::OtherRequest,
    On::OtherRequestOfStranger,
    On::OwnerRejecting,
    On::StrangerRejecting,
    On::OwnerResending,
    On::StrangerResending,
    On::OtherRequestResending,
    On::OwnerSpent,
    On::OwnerSpentResending,
    On::Final,
    On::Final409,
    On::MayHaveActed,
    On::NotProcessed,
    On::Failed,
    On::NotSent,
    On::Look,
];

impl On {
    fn submission(self) -> Option<Submission> {
        Some(match self {
            Self::Owner => owner(),
            Self::Stranger => stranger(),
            Self::OtherRequest => other_request(owner()),
            Self::OtherRequestOfStranger => other_request(stranger()),
            Self::OwnerRejecting => rejecting(owner()),
            Self::StrangerRejecting => rejecting(stranger()),
            Self::OwnerResending => resend(owner()),
            Self::StrangerResending => resend(stranger()),
            Self::OtherRequestResending => resend(other_request(owner())),
            Self::OwnerSpent => spent(owner()),
            Self::OwnerSpentResending => spent(resend(owner())),
            _ => return None,
        })
    }

    fn event(self, attempt: u32) -> Event {
        match self {
            Self::Final => finally(attempt),
            Self::Final409 => conflict(attempt),
            Self::MayHaveActed => fails_with_503(attempt),
            Self::NotProcessed => released(attempt),
            Self::Failed => breaks(attempt),
            Self::NotSent => not_sent(attempt),
            other => other.submission().map_or(Event::Look, Event::Submitted),
        }
    }
}

type Row = (On, Record, StorageOp, Action);

#[track_caller]
fn state(before: &Record, rows: [Row; EVERY.len()]) {
    let attempt = before.claim().map_or(1, |claim| claim.attempt);
    for (row, expected) in rows.into_iter().zip(EVERY) {
        let (on, after, change, then) = row;
        assert_eq!(on, expected, "the rows are in the order of EVERY");
        check((before.clone(), ALL_OPEN, EARLY), on.event(attempt), (after, change, then));
    }
}

/// A row in which the record stays as it is.
fn stays(on: On, record: &Record, then: Action) -> Row {
    (on, record.clone(), Keep, then)
}

#[test]
fn vacant() {
    let now = Record::Vacant;
    let claims = |on: On| {
        let submission = on.submission().expect("a submission");
        (on, claimed(submission, EARLY), Put, Forward)
    };
    let come_again = Refuse(InProgress { retry_after: ASK_AGAIN });
    state(
        &now,
        [
            claims(On::Owner),
            claims(On::Stranger),
            claims(On::OtherRequest),
            claims(On::OtherRequestOfStranger),
            claims(On::OwnerRejecting),
            claims(On::StrangerRejecting),
            claims(On::OwnerResending),
            claims(On::StrangerResending),
            claims(On::OtherRequestResending),
            stays(On::OwnerSpent, &now, come_again.clone()),
            stays(On::OwnerSpentResending, &now, come_again),
            stays(On::Final, &now, Nothing),
            stays(On::Final409, &now, Nothing),
            stays(On::MayHaveActed, &now, Nothing),
            stays(On::NotProcessed, &now, Nothing),
            stays(On::Failed, &now, Nothing),
            stays(On::NotSent, &now, Nothing),
            stays(On::Look, &now, Nothing),
        ],
    );
}

#[test]
fn first_attempt_in_flight() {
    let now = in_flight();
    let busy = Refuse(InProgress { retry_after: ASK_AGAIN });
    let late = Outcome::new(ServerError, Some(answer(503, "late")), SINCE);
    let held = Record::Unknown { claim: claim("c1"), outcome: late };
    state(
        &now,
        [
            stays(On::Owner, &now, Join),
            stays(On::Stranger, &now, Join),
            stays(On::OtherRequest, &now, Refuse(KeyReused)),
            stays(On::OtherRequestOfStranger, &now, Join),
            stays(On::OwnerRejecting, &now, busy.clone()),
            stays(On::StrangerRejecting, &now, busy),
            stays(On::OwnerResending, &now, Join),
            stays(On::StrangerResending, &now, Join),
            stays(On::OtherRequestResending, &now, Refuse(KeyReused)),
            stays(On::OwnerSpent, &now, Join),
            stays(On::OwnerSpentResending, &now, Join),
            (On::Final, done(), Put, Nothing),
            (On::Final409, done_with(answer(409, "busy")), Put, Nothing),
            (On::MayHaveActed, held, Put, Nothing),
            (On::NotProcessed, Record::Vacant, Erase, Nothing),
            (On::Failed, unknown(ConnectionLost), Put, Nothing),
            (On::NotSent, Record::Vacant, Erase, Nothing),
            stays(On::Look, &now, Nothing),
        ],
    );
}

#[test]
fn second_attempt_in_flight() {
    let now = resending();
    let busy = Refuse(InProgress { retry_after: ASK_AGAIN });
    let claim = now.claim().expect("a claim").clone();
    let restored = Record::Unknown { claim: claim.clone(), outcome: server_error() };
    let late = Outcome::new(ServerError, Some(answer(503, "late")), SINCE);
    let held = Record::Unknown { claim: claim.clone(), outcome: late };
    state(
        &now,
        [
            stays(On::Owner, &now, Join),
            stays(On::Stranger, &now, Join),
            stays(On::OtherRequest, &now, Refuse(KeyReused)),
            stays(On::OtherRequestOfStranger, &now, Join),
            stays(On::OwnerRejecting, &now, busy.clone()),
            stays(On::StrangerRejecting, &now, busy),
            stays(On::OwnerResending, &now, Join),
            stays(On::StrangerResending, &now, Join),
            stays(On::OtherRequestResending, &now, Refuse(KeyReused)),
            stays(On::OwnerSpent, &now, Join),
            stays(On::OwnerSpentResending, &now, Join),
            (On::Final, Record::Done { claim, answer: answer(201, "created") }, Put, Nothing),
            (On::Final409, restored.clone(), Put, Nothing),
            (On::MayHaveActed, held, Put, Nothing),
            (On::NotProcessed, restored.clone(), Put, Nothing),
            // The 500 of the first attempt says more than a broken connection.
            (On::Failed, restored.clone(), Put, Nothing),
            (On::NotSent, restored, Put, Nothing),
            stays(On::Look, &now, Nothing),
        ],
    );
}

/// Every event in a state whose answer is final, where only the owner's view differs, and that of
/// everybody else: they are told the same, whatever they send.
#[track_caller]
fn final_state(now: &Record, owner_sees: &Action, stranger: impl Fn(On) -> Row) {
    state(
        now,
        [
            stays(On::Owner, now, owner_sees.clone()),
            stranger(On::Stranger),
            stays(On::OtherRequest, now, Refuse(KeyReused)),
            stranger(On::OtherRequestOfStranger),
            stays(On::OwnerRejecting, now, owner_sees.clone()),
            stranger(On::StrangerRejecting),
            stays(On::OwnerResending, now, owner_sees.clone()),
            stranger(On::StrangerResending),
            stays(On::OtherRequestResending, now, Refuse(KeyReused)),
            stays(On::OwnerSpent, now, owner_sees.clone()),
            stays(On::OwnerSpentResending, now, owner_sees.clone()),
            stays(On::Final, now, Nothing),
            stays(On::Final409, now, Nothing),
            stays(On::MayHaveActed, now, Nothing),
            stays(On::NotProcessed, now, Nothing),
            stays(On::Failed, now, Nothing),
            stays(On::NotSent, now, Nothing),
            stays(On::Look, now, Nothing),
        ],
    );
}

#[test]
fn final_answers() {
    for (answer, owner_sees) in [
        (answer(201, "created"), Replay),
        (answer(303, ""), Replay),
        (answer(399, ""), Replay),
        (not_kept(200), Refuse(ResponseNotKept { status: 200 })),
    ] {
        let now = done_with(answer);
        final_state(&now, &owner_sees, |on| stays(on, &now, Refuse(CredentialChanged)));
    }
}

/// As long as a call of the claim is open, the next claim would be taken for the one that it is for.
#[test]
fn final_refusals_beside_an_open_call() {
    for (answer, owner_sees) in [
        (answer(404, ""), Replay),
        (answer(409, "sold out"), Replay),
        (not_kept(422), Refuse(ResponseNotKept { status: 422 })),
    ] {
        let now = done_with(answer);
        let come_again = || Refuse(InProgress { retry_after: ASK_AGAIN });
        final_state(&now, &owner_sees, |on| stays(on, &now, come_again()));
    }
}

/// The record after a resend was claimed at [`EARLY`].
fn resent(from: &Record) -> Record {
    let Record::Unknown { claim, outcome } = from.clone() else { panic!("unknown") };
    let claim = Claim { attempt: claim.attempt + 1, deadline_at: EARLY.plus(DEADLINE), ..claim };
    Record::InFlight { claim, previous: Some(outcome) }
}

/// Every event in an unknown state after the attempt's call has reported: only a late answer to
/// the current claim says more.
#[track_caller]
fn unknown_state(now: &Record, owner_sees: &Action, reports: [Row; 6]) {
    let Record::Unknown { outcome, .. } = now else { panic!("unknown") };
    let untold = Refuse(OutcomeUnknown(outcome.reason));
    let [a, b, c, d, e, f] = reports;
    state(
        now,
        [
            stays(On::Owner, now, owner_sees.clone()),
            stays(On::Stranger, now, untold.clone()),
            stays(On::OtherRequest, now, Refuse(KeyReused)),
            stays(On::OtherRequestOfStranger, now, untold.clone()),
            stays(On::OwnerRejecting, now, owner_sees.clone()),
            stays(On::StrangerRejecting, now, untold.clone()),
            (On::OwnerResending, resent(now), Put, Forward),
            stays(On::StrangerResending, now, untold),
            stays(On::OtherRequestResending, now, Refuse(KeyReused)),
            stays(On::OwnerSpent, now, owner_sees.clone()),
            stays(On::OwnerSpentResending, now, owner_sees.clone()),
            a,
            b,
            c,
            d,
            e,
            f,
            stays(On::Look, now, Nothing),
        ],
    );
}

/// What the reports of a first attempt make of an unknown state.
fn first_reports() -> [Row; 6] {
    let late = Outcome::new(ServerError, Some(answer(503, "late")), SINCE);
    [
        (On::Final, done(), Put, Nothing),
        (On::Final409, done_with(answer(409, "busy")), Put, Nothing),
        (On::MayHaveActed, Record::Unknown { claim: claim("c1"), outcome: late }, Put, Nothing),
        (On::NotProcessed, Record::Vacant, Erase, Nothing),
        (On::Failed, unknown(ConnectionLost), Put, Nothing),
        (On::NotSent, Record::Vacant, Erase, Nothing),
    ]
}

#[test]
fn unknown_outcomes_of_a_first_attempt() {
    use onlyonce::guard::record::Reason::{DeadlinePassed, Restarted};
    for reason in [ConnectionLost, Restarted, DeadlinePassed] {
        let told = Refuse(OutcomeUnknown(reason));
        unknown_state(&unknown(reason), &told, first_reports());
    }
    unknown_state(&held(), &Replay, first_reports());
    let endless = Outcome::new(ServerError, Some(not_kept(500)), SINCE);
    let endless = Record::Unknown { claim: claim("c1"), outcome: endless };
    unknown_state(&endless, &Refuse(OutcomeUnknown(ServerError)), first_reports());
}

#[test]
fn unknown_outcome_of_a_second_attempt() {
    let now = unknown_again(ConnectionLost);
    let claim = now.claim().expect("a claim").clone();
    let late = Outcome::new(ServerError, Some(answer(503, "late")), SINCE);
    let reports = [
        (
            On::Final,
            Record::Done { claim: claim.clone(), answer: answer(201, "created") },
            Put,
            Nothing,
        ),
        stays(On::Final409, &now, Nothing),
        (On::MayHaveActed, Record::Unknown { claim, outcome: late }, Put, Nothing),
        // It was not processed this time; nobody knows about the time before.
        stays(On::NotProcessed, &now, Nothing),
        (On::Failed, now.clone(), Put, Nothing),
        stays(On::NotSent, &now, Nothing),
    ];
    unknown_state(&now, &Refuse(OutcomeUnknown(ConnectionLost)), reports);
}

/// What a claim takes from the submission that makes it, in full.
#[test]
fn a_claim_keeps_what_a_later_policy_must_not_change() {
    let by = Submission { raw_key: Some("\"8e03\";v=1".into()), ..owner() };
    let Record::InFlight { claim, previous: None } = claimed(by.clone(), CLAIMED_AT) else {
        panic!("in flight")
    };
    assert_eq!(claim.id, claim_id(FRESH));
    assert_eq!(claim.attempt, 1);
    assert_eq!(claim.deadline_at, CLAIMED_AT.plus(DEADLINE));
    assert_eq!(claim.window_ends_at, CLAIMED_AT.plus(WINDOW));
    let record = Record::InFlight { claim, previous: None };
    check((Record::Vacant, ALL_OPEN, CLAIMED_AT), Event::Submitted(by), (record, Put, Forward));
}
