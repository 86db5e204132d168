//! A key stands for one request; and what is not a key never reaches the origin.

use crate::guard::{Guard, both_ways};
use crate::http::Call;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{came, check_first, check_replay};

const ORDER: &str = r#"{"item":"tea","quantity":2}"#;

/// The order with one thing changed.
fn others(guard: &Guard) -> [(&'static str, Call); 7] {
    let key = guard.key();
    let call = |method, path: &str| {
        Call::new(method, &guard.path(path)).authorization("Bearer alice").key(&key)
    };
    let plain = call("POST", "/orders?shop=1").header("Content-Type", "text/plain");
    [
        ("body", call("POST", "/orders?shop=1").json(r#"{"item":"tea","quantity":3}"#)),
        ("empty body", call("POST", "/orders?shop=1").json("")),
        ("path", call("POST", "/orders/?shop=1").json(ORDER)),
        ("query", call("POST", "/orders?shop=2").json(ORDER)),
        ("no query", call("POST", "/orders").json(ORDER)),
        ("method", call("PATCH", "/orders?shop=1").json(ORDER)),
        ("content type", plain.body(ORDER)),
    ]
}

#[test]
fn a_known_key_on_another_request_is_refused_and_the_original_still_replays() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
        let first = guard.send(&guard.order());
        check_first(&first, &guard.key());
        for (what, other) in others(guard) {
            println!("another {what}");
            let refused = guard.send(&other);
            let detail = problem::check(&refused, "key-reused");
            assert!(detail.contains(&guard.key()), "the detail names the key: {detail}");
            assert_eq!(problem::record_of(&refused), came(&first).1);
            check_replay(&guard.send(&guard.order()), &first);
        }
        guard.check_calls(1);
    });
}

#[test]
fn what_is_not_a_key_is_refused_and_goes_nowhere() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(201));
    let long = "k".repeat(256);
    let rows = [
        ("empty", ""),
        ("empty, quoted", "\"\""),
        ("256 characters", &long),
        ("256 characters, quoted", &format!("\"{long}\"")),
        ("unbalanced", "\"abc"),
        ("unbalanced at the end", "abc\""),
        ("more after the quote", "\"abc\"def"),
        ("a list", "abc, def"),
        ("a quoted list", "\"abc\", \"def\""),
        ("a bare key with parameters", "abc;v=1"),
        ("a bare key with a space", "abc def"),
        ("an unknown escape", "\"ab\\c\""),
        ("a tab", "\"ab\tc\""),
        ("beyond ASCII", "schl\u{fc}ssel"),
        ("beyond ASCII, quoted", "\"schl\u{fc}ssel\""),
    ];
    for (what, key) in &rows {
        println!("{what}");
        problem::check(&guard.send(&guard.keyless_order().key(key)), "key-invalid");
    }
    guard.check_calls(0);
}

#[test]
fn a_repeated_key_is_refused_even_when_both_lines_agree() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(201));
    for (one, two) in [("abc", "def"), ("abc", "abc"), ("\"abc\"", "\"abc\"")] {
        println!("{one} and {two}");
        problem::check(&guard.send(&guard.keyless_order().key(one).key(two)), "key-invalid");
    }
    guard.check_calls(0);
}

/// workerd itself refuses some of these before the guard sees them; it never lets one through as a key.
#[test]
fn control_characters_in_a_key_go_nowhere() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(201));
    for code in [0x00, 0x01, 0x0b, 0x1f, 0x7f] {
        let key = format!("\"ab{}c\"", char::from(code));
        let answer = guard.send(&guard.keyless_order().key(&key));
        println!("0x{code:02x}: {} {}", answer.status, answer.text());
        assert_eq!(answer.status, 400);
    }
    guard.check_calls(0);
}

#[test]
fn the_longest_key_and_the_shortest_are_keys() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::new(201));
    let longest = format!("{:k<255}", guard.key());
    for key in [longest.as_str(), "~", "!"] {
        let call = Call::post(&guard.path("/orders")).authorization(&guard.lane).key(key);
        check_first(&guard.send(&call), key);
    }
    guard.check_calls(3);
}
