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

/// The request that a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let mut headers = headers(&members)?;
        let named = take(&mut headers, KEY);
        let key = spelled(&members.text("key", BAD_KEY)?.or(named).unwrap_or_else(|| id.into()))?;
        headers.push((KEY.into(), key.clone()));
        let message = Self {
            method: method(&members)?,
            path: path(&members)?,
            body: body(&members, &mut headers)?,
            headers,
            key,
            realm: realm(&members)?,
        };
        match message.body {
            Some(_) if matches!(message.method.as_str(), "GET" | "HEAD") => Err(BODY_OF_A_GET),
            _ => Ok(message),
        }
    }
}

const KEY: &str = "idempotency-key";

// Each sentence names the member, what is wrong, and the cure.
pub const NO_OBJECT: Malformed = "the message is not a JSON object; send one with method and path, such as {\"method\":\"POST\",\"path\":\"/orders\"}";
const BAD_METHOD: Malformed = "method is missing or no HTTP method; write one in upper case, such as \"POST\", but not CONNECT or TRACE";
const BAD_PATH: Malformed = "path is missing, does not begin with a slash, or holds characters other than visible ASCII without # and \\; write it as \"/orders?shop=1\", and percent-encode the rest";
const BAD_HEADERS: Malformed =
    "headers is not an object of texts; write each header as \"name\":\"value\"";
const BAD_KEY: Malformed = "the key is not a text of 1 to 255 printable ASCII characters; write one, such as a new UUID, or leave it out for the message's id";
const BAD_REALM: Malformed = "realm is not a text of 1 to 255 visible ASCII characters; write the host whose keys these are, such as \"api.example.com\", or leave it out";
const BAD_BODY: Malformed = "body is not JSON of a depth below 127; send it as text instead";
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
            members.push((name, input.raw()?));
        }
        input.peek().is_none().then_some(Self(members))
    }

    /// Null is as good as absent: it is what many languages write for nothing.
    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().rev().find(|(found, _)| found == name);
        found.map(|(_, value)| *value).filter(|value| *value != "null")
    }

    fn text(&self, name: &str, otherwise: Malformed) -> Result<Option<String>, Malformed> {
        self.get(name).map(|raw| text_of(raw).ok_or(otherwise)).transpose()
    }
}

fn text_of(raw: &str) -> Option<String> {
    Input::new(raw).string()
}

fn method(members: &Members) -> Result<String, Malformed> {
    let method = members.text("method", BAD_METHOD)?.ok_or(BAD_METHOD)?;
    let is_method = is_token(&method)
        && !method.bytes().any(|byte| byte.is_ascii_lowercase())
        // The platform sends none of these.
        && !matches!(method.as_str(), "CONNECT" | "TRACE" | "TRACK");
    if is_method { Ok(method) } else { Err(BAD_METHOD) }
}

fn path(members: &Members) -> Result<String, Malformed> {
    let path = members.text("path", BAD_PATH)?.ok_or(BAD_PATH)?;
    let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\');
    if path.starts_with('/') && path.bytes().all(visible) { Ok(path) } else { Err(BAD_PATH) }
}

fn realm(members: &Members) -> Result<Option<String>, Malformed> {
    let realm = members.text("realm", BAD_REALM)?;
    let fits = realm.as_ref().is_none_or(|realm| {
        (1..=255).contains(&realm.len()) && realm.bytes().all(|byte| byte.is_ascii_graphic())
    });
    if fits { Ok(realm) } else { Err(BAD_REALM) }
}

fn headers(members: &Members) -> Result<Vec<(String, String)>, Malformed> {
    let Some(raw) = members.get("headers") else { return Ok(Vec::new()) };
    let mut headers = Vec::new();
    for (name, value) in Members::of(raw).ok_or(BAD_HEADERS)?.0 {
        let value = text_of(value).filter(|_| is_token(&name)).ok_or(BAD_HEADERS)?;
        headers.push((name.to_ascii_lowercase(), value));
    }
    // The body is framed anew, whatever its sender believes of its length.
    take(&mut headers, "content-length");
    Ok(headers)
}

/// Removes a header; the last one counts.
fn take(headers: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let found = headers.iter().rev().find(|(found, _)| found == name).map(|(_, v)| v.clone());
    headers.retain(|(found, _)| found != name);
    found
}

/// The key's text as the header says it: what is no header value yet is quoted.
fn spelled(key: &str) -> Result<String, Malformed> {
    if IdempotencyKey::parse(key).is_ok() {
        return Ok(key.into());
    }
    // A structured-field string knows the same two escapes (RFC 9651 section 3.3.3).
    let structured = quoted(key);
    match IdempotencyKey::parse(&structured) {
        Ok(_) => Ok(structured),
        Err(_) => Err(BAD_KEY),
    }
}

fn body(
    members: &Members,
    headers: &mut Vec<(String, String)>,
) -> Result<Option<String>, Malformed> {
    let Some(raw) = members.get("body") else { return Ok(None) };
    if raw.starts_with('"') {
        return text_of(raw).map(Some).ok_or(BAD_BODY);
    }
    if headers.iter().all(|(name, _)| name != "content-type") {
        headers.push(("content-type".into(), "application/json".into()));
    }
    Ok(Some(raw.into()))
}
