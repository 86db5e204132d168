//! The idempotency key of a request (draft-ietf-httpapi-idempotency-key-header).
//!
//! 1. A value that starts with a quote is a structured-field string (RFC 9651); its parameters
//!    are ignored. Anything else is a bare key, as Stripe's clients send it.
//! 2. Both spellings of the same characters name the same key.
//! 3. 1 to 255 characters. Bare keys hold no white space, quote, comma or semicolon.
//! 4. A repeated header arrives joined by a comma and is refused, never guessed at.

use super::bytes::decimal;
use super::digest::hex;
use super::json::quoted;
use super::structured_field::{NotAString, parse_string_item};

/// The longest key, in characters.
pub const MAX_LENGTH: usize = 255;

/// A key that keeps the rules above, without quotes and escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a header value is no key. Its text follows the value in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    Empty,
    TooLong { characters: usize },
    Forbidden { character: char, position: usize },
    BadString,
    Trailing,
}

impl IdempotencyKey {
    /// Reads the value of an `Idempotency-Key` header.
    pub fn parse(header: &str) -> Result<Self, KeyError> {
        let value = header.trim_matches([' ', '\t']);
        let key = match parse_string_item(value) {
            Ok(key) => key,
            Err(NotAString::OtherType) => bare(value)?,
            Err(NotAString::BadString) => return Err(KeyError::BadString),
            Err(NotAString::Trailing) => return Err(KeyError::Trailing),
        };
        match key.len() {
            0 => Err(KeyError::Empty),
            1..=MAX_LENGTH => Ok(Self(key)),
            characters => Err(KeyError::TooLong { characters }),
        }
    }

    /// A key without any raw_key, as it stands in a message or a question: 1 to 255 characters of
    /// those that a quoted key may hold.
    pub fn from_text(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        (printable && (1..=MAX_LENGTH).contains(&text.len())).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as a structured-field string, as it is echoed. Of a key's characters, JSON escapes
    /// the same two in the same way (RFC 9651 section 3.3.3).
    pub fn to_structured(&self) -> String {
        quoted(&self.0)
    }
}

fn bare(value: &str) -> Result<String, KeyError> {
    let forbidden = |c: &char| !matches!(c, '\u{21}'..='\u{7e}') || matches!(c, '"' | ',' | ';');
    match value.chars().enumerate().find(|(_, c)| forbidden(c)) {
        None => Ok(value.to_owned()),
        Some((index, character)) => {
            Err(KeyError::Forbidden { character, position: index.saturating_add(1) })
        }
    }
}

impl KeyError {
    /// What is said of a header value that is no key: the value, the reason and the cure.
    pub fn describe(&self, header: &str) -> String {
        let excerpt: String = header.chars().take(EXCERPT).collect();
        let more = if excerpt.len() < header.len() { "…" } else { "" };
        ["Idempotency-Key ", &quoted(&excerpt), more, " ", &self.reason(), "; ", CURE].concat()
    }

    /// What goes on after the value.
    pub fn reason(&self) -> String {
        match self {
            Self::Empty => "is empty".into(),
            Self::TooLong { characters } => {
                let (has, most) = (decimal(*characters as u64), decimal(MAX_LENGTH as u64));
                ["has ", &has, " characters, which is more than ", &most].concat()
            }
            Self::Forbidden { character: ',', .. } => {
                "holds a comma outside quotes, as a repeated header does".into()
            }
            Self::Forbidden { character, position } => [
                "holds U+",
                &code_point(*character),
                " at character ",
                &decimal(*position as u64),
                ", which a bare key may not",
            ]
            .concat(),
            Self::BadString => "starts a quoted string that has no end, a character outside 0x20 to 0x7E, or a bad escape".into(),
            Self::Trailing => {
                "goes on after its quoted string, as a repeated header does".into()
            }
        }
    }
}

/// How much of a bad value is repeated to its sender, in characters.
const EXCERPT: usize = 40;
const CURE: &str = "send one key of 1 to 255 characters, such as a new UUID";

/// As Unicode writes it: four hex digits, or as many as it takes.
fn code_point(character: char) -> String {
    let digits = hex(&u32::from(character).to_be_bytes()).to_ascii_uppercase();
    let significant = digits.trim_start_matches('0').len().max(4);
    digits.get(digits.len().saturating_sub(significant)..).unwrap_or_default().into()
}
