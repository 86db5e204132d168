//! Clients that send a head or a body at a byte a second, or half of a body and then nothing.

use super::settings::Settings;
use super::socket::Watched;
use super::tally::Tally;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);
const BODY: usize = 100_000;

struct Client {
    shape: &'static str,
    socket: Watched,
    /// What is still to be sent, a byte at a time.
    rest: Vec<u8>,
    answered: Option<Duration>,
}

pub fn trickle(settings: &Settings) -> io::Result<Tally> {
    let started = Instant::now();
    let clients = (0..settings.clients).map(|number| open(settings, number));
    let mut clients: Vec<Client> = clients.collect::<io::Result<_>>()?;
    while started.elapsed().as_secs_f64() < settings.seconds {
        for client in clients.iter_mut().filter(|client| !client.socket.ended) {
            client.step(started);
        }
        thread::sleep(PAUSE);
    }
    let mut tally = Tally::default();
    for Client { shape, socket, answered, .. } in &clients {
        tally.note(shape, socket.outcome(), answered.unwrap_or_default());
    }
    Ok(tally)
}

fn open(settings: &Settings, number: usize) -> io::Result<Client> {
    let key = format!("Idempotency-Key: slow-writer-{number}\r\n");
    let whole = settings.post("/counted/64/0", &key, &vec![b' '; BODY]);
    let head = whole.len() - BODY;
    let (shape, at_once, rest) = match number % 3 {
        0 => ("head", 20, &whole[20..]),
        1 => ("body", head + BODY / 2, &whole[head + BODY / 2..]),
        _ => ("half a body", head + BODY / 2, &[][..]),
    };
    let mut socket = Watched::open(settings.port)?;
    socket.stream.write_all(&whole[..at_once])?;
    socket.stream.set_nonblocking(true)?;
    // The next is taken from the end.
    let rest = rest.iter().rev().copied().collect();
    Ok(Client { shape, socket, rest, answered: None })
}

impl Client {
    fn step(&mut self, started: Instant) {
        if let Some(byte) = self.rest.pop() {
            // One that cannot be sent any more shows in what is read.
            let _ = self.socket.stream.write(&[byte]);
        }
        self.socket.look(4096);
        if self.answered.is_none() && (self.socket.read > 0 || self.socket.ended) {
            self.answered = Some(started.elapsed());
        }
    }
}
