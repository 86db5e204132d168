//! What the rules read of a request, wherever it comes from.

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
