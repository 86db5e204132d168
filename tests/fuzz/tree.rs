//! JSON values as values: two are equal where they say the same, however they are written.

use std::collections::BTreeMap;

use crate::choices::Choices;
use crate::random::Random;

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// A number or a literal; another raw_key of a number is another value.
    Plain(&'static str),
    Text(String),
    List(Vec<Tree>),
    Table(BTreeMap<String, Tree>),
}

/// Some are two others without the comma between them.
const PLAIN: [&str; 14] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "1.0",
    "1e0",
    "10",
    "11",
    "110",
    "-1.5E+3",
    "1e999",
    "12345678901234567890",
];
const DEEPEST: usize = 5;

pub fn tree(choices: &mut Choices, depth: usize) -> Tree {
    match choices.below(if depth < DEEPEST { 4 } else { 2 }) {
        0 => Tree::Plain(choices.pick(&PLAIN)),
        1 => Tree::Text(choices.text()),
        2 => Tree::List(choices.list(4, |choices| tree(choices, depth + 1))),
        _ => {
            let members = choices.list(4, |choices| (choices.text(), tree(choices, depth + 1)));
            Tree::Table(members.into_iter().collect())
        }
    }
}

impl Tree {
    /// Another value in some place; by chance it is the same.
    pub fn alter(&mut self, choices: &mut Choices) {
        let whole = choices.below(4) == 0;
        match self {
            Tree::List(items) if !whole && !items.is_empty() => alter_list(items, choices),
            Tree::Table(members) if !whole && !members.is_empty() => alter_table(members, choices),
            Tree::Text(text) if !whole => text.push(choices.pick(&['a', '\u{0}', '"', 'ü', '🔑'])),
            Tree::Plain(text) if !whole => *text = neighbour(text, choices),
            other => *other = tree(choices, DEEPEST - 1),
        }
    }

    /// Writes it in one of its spellings.
    pub fn write(&self, random: &mut Random, out: &mut String) {
        blank(random, out);
        match self {
            Tree::Plain(text) => out.push_str(text),
            Tree::Text(text) => write_text(text, random, out),
            Tree::List(items) => {
                let write =
                    |item: &&Tree, random: &mut Random, out: &mut String| item.write(random, out);
                list(['[', ']'], &items.iter().collect::<Vec<_>>(), random, out, write);
            }
            Tree::Table(members) => {
                let mut members: Vec<_> = members.iter().collect();
                random.shuffle(&mut members);
                list(['{', '}'], &members, random, out, |(name, value), random, out| {
                    blank(random, out);
                    write_text(name, random, out);
                    blank(random, out);
                    out.push(':');
                    value.write(random, out);
                });
            }
        }
        blank(random, out);
    }

    /// Some place below the root, as a pointer, and the value that stands there.
    pub fn place(&mut self, choices: &mut Choices) -> Option<(Vec<String>, &mut Tree)> {
        let (name, below) = match self {
            Tree::List(items) if !items.is_empty() => {
                let at = choices.below(items.len());
                (at.to_string(), &mut items[at])
            }
            Tree::Table(members) if !members.is_empty() => {
                let at = choices.below(members.len());
                let (name, below) = members.iter_mut().nth(at)?;
                (name.clone(), below)
            }
            _ => return None,
        };
        let goes_on = choices.flag() && matches!(below, Tree::List(items) if !items.is_empty());
        if !goes_on {
            return Some((vec![name], below));
        }
        let (mut path, found) = below.place(choices)?;
        path.insert(0, name);
        Some((path, found))
    }
}

/// One that looks alike.
fn neighbour(text: &str, choices: &mut Choices) -> &'static str {
    let at = PLAIN.iter().position(|plain| *plain == text).unwrap_or_default();
    PLAIN[(at + 1 + choices.below(2)) % PLAIN.len()]
}

fn alter_list(items: &mut Vec<Tree>, choices: &mut Choices) {
    let (at, other) = (choices.below(items.len()), choices.below(items.len()));
    match choices.below(5) {
        0 => drop(items.remove(at)),
        1 => items.swap(at, other),
        2 => items.insert(at, items[other].clone()),
        3 => join(items, at),
        _ => items[at].alter(choices),
    }
}

/// Two neighbours as one, where their texts in a row are one of these.
fn join(items: &mut Vec<Tree>, at: usize) {
    if let Some([Tree::Plain(one), Tree::Plain(other)]) = items.get(at..at + 2)
        && let Some(both) = PLAIN.iter().find(|both| **both == format!("{one}{other}"))
    {
        items.splice(at..at + 2, [Tree::Plain(both)]);
    }
}

fn alter_table(members: &mut BTreeMap<String, Tree>, choices: &mut Choices) {
    let at = choices.below(members.len());
    let Some(name) = members.keys().nth(at).cloned() else { return };
    let Some(mut value) = members.remove(&name) else { return };
    match choices.below(4) {
        0 => {}
        1 => drop(members.insert(choices.text(), value)),
        _ => {
            value.alter(choices);
            members.insert(name, value);
        }
    }
}

fn list<T>(
    [open, close]: [char; 2],
    items: &[T],
    random: &mut Random,
    out: &mut String,
    write: impl Fn(&T, &mut Random, &mut String),
) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        write(item, random, out);
    }
    blank(random, out);
    out.push(close);
}

fn blank(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&["", "", "", " ", "\n", "\t\r\n"]));
}

fn write_text(text: &str, random: &mut Random, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' if random.below(2) == 0 => out.extend(['\\', c]),
            '/' if random.below(2) == 0 => out.push_str("\\/"),
            '\n' if random.below(2) == 0 => out.push_str("\\n"),
            ' '.. if !matches!(c, '"' | '\\') && random.below(4) > 0 => out.push(c),
            _ => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out.push('"');
}
