//! Keys whose doubt ends, beside the storm's others and under the same deaths: the origin of theirs can be
//! asked, and some callers give up.
//!
//! 1. What arrives is carried out at once, late, or not at all, and answered or not, as the dice have it:
//!    nobody can tell from the answer. The look-up shows what was carried out, but for a second after.
//! 2. A client sends until it has an answer of the origin's, or is told that the key was given up.
//! 3. Nothing is carried out twice, and nothing at all that arrives after a caller was told of a fence.
//!    Everybody sees the one answer. In the end nobody is in doubt, and what was carried out is known.

mod judge;

use std::collections::BTreeSet;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Answer, Call};
use crate::random::Random;
use crate::sender::Gate;
use crate::wire::{Framing, Headers, read_body};

pub const SETTLE_AUTHORIZATION: &str = "Bearer settles-the-storm";
const CALLER: &str = "Bearer caller-of-the-storm";

const KEYS: usize = 48;
const CLIENTS: usize = 3;
/// The look-up's replica is as late as this.
const LAG: Duration = Duration::from_secs(1);
/// The longest time until what has arrived is carried out.
const LATEST: Duration = Duration::from_secs(2);
/// More than the two of them, and than a request is on its way on a busy machine.
const ABSENT_AFTER: &str = "8s";
/// By then every client has its answer, and every doubt has ended.
const PATIENCE: Duration = Duration::from_secs(90);

/// The route of the policy.
pub fn route() -> Value {
    let settle = json!({
        "path": "/lookup?key={key}", "found": "/data/0", "absent_after": ABSENT_AFTER,
        "at": ["1s", "3s"],
    });
    json!({ "path": "/doubts", "settle": settle })
}

/// What the origin does with one arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Answers,
    /// Carries it out after a while, and answers.
    IsSlow(Duration),
    /// Carries it out, and the connection closes.
    Vanishes,
    /// Carries it out, and answers 500.
    Fails,
    /// Answers 500, and does nothing.
    FailsIdle,
    /// The connection closes, and nothing is done.
    Ignores,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    received: Instant,
    carried_out: Option<Instant>,
}

/// What a caller who gave up was told of its key, and when it had heard it.
#[derive(Clone, Debug)]
struct Fence {
    state: String,
    heard: Instant,
}

#[derive(Default)]
struct Book {
    arrivals: Vec<Arrival>,
    /// The answers of the origin that clients have seen, in their bytes.
    shown: BTreeSet<Vec<u8>>,
    /// When somebody began to give the key up, whatever came of it.
    given_up: Option<Instant>,
    fences: Vec<Fence>,
    /// When clients heard that the key was given up.
    refused: Vec<Instant>,
    left: Vec<String>,
    /// What the guard says in the end.
    end: String,
}

pub struct Doubts {
    seed: u64,
    books: Vec<Mutex<Book>>,
    dice: Mutex<Random>,
}

impl Doubts {
    pub fn new(seed: u64) -> Self {
        let books = (0..KEYS).map(|_| Mutex::default()).collect();
        Self { seed, books, dice: Mutex::new(Random::seeded(seed ^ 0xd0b7)) }
    }

    fn key(&self, number: usize) -> String {
        format!("stormy-doubt-{}-{number}", self.seed)
    }

    fn number(&self, key: &str) -> Option<usize> {
        let (seed, number) = key.strip_prefix("stormy-doubt-")?.split_once('-')?;
        let number = number.parse().ok().filter(|number| *number < KEYS)?;
        (seed == self.seed.to_string()).then_some(number)
    }

    fn below(&self, bound: usize) -> usize {
        self.dice.lock().unwrap().below(bound)
    }

    // The origin.

    /// Serves one request of these keys. Returns `None` if it is none of theirs.
    pub fn serve(
        &self,
        start: &str,
        headers: &Headers,
        reader: &mut BufReader<TcpStream>,
        writer: &mut TcpStream,
    ) -> Option<io::Result<bool>> {
        let target = start.split(' ').nth(1)?;
        if let Some(key) = target.strip_prefix("/lookup?key=") {
            return Some(self.look_up(key, headers, writer));
        }
        let number = self.number(headers.get("idempotency-key")?.trim_matches('"'))?;
        (target == "/doubts").then(|| self.carry_out(number, headers, reader, writer))
    }

    fn carry_out(
        &self,
        number: usize,
        headers: &Headers,
        reader: &mut BufReader<TcpStream>,
        writer: &mut TcpStream,
    ) -> io::Result<bool> {
        read_body(reader, Framing::of(headers, Framing::Length(0))?)?;
        let at = {
            let mut book = self.books[number].lock().unwrap();
            book.arrivals.push(Arrival { received: Instant::now(), carried_out: None });
            book.arrivals.len() - 1
        };
        let act = self.act(at);
        if let Act::IsSlow(time) = act {
            thread::sleep(time);
        }
        if !matches!(act, Act::FailsIdle | Act::Ignores) {
            let now = Some(Instant::now());
            self.books[number].lock().unwrap().arrivals[at].carried_out = now;
        }
        match act {
            Act::Answers | Act::IsSlow(_) => answer(writer, 201, &self.receipt(number, at)),
            Act::Fails | Act::FailsIdle => answer(writer, 500, r#"{"error":"perhaps"}"#),
            Act::Vanishes | Act::Ignores => Ok(false),
        }
    }

    /// The second time it is carried out for certain, so that a round has an end.
    fn act(&self, arrivals_before: usize) -> Act {
        let slowness = Duration::from_millis(self.below(LATEST.as_millis() as usize) as u64);
        match self.below(if arrivals_before == 0 { 10 } else { 7 }) {
            0..3 => Act::Answers,
            3 => Act::IsSlow(slowness),
            4 | 5 => Act::Vanishes,
            6 => Act::Fails,
            7 => Act::FailsIdle,
            _ => Act::Ignores,
        }
    }

    /// The same from the answer and from the look-up.
    fn receipt(&self, number: usize, at: usize) -> String {
        format!(r#"{{"key":"{}","arrival":{at}}}"#, self.key(number))
    }

    fn look_up(&self, key: &str, headers: &Headers, writer: &mut TcpStream) -> io::Result<bool> {
        let may = [SETTLE_AUTHORIZATION, CALLER];
        let is_allowed = headers.get("authorization").is_some_and(|shown| may.contains(&shown));
        match self.number(key).filter(|_| is_allowed) {
            None => answer(writer, 401, "{}"),
            Some(_) if self.below(8) == 0 => answer(writer, 503, "{}"),
            Some(number) => {
                let now = Instant::now();
                let book = self.books[number].lock().unwrap();
                let is_visible = |arrival: &Arrival| {
                    arrival.carried_out.is_some_and(|at| now.duration_since(at) >= LAG)
                };
                let found = book.arrivals.iter().position(is_visible);
                let data = found.map(|at| self.receipt(number, at)).unwrap_or_default();
                answer(writer, 200, &format!(r#"{{"data":[{data}]}}"#))
            }
        }
    }

    // The clients.

    /// All of them, in threads of their own.
    pub fn send<'s>(&'s self, scope: &'s thread::Scope<'s, '_>, gate: &'s Gate) {
        for client in 0..CLIENTS {
            for number in 0..KEYS {
                let seed = self.seed.wrapping_mul(1000) + (number * CLIENTS + client) as u64;
                scope.spawn(move || self.client(number, client, gate, Random::seeded(seed)));
            }
        }
    }

    fn client(&self, number: usize, client: usize, gate: &Gate, mut random: Random) {
        // Spread over the round.
        thread::sleep(Duration::from_millis(random.below(20_000) as u64));
        // One key in three has somebody who gives up.
        if client == 0 && number.is_multiple_of(3) {
            return self.gives_up(number, gate, &mut random);
        }
        let (began, mut told) = (Instant::now(), Vec::new());
        while began.elapsed() < PATIENCE {
            let call = Call::post("/doubts")
                .key(&self.key(number))
                .authorization(CALLER)
                .json(&format!(r#"{{"doubt":{number}}}"#));
            let answer = sent(gate, &call, &mut random);
            if answer.as_ref().is_some_and(|answer| self.is_content(number, answer)) {
                return;
            }
            told.push((began.elapsed().as_secs(), answer.map(|answer| answer.status)));
            thread::sleep(Duration::from_millis(100 + random.below(900) as u64));
        }
        let left = format!("client {client} has no answer, and was told {told:?}");
        self.books[number].lock().unwrap().left.push(left);
    }

    /// Whether a client has what it came for.
    fn is_content(&self, number: usize, answer: &Answer) -> bool {
        let code = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        let mut book = self.books[number].lock().unwrap();
        if answer.status == 200 || answer.status == 201 {
            book.shown.insert(answer.body.clone());
            return true;
        }
        let is_fenced = code["code"] == "key-fenced";
        if is_fenced {
            book.refused.push(Instant::now());
        }
        is_fenced
    }

    fn gives_up(&self, number: usize, gate: &Gate, random: &mut Random) {
        let call = self.question("DELETE", number);
        self.books[number].lock().unwrap().given_up = Some(Instant::now());
        for _ in 0..20 {
            if let Some(answer) = sent(gate, &call, random)
                && answer.status == 200
            {
                let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let state = said["state"].as_str().unwrap_or_default().to_owned();
                let fence = Fence { state, heard: Instant::now() };
                return self.books[number].lock().unwrap().fences.push(fence);
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn question(&self, method: &str, number: usize) -> Call {
        let call = Call::new(method, "/.onlyonce/key?path=/doubts");
        call.key(&self.key(number)).authorization(CALLER)
    }

    /// What the guard says of each key once nothing goes on any more: waits for doubts to end.
    pub fn ask_in_the_end(&self, guard: SocketAddr) {
        let began = Instant::now();
        for number in 0..KEYS {
            loop {
                let answer = self.question("GET", number).send(guard);
                let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let state = said["state"].as_str().unwrap_or_default().to_owned();
                let is_over = !matches!(state.as_str(), "unknown" | "in-progress");
                if is_over || began.elapsed() > PATIENCE {
                    self.books[number].lock().unwrap().end = state;
                    break;
                }
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// Some leave before they have their answer.
fn sent(gate: &Gate, call: &Call, random: &mut Random) -> Option<Answer> {
    let mut connection = call.open(gate.address().ok()?).ok()?;
    let is_patient = random.below(3) > 0;
    let patience =
        Duration::from_millis(if is_patient { 30_000 } else { random.below(1500) as u64 });
    match connection.begins_within(patience) {
        Ok(true) => connection.answer().ok(),
        _ => {
            connection.reset();
            None
        }
    }
}

fn answer(writer: &mut TcpStream, status: u16, body: &str) -> io::Result<bool> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Storm\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    writer.write_all(format!("{head}{body}").as_bytes())?;
    Ok(true)
}
