//! The origin inside the test: it counts, records, and answers as it is told.
//!
//! 1. A request is recorded when it has been read whole, before anything is answered.
//! 2. Requests are told apart by the first segment of their path, a test's lane.
//! 3. A path without a script gets 599, so that a stray request shows up as a failure.
//! 4. Connections are kept alive and never closed for being idle: the guard's pool must not see a race
//!    that the test did not ask for.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use crate::log_secrets;
use crate::script::{Ending, Reply};
use crate::wire::{Framing, Headers, read_body, read_head};

/// The size of chunks that a test does not care about.
const CHUNK: usize = 64 * 1024;

/// A request as it reached the origin.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

pub struct Origin {
    pub address: SocketAddr,
    lanes: Mutex<HashMap<String, Lane>>,
}

#[derive(Default)]
struct Lane {
    script: Option<Script>,
    seen: Vec<Seen>,
}

impl Origin {
    /// The one origin of this test process.
    pub fn shared() -> &'static Origin {
        static ORIGIN: OnceLock<&'static Origin> = OnceLock::new();
        ORIGIN.get_or_init(Origin::start)
    }

    fn start() -> &'static Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port for the origin");
        let origin: &'static Origin = Box::leak(Box::new(Origin {
            address: listener.local_addr().expect("the origin's port"),
            lanes: Mutex::default(),
        }));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || origin.serve(stream));
            }
        });
        origin
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn script(&self, lane: &str, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        let mut lanes = self.lanes.lock().unwrap();
        lanes.entry(lane.to_owned()).or_default().script = Some(Arc::new(script));
    }

    pub fn seen(&self, lane: &str) -> Vec<Seen> {
        let lanes = self.lanes.lock().unwrap();
        lanes.get(lane).map(|lane| lane.seen.clone()).unwrap_or_default()
    }

    pub fn calls(&self, lane: &str) -> usize {
        self.lanes.lock().unwrap().get(lane).map_or(0, |lane| lane.seen.len())
    }

    /// Serves one connection. Its errors are the guard hanging up, which tests do on purpose.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        loop {
            let seen = read_request(&mut reader, &mut writer).ok()??;
            let reply = self.record(&seen);
            if !pauses(&reply) {
                reply.pass_gate();
            }
            if !write_reply(&mut writer, &seen.method, &reply).ok()? {
                return None;
            }
        }
    }

    fn record(&self, seen: &Seen) -> Reply {
        let mut lanes = self.lanes.lock().unwrap();
        let lane = lanes.entry(lane_of(&seen.target).to_owned()).or_default();
        lane.seen.push(seen.clone());
        let script = lane.script.clone();
        drop(lanes);
        match script {
            Some(script) => script(seen),
            None => Reply::new(599).body(format!("no script for {}", seen.target)),
        }
    }
}

/// `/t7/orders?x=1` is in lane `t7`.
fn lane_of(target: &str) -> &str {
    target.split(['/', '?']).nth(1).unwrap_or_default()
}

fn read_request(
    reader: &mut BufReader<TcpStream>,
    writer: &mut TcpStream,
) -> io::Result<Option<Seen>> {
    let Some((start, headers)) = read_head(reader)? else {
        return Ok(None);
    };
    if headers.get("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut words = start.split(' ').map(str::to_owned);
    let framing = Framing::of(&headers, Framing::Length(0))?;
    Ok(Some(Seen {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        body: read_body(reader, framing)?,
        headers,
    }))
}

/// Whether its gate is inside its body.
fn pauses(reply: &Reply) -> bool {
    matches!(reply.ending, Ending::PauseAfter(_) | Ending::ChunkedPauseAfter(_))
}

/// Whether the connection can take another request.
fn write_reply(writer: &mut TcpStream, method: &str, reply: &Reply) -> io::Result<bool> {
    log_secrets::note_bytes(&reply.body);
    if reply.ending == Ending::NoAnswer {
        return Ok(false);
    }
    let bodiless = method == "HEAD" || matches!(reply.status, 101 | 204 | 304);
    writer.write_all(&latin_1(&head_of(reply, bodiless && method != "HEAD")))?;
    match reply.ending {
        _ if bodiless => {}
        Ending::Chunked(size) => {
            write_chunks(writer, &reply.body, size)?;
            writer.write_all(b"0\r\n\r\n")?;
        }
        Ending::ChunkedWithoutEnd(size) => write_chunks(writer, &reply.body, size)?,
        Ending::ChunkedPauseAfter(length) => {
            write_chunks(writer, &reply.body[..length], CHUNK)?;
            reply.pass_gate();
            write_chunks(writer, &reply.body[length..], CHUNK)?;
            writer.write_all(b"0\r\n\r\n")?;
        }
        Ending::PauseAfter(length) => {
            writer.write_all(&reply.body[..length])?;
            reply.pass_gate();
            writer.write_all(&reply.body[length..])?;
        }
        Ending::CutAfter(length) => writer.write_all(&reply.body[..length])?,
        Ending::Whole | Ending::NoAnswer => writer.write_all(&reply.body)?,
    }
    Ok(pauses(reply) || matches!(reply.ending, Ending::Whole | Ending::Chunked(_)))
}

fn head_of(reply: &Reply, without_framing: bool) -> String {
    let framing = match reply.ending {
        _ if without_framing => String::new(),
        Ending::Chunked(_) | Ending::ChunkedWithoutEnd(_) | Ending::ChunkedPauseAfter(_) => {
            "Transfer-Encoding: chunked\r\n".to_owned()
        }
        _ => format!("Content-Length: {}\r\n", reply.body.len()),
    };
    let Reply { status, reason, headers, .. } = reply;
    format!("HTTP/1.1 {status} {reason}\r\n{}{framing}\r\n", headers.to_wire())
}

/// The bytes of which `read_head` makes this text, so that any byte can be sent.
fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).expect("a character of Latin-1")).collect()
}

fn write_chunks(writer: &mut TcpStream, body: &[u8], size: usize) -> io::Result<()> {
    for part in body.chunks(size) {
        writer.write_all(format!("{:x}\r\n", part.len()).as_bytes())?;
        writer.write_all(part)?;
        writer.write_all(b"\r\n")?;
    }
    Ok(())
}
