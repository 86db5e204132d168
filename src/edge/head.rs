//! A request of the platform, as the rules read it.

use super::js::{self, Lines};
use crate::guard::forward::Addressed;
use crate::guard::scope::Head;
use std::cell::OnceCell;
use web_sys::Request;

/// Method, address and headers. What every request is asked for is read with the method, what
/// every guarded one is asked for when the first of it is, and the rest one by one.
pub struct RequestHead {
    pub request: Request,
    method: String,
    url: Url,
    always: Vec<Option<String>>,
    guarded: OnceCell<Vec<Option<String>>>,
}

const ALWAYS: [&str; 3] = ["via", "cf-connecting-ip", "x-forwarded-for"];
const GUARDED: [&str; 8] = [
    "idempotency-key",
    "authorization",
    "x-api-key",
    "cookie",
    "content-type",
    "content-length",
    "origin",
    "connection",
];

thread_local! {
    static ALWAYS_LINES: Lines = js::lines(&ALWAYS.join("\n"));
    static GUARDED_LINES: Lines = js::lines(&GUARDED.join("\n"));
}

/// The pieces of an absolute URL, spelled as the runtime has normalised them.
struct Url {
    scheme: String,
    host: String,
    path: String,
    query: Option<String>,
}

impl Url {
    fn split(url: &str) -> Self {
        let (scheme, rest) = url.split_once(':').unwrap_or(("https", url));
        let rest = rest.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
        let start = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, target) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        Self { scheme: scheme.into(), host: host.into(), path: path.into(), query }
    }
}

impl RequestHead {
    pub fn of(request: &Request) -> Self {
        let text = ALWAYS_LINES.with(|names| js::read_head(request, names));
        let mut lines = text.split('\n');
        Self {
            request: Clone::clone(request),
            method: lines.next().unwrap_or_default().to_owned(),
            url: Url::split(lines.next().unwrap_or_default()),
            always: lines.map(value).collect(),
            guarded: OnceCell::new(),
        }
    }

    fn guarded(&self) -> &[Option<String>] {
        self.guarded.get_or_init(|| {
            let text = GUARDED_LINES.with(|names| js::read_headers(&self.request, names));
            text.split('\n').map(value).collect()
        })
    }

    /// With its port, where it has one.
    pub fn host(&self) -> &str {
        &self.url.host
    }

    /// Scheme and host, without a slash behind them.
    pub fn public_base(&self) -> String {
        [&self.url.scheme, "://", &self.url.host].concat()
    }

    /// Path and query.
    pub fn target(&self) -> String {
        match &self.url.query {
            Some(query) => [&self.url.path, "?", query].concat(),
            None => self.url.path.clone(),
        }
    }

    /// What the origin is told of the way that the request came.
    pub fn addressed(&self) -> Addressed<'_> {
        Addressed {
            scheme: &self.url.scheme,
            host: &self.url.host,
            via: self.header("via"),
            client_ip: self.header("cf-connecting-ip"),
            forwarded_for: self.header("x-forwarded-for"),
        }
    }
}

impl Head for RequestHead {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        &self.url.path
    }

    fn query(&self) -> &str {
        self.url.query.as_deref().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<String> {
        let among = |names: &[&str]| names.iter().position(|known| *known == name);
        if let Some(place) = among(&ALWAYS) {
            return self.always.get(place)?.clone();
        }
        if let Some(place) = among(&GUARDED) {
            return self.guarded().get(place)?.clone();
        }
        self.request.headers().get(name).ok().flatten()
    }
}

/// What a line says of a header: `=` and its value, or that there is none.
fn value(line: &str) -> Option<String> {
    line.strip_prefix('=').map(str::to_owned)
}
