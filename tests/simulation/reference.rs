//! What every request has to be told, worked out the plain way: from the list of what has happened
//! to a key, with no record, no states and no transitions.

use crate::history::{Call, Claim, End, Key, Status, is_same};
use crate::request::{POLICIES, Request};
use crate::schedule::Report;
use std::collections::HashMap;

/// What a request is told, or made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
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
    /// It would be sent, and has no place.
    AwaitsPlace,
    OriginBusy,
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

impl Reference {
    fn key(&mut self, key: usize) -> &mut Key {
        self.keys.entry(key).or_default()
    }

    /// What a request has to be told.
    pub fn expects(&mut self, asker: &Asker, now: u64) -> RequestOutcome {
        self.key(asker.key).told(asker, now)
    }

    /// A request was sent: a new claim, or another call of the one there is.
    pub fn sent(&mut self, asker: &Asker, derived_ttl: Option<u64>, attempt: u32, now: u64) {
        let policy = &POLICIES[asker.policy];
        let deadline_at = now + policy.deadline.0;
        let call = Call { begun_at: now, deadline_at, streams: false, end: None };
        let key = self.key(asker.key);
        match &mut key.claim {
            Some(claim) if attempt > 1 => claim.calls.push(call),
            _ => {
                key.shut = None;
                key.claim = Some(Claim {
                    by: asker.request,
                    policy: asker.policy,
                    claimed_at: now,
                    derived_ttl,
                    calls: vec![call],
                    resolved: None,
                });
            }
        }
    }

    /// The answer to a call has begun to come in.
    pub fn streams(&mut self, key: usize, attempt: u32, now: u64) {
        if let Some(claim) = &mut self.key(key).claim {
            let call = &mut claim.calls[attempt as usize - 1];
            call.streams = now < call.deadline_at;
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
    ) -> RequestOutcome {
        let key = self.key(key);
        let Some(claim) = &mut key.claim else { return RequestOutcome::LooksAgain };
        claim.calls[attempt as usize - 1].end = Some((now, End::Reported(report, number)));
        let told = match (key.status(now), report) {
            (_, Report::NotSent) => RequestOutcome::Unavailable,
            (_, Report::Breaks) => RequestOutcome::LooksAgain,
            (Status::Free, Report::Refuses) if key.is_released() => RequestOutcome::Passed(number),
            (_, Report::Fails) if key.counts(attempt, now) => RequestOutcome::Shown(number),
            _ if key.final_answer().is_some_and(|(_, final_, ..)| final_ == number) => {
                RequestOutcome::Shown(number)
            }
            _ => RequestOutcome::LooksAgain,
        };
        if key.is_released() {
            key.claim = None;
        }
        told
    }

    pub fn died(&mut self, key: usize, now: u64) {
        let key = self.key(key);
        (key.waiting, key.others_waiting) = (0, 0);
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
        let owns = claim.is_some_and(owns);
        asker.has_body &= !owns;
        key.others_waiting += usize::from(!owns);
    }

    /// Whether there is a call that may be waited for.
    pub fn is_busy(&mut self, key: usize, now: u64) -> bool {
        matches!(self.key(key).status(now), Status::Busy)
    }

    pub fn stops_waiting(&mut self, key: usize, is_owner: bool) {
        let key = self.key(key);
        key.waiting -= 1;
        key.others_waiting -= usize::from(!is_owner);
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
        let copied = key.final_answer().filter(|(.., is_refusal)| !is_refusal);
        let shown = copied.map(|(_, number, ..)| number);
        key.last_shown =
            key.claim.take().zip(shown).map(|(claim, number)| (claim.by, claim.policy, number));
        key.shut = Some(None);
        true
    }

    /// Whether nothing is known of a key.
    pub fn is_vacant(&mut self, key: usize, now: u64) -> bool {
        matches!(self.key(key).status(now), Status::Free)
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
            Status::Known { number: known, kept: true, is_refusal: false } => {
                known == number && key.claim.as_ref().is_some_and(|claim| claim.is_for(request))
            }
            Status::Shut => key.last_shown.is_some_and(|(by, policy, last)| {
                last == number && is_same(&POLICIES[policy], &by, request)
            }),
            _ => false,
        }
    }
}
