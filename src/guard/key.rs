//! The idempotency key of a request (draft-ietf-httpapi-idempotency-key-header).
//!
//! 1. A value that starts with a quote is a structured-field string (RFC 9651); its parameters
//!    are ignored. Anything else is a bare key, as Stripe's clients send it.
//! 2. Both spellings of the same characters name the same key.
//! 3. 1 to 255 characters. Bare keys hold no white space, quote, comma or semicolon; where that is how a
//!    protocol's clients write them, white space and semicolons too. In JSON and in a query the text is
//!    the key, as it stands there: visible ASCII and spaces.
//! 4. A repeated header arrives joined by a comma and is refused, never guessed at.
//! 5. What a program writes where it has nothing to write, such as `undefined`, is no key: every
//!    customer of such a program would send the same one.

use super::key_location::KeyLocation;
use sfv::visitor::Ignored;
use sfv::{BareItemFromInput, ItemSerializer, Parser, StringRef};
use std::convert::Infallible;
use thiserror::Error;

/// The longest key, in characters.
pub const MAX_LENGTH: usize = 255;

/// A key that keeps the rules above, without quotes and escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(sfv::String);

/// How a bare key may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// In a header: 0x21 to 0x7E without quote, comma and semicolon.
    Header,
    /// In a header of a protocol whose keys may hold spaces: 0x20 to 0x7E without quote and comma.
    SpacedHeader,
    /// In JSON or a query: 0x20 to 0x7E, each of which is a part of the key.
    Text,
}

/// Why a header value is no key. Its sentence follows the value, which it does not repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("is empty")]
    Empty,
    #[error("has {characters} characters, which is more than {MAX_LENGTH}")]
    TooLong { characters: usize },
    #[error("has {characters} characters, and this route takes {least} or more")]
    TooShort { characters: usize, least: usize },
    #[error(
        "is what a program writes where it has no value, so that all its requests would be one"
    )]
    Nothing,
    #[error("holds a comma outside quotes, as a repeated header does")]
    Comma,
    #[error("holds U+{:04X} at character {position}, which a bare key may not", u32::from(*character))]
    Forbidden { character: char, position: usize },
    #[error(
        "starts a quoted string that has no end, a character outside 0x20 to 0x7E, or a bad escape"
    )]
    BadString,
    #[error("goes on after its quoted string, as a repeated header does")]
    Trailing,
}

impl IdempotencyKey {
    /// Reads the value of an `Idempotency-Key` header.
    pub fn parse(header: &str) -> Result<Self, KeyError> {
        Self::parse_spelled(header, Spelling::Header)
    }

    /// Reads a key where it may be written in this way.
    pub fn parse_spelled(text: &str, spelling: Spelling) -> Result<Self, KeyError> {
        let value = match spelling {
            Spelling::Text => text,
            Spelling::Header | Spelling::SpacedHeader => text.trim_matches([' ', '\t']),
        };
        if value.trim().is_empty() {
            return Err(KeyError::Empty);
        }
        if says_nothing(value) {
            return Err(KeyError::Nothing);
        }
        let is_quoted = value.starts_with('"') && spelling != Spelling::Text;
        let key = if is_quoted { quoted(value)? } else { bare(value, spelling)? };
        match key.as_str().len() {
            0 => Err(KeyError::Empty),
            1..=MAX_LENGTH if is_programmers_nothing(key.as_str()) => Err(KeyError::Nothing),
            1..=MAX_LENGTH => Ok(Self(key)),
            characters => Err(KeyError::TooLong { characters }),
        }
    }

    /// Reads a header that was taken for a key before, whatever its route allows by now.
    pub fn parse_sent(header: &str) -> Result<Self, KeyError> {
        Self::parse_spelled(header, Spelling::SpacedHeader)
    }

    /// The same key.
    ///
    /// # Errors
    ///
    /// It is shorter than a route's `key_min_length`.
    pub fn of_at_least(self, least: usize) -> Result<Self, KeyError> {
        match self.as_str().len() {
            characters if characters < least => Err(KeyError::TooShort { characters, least }),
            _ => Ok(self),
        }
    }

    /// A key without any spelling, as it stands in a message or a question: 1 to 255 characters of
    /// those that a quoted key may hold. Returns `None` if it is none.
    pub fn from_text(text: &str) -> Option<Self> {
        let key = StringRef::from_str(text).ok()?.to_owned();
        (1..=MAX_LENGTH).contains(&text.len()).then_some(Self(key))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The key as a structured-field string.
    pub fn to_structured(&self) -> String {
        ItemSerializer::new().bare_item(&self.0).finish()
    }

    /// The key as it is echoed: bare where the header that it was read from was bare.
    pub fn spelled_as(&self, header: &str) -> String {
        match header.contains('"') {
            true => self.to_structured(),
            false => self.as_str().to_owned(),
        }
    }
}

/// What programs write for no value, in any case: JavaScript, Python, Ruby, Objective-C, Go, and most
/// languages' numbers.
const NOTHINGS: [&str; 9] =
    ["undefined", "null", "none", "nil", "nan", "[object object]", "(null)", "<null>", "<nil>"];

fn is_programmers_nothing(text: &str) -> bool {
    NOTHINGS.iter().any(|nothing| nothing.eq_ignore_ascii_case(text))
}

/// Whether a value is empty, or what programs write for that.
pub fn says_nothing(value: &str) -> bool {
    let value = value.trim();
    value.is_empty() || is_programmers_nothing(value)
}

/// A string item (RFC 9651 section 4.2.3). Its parameters are read, as they may be wrong, and
/// dropped.
fn quoted(value: &str) -> Result<sfv::String, KeyError> {
    let mut key = None;
    let parsed = Parser::new(value).parse_item_with_visitor(|item: BareItemFromInput| {
        if let BareItemFromInput::String(text) = item {
            key = Some(text.into_owned());
        }
        Ok::<_, Infallible>(Ignored)
    });
    match key {
        Some(key) if parsed.is_ok() => Ok(key),
        Some(_) => Err(KeyError::Trailing),
        None => Err(KeyError::BadString),
    }
}

fn bare(value: &str, spelling: Spelling) -> Result<sfv::String, KeyError> {
    let is_allowed = |c: &char| match (spelling, c) {
        (Spelling::Header, ' ' | '"' | ',' | ';') | (Spelling::SpacedHeader, '"' | ',') => false,
        (_, c) => matches!(c, '\u{20}'..='\u{7e}'),
    };
    let forbidden = |c: &char| !is_allowed(c);
    match value.chars().enumerate().find(|(_, c)| forbidden(c)) {
        // What a bare key may hold is no more than what a string may.
        None => {
            StringRef::from_str(value).map(StringRef::to_owned).map_err(|_| KeyError::BadString)
        }
        Some((_, ',')) => Err(KeyError::Comma),
        Some((index, character)) => {
            Err(KeyError::Forbidden { character, position: index.saturating_add(1) })
        }
    }
}

impl KeyError {
    /// What is said of a text that is no key: where it stands, the text, the reason and the cure.
    pub fn describe(&self, location: &KeyLocation, text: &str) -> String {
        let excerpt: String = text.chars().take(EXCERPT).collect();
        let more = if excerpt.len() < text.len() { "…" } else { "" };
        let least = match self {
            Self::TooShort { least, .. } => *least,
            _ => 1,
        };
        format!(
            "{location} {excerpt:?}{more} {self}; send one key of {least} to {MAX_LENGTH} characters, such as a new UUID"
        )
    }
}

/// How much of a bad value is repeated to its sender, in characters.
const EXCERPT: usize = 40;
