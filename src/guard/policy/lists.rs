//! The fields whose values are lists: each entry is read by itself, and each mistake is noted.

use super::mistake::PolicyErrors;
use super::settings::Settings;
use crate::guard::canonical_json::Pointer;
use crate::guard::cors::Cors;
use crate::guard::json::Value;
use crate::guard::origin::OriginUrl;
use crate::guard::scope::{Scope, Source};

/// More entries than any real policy has; each is looked at for every request.
const MOST_ENTRIES: usize = 64;

/// Reads every entry of a list, or notes what is wrong with each.
pub fn entries<T: PartialEq>(
    value: &Value,
    example: &str,
    mistakes: &mut PolicyErrors,
    read: fn(&Value, &mut PolicyErrors) -> Option<T>,
) -> Option<Vec<T>> {
    let mut list = Vec::new();
    let items = few_items(value, example, mistakes)?;
    mistakes.each(items, &mut |item, mistakes| {
        let entry = read(item, mistakes)?;
        if list.contains(&entry) {
            return mistakes.wrong(item, "stands in the list twice", "remove one of them");
        }
        list.push(entry);
        Some(())
    })?;
    Some(list)
}

fn few_items<'a>(
    value: &'a Value,
    example: &str,
    mistakes: &mut PolicyErrors,
) -> Option<&'a [Value]> {
    let items = mistakes.items(value, example)?;
    if items.len() > MOST_ENTRIES {
        return mistakes.wrong(value, "has more than 64 entries", "write 64 or fewer");
    }
    Some(items)
}

fn not_empty(value: &Value, allowed: &str, mistakes: &mut PolicyErrors) -> Option<()> {
    match value {
        Value::Array(items) if items.is_empty() => mistakes.wrong(value, "is empty", allowed),
        _ => Some(()),
    }
}

const METHODS: &str = "write a list such as [\"POST\", \"PATCH\"]";

pub fn methods(value: &Value, settings: &mut Settings, mistakes: &mut PolicyErrors) -> Option<()> {
    let cure = "name a method, or write key = \"off\" to guard nothing here";
    not_empty(value, cure, mistakes)?;
    settings.methods = entries(value, METHODS, mistakes, method)?;
    Some(())
}

fn method(value: &Value, mistakes: &mut PolicyErrors) -> Option<String> {
    let name = mistakes.text(value, "write a method such as \"POST\"")?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return mistakes.wrong(value, "is no method in upper case", "write one such as \"POST\"");
    }
    let cure = match name {
        "GET" | "HEAD" | "OPTIONS" => {
            "remove it, for it changes nothing at the origin, so that a retry does no harm"
        }
        "CONNECT" | "TRACE" | "TRACK" => "remove it, for the platform sends no such request",
        _ => return Some(name.into()),
    };
    mistakes.wrong(value, "cannot be guarded", cure)
}

const SCOPE: &str =
    "write \"auto\", or a list of header:<name>, cookie:<name>, query:<name> and jwt:<claim>";

pub fn scope(value: &Value, settings: &mut Settings, mistakes: &mut PolicyErrors) -> Option<()> {
    settings.scope = match value.as_str() {
        Some("auto") => Scope::Auto,
        Some(_) => return mistakes.wrong(value, "is not \"auto\"", SCOPE),
        None => {
            not_empty(value, SCOPE, mistakes)?;
            Scope::Sources(entries(value, SCOPE, mistakes, source)?)
        }
    };
    Some(())
}

const CREDENTIAL: &str = "write a list of header:<name>, cookie:<name> and query:<name>";

pub fn credential(
    value: &Value,
    settings: &mut Settings,
    mistakes: &mut PolicyErrors,
) -> Option<()> {
    let cure = "name at least one source, for without one every caller would see every answer";
    not_empty(value, cure, mistakes)?;
    settings.credential = entries(value, CREDENTIAL, mistakes, proof)?;
    Some(())
}

/// A source that a caller cannot make up.
fn proof(value: &Value, mistakes: &mut PolicyErrors) -> Option<Source> {
    match source(value, mistakes)? {
        Source::Jwt(_) => mistakes.wrong(
            value,
            "may_replay nothing, for tokens are read unverified",
            "write \"header:authorization\", which holds the whole token",
        ),
        source => Some(source),
    }
}

fn source(value: &Value, mistakes: &mut PolicyErrors) -> Option<Source> {
    const FORMS: &str = "write header:<name>, cookie:<name>, query:<name> or jwt:<claim>";
    let text = mistakes.text(value, FORMS)?;
    let reason = match text.parse() {
        Ok(Source::Header(name)) if !is_token(&name) => "holds no header name",
        Ok(Source::Cookie(name)) if !is_token(&name) => "holds no cookie name",
        Ok(source) => return Some(source),
        Err(_) => "is no source",
    };
    mistakes.wrong(value, reason, FORMS)
}

/// A header's or cookie's name (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1).
pub fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

const IGNORE: &str = "write a list of JSON pointers such as [\"/sent_at\"]";

pub fn ignore(value: &Value, settings: &mut Settings, mistakes: &mut PolicyErrors) -> Option<()> {
    settings.fingerprint.ignore = entries(value, IGNORE, mistakes, pointer)?;
    Some(())
}

fn pointer(value: &Value, mistakes: &mut PolicyErrors) -> Option<Pointer> {
    const FORM: &str =
        "write one such as \"/order/sent_at\", with ~1 for a slash in a name and ~0 for a tilde";
    let pointer = tokens(mistakes.text(value, FORM)?);
    pointer.or_else(|| mistakes.wrong(value, "is no JSON pointer", FORM))
}

/// The tokens of a JSON pointer (RFC 6901) to something within the document.
fn tokens(text: &str) -> Option<Pointer> {
    let mut tokens = Pointer::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '/' => {
                tokens.push(String::new());
                continue;
            }
            '~' => match letters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            letter => letter,
        };
        tokens.last_mut()?.push(letter);
    }
    (!tokens.is_empty()).then_some(tokens)
}

const CORS: &str = "write \"off\" or { origins = [\"https://app.example.com\"] }";
const ORIGINS: &str =
    "write a list such as [\"https://app.example.com\"], or [\"*\"] for every origin";

pub fn cors(value: &Value, settings: &mut Settings, mistakes: &mut PolicyErrors) -> Option<()> {
    match value.as_str() {
        Some("off") => {
            settings.cors = None;
            return Some(());
        }
        Some(_) => return mistakes.wrong(value, "is not \"off\"", CORS),
        None => {}
    }
    let table = mistakes.table(value, CORS)?;
    mistakes.others(table, &["origins"], "is not a field of cors", "its only field is origins");
    if table.get("origins").is_none() {
        return mistakes.wrong(value, "names no origins", CORS);
    }
    let origins = mistakes.member(table, "origins", origins)?;
    settings.cors = Some(Cors { origins });
    Some(())
}

fn origins(value: &Value, mistakes: &mut PolicyErrors) -> Option<Vec<String>> {
    not_empty(value, ORIGINS, mistakes)?;
    let list = entries(value, ORIGINS, mistakes, web_origin)?;
    if list.len() > 1 && list.iter().any(|origin| origin == "*") {
        let cure = "write [\"*\"] alone, or leave it out";
        return mistakes.wrong(value, "names others beside \"*\"", cure);
    }
    Some(list)
}

/// An origin as browsers write it: scheme, host in lower case, and the port unless it is the
/// scheme's own (RFC 6454 section 6.2).
fn web_origin(value: &Value, mistakes: &mut PolicyErrors) -> Option<String> {
    let text = mistakes.text(value, ORIGINS)?;
    let own_port = text.starts_with("https:") && text.ends_with(":443")
        || text.starts_with("http:") && text.ends_with(":80");
    let slashes = text.bytes().filter(|byte| *byte == b'/').count();
    let exact = is_url(text) && slashes == 2 && !own_port;
    if text != "*" && (!exact || text.bytes().any(|byte| byte.is_ascii_uppercase())) {
        let cure = "write scheme, host and port as browsers send them, such as \"https://app.example.com\", or \"*\"";
        return mistakes.wrong(value, "is no web origin", cure);
    }
    Some(text.into())
}

pub fn docs_url(value: &Value, settings: &mut Settings, mistakes: &mut PolicyErrors) -> Option<()> {
    const FORM: &str =
        "write one such as \"https://docs.example.com/errors\", without query and fragment";
    let text = mistakes.text(value, FORM)?;
    if !is_url(text) {
        return mistakes.wrong(value, "is no http or https URL", FORM);
    }
    settings.docs_url = Some(text.into());
    Some(())
}

fn is_url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic()) && OriginUrl::parse(Some(text)).is_ok()
}
