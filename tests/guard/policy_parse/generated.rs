//! What people read of the table of fields is what the parser reads.

use onlyonce::guard::policy::Policy;
use onlyonce::guard::policy::fields::{Default, FIELDS, KNOWN, Kind, Level};
use serde_json::{Map, Value};
use std::process::Command;

#[test]
fn the_defaults_as_written_are_the_defaults() {
    let written = FIELDS.iter().filter_map(|field| match field.default {
        Default::Is(json) => Some((
            field.known.name.to_owned(),
            serde_json::from_str(json).expect("a default is JSON"),
        )),
        Default::Absent(_) => None,
    });
    let policy: Map<String, Value> = written.collect();
    assert_eq!(policy.len(), FIELDS.len() - 6, "all but those that are absent have one");
    let mut parsed = super::read(&Value::Object(policy).to_string());
    // Entries of `release` stand for each other in any order.
    let mut defaults = Policy::default();
    for policy in [&mut parsed, &mut defaults] {
        std::rc::Rc::make_mut(&mut policy.defaults).release.sort_by_key(|entry| entry.status);
    }
    assert_eq!(parsed, defaults);
}

#[test]
fn every_field_is_explained() {
    for field in &FIELDS {
        let name = field.known.name;
        for text in [field.meaning, field.why] {
            assert!(text.ends_with('.') && !text.contains('\n'), "{name}: {text:?}");
        }
        let speaks_for_itself = !matches!(field.known.kind, Kind::Special(_) | Kind::Structural);
        assert!(speaks_for_itself || !field.allowed.is_empty(), "{name} says what it allows");
    }
    let beware: Vec<&str> = FIELDS
        .iter()
        .filter(|field| !field.note.is_empty())
        .map(|field| field.known.name)
        .collect();
    let expected = [
        "realm",
        "shards",
        "shards_before",
        "location",
        "jurisdiction",
        "profile",
        "key",
        "settle",
        "scope",
        "max_stored_response",
        "store",
        "redact",
        "seal",
    ];
    assert_eq!(beware, expected);
    assert!(KNOWN.iter().zip(&FIELDS).all(|(known, field)| known.name == field.known.name));
}

#[track_caller]
fn current(command: &str, path: &str) {
    let written = run(command);
    let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let present = std::fs::read_to_string(&file).unwrap_or_default();
    let cure = format!("run `cargo run --bin policy -- {command} > {path}`");
    assert!(written == present, "{path} is out of date: {cure}");
}

#[test]
fn the_reference_is_current() {
    current("reference", "docs/CONFIGURATION.md");
}

#[test]
fn the_schema_is_current() {
    current("schema", "docs/policy.schema.json");
}

#[test]
fn the_schema_knows_every_field() {
    let schema: Value = serde_json::from_str(&run("schema")).expect("JSON");
    let knows = |part: &str, name: &str| schema["$defs"][part]["properties"].get(name).is_some();
    for field in &FIELDS {
        let name = field.known.name;
        assert_eq!(knows("policy", name), name != "path", "{name}");
        assert_eq!(knows("route", name), field.known.level != Level::Top, "{name}");
    }
}

/// What the program writes.
fn run(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_policy")).arg(command).output();
    String::from_utf8(output.expect("the program starts").stdout).expect("text")
}
