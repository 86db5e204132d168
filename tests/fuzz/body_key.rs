//! Keys that stand in a body.
//!
//! 1. Whatever a body holds, it has a key, none, or a mistake.
//! 2. A text in the field of a form, urlencoded or multipart, is the key that it would be as a header.
//! 3. A text in a member of JSON is the key that it would be as a text.

use onlyonce::guard::key::{IdempotencyKey, Spelling};
use onlyonce::guard::key_location::{FoundKey, KeyLocation, KeyRules};
use onlyonce::guard::request_head::RequestHead;

use crate::engine::kind;

pub const WORDS: &[&str] = &[
    "idempotency-key=",
    "idempotency%2dkey",
    "&",
    "%22",
    "+",
    "k",
    "\"k\"",
    "--b\r\n",
    "\r\n--b\r\n",
    "\r\n--b--\r\n",
    "Content-Disposition: form-data; name=\"idempotency-key\"\r\n\r\n",
    "; filename=\"a\"",
    "{\"idempotency-key\":",
    "\"idempotency-key\":\"k\"}",
];

const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";
const JSON: &str = "application/json";

/// A POST with a body of this type.
struct Head(&'static str);

impl RequestHead for Head {
    fn method(&self) -> &str {
        "POST"
    }

    fn path(&self) -> &str {
        "/buy"
    }

    fn query(&self) -> &str {
        ""
    }

    fn header(&self, name: &str) -> Option<String> {
        (name == "content-type").then(|| self.0.to_owned())
    }
}

pub fn check(input: &[u8]) -> u64 {
    let came = [URLENCODED, MULTIPART, JSON].map(|media_type| {
        let found = key(media_type, input);
        (found.is_none(), found.is_some_and(|key| key.is_ok()))
    });
    let text = String::from_utf8_lossy(input);
    let expected = IdempotencyKey::parse(&text).map_err(drop);
    assert_eq!(key(URLENCODED, urlencoded(&text).as_bytes()), Some(expected.clone()), "{text:?}");
    let is_one_part = !format!("\r\n{text}").contains("\r\n--b");
    if is_one_part {
        assert_eq!(key(MULTIPART, multipart(&text).as_bytes()), Some(expected.clone()), "{text:?}");
    }
    let in_json = IdempotencyKey::parse_spelled(&text, Spelling::Text).map_err(drop);
    let json = serde_json::json!({ "item": [], "idempotency-key": text }).to_string();
    assert_eq!(key(JSON, json.as_bytes()), Some(in_json), "{text:?}");
    kind(&(came, expected.is_ok(), is_one_part))
}

/// `None` if there is none, and an error if it cannot be used.
fn key(media_type: &'static str, body: &[u8]) -> Option<Result<IdempotencyKey, ()>> {
    let places = ["form:idempotency-key", "json:/idempotency-key"];
    let locations: Vec<KeyLocation> = places.map(|place| place.parse().expect(place)).into();
    let locations = locations.into();
    let rules = KeyRules { locations, ..KeyRules::usual() };
    let found = rules.find_key(&Head(media_type), body);
    found.map_err(drop).map(|found| found.map(|FoundKey { key, .. }| key)).transpose()
}

fn urlencoded(text: &str) -> String {
    let value: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("item=tea&idempotency-key={value}")
}

fn multipart(text: &str) -> String {
    format!(
        "--b\r\nContent-Disposition: form-data; name=\"idempotency-key\"\r\n\r\n{text}\r\n--b--\r\n"
    )
}
