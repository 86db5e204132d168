//! What becomes of a shard when nobody does anything any more: no client sends, the origin says nothing.
//! Time passes, the platform rings the alarm, and timers go off. Everybody has to be answered, when its
//! patience or its call's deadline is over at the latest; every record has to go; and then nothing may
//! ring any more.

use super::bugs::Bug;
use super::setting::Setting;
use super::state::{Stage, State, Submission};
use super::turns::World;

/// More than the longest way takes.
const STEPS: usize = 100;

pub fn settles_all(setting: &Setting, state: &State) -> bool {
    let mut world = World { setting, state: state.clone() };
    for _ in 0..STEPS {
        if world.oversleeps() {
            return false;
        }
        if !world.proceed_silently() {
            return is_settled(&world.state);
        }
    }
    false
}

fn is_settled(state: &State) -> bool {
    let is_quiet = |stage: &Stage| matches!(stage, Stage::AtClient | Stage::Answered);
    state.count(|stage| !is_quiet(stage)) == 0
        && state.rows.iter().all(Option::is_none)
        && state.instance.calls.is_empty()
        && state.alarm.is_none()
}

impl World<'_> {
    /// One step; false where nothing will ever happen again.
    fn proceed_silently(&mut self) -> bool {
        let is_ready =
            |stage: Stage| matches!(stage, Stage::AtWorker | Stage::Woken | Stage::HasPlace);
        if let Some(one) = self.state.submissions.iter().position(|one| is_ready(one.stage)) {
            let held = self.state.submissions[one].stage == Stage::HasPlace;
            self.decides(one, held);
            return true;
        }
        if self.state.instance.ring.is_some() {
            self.looks();
            return true;
        }
        if let Some(key) = self.state.instance.deletions.first().copied() {
            self.deletion_ends(key, true);
            return true;
        }
        let written = self.state.instance.copies.iter().find(|(_, has_place)| *has_place);
        if let Some((key, _)) = written.copied() {
            self.copy_ends(key);
            return true;
        }
        self.goes_off()
    }

    /// Whether somebody will still wait when its time is over.
    fn oversleeps(&self) -> bool {
        let State { now, submissions, .. } = &self.state;
        let next = self.next_timer().map_or(u64::MAX, |(at, _)| at);
        next > *now && submissions.iter().filter_map(Submission::waits_until).any(|at| at < next)
    }

    /// What goes off next: the timer of a submission, or the alarm.
    fn next_timer(&self) -> Option<(u64, Option<usize>)> {
        let is_awake = |one: &Submission| {
            !self.has(Bug::EndlessPatience) || !matches!(one.stage, Stage::AwaitsPlace { .. })
        };
        let submissions = self.state.submissions.iter().enumerate();
        let awake = submissions.filter(|(_, one)| is_awake(one));
        let timers = awake.filter_map(|(place, one)| Some((one.waits_until()?, Some(place))));
        timers.chain(self.state.alarm.map(|at| (at, None))).min()
    }

    fn goes_off(&mut self) -> bool {
        let Some((at, one)) = self.next_timer() else { return false };
        self.state.now = self.state.now.max(at);
        match one {
            None => self.rings(),
            Some(one) => match self.state.submissions[one].stage {
                Stage::AwaitsPlace { .. } => self.gives_up(one),
                _ => self.decides(one, false),
            },
        }
        true
    }
}
