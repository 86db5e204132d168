//! The clients' book: every answer that came whole, and what it says.

use std::sync::Mutex;
use std::time::Instant;

use serde_json::Value;

use crate::body::Variant;
use crate::http::Answer;
use crate::ledger::digest;
use crate::wire::Headers;

/// One attempt that got a whole answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub sender: usize,
    pub operation: usize,
    pub identity: usize,
    pub variant: Variant,
    pub began: Instant,
    pub ended: Instant,
    pub status: u16,
    pub headers: Headers,
    /// Length and digest.
    pub body: (usize, u64),
    pub word: Word,
    /// The record that it names.
    pub record: Option<String>,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// The origin's answer to this execution.
    Answer(usize, Way),
    /// The guard's own.
    Problem { code: String, retryable: bool },
    /// Neither, in the words of its status line and Cache-Status.
    Foreign,
}

/// How an answer came, by `Cache-Status`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    First,
    Replayed,
    Joined,
    Released,
    NotKept,
}

impl Word {
    pub fn of(answer: &Answer) -> Word {
        problem(answer).or_else(|| answered(answer)).unwrap_or(Word::Foreign)
    }

    /// Whether the same request is worth sending again.
    pub fn is_retryable(&self, status: u16) -> bool {
        match self {
            // A shared answer looks like a replayed one but for its status.
            Word::Answer(_, Way::Released) => true,
            Word::Answer(_, Way::Joined) => matches!(status, 425 | 429 | 503),
            Word::Problem { retryable, .. } => *retryable,
            _ => false,
        }
    }

    pub fn is_problem(&self, code: &str) -> bool {
        matches!(self, Word::Problem { code: found, .. } if found == code)
    }

    pub fn execution(&self) -> Option<usize> {
        if let Word::Answer(number, _) = self { Some(*number) } else { None }
    }
}

fn problem(answer: &Answer) -> Option<Word> {
    let detail = answer.header("cache-status")?.strip_prefix("onlyonce; detail=")?;
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let code = body["code"].as_str().filter(|code| *code == detail)?.to_owned();
    Some(Word::Problem { code, retryable: body["retryable"].as_bool()? })
}

fn answered(answer: &Answer) -> Option<Word> {
    let execution = answer.header("x-execution")?.parse().ok()?;
    let line = answer.header("cache-status")?.strip_prefix("onlyonce; ")?;
    let ways = [
        ("fwd=miss; stored; key=", Way::First),
        ("hit; key=", Way::Replayed),
        ("fwd=miss; collapsed; key=", Way::Joined),
        ("fwd=miss; key=", Way::Released),
    ];
    let (_, way) = ways.iter().find(|(start, _)| line.starts_with(start))?;
    let way = if line.ends_with("; detail=not-kept") { Way::NotKept } else { *way };
    Some(Word::Answer(execution, way))
}

/// The record that an answer names, in its Cache-Status or as the instance of a problem.
pub fn record_of(answer: &Answer) -> Option<String> {
    if let Some((_, rest)) = answer.header("cache-status")?.split_once("; key=\"") {
        return rest.split('"').next().map(str::to_owned);
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body["instance"].as_str()?.strip_prefix("/.onlyonce/records/").map(str::to_owned)
}

/// How it went for one client.
#[derive(Clone, Debug)]
pub enum Told {
    Final,
    /// Why it was still without an answer when it gave up.
    Nothing(String),
}

#[derive(Default)]
pub struct Log {
    exchanges: Mutex<Vec<Exchange>>,
    told: Mutex<Vec<(usize, Told)>>,
}

impl Log {
    pub fn write(&self, exchange: Exchange) {
        self.exchanges.lock().unwrap().push(exchange);
    }

    pub fn close(&self, operation: usize, told: Told) {
        self.told.lock().unwrap().push((operation, told));
    }

    /// In the order in which they ended.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap().clone()
    }

    pub fn told(&self) -> Vec<(usize, Told)> {
        self.told.lock().unwrap().clone()
    }
}

pub fn body_of(answer: &Answer) -> (usize, u64) {
    (answer.body.len(), digest(&answer.body))
}
