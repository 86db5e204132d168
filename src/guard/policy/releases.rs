//! The entries of `release`: `429`, `{ status = 503, header = "retry-after" }`, or
//! `{ status = 302, header = "location", matches = "*/login*" }`.

use super::fields::Values;
use super::json::Value;
use super::lists::entries;
use super::reader::Reader;
use crate::guard::parameters::is_token;
use crate::guard::release::{Release, ReleaseHeader};
use serde_json::value::RawValue;
use thiserror::Error;

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReleaseError {
    #[error("is no status of an answer: write a whole number from 200 to 599")]
    NoStatusOfAnAnswer,
    #[error(
        "says that the request was processed: name a header that tells such answers from the others, or remove it"
    )]
    Processed,
    #[error("is not a field of an entry: its fields are status, header and matches")]
    NotAField,
    #[error("names no status: {FORMS}")]
    NoStatus,
    #[error("has matches without header: name the header whose value is looked at")]
    MatchesWithoutHeader,
    #[error("is no header name: {HEADER}")]
    NoHeaderName,
    #[error("is no pattern for a value: {MATCHES}")]
    NoPattern,
}

const FORMS: &str = "write a status such as 429, or { status = 503, header = \"retry-after\" }";
const HEADER: &str = "write one such as \"retry-after\"";
const MATCHES: &str =
    "write one such as \"*/login*\", of 1 to 255 characters and with at most 8 stars";

pub fn release(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.settings.release = entries(reader, json, "write a list such as [429, 503]", entry)?;
    Some(())
}

fn entry(reader: &mut Reader, json: &RawValue) -> Option<Release> {
    let release = match reader.value(json)? {
        Value::Number(_) => Release::status(status(reader, json)?),
        _ => with_header(reader, json)?,
    };
    if release.header.is_none() && (200..300).contains(&release.status) {
        return reader.wrong(json, ReleaseError::Processed);
    }
    Some(release)
}

/// A status that an answer can have; 1xx never reach the guard (fetch's Response).
fn status(reader: &mut Reader, json: &RawValue) -> Option<u16> {
    let status = json.get().parse().ok().filter(|status| (200..600).contains(status));
    status.or_else(|| reader.wrong(json, ReleaseError::NoStatusOfAnAnswer))
}

fn with_header(reader: &mut Reader, json: &RawValue) -> Option<Release> {
    let table = reader.table(json, FORMS)?;
    let before = reader.count();
    let known = ["status", "header", "matches"];
    reader.others(&table, &known, &ReleaseError::NotAField.into());
    let [status_value, header, matches] = known.map(|name| table.get(name));
    if matches.is_some() && header.is_none() {
        reader.wrong::<()>(json, ReleaseError::MatchesWithoutHeader);
    }
    if status_value.is_none() {
        reader.wrong::<()>(json, ReleaseError::NoStatus);
    }
    let status = reader.member(&table, "status", status);
    let name = reader.member(&table, "header", header_name);
    let matches = reader.member(&table, "matches", wanted_value);
    let header = name.map(|name| ReleaseHeader { name, matches });
    status.filter(|_| reader.count() == before).map(|status| Release { status, header })
}

fn header_name(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let name = reader.text(json, HEADER)?;
    if !is_token(&name) {
        return reader.wrong(json, ReleaseError::NoHeaderName);
    }
    Some(name.to_ascii_lowercase())
}

/// A pattern for a header's value. Each star costs one walk over the value, so they are counted.
fn wanted_value(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let pattern = reader.text(json, MATCHES)?;
    let stars = pattern.bytes().filter(|byte| *byte == b'*').count();
    if !(1..=255).contains(&pattern.len()) || stars > 8 {
        return reader.wrong(json, ReleaseError::NoPattern);
    }
    Some(pattern)
}
