//! JSON texts: what is read of any text is what `serde_json` reads of it.
//!
//! 1. Both accept the same texts, but for numbers too large for any machine and for nesting, where each
//!    has a limit of its own.
//! 2. A string that is written and read again is the same.
//! 3. A canonical form exists only of what is JSON, and stays the same when `serde_json` writes the text
//!    anew.

use onlyonce::guard::canonical_json::canonical_json;
use onlyonce::guard::json::{Value, quoted};
use serde_json::Value as Expected;

use crate::engine::{kind, shape};

pub const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "\\udd11",
    "\\u0000",
    "\\n",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-",
    "1.5",
    "1e9",
    "1E-400",
    "1e999",
    "18446744073709551616",
    "\"a\":",
    "{\"a\":1,\"b\":[]}",
    "[[[[[[[[",
    "]]]]]]]]",
    " ",
    "\n",
    "\u{feff}",
    "é",
    "\u{2028}",
];

pub fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return check_bytes(input) };
    let string = quoted(text);
    assert_eq!(Value::parse(&string), Ok(Value::String(text.into())));
    assert_eq!(serde_json::from_str::<String>(&string).ok().as_deref(), Some(text));
    let found = Value::parse(text);
    let canonical = canonical_json(input, &[]).is_some();
    match (&found, serde_json::from_str::<Expected>(text)) {
        (Ok(found), Ok(expected)) => {
            same(found, &expected);
            check_canonical(input, &expected);
        }
        (Ok(_), Err(error)) => {
            assert!(error.to_string().starts_with("number out of range"), "{text:?}: {error}")
        }
        (Err(at), Ok(_)) => assert!(*at <= text.len() && deepest(text) > 127, "{text:?} at {at}"),
        (Err(at), Err(_)) => {
            assert!(*at <= text.len() && (!canonical || deepest(text) > 127), "{text:?} at {at}")
        }
    }
    kind(&(found.is_ok(), canonical, shape(text)))
}

/// Numbers are left out that `serde_json` would spell in another way.
fn check_canonical(input: &[u8], value: &Expected) {
    if let Some(canonical) = canonical_json(input, &[])
        && has_whole_numbers_only(value)
    {
        let anew = value.to_string();
        assert_eq!(canonical_json(anew.as_bytes(), &[]), Some(canonical), "{anew}");
    }
}

fn has_whole_numbers_only(value: &Expected) -> bool {
    match value {
        Expected::Number(number) => !number.is_f64(),
        Expected::Array(items) => items.iter().all(has_whole_numbers_only),
        Expected::Object(members) => members.values().all(has_whole_numbers_only),
        _ => true,
    }
}

fn check_bytes(input: &[u8]) -> u64 {
    assert_eq!(canonical_json(input, &[]), None);
    kind(&"bytes")
}

/// The most brackets that are open at once, strings not looked at.
fn deepest(text: &str) -> i32 {
    let mut open = 0;
    let depths = text.bytes().map(|byte| {
        open += i32::from(b"{[".contains(&byte)) - i32::from(b"}]".contains(&byte));
        open
    });
    depths.max().unwrap_or_default()
}

/// `serde_json` rounds the last digit in its own way.
fn is_near(found: Option<f64>, expected: Option<f64>) -> bool {
    let (Some(found), Some(expected)) = (found, expected) else { return false };
    found == expected || (found - expected).abs() <= expected.abs() * 1e-15
}

fn same(found: &Value, expected: &Expected) {
    match (found, expected) {
        (Value::Null, Expected::Null) => {}
        (Value::Bool(found), Expected::Bool(expected)) => assert_eq!(found, expected),
        (Value::String(found), Expected::String(expected)) => assert_eq!(found, expected),
        (Value::Number(text), Expected::Number(expected)) => {
            assert_eq!(found.as_u64(), expected.as_u64(), "{text}");
            assert!(is_near(text.parse().ok(), expected.as_f64()), "{text} instead of {expected}");
        }
        (Value::Array(found), Expected::Array(expected)) => {
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).for_each(|(found, expected)| same(found, expected));
        }
        (Value::Object(found), Expected::Object(expected)) => {
            let mut names: Vec<&String> = found.by_name().iter().map(|(name, _)| name).collect();
            names.dedup();
            assert_eq!(names, expected.keys().collect::<Vec<_>>());
            for (name, expected) in expected {
                same(found.get(name).expect("a member"), expected);
            }
        }
        _ => panic!("{found:?} instead of {expected}"),
    }
}
