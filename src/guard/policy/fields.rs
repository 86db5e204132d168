//! Every field of a policy: the one table that the parser, the reference and the schema are made
//! from.
//!
//! 1. [`FIELDS`] is a constant: what only people read is dropped where only [`KNOWN`] is used, so
//!    that none of its prose gets into the Worker.
//! 2. A default is written as JSON. Parsed, all of them together are `Settings::default()`.

use super::amount::{AmountRange, NumberRange};
use super::error::{Mistake, in_quotes, one_of};
use super::json::Value;
use super::reader::Reader;
use super::settings::Settings;
use super::sharding::Sharding;
use crate::guard::time::Millis;
use serde_json::value::RawValue;

pub use super::table::FIELDS;

/// One field, for the parser and for people.
#[derive(Clone, Copy)]
pub struct Field {
    pub known: FieldSpec,
    pub default: Default,
    /// What can be written, where `FieldSpec::kind` does not say it.
    pub allowed: &'static str,
    /// One sentence each.
    pub meaning: &'static str,
    pub why: &'static str,
    /// What to know before it is changed.
    pub note: &'static str,
}

/// What holds where a field is not written.
#[derive(Clone, Copy)]
pub enum Default {
    /// This value, as JSON.
    Is(&'static str),
    /// No value: what happens then.
    Absent(&'static str),
}

/// What the parser needs of a field.
#[derive(Clone, Copy)]
pub struct FieldSpec {
    pub name: &'static str,
    pub level: Level,
    pub kind: Kind,
}

/// Where a field may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Anywhere,
    Top,
    Route,
}

/// How a field is read, and where its value goes.
#[derive(Clone, Copy)]
pub enum Kind {
    Choice(Choice),
    /// In milliseconds.
    Duration(AmountRange, fn(&mut Values) -> &mut Millis),
    /// In bytes.
    Size(AmountRange, fn(&mut Values) -> &mut u64),
    Number(NumberRange, fn(&mut Values) -> &mut u32),
    Flag(fn(&mut Values) -> &mut bool),
    /// A value of a form that no other field has.
    Special(fn(&mut Reader, &RawValue, &mut Values) -> Option<()>),
    /// `routes` and `path`, which are no values: the parser reads them itself.
    Structural,
}

/// A type whose values are words.
#[derive(Clone, Copy)]
pub struct Choice {
    pub words: &'static [&'static str],
    /// Returns `None` if the word is none of them.
    pub set: fn(&mut Values, &str) -> Option<()>,
    pub get: fn(&Values) -> &'static str,
}

/// What one table of a policy says: how requests are guarded, and at the top level also what holds
/// for all of them together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Values {
    pub settings: Settings,
    pub sharding: Sharding,
    pub realm: Option<String>,
}

/// The table without its prose.
#[allow(clippy::indexing_slicing, reason = "this runs in the compiler")]
pub static KNOWN: [FieldSpec; FIELDS.len()] = {
    let mut known = [FIELDS[0].known; FIELDS.len()];
    let mut at = 0;
    while at < known.len() {
        known[at] = FIELDS[at].known;
        at += 1;
    }
    known
};

/// A field by its name.
pub fn known(name: &str) -> Option<&'static FieldSpec> {
    KNOWN.iter().find(|known| known.name == name)
}

impl Kind {
    /// Reads a value into the place that it is for. Returns `None` if it was wrong, which is told.
    pub fn read(&self, reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
        match self {
            Self::Choice(choice) => return choice.read(reader, json, values),
            Self::Duration(range, place) => *place(values) = Millis(range.read(reader, json)?),
            Self::Size(range, place) => *place(values) = range.read(reader, json)?,
            Self::Number(range, place) => *place(values) = range.read(reader, json)?,
            Self::Flag(place) => *place(values) = reader.flag(json)?,
            Self::Special(read) => return read(reader, json, values),
            Self::Structural => {}
        }
        Some(())
    }
}

impl Choice {
    fn read(&self, reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
        let words = self.words;
        let word = reader.text(json, &format!("write {}", one_of(&in_quotes(words))))?;
        (self.set)(values, &word).or_else(|| reader.wrong(json, Mistake::NoSuchWord { words }))
    }
}

impl AmountRange {
    pub(super) fn read(self, reader: &mut Reader, json: &RawValue) -> Option<u64> {
        let parsed = match reader.value(json)? {
            Value::Text(text) => self.parse(&text),
            // A number lacks its unit, which says more than that it is a number.
            Value::Number(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.parse(number)
            }
            other => return reader.other_type(json, &other, &format!("write {self}")),
        };
        parsed.map_or_else(|error| reader.wrong(json, error), Some)
    }
}

impl NumberRange {
    fn read(self, reader: &mut Reader, json: &RawValue) -> Option<u32> {
        let number = reader.number(json, &format!("write {self}"))?;
        self.parse(number).map_or_else(|error| reader.wrong(json, error), Some)
    }
}
