//! The entries of `release`: `429`, `{ status = 503, header = "retry-after" }`, or
//! `{ status = 302, header = "location", matches = "*/login*" }`.

use super::lists::{entries, is_token};
use super::mistake::PolicyErrors;
use super::settings::Settings;
use crate::guard::json::{Table, Value};
use crate::guard::release::{Release, ReleaseHeader};

const FORMS: &str = "write a status such as 429, or { status = 503, header = \"retry-after\" }";

pub fn release(value: &Value, settings: &mut Settings, mistakes: &mut PolicyErrors) -> Option<()> {
    settings.release = entries(value, "write a list such as [429, 503]", mistakes, entry)?;
    Some(())
}

fn entry(value: &Value, mistakes: &mut PolicyErrors) -> Option<Release> {
    let release = match value {
        Value::Number(_) => Release::status(status(value, mistakes)?),
        _ => with_header(value, mistakes.table(value, FORMS)?, mistakes)?,
    };
    if release.header.is_none() && (200..300).contains(&release.status) {
        let cure = "name a header that tells such answers from the others, or remove it";
        return mistakes.wrong(value, "says that the request was processed", cure);
    }
    Some(release)
}

/// A status that an answer can have; 1xx never reach the guard (fetch's Response).
fn status(value: &Value, mistakes: &mut PolicyErrors) -> Option<u16> {
    let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
    status.filter(|status| (200..600).contains(status)).or_else(|| {
        let cure = "write a whole number from 200 to 599";
        mistakes.wrong(value, "is no status of an answer", cure)
    })
}

fn with_header(value: &Value, table: &Table, mistakes: &mut PolicyErrors) -> Option<Release> {
    let before = mistakes.count();
    let cure = "its fields are status, header and matches";
    let known = ["status", "header", "matches"];
    mistakes.others(table, &known, "is not a field of an entry", cure);
    let [status_value, header, matches] = known.map(|name| table.get(name));
    if matches.is_some() && header.is_none() {
        let cure = "name the header whose value is looked at";
        mistakes.wrong::<()>(value, "has matches without header", cure);
    }
    if status_value.is_none() {
        mistakes.wrong::<()>(value, "names no status", FORMS);
    }
    let status = mistakes.member(table, "status", status);
    let name = mistakes.member(table, "header", header_name);
    let matches = mistakes.member(table, "matches", wanted_value);
    let header = name.map(|name| ReleaseHeader { name, matches });
    status.filter(|_| mistakes.count() == before).map(|status| Release { status, header })
}

fn header_name(value: &Value, mistakes: &mut PolicyErrors) -> Option<String> {
    const FORM: &str = "write one such as \"retry-after\"";
    let name = mistakes.text(value, FORM)?;
    if !is_token(name) {
        return mistakes.wrong(value, "is no header name", FORM);
    }
    Some(name.to_ascii_lowercase())
}

/// A pattern for a header's value. Each star costs one walk over the value, so they are counted.
fn wanted_value(value: &Value, mistakes: &mut PolicyErrors) -> Option<String> {
    const FORM: &str =
        "write one such as \"*/login*\", of 1 to 255 characters and with at most 8 stars";
    let pattern = mistakes.text(value, FORM)?;
    let stars = pattern.bytes().filter(|byte| *byte == b'*').count();
    if !(1..=255).contains(&pattern.len()) || stars > 8 {
        return mistakes.wrong(value, "is no pattern for a value", FORM);
    }
    Some(pattern.into())
}
