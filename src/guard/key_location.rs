//! Where a request's key stands: the entries of a policy's `key_from`.
//!
//! 1. The first location that holds a key gives it. The others are looked at all the same, and another
//!    key in one of them is refused, never guessed at. So is a field that stands in a form, a query or an
//!    object twice, even with the same key: a header may not be repeated either.
//! 2. A body is read for its key only where its headers say that it is what a location looks into:
//!    [`super::keyed_body`].
//! 3. A place that a key is taken from is no part of what makes two requests the same.

use super::fingerprint::{Ignore, Method};
use super::form;
use super::json_pointer::{self, Pointer};
use super::key::{IdempotencyKey, KeyError, MAX_LENGTH, Spelling};
use super::keyed_body::{KeyedBody, NoText, Unreadable, is_form, is_json, only_value};
use super::parameters::is_token;
use super::request_head::RequestHead;
use std::borrow::Cow;
use std::fmt::{Display, Formatter, Result as Written};
use std::str::FromStr;
use thiserror::Error;

/// The header that every key has in the end: the origin gets it there, wherever its client put it.
pub const KEY_HEADER: &str = "idempotency-key";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// In lower case.
    Header(String),
    /// A field of the query.
    Query(String),
    /// A member of a JSON body.
    Json(Pointer),
    /// A field of a form.
    Form(String),
}

/// Where a route's keys stand, and what they may look like there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRules<'a> {
    pub locations: Cow<'a, [KeyLocation]>,
    /// How a header may write one.
    pub in_header: Spelling,
    /// In characters.
    pub least: usize,
}

/// A text that names no location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoKeyLocation;

/// A key, and how its client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    pub key: IdempotencyKey,
    /// As it stood there; a key that the guard drew is quoted.
    pub text: String,
    /// Whether the request has it as its `Idempotency-Key` header.
    pub is_in_header: bool,
}

impl FoundKey {
    /// The `Idempotency-Key` header that the origin gets in place of the client's.
    pub fn header(&self) -> Option<&str> {
        (!self.is_in_header).then_some(&self.text)
    }
}

/// Why a request has no key that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyRefusal {
    #[error("{}", .error.describe(.location, .text))]
    Malformed { location: KeyLocation, text: String, error: KeyError },
    #[error(
        "{first} and {second} name two keys, and only one of them can be meant; send the key in one of them, or the same in both"
    )]
    TwoKeys { first: KeyLocation, second: KeyLocation },
    #[error("{location} is there more than once; send one key")]
    Repeated { location: KeyLocation },
    #[error(
        "{location} is no text; send one key of 1 to {MAX_LENGTH} characters, such as a new UUID"
    )]
    OtherType { location: KeyLocation },
    #[error(
        "{location} cannot be looked for, because the body {reason}; send one that can be read, or the key in Idempotency-Key"
    )]
    Unreadable { location: KeyLocation, reason: Unreadable },
}

impl KeyLocation {
    /// Where keys stand unless a policy says otherwise.
    pub fn usual() -> Self {
        Self::Header(KEY_HEADER.into())
    }

    /// As a policy says it, and as it is read again.
    pub fn written(&self) -> String {
        match self {
            Self::Header(name) => format!("header:{name}"),
            Self::Query(name) => format!("query:{name}"),
            Self::Json(pointer) => format!("json:{}", json_pointer::written(pointer)),
            Self::Form(name) => format!("form:{name}"),
        }
    }

    /// The header, by its name in lower case. Returns `None` if it is no header.
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::Header(name) => Some(name),
            Self::Query(_) | Self::Json(_) | Self::Form(_) => None,
        }
    }

    /// A key that stands here. A header holds it as it came; what a header could not hold is quoted.
    fn found(&self, key: IdempotencyKey, text: &str) -> FoundKey {
        let trimmed = text.trim_matches([' ', '\t']);
        let names_it = |text: &str| IdempotencyKey::parse(text).as_ref() == Ok(&key);
        let is_header = matches!(self, Self::Header(_)) || names_it(trimmed);
        let text = if is_header { trimmed.to_owned() } else { key.to_structured() };
        FoundKey { is_in_header: *self == Self::usual(), key, text }
    }

    /// The text that stands there.
    fn text(
        &self,
        head: &impl RequestHead,
        body: Option<&KeyedBody>,
    ) -> Result<Option<String>, KeyRefusal> {
        let found = match (self, body) {
            (Self::Header(name), _) => Ok(head.header(name)),
            (Self::Query(name), _) => only_value(form::values(head.query().as_bytes(), name)),
            (Self::Form(name), Some(body)) => body.field(name),
            (Self::Json(pointer), Some(body)) => body.member(pointer),
            (Self::Form(_) | Self::Json(_), None) => Ok(None),
        };
        let location = || self.clone();
        found.map_err(|error| match error {
            NoText::Repeated => KeyRefusal::Repeated { location: location() },
            NoText::OtherType => KeyRefusal::OtherType { location: location() },
            NoText::Unreadable(reason) => KeyRefusal::Unreadable { location: location(), reason },
        })
    }
}

impl KeyRules<'_> {
    /// Those of a header, and of nothing else.
    pub fn usual() -> Self {
        let locations = vec![KeyLocation::usual()].into();
        Self { locations, in_header: Spelling::Header, least: 1 }
    }

    /// What is said of a request that has a key in none of these places, where one is required.
    pub fn missing_key(&self) -> String {
        let places: Vec<String> = self.locations.iter().map(KeyLocation::to_string).collect();
        let (places, least) = (places.join(" or "), self.least);
        format!(
            "the request has no key in {places}, and this route requires one; send one of {least} to {MAX_LENGTH} characters, such as a new UUID, and keep it for every retry"
        )
    }

    /// Whether a request's body has to be read to know its key.
    pub fn look_into_body(&self, head: &impl RequestHead) -> bool {
        self.locations.iter().any(|location| match location {
            KeyLocation::Header(_) | KeyLocation::Query(_) => false,
            KeyLocation::Form(_) => is_form(head),
            KeyLocation::Json(_) => is_json(head),
        })
    }

    /// The key of a request. Returns `None` if it has none.
    ///
    /// # Errors
    ///
    /// It has one that is malformed or repeated, or two; or it has none that can be seen, and a body that
    /// may hold one and cannot be read.
    pub fn find_key(
        &self,
        head: &impl RequestHead,
        body: &[u8],
    ) -> Result<Option<FoundKey>, KeyRefusal> {
        let body = if self.look_into_body(head) { KeyedBody::read(head, body) } else { None };
        let mut found: Option<(&KeyLocation, FoundKey)> = None;
        let mut unreadable = None;
        for location in self.locations.iter() {
            let text = match location.text(head, body.as_ref()) {
                Err(refusal @ KeyRefusal::Unreadable { .. }) => {
                    unreadable = Some(refusal);
                    continue;
                }
                text => text?,
            };
            let Some(text) = text else { continue };
            let key = self.read(location, &text).map_err(|error| {
                let location = location.clone();
                KeyRefusal::Malformed { location, text: text.clone(), error }
            })?;
            match &found {
                Some((first, known)) if known.key != key => {
                    let (first, second) = ((*first).clone(), location.clone());
                    return Err(KeyRefusal::TwoKeys { first, second });
                }
                Some(_) => {}
                None => found = Some((location, location.found(key, &text))),
            }
        }
        match (found, unreadable) {
            (Some((_, key)), _) => Ok(Some(key)),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => Ok(None),
        }
    }

    /// How two requests are compared. The place that holds a key says nothing of what is to be done: the
    /// same request may come with its key in a header.
    pub fn comparison<'m>(&self, method: &'m Method) -> Cow<'m, Method> {
        let mut method = Cow::Borrowed(method);
        for location in self.locations.iter() {
            let Ignore { pointers, fields, query } = &method.ignore;
            match location {
                KeyLocation::Form(name) if !fields.contains(name) => {
                    method.to_mut().ignore.fields.push(name.clone());
                }
                KeyLocation::Query(name) if !query.contains(name) => {
                    method.to_mut().ignore.query.push(name.clone());
                }
                KeyLocation::Json(pointer) if !pointers.contains(pointer) => {
                    method.to_mut().ignore.pointers.push(pointer.clone());
                }
                _ => {}
            }
        }
        method
    }

    fn read(&self, location: &KeyLocation, text: &str) -> Result<IdempotencyKey, KeyError> {
        let spelling = match location {
            KeyLocation::Header(_) => self.in_header,
            // It is written as a header is.
            KeyLocation::Form(_) => Spelling::Header,
            KeyLocation::Query(_) | KeyLocation::Json(_) => Spelling::Text,
        };
        IdempotencyKey::parse_spelled(text, spelling)?.of_at_least(self.least)
    }
}

/// As it is said of a request.
impl Display for KeyLocation {
    fn fmt(&self, out: &mut Formatter<'_>) -> Written {
        match self {
            Self::Header(name) if name == KEY_HEADER => write!(out, "Idempotency-Key"),
            Self::Header(name) => write!(out, "the header {name}"),
            Self::Query(name) => write!(out, "the query's {name}"),
            Self::Json(pointer) => write!(out, "the body's {}", json_pointer::written(pointer)),
            Self::Form(name) => write!(out, "the form's field {name}"),
        }
    }
}

/// As a policy writes it: `header:<name>`, `query:<name>`, `json:<pointer>` or `form:<field>`.
impl FromStr for KeyLocation {
    type Err = NoKeyLocation;

    fn from_str(text: &str) -> Result<Self, NoKeyLocation> {
        match text.split_once(':') {
            Some(("header", name)) if is_token(name) => Ok(Self::Header(name.to_ascii_lowercase())),
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.into())),
            Some(("json", pointer)) => {
                json_pointer::parse(pointer).map(Self::Json).ok_or(NoKeyLocation)
            }
            Some(("form", name)) if !name.is_empty() => Ok(Self::Form(name.into())),
            _ => Err(NoKeyLocation),
        }
    }
}
