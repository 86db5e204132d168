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

use super::document::to_json;
use super::log::RequestOutcome;
use super::message::Malformed;
use super::problem::{Code, DESCRIPTIONS};
use super::time::{Millis, UnixMillis};
use serde::Serialize;
use std::borrow::Cow;

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
pub struct AttemptResult<'a> {
    pub outcome: &'a RequestOutcome,
    pub status: u16,
    pub retry_after: Option<Millis>,
    /// Whether a retry of an unknown outcome is sent to the origin.
    pub resends: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Acknowledge,
    /// Delivered again, after so long.
    Retry(Millis),
    DeadLetter(DeadLetterReason),
}

/// Why a message is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterReason {
    /// It is no request.
    Malformed(Malformed),
    /// The guard refused it, and would again.
    Refused(Code),
    FinalAnswer,
    GaveUp,
}

impl DeadLetterReason {
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Refused(code) => code.describe().name,
            Self::FinalAnswer => "final-answer",
            Self::GaveUp => "gave-up",
        }
    }

    /// For whoever reads the letter.
    pub fn detail(self) -> Cow<'static, str> {
        match self {
            Self::Malformed(malformed) => malformed.to_string().into(),
            Self::Refused(code) => code.describe().meaning.into(),
            Self::FinalAnswer => "The origin refused it, and a retry with the same key gets the same answer. Once the reason is mended, send it under a new key.".into(),
            Self::GaveUp => "It was tried for 20 hours without a final answer. Send it again once the origin gives one.".into(),
        }
    }
}

/// What becomes of a message whose request was answered.
pub fn disposition(result: &AttemptResult, attempt: &Attempt) -> Disposition {
    match verdict(result) {
        Disposition::Retry(_) => {
            let delay = delay(attempt.number).max(result.retry_after.unwrap_or_default());
            retry(delay.min(LONGEST_RETRY_AFTER), attempt)
        }
        settled => settled,
    }
}

fn retry(delay: Millis, attempt: &Attempt) -> Disposition {
    if attempt.now.plus(delay) > attempt.sent_at.plus(MAX_DELIVERY_AGE) {
        return Disposition::DeadLetter(DeadLetterReason::GaveUp);
    }
    Disposition::Retry(delay)
}

/// How long after this try the next one comes, as far as the guard alone decides.
pub fn delay(number: u32) -> Millis {
    let doublings = number.saturating_sub(1).min(MOST_DOUBLINGS);
    Millis(FIRST_DELAY.0.wrapping_shl(doublings)).min(LONGEST_DELAY)
}

/// A retry has no delay of its own yet.
fn verdict(result: &AttemptResult) -> Disposition {
    match (result.outcome.name, result.status) {
        ("released", _) => Disposition::Retry(Millis(0)),
        ("refused", _) => refused(result.outcome.code, result.resends),
        (_, 0..400) => Disposition::Acknowledge,
        (_, 400..500) => Disposition::DeadLetter(DeadLetterReason::FinalAnswer),
        _ => unknown(result.resends),
    }
}

fn refused(code: Option<&str>, resends: bool) -> Disposition {
    match DESCRIPTIONS.iter().find(|about| Some(about.name) == code) {
        Some(about) if about.code == Code::OutcomeUnknown => unknown(resends),
        Some(about) if !about.retryable => {
            Disposition::DeadLetter(DeadLetterReason::Refused(about.code))
        }
        _ => Disposition::Retry(Millis(0)),
    }
}

fn unknown(resends: bool) -> Disposition {
    if resends {
        return Disposition::Retry(Millis(0));
    }
    Disposition::DeadLetter(DeadLetterReason::Refused(Code::OutcomeUnknown))
}

/// What a dead letter says beside its message.
pub struct DeadLetter<'a> {
    pub reason: DeadLetterReason,
    /// Absent where no request was made.
    pub status: Option<u16>,
    pub queue: &'a str,
    pub message_id: &'a str,
    pub attempts: u32,
}

/// What is stamped into a message, behind its own members.
#[derive(Serialize)]
struct Stamp<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<&'a str>,
    dead_letter: Notice<'a>,
}

#[derive(Serialize)]
struct Notice<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    detail: Cow<'a, str>,
    queue: &'a str,
    message_id: &'a str,
    attempts: u32,
}

impl DeadLetter<'_> {
    /// The message's text, an object, with the stamp behind its own members: the last of a name
    /// counts, wherever JSON is read. So the message's own bytes stay as they are.
    pub fn of_message(&self, text: &str, key: &str, realm: &str) -> String {
        let text = text.trim_end();
        let open = text.strip_suffix('}').unwrap_or(text);
        let stamp = self.stamp(Some(key), Some(realm));
        format!("{open},{}", stamp.strip_prefix('{').unwrap_or(&stamp))
    }

    /// For a message that is no request.
    pub fn of_malformed(&self) -> String {
        self.stamp(None, None)
    }

    fn stamp(&self, key: Option<&str>, realm: Option<&str>) -> String {
        let dead_letter = Notice {
            reason: self.reason.code(),
            status: self.status,
            detail: self.reason.detail(),
            queue: self.queue,
            message_id: self.message_id,
            attempts: self.attempts,
        };
        to_json(&Stamp { key, realm, dead_letter })
    }
}
