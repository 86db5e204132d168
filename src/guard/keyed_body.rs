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
use super::media_type::{MediaType, coding};
use super::multipart::Multipart;
use super::request_head::RequestHead;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::{Formatter, Result as Written};
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

/// What a text of JSON holds at a pointer. A byte order mark before it is passed over, as origins do.
fn member(text: &[u8], pointer: &[String]) -> Found {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let found = Member(pointer).deserialize(&mut reader);
    match found.and_then(|found| reader.end().map(|()| found)) {
        Ok(found) => found,
        Err(_) => Err(NoText::Unreadable(Unreadable::NoJson)),
    }
}

type Found = Result<Option<String>, NoText>;

/// Reads a value to its end for what it holds at the rest of a pointer; no deeper than that is long.
struct Member<'p>(&'p [String]);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        match self.0.split_first() {
            Some(_) => deserializer.deserialize_any(self),
            None => serde::Deserialize::deserialize(deserializer).map(text_of),
        }
    }
}

/// The text that a value is.
fn text_of(value: &RawValue) -> Found {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(json).map(Some).map_err(|_| NoText::OtherType),
        _ if json.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(json.to_owned())),
        _ => Err(NoText::OtherType),
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Found;

    fn expecting(&self, formatter: &mut Formatter) -> Written {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let Some((name, rest)) = self.0.split_first() else { return Ok(Ok(None)) };
        let mut found = None;
        while let Some(Name(member)) = map.next_key()? {
            if *member != *name.as_bytes() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value_seed(Member(rest))?;
            found = Some(if found.is_none() { value } else { Err(NoText::Repeated) });
        }
        Ok(found.unwrap_or(Ok(None)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Found, A::Error> {
        let Some((wanted, rest)) = self.0.split_first() else { return Ok(Ok(None)) };
        let wanted = wanted.parse().ok().filter(|index: &usize| index.to_string() == *wanted);
        let (mut found, mut index) = (Ok(None), 0_usize);
        loop {
            match Some(index) == wanted {
                true => match items.next_element_seed(Member(rest))? {
                    Some(value) => found = value,
                    None => return Ok(found),
                },
                false if items.next_element::<IgnoredAny>()?.is_none() => return Ok(found),
                false => {}
            }
            index = index.saturating_add(1);
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Ok(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(Ok(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(Ok(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Ok(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(Ok(None))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Ok(None))
    }
}

/// A member's name, as bytes: one that holds half a surrogate pair is a name as well.
struct Name<'a>(Cow<'a, [u8]>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut Formatter) -> Written {
                formatter.write_str("a name")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Name<'de>, E> {
                Ok(Name(bytes.into()))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Name<'de>, E> {
                Ok(Name(bytes.to_vec().into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
