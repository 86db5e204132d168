//! What people read of the table of fields is what the parser reads.

use onlyonce::guard::policy::Policy;
use onlyonce::guard::policy::fields::{Default, FIELDS, KNOWN, Kind, Level};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};

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
    let written = run(command, "");
    let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let present = std::fs::read_to_string(&file).unwrap_or_default();
    let cure = format!("run `cargo run --bin policy -- {command} > {path}`");
    assert!(String::from_utf8_lossy(&written.stdout) == present, "{path} is out of date: {cure}");
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
    let schema: Value = serde_json::from_slice(&run("schema", "").stdout).expect("JSON");
    let knows = |part: &str, name: &str| schema["$defs"][part]["properties"].get(name).is_some();
    for field in &FIELDS {
        let name = field.known.name;
        assert_eq!(knows("policy", name), name != "path", "{name}");
        assert_eq!(knows("route", name), field.known.level != Level::Top, "{name}");
    }
}

fn run(command: &str, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy"))
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the policy binary starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    // A command that reads nothing may be gone before all is written.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the policy binary ends")
}

#[test]
fn check_prints_what_holds() {
    let variables = json!({
        "ORIGIN": "https://origin.example/",
        "POLICY": {"realm": "shop", "shards": 512, "shards_before": 256, "jurisdiction": "eu", "wait": "5s", "routes": [
            {"path": "/pay/**", "key": "required", "release": [429]},
            {"path": "/free", "key": "off"},
        ]},
    });
    let output = run("check", &variables.to_string());
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}");
    for line in [
        "origin           https://origin.example",
        "realm            shop",
        "shards           512",
        "shards_before    256",
        "calls_per_shard  6",
        "location         none",
        "jurisdiction     eu",
        "                     [vars.POLICY]              routes[0] /pay/**          routes[1] /free",
        "key                    optional                 * required                 * off",
        "wait                 * 5s                       * 5s                         -",
        "deadline               125s                       125s                       -",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("Set PEPPER before the first key comes"), "{text}");
    assert!(text.contains("as in scope = [\"cookie:sid\"]"), "{text}");
    let named = run("check", r#"{"POLICY": {"scope": ["cookie:sid"]}}"#);
    let named = String::from_utf8(named.stdout).expect("text");
    assert!(!named.contains("cookie alone") && named.contains("Set PEPPER"), "{named}");
}

#[test]
fn check_tells_every_mistake() {
    let variables = json!({"ORIGIN": "origin.example", "POLICY": {"wait": "5", "key": 1}});
    let output = run("check", &variables.to_string());
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let expected = "\
ORIGIN \"origin.example\" does not start with https:// or http://; set it to a base URL such as https://origin.example.com
key 1 is a number: write \"required\", \"optional\", \"derive\", \"generate\" or \"off\"
wait \"5\" has no unit: write \"5s\"
";
    assert_eq!(String::from_utf8(output.stderr).expect("text"), expected);
}

#[test]
fn check_knows_the_bindings() {
    let variables = json!({"POLICY": {"jurisdiction": "eu"}, "RESPONSES": "RESPONSES"});
    let output = run("check", &variables.to_string());
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(told.starts_with("jurisdiction \"eu\" does not go with a bound RESPONSES"), "{told}");
}

#[test]
fn check_reads_a_policy_from_text_and_does_without_one() {
    for variables in [r#"{}"#, r#"{"POLICY": null}"#, r#"{"POLICY": "{\"wait\": \"9s\"}"}"#] {
        let output = run("check", variables);
        assert!(output.status.success(), "{variables}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("origin           not set here"));
    }
    for variables in ["", "[", r#"{"POLICY": "wait = 9"}"#, r#"{"POLICY": []}"#, r#"{"ORIGIN": 7}"#]
    {
        assert_eq!(run("check", variables).status.code(), Some(1), "{variables}");
    }
}

#[test]
fn check_warns_of_a_policy_that_the_platform_would_not_take() {
    let warning = "the platform takes 5 KB for one variable";
    for (origins, expected) in [(1, false), (60, true)] {
        let origins: Vec<String> =
            (0..origins).map(|at| format!("https://{at}.{}.example", "a".repeat(90))).collect();
        let variables = json!({"POLICY": {"cors": {"origins": origins}}});
        let output = run("check", &variables.to_string());
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stdout).contains(warning), expected);
    }
}
