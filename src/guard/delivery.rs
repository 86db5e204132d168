//! What becomes of a queue's message once its request was answered.
//!
//! 1. 2xx and 3xx, sent just now or replayed: the message is done.
//! 2. What says "not processed", or says nothing about the origin, is tried again, each time later
//!    than before and not before `Retry-After`. So is an unknown outcome where the policy resends.
//! 3. Anything else would be the same the next time: the message becomes a dead letter.
//! 4. So does a message that was tried for [`MAX_DELIVERY_AGE`]: a queue deletes what it has kept too long,
//!    without a word.
//! 5. A dead letter is the message itself, with key and realm stamped in: sent to a queue again, it
//!    is the same operation.

use super::json::{Members, quoted};
use super::log::RequestOutcome;
use super::problem::DESCRIPTIONS;
use super::time::{Millis, UnixMillis};

/// How long the record of a queue's message lasts at least: longer than [`MAX_DELIVERY_AGE`] and the 14 days
/// for which a queue keeps a dead letter (Queues, Limits).
pub const RETRY_WINDOW: Millis = Millis::hours(15 * 24);

/// How long a message is tried, from its sending on: a queue of the free plan keeps it for 24 hours.
pub const MAX_DELIVERY_AGE: Millis = Millis::hours(20);

/// The delay after the first try; it doubles with each.
const FIRST_DELAY: Millis = Millis::seconds(10);
/// 20 hours of them are fewer than 50 tries, and the platform allows 100.
const LONGEST_DELAY: Millis = Millis::seconds(30 * 60);
/// More than it takes from the first to the longest.
const MOST_DOUBLINGS: u32 = 10;
/// The most that the platform is asked to wait, whatever an origin says.
const LONGEST_RETRY_AFTER: Millis = Millis::hours(12);

/// One delivery of a message.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// From 1 on.
    pub number: u32,
    /// When the message was sent to its queue.
    pub sent_at: UnixMillis,
    pub now: UnixMillis,
}

/// How its request was answered.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    pub told: &'a RequestOutcome,
    pub status: u16,
    pub retry_after: Option<Millis>,
    /// Whether a retry of an unknown outcome is sent to the origin.
    pub resends: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Done,
    /// Delivered again, after so long.
    Again(Millis),
    Dead(Reason),
}

/// Why a message is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: &'static str,
    /// For whoever reads the letter.
    pub detail: &'static str,
}

const FINAL_ANSWER: Reason = Reason {
    code: "final-answer",
    detail: "The origin refused it, and a retry with the same key gets the same answer. Once the reason is mended, send it under a new key.",
};
const GAVE_UP: Reason = Reason {
    code: "gave-up",
    detail: "It was tried for 20 hours without a final answer. Send it again once the origin gives one.",
};

/// What becomes of a message whose request was answered.
pub fn disposition(answered: &Answered, attempt: &Attempt) -> Disposition {
    match verdict(answered) {
        Disposition::Again(_) => {
            let delay = delay(attempt.number).max(answered.retry_after.unwrap_or_default());
            again(delay.min(LONGEST_RETRY_AFTER), attempt)
        }
        settled => settled,
    }
}

fn again(delay: Millis, attempt: &Attempt) -> Disposition {
    let late = attempt.now.plus(delay) > attempt.sent_at.plus(MAX_DELIVERY_AGE);
    if late { Disposition::Dead(GAVE_UP) } else { Disposition::Again(delay) }
}

/// How long after this try the next one comes, as far as the guard alone decides.
pub fn delay(number: u32) -> Millis {
    let doublings = number.saturating_sub(1).min(MOST_DOUBLINGS);
    Millis(FIRST_DELAY.0.wrapping_shl(doublings)).min(LONGEST_DELAY)
}

fn verdict(answered: &Answered) -> Disposition {
    let again = Disposition::Again(Millis(0));
    match (answered.told.outcome, answered.status) {
        ("released", _) => again,
        ("refused", _) => match refused(answered.told.code.unwrap_or_default()) {
            None => again,
            Some(reason) => unless_resent(reason, answered),
        },
        (_, 0..400) => Disposition::Done,
        (_, 400..500) => Disposition::Dead(FINAL_ANSWER),
        _ => refused(UNKNOWN).map_or(again, |reason| unless_resent(reason, answered)),
    }
}

const UNKNOWN: &str = "outcome-unknown";

fn unless_resent(reason: Reason, answered: &Answered) -> Disposition {
    let resent = answered.resends && reason.code == UNKNOWN;
    if resent { Disposition::Again(Millis(0)) } else { Disposition::Dead(reason) }
}

/// Why a refusal is for good; nothing where it is not.
fn refused(code: &str) -> Option<Reason> {
    let about = DESCRIPTIONS.iter().find(|about| about.name == code)?;
    (!about.retryable).then_some(Reason { code: about.name, detail: about.meaning })
}

/// What a dead letter says beside its message.
pub struct DeadLetter<'a> {
    pub reason: Reason,
    /// Absent where no request was made.
    pub status: Option<u16>,
    pub queue: &'a str,
    pub message_id: &'a str,
    pub attempts: u32,
}

impl DeadLetter<'_> {
    /// The message's text, an object, with the stamp behind its own members: the last of a name
    /// counts, wherever JSON is read.
    pub fn of_message(&self, text: &str, key: &str, realm: &str) -> String {
        let trimmed = text.trim_end();
        let open = trimmed.strip_suffix('}').unwrap_or(trimmed);
        let (key, realm, notice) = (quoted(key), quoted(realm), self.notice());
        [open, ",\"key\":", &key, ",\"realm\":", &realm, ",\"dead_letter\":", &notice, "}"].concat()
    }

    /// For a message that is no request.
    pub fn of_malformed(&self) -> String {
        let mut members = Members::default();
        members.json("dead_letter", &self.notice());
        members.end()
    }

    fn notice(&self) -> String {
        let mut members = Members::default();
        members.text("reason", self.reason.code);
        if let Some(status) = self.status {
            members.number("status", status.into());
        }
        members.text("detail", self.reason.detail);
        members.text("queue", self.queue);
        members.text("message_id", self.message_id);
        members.number("attempts", self.attempts.into());
        members.end()
    }
}
