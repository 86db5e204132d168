//! Who a key belongs to, and who may see its answer.
//!
//! 1. The **scope** partitions keys: the same key under another scope is another operation.
//! 2. The **credential** is what must be identical for a stored answer to be shown.
//! 3. A bearer token is read unverified: it partitions, it authorises nothing. A claim that is
//!    missing or unreadable falls back to the whole Authorization header.
//! 4. Every value is hashed with the name of its source and with its length, so that no two
//!    identities become one.

use super::digest::Digest;
use super::document::Members;
use super::hex::{Hex, HexError};
use super::key::IdempotencyKey;
use super::request_head::RequestHead;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// One place in a request that tells who is asking. Policies and records hold it as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Source {
    Header(String),
    Cookie(String),
    Query(String),
    /// A claim of the bearer token in the Authorization header.
    Jwt(String),
}

/// Where the scope comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A bearer token's `iss` and `sub`, else the Authorization header, else `x-api-key`.
    Auto,
    Sources(Vec<Source>),
}

/// One value of a scope, with the source that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeValue {
    pub source: Source,
    pub value: Option<String>,
}

const AUTHORIZATION: &str = "authorization";
const API_KEY: &str = "x-api-key";

impl Scope {
    /// Reads this scope's values from a request.
    pub fn values(&self, head: &impl RequestHead) -> Vec<ScopeValue> {
        match self {
            Self::Auto => auto(head),
            Self::Sources(sources) => {
                sources.iter().map(|source| read_scope(source, head)).collect()
            }
        }
    }
}

fn auto(head: &impl RequestHead) -> Vec<ScopeValue> {
    let Some(authorization) = head.header(AUTHORIZATION) else {
        let key = head.header(API_KEY);
        return key.map(|key| ScopeValue::header(API_KEY, Some(key))).into_iter().collect();
    };
    let claims = bearer_claims(&authorization);
    let claim = |name: &str| {
        let value = claim_text(claims.as_ref()?, name)?;
        Some(ScopeValue { source: Source::Jwt(name.into()), value: Some(value) })
    };
    match (claim("iss"), claim("sub")) {
        (Some(issuer), Some(subject)) => vec![issuer, subject],
        _ => vec![ScopeValue::header(AUTHORIZATION, Some(authorization))],
    }
}

fn read_scope(source: &Source, head: &impl RequestHead) -> ScopeValue {
    match (source, source.read(head)) {
        (Source::Jwt(_), None) => ScopeValue::header(AUTHORIZATION, head.header(AUTHORIZATION)),
        (_, value) => ScopeValue { source: source.clone(), value },
    }
}

impl ScopeValue {
    /// What an operator writes down for a source: a token's claim as JSON, anything else as text,
    /// and `null` for what was absent.
    pub fn written(source: Source, value: &Value) -> Option<Self> {
        let value = match (&source, value) {
            (_, Value::Null) => None,
            (Source::Jwt(_), claim) => Some(claim_value(claim)?),
            (_, text) => Some(text.as_str()?.to_owned()),
        };
        Some(Self { source, value })
    }

    fn header(name: &str, value: Option<String>) -> Self {
        Self { source: Source::Header(name.into()), value }
    }
}

impl Source {
    /// Whether it reads the header of this name, in lower case.
    pub fn is_header(&self, name: &str) -> bool {
        match self {
            Self::Header(header) => header == name,
            Self::Cookie(_) => name == "cookie",
            Self::Jwt(_) => name == AUTHORIZATION,
            Self::Query(_) => false,
        }
    }

    /// As a policy says it, and as it is read again.
    pub fn written(&self) -> String {
        let (kind, name) = match self {
            Self::Header(name) => ("header:", name),
            Self::Cookie(name) => ("cookie:", name),
            Self::Query(name) => ("query:", name),
            Self::Jwt(claim) => ("jwt:", claim),
        };
        [kind, name].concat()
    }

    /// What this source says in a request; nothing where it is absent or unreadable.
    pub fn read(&self, head: &impl RequestHead) -> Option<String> {
        match self {
            Self::Header(name) => head.header(name),
            Self::Cookie(name) => pair_value(&head.header("cookie")?, ';', name),
            Self::Query(name) => pair_value(head.query(), '&', name),
            Self::Jwt(name) => claim_text(&bearer_claims(&head.header(AUTHORIZATION)?)?, name),
        }
    }
}

/// The value of the first `name=value` in a list, encoding untouched.
fn pair_value(list: &str, separator: char, name: &str) -> Option<String> {
    list.split(separator)
        .filter_map(|pair| pair.trim_matches(' ').split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// The claims of a bearer token in JWS compact form (RFC 7519 section 7.2), unverified and each as it
/// stands in the token.
type Claims = Members<Box<RawValue>>;

fn bearer_claims(authorization: &str) -> Option<Claims> {
    let (scheme, token) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parts = token.trim_matches(' ').split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice(&TOKEN_BASE64.decode(payload).ok()?).ok()
}

/// A token's parts have no padding (RFC 7515 section 2). The bits that a last digit has too many are
/// not looked at. Neither may change: a token that is read in another way names another record.
const TOKEN_BASE64: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// A claim as JSON text. Only kinds with one exact text are read: a fraction or a number beyond
/// 64 bits could stand for more than one identity.
fn claim_text(claims: &Claims, name: &str) -> Option<String> {
    claim_value(&serde_json::from_str(claims.get(name)?.get()).ok()?)
}

fn claim_value(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if !(number.is_u64() || number.is_i64()) => None,
        Value::String(_) | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// 256 bits that name an operation: its shard, its row there, and its copies. They are shown as 64 hex
/// digits. The key cannot be read back from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId(Hex<32>);

impl RecordId {
    pub fn new(realm: &str, scope: &[ScopeValue], key: &IdempotencyKey) -> Self {
        Self(owner("onlyonce record 1", realm, scope).field(key.as_str().as_bytes()).finish())
    }

    /// For a request without a key: the same credential and the same request are the same
    /// operation. Nothing where no credential is present, since that would join strangers.
    pub fn derived(
        realm: &str,
        scope: &[ScopeValue],
        credential: &[Source],
        head: &impl RequestHead,
        fingerprint: &Hex<32>,
    ) -> Option<Self> {
        let values: Vec<_> = credential.iter().map(|source| source.read(head)).collect();
        values.iter().flatten().next()?;
        let digest = owner("onlyonce derived record 1", realm, scope);
        let digest = values.iter().fold(digest, |digest, value| digest.optional(value.as_deref()));
        Some(Self(digest.field(fingerprint.to_string().as_bytes()).finish()))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0.0
    }

    /// The first 16 bits, which tell the shard of the record.
    pub fn leading_bits(&self) -> u16 {
        let [first, second, ..] = self.0.0;
        u16::from_be_bytes([first, second])
    }

    /// Returns `None` if these are not 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Hex(bytes.try_into().ok()?)))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RecordId {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        text.parse().map(Self)
    }
}

/// A digest that has taken in whose key it is.
fn owner(purpose: &str, realm: &str, scope: &[ScopeValue]) -> Digest {
    let count = (scope.len() as u64).to_be_bytes();
    let digest = Digest::new(purpose).field(realm.as_bytes()).field(&count);
    scope.iter().fold(digest, |digest, scope| {
        digest.field(scope.source.written().as_bytes()).optional(scope.value.as_deref())
    })
}

/// What was shown to see an answer: the sources that were looked at, and a hash of what they
/// held, salted with the record id. Two records never hold the same hash for the same secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    pub sources: Vec<Source>,
    pub digest: Hex<32>,
}

impl Credential {
    pub fn of(head: &impl RequestHead, sources: &[Source], record: &RecordId) -> Self {
        let digest = Digest::new("onlyonce credential 1").field(record.to_string().as_bytes());
        let digest = sources.iter().fold(digest, |digest, source| {
            digest.field(source.written().as_bytes()).optional(source.read(head).as_deref())
        });
        Self { sources: sources.to_vec(), digest: digest.finish() }
    }
}

/// Why a text is no source.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is no source: write header:<name>, cookie:<name>, query:<name> or jwt:<claim>")]
pub struct SourceError(pub String);

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text.split_once(':') {
            Some((_, "")) | None => {}
            Some(("header", name)) => return Ok(Self::Header(name.to_ascii_lowercase())),
            Some(("cookie", name)) => return Ok(Self::Cookie(name.into())),
            Some(("query", name)) => return Ok(Self::Query(name.into())),
            Some(("jwt", claim)) => return Ok(Self::Jwt(claim.into())),
            Some(_) => {}
        }
        Err(SourceError(text.into()))
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.written()
    }
}

impl TryFrom<String> for Source {
    type Error = SourceError;

    fn try_from(text: String) -> Result<Self, SourceError> {
        text.parse()
    }
}
