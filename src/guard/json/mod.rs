//! JSON texts (RFC 8259).
//!
//! 1. Reading is strict: what the grammar does not allow is no JSON, and neither is half of a
//!    surrogate pair.
//! 2. Numbers keep their text, so that none is rounded.
//! 3. Members keep their order; of two with one name the last counts.
//! 4. Written strings escape what must be escaped and nothing else. Fingerprints and record ids are
//!    made of them: another raw_key would make every key a new one.
//!
//! This is a tenth of what a general library adds to the Worker.

mod input;
mod output;

use super::bytes::from_decimal;
pub use input::Input;
pub use output::{Members, quoted, write_string};

/// Deepest nesting of arrays and objects in a [`Value`].
const MAX_DEPTH: usize = 127;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it stands in the text.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Table),
}

/// The members of an object.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Table(Vec<(String, Value)>);

impl Table {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The members as they stand in the text.
    pub fn members(&self) -> &[(String, Value)] {
        &self.0
    }

    /// The members in the order of their names.
    pub fn by_name(&self) -> Vec<&(String, Value)> {
        let mut sorted: Vec<&(String, Value)> = Vec::with_capacity(self.0.len());
        for member in &self.0 {
            sorted.insert(sorted.partition_point(|before| before.0 <= member.0), member);
        }
        sorted
    }
}

impl Value {
    /// Reads a text, or tells how much of it was read, the first wrong byte included.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut input = Input::new(text);
        let value = input.value(MAX_DEPTH).filter(|_| input.peek().is_none());
        value.ok_or_else(|| input.at().saturating_add(1).min(text.len()))
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The text of a number that is whole and fits into 64 bits.
    pub fn as_whole(&self) -> Option<&str> {
        let Self::Number(text) = self else { return None };
        let fits = match text.strip_prefix('-') {
            None => from_decimal(text).is_some(),
            Some(magnitude) => {
                from_decimal(magnitude).is_some_and(|magnitude| (1..=1 << 63).contains(&magnitude))
            }
        };
        fits.then_some(text)
    }

    pub fn as_u64(&self) -> Option<u64> {
        self.as_whole().and_then(from_decimal)
    }
}

/// How many bytes in front stand for themselves in a string.
fn plain(bytes: &[u8]) -> usize {
    let mut count = 0_usize;
    while let Some(byte) = bytes.get(count) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            break;
        }
        count = count.wrapping_add(1);
    }
    count
}
