//! Which paths a route is for.
//!
//! 1. A path counts as the caller sent it: its case, its percent-encoding and its empty segments.
//! 2. `*` is exactly one segment that is not empty; `**` is the rest, which may be nothing, so that
//!    `/api/**` is also for `/api`.
//! 3. One slash at the end counts neither in the pattern nor in the path, because most origins
//!    serve both spellings alike.
//! 4. What could never match is no pattern: a mistake must not look like a rule.

use crate::guard::address::decoded;
use std::str::FromStr;
use thiserror::Error;

/// A pattern that keeps the rules above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    #[error("does not start with a slash: write the path alone, such as \"/payments/**\"")]
    NoSlash,
    #[error("has an empty segment: write one slash between two segments")]
    EmptySegment,
    #[error(
        "has a character that never stands in a path that was sent: percent-encode it, as in \"/caf%C3%A9\", and leave the query out"
    )]
    NeverSent,
    #[error(
        "has a segment that cannot match: write * for one whole segment, ** for the rest at the end, and no segment of dots"
    )]
    OddSegment,
}

const REST: &str = "**";
const ONE: &str = "*";

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if !text.starts_with('/') {
            return Err(PatternError::NoSlash);
        }
        if text.contains("//") {
            return Err(PatternError::EmptySegment);
        }
        if !text.bytes().all(stands_in_a_path) {
            return Err(PatternError::NeverSent);
        }
        let mut segments = segments(text).rev();
        if segments.next().is_some_and(is_odd)
            || segments.any(|segment| segment == REST || is_odd(segment))
        {
            return Err(PatternError::OddSegment);
        }
        Ok(Self(text.into()))
    }
}

impl Pattern {
    /// Whether a path is meant. Each segment is looked at once.
    pub fn matches(&self, path: &str) -> bool {
        let mut found = segments(path);
        for wanted in segments(&self.0) {
            if wanted == REST {
                return true;
            }
            match found.next() {
                Some(segment) if wanted == segment || wanted == ONE && !segment.is_empty() => {}
                _ => return false,
            }
        }
        found.next().is_none()
    }

    /// Whether a path that was decoded, once or twice, is one of those that are meant.
    pub fn matches_decoded(&self, path: &str) -> bool {
        let is_decoded = || {
            let once = Self(decoded(&self.0));
            once.matches(path) || Self(decoded(&once.0)).matches(path)
        };
        self.matches(path) || self.0.contains('%') && is_decoded()
    }

    /// Whether every path that the other is for is also one of this one.
    pub fn covers(&self, other: &Self) -> bool {
        let mut theirs = segments(&other.0);
        for ours in segments(&self.0) {
            match theirs.next() {
                _ if ours == REST => return true,
                Some(segment)
                    if ours == segment || ours == ONE && !matches!(segment, REST | "") => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }

    /// As it stands in the policy.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn segments(path: &str) -> std::str::Split<'_, char> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/')
}

/// A star within a segment, and the dots that are resolved before a path gets here.
fn is_odd(segment: &str) -> bool {
    is_dots(segment) || segment.as_bytes().contains(&b'*') && segment != ONE && segment != REST
}

/// One dot or two, percent-encoded or not.
fn is_dots(segment: &str) -> bool {
    let without_dot =
        |text| [".", "%2e", "%2E"].iter().find_map(|dot| str::strip_prefix(text, dot));
    let rest = without_dot(segment);
    rest.is_some_and(|rest| rest.is_empty() || without_dot(rest) == Some(""))
}

/// What is left of a path once the platform has parsed its URL (WHATWG URL, the path
/// percent-encode set).
fn stands_in_a_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>?\\^`{}".contains(&byte)
}
