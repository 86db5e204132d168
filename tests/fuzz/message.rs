//! Texts that are to be a queue's messages.
//!
//! 1. Reading ends in a request or in a sentence that says what to mend.
//! 2. What is read is what `serde_json` reads of the same text: nobody else's method, path or body.
//! 3. A request has one key, which is one over HTTP too, and names that a header may have.
//! 4. A dead letter is the same operation when it is sent again, whatever the queue calls it then.

use onlyonce::guard::delivery::{DeadLetter, DeadLetterReason};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::message::Message;
use serde_json::Value;

use crate::engine::{kind, shape};

pub const WORDS: &[&str] = &[
    "\"method\":",
    "\"path\":",
    "\"key\":",
    "\"realm\":",
    "\"headers\":",
    "\"body\":",
    "\"POST\"",
    "\"GET\"",
    "\"post\"",
    "\"/orders?a=1\"",
    "\"//\"",
    "\"Idempotency-Key\":",
    "\"content-length\":",
    "\"content-type\":",
    "\"dead_letter\":",
    "\"k\"",
    "\"\\\"k\\\"\"",
    "\"\\u0000\"",
    "\"a b\"",
    "null",
    "{}",
    "[]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "1e999",
    "1.50",
    " ",
    "\n",
    "é",
];

/// What the queue calls the message.
const ID: &str = "56b9ae1c0d1f4a2f";
const REALM: &str = "api.example.com";

pub fn check(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    match Message::read(&text, ID) {
        Ok(message) => check_message(&text, &message),
        Err(malformed) => {
            assert!(malformed.to_string().contains(';'), "no cure in {malformed:?}");
            kind(&(malformed, shape(&text)))
        }
    }
}

fn check_message(text: &str, message: &Message) -> u64 {
    assert!(!message.method.bytes().any(|byte| byte.is_ascii_lowercase()), "{message:?}");
    assert!(message.path.starts_with('/'), "{message:?}");
    check_headers(message);
    check_letter(text, message);
    if let Ok(value) = serde_json::from_str(text) {
        check_values(&value, message);
    }
    let parts = (message.headers.len().min(4), message.body.is_some(), message.realm.is_some());
    kind(&(parts, shape(&message.key), shape(&message.path)))
}

fn check_headers(message: &Message) {
    let all = |name: &str| -> Vec<&str> {
        let named = message.headers.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(all("idempotency-key"), [message.key.as_str()], "{message:?}");
    assert_eq!(all("content-length"), [""; 0], "{message:?}");
    assert!(IdempotencyKey::parse(&message.key).is_ok(), "{message:?}");
    let is_name = |name: &str| {
        let token = |byte: u8| {
            byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b":;,\"".contains(&byte)
        };
        !name.is_empty() && name.bytes().all(token)
    };
    assert!(message.headers.iter().all(|(name, _)| is_name(name)), "{message:?}");
}

fn check_values(value: &Value, message: &Message) {
    assert_eq!(value["method"], *message.method);
    assert_eq!(value["path"], *message.path);
    assert_eq!(value["realm"].as_str(), message.realm.as_deref());
    match (&value["body"], &message.body) {
        (Value::Null, body) => assert_eq!(*body, None),
        (Value::String(text), body) => assert_eq!(body.as_ref(), Some(text)),
        (other, Some(body)) => assert_eq!(serde_json::from_str(body).ok().as_ref(), Some(other)),
        (other, None) => panic!("{other} is lost"),
    }
}

fn check_letter(text: &str, message: &Message) {
    let reason = DeadLetterReason::GaveUp;
    let letter =
        DeadLetter { reason, status: Some(503), queue: "orders", message_id: ID, attempts: 3 };
    let letter = letter.of_message(text, &message.key, REALM);
    let expected = Message { realm: Some(REALM.to_owned()), ..message.clone() };
    assert_eq!(Message::read(&letter, "another id"), Ok(expected), "{letter}");
    if let Ok(value) = serde_json::from_str::<Value>(&letter) {
        assert_eq!(value["dead_letter"]["reason"], "gave-up", "{letter}");
    }
}
