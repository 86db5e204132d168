//! A client that goes away takes nothing with it.

use std::time::Duration;

use crate::guard::{Guard, both_ways};
use crate::http::Connection;
use crate::script::{Gate, Reply};
use crate::stamp::check_first;

const CLIENT_TIME_OUT: Duration = Duration::from_millis(200);

/// How a client leaves.
type Leave = fn(Connection);

const LEAVING: [(&str, Leave); 2] = [("FIN", Connection::hang_up), ("RST", Connection::reset)];

/// Sends the order and leaves it after the client's time-out, while the origin holds it.
#[track_caller]
fn send_and_leave(guard: &Guard, gate: &Gate, leave: Leave) {
    let mut connection = guard.order().open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    connection.time_out(CLIENT_TIME_OUT);
    leave(connection);
}

#[test]
fn the_retry_of_a_client_that_left_joins_the_call() {
    for (how, leave) in LEAVING {
        both_ways(|guard| {
            println!("left by {how}");
            let gate = Gate::new();
            guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
            send_and_leave(guard, &gate, leave);
            let mut retry = guard.order().open(guard.runtime().address()).expect("a socket");
            retry.time_out(CLIENT_TIME_OUT);
            gate.open();
            let answer = retry.answer().expect("an answer");
            assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
            assert!(answer.replayed());
            guard.check_calls(1);
        });
    }
}

#[test]
fn the_answer_is_kept_for_a_client_that_left() {
    for (how, leave) in LEAVING {
        both_ways(|guard| {
            println!("left by {how}");
            let gate = Gate::new();
            guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
            send_and_leave(guard, &gate, leave);
            gate.open();
            let answer = guard.send(&guard.order());
            assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
            assert!(answer.replayed());
            guard.check_calls(1);
        });
    }
}

#[test]
fn all_may_leave_and_the_answer_is_still_kept() {
    both_ways(|guard| {
        let gate = Gate::new();
        guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
        for (_, leave) in LEAVING.iter().cycle().take(6) {
            send_and_leave(guard, &gate, *leave);
        }
        gate.open();
        assert!(guard.send(&guard.order()).replayed());
        guard.check_calls(1);
    });
}

/// Whether the call had been made when the client left or not: it is made once.
#[test]
fn a_client_may_leave_at_any_moment() {
    both_ways(|guard| {
        guard.origin_always(Reply::json(201, r#"{"order":1}"#));
        let rounds = 20;
        for (round, (_, leave)) in LEAVING.iter().cycle().take(rounds).enumerate() {
            let call = guard.keyless_order().key(&format!("{}-{round}", guard.key()));
            leave(call.open(guard.runtime().address()).expect("a socket"));
            let answer = guard.send(&call);
            assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
            assert_eq!(guard.send(&call).body, answer.body);
        }
        guard.check_calls(rounds);
    });
}

/// Half an upload is not a request: it claims nothing and the key is still free.
#[test]
fn a_client_that_leaves_in_its_upload_has_asked_for_nothing() {
    for (how, leave) in LEAVING {
        both_ways(|guard| {
            println!("left by {how}");
            guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
            for call in [guard.order(), guard.order().chunked(4)] {
                let mut half = call.open_part(guard.runtime().address(), 12).expect("a socket");
                half.time_out(CLIENT_TIME_OUT);
                leave(half);
            }
            guard.check_calls(0);
            check_first(&guard.send(&guard.order()), &guard.key());
            guard.check_calls(1);
        });
    }
}
