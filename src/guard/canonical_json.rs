//! A JSON text with the freedom taken out of it that its writers use without meaning anything:
//! white space, the order of members, and the spelling of characters in strings.
//!
//! 1. Numbers keep their text: `1.0` and `1` are different requests.
//! 2. A text with a member name twice in one object, or nested deeper than 128, has no canonical
//!    form: readers disagree on what such a text says.
//! 3. Values that a policy ignores are left out, member names included.

use serde::de::IgnoredAny;
use serde_json::Value;

/// Deepest nesting of arrays and objects that is followed.
pub const MAX_DEPTH: usize = 128;

/// A JSON pointer (RFC 6901), split into its reference tokens.
pub type Pointer = Vec<String>;

/// The canonical form, or nothing where the text is not JSON or has none.
pub fn canonical_json(body: &[u8], ignore: &[Pointer]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut writer =
        Writer { input: text.as_bytes(), at: 0, output: Vec::with_capacity(text.len()) };
    let ignore: Vec<&[String]> = ignore.iter().map(Vec::as_slice).collect();
    writer.value(&ignore, MAX_DEPTH)?;
    Some(writer.output)
}

/// Walks a text that is known to be valid JSON, and copies it.
struct Writer<'a> {
    input: &'a [u8],
    at: usize,
    output: Vec<u8>,
}

/// A member that was read: where in the output its name begins and ends, and where it ends itself.
/// Positions instead of texts, since a body may hold a member for every few bytes.
struct Member {
    from: u32,
    name_to: u32,
    to: u32,
}

impl Member {
    fn new(from: usize, name_to: usize, to: usize) -> Option<Self> {
        let position = |at: usize| u32::try_from(at).ok();
        Some(Self { from: position(from)?, name_to: position(name_to)?, to: position(to)? })
    }
}

impl Writer<'_> {
    fn value(&mut self, ignore: &[&[String]], depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(ignore, depth.checked_sub(1)?),
            b'[' => self.array(ignore, depth.checked_sub(1)?),
            b'"' => {
                let text = self.string()?;
                self.write_string(&text)
            }
            _ => self.scalar(),
        }
    }

    fn object(&mut self, ignore: &[&[String]], depth: usize) -> Option<()> {
        self.next();
        self.output.push(b'{');
        let start = self.output.len();
        let mut members: Vec<Member> = Vec::new();
        let mut ignored: Vec<String> = Vec::new();
        while self.another(b'}')? {
            let name = self.string()?;
            self.expect(b':')?;
            let from = self.output.len();
            let below = below(ignore, &name);
            self.write_string(&name)?;
            let name_to = self.output.len();
            self.output.push(b':');
            self.value(&below, depth)?;
            self.output.push(b',');
            if !below.iter().any(|rest| rest.is_empty()) {
                members.push(Member::new(from, name_to, self.output.len())?);
            } else if ignored.contains(&name) {
                return None;
            } else {
                ignored.push(name);
                self.output.truncate(from);
            }
        }
        self.sort(start, members)?;
        self.output.push(b'}');
        Some(())
    }

    /// Brings the members that were copied since `start` into the order of their names.
    fn sort(&mut self, start: usize, mut members: Vec<Member>) -> Option<()> {
        let name = |member: &Member| self.output.get(member.from as usize..member.name_to as usize);
        if members.is_sorted_by(|a, b| name(a) < name(b)) {
            return Some(());
        }
        members.sort_unstable_by(|a, b| name(a).cmp(&name(b)));
        if !members.is_sorted_by(|a, b| name(a) < name(b)) {
            return None;
        }
        let mut sorted = Vec::with_capacity(self.output.len().saturating_sub(start));
        for Member { from, to, .. } in members {
            sorted.extend_from_slice(self.output.get(from as usize..to as usize)?);
        }
        self.output.truncate(start);
        self.output.append(&mut sorted);
        Some(())
    }

    fn array(&mut self, ignore: &[&[String]], depth: usize) -> Option<()> {
        self.next();
        self.output.push(b'[');
        let mut index = 0_usize;
        while self.another(b']')? {
            let from = self.output.len();
            let below =
                if ignore.is_empty() { Vec::new() } else { below(ignore, &index.to_string()) };
            self.value(&below, depth)?;
            self.output.push(b',');
            if below.iter().any(|rest| rest.is_empty()) {
                self.output.truncate(from);
            }
            index = index.saturating_add(1);
        }
        self.output.push(b']');
        Some(())
    }

    /// Moves to the next element, past a comma, and tells whether there is one.
    fn another(&mut self, end: u8) -> Option<bool> {
        if self.peek()? == b',' {
            self.next();
        }
        let more = self.peek()? != end;
        if !more {
            self.next();
        }
        Some(more)
    }

    /// A number, `true`, `false` or `null`, as it stands.
    fn scalar(&mut self) -> Option<()> {
        let rest = self.input.get(self.at..)?;
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
        let scalar = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
        self.output.extend_from_slice(scalar);
        self.at = self.at.saturating_add(scalar.len());
        Some(())
    }

    /// A string with its escapes undone; nothing where it holds half of a surrogate pair.
    fn string(&mut self) -> Option<String> {
        self.peek()?;
        let rest = self.input.get(self.at..)?;
        let mut length = 1_usize;
        loop {
            match rest.get(length)? {
                b'"' => break,
                b'\\' => length = length.saturating_add(2),
                _ => length = length.saturating_add(1),
            }
        }
        length = length.saturating_add(1);
        self.at = self.at.saturating_add(length);
        match serde_json::from_slice(rest.get(..length)?).ok()? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn write_string(&mut self, text: &str) -> Option<()> {
        serde_json::to_writer(&mut self.output, text).ok()
    }

    fn peek(&mut self) -> Option<u8> {
        let rest = self.input.get(self.at..)?;
        let blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.at = self.at.saturating_add(blanks);
        rest.get(blanks).copied()
    }

    fn next(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let found = self.peek()? == byte;
        self.next();
        found.then_some(())
    }
}

/// The pointers that go on below a member or element, without their first token.
fn below<'a>(ignore: &[&'a [String]], name: &str) -> Vec<&'a [String]> {
    ignore
        .iter()
        .filter_map(|pointer| pointer.split_first())
        .filter(|(first, _)| *first == name)
        .map(|(_, rest)| rest)
        .collect()
}
