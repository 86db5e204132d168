//! What changes in a request's headers on its way to the origin.
//!
//! 1. Hop-by-hop headers stay behind (RFC 9110 section 7.6.1), those that `Connection` names
//!    included, except what the guard itself goes by and what the policy reads: else an answer given to
//!    nobody in particular would be kept under a credential that the origin never saw.
//! 2. `Via` gains this deployment's pseudonym; a request that already carries it is going round
//!    in circles.
//! 3. `X-Forwarded-Host`, `-Proto`, `-Port` and `-For` tell the origin what the client addressed, since
//!    the origin sees its own host. What else says so is the client's own word, and stays behind.
//! 4. `Expect` stays behind: the body is there by now, and an origin that answers 417 would be asked for
//!    nothing.

use super::digest::Digest;
use super::parameters::is_token;
use std::borrow::Cow;

const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a client must not tell the origin, and what the guard has done for it already.
pub const NOT_FORWARDED: [&str; 4] = ["expect", "forwarded", "x-forwarded-prefix", "x-real-ip"];

/// What the guard goes by, or the origin must be told: `Connection` cannot take it away.
const END_TO_END: [&str; 8] = [
    "authorization",
    "cookie",
    "x-api-key",
    "idempotency-key",
    "content-type",
    "content-encoding",
    "cf-connecting-ip",
    "x-forwarded-for",
];

/// The names to leave out of a message whose `Connection` header has this value. What is read of it,
/// by names in lower case, stays.
pub fn hop_by_hop(
    connection: Option<&str>,
    is_read: &dyn Fn(&str) -> bool,
) -> Vec<Cow<'static, str>> {
    let named = connection.unwrap_or_default().to_ascii_lowercase();
    let named = named
        .split(',')
        .map(str::trim)
        // The platform throws at what is no name.
        .filter(|name| is_token(name) && !END_TO_END.contains(name) && !is_read(name))
        .map(|name| Cow::Owned(name.to_owned()));
    HOP_BY_HOP.map(Cow::Borrowed).into_iter().chain(named).collect()
}

/// What identifies this deployment in a `Via` header: two guards in a row have different origins.
pub fn pseudonym(origin: &str) -> String {
    let digest = Digest::new("onlyonce via 1").field(origin.as_bytes()).hex();
    format!("onlyonce-{digest:.12}")
}

/// Whether a request with this `Via` header was here before.
pub fn is_loop(via: Option<&str>, pseudonym: &str) -> bool {
    via.unwrap_or_default()
        .split(',')
        .any(|entry| entry.split_ascii_whitespace().nth(1) == Some(pseudonym))
}

/// The headers among those gained by which an origin tells one public host from another.
pub const TOLD_OF_HOST: [&str; 3] = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"];

/// What the client addressed, as the edge saw it.
pub struct Addressed<'a> {
    pub scheme: &'a str,
    /// With its port, where it has one.
    pub host: &'a str,
    pub via: Option<String>,
    /// The client's address, as the platform vouches for it.
    pub client_ip: Option<String>,
    /// What proxies before this one wrote into `X-Forwarded-For`.
    pub forwarded_for: Option<String>,
}

/// The headers that a forwarded request gains.
pub fn added(addressed: &Addressed, pseudonym: &str) -> Vec<(&'static str, String)> {
    let via = match &addressed.via {
        Some(via) => format!("{via}, 1.1 {pseudonym}"),
        None => format!("1.1 {pseudonym}"),
    };
    let mut headers = vec![
        ("via", via),
        ("x-forwarded-host", addressed.host.to_owned()),
        ("x-forwarded-proto", addressed.scheme.to_owned()),
        ("x-forwarded-port", port(addressed).to_owned()),
    ];
    if let Some(addresses) = forwarded_for(addressed) {
        headers.push(("x-forwarded-for", addresses));
    }
    headers
}

/// The port that the client addressed; it need not stand in the host.
fn port<'a>(addressed: &Addressed<'a>) -> &'a str {
    match addressed.host.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port,
        _ if addressed.scheme == "http" => "80",
        _ => "443",
    }
}

/// The addresses that the request came by. The platform may have added the client's already.
fn forwarded_for(addressed: &Addressed) -> Option<String> {
    let Some(client) = &addressed.client_ip else { return addressed.forwarded_for.clone() };
    match &addressed.forwarded_for {
        None => Some(client.clone()),
        Some(known) if known.rsplit(',').next().is_some_and(|last| last.trim() == client) => {
            Some(known.clone())
        }
        Some(known) => Some(format!("{known}, {client}")),
    }
}
