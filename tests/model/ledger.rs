//! What has happened, written down by nobody in the guard, and the promises that it is held
//! against. A promise that is broken stays broken; the properties of the model only look at that.

use onlyonce::guard::record::{Answer, Claim, Record};

/// The promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// At most one execution per claim: each of its attempts reaches the origin once.
    OneSending,
    /// A claim is sent a second time only where the policy resends, and only for a client's retry
    /// that finds the outcome unknown.
    ResendOnly,
    /// A new claim only after release, forget, resolve or expiry.
    ClaimOnly,
    /// All final answers of one claim are the one that its origin (or an operator) gave.
    OneAnswer,
    /// No answer to another credential.
    OwnCredential,
    /// No answer to another request.
    OwnRequest,
    /// No copy is replayed beside a new claim.
    NoOldCopy,
    /// No record stays in flight.
    NoneInFlight,
    /// Every submission is answered.
    AllAnswered,
    /// What is stored is deleted in the end.
    AllForgotten,
}

impl Promise {
    pub const ALL: [Self; 10] = [
        Self::OneSending,
        Self::ResendOnly,
        Self::ClaimOnly,
        Self::OneAnswer,
        Self::OwnCredential,
        Self::OwnRequest,
        Self::NoOldCopy,
        Self::NoneInFlight,
        Self::AllAnswered,
        Self::AllForgotten,
    ];

    pub fn sentence(self) -> &'static str {
        match self {
            Self::OneSending => "at most one execution per claim",
            Self::ResendOnly => "a second sending of one claim only by resend",
            Self::ClaimOnly => "a new claim only after release, forget, resolve or expiry",
            Self::OneAnswer => "all final answers of one claim are identical",
            Self::OwnCredential => "no answer to another credential",
            Self::OwnRequest => "no answer to another request",
            Self::NoOldCopy => "no copy replayed beside a new claim",
            Self::NoneInFlight => "no record left in flight for ever",
            Self::AllAnswered => "every submission answered",
            Self::AllForgotten => "every record forgotten in the end",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub claims: Vec<Entry>,
    broken: u16,
}

/// One claim's history; its number is its place, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    credential: String,
    request: String,
    window_ends_at: u64,
    linger: Option<u64>,
    ended_at: Option<u64>,
    /// The attempts that the origin received.
    sent: Vec<u32>,
    /// The attempts that were begun, and how many of them were not processed for certain.
    begun: u32,
    not_processed: u32,
    /// An operator freed the key.
    freed: bool,
    /// The final answer that was first shown: the status, and who gave it.
    shown: Option<(u16, Vec<u8>)>,
}

/// Who looks at an answer.
pub struct Reader<'a> {
    pub credential: &'a str,
    pub request: &'a str,
}

impl Ledger {
    pub fn keeps(&self, promise: Promise) -> bool {
        self.broken & (1 << promise as u16) == 0
    }

    pub fn hold(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken |= 1 << promise as u16;
        }
    }

    /// The name that the next claim will have.
    pub fn next_claim(&self) -> String {
        (self.claims.len() + 1).to_string()
    }

    fn entry(&mut self, claim: u8) -> &mut Entry {
        &mut self.claims[usize::from(claim) - 1]
    }

    /// A claim was stored, or an attempt of it was begun.
    pub fn begun(&mut self, claim: &Claim, by_resend: bool, now: u64) {
        if number(claim) as usize <= self.claims.len() {
            let is_next = self.entry(number(claim)).begun + 1 == claim.attempt;
            self.entry(number(claim)).begun += 1;
            return self.hold(Promise::ResendOnly, by_resend && is_next);
        }
        let is_free = self.claims.last().is_none_or(|entry| entry.is_over(now));
        self.hold(Promise::ClaimOnly, is_free);
        self.claims.push(Entry::of(claim));
    }

    /// The origin received a request.
    pub fn sent(&mut self, claim: u8, attempt: u32) {
        let entry = self.entry(claim);
        let is_first = !entry.sent.contains(&attempt);
        entry.sent.push(attempt);
        self.hold(Promise::OneSending, is_first);
    }

    /// An attempt was not processed: the origin said so, or never saw it.
    pub fn not_processed(&mut self, claim: u8) {
        self.entry(claim).not_processed += 1;
    }

    /// The record of the newest claim left flight.
    pub fn ended(&mut self, now: u64) {
        if let Some(entry) = self.claims.last_mut().filter(|entry| entry.linger.is_some()) {
            entry.ended_at = Some(now);
        }
    }

    pub fn credential(&self, claim: u8) -> &str {
        &self.claims[usize::from(claim) - 1].credential
    }

    /// An operator freed the key.
    pub fn freed(&mut self) {
        if let Some(entry) = self.claims.last_mut() {
            entry.freed = true;
        }
    }

    /// Somebody is shown an answer of a claim.
    pub fn shown(&mut self, claim: u8, reader: Reader) {
        let entry = self.entry(claim);
        let (owner, same) =
            (entry.credential == reader.credential, entry.request == reader.request);
        self.hold(Promise::OwnCredential, owner);
        self.hold(Promise::OwnRequest, same);
    }

    /// Somebody is shown a final answer.
    pub fn final_shown(&mut self, claim: u8, answer: &Answer) {
        let entry = self.entry(claim);
        let identity = (answer.status, answer.inline().to_vec());
        // One that is not kept is shown once, as it comes.
        let own = identity.1.first().is_none_or(|origin| *origin == claim);
        let same = entry.shown.as_ref().is_none_or(|shown| *shown == identity);
        entry.shown = Some(identity);
        self.hold(Promise::OneAnswer, own && same);
    }

    /// A copy is replayed.
    pub fn copy_shown(&mut self, record: &Record) {
        let newest = record.claim().map(|claim| usize::from(number(claim)));
        self.hold(Promise::NoOldCopy, newest == Some(self.claims.len()));
    }
}

impl Entry {
    fn of(claim: &Claim) -> Self {
        Self {
            credential: claim.credential.digest.clone(),
            request: claim.fingerprint.digest.clone(),
            window_ends_at: claim.window_ends_at.0,
            linger: claim.linger.map(|linger| linger.0),
            ended_at: None,
            sent: Vec::new(),
            begun: 1,
            not_processed: 0,
            freed: false,
            shown: None,
        }
    }

    /// Whether the key may be claimed anew.
    fn is_over(&self, now: u64) -> bool {
        let lingered = self.linger.zip(self.ended_at).map(|(linger, ended)| ended + linger);
        let is_over = now >= self.window_ends_at || lingered.is_some_and(|end| now >= end);
        self.freed || self.not_processed == self.begun || is_over
    }
}

/// A claim's number; the model names claims by it.
pub fn number(claim: &Claim) -> u8 {
    claim.id.0.parse().expect("the model's own name")
}
