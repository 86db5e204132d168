//! JSON pointers (RFC 6901), as policies write them, and what they lead to in a text.
//!
//! 1. A text is read once for all pointers, in time linear in its length, and no deeper than they are long.
//! 2. A byte order mark before it is passed over, as origins and clients do. Half a surrogate pair, or a byte
//!    that is no UTF-8, in a value that nobody asks for concerns nobody.
//! 3. An index is written as `to_string` writes it.
//! 4. Where a pattern is asked for, a token that is a star leads to every member and every element. RFC 6901
//!    has no such token, so a member of that name alone cannot be named there.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::{Formatter, Result as Written};

/// A JSON pointer, split into its reference tokens.
pub type Pointer = Vec<String>;

/// Reads a pointer to something within a document. Returns `None` if it is none.
pub fn parse(text: &str) -> Option<Pointer> {
    let mut tokens = Pointer::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '/' => {
                tokens.push(String::new());
                continue;
            }
            '~' => match letters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            letter => letter,
        };
        tokens.last_mut()?.push(letter);
    }
    (!tokens.is_empty()).then_some(tokens)
}

/// The pointer as it is written.
pub fn written(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
}

/// What pointers lead to in a text.
#[derive(Default)]
pub struct Found<'p, 'de> {
    /// In the order of the text.
    pub values: Vec<FoundValue<'p, 'de>>,
    /// A name that leads on stands twice in its object: readers take the one or the other.
    pub is_ambiguous: bool,
}

/// One value, and the pointer that leads to it.
pub struct FoundValue<'p, 'de> {
    pub value: &'de RawValue,
    pub pointer: &'p [String],
}

/// What pointers are read as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stars {
    Literal,
    Every,
}

/// Returns `None` if the text is no JSON.
pub fn values_at<'p, 'de>(
    text: &'de [u8],
    pointers: &[&'p [String]],
    stars: Stars,
) -> Option<Found<'p, 'de>> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let mut found = Found::default();
    let steps = pointers.iter().map(|pointer| Step { rest: pointer, pointer }).collect();
    Walk { steps, stars, found: &mut found }.deserialize(&mut reader).ok()?;
    reader.end().ok().map(|()| found)
}

/// A pointer, and what is left of it at some place in a text.
#[derive(Clone, Copy)]
struct Step<'p> {
    rest: &'p [String],
    pointer: &'p [String],
}

/// Reads a value to its end.
struct Walk<'p, 'f, 'de> {
    steps: Vec<Step<'p>>,
    stars: Stars,
    found: &'f mut Found<'p, 'de>,
}

impl<'p> Walk<'p, '_, '_> {
    /// The steps that lead on by a member's name or an element's index.
    fn steps_by(&self, name: &[u8]) -> Vec<Step<'p>> {
        let step = |step: &Step<'p>| {
            let (first, rest) = step.rest.split_first()?;
            let is_star = self.stars == Stars::Every && first == "*";
            (is_star || first.as_bytes() == name).then_some(Step { rest, ..*step })
        };
        self.steps.iter().filter_map(step).collect()
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // What a shorter pointer leads to holds what a longer one does.
        match self.steps.iter().find(|step| step.rest.is_empty()) {
            Some(step) => {
                let value = Deserialize::deserialize(deserializer)?;
                self.found.values.push(FoundValue { value, pointer: step.pointer });
                Ok(())
            }
            None if self.steps.is_empty() => IgnoredAny::deserialize(deserializer).map(drop),
            None => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter) -> Written {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: Vec<Cow<[u8]>> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            let steps = self.steps_by(&name);
            if !steps.is_empty() {
                self.found.is_ambiguous |= seen.contains(&name);
                seen.push(name);
            }
            map.next_value_seed(Walk { steps, stars: self.stars, found: &mut *self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            let steps = self.steps_by(index.to_string().as_bytes());
            let walk = Walk { steps, stars: self.stars, found: &mut *self.found };
            if items.next_element_seed(walk)?.is_none() {
                return Ok(());
            }
            index = index.saturating_add(1);
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A member's name, as bytes: one that holds half a surrogate pair is a name as well.
struct Name<'a>(Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut Formatter) -> Written {
                formatter.write_str("a name")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Name<'de>, E> {
                Ok(Name(bytes.into()))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Name<'de>, E> {
                Ok(Name(bytes.to_vec().into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
