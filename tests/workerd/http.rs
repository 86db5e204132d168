//! A client that shows every byte: HTTP/1.1 over a plain socket.
//!
//! 1. Nothing is added behind the test's back but `Host`, the body's framing, and `Connection: close`.
//! 2. The socket can be left half-way: in mid-upload, before the answer, politely (FIN) or not (RST).
//! 3. A read that takes longer than `PATIENCE` fails the test.

use std::fmt;
use std::io::{self, BufReader, Cursor, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use crate::log_secrets;
use crate::wire::{Framing, Headers, read_body, read_head};

/// More than the guard's own default `wait` of 25 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request, ready to be sent as often as the test likes.
#[derive(Clone)]
pub struct Call {
    method: String,
    target: String,
    headers: Headers,
    /// Lines that are no text, as they go over the wire.
    raw_headers: Vec<u8>,
    body: Vec<u8>,
    chunk: Option<usize>,
    host: Option<String>,
}

/// What a failed test shows of it: all but the body.
impl fmt::Debug for Call {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            to,
            "{} {} {:?}, {} bytes",
            self.method,
            self.target,
            self.headers.0,
            self.body.len()
        )
    }
}

impl Call {
    pub fn new(method: &str, target: &str) -> Call {
        Call {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Headers::default(),
            raw_headers: Vec::new(),
            body: Vec::new(),
            chunk: None,
            host: None,
        }
    }

    pub fn get(target: &str) -> Call {
        Call::new("GET", target)
    }

    pub fn post(target: &str) -> Call {
        Call::new("POST", target)
    }

    pub fn method(mut self, method: &str) -> Call {
        self.method = method.to_owned();
        self
    }

    /// Names another host than the address that it is sent to.
    pub fn host(mut self, host: &str) -> Call {
        self.host = Some(host.to_owned());
        self
    }

    /// Adds a line; the same name twice makes two lines.
    pub fn header(mut self, name: &str, value: &str) -> Call {
        self.headers.push(name, value);
        self
    }

    /// Adds a line whose value is these bytes.
    pub fn header_bytes(mut self, name: &str, value: &[u8]) -> Call {
        self.raw_headers.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        self
    }

    /// Takes all lines of this name away.
    pub fn without(mut self, name: &str) -> Call {
        self.headers.0.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self
    }

    pub fn key(self, key: &str) -> Call {
        self.header("Idempotency-Key", key)
    }

    pub fn authorization(self, credential: &str) -> Call {
        self.header("Authorization", credential)
    }

    pub fn json(self, body: &str) -> Call {
        self.header("Content-Type", "application/json").body(body.as_bytes())
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Call {
        self.body = body.into();
        self
    }

    /// Sends the body in chunks of `size` bytes instead of with its length.
    pub fn chunked(mut self, size: usize) -> Call {
        self.chunk = Some(size);
        self
    }

    /// Sends it and reads the whole answer.
    #[track_caller]
    pub fn send(&self, to: SocketAddr) -> Answer {
        match self.try_send(to) {
            Ok(answer) => answer,
            Err(error) => panic!("{} {}: no whole answer: {error}", self.method, self.target),
        }
    }

    pub fn try_send(&self, to: SocketAddr) -> io::Result<Answer> {
        self.open(to)?.answer()
    }

    /// Sends it and leaves the answer unread.
    pub fn open(&self, to: SocketAddr) -> io::Result<Connection> {
        let mut connection = self.open_part(to, self.body.len())?;
        if self.chunk.is_some() {
            connection.write(b"0\r\n\r\n")?;
        }
        Ok(connection)
    }

    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// Sends the head and the first `length` bytes of the body.
    pub fn open_part(&self, to: SocketAddr, length: usize) -> io::Result<Connection> {
        log_secrets::sent(self);
        let mut connection = Connection::to(to, self.method == "HEAD")?;
        connection.write(&self.head(to))?;
        let part = &self.body[..length];
        match self.chunk {
            None => connection.write(part)?,
            Some(size) => part.chunks(size).try_for_each(|c| connection.write(&chunk(c)))?,
        }
        Ok(connection)
    }

    fn head(&self, to: SocketAddr) -> Vec<u8> {
        let framing = match self.chunk {
            Some(_) => "Transfer-Encoding: chunked\r\n".to_owned(),
            None if self.body.is_empty() && matches!(self.method.as_str(), "GET" | "HEAD") => {
                String::new()
            }
            None => format!("Content-Length: {}\r\n", self.body.len()),
        };
        let host = self.host.clone().unwrap_or_else(|| to.to_string());
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}{framing}",
            self.method,
            self.target,
            self.headers.to_wire()
        );
        [head.as_bytes(), &self.raw_headers, b"\r\n"].concat()
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// A socket with a request on it.
pub struct Connection {
    stream: BufReader<TcpStream>,
    /// What was read of the answer before the rest is asked for.
    ahead: Vec<u8>,
    without_body: bool,
}

impl Connection {
    fn to(address: SocketAddr, without_body: bool) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection { stream: BufReader::new(stream), ahead: Vec::new(), without_body })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends what `open_part` left out of a body that is not chunked.
    pub fn send_rest(&mut self, call: &Call, from: usize) {
        self.write(&call.body[from..]).expect("an open socket");
    }

    pub fn answer(self) -> io::Result<Answer> {
        let mut stream = Cursor::new(self.ahead).chain(self.stream);
        let (start, status, headers) = loop {
            let (start, headers) = read_head(&mut stream)?
                .ok_or_else(|| io::Error::other("the connection was closed without an answer"))?;
            match status_of(&start)? {
                // Not the answer yet: the body was asked for, which is sent already.
                100 => {}
                status => break (start, status, headers),
            }
        };
        let framing = match status {
            _ if self.without_body => Framing::Length(0),
            204 | 304 => Framing::Length(0),
            _ => Framing::of(&headers, Framing::UntilClose)?,
        };
        let body = read_body(&mut stream, framing)?;
        Ok(Answer { status, reason: reason_of(&start), headers, body })
    }

    /// Returns when this many bytes have come, head included; `answer` starts with them.
    #[track_caller]
    pub fn read_ahead(&mut self, count: usize) {
        let mut part = vec![0; count];
        self.stream.read_exact(&mut part).expect("so many bytes of the answer");
        self.ahead.append(&mut part);
    }

    /// Returns when these bytes have come; they stay to be read by `answer`.
    #[track_caller]
    pub fn wait_for(&mut self, bytes: &[u8]) {
        let mut seen = vec![0; 64 * 1024];
        let deadline = Instant::now() + PATIENCE;
        loop {
            let length = self.stream.get_ref().peek(&mut seen).expect("more of the answer");
            if seen[..length].windows(bytes.len()).any(|window| window == bytes) {
                return;
            }
            let so_far = String::from_utf8_lossy(&seen[..length]);
            assert!(Instant::now() < deadline, "it did not come; so far: {so_far}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits as a client with a time-out does; panics when an answer comes within it.
    #[track_caller]
    pub fn time_out(&mut self, after: Duration) {
        let begun = self.begins_within(after);
        let quiet = !begun.expect("a socket that stays open until the origin was released");
        assert!(quiet, "an answer, or a close, before the origin was released");
    }

    /// Whether the answer begins to come in this time, or the peer closes.
    pub fn begins_within(&mut self, after: Duration) -> io::Result<bool> {
        let stream = self.stream.get_ref();
        stream.set_read_timeout(Some(after))?;
        let peeked = stream.peek(&mut [0]);
        stream.set_read_timeout(Some(PATIENCE))?;
        match peeked {
            Ok(_) => Ok(true),
            Err(error) if is_time_out(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Leaves with a FIN.
    pub fn hang_up(self) {
        drop(self.stream);
    }

    /// Leaves with an RST.
    pub fn reset(self) {
        let linger = Linger { on: 1, seconds: 0 };
        let length = size_of::<Linger>() as u32;
        let socket = self.stream.get_ref().as_raw_fd();
        // SAFETY: `linger` is a `struct linger` of `length` bytes and outlives the call; `socket` is open.
        let result = unsafe { setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, length) };
        assert_eq!(result, 0, "SO_LINGER: {}", io::Error::last_os_error());
        drop(self.stream);
    }
}

/// A read time-out has either name, by the platform.
pub fn is_time_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn status_of(start: &str) -> io::Result<u16> {
    let word = start.split(' ').nth(1).unwrap_or_default();
    word.parse().map_err(|_| io::Error::other(format!("no status in {start:?}")))
}

fn reason_of(start: &str) -> String {
    start.splitn(3, ' ').nth(2).unwrap_or_default().to_owned()
}

// std's own `set_linger` is not stable yet.
#[repr(C)]
struct Linger {
    on: i32,
    seconds: i32,
}

#[cfg(target_os = "linux")]
const SOL_SOCKET: i32 = 1;
#[cfg(target_os = "linux")]
const SO_LINGER: i32 = 13;
#[cfg(not(target_os = "linux"))]
const SOL_SOCKET: i32 = 0xffff;
#[cfg(not(target_os = "linux"))]
const SO_LINGER: i32 = 0x80;

unsafe extern "C" {
    fn setsockopt(socket: i32, level: i32, name: i32, value: *const Linger, length: u32) -> i32;
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn replayed(&self) -> bool {
        self.header("idempotency-replayed").is_some()
    }
}
