//! The guard's rules for a page: the same code that the Worker runs, through wasm-bindgen.
//!
//! 1. What is computed here is what the edge computes under the default policy; a route with a
//!    `realm`, `scope` or `fingerprint` of its own computes another.
//! 2. What is wrong with a key is said in the sentence that the edge would answer with.
//! 3. A request arrives as its pieces: the browser has split its URL and normalised its headers
//!    already, as the Worker's runtime does.
//!
//! Built with the feature `browser`, without `edge`.

use crate::guard::digest::{Pepper, hex};
use crate::guard::fingerprint::Fingerprint;
use crate::guard::key::IdempotencyKey;
use crate::guard::key_location::KeyLocation;
use crate::guard::policy::Policy;
use crate::guard::request_head;
use crate::guard::scope::{Namespace, RecordId};
use wasm_bindgen::prelude::*;

/// A request's head, as the page is about to send it.
#[wasm_bindgen]
pub struct RequestHead {
    method: String,
    host: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

#[wasm_bindgen]
impl RequestHead {
    /// `query` is without its question mark.
    #[wasm_bindgen(constructor)]
    pub fn new(method: String, host: String, path: String, query: String) -> Self {
        Self { method, host, path, query, headers: Vec::new() }
    }

    /// Adds a header; `name` is in lower case and comes once.
    pub fn header(&mut self, name: String, value: String) {
        self.headers.push((name, value));
    }

    /// What the edge compares a repeated request by: 64 hex digits; nothing where it refuses a header.
    pub fn fingerprint(&self, body: &[u8]) -> Option<String> {
        let method = &Policy::default().defaults.fingerprint;
        Some(Fingerprint::of(self, body, method).ok()?.digest.to_string())
    }

    /// What the edge names the operation by where it has no `PEPPER`: 64 hex digits; nothing where `key`
    /// is none.
    #[wasm_bindgen(js_name = recordId)]
    pub fn record_id(&self, key: &str) -> Option<String> {
        let policy = Policy::default();
        let scope = policy.defaults.scope.values(self).ok()?;
        let key = IdempotencyKey::parse(key).ok()?;
        let (pepper, realm) = (Pepper::default(), policy.realm(&self.host));
        let namespace = Namespace { pepper: &pepper, realm: &realm, scope: &scope };
        Some(RecordId::new(namespace, &key).to_string())
    }
}

impl request_head::RequestHead for RequestHead {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self) -> &str {
        &self.query
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    }
}

/// A new key: 128 random bits of the platform, as hex digits.
#[wasm_bindgen(js_name = generateKey)]
pub fn generate_key() -> Result<String, JsError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| JsError::new(NO_RANDOM_BITS))?;
    Ok(hex(&bytes))
}

const NO_RANDOM_BITS: &str = "the platform gave no random bits for a key; try again";

/// What is wrong with the value of an `Idempotency-Key` header; nothing where it is a key.
#[wasm_bindgen(js_name = checkKey)]
pub fn check_key(header: &str) -> Option<String> {
    IdempotencyKey::parse(header).err().map(|error| error.describe(&KeyLocation::usual(), header))
}
