//! What a page on another origin may send and read (the CORS protocol, fetch.spec.whatwg.org).
//!
//! 1. Which pages may, is for the policy to say; the origin need not know of CORS at all.
//! 2. A preflight of such a page for a guarded method is answered by the guard, and allows what it asks
//!    for and the headers that a key may stand in. The origin is not asked: many refuse a header that they do not know.
//! 3. Refusals, first answers and replays name the page that asks. What is stored was made for whoever
//!    asked first, which may have been nobody's page.
//! 4. A page that the policy names may read with its visitor's credentials. One that `*` lets in may
//!    not, unless the origin's own answer names it.
//! 5. Of other pages the guard says nothing, and what the origin says of them stays.

use super::parameters::is_token;
use super::replay::{HeaderChange, How};

/// The pages that may read, as a policy names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Origins such as `https://shop.example.com`, or `*` for all.
    pub origins: Vec<String>,
}

/// The guard's response headers that a page may want to read.
const EXPOSED: &str = "Idempotency-Key, Idempotency-Replayed, Idempotent-Replayed, Idempotency-Expires, Idempotency-Omitted, Cache-Status, Age, Server-Timing, Link, Retry-After, Stripe-Should-Retry, X-Should-Retry";

/// In seconds; browsers keep what a preflight said for 5 s where nothing is said.
const MAX_AGE: &str = "600";

const ALL: &str = "*";
const ALLOW_ORIGIN: &str = "access-control-allow-origin";

impl Cors {
    /// Whether a page of this origin may read.
    pub fn allows(&self, origin: &str) -> bool {
        self.lists(ALL) || self.lists(origin)
    }

    /// Whether it is named by itself. A star is nobody's origin, whatever a request says.
    fn names(&self, origin: &str) -> bool {
        origin != ALL && self.lists(origin)
    }

    fn lists(&self, entry: &str) -> bool {
        self.origins.iter().any(|listed| listed == entry)
    }

    /// What a preflight is answered that asks for a guarded method and these headers. Returns `None` if
    /// it is not for the guard to say.
    pub fn preflight<'a>(
        &self,
        origin: &str,
        method: &str,
        headers: Option<&'a str>,
        key_headers: impl Iterator<Item = &'a str>,
    ) -> Option<Vec<(&'static str, String)>> {
        let mut answer = self.allowed_origin(origin)?;
        answer.push(("access-control-allow-methods", method.to_owned()));
        let allowed = allowed_headers(headers.unwrap_or_default(), key_headers);
        answer.push(("access-control-allow-headers", allowed));
        answer.push(("access-control-max-age", MAX_AGE.to_owned()));
        let asked = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        answer.push(("vary", asked.to_owned()));
        Some(answer)
    }

    /// What a refusal says to a page of this origin.
    pub fn refusal(&self, origin: &str) -> Vec<(&'static str, String)> {
        let Some(mut headers) = self.allowed_origin(origin) else { return Vec::new() };
        headers.push(("access-control-expose-headers", EXPOSED.to_owned()));
        headers.push(("vary", "Origin".to_owned()));
        headers
    }

    fn allowed_origin(&self, origin: &str) -> Option<Vec<(&'static str, String)>> {
        if self.names(origin) {
            let credentials = ("access-control-allow-credentials", "true".to_owned());
            return Some(vec![(ALLOW_ORIGIN, origin.to_owned()), credentials]);
        }
        self.allows(origin).then(|| vec![(ALLOW_ORIGIN, ALL.to_owned())])
    }

    /// What changes in an answer of the origin's, whose headers are looked up by their names in lower
    /// case. The page is that of whoever gets it, where a browser named one.
    pub fn answer(
        &self,
        page: Option<&str>,
        header: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<HeaderChange> {
        let change = |name, value: &str, how| HeaderChange { name, value: value.into(), how };
        let mut changes = Vec::new();
        if !header("vary").is_some_and(|vary| lists(&vary, "origin") || lists(&vary, "*")) {
            changes.push(change("vary", "Origin", How::Append));
        }
        let Some((page, allowed)) = page.and_then(|page| Some((page, self.allowed_origin(page)?)))
        else {
            return changes;
        };
        if self.names(page) || header(ALLOW_ORIGIN).as_deref() != Some(page) {
            changes.extend(allowed.iter().map(|(name, value)| change(*name, value, How::Set)));
        }
        changes.push(change("access-control-expose-headers", EXPOSED, How::Append));
        changes
    }
}

/// What a preflight asked for, as far as it is names of headers, and the keys'.
fn allowed_headers<'a>(asked: &'a str, key_headers: impl Iterator<Item = &'a str>) -> String {
    let names = asked.split(',').map(str::trim).filter(|name| is_token(name));
    names.chain(key_headers.filter(|name| !lists(asked, name))).collect::<Vec<_>>().join(", ")
}

fn lists(list: &str, name: &str) -> bool {
    list.split(',').any(|listed| listed.trim().eq_ignore_ascii_case(name))
}
