//! When a shard is to be woken. A shard has one alarm for all its keys, and it only means "look".
//!
//! 1. While a call is in flight it rings within the policy's `watch`: a call that died with its instance
//!    is found though nobody asks for its key.
//! 2. While the deletion of a copy is not confirmed it rings within [`TRY_AGAIN`].
//! 3. Where the origin is to be asked what became of an unknown outcome, it rings for that.
//! 4. Otherwise it rings when the next bucket ends.
//! 5. It is set again only where it would ring too late: setting it is a row written. One that rings
//!    too soon looks, finds nothing, and sets the next.
//! 6. A new instance that finds claims in flight has none of their calls: it rings as soon as it sets
//!    an alarm at all.
//! 7. What could not be done when it rang is tried again within [`TRY_AGAIN`], and not at once: a bucket
//!    that cannot be purged has ended already, and would have it ring without a pause.
//! 8. An alarm that rang is used up. A shard that holds anything always has one ahead of it; a shard
//!    that holds nothing has none.

use super::retention::Bucket;
use crate::guard::time::{Millis, UnixMillis};

/// How long a dead call may go unnoticed, unless a policy says otherwise.
pub const WATCH: Millis = Millis::seconds(5 * 60);

/// When to look again at what could not be done.
pub const TRY_AGAIN: Millis = Millis::seconds(60);

/// The soonest that an alarm is set for, so that one that cannot do its work does not ring without
/// end.
const SOONEST: Millis = Millis::seconds(1);

/// What a shard waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agenda {
    /// The bucket that ends first.
    pub next_bucket: Option<Bucket>,
    /// Whether a claim is in flight.
    pub in_flight: bool,
    /// How long a dead call may go unnoticed.
    pub watch: Millis,
    /// Whether this instance has found claims in flight that it has no call of.
    pub orphaned: bool,
    /// Whether something has to be tried again: the deletion of a copy, a bucket that was not purged.
    pub unfinished: bool,
    /// When an unknown outcome that can be settled is to be looked at: the origin is asked then, or its
    /// window has ended.
    pub next_probe: Option<UnixMillis>,
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            next_bucket: None,
            in_flight: false,
            watch: WATCH,
            orphaned: false,
            unfinished: false,
            next_probe: None,
        }
    }
}

impl Agenda {
    /// When the shard wants to be woken. Returns `None` if it holds nothing.
    pub fn wants(&self, now: UnixMillis) -> Option<UnixMillis> {
        let watch = self.in_flight.then(|| now.plus(self.watch));
        let again = self.unfinished.then(|| now.plus(TRY_AGAIN));
        let orphans = (self.orphaned && !self.unfinished).then_some(now);
        let is_put_off = |bucket: &Bucket| self.unfinished && bucket.has_ended(now);
        let purge = self.next_bucket.filter(|bucket| !is_put_off(bucket)).map(Bucket::ends_at);
        let wanted = [watch, again, orphans, purge, self.next_probe].into_iter().flatten().min()?;
        Some(wanted.max(now.plus(SOONEST)))
    }

    /// The alarm that has to be set, beside the one that is. Returns `None` if that one will do.
    pub fn alarm_to_set(&self, is_set: Option<UnixMillis>, now: UnixMillis) -> Option<UnixMillis> {
        let wanted = self.wants(now)?;
        is_set.is_none_or(|is_set| wanted < is_set).then_some(wanted)
    }
}
