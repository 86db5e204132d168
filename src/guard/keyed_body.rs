//! A request's body, as far as a key may stand in it.
//!
//! 1. A form is an urlencoded or a multipart body as browsers send it. Files are no fields.
//! 2. JSON is a body whose type says so. It is read once, in time linear in its length; what is no JSON to
//!    its last byte holds nothing. A member that is `null` is as good as absent: it is what many languages
//!    write for nothing.
//! 3. Either is in UTF-8 and without a content coding: no other is looked into.
//! 4. What stands there twice is refused: readers take the one or the other.

use super::form;
use super::media_type::{MediaType, coding};
use super::multipart::Multipart;
use super::request_head::RequestHead;
use json_event_parser::{JsonEvent, SliceJsonParser};

/// A body that can hold a key.
pub enum KeyedBody<'a> {
    Urlencoded(&'a [u8]),
    Multipart(Multipart<'a>),
    Json(&'a [u8]),
}

/// Why there is no text in a place, though something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoText {
    Repeated,
    /// A value of JSON that is no text.
    OtherType,
}

/// Whether the headers say that the body is a form.
pub fn is_form(head: &impl RequestHead) -> bool {
    readable_type(head).is_some_and(|kind| kind.is_form() || kind.is_multipart_form())
}

/// Whether the headers say that the body is JSON.
pub fn is_json(head: &impl RequestHead) -> bool {
    readable_type(head).is_some_and(|kind| kind.is_json())
}

/// The type of a body that may be looked into.
fn readable_type(head: &impl RequestHead) -> Option<MediaType> {
    let media_type = MediaType::parse(&head.header("content-type")?)?;
    let is_readable = media_type.is_utf8() && coding(head.header("content-encoding")).is_none();
    is_readable.then_some(media_type)
}

impl<'a> KeyedBody<'a> {
    /// Returns `None` if the body is neither a form nor JSON, or a multipart one that is not well formed.
    pub fn read(head: &impl RequestHead, body: &'a [u8]) -> Option<Self> {
        let media_type = readable_type(head)?;
        if media_type.is_json() {
            return Some(Self::Json(body));
        }
        if media_type.is_multipart_form() {
            return Multipart::read(body, media_type.boundary()?).map(Self::Multipart);
        }
        media_type.is_form().then_some(Self::Urlencoded(body))
    }

    /// The value of a form's field.
    pub fn field(&self, name: &str) -> Result<Option<String>, NoText> {
        match self {
            Self::Urlencoded(body) => only_value(form::values(body, name)),
            Self::Multipart(parts) => only_value(parts.field_values(name).map(<[u8]>::to_vec)),
            Self::Json(_) => Ok(None),
        }
    }

    /// The text at a pointer into JSON.
    pub fn member(&self, pointer: &[String]) -> Result<Option<String>, NoText> {
        match self {
            Self::Json(text) => {
                let mut reader = Reader(SliceJsonParser::new(text));
                reader.document(pointer).unwrap_or(Ok(None))
            }
            Self::Urlencoded(_) | Self::Multipart(_) => Ok(None),
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

/// Reads JSON for one of its members.
struct Reader<'a>(SliceJsonParser<'a>);

/// What a value holds at the rest of a pointer.
type Found = Result<Option<String>, NoText>;

impl<'a> Reader<'a> {
    /// Returns `None` if the text is not JSON.
    fn document(&mut self, pointer: &[String]) -> Option<Found> {
        let first = self.next()?;
        let found = self.value(first, pointer)?;
        (self.next()? == JsonEvent::Eof).then_some(found)
    }

    fn next(&mut self) -> Option<JsonEvent<'a>> {
        self.0.parse_next().ok()
    }

    /// Reads a value to its end. No deeper than the pointer is long.
    fn value(&mut self, event: JsonEvent<'a>, pointer: &[String]) -> Option<Found> {
        match (event, pointer.split_first()) {
            (JsonEvent::StartObject, Some((name, rest))) => self.object(name, rest),
            (JsonEvent::StartArray, Some((index, rest))) => self.array(index, rest),
            (JsonEvent::String(text), None) => Some(Ok(Some(text.into_owned()))),
            (JsonEvent::Null, None) => Some(Ok(None)),
            (event, rest) => {
                self.skip(event)?;
                Some(if rest.is_none() { Err(NoText::OtherType) } else { Ok(None) })
            }
        }
    }

    fn object(&mut self, name: &str, rest: &[String]) -> Option<Found> {
        let mut found = None;
        while let JsonEvent::ObjectKey(member) = self.next()? {
            let event = self.next()?;
            if *member != *name {
                self.skip(event)?;
                continue;
            }
            let value = self.value(event, rest)?;
            found = Some(if found.is_none() { value } else { Err(NoText::Repeated) });
        }
        Some(found.unwrap_or(Ok(None)))
    }

    fn array(&mut self, wanted: &str, rest: &[String]) -> Option<Found> {
        let wanted = wanted.parse().ok().filter(|index: &usize| index.to_string() == *wanted);
        let mut found = Ok(None);
        let mut index = 0_usize;
        loop {
            let event = self.next()?;
            if event == JsonEvent::EndArray {
                return Some(found);
            }
            match Some(index) == wanted {
                true => found = self.value(event, rest)?,
                false => self.skip(event)?,
            }
            index = index.saturating_add(1);
        }
    }

    /// Reads a value to its end, whatever it holds.
    fn skip(&mut self, event: JsonEvent<'a>) -> Option<()> {
        let mut depth = 0_usize;
        let mut event = event;
        loop {
            match event {
                JsonEvent::StartObject | JsonEvent::StartArray => depth = depth.saturating_add(1),
                JsonEvent::EndObject | JsonEvent::EndArray => depth = depth.saturating_sub(1),
                JsonEvent::Eof => return None,
                _ => {}
            }
            if depth == 0 {
                return Some(());
            }
            event = self.next()?;
        }
    }
}
