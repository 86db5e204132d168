//! Sockets that are looked at in turn, as many as there are, by one thread.

use std::io::{self, Read};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// A connection of which nothing is waited for.
pub struct Watched {
    pub stream: TcpStream,
    /// The status line, as far as it has come.
    begun: Vec<u8>,
    pub read: usize,
    pub ended: bool,
}

const STATUS_LINE: usize = 12;

impl Watched {
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, begun: Vec::new(), read: 0, ended: false })
    }

    /// Reads at most this much of what has come.
    pub fn look(&mut self, most: usize) {
        let mut buffer = vec![0; most];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                let missing = STATUS_LINE.saturating_sub(self.begun.len());
                self.begun.extend(buffer.iter().take(count.min(missing)));
                self.read += count;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
    }

    /// `201, open` or `no answer, closed`.
    pub fn outcome(&self) -> String {
        let line = String::from_utf8_lossy(&self.begun);
        let status = line.split(' ').nth(1).filter(|status| status.len() == 3);
        let end = if self.ended { "closed" } else { "open" };
        format!("{}, {end}", status.unwrap_or("no answer"))
    }
}

/// Keeps the kernel from taking an answer of megabytes for somebody who does not read it.
pub fn keep_buffer_small(stream: &TcpStream) -> io::Result<()> {
    const BYTES: i32 = 4096;
    // SAFETY: the value is an `int` of that length and outlives the call; the socket is open.
    let result = unsafe {
        setsockopt(stream.as_raw_fd(), SOL_SOCKET, SO_RCVBUF, &BYTES, size_of::<i32>() as u32)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

// std has no setter for it.
#[cfg(target_os = "linux")]
const SOL_SOCKET: i32 = 1;
#[cfg(target_os = "linux")]
const SO_RCVBUF: i32 = 8;
#[cfg(not(target_os = "linux"))]
const SOL_SOCKET: i32 = 0xffff;
#[cfg(not(target_os = "linux"))]
const SO_RCVBUF: i32 = 0x1002;

unsafe extern "C" {
    fn setsockopt(socket: i32, level: i32, name: i32, value: *const i32, length: u32) -> i32;
}
