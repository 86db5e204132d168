//! How many keys one caller may claim in a time (`NEW_KEYS`): over it nothing is claimed and nothing sent,
//! and what is known is answered as ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::guard::{Guard, at_origin};
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, came_with, check_replay};

/// As tests/workerd/with-new-keys.toml has it.
const LIMIT: usize = 5;

const PERIOD: Duration = Duration::from_secs(10);

/// Counts begin anew where a period does: a test has the better part of one to itself.
fn early_in_a_period() {
    let left = PERIOD.as_millis() - now() % PERIOD.as_millis();
    if left < PERIOD.as_millis() * 2 / 3 {
        thread::sleep(Duration::from_millis(left as u64 + 50));
    }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis()
}

fn guard() -> Guard {
    let policy = json!({ "routes": [
        { "path": "/*/observe", "mode": "observe" },
        { "path": "/*/derive", "key": "derive" },
        { "path": "/*/by-path/*", "scope": ["auto", "path"] },
    ] });
    let setup = at_origin(false).policy(&policy).config("tests/workerd/with-new-keys.toml");
    let guard = Guard::with(setup);
    guard.origin_always(Reply::json(201, "{}"));
    early_in_a_period();
    guard
}

fn order(guard: &Guard, number: usize) -> Call {
    guard.keyless_order().key(&format!("{}-{number}", guard.key()))
}

fn by(caller: &str, call: &Call) -> Call {
    call.clone().without("authorization").authorization(&format!("Bearer {caller}"))
}

/// How many of these were carried out, and that the others were refused as they should be.
#[track_caller]
fn check_over_limit(answers: &[Answer]) -> usize {
    let (sent, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in refused {
        problem::check(answer, "too-many-keys");
        assert_eq!(answer.header("retry-after"), Some("10"));
    }
    sent.len()
}

#[test]
fn a_caller_claims_as_many_keys_as_it_may_and_another_is_not_concerned() {
    let guard = guard();
    let answers: Vec<Answer> = (0..12).map(|number| guard.send(&order(&guard, number))).collect();
    assert_eq!(check_over_limit(&answers), LIMIT);
    guard.check_calls(LIMIT);
    // What is known is replayed, refused and asked about as ever.
    assert_eq!(came(&guard.send(&order(&guard, 0))).0, Came::Replayed);
    let other = order(&guard, 0).json(r#"{"item":"milk"}"#);
    problem::check(&guard.send(&other), "key-reused");
    assert_eq!(came(&guard.send(&by("bob", &order(&guard, 0)))).0, Came::First);
    guard.check_calls(LIMIT + 1);
}

/// Nothing is left of a key that was refused: it is free for a retry, and for a fence.
#[test]
fn a_key_that_was_refused_is_free() {
    let guard = guard();
    let answers: Vec<Answer> = (0..9).map(|number| guard.send(&order(&guard, number))).collect();
    let refused =
        answers.iter().position(|answer| answer.status == 429).expect("one over the limit");
    let path = format!("/.onlyonce/key?path={}", guard.path("/orders%3Fshop=1"));
    let key = format!("{}-{refused}", guard.key());
    let told = guard.send(&Call::get(&path).key(&key).authorization("Bearer alice"));
    assert!(told.text().contains("\"state\":\"absent\""), "{}", told.text());
}

/// Many at once, of one key and of many: none is claimed twice, and no more than the limit are.
#[test]
fn at_once_no_more_than_the_limit_are_claimed_and_none_twice() {
    let guard = guard();
    let answers: Vec<Answer> = thread::scope(|scope| {
        let calls: Vec<_> =
            (0..24).map(|at| guard.send_aside(scope, order(&guard, at % 8))).collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    check_over_limit(&answers);
    let first =
        answers.iter().filter(|answer| answer.status == 201 && came(answer).0 == Came::First);
    let first = first.count();
    assert!((1..=LIMIT).contains(&first), "{first} were claimed");
    guard.check_calls(first);
}

/// Two of one key that ask at once: the one claims, and the other finds that when it has its answer.
#[test]
fn who_asks_beside_the_claim_finds_it() {
    let guard = guard();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, "{}").held_by(&gate)]);
    thread::scope(|scope| {
        let both = [0, 1].map(|_| guard.send_aside(scope, order(&guard, 0)));
        gate.wait_for(1);
        gate.open();
        for answer in both {
            assert_eq!(answer.join().expect("an answer").status, 201);
        }
    });
    guard.check_calls(1);
}

/// The flood comes at a fixed rate, far below what the thread holds, and goes on whatever it is told.
#[test]
fn beside_a_flood_of_new_keys_another_s_replays_are_answered_and_the_origin_sees_the_limit() {
    let guard = guard();
    let known: Vec<_> = (0..3).map(|at| by("bob", &order(&guard, at))).collect();
    let first: Vec<Answer> = known.iter().map(|call| guard.send(call)).collect();
    let begun = now() / PERIOD.as_millis();
    let flooding = AtomicBool::new(true);
    let (flood, replays) = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let flood = flood_with_keys(&guard);
            flooding.store(false, Ordering::Relaxed);
            flood
        });
        let mut replays = 0;
        while flooding.load(Ordering::Relaxed) {
            check_replay(&guard.send(&known[replays % 3]), &first[replays % 3]);
            replays += 1;
        }
        (flood.join().expect("a flood"), replays)
    });
    let periods = (now() / PERIOD.as_millis() - begun + 1) as usize;
    let carried_out = check_over_limit(&flood);
    assert!((LIMIT..=LIMIT * periods).contains(&carried_out), "{carried_out} in {periods} periods");
    assert!(replays > 0, "no replay beside the flood");
    guard.check_calls(known.len() + carried_out);
}

/// What many new keys get that come one every 20 ms, whatever becomes of those before.
fn flood_with_keys(guard: &Guard) -> Vec<Answer> {
    thread::scope(|scope| {
        let calls: Vec<_> = (100..250)
            .map(|number| {
                thread::sleep(Duration::from_millis(20));
                guard.send_aside(scope, order(guard, number))
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    })
}

#[test]
fn a_path_in_the_scope_makes_no_other_caller_and_who_says_nothing_is_counted_by_its_address() {
    let guard = guard();
    let to = |at: usize| guard.keyless_order_to(&format!("/by-path/{at}")).key("one-key");
    let answers: Vec<Answer> = (0..9).map(|at| guard.send(&to(at))).collect();
    assert_eq!(check_over_limit(&answers), LIMIT);
    let anonymous = |at: usize, address: &str| {
        let call = order(&guard, at).without("authorization");
        guard.send(&call.header("CF-Connecting-IP", address))
    };
    let one: Vec<Answer> = (0..9).map(|at| anonymous(at, "192.0.2.1")).collect();
    assert_eq!(check_over_limit(&one), LIMIT);
    assert_eq!(anonymous(20, "192.0.2.2").status, 201);
}

#[test]
fn derived_keys_are_keys_and_who_watches_refuses_nobody() {
    let guard = guard();
    let body = |at: usize| format!("{{\"number\":{at}}}");
    let derived = |at: usize| guard.keyless_order_to("/derive").json(&body(at));
    let answers: Vec<Answer> = (0..9).map(|at| guard.send(&derived(at))).collect();
    assert_eq!(check_over_limit(&answers), LIMIT);
    assert_eq!(came_with(&guard.send(&derived(0)), "derived").0, Came::Replayed);
    let watched = |at: usize| guard.keyless_order_to("/observe").key(&format!("w{at}"));
    assert!((0..9).all(|at| guard.send(&watched(at)).status == 201));
}
