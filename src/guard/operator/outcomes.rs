//! What became of the last hour's operations, by route: `GET /.onlyonce/outcomes`.
//!
//! 1. Nothing is written for it, and no table kept: each shard counts the records that it holds. It reads
//!    at most [`MAX_READ`] of them and at most [`MAX_READ_OF_BUCKET`] of each bucket, those that end last
//!    first, and says whether that was all. Record ids are hashes, so the first of a bucket are a fair
//!    sample of it.
//! 2. What claimed its key within the last hour counts, once. What left no record is not among it: an
//!    operation that the origin refused to process, a key that was forgotten, a request without a key.
//! 3. Duplicates are those that the shards have seen (see [`crate::guard::seen`]): retries that a copy in
//!    an isolate answered are not among them.

use super::error::{ListError, excerpt};
use super::requests::pairs;
use crate::guard::document::to_json;
use crate::guard::record::{AnswerSource, Claim, Record};
use crate::guard::rpc::{self, RpcError};
use crate::guard::scope::RecordId;
use crate::guard::seen::DuplicateCounts;
use crate::guard::shard::retention::Bucket;
use crate::guard::time::{Millis, UnixMillis};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

/// How many records a shard reads.
pub const MAX_READ: usize = 1000;

/// How many of one bucket.
pub const MAX_READ_OF_BUCKET: usize = 100;

/// How many at once: a record may hold 64 KiB of an answer.
pub const ROWS_AT_ONCE: usize = 16;

const PERIOD: Millis = Millis::hours(1);

/// Which shards are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutcomesQuery {
    /// The first of the shards that the page goes over.
    pub first_shard: u32,
}

impl OutcomesQuery {
    /// Reads a query: nothing, or `after=256`.
    pub fn parse(query: &str) -> Result<Self, ListError> {
        let mut read = Self::default();
        for (name, value) in pairs(query) {
            match name {
                "after" => {
                    read.first_shard =
                        value.parse().map_err(|_| ListError::After(excerpt(value)))?;
                }
                _ => return Err(ListError::OnlyAfter(excerpt(name))),
            }
        }
        Ok(read)
    }
}

/// A record as its shard reads it, with what was seen of its duplicates.
#[derive(Clone, Debug)]
pub struct HeldRecord {
    pub id: RecordId,
    /// Vacant where it cannot be read: then it does not count.
    pub record: Record,
    pub seen: DuplicateCounts,
}

/// What is counted of a route: what became of its operations, and of their duplicates.
#[derive(Clone, Copy)]
enum Counted {
    Success,
    Redirection,
    ClientError,
    Resolved,
    Settled,
    Unknown,
    InFlight,
    Joined,
    Replayed,
    Refused,
}

/// Their names, in that order.
const NAMES: [&str; 10] = [
    "2xx",
    "3xx",
    "4xx",
    "resolved",
    "settled",
    "unknown",
    "in-flight",
    "joined",
    "replayed",
    "refused",
];

impl Counted {
    fn of(record: &Record) -> Self {
        match record {
            record if record.unknown_outcome().is_some() => Self::Unknown,
            Record::Done { answer, .. } if answer.source == AnswerSource::Operator => {
                Self::Resolved
            }
            Record::Done { answer, .. } if answer.source == AnswerSource::Settled => Self::Settled,
            // An origin's final answer is of one of three classes: its 5xx are unknown outcomes.
            Record::Done { answer, .. } => match answer.status {
                300..400 => Self::Redirection,
                400..500 => Self::ClientError,
                _ => Self::Success,
            },
            _ => Self::InFlight,
        }
    }
}

/// How often each happened on a route.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct RouteCounts {
    route: String,
    /// One for each name.
    counts: Vec<u64>,
}

/// A policy has few routes.
type Counts = Vec<RouteCounts>;

fn add(all: &mut Counts, route: &str, counts: &[u64]) {
    match all.iter_mut().find(|found| found.route == route) {
        Some(found) => {
            for (count, more) in found.counts.iter_mut().zip(counts) {
                *count = count.saturating_add(*more);
            }
        }
        None => all.push(RouteCounts { route: route.into(), counts: counts.into() }),
    }
}

/// What one shard counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardOutcomes {
    routes: Counts,
    read: usize,
    /// Whether there surely was no more to read.
    read_all: bool,
}

impl ShardOutcomes {
    /// Counts what is in these buckets, which come in their order. `read` gives at most so many records of a
    /// bucket in the order of their ids, behind one of them; each is looked at once.
    ///
    /// # Errors
    ///
    /// The first of `read`.
    pub fn collect<E>(
        buckets: &[Bucket],
        now: UnixMillis,
        mut read: impl FnMut(Bucket, Option<&RecordId>, usize) -> Result<Vec<HeldRecord>, E>,
    ) -> Result<Self, E> {
        // What is in flight is watched, and always of interest.
        let watched = buckets.iter().filter(|bucket| **bucket == Bucket::WATCHED);
        let others = buckets.iter().rev().filter(|bucket| **bucket != Bucket::WATCHED);
        let mut found = Self { read_all: true, ..Self::default() };
        for bucket in watched.chain(others) {
            found.read_bucket(now, |after, most| read(*bucket, after, most))?;
        }
        Ok(found)
    }

    fn read_bucket<E>(
        &mut self,
        now: UnixMillis,
        mut read: impl FnMut(Option<&RecordId>, usize) -> Result<Vec<HeldRecord>, E>,
    ) -> Result<(), E> {
        let mut left = MAX_READ_OF_BUCKET.min(MAX_READ.saturating_sub(self.read));
        let mut after = None;
        while left > 0 {
            let most = left.min(ROWS_AT_ONCE);
            let rows = read(after.as_ref(), most)?;
            rows.iter().for_each(|held| self.count(held, now));
            self.read = self.read.saturating_add(rows.len());
            left = left.saturating_sub(rows.len());
            match rows.last() {
                Some(last) if rows.len() >= most => after = Some(last.id),
                _ => return Ok(()),
            }
        }
        self.read_all = false;
        Ok(())
    }

    fn count(&mut self, HeldRecord { record, seen, .. }: &HeldRecord, now: UnixMillis) {
        let is_recent = |claim: &&Claim| now.since(claim.claimed_at) <= PERIOD;
        let Some(claim) = record.claim().filter(is_recent) else { return };
        let mut counts = [0; NAMES.len()];
        for (counted, more) in [
            (Counted::of(record), 1),
            (Counted::Joined, seen.joined),
            (Counted::Replayed, seen.replayed),
            (Counted::Refused, seen.refused),
        ] {
            if let Some(count) = counts.get_mut(counted as usize) {
                *count = more.into();
            }
        }
        add(&mut self.routes, &claim.route, &counts);
    }

    pub fn encode(&self) -> Vec<u8> {
        rpc::encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        rpc::decode(bytes)
    }
}

/// What the shards of one page counted. The pages of all shards add up.
#[derive(Debug, Serialize)]
pub struct OutcomesPage {
    /// Claims from here on count.
    since: String,
    routes: Vec<RouteShown>,
    records_read: usize,
    /// Whether each shard that answered counted all that it holds.
    complete: bool,
    /// What `after` is for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The shards of which nothing could be learnt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreachable: Vec<String>,
}

/// `{"route": "…", "2xx": 12, …}`: what did not happen is not there.
#[derive(Debug)]
struct RouteShown(RouteCounts);

impl Serialize for RouteShown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("route", &self.0.route)?;
        for (name, count) in NAMES.iter().zip(&self.0.counts).filter(|(_, count)| **count > 0) {
            members.serialize_entry(name, count)?;
        }
        members.end()
    }
}

impl OutcomesPage {
    /// Adds up what the shards of a page counted. `next_shard` is the first of those that it leaves to the
    /// next page, where there are any.
    pub fn join(
        shards: &[ShardOutcomes],
        unreachable: Vec<String>,
        next_shard: Option<u32>,
        now: UnixMillis,
    ) -> Self {
        let mut routes = Counts::new();
        for RouteCounts { route, counts } in shards.iter().flat_map(|shard| &shard.routes) {
            add(&mut routes, route, counts);
        }
        let read = |sum: usize, shard: &ShardOutcomes| sum.saturating_add(shard.read);
        Self {
            since: now.minus(PERIOD).rfc3339(),
            routes: routes.into_iter().map(RouteShown).collect(),
            records_read: shards.iter().fold(0, read),
            complete: shards.iter().all(|shard| shard.read_all),
            next: next_shard.map(|shard| shard.to_string()),
            unreachable,
        }
    }

    pub fn to_json(&self) -> String {
        to_json(self)
    }
}
