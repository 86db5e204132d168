//! Requests of several shapes in turn, at a fixed rate, each over a connection of its own.

use super::settings::Settings;
use super::tally::Tally;
use crate::http::Connection;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Writes a request under a key.
type Writer<'a> = Box<dyn Fn(&str) -> Vec<u8> + Sync + 'a>;

/// A request of one shape, by a key that is new each time.
pub struct Shape<'a> {
    pub name: &'static str,
    pub request: Writer<'a>,
}

impl<'a> Shape<'a> {
    pub fn new(name: &'static str, request: impl Fn(&str) -> Vec<u8> + Sync + 'a) -> Self {
        Self { name, request: Box::new(request) }
    }
}

pub fn send(settings: &Settings, shapes: &[Shape]) -> Tally {
    let tally = Mutex::new(Tally::default());
    let next = AtomicU64::new(0);
    let started = Instant::now();
    let client = || {
        loop {
            let ticket = next.fetch_add(1, Ordering::Relaxed);
            let after = ticket as f64 / settings.rate;
            if after >= settings.seconds {
                return;
            }
            let due = started + Duration::from_secs_f64(after);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let shape = &shapes[(ticket % shapes.len() as u64) as usize];
            let request = (shape.request)(&format!("hostile-{ticket}"));
            let sent = Instant::now();
            let outcome = exchange(settings.port, &request)
                .unwrap_or_else(|error| format!("no answer: {}", error.kind()));
            let took = sent.elapsed();
            tally.lock().expect("a lock that nobody dies with").note(shape.name, outcome, took);
        }
    };
    thread::scope(|scope| (0..settings.clients).for_each(|_| drop(scope.spawn(client))));
    tally.into_inner().expect("a lock that nobody died with")
}

/// What is answered. A guard that has refused reads no further: what could not be sent is no failure.
fn exchange(port: u16, request: &[u8]) -> io::Result<String> {
    let mut connection = Connection::comparing(port, PATIENCE)?;
    let sent = connection.socket().write_all(request);
    match (connection.answer(), sent) {
        (Ok(head), _) => Ok(head.outcome()),
        (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
    }
}
