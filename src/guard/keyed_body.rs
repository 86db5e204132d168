//! A request's body, as far as a key may stand in it.
//!
//! 1. A form is an urlencoded or a multipart body as browsers send it. Files are no fields.
//! 2. JSON is a body whose type says so. For each pointer it is read once, in time linear in its length. A
//!    member that is `null` is as good as absent: it is what many languages write for nothing. A whole
//!    number is the text of its digits.
//! 3. A body that may hold a key and cannot be read is never taken for one without a key: it is not JSON, or
//!    no multipart, or in another charset than UTF-8, or has a content coding. An empty one holds none.
//! 4. What stands there twice is refused: readers take the one or the other.
//! 5. Half a surrogate pair, or a byte that is no UTF-8, in some other string concerns nobody: common
//!    origins take it.

use super::form;
use super::json_pointer::{Stars, values_at};
use super::media_type::{MediaType, coding};
use super::multipart::Multipart;
use super::request_head::RequestHead;
use serde_json::value::RawValue;
use thiserror::Error;

/// A body that can hold a key.
pub enum KeyedBody<'a> {
    Urlencoded(&'a [u8]),
    Multipart(Multipart<'a>),
    Json(&'a [u8]),
    /// One of these, which cannot be looked into.
    Unreadable(Unreadable, Kind),
}

/// What the headers say of a body that cannot be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Form,
    Json,
}

/// Why there is no text in a place that may hold one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoText {
    Repeated,
    /// A value of JSON that is no text.
    OtherType,
    Unreadable(Unreadable),
}

/// Why a body cannot be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("is no JSON")]
    NoJson,
    #[error("is no multipart body of its boundary")]
    NoMultipart,
    #[error("is in another charset than UTF-8")]
    Charset,
    #[error("has a Content-Encoding")]
    Coded,
}

/// Whether the headers say that the body is a form.
pub fn is_form(head: &impl RequestHead) -> bool {
    kind(head) == Some(Kind::Form)
}

/// Whether the headers say that the body is JSON.
pub fn is_json(head: &impl RequestHead) -> bool {
    kind(head) == Some(Kind::Json)
}

fn kind(head: &impl RequestHead) -> Option<Kind> {
    kind_of(&MediaType::parse(&head.header("content-type")?)?)
}

fn kind_of(media_type: &MediaType) -> Option<Kind> {
    match media_type.is_form() || media_type.is_multipart_form() {
        true => Some(Kind::Form),
        false => media_type.is_json().then_some(Kind::Json),
    }
}

impl<'a> KeyedBody<'a> {
    /// Returns `None` if the body is neither a form nor JSON, or empty.
    pub fn read(head: &impl RequestHead, body: &'a [u8]) -> Option<Self> {
        let media_type = MediaType::parse(&head.header("content-type")?)?;
        let kind = kind_of(&media_type)?;
        if body.is_empty() {
            return None;
        }
        let unreadable = |why| Some(Self::Unreadable(why, kind));
        if coding(head.header("content-encoding")).is_some() {
            return unreadable(Unreadable::Coded);
        }
        if !media_type.is_utf8_or_ascii() {
            return unreadable(Unreadable::Charset);
        }
        match kind {
            Kind::Json => Some(Self::Json(body)),
            Kind::Form if media_type.is_form() => Some(Self::Urlencoded(body)),
            Kind::Form => {
                let boundary = media_type.boundary();
                match boundary.and_then(|boundary| Multipart::read(body, boundary)) {
                    Some(parts) => Some(Self::Multipart(parts)),
                    None => unreadable(Unreadable::NoMultipart),
                }
            }
        }
    }

    /// The value of a form's field.
    pub fn field(&self, name: &str) -> Result<Option<String>, NoText> {
        match self {
            Self::Urlencoded(body) => only_value(form::values(body, name)),
            Self::Multipart(parts) => only_value(parts.field_values(name).map(<[u8]>::to_vec)),
            Self::Unreadable(why, Kind::Form) => Err(NoText::Unreadable(*why)),
            Self::Json(_) | Self::Unreadable(_, Kind::Json) => Ok(None),
        }
    }

    /// The text at a pointer into JSON.
    pub fn member(&self, pointer: &[String]) -> Result<Option<String>, NoText> {
        match self {
            Self::Json(text) => member(text, pointer),
            Self::Unreadable(why, Kind::Json) => Err(NoText::Unreadable(*why)),
            Self::Urlencoded(_) | Self::Multipart(_) | Self::Unreadable(_, Kind::Form) => Ok(None),
        }
    }
}

/// The one value that there is. Bytes that are no UTF-8 become U+FFFD, which no key holds.
pub fn only_value(mut values: impl Iterator<Item = Vec<u8>>) -> Result<Option<String>, NoText> {
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(NoText::Repeated),
        (value, None) => Ok(value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// What a text of JSON holds at a pointer.
fn member(text: &[u8], pointer: &[String]) -> Result<Option<String>, NoText> {
    let found = values_at(text, &[pointer], Stars::Literal)
        .ok_or(NoText::Unreadable(Unreadable::NoJson))?;
    match found.values.first() {
        _ if found.is_ambiguous => Err(NoText::Repeated),
        Some(found) => text_of(found.value),
        None => Ok(None),
    }
}

/// The text that a value is.
fn text_of(value: &RawValue) -> Result<Option<String>, NoText> {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(json).map(Some).map_err(|_| NoText::OtherType),
        _ if json.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(json.to_owned())),
        _ => Err(NoText::OtherType),
    }
}
