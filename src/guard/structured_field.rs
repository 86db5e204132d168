//! Structured-field items (RFC 9651 section 4.2.3), as far as a key needs them: the whole item is
//! checked, a string's value is returned, and the parameters are checked and dropped.

/// Why a field value is not a string item.
#[derive(Debug, PartialEq, Eq)]
pub enum NotAString {
    /// It does not start as a string; the value may still be meant as something else.
    OtherType,
    /// It starts as a string, but the string breaks the rules at this byte or never ends.
    BadString,
    /// The string is followed by something that is neither its parameters nor the end.
    Trailing,
}

/// The value of a string item with its escapes undone.
pub fn parse_string_item(field: &str) -> Result<String, NotAString> {
    let mut input = Input(field.trim_matches(' ').as_bytes());
    if !input.take(b'"') {
        return Err(NotAString::OtherType);
    }
    let value = string_tail(&mut input).ok_or(NotAString::BadString)?;
    parameters(&mut input).ok_or(NotAString::Trailing)?;
    if input.0.is_empty() { Ok(value) } else { Err(NotAString::Trailing) }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.next();
        }
        found
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !accept(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }
}

/// Section 4.2.5, after the opening quote.
fn string_tail(input: &mut Input) -> Option<String> {
    let mut value = String::new();
    loop {
        match input.next()? {
            b'"' => return Some(value),
            b'\\' => value.push(escaped(input)?),
            byte @ 0x20..=0x7e => value.push(byte.into()),
            _ => return None,
        }
    }
}

fn escaped(input: &mut Input) -> Option<char> {
    input.next().filter(|byte| matches!(byte, b'"' | b'\\')).map(char::from)
}

/// Section 4.2.3.2.
fn parameters(input: &mut Input) -> Option<()> {
    while input.take(b';') {
        input.take_while(|byte| byte == b' ');
        input.peek().filter(|byte| matches!(byte, b'a'..=b'z' | b'*'))?;
        input.take_while(is_parameter_name);
        if input.take(b'=') {
            bare_item(input)?;
        }
    }
    Some(())
}

fn is_parameter_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')
}

/// Section 4.2.3.1; the value is of no use here.
fn bare_item(input: &mut Input) -> Option<()> {
    match input.peek()? {
        b'-' | b'0'..=b'9' => number(input).map(drop),
        b'"' => {
            input.next();
            string_tail(input).map(drop)
        }
        b'*' | b'a'..=b'z' | b'A'..=b'Z' => {
            input.take_while(is_token);
            Some(())
        }
        b':' => byte_sequence(input),
        b'?' => {
            input.next();
            input.next().filter(|byte| matches!(byte, b'0' | b'1')).map(drop)
        }
        b'@' => {
            input.next();
            number(input).filter(|kind| *kind == Number::Integer).map(drop)
        }
        b'%' => display_string(input),
        _ => None,
    }
}

#[derive(PartialEq)]
enum Number {
    Integer,
    Decimal,
}

/// Section 4.2.4: up to 15 digits, or up to 12 before the point and 3 after it.
fn number(input: &mut Input) -> Option<Number> {
    input.take(b'-');
    let whole = input.take_while(|byte| byte.is_ascii_digit()).len();
    if !input.take(b'.') {
        return (1..=15).contains(&whole).then_some(Number::Integer);
    }
    let fraction = input.take_while(|byte| byte.is_ascii_digit()).len();
    ((1..=12).contains(&whole) && (1..=3).contains(&fraction)).then_some(Number::Decimal)
}

/// Section 4.2.6.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
}

/// Section 4.2.7. Padding may be missing, and its bits are not looked at.
fn byte_sequence(input: &mut Input) -> Option<()> {
    input.next();
    input.take_while(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    input.take_while(|byte| byte == b'=');
    input.take(b':').then_some(())
}

/// Section 4.2.10.
fn display_string(input: &mut Input) -> Option<()> {
    input.next();
    if !input.take(b'"') {
        return None;
    }
    let mut bytes = Vec::new();
    loop {
        match input.next()? {
            b'"' => return std::str::from_utf8(&bytes).ok().map(drop),
            b'%' => bytes.push(hex_pair(input)?),
            byte @ 0x20..=0x7e => bytes.push(byte),
            _ => return None,
        }
    }
}

/// Two lower-case hex digits.
fn hex_pair(input: &mut Input) -> Option<u8> {
    let mut digit = || {
        let byte = input.next().filter(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))?;
        char::from(byte).to_digit(16)
    };
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high << 4 | low).ok()
}
