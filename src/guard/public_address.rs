//! What in an answer's headers points at the origin, pointed at the public address instead.
//!
//! 1. An address is the origin's if it has ORIGIN's host and port and lies below ORIGIN's path, under
//!    either scheme: an origin behind something that ends TLS does not know which one it is called by.
//!    Hosts count regardless of case, and a scheme's own port may be written or not.
//! 2. It is done when an answer is shown, and not when it is kept: two hosts of one realm show the same
//!    answer, each with its own address.
//! 3. An origin that goes by `X-Forwarded-Host` names the host that asked by itself. What is kept of that
//!    names nobody's host, and is shown with the host that asks then. Only the host and port are exchanged,
//!    and only where they are spelled as the asker's are: to the same host, a replay says what the first
//!    answer said, byte by byte.

use super::origin::OriginUrl;

/// The headers that hold an address.
pub const WITH_ADDRESS: [&str; 3] = ["location", "content-location", "refresh"];

/// Stands in what is kept for the host that asks. No host has such a name (RFC 2606 section 2).
const ASKER: &str = "asker.invalid";

/// Headers as they are kept of an answer to a request that was sent to `base`, a scheme and a host.
pub fn without_asker(headers: &mut [(String, String)], base: &str) {
    for (name, value) in headers {
        if WITH_ADDRESS.contains(&name.as_str())
            && let Some(kept) = with_authority(name, value, authority_of(base), ASKER)
        {
            *value = kept;
        }
    }
}

/// The value of a header that holds an address, as the host that asks shows it. Returns `None` if it
/// stays what it is.
pub fn shown(origin: Option<&OriginUrl>, name: &str, value: &str, base: &str) -> Option<String> {
    let public = origin.and_then(|origin| origin.rewrite(name, value, base));
    public.or_else(|| with_authority(name, value, ASKER, authority_of(base)))
}

/// The host of a scheme and a host, with its port.
fn authority_of(base: &str) -> &str {
    base.split_once("://").map_or(base, |(_scheme, authority)| authority)
}

/// The value of such a header with another authority in the place of this one. Returns `None` if it holds
/// another, or this one in another spelling.
fn with_authority(name: &str, value: &str, from: &str, to: &str) -> Option<String> {
    with_target(name, value, |url| {
        let (scheme, rest) = url.split_once("//")?;
        let is_web = ["", "http:", "https:"].iter().any(|web| web.eq_ignore_ascii_case(scheme));
        let behind = rest.strip_prefix(from)?;
        let ends = behind.is_empty() || behind.starts_with(['/', '?', '#']);
        (is_web && ends).then(|| format!("{scheme}//{to}{behind}"))
    })
}

/// The value of such a header with its address changed.
fn with_target(
    name: &str,
    value: &str,
    change: impl FnOnce(&str) -> Option<String>,
) -> Option<String> {
    match name {
        "refresh" => with_refresh_target(value, change),
        _ => change(value),
    }
}

/// `5; url=https://…`, in the forms that browsers read (HTML, "shared declarative refresh steps").
fn with_refresh_target(value: &str, change: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let (_, target) = value.split_once([';', ','])?;
    let target = without_name(target.trim_start());
    let quote = target.chars().next().filter(|first| matches!(first, '"' | '\''));
    let target = target.trim_start_matches(quote.as_slice());
    let url = match quote {
        Some(quote) => target.split(quote).next()?,
        None => target.trim_end(),
    };
    let start = value.len().checked_sub(target.len())?;
    let behind = value.get(start.checked_add(url.len())?..)?;
    Some(format!("{}{}{behind}", value.get(..start)?, change(url)?))
}

impl OriginUrl {
    /// The value of such a header with the public address in the origin's place. Returns `None` if it does
    /// not point at the origin.
    pub fn rewrite(&self, name: &str, value: &str, public: &str) -> Option<String> {
        with_target(name, value, |url| self.rewrite_location(url, public))
    }

    pub fn rewrite_location(&self, location: &str, public: &str) -> Option<String> {
        let (own_place, own_path) = split_place(self.as_str())?;
        // A value with bytes that are no UTF-8 would not be what it was.
        if location.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        let absolute = match location.starts_with("//") {
            true => format!("{}:{location}", self.as_str().split(':').next()?),
            false => location.to_owned(),
        };
        let (place, path) = split_place(&absolute)?;
        let rest = path.strip_prefix(own_path)?;
        let fits = place == own_place && (rest.is_empty() || rest.starts_with(['/', '?', '#']));
        fits.then(|| format!("{public}{rest}"))
    }
}

/// What stands behind `url =`, or the whole where that is left out.
fn without_name(target: &str) -> &str {
    let named = || {
        let (name, rest) = target.split_at_checked(3)?;
        let rest = rest.trim_start().strip_prefix('=')?;
        name.eq_ignore_ascii_case("url").then(|| rest.trim_start())
    };
    named().unwrap_or(target)
}

/// The authority of an `http` or `https` URL in one spelling, and what follows it.
fn split_place(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let own_port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let rest = rest.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let place = authority.to_ascii_lowercase();
    Some((place.strip_suffix(own_port).unwrap_or(&place).to_owned(), path))
}
