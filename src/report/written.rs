//! Values as people write and read them.

use crate::guard::fingerprint::{Headers, Ignore};
use crate::guard::json_pointer;
use crate::guard::key_location::KeyLocation;
use crate::guard::policy::DURATION;
use crate::guard::policy::fields::{Field, Kind, Values};
use crate::guard::release::Release;
use crate::guard::scope::{Scope, auto_credential};
use crate::guard::settle::Settle;
use crate::guard::source::Source;
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
pub fn setting(field: &Field, values: &Values) -> String {
    let mut values = values.clone();
    match field.known.kind {
        Kind::Duration(range, place) => range.units.write(place(&mut values).0),
        Kind::Size(range, place) => range.units.write(*place(&mut values)),
        Kind::Number(_, place) => place(&mut values).to_string(),
        Kind::Flag(place) => place(&mut values).to_string(),
        Kind::Choice(choice) => (choice.get)(&values).into(),
        Kind::Special(_) => list(field.known.name, &values),
        Kind::Structural => String::new(),
    }
}

fn list(name: &str, values: &Values) -> String {
    let Values { settings, sharding, realm } = values;
    let entries: Vec<String> = match name {
        "realm" => vec![realm.clone().unwrap_or_else(|| "the request's host".into())],
        "shards" => vec![sharding.shards.get().to_string()],
        "shards_before" => sharding.before.iter().map(|count| count.get().to_string()).collect(),
        "methods" => settings.methods.clone(),
        "key_from" => settings.key_from.iter().map(KeyLocation::written).collect(),
        "release" => settings.release.iter().map(release).collect(),
        "scope" => match &settings.scope {
            Scope::Auto => vec!["auto".into()],
            Scope::Sources(sources) => sources.iter().map(Source::written).collect(),
            Scope::AutoAnd(sources) => {
                std::iter::once("auto".into()).chain(sources.iter().map(Source::written)).collect()
            }
        },
        "credential" if settings.credential == auto_credential() => vec!["auto".into()],
        "credential" => settings.credential.iter().map(Source::written).collect(),
        "fingerprint_headers" => {
            let Headers { known, named } = &settings.fingerprint.headers;
            known.then(|| "auto".into()).into_iter().chain(named.iter().cloned()).collect()
        }
        "ignore" => {
            let Ignore { pointers, fields, .. } = &settings.fingerprint.ignore;
            let pointers = pointers.iter().map(|pointer| json_pointer::written(pointer));
            pointers.chain(fields.iter().cloned()).collect()
        }
        "redact" => {
            let pointers = settings.keeping.redact.iter();
            pointers.map(|pointer| json_pointer::written(pointer)).collect()
        }
        "settle" => {
            settings.settle.as_ref().map_or(vec!["off".into()], |settle| settle_text(settle))
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

fn settle_text(settle: &Settle) -> Vec<String> {
    let Settle { path, found, absent_after, at } = settle;
    let at: Vec<String> = at.iter().map(|at| DURATION.write(at.0)).collect();
    let absent_after = DURATION.write(absent_after.0);
    vec![format!("{path} for {found}; absent after {absent_after}; at {}", at.join(" "))]
}
