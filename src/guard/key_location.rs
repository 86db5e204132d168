//! Where a request's key stands: the entries of a policy's `key_from`.
//!
//! 1. The first location that holds a key gives it. The others are looked at all the same, and another
//!    key in one of them is refused, never guessed at. So is a field that stands in a form twice, even
//!    with the same key: a header may not be repeated either.
//! 2. A form is an urlencoded or a multipart body as browsers send it: in UTF-8, without a content
//!    coding. Files are no fields.
//! 3. A body is read for its key only where its headers say that it is a form.
//! 4. A field that a key is taken from is no part of what makes two requests the same.

use super::form;
use super::key::{IdempotencyKey, KeyError};
use super::media_type::{MediaType, coding};
use super::multipart::Multipart;
use super::request_head::RequestHead;
use std::fmt::{Display, Formatter, Result as Written};
use std::str::FromStr;
use thiserror::Error;

/// The header that every key has in the end: the origin gets it there, wherever its client put it.
pub const KEY_HEADER: &str = "idempotency-key";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// In lower case.
    Header(String),
    /// A field of a form.
    Form(String),
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
            Self::Form(name) => format!("form:{name}"),
        }
    }

    /// The header, by its name in lower case. Returns `None` if it is a field of a form.
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::Header(name) => Some(name),
            Self::Form(_) => None,
        }
    }

    /// The text that stands there.
    fn text(
        &self,
        head: &impl RequestHead,
        form: Option<&Form>,
    ) -> Result<Option<String>, KeyRefusal> {
        match (self, form) {
            (Self::Header(name), _) => Ok(head.header(name)),
            (Self::Form(name), Some(form)) => {
                form.value(name).map_err(|Repeated| KeyRefusal::Repeated { location: self.clone() })
            }
            (Self::Form(_), None) => Ok(None),
        }
    }
}

/// What is said of a request that has a key in none of these places, where one is required.
pub fn missing_key(locations: &[KeyLocation]) -> String {
    let places: Vec<String> = locations.iter().map(KeyLocation::to_string).collect();
    let places = places.join(" or ");
    format!("the request has no key in {places}, and this route requires one; {SEND_ONE}")
}

const SEND_ONE: &str =
    "send one of 1 to 255 characters, such as a new UUID, and keep it for every retry";

/// As it is said of a request.
impl Display for KeyLocation {
    fn fmt(&self, out: &mut Formatter<'_>) -> Written {
        match self {
            Self::Header(name) if name == KEY_HEADER => write!(out, "Idempotency-Key"),
            Self::Header(name) => write!(out, "the header {name}"),
            Self::Form(name) => write!(out, "the form's field {name}"),
        }
    }
}

/// As a policy writes it: `header:<name>` or `form:<field>`.
impl FromStr for KeyLocation {
    type Err = NoKeyLocation;

    fn from_str(text: &str) -> Result<Self, NoKeyLocation> {
        match text.split_once(':') {
            Some(("header", name)) => Ok(Self::Header(name.to_ascii_lowercase())),
            Some(("form", name)) if !name.is_empty() => Ok(Self::Form(name.into())),
            _ => Err(NoKeyLocation),
        }
    }
}

/// Whether a request's body has to be read to know its key.
pub fn is_in_body(locations: &[KeyLocation], head: &impl RequestHead) -> bool {
    names_field(locations) && form_type(head).is_some()
}

fn names_field(locations: &[KeyLocation]) -> bool {
    locations.iter().any(|location| matches!(location, KeyLocation::Form(_)))
}

/// The key of a request. Returns `None` if it has none.
///
/// # Errors
///
/// It has one that is malformed or repeated, or two.
pub fn find_key(
    locations: &[KeyLocation],
    head: &impl RequestHead,
    body: &[u8],
) -> Result<Option<FoundKey>, KeyRefusal> {
    let form = if names_field(locations) { Form::read(head, body) } else { None };
    let mut found: Option<(&KeyLocation, FoundKey)> = None;
    for location in locations {
        let Some(text) = location.text(head, form.as_ref())? else { continue };
        let key = IdempotencyKey::parse(&text).map_err(|error| {
            let location = location.clone();
            KeyRefusal::Malformed { location, text: text.clone(), error }
        })?;
        match &found {
            Some((first, known)) if known.key != key => {
                let (first, second) = ((*first).clone(), location.clone());
                return Err(KeyRefusal::TwoKeys { first, second });
            }
            Some(_) => {}
            None => {
                let is_in_header = *location == KeyLocation::usual();
                let text = text.trim_matches([' ', '\t']).to_owned();
                found = Some((location, FoundKey { key, text, is_in_header }));
            }
        }
    }
    Ok(found.map(|(_, key)| key))
}

/// The type of a body that is a form.
fn form_type(head: &impl RequestHead) -> Option<MediaType> {
    let media_type = MediaType::parse(&head.header("content-type")?)?;
    let is_readable = media_type.is_utf8() && coding(head.header("content-encoding")).is_none();
    let is_form = media_type.is_form() || media_type.is_multipart_form();
    (is_form && is_readable).then_some(media_type)
}

/// A field that stands in a form more than once.
struct Repeated;

/// A body that is a form.
enum Form<'a> {
    Urlencoded(&'a [u8]),
    Multipart(Multipart<'a>),
}

impl<'a> Form<'a> {
    /// Returns `None` if it is none, or not well formed.
    fn read(head: &impl RequestHead, body: &'a [u8]) -> Option<Self> {
        let media_type = form_type(head)?;
        match media_type.boundary() {
            Some(boundary) => Multipart::read(body, boundary).map(Self::Multipart),
            None => media_type.is_form().then_some(Self::Urlencoded(body)),
        }
    }

    /// The value of a field. Bytes that are no UTF-8 become U+FFFD, which no key holds.
    fn value(&self, name: &str) -> Result<Option<String>, Repeated> {
        let mut values: Vec<Vec<u8>> = match self {
            Self::Urlencoded(body) => form::values(body, name).take(2).collect(),
            Self::Multipart(parts) => {
                parts.field_values(name).map(<[u8]>::to_vec).take(2).collect()
            }
        };
        match values.pop() {
            Some(_) if !values.is_empty() => Err(Repeated),
            value => Ok(value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}
