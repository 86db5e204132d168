//! Random JSON bodies: however the same value is written, its fingerprint is the same; change any
//! one scalar, and it is another.

use super::{different, order, same};
use crate::fixtures::AUTO;
use crate::random::Random;

#[derive(Clone)]
enum Json {
    /// A number, a literal, or a string with its quotes.
    Scalar(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

const SCALARS: [&str; 14] = [
    "null", "true", "false", "0", "-1", "1.0", "1e3", "\"\"", "\"a\"", "\"}],\"", "\"ü\"", "\" \"",
    "\"\\\\\"", "\"\\\"\"",
];

fn tree(random: &mut Random, depth: usize) -> Json {
    let count = random.below(5);
    match random.below(if depth == 0 { 1 } else { 4 }) {
        2 => Json::Array((0..count).map(|_| tree(random, depth - 1)).collect()),
        3 => {
            Json::Object((0..count).map(|at| (name(random, at), tree(random, depth - 1))).collect())
        }
        _ => Json::Scalar(random.pick(&SCALARS).into()),
    }
}

/// A name that no other member of the object has.
fn name(random: &mut Random, at: usize) -> String {
    format!("{}{at}", random.pick(&["", "a", "ü", "b ", ":"]))
}

/// Writes the value with random white space, order of members and raw_key of strings.
fn write(json: &Json, random: &mut Random, out: &mut String) {
    blank(random, out);
    match json {
        Json::Scalar(text) => out.push_str(&raw_key(text, random)),
        Json::Array(elements) => list("[", "]", elements, random, out, write),
        Json::Object(members) => {
            let mut members = members.clone();
            random.shuffle(&mut members);
            list("{", "}", &members, random, out, |(name, value), random, out| {
                blank(random, out);
                out.push_str(&raw_key(&format!("\"{name}\""), random));
                blank(random, out);
                out.push(':');
                write(value, random, out);
            });
        }
    }
    blank(random, out);
}

fn list<T>(
    open: &str,
    close: &str,
    items: &[T],
    random: &mut Random,
    out: &mut String,
    item: impl Fn(&T, &mut Random, &mut String),
) {
    out.push_str(open);
    for (at, value) in items.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        item(value, random, out);
    }
    blank(random, out);
    out.push_str(close);
}

fn blank(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&["", "", " ", "\n", "\t\r\n  "]));
}

/// The same text, its letters now and then as escapes.
fn raw_key(text: &str, random: &mut Random) -> String {
    let is_string = text.starts_with('"') && !text.contains('\\');
    let mut spell = |c: char| match c {
        'a'..='z' | 'ü' | ']' if is_string && random.below(3) == 0 => {
            format!("\\u{:04x}", u32::from(c))
        }
        other => other.to_string(),
    };
    text.chars().map(&mut spell).collect()
}

fn body(json: &Json, seed: u64) -> String {
    let mut out = String::new();
    write(json, &mut Random::seeded(seed), &mut out);
    out
}

/// The scalars, so that one can be exchanged.
fn scalars(json: &mut Json) -> Vec<&mut String> {
    match json {
        Json::Scalar(text) => vec![text],
        Json::Array(elements) => elements.iter_mut().flat_map(scalars).collect(),
        Json::Object(members) => members.iter_mut().flat_map(|(_, v)| scalars(v)).collect(),
    }
}

#[test]
fn however_it_is_written() {
    for seed in 0..2000 {
        let json = tree(&mut Random::seeded(seed), 4);
        let sent = |seed| order(Some("application/json"), body(&json, seed).as_bytes());
        same(&AUTO, &sent(seed), &sent(seed + 1));
    }
}

#[test]
fn every_scalar_counts() {
    for seed in 0..500 {
        let mut random = Random::seeded(seed);
        let json = tree(&mut random, 4);
        let first = order(Some("application/json"), body(&json, seed).as_bytes());
        let count = scalars(&mut json.clone()).len();
        for at in 0..count {
            let mut other = json.clone();
            let mut scalars = scalars(&mut other);
            let others: Vec<&str> = SCALARS.into_iter().filter(|s| s != scalars[at]).collect();
            *scalars[at] = random.pick(&others).into();
            different(
                &AUTO,
                &first,
                &order(Some("application/json"), body(&other, seed).as_bytes()),
            );
        }
    }
}
