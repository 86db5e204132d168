//! The unknown outcomes of all shards, in pages: `GET /.onlyonce/unknown`.
//!
//! 1. The newest claim comes first. A page goes over at most
//!    [`MAX_SHARDS`](super::shard_pages::MAX_SHARDS) shards; where there are more,
//!    the next page goes on with the next ones, and the newest comes first among those.
//! 2. What one page costs is bounded: a shard reads at most [`MAX_READ`] records for it, and says how far
//!    it came. Nothing is shown that lies behind the place up to which all of them have looked, so that no
//!    page leaves anything out.
//! 3. A shard that cannot be reached is named, and the rest is listed.
//! 4. What became known while somebody turns the pages is missing from the next ones; what became
//!    unknown meanwhile stands on the first.

use super::description::SettleDescription;
use super::error::{ListError, excerpt};
use super::requests::pairs;
use crate::guard::document::to_json;
use crate::guard::machine::InMemoryState;
use crate::guard::policy::{AmountRange, DURATION};
use crate::guard::record::{Probes, Reason, Record};
use crate::guard::rpc::{self, RpcError};
use crate::guard::scope::RecordId;
use crate::guard::time::{Millis, UnixMillis};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use strum::VariantNames;

/// How many records a shard reads for one page.
pub const MAX_READ: usize = 500;

const USUAL_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// Which outcomes are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownQuery {
    /// The pattern of a route.
    pub route: Option<String>,
    /// As a record says it.
    pub reason: Option<String>,
    /// Claimed at least this long ago.
    pub older_than: Option<Millis>,
    /// Claimed at most this long ago.
    pub newer_than: Option<Millis>,
    /// The most of one page.
    pub limit: usize,
    pub after: Cursor,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The first of the shards that it goes over.
    pub first_shard: u32,
    /// What was shown last of them.
    pub position: Option<Position>,
}

/// A place in the order of the list; the newest claim is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    pub claimed_at: UnixMillis,
    pub record: RecordId,
}

impl UnknownQuery {
    /// Reads a query such as `route=/payments/**&reason=restarted&older_than=15m&limit=100`.
    pub fn parse(query: &str) -> Result<Self, ListError> {
        let mut read = Self {
            route: None,
            reason: None,
            older_than: None,
            newer_than: None,
            limit: USUAL_LIMIT,
            after: Cursor::default(),
        };
        for (name, value) in pairs(query) {
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "route" => read.route = Some(value),
                "reason" if Reason::VARIANTS.contains(&value.as_str()) => read.reason = Some(value),
                "reason" => return Err(ListError::Reason(value)),
                "older_than" => read.older_than = Some(duration(value)?),
                "newer_than" => read.newer_than = Some(duration(value)?),
                "limit" => read.limit = limit(value)?,
                "after" => read.after = value.parse().map_err(|()| ListError::After(value))?,
                _ => return Err(ListError::UnknownMember(excerpt(name))),
            }
        }
        Ok(read)
    }

    fn asks_for(&self, entry: &UnknownEntry, now: UnixMillis) -> bool {
        let age = now.since(entry.claimed_at);
        self.route.as_ref().is_none_or(|route| *route == entry.route)
            && self.reason.as_ref().is_none_or(|reason| *reason == entry.reason)
            && self.older_than.is_none_or(|least| age >= least)
            && self.newer_than.is_none_or(|most| age <= most)
    }
}

fn duration(text: String) -> Result<Millis, ListError> {
    let range = AmountRange { units: &DURATION, least: 0, most: MOST_AGE };
    range.parse(&text).map(Millis).map_err(|_| ListError::Age(text))
}

/// Older than any record.
const MOST_AGE: u64 = 366 * 24 * 60 * 60 * 1000;

fn limit(text: String) -> Result<usize, ListError> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or(ListError::Limit(text))
}

/// One unknown outcome, as a shard tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownEntry {
    pub record: RecordId,
    pub claim: String,
    pub attempt: u32,
    pub method: String,
    pub route: String,
    pub reason: String,
    /// What the origin answered, where it did.
    pub status: Option<u16>,
    pub claimed_at: UnixMillis,
    pub expires_at: UnixMillis,
    pub unknown_since: UnixMillis,
    /// What the origin said when it was asked; absent where it is not.
    pub probes: Option<Probes>,
    /// When it is asked next without a retry.
    pub next_probe: Option<UnixMillis>,
    pub call_open: bool,
}

impl UnknownEntry {
    /// Returns `None` for a record whose outcome is known, or about to be.
    pub fn of(
        id: &RecordId,
        record: &Record,
        live: InMemoryState,
        next_probe: Option<UnixMillis>,
    ) -> Option<Self> {
        let (claim, outcome) = record.unknown_outcome()?;
        Some(Self {
            record: *id,
            claim: claim.id.to_string(),
            attempt: claim.attempt,
            method: claim.method.clone(),
            route: claim.route.clone(),
            reason: outcome.reason.name().into(),
            status: outcome.status(),
            claimed_at: claim.claimed_at,
            expires_at: claim.window_ends_at,
            unknown_since: outcome.since,
            probes: claim.settles.then_some(outcome.probes),
            next_probe,
            call_open: !live.open_calls.is_empty(),
        })
    }

    pub fn position(&self) -> Position {
        Position { claimed_at: self.claimed_at, record: self.record }
    }
}

/// What one shard found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardPage {
    pub entries: Vec<UnknownEntry>,
    /// How far it looked, where more may follow.
    pub reached: Option<Position>,
}

impl ShardPage {
    /// What is asked for of the records at these positions. `read` gives what there is at one; each is
    /// looked at once, until there are enough or too many were read.
    pub fn collect(
        query: &UnknownQuery,
        positions: impl IntoIterator<Item = Position>,
        now: UnixMillis,
        mut read: impl FnMut(&Position) -> Option<UnknownEntry>,
    ) -> Self {
        let mut page = Self::default();
        for (count, position) in positions.into_iter().enumerate() {
            page.entries.extend(read(&position).filter(|entry| query.asks_for(entry, now)));
            if page.entries.len() >= query.limit || count.saturating_add(1) >= MAX_READ {
                page.reached = Some(position);
                break;
            }
        }
        page
    }

    pub fn encode(&self) -> Vec<u8> {
        rpc::encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        rpc::decode(bytes)
    }
}

/// One page of the list.
#[derive(Debug, Serialize)]
pub struct UnknownPage {
    unknown: Vec<Shown>,
    /// What `after` is for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The shards of which nothing could be learnt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreachable: Vec<String>,
}

/// An entry in its members' order on the wire.
#[derive(Debug, Serialize)]
struct Shown {
    record: RecordId,
    claim: String,
    attempt: u32,
    method: String,
    route: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    claimed_at: String,
    expires_at: String,
    unknown_since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    settle: Option<SettleDescription>,
    call_open: bool,
}

impl From<UnknownEntry> for Shown {
    fn from(entry: UnknownEntry) -> Self {
        Self {
            record: entry.record,
            claim: entry.claim,
            attempt: entry.attempt,
            method: entry.method,
            route: entry.route,
            reason: entry.reason,
            status: entry.status,
            claimed_at: entry.claimed_at.rfc3339(),
            expires_at: entry.expires_at.rfc3339(),
            unknown_since: entry.unknown_since.rfc3339(),
            settle: entry
                .probes
                .map(|probes| SettleDescription::of_probes(probes, entry.next_probe)),
            call_open: entry.call_open,
        }
    }
}

impl UnknownPage {
    /// Joins what the shards of a page found. `next_shard` is the first of those that it leaves to the
    /// next page, where there are any.
    pub fn join(
        query: &UnknownQuery,
        shards: Vec<ShardPage>,
        unreachable: Vec<String>,
        next_shard: Option<u32>,
    ) -> Self {
        // Behind the newest place at which a shard stopped, others may know of what it does not.
        let horizon = shards.iter().filter_map(|shard| shard.reached).max();
        let mut entries: Vec<UnknownEntry> =
            shards.into_iter().flat_map(|shard| shard.entries).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.position()));
        entries.retain(|entry| horizon.is_none_or(|horizon| entry.position() >= horizon));
        let is_cut = entries.len() > query.limit;
        entries.truncate(query.limit);
        let last = entries.last().map(UnknownEntry::position);
        let position = if is_cut { last } else { horizon };
        let next = match position {
            Some(position) => {
                let first_shard = query.after.first_shard;
                Some(Cursor { first_shard, position: Some(position) })
            }
            None => next_shard.map(|first_shard| Cursor { first_shard, position: None }),
        };
        Self {
            unknown: entries.into_iter().map(Shown::from).collect(),
            next: next.map(|next| next.to_string()),
            unreachable,
        }
    }

    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// `<shard>`, or `<shard>.<milliseconds>.<record>`.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.position {
            None => write!(f, "{}", self.first_shard),
            Some(Position { claimed_at, record }) => {
                write!(f, "{}.{}.{record}", self.first_shard, claimed_at.0)
            }
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (first_shard, position) = match text.split_once('.') {
            None => (text, None),
            Some((first_shard, position)) => {
                let (claimed_at, record) = position.split_once('.').ok_or(())?;
                let claimed_at = UnixMillis(claimed_at.parse().map_err(drop)?);
                let record = record.parse().map_err(drop)?;
                (first_shard, Some(Position { claimed_at, record }))
            }
        };
        Ok(Self { first_shard: first_shard.parse().map_err(drop)?, position })
    }
}
