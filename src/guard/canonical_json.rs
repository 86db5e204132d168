//! A JSON text with the freedom taken out of it that its writers use without meaning anything:
//! white space, the order of members, and the spelling of characters in strings.
//!
//! 1. Numbers keep their text: `1.0` and `1` are different requests.
//! 2. A text with a member name twice in one object, or nested deeper than 128, has no canonical
//!    form: readers disagree on what such a text says.
//! 3. Values that a policy ignores are left out, member names included.
//! 4. The form is never longer than the text. A large object stands in it as its hash, so that bringing
//!    its members into order copies none of them; and a text with more than 131,072 members in objects
//!    that are open at once has no canonical form, so that what is known of them stays small.
//! 5. Nor has one with more than 1,048,576 values: each takes time, whatever its length, in which nobody
//!    else is served.
//!
//! This is not JCS (RFC 8785), which makes doubles of numbers, so that two 20-digit ids become one
//! request. Nor may it be built on `serde_json::Value`: that reads `{"a":1,"a":2}` as `{"a":2}`.

use super::digest::Digest;
use super::json_pointer::Pointer;
use json_event_parser::{JsonEvent, JsonSyntaxError, SliceJsonParser};
use std::borrow::Cow;

/// Deepest nesting of arrays and objects that is followed.
pub const MAX_DEPTH: usize = 128;

/// Of an object that is longer than this, in bytes of its canonical form, the hash stands in the form.
pub const MAX_COPIED: usize = 16 * 1024;

/// In objects that are open at once: 1.5 MiB of positions.
pub const MAX_MEMBERS: usize = 1 << 17;

/// In the whole text: 0.1 to 0.2 µs each, and as much again for members that are out of order.
pub const MAX_VALUES: usize = 1 << 20;

/// Returns `None` if the text is not JSON or has no canonical form.
pub fn canonical_json(body: &[u8], ignore: &[Pointer]) -> Option<Vec<u8>> {
    // The tokenizer skips a byte order mark, which no JSON text begins with (RFC 8259 section 8.1).
    if body.starts_with(BYTE_ORDER_MARK) {
        return None;
    }
    let ignore: Vec<&[String]> = ignore.iter().map(Vec::as_slice).collect();
    let mut writer = Writer {
        events: SliceJsonParser::new(body),
        output: Vec::with_capacity(body.len()),
        members: Vec::new(),
        values: 0,
    };
    writer.document(&ignore).ok()?;
    Some(writer.output)
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a text has no canonical form.
#[derive(Debug)]
enum NoCanonicalForm {
    NotJson,
    DuplicateName,
    TooDeep,
    TooManyMembers,
    TooManyValues,
    /// Positions are kept in 32 bits.
    TooLong,
}

impl From<JsonSyntaxError> for NoCanonicalForm {
    fn from(_: JsonSyntaxError) -> Self {
        Self::NotJson
    }
}

/// Reads a text, and copies what counts of it.
struct Writer<'a> {
    events: SliceJsonParser<'a>,
    output: Vec<u8>,
    /// Those of the objects that are being read, the innermost's last.
    members: Vec<Member>,
    /// How many were read.
    values: usize,
}

/// A member that was read: where in the output its name begins and ends, and where it ends itself.
/// Positions instead of texts, since a body may hold a member for every few bytes.
#[derive(Clone, Copy)]
struct Member {
    from: u32,
    name_to: u32,
    to: u32,
}

impl Member {
    fn new(from: usize, name_to: usize, to: usize) -> Result<Self, NoCanonicalForm> {
        let position = |at: usize| u32::try_from(at).map_err(|_| NoCanonicalForm::TooLong);
        Ok(Self { from: position(from)?, name_to: position(name_to)?, to: position(to)? })
    }

    fn name<'a>(&self, output: &'a [u8]) -> &'a [u8] {
        output.get(self.from as usize..self.name_to as usize).unwrap_or_default()
    }
}

impl<'a> Writer<'a> {
    fn document(&mut self, ignore: &[&[String]]) -> Result<(), NoCanonicalForm> {
        let first = self.events.parse_next()?;
        self.value(first, ignore, MAX_DEPTH)?;
        match self.events.parse_next()? {
            JsonEvent::Eof => Ok(()),
            _ => Err(NoCanonicalForm::NotJson),
        }
    }

    fn value(
        &mut self,
        event: JsonEvent<'a>,
        ignore: &[&[String]],
        depth: usize,
    ) -> Result<(), NoCanonicalForm> {
        self.values = self.values.saturating_add(1);
        if self.values > MAX_VALUES {
            return Err(NoCanonicalForm::TooManyValues);
        }
        let below = || depth.checked_sub(1).ok_or(NoCanonicalForm::TooDeep);
        match event {
            JsonEvent::StartObject => return self.object(ignore, below()?),
            JsonEvent::StartArray => return self.array(ignore, below()?),
            JsonEvent::String(text) => self.string(&text),
            JsonEvent::Number(text) => self.output.extend_from_slice(text.as_bytes()),
            JsonEvent::Boolean(true) => self.output.extend_from_slice(b"true"),
            JsonEvent::Boolean(false) => self.output.extend_from_slice(b"false"),
            JsonEvent::Null => self.output.extend_from_slice(b"null"),
            JsonEvent::ObjectKey(_)
            | JsonEvent::EndObject
            | JsonEvent::EndArray
            | JsonEvent::Eof => return Err(NoCanonicalForm::NotJson),
        }
        Ok(())
    }

    /// A string that stands in the text as it is meant is copied, any other written anew.
    #[expect(clippy::ptr_arg, reason = "whether the text is borrowed is what tells")]
    fn string(&mut self, text: &Cow<str>) {
        match text {
            Cow::Borrowed(text) => {
                self.output.push(b'"');
                self.output.extend_from_slice(text.as_bytes());
                self.output.push(b'"');
            }
            // Writing into a vector cannot fail.
            Cow::Owned(text) => drop(serde_json::to_writer(&mut self.output, text)),
        }
    }

    fn object(&mut self, ignore: &[&[String]], depth: usize) -> Result<(), NoCanonicalForm> {
        self.output.push(b'{');
        let (start, outer) = (self.output.len(), self.members.len());
        let mut ignored = Vec::new();
        while let JsonEvent::ObjectKey(name) = self.events.parse_next()? {
            let before = self.output.len();
            self.separate(start);
            let from = self.output.len();
            self.string(&name);
            let name_to = self.output.len();
            self.output.push(b':');
            let below = below(ignore, &name);
            let event = self.events.parse_next()?;
            self.value(event, &below, depth)?;
            if !below.iter().any(|rest| rest.is_empty()) {
                self.remember(Member::new(from, name_to, self.output.len())?)?;
            } else if ignored.contains(&name) {
                return Err(NoCanonicalForm::DuplicateName);
            } else {
                ignored.push(name);
                self.output.truncate(before);
            }
        }
        self.sort(start, outer)?;
        self.output.push(b'}');
        Ok(())
    }

    /// A comma, but for the first.
    fn separate(&mut self, start: usize) {
        if self.output.len() > start {
            self.output.push(b',');
        }
    }

    fn remember(&mut self, member: Member) -> Result<(), NoCanonicalForm> {
        if self.members.len() >= MAX_MEMBERS {
            return Err(NoCanonicalForm::TooManyMembers);
        }
        self.members.push(member);
        Ok(())
    }

    /// Brings the innermost object's members, copied since `start`, into the order of their names.
    fn sort(&mut self, start: usize, outer: usize) -> Result<(), NoCanonicalForm> {
        let Self { output, members, .. } = self;
        let sorted = members.get_mut(outer..).unwrap_or_default();
        let in_order =
            |members: &[Member]| members.is_sorted_by(|a, b| a.name(output) < b.name(output));
        let was_in_order = in_order(sorted);
        if !was_in_order {
            sorted.sort_unstable_by(|a, b| a.name(output).cmp(b.name(output)));
            if !in_order(sorted) {
                return Err(NoCanonicalForm::DuplicateName);
            }
        }
        let length = output.len().saturating_sub(start);
        let text = |member: &Member| {
            output.get(member.from as usize..member.to as usize).unwrap_or_default()
        };
        if length > MAX_COPIED {
            let digest = Digest::new("onlyonce json object 1").number(sorted.len());
            let digest = sorted.iter().fold(digest, |digest, member| digest.field(text(member)));
            output.truncate(start);
            // No canonical text holds this character.
            output.push(HASH_FOLLOWS);
            output.extend_from_slice(&digest.finish().0);
        } else if !was_in_order {
            let texts: Vec<&[u8]> = sorted.iter().map(text).collect();
            let text = texts.join(&b',');
            output.truncate(start);
            output.extend_from_slice(&text);
        }
        members.truncate(outer);
        Ok(())
    }

    fn array(&mut self, ignore: &[&[String]], depth: usize) -> Result<(), NoCanonicalForm> {
        self.output.push(b'[');
        let start = self.output.len();
        let mut index = 0_usize;
        loop {
            let event = self.events.parse_next()?;
            if event == JsonEvent::EndArray {
                break;
            }
            let before = self.output.len();
            self.separate(start);
            let below =
                if ignore.is_empty() { Vec::new() } else { below(ignore, &index.to_string()) };
            self.value(event, &below, depth)?;
            if below.iter().any(|rest| rest.is_empty()) {
                self.output.truncate(before);
            }
            index = index.saturating_add(1);
        }
        self.output.push(b']');
        Ok(())
    }
}

/// Before a hash in the place of an object's members.
const HASH_FOLLOWS: u8 = 0x01;

/// The pointers that go on below a member or element, without their first token.
fn below<'a>(ignore: &[&'a [String]], name: &str) -> Vec<&'a [String]> {
    ignore
        .iter()
        .filter_map(|pointer| pointer.split_first())
        .filter(|(first, _)| *first == name)
        .map(|(_, rest)| rest)
        .collect()
}
