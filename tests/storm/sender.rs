//! One client: it sends the same request until it has a final answer, or a problem that says that another
//! attempt is of no use.
//!
//! Each attempt writes key and body afresh, in any of the ways that mean the same.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::body;
use crate::http::{Answer, Call, Connection};
use crate::ledger::digest;
use crate::log::{Exchange, Log, Told, Word, body_of, record_of};
use crate::plan::{Manner, Plan, Sender};
use crate::random::Random;

/// A client that has nothing after this time is left without an answer, however often the runtime died.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than any answer takes to begin: a deadline of 3 s, and a busy machine.
const SILENCE: Duration = Duration::from_secs(30);

/// Where the guard is, while it is anywhere.
pub struct Gate(pub Mutex<Option<SocketAddr>>);

impl Gate {
    pub fn set(&self, address: Option<SocketAddr>) {
        *self.0.lock().unwrap() = address;
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.lock().unwrap().ok_or_else(|| io::Error::other("the runtime is down"))
    }
}

pub struct Client<'a> {
    pub number: usize,
    pub sender: &'a Sender,
    pub plan: &'a Plan,
    pub gate: &'a Gate,
    pub log: &'a Log,
}

impl Client<'_> {
    pub fn run(&self) {
        let mut random = Random::seeded(self.sender.seed);
        let mut manners = self.sender.manners.iter().copied();
        let times = if self.sender.again { 2 } else { 1 };
        for _ in 0..times {
            let told = self.send(&mut manners, &mut random);
            self.log.close(self.sender.operation, told);
        }
    }

    fn send(&self, manners: &mut impl Iterator<Item = Manner>, random: &mut Random) -> Told {
        let began = Instant::now();
        loop {
            let manner = manners.next().unwrap_or(Manner::Patient);
            let last = match self.attempt(manner, random) {
                Ok(Some(exchange)) if !exchange.word.is_retryable(exchange.status) => {
                    return Told::Final;
                }
                Ok(Some(exchange)) => format!("{} {:?}", exchange.status, exchange.word),
                Ok(None) => format!("left: {manner:?}"),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Told::Nothing(format!("{error}, after {manner:?}"));
                }
                Err(error) => error.to_string(),
            };
            if began.elapsed() > PATIENCE {
                return Told::Nothing(format!(
                    "still none after {PATIENCE:?}; the last try: {last}"
                ));
            }
            thread::sleep(Duration::from_millis(5 + random.below(400) as u64));
        }
    }

    /// The answer, if it came whole and the client was still there.
    fn attempt(&self, manner: Manner, random: &mut Random) -> io::Result<Option<Exchange>> {
        let address = self.gate.address()?;
        let (call, length) = self.call(manner, random);
        let began = Instant::now();
        let leave = if random.below(2) == 0 { Connection::reset } else { Connection::hang_up };
        let mut connection = match manner {
            Manner::LeavesInUpload(share) => {
                leave(call.open_part(address, length * share / 100)?);
                return Ok(None);
            }
            _ => call.open(address)?,
        };
        let patience = if let Manner::TimesOut(after) = manner { after } else { SILENCE };
        match (connection.begins_within(patience)?, manner) {
            (false, Manner::TimesOut(_)) | (true, Manner::LeavesInAnswer) => leave(connection),
            (false, _) => return Err(io::Error::new(io::ErrorKind::TimedOut, "silence")),
            (true, _) => return connection.answer().map(|answer| Some(self.log(began, answer))),
        }
        Ok(None)
    }

    fn call(&self, manner: Manner, random: &mut Random) -> (Call, usize) {
        let Sender { operation: number, variant, .. } = *self.sender;
        let operation = &self.plan.operations[number];
        let identity = &operation.identities[self.sender.identity];
        let (content_type, bytes) = body::write(operation.body, variant, random);
        let key = match random.below(2) {
            0 => operation.key.clone(),
            _ => format!("\"{}\"", operation.key),
        };
        let variant = if variant == body::Variant::One { "one" } else { "other" };
        let call = Call::post(&format!("/operations/{number}"))
            .key(&key)
            .header(identity.header, &identity.value)
            .header("Content-Type", &content_type)
            .header("X-Variant", variant)
            .header("X-Digest", &format!("{:x}", digest(&bytes)));
        let length = bytes.len();
        let call = call.body(bytes);
        (if matches!(manner, Manner::Chunked) { call.chunked(9000) } else { call }, length)
    }

    fn log(&self, began: Instant, answer: Answer) -> Exchange {
        let exchange = Exchange {
            sender: self.number,
            operation: self.sender.operation,
            identity: self.sender.identity,
            variant: self.sender.variant,
            began,
            ended: Instant::now(),
            status: answer.status,
            body: body_of(&answer),
            word: Word::of(&answer),
            record: record_of(&answer),
            headers: answer.headers,
        };
        self.log.write(exchange.clone());
        exchange
    }
}
