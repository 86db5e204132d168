//! Whether two requests under one key are the same request.
//!
//! 1. Method, path, query, content type and body count; header lines besides do not.
//! 2. `auto` reads JSON regardless of member order and white space, and multipart regardless of
//!    its boundary; whatever is not well formed counts byte for byte.
//! 3. The content type counts in lower case, without `boundary` and `charset`.
//! 4. The way a body was read is part of the hash, so that no JSON text equals other bytes.

use super::canonical_json::{Pointer, canonical_json};
use super::digest::Digest;
use super::hex::Hex;
use super::multipart::{boundary, stretches};
use super::request_head::RequestHead;
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
    /// Nothing is compared: every request under the key is the same.
    None,
}

/// How a fingerprint is made. A record keeps the one that it was claimed under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    pub algorithm: Algorithm,
    /// JSON pointers whose values do not count; only `auto` reads JSON.
    pub ignore: Vec<Pointer>,
}

/// A request's fingerprint, and how it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub method: Method,
    pub digest: Hex<32>,
}

impl Fingerprint {
    pub fn of(head: &impl RequestHead, body: &[u8], method: &Method) -> Self {
        let digest = match method.algorithm {
            Algorithm::None => Digest::new("onlyonce fingerprint none 1"),
            Algorithm::Bytes => request(head, "bytes").field(body),
            Algorithm::Auto => auto(head, body, &method.ignore),
        };
        Self { method: method.clone(), digest: digest.finish() }
    }
}

fn request(head: &impl RequestHead, reading: &str) -> Digest {
    let content_type = head.header("content-type").map(|value| comparable_content_type(&value));
    Digest::new("onlyonce fingerprint 1")
        .field(reading.as_bytes())
        .field(head.method().as_bytes())
        .field(head.path().as_bytes())
        .field(head.query().as_bytes())
        .optional(content_type.as_deref())
}

fn auto(head: &impl RequestHead, body: &[u8], ignore: &[Pointer]) -> Digest {
    let content_type = head.header("content-type").unwrap_or_default();
    if is_json(&content_type)
        && let Some(json) = canonical_json(body, ignore)
    {
        return request(head, "json").field(&json);
    }
    if let Some(parts) = boundary(&content_type).and_then(|boundary| stretches(body, boundary)) {
        return parts.into_iter().fold(request(head, "multipart"), Digest::field);
    }
    request(head, "bytes").field(body)
}

/// `application/json` and the `+json` types (RFC 6839 section 3.1).
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || media_type.ends_with("+json")
}

fn comparable_content_type(value: &str) -> String {
    let lower = value.to_ascii_lowercase();
    let counts = |piece: &&str| {
        let name = piece.split('=').next().unwrap_or_default();
        name != "boundary" && name != "charset" && !name.is_empty()
    };
    lower.split(';').map(str::trim).filter(counts).collect::<Vec<_>>().join(";")
}
