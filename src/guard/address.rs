//! The address of a request, in the one spelling that everything goes by: routes, the guard's own
//! paths, the fingerprint, and what the origin is sent.
//!
//! 1. The platform's `URL` has parsed it (WHATWG URL): dot segments are resolved, percent-encoded ones
//!    too, a backslash is a slash, and the host is in lower case without encoding and without its
//!    scheme's own port. `fetch` reads by the same rules, so nothing is guarded as one path and sent as
//!    another.
//! 2. User information and fragments say nothing to an origin, and are left out.
//! 3. Empty segments stay, and so does what is percent-encoded otherwise: origins differ in what they
//!    make of them.

/// What is one of the guard's own begins with this, or is this without its last slash.
pub const OWN_PREFIX: &str = "/.onlyonce/";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub scheme: String,
    /// With its port, where it has one.
    pub host: String,
    pub path: String,
    pub query: Option<String>,
}

impl Address {
    /// Splits a URL that was parsed and written down again.
    pub fn of(href: &str) -> Self {
        let (scheme, rest) = href.split_once(':').unwrap_or(("https", href));
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
        let start = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let host = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        Self { scheme: scheme.into(), host: host.into(), path: path.into(), query }
    }

    /// Scheme and host, without a slash behind them.
    pub fn base(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// The whole address.
    pub fn url(&self) -> String {
        self.base() + &self.target()
    }

    /// Path and query.
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Whether the path is one of the guard's own, which never reach the origin.
    pub fn is_own(&self) -> bool {
        self.path.starts_with(OWN_PREFIX) || Some(&*self.path) == OWN_PREFIX.strip_suffix('/')
    }
}
