//! What is wrong with a policy, said so that it can be mended.
//!
//! 1. A mistake is one sentence: field, value, reason, cure.
//! 2. A value is cut to what a reader needs to find it again.
//! 3. At most [`MOST`] are told; who has more has another problem.

use crate::guard::json::{Table, Value, quoted};
use std::fmt;

/// How many mistakes are told at most.
pub const MOST: usize = 100;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands, e.g. `routes[1].retry_window`.
    pub field: String,
    /// What stands there; empty where that does not help.
    pub value: String,
    pub reason: String,
    /// What to write instead.
    pub allowed: String,
}

/// A mistake on its way to the others: readers hand on a pointer, not four strings.
pub type Wrong = Box<Mistake>;

impl Mistake {
    pub fn boxed(field: &str, value: String, reason: &str, allowed: &str) -> Wrong {
        let (field, reason, allowed) = (field.into(), reason.into(), allowed.into());
        Box::new(Self { field, value, reason, allowed })
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { field, value, reason, allowed } = self;
        let gap = if value.is_empty() { "" } else { " " };
        write!(f, "{field}{gap}{value} {reason}: {allowed}")
    }
}

/// The mistakes that were found so far.
#[derive(Default)]
pub struct Mistakes {
    told: Vec<Mistake>,
    untold: usize,
}

impl Mistakes {
    #[allow(clippy::boxed_local, reason = "every caller has it in its box")]
    pub fn add(&mut self, wrong: Wrong) {
        if self.told.len() < MOST {
            self.told.push(*wrong);
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    /// The value of a result, whose error is noted.
    pub fn note<T>(&mut self, result: Result<T, Wrong>) -> Option<T> {
        result.map_err(|wrong| self.add(wrong)).ok()
    }

    pub fn count(&self) -> usize {
        self.told.len().saturating_add(self.untold)
    }

    pub fn into_told(mut self) -> Vec<Mistake> {
        if self.untold > 0 {
            let reason = format!("has {} more mistakes", self.untold);
            self.told.push(*Mistake::boxed("POLICY", String::new(), &reason, "mend these first"));
        }
        self.told
    }
}

/// A value of the policy, and where it stands.
pub struct Place<'a> {
    pub field: String,
    pub value: &'a Value,
}

impl<'a> Place<'a> {
    /// A member of the table that stands at `parent`, which is empty for the policy itself.
    pub fn member(parent: &str, name: &str, value: &'a Value) -> Self {
        let dot = if parent.is_empty() { "" } else { "." };
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        let name = match !name.is_empty() && name.chars().all(plain) {
            true => cut(name),
            false => quoted(&cut(name)),
        };
        Self { field: format!("{parent}{dot}{name}"), value }
    }

    pub fn wrong(&self, reason: &str, allowed: &str) -> Wrong {
        Mistake::boxed(&self.field, shown(self.value), reason, allowed)
    }

    /// The field is wrong, whatever its value.
    pub fn out_of_place(&self, reason: &str, allowed: &str) -> Wrong {
        Mistake::boxed(&self.field, String::new(), reason, allowed)
    }

    /// The value is of another type than the one that is wanted.
    fn other_type(&self, allowed: &str) -> Wrong {
        let reason = match self.value {
            Value::Null => "is no value",
            Value::Bool(_) => "is a boolean",
            Value::Number(_) => "is a number",
            Value::String(_) => "is a string",
            Value::Array(_) => "is a list",
            Value::Object(_) => "is a table",
        };
        self.wrong(reason, allowed)
    }

    pub fn text(&self, allowed: &str) -> Result<&'a str, Wrong> {
        self.value.as_str().ok_or_else(|| self.other_type(allowed))
    }

    pub fn flag(&self) -> Result<bool, Wrong> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            _ => Err(self.other_type("write true or false")),
        }
    }

    pub fn table(&self, allowed: &str) -> Result<&'a Table, Wrong> {
        match self.value {
            Value::Object(table) => Ok(table),
            _ => Err(self.other_type(allowed)),
        }
    }

    pub fn items(&self, allowed: &str) -> Result<Vec<Place<'a>>, Wrong> {
        let Value::Array(items) = self.value else { return Err(self.other_type(allowed)) };
        let item = |(at, value)| Place { field: format!("{}[{at}]", self.field), value };
        Ok(items.iter().enumerate().map(item).collect())
    }
}

/// A value as a sentence names it. Fractions are not spelled out: no field takes one.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => if *value { "true" } else { "false" }.into(),
        Value::Number(_) => value.as_whole().unwrap_or_default().into(),
        Value::String(text) => quoted(&cut(text)),
        Value::Array(items) => if items.is_empty() { "[]" } else { "[…]" }.into(),
        Value::Object(_) => "{…}".into(),
    }
}

const LONGEST_SHOWN: usize = 60;

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}
