//! Mistakes about another credential than the owner's, which the model and the simulation both plant.

use onlyonce::guard::machine::{Event, Refusal};
use onlyonce::guard::record::Record;

pub enum Mistake {
    /// A refusal keeps the key from everybody.
    RefusalBindsAll,
    /// Whoever asks learns whether the request is the owner's.
    RequestTold,
}

/// What a mistake says to another credential.
pub fn misjudged(mistake: Mistake, record: &Record, event: &Event) -> Option<Refusal> {
    let (claim, Event::Submitted(submission)) = (record.claim()?, event) else { return None };
    if claim.credential == submission.credential {
        return None;
    }
    match (mistake, record) {
        (Mistake::RefusalBindsAll, Record::Done { .. }) => Some(Refusal::CredentialChanged),
        (Mistake::RequestTold, _) if claim.fingerprint != submission.fingerprint => {
            Some(Refusal::KeyReused)
        }
        _ => None,
    }
}
