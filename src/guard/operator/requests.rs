//! Reads what an operator sends: first lines, and the documents for "find", "open" and "resolve". A member
//! that a document should not have is refused by name, since what was meant by it would be missing;
//! one that is there twice makes it unreadable.

use super::error::{AdminError, FindError, ResolutionError, excerpt};
use super::outcomes::OutcomesQuery;
use super::unknown::UnknownQuery;
use crate::guard::address::OWN_PREFIX;
use crate::guard::digest::Pepper;
use crate::guard::document::{Members, from_json_object, present};
use crate::guard::key::IdempotencyKey;
use crate::guard::machine::Resolution;
use crate::guard::parameters::is_token;
use crate::guard::record::{Answer, AnswerSource, Body, ClaimId, INLINE_LIMIT, LeftOut};
use crate::guard::replay::shown_headers;
use crate::guard::scope::{Namespace, OperationSecret, RecordId, ScopeValue};
use crate::guard::seal::SealKey;
use crate::guard::time::{Millis, UnixMillis};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, PAD};
use http::HeaderValue;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminRequest {
    Find,
    Unknown(UnknownQuery),
    Outcomes(OutcomesQuery),
    /// Who asks.
    Operator,
    Record(RecordId, RecordCommand),
}

/// The names and values of a query, as they stand in it.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// What is to happen to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordCommand {
    Inspect {
        body: bool,
    },
    Forget,
    Resolve,
    /// Show the record with its answer, which is sealed.
    Open,
}

impl AdminRequest {
    /// Reads a request's first line.
    pub fn parse(method: &str, path: &str, query: &str) -> Result<Self, AdminError> {
        let path = path.strip_prefix(OWN_PREFIX).unwrap_or_default();
        if path == "find" && method == "POST" {
            return Ok(Self::Find);
        }
        if path == "unknown" && method == "GET" {
            return Ok(Self::Unknown(UnknownQuery::parse(query)?));
        }
        if path == "outcomes" && method == "GET" {
            return Ok(Self::Outcomes(OutcomesQuery::parse(query)?));
        }
        if path == "operator" && method == "GET" {
            return Ok(Self::Operator);
        }
        let Some(rest) = path.strip_prefix("records/") else {
            let is_known = matches!(path, "find" | "unknown" | "outcomes" | "operator");
            return Err(if is_known { AdminError::MethodNotAllowed } else { AdminError::NotFound });
        };
        let (id, act) = match rest.split_once('/') {
            Some((id, act @ ("resolve" | "open"))) => (id, Some(act)),
            _ => (rest, None),
        };
        let id = id.parse().map_err(|_| AdminError::RecordIdInvalid)?;
        let command = match (method, act) {
            ("POST", Some("resolve")) => RecordCommand::Resolve,
            ("POST", Some("open")) => RecordCommand::Open,
            ("GET", None) => {
                RecordCommand::Inspect { body: query.split('&').any(|pair| pair == "body=1") }
            }
            ("DELETE", None) => RecordCommand::Forget,
            _ => return Err(AdminError::MethodNotAllowed),
        };
        Ok(Self::Record(id, command))
    }
}

/// Of `key` and `scope` each mistake has a sentence of its own, so they are read apart.
#[derive(Deserialize)]
struct FindRequest<'a> {
    #[serde(default, deserialize_with = "present")]
    realm: Option<String>,
    #[serde(borrow, default, deserialize_with = "present")]
    scope: Option<&'a RawValue>,
    #[serde(default)]
    key: Value,
}

/// The record of a key: `{"realm"?, "scope"?, "key"}`.
pub fn find(text: &str, own_realm: &str, pepper: &Pepper) -> Result<RecordId, AdminError> {
    named_operation(text, own_realm, pepper).map(|(record, _)| record)
}

/// What this record's answer is sealed with: the same document.
pub fn seal_key(
    text: &str,
    own_realm: &str,
    pepper: &Pepper,
    id: &RecordId,
) -> Result<SealKey, AdminError> {
    match named_operation(text, own_realm, pepper)? {
        (record, secret) if record == *id => Ok(SealKey::new(&secret, &record)),
        _ => Err(FindError::OtherRecord.into()),
    }
}

fn named_operation(
    text: &str,
    own_realm: &str,
    pepper: &Pepper,
) -> Result<(RecordId, OperationSecret), AdminError> {
    let request: FindRequest = from_json_object(text).ok_or(FindError::NotAQuestion)?;
    if let Some(name) = unknown_member(text, &["realm", "scope", "key"]) {
        return Err(FindError::UnknownMember(name).into());
    }
    let key = request.key.as_str().and_then(IdempotencyKey::from_text).ok_or(FindError::Key)?;
    let scope = match request.scope {
        None => Vec::new(),
        Some(scope) => scope_values(scope.get()).ok_or(FindError::Scope)?,
    };
    let realm = request.realm.as_deref().unwrap_or(own_realm);
    let namespace = Namespace { pepper, realm, scope: &scope };
    Ok((RecordId::new(namespace, &key), OperationSecret::new(namespace, &key)))
}

/// The first member that a document does not have.
fn unknown_member(text: &str, known: &[&str]) -> Option<String> {
    let members: Members<IgnoredAny> = serde_json::from_str(text).ok()?;
    let (name, _) = members.0.into_iter().find(|(name, _)| !known.contains(&name.as_str()))?;
    Some(excerpt(&name))
}

fn scope_values(text: &str) -> Option<Vec<ScopeValue>> {
    let members: Members<Value> = serde_json::from_str(text).ok()?;
    let value = |(source, value): (String, Value)| {
        let source = source.parse().ok()?;
        ScopeValue::written(source, &value)
    };
    members.0.into_iter().map(value).collect()
}

#[derive(Deserialize)]
struct ResolutionRequest {
    claim: String,
    outcome: ResolvedOutcome,
    #[serde(default)]
    status: Value,
    #[serde(default, deserialize_with = "present")]
    headers: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    body_base64: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ResolvedOutcome {
    NotProcessed,
    Answer,
}

/// What an operator found out: `{"claim", "outcome": "not-processed"}`, or `{"claim",
/// "outcome": "answer", "status", "headers"?, "body_base64"?}`.
pub fn resolution(text: &str, now: UnixMillis) -> Result<(ClaimId, Resolution), AdminError> {
    let request: ResolutionRequest =
        from_json_object(text).ok_or(ResolutionError::NotAResolution)?;
    let known = ["claim", "outcome", "status", "headers", "body_base64"];
    if let Some(name) = unknown_member(text, &known) {
        return Err(ResolutionError::UnknownMember(name).into());
    }
    let resolution = match request.outcome {
        ResolvedOutcome::NotProcessed => Resolution::NotProcessed,
        ResolvedOutcome::Answer => Resolution::Answered(answer(&request, now)?),
    };
    let claim = request.claim.parse().map_err(|_| ResolutionError::Claim)?;
    Ok((claim, resolution))
}

fn answer(request: &ResolutionRequest, now: UnixMillis) -> Result<Answer, ResolutionError> {
    let status = request.status.as_u64().filter(|status| (200..600).contains(status));
    let status = status.and_then(|status| u16::try_from(status).ok());
    let headers = request.headers.as_ref().map_or(Some(Vec::new()), headers);
    let text = request.body_base64.as_ref().map_or(Some(""), Value::as_str);
    let bytes = || BODY_BASE64.decode(text?).ok();
    Ok(Answer {
        status: status.ok_or(ResolutionError::Status)?,
        headers: shown_headers(headers.ok_or(ResolutionError::Headers)?),
        answered_at: now,
        origin_time: Millis(0),
        body: Body::Inline {
            bytes: bytes()
                .filter(|bytes| bytes.len() <= INLINE_LIMIT)
                .ok_or(ResolutionError::Body)?,
        },
        source: AnswerSource::Operator,
        left_out: LeftOut::Nothing,
        sealed: false,
    })
}

/// With padding or without.
const BODY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Pairs of name and value that a response may carry.
fn headers(value: &Value) -> Option<Vec<(String, String)>> {
    let pairs: Vec<(String, String)> = Deserialize::deserialize(value).ok()?;
    let is_header = |(name, value): &(String, String)| {
        // A value may hold other bytes, too, but not as text.
        let is_text = |value: HeaderValue| value.to_str().is_ok();
        is_token(name) && value.parse().is_ok_and(is_text)
    };
    pairs.iter().all(is_header).then_some(pairs)
}
