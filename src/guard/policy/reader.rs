//! Walks a policy: reads values as what they are to be, and collects what is wrong with them.

use super::error::{MAX_TOLD, Mistake, PolicyError, PolicyErrors};
use super::json::Value;
use serde_json::value::RawValue;
use std::fmt::Write;
use std::str::FromStr;

/// The place that is being read, and the mistakes that were found so far. Whoever returns `None` has
/// told a mistake.
#[derive(Default)]
pub struct Reader {
    /// Empty for the policy itself.
    place: String,
    told: Vec<PolicyError>,
    untold: usize,
}

impl Reader {
    /// How many mistakes were found so far.
    pub fn count(&self) -> usize {
        self.told.len().saturating_add(self.untold)
    }

    /// Returns what was read, if nothing was wrong.
    ///
    /// # Errors
    ///
    /// All mistakes that were found.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, PolicyErrors> {
        if self.untold > 0 {
            let mistake = Mistake::More { untold: self.untold };
            self.told.push(PolicyError { field: "POLICY".into(), value: String::new(), mistake });
        }
        read.filter(|_| self.told.is_empty()).ok_or(PolicyErrors(self.told))
    }

    /// The value at this place is wrong.
    pub fn wrong<T>(&mut self, json: &RawValue, mistake: impl Into<Mistake>) -> Option<T> {
        self.tell(shown(json), mistake.into());
        None
    }

    /// The place is wrong, whatever its value.
    pub fn out_of_place<T>(&mut self, mistake: Mistake) -> Option<T> {
        self.tell(String::new(), mistake);
        None
    }

    fn tell(&mut self, value: String, mistake: Mistake) {
        if self.told.len() >= MAX_TOLD {
            self.untold = self.untold.saturating_add(1);
            return;
        }
        let field = if self.place.is_empty() { "POLICY".into() } else { self.place.clone() };
        self.told.push(PolicyError { field, value, mistake });
    }

    /// Reads a member of the table at this place. Returns `None` where it is absent, too.
    pub fn member<'a, T>(
        &mut self,
        table: &Table<'a>,
        name: &str,
        read: impl FnOnce(&mut Self, &'a RawValue) -> Option<T>,
    ) -> Option<T> {
        let json = table.get(name)?;
        self.within(name, |reader| read(reader, json))
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
        if !self.place.is_empty() {
            self.place.push('.');
        }
        let is_plain = !name.is_empty() && name.bytes().all(plain);
        self.place.push_str(&if is_plain { cut(name) } else { quoted(&cut(name)) });
    }

    /// Reads each item of a list at this place. Returns `None` where one of them is wrong.
    pub fn each<'a>(
        &mut self,
        items: &[&'a RawValue],
        read: &mut dyn FnMut(&mut Self, &'a RawValue) -> Option<()>,
    ) -> Option<()> {
        let outer = self.place.len();
        let mut all = Some(());
        for (at, item) in items.iter().enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(self.place, "[{at}]");
            all = read(self, item).and(all);
            self.place.truncate(outer);
        }
        all
    }

    /// Tells every member of a table that is none of these.
    pub fn others(&mut self, table: &Table<'_>, known: &[&str], mistake: &Mistake) {
        for (name, json) in &table.0 {
            if !known.contains(&name.as_str()) {
                self.within(name, |reader| reader.wrong::<()>(json, mistake.clone()));
            }
        }
    }

    /// Reads a text and what it says.
    pub fn parsed<T>(&mut self, json: &RawValue, cure: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Into<Mistake>,
    {
        let text = self.text(json, cure)?;
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => self.wrong(json, error),
        }
    }

    pub fn text(&mut self, json: &RawValue, cure: &str) -> Option<String> {
        match self.value(json)? {
            Value::Text(text) => Some(text),
            other => self.other_type(json, &other, cure),
        }
    }

    /// The number as it is written.
    pub fn number<'a>(&mut self, json: &'a RawValue, cure: &str) -> Option<&'a str> {
        match self.value(json)? {
            Value::Number(number) => Some(number),
            other => self.other_type(json, &other, cure),
        }
    }

    pub fn flag(&mut self, json: &RawValue) -> Option<bool> {
        match self.value(json)? {
            Value::Bool(flag) => Some(flag),
            other => self.other_type(json, &other, "write true or false"),
        }
    }

    pub fn items<'a>(&mut self, json: &'a RawValue, cure: &str) -> Option<Vec<&'a RawValue>> {
        match self.value(json)? {
            Value::List(items) => Some(items),
            other => self.other_type(json, &other, cure),
        }
    }

    /// Reads a table and tells the members that stand in it twice.
    pub fn table<'a>(&mut self, json: &'a RawValue, cure: &str) -> Option<Table<'a>> {
        let mut members = match self.value(json)? {
            Value::Table(members) => members.0,
            other => return self.other_type(json, &other, cure),
        };
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        members.dedup_by(|(name, json), (kept, _)| {
            let twice = name == kept;
            if twice {
                self.within(name, |reader| reader.wrong::<()>(json, Mistake::FieldTwice));
            }
            twice
        });
        Some(Table(members))
    }

    /// The value, and what is right below it.
    pub fn value<'a>(&mut self, json: &'a RawValue) -> Option<Value<'a>> {
        match Value::read(json) {
            Ok(value) => Some(value),
            Err(_) => self.out_of_place(Mistake::HalfACharacter),
        }
    }

    /// The value is of another type than the one that is wanted.
    pub fn other_type<T>(&mut self, json: &RawValue, value: &Value<'_>, cure: &str) -> Option<T> {
        let found = match value {
            Value::Null => "no value",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        };
        self.wrong(json, Mistake::OtherType { found, cure: cure.into() })
    }
}

/// The members of a table, in the order of their names and each of them once.
pub struct Table<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Table<'a> {
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, json)| *json)
    }

    pub fn members(&self) -> &[(String, &'a RawValue)] {
        &self.0
    }
}

/// A value as a sentence names it.
fn shown(json: &RawValue) -> String {
    match Value::read(json) {
        Ok(Value::Text(text)) => quoted(&cut(&text)),
        Ok(Value::List(items)) if !items.is_empty() => "[…]".into(),
        Ok(Value::List(_)) => "[]".into(),
        Ok(Value::Table(_)) | Err(_) => "{…}".into(),
        Ok(Value::Number(_) | Value::Bool(_) | Value::Null) => cut(json.get()),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

const LONGEST_SHOWN: usize = 60;

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}
