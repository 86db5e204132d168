//! The origin: it does what the plan says and writes all of it down.
//!
//! 1. An arrival is written down when its head has come, before any of it is acted upon.
//! 2. What it does goes on when the guard has hung up: a real origin does not notice either.

use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::act::{Act, Ending};
use crate::doubts::Doubts;
use crate::ledger::{Head, Ledger, Sent, answer, digest};
use crate::plan::Plan;
use crate::wire::{Framing, read_body, read_head};

const CHUNK: usize = 16 * 1024;

pub struct Origin {
    pub address: SocketAddr,
    pub ledger: Ledger,
    plan: Arc<Plan>,
    doubts: Arc<Doubts>,
    busy: AtomicUsize,
    /// Requests that no client of the storm can have caused.
    pub strangers: AtomicUsize,
    is_closed: AtomicBool,
}

impl Origin {
    pub fn start(plan: Arc<Plan>, doubts: Arc<Doubts>) -> Arc<Origin> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port for the origin");
        let origin = Arc::new(Origin {
            address: listener.local_addr().expect("the origin's port"),
            ledger: Ledger::default(),
            plan,
            doubts,
            busy: AtomicUsize::new(0),
            strangers: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
        });
        let serving = origin.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.is_closed.load(Ordering::SeqCst) {
                    return;
                }
                let origin = serving.clone();
                thread::spawn(move || origin.serve(stream));
            }
        });
        origin
    }

    /// Lets go of port and ledger: an hour has a hundred rounds.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        // Wakes the one that listens.
        let _ = TcpStream::connect(self.address);
    }

    pub fn is_idle(&self) -> bool {
        self.busy.load(Ordering::SeqCst) == 0
    }

    /// One connection, until either side closes it.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        loop {
            let (start, headers) = read_head(&mut reader).ok()??;
            self.busy.fetch_add(1, Ordering::SeqCst);
            let served = self.doubts.serve(&start, &headers, &mut reader, &mut writer);
            self.busy.fetch_sub(1, Ordering::SeqCst);
            if let Some(keep_alive) = served {
                keep_alive.ok().filter(|keep_alive| *keep_alive)?;
                continue;
            }
            let Some(head) = Head::read(&start, headers) else {
                self.strangers.fetch_add(1, Ordering::SeqCst);
                return None;
            };
            self.busy.fetch_add(1, Ordering::SeqCst);
            let keep_alive = self.execute(&head, &mut reader, &mut writer);
            self.busy.fetch_sub(1, Ordering::SeqCst);
            keep_alive.ok().filter(|keep_alive| *keep_alive)?;
        }
    }

    /// Whether the connection can take another request.
    fn execute(
        &self,
        head: &Head,
        reader: &mut BufReader<TcpStream>,
        writer: &mut TcpStream,
    ) -> io::Result<bool> {
        let number = self.ledger.open(head, &self.plan);
        let act = self.ledger.execution(number).act;
        if act.ending == Ending::Unread {
            return Ok(false);
        }
        let body = read_body(reader, Framing::of(&head.headers, Framing::Length(0))?)?;
        let is_sound = self.is_sound(head, &body);
        self.ledger.note(number, |execution| execution.read = Some(is_sound));
        thread::sleep(act.delay);
        if act.ending == Ending::NoAnswer {
            return Ok(false);
        }
        let sent = answer(number, &self.ledger.execution(number));
        self.ledger.note(number, |execution| {
            execution.answer = Some(sent.clone());
            execution.answering = Some(Instant::now());
        });
        let keep_alive = write_answer(writer, &act, &sent)?;
        self.ledger.note(number, |execution| execution.answered = Some(Instant::now()));
        Ok(keep_alive)
    }

    /// What arrived is what was sent, under the operation's own key.
    fn is_sound(&self, head: &Head, body: &[u8]) -> bool {
        let header = |name| head.headers.get(name).unwrap_or_default();
        let key = header("idempotency-key").trim_matches('"');
        key == self.plan.operations[head.operation].key
            && header("x-digest") == format!("{:x}", digest(body))
    }
}

fn write_answer(writer: &mut TcpStream, act: &Act, sent: &Sent) -> io::Result<bool> {
    let chunked = matches!(act.ending, Ending::Chunked | Ending::CutInChunks);
    let framing = match chunked {
        true => "Transfer-Encoding: chunked\r\n".to_owned(),
        false if act.status == 204 => String::new(),
        false => format!("Content-Length: {}\r\n", sent.body.len()),
    };
    let head = format!("HTTP/1.1 {} Storm\r\n{}{framing}\r\n", act.status, sent.headers.to_wire());
    writer.write_all(head.as_bytes())?;
    let (half, rest) = sent.body.split_at(sent.body.len() / 2);
    match act.ending {
        Ending::Chunked => {
            write_chunks(writer, &sent.body)?;
            writer.write_all(b"0\r\n\r\n")?;
        }
        Ending::CutInChunks => write_chunks(writer, half)?,
        Ending::Cut => writer.write_all(half)?,
        Ending::Halting(pause) => {
            writer.write_all(half)?;
            thread::sleep(pause);
            writer.write_all(rest)?;
        }
        Ending::Whole | Ending::NoAnswer | Ending::Unread => writer.write_all(&sent.body)?,
    }
    Ok(!matches!(act.ending, Ending::Cut | Ending::CutInChunks))
}

fn write_chunks(writer: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    for part in body.chunks(CHUNK) {
        writer.write_all(format!("{:x}\r\n", part.len()).as_bytes())?;
        writer.write_all(part)?;
        writer.write_all(b"\r\n")?;
    }
    Ok(())
}
