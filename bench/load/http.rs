//! As much of HTTP/1.1 as the two ends need: messages with a length or in chunks, over connections
//! that stay open.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

/// The head of a request or response.
#[derive(Default)]
pub struct Head {
    /// The request line or the status line.
    pub line: String,
    length: Option<u64>,
    chunked: bool,
    pub replayed: bool,
}

/// Reads messages from a connection.
pub struct Messages {
    stream: BufReader<TcpStream>,
    line: String,
}

impl Messages {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream: BufReader::with_capacity(64 * 1024, stream), line: String::new() }
    }

    /// A message's head, its body read and dropped; nothing where the connection has ended.
    pub fn next(&mut self) -> io::Result<Option<Head>> {
        let mut head = Head { line: self.line()?.to_owned(), ..Head::default() };
        if head.line.is_empty() {
            return Ok(None);
        }
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            head.note(line);
        }
        match head.length {
            _ if head.chunked => self.skip_chunks()?,
            Some(length) => self.skip(length)?,
            None => {}
        }
        Ok(Some(head))
    }

    fn line(&mut self) -> io::Result<&str> {
        self.line.clear();
        self.stream.read_line(&mut self.line)?;
        Ok(self.line.trim_end())
    }

    fn skip_chunks(&mut self) -> io::Result<()> {
        loop {
            let length = u64::from_str_radix(self.line()?, 16).map_err(io::Error::other)?;
            self.skip(length)?;
            self.line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.stream.by_ref().take(length), &mut io::sink())?;
        if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Head {
    fn note(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => self.length = value.trim().parse().ok(),
            "transfer-encoding" => self.chunked = true,
            "idempotency-replayed" => self.replayed = true,
            _ => {}
        }
    }

    /// The word at a place of the first line: method and path, or the status.
    pub fn word(&self, place: usize) -> &str {
        self.line.split(' ').nth(place).unwrap_or_default()
    }
}
