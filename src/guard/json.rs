//! JSON texts (RFC 8259).
//!
//! 1. Reading is strict: what the grammar does not allow is no JSON, and neither is half of a
//!    surrogate pair.
//! 2. Numbers keep their text, so that none is rounded.
//! 3. Members keep their order; of two with one name the last counts.
//! 4. Written strings escape what must be escaped and nothing else. Fingerprints and record ids are
//!    made of them: another spelling would make every key a new one.
//!
//! This is a tenth of what a general library adds to the Worker.

use super::bytes::{decimal, from_decimal};
use super::digest::hex;
use std::borrow::Cow;

/// Deepest nesting of arrays and objects in a [`Value`].
const MAX_DEPTH: usize = 127;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it stands in the text.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Table),
}

/// The members of an object.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Table(Vec<(String, Value)>);

impl Table {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The members as they stand in the text.
    pub fn members(&self) -> &[(String, Value)] {
        &self.0
    }

    /// The members in the order of their names.
    pub fn by_name(&self) -> Vec<&(String, Value)> {
        let mut sorted: Vec<&(String, Value)> = Vec::with_capacity(self.0.len());
        for member in &self.0 {
            sorted.insert(sorted.partition_point(|before| before.0 <= member.0), member);
        }
        sorted
    }
}

impl Value {
    /// Reads a text, or tells how much of it was read, the first wrong byte included.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut input = Input::new(text);
        let value = input.value(MAX_DEPTH).filter(|_| input.peek().is_none());
        value.ok_or_else(|| input.at.saturating_add(1).min(text.len()))
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The text of a number that is whole and fits into 64 bits.
    pub fn as_whole(&self) -> Option<&str> {
        let Self::Number(text) = self else { return None };
        let fits = match text.strip_prefix('-') {
            None => from_decimal(text).is_some(),
            Some(magnitude) => {
                from_decimal(magnitude).is_some_and(|magnitude| (1..=1 << 63).contains(&magnitude))
            }
        };
        fits.then_some(text)
    }

    pub fn as_u64(&self) -> Option<u64> {
        self.as_whole().and_then(from_decimal)
    }
}

/// A text that is read piece by piece. Where something is not as it must be, the answer is nothing
/// and `at` is its place.
pub struct Input<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Input<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next value as it stands in the text.
    pub fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.value(MAX_DEPTH)?;
        self.text.get(start..self.at)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        Some(match self.peek()? {
            b'{' => Value::Object(self.table(depth.checked_sub(1)?)?),
            b'[' => Value::Array(self.list(depth.checked_sub(1)?)?),
            b'"' => Value::String(self.string()?.into_owned()),
            _ => match self.scalar()? {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                number => Value::Number(number.into()),
            },
        })
    }

    fn table(&mut self, depth: usize) -> Option<Table> {
        let mut members = Vec::new();
        self.take(b'{')?;
        let mut first = true;
        while self.another(b'}', &mut first)? {
            let name = self.string()?;
            self.take(b':')?;
            members.push((name.into_owned(), self.value(depth)?));
        }
        Some(Table(members))
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        self.take(b'[')?;
        let mut first = true;
        while self.another(b']', &mut first)? {
            items.push(self.value(depth)?);
        }
        Some(items)
    }

    /// The next byte that is no white space.
    pub fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let blanks = rest.iter().take_while(|byte| is_blank(byte)).count();
        self.at = self.at.saturating_add(blanks);
        rest.get(blanks).copied()
    }

    /// Passes a byte, and white space in front of it.
    pub fn take(&mut self, byte: u8) -> Option<()> {
        self.peek()?;
        self.exact(byte)
    }

    fn exact(&mut self, byte: u8) -> Option<()> {
        self.current().filter(|found| *found == byte)?;
        self.step();
        Some(())
    }

    fn current(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Whether another element follows; passes the comma in front of it, or the closing bracket.
    pub fn another(&mut self, end: u8, first: &mut bool) -> Option<bool> {
        if self.take(end).is_some() {
            return Some(false);
        }
        if !std::mem::take(first) {
            self.take(b',')?;
        }
        Some(true)
    }

    /// A number, `true`, `false` or `null`.
    pub fn scalar(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = rest.bytes().take_while(belongs).count();
        let scalar = rest.get(..length)?;
        if !matches!(scalar, "null" | "true" | "false") && !is_number(scalar.as_bytes()) {
            return None;
        }
        self.at = self.at.saturating_add(length);
        Some(scalar)
    }

    /// A string with its escapes undone. One without any is not copied.
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take(b'"')?;
        let mut text = Cow::Borrowed(self.plain()?);
        while self.exact(b'"').is_none() {
            self.exact(b'\\')?;
            let escape = self.escape()?;
            let text = text.to_mut();
            text.push(escape);
            text.push_str(self.plain()?);
        }
        Some(text)
    }

    /// The part of a string up to its end or to the next escape.
    fn plain(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let length = plain(rest.as_bytes());
        self.at = self.at.saturating_add(length);
        rest.get(..length)
    }

    fn escape(&mut self) -> Option<char> {
        let escape = match self.current()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            byte @ (b'"' | b'\\' | b'/') => byte.into(),
            _ => return None,
        };
        self.step();
        Some(escape)
    }

    /// `u` and four digits, or a surrogate pair of two such.
    fn code_point(&mut self) -> Option<char> {
        let first = u32::from(self.code_unit()?);
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.exact(b'\\')?;
        let second = u32::from(self.code_unit()?);
        (0xdc00..0xe000).contains(&second).then_some(())?;
        char::from_u32(((first & 0x3ff) << 10 | second & 0x3ff).saturating_add(0x1_0000))
    }

    fn code_unit(&mut self) -> Option<u16> {
        self.exact(b'u')?;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.current()?).to_digit(16)?;
            unit = unit << 4 | u16::try_from(digit).ok()?;
            self.step();
        }
        Some(unit)
    }
}

fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, mut rest) = digits(text);
    if let [b'.', fraction @ ..] = rest {
        let (fraction, after) = digits(fraction);
        if fraction.is_empty() {
            return false;
        }
        rest = after;
    }
    matches!(whole, [b'0'] | [b'1'..=b'9', ..]) && (rest.is_empty() || is_exponent(rest))
}

fn is_exponent(text: &[u8]) -> bool {
    let ([b'e' | b'E', b'+' | b'-', number @ ..] | [b'e' | b'E', number @ ..]) = text else {
        return false;
    };
    let (digits, rest) = digits(number);
    !digits.is_empty() && rest.is_empty()
}

/// The digits in front, and what follows them.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(count).unwrap_or((text, &[]))
}

/// How many bytes in front stand for themselves in a string. A plain loop: where size is what the
/// compiler optimises for, a closure costs a call for each byte of a body.
fn plain(bytes: &[u8]) -> usize {
    let mut count = 0_usize;
    while let Some(byte) = bytes.get(count) {
        if is_escaped(*byte) {
            break;
        }
        count = count.wrapping_add(1);
    }
    count
}

/// Whether a byte cannot stand for itself in a string.
fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f)
}

/// An object that is written member by member.
pub struct Members(String);

impl Default for Members {
    fn default() -> Self {
        Self("{".into())
    }
}

impl Members {
    /// Adds a member whose value is JSON already.
    pub fn json(&mut self, name: &str, value: &str) {
        self.0.push_str(if self.0.len() > 1 { ",\"" } else { "\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(value);
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.json(name, &quoted(value));
    }

    pub fn number(&mut self, name: &str, value: u64) {
        self.json(name, &decimal(value));
    }

    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len().saturating_add(2));
    write_string(text, &mut json);
    String::from_utf8(json).unwrap_or_default()
}

/// Writes a text as a JSON string.
pub fn write_string(text: &str, output: &mut Vec<u8>) {
    output.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (run, after) = rest.split_at_checked(plain(rest)).unwrap_or((rest, &[]));
        output.extend_from_slice(run);
        let Some((escaped, after)) = after.split_first() else { break };
        write_escaped(*escaped, output);
        rest = after;
    }
    output.push(b'"');
}

fn write_escaped(byte: u8, output: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => b'u',
    };
    output.extend_from_slice(&[b'\\', letter]);
    if letter == b'u' {
        output.extend_from_slice(b"00");
        output.extend_from_slice(hex(&[byte]).as_bytes());
    }
}
