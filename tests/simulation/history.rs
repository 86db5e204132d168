//! What has happened to one key, and what follows from it now: worked out anew each time from the
//! list of its calls and their ends.

use crate::reference::{Asker, RequestOutcome};
use crate::request::{POLICIES, Policy, Request};
use crate::schedule::Report;

#[derive(Default)]
pub struct Key {
    pub claim: Option<Claim>,
    /// Forgotten by an operator: until when, as soon as that is known.
    pub shut: Option<Option<u64>>,
    pub waiting: usize,
    /// Those of them who do not show the claim's credential.
    pub others_waiting: usize,
    /// What an operator made forgotten may still be shown by copies.
    pub last_shown: Option<(Request, usize, u32)>,
}

pub struct Claim {
    pub by: Request,
    pub policy: usize,
    pub claimed_at: u64,
    pub derived_ttl: Option<u64>,
    pub calls: Vec<Call>,
    pub resolved: Option<(u64, u32)>,
}

pub struct Call {
    pub begun_at: u64,
    pub deadline_at: u64,
    /// Whether its answer has begun to come in before that.
    pub streams: bool,
    pub end: Option<(u64, End)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Reported(Report, u32),
    Died,
}

pub enum Status {
    Free,
    Shut,
    Busy,
    Known { number: u32, kept: bool, is_refusal: bool },
    Unsure { failure: Option<u32> },
}

pub fn is_same(policy: &Policy, first: &Request, second: &Request) -> bool {
    second.is_same(first, policy.fingerprint)
        && second.has_credential_of(first, policy.cookie_counts)
}

impl Key {
    pub fn told(&self, asker: &Asker, now: u64) -> RequestOutcome {
        let policy = &POLICIES[asker.policy];
        let can_send = asker.has_body && !asker.was_sent;
        let status = self.status(now);
        let claim = match (&self.claim, &status) {
            (_, Status::Shut) => return RequestOutcome::InProgress,
            (Some(claim), Status::Busy | Status::Known { .. } | Status::Unsure { .. }) => claim,
            _ if can_send => return RequestOutcome::Sent,
            _ => return RequestOutcome::InProgress,
        };
        let made = &POLICIES[claim.policy];
        // Its body is gone, and only that would tell whether it is the same request.
        if !asker.has_body && made.fingerprint != policy.fingerprint {
            return RequestOutcome::InProgress;
        }
        let is_owner = asker.request.has_credential_of(&claim.by, made.cookie_counts);
        if is_owner && !asker.request.is_same(&claim.by, made.fingerprint) {
            return RequestOutcome::KeyReused;
        }
        match status {
            Status::Busy if policy.rejects || self.waiting >= 100 => RequestOutcome::InProgress,
            Status::Busy if !is_owner && self.others_waiting >= 20 => RequestOutcome::InProgress,
            Status::Busy => RequestOutcome::Waits,
            // What another one was refused binds nobody else, once no call can say otherwise.
            Status::Known { is_refusal: true, .. } if !is_owner => match can_send {
                true if !claim.is_open() => RequestOutcome::Sent,
                _ => RequestOutcome::InProgress,
            },
            Status::Known { .. } if !is_owner => RequestOutcome::CredentialChanged,
            Status::Known { kept: false, .. } => RequestOutcome::NotKept,
            Status::Known { number, .. } => RequestOutcome::Shown(number),
            _ if is_owner && can_send && asker.is_retry && policy.resends => RequestOutcome::Sent,
            Status::Unsure { failure: Some(number) } if is_owner => RequestOutcome::Shown(number),
            _ => RequestOutcome::OutcomeUnknown,
        }
    }

    pub fn status(&self, now: u64) -> Status {
        match self.shut {
            Some(Some(until)) if now >= until => return Status::Free,
            Some(_) => return Status::Shut,
            None => {}
        }
        let Some(claim) = &self.claim else { return Status::Free };
        if (now >= claim.expires_at() && !claim.is_open()) || self.is_released() {
            return Status::Free;
        }
        if let Some((_, number, kept, is_refusal)) = self.final_answer() {
            return Status::Known { number, kept, is_refusal };
        }
        match claim.calls.last() {
            Some(Call { end: None, deadline_at, streams, .. })
                if now < *deadline_at || *streams =>
            {
                Status::Busy
            }
            _ => Status::Unsure { failure: self.failure() },
        }
    }

    pub fn final_answer(&self) -> Option<(u64, u32, bool, bool)> {
        self.claim.as_ref()?.final_answer()
    }

    /// The newest 5xx that was said to the newest call of its time.
    pub fn failure(&self) -> Option<u32> {
        let calls = &self.claim.as_ref()?.calls;
        let said = |place: usize| match calls[place].end? {
            (at, End::Reported(Report::Fails, number)) if newest_at(calls, place, at) => {
                Some(number)
            }
            _ => None,
        };
        (0..calls.len()).rev().find_map(said)
    }

    pub fn counts(&self, attempt: u32, now: u64) -> bool {
        let Some(claim) = &self.claim else { return false };
        let place = attempt as usize - 1;
        self.final_answer().is_none() && newest_at(&claim.calls, place, now)
    }

    /// Whether the only call there was came back as not processed.
    pub fn is_released(&self) -> bool {
        let Some(claim) = &self.claim else { return false };
        let [Call { end: Some((at, End::Reported(report, _))), .. }] = &claim.calls[..] else {
            return false;
        };
        let earlier = self.final_answer().is_some_and(|(final_at, ..)| final_at <= *at);
        matches!(report, Report::Refuses | Report::NotSent) && !earlier
    }
}

/// Whether a call was the newest one when something happened to it.
fn newest_at(calls: &[Call], place: usize, at: u64) -> bool {
    calls.get(place + 1).is_none_or(|next| next.begun_at > at)
}

impl Claim {
    pub fn is_open(&self) -> bool {
        self.calls.iter().any(|call| call.end.is_none())
    }

    /// The first final answer: when, which, whether it is kept, and whether it is a refusal.
    pub fn final_answer(&self) -> Option<(u64, u32, bool, bool)> {
        let finals = self.calls.iter().enumerate().filter_map(|(place, call)| match call.end? {
            (at, End::Reported(Report::Answers, number)) => Some((at, number, true, false)),
            (at, End::Reported(Report::AnswersAtLength, number)) => {
                Some((at, number, false, false))
            }
            (at, End::Reported(Report::Declines, number)) => Some((at, number, true, true)),
            // Said to one of several sendings, it says that the origin is at work on another.
            (at, End::Reported(Report::Conflicts, number)) if !self.is_resent(place, at) => {
                Some((at, number, true, true))
            }
            _ => None,
        });
        finals.chain(self.resolved.map(|(at, number)| (at, number, true, false))).min()
    }

    pub fn is_for(&self, request: &Request) -> bool {
        is_same(&POLICIES[self.policy], &self.by, request)
    }

    pub fn is_resent(&self, place: usize, at: u64) -> bool {
        place > 0 || !newest_at(&self.calls, place, at)
    }

    /// The end of the window; sooner for a derived key that has its answer.
    pub fn expires_at(&self) -> u64 {
        let window_ends_at = self.claimed_at + POLICIES[self.policy].retry_window.0;
        let answered = self.derived_ttl.zip(self.final_answer());
        answered.map_or(window_ends_at, |(ttl, (at, ..))| window_ends_at.min(at + ttl))
    }
}
