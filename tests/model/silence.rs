//! What becomes of a state when nobody does anything any more: no client sends, the origin says
//! nothing, the copies are not read. Time passes and the platform rings the alarms it was asked
//! for; timers of those who lead go off, and whoever is woken goes on. Those who wait have timers
//! of their own, which are left out here: they are not what the promise rests on.
//!
//! From every state, this has to lead to a record that is not in flight, to nobody who waits, and
//! to an empty object.

use crate::bugs::Bug;
use crate::ledger::Promise;
use crate::object::World;
use crate::origin::Report;
use crate::setting::Setting;
use crate::state::{Stage, State, Submission, decode};
use onlyonce::guard::record::Record;

/// More than the longest way takes.
const STEPS: usize = 64;

/// Whether silence leads to what a promise says.
pub fn keeps(promise: Promise, setting: &Setting, state: &State) -> bool {
    if is_kept(promise, state) {
        return true;
    }
    let mut world = World { setting, state: state.clone(), found: None };
    (0..STEPS).any(|_| world.goes_on_silently() && is_kept(promise, &world.state))
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
    fn goes_on_silently(&mut self) -> bool {
        let ready = |one: &Submission| matches!(one.stage, Stage::Woken(_) | Stage::Between(_));
        if let Some(one) = self.state.submissions.iter().find(|one| ready(one)).cloned() {
            self.goes_on(&one);
            return true;
        }
        let Some((at, leader)) = self.next_timer() else { return false };
        self.state.now = self.state.now.max(at);
        match leader {
            Some(leader) => self.goes_on(&leader),
            None => self.rings_silently(),
        }
        true
    }

    /// What goes off next: a leader's timer, or the alarm.
    fn next_timer(&self) -> Option<(u64, Option<Submission>)> {
        let leaders = self.state.submissions.iter().filter_map(|one| match one.stage {
            Stage::Leading { deadline, .. } if !self.has(Bug::LeaderSleeps) => {
                Some((deadline, Some(one.clone())))
            }
            _ => None,
        });
        let alarm = self.state.object.alarm.map(|at| (at, None));
        leaders.chain(alarm).min_by_key(|(at, _)| *at)
    }

    /// The alarm, and a deletion that takes no time.
    fn rings_silently(&mut self) {
        self.rings();
        if self.state.object.deleting {
            self.deletion_lands();
        }
        // What outlives the window is aborted, and ends as a call that failed.
        if self.is_overdue() {
            for call in self.state.object.calls.clone() {
                self.reported(call, Report::Breaks);
            }
        }
    }
}
