//! The calls to the origin, as `edge::object::origin_request` and `origin_response` have them.

use crate::bugs::Bug;
use crate::object::{Call, Wakeup};
use crate::reference::RequestOutcome;
use crate::schedule::Report;
use crate::shard::shard_of;
use crate::system::{System, nth, number_of};
use onlyonce::guard::machine::{Event, Transition};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Answer, AnswerSource, Body, ClaimId, LeftOut, Record};
use onlyonce::guard::replay::copy_lifetime;
use onlyonce::guard::time::{Millis, UnixMillis};

impl System {
    /// The answer's headers are there, which gives a place back; its body may take as long as it likes. A
    /// stream is no longer in doubt from here on, and its caller reads along.
    pub fn headers_come(&mut self, pick: usize, stream: bool) {
        let calls = self.objects.iter().flat_map(|(key, object)| {
            let waits = object.calls.iter().filter(|call| call.has_place);
            waits.map(|call| (*key, call.attempt))
        });
        let calls: Vec<_> = calls.collect();
        if let Some((key, attempt)) = nth(&calls, pick) {
            self.leaves_place(key, attempt);
            if stream {
                self.stream_begins(key, attempt);
            }
        }
    }

    fn stream_begins(&mut self, key: usize, attempt: u32) {
        self.count("a stream");
        let step = self.step(key, |_, _| Event::Look);
        self.wake(key, &step, Wakeup::LookAgain);
        let calls = &mut self.object(key).calls;
        if let Some(call) = calls.iter_mut().find(|call| call.attempt == attempt) {
            (call.streams, call.leader) = (true, None);
            self.reference.streams(key, attempt, self.now);
        }
    }

    /// A call gives its place back, if it still has it.
    pub fn leaves_place(&mut self, key: usize, attempt: u32) {
        let mut calls = self.object(key).calls.iter_mut();
        let had_place = calls
            .find(|call| call.attempt == attempt)
            .is_some_and(|call| std::mem::take(&mut call.has_place));
        if had_place {
            self.give_back(shard_of(key));
        }
    }

    /// The end of a call: `origin_response` and `ObjectContext::finish_origin_request`.
    pub fn reported(&mut self, key: usize, attempt: u32, report: Report) {
        let keeps_place = report == Report::Breaks && self.has(Bug::PlaceKeptByFailure);
        if !keeps_place {
            self.leaves_place(key, attempt);
        }
        self.answers += 1;
        let number = self.answers;
        let Some(place) = self.object(key).calls.iter().position(|call| call.attempt == attempt)
        else {
            return;
        };
        let Call { claim, streams, .. } = self.object(key).calls[place];
        let report = match report {
            // By its headers it was none of these.
            Report::NotSent | Report::Refuses | Report::Conflicts if streams => Report::Breaks,
            report => report,
        };
        let before = self.object(key).record();
        let event = event(claim, attempt, report, number);
        let step = self.step(key, |_, _| event);
        let call = self.object(key).calls.remove(place);
        let expected = self.reference.ended(key, attempt, report, number, self.now);
        self.tells(key, call, &step, (report, number), expected);
        let news = match (report, before.claim()) {
            (Report::Refuses, Some(claim)) => Wakeup::Released { claim, number },
            _ => Wakeup::LookAgain,
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
        expected: RequestOutcome,
    ) {
        let is_stored = number_of(&step.record) == Some(number);
        let told = match report {
            Report::NotSent => RequestOutcome::Unavailable,
            Report::Breaks => RequestOutcome::LooksAgain,
            Report::Refuses if step.record == Record::Vacant => RequestOutcome::Passed(number),
            Report::Refuses => RequestOutcome::LooksAgain,
            _ if is_stored || self.has(Bug::ShownWithoutStored) => RequestOutcome::Shown(number),
            _ => RequestOutcome::LooksAgain,
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
            RequestOutcome::LooksAgain => self.on_submission(leader),
            RequestOutcome::Shown(_) => self.remembers(leader.isolate, key, &step.record),
            _ => {}
        }
    }

    /// `copy_writer::write_copy`.
    fn copies(&mut self, key: usize, record: &Record) {
        let lifetime = copy_lifetime(record, UnixMillis(self.now));
        if let Some(bytes) = record.encode().ok().filter(|_| lifetime.is_some()) {
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
        Report::Declines => (404, OriginVerdict::Final),
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
    let (answered_at, origin_time) = (UnixMillis(0), Millis(0));
    Answer {
        status,
        headers,
        answered_at,
        origin_time,
        body,
        source: AnswerSource::Origin,
        left_out: LeftOut::Nothing,
        sealed: false,
    }
}
