//! A request, as the rules read it.

use super::js::{self, Lines};
use crate::guard::forward::Addressed;
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::HEADERS as GUARDED;
use std::cell::OnceCell;
use web_sys::{Headers, Request};

/// Method, address and headers. What every request is asked for is read with the method, what
/// every guarded one is asked for when the first of it is, and the rest one by one.
pub struct PlatformRequestHead {
    source: Source,
    method: String,
    url: Url,
    /// A line for each of [`ALWAYS`].
    always: OnceCell<String>,
    /// A line for each of [`GUARDED`].
    guarded: OnceCell<String>,
}

/// What has the headers.
enum Source {
    Request(Request),
    Headers(Headers),
}

const ALWAYS: [&str; 3] = ["via", "cf-connecting-ip", "x-forwarded-for"];
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

impl PlatformRequestHead {
    pub fn of(request: &Request) -> Self {
        let text = ALWAYS_LINES.with(|names| js::read_head(request, names));
        let (method, rest) = text.split_once('\n').unwrap_or_default();
        let (url, always) = rest.split_once('\n').unwrap_or_default();
        Self {
            source: Source::Request(Clone::clone(request)),
            method: method.into(),
            url: Url::split(url),
            always: OnceCell::from(always.to_owned()),
            guarded: OnceCell::new(),
        }
    }

    /// A request that the Worker has read: with its [`PlatformRequestHead::lines`].
    pub fn sent(method: String, url: &str, lines: String, headers: Headers) -> Self {
        Self {
            source: Source::Headers(headers),
            method,
            url: Url::split(url),
            always: OnceCell::new(),
            guarded: OnceCell::from(lines),
        }
    }

    /// As the platform has them: those that are no text, and those that stand in several lines,
    /// go on as they came.
    pub fn headers(&self) -> Headers {
        match &self.source {
            Source::Request(request) => request.headers(),
            Source::Headers(headers) => Clone::clone(headers),
        }
    }

    fn always(&self) -> &str {
        self.always.get_or_init(|| ALWAYS_LINES.with(|names| self.read(names)))
    }

    /// What the rules look at of a guarded request: a line for each of [`GUARDED`].
    pub fn lines(&self) -> &str {
        self.guarded.get_or_init(|| GUARDED_LINES.with(|names| self.read(names)))
    }

    fn read(&self, names: &Lines) -> String {
        js::read_headers(&self.headers(), names)
    }

    /// With its port, where it has one.
    pub fn host(&self) -> &str {
        &self.url.host
    }

    /// Scheme and host, without a slash behind them.
    pub fn public_base(&self) -> String {
        [&self.url.scheme, "://", &self.url.host].concat()
    }

    /// The whole address.
    pub fn url(&self) -> String {
        [self.public_base(), self.target()].concat()
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

impl RequestHead for PlatformRequestHead {
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
            return value(self.always(), place);
        }
        if let Some(place) = among(&GUARDED) {
            return value(self.lines(), place);
        }
        self.headers().get(name).ok().flatten()
    }
}

/// What the line at a place says of a header: `=` and its value, or that there is none.
fn value(lines: &str, place: usize) -> Option<String> {
    lines.split('\n').nth(place)?.strip_prefix('=').map(str::to_owned)
}
