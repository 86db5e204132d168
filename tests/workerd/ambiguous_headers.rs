//! Header bytes that the platform decodes into one character for all of them: two callers could look
//! like one.

use serde_json::{Value, json};

use crate::guard::{Guard, poll_until};
use crate::http::Call;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{check_first, check_replay};

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/scope/**", "scope": ["header:x-tenant"] },
        { "path": "/*/session/**", "credential": ["cookie:sid"], "scope": ["cookie:sid"] },
        { "path": "/*/shop/**", "fingerprint_headers": ["x-shop"] },
        { "path": "/*/derive/**", "key": "derive" },
        { "path": "/*/observe/**", "mode": "observe" },
    ] })
}

/// é and è in Latin-1.
const BYTES: [&[u8]; 2] = [b"caf\xe9", b"caf\xe8"];

fn order(guard: &Guard, path: &str) -> Call {
    Call::post(&guard.path(path)).key(&guard.key()).json("{}")
}

#[test]
fn what_could_be_two_callers_is_refused() {
    let rows: [(&str, &str, &[u8]); 9] = [
        ("/plain", "X-Api-Key", b""),
        ("/plain", "Authorization", b"Bearer "),
        ("/plain", "Authorization", b"Basic "),
        ("/plain", "Cookie", b"a=b; sid="),
        ("/scope", "X-Tenant", b""),
        ("/session", "Cookie", b"sid="),
        ("/plain", "Content-Type", b"text/"),
        ("/plain", "SOAPAction", b""),
        ("/shop", "X-Shop", b""),
    ];
    for (path, name, begin) in rows {
        println!("{path} {name}");
        let guard = Guard::under(&policy());
        guard.origin_always(Reply::new(201).body("a secret"));
        for bytes in BYTES {
            let call = order(&guard, path).without(name);
            let refused = guard.send(&call.header_bytes(name, &[begin, bytes].concat()));
            let detail = problem::check(&refused, "credential-unreadable");
            assert!(detail.contains(&name.to_ascii_lowercase()), "{detail}");
        }
        guard.check_calls(0);
    }
}

#[test]
fn what_could_be_two_callers_has_no_derived_key() {
    let guard = Guard::under(&policy());
    guard.origin_always(Reply::new(201).body("a secret"));
    for bytes in BYTES {
        let call = Call::post(&guard.path("/derive")).json("{}").header_bytes("X-Api-Key", bytes);
        problem::check(&guard.send(&call), "credential-unreadable");
    }
    guard.check_calls(0);
}

/// UTF-8 is told apart, and what is not looked at may be anything.
#[test]
fn everything_else_passes() {
    let guard = Guard::under(&policy());
    guard.origin_always(Reply::new(201));
    let utf8 = order(&guard, "/plain").header_bytes("X-Api-Key", "café".as_bytes());
    let first = guard.send(&utf8);
    check_first(&first, &guard.key());
    check_replay(&guard.send(&utf8), &first);
    let other = order(&guard, "/plain").header_bytes("X-Api-Key", "cafè".as_bytes());
    check_first(&guard.send(&other), &guard.key());
    guard.check_calls(2);
    let session = |bytes: &[u8]| {
        let cookie = [b"_ga=", bytes, b"; sid=1; name=", bytes].concat();
        order(&guard, "/session").header_bytes("Cookie", &cookie).header_bytes("X-Other", bytes)
    };
    let first = guard.send(&session(BYTES[0]));
    check_first(&first, &guard.key());
    check_replay(&guard.send(&session(BYTES[1])), &first);
    guard.check_calls(3);
}

/// Nothing that only watches refuses: it passes, as it came, and is told.
#[test]
fn a_policy_that_watches_lets_it_pass() {
    let guard = Guard::under(&policy());
    guard.origin_always(Reply::new(201));
    for bytes in BYTES {
        let answer = guard.send(&order(&guard, "/observe").header_bytes("X-Api-Key", bytes));
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("cache-status"), Some("onlyonce; fwd=bypass; detail=observe"));
    }
    guard.check_calls(2);
    // The origin reads its bytes as Latin-1.
    let seen: Vec<String> = guard
        .seen()
        .iter()
        .map(|seen| seen.headers.get("x-api-key").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(seen, ["café", "cafè"]);
    let told = "\"code\":\"credential-unreadable\",\"would\":\"refuse\"";
    poll_until("the log tells it", || guard.runtime().log().contains(told));
}
