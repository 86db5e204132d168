//! A request of the platform, as the rules read it.

use crate::guard::forward::Addressed;
use crate::guard::scope::Head;
use web_sys::{Headers, Request};

/// Method, address and headers. Headers are read when they are asked for.
pub struct RequestHead {
    method: String,
    url: Url,
    headers: Headers,
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
        Self {
            method: request.method(),
            url: Url::split(&request.url()),
            headers: request.headers(),
        }
    }

    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// With its port, where it has one.
    pub fn host(&self) -> &str {
        &self.url.host
    }

    /// Scheme and host, without a slash behind them.
    pub fn public_base(&self) -> String {
        format!("{}://{}", self.url.scheme, self.url.host)
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
        self.headers.get(name).ok().flatten()
    }
}
