//! Keys whose answers have come, to be asked for again.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[derive(Clone)]
pub struct Answered {
    pub key: String,
    /// Of the answer's body.
    pub digest: u64,
}

/// Of one form of request, the youngest last.
#[derive(Default)]
pub struct Pool(Mutex<VecDeque<(Answered, Instant)>>);

/// As many as this; the oldest goes first.
const MOST: usize = 4096;

/// Every other one that is drawn is among so many of the youngest, which an isolate remembers.
const YOUNG: usize = 64;

impl Pool {
    pub fn add(&self, answered: Answered) {
        let mut pool = self.0.lock().expect("a lock that nobody dies with");
        if pool.len() == MOST {
            pool.pop_front();
        }
        pool.push_back((answered, Instant::now()));
    }

    /// One that is not older than this, by a number drawn at random; none where there is none.
    pub fn draw(&self, random: u64, age: Duration) -> Option<Answered> {
        let mut pool = self.0.lock().expect("a lock that nobody dies with");
        while pool.front().is_some_and(|(_, since)| since.elapsed() > age) {
            pool.pop_front();
        }
        let among = if random.is_multiple_of(2) { pool.len().min(YOUNG) } else { pool.len() };
        let back = (random >> 1) as usize % among.max(1);
        let at = pool.len().checked_sub(back + 1)?;
        pool.get(at).map(|(answered, _)| answered.clone())
    }
}
