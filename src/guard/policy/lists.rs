//! The fields whose values have a form of their own. Of a list each entry is read by itself, and
//! each mistake is told.

use super::error::Mistake;
use super::fields::Values;
use super::json::Value;
use super::reader::Reader;
use crate::guard::cors::Cors;
use crate::guard::fingerprint::{Headers, Ignore};
use crate::guard::json_pointer::{self, Pointer};
use crate::guard::key_location::{KeyLocation, NoKeyLocation};
use crate::guard::origin::OriginUrl;
use crate::guard::parameters::is_token;
use crate::guard::scope::{Scope, auto_credential};
use crate::guard::source::Source;
use serde_json::value::RawValue;
use thiserror::Error;

/// More entries than any real policy has; each is looked at for every request.
const MAX_ENTRIES: usize = 64;

/// What is wrong with a value, or with an entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    #[error("is no realm: {REALM}")]
    Realm,
    #[error("is empty: {cure}")]
    Empty { cure: &'static str },
    #[error("is no method in upper case: write one such as \"POST\"")]
    NoMethod,
    #[error(
        "cannot be guarded: remove it, for it changes nothing at the origin, so that a retry does no harm"
    )]
    SafeMethod,
    #[error("cannot be guarded: remove it, for the platform sends no such request")]
    MethodNeverSent,
    #[error("is not \"auto\": {cure}")]
    NotAuto { cure: &'static str },
    #[error("is no place for a key: {KEY_FROM}")]
    NoKeyLocation,
    #[error("is no source: {SOURCE}")]
    NoSource,
    #[error("holds no header name: {SOURCE}")]
    NoHeaderName,
    #[error("holds no cookie name: {SOURCE}")]
    NoCookieName,
    #[error(
        "proves nothing, for tokens are read unverified: write \"header:authorization\", which holds the whole token"
    )]
    Unverified,
    #[error("cannot be shown by a caller: {CREDENTIAL}")]
    NoCredential,
    #[error("is no JSON pointer: {POINTER}")]
    NoPointer,
    #[error("is no header name: {HEADERS}")]
    NoHeader,
    #[error("is not \"off\": {CORS}")]
    NotOff,
    #[error("is not a field of cors: its only field is origins")]
    NotAFieldOfCors,
    #[error("names no origins: {CORS}")]
    NoOrigins,
    #[error("names others beside \"*\": write [\"*\"] alone, or leave it out")]
    OthersBesideAll,
    #[error(
        "is no web origin: write scheme, host and port as browsers send them, such as \"https://app.example.com\", or \"*\""
    )]
    NoWebOrigin,
    #[error("is no http or https URL: {DOCS_URL}")]
    NoUrl,
}

const REALM: &str = "write 1 to 255 visible ASCII characters, such as \"shop\"";
const METHODS: &str = "write a list such as [\"POST\", \"PATCH\"]";
const KEY_FROM: &str = "write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as [\"header:idempotency-key\", \"json:/idempotency_key\"]";
const SCOPE: &str = "write \"auto\", or a list of header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path, query and auto";
const CREDENTIAL: &str =
    "write \"auto\", or a list of header:<name>, cookie:<name> and query:<name>";
const SOURCE: &str = "write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query";
const IGNORE: &str =
    "write a list of JSON pointers and names of form fields, such as [\"/sent_at\", \"sent_at\"]";
const REDACT: &str = "write a list of JSON pointers, such as [\"/client_secret\"]";
const POINTER: &str =
    "write one such as \"/order/sent_at\", with ~1 for a slash in a name and ~0 for a tilde";
const HEADERS: &str =
    "write \"auto\", or a list of header names, with auto among them for the usual ones";
const CORS: &str = "write \"off\" or { origins = [\"https://app.example.com\"] }";
const ORIGINS: &str =
    "write a list such as [\"https://app.example.com\"], or [\"*\"] for every origin";
const DOCS_URL: &str =
    "write one such as \"https://docs.example.com/errors\", without query and fragment";

/// Reads every entry of a list, and tells what is wrong with each.
pub fn entries<T: PartialEq>(
    reader: &mut Reader,
    json: &RawValue,
    cure: &str,
    read: fn(&mut Reader, &RawValue) -> Option<T>,
) -> Option<Vec<T>> {
    let items = reader.items(json, cure)?;
    if items.len() > MAX_ENTRIES {
        return reader.wrong(json, Mistake::TooManyEntries { most: MAX_ENTRIES });
    }
    let mut list = Vec::with_capacity(items.len());
    reader.each(&items, &mut |reader, item| {
        let entry = read(reader, item)?;
        if list.contains(&entry) {
            return reader.wrong(item, Mistake::EntryTwice);
        }
        list.push(entry);
        Some(())
    })?;
    Some(list)
}

/// The same, where a list without entries would say something else than was meant.
pub(super) fn some_entries<T: PartialEq>(
    reader: &mut Reader,
    json: &RawValue,
    cure: &str,
    if_empty: &'static str,
    read: fn(&mut Reader, &RawValue) -> Option<T>,
) -> Option<Vec<T>> {
    let list = entries(reader, json, cure, read)?;
    if list.is_empty() {
        reader.wrong(json, ValueError::Empty { cure: if_empty })
    } else {
        Some(list)
    }
}

pub fn realm(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    let name = reader.text(json, REALM)?;
    if !(1..=255).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return reader.wrong(json, ValueError::Realm);
    }
    values.realm = Some(name);
    Some(())
}

pub fn methods(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    let if_empty = "name a method, or write key = \"off\" to guard nothing here";
    values.settings.methods = some_entries(reader, json, METHODS, if_empty, method)?;
    Some(())
}

fn method(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let name = reader.text(json, "write a method such as \"POST\"")?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return reader.wrong(json, ValueError::NoMethod);
    }
    match name.as_str() {
        "GET" | "HEAD" | "OPTIONS" => reader.wrong(json, ValueError::SafeMethod),
        "CONNECT" | "TRACE" | "TRACK" => reader.wrong(json, ValueError::MethodNeverSent),
        _ => Some(name),
    }
}

pub fn key_from(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    let if_empty = "name a place, or write key = \"off\" to guard nothing here";
    values.settings.key_from = some_entries(reader, json, KEY_FROM, if_empty, key_location)?;
    Some(())
}

fn key_location(reader: &mut Reader, json: &RawValue) -> Option<KeyLocation> {
    match reader.text(json, KEY_FROM)?.parse() {
        Ok(location) => Some(location),
        Err(NoKeyLocation) => reader.wrong(json, ValueError::NoKeyLocation),
    }
}

pub fn scope(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.settings.scope = match reader.value(json)? {
        Value::Text(text) if text == "auto" => Scope::Auto,
        Value::Text(_) => return reader.wrong(json, ValueError::NotAuto { cure: SCOPE }),
        _ => {
            let listed = some_entries(reader, json, SCOPE, SCOPE, auto_or_source)?;
            let is_auto = listed.contains(&None);
            let sources: Vec<Source> = listed.into_iter().flatten().collect();
            match (is_auto, sources.is_empty()) {
                (false, _) => Scope::Sources(sources),
                (true, true) => Scope::Auto,
                (true, false) => Scope::AutoAnd(sources),
            }
        }
    };
    Some(())
}

/// A source, or `None` for all that `auto` takes.
fn auto_or_source(reader: &mut Reader, json: &RawValue) -> Option<Option<Source>> {
    match reader.text(json, SOURCE)?.as_str() {
        AUTO => Some(None),
        _ => source(reader, json).map(Some),
    }
}

pub fn credential(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    let if_empty = "name at least one source, for without one every caller would see every answer";
    values.settings.credential = match reader.value(json)? {
        Value::Text(text) if text == "auto" => auto_credential(),
        Value::Text(_) => return reader.wrong(json, ValueError::NotAuto { cure: CREDENTIAL }),
        _ => some_entries(reader, json, CREDENTIAL, if_empty, proof)?,
    };
    Some(())
}

/// A source that a caller cannot make up.
fn proof(reader: &mut Reader, json: &RawValue) -> Option<Source> {
    match source(reader, json)? {
        Source::Jwt(_) => reader.wrong(json, ValueError::Unverified),
        Source::Path | Source::WholeQuery => reader.wrong(json, ValueError::NoCredential),
        source => Some(source),
    }
}

fn source(reader: &mut Reader, json: &RawValue) -> Option<Source> {
    match reader.text(json, SOURCE)?.parse() {
        Ok(Source::Header(name)) if !is_token(&name) => {
            reader.wrong(json, ValueError::NoHeaderName)
        }
        Ok(Source::Cookie(name)) if !is_token(&name) => {
            reader.wrong(json, ValueError::NoCookieName)
        }
        // What `auto` is made of has no name of its own in a policy.
        Ok(Source::Signer(_) | Source::Cookies) | Err(_) => {
            reader.wrong(json, ValueError::NoSource)
        }
        Ok(source) => Some(source),
    }
}

pub fn fingerprint_headers(
    reader: &mut Reader,
    json: &RawValue,
    values: &mut Values,
) -> Option<()> {
    values.settings.fingerprint.headers = match reader.value(json)? {
        Value::Text(text) if text == AUTO => Headers { known: true, named: Vec::new() },
        Value::Text(_) => return reader.wrong(json, ValueError::NotAuto { cure: HEADERS }),
        _ => {
            let mut named = entries(reader, json, HEADERS, header_name)?;
            let known = named.iter().any(|name| name == AUTO);
            named.retain(|name| name != AUTO);
            Headers { known, named }
        }
    };
    Some(())
}

const AUTO: &str = "auto";

/// A header's name in lower case, or `auto`.
fn header_name(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let name = reader.text(json, HEADERS)?.to_ascii_lowercase();
    if is_token(&name) { Some(name) } else { reader.wrong(json, ValueError::NoHeader) }
}

pub fn ignore(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    let mut ignore = Ignore::default();
    for entry in entries(reader, json, IGNORE, ignored)? {
        match entry {
            Ignored::Pointer(pointer) => ignore.pointers.push(pointer),
            Ignored::Field(name) => ignore.fields.push(name),
        }
    }
    values.settings.fingerprint.ignore = ignore;
    Some(())
}

#[derive(PartialEq)]
enum Ignored {
    Pointer(Pointer),
    Field(String),
}

/// What begins with a slash is a pointer into JSON, anything else the name of a form's field.
fn ignored(reader: &mut Reader, json: &RawValue) -> Option<Ignored> {
    let text = reader.text(json, IGNORE)?;
    if text.starts_with('/') {
        let pointer = json_pointer::parse(&text).map(Ignored::Pointer);
        return pointer.or_else(|| reader.wrong(json, ValueError::NoPointer));
    }
    match text.is_empty() {
        true => reader.wrong(json, ValueError::Empty { cure: IGNORE }),
        false => Some(Ignored::Field(text)),
    }
}

pub fn redact(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.settings.keeping.redact = entries(reader, json, REDACT, pointer)?;
    Some(())
}

fn pointer(reader: &mut Reader, json: &RawValue) -> Option<Pointer> {
    let parsed = json_pointer::parse(&reader.text(json, REDACT)?);
    parsed.or_else(|| reader.wrong(json, ValueError::NoPointer))
}

pub fn cors(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    values.settings.cors = match reader.value(json)? {
        Value::Text(text) if text == "off" => None,
        Value::Text(_) => return reader.wrong(json, ValueError::NotOff),
        _ => Some(cors_table(reader, json)?),
    };
    Some(())
}

fn cors_table(reader: &mut Reader, json: &RawValue) -> Option<Cors> {
    let table = reader.table(json, CORS)?;
    reader.others(&table, &["origins"], &ValueError::NotAFieldOfCors.into());
    if table.get("origins").is_none() {
        return reader.wrong(json, ValueError::NoOrigins);
    }
    let origins = reader.member(&table, "origins", origins)?;
    Some(Cors { origins })
}

fn origins(reader: &mut Reader, json: &RawValue) -> Option<Vec<String>> {
    let list = some_entries(reader, json, ORIGINS, ORIGINS, web_origin)?;
    if list.len() > 1 && list.iter().any(|origin| origin == "*") {
        return reader.wrong(json, ValueError::OthersBesideAll);
    }
    Some(list)
}

/// An origin as browsers write it: scheme, host in lower case, and the port unless it is the
/// scheme's own (RFC 6454 section 6.2).
fn web_origin(reader: &mut Reader, json: &RawValue) -> Option<String> {
    let text = reader.text(json, ORIGINS)?;
    let own_port = text.starts_with("https:") && text.ends_with(":443")
        || text.starts_with("http:") && text.ends_with(":80");
    let slashes = text.bytes().filter(|byte| *byte == b'/').count();
    let exact = is_url(&text) && slashes == 2 && !own_port;
    if text != "*" && (!exact || text.bytes().any(|byte| byte.is_ascii_uppercase())) {
        return reader.wrong(json, ValueError::NoWebOrigin);
    }
    Some(text)
}

pub fn docs_url(reader: &mut Reader, json: &RawValue, values: &mut Values) -> Option<()> {
    let text = reader.text(json, DOCS_URL)?;
    if !is_url(&text) {
        return reader.wrong(json, ValueError::NoUrl);
    }
    values.settings.docs_url = Some(text);
    Some(())
}

fn is_url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic()) && OriginUrl::parse(Some(text)).is_ok()
}
