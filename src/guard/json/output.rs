//! Writing JSON: objects member by member, and strings.

use super::plain;
use crate::guard::bytes::decimal;
use crate::guard::digest::hex;

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
