//! When the object is to be woken. An alarm only means "look", and most keys have one in their life.
//!
//! 1. It is set with the claim, for the moment at which the record is to be forgotten. Every look at
//!    a record finds a call that is dead or past its deadline, so neither needs an alarm.
//! 2. It is set again where a step leaves a record that asks for another moment than the one before
//!    did: an answer to a derived key, an operator's forget, a new claim.
//! 3. An alarm that rang is used up. What is still there then, because it rang too soon or because a
//!    call is open, is given another. So a record that is stored always has an alarm ahead of it.
//! 4. None is set in the past: a record that outlives its window would wake its object without end.

use crate::guard::record::Record;
use crate::guard::time::{Millis, UnixMillis};

/// When to look again at a record that is due and cannot be settled.
const LOOK_AGAIN: Millis = Millis::seconds(60);

/// The alarm to be set for a record, where the one before it asked for `asked`; nothing where that
/// alarm is still to come and will do.
pub(super) fn needed(
    asked: Option<UnixMillis>,
    record: &Record,
    now: UnixMillis,
) -> Option<UnixMillis> {
    let wanted = record.alarm_at().filter(|wanted| asked != Some(*wanted))?;
    Some(if wanted > now { wanted } else { now.plus(LOOK_AGAIN) })
}
