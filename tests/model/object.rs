//! One key's object, as `edge::key_object`, `edge::origin_call` and `edge::reception` have it
//! around the shipped rules: what is one synchronous turn there is one function here.

use crate::bugs::{self, Bug};
use crate::ledger::{Promise, Reader, number};
use crate::setting::{DEADLINE, Setting};
use crate::state::{Bytes, Call, News, Stage, State, Submission, Turn, decode, encode};
use onlyonce::guard::machine::{self, Change, Event, Live, Resolution, Step, Then};
use onlyonce::guard::origin::Meaning;
use onlyonce::guard::record::{Answer, Body, ClaimId, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

/// A state on its way to the next.
pub struct World<'a> {
    pub setting: &'a Setting,
    pub state: State,
    /// The record as a request found it before something came in between, which takes a bug.
    pub found: Option<Option<Bytes>>,
}

/// What an operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    Forget,
    NotProcessed,
    Answered,
}

/// Stands in an answer in the place of an attempt.
const OPERATOR: u32 = 255;

/// What the origin makes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    Answers,
    /// With more than is kept.
    AnswersAtLength,
    /// "I did not process this."
    Refuses,
    /// 5xx.
    Fails,
    /// 409, to a second sending.
    Conflicts,
    /// The connection is lost, before or after the origin acted.
    Breaks,
}

impl Report {
    fn status(self) -> u16 {
        match self {
            Self::Answers | Self::AnswersAtLength => 201,
            Self::Refuses => 429,
            Self::Fails => 500,
            Self::Conflicts => 409,
            Self::Breaks => 0,
        }
    }

    fn meaning(self) -> Meaning {
        match self {
            Self::Refuses => Meaning::NotProcessed,
            Self::Fails => Meaning::MayHaveActed,
            _ => Meaning::Final,
        }
    }
}

impl World<'_> {
    pub fn has(&self, bug: Bug) -> bool {
        self.setting.bug == Some(bug)
    }

    /// `KeyObject::submitted`, from one await to the next.
    pub fn takes(&mut self, mut submission: Submission) {
        let event = Event::Submitted(self.submission(&submission));
        let step = self.step(event, News::LookAgain);
        self.began(&step, &submission);
        let led = submission.turn == Turn::Led || step.then == Then::Forward;
        match (step.then, step.record) {
            (Then::Forward, Record::InFlight { claim, .. }) => {
                let (claim, attempt, deadline) =
                    (number(&claim), claim.attempt, claim.deadline_at.0);
                self.state.object.calls.push(Call { claim, attempt, sent: false });
                submission.stage = Stage::Leading { claim, attempt, deadline };
            }
            (Then::Join, record) => {
                let lets_go = self.shows(&submission, &record) && !self.has(Bug::WaitersResend);
                submission.has_body &= !lets_go;
                submission.stage = Stage::Joined;
            }
            (Then::Replay, record) => return self.shown(submission, &record),
            _ => return self.answered(&submission),
        }
        submission.turn = if led { Turn::Led } else { Turn::Waited };
        self.state.submissions.push(submission);
    }

    /// What the ledger learns from a submission's step.
    fn began(&mut self, step: &Step, by: &Submission) {
        let Record::InFlight { claim, .. } = &step.record else { return };
        if step.then != Then::Forward {
            return;
        }
        if claim.attempt == 1 {
            let reader = self.setting.clients[by.client].reader();
            return self.state.ledger.claimed(claim, reader, self.state.now);
        }
        let by_resend = self.setting.resends && by.turn == Turn::First && !by.redelivered;
        self.state.ledger.resent(claim, by_resend);
    }

    fn shows(&self, submission: &Submission, record: &Record) -> bool {
        let credential = self.setting.clients[submission.client].credential();
        record.claim().is_some_and(|claim| claim.credential == credential)
    }

    /// `Arrival::submission`.
    fn submission(&self, by: &Submission) -> machine::Submission {
        let client = &self.setting.clients[by.client];
        let leads_again = self.has(Bug::LeaderSendsAgain) && by.turn == Turn::Led;
        let waits_again = self.has(Bug::WaitersResend) && by.turn == Turn::Waited;
        let first = by.turn == Turn::First || leads_again || waits_again;
        let redelivered = by.redelivered && !self.has(Bug::StubRetryResends);
        machine::Submission {
            fresh: ClaimId(self.state.ledger.next_claim()),
            fingerprint: client.fingerprint(),
            credential: client.credential(),
            retry_window: self.setting.retry_window(),
            deadline: DEADLINE,
            linger: self.setting.linger,
            reject_in_flight: self.setting.rejects,
            may_resend: self.setting.resends && first && !redelivered,
            can_send: by.has_body && (by.turn != Turn::Led || leads_again),
            spelling: None,
        }
    }

    /// `KeyObject::step`: load, decide, apply, wake.
    pub fn step(&mut self, event: Event, news: News) -> Step {
        let now = self.state.clock();
        let record = decode(&self.found.take().unwrap_or_else(|| self.state.object.stored.clone()));
        let was_in_flight = matches!(record, Record::InFlight { .. });
        let open: Vec<u32> = self.state.object.calls.iter().map(|call| call.attempt).collect();
        let copying = self.state.object.copying.is_some();
        let live = Live { open_calls: &open, waiting: self.waiting(), copying };
        let step = bugs::decide(self.setting.bug, record, event, live, now);
        self.apply(&step, now);
        if was_in_flight && step.change != Change::Keep && step.then != Then::Forward {
            self.state.ledger.ended(now.0);
        }
        if let Record::Done { claim, answer } = &step.record {
            self.state.ledger.settled(number(claim), answer);
        }
        match (step.change, &step.then) {
            (Change::Keep, _) | (_, Then::Forward) => {}
            (Change::Erase, _) => self.wake(news),
            (Change::Put, _) => self.wake(News::LookAgain),
        }
        step
    }

    fn waiting(&self) -> usize {
        self.state.submissions.iter().filter(|one| one.stage == Stage::Joined).count()
    }

    /// `Store::apply`.
    fn apply(&mut self, step: &Step, now: UnixMillis) {
        let before = self.state.object.stored.clone();
        match step.change {
            Change::Keep => return,
            Change::Erase => {
                self.state.object.stored = None;
                self.state.object.alarm = None;
            }
            Change::Put => {
                self.watch(&step.record, now);
                self.state.object.stored = encode(&step.record);
            }
        }
        if self.has(Bug::SentBeforeDurable) {
            self.state.undurable = (step.then == Then::Forward).then_some(before);
        }
    }

    /// `Store::watch`.
    fn watch(&mut self, record: &Record, now: UnixMillis) {
        if let Some(at) = record.alarm_at(now)
            && !self.has(Bug::NoAlarm)
        {
            self.state.object.alarm = Some(at.0);
        }
    }

    fn wake(&mut self, news: News) {
        if self.has(Bug::WaitersSleep) {
            return;
        }
        for one in self.state.submissions.iter_mut().filter(|one| one.stage == Stage::Joined) {
            one.stage = Stage::Woken(news);
        }
    }

    /// `KeyObject::look`, by an alarm or by a leader's timer.
    pub fn look(&mut self) -> Then {
        let step = self.step(Event::Look, News::LookAgain);
        if step.change == Change::Keep {
            self.watch(&step.record, self.state.clock());
        }
        step.then
    }

    /// `KeyObject::woken`, by an alarm.
    pub fn rings(&mut self) {
        self.state.object.alarm.take_if(|at| self.state.now >= *at);
        if self.look() == Then::DropCopy {
            self.state.object.deleting = true;
        }
    }

    /// An operator's wish: `KeyObject::drop_copy` follows where the rules say so.
    pub fn intervenes(&mut self, wish: Wish) {
        let record = decode(&self.state.object.stored);
        let claim = record.claim().map(|claim| claim.id.clone());
        let event = match (wish, claim) {
            (Wish::Forget, _) => Event::Forget,
            (_, None) => return,
            (Wish::NotProcessed, Some(claim)) => {
                Event::Resolve { claim, resolution: Resolution::NotProcessed }
            }
            (Wish::Answered, Some(claim)) => {
                let answer = answer_of(&claim, OPERATOR, 200);
                Event::Resolve { claim, resolution: Resolution::Answered(answer) }
            }
        };
        let step = self.step(event, News::LookAgain);
        self.state.object.deleting |= step.then == Then::DropCopy;
        let freed = matches!(step.record, Record::Forgotten { .. })
            || (wish == Wish::NotProcessed && step.change == Change::Erase);
        if freed {
            self.state.ledger.freed();
        }
    }

    /// Whether a call has outlived the retry window, which ends it: `end_overdue_calls`.
    pub fn is_overdue(&self) -> bool {
        let record = decode(&self.state.object.stored);
        record.claim().is_some_and(|claim| self.state.clock() >= claim.window_ends_at)
    }

    /// A leader's patience ends.
    pub fn tires(&mut self, leader: Submission) {
        self.look();
        self.takes(leader);
    }

    /// One who waited hears the news: the end of `KeyObject::join`.
    pub fn hears(&mut self, submission: Submission, news: News) {
        if let News::Released { claim } = news {
            let client = self.setting.clients[submission.client];
            let owner = self.state.ledger.credential(claim) == client.credential;
            if owner || self.has(Bug::ReleaseSharedWithAll) {
                self.state.ledger.shown(claim, self.reader(&submission));
                return self.answered(&submission);
            }
        }
        self.takes(submission);
    }

    /// A call that could not be made: `origin_call::not_sent`.
    pub fn not_sent(&mut self, call: Call) {
        self.state.ledger.not_processed(call.claim);
        let claim = ClaimId(call.claim.to_string());
        self.concludes(&call, Event::NotSent { claim, attempt: call.attempt }, News::LookAgain);
        if let Some(leader) = self.leader_of(&call) {
            self.answered(&leader);
        }
    }

    /// The end of a call: `origin_call::run` and `Reception`.
    pub fn reported(&mut self, call: Call, report: Report) {
        let (id, attempt) = (ClaimId(call.claim.to_string()), call.attempt);
        if report == Report::Breaks {
            self.concludes(&call, Event::Failed { claim: id, attempt }, News::LookAgain);
            return self.drop_caller(&call);
        }
        let (answer, meaning) = (answer(&call, report), report.meaning());
        let news = match report {
            Report::Refuses => {
                self.state.ledger.not_processed(call.claim);
                News::Released { claim: call.claim }
            }
            _ => News::LookAgain,
        };
        let event = Event::Answered { claim: id, attempt, meaning, answer: answer.clone() };
        let step = self.concludes(&call, event, news);
        match meaning {
            Meaning::NotProcessed if step.record == Record::Vacant => self.pass_on(&call),
            Meaning::NotProcessed => self.drop_caller(&call),
            _ => self.done(&call, &answer, step.record),
        }
    }

    /// `KeyObject::conclude`.
    fn concludes(&mut self, call: &Call, event: Event, news: News) -> Step {
        let step = self.step(event, news);
        self.state.object.calls.retain(|open| open.attempt != call.attempt);
        step
    }

    /// `Reception::done` and `Reception::hand_on`: the caller sees the answer if it became the
    /// record's, and then it is copied.
    fn done(&mut self, call: &Call, answer: &Answer, record: Record) {
        if record.answer() != Some(answer) && !self.has(Bug::ShownWithoutStored) {
            return self.drop_caller(call);
        }
        let record = record.with_answer(answer.clone());
        if matches!(record, Record::Done { .. }) && answer.body != Body::Not {
            self.state.object.copying = encode(&record);
        }
        if let Some(leader) = self.leader_of(call) {
            self.shown(leader, &record);
        }
    }

    /// The origin's refusal goes to the caller, and is stored nowhere.
    fn pass_on(&mut self, call: &Call) {
        if let Some(leader) = self.leader_of(call) {
            self.state.ledger.shown(call.claim, self.reader(&leader));
            self.answered(&leader);
        }
    }

    /// Dropped without a word, the caller looks at the record.
    fn drop_caller(&mut self, call: &Call) {
        if self.has(Bug::LeaderSleeps) {
            return;
        }
        if let Some(mut leader) = self.leader_of(call) {
            leader.stage = Stage::Woken(News::LookAgain);
            self.state.submissions.push(leader);
        }
    }

    fn leader_of(&mut self, call: &Call) -> Option<Submission> {
        let leads = |one: &Submission| matches!(one.stage, Stage::Leading { claim, attempt, .. } if (claim, attempt) == (call.claim, call.attempt));
        let place = self.state.submissions.iter().position(leads)?;
        Some(self.state.submissions.remove(place))
    }

    /// A record's answer goes to the Worker, which shows it and remembers it.
    fn shown(&mut self, submission: Submission, record: &Record) {
        let Some((claim, answer)) = record.claim().zip(record.answer()) else {
            return self.state.ledger.hold(Promise::AllAnswered, false);
        };
        self.state.ledger.shown(number(claim), self.reader(&submission));
        if matches!(record, Record::Done { .. }) {
            self.state.ledger.final_shown(number(claim), answer);
            self.remembers(submission.isolate, record);
        }
        self.answered(&submission);
    }

    pub fn reader(&self, submission: &Submission) -> Reader {
        self.setting.clients[submission.client].reader()
    }

    pub fn answered(&mut self, submission: &Submission) {
        if submission.is_read {
            self.state.clients[submission.client].waits = false;
        }
    }
}

/// The answer of one sending: no two are the same.
fn answer(call: &Call, report: Report) -> Answer {
    let answer = answer_of(&ClaimId(call.claim.to_string()), call.attempt, report.status());
    match report {
        Report::AnswersAtLength => Answer { body: Body::Not, ..answer },
        _ => answer,
    }
}

fn answer_of(claim: &ClaimId, from: u32, status: u16) -> Answer {
    let claim: u8 = claim.0.parse().expect("the model's own name");
    let (answered_at, took) = (UnixMillis(0), Millis(0));
    let body = Body::Inline { bytes: vec![claim, from as u8] };
    Answer { status, headers: Vec::new(), answered_at, took, body }
}
