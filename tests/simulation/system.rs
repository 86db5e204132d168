//! The guard: the shipped rules, their codec and an isolate's memory, with what the edge does around
//! them for every key, each turn compared with what the reference expects.

use crate::bugs::Bug;
use crate::object::{Object, Pass, Submission};
use crate::reference::{Asker, Reference, RequestOutcome};
use crate::request::{POLICIES, Request, is_derived, record_id};
use crate::schedule::{Arrival, Operation, Report, View};
use crate::shard::{SHARDS, Shard, shard_of};
use onlyonce::guard::isolate_cache::IsolateCache;
use onlyonce::guard::machine::MAX_WAITING;
use onlyonce::guard::record::Record;
use onlyonce::guard::replay::{is_copied, may_replay};
use onlyonce::guard::time::UnixMillis;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Isolates' clocks differ by a second.
const SKEW: [i64; 2] = [-500, 500];
/// How long KV may show what was there before.
const STALE: u64 = 60_000;
const CROWD: usize = MAX_WAITING + 10;

pub struct System {
    pub now: u64,
    pub bug: Option<Bug>,
    pub policy: usize,
    pub objects: BTreeMap<usize, Object>,
    pub shards: [Shard; SHARDS],
    /// How many have waited for a place.
    pub tickets: u64,
    pub isolates: [IsolateCache; 2],
    kv: BTreeMap<usize, Kv>,
    pub reference: Reference,
    /// How many answers the origin has given; each bears its number.
    pub answers: u32,
    /// How many claims were drawn.
    pub claims: u64,
    /// What was not as the reference expects, in a sentence.
    pub found: Option<String>,
    pub tally: Tally,
}

/// How often something happened, so that a run can show that it does.
#[derive(Default)]
pub struct Tally {
    pub told: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    OfKey(usize),
    OfShard(usize),
}

#[derive(Default)]
struct Kv {
    copy: Option<Rc<[u8]>>,
    before: Option<(Rc<[u8]>, u64)>,
}

impl System {
    pub fn new(bug: Option<Bug>) -> Self {
        Self {
            now: 1_800_000_000_000,
            bug,
            policy: 0,
            objects: BTreeMap::new(),
            shards: Default::default(),
            tickets: 0,
            isolates: Default::default(),
            kv: BTreeMap::new(),
            reference: Reference::default(),
            answers: 0,
            claims: 0,
            found: None,
            tally: Tally::default(),
        }
    }

    pub fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    pub fn object(&mut self, key: usize) -> &mut Object {
        self.objects.entry(key).or_default()
    }

    pub fn complain(&mut self, sentence: String) {
        self.found.get_or_insert(sentence);
    }

    pub fn does(&mut self, operation: &Operation) {
        // No two operations at the same moment: the reference tells them apart by time.
        self.now += 1;
        match *operation {
            Operation::Submit(arrival) => self.submits(arrival),
            Operation::Crowd(arrival) => (0..CROWD).for_each(|_| self.submits(arrival)),
            Operation::Report { call, report } => self.reports(call, report),
            Operation::Wait { millis, late } => self.waits(millis, late),
            Operation::Headers { call, stream } => self.headers_come(call, stream),
            Operation::Die { key } => self.dies(shard_of(key)),
            Operation::Ring { key } => self.rings(shard_of(key)),
            Operation::HangUp { client } => self.hangs_up(client),
            Operation::Deploy { policy } => self.policy = policy,
            Operation::Copy { copy, lands } => self.ends_copy(copy, lands),
            Operation::Forget { key } => self.forgets(key),
            Operation::Deletion { deletion, lands } => self.ends_deletion(deletion, lands),
            Operation::Resolve { key, processed } => self.resolves(key, processed),
        }
        self.checks_places();
    }

    /// `edge::guard_request`.
    fn submits(&mut self, arrival: Arrival) {
        let Arrival { key, request, isolate, view, redelivered } = arrival;
        let policy = self.policy;
        let recent = self.isolates[isolate].get(&record_id(key), self.isolate_clock(isolate));
        let copies = [recent, self.copy(key, view)];
        for copy in copies.into_iter().flatten() {
            if self.is_proven(&copy, key, &request, isolate) {
                return self.replays(&copy, key, &request, isolate);
            }
        }
        // `key = "derive"` and `unknown = "resend"` exclude each other.
        let is_retry = !redelivered && !is_derived(key);
        let asker = Asker { key, request, policy, is_retry, was_sent: false, has_body: true };
        let arrived_at = self.now;
        self.on_submission(Submission {
            asker,
            isolate,
            arrived_at,
            pass: Pass::First,
            is_denied: false,
            attempt: 0,
        });
    }

    fn isolate_clock(&self, isolate: usize) -> UnixMillis {
        UnixMillis(self.now.saturating_add_signed(SKEW[isolate]))
    }

    fn copy(&self, key: usize, view: View) -> Option<Rc<Record>> {
        let kv = self.kv.get(&key)?;
        let bytes = match (view, &kv.before) {
            (View::Current, _) => kv.copy.clone()?,
            (View::Stale, Some((before, until))) if self.now < *until => before.clone(),
            _ => return None,
        };
        Record::decode(&bytes).ok().map(Rc::new)
    }

    fn is_proven(&self, copy: &Record, key: usize, request: &Request, isolate: usize) -> bool {
        if self.has(Bug::CopyUnchecked) {
            return matches!(copy, Record::Done { .. });
        }
        let now = self.isolate_clock(isolate);
        may_replay(
            copy,
            |method| Ok(request.fingerprint(method)),
            |sources| Ok(request.credential(sources, key)),
            now,
        )
    }

    fn replays(&mut self, copy: &Rc<Record>, key: usize, request: &Request, isolate: usize) {
        let number = number_of(copy).unwrap_or_default();
        self.count("replayed by a copy");
        if !self.reference.may_copy(key, request, number, self.now) {
            self.complain(format!("a copy replayed answer {number} of key {key} to {request:?}"));
        }
        self.remembers(isolate, key, copy);
    }

    /// `copies::remember`.
    pub fn remembers(&mut self, isolate: usize, key: usize, record: &Record) {
        if is_copied(record) {
            let now = self.isolate_clock(isolate);
            self.isolates[isolate].put(&record_id(key), Rc::new(record.clone()), now);
        }
    }

    pub fn changes_kv(&mut self, key: usize, copy: Option<Rc<[u8]>>) {
        let kv = self.kv.entry(key).or_default();
        let old = std::mem::replace(&mut kv.copy, copy);
        kv.before = old.map(|old| (old, self.now + STALE));
    }

    /// What a submission is told, against what it has to be told.
    pub fn judge(&mut self, asker: &Asker, told: RequestOutcome) {
        self.count(told.name());
        let expected = self.reference.expects(asker, self.now);
        // Who would be sent and has no place is the only one to wait for one, or to be refused so.
        let meant = match told {
            RequestOutcome::AwaitsPlace | RequestOutcome::OriginBusy => RequestOutcome::Sent,
            told => told,
        };
        if meant != expected {
            self.complain(format!("{asker:?} was told {told:?} instead of {expected:?}"));
        }
    }

    pub fn count(&mut self, name: &'static str) {
        *self.tally.told.entry(name).or_default() += 1;
    }

    fn reports(&mut self, pick: usize, report: Report) {
        let calls = self
            .objects
            .iter()
            .flat_map(|(key, object)| object.calls.iter().map(|call| (*key, call.attempt)));
        let calls: Vec<_> = calls.collect();
        if let Some((key, attempt)) = nth(&calls, pick) {
            self.reported(key, attempt, report);
        }
    }

    fn ends_copy(&mut self, pick: usize, lands: bool) {
        let keys = self.objects.iter().filter(|(_, object)| !object.copies.is_empty());
        let keys: Vec<usize> = keys.map(|(key, _)| *key).collect();
        if let Some(key) = nth(&keys, pick) {
            let copy = self.object(key).copies.remove(0);
            if lands {
                self.changes_kv(key, Some(copy));
            }
        }
    }

    fn ends_deletion(&mut self, pick: usize, lands: bool) {
        let keys = self.objects.iter().filter(|(_, object)| object.deleting);
        let keys: Vec<usize> = keys.map(|(key, _)| *key).collect();
        if let Some(key) = nth(&keys, pick) {
            self.object(key).deleting = false;
            if lands {
                self.deleted(key);
            }
        }
    }

    /// One who leads takes its timer along; its call goes on.
    fn hangs_up(&mut self, pick: usize) {
        let clients = self.objects.iter().flat_map(|(key, object)| {
            let waiting = (0..object.waiting.len()).map(|place| (*key, true, place));
            waiting.chain((0..object.calls.len()).map(|place| (*key, false, place)))
        });
        let clients: Vec<_> = clients.collect();
        let queued = self.shards.iter_mut().flat_map(|shard| shard.queue.first_entry());
        if pick.is_multiple_of(4)
            && let Some(queued) = queued.into_iter().next()
        {
            // Its place in the queue is still there, and nobody behind it.
            queued.remove();
            return;
        }
        match nth(&clients, pick) {
            Some((key, true, place)) => {
                let waiter = self.object(key).waiting.remove(place);
                self.reference.stops_waiting(key, waiter.is_owner);
            }
            Some((key, false, place)) => self.object(key).calls[place].leader = None,
            None => {}
        }
    }

    /// Time passes, and what is due happens in its order.
    fn waits(&mut self, millis: u64, late: u64) {
        let end = self.now + millis;
        while let Some((at, of)) = self.next_timer(late).filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            match of {
                Timer::OfKey(key) => self.goes_off(key),
                Timer::OfShard(shard) => self.shard_goes_off(shard, late),
            }
            self.checks_places();
        }
        self.now = end;
    }

    fn next_timer(&self, late: u64) -> Option<(u64, Timer)> {
        let of_key =
            |(key, object): (&usize, &Object)| Some((object.next_timer()?, Timer::OfKey(*key)));
        let keys = self.objects.iter().filter_map(of_key);
        let shards = self.shards.iter().enumerate();
        let shards =
            shards.filter_map(|(at, shard)| Some((shard.next_timer(late)?, Timer::OfShard(at))));
        keys.chain(shards).min()
    }

    pub fn policy_of(&self, asker: &Asker) -> &'static crate::request::Policy {
        &POLICIES[asker.policy]
    }
}

impl RequestOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Waits => "waits",
            Self::Shown(_) => "shown",
            Self::Passed(_) => "passed on",
            Self::KeyReused => "key-reused",
            Self::CredentialChanged => "credential-changed",
            Self::InProgress => "in-progress",
            Self::NotKept => "response-not-kept",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::AwaitsPlace => "waits for a place",
            Self::OriginBusy => "origin-busy",
            Self::LooksAgain | Self::Unavailable => "no answer",
        }
    }
}

/// The number that an answer bears.
pub fn number_of(record: &Record) -> Option<u32> {
    let headers = &record.answer()?.headers;
    headers.iter().find(|(name, _)| name == "number")?.1.parse().ok()
}

pub fn linger_of(asker: &Asker) -> Option<u64> {
    is_derived(asker.key).then_some(POLICIES[asker.policy].derive_window.0)
}

pub fn nth<T: Copy>(from: &[T], pick: usize) -> Option<T> {
    from.get(pick.checked_rem(from.len())?).copied()
}
