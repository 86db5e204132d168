//! A queue's message, read as the request that it asks for.
//!
//! 1. It is a JSON object with `method` and `path`, and where wanted `key`, `realm`, `headers` and
//!    `body`. Other members are not looked at; of two with one name the last counts.
//! 2. Its key is `key`, else the header `Idempotency-Key`, else the message's own id. The text is
//!    the key; one that is spelled as a structured-field string names what it names over HTTP.
//! 3. A body that is text is sent as it is, null is no body, and any other value is sent as JSON.
//! 4. What is no such object never becomes a request, however often it is delivered.

use super::document::{Members, to_json};
use super::key::IdempotencyKey;
use super::parameters::is_token;
use http::Method;
use serde_json::value::RawValue;
use thiserror::Error;

/// The request that a message asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub method: String,
    /// With the query, where it has one.
    pub path: String,
    /// The key among them.
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// As an `Idempotency-Key` header says it.
    pub key: String,
    /// Whose key it is, where the message says so.
    pub realm: Option<String>,
}

/// Why a message is no request: one sentence, which holds nothing of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Malformed {
    #[error(
        "the message is not a JSON object; send one with method and path, such as {{\"method\":\"POST\",\"path\":\"/orders\"}}"
    )]
    NotAnObject,
    #[error(
        "method is missing or no HTTP method; write one in upper case, such as \"POST\", but not CONNECT or TRACE"
    )]
    Method,
    #[error(
        "path is missing, does not begin with a slash, or holds characters other than visible ASCII without # and \\; write it as \"/orders?shop=1\", and percent-encode the rest"
    )]
    Path,
    #[error(
        "path is one of the guard's own, which never reach the origin; write one without /.onlyonce/"
    )]
    OwnPath,
    #[error(
        "path holds percent-encoded dots and slashes that an origin could read as leading out of ORIGIN's path; write the path that they stand for"
    )]
    OutsideOrigin,
    #[error("headers is not an object of texts; write each header as \"name\":\"value\"")]
    Headers,
    #[error(
        "the key is not a text of 1 to 255 printable ASCII characters; write one, such as a new UUID, or leave it out for the message's id"
    )]
    Key,
    #[error(
        "realm is not a text of 1 to 255 visible ASCII characters; write the host whose keys these are, such as \"api.example.com\", or leave it out"
    )]
    Realm,
    #[error(
        "body is a text with half of a surrogate pair; write both halves, or the character itself"
    )]
    Body,
    #[error("a GET or HEAD carries no body; leave it out, or write another method")]
    BodyOfAGet,
    #[error(
        "the platform takes no such request; mend the method, the path, the names and values of the headers, or the realm"
    )]
    NoRequest,
}

impl Message {
    /// Reads a message's text; `id` is what the queue calls it.
    pub fn read(text: &str, id: &str) -> Result<Self, Malformed> {
        let members = serde_json::from_str(text).map_err(|_| Malformed::NotAnObject)?;
        let mut message = Self { key: id.into(), ..Self::default() };
        message.fill(&members)?;
        Ok(message)
    }

    fn fill(&mut self, members: &RawMembers) -> Result<(), Malformed> {
        self.method = text(members, "method", is_method).ok_or(Malformed::Method)?;
        self.path = text(members, "path", is_path).ok_or(Malformed::Path)?;
        if let Some(headers) = value(members, "headers") {
            self.fill_headers(headers)?;
        }
        if value(members, "key").is_some() {
            self.key = text(members, "key", |_| true).ok_or(Malformed::Key)?;
        }
        self.key = as_header(&self.key).ok_or(Malformed::Key)?;
        self.headers.push((KEY.into(), self.key.clone()));
        if value(members, "realm").is_some() {
            self.realm = Some(text(members, "realm", is_realm).ok_or(Malformed::Realm)?);
        }
        match value(members, "body") {
            None => Ok(()),
            Some(_) if matches!(self.method.as_str(), "GET" | "HEAD") => Err(Malformed::BodyOfAGet),
            Some(body) => self.fill_body(body),
        }
    }

    fn fill_headers(&mut self, raw: &str) -> Result<(), Malformed> {
        let headers: Members<String> = serde_json::from_str(raw).map_err(|_| Malformed::Headers)?;
        for (name, value) in headers.0 {
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                name if !is_token(name) => return Err(Malformed::Headers),
                KEY => self.key = value,
                // The body is framed anew, whatever its sender believes of its length.
                "content-length" => {}
                name => self.headers.push((name.into(), value)),
            }
        }
        Ok(())
    }

    fn fill_body(&mut self, raw: &str) -> Result<(), Malformed> {
        if raw.starts_with('"') {
            self.body = Some(serde_json::from_str(raw).map_err(|_| Malformed::Body)?);
            return Ok(());
        }
        if self.headers.iter().all(|(name, _)| name != CONTENT_TYPE) {
            self.headers.push((CONTENT_TYPE.into(), "application/json".into()));
        }
        self.body = Some(raw.into());
        Ok(())
    }
}

const CONTENT_TYPE: &str = "content-type";
const KEY: &str = "idempotency-key";

/// Each value as it stands in the text.
type RawMembers<'a> = Members<&'a RawValue>;

/// Null is as good as absent: it is what many languages write for nothing.
fn value<'a>(members: &RawMembers<'a>, name: &str) -> Option<&'a str> {
    members.get(name).map(|value| value.get()).filter(|value| *value != "null")
}

/// A member that is a text, and one that this accepts.
fn text(members: &RawMembers, name: &str, accepts: fn(&str) -> bool) -> Option<String> {
    serde_json::from_str(value(members, name)?).ok().filter(|text: &String| accepts(text))
}

fn is_method(method: &str) -> bool {
    Method::from_bytes(method.as_bytes()).is_ok()
        && !method.bytes().any(|byte| byte.is_ascii_lowercase())
        // The platform sends none of these.
        && !matches!(method, "CONNECT" | "TRACE" | "TRACK")
}

fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && is_visible(path)
        && !path.bytes().any(|byte| byte == b'#' || byte == b'\\')
}

fn is_realm(realm: &str) -> bool {
    (1..=255).contains(&realm.len()) && is_visible(realm)
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The key's text as the header says it: what is no header value yet is quoted, with the escapes
/// that JSON and structured fields share (RFC 9651 section 3.3.3).
fn as_header(key: &str) -> Option<String> {
    [key.to_owned(), to_json(key)].into_iter().find(|header| IdempotencyKey::parse(header).is_ok())
}
