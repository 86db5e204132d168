//! Clients that read an answer of 8 MB at 10 KB a second: half of them first answers, half replays of
//! one key.

use super::settings::Settings;
use super::socket::{Watched, keep_buffer_small};
use super::tally::Tally;
use crate::http::Connection;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

const PATH: &str = "/counted/8000000/0";
const PAUSE: Duration = Duration::from_millis(100);
const BYTES: usize = 1024;

pub fn crawl(settings: &Settings) -> io::Result<Tally> {
    let started = Instant::now();
    let request = |key: &str| settings.post(PATH, &format!("Idempotency-Key: {key}\r\n"), b"{}");
    Connection::open(settings.port)?.exchange(&request("slow-reader"))?;
    let mut clients = Vec::new();
    for number in 0..settings.clients {
        let mut client = Watched::open(settings.port)?;
        keep_buffer_small(&client.stream)?;
        let replays = number % 2 == 1;
        let key = if replays { "slow-reader".into() } else { format!("slow-reader-{number}") };
        client.stream.write_all(&request(&key))?;
        client.stream.set_nonblocking(true)?;
        clients.push(client);
    }
    while started.elapsed().as_secs_f64() < settings.seconds {
        clients.iter_mut().filter(|client| !client.ended).for_each(|client| client.look(BYTES));
        thread::sleep(PAUSE);
    }
    let mut tally = Tally::default();
    for (number, client) in clients.iter().enumerate() {
        let shape = if number % 2 == 1 { "replay" } else { "first" };
        tally.count(shape, client.outcome());
    }
    Ok(tally)
}
