//! Mistakes that a shard could make with what its keys share, and the promise that each breaks.

use super::ledger::Promise;
use super::setting::{COPIES, DIES, FORGET, PLACES, PURGE, Setting, WATCH};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A call is made whether there is a place or not.
    PlacesIgnored,
    /// A submission waits for a place before it has looked whether one is free.
    PlaceNotTried,
    /// A place is taken after the claim is made.
    PlaceTakenAfterClaim,
    /// Who tried a place and did not claim keeps it.
    PlaceKeptByReplay,
    /// A call that failed keeps its place.
    PlaceKeptByFailure,
    /// A place that was handed to somebody who gave up in that moment is not given back.
    PlaceKeptByWhoGaveUp,
    /// A place goes to the next in the queue, who has gone.
    PlaceHandedToTheGone,
    /// A call that died with its instance is made again for the Worker's second call.
    DeadCallSentAgain,
    /// The purge deletes a claim in flight.
    PurgeDeletesInFlight,
    /// The purge looks at the time alone.
    PurgeIgnoresOpenCalls,
    /// A record is looked at before its bucket has ended.
    PurgeReadsAhead,
    /// The purge ends with the first record.
    PurgeStopsEarly,
    /// An alarm is not set with the claim.
    NoAlarmWithClaim,
    /// An alarm takes the place of an earlier one.
    AlarmSetLater,
    /// A new instance knows nothing of what its predecessor watched.
    OrphansUnknown,
    /// A ring is the last.
    NoSecondAlarm,
    /// A ring that deletes a copy does not wait for the deletion.
    DeletionNotWatched,
    /// A shard that holds nothing rings for ever.
    RingsForEver,
    /// Calls that outlast the window are let be.
    CallsNotEnded,
    /// Nobody's patience ends.
    EndlessPatience,
}

pub const ALL: [(Bug, Promise, Setting); 20] = [
    (Bug::PlacesIgnored, Promise::AtMostPlaces, PLACES),
    (Bug::PlaceNotTried, Promise::NobodyWaitsBesideAPlace, PLACES),
    (Bug::PlaceTakenAfterClaim, Promise::SentWithClaim, PLACES),
    (Bug::PlaceKeptByReplay, Promise::NoPlaceLost, PLACES),
    (Bug::PlaceKeptByFailure, Promise::NoPlaceLost, PLACES),
    (Bug::PlaceKeptByWhoGaveUp, Promise::NoPlaceLost, COPIES),
    (Bug::PlaceHandedToTheGone, Promise::NoPlaceLost, PLACES),
    (Bug::DeadCallSentAgain, Promise::ClaimOnly, DIES),
    (Bug::PurgeDeletesInFlight, Promise::KeptWhileOpen, PURGE),
    (Bug::PurgeIgnoresOpenCalls, Promise::KeptWhileOpen, PURGE),
    (Bug::PurgeReadsAhead, Promise::ReadsOnlyEnded, PURGE),
    (Bug::PurgeStopsEarly, Promise::PurgesAll, PURGE),
    (Bug::NoAlarmWithClaim, Promise::AlarmInTime, PLACES),
    (Bug::AlarmSetLater, Promise::AlarmInTime, WATCH),
    (Bug::OrphansUnknown, Promise::AlarmInTime, WATCH),
    (Bug::NoSecondAlarm, Promise::AlarmInTime, PURGE),
    (Bug::DeletionNotWatched, Promise::AlarmInTime, FORGET),
    (Bug::RingsForEver, Promise::NoIdleAlarm, PURGE),
    (Bug::CallsNotEnded, Promise::AllSettled, PURGE),
    (Bug::EndlessPatience, Promise::AllSettled, PLACES),
];
