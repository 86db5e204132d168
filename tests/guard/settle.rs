//! What the origin is asked about an unknown outcome, when, and what its answers mean.

use crate::fixtures::{CLAIMED_AT, SINCE, claim, record_id};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::record::{AnswerSource, Body, INLINE_LIMIT, Outcome, ProbeAnswer, Reason};
use onlyonce::guard::settle::{ProbeWord, Settle};
use onlyonce::guard::time::{Millis, UnixMillis};
use onlyonce::guard::unknown_outcome::probe_line;

fn settle(found: &str) -> Settle {
    Settle {
        path: "/payments?idempotency_key={key}".into(),
        found: found.into(),
        absent_after: Millis::seconds(15 * 60),
        at: [10, 60, 600].map(Millis::seconds).into(),
    }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::from_text(text).expect("a key")
}

#[test]
fn the_key_stands_in_the_path_as_data() {
    let targets = |path: &str, text: &str| {
        Settle { path: path.into(), ..settle("") }.targets(&key(text), text)
    };
    for (path, text, expected) in [
        ("/payments?key={key}", "8e03978e", "/payments?key=8e03978e"),
        ("/payments?key={key}", "a&b=c#d e/f", "/payments?key=a%26b%3Dc%23d%20e%2Ff"),
        ("/payments/{key}", "../admin", "/payments/..%2Fadmin"),
        ("/payments/{key}", "a%2e", "/payments/a%252e"),
        ("/payments/{key}", "...", "/payments/..."),
        ("/{key}/of/{key}", "k_1~2-3.4", "/k_1~2-3.4/of/k_1~2-3.4"),
    ] {
        assert_eq!(targets(path, text), [expected], "{path} {text}");
    }
    // However they are encoded, these lead to another path.
    assert_eq!(targets("/payments/{key}", "."), [""; 0]);
    assert_eq!(targets("/payments/{key}", ".."), [""; 0]);
}

/// An origin that keeps the header as it came knows the key by its quotes.
#[test]
fn a_quoted_key_is_asked_about_under_both_spellings() {
    let targets = settle("").targets(&key("a b"), "\"a b\"");
    let path = "/payments?idempotency_key=";
    assert_eq!(targets, [format!("{path}a%20b"), format!("{path}%22a%20b%22")]);
}

fn said(settle: &Settle, status: u16, body: &str) -> ProbeWord {
    settle.word(status, Some(body.as_bytes()), SINCE, Millis(7))
}

#[test]
fn what_is_there_is_the_answer() {
    for (found, body, member) in [
        ("/data/0", r#"{"data":[{"id":"p_1"},{"id":"p_2"}]}"#, r#"{"id":"p_1"}"#),
        ("/data/1", r#"{"data":[1,"two"]}"#, r#""two""#),
        // Its own bytes: no number is read and written again, no member sorted.
        (
            "/a",
            r#" { "a" : {"z":1.50,"b":1e400,"n":12345678901234567890} } "#,
            r#"{"z":1.50,"b":1e400,"n":12345678901234567890}"#,
        ),
        ("", r#"{"id":1}"#, r#"{"id":1}"#),
        ("/a~1b/~0/", r#"{"a/b":{"~":{"":true}}}"#, "true"),
        ("/count", r#"{"count":0}"#, "0"),
        ("/a", r#"{"a":1,"a":2}"#, "2"),
    ] {
        let ProbeWord::Found(answer) = said(&settle(found), 200, body) else {
            panic!("{found} is not found in {body}");
        };
        assert_eq!(std::str::from_utf8(answer.inline()), Ok(member), "{found} in {body}");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers, [("content-type".into(), "application/json".into())]);
        assert_eq!((answer.answered_at, answer.origin_time), (SINCE, Millis(7)));
        assert_eq!(answer.source, AnswerSource::Settled);
    }
}

#[test]
fn what_is_too_large_was_carried_out_all_the_same() {
    let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(INLINE_LIMIT));
    let ProbeWord::Found(answer) = said(&settle("/a"), 200, &body) else { panic!("it is there") };
    assert_eq!(answer.body, Body::NotKept);
}

/// Nesting is walked through, not into: a hostile document costs no stack.
#[test]
fn a_deep_document_is_read() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(said(&settle("/0/0"), 200, &deep), ProbeWord::Found(_)));
}

#[test]
fn what_could_be_there_and_is_not_is_absent() {
    for (found, status, body) in [
        ("/data/0", 200, r#"{"data":[]}"#),
        ("/data/0", 200, r#"{"data":[null]}"#),
        ("/data/2", 200, r#"{"data":[1,2]}"#),
        ("/payment", 200, "{}"),
        ("/payment", 200, r#"{"payment":null}"#),
        ("", 200, "null"),
        ("/data/0", 404, r#"{"error":"unknown"}"#),
        ("/data/0", 404, "not found"),
    ] {
        assert_eq!(
            said(&settle(found), status, body),
            ProbeWord::Said(ProbeAnswer::Absent),
            "{found} in {body}"
        );
    }
}

/// Neither is to be believed: one would have a payment made twice, the other lose it.
#[test]
fn anything_else_says_nothing() {
    for (found, status, body) in [
        ("/data/0", 500, r#"{"data":[]}"#),
        ("/data/0", 401, r#"{"data":[]}"#),
        ("/data/0", 403, ""),
        ("/data/0", 410, "{}"),
        ("/data/0", 206, r#"{"data":[]}"#),
        ("/data/0", 302, ""),
        ("/data/0", 204, ""),
        // A page of an error, or of a sign-in.
        ("/data/0", 200, "<html>try later</html>"),
        ("/data/0", 200, ""),
        ("/data/0", 200, r#"{"data":[]"#),
        // What should hold it is not there, or something else.
        ("/data/0", 200, r#"{"error":"try later"}"#),
        ("/data/0", 200, r#"{"data":null}"#),
        ("/data/0", 200, r#"{"data":7}"#),
        ("/data/0/id", 200, r#"{"data":[]}"#),
        // There, and empty.
        ("/data", 200, r#"{"data":[]}"#),
        ("/data", 200, r#"{"data":{}}"#),
        ("/data", 200, r#"{"data":""}"#),
        ("/data", 200, r#"{"data":false}"#),
    ] {
        let word = said(&settle(found), status, body);
        assert_eq!(
            word,
            ProbeWord::Said(ProbeAnswer::NoWord(Some(status))),
            "{found} in {status} {body}"
        );
    }
    assert_eq!(
        settle("/a").word(200, None, SINCE, Millis(7)),
        ProbeWord::Said(ProbeAnswer::NoWord(Some(200)))
    );
    let latin = settle("/a").word(200, Some(b"{\"a\":\"\xe9\"}"), SINCE, Millis(7));
    assert_eq!(latin, ProbeWord::Said(ProbeAnswer::NoWord(Some(200))));
}

/// When it is asked next, in seconds since the outcome became unknown, if it was asked last then.
#[track_caller]
fn next(settle: &Settle, asked: Option<u64>, expected: u64) {
    let mut outcome = Outcome::new(Reason::Restarted, None, SINCE);
    if let Some(asked) = asked {
        outcome.probes.add(SINCE.plus(Millis::seconds(asked)), ProbeAnswer::Absent);
    }
    let next = settle.next_at(&claim("c1"), &outcome);
    assert_eq!(next, SINCE.plus(Millis::seconds(expected)), "after {asked:?}");
}

#[test]
fn it_is_asked_at_the_policys_times_and_then_ever_more_rarely() {
    let settle = settle("");
    // An absence counts 900 s after the claim, which is 891 s after the outcome became unknown.
    for (asked, expected) in [
        (None, 10),
        (Some(10), 60),
        (Some(11), 60),
        (Some(60), 600),
        // A retry may have asked in between.
        (Some(599), 600),
        (Some(600), 891),
        (Some(890), 891),
        (Some(891), 1200),
        (Some(1200), 2400),
        (Some(2400), 4800),
        // By now in steps of an hour.
        (Some(4800), 8400),
        (Some(8400), 12_000),
        (Some(80_000), 80_400),
    ] {
        next(&settle, asked, expected);
    }
}

#[test]
fn an_absence_that_counts_from_the_first_question_on_adds_none() {
    let settle = Settle { absent_after: Millis::seconds(5), ..settle("") };
    next(&settle, None, 10);
    next(&settle, Some(10), 60);
    let soon = Settle { absent_after: Millis::seconds(11), ..settle };
    // Two seconds after it became unknown.
    next(&soon, None, 2);
    next(&soon, Some(2), 10);
}

#[test]
fn an_absence_counts_from_the_sending_on() {
    let from = settle("").absence_counts_from(&claim("c1"));
    assert_eq!(from, CLAIMED_AT.plus(Millis::seconds(900)));
}

/// A line tells what was said, and neither key nor path nor body.
#[test]
fn a_probe_is_told() {
    let now = UnixMillis(SINCE.0 + 1000);
    let id = record_id("r", &[], &key("k"));
    let line = |word: &ProbeWord| probe_line(&claim("c1"), word, &id, now);
    let expected = |code: &str| {
        format!(
            r#"{{"outcome":"probe","route":"/orders","method":"POST","code":{code},"record":"{id:.16}","claim":"63310000","#
        )
    };
    let found = said(&settle("/a"), 200, r#"{"a":"secret"}"#);
    for (word, code, rest) in [
        (found, r#""found""#, r#""status":200,"since_first_ms":10000}"#),
        (ProbeWord::Said(ProbeAnswer::Absent), r#""absent""#, r#""since_first_ms":10000}"#),
        (
            ProbeWord::Said(ProbeAnswer::NoWord(Some(401))),
            r#""no-word""#,
            r#""status":401,"since_first_ms":10000}"#,
        ),
        (ProbeWord::Said(ProbeAnswer::NoWord(None)), r#""no-word""#, r#""since_first_ms":10000}"#),
    ] {
        assert_eq!(line(&word), expected(code) + rest);
    }
}
