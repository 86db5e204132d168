//! What becomes of a state when nobody does anything any more: no client sends, the origin says
//! nothing, the copies are not read. Time passes and the platform rings the alarms it was asked
//! for; those who lead and those who wait look again at the deadline, and whoever is woken goes on.
//! That a duplicate's own patience may end before is left out: the promise does not rest on it.
//!
//! From every state, this has to lead to a record that is not in flight, to an empty object, and to
//! nobody who waits: never for a call that is over, nor past its deadline.

use crate::bugs::Bug;
use crate::ledger::Promise;
use crate::object::World;
use crate::origin::Report;
use crate::probe::Word;
use crate::setting::Setting;
use crate::state::{Probe, Stage, State, Submission, decode};
use onlyonce::guard::machine::Action;
use onlyonce::guard::record::Record;
use onlyonce::guard::settle::PATIENCE;

/// More than the longest way takes.
const STEPS: usize = 64;

/// Whether silence leads to what a promise says.
pub fn keeps(promise: Promise, setting: &Setting, state: &State) -> bool {
    if is_kept(promise, state) {
        return true;
    }
    let mut world = World { setting, state: state.clone(), found: None };
    for _ in 0..STEPS {
        let is_missed = promise == Promise::AllAnswered && world.forgets_somebody();
        if is_missed || !world.proceed_silently() {
            return false;
        }
        if is_kept(promise, &world.state) {
            return true;
        }
    }
    false
}

fn is_kept(promise: Promise, state: &State) -> bool {
    match promise {
        Promise::AllAnswered => !state.submissions.iter().any(is_at_object),
        Promise::NoneInFlight => !matches!(decode(&state.object.stored), Record::InFlight { .. }),
        _ => state.object.stored.is_none(),
    }
}

fn is_at_object(submission: &Submission) -> bool {
    submission.stage != Stage::AtWorker
}

impl World<'_> {
    /// One step; false where nothing will ever happen again.
    fn proceed_silently(&mut self) -> bool {
        let ready = |one: &Submission| matches!(one.stage, Stage::Woken(_) | Stage::Between(_));
        if let Some(one) = self.state.submissions.iter().find(|one| ready(one)).cloned() {
            self.proceed(&one);
            return true;
        }
        let timer = self.next_timer();
        if let Some(probe) = self.probe_that_ends_before(timer.as_ref().map(|(at, _)| *at)) {
            self.state.now = self.state.now.max(probe.asked_at + PATIENCE.0);
            self.is_told(&probe, Word::Nothing);
            return true;
        }
        let Some((at, one)) = timer else { return false };
        self.state.now = self.state.now.max(at);
        match one {
            Some(one) => self.proceed(&one),
            None => self.rings_silently(),
        }
        true
    }

    /// A question to which there is no answer is over after a while.
    fn probe_that_ends_before(&self, timer: Option<u64>) -> Option<Probe> {
        let first = self.state.object.probes.iter().min_by_key(|probe| probe.asked_at)?;
        let ends_at = first.asked_at + PATIENCE.0;
        timer.is_none_or(|at| ends_at <= at).then(|| first.clone())
    }

    /// Whether somebody waits for a call that is over, or will while its deadline goes by.
    fn forgets_somebody(&self) -> bool {
        let State { now, object, submissions, .. } = &self.state;
        let in_flight = matches!(decode(&object.stored), Record::InFlight { .. });
        let until = self.next_timer().map_or(*now, |(at, _)| at);
        let mut deadlines = submissions.iter().filter_map(Submission::deadline);
        let oversleeps = until > *now && deadlines.any(|deadline| deadline < until);
        let is_asked = !object.probes.is_empty();
        oversleeps || (!in_flight && !is_asked && submissions.iter().any(Submission::waits))
    }

    /// What goes off next: the timer of one who leads or waits, or the alarm.
    fn next_timer(&self) -> Option<(u64, Option<Submission>)> {
        let sleeps = |one: &Submission| {
            self.has(if one.waits() { Bug::DeadlineUnheard } else { Bug::LeaderSleeps })
        };
        let awake = self.state.submissions.iter().filter(|one| !sleeps(one));
        let timers = awake.filter_map(|one| Some((one.deadline()?, Some(one.clone()))));
        let alarm = self.state.object.alarm.map(|at| (at, None));
        timers.chain(alarm).min_by_key(|(at, _)| *at)
    }

    /// The alarm, and a deletion that takes no time.
    fn rings_silently(&mut self) {
        let then = self.rings();
        if self.state.object.deleting {
            self.deletion_lands();
        }
        // What outlives the window is aborted, and ends as a call that failed.
        if then == Action::EndCalls && !self.has(Bug::CallsNotEnded) {
            for call in self.state.object.calls.clone() {
                self.reported(call, Report::Breaks);
            }
        }
    }
}
