//! The calls to the origin, as `edge::origin_call` and `edge::reception` have them.

use crate::bugs::Bug;
use crate::object::{Call, News};
use crate::reference::Told;
use crate::schedule::Report;
use crate::system::{System, number_of};
use onlyonce::guard::machine::{Event, Transition};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Answer, Body, ClaimId, Record};
use onlyonce::guard::replay::copy_lifetime;
use onlyonce::guard::time::{Millis, UnixMillis};

impl System {
    /// The end of a call: `origin_call::run`, `Reception` and `KeyObject::conclude`.
    pub fn reported(&mut self, key: usize, attempt: u32, report: Report) {
        self.answers += 1;
        let number = self.answers;
        let Some(place) = self.object(key).calls.iter().position(|call| call.attempt == attempt)
        else {
            return;
        };
        let claim = self.object(key).calls[place].claim;
        let before = self.object(key).record();
        let event = event(claim, attempt, report, number);
        let step = self.step(key, |_, _| event);
        let call = self.object(key).calls.remove(place);
        let expected = self.reference.ended(key, attempt, report, number, self.now);
        self.tells(key, call, &step, (report, number), expected);
        let news = match (report, before.claim()) {
            (Report::Refuses, Some(claim)) => News::Released { claim, number },
            _ => News::LookAgain,
        };
        self.wake(key, &step, news);
    }

    /// What the one whose request was sent is told; what is final is copied.
    fn tells(
        &mut self,
        key: usize,
        call: Call,
        step: &Transition,
        (report, number): (Report, u32),
        expected: Told,
    ) {
        let is_stored = number_of(&step.record) == Some(number);
        let told = match report {
            Report::NotSent => Told::Unavailable,
            Report::Breaks => Told::LooksAgain,
            Report::Refuses if step.record == Record::Vacant => Told::Passed(number),
            Report::Refuses => Told::LooksAgain,
            _ if is_stored || self.has(Bug::ShownWithoutStored) => Told::Shown(number),
            _ => Told::LooksAgain,
        };
        if told != expected {
            self.complain(format!(
                "the first for key {key} was told {told:?} instead of {expected:?}"
            ));
        }
        if is_stored {
            self.copies(key, &step.record);
        }
        let Some((leader, _)) = call.leader else { return };
        match told {
            Told::LooksAgain => self.takes(leader),
            Told::Shown(_) => self.remembers(leader.isolate, key, &step.record),
            _ => {}
        }
    }

    /// `responses::write_copy`.
    fn copies(&mut self, key: usize, record: &Record) {
        let Record::Done { claim, answer } = record else { return };
        let lifetime = copy_lifetime(claim, UnixMillis(self.now));
        if let Some(bytes) =
            record.encode().ok().filter(|_| answer.body != Body::NotKept && lifetime.is_some())
        {
            self.object(key).copies.push(bytes.into());
        }
    }

    /// Calls that are aborted end as calls that failed.
    pub fn ends_calls(&mut self, key: usize) {
        let attempts: Vec<u32> = self.object(key).calls.iter().map(|call| call.attempt).collect();
        for attempt in attempts {
            self.count("ended a call");
            self.reported(key, attempt, Report::Breaks);
        }
    }
}

fn event(claim: ClaimId, attempt: u32, report: Report, number: u32) -> Event {
    let (status, verdict) = match report {
        Report::NotSent => return Event::NotSent { claim, attempt },
        Report::Breaks => return Event::Failed { claim, attempt },
        Report::Refuses => (429, OriginVerdict::NotProcessed),
        Report::Fails => (500, OriginVerdict::MayHaveActed),
        Report::Conflicts => (409, OriginVerdict::Final),
        Report::Answers | Report::AnswersAtLength => (201, OriginVerdict::Final),
    };
    let answer = answer(status, number, report == Report::AnswersAtLength);
    Event::Answered { claim, attempt, verdict, answer }
}

/// Every sixteenth answer is so large that an isolate holds few of them.
pub fn answer(status: u16, number: u32, is_too_long: bool) -> Answer {
    let size = if number.is_multiple_of(16) { 60_000 } else { 20 };
    let body = if is_too_long { Body::NotKept } else { Body::Inline { bytes: vec![b'x'; size] } };
    let headers = vec![("number".into(), number.to_string())];
    Answer { status, headers, answered_at: UnixMillis(0), origin_time: Millis(0), body }
}
