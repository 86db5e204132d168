//! What is wrong with a policy, said so that it can be mended.
//!
//! 1. A mistake is one sentence: field, value, reason, cure.
//! 2. A value is cut to what a reader needs to find it again.
//! 3. All mistakes are told at once, [`MAX_TOLD`] at most; who has more has another problem.

use super::amount::{AmountError, NumberError};
use super::lists::ValueError;
use super::parse::{MAX_LENGTH, MAX_ROUTES};
use super::pattern::PatternError;
use super::releases::ReleaseError;
use super::rules::RuleViolation;
use super::settle::SettleError;
use super::sharding::ShardingError;
use std::fmt;
use std::ops::Deref;
use thiserror::Error;

/// How many mistakes are told at most.
pub const MAX_TOLD: usize = 100;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}{}{value} {mistake}", if value.is_empty() { "" } else { " " })]
pub struct PolicyError {
    /// Where it stands, e.g. `routes[1].retry_window`.
    pub field: String,
    /// What stands there; empty where that does not help.
    pub value: String,
    pub mistake: Mistake,
}

/// Everything that is wrong with a policy, in the order of the fields' names within each table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct PolicyErrors(pub(super) Vec<PolicyError>);

impl Deref for PolicyErrors {
    type Target = [PolicyError];

    fn deref(&self) -> &[PolicyError] {
        &self.0
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(formatter, "{}{error}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// What is wrong with a value or its place: the reason, and after a colon the cure.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mistake {
    #[error("is not JSON at line {line}, column {column}: {TABLE}")]
    NotJson { line: usize, column: usize },
    #[error("is longer than {} KiB: shorten it; one route with ** may do for many", MAX_LENGTH / 1024)]
    TooLong,
    #[error(
        "holds half of a surrogate pair, which stands for no character: write the character itself"
    )]
    HalfACharacter,
    #[error("is {found}: {cure}")]
    OtherType { found: &'static str, cure: String },
    #[error("stands in its table twice: remove one of them")]
    FieldTwice,
    #[error("stands in the list twice: remove one of them")]
    EntryTwice,
    #[error("has more than {most} entries: write {most} or fewer")]
    TooManyEntries { most: usize },
    #[error("is none of its values: write {}", one_of(&in_quotes(.words)))]
    NoSuchWord { words: &'static [&'static str] },
    #[error("is not a field (did you mean {nearest}?): rename it, or remove it")]
    Misspelled { nearest: &'static str },
    #[error("is not a field: remove it; docs/CONFIGURATION.md names every field")]
    NotAField,
    #[error("belongs to a route: write it under [[vars.POLICY.routes]]")]
    OnlyInRoutes,
    #[error("is no field of a route: write it under [vars.POLICY], where it holds for all routes")]
    OnlyAtTop,
    #[error(
        "has {routes} routes: write {MAX_ROUTES} or fewer; a path with * or ** may do for many"
    )]
    TooManyRoutes { routes: usize },
    #[error("has no path: write the paths that it is for, such as path = \"/payments/**\"")]
    NoPath,
    #[error(
        "is never reached, for \"{above}\" above it is for the same paths: move it above that route, or remove it"
    )]
    NeverReached { above: String },
    #[error("has {untold} more mistakes: mend these first")]
    More { untold: usize },
    #[error(transparent)]
    Amount(#[from] AmountError),
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error(transparent)]
    Release(#[from] ReleaseError),
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Sharding(#[from] ShardingError),
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// What to write in place of what is no policy at all.
pub(super) const TABLE: &str = "write a table, which is [vars.POLICY] in wrangler.toml";

pub(super) fn in_quotes(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("\"{word}\"")).collect()
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn one_of(alternatives: &[String]) -> String {
    match alternatives {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}
