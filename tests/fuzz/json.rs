//! JSON texts: a canonical form exists of what is JSON, and of nothing else.
//!
//! 1. `serde_json` accepts the same texts, but for a name that stands twice, for numbers too large for
//!    any machine, and for nesting, where each has a limit of its own.
//! 2. Every string has the form that `serde_json` gives it.
//! 3. The form stays the same when `serde_json` writes the text anew.

use onlyonce::guard::canonical_json::canonical_json;
use serde_json::Value;

use crate::duplicate_names::has_a_name_twice;
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
    let canonical = canonical_json(input, &[]);
    let Ok(text) = std::str::from_utf8(input) else {
        assert_eq!(canonical, None);
        return kind(&"bytes");
    };
    let string = serde_json::to_string(text).expect("JSON");
    assert_eq!(canonical_json(string.as_bytes(), &[]).as_deref(), Some(string.as_bytes()));
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            assert_eq!(canonical.is_some(), !has_a_name_twice(text), "{text:?}");
            check_anew(&value, canonical.as_deref());
        }
        Err(error) if error.to_string().starts_with("number out of range") => {}
        Err(_) => assert!(canonical.is_none() || deepest(text) > 127, "{text:?}"),
    }
    kind(&(canonical.is_some(), shape(text)))
}

/// Numbers are left out that `serde_json` would spell in another way.
fn check_anew(value: &Value, canonical: Option<&[u8]>) {
    if canonical.is_some() && has_whole_numbers_only(value) {
        let anew = value.to_string();
        assert_eq!(canonical_json(anew.as_bytes(), &[]).as_deref(), canonical, "{anew}");
    }
}

fn has_whole_numbers_only(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(has_whole_numbers_only),
        Value::Object(members) => members.values().all(has_whole_numbers_only),
        _ => true,
    }
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
