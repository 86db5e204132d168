//! What has happened, written down by nobody in the guard, and the promises that it is held
//! against. A promise that is broken stays broken; the properties of the model only look at that.

use onlyonce::guard::hex::Hex;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::record::{Answer, Claim, ClaimId, Record};
use onlyonce::guard::unknown_outcome::{OutcomeChange, What};

/// The promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// At most one execution per claim: each of its attempts reaches the origin once.
    OneSending,
    /// A claim is sent a second time only where the policy resends, and only for a client's retry
    /// that finds the outcome unknown.
    ResendOnly,
    /// A new claim only after release, forget, resolve, expiry, an absence that counts or, by another
    /// credential, a refusal.
    ClaimOnly,
    /// All final answers of one claim are the one that its origin (or an operator) gave.
    OneAnswer,
    /// No answer to another credential.
    OwnCredential,
    /// No answer to another request.
    OwnRequest,
    /// Nobody is kept from the key by what another credential was refused.
    OwnRefusal,
    /// What another credential is told does not depend on its request.
    NothingTold,
    /// No copy is replayed beside a new claim.
    NoOldCopy,
    /// No record stays in flight.
    NoneInFlight,
    /// Every submission is answered.
    AllAnswered,
    /// What is stored is deleted in the end.
    AllForgotten,
    /// And soon: an alarm is set.
    AllWatched,
    /// What is coming in is not in doubt.
    NoneDoubted,
    /// Of each unknown outcome the beginning is told, and the end.
    ToldOnce,
    /// No execution after a fence was confirmed, until its end.
    NoneAfterFence,
    /// The origin is asked about a claim by one at a time.
    OneProbe,
}

impl Promise {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OneSending => "at most one execution per claim",
            Self::ResendOnly => "a second sending of one claim only by resend",
            Self::ClaimOnly => {
                "a new claim only after release, forget, resolve, absence, expiry or another's refusal"
            }
            Self::OneAnswer => "all final answers of one claim are identical",
            Self::OwnCredential => "no answer to another credential",
            Self::OwnRequest => "no answer to another request",
            Self::OwnRefusal => "nobody is bound by another's refusal",
            Self::NothingTold => "another credential is told the same whatever it sends",
            Self::NoOldCopy => "no copy replayed beside a new claim",
            Self::NoneInFlight => "no record left in flight for ever",
            Self::AllAnswered => "every submission answered",
            Self::AllForgotten => "every record forgotten in the end",
            Self::AllWatched => "a shard that holds something has an alarm in time",
            Self::NoneDoubted => "an answer that is coming in is never called unknown",
            Self::ToldOnce => "what was told as unknown, and not as ended, is what is unknown",
            Self::OneProbe => "the origin is asked about a claim by one at a time",
            Self::NoneAfterFence => "no execution after a fence was confirmed",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub claims: Vec<Entry>,
    /// When the fence ends that its caller was told of.
    fenced_until: Option<u64>,
    broken: u32,
}

/// One claim's history; its number is its place, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    by: Reader,
    /// The first final answer: its status, and the bytes that tell who gave it.
    answer: Option<(u16, Vec<u8>)>,
    /// The attempts that the origin received, as bits.
    sent: u32,
    /// Why and when the key may be claimed anew; nothing once it was.
    life: Option<Life>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Life {
    claimed_at: u64,
    window_ends_at: u64,
    derived_ttl: Option<u64>,
    answered_at: Option<u64>,
    /// The attempts that were begun, and how many of them were not processed for certain.
    begun: u32,
    not_processed: u32,
    /// An operator freed the key.
    freed: bool,
    /// The origin refused the request for good, which binds only its own credential.
    declined: bool,
}

/// Who looks at an answer, and for which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reader {
    pub credential: &'static str,
    pub request: &'static str,
}

impl Ledger {
    pub fn keeps(&self, promise: Promise) -> bool {
        self.broken & (1 << promise as u32) == 0
    }

    pub fn hold(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken |= 1 << promise as u32;
        }
    }

    /// The name that the next claim will have.
    pub fn next_claim(&self) -> ClaimId {
        claim_id(self.claims.len() + 1)
    }

    fn entry(&mut self, claim: u8) -> &mut Entry {
        &mut self.claims[usize::from(claim) - 1]
    }

    fn newest(&mut self) -> Option<&mut Life> {
        self.claims.last_mut()?.life.as_mut()
    }

    /// A claim was stored.
    pub fn claimed(&mut self, claim: &Claim, by: Reader, now: u64) {
        let is_free = self.claims.last().is_none_or(|entry| entry.leaves_free(by, now));
        self.hold(Promise::ClaimOnly, is_free);
        if let Some(entry) = self.claims.last_mut() {
            entry.life = None;
        }
        let life = Some(Life::of(claim));
        self.claims.push(Entry { by, answer: None, sent: 0, life });
    }

    /// A claim is to be sent once more.
    pub fn resent(&mut self, claim: &Claim, by_resend: bool) {
        let begun = self.entry(number(claim)).life.as_mut().map(|life| {
            life.begun += 1;
            life.begun
        });
        self.hold(Promise::ResendOnly, by_resend && begun == Some(claim.attempt));
    }

    /// A caller was told that the key will never be carried out.
    pub fn fenced(&mut self, until: u64) {
        self.fenced_until = Some(until);
    }

    /// The origin received a request.
    pub fn sent(&mut self, claim: u8, attempt: u32, now: u64) {
        let is_free = self.fenced_until.is_none_or(|until| now >= until);
        self.hold(Promise::NoneAfterFence, is_free);
        let entry = self.entry(claim);
        let is_first = entry.sent & (1 << attempt) == 0;
        entry.sent |= 1 << attempt;
        self.hold(Promise::OneSending, is_first);
    }

    /// Whether the origin has received a claim's request.
    pub fn is_sent(&self, claim: u8) -> bool {
        self.claims[usize::from(claim) - 1].sent != 0
    }

    /// An attempt was not processed: the origin said so, or never saw it.
    pub fn not_processed(&mut self, claim: u8) {
        if let Some(life) = &mut self.entry(claim).life {
            life.not_processed += 1;
        }
    }

    /// An operator freed the key.
    pub fn freed(&mut self) {
        if let Some(life) = self.newest() {
            life.freed = true;
        }
    }

    /// The origin said that it knows nothing of a claim. That is true for good where it was asked late
    /// enough and no call of the claim can act any more.
    pub fn absent(&mut self, claim: u8, asked_at: u64, absent_after: u64, is_quiet: bool) {
        if let Some(life) = &mut self.entry(claim).life {
            life.freed |= is_quiet && asked_at >= life.claimed_at + absent_after;
        }
    }

    /// A final answer was stored.
    pub fn settled(&mut self, claim: u8, answer: &Answer, now: u64) {
        if let Some(life) = &mut self.entry(claim).life {
            life.declined = (400..500).contains(&answer.status);
            life.answered_at.get_or_insert(now);
        }
        self.entry(claim).answer.get_or_insert_with(|| identity(answer));
    }

    /// What was told as a record became another.
    pub fn told(&mut self, before: &Record, changes: &[OutcomeChange], after: &Record) {
        let mut is_told = is_unknown(before);
        for change in changes {
            let begins = matches!(change.what, What::BecameUnknown { .. });
            self.hold(Promise::ToldOnce, begins != is_told);
            is_told = begins;
        }
        self.hold(Promise::ToldOnce, is_told == is_unknown(after));
    }

    /// Somebody is refused.
    pub fn refused(&mut self, by: Reader, refusal: Refusal) {
        let Some(entry) = self.claims.last() else { return };
        let is_another = entry.by.credential != by.credential;
        let declined = entry.life.as_ref().is_some_and(|life| life.declined);
        let withheld = refusal == Refusal::CredentialChanged;
        self.hold(Promise::OwnRefusal, !(is_another && declined && withheld));
        self.hold(Promise::NothingTold, !(is_another && refusal == Refusal::KeyReused));
    }

    /// Somebody is shown an answer of a claim.
    pub fn shown(&mut self, claim: u8, reader: Reader) {
        let Reader { credential, request } = self.entry(claim).by;
        self.hold(Promise::OwnCredential, credential == reader.credential);
        self.hold(Promise::OwnRequest, request == reader.request);
    }

    /// Somebody is shown a final answer.
    pub fn final_shown(&mut self, claim: u8, answer: &Answer) {
        let shown = identity(answer);
        // One that is not kept is shown once, as it comes.
        let own = shown.1.first().is_none_or(|origin| *origin == claim);
        let same = self.entry(claim).answer.as_ref() == Some(&shown);
        self.hold(Promise::OneAnswer, own && same);
    }

    /// A copy is replayed.
    pub fn copy_shown(&mut self, record: &Record) {
        let newest = record.claim().map(|claim| usize::from(number(claim)));
        self.hold(Promise::NoOldCopy, newest == Some(self.claims.len()));
    }

    pub fn credential(&self, claim: u8) -> &'static str {
        self.claims[usize::from(claim) - 1].by.credential
    }
}

impl Entry {
    /// Whether somebody may claim the key anew.
    fn leaves_free(&self, by: Reader, now: u64) -> bool {
        let is_another = self.by.credential != by.credential;
        self.life.as_ref().is_none_or(|life| life.is_over(now) || (life.declined && is_another))
    }
}

impl Life {
    fn of(claim: &Claim) -> Self {
        Self {
            claimed_at: claim.claimed_at.0,
            window_ends_at: claim.window_ends_at.0,
            derived_ttl: claim.derived_ttl.map(|derived_ttl| derived_ttl.0),
            answered_at: None,
            begun: 1,
            not_processed: 0,
            freed: false,
            declined: false,
        }
    }

    /// Whether the key may be claimed anew.
    fn is_over(&self, now: u64) -> bool {
        let lingered = self
            .derived_ttl
            .zip(self.answered_at)
            .map(|(derived_ttl, answered_at)| answered_at + derived_ttl);
        let is_over = now >= self.window_ends_at || lingered.is_some_and(|end| now >= end);
        self.freed || self.not_processed == self.begun || is_over
    }
}

/// Whether nobody knows what became of a sending.
fn is_unknown(record: &Record) -> bool {
    matches!(record, Record::Unknown { .. } | Record::InFlight { previous: Some(_), .. })
}

fn identity(answer: &Answer) -> (u16, Vec<u8>) {
    (answer.status, answer.inline().to_vec())
}

/// The id of a claim that has this number.
pub fn claim_id(number: usize) -> ClaimId {
    ClaimId(Hex((number as u128).to_be_bytes()))
}

/// A claim's number; the model names claims by it.
pub fn number(claim: &Claim) -> u8 {
    number_of(&claim.id)
}

pub fn number_of(id: &ClaimId) -> u8 {
    let Hex([.., number]) = id.0;
    number
}
