//! The calls to the origin, as `edge::object::origin_request` and `origin_response` have them: how one ends, and
//! what its caller is told. The origin may answer at any time, or never.

use crate::bugs::Bug;
use crate::ledger::{claim_id, number_of};
use crate::object::World;
use crate::state::{Call, Sealing, Stage, Submission, Wakeup, encode};
use onlyonce::guard::machine::{Event, Transition};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Answer, AnswerSource, Body, ClaimId, LeftOut, Record};
use onlyonce::guard::replay::is_copied;
use onlyonce::guard::time::{Millis, UnixMillis};

/// What the origin makes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    Answers,
    /// With more than is kept.
    AnswersAtLength,
    /// "I did not process this."
    Refuses,
    /// 404: a final answer that says it was not done.
    Declines,
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
            Self::Declines => 404,
            Self::Fails => 500,
            Self::Conflicts => 409,
            Self::Breaks => 0,
        }
    }

    fn origin_verdict(self) -> OriginVerdict {
        match self {
            Self::Refuses => OriginVerdict::NotProcessed,
            Self::Fails => OriginVerdict::MayHaveActed,
            _ => OriginVerdict::Final,
        }
    }
}

impl World<'_> {
    /// A call that could not be made: `origin_response`.
    pub fn not_sent(&mut self, call: Call) {
        self.state.ledger.not_processed(call.claim);
        let claim = claim_id(call.claim.into());
        self.concludes(&call, Event::NotSent { claim, attempt: call.attempt }, Wakeup::LookAgain);
        if let Some(leader) = self.leader_of(&call) {
            self.answered(&leader);
        }
    }

    /// An answer that is stored is sealed first: `OriginResponse::kept`.
    pub fn is_sealed_first(&self, report: Report) -> bool {
        let is_stored = !matches!(report, Report::Refuses | Report::Breaks);
        self.setting.seals && is_stored && report != Report::AnswersAtLength
    }

    pub fn begins_sealing(&mut self, call: &Call, report: Report) {
        if self.has(Bug::ShownBeforeSealed)
            && report == Report::Answers
            && let Some(leader) = self.leader_of(call)
        {
            self.state.ledger.shown(call.claim, self.reader(&leader));
            self.state.ledger.final_shown(call.claim, &answer(call, report));
            self.answered(&leader);
        }
        let is_old = self.has(Bug::DecidedBeforeSealing);
        let found = self.state.object.stored.clone().filter(|_| is_old);
        self.call(call).sealing = Some(Sealing { report, found });
    }

    pub fn is_sealed(&mut self, call: Call) {
        let Some(Sealing { report, found }) = call.sealing.clone() else { return };
        if self.has(Bug::DecidedBeforeSealing) {
            self.found = Some(found);
        }
        self.reported(call, report);
    }

    /// The end of a call: `origin_response`.
    pub fn reported(&mut self, call: Call, report: Report) {
        let (id, attempt) = (claim_id(call.claim.into()), call.attempt);
        if report == Report::Breaks {
            self.concludes(&call, Event::Failed { claim: id, attempt }, Wakeup::LookAgain);
            return self.drop_caller(&call);
        }
        let (answer, verdict) = (answer(&call, report), report.origin_verdict());
        let news = match report {
            Report::Refuses => {
                self.state.ledger.not_processed(call.claim);
                Wakeup::Released { claim: call.claim }
            }
            _ => Wakeup::LookAgain,
        };
        let event = Event::Answered { claim: id, attempt, verdict, answer: answer.clone() };
        let step = self.concludes(&call, event, news);
        match verdict {
            OriginVerdict::NotProcessed if step.record == Record::Vacant => self.pass_on(&call),
            OriginVerdict::NotProcessed => self.drop_caller(&call),
            _ => self.done(&call, &answer, step.record),
        }
    }

    /// `ObjectContext::finish_origin_request`.
    fn concludes(&mut self, call: &Call, event: Event, news: Wakeup) -> Transition {
        let step = self.step(event, news);
        self.state.object.calls.retain(|open| open.attempt != call.attempt);
        step
    }

    /// The caller sees the answer if it became the
    /// record's, and then it is copied.
    fn done(&mut self, call: &Call, answer: &Answer, record: Record) {
        if record.answer() != Some(answer) && !self.has(Bug::ShownWithoutStored) {
            return self.drop_caller(call);
        }
        let record = record.with_answer(answer.clone());
        if is_copied(&self.as_copied(&record)) {
            self.state.object.copying = encode(&record);
        }
        if let Some(leader) = self.leader_of(call) {
            self.shown(leader, &record);
        }
    }

    /// The caller of a stream sees its beginning, whatever becomes of it.
    pub fn tells_of_stream(&mut self, call: &Call) {
        if let Some(leader) = self.leader_of(call) {
            self.state.ledger.shown(call.claim, self.reader(&leader));
            self.answered(&leader);
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
            leader.stage = Stage::Woken(Wakeup::LookAgain);
            self.state.submissions.push(leader);
        }
    }

    fn leader_of(&mut self, call: &Call) -> Option<Submission> {
        let leads = |one: &Submission| matches!(one.stage, Stage::Leading { claim, attempt, .. } if (claim, attempt) == (call.claim, call.attempt));
        let place = self.state.submissions.iter().position(leads)?;
        Some(self.state.submissions.remove(place))
    }
}

/// The answer of one sending: no two are the same.
fn answer(call: &Call, report: Report) -> Answer {
    let answer = answer_of(&claim_id(call.claim.into()), call.attempt, report.status());
    match report {
        Report::AnswersAtLength => Answer { body: Body::NotKept, ..answer },
        _ => answer,
    }
}

pub fn answer_of(claim: &ClaimId, from: u32, status: u16) -> Answer {
    let claim = number_of(claim);
    let (answered_at, origin_time) = (UnixMillis(0), Millis(0));
    let body = Body::Inline { bytes: vec![claim, from as u8] };
    let source = AnswerSource::Origin;
    Answer {
        status,
        headers: Vec::new(),
        answered_at,
        origin_time,
        body,
        source,
        left_out: LeftOut::Nothing,
        sealed: false,
    }
}
