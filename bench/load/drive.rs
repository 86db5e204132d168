//! Clients that send one request after the other, each over a connection of its own.

use crate::figures::Figures;
use crate::http::Connection;
use crate::keys::Keys;
use crate::origin::text;
use crate::settings::Settings;
use std::io;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What the clients of one run share.
struct Run<'a> {
    settings: &'a Settings,
    body: String,
    next: AtomicU64,
    started: Instant,
    groups: Vec<Group>,
}

/// Clients that send the same key at the same time.
struct Group {
    gate: Barrier,
    ended: AtomicBool,
}

/// Sends what the settings say and prints what came of it.
pub fn drive(settings: &Settings) -> Result<(), String> {
    let run = Run {
        settings,
        body: if settings.body == 0 { String::new() } else { text(settings.body) },
        next: AtomicU64::new(0),
        started: Instant::now(),
        groups: groups(settings)?,
    };
    let results: Vec<io::Result<Figures>> = thread::scope(|scope| {
        let run = &run;
        let clients: Vec<_> = (0..settings.connections)
            .map(|client| scope.spawn(move || run.client(client)))
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client panicked")).collect()
    });
    let seconds = run.started.elapsed().as_secs_f64();
    let mut all = Figures::default();
    for result in results {
        all.add(result.map_err(|error| format!("a connection broke: {error}"))?);
    }
    println!("{}", all.into_json(seconds));
    Ok(())
}

fn groups(settings: &Settings) -> Result<Vec<Group>, String> {
    let Keys::Shared { size, .. } = settings.keys else { return Ok(Vec::new()) };
    if size == 0 || !settings.connections.is_multiple_of(size) {
        return Err(format!("{} connections are no multiple of {size}", settings.connections));
    }
    let group = || Group { gate: Barrier::new(size), ended: AtomicBool::new(false) };
    Ok((0..settings.connections / size).map(|_| group()).collect())
}

impl Run<'_> {
    fn client(&self, client: usize) -> io::Result<Figures> {
        let mut connection = Connection::open(self.settings.port)?;
        let mut figures = Figures::default();
        for round in 0.. {
            let Some(number) = self.number(client, round) else { break };
            let request = self.request(number);
            let sent = Instant::now();
            let head = connection.exchange(&request)?;
            figures.note(sent.elapsed(), head.word(1), head.replayed);
        }
        Ok(figures)
    }

    /// The number of a client's next request; nothing at the end of the run.
    fn number(&self, client: usize, round: u64) -> Option<u64> {
        let Keys::Shared { size, .. } = self.settings.keys else {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            return (number < self.settings.requests && !self.ends_before(round))
                .then_some(self.settings.start + number);
        };
        let group = &self.groups[client / size];
        // Once to have everybody's answer in, once more so that all of them see the same end.
        if group.gate.wait().is_leader() {
            group.ended.store(self.ends_before(round), Ordering::Relaxed);
        }
        group.gate.wait();
        let number = round * self.groups.len() as u64 + (client / size) as u64;
        (!group.ended.load(Ordering::Relaxed)).then_some(number)
    }

    /// Whether the time is up. Each client's first request is sent all the same: a machine may stand
    /// still for longer than a short run, and one without any request has no figures.
    fn ends_before(&self, round: u64) -> bool {
        let limit = self.settings.seconds.min(3600.0);
        round > 0 && self.started.elapsed() >= Duration::from_secs_f64(limit)
    }

    fn request(&self, number: u64) -> Vec<u8> {
        let Settings { method, path, .. } = self.settings;
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: bench/1\r\n\
             Accept: application/json\r\nAccept-Encoding: gzip, br\r\nAccept-Language: en\r\n\
             Authorization: Bearer 3b1f8a6e5c4d4f0e9a7b6c5d4e3f2a1b\r\n"
        );
        if let Some(key) = self.settings.keys.key(number) {
            head.push_str(&format!("Idempotency-Key: \"{key}\"\r\n"));
        }
        if method != "GET" {
            let length = self.body.len();
            head.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            ));
        }
        head.push_str("\r\n");
        if method != "GET" {
            head.push_str(&self.body);
        }
        head.into_bytes()
    }
}
