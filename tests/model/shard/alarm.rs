//! The shard's alarm, as `edge::object::alarm` and `ObjectContext` have it, an operator, and the death of
//! the instance.

use super::bugs::Bug;
use super::ledger::Promise;
use super::state::{Instance, Ring, Stage};
use super::turns::{Report, World};
use crate::setting::TICK;
use onlyonce::guard::machine::{Action, Event};
use onlyonce::guard::record::Record;
use onlyonce::guard::shard::alarm::{Agenda, WATCH};
use onlyonce::guard::shard::retention::{Bucket, Stagger};
use onlyonce::guard::time::UnixMillis;

impl World<'_> {
    /// What the instance knows that the shard waits for.
    fn agenda(&self) -> Agenda {
        Agenda {
            next_bucket: self.state.next_bucket(),
            watch: WATCH,
            in_flight: !self.state.instance.calls.is_empty(),
            orphaned: self.state.instance.has_orphans && !self.has(Bug::OrphansUnknown),
            unfinished: self.state.instance.unfinished,
            next_probe: None,
        }
    }

    /// Sets the alarm that a change asks for, in the same turn.
    pub fn set_alarm(&mut self, action: &Action) {
        let claims = *action == Action::Forward;
        if claims && self.has(Bug::NoAlarmWithClaim) {
            return;
        }
        let agenda = self.agenda();
        let unfinished = *action == Action::DropCopy || agenda.unfinished;
        self.set_alarm_for(&Agenda { in_flight: agenda.in_flight || claims, unfinished, ..agenda });
    }

    fn set_alarm_for(&mut self, agenda: &Agenda) {
        let is_set = self.state.instance.alarm_at.map(UnixMillis);
        let is_set = is_set.filter(|_| !self.has(Bug::AlarmSetLater));
        if let Some(at) = agenda.alarm_to_set(is_set, self.state.clock()) {
            self.state.alarm = Some(at.0);
            self.state.instance.alarm_at = Some(at.0);
        }
    }

    /// The alarm rings, which uses it up: it goes through what is watched and the buckets that have ended.
    pub fn rings(&mut self) {
        let now = self.state.now;
        self.state.alarm = None;
        self.state.instance.alarm_at = None;
        self.state.instance.has_orphans = false;
        let left = (0..self.state.rows.len()).filter(|key| self.is_due(*key)).collect();
        self.state.instance.ring = Some(Ring { begun_at: now, left, unfinished: false });
        self.ends_ring();
    }

    /// Whether a record stands among what is watched, or in a bucket that has ended.
    fn is_due(&self, key: usize) -> bool {
        let ahead = if self.has(Bug::PurgeReadsAhead) { 2 * TICK.0 } else { 0 };
        self.state.rows[key].as_ref().is_some_and(|row| row.bucket <= self.state.now + ahead)
    }

    /// It looks at one record, if that is still where it was; requests have their turns in between.
    pub fn looks(&mut self) {
        let Some(ring) = &mut self.state.instance.ring else { return };
        let key = ring.left.remove(0);
        if self.is_due(key) {
            self.looks_at(key);
        }
        self.ends_ring();
    }

    fn looks_at(&mut self, key: usize) {
        if self.has(Bug::PurgeStopsEarly) {
            self.state.instance.ring.iter_mut().for_each(|ring| ring.left.clear());
        }
        let before = self.state.record(key);
        let is_over = before.expires_at().is_none_or(|at| at.0 <= self.state.now);
        let is_read = before.needs_watching() || is_over;
        self.state.ledger.hold(Promise::ReadsOnlyEnded, is_read);
        let transition = self.step(key, Event::Alarm { settle: None });
        if transition.action == Action::DropCopy {
            self.deletes_copy(key);
            let ring = self.state.instance.ring.as_mut().expect("it rings");
            ring.unfinished = true;
        }
        self.postpone(key);
        if transition.action == Action::EndCalls && !self.has(Bug::CallsNotEnded) {
            self.ends_calls(key);
        }
    }

    /// What is aborted ends as a call that failed.
    fn ends_calls(&mut self, key: usize) {
        let calls = self.state.instance.calls.clone();
        for call in calls.iter().filter(|call| call.key == key) {
            self.ends(call, Report::Breaks);
        }
    }

    /// A record that must not go yet moves to a later bucket.
    fn postpone(&mut self, key: usize) {
        let (record, now) = (self.state.record(key), self.state.clock());
        if let Some(row) = &mut self.state.rows[key] {
            let bucket = Bucket(UnixMillis(row.bucket));
            if bucket.has_ended(now) {
                row.bucket =
                    Bucket::of_record(&record, Some(bucket), now, Stagger::default()).ends_at().0;
            }
        }
    }

    fn ends_ring(&mut self) {
        let Some(ring) = self.state.instance.ring.take_if(|ring| ring.left.is_empty()) else {
            return;
        };
        let ended = UnixMillis(ring.begun_at);
        let mut rows = self.state.rows.iter().flatten();
        let is_purged = !rows.any(|row| Bucket(UnixMillis(row.bucket)).has_ended(ended));
        self.state.ledger.hold(Promise::PurgesAll, is_purged);
        self.state.ledger.looked_at = self.state.now;
        if self.has(Bug::NoSecondAlarm) {
            return;
        }
        let unfinished = ring.unfinished && !self.has(Bug::DeletionNotWatched);
        self.state.instance.unfinished = unfinished || self.has(Bug::RingsForEver);
        let is_alarmed = self.state.alarm.is_some();
        self.set_alarm_for(&self.agenda());
        let is_idle =
            self.state.rows.iter().all(Option::is_none) && self.state.instance.calls.is_empty();
        let is_quiet = is_alarmed || self.state.alarm.is_none();
        self.state.ledger.hold(Promise::NoIdleAlarm, !is_idle || is_quiet);
    }

    fn deletes_copy(&mut self, key: usize) {
        if !self.state.instance.deletions.contains(&key) {
            self.state.instance.deletions.push(key);
        }
    }

    pub fn deletion_ends(&mut self, key: usize, lands: bool) {
        self.state.instance.deletions.retain(|of| *of != key);
        if lands {
            self.step(key, Event::CopyDeleted);
        }
    }

    pub fn forgets(&mut self, key: usize) {
        let transition = self.step(key, Event::Forget);
        if transition.action == Action::DropCopy {
            self.deletes_copy(key);
        }
        if matches!(transition.record, Record::Forgotten { .. }) {
            self.state.ledger.freed(key);
        }
    }

    /// The instance dies. A ring that was under way is made up for; the Worker calls again for those who
    /// were at the shard.
    pub fn dies(&mut self) {
        if self.state.instance.ring.is_some() {
            self.state.alarm = Some(self.state.now);
        }
        self.state.instance = Instance::new(self.setting.places);
        let has_orphans = self.state.records().any(|record| record.needs_watching());
        self.state.instance.has_orphans = has_orphans;
        self.state.ledger.died();
        for one in self.state.submissions.iter_mut().filter(|one| one.is_at_shard()) {
            (one.was_sent, one.is_denied, one.stage) = (false, false, Stage::AtWorker);
        }
    }
}
