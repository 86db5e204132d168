//! Whether two requests under one key are the same request.
//!
//! 1. Method, path, query, content type and coding, and body count, and of the other header lines those
//!    that make another request: [`Headers`].
//! 2. `auto` reads JSON regardless of member order and white space, multipart regardless of its
//!    boundaries, and forms without the tokens that are drawn anew for each attempt; whatever is not
//!    well formed, or not what its content type says, counts byte for byte.
//! 3. The content type counts as [`super::media_type`] says.
//! 4. The way a body was read is part of the hash, so that no JSON text equals other bytes.
//! 5. A header whose value could be two on the wire is an error: see [`super::source`].

use super::canonical_json::canonical_json;
use super::digest::Digest;
use super::form::{IgnoredFields, counted_fields, without_fields};
use super::hex::Hex;
use super::json_pointer::Pointer;
use super::known_names::request_headers;
use super::media_type::{MediaType, coding};
use super::multipart::Multipart;
use super::request_head::RequestHead;
use super::source::{Unreadable, header};
use serde::{Deserialize, Serialize};

/// How bodies are compared. Records hold these by their place in this list.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum Algorithm {
    Auto,
    Bytes,
    /// Only what the request is about is compared: method, path and the headers that make another one.
    None,
}

/// How a fingerprint is made. A record keeps the one that it was claimed under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    pub algorithm: Algorithm,
    pub ignore: Ignore,
    pub headers: Headers,
}

/// What does not count of a request; only `auto` looks into a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignore {
    pub pointers: Vec<Pointer>,
    /// Of a form, beside those that never count.
    pub fields: Vec<String>,
    /// Of the query: where a key stands in it.
    pub query: Vec<String>,
}

/// The headers that make another request. One that is absent does not count, so that a name more on
/// the list of known ones makes no living record another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// Those that mean the same everywhere.
    pub known: bool,
    /// In lower case.
    pub named: Vec<String>,
}

impl Headers {
    /// Whether a header counts, by its name in lower case.
    pub fn count(&self, name: &str) -> bool {
        let is_known = self.known && request_headers().any(|known| known == name);
        is_known || self.named.iter().any(|named| named == name)
    }
}

impl Method {
    /// The one that holds where a policy says nothing.
    pub const AUTO: Self = Self::new(Algorithm::Auto);

    /// An algorithm, where a policy says nothing else.
    pub const fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            ignore: Ignore { pointers: Vec::new(), fields: Vec::new(), query: Vec::new() },
            headers: Headers { known: true, named: Vec::new() },
        }
    }
}

/// A request's fingerprint, and how it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub method: Method,
    pub digest: Hex<32>,
}

impl Fingerprint {
    pub fn of(head: &impl RequestHead, body: &[u8], method: &Method) -> Result<Self, Unreadable> {
        let digest = match method.algorithm {
            Algorithm::None => Target { head, headers: &method.headers }.digest("none")?,
            Algorithm::Bytes | Algorithm::Auto => Content::of(head, body, method)?.digest()?,
        };
        Ok(Self { method: method.clone(), digest: digest.finish() })
    }
}

/// What a request is about.
struct Target<'a, H> {
    head: &'a H,
    headers: &'a Headers,
}

impl<H: RequestHead> Target<'_, H> {
    fn digest(&self, reading: &str) -> Result<Digest, Unreadable> {
        let digest = Digest::new("onlyonce fingerprint 2")
            .field(reading.as_bytes())
            .field(self.head.method().as_bytes())
            .field(self.head.path().as_bytes());
        let mut present: Vec<(&str, String)> = Vec::new();
        for name in request_headers().filter(|_| self.headers.known) {
            present.extend(header(self.head, name)?.map(|value| (name, value)));
        }
        for name in &self.headers.named {
            // A name may be on both lists.
            if !present.iter().any(|(known, _)| known == name) {
                present.extend(header(self.head, name)?.map(|value| (name.as_str(), value)));
            }
        }
        Ok(present.iter().fold(digest.number(present.len()), |digest, (name, value)| {
            digest.field(name.as_bytes()).field(value.as_bytes())
        }))
    }
}

/// A request's body, and what its headers say of it.
struct Content<'a, H> {
    target: Target<'a, H>,
    body: &'a [u8],
    method: &'a Method,
    content_type: Option<String>,
    media_type: Option<MediaType>,
    coding: Option<String>,
    range: Option<String>,
}

impl<'a, H: RequestHead> Content<'a, H> {
    fn of(head: &'a H, body: &'a [u8], method: &'a Method) -> Result<Self, Unreadable> {
        let content_type = header(head, "content-type")?;
        Ok(Self {
            target: Target { head, headers: &method.headers },
            body,
            method,
            media_type: content_type.as_deref().and_then(MediaType::parse),
            content_type,
            coding: coding(header(head, "content-encoding")?),
            range: header(head, "content-range")?,
        })
    }

    fn digest(&self) -> Result<Digest, Unreadable> {
        match self.readable() {
            Some(media_type) => self.read(media_type),
            None => self.bytes(),
        }
    }

    /// The type of a body that may be looked into.
    fn readable(&self) -> Option<&MediaType> {
        let media_type = self.media_type.as_ref()?;
        let is_readable = self.method.algorithm == Algorithm::Auto
            && self.coding.is_none()
            && media_type.is_utf8();
        is_readable.then_some(media_type)
    }

    fn read(&self, media_type: &MediaType) -> Result<Digest, Unreadable> {
        let Ignore { pointers, fields, .. } = &self.method.ignore;
        let fields = IgnoredFields(fields);
        if media_type.is_json()
            && let Some(json) = canonical_json(self.body, pointers)
        {
            return Ok(self.described("json", false)?.field(&json));
        }
        if media_type.is_form() {
            return Ok(self.described("form", false)?.field(&counted_fields(self.body, fields)));
        }
        let boundary = media_type.boundary();
        match boundary.and_then(|boundary| Multipart::read(self.body, boundary)) {
            Some(parts) => Ok(parts.add_to(self.described("multipart", true)?, fields)),
            None => self.bytes(),
        }
    }

    fn bytes(&self) -> Result<Digest, Unreadable> {
        Ok(self.described("bytes", false)?.field(self.body))
    }

    /// A digest of all but the body.
    fn described(&self, reading: &str, is_read_by_boundary: bool) -> Result<Digest, Unreadable> {
        let is_left_out =
            |name: &[u8]| self.method.ignore.query.iter().any(|key| key.as_bytes() == name);
        let query = without_fields(self.target.head.query().as_bytes(), &is_left_out);
        let digest = self.target.digest(reading)?.field(&query);
        let digest = match (&self.media_type, &self.content_type) {
            (Some(media_type), _) => media_type.add_to(digest.field(b"type"), is_read_by_boundary),
            (None, Some(value)) => digest.field(b"text").field(value.as_bytes()),
            (None, None) => digest.field(b"none"),
        };
        Ok(digest.optional(self.coding.as_deref()).optional(self.range.as_deref()))
    }
}
