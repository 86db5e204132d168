//! Reads the headers that the guard stamps on an answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::http::Answer;

const DAY: u64 = 24 * 60 * 60;

/// How an answer came about, by its `Cache-Status`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Came {
    First,
    Replayed,
    Joined,
}

/// How the answer came about, and the record id; panics when the line is none of the three.
#[track_caller]
pub fn came(answer: &Answer) -> (Came, String) {
    came_by(answer, answer.header("cache-status").unwrap_or_default())
}

/// The same for a line that must end with this `detail`.
#[track_caller]
pub fn came_with(answer: &Answer, detail: &str) -> (Came, String) {
    let line = answer.header("cache-status").unwrap_or_default();
    let rest = line.strip_suffix(&format!("; detail={detail}"));
    came_by(answer, rest.unwrap_or_else(|| panic!("Cache-Status {line:?} has no detail={detail}")))
}

#[track_caller]
fn came_by(answer: &Answer, line: &str) -> (Came, String) {
    let forms = [
        ("onlyonce; fwd=miss; stored; key=\"", Came::First),
        ("onlyonce; hit; key=\"", Came::Replayed),
        ("onlyonce; fwd=miss; collapsed; key=\"", Came::Joined),
    ];
    let matching = forms
        .iter()
        .find_map(|(start, came)| Some((*came, line.strip_prefix(start)?.strip_suffix('"')?)));
    let (came, id) = matching.unwrap_or_else(|| {
        panic!("Cache-Status {line:?} of a {}: {}", answer.status, answer.text())
    });
    let hex = |digit: char| digit.is_ascii_digit() || ('a'..='f').contains(&digit);
    assert!(id.len() == 64 && id.chars().all(hex), "record id {id:?} is not 64 hex digits");
    (came, id.to_owned())
}

/// A first answer: sent to the origin just now and kept.
#[track_caller]
pub fn check_first(answer: &Answer, key: &str) {
    let (came, _) = came(answer);
    assert_eq!(came, Came::First);
    for name in ["idempotency-replayed", "idempotent-replayed", "age"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    check_every(answer, key);
}

/// `again` is `first`, replayed or shared, with the stamps of that.
#[track_caller]
pub fn check_replay(again: &Answer, first: &Answer) {
    let shown = format!("{} {:?} {}", again.status, again.headers.0, again.text());
    assert_eq!(again.status, first.status, "{shown}");
    assert!(again.body == first.body, "the replayed body differs: {shown}");
    assert_eq!(again.header("content-type"), first.header("content-type"), "{shown}");
    for name in ["idempotency-replayed", "idempotent-replayed"] {
        assert_eq!(again.header(name), Some("true"), "{name}: {shown}");
    }
    let (how, id) = came(again);
    assert_ne!(how, Came::First, "{shown}");
    assert_eq!(id, came(first).1, "the same key is the same record");
    let age = again.header("age").unwrap_or_default();
    assert!(age.parse::<u64>().is_ok_and(|age| age < 60), "Age {age:?}: {shown}");
    assert_eq!(echoed(again), echoed(first), "{shown}");
    let expires = first.header("idempotency-expires");
    assert_eq!(again.header("idempotency-expires"), expires, "{shown}");
}

/// The key that is echoed, without the quotes and escapes that its client may have written: `fidelity` looks
/// at those.
fn echoed(answer: &Answer) -> Option<String> {
    let key = answer.header("idempotency-key")?;
    let Some(quoted) = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')) else {
        return Some(key.to_owned());
    };
    Some(quoted.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[track_caller]
fn check_every(answer: &Answer, key: &str) {
    assert_eq!(echoed(answer).as_deref(), Some(key));
    let expires = answer.header("idempotency-expires").unwrap_or_default();
    let left = seconds_until(expires);
    assert!(
        (DAY - 60..=DAY + 1).contains(&left),
        "Idempotency-Expires {expires:?} is {left} s away"
    );
    let timing = answer.header("server-timing").unwrap_or_default();
    assert!(
        timing.contains("guard;dur=") && timing.contains("origin;dur="),
        "Server-Timing {timing:?}"
    );
}

#[track_caller]
pub fn seconds_until(date: &str) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let at = http_date(date).unwrap_or_else(|| panic!("{date:?} is no HTTP-date"));
    at.saturating_sub(now).as_secs()
}

/// RFC 9110 section 5.6.7, the preferred form: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Duration> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<_> = text.strip_suffix(" GMT")?.split([' ', ':']).collect();
    let [_, day, month, year, hour, minute, second] = words[..] else {
        return None;
    };
    let number = |word: &str| word.parse::<u64>().ok();
    let days = days_since_1970(number(year)?, MONTHS.find(month)? as u64 / 3 + 1, number(day)?);
    Some(Duration::from_secs(
        days * DAY + number(hour)? * 3600 + number(minute)? * 60 + number(second)?,
    ))
}

/// Counted in years that start in March, so that the leap day is the last.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}
