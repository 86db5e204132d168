//! What the rules read of a request, wherever it comes from.

use http::Method;

/// Method, address and headers of a request. Lookups are lazy: on the edge each one crosses from
/// JavaScript to WebAssembly.
pub trait RequestHead {
    /// The method as it was sent, e.g. `POST`.
    fn method(&self) -> &str;
    /// The path as it was sent, percent-encoding untouched, e.g. `/orders`.
    fn path(&self) -> &str;
    /// The query without its question mark; empty where there is none.
    fn query(&self) -> &str;
    /// A header's value, repeated lines joined by a comma; names are in lower case.
    fn header(&self, name: &str) -> Option<String>;
}

/// Whether a text is a token (RFC 9110 section 5.6.2), as methods, names of headers and names of cookies
/// are. `http::HeaderName` would do for the second, and weighs 13 KB for the names that it knows by heart.
pub fn is_token(text: &str) -> bool {
    Method::from_bytes(text.as_bytes()).is_ok()
}
