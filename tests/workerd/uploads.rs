//! Bodies that come slowly, or not at all: they cost what has arrived of them, and others are served.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::guard::{Guard, poll_until};
use crate::http::{Answer, Call, Connection};
use crate::origin::Origin;
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{check_first, check_replay};

const MIB: usize = 1024 * 1024;
/// As in `guard::uploads`.
const PATIENCE: Duration = Duration::from_secs(30);

fn own() -> Guard {
    let guard = Guard::own_under(true, &json!({}));
    guard.origin_always(Reply::json(201, "{}"));
    guard
}

fn order_of(guard: &Guard, number: usize, length: usize) -> Call {
    let call = Call::post(&guard.path("/orders")).authorization("Bearer alice");
    call.key(&format!("{}-{number}", guard.key())).body(vec![b'x'; length])
}

fn open_part(guard: &Guard, call: &Call, length: usize) -> Connection {
    call.open_part(guard.runtime().address(), length).expect("a socket")
}

/// A promise of a body takes nothing away from anybody.
#[test]
fn sockets_without_a_body_keep_nobody_out() {
    let guard = own();
    let lengths = [10, 10, 10, 10, 10, 10, 4].into_iter().enumerate();
    let sockets: Vec<_> = lengths
        .map(|(number, length)| open_part(&guard, &order_of(&guard, number, length * MIB), 0))
        .collect();
    for _ in 0..3 {
        check_created(&guard.send(&guard.order()));
    }
    check_created(&guard.send(&order_of(&guard, 100, 10 * MIB)));
    drop(sockets);
    guard.check_calls(2);
}

/// A client that hangs up takes nothing with it that was held for it.
#[test]
fn a_client_that_hangs_up_holds_nothing_any_more() {
    let guard = own();
    // Half as much again as one caller may have.
    for number in 0..5 {
        let gate = Gate::new();
        guard.origin_always(Reply::json(201, "{}").held_by(&gate));
        let call = order_of(&guard, number, 10 * MIB);
        let left = call.open(guard.runtime().address()).expect("a socket");
        gate.wait_for(1);
        left.reset();
        gate.open();
        poll_until("its bytes are free", || guard.send(&call).status == 201);
    }
    guard.check_calls(5);
}

#[track_caller]
fn check_created(answer: &Answer) {
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// Nothing is claimed for it: the whole request, sent again, is a first one.
#[test]
fn an_upload_that_stalls_is_ended() {
    let guard = own();
    let call = order_of(&guard, 0, 1000);
    thread::scope(|scope| {
        let stalled = [call.clone(), call.clone().chunked(100)].map(|call| {
            let guard = &guard;
            scope.spawn(move || {
                let begun = Instant::now();
                let connection = open_part(guard, &call, 500);
                (connection.answer().expect("an answer"), begun.elapsed())
            })
        });
        for one in stalled {
            let (answer, took) = one.join().expect("an answer");
            let detail = problem::check(&answer, "request-incomplete");
            assert!(detail.contains("30 s"), "{detail}");
            assert!(took >= PATIENCE && took < PATIENCE + Duration::from_secs(10), "{took:?}");
        }
    });
    guard.check_calls(0);
    let key = format!("{}-0", guard.key());
    let first = guard.send(&call);
    check_first(&first, &key);
    check_replay(&guard.send(&call), &first);
    guard.check_calls(1);
}

/// Half is one caller's at most; what it sent is given back when it leaves.
#[test]
fn one_caller_does_not_take_all_of_it() {
    let guard = own();
    let from = |address: &str, number: usize| {
        order_of(&guard, number, 8 * MIB).header("CF-Connecting-IP", address)
    };
    // One byte is missing of each, so they stay. Four of them are half of 64 MiB.
    let hold = |number: usize| {
        let call = from("192.0.2.1", number);
        let mut connection = call.open_part(guard.runtime().address(), 8 * MIB - 1).ok()?;
        let is_refused = connection.begins_within(Duration::from_secs(2)).unwrap_or(true);
        (!is_refused).then_some(connection)
    };
    let held: Vec<_> = (0..10).map_while(hold).collect();
    assert_eq!(held.len(), 4, "bodies of one caller's");
    for (number, address) in ["192.0.2.2", "2001:db8::1"].into_iter().enumerate() {
        check_created(&guard.send(&from(address, 20 + number)));
    }
    drop(held);
    let again = from("192.0.2.1", 30);
    poll_until("what it held is given back", || {
        again.try_send(guard.runtime().address()).is_ok_and(|answer| answer.status == 201)
    });
}

/// As it would without a guard, the origin sees what there is, and when.
#[test]
fn a_policy_that_only_watches_ends_no_upload() {
    let guard = Guard::own_under(true, &json!({ "mode": "observe" }));
    guard.origin_always(Reply::json(201, "{}"));
    let call = order_of(&guard, 0, 1000);
    let mut connection = open_part(&guard, &call, 500);
    connection.time_out(PATIENCE + Duration::from_secs(3));
    connection.send_rest(&call, 500);
    check_created(&connection.answer().expect("an answer"));
    assert_eq!(Origin::shared().calls(&guard.lane), 1);
    assert_eq!(guard.seen()[0].body.len(), 1000);
}

/// Pieces of every size make the body that was sent.
#[test]
fn a_body_in_pieces_is_whole() {
    let guard = own();
    for (number, (length, pieces)) in
        [(1, 1), (4096, 1), (4097, 1000), (70_000, 7), (1_000_000, 1400), (3 * MIB, 100_000)]
            .into_iter()
            .enumerate()
    {
        let body: Vec<u8> = (0..length).map(|at| (at * 31 % 251) as u8).collect();
        let call = order_of(&guard, number, 0).body(body.clone());
        check_created(&guard.send(&call.clone().chunked(pieces)));
        assert!(guard.send(&call).replayed(), "{length} in pieces of {pieces}");
        assert!(guard.seen()[number].body == body, "{length} in pieces of {pieces}");
    }
}
