//! The address of a request, in the one spelling that everything goes by: routes, the guard's own
//! paths, the fingerprint, and what the origin is sent.
//!
//! 1. The platform's `URL` has parsed it (WHATWG URL): dot segments are resolved, percent-encoded ones
//!    too, a backslash is a slash, and the host is in lower case without encoding and without its
//!    scheme's own port. `fetch` reads by the same rules, so nothing is guarded as one path and sent as
//!    another.
//! 2. User information and fragments say nothing to an origin, and are left out.
//! 3. Empty segments stay, and so does what is percent-encoded otherwise: origins differ in what they
//!    make of them. Where that would put a request under another route of the policy, it is refused:
//!    [`other_readings`].

use percent_encoding::percent_decode_str;

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

/// Other paths that an origin could make of one: percent-encoding decoded once or twice, a backslash taken
/// for a slash, what follows a semicolon left out of its segment, and segments of dots, or of nothing,
/// resolved after all that. Returns none for a path that holds nothing of the kind.
pub fn other_readings(path: &str) -> Vec<String> {
    if !path.contains(['%', ';', '\\']) {
        return Vec::new();
    }
    let once = decoded(path);
    let twice = decoded(&once);
    let mut readings = Vec::new();
    for path in [path, &once, &twice] {
        for path in [path.to_owned(), path.replace('\\', "/")] {
            for path in [without_parameters(&path), path] {
                readings.push(resolved(&path));
                readings.push(path);
            }
        }
    }
    readings.sort();
    readings.dedup();
    readings.retain(|reading| reading != path);
    readings
}

/// Every percent-encoded byte decoded, and nothing else changed.
pub fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// A path without what follows a semicolon in each segment.
fn without_parameters(path: &str) -> String {
    let names = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    names.collect::<Vec<_>>().join("/")
}

/// A path without its dot segments (RFC 3986 section 5.2.4) and its empty ones.
fn resolved(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            name => kept.push(name),
        }
    }
    format!("/{}", kept.join("/"))
}
