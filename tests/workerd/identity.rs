//! A key belongs to a credential: under another one it is another operation.

use std::collections::HashSet;
use std::thread;

use crate::guard::{Guard, both_ways};
use crate::http::Call;
use crate::origin::Seen;
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{came, check_first, check_replay};

/// One key, four callers.
fn callers(guard: &Guard) -> [Call; 4] {
    let order = || Call::post(&guard.path("/orders")).key(&guard.key()).json(r#"{"item":"tea"}"#);
    [
        order().authorization("Bearer alice"),
        order().authorization("Bearer bob"),
        order().header("X-Api-Key", "carol"),
        order(),
    ]
}

fn answer_to_the_caller(seen: &Seen) -> Reply {
    let who = seen.headers.get("authorization").or(seen.headers.get("x-api-key"));
    Reply::new(201).body(format!("the secret of {}", who.unwrap_or("nobody")))
}

#[test]
fn the_same_key_of_someone_else_is_another_operation() {
    both_ways(|guard| {
        guard.origin(answer_to_the_caller);
        let calls = callers(guard);
        let firsts = calls.each_ref().map(|call| guard.send(call));
        guard.check_calls(calls.len());
        for (call, first) in calls.iter().zip(&firsts) {
            check_first(first, &guard.key());
            check_replay(&guard.send(call), first);
        }
        let records: HashSet<_> = firsts.iter().map(|first| came(first).1).collect();
        assert_eq!(records.len(), calls.len(), "each caller has a record of his own");
        let secrets: HashSet<_> = firsts.iter().map(|first| &first.body).collect();
        assert_eq!(secrets.len(), calls.len(), "each caller has an answer of his own");
        guard.check_calls(calls.len());
    });
}

#[test]
fn nobody_waits_for_the_same_key_of_someone_else() {
    both_ways(|guard| {
        let gate = Gate::new();
        let latch = gate.latch();
        guard.origin(move |seen| answer_to_the_caller(seen).waiting_at(latch.clone()));
        let calls = callers(guard);
        thread::scope(|scope| {
            let sent = calls.map(|call| guard.send_aside(scope, call));
            gate.wait_for(4);
            gate.open();
            for one in sent {
                check_first(&one.join().expect("an answer"), &guard.key());
            }
        });
        guard.check_calls(4);
    });
}

/// Part of an unsigned JWT: the guard reads `iss` and `sub` to tell callers apart, and nothing else.
fn token(serial: u32) -> String {
    // {"alg":"none"} . {"iss":"https://id.example","sub":"alice"} . and a signature that changes with every token
    format!(
        "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJhbGljZSJ9.c2ln{serial:04}"
    )
}

/// The same caller by `scope`, but not the credential that the answer was given to: it is withheld.
#[test]
fn a_changed_credential_is_not_shown_the_answer() {
    let order = |guard: &Guard| {
        Call::post(&guard.path("/orders")).key(&guard.key()).json(r#"{"item":"tea"}"#)
    };
    let rows: [(&str, [(&str, String); 2]); 3] = [
        ("a renewed token", [("Authorization", token(1)), ("Authorization", token(2))]),
        ("another session", [("Cookie", "session=1".into()), ("Cookie", "session=2".into())]),
        ("a session that ended", [("Cookie", "session=1".into()), ("X-Other", "1".into())]),
    ];
    for (what, [one, other]) in rows {
        both_ways(|guard| {
            println!("{what}");
            guard.origin_in_turn([Reply::new(201).body("the secret of session 1")]);
            let call = order(guard).header(one.0, &one.1);
            let first = guard.send(&call);
            check_first(&first, &guard.key());
            let refused = guard.send(&order(guard).header(other.0, &other.1));
            problem::check(&refused, "credential-changed");
            assert!(!refused.text().contains("secret"), "{}", refused.text());
            check_replay(&guard.send(&call), &first);
            guard.check_calls(1);
        });
    }
}
