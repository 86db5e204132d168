//! What the keys of one shard share, as `edge::object` has it: the places for calls that wait for
//! headers, the one alarm, and the instance that they die with.

use crate::bugs::Bug;
use crate::object::{Object, Submission, Wakeup};
use crate::reference::RequestOutcome;
use crate::system::System;
use onlyonce::guard::machine::{Action, Event, StorageOp, Transition};
use onlyonce::guard::record::Record;
use onlyonce::guard::shard::alarm::{Agenda, WATCH};
use onlyonce::guard::shard::places::{PATIENCE, Places, Urgency};
use onlyonce::guard::shard::retention::Bucket;
use onlyonce::guard::time::UnixMillis;
use std::collections::BTreeMap;

pub const SHARDS: usize = 8;

/// Fewer than a shard has, so that they are often taken.
const PLACES: u32 = 2;

pub struct Shard {
    alarm: Option<u64>,
    /// The alarm that this instance has set.
    alarm_at: Option<u64>,
    /// Whether its predecessor has left what is watched.
    has_orphans: bool,
    is_ringing: bool,
    pub places: Places<u64>,
    /// Who waits for a place, and until when.
    pub queue: BTreeMap<u64, (Submission, u64)>,
}

/// Neighbours share a shard.
pub fn shard_of(key: usize) -> usize {
    key / 2 % SHARDS
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            alarm: None,
            alarm_at: None,
            has_orphans: false,
            is_ringing: false,
            places: Places::new(PLACES),
            queue: BTreeMap::new(),
        }
    }
}

impl Shard {
    pub fn next_timer(&self, late: u64) -> Option<u64> {
        let waiters = self.queue.values().map(|(_, until)| *until);
        waiters.chain(self.alarm.map(|at| at + late)).min()
    }
}

impl System {
    fn objects_of(&self, shard: usize) -> impl Iterator<Item = (usize, &Object)> {
        let here = self.objects.iter().filter(move |(key, _)| shard_of(**key) == shard);
        here.map(|(key, object)| (*key, object))
    }

    /// A submission that would claim waits for a place.
    pub fn awaits_place(&mut self, submission: Submission) {
        let shard = shard_of(submission.asker.key);
        self.judge(&submission.asker, RequestOutcome::AwaitsPlace);
        if self.shards[shard].places.free() > 0 {
            self.complain(format!("{submission:?} waits while a place is free"));
        }
        self.tickets += 1;
        let (ticket, until) = (self.tickets, self.now + PATIENCE.0);
        match self.shards[shard].places.wait(Urgency::Call, ticket) {
            true => drop(self.shards[shard].queue.insert(ticket, (submission, until))),
            false => self.decides(Submission { is_denied: true, ..submission }, false),
        }
    }

    /// A place is free again; the first who still waits has it, and decides again.
    pub fn give_back(&mut self, shard: usize) {
        while let Some((_, ticket)) = self.shards[shard].places.give_back(Urgency::Call) {
            if let Some((submission, _)) = self.shards[shard].queue.remove(&ticket) {
                return self.decides(submission, true);
            }
        }
    }

    /// As many calls wait for headers as places are taken.
    pub fn checks_places(&mut self) {
        let mut taken = [0; SHARDS];
        for (key, object) in &self.objects {
            let calls = object.calls.iter().filter(|call| call.has_place);
            taken[shard_of(*key)] += calls.count();
        }
        let free = |shard: usize| self.shards[shard].places.free() as usize;
        let wrong = (0..SHARDS).find(|shard| taken[*shard] + free(*shard) != PLACES as usize);
        if let Some(shard) = wrong {
            let (taken, free) = (taken[shard], free(shard));
            self.complain(format!("{taken} places of shard {shard} are taken, {free} are free"));
        }
    }

    /// The first timer of a shard that is due.
    pub fn shard_goes_off(&mut self, shard: usize, late: u64) {
        let now = self.now;
        let queue = &mut self.shards[shard].queue;
        let due = queue.iter().find(|(_, (_, until))| *until <= now).map(|(ticket, _)| *ticket);
        if let Some((submission, _)) = due.and_then(|ticket| queue.remove(&ticket)) {
            return self.decides(Submission { is_denied: true, ..submission }, false);
        }
        if self.shards[shard].alarm.is_some_and(|at| at + late <= now) {
            self.rings(shard);
        }
    }

    /// What the instance knows that its shard waits for.
    fn agenda(&self, shard: usize) -> Agenda {
        let buckets = self.objects_of(shard).filter_map(|(_, object)| object.bucket);
        Agenda {
            next_bucket: buckets.filter(|bucket| *bucket != Bucket::WATCHED).min(),
            watch: WATCH,
            in_flight: self.objects_of(shard).any(|(_, object)| !object.calls.is_empty()),
            orphaned: self.shards[shard].has_orphans,
            unfinished: false,
            next_probe: None,
        }
    }

    /// Sets the alarm that a change asks for, in the same turn.
    pub fn sets_alarm(&mut self, key: usize, transition: &Transition) {
        let claims = transition.action == Action::Forward;
        let is_silent = match self.bug {
            Some(Bug::NoAlarm) => true,
            Some(Bug::NoSecondAlarm) => self.shards[shard_of(key)].is_ringing,
            Some(Bug::AlarmNotMoved) => !claims,
            _ => false,
        };
        if transition.storage == StorageOp::Put && !is_silent {
            let agenda = self.agenda(shard_of(key));
            let in_flight = agenda.in_flight || claims;
            let unfinished = transition.action == Action::DropCopy;
            self.set_alarm_for(shard_of(key), &Agenda { in_flight, unfinished, ..agenda });
        }
        if transition.storage == StorageOp::Put {
            self.checks_alarm(shard_of(key));
        }
    }

    fn set_alarm_for(&mut self, shard: usize, agenda: &Agenda) {
        let now = UnixMillis(self.now);
        let shard = &mut self.shards[shard];
        if let Some(at) = agenda.alarm_to_set(shard.alarm_at.map(UnixMillis), now) {
            (shard.alarm, shard.alarm_at) = (Some(at.0), Some(at.0));
        }
    }

    /// Whether the alarm is set for what somebody who sees all records knows that the shard waits for.
    fn checks_alarm(&mut self, shard: usize) {
        let is_watched = |object: &&Object| object.bucket == Some(Bucket::WATCHED);
        let watched = self.objects_of(shard).map(|(_, object)| object).filter(is_watched);
        let records: Vec<Record> = watched.map(Object::record).collect();
        let agenda = Agenda {
            in_flight: records.iter().any(|record| matches!(record, Record::InFlight { .. })),
            unfinished: records.contains(&Record::Forgotten { until: None }),
            orphaned: false,
            ..self.agenda(shard)
        };
        let Shard { alarm, is_ringing, .. } = &self.shards[shard];
        let wanted = agenda.wants(UnixMillis(self.now)).filter(|_| !is_ringing);
        if wanted.is_some_and(|latest| alarm.is_none_or(|at| at > latest.0)) {
            self.complain(format!("the alarm of shard {shard} is {alarm:?} for {agenda:?}"));
        }
    }

    /// The alarm, which is used up: it looks at what is watched, and at the buckets that have ended.
    pub fn rings(&mut self, shard: usize) {
        let now = UnixMillis(self.now);
        let is_due = |object: &Object| {
            object.bucket.is_some_and(|bucket| bucket == Bucket::WATCHED || bucket.has_ended(now))
        };
        let objects = self.objects_of(shard).filter(|(_, object)| is_due(object));
        let keys: Vec<usize> = objects.map(|(key, _)| key).collect();
        let ringing = &mut self.shards[shard];
        (ringing.alarm, ringing.alarm_at, ringing.has_orphans) = (None, None, false);
        ringing.is_ringing = true;
        let mut unfinished = false;
        for key in keys {
            if is_due(self.object(key)) {
                unfinished |= self.looks(key) == Action::DropCopy;
            }
        }
        self.shards[shard].is_ringing = false;
        if !self.has(Bug::NoAlarm) && !self.has(Bug::NoSecondAlarm) {
            self.set_alarm_for(shard, &Agenda { unfinished, ..self.agenda(shard) });
        }
        self.checks_alarm(shard);
    }

    fn looks(&mut self, key: usize) -> Action {
        let transition = self.step(key, |_, _| Event::Alarm { settle: None });
        self.object(key).deleting |= transition.action == Action::DropCopy;
        let now = self.now;
        self.object(key).postpone(now);
        self.wake(key, &transition, Wakeup::LookAgain);
        if transition.action == Action::EndCalls {
            self.ends_calls(key);
        }
        transition.action
    }

    /// The instance dies, and with it what all its keys have in memory.
    pub fn dies(&mut self, shard: usize) {
        let keys: Vec<usize> = self.objects_of(shard).map(|(key, _)| key).collect();
        for key in &keys {
            self.object(*key).dies();
            self.reference.died(*key, self.now);
        }
        let is_watched = |key: &usize| self.objects[key].bucket == Some(Bucket::WATCHED);
        self.shards[shard] = Shard {
            alarm: self.shards[shard].alarm,
            has_orphans: keys.iter().any(is_watched),
            ..Shard::default()
        };
    }
}
