//! What happens in a run, drawn from a seed. An operation names its objects by numbers that count
//! round among those that are there, so that a schedule stays one when operations are left out:
//! that is how a failing one is made small.

use crate::random::Random;
use crate::request::{BODY_COUNT, CALLER_COUNT, POLICIES, Request};

#[derive(Clone, Debug)]
pub enum Operation {
    Submit(Arrival),
    /// More of the same at once than may wait.
    Crowd(Arrival),
    /// The origin says something to one of the open calls.
    Report {
        call: usize,
        report: Report,
    },
    /// The headers of a call's answer are there, and say whether it is a stream.
    Headers {
        call: usize,
        stream: bool,
    },
    /// Time passes; alarms come this much too late.
    Wait {
        millis: u64,
        late: u64,
    },
    /// The instance of a key's shard dies.
    Die {
        key: usize,
    },
    /// An alarm rings too soon, or once more.
    Ring {
        key: usize,
    },
    /// One of those who wait or whose request was sent hangs up.
    HangUp {
        client: usize,
    },
    /// The deployment gets another policy.
    Deploy {
        policy: usize,
    },
    /// One of the copies on their way to KV is there, or lost.
    Copy {
        copy: usize,
        lands: bool,
    },
    Forget {
        key: usize,
    },
    /// One of the deletions is confirmed, or fails.
    Deletion {
        deletion: usize,
        lands: bool,
    },
    Resolve {
        key: usize,
        processed: bool,
    },
}

/// One request for a key, as it comes to a Worker.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub key: usize,
    pub request: Request,
    pub isolate: usize,
    pub view: View,
    /// The Worker's own second call.
    pub redelivered: bool,
}

/// What KV shows a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Nothing,
    Current,
    Stale,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    NotSent,
    Answers,
    AnswersAtLength,
    Refuses,
    /// For good.
    Declines,
    Fails,
    Conflicts,
    Breaks,
}

const REPORTS: [Report; 10] = [
    Report::Answers,
    Report::Answers,
    Report::Answers,
    Report::AnswersAtLength,
    Report::Refuses,
    Report::Declines,
    Report::Fails,
    Report::Conflicts,
    Report::Breaks,
    Report::NotSent,
];

/// Most of what happens concerns a few keys; the many others fill the memories.
const HOT_KEYS: usize = 4;
const KEYS: usize = 1500;
const LENGTH: usize = 500;

pub fn drawn(seed: u64) -> Vec<Operation> {
    let mut random = Random::seeded(seed);
    (0..LENGTH).map(|_| operation(&mut random)).collect()
}

fn operation(random: &mut Random) -> Operation {
    let key = if random.below(5) > 0 { random.below(HOT_KEYS) } else { random.below(KEYS) };
    let any = random.below(KEYS);
    match random.below(100) {
        0 => Operation::Crowd(arrival(random, key)),
        1..=42 => Operation::Submit(arrival(random, key)),
        43..=44 => Operation::Ring { key },
        45..=49 => Operation::Headers { call: any, stream: random.below(2) == 0 },
        50..=64 => Operation::Report { call: any, report: random.pick(&REPORTS) },
        65..=79 => wait(random),
        80..=81 => Operation::Die { key },
        82..=83 => Operation::HangUp { client: any },
        84..=85 => Operation::Deploy { policy: random.below(POLICIES.len()) },
        86..=91 => Operation::Copy { copy: any, lands: random.below(4) > 0 },
        92..=93 => Operation::Forget { key },
        94..=96 => Operation::Deletion { deletion: any, lands: random.below(3) > 0 },
        _ => Operation::Resolve { key, processed: random.below(2) == 0 },
    }
}

fn arrival(random: &mut Random, key: usize) -> Arrival {
    // Most retries are honest.
    let honest = random.below(3) > 0;
    let mut of = |count| if honest { 0 } else { random.below(count) };
    let request = Request { who: of(CALLER_COUNT), body: of(BODY_COUNT) };
    let view = random.pick(&[View::Nothing, View::Current, View::Current, View::Stale]);
    let redelivered = random.below(8) == 0;
    Arrival { key, request, isolate: random.below(2), view, redelivered }
}

fn wait(random: &mut Random) -> Operation {
    let longest =
        random.pick(&[50, 50, 5_000, 30_000, 30_000, 70_000, 130_000, 3_600_000, 90_000_000]);
    let late = random.pick(&[0, 0, 20, 40_000]);
    Operation::Wait { millis: random.below(longest) as u64, late }
}

/// A schedule that still fails, from which nothing can be left out.
pub fn smallest(
    mut schedule: Vec<Operation>,
    fails: impl Fn(&[Operation]) -> bool,
) -> Vec<Operation> {
    let mut size = schedule.len() / 2;
    while size > 0 {
        let before = schedule.len();
        schedule = without_stretches(schedule, size, &fails);
        // At the finest, until nothing more goes.
        size = if schedule.len() < before { size } else { size / 2 };
    }
    schedule
}

/// Leaves out every stretch of this length that a failure does not need.
fn without_stretches(
    mut schedule: Vec<Operation>,
    size: usize,
    fails: &impl Fn(&[Operation]) -> bool,
) -> Vec<Operation> {
    let mut from = 0;
    while from < schedule.len() {
        let to = (from + size).min(schedule.len());
        let without = [&schedule[..from], &schedule[to..]].concat();
        if fails(&without) { schedule = without } else { from = to }
    }
    schedule
}
