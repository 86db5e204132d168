//! Mixed traffic at a fixed rate.
//!
//! 1. Requests are due at fixed times, whether or not earlier ones are answered, and a latency counts
//!    from the time at which its request was due: a guard that stands still is seen by all who would have
//!    come in the meantime, and not by those alone who were waiting.
//! 2. Every answer is compared with what its kind has to get; a replay's bytes with the first answer's.
//! 3. A line of JSON tells of each stretch of time, a last one of all of it.

mod kinds;
mod pool;
mod report;
mod settings;

use crate::http::{Connection, Head};
use kinds::{Form, Key, Kind, SHARED_BY};
use pool::{Answered, Pool};
use report::Report;
use settings::Settings;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than the guard lets anybody wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// workerd ends a connection on which nothing came for five seconds.
const REST: Duration = Duration::from_secs(3);

/// A connection that stays open for the next request, and since when it rests.
type Kept = Option<(Connection, Instant)>;

struct Run {
    settings: Settings,
    cycle: Vec<(Kind, u64)>,
    started: Instant,
    next: AtomicU64,
    pools: [Pool; Form::ALL.len()],
    /// What the first of those who share a key got, and how many got it.
    shared: Mutex<HashMap<u64, (u64, u64)>>,
    report: Mutex<Report>,
}

/// One request.
struct Exchange {
    kind: Kind,
    key: Option<String>,
    /// The answer's, where it is known.
    digest: Option<u64>,
    request: Vec<u8>,
}

/// Sends what the settings say, and prints what came of it.
pub fn mix(arguments: &[String]) -> Result<(), String> {
    let settings = Settings::parse(arguments)?;
    let mut run = Run {
        cycle: settings.cycle(),
        settings,
        started: Instant::now(),
        next: AtomicU64::new(0),
        pools: Default::default(),
        shared: Mutex::default(),
        report: Mutex::default(),
    };
    run.prime();
    run.started = Instant::now();
    let mut all = Report::default();
    let mut told = run.started;
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..run.settings.connections).map(|_| scope.spawn(|| run.client())).collect();
        while clients.iter().any(|client| !client.is_finished()) {
            thread::sleep(Duration::from_millis(10));
            if told.elapsed().as_secs_f64() >= run.settings.every {
                run.tell(&mut all, &mut told);
            }
        }
    });
    run.take(&mut all);
    println!("{}", all.into_json(run.started.elapsed().as_secs_f64(), true));
    Ok(())
}

impl Run {
    /// Has keys answered that are asked for again later.
    fn prime(&self) {
        let mut connection = None;
        for form in Form::ALL {
            let again = |kind: &Kind| matches!(kind.key, Key::Answered | Key::Reused);
            if !self.cycle.iter().any(|(kind, _)| again(kind) && kind.form == form) {
                continue;
            }
            for number in 0..self.settings.prime {
                let kind = Kind { name: "primed", key: Key::New, form };
                let key = format!("{}-primed-{form:?}-{number}", self.settings.prefix);
                let exchange = self.keyed(kind, key, None);
                let answer = self.send(&mut connection, &exchange);
                let result = answer.and_then(|head| self.check(&exchange, &head, None));
                if let Err(why) = result {
                    self.lock().fail(format!("before the start: {why}"));
                }
            }
        }
    }

    fn client(&self) {
        let mut connection = None;
        loop {
            let ticket = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = self.due(ticket) else { return };
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let (kind, member) = self.cycle[(ticket % self.cycle.len() as u64) as usize];
            let group = (kind.key == Key::Shared).then(|| ticket - member);
            let exchange = self.exchange(kind, ticket, group);
            let answer = self.send(&mut connection, &exchange);
            let latency = due.elapsed();
            let result = answer.and_then(|head| {
                let mut report = self.lock();
                report.note(kind.name, latency, &head.outcome(), head.replayed);
                drop(report);
                self.check(&exchange, &head, group)
            });
            if let Err(why) = result {
                self.lock().fail(format!("{}: {why}", kind.name));
            }
        }
    }

    /// When a request is due; nothing at the end.
    fn due(&self, ticket: u64) -> Option<Instant> {
        let rate = self.settings.rate;
        let after = match rate {
            0.0 => self.started.elapsed(),
            rate => Duration::from_secs_f64(ticket as f64 / rate),
        };
        (after.as_secs_f64() < self.settings.seconds).then(|| self.started + after)
    }

    fn exchange(&self, kind: Kind, ticket: u64, group: Option<u64>) -> Exchange {
        let prefix = &self.settings.prefix;
        match kind.key {
            Key::None => Exchange { kind, key: None, digest: None, request: self.get() },
            Key::TooLong => self.keyed(kind, format!("{prefix}-{ticket:0>300}"), None),
            Key::Answered | Key::Reused => {
                let age = Duration::from_secs_f64(self.settings.age);
                match self.pools[kind.form as usize].draw(scatter(ticket), age) {
                    Some(known) => self.keyed(kind, known.key, Some(known.digest)),
                    // Where nothing was answered for so long, one is asked for the first time.
                    None => self.keyed(Kind { key: Key::New, ..kind }, self.new_key(ticket), None),
                }
            }
            Key::New | Key::Shared | Key::Flooded => {
                self.keyed(kind, self.new_key(group.unwrap_or(ticket)), None)
            }
        }
    }

    fn new_key(&self, number: u64) -> String {
        format!("{}-{:016x}", self.settings.prefix, scatter(number))
    }

    fn keyed(&self, kind: Kind, key: String, digest: Option<u64>) -> Exchange {
        let body = kind.form.body(kind.key);
        let request = format!(
            "POST {} HTTP/1.1\r\n{}Idempotency-Key: \"{key}\"\r\nContent-Type: {}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            kind.form.path(),
            self.head(),
            kind.form.content_type(),
            body.len(),
        );
        Exchange { kind, key: Some(key), digest, request: request.into_bytes() }
    }

    fn get(&self) -> Vec<u8> {
        format!("GET /orders HTTP/1.1\r\n{}\r\n", self.head()).into_bytes()
    }

    fn head(&self) -> String {
        let Settings { caller, address, .. } = &self.settings;
        format!(
            "Host: api.example.com\r\nUser-Agent: bench/1\r\nAccept: application/json\r\n\
             Authorization: Bearer {caller}\r\nCF-Connecting-IP: {address}\r\n"
        )
    }

    fn send(&self, kept: &mut Kept, exchange: &Exchange) -> Result<Head, String> {
        let awake = kept.take().filter(|(_, since)| since.elapsed() < REST);
        let open = || Connection::comparing(self.settings.port, PATIENCE);
        let connection = awake.map_or_else(open, |(connection, _)| Ok(connection));
        let mut connection = connection.map_err(|error| format!("no connection: {error}"))?;
        let answer = connection.exchange(&exchange.request);
        let head = answer.map_err(|error| format!("no whole answer: {error}"))?;
        if !head.closes {
            *kept = Some((connection, Instant::now()));
        }
        Ok(head)
    }

    /// Whether an answer is what it has to be; a new one is remembered.
    fn check(&self, exchange: &Exchange, head: &Head, group: Option<u64>) -> Result<(), String> {
        let Exchange { kind, key, digest, .. } = exchange;
        let outcome = head.outcome();
        if !kind.expects(&outcome, head.replayed) {
            let replayed = if head.replayed { ", replayed" } else { "" };
            return Err(format!("{outcome}{replayed}"));
        }
        match kind.key {
            Key::Answered if *digest != Some(head.digest) => {
                return Err("a replay is not what was answered first".into());
            }
            Key::New => {
                let key = key.clone().unwrap_or_default();
                self.pools[kind.form as usize].add(Answered { key, digest: head.digest });
            }
            Key::Shared if !self.is_shared(group.unwrap_or_default(), head.digest) => {
                return Err("two who share a key got different answers".into());
            }
            _ => {}
        }
        let is_new = matches!(kind.key, Key::New | Key::Shared | Key::Flooded);
        if is_new && !head.replayed && head.word(1) == "201" {
            self.lock().count_key();
        }
        Ok(())
    }

    /// Whether all who share a key got the same so far.
    fn is_shared(&self, group: u64, digest: u64) -> bool {
        let mut shared = self.shared.lock().expect("a lock that nobody dies with");
        let (first, count) = shared.entry(group).or_insert((digest, 0));
        *count += 1;
        let same = *first == digest;
        if *count == SHARED_BY {
            shared.remove(&group);
        }
        same
    }

    fn tell(&self, all: &mut Report, told: &mut Instant) {
        let part = self.take(all);
        println!("{}", part.into_json(told.elapsed().as_secs_f64(), false));
        *told = Instant::now();
    }

    /// What was noted since the last time, which goes into the sum as well.
    fn take(&self, all: &mut Report) -> Report {
        let part = std::mem::take(&mut *self.lock());
        all.add(&part);
        part
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Report> {
        self.report.lock().expect("a lock that nobody dies with")
    }
}

/// A number for a number that looks drawn at random (SplitMix64).
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
