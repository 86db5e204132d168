//! How the keys are spread over Durable Objects, and where those are. It holds for every route: one
//! key may be used on several.

use super::error::PolicyError;
use super::fields::Values;
use super::reader::Reader;
use crate::guard::shard::ShardCount;
use crate::guard::shard::alarm::WATCH;
use crate::guard::shard::places::PLACES;
use crate::guard::time::Millis;
use serde_json::value::RawValue;
use strum::{EnumString, IntoStaticStr, VariantNames};
use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharding {
    pub shards: ShardCount,
    /// What `shards` was before the last change, until the windows of that time have ended.
    pub before: Option<ShardCount>,
    /// How many calls of one shard may wait for the origin's headers at once.
    pub calls: u32,
    /// How long a call that died with its runtime may go unnoticed.
    pub watch: Millis,
    pub location: Option<Location>,
    pub jurisdiction: Option<Jurisdiction>,
}

impl Default for Sharding {
    fn default() -> Self {
        Self {
            shards: ShardCount::DEFAULT,
            before: None,
            calls: PLACES,
            watch: WATCH,
            location: None,
            jurisdiction: None,
        }
    }
}

/// Where new objects are made, if the platform can ("Durable Objects, Data location").
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
pub enum Location {
    #[strum(serialize = "wnam")]
    WesternNorthAmerica,
    #[strum(serialize = "enam")]
    EasternNorthAmerica,
    #[strum(serialize = "sam")]
    SouthAmerica,
    #[strum(serialize = "weur")]
    WesternEurope,
    #[strum(serialize = "eeur")]
    EasternEurope,
    #[strum(serialize = "apac")]
    AsiaPacific,
    #[strum(serialize = "oc")]
    Oceania,
    #[strum(serialize = "afr")]
    Africa,
    #[strum(serialize = "me")]
    MiddleEast,
}

impl Location {
    /// As the platform calls it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Where objects run and store what they hold, and nowhere else ("Durable Objects, Data location").
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Jurisdiction {
    Eu,
    Us,
    Fedramp,
}

impl Jurisdiction {
    /// As the platform calls it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Sharding {
    /// Whether these bindings go with it.
    ///
    /// # Errors
    ///
    /// A jurisdiction beside `RESPONSES`: KV has none, so that copies of answers would leave it.
    pub fn check_bindings(&self, responses_bound: bool) -> Result<(), PolicyError> {
        match self.jurisdiction {
            Some(jurisdiction) if responses_bound => Err(PolicyError {
                field: "jurisdiction".into(),
                value: format!("\"{}\"", jurisdiction.as_str()),
                mistake: ShardingError::ResponsesBound.into(),
            }),
            _ => Ok(()),
        }
    }

    /// Every power of two is a fraction or a multiple of every other, so that all that can be wrong
    /// with two of them is that they are the same.
    pub(super) fn check_before(&self) -> Result<(), ShardingError> {
        if self.before == Some(self.shards) { Err(ShardingError::NoChange) } else { Ok(()) }
    }
}

/// What is wrong with the number of shards, or with where they are.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShardingError {
    #[error("is no power of two: write {below} or {}", .below.saturating_mul(2))]
    Between { below: u32 },
    #[error("is no power of two: {SHARDS}")]
    NoPowerOfTwo,
    #[error("is over {}: {SHARDS}", ShardCount::MAX)]
    TooMany,
    #[error(
        "is what shards is as well: remove it, or write the number that shards was before the last change"
    )]
    NoChange,
    #[error(
        "does not go with a bound RESPONSES, for KV has no jurisdiction and the answers in it would leave this one: remove the binding RESPONSES, without which replays cost a hop more, or remove jurisdiction"
    )]
    ResponsesBound,
}

const SHARDS: &str = "write a power of two from 1 to 4096";

pub(super) fn shards(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.sharding.shards = shard_count(reader, json)?;
    Some(())
}

pub(super) fn before(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.sharding.before = Some(shard_count(reader, json)?);
    Some(())
}

fn shard_count(reader: &mut Reader, json: &RawValue) -> Option<ShardCount> {
    let number = reader.number(json, SHARDS)?;
    parse_shard_count(number).map_or_else(|error| reader.wrong(json, error), Some)
}

/// Reads a number as JSON writes it.
fn parse_shard_count(text: &str) -> Result<ShardCount, ShardingError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ShardingError::NoPowerOfTwo);
    }
    match text.parse().unwrap_or(u32::MAX) {
        0 => Err(ShardingError::NoPowerOfTwo),
        number if number > ShardCount::MAX => Err(ShardingError::TooMany),
        number => ShardCount::new(number)
            .ok_or_else(|| ShardingError::Between { below: number.next_power_of_two() / 2 }),
    }
}
