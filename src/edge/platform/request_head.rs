//! A request, as the rules read it.

use super::{digits, header_list};
use crate::guard::address::Address;
use crate::guard::forward::Addressed;
use crate::guard::request_head::RequestHead;
use std::cell::OnceCell;
use web_sys::{Headers, Request, Url};

/// Method, address and headers of a request. Headers are read one by one when they are asked for, or all
/// at once.
pub struct PlatformRequestHead {
    method: String,
    address: Address,
    headers: Headers,
    /// All of them, once they are read.
    list: OnceCell<Vec<(String, String)>>,
}

impl PlatformRequestHead {
    /// Reads a request. Returns `None` if its address is none: a host that cannot be one.
    pub fn of(request: &Request) -> Option<Self> {
        let url = Url::new(&request.url()).ok()?;
        Some(Self::at(Address::of(&url.href()), request.method(), request.headers()))
    }

    /// The same for a request whose address has been read.
    pub fn at(address: Address, method: String, headers: Headers) -> Self {
        Self { method, address, headers, list: OnceCell::new() }
    }

    /// Reads all headers at once: for a guarded request, of which the rules look at some twenty.
    pub fn read_headers(&self) {
        if let Ok(list) = header_list::read(&self.headers) {
            // Whoever has read them before has read the same.
            let _ = self.list.set(list);
        }
    }

    /// False only where a header is known not to be there.
    pub fn may_have(&self, name: &str) -> bool {
        let list = self.list.get();
        list.is_none_or(|list| list.iter().any(|(found, _)| found.eq_ignore_ascii_case(name)))
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
        match self.list.get() {
            Some(list) => header_list::find(list, name),
            None => self.headers.get(name).ok().flatten(),
        }
    }
}
