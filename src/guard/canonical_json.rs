//! A JSON text with the freedom taken out of it that its writers use without meaning anything:
//! white space, the order of members, and the raw_key of characters in strings.
//!
//! 1. Numbers keep their text: `1.0` and `1` are different requests.
//! 2. A text with a member name twice in one object, or nested deeper than 128, has no canonical
//!    form: readers disagree on what such a text says.
//! 3. Values that a policy ignores are left out, member names included.

use super::bytes::{decimal, sort};
use super::json::{Input, write_string};
use std::borrow::Cow;

/// Deepest nesting of arrays and objects that is followed.
pub const MAX_DEPTH: usize = 128;

/// A JSON pointer (RFC 6901), split into its reference tokens.
pub type Pointer = Vec<String>;

/// The canonical form, or nothing where the text is not JSON or has none.
pub fn canonical_json(body: &[u8], ignore: &[Pointer]) -> Option<Vec<u8>> {
    let input = Input::new(std::str::from_utf8(body).ok()?);
    let output = Vec::with_capacity(body.len());
    let (members, spare) = Default::default();
    let mut writer = Writer { input, output, members, spare };
    let ignore: Vec<&[String]> = ignore.iter().map(Vec::as_slice).collect();
    writer.value(&ignore, MAX_DEPTH)?;
    writer.input.peek().is_none().then_some(writer.output)
}

/// Reads a text, and copies what counts of it.
struct Writer<'a> {
    input: Input<'a>,
    output: Vec<u8>,
    /// Those of the objects that are being read, the innermost's last.
    members: Vec<Member>,
    /// Room for sorting, which one object after the other uses.
    spare: Vec<Member>,
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
    fn new(from: usize, name_to: usize, to: usize) -> Option<Self> {
        let position = |at: usize| u32::try_from(at).ok();
        Some(Self { from: position(from)?, name_to: position(name_to)?, to: position(to)? })
    }
}

impl<'a> Writer<'a> {
    fn value(&mut self, ignore: &[&[String]], depth: usize) -> Option<()> {
        match self.input.peek()? {
            b'{' => self.object(ignore, depth.checked_sub(1)?),
            b'[' => self.array(ignore, depth.checked_sub(1)?),
            b'"' => self.string().map(drop),
            _ => {
                self.output.extend_from_slice(self.input.scalar()?.as_bytes());
                Some(())
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.input.peek()?;
        let start = self.input.at();
        let text = self.input.string()?;
        match &text {
            Cow::Borrowed(_) => self.output.extend_from_slice(self.input.since(start)?.as_bytes()),
            Cow::Owned(text) => write_string(text, &mut self.output),
        }
        Some(text)
    }

    fn object(&mut self, ignore: &[&[String]], depth: usize) -> Option<()> {
        self.input.take(b'{')?;
        self.output.push(b'{');
        let (start, outer) = (self.output.len(), self.members.len());
        let mut ignored = Vec::new();
        let mut first = true;
        while self.input.another(b'}', &mut first)? {
            let from = self.output.len();
            let name = self.string()?;
            self.input.take(b':')?;
            let below = below(ignore, &name);
            let name_to = self.output.len();
            self.output.push(b':');
            self.value(&below, depth)?;
            self.output.push(b',');
            if !below.iter().any(|rest| rest.is_empty()) {
                self.members.push(Member::new(from, name_to, self.output.len())?);
            } else if ignored.contains(&name) {
                return None;
            } else {
                ignored.push(name);
                self.output.truncate(from);
            }
        }
        self.sort(start, outer)?;
        self.output.push(b'}');
        Some(())
    }

    /// Brings the innermost object's members, copied since `start`, into the order of their names.
    fn sort(&mut self, start: usize, outer: usize) -> Option<()> {
        let name = |member: &Member| self.output.get(member.from as usize..member.name_to as usize);
        let members = self.members.get_mut(outer..)?;
        let in_order = |members: &[Member]| members.is_sorted_by(|a, b| name(a) < name(b));
        if !in_order(members) {
            sort(members, &mut self.spare, |a, b| name(a) < name(b));
            if !in_order(members) {
                return None;
            }
            let mut sorted = Vec::with_capacity(self.output.len().saturating_sub(start));
            for Member { from, to, .. } in members {
                sorted.extend_from_slice(self.output.get(*from as usize..*to as usize)?);
            }
            self.output.truncate(start);
            self.output.extend_from_slice(&sorted);
        }
        self.members.truncate(outer);
        Some(())
    }

    fn array(&mut self, ignore: &[&[String]], depth: usize) -> Option<()> {
        self.input.take(b'[')?;
        self.output.push(b'[');
        let (mut first, mut index) = (true, 0_usize);
        while self.input.another(b']', &mut first)? {
            let from = self.output.len();
            let below =
                if ignore.is_empty() { Vec::new() } else { below(ignore, &decimal(index as u64)) };
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
