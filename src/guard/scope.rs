//! Who a key belongs to, and who may see its answer.
//!
//! 1. The **scope** partitions keys: the same key under another scope is another operation.
//! 2. The **credential** is what must be identical for a stored answer to be shown.
//! 3. A token is read unverified: it partitions, it authorises nothing. A claim that is missing or
//!    unreadable falls back to the whole Authorization header.
//! 4. Every value is hashed with the name of its source and with its length, so that no two
//!    identities become one. A value that could be two on the wire is not hashed at all: see
//!    [`super::source`].

use super::authorization::{claim_text, claim_value, claims, signer};
use super::digest::{Digest, Pepper};
use super::hex::{Hex, HexError};
use super::key::IdempotencyKey;
use super::request_head::RequestHead;
use super::source::{API_KEY, AUTHORIZATION, Source, Unreadable, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// Where the scope comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A JWT's `iss` and `sub`, else what stays of a header that signs each request anew, else the
    /// Authorization header; and `x-api-key` where it is there, too.
    Auto,
    Sources(Vec<Source>),
    /// What `Auto` takes, and these.
    AutoAnd(Vec<Source>),
}

/// One value of a scope, with the source that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeValue {
    pub source: Source,
    pub value: Option<String>,
}

/// `credential = "auto"`.
pub fn auto_credential() -> Vec<Source> {
    vec![Source::Header(AUTHORIZATION.into()), Source::Header(API_KEY.into()), Source::Cookies]
}

impl Scope {
    /// Reads this scope's values from a request.
    pub fn values(&self, head: &impl RequestHead) -> Result<Vec<ScopeValue>, Unreadable> {
        match self {
            Self::Auto => auto(head),
            Self::Sources(sources) => read_all(sources, head),
            Self::AutoAnd(sources) => {
                let mut values = auto(head)?;
                values.extend(read_all(sources, head)?);
                Ok(values)
            }
        }
    }
}

fn auto(head: &impl RequestHead) -> Result<Vec<ScopeValue>, Unreadable> {
    let authorization = header(head, AUTHORIZATION)?;
    let mut values = authorization.map(owner_of).unwrap_or_default();
    let api_key = header(head, API_KEY)?;
    values.extend(api_key.map(|key| ScopeValue::header(API_KEY, Some(key))));
    Ok(values)
}

/// What stays of an Authorization header from one request of its owner's to the next.
fn owner_of(authorization: String) -> Vec<ScopeValue> {
    let claims = claims(&authorization);
    let claim = |name: &str| {
        let value = claim_text(claims.as_ref()?, name)?;
        Some(ScopeValue { source: Source::Jwt(name.into()), value: Some(value) })
    };
    if let (Some(issuer), Some(subject)) = (claim("iss"), claim("sub")) {
        return vec![issuer, subject];
    }
    match signer(&authorization) {
        Some(parts) => parts
            .into_iter()
            .map(|(part, value)| ScopeValue { source: Source::Signer(part), value })
            .collect(),
        None => vec![ScopeValue::header(AUTHORIZATION, Some(authorization))],
    }
}

fn read_all(sources: &[Source], head: &impl RequestHead) -> Result<Vec<ScopeValue>, Unreadable> {
    sources.iter().map(|source| read_scope(source, head)).collect()
}

fn read_scope(source: &Source, head: &impl RequestHead) -> Result<ScopeValue, Unreadable> {
    Ok(match (source, source.read(head)?) {
        (Source::Jwt(_), None) => ScopeValue::header(AUTHORIZATION, header(head, AUTHORIZATION)?),
        (_, value) => ScopeValue { source: source.clone(), value },
    })
}

/// Whether requests that tell who sends them by cookies alone share one scope, so that two of their
/// senders who happen to choose the same key meet.
pub fn is_shared_by_cookies(scope: &[ScopeValue], head: &impl RequestHead) -> bool {
    scope.is_empty() && matches!(Source::Cookies.read(head), Ok(Some(_)))
}

/// Whether a key that is derived from this credential is made of cookies alone that nobody has named: any
/// of them counts, such as one for a theme.
pub fn is_derived_from_cookies(credential: &[Source], head: &impl RequestHead) -> bool {
    let says_who = |source: &&Source| matches!(source.read(head), Ok(Some(value)) if source.is_credential(&value));
    let mut telling = credential.iter().filter(says_who).peekable();
    telling.peek().is_some() && telling.all(|source| *source == Source::Cookies)
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

/// What a caller's new keys are counted under: 64 hex digits. Whoever sends nothing that says who it is, is
/// counted by its address.
pub fn caller(namespace: Namespace, address: Option<&str>) -> String {
    let says_who: Vec<ScopeValue> = namespace
        .scope
        .iter()
        // Of one caller there are as many of these as it likes.
        .filter(|value| {
            !matches!(value.source, Source::Path | Source::WholeQuery | Source::Query(_))
        })
        .filter(|value| value.value.as_ref().is_some_and(|text| value.source.is_credential(text)))
        .cloned()
        .collect();
    let address = address.filter(|_| says_who.is_empty());
    let namespace = Namespace { scope: &says_who, ..namespace };
    namespace.digest("onlyonce caller 1").optional(address).hex()
}

/// 256 bits that name an operation: its shard, its row there, and its copies. They are shown as 64 hex
/// digits. The key cannot be read back from them; under a pepper nor can a guess be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId(Hex<32>);

/// Whose keys are named, and under which pepper.
#[derive(Clone, Copy)]
pub struct Namespace<'a> {
    pub pepper: &'a Pepper,
    pub realm: &'a str,
    pub scope: &'a [ScopeValue],
}

impl Namespace<'_> {
    /// A digest that has taken in whose key it is.
    fn digest(&self, purpose: &str) -> Digest {
        let digest = self.pepper.digest(purpose).field(self.realm.as_bytes());
        self.scope.iter().fold(digest.number(self.scope.len()), |digest, scope| {
            digest.field(scope.source.written().as_bytes()).optional(scope.value.as_deref())
        })
    }

    fn of_key(&self, purpose: &str, key: &IdempotencyKey) -> Hex<32> {
        self.digest(purpose).field(key.as_str().as_bytes()).finish()
    }

    /// Returns `None` if no credential is present that says anything.
    fn of_request(
        &self,
        purpose: &str,
        credential: &[Source],
        head: &impl RequestHead,
        fingerprint: &Hex<32>,
    ) -> Result<Option<Hex<32>>, Unreadable> {
        let values: Vec<_> =
            credential.iter().map(|source| source.read(head)).collect::<Result<_, _>>()?;
        let says_who = |(source, value): (&Source, &Option<String>)| {
            value.as_ref().is_some_and(|value| source.is_credential(value))
        };
        if !credential.iter().zip(&values).any(says_who) {
            return Ok(None);
        }
        let digest = self.digest(purpose);
        let digest = values.iter().fold(digest, |digest, value| digest.optional(value.as_deref()));
        Ok(Some(digest.field(fingerprint.to_string().as_bytes()).finish()))
    }
}

/// What only those who can name an operation can make: of what its record's id is made of, and stored
/// nowhere.
pub struct OperationSecret(Hex<32>);

impl OperationSecret {
    pub fn new(namespace: Namespace, key: &IdempotencyKey) -> Self {
        Self(namespace.of_key("onlyonce seal 1", key))
    }

    /// For a request without a key, as of its record.
    pub fn derived(
        namespace: Namespace,
        credential: &[Source],
        head: &impl RequestHead,
        fingerprint: &Hex<32>,
    ) -> Result<Option<Self>, Unreadable> {
        let purpose = "onlyonce derived seal 1";
        Ok(namespace.of_request(purpose, credential, head, fingerprint)?.map(Self))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0.0
    }
}

impl RecordId {
    pub fn new(namespace: Namespace, key: &IdempotencyKey) -> Self {
        Self(namespace.of_key("onlyonce record 1", key))
    }

    /// For a request without a key: the same credential and the same request are the same
    /// operation. Nothing where no credential is present, or none that says anything, since that would
    /// join strangers.
    pub fn derived(
        namespace: Namespace,
        credential: &[Source],
        head: &impl RequestHead,
        fingerprint: &Hex<32>,
    ) -> Result<Option<Self>, Unreadable> {
        let purpose = "onlyonce derived record 1";
        Ok(namespace.of_request(purpose, credential, head, fingerprint)?.map(Self))
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

/// What was shown to see an answer: the sources that were looked at, and a hash of what they
/// held, salted with the record id. Two records never hold the same hash for the same secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    pub sources: Vec<Source>,
    pub digest: Hex<32>,
}

impl Credential {
    pub fn of(
        head: &impl RequestHead,
        sources: &[Source],
        record: &RecordId,
    ) -> Result<Self, Unreadable> {
        let mut digest = Digest::new("onlyonce credential 1").field(record.to_string().as_bytes());
        for source in sources {
            let value = source.read(head)?;
            digest = digest.field(source.written().as_bytes()).optional(value.as_deref());
        }
        Ok(Self { sources: sources.to_vec(), digest: digest.finish() })
    }
}
