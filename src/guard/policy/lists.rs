//! The fields whose values are lists: each entry is read by itself, and each mistake is noted.

use super::mistake::{Mistakes, Place, Wrong};
use super::settings::Settings;
use crate::guard::canonical_json::Pointer;
use crate::guard::cors::Cors;
use crate::guard::origin::Base;
use crate::guard::scope::{Scope, Source};

/// More entries than any real policy has; each is looked at for every request.
const MOST_ENTRIES: usize = 64;

/// Reads every entry of a list, or notes what is wrong with each.
pub fn entries<T: PartialEq>(
    place: &Place,
    example: &str,
    mistakes: &mut Mistakes,
    read: fn(&Place, &mut Mistakes) -> Option<T>,
) -> Option<Vec<T>> {
    let items = mistakes.note(place.items(example))?;
    if items.len() > MOST_ENTRIES {
        mistakes.add(place.wrong("has more than 64 entries", "write 64 or fewer"));
        return None;
    }
    let mut list = Vec::with_capacity(items.len());
    for item in &items {
        match read(item, mistakes) {
            Some(entry) if list.contains(&entry) => {
                mistakes.add(item.wrong("stands in the list twice", "remove one of them"));
            }
            Some(entry) => list.push(entry),
            None => {}
        }
    }
    (list.len() == items.len()).then_some(list)
}

fn not_empty<T>(
    list: Vec<T>,
    place: &Place,
    allowed: &str,
    mistakes: &mut Mistakes,
) -> Option<Vec<T>> {
    if list.is_empty() {
        mistakes.add(place.wrong("is empty", allowed));
        return None;
    }
    Some(list)
}

const METHODS: &str = "write a list such as [\"POST\", \"PATCH\"]";

pub fn methods(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    let list = entries(place, METHODS, mistakes, |item, mistakes| mistakes.note(method(item)));
    let cure = "name a method, or write key = \"off\" to guard nothing here";
    if let Some(list) = list.and_then(|list| not_empty(list, place, cure, mistakes)) {
        settings.methods = list;
    }
}

fn method(place: &Place) -> Result<String, Wrong> {
    let name = place.text("write a method such as \"POST\"")?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(place.wrong("is no method in upper case", "write one such as \"POST\""));
    }
    match name {
        "GET" | "HEAD" | "OPTIONS" => Err(place.wrong(
            "cannot be guarded",
            "remove it, for it changes nothing at the origin, so that a retry does no harm",
        )),
        "CONNECT" | "TRACE" | "TRACK" => {
            Err(place
                .wrong("cannot be guarded", "remove it, for the platform sends no such request"))
        }
        _ => Ok(name.into()),
    }
}

const SCOPE: &str =
    "write \"auto\", or a list of header:<name>, cookie:<name>, query:<name> and jwt:<claim>";

pub fn scope(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    match place.value.as_str() {
        Some("auto") => return settings.scope = Scope::Auto,
        Some(_) => return mistakes.add(place.wrong("is not \"auto\"", SCOPE)),
        None => {}
    }
    let list = entries(place, SCOPE, mistakes, |item, mistakes| mistakes.note(source(item)));
    if let Some(list) = list.and_then(|list| not_empty(list, place, SCOPE, mistakes)) {
        settings.scope = Scope::Sources(list);
    }
}

const CREDENTIAL: &str = "write a list of header:<name>, cookie:<name> and query:<name>";

pub fn credential(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    let list = entries(place, CREDENTIAL, mistakes, |item, mistakes| mistakes.note(proof(item)));
    let cure = "name at least one source, for without one every caller would see every answer";
    if let Some(list) = list.and_then(|list| not_empty(list, place, cure, mistakes)) {
        settings.credential = list;
    }
}

/// A source that a caller cannot make up.
fn proof(place: &Place) -> Result<Source, Wrong> {
    match source(place)? {
        Source::Jwt(_) => Err(place.wrong(
            "proves nothing, for tokens are read unverified",
            "write \"header:authorization\", which holds the whole token",
        )),
        source => Ok(source),
    }
}

fn source(place: &Place) -> Result<Source, Wrong> {
    const FORMS: &str = "write header:<name>, cookie:<name>, query:<name> or jwt:<claim>";
    let text = place.text(FORMS)?;
    let source = text.parse().map_err(|_| place.wrong("is no source", FORMS))?;
    match &source {
        Source::Header(name) if !is_token(name) => Err(place.wrong("holds no header name", FORMS)),
        Source::Cookie(name) if !is_token(name) => Err(place.wrong("holds no cookie name", FORMS)),
        Source::Header(name) => Ok(Source::Header(name.to_ascii_lowercase())),
        _ => Ok(source),
    }
}

/// A header's or cookie's name (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1).
pub fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

const IGNORE: &str = "write a list of JSON pointers such as [\"/sent_at\"]";

pub fn ignore(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    let list = entries(place, IGNORE, mistakes, |item, mistakes| mistakes.note(pointer(item)));
    if let Some(list) = list {
        settings.fingerprint.ignore = list;
    }
}

/// A JSON pointer (RFC 6901) to something within the document.
fn pointer(place: &Place) -> Result<Pointer, Wrong> {
    const FORM: &str =
        "write one such as \"/order/sent_at\", with ~1 for a slash in a name and ~0 for a tilde";
    let tokens = place.text(FORM)?.strip_prefix('/');
    let pointer = tokens.and_then(|tokens| tokens.split('/').map(unescaped).collect());
    pointer.ok_or_else(|| place.wrong("is no JSON pointer", FORM))
}

fn unescaped(token: &str) -> Option<String> {
    let mut pieces = token.split('~');
    let mut text = String::from(pieces.next()?);
    for piece in pieces {
        let (escape, rest) = piece.split_at_checked(1)?;
        text.push_str(match escape {
            "0" => "~",
            "1" => "/",
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}

const CORS: &str = "write \"off\" or { origins = [\"https://app.example.com\"] }";
const ORIGINS: &str =
    "write a list such as [\"https://app.example.com\"], or [\"*\"] for every origin";

pub fn cors(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    match place.value.as_str() {
        Some("off") => return settings.cors = None,
        Some(_) => return mistakes.add(place.wrong("is not \"off\"", CORS)),
        None => {}
    }
    let Some(table) = mistakes.note(place.table(CORS)) else { return };
    for (name, value) in table.by_name().into_iter().filter(|(name, _)| *name != "origins") {
        let reason = "is not a field of cors";
        mistakes.add(
            Place::member(&place.field, name, value).wrong(reason, "its only field is origins"),
        );
    }
    let Some(value) = table.get("origins") else {
        return mistakes.add(place.wrong("names no origins", CORS));
    };
    let place = Place::member(&place.field, "origins", value);
    if let Some(origins) = origins(&place, mistakes) {
        settings.cors = Some(Cors { origins });
    }
}

fn origins(place: &Place, mistakes: &mut Mistakes) -> Option<Vec<String>> {
    let list = entries(place, ORIGINS, mistakes, |item, mistakes| mistakes.note(web_origin(item)))?;
    let list = not_empty(list, place, ORIGINS, mistakes)?;
    if list.len() > 1 && list.iter().any(|origin| origin == "*") {
        mistakes
            .add(place.wrong("names others beside \"*\"", "write [\"*\"] alone, or leave it out"));
        return None;
    }
    Some(list)
}

/// An origin as browsers write it: scheme, host in lower case, and the port unless it is the
/// scheme's own (RFC 6454 section 6.2).
fn web_origin(place: &Place) -> Result<String, Wrong> {
    let text = place.text(ORIGINS)?;
    let own_port = text.starts_with("https:") && text.ends_with(":443")
        || text.starts_with("http:") && text.ends_with(":80");
    let exact = is_url(text) && text.matches('/').count() == 2 && !own_port;
    if text != "*" && (!exact || text.bytes().any(|byte| byte.is_ascii_uppercase())) {
        let cure = "write scheme, host and port as browsers send them, such as \"https://app.example.com\", or \"*\"";
        return Err(place.wrong("is no web origin", cure));
    }
    Ok(text.into())
}

pub fn docs_url(place: &Place, settings: &mut Settings, mistakes: &mut Mistakes) {
    const FORM: &str =
        "write one such as \"https://docs.example.com/errors\", without query and fragment";
    match mistakes.note(place.text(FORM)) {
        Some(url) if is_url(url) => settings.docs_url = Some(url.into()),
        Some(_) => mistakes.add(place.wrong("is no http or https URL", FORM)),
        None => {}
    }
}

fn is_url(text: &str) -> bool {
    text.trim() == text && Base::parse(Some(text)).is_ok()
}
