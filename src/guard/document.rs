//! JSON documents, written from and read into types.
//!
//! Where an object's own order counts, or its values' bytes, it is read as [`Members`]: `serde_json`'s
//! own map sorts names, and keeps the last of two.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use std::fmt;
use std::marker::PhantomData;

/// A document's text. Derived types whose names are texts can always be written.
pub fn to_json(document: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

/// Reads a text that is an object; `serde_json` alone would read a derived type from an array, too.
/// Returns `None` if it is anything else.
pub fn from_json_object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    text.trim_ascii_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
}

/// The members of an object in the order of the text.
#[derive(Clone, Debug)]
pub struct Members<V>(pub Vec<(String, V)>);

impl<V> Members<V> {
    /// Returns `None` if there is no such member; of two with one name the last counts.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Members<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<V> {
    type Value = Members<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Reads a member that may be absent, but is no `null` where it is there: for
/// `#[serde(default, deserialize_with = "…")]`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
