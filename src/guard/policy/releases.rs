//! The entries of `release`: `429`, `{ status = 503, header = "retry-after" }`, or
//! `{ status = 302, header = "location", matches = "*/login*" }`.

use super::lists::{entries, is_token};
use super::mistake::{Mistakes, Place, Wrong};
use super::settings::Settings;
use crate::guard::json::{Table, Value};
use crate::guard::release::{Release, ReleaseHeader};

const FORMS: &str = "write a status such as 429, or { status = 503, header = \"retry-after\" }";

pub fn release(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    if let Some(list) = entries(place, "write a list such as [429, 503]", mistakes, entry) {
        settings.release = list;
    }
}

fn entry(place: &Place, mistakes: &mut Mistakes) -> Option<Release> {
    let release = match place.value {
        Value::Number(_) => Release::status(mistakes.note(status(place))?),
        _ => with_header(place, mistakes.note(place.table(FORMS))?, mistakes)?,
    };
    if release.header.is_none() && (200..300).contains(&release.status) {
        let cure = "name a header that tells such answers from the others, or remove it";
        mistakes.add(place.wrong("says that the request was processed", cure));
        return None;
    }
    Some(release)
}

/// A status that an answer can have; 1xx never reach the guard (fetch's Response).
fn status(place: &Place) -> Result<u16, Wrong> {
    let status = place.value.as_u64().and_then(|status| u16::try_from(status).ok());
    status.filter(|status| (200..600).contains(status)).ok_or_else(|| {
        place.wrong("is no status of an answer", "write a whole number from 200 to 599")
    })
}

fn with_header(place: &Place, table: &Table, mistakes: &mut Mistakes) -> Option<Release> {
    let before = mistakes.count();
    refuse_others(place, table, mistakes);
    let member = |name| table.get(name).map(|value| Place::member(&place.field, name, value));
    let status = match member("status") {
        Some(place) => status(&place),
        None => Err(place.wrong("names no status", FORMS)),
    };
    let status = mistakes.note(status);
    let name = member("header").and_then(|place| mistakes.note(header_name(&place)));
    let matches = member("matches").and_then(|place| mistakes.note(wanted_value(&place)));
    let header = name.map(|name| ReleaseHeader { name, matches });
    status.filter(|_| mistakes.count() == before).map(|status| Release { status, header })
}

fn refuse_others(place: &Place, table: &Table, mistakes: &mut Mistakes) {
    for (name, value) in table.by_name() {
        if !matches!(name.as_str(), "status" | "header" | "matches") {
            let place = Place::member(&place.field, name, value);
            let cure = "its fields are status, header and matches";
            mistakes.add(place.wrong("is not a field of an entry", cure));
        }
    }
    if table.get("matches").is_some() && table.get("header").is_none() {
        let cure = "name the header whose value is looked at";
        mistakes.add(place.wrong("has matches without header", cure));
    }
}

fn header_name(place: &Place) -> Result<String, Wrong> {
    const FORM: &str = "write one such as \"retry-after\"";
    let name = place.text(FORM)?;
    if is_token(name) {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(place.wrong("is no header name", FORM))
    }
}

/// A pattern for a header's value. Each star costs one walk over the value, so they are counted.
fn wanted_value(place: &Place) -> Result<String, Wrong> {
    const FORM: &str =
        "write one such as \"*/login*\", of 1 to 255 characters and with at most 8 stars";
    let pattern = place.text(FORM)?;
    let fits = (1..=255).contains(&pattern.len()) && pattern.matches('*').count() <= 8;
    if fits { Ok(pattern.into()) } else { Err(place.wrong("is no pattern for a value", FORM)) }
}
