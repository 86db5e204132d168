//! A request, as the rules read it.

use super::digits;
use crate::guard::address::Address;
use crate::guard::forward::Addressed;
use crate::guard::request_head::RequestHead;
use web_sys::{Headers, Request, Url};

/// Method, address and headers of a request. Headers are read when they are asked for.
pub struct PlatformRequestHead {
    method: String,
    address: Address,
    headers: Headers,
}

impl PlatformRequestHead {
    /// Reads a request. Returns `None` if its address is none: a host that cannot be one.
    pub fn of(request: &Request) -> Option<Self> {
        let url = Url::new(&request.url()).ok()?;
        Some(Self::at(Address::of(&url.href()), request.method(), request.headers()))
    }

    /// The same for a request whose address has been read.
    pub fn at(address: Address, method: String, headers: Headers) -> Self {
        Self { method, address, headers }
    }

    /// As the client sent them, bytes that are no UTF-8 included.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn host(&self) -> &str {
        &self.address.host
    }

    /// What the origin is told of the way that the request came.
    pub fn addressed(&self) -> Addressed<'_> {
        Addressed {
            scheme: &self.address.scheme,
            host: &self.address.host,
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
        &self.address.path
    }

    fn query(&self) -> &str {
        self.address.query.as_deref().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }
}
