//! `settle`: `{ path = "/payments?idempotency_key={key}", found = "/data/0", absent_after = "15m",
//! at = ["10s", "1m", "10m"] }`, or `"off"`.

use super::amount::{AmountRange, DURATION};
use super::fields::Values;
use super::json::Value;
use super::lists::some_entries;
use super::reader::Reader;
use crate::guard::settle::{KEY, Settle};
use crate::guard::time::Millis;
use serde_json::value::RawValue;
use std::rc::Rc;
use thiserror::Error;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettleError {
    #[error("is not \"off\": {SETTLE}")]
    NotOff,
    #[error("is not a field of settle: its fields are path, found, absent_after and at")]
    NotAField,
    #[error("has no {0}: {SETTLE}")]
    Missing(&'static str),
    #[error("is no path with a {{key}} in it and without segments of dots: {PATH}")]
    NoPath,
    #[error("is no JSON pointer (RFC 6901): {FOUND}")]
    NoPointer,
    #[error("is not in order: write the shortest first")]
    NotAscending,
}

const SETTLE: &str = "write { path = \"/payments?idempotency_key={key}\", found = \"/data/0\", absent_after = \"15m\" }, or \"off\"";
const PATH: &str = "write one of printable ASCII such as \"/payments?idempotency_key={key}\", of 2,000 characters at most";
const FOUND: &str = "write what is there once the operation is, such as \"/data/0\", or \"\" for the whole document";

const SECOND: u64 = 1000;
const DAY: u64 = 24 * 60 * 60 * SECOND;
const TIME: AmountRange = AmountRange { units: &DURATION, least: SECOND, most: 30 * DAY };

pub fn settle(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.settings.settle = match reader.value(json)? {
        Value::Text(text) if text == "off" => None,
        Value::Text(_) => return reader.wrong(json, SettleError::NotOff),
        _ => Some(Rc::new(table(reader, json)?)),
    };
    Some(())
}

fn table(reader: &mut Reader, json: &RawValue) -> Option<Settle> {
    let table = reader.table(json, SETTLE)?;
    let before = reader.count();
    reader.others(&table, &["path", "found", "absent_after", "at"], &SettleError::NotAField.into());
    for name in ["path", "found", "absent_after"] {
        if table.get(name).is_none() {
            reader.wrong::<()>(json, SettleError::Missing(name));
        }
    }
    let path = reader.member(&table, "path", path);
    let found = reader.member(&table, "found", pointer);
    let absent_after =
        reader.member(&table, "absent_after", |reader, json| TIME.read(reader, json));
    let at = match table.get("at") {
        Some(_) => reader.member(&table, "at", times),
        None => Some(USUAL_TIMES.to_vec()),
    };
    let is_right = reader.count() == before;
    let (path, found, absent_after, at) = (path?, found?, Millis(absent_after?), at?);
    is_right.then_some(Settle { path, found, absent_after, at })
}

const USUAL_TIMES: [Millis; 3] =
    [Millis::seconds(10), Millis::seconds(60), Millis::seconds(10 * 60)];

fn path(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let text = reader.text(json, PATH)?;
    let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_path = text.starts_with('/') && is_printable && !text.contains(['#', '\\']);
    if !is_path || !text.contains(KEY) || text.len() > 2000 || leads_elsewhere(&text) {
        return reader.wrong(json, SettleError::NoPath);
    }
    Some(text)
}

/// Whether `fetch` would resolve some segment away (WHATWG URL), as it stands or with a key in it.
fn leads_elsewhere(text: &str) -> bool {
    let path = text.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    let is_dots = |segment: &str| {
        let rest = segment.replace(KEY, "");
        rest != segment && !rest.is_empty() && rest.bytes().all(|byte| byte == b'.')
    };
    path.split('/').any(|segment| matches!(segment, "." | "..") || is_dots(segment))
}

fn pointer(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let text = reader.text(json, FOUND)?;
    let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
    let is_pointer = text.is_empty() || text.starts_with('/');
    if !is_pointer || text.len() > 255 || !text.split('~').skip(1).all(is_escaped) {
        return reader.wrong(json, SettleError::NoPointer);
    }
    Some(text)
}

fn times(reader: &mut Reader, json: &RawValue) -> Option<Vec<Millis>> {
    let read = |reader: &mut Reader, json: &RawValue| TIME.read(reader, json).map(Millis);
    let times = some_entries(reader, json, AT, AT, read)?;
    if !times.is_sorted() {
        return reader.wrong(json, SettleError::NotAscending);
    }
    Some(times)
}

const AT: &str = "write a list such as [\"10s\", \"1m\", \"10m\"]";
