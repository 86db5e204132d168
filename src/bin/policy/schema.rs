//! docs/policy.schema.json: JSON Schema 2020-12 for a wrangler configuration, of which it describes
//! `vars.POLICY` and leaves the rest alone, so that an editor can be pointed at it from the file.
//!
//! It is made from the table of fields and not derived from types, as schemars would: bounds,
//! patterns, defaults and descriptions are a field's own (`wait` and `deadline` are both durations),
//! and as attributes they would all be written a second time.

use onlyonce::guard::policy::MAX_ROUTES;
use onlyonce::guard::policy::amount::{DURATION, NumberRange, Units};
use onlyonce::guard::policy::fields::{Default, FIELDS, Field, Kind, Level};
use onlyonce::guard::shard::ShardCount;
use serde_json::{Map, Value, json};

pub fn schema() -> String {
    let variables = json!({ "properties": { "POLICY": { "$ref": "#/$defs/policy" } } });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A wrangler configuration with a policy for Onlyonce",
        "type": "object",
        "properties": {
            "vars": { "$ref": "#/$defs/vars" },
            "env": { "additionalProperties": { "properties": { "vars": { "$ref": "#/$defs/vars" } } } },
        },
        "$defs": {
            "vars": variables,
            "policy": table(Level::Top, &[]),
            "route": table(Level::Route, &["path"]),
        },
    });
    format!("{schema:#}\n")
}

fn table(level: Level, required: &[&str]) -> Value {
    let stands =
        |field: &&Field| field.known.level == Level::Anywhere || field.known.level == level;
    let properties: Map<String, Value> = FIELDS
        .iter()
        .filter(stands)
        .map(|field| (field.known.name.to_owned(), described(field)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn described(field: &Field) -> Value {
    let mut schema = values(field);
    schema["description"] = [field.meaning, field.note].join(" ").trim_end().into();
    if let Default::Is(json) = field.default {
        schema["default"] = serde_json::from_str(json).expect("the table's defaults are JSON");
    }
    schema
}

fn values(field: &Field) -> Value {
    match field.known.kind {
        Kind::Choice(choice) => json!({ "enum": choice.words }),
        Kind::Duration(range, _) | Kind::Size(range, _) => amount(range.units),
        Kind::Number(NumberRange { least, most }, _) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Flag(_) => json!({ "type": "boolean" }),
        Kind::Special(_) | Kind::Structural => special(field.known.name),
    }
}

fn amount(units: &Units) -> Value {
    json!({ "type": "string", "pattern": format!("^[0-9]+({})$", units.names().join("|")) })
}

fn special(name: &str) -> Value {
    match name {
        "realm" => json!({ "type": "string", "pattern": "^[!-~]{1,255}$" }),
        "shards" | "shards_before" => {
            let powers: Vec<u32> = (0..=ShardCount::MAX.ilog2()).map(|at| 1 << at).collect();
            json!({ "enum": powers })
        }
        "routes" => {
            json!({ "type": "array", "maxItems": MAX_ROUTES, "items": { "$ref": "#/$defs/route" } })
        }
        "path" => json!({ "type": "string", "pattern": "^/" }),
        "methods" => list(
            json!({
                "type": "string",
                "pattern": "^[A-Z-]+$",
                "not": { "enum": ["GET", "HEAD", "OPTIONS", "CONNECT", "TRACE", "TRACK"] },
            }),
            1,
        ),
        "release" => list(json!({ "anyOf": [status(), release_table()] }), 0),
        "scope" => auto_or(list(source("((header|cookie|query|jwt):.+|path|query|auto)"), 1)),
        "key_from" => list(source("((header|query|form):.+|json:/([^~]|~[01])*)"), 1),
        "credential" => auto_or(list(source("(header|cookie|query):.+"), 1)),
        "fingerprint_headers" => {
            auto_or(list(json!({ "type": "string", "pattern": "^[!#-'*+.^_`|~0-9A-Za-z-]+$" }), 0))
        }
        "ignore" => list(json!({ "type": "string", "pattern": "^(/([^~]|~[01])*|[^/].*)$" }), 0),
        "redact" => list(json!({ "type": "string", "pattern": "^/([^~]|~[01])*$" }), 0),
        "cors" => json!({ "anyOf": [{ "enum": ["off"] }, cors_table()] }),
        "settle" => json!({ "anyOf": [{ "enum": ["off"] }, settle_table()] }),
        "docs_url" => json!({ "type": "string", "pattern": "^https?://[^?#]+$" }),
        _ => unreachable!("the field {name} has no schema; add it here"),
    }
}

fn list(items: Value, least: u64) -> Value {
    json!({ "type": "array", "items": items, "minItems": least, "maxItems": 64, "uniqueItems": true })
}

fn auto_or(list: Value) -> Value {
    json!({ "anyOf": [{ "enum": ["auto"] }, list] })
}

fn source(form: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{form}$") })
}

fn status() -> Value {
    json!({ "type": "integer", "minimum": 200, "maximum": 599 })
}

fn release_table() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["status"],
        "dependentRequired": { "matches": ["header"] },
        "properties": {
            "status": status(),
            "header": { "type": "string", "description": "The answer must carry this header." },
            "matches": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "description": "A pattern for the header's whole value, in which * stands for any characters.",
            },
        },
    })
}

fn settle_table() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["path", "found", "absent_after"],
        "properties": {
            "path": {
                "type": "string",
                "pattern": "^/[!-~]*\\{key\\}[!-~]*$",
                "maxLength": 2000,
                "description": "What the origin is asked for, in which {key} stands for the key.",
            },
            "found": {
                "type": "string",
                "pattern": "^(/([^~]|~[01])*)?$",
                "maxLength": 255,
                "description": "A JSON pointer to what is there once the operation was carried out.",
            },
            "absent_after": described_amount("How long after the sending an absence begins to count: at least deadline."),
            "at": { "description": "When the origin is asked, from the moment on at which the outcome became unknown." , "default": ["10s", "1m", "10m"], "type": "array", "items": amount(&DURATION), "minItems": 1, "maxItems": 64, "uniqueItems": true },
        },
    })
}

fn described_amount(description: &str) -> Value {
    let mut schema = amount(&DURATION);
    schema["description"] = description.into();
    schema
}

fn cors_table() -> Value {
    let origin = json!({ "type": "string", "pattern": "^(\\*|https?://[^/A-Z]+)$" });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["origins"],
        "properties": { "origins": list(origin, 1) },
    })
}
