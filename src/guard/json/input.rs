//! Reading a JSON text.
//!
//! Bodies are read here, so every byte counts: plain loops, since an iterator's closure costs a call
//! for each byte where size is what the compiler optimises for, and strings and scalars that stand in
//! the text as they are meant are shown there and not copied.

use super::{MAX_DEPTH, Table, Value, plain};
use std::borrow::Cow;

/// A text that is read piece by piece. Where something is not as it must be, the answer is nothing
/// and [`Input::at`] is its place.
pub struct Input<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Input<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes have been read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What was read from a place on, as it stands in the text.
    pub fn since(&self, start: usize) -> Option<&'a str> {
        self.text.get(start..self.at)
    }

    /// The next value as it stands in the text.
    pub fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.value(MAX_DEPTH)?;
        self.since(start)
    }

    pub(super) fn value(&mut self, depth: usize) -> Option<Value> {
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
        loop {
            let byte = self.current()?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.step();
        }
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

    #[inline(always)]
    fn current(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Whether another element follows; passes the comma in front of it, or the closing bracket.
    pub fn another(&mut self, end: u8, first: &mut bool) -> Option<bool> {
        if self.peek()? == end {
            self.step();
            return Some(false);
        }
        if !std::mem::take(first) {
            self.exact(b',')?;
        }
        Some(true)
    }

    /// A number, `true`, `false` or `null`.
    pub fn scalar(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let mut end = self.at;
        while let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') =
            bytes.get(end)
        {
            end = end.wrapping_add(1);
        }
        let scalar = self.text.get(self.at..end)?;
        if !is_number(scalar.as_bytes()) && !matches!(scalar, "null" | "true" | "false") {
            return None;
        }
        self.at = end;
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
    let mut count = 0_usize;
    while let Some(b'0'..=b'9') = text.get(count) {
        count = count.wrapping_add(1);
    }
    text.split_at_checked(count).unwrap_or((text, &[]))
}
