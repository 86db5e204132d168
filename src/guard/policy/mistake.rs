//! What is wrong with a policy, said so that it can be mended.
//!
//! 1. A mistake is one sentence: field, value, reason, cure.
//! 2. A value is cut to what a reader needs to find it again.
//! 3. At most [`MOST`] are told; who has more has another problem.

use crate::guard::bytes::decimal;
use crate::guard::json::{Table, Value, quoted};

/// How many mistakes are told at most.
pub const MOST: usize = 100;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Where it stands, e.g. `routes[1].retry_window`.
    pub field: String,
    /// What stands there; empty where that does not help.
    pub value: String,
    pub reason: String,
    /// What to write instead.
    pub allowed: String,
}

impl PolicyError {
    pub fn sentence(&self) -> String {
        let Self { field, value, reason, allowed } = self;
        let gap = if value.is_empty() { "" } else { " " };
        [field, gap, value, " ", reason, ": ", allowed].concat()
    }
}

/// The mistakes that were found so far, and the place that is being read. A reader that notes a
/// mistake has no value to return.
#[derive(Default)]
pub struct PolicyErrors {
    /// Empty for the policy itself.
    place: String,
    told: Vec<PolicyError>,
    untold: usize,
}

impl PolicyErrors {
    pub fn count(&self) -> usize {
        self.told.len().saturating_add(self.untold)
    }

    pub fn into_told(mut self) -> Vec<PolicyError> {
        if self.untold > 0 {
            let reason = ["has ", &decimal(self.untold as u64), " more mistakes"].concat();
            self.tell(String::new(), &reason, "mend these first");
        }
        self.told
    }

    /// The value at this place is wrong.
    pub fn wrong<T>(&mut self, value: &Value, reason: &str, allowed: &str) -> Option<T> {
        self.add(shown(value), reason, allowed);
        None
    }

    /// The place is wrong, whatever its value.
    pub fn out_of_place<T>(&mut self, reason: &str, allowed: &str) -> Option<T> {
        self.add(String::new(), reason, allowed);
        None
    }

    fn add(&mut self, value: String, reason: &str, allowed: &str) {
        if self.told.len() < MOST {
            self.tell(value, reason, allowed);
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    fn tell(&mut self, value: String, reason: &str, allowed: &str) {
        let field = if self.place.is_empty() { "POLICY" } else { &self.place };
        let (field, reason, allowed) = (field.into(), reason.into(), allowed.into());
        self.told.push(PolicyError { field, value, reason, allowed });
    }

    /// Reads a member of the table at this place; nothing where it is absent.
    pub fn member<'a, T>(
        &mut self,
        table: &'a Table,
        name: &str,
        read: impl FnOnce(&'a Value, &mut Self) -> Option<T>,
    ) -> Option<T> {
        let value = table.get(name)?;
        self.within(name, |mistakes| read(value, mistakes))
    }

    /// Reads what stands at a member of the table at this place.
    pub fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.place.len();
        self.enter(name);
        let read = read(self);
        self.place.truncate(outer);
        read
    }

    fn enter(&mut self, name: &str) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_plain = !name.is_empty() && name.bytes().all(plain);
        let name = cut(name);
        if !self.place.is_empty() {
            self.place.push('.');
        }
        self.place.push_str(&if is_plain { name } else { quoted(&name) });
    }

    /// Reads each item of a list at this place; nothing where one of them is wrong.
    pub fn each(
        &mut self,
        items: &[Value],
        read: &mut dyn FnMut(&Value, &mut Self) -> Option<()>,
    ) -> Option<()> {
        let outer = self.place.len();
        let mut all = Some(());
        for (at, item) in items.iter().enumerate() {
            self.place.push_str(&["[", &decimal(at as u64), "]"].concat());
            all = read(item, self).and(all);
            self.place.truncate(outer);
        }
        all
    }

    /// Notes every member of a table that is none of these.
    pub fn others(&mut self, table: &Table, known: &[&str], reason: &str, allowed: &str) {
        for (name, value) in table.by_name() {
            if !known.contains(&name.as_str()) {
                self.within(name, |mistakes| mistakes.wrong::<()>(value, reason, allowed));
            }
        }
    }

    /// The value is of another type than the one that is wanted.
    fn other_type(&mut self, value: &Value, allowed: &str) {
        let reason = match value {
            Value::Null => "is no value",
            Value::Bool(_) => "is a boolean",
            Value::Number(_) => "is a number",
            Value::String(_) => "is a string",
            Value::Array(_) => "is a list",
            Value::Object(_) => "is a table",
        };
        self.add(shown(value), reason, allowed);
    }

    pub fn text<'a>(&mut self, value: &'a Value, allowed: &str) -> Option<&'a str> {
        let text = value.as_str();
        if text.is_none() {
            self.other_type(value, allowed);
        }
        text
    }

    pub fn flag(&mut self, value: &Value) -> Option<bool> {
        if let Value::Bool(flag) = value {
            return Some(*flag);
        }
        self.other_type(value, "write true or false");
        None
    }

    pub fn table<'a>(&mut self, value: &'a Value, allowed: &str) -> Option<&'a Table> {
        if let Value::Object(table) = value {
            return Some(table);
        }
        self.other_type(value, allowed);
        None
    }

    pub fn items<'a>(&mut self, value: &'a Value, allowed: &str) -> Option<&'a [Value]> {
        if let Value::Array(items) = value {
            return Some(items);
        }
        self.other_type(value, allowed);
        None
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
        Some((end, _)) => [text.get(..end).unwrap_or_default(), "…"].concat(),
        None => text.into(),
    }
}
