//! One place in a request that tells who is asking.
//!
//! A value that could be two on the wire is no value: the platform decodes headers as UTF-8 and puts
//! U+FFFD in the place of every byte that is none, so that two callers could look like one. Reading
//! such a value is an error, and no hash is ever made of it.

use super::authorization::{claim_text, claims, is_credential, names_somebody, signed_part};
use super::cookies::{cookie, is_name, telling_cookies};
use super::key::says_nothing;
use super::request_head::RequestHead;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use thiserror::Error;

/// Policies and records hold it as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Source {
    Header(String),
    Cookie(String),
    Query(String),
    /// A claim of the JWT in the Authorization header.
    Jwt(String),
    /// The path, each of which has keys of its own then; one slash at its end does not count.
    Path,
    /// The query as a whole, likewise.
    WholeQuery,
    /// What stays of an Authorization header that signs each request anew: see
    /// [`super::authorization::signer`].
    Signer(String),
    /// The cookies that may tell who somebody is, where the Authorization header does not.
    Cookies,
}

pub const AUTHORIZATION: &str = "authorization";
pub const API_KEY: &str = "x-api-key";

/// A header whose value could be two on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0} holds bytes that are no UTF-8, so that another caller's could look the same; send it in UTF-8, best in ASCII alone"
)]
pub struct Unreadable(String);

impl Source {
    /// As a policy says it, and as it is read again.
    pub fn written(&self) -> String {
        let (kind, name) = match self {
            Self::Header(name) => ("header:", name.as_str()),
            Self::Cookie(name) => ("cookie:", name.as_str()),
            Self::Query(name) => ("query:", name.as_str()),
            Self::Jwt(claim) => ("jwt:", claim.as_str()),
            Self::Path => (PATH, ""),
            Self::WholeQuery => (QUERY, ""),
            Self::Signer(part) => ("authorization:", part.as_str()),
            Self::Cookies => (COOKIES, ""),
        };
        [kind, name].concat()
    }

    /// Whether it reads the header of this name, in lower case.
    pub fn is_header(&self, name: &str) -> bool {
        match self {
            Self::Header(header) => header == name,
            Self::Cookie(_) => name == COOKIE,
            Self::Jwt(_) | Self::Signer(_) => name == AUTHORIZATION,
            Self::Cookies => name == COOKIE || name == AUTHORIZATION,
            Self::Query(_) | Self::Path | Self::WholeQuery => false,
        }
    }

    /// What this source says in a request; nothing where it is absent or no such thing.
    pub fn read(&self, head: &impl RequestHead) -> Result<Option<String>, Unreadable> {
        let value = self.look(head);
        match &value {
            Some(value) if self.is_ambiguous(value) => Err(Unreadable(self.place())),
            _ => Ok(value),
        }
    }

    fn look(&self, head: &impl RequestHead) -> Option<String> {
        match self {
            Self::Header(name) => head.header(name),
            Self::Cookie(name) => cookie(&head.header(COOKIE)?, name),
            Self::Query(name) => query(head.query(), name),
            Self::Jwt(name) => claim_text(&claims(&head.header(AUTHORIZATION)?)?, name),
            Self::Path => Some(endpoint(head.path()).to_owned()),
            Self::WholeQuery => Some(head.query().to_owned()),
            Self::Signer(part) => signed_part(&head.header(AUTHORIZATION)?, part),
            Self::Cookies => {
                let authorization = head.header(AUTHORIZATION);
                let is_needless = authorization.is_some_and(|value| names_somebody(&value));
                telling_cookies(&head.header(COOKIE)?).filter(|_| !is_needless)
            }
        }
    }

    /// Whether a value that this source has read says who somebody is. What is empty, or what a program
    /// writes where it has nothing, is the same for all of its users; several values are apart as they
    /// stand in their place.
    pub fn is_credential(&self, value: &str) -> bool {
        match self {
            Self::Header(name) if name == AUTHORIZATION => is_credential(value),
            Self::Header(_) => !value.split(',').all(says_nothing),
            Self::Cookie(_) => !value.split([';', ',']).all(is_empty_cookie),
            Self::Cookies => !value.split([';', ',']).all(|cookie| {
                is_empty_cookie(cookie.split_once('=').map_or(cookie, |(_name, value)| value))
            }),
            Self::Query(_) => !value.split('&').all(says_nothing),
            Self::Jwt(_) | Self::Path | Self::WholeQuery | Self::Signer(_) => !says_nothing(value),
        }
    }

    fn is_ambiguous(&self, value: &str) -> bool {
        match self {
            // A token's bytes are spelled in ASCII.
            Self::Jwt(_) => false,
            // A URL is percent-encoded by whoever reads it first.
            Self::Query(_) => {
                is_ambiguous(value) || value.to_ascii_uppercase().contains(ENCODED_REPLACEMENT)
            }
            // It goes to the origin as it is read here.
            Self::Path | Self::WholeQuery => false,
            Self::Header(_) | Self::Cookie(_) | Self::Signer(_) | Self::Cookies => {
                is_ambiguous(value)
            }
        }
    }

    fn place(&self) -> String {
        match self {
            Self::Header(name) => in_header(name),
            Self::Cookie(_) | Self::Cookies => in_header(COOKIE),
            Self::Query(name) => format!("the query's \"{name}\""),
            Self::Jwt(_) | Self::Signer(_) => in_header(AUTHORIZATION),
            Self::Path => "the path".into(),
            Self::WholeQuery => "the query".into(),
        }
    }
}

/// A path without the slash at its end, with which most origins serve the same.
fn endpoint(path: &str) -> &str {
    path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path)
}

/// Quotes around a cookie's value belong to it, and say nothing (RFC 6265 section 4.1.1).
fn is_empty_cookie(value: &str) -> bool {
    says_nothing(value.trim().trim_matches('"'))
}

const COOKIE: &str = "cookie";
const PATH: &str = "path";
const QUERY: &str = "query";
const COOKIES: &str = "cookies";

/// U+FFFD in UTF-8, percent-encoded.
const ENCODED_REPLACEMENT: &str = "%EF%BF%BD";

fn in_header(name: &str) -> String {
    format!("the header {name}")
}

/// Whether a header's value stands for more than one on the wire.
fn is_ambiguous(value: &str) -> bool {
    value.contains(char::REPLACEMENT_CHARACTER)
}

/// A header's value, repeated lines joined by a comma. Returns `None` if it is absent.
pub fn header(head: &impl RequestHead, name: &str) -> Result<Option<String>, Unreadable> {
    match head.header(name) {
        Some(value) if is_ambiguous(&value) => Err(Unreadable(in_header(name))),
        value => Ok(value),
    }
}

/// Whether each of these can be read.
pub fn check_readable(sources: &[Source], head: &impl RequestHead) -> Result<(), Unreadable> {
    sources.iter().try_for_each(|source| source.read(head).map(drop))
}

/// The values of a field of the query, encoding untouched; several of them apart by an ampersand. Its
/// name is the one that a server reads.
fn query(query: &str, name: &str) -> Option<String> {
    let value = |pair: &str| {
        let (found, _) = pair.split_once('=')?;
        let is_it = is_name(found, name) || is_name(&found.replace('+', " "), name);
        is_it.then(|| pair.get(found.len().saturating_add(1)..).map(str::to_owned))?
    };
    let values: Vec<String> = query.split('&').filter_map(value).collect();
    (!values.is_empty()).then(|| values.join("&"))
}

/// Why a text is no source.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is no source: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"
)]
pub struct SourceError(pub String);

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text.split_once(':') {
            None if text == PATH => return Ok(Self::Path),
            None if text == QUERY => return Ok(Self::WholeQuery),
            None if text == COOKIES => return Ok(Self::Cookies),
            Some((_, "")) | None => {}
            Some(("header", name)) => return Ok(Self::Header(name.to_ascii_lowercase())),
            Some(("cookie", name)) => return Ok(Self::Cookie(name.into())),
            Some(("query", name)) => return Ok(Self::Query(name.into())),
            Some(("jwt", claim)) => return Ok(Self::Jwt(claim.into())),
            Some(("authorization", part)) => return Ok(Self::Signer(part.into())),
            Some(_) => {}
        }
        Err(SourceError(text.into()))
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.written()
    }
}

impl TryFrom<String> for Source {
    type Error = SourceError;

    fn try_from(text: String) -> Result<Self, SourceError> {
        text.parse()
    }
}
