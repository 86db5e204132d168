//! Values as people write and read them.

use onlyonce::guard::policy::Settings;
use onlyonce::guard::policy::amount::{DURATION, SIZE};
use onlyonce::guard::policy::fields::{Field, Kind};
use onlyonce::guard::release::Release;
use onlyonce::guard::scope::{Scope, Source};
use serde_json::Value;

/// JSON as TOML writes it on one line, e.g. `{ status = 503, header = "retry-after" }`.
pub fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Object(table) => {
            let mut members: Vec<_> = table.iter().collect();
            members.sort_by_key(|(_, value)| !value.is_number());
            let pairs = members.iter().map(|(name, value)| format!("{name} = {}", toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// What a field is set to, in few words; entries of lists are apart by commas.
pub fn setting(field: &Field, settings: &Settings) -> String {
    let mut settings = settings.clone();
    match field.known.kind {
        Kind::Duration { of, .. } => DURATION.write(of(&mut settings).0),
        Kind::Size { of, .. } => SIZE.write(*of(&mut settings)),
        Kind::Flag(of) => of(&mut settings).to_string(),
        Kind::Choice(words) => {
            let sets = |set: fn(&mut Settings)| {
                let mut changed = settings.clone();
                set(&mut changed);
                changed == settings
            };
            words.iter().find(|(_, set)| sets(*set)).map_or("", |(word, _)| word).into()
        }
        Kind::List(_) => list(field.known.name, &settings),
        Kind::Structural => String::new(),
    }
}

fn list(name: &str, settings: &Settings) -> String {
    let entries: Vec<String> = match name {
        "methods" => settings.methods.clone(),
        "release" => settings.release.iter().map(release).collect(),
        "scope" => match &settings.scope {
            Scope::Auto => vec!["auto".into()],
            Scope::Sources(sources) => sources.iter().map(Source::written).collect(),
        },
        "credential" => settings.credential.iter().map(Source::written).collect(),
        "ignore" => {
            settings.fingerprint.ignore.iter().map(|pointer| pointer_text(pointer)).collect()
        }
        "cors" => settings.cors.as_ref().map_or(vec!["off".into()], |cors| cors.origins.clone()),
        "docs_url" => settings.docs_url.iter().cloned().collect(),
        _ => unreachable!("the field {name} has no text; add it here"),
    };
    if entries.is_empty() { "none".into() } else { entries.join(", ") }
}

fn release(entry: &Release) -> String {
    let status = entry.status;
    match &entry.header {
        None => status.to_string(),
        Some(header) => match &header.matches {
            None => format!("{status} with {}", header.name),
            Some(pattern) => format!("{status} with {}: {pattern}", header.name),
        },
    }
}

fn pointer_text(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
}
