//! What a page on another origin may read (the CORS protocol, fetch.spec.whatwg.org).
//!
//! 1. A refusal of the guard's own carries the headers that let the page read it: the origin never
//!    saw the request, so it could not.
//! 2. On a preflight the origin decides; the guard only adds `Idempotency-Key` to what it allows.
//! 3. Every guarded answer exposes the guard's headers to pages that the policy names.

/// The pages that may read, as a policy names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Origins such as `https://shop.example.com`, or `*` for all.
    pub origins: Vec<String>,
}

/// The guard's response headers that a page may want to read.
const EXPOSED: &str = "Idempotency-Key, Idempotency-Replayed, Idempotency-Expires, Cache-Status, Age, Server-Timing, Link, Retry-After";

impl Cors {
    /// Whether a page of this origin may read.
    pub fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == "*" || allowed == origin)
    }

    /// What a refusal says to a page of this origin. A page that the policy names may read it with
    /// its credentials; one that `*` lets in may not, as the protocol has it.
    pub fn refusal(&self, origin: &str) -> Vec<(&'static str, String)> {
        if !self.allows(origin) {
            return Vec::new();
        }
        let expose = ("access-control-expose-headers", EXPOSED.to_owned());
        if !self.origins.iter().any(|allowed| allowed == origin) {
            return vec![("access-control-allow-origin", "*".to_owned()), expose];
        }
        vec![
            ("access-control-allow-origin", origin.to_owned()),
            ("access-control-allow-credentials", "true".to_owned()),
            expose,
            ("vary", "Origin".to_owned()),
        ]
    }

    /// What is added to an answer of the origin, which says itself who may read it.
    pub fn answer(&self, origin: &str) -> Option<(&'static str, &'static str)> {
        self.allows(origin).then_some(("access-control-expose-headers", EXPOSED))
    }

    /// What is added to the origin's answer to a preflight, where it allows anything at all.
    pub fn preflight(
        &self,
        origin: &str,
        allowed_headers: Option<&str>,
    ) -> Option<(&'static str, &'static str)> {
        let names = allowed_headers?;
        let known =
            names.split(',').any(|name| name.trim().eq_ignore_ascii_case("idempotency-key"));
        (self.allows(origin) && !known)
            .then_some(("access-control-allow-headers", "Idempotency-Key"))
    }
}
