//! HTTP/1.1 as bytes, for both ends of the test: the client and the origin.
//!
//! 1. Headers keep their order, their spelling and their repetitions.
//! 2. A body ends where its framing says. One that breaks off before is an error, never a short body.

use std::io::{self, BufRead, Read};

const LONGEST_LINE: u64 = 64 * 1024;

/// Header lines in the order they were sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
            .collect()
    }

    /// The lines as they go over the wire.
    pub fn to_wire(&self) -> String {
        self.0.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect()
    }
}

/// The start line and the headers of a message; `None` when the peer closed before a new one began.
pub fn read_head(from: &mut impl BufRead) -> io::Result<Option<(String, Headers)>> {
    let Some(start) = read_line(from)? else {
        return Ok(None);
    };
    let mut headers = Headers::default();
    loop {
        let line =
            read_line(from)?.ok_or_else(|| broken("the connection closed inside the headers"))?;
        if line.is_empty() {
            return Ok(Some((start, headers)));
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| broken(&format!("header line without a colon: {line:?}")))?;
        headers.push(name, value.trim());
    }
}

/// How a message says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Framing {
    /// RFC 9112 section 6.3; `without` is what a message with neither header means.
    pub fn of(headers: &Headers, without: Framing) -> io::Result<Framing> {
        if let Some(coding) = headers.get("transfer-encoding") {
            return match coding {
                "chunked" => Ok(Framing::Chunked),
                other => Err(broken(&format!("transfer-encoding {other:?} is not chunked"))),
            };
        }
        match headers.get("content-length") {
            None => Ok(without),
            Some(text) => text
                .parse()
                .map(Framing::Length)
                .map_err(|_| broken(&format!("content-length {text:?} is not a number"))),
        }
    }
}

pub fn read_body(from: &mut impl BufRead, framing: Framing) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    match framing {
        Framing::Length(length) => read_exactly(from, length, &mut body)?,
        Framing::Chunked => while read_chunk(from, &mut body)? {},
        Framing::UntilClose => {
            from.read_to_end(&mut body)?;
        }
    }
    Ok(body)
}

/// One chunk; false after the last one.
fn read_chunk(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let line =
        read_line(from)?.ok_or_else(|| broken("the connection closed between two chunks"))?;
    let digits = line.split(';').next().unwrap_or_default();
    let size =
        u64::from_str_radix(digits, 16).map_err(|_| broken(&format!("chunk size {line:?}")))?;
    read_exactly(from, size, body)?;
    read_line(from)?.ok_or_else(|| broken("the connection closed after a chunk"))?;
    Ok(size > 0)
}

fn read_exactly(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = from.by_ref().take(length).read_to_end(body)? as u64;
    match read == length {
        true => Ok(()),
        false => Err(broken(&format!("the body broke off after {read} of {length} bytes"))),
    }
}

/// A line without its line end; `None` at the end of the stream. Bytes above 0x7F are read as Latin-1.
fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(broken("the connection closed inside a line, or the line is too long"));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line.into_iter().map(char::from).collect()))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, what)
}
