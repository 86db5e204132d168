//! A Cookie header, read so that no two of them are taken for the same that a server could tell apart.
//!
//! 1. Names are trimmed, and percent-decoded where that makes them the one that is looked for, since
//!    servers do both. All values of a name count, in their order: some servers take the first, some
//!    the last.
//! 2. Two Cookie lines arrive joined by a comma. So a name counts behind a comma, too.
//! 3. The cookies that tell who somebody is are all but those of [`IGNORED_COOKIES`], in the order of
//!    their names, which browsers and proxies are free to change.

use super::known_names::is_ignored_cookie;
use percent_encoding::percent_decode_str;

const BLANKS: [char; 2] = [' ', '\t'];

/// The values of a cookie, encoding untouched; several of them as they stand in a header, apart by a
/// semicolon. Returns `None` if it is absent.
pub fn cookie(header: &str, name: &str) -> Option<String> {
    let values: Vec<&str> = pieces(header).filter_map(|piece| value_within(piece, name)).collect();
    (!values.is_empty()).then(|| values.join(";"))
}

/// The cookies that may tell who somebody is, in the order of their names. Returns `None` if there is
/// none.
pub fn telling_cookies(header: &str) -> Option<String> {
    let mut cookies: Vec<(&str, &str)> = Vec::new();
    for cookie in pieces(header).flat_map(telling) {
        // Those of one name stay in their order. More than browsers send, all do: to put each in its
        // place takes the longer the more there are.
        let is_sorted = cookies.len() < MAX_SORTED;
        let place = cookies.partition_point(|(name, _)| !is_sorted || *name <= cookie.0);
        cookies.insert(place, cookie);
    }
    let texts: Vec<String> = cookies.iter().map(|(name, rest)| format!("{name}{rest}")).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// Browsers keep some 180 cookies of a site.
const MAX_SORTED: usize = 512;

/// What of a piece counts: all of it, or behind an ignored cookie what may be another line's.
fn telling(piece: &str) -> Vec<(&str, &str)> {
    match split(piece) {
        (name, rest) if !is_ignored_cookie(name) => vec![(name, rest)],
        _ => piece
            .split(',')
            .skip(1)
            .map(|part| split(part.trim_matches(BLANKS)))
            .filter(|(name, rest)| !rest.is_empty() && !is_ignored_cookie(name))
            .collect(),
    }
}

fn pieces(header: &str) -> impl Iterator<Item = &str> {
    header.split(';').map(|piece| piece.trim_matches(BLANKS)).filter(|piece| !piece.is_empty())
}

/// A cookie's name, and the rest from the equals sign on. One without a name is its own name, which no
/// list has.
fn split(piece: &str) -> (&str, &str) {
    let at = piece.find('=').unwrap_or(piece.len());
    let (name, rest) = piece.split_at_checked(at).unwrap_or((piece, ""));
    (name.trim_end_matches(BLANKS), rest)
}

/// The value of a cookie that stands at the piece's beginning or behind a comma.
fn value_within<'a>(piece: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0_usize;
    for part in piece.split(',') {
        if let Some((found, _)) = part.split_once('=')
            && is_name(found.trim_matches(BLANKS), name)
        {
            return piece.get(from.saturating_add(found.len()).saturating_add(1)..);
        }
        from = from.saturating_add(part.len()).saturating_add(1);
    }
    None
}

/// Whether a name, as it stands in a list, is the one that is looked for.
pub fn is_name(found: &str, name: &str) -> bool {
    found == name || percent_decode_str(found).eq(name.bytes())
}
