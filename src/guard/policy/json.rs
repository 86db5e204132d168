//! The JSON of a policy, read one level at a time.
//!
//! 1. What is below a value is read only once its field asks for it, so that a field is told what
//!    was written there and not what a reader made of it.
//! 2. A number keeps its text. No field takes one that a double would round, or cannot hold.
//! 3. A table keeps every member, those that stand in it twice included: readers disagree on which
//!    of the two counts, so a policy may not have them.

use crate::guard::document;
use serde_json::value::RawValue;

/// One value, and what is right below it.
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    Text(String),
    List(Vec<&'a RawValue>),
    Table(Members<'a>),
}

/// The members of a table, as they are written.
pub type Members<'a> = document::Members<&'a RawValue>;

impl<'a> Value<'a> {
    /// # Errors
    ///
    /// Half of a surrogate pair in a string or in a member's name, which stands for no character.
    /// Anything else that is no JSON was found when the whole text was read.
    pub fn read(json: &'a RawValue) -> serde_json::Result<Self> {
        let text = json.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => Self::Table(serde_json::from_str(text)?),
            Some(b'[') => Self::List(serde_json::from_str(text)?),
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool(text == "true"),
            _ => Self::Number(text),
        })
    }
}
