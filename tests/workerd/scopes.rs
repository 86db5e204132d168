//! Who a key belongs to where the policy says so, and whom an answer is shown to.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/header/**", "scope": ["header:x-tenant"] },
        { "path": "/*/cookie/**", "scope": ["cookie:session"], "credential": ["header:authorization"] },
        { "path": "/*/query/**", "scope": ["query:tenant"], "fingerprint": "none" },
        { "path": "/*/claim/**", "scope": ["jwt:tid"] },
        { "path": "/*/two/**", "scope": ["header:x-a", "header:x-b"] },
        { "path": "/*/device/**", "scope": ["header:x-tenant"], "credential": ["header:x-device"] },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// Not a real token: the signature is `serial`, which changes with every renewal.
fn token(claims: &str, serial: u32) -> String {
    format!(
        "Bearer {}.{}.{serial:08}",
        base64url(br#"{"alg":"none"}"#),
        base64url(claims.as_bytes())
    )
}

/// RFC 4648 section 5, without padding: a group of n bytes makes n + 1 digits.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = |group: &[u8]| {
        let byte = |at| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let places = [18, 12, 6, 0].into_iter().take(group.len() + 1);
        places.map(move |place| char::from(DIGITS[(bits >> place & 63) as usize]))
    };
    bytes.chunks(3).flat_map(digits).collect()
}

/// A call at a path with one or two header lines.
struct Asked(&'static str, &'static [(&'static str, &'static str)]);

impl Asked {
    fn call(&self, guard: &Guard) -> Call {
        let call = Call::post(&guard.path(self.0)).key(&guard.key());
        self.1.iter().fold(call, |call, (name, value)| call.header(name, value))
    }
}

#[derive(Debug, PartialEq)]
enum Meets {
    /// The answer is replayed.
    Same,
    /// The answer is there, and withheld.
    Withheld,
    /// It is another operation.
    Other,
}

fn meeting(guard: &Guard, answer: &Answer) -> Meets {
    if answer.replayed() {
        return Meets::Same;
    }
    if answer.status == 409 {
        problem::check(answer, "credential-changed");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        return Meets::Withheld;
    }
    check_first(answer, &guard.key());
    Meets::Other
}

/// Two requests under one key, and whether they meet.
#[track_caller]
fn check(one: Asked, other: Asked, expected: Meets) {
    let shown = format!("{:?} and {:?}", (one.0, one.1), (other.0, other.1));
    let guard = under_policy();
    guard.origin_always(Reply::new(201).body("a secret"));
    check_first(&guard.send(&one.call(&guard)), &guard.key());
    let second = guard.send(&other.call(&guard));
    assert_eq!(meeting(&guard, &second), expected, "{shown}");
    guard.check_calls(if expected == Meets::Other { 2 } else { 1 });
}

#[test]
fn a_key_belongs_to_what_the_scope_lists() {
    use Meets::{Other, Same, Withheld};
    let rows = [
        (Asked("/header", &[("X-Tenant", "1")]), Asked("/header", &[("x-tenant", "1")]), Same),
        (Asked("/header", &[("X-Tenant", "1")]), Asked("/header", &[("X-Tenant", "2")]), Other),
        (Asked("/header", &[("X-Tenant", "1")]), Asked("/header", &[]), Other),
        (Asked("/header", &[]), Asked("/header", &[("X-Tenant", "")]), Other),
        (
            Asked("/header", &[("X-Tenant", "1"), ("Authorization", "Bearer alice")]),
            Asked("/header", &[("X-Tenant", "1"), ("Authorization", "Bearer bob")]),
            Withheld,
        ),
        (
            Asked("/header", &[("X-Tenant", "1"), ("X-Api-Key", "alice")]),
            Asked("/header", &[("X-Tenant", "1")]),
            Withheld,
        ),
        (
            Asked("/cookie", &[("Cookie", "theme=dark; session=1")]),
            Asked("/cookie", &[("Cookie", "session=1; theme=light")]),
            Same,
        ),
        (
            Asked("/cookie", &[("Cookie", "session=1")]),
            Asked("/cookie", &[("Cookie", "session=2")]),
            Other,
        ),
        (
            Asked("/cookie", &[("Cookie", "session=1")]),
            Asked("/cookie", &[("Cookie", "xsession=1")]),
            Other,
        ),
        (Asked("/query?tenant=1&at=1", &[]), Asked("/query?at=2&tenant=1", &[]), Same),
        (Asked("/query?tenant=1", &[]), Asked("/query?tenant=2", &[]), Other),
        (Asked("/query?tenant=1", &[]), Asked("/query?Tenant=1", &[]), Other),
        (
            Asked(
                "/device",
                &[("X-Tenant", "1"), ("X-Device", "1"), ("Authorization", "Bearer old")],
            ),
            Asked(
                "/device",
                &[("X-Tenant", "1"), ("X-Device", "1"), ("Authorization", "Bearer new")],
            ),
            Same,
        ),
        (
            Asked("/device", &[("X-Tenant", "1"), ("X-Device", "1")]),
            Asked("/device", &[("X-Tenant", "1"), ("X-Device", "2")]),
            Withheld,
        ),
    ];
    rows.into_iter().for_each(|(one, other, expected)| check(one, other, expected));
}

/// However the values are cut and joined, two identities stay two.
#[test]
fn no_delimiter_makes_two_identities_one() {
    let rows = [
        (
            Asked("/two", &[("X-A", "a"), ("X-B", "bc")]),
            Asked("/two", &[("X-A", "ab"), ("X-B", "c")]),
        ),
        (Asked("/two", &[("X-A", "a,b")]), Asked("/two", &[("X-A", "a"), ("X-B", "b")])),
        (Asked("/two", &[("X-A", "a")]), Asked("/two", &[("X-B", "a")])),
        (
            Asked("/two", &[("X-A", "a"), ("X-B", "b")]),
            Asked("/two", &[("X-A", "b"), ("X-B", "a")]),
        ),
        (Asked("/two", &[("X-A", "a\"; X-B: \"b")]), Asked("/two", &[("X-A", "a"), ("X-B", "b")])),
        (Asked("/plain", &[("Authorization", "a")]), Asked("/plain", &[("X-Api-Key", "a")])),
        (
            Asked("/cookie", &[("Cookie", "session=a; b=c")]),
            Asked("/cookie", &[("Cookie", "session=\"a; b=c\"")]),
        ),
        (Asked("/query?tenant=a%26b", &[]), Asked("/query?tenant=a&b", &[])),
    ];
    for (one, other) in rows {
        check(one, other, Meets::Other);
    }
}

/// The end of an identity and the beginning of a key cannot change places.
#[test]
fn a_key_is_not_part_of_an_identity() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let call = |tenant: &str, key: &str| {
        Call::post(&guard.path("/header"))
            .header("X-Tenant", &format!("{}{tenant}", guard.lane))
            .key(key)
    };
    for (tenant, key) in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "abc")] {
        check_first(&guard.send(&call(tenant, key)), key);
    }
    guard.check_calls(4);
}

#[test]
fn a_claim_that_a_token_keeps_is_who_it_is() {
    use Meets::{Other, Same, Withheld};
    const ALICE: &str = r#"{"iss":"https://id.example","sub":"alice","tid":"7"}"#;
    let auto = "/plain";
    let rows = [
        ("the same token", auto, token(ALICE, 1), token(ALICE, 1), Same),
        ("a renewed token", auto, token(ALICE, 1), token(ALICE, 2), Withheld),
        (
            "renewed with other claims",
            auto,
            token(ALICE, 1),
            token(r#"{"sub":"alice","exp":9,"iss":"https://id.example"}"#, 2),
            Withheld,
        ),
        (
            "forged with her subject",
            auto,
            token(ALICE, 1),
            token(r#"{"iss":"https://id.example","sub":"alice","admin":true}"#, 6),
            Withheld,
        ),
        (
            "another subject",
            auto,
            token(ALICE, 1),
            token(r#"{"iss":"https://id.example","sub":"bob"}"#, 1),
            Other,
        ),
        (
            "another issuer",
            auto,
            token(ALICE, 1),
            token(r#"{"iss":"https://evil.example","sub":"alice"}"#, 1),
            Other,
        ),
        (
            "a subject of another type",
            auto,
            token(r#"{"iss":"i","sub":"1"}"#, 1),
            token(r#"{"iss":"i","sub":1}"#, 1),
            Other,
        ),
        (
            "no subject, same token",
            auto,
            token(r#"{"iss":"i"}"#, 1),
            token(r#"{"iss":"i"}"#, 1),
            Same,
        ),
        (
            "no subject, renewed",
            auto,
            token(r#"{"iss":"i"}"#, 1),
            token(r#"{"iss":"i"}"#, 2),
            Other,
        ),
        ("no JSON inside", auto, token("{", 1), token("{", 2), Other),
        ("the same tenant", "/claim", token(ALICE, 1), token(r#"{"tid":"7"}"#, 1), Withheld),
        ("another tenant", "/claim", token(ALICE, 1), token(r#"{"tid":"8"}"#, 1), Other),
        ("no tenant", "/claim", token(ALICE, 1), token(r#"{"sub":"alice"}"#, 1), Other),
    ];
    for (what, path, one, other, expected) in rows {
        let guard = under_policy();
        guard.origin_always(Reply::new(201).body("a secret"));
        let call =
            |token: &str| Call::post(&guard.path(path)).key(&guard.key()).authorization(token);
        let first = guard.send(&call(&one));
        check_first(&first, &guard.key());
        assert_eq!(meeting(&guard, &guard.send(&call(&other))), expected, "{what}");
        guard.check_calls(if expected == Meets::Other { 2 } else { 1 });
        check_replay(&guard.send(&call(&one)), &first);
    }
}

/// Else an answer would be kept under a credential that the origin never saw.
#[test]
fn connection_takes_away_nothing_that_the_policy_reads() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    let named = "x-tenant, X-Device, x-hop, authorization";
    let order = guard.keyless_order_to("/device").key(&guard.key());
    let order = ["X-Tenant", "X-Device", "X-Hop"]
        .into_iter()
        .fold(order, |order, name| order.header(name, "1"));
    check_first(&guard.send(&order.header("Connection", named)), &guard.key());
    let seen = &guard.seen()[0].headers;
    let sent = ["x-tenant", "x-device", "x-hop", "authorization"].map(|name| seen.get(name));
    assert_eq!(sent, [Some("1"), Some("1"), None, Some("Bearer alice")]);
}

fn tenants_order(guard: &Guard, who: &str) -> Call {
    let call = Call::post(&guard.path("/header")).header("X-Tenant", &guard.lane);
    call.key(&guard.key()).authorization(who).json("{}")
}

#[test]
fn another_credential_waits_and_is_then_told_that_it_changed() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).body("a secret").held_by(&gate)]);
    thread::scope(|scope| {
        let alice = guard.send_aside(scope, tenants_order(&guard, "Bearer alice"));
        gate.wait_for(1);
        let bob = tenants_order(&guard, "Bearer bob");
        let mut bob = bob.open(guard.runtime().address()).expect("a socket");
        bob.time_out(Duration::from_millis(200));
        gate.open();
        let refused = bob.answer().expect("an answer");
        problem::check(&refused, "credential-changed");
        assert!(!refused.text().contains("secret"), "{}", refused.text());
        assert_eq!(came(&alice.join().expect("an answer")).0, Came::First);
    });
    guard.check_calls(1);
}

#[test]
fn a_held_server_error_is_not_shown_to_another_credential() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(500).body("a secret")]);
    let first = guard.send(&tenants_order(&guard, "Bearer alice"));
    let refused = guard.send(&tenants_order(&guard, "Bearer bob"));
    problem::check(&refused, "outcome-unknown");
    assert!(!refused.text().contains("secret"), "{}", refused.text());
    check_replay(&guard.send(&tenants_order(&guard, "Bearer alice")), &first);
    guard.check_calls(1);
}

/// For the owner 422 comes before 409; nobody else learns whether a guess at the request is right.
#[test]
fn another_credential_is_told_the_same_whatever_it_sends() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201)]);
    guard.send(&tenants_order(&guard, "Bearer alice"));
    let [same, other] = ["{}", r#"{"other":1}"#].map(|body| {
        let answer = guard.send(&tenants_order(&guard, "Bearer bob").body(body));
        (problem::check(&answer, "credential-changed"), problem::record_of(&answer))
    });
    assert_eq!(same, other);
    let reused = guard.send(&tenants_order(&guard, "Bearer alice").body(r#"{"other":1}"#));
    problem::check(&reused, "key-reused");
    guard.check_calls(1);
}

#[test]
fn one_realm_joins_hosts_and_each_host_is_one_without() {
    for (policy, calls) in [(json!({ "realm": "shop" }), 1), (json!({}), 2)] {
        let guard = Guard::under(&policy);
        guard.origin_always(Reply::new(201));
        let port = guard.runtime().address().port();
        let order = |host: &str| guard.order().host(&format!("{host}:{port}"));
        for host in ["a.example", "b.example", "A.example"] {
            assert_eq!(guard.send(&order(host)).status, 201, "{host}");
        }
        guard.check_calls(calls);
    }
}
