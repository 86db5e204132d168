//! The Worker's half, as `edge::guard_request`, `edge::object_client` and `edge::copies` have it,
//! and what lies around it: clients, two isolates whose clocks differ, and KV.

use crate::bugs::Bug;
use crate::ledger::number;
use crate::object::World;
use crate::setting::{SKEW, TICK};
use crate::state::{Bytes, CachedAnswer, Kv, Pass, Stage, Submission, Wakeup, decode, encode};
use onlyonce::guard::digest::Pepper;
use onlyonce::guard::isolate_cache::IsolateCache;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::machine::Event;
use onlyonce::guard::record::{Answer, Body, Record};
use onlyonce::guard::replay::{COPY_MARGIN, copy_lifetime, is_copied, may_replay};
use onlyonce::guard::scope::{Namespace, RecordId};
use onlyonce::guard::time::UnixMillis;
use std::rc::Rc;

thread_local! {
    static ID: RecordId = {
        let key = IdempotencyKey::parse("key").expect("a key");
        RecordId::new(Namespace { pepper: &Pepper::default(), realm: "realm", scope: &[] }, &key)
    };
}

/// Which copy a reader of KV gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    Current,
    Stale,
}

impl World<'_> {
    /// A client's first attempt, or a retry.
    pub fn sends(&mut self, client: usize, isolate: usize) {
        let state = &mut self.state.clients[client];
        state.attempts -= 1;
        state.waits = true;
        self.state.submissions.push(Submission {
            client,
            is_read: true,
            isolate,
            redelivered: false,
            pass: Pass::First,
            has_body: true,
            stage: Stage::AtWorker,
        });
    }

    /// A client hangs up. What it has sent goes on without it.
    pub fn times_out(&mut self, client: usize) {
        self.state.clients[client].waits = false;
        for one in self.state.submissions.iter_mut().filter(|one| one.client == client) {
            one.is_read = false;
        }
    }

    /// The Worker's call fails in its eyes, and it calls again.
    pub fn calls_again(&mut self, place: usize) {
        let first = &mut self.state.submissions[place];
        let again = Submission {
            redelivered: true,
            pass: Pass::First,
            has_body: true,
            stage: Stage::AtWorker,
            ..first.clone()
        };
        first.is_read = false;
        self.state.submissions.push(again);
    }

    /// The runtime that holds the object dies. Its storage and its alarm stay; the Worker calls
    /// again for those who still wait.
    pub fn dies(&mut self) {
        self.state.object.calls.clear();
        let copying = self.state.object.copying.take();
        if self.has(Bug::WriteOutlivesInstance) {
            self.state.kv.stray = copying;
        }
        if self.has(Bug::StorageForgets) {
            self.state.object.stored = None;
        }
        self.state.object.deleting = false;
        self.state.object.probes.clear();
        if let Some(durable) = self.state.undurable.take() {
            self.state.object.stored = durable;
        }
        let alive = |one: &Submission| one.stage == Stage::AtWorker || one.is_read;
        self.state.submissions.retain(alive);
        for one in &mut self.state.submissions {
            one.redelivered |= one.stage != Stage::AtWorker;
            (one.pass, one.has_body, one.stage) = (Pass::First, true, Stage::AtWorker);
        }
    }

    fn isolate_clock(&self, isolate: usize) -> UnixMillis {
        UnixMillis(self.state.now.saturating_add_signed(SKEW[isolate]))
    }

    /// `copies::remember`.
    pub fn remembers(&mut self, isolate: usize, record: &Record) {
        let is_inline = |answer: &Answer| matches!(answer.body, Body::Inline { .. });
        let is_small = record.answer().is_some_and(is_inline);
        if !is_small || !is_copied(&self.as_copied(record)) {
            return;
        }
        let now = self.isolate_clock(isolate);
        let known = self.state.isolates[isolate].take();
        let fresh = Rc::new(record.clone());
        let at = match &known {
            Some(seen) if keeps_its_age(seen, &fresh, now) => seen.at,
            _ => now.0,
        };
        self.state.isolates[isolate] = encode(record).map(|record| CachedAnswer { record, at });
    }

    /// What the isolate of a submission remembers, as `copies` asks it.
    pub fn recent(&self, submission: &Submission) -> Option<Rc<Record>> {
        let seen = self.state.isolates[submission.isolate].as_ref()?;
        if self.has(Bug::IsolateNeverForgets) {
            return Some(Rc::new(decode(&Some(seen.record.clone()))));
        }
        held(seen).get(&ID.with(RecordId::clone), self.isolate_clock(submission.isolate))
    }

    /// What KV may show now.
    pub fn copy(&self, view: View) -> Option<Record> {
        let Kv { copy, before, .. } = &self.state.kv;
        let bytes = match (view, before) {
            (View::Current, _) => copy.clone()?,
            (View::Stale, Some((bytes, until))) if self.state.now <= *until => bytes.clone(),
            (View::Stale, _) => return None,
        };
        Some(decode(&Some(bytes)))
    }

    /// `guard_request`.
    pub fn is_proven(&self, submission: &Submission, copy: &Record) -> bool {
        if self.has(Bug::CopyUnchecked) {
            return true;
        }
        let client = &self.setting.clients[submission.client];
        let margin = if self.has(Bug::CopyWithoutMargin) { COPY_MARGIN.0 } else { 0 };
        let now = UnixMillis(self.isolate_clock(submission.isolate).0 - margin);
        let copy = &self.as_copied(copy);
        may_replay(copy, |_| Ok(client.fingerprint()), |_| Ok(client.credential()), now)
    }

    /// A record as the rules of copies look at it: with a bug, whom its answer binds is overlooked.
    pub fn as_copied(&self, record: &Record) -> Record {
        match record.answer() {
            Some(answer) if self.has(Bug::RefusalCopied) && answer.is_refusal() => {
                record.clone().with_answer(Answer { status: 200, ..answer.clone() })
            }
            _ => record.clone(),
        }
    }

    /// A copy is shown in the object's stead. The call to the object goes on unread.
    pub fn replays(&mut self, place: usize, copy: &Record) {
        let submission = self.state.submissions[place].clone();
        let Some((claim, answer)) = copy.claim().zip(copy.answer()) else { return };
        let claim = number(claim);
        self.state.ledger.copy_shown(copy);
        self.state.ledger.shown(claim, self.reader(&submission));
        self.state.ledger.final_shown(claim, answer);
        self.remembers(submission.isolate, copy);
        self.answered(&submission);
        self.state.submissions[place].is_read = false;
    }

    /// What is being written to KV is there.
    pub fn copy_lands(&mut self, copy: Option<Bytes>) {
        let Some(copy) = copy else { return };
        let record = decode(&Some(copy.clone()));
        let lifetime = copy_lifetime(&self.as_copied(&record), self.state.clock());
        if lifetime.is_some() {
            self.changes_kv(Some(copy));
        }
    }

    /// The deletion of the copy is confirmed.
    pub fn deletion_lands(&mut self) {
        self.state.object.deleting = false;
        self.changes_kv(None);
        self.step(Event::CopyDeleted, Wakeup::LookAgain);
    }

    /// For a minute, readers elsewhere may see what was there before.
    pub fn changes_kv(&mut self, copy: Option<Bytes>) {
        if self.state.kv.copy == copy {
            return;
        }
        let stale = if self.has(Bug::KvStaleForLong) { 2 * TICK.0 } else { TICK.0 };
        let until = self.state.now + stale;
        let old = std::mem::replace(&mut self.state.kv.copy, copy);
        self.state.kv.before = old.map(|old| (old, until));
    }

    /// Leaves out of the state what can no longer be seen.
    pub fn forgets(&mut self) {
        let now = self.state.now;
        self.state.kv.before.take_if(|(_, until)| now > *until);
        for isolate in 0..2 {
            let clock = self.isolate_clock(isolate);
            let is_over = |seen: &mut CachedAnswer| {
                held(seen).get(&ID.with(RecordId::clone), clock).is_none()
            };
            if !self.has(Bug::IsolateNeverForgets) {
                self.state.isolates[isolate].take_if(is_over);
            }
        }
    }

    /// A submission leaves its place and acts.
    pub fn take_out(&mut self, place: usize) -> (Submission, Option<Wakeup>) {
        let submission = self.state.submissions.remove(place);
        let news = match submission.stage {
            Stage::Woken(news) => Some(news),
            _ => None,
        };
        (submission, news)
    }
}

/// The shipped memory of an isolate, with one answer in it.
fn held(seen: &CachedAnswer) -> IsolateCache {
    let mut cache = IsolateCache::default();
    let record = Rc::new(decode(&Some(seen.record.clone())));
    ID.with(|id| cache.put(id, record, UnixMillis(seen.at)));
    cache
}

/// Whether an answer that is seen again stays as old as it was, by the shipped memory's rule.
fn keeps_its_age(seen: &CachedAnswer, fresh: &Rc<Record>, now: UnixMillis) -> bool {
    let mut cache = held(seen);
    ID.with(|id| {
        cache.put(id, fresh.clone(), now);
        let end = UnixMillis(seen.at).plus(onlyonce::guard::isolate_cache::LIFETIME);
        cache.get(id, end).is_none()
    })
}
