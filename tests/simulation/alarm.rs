//! The alarm of a shard, as far as one of its keys is concerned: the shipped rules of
//! `guard::shard`, asked as `ObjectContext::step` and the alarm's handler ask them.

use onlyonce::guard::machine::{StorageOp, Transition};
use onlyonce::guard::record::Record;
use onlyonce::guard::shard::alarm::{Agenda, WATCH};
use onlyonce::guard::shard::retention::{Bucket, LEAST_STAY};
use onlyonce::guard::time::{Millis, UnixMillis};

/// The alarm that is set once a transition was applied. Only what is written, and an alarm that
/// rang, may set another; of a shard that holds nothing any more it need not be remembered.
pub fn after(
    transition: &Transition,
    rang: bool,
    is_set: Option<u64>,
    now: UnixMillis,
) -> Option<u64> {
    match transition.storage {
        StorageOp::Erase => return None,
        StorageOp::Keep if !rang => return is_set,
        StorageOp::Keep | StorageOp::Put => {}
    }
    let record = &transition.record;
    if *record == Record::Vacant {
        return is_set;
    }
    let bucket = Bucket::of_record(record, None, now);
    let agenda = Agenda {
        next_bucket: (bucket != Bucket::WATCHED).then_some(bucket),
        in_flight: matches!(record, Record::InFlight { .. }),
        orphaned: false,
        unfinished: matches!(record, Record::Forgotten { until: None }),
    };
    agenda.alarm_to_set(is_set.map(UnixMillis), now).map(|at| at.0).or(is_set)
}

/// The latest moment at which an alarm may ring that looks at a record. Returns `None` if the record
/// is vacant, and nothing has to look.
pub fn due(record: &Record, now: UnixMillis) -> Option<UnixMillis> {
    let soon = now.plus(LEAST_STAY).plus(Millis::seconds(60));
    if let Record::InFlight { claim, .. } = record {
        // Found by whoever looks, and by the watch at the latest.
        return Some(claim.claimed_at.max(now).plus(WATCH));
    }
    let lifetime =
        record.claim().map_or(Millis(0), |claim| claim.window_ends_at.since(claim.claimed_at));
    match record {
        Record::Vacant => None,
        Record::Forgotten { until: None } => Some(soon),
        // A bucket ends at most an eighth of a lifetime later.
        record => {
            let end = record.expires_at().unwrap_or(now).plus(Millis(lifetime.0 / 8));
            Some(end.plus(LEAST_STAY).max(soon))
        }
    }
}
