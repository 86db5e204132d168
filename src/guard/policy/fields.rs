//! Every field of a policy: the one table that the parser, the reference and the schema are made
//! from.
//!
//! 1. [`FIELDS`] is a constant: what only people read is dropped where only [`KNOWN`] is used, so
//!    that none of its prose gets into the Worker.
//! 2. A default is written as JSON. Parsed, all of them together are `Settings::default()`.

use super::amount::{DURATION, NotAnAmount, SIZE, Units};
use super::mistake::PolicyErrors;
use super::settings::Settings;
use crate::guard::json::Value;
use crate::guard::time::Millis;

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
    Choice(&'static [Word]),
    Duration {
        least: u64,
        most: u64,
        of: fn(&mut Settings) -> &mut Millis,
    },
    Size {
        least: u64,
        most: u64,
        of: fn(&mut Settings) -> &mut u64,
    },
    Flag(fn(&mut Settings) -> &mut bool),
    List(fn(&Value, &mut Settings, &mut PolicyErrors) -> Option<()>),
    /// `realm`, `routes` and `path`, which are no settings: the parser reads them itself.
    Structural,
}

/// A word that can be written, and what it sets.
pub type Word = (&'static str, fn(&mut Settings));

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
    /// Reads a value into the settings, or notes what is wrong with it.
    pub fn read(
        &self,
        value: &Value,
        settings: &mut Settings,
        mistakes: &mut PolicyErrors,
    ) -> Option<()> {
        match self {
            Self::Choice(words) => choice(value, words, mistakes)?(settings),
            Self::Duration { least, most, of } => {
                *of(settings) = Millis(amount(value, &DURATION, *least, *most, mistakes)?);
            }
            Self::Size { least, most, of } => {
                *of(settings) = amount(value, &SIZE, *least, *most, mistakes)?;
            }
            Self::Flag(of) => *of(settings) = mistakes.flag(value)?,
            Self::List(read) => return read(value, settings, mistakes),
            Self::Structural => {}
        }
        Some(())
    }
}

fn choice(value: &Value, words: &[Word], mistakes: &mut PolicyErrors) -> Option<fn(&mut Settings)> {
    let names: Vec<String> = words.iter().map(|(name, _)| in_quotes(name)).collect();
    let cure = alternatives(&names);
    let text = mistakes.text(value, &cure)?;
    let word = words.iter().find(|(name, _)| *name == text);
    word.map(|(_, set)| *set).or_else(|| mistakes.wrong(value, "is none of its values", &cure))
}

fn amount(
    value: &Value,
    units: &Units,
    least: u64,
    most: u64,
    mistakes: &mut PolicyErrors,
) -> Option<u64> {
    let (from, to) = (in_quotes(&units.write(least)), in_quotes(&units.write(most)));
    let cure = ["write a ", units.noun, " from ", &from, " to ", &to].concat();
    let read = match value.as_u64() {
        Some(number) => Err(NotAnAmount::NoUnit(number)),
        None => units.read(mistakes.text(value, &cure)?),
    };
    let reason = match read {
        Ok(amount) if amount < least => ["is under ", &from].concat(),
        Ok(amount) if amount > most => ["is over ", &to].concat(),
        Ok(amount) => return Some(amount),
        Err(NotAnAmount::NoUnit(number)) => {
            let guesses = units.guesses(number, least, most);
            let guess = alternatives(&guesses);
            let cure = if guesses.is_empty() { &cure } else { &guess };
            return mistakes.wrong(value, "has no unit", cure);
        }
        Err(NotAnAmount::Else) => {
            ["is not a whole number and a unit (", &units.names(), ")"].concat()
        }
    };
    mistakes.wrong(value, &reason, &cure)
}

fn in_quotes(text: &str) -> String {
    ["\"", text, "\""].concat()
}

/// `write a`, `write a or b`, `write a, b or c`.
fn alternatives(names: &[String]) -> String {
    let mut text = String::from("write ");
    for (at, name) in names.iter().enumerate() {
        let is_last = at.saturating_add(1) == names.len();
        text.push_str(match at {
            0 => "",
            _ if is_last => " or ",
            _ => ", ",
        });
        text.push_str(name);
    }
    text
}
