//! Clients that wait for an origin that takes its time, all at once, on few keys.

use super::settings::Settings;
use super::tally::Tally;
use crate::http::Connection;
use std::collections::HashMap;
use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

/// The origin's time in milliseconds: longer than it takes to open all connections, and shorter than a
/// duplicate waits.
const PATH: &str = "/counted/64/12000";
const PATIENCE: Duration = Duration::from_secs(60);

pub fn wait(settings: &Settings) -> io::Result<Tally> {
    let started = Instant::now();
    let mut clients = Vec::new();
    for number in 0..settings.clients {
        let mut client = Connection::comparing(settings.port, PATIENCE)?;
        let key = number % settings.keys;
        let key = format!("Idempotency-Key: {}-{key}\r\n", settings.prefix);
        client.socket().write_all(&settings.post(PATH, &key, b"{}"))?;
        clients.push(client);
    }
    let mut tally = Tally::default();
    for client in &mut clients {
        let waits = if is_quiet(client)? { "yes" } else { "no" };
        tally.note("waits when all have asked", waits.into(), started.elapsed());
    }
    let mut digests = HashMap::new();
    for (number, client) in clients.iter_mut().enumerate() {
        let head = match client.answer() {
            Ok(head) => head,
            Err(error) => {
                tally.note("answer", format!("none: {}", error.kind()), started.elapsed());
                continue;
            }
        };
        let replayed = if head.replayed { " shared" } else { "" };
        tally.note("answer", format!("{}{replayed}", head.outcome()), started.elapsed());
        if head.word(1) == "201" {
            let key = number % settings.keys;
            if *digests.entry(key).or_insert(head.digest) != head.digest {
                tally.count("answer", "another than for the same key".into());
            }
        }
    }
    Ok(tally)
}

/// Whether nothing has come, not even the connection's end.
fn is_quiet(client: &mut Connection) -> io::Result<bool> {
    let socket = client.socket();
    socket.set_nonblocking(true)?;
    let peeked = socket.peek(&mut [0]);
    socket.set_nonblocking(false)?;
    Ok(peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock))
}
