//! What the origin does with one arrival, and what that means.

use std::time::Duration;

use crate::random::Random;

/// What the guard waits for an answer, and what it keeps; the policy of the storm.
pub const DEADLINE: Duration = Duration::from_secs(3);
pub const LARGEST_KEPT: usize = 256 * 1024;

#[derive(Clone, Debug)]
pub struct Act {
    /// Between the request's last byte and the answer's first.
    pub delay: Duration,
    pub status: u16,
    /// Of the answer's body, in bytes.
    pub length: usize,
    pub ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    Whole,
    Chunked,
    /// Half of the body, a pause, the rest.
    Halting(Duration),
    /// Half of the body that was promised, and the connection closes.
    Cut,
    /// Half of the body in chunks, and the connection closes.
    CutInChunks,
    /// The request is read, and the connection closes.
    NoAnswer,
    /// The connection closes when the request's head is read.
    Unread,
}

/// What an answer means to the guard (DESIGN, section 5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Released,
    Final,
    /// Final, and not kept.
    TooLarge,
    ServerError,
    /// There is no whole answer.
    Broken,
}

impl Act {
    pub fn fate(&self) -> Fate {
        match self.ending {
            Ending::Cut | Ending::CutInChunks | Ending::NoAnswer | Ending::Unread => Fate::Broken,
            _ if self.is_released() => Fate::Released,
            _ if self.length > LARGEST_KEPT => Fate::TooLarge,
            _ if self.status >= 500 => Fate::ServerError,
            _ => Fate::Final,
        }
    }

    /// 503 is answered by this origin in one way only: with `Retry-After`.
    pub fn is_released(&self) -> bool {
        matches!(self.status, 425 | 429 | 503)
    }

    /// Beyond what was planned, which nobody should see.
    pub fn unplanned() -> Act {
        Act { delay: Duration::ZERO, status: 200, length: 9, ending: Ending::Whole }
    }
}

/// Up to two answers that free the key, then the one that counts.
pub fn acts(random: &mut Random) -> Vec<Act> {
    let releases = random.pick(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
    let mut acts: Vec<_> = (0..releases).map(|_| released(random)).collect();
    acts.push(last(random));
    acts
}

fn released(random: &mut Random) -> Act {
    let status = random.pick(&[425, 429, 429, 503, 503]);
    Act { delay: delay(random), status, length: length(random), ending: Ending::Whole }
}

fn last(random: &mut Random) -> Act {
    let done = done(random);
    match random.below(100) {
        0..68 => done,
        68..78 => Act { status: random.pick(&[500, 502, 504, 599]), ..done },
        78..82 => Act { ending: Ending::NoAnswer, ..done },
        82..85 => Act { ending: Ending::Unread, ..done },
        85..89 => Act { status: 201, length: 90_000, ending: Ending::Cut, ..done },
        89..92 => Act { status: 500, length: 200, ending: Ending::CutInChunks, ..done },
        92..97 => {
            let over = Duration::from_millis(1000 + random.below(2000) as u64);
            Act { delay: DEADLINE + over, ..done }
        }
        _ => {
            let ending = random.pick(&[Ending::Whole, Ending::Chunked]);
            Act { status: 200, length: LARGEST_KEPT + 100_000, ending, ..done }
        }
    }
}

fn done(random: &mut Random) -> Act {
    let status = random.pick(&[200, 201, 201, 202, 204, 303, 400, 404, 409, 422]);
    let length = if status == 204 { 0 } else { length(random) };
    let pause = Duration::from_millis(random.below(300) as u64);
    let endings = [Ending::Whole, Ending::Whole, Ending::Chunked, Ending::Halting(pause)];
    // A 204 says by its status alone where it ends.
    let ending = if length == 0 { Ending::Whole } else { random.pick(&endings) };
    Act { delay: delay(random), status, length, ending }
}

fn length(random: &mut Random) -> usize {
    let below = random.pick(&[1, 100, 100, 5000, 70_000, 200_000]);
    random.below(below)
}

fn delay(random: &mut Random) -> Duration {
    let below = random.pick(&[1, 1, 1, 150, 150, 150, 150, 500, 500, 1000]);
    Duration::from_millis(random.below(below) as u64)
}
