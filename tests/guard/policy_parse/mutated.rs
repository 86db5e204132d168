//! Whatever a policy holds, reading it ends in settings or in sentences, never in a panic.

use crate::random::Random;
use onlyonce::guard::policy::{Policy, PolicyError};
use serde_json::{Value, json};

fn whole() -> Value {
    json!({
        "realm": "shop", "shards": 128, "shards_before": 64, "calls_per_shard": 3, "location": "weur",
        "jurisdiction": "eu", "methods": ["POST"], "key": "required", "derive_window": "10s",
        "retry_window": "24h", "in_flight": "wait", "wait": "25s", "deadline": "125s",
        "settle": {"path": "/a/{key}", "found": "/0", "absent_after": "1h", "at": ["1s", "2s"]},
        "unknown": "hold", "release": [429, {"status": 302, "header": "location", "matches": "*a*"}],
        "key_from": ["form:k"], "scope": ["jwt:sub"], "credential": ["header:a"], "fingerprint": "auto",
        "ignore": ["/a~1b"], "max_request_body": "1MiB", "max_stored_response": "1MiB",
        "replay_set_cookie": true, "on_guard_failure": "open", "mode": "observe",
        "cors": {"origins": ["https://a.example"]}, "kv_write": "never",
        "docs_url": "https://docs.example",
        "routes": [{"path": "/a/*", "key": "off"}, {"path": "/b/**", "wait": "1s"}],
    })
}

/// Any value, where the policy may want any other.
fn odd(random: &mut Random) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("é"),
        json!("~"),
        json!("/"),
        json!("/é~"),
        json!("*"),
        json!("**"),
        json!("99999999999999999999d"),
        json!("18446744073709551615d"),
        json!("1"),
        json!("d"),
        json!("header:"),
        json!(":"),
        json!("jwt:é"),
        json!("https://"),
        json!("GET"),
        json!("\u{0}\u{ffff}"),
        json!("é".repeat(500)),
        json!([]),
        json!([[]]),
        json!([null, 1, "a"]),
        json!({}),
        json!({"status": null}),
        json!({"origins": 1}),
        json!({"": {"": {}}}),
    ];
    values[random.below(values.len())].clone()
}

/// Changes one thing somewhere below a value.
fn mutate(value: &mut Value, random: &mut Random) {
    match value {
        Value::Object(table) if random.below(4) > 0 && !table.is_empty() => {
            let at = random.below(table.len());
            let name = table.keys().nth(at).expect("below its length").clone();
            match random.below(5) {
                0 => drop(table.remove(&name)),
                1 => {
                    let value = table.remove(&name).expect("it was there");
                    table.insert(format!("{name}{}", random.pick(&["s", "", "é", "_"])), value);
                }
                _ => mutate(&mut table[&name], random),
            }
        }
        Value::Array(items) if random.below(3) > 0 && !items.is_empty() => {
            let at = random.below(items.len());
            if random.below(4) == 0 {
                items.push(items[at].clone());
            }
            mutate(&mut items[at], random);
        }
        _ => *value = odd(random),
    }
}

fn is_a_sentence(error: &PolicyError) {
    let (text, mistake) = (error.to_string(), error.mistake.to_string());
    let (reason, cure) = mistake.split_once(": ").expect("a reason and a cure");
    assert!(!error.field.is_empty() && !reason.is_empty() && !cure.is_empty(), "{text}");
    assert!(text.len() < 2000, "{text}");
}

#[test]
fn mutated_values() {
    let mut random = Random::seeded(7);
    let mut read = [0, 0];
    for _ in 0..20_000 {
        let mut policy = whole();
        for _ in 0..=random.below(4) {
            mutate(&mut policy, &mut random);
        }
        let parsed = Policy::parse(&policy.to_string());
        read[usize::from(parsed.is_ok())] += 1;
        if let Err(mistakes) = parsed {
            assert!(!mistakes.is_empty(), "{policy}");
            mistakes.iter().for_each(is_a_sentence);
        }
    }
    assert!(read.iter().all(|count| *count > 500), "mistaken and sound policies: {read:?}");
}

#[test]
fn mutated_text() {
    let mut random = Random::seeded(11);
    let text: Vec<char> = whole().to_string().chars().collect();
    for _ in 0..20_000 {
        let mut text = text.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(text.len().max(1));
            match random.below(3) {
                0 if at < text.len() => drop(text.remove(at)),
                1 => text.insert(at, random.pick(&['"', '{', '[', ',', '\\', 'é', '0', '\u{0}'])),
                _ => text.truncate(at),
            }
        }
        if let Err(mistakes) = Policy::parse(&text.iter().collect::<String>()) {
            mistakes.iter().for_each(is_a_sentence);
        }
    }
}
