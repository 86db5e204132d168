//! A request, as the rules read it.

use super::digits;
use crate::guard::forward::Addressed;
use crate::guard::request_head::RequestHead;
use web_sys::{Headers, Request};

/// Method, address and headers of a request. Headers are read when they are asked for.
pub struct PlatformRequestHead {
    method: String,
    url: Url,
    headers: Headers,
}

/// The pieces of an absolute URL, spelled as the runtime has normalised them.
struct Url {
    scheme: String,
    /// With its port, where it has one.
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
        Self::new(request.method(), &request.url(), request.headers())
    }

    pub fn new(method: String, url: &str, headers: Headers) -> Self {
        Self { method, url: Url::split(url), headers }
    }

    /// As the client sent them, bytes that are no UTF-8 included.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    pub fn host(&self) -> &str {
        &self.url.host
    }

    /// Scheme and host, without a slash behind them.
    pub fn public_base(&self) -> String {
        format!("{}://{}", self.url.scheme, self.url.host)
    }

    /// The whole address.
    pub fn url(&self) -> String {
        self.public_base() + &self.target()
    }

    /// Path and query.
    pub fn target(&self) -> String {
        match &self.url.query {
            Some(query) => format!("{}?{query}", self.url.path),
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

    /// The length of the body in bytes, where the client said it.
    pub fn content_length(&self) -> Option<u64> {
        digits(&self.header("content-length")?)
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
        self.headers.get(name).ok().flatten()
    }
}
