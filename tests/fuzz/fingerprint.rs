//! Requests under one key: equal ones have one fingerprint, others another.
//!
//! 1. However a request is written, its fingerprint is the same.
//! 2. Two requests that differ in any value have two.
//! 3. `bytes` tells every other body apart.
//! 4. What a policy ignores may change, and nothing else may.

use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Ignore, Method};

use crate::choices::Choices;
use crate::engine::kind;
use crate::random::Random;
use crate::request::{Body, Request, Sent};

pub const WORDS: &[&str] =
    &["\0", "\u{1}\u{1}", "a", "\"", "\\", "é", "🔑", "\r\n--", "{}", "\u{3}\u{2}"];

pub fn check(input: &[u8]) -> u64 {
    let mut choices = Choices(input);
    let mut random = Random::seeded(choices.number());
    let request = Request::new(&mut choices);
    let mut other = request.clone();
    for _ in 0..choices.below(3) {
        other.alter(&mut choices);
    }
    let [first, again] = [request.send(&mut random), request.send(&mut random)];
    let last = other.send(&mut random);
    assert_eq!(auto(&first), auto(&again), "{request:?} as {} and {}", text(&first), text(&again));
    let is_same = request == other;
    assert_eq!(auto(&first) == auto(&last), is_same, "{request:?} and {other:?}");
    check_bytes(&first, &last);
    check_bytes(&first, &again);
    check_ignored(request.clone(), &mut choices, &mut random);
    let depth = text(&first).matches(['[', '{']).count().min(6);
    kind(&(is_same, std::mem::discriminant(&request.body), depth, first.body.len() / 64))
}

fn text(sent: &Sent) -> String {
    String::from_utf8_lossy(&sent.body).into_owned()
}

fn auto(sent: &Sent) -> String {
    ignoring(sent, Vec::new())
}

fn ignoring(sent: &Sent, ignore: Vec<Vec<String>>) -> String {
    let ignore = Ignore { pointers: ignore, ..Ignore::default() };
    digest(sent, &Method { ignore, ..Method::AUTO })
}

fn digest(sent: &Sent, method: &Method) -> String {
    let fingerprint = Fingerprint::of(sent, &sent.body, method).expect("readable headers");
    fingerprint.digest.to_string()
}

fn check_bytes(one: &Sent, other: &Sent) {
    let method = Method::new(Algorithm::Bytes);
    let digest = |sent: &Sent| digest(sent, &method);
    let is_same = one.has_head_of(other) && one.body == other.body;
    assert_eq!(digest(one) == digest(other), is_same, "{} and {}", text(one), text(other));
}

/// The value in one place changes.
fn check_ignored(request: Request, choices: &mut Choices, random: &mut Random) {
    let mut other = request.clone();
    let Body::Json(tree) = &mut other.body else { return };
    let Some((place, value)) = tree.place(choices) else { return };
    value.alter(choices);
    let [first, last] = [request.send(random), other.send(random)];
    let digests = [&first, &last].map(|sent| ignoring(sent, vec![place.clone()]));
    assert_eq!(digests[0], digests[1], "{request:?} and {other:?} but for {place:?}");
    assert_eq!(auto(&first) == auto(&last), request == other, "{request:?} and {other:?}");
    let elsewhere = vec![vec!["no such member".to_owned()]];
    assert_eq!(ignoring(&first, elsewhere), auto(&first), "{request:?}");
}
