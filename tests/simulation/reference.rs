//! What every request has to be told, worked out the plain way: from the list of what has happened
//! to a key, with no record, no states and no transitions.

use crate::request::{POLICIES, Policy, Request};
use crate::schedule::Report;
use std::collections::HashMap;

/// What a request is told, or made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is sent to the origin.
    Sent,
    Waits,
    /// The answer with this number.
    Shown(u32),
    /// The origin's refusal with this number.
    Passed(u32),
    KeyReused,
    CredentialChanged,
    InProgress,
    NotKept,
    OutcomeUnknown,
    /// Its own call came to nothing that it could be told: it looks at the key again.
    LooksAgain,
    /// The call could not be made.
    Unavailable,
}

/// One request, as the reference follows it.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub key: usize,
    pub request: Request,
    pub policy: usize,
    /// It may make a call under `resend`: a client's own retry that has not waited.
    pub is_retry: bool,
    pub was_sent: bool,
    pub has_body: bool,
}

#[derive(Default)]
pub struct Reference {
    keys: HashMap<usize, Key>,
}

#[derive(Default)]
struct Key {
    claim: Option<Claim>,
    /// Forgotten by an operator: until when, as soon as that is known.
    shut: Option<Option<u64>>,
    waiting: usize,
    /// What an operator made forgotten may still be shown by copies.
    last_shown: Option<(Request, usize, u32)>,
}

struct Claim {
    by: Request,
    policy: usize,
    claimed_at: u64,
    linger: Option<u64>,
    calls: Vec<Call>,
    resolved: Option<(u64, u32)>,
}

struct Call {
    begun_at: u64,
    deadline_at: u64,
    end: Option<(u64, End)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Reported(Report, u32),
    Died,
}

enum Status {
    Free,
    Shut,
    Busy,
    Known { number: u32, kept: bool },
    Unsure { failure: Option<u32> },
}

impl Reference {
    fn key(&mut self, key: usize) -> &mut Key {
        self.keys.entry(key).or_default()
    }

    /// What a request has to be told; more than one thing where it depends on when the guard has
    /// looked at the key.
    pub fn expects(&mut self, asker: &Asker, now: u64) -> Vec<Told> {
        let key = self.key(asker.key);
        let mut told = vec![key.told(asker, now)];
        if key.may_be_forgotten(now) {
            told.push(Key::default().told(asker, now));
        }
        told
    }

    /// A request was sent: a new claim, or another call of the one there is.
    pub fn sent(&mut self, asker: &Asker, linger: Option<u64>, attempt: u32, now: u64) {
        let policy = &POLICIES[asker.policy];
        let call = Call { begun_at: now, deadline_at: now + policy.deadline.0, end: None };
        let key = self.key(asker.key);
        match &mut key.claim {
            Some(claim) if attempt > 1 => claim.calls.push(call),
            _ => {
                key.shut = None;
                key.claim = Some(Claim {
                    by: asker.request,
                    policy: asker.policy,
                    claimed_at: now,
                    linger,
                    calls: vec![call],
                    resolved: None,
                });
            }
        }
    }

    /// A call ended; what the one whose request was sent has to be told.
    pub fn ended(
        &mut self,
        key: usize,
        attempt: u32,
        report: Report,
        number: u32,
        now: u64,
    ) -> Told {
        let key = self.key(key);
        let Some(claim) = &mut key.claim else { return Told::LooksAgain };
        claim.calls[attempt as usize - 1].end = Some((now, End::Reported(report, number)));
        let told = match (key.status(now), report) {
            (_, Report::NotSent) => Told::Unavailable,
            (_, Report::Breaks) => Told::LooksAgain,
            (Status::Free, Report::Refuses) if key.is_released() => Told::Passed(number),
            (_, Report::Fails) if key.counts(attempt, now) => Told::Shown(number),
            _ if key.final_answer().is_some_and(|(_, final_, _)| final_ == number) => {
                Told::Shown(number)
            }
            _ => Told::LooksAgain,
        };
        if key.is_released() {
            key.claim = None;
        }
        told
    }

    pub fn died(&mut self, key: usize, now: u64) {
        let key = self.key(key);
        key.waiting = 0;
        let calls = key.claim.iter_mut().flat_map(|claim| &mut claim.calls);
        calls.filter(|call| call.end.is_none()).for_each(|call| call.end = Some((now, End::Died)));
    }

    /// A request waits. With the claim's own credential it will not be sent, so its body goes.
    pub fn waits(&mut self, asker: &mut Asker) {
        let key = self.key(asker.key);
        key.waiting += 1;
        let claim = key.claim.as_ref();
        let owns = |claim: &Claim| {
            asker.request.has_credential_of(&claim.by, POLICIES[claim.policy].cookie_counts)
        };
        asker.has_body &= !claim.is_some_and(owns);
    }

    /// Whether there is a call that may be waited for.
    pub fn is_busy(&mut self, key: usize, now: u64) -> bool {
        matches!(self.key(key).status(now), Status::Busy)
    }

    pub fn stops_waiting(&mut self, key: usize, count: usize) {
        self.key(key).waiting -= count;
    }

    /// Whether the rules may let an operator forget the key; and it is done.
    pub fn forgets(&mut self, key: usize, copying: bool, now: u64) -> bool {
        let key = self.key(key);
        if key.shut.is_some() && matches!(key.status(now), Status::Shut) {
            return true;
        }
        let open = key.claim.as_ref().is_some_and(Claim::is_open);
        if open || copying || matches!(key.status(now), Status::Free) {
            return false;
        }
        let shown = key.final_answer().map(|(_, number, _)| number);
        key.last_shown =
            key.claim.take().zip(shown).map(|(claim, number)| (claim.by, claim.policy, number));
        key.shut = Some(None);
        true
    }

    /// The guard says that nothing is known of a key. It may have looked at a derived key so early
    /// that it is over by now.
    pub fn is_vacant(&mut self, key: usize, now: u64) -> bool {
        let key = self.key(key);
        if key.may_be_forgotten(now) {
            key.claim = None;
        }
        matches!(key.status(now), Status::Free)
    }

    pub fn deleted(&mut self, key: usize, now: u64) {
        let key = self.key(key);
        if key.shut == Some(None) {
            key.shut = Some(Some(now + 120_000));
        }
    }

    /// Whether the rules may let an operator resolve the key; and it is done.
    pub fn resolves(&mut self, key: usize, number: Option<u32>, now: u64) -> bool {
        let key = self.key(key);
        if !matches!(key.status(now), Status::Unsure { .. }) {
            return false;
        }
        let Some(claim) = &mut key.claim else { return false };
        match number {
            Some(number) => claim.resolved = Some((now, number)),
            None if claim.is_open() => return false,
            None => key.claim = None,
        }
        true
    }

    /// Whether a copy may be shown: it is what the key's own answer is, or was until an operator
    /// forgot it a moment ago.
    pub fn may_copy(&mut self, key: usize, request: &Request, number: u32, now: u64) -> bool {
        let key = self.key(key);
        match key.status(now) {
            Status::Known { number: known, kept: true } => {
                known == number && key.claim.as_ref().is_some_and(|claim| claim.is_for(request))
            }
            Status::Shut => key.last_shown.is_some_and(|(by, policy, last)| {
                last == number && is_same(&POLICIES[policy], &by, request)
            }),
            _ => false,
        }
    }
}

fn is_same(policy: &Policy, first: &Request, second: &Request) -> bool {
    second.is_same(first, policy.fingerprint)
        && second.has_credential_of(first, policy.cookie_counts)
}

impl Key {
    fn told(&self, asker: &Asker, now: u64) -> Told {
        let policy = &POLICIES[asker.policy];
        let can_send = asker.has_body && !asker.was_sent;
        let status = self.status(now);
        let claim = match (&self.claim, &status) {
            (_, Status::Shut) => return Told::InProgress,
            (Some(claim), Status::Busy | Status::Known { .. } | Status::Unsure { .. }) => claim,
            _ if can_send => return Told::Sent,
            _ => return Told::InProgress,
        };
        let made = &POLICIES[claim.policy];
        // Its body is gone, and only that would tell whether it is the same request.
        if !asker.has_body && made.fingerprint != policy.fingerprint {
            return Told::InProgress;
        }
        if !asker.request.is_same(&claim.by, made.fingerprint) {
            return Told::KeyReused;
        }
        let is_owner = asker.request.has_credential_of(&claim.by, made.cookie_counts);
        match status {
            Status::Busy if policy.rejects || self.waiting >= 100 => Told::InProgress,
            Status::Busy => Told::Waits,
            Status::Known { .. } if !is_owner => Told::CredentialChanged,
            Status::Known { kept: false, .. } => Told::NotKept,
            Status::Known { number, .. } => Told::Shown(number),
            _ if is_owner && can_send && asker.is_retry && policy.resends => Told::Sent,
            Status::Unsure { failure: Some(number) } if is_owner => Told::Shown(number),
            _ => Told::OutcomeUnknown,
        }
    }

    fn status(&self, now: u64) -> Status {
        match self.shut {
            Some(Some(until)) if now >= until => return Status::Free,
            Some(_) => return Status::Shut,
            None => {}
        }
        let Some(claim) = &self.claim else { return Status::Free };
        if (now >= claim.expires_at() && !claim.is_open()) || self.is_released() {
            return Status::Free;
        }
        if let Some((_, number, kept)) = self.final_answer() {
            return Status::Known { number, kept };
        }
        match claim.calls.last() {
            Some(Call { end: None, deadline_at, .. }) if now < *deadline_at => Status::Busy,
            _ => Status::Unsure { failure: self.failure() },
        }
    }

    fn final_answer(&self) -> Option<(u64, u32, bool)> {
        self.claim.as_ref()?.final_answer()
    }

    /// The newest 5xx that was said to the newest call of its time.
    fn failure(&self) -> Option<u32> {
        let calls = &self.claim.as_ref()?.calls;
        let said = |place: usize| match calls[place].end? {
            (at, End::Reported(Report::Fails, number)) if newest_at(calls, place, at) => {
                Some(number)
            }
            _ => None,
        };
        (0..calls.len()).rev().find_map(said)
    }

    fn counts(&self, attempt: u32, now: u64) -> bool {
        let Some(claim) = &self.claim else { return false };
        let place = attempt as usize - 1;
        self.final_answer().is_none() && newest_at(&claim.calls, place, now)
    }

    /// Whether the only call there was came back as not processed.
    fn is_released(&self) -> bool {
        let Some(claim) = &self.claim else { return false };
        let [Call { end: Some((at, End::Reported(report, _))), .. }] = &claim.calls[..] else {
            return false;
        };
        let earlier = self.final_answer().is_some_and(|(final_at, ..)| final_at <= *at);
        matches!(report, Report::Refuses | Report::NotSent) && !earlier
    }

    /// A derived key's time begins when the guard sees that the call is over, which nobody outside
    /// can know to the moment where it died or took too long.
    fn may_be_forgotten(&self, now: u64) -> bool {
        let Some(claim) = &self.claim else { return false };
        let Some(linger) = claim.linger.filter(|_| self.final_answer().is_none()) else {
            return false;
        };
        let vague =
            claim.calls.last().is_none_or(|call| !matches!(call.end, Some((_, End::Reported(..)))));
        vague && !claim.is_open() && now >= claim.earliest_end() + linger
    }
}

/// Whether a call was the newest one when something happened to it.
fn newest_at(calls: &[Call], place: usize, at: u64) -> bool {
    calls.get(place + 1).is_none_or(|next| next.begun_at > at)
}

impl Claim {
    fn is_open(&self) -> bool {
        self.calls.iter().any(|call| call.end.is_none())
    }

    /// The first final answer: when, which, and whether it is kept.
    fn final_answer(&self) -> Option<(u64, u32, bool)> {
        let finals = self.calls.iter().enumerate().filter_map(|(place, call)| match call.end? {
            (at, End::Reported(Report::Answers, number)) => Some((at, number, true)),
            (at, End::Reported(Report::AnswersAtLength, number)) => Some((at, number, false)),
            // Said to one of several sendings, it says that the origin is at work on another.
            (at, End::Reported(Report::Conflicts, number)) if !self.is_resent(place, at) => {
                Some((at, number, true))
            }
            _ => None,
        });
        finals.chain(self.resolved.map(|(at, number)| (at, number, true))).min()
    }

    fn is_for(&self, request: &Request) -> bool {
        is_same(&POLICIES[self.policy], &self.by, request)
    }

    fn is_resent(&self, place: usize, at: u64) -> bool {
        place > 0 || !newest_at(&self.calls, place, at)
    }

    /// The end of the window; sooner for a derived key whose call has ended for certain.
    fn expires_at(&self) -> u64 {
        let window_ends_at = self.claimed_at + POLICIES[self.policy].retry_window.0;
        let known = self.known_end().zip(self.linger).map(|(end, linger)| end + linger);
        known.map_or(window_ends_at, |end| end.min(window_ends_at))
    }

    fn known_end(&self) -> Option<u64> {
        let last = match self.calls.last()?.end {
            Some((at, End::Reported(..))) => Some(at),
            _ => None,
        };
        self.final_answer().map(|(at, ..)| at).or(last)
    }

    fn earliest_end(&self) -> u64 {
        let last = self.calls.last();
        last.map_or(0, |call| call.end.map_or(call.deadline_at, |(at, _)| at.min(call.deadline_at)))
    }
}
