//! A queue's message, read as the request that it asks for.
//!
//! 1. It is a JSON object with `method` and `path`, and where wanted `key`, `realm`, `headers` and
//!    `body`. Other members are not looked at; of two with one name the last counts.
//! 2. Its key is `key`, else the header `Idempotency-Key`, else the message's own id. The text is
//!    the key; one that is spelled as a structured-field string names what it names over HTTP.
//! 3. A body that is text is sent as it is, null is no body, and any other value is sent as JSON.
//! 4. What is no such object never becomes a request, however often it is delivered.

use super::forward::is_token;
use super::json::{Input, quoted};
use super::key::IdempotencyKey;
use std::borrow::Cow;

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
pub type Malformed = &'static str;

impl Message {
    /// Reads a message's text; `id` is what the queue calls it.
    pub fn read(text: &str, id: &str) -> Result<Self, Malformed> {
        let members = Members::of(text).ok_or(NO_OBJECT)?;
        let mut message = Self { key: id.into(), ..Self::default() };
        message.fill(&members)?;
        Ok(message)
    }

    fn fill(&mut self, members: &Members) -> Result<(), Malformed> {
        self.method = members.text("method", is_method).ok_or(BAD_METHOD)?;
        self.path = members.text("path", is_path).ok_or(BAD_PATH)?;
        if let Some(headers) = members.get("headers") {
            self.fill_headers(headers).ok_or(BAD_HEADERS)?;
        }
        if members.get("key").is_some() {
            self.key = members.text("key", |_| true).ok_or(BAD_KEY)?;
        }
        self.key = spelled(&self.key).ok_or(BAD_KEY)?;
        self.headers.push((KEY.into(), self.key.clone()));
        if members.get("realm").is_some() {
            self.realm = Some(members.text("realm", is_realm).ok_or(BAD_REALM)?);
        }
        match members.get("body") {
            None => Ok(()),
            Some(_) if matches!(self.method.as_str(), "GET" | "HEAD") => Err(BODY_OF_A_GET),
            Some(body) => {
                self.fill_body(body);
                Ok(())
            }
        }
    }

    fn fill_headers(&mut self, raw: &str) -> Option<()> {
        for (name, raw) in Members::of(raw)?.0 {
            let value = text_of(raw).filter(|_| is_token(&name))?;
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                KEY => self.key = value,
                // The body is framed anew, whatever its sender believes of its length.
                "content-length" => {}
                _ => self.headers.push((name, value)),
            }
        }
        Some(())
    }

    fn fill_body(&mut self, raw: &str) {
        let text = text_of(raw);
        if text.is_none() && self.headers.iter().all(|(name, _)| name != CONTENT_TYPE) {
            self.headers.push((CONTENT_TYPE.into(), "application/json".into()));
        }
        self.body = Some(text.unwrap_or_else(|| raw.into()));
    }
}

const CONTENT_TYPE: &str = "content-type";
const KEY: &str = "idempotency-key";

// Each sentence names the member, what is wrong, and the cure.
pub const NO_OBJECT: Malformed = "the message is not a JSON object; send one with method and path, such as {\"method\":\"POST\",\"path\":\"/orders\"}";
const BAD_METHOD: Malformed = "method is missing or no HTTP method; write one in upper case, such as \"POST\", but not CONNECT or TRACE";
const BAD_PATH: Malformed = "path is missing, does not begin with a slash, or holds characters other than visible ASCII without # and \\; write it as \"/orders?shop=1\", and percent-encode the rest";
const BAD_HEADERS: Malformed =
    "headers is not an object of texts; write each header as \"name\":\"value\"";
const BAD_KEY: Malformed = "the key is not a text of 1 to 255 printable ASCII characters; write one, such as a new UUID, or leave it out for the message's id";
const BAD_REALM: Malformed = "realm is not a text of 1 to 255 visible ASCII characters; write the host whose keys these are, such as \"api.example.com\", or leave it out";
const BODY_OF_A_GET: Malformed =
    "a GET or HEAD carries no body; leave it out, or write another method";

/// The members of an object, each value as it stands in the text.
struct Members<'a>(Vec<(String, &'a str)>);

impl<'a> Members<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut input = Input::new(text);
        let mut members = Vec::new();
        input.take(b'{')?;
        let mut first = true;
        while input.another(b'}', &mut first)? {
            let name = input.string()?;
            input.take(b':')?;
            members.push((name.into_owned(), input.raw()?));
        }
        input.peek().is_none().then_some(Self(members))
    }

    /// Null is as good as absent: it is what many languages write for nothing.
    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().rev().find(|(found, _)| found == name);
        found.map(|(_, value)| *value).filter(|value| *value != "null")
    }

    /// A member that is a text, and one that this accepts.
    fn text(&self, name: &str, accepts: fn(&str) -> bool) -> Option<String> {
        text_of(self.get(name)?).filter(|text| accepts(text))
    }
}

fn text_of(raw: &str) -> Option<String> {
    Input::new(raw).string().map(Cow::into_owned)
}

fn is_method(method: &str) -> bool {
    is_token(method)
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
fn spelled(key: &str) -> Option<String> {
    let is_key = |header: &String| IdempotencyKey::parse(header).is_ok();
    Some(key.to_owned()).filter(is_key).or_else(|| Some(quoted(key)).filter(is_key))
}
