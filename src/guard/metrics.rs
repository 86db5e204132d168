//! The figures of a request, or of an unknown outcome, as a data point of Analytics Engine.
//!
//! 1. `blob1`, `blob2` and so on are the log line's texts in their order, `double1` and so on its
//!    numbers. A column means the same for ever, so new ones go to the end.
//! 2. The index is the route: the platform keeps about the same number of points for each index
//!    value, so a busy route does not crowd out a quiet one, and questions are asked by route.
//! 3. What is not known is an empty text, or 0.

use super::document::to_json;
use super::log::LogLine;
use super::scope::RecordId;
use super::time::UnixMillis;
use super::unknown_outcome::OutcomeChange;
use serde::Serialize;

/// The most bytes of an index (Analytics Engine, "Limits").
const INDEX_BYTES: usize = 96;

/// What `writeDataPoint` takes.
#[derive(Serialize)]
struct DataPoint<'a> {
    indexes: [&'a str; 1],
    blobs: [&'a str; 13],
    doubles: [u64; 5],
}

/// The data point, in JSON.
pub fn point(line: &LogLine) -> String {
    let members = line.members();
    let blobs = [
        Some(members.outcome),
        Some(members.route),
        Some(members.method),
        members.code,
        members.would,
        members.record.as_deref(),
        members.fingerprint,
        members.claim,
        members.source,
        members.queue,
        members.advice,
        members.ray,
        members.trace,
    ];
    let doubles = [
        Some(members.status.into()),
        members.attempt.map(u64::from),
        members.since_first_ms,
        Some(members.origin_ms),
        Some(members.total_ms),
    ];
    to_json(&DataPoint {
        indexes: [index(line.route)],
        blobs: blobs.map(Option::unwrap_or_default),
        doubles: doubles.map(Option::unwrap_or_default),
    })
}

/// The data point for an outcome that became unknown or ended: what its line says, in the same columns.
pub fn outcome_point(change: &OutcomeChange, record: &RecordId, now: UnixMillis) -> String {
    let (record, claim) = (format!("{record:.16}"), format!("{:.8}", change.claim.id));
    let route = change.claim.route.as_str();
    let mut blobs = [""; 13];
    let told = [change.name(), route, &change.claim.method, change.code(), "", &record, "", &claim];
    for (blob, text) in blobs.iter_mut().zip(told) {
        *blob = text;
    }
    let status = change.status().unwrap_or_default().into();
    let since_first_ms = now.since(change.claim.claimed_at).0;
    let doubles = [status, change.claim.attempt.into(), since_first_ms, 0, 0];
    to_json(&DataPoint { indexes: [index(route)], blobs, doubles })
}

/// The platform drops a point whose index is too long. A pattern is ASCII, so it can be cut.
fn index(route: &str) -> &str {
    route.get(..INDEX_BYTES).unwrap_or(route)
}
