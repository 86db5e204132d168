//! Every field of a policy: the one table that the parser, the reference and the schema are made
//! from.
//!
//! 1. [`FIELDS`] is a constant: what only people read is dropped where only [`KNOWN`] is used, so
//!    that none of its prose gets into the Worker.
//! 2. A default is written as JSON. Parsed, all of them together are `Settings::default()`.

use super::amount::{DURATION, NotAnAmount, SIZE, Units};
use super::mistake::{Mistakes, Place, Wrong};
use super::settings::Settings;
use crate::guard::bytes::joined;
use crate::guard::time::Millis;

pub use super::table::FIELDS;

/// One field, for the parser and for people.
#[derive(Clone, Copy)]
pub struct Field {
    pub known: Known,
    pub default: Default,
    /// What can be written, where `Known::kind` does not say it.
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
pub struct Known {
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
    List(fn(&Place, &mut Settings, &mut Mistakes)),
    /// `realm`, `routes` and `path`, which are no settings: the parser reads them itself.
    Frame,
}

/// A word that can be written, and what it sets.
pub type Word = (&'static str, fn(&mut Settings));

/// The table without its prose.
#[allow(clippy::indexing_slicing, reason = "this runs in the compiler")]
pub static KNOWN: [Known; FIELDS.len()] = {
    let mut known = [FIELDS[0].known; FIELDS.len()];
    let mut at = 0;
    while at < known.len() {
        known[at] = FIELDS[at].known;
        at += 1;
    }
    known
};

/// A field by its name.
pub fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

impl Kind {
    /// Reads a value into the settings, or notes what is wrong with it.
    pub fn read(&self, place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
        match self {
            Self::Choice(words) => {
                if let Some(set) = mistakes.note(choice(place, words)) {
                    set(settings);
                }
            }
            Self::Duration { least, most, of } => {
                if let Some(span) = mistakes.note(amount(place, &DURATION, *least, *most)) {
                    *of(settings) = Millis(span);
                }
            }
            Self::Size { least, most, of } => {
                if let Some(size) = mistakes.note(amount(place, &SIZE, *least, *most)) {
                    *of(settings) = size;
                }
            }
            Self::Flag(of) => {
                if let Some(flag) = mistakes.note(place.flag()) {
                    *of(settings) = flag;
                }
            }
            Self::List(read) => read(place, settings, mistakes),
            Self::Frame => {}
        }
    }
}

fn choice(place: &Place, words: &[Word]) -> Result<fn(&mut Settings), Wrong> {
    let names: Vec<String> = words.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let cure = format!("write {}", alternatives(&names));
    let text = place.text(&cure)?;
    let word = words.iter().find(|(name, _)| *name == text);
    word.map(|(_, set)| *set).ok_or_else(|| place.wrong("is none of its values", &cure))
}

fn amount(place: &Place, units: &Units, least: u64, most: u64) -> Result<u64, Wrong> {
    let (from, to) = (units.write(least), units.write(most));
    let cure = format!("write a {} from \"{from}\" to \"{to}\"", units.noun);
    let read = match place.value.as_u64() {
        Some(number) => Err(NotAnAmount::NoUnit(number)),
        None => units.read(place.text(&cure)?),
    };
    match read {
        Ok(amount) if amount < least => Err(place.wrong(&format!("is under \"{from}\""), &cure)),
        Ok(amount) if amount > most => Err(place.wrong(&format!("is over \"{to}\""), &cure)),
        Ok(amount) => Ok(amount),
        Err(NotAnAmount::NoUnit(number)) => {
            let guesses = units.guesses(number, least, most);
            let guess = format!("write {}", alternatives(&guesses));
            Err(place.wrong("has no unit", if guesses.is_empty() { &cure } else { &guess }))
        }
        Err(NotAnAmount::Else) => {
            let reason = format!("is not a whole number and a unit ({})", units.names());
            Err(place.wrong(&reason, &cure))
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            let rest = joined(&mut rest.iter().map(String::as_str), ", ");
            format!("{rest} or {last}")
        }
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}
