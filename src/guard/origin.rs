//! The origin: where it is, and what its answers mean.
//!
//! 1. An answer that the policy lists under `release` means "not processed".
//! 2. Any other 2xx to 4xx is final.
//! 3. Any other status means that the origin may have acted.
//! 4. No answer, or one whose body broke off, means the same.

use super::release::Release;
use thiserror::Error;

/// What an answer of the origin says about its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginVerdict {
    NotProcessed,
    Final,
    MayHaveActed,
}

/// Reads an answer's meaning from its status and headers.
pub fn origin_verdict(
    release: &[Release],
    status: u16,
    header: impl Fn(&str) -> Option<String>,
) -> OriginVerdict {
    if release.iter().any(|entry| entry.covers(status, &header)) {
        return OriginVerdict::NotProcessed;
    }
    match status {
        200..=499 => OriginVerdict::Final,
        _ => OriginVerdict::MayHaveActed,
    }
}

/// Whether what has this content type is sent piece by piece, and wants to be read as it comes.
pub fn is_stream(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    STREAMS.iter().any(|known| media_type.eq_ignore_ascii_case(known))
}

const STREAMS: [&str; 10] = [
    "text/event-stream",
    "application/ndjson",
    "application/x-ndjson",
    "application/jsonl",
    "application/jsonlines",
    "application/x-jsonlines",
    "application/stream+json",
    "application/json-seq",
    "application/vnd.amazon.eventstream",
    "multipart/x-mixed-replace",
];

/// Whether a response of this status can be made for anybody (fetch, "Response"). Origins do send others.
pub fn can_be_shown(status: u16) -> bool {
    (200..600).contains(&status)
}

/// Whether an answer of this status has no body (RFC 9110 section 6.4.1); the platform refuses to
/// build one that has.
pub fn has_no_body(status: u16) -> bool {
    matches!(status, 101 | 204 | 205 | 304)
}

/// The base URL of the origin, without its trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginUrl(String);

/// Why a value is no base URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OriginUrlError {
    #[error(
        "ORIGIN is not set; set it to the base URL of the origin, such as https://origin.example.com, on a hostname that no route of this Worker covers"
    )]
    Missing,
    #[error("ORIGIN \"{0}\" does not start with https:// or http://; {CURE}")]
    Scheme(String),
    #[error("ORIGIN \"{0}\" has no valid host; {CURE}")]
    Host(String),
    #[error("ORIGIN \"{0}\" has a query, a fragment or characters that a URL cannot hold; {CURE}")]
    Rest(String),
}

const CURE: &str = "set it to a base URL such as https://origin.example.com";

impl OriginUrl {
    pub fn parse(value: Option<&str>) -> Result<Self, OriginUrlError> {
        let value = value
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .ok_or(OriginUrlError::Missing)?;
        let rest = value
            .strip_prefix("https://")
            .or_else(|| value.strip_prefix("http://"))
            .ok_or_else(|| OriginUrlError::Scheme(value.into()))?;
        let authority = rest.split('/').next().unwrap_or_default();
        if !is_authority(authority) {
            return Err(OriginUrlError::Host(value.into()));
        }
        if rest.contains(['?', '#']) || !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(OriginUrlError::Rest(value.into()));
        }
        Ok(Self(value.trim_end_matches('/').into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a path stays below ORIGIN's own, whatever an origin makes of it. The dots and slashes that
    /// the platform resolves are gone by now; many servers decode the others before they resolve them,
    /// and some leave what follows a semicolon out of a segment.
    pub fn holds(&self, path: &str) -> bool {
        self.path().is_empty() || !climbs_out(path)
    }

    fn path(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default()
    }

    /// The URL of a request at the origin; `target` is path and query.
    pub fn join(&self, target: &str) -> String {
        format!("{}{target}", self.0)
    }
}

/// Whether some server could read a path as leading above its root. Empty segments count as none.
fn climbs_out(path: &str) -> bool {
    let path = with_separators(path);
    let mut depth = 0_u32;
    path.split(|byte| *byte == b'/').any(|segment| {
        match segment.split(|byte| *byte == b';').next().unwrap_or_default() {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth = depth.saturating_sub(1),
            _ => depth = depth.saturating_add(1),
        }
        false
    })
}

/// A path with its dots, slashes and semicolons decoded, and nothing else.
fn with_separators(path: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match rest {
            [b'%', b'2', b'e' | b'E', behind @ ..] => (b'.', behind),
            [b'%', b'2', b'f' | b'F', behind @ ..] => (b'/', behind),
            [b'%', b'5', b'c' | b'C', behind @ ..] => (b'/', behind),
            [b'%', b'3', b'b' | b'B', behind @ ..] => (b';', behind),
            [b'\\', behind @ ..] => (b'/', behind),
            _ => (*first, behind),
        };
        decoded.push(byte);
        rest = behind;
    }
    decoded
}

/// A host with an optional port; no user information, which fetch refuses.
pub fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    (is_address(host) || host.split('.').all(is_label)) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    // A number's own parser would take a sign.
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse().is_ok_and(|port: u16| port > 0)
}

/// An IPv6 address in brackets.
fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let digit = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    inner.is_some_and(|inner| inner.as_bytes().contains(&b':') && inner.bytes().all(digit))
}

fn is_label(label: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty()
        && label.bytes().all(inside)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
