//! As much of HTTP/1.1 as the two ends need: messages with a length or in chunks, over connections
//! that stay open.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The head of a request or response.
#[derive(Default)]
pub struct Head {
    /// The request line or the status line.
    pub line: String,
    length: Option<u64>,
    chunked: bool,
    pub replayed: bool,
    /// What `Cache-Status` says of a refusal.
    pub detail: Option<String>,
    pub key: Option<String>,
    /// Whether the connection ends with this message.
    pub closes: bool,
    /// Of the body's bytes, where they are compared.
    pub digest: u64,
}

/// A client's end of a connection.
pub struct Connection(Messages);

impl Connection {
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(Messages::new(stream)))
    }

    /// One whose answers' bodies are compared, and that waits for them no longer than this.
    pub fn comparing(port: u16, patience: Duration) -> io::Result<Self> {
        let mut connection = Self::open(port)?;
        connection.socket().set_read_timeout(Some(patience))?;
        connection.socket().set_write_timeout(Some(patience))?;
        connection.0.compares = true;
        Ok(connection)
    }

    /// Sends a request and reads its whole answer.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        self.socket().write_all(request)?;
        self.answer()
    }

    pub fn answer(&mut self) -> io::Result<Head> {
        self.0.next()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The socket, for what is no whole request.
    pub fn socket(&mut self) -> &mut TcpStream {
        self.0.stream.get_mut()
    }
}

/// Reads messages from a connection.
pub struct Messages {
    stream: BufReader<TcpStream>,
    line: String,
    compares: bool,
}

impl Messages {
    pub fn new(stream: TcpStream) -> Self {
        let stream = BufReader::with_capacity(64 * 1024, stream);
        Self { stream, line: String::new(), compares: false }
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
        let mut body = Body(self.compares.then(DefaultHasher::new));
        match head.length {
            _ if head.chunked => self.skip_chunks(&mut body)?,
            Some(length) => self.skip(length, &mut body)?,
            None => {}
        }
        head.digest = body.0.map_or(0, |hasher| hasher.finish());
        Ok(Some(head))
    }

    fn line(&mut self) -> io::Result<&str> {
        self.line.clear();
        self.stream.read_line(&mut self.line)?;
        Ok(self.line.trim_end())
    }

    fn skip_chunks(&mut self, body: &mut Body) -> io::Result<()> {
        loop {
            let length = u64::from_str_radix(self.line()?, 16).map_err(io::Error::other)?;
            self.skip(length, body)?;
            self.line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn skip(&mut self, length: u64, body: &mut Body) -> io::Result<()> {
        let skipped = io::copy(&mut self.stream.by_ref().take(length), body)?;
        if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// What becomes of a body: nothing, or its digest.
struct Body(Option<DefaultHasher>);

impl Write for Body {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(hasher) = &mut self.0 {
            hasher.write(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Head {
    fn note(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => self.length = value.parse().ok(),
            "transfer-encoding" => self.chunked = true,
            "connection" => self.closes = value.eq_ignore_ascii_case("close"),
            "idempotency-replayed" => self.replayed = true,
            "idempotency-key" => self.key = Some(value.to_owned()),
            "cache-status" => self.detail = value.split_once("detail=").map(|(_, it)| it.into()),
            _ => {}
        }
    }

    /// The word at a place of the first line: method and path, or the status.
    pub fn word(&self, place: usize) -> &str {
        self.line.split(' ').nth(place).unwrap_or_default()
    }

    /// The status, and the code of a refusal: `422 key-reused`.
    pub fn outcome(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} {detail}", self.word(1)),
            None => self.word(1).to_owned(),
        }
    }
}
