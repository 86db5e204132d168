//! Header values that are to be keys.
//!
//! 1. A key is 1 to 255 characters from 0x20 to 0x7E, and it is echoed as itself.
//! 2. White space around it and parameters behind it do not change it.
//! 3. Two keys with a comma between them are never one: a repeated header arrives so.
//! 4. What is no key is explained in a sentence that is safe to show.

use onlyonce::guard::key::{IdempotencyKey, KeyError, MAX_LENGTH};
use onlyonce::guard::key_location::KeyLocation;

use crate::engine::{kind, shape};

pub const WORDS: &[&str] = &[
    "\"",
    "\\\"",
    "\\\\",
    ";",
    "; a",
    ";a=1",
    ";*b=?1",
    ";c=:YQ==:",
    ";d=\"x\"",
    ";e=@12",
    ";f=%\"%c3%bc\"",
    ";g=-1.25",
    ";h=tok/en:*",
    ", ",
    ",",
    " ",
    "\t",
    "8e03978e-40d5-43e8-bc93",
    "\"k\"",
    "a",
];

pub fn check(input: &[u8]) -> u64 {
    // A header's bytes reach the guard as Latin-1 or as UTF-8.
    let latin: String = input.iter().copied().map(char::from).collect();
    let utf8 = String::from_utf8_lossy(input);
    [&latin, utf8.as_ref()].into_iter().for_each(check_pair);
    kind(&(described(&latin), described(&utf8), shape(&utf8)))
}

fn described(header: &str) -> (bool, Option<std::mem::Discriminant<KeyError>>, usize) {
    let parsed = IdempotencyKey::parse(header);
    let length = parsed.as_ref().map_or(0, |key| key.as_str().len());
    (parsed.is_ok(), parsed.err().as_ref().map(std::mem::discriminant), length / 32)
}

fn check_pair(header: &str) {
    check_one(header);
    for (at, _) in header.match_indices(',') {
        let (first, second) = (&header[..at], &header[at + 1..]);
        let joined = IdempotencyKey::parse(header);
        if IdempotencyKey::parse(first).is_ok() && IdempotencyKey::parse(second).is_ok() {
            assert!(joined.is_err(), "two keys are one: {header:?}");
        }
    }
}

fn check_one(header: &str) {
    match IdempotencyKey::parse(header) {
        Ok(key) => check_key(header, &key),
        Err(error) => check_sentence(&error.describe(&KeyLocation::usual(), header), header),
    }
}

fn check_key(header: &str, key: &IdempotencyKey) {
    let text = key.as_str();
    assert!((1..=MAX_LENGTH).contains(&text.len()), "{} characters", text.len());
    assert!(text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "{text:?}");
    let same =
        |other: &str| assert_eq!(IdempotencyKey::parse(other).as_ref(), Ok(key), "{other:?}");
    same(&key.to_structured());
    same(&format!(" \t{header}\t "));
    let bare = |byte: u8| byte.is_ascii_graphic() && !b"\",;".contains(&byte);
    match header.trim_matches([' ', '\t']).starts_with('"') {
        true => same(&format!("{};a=1;b", header.trim_end_matches([' ', '\t']))),
        false => assert!(text.bytes().all(bare), "a bare {text:?}"),
    }
    if text.bytes().all(bare) {
        same(text);
    }
}

fn check_sentence(sentence: &str, header: &str) {
    assert!(sentence.starts_with("Idempotency-Key "), "{sentence:?}");
    assert!(sentence.ends_with("such as a new UUID"), "{sentence:?}");
    assert!(sentence.len() < 800, "{} bytes of {header:?}", sentence.len());
    assert!(!sentence.chars().any(|c| c < ' '), "{sentence:?}");
}
