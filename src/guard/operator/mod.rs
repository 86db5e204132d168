//! What an operator may ask, and how it is answered.
//!
//! 1. `GET /.onlyonce/records/<id>` tells what is known; the answer's body only with `?body=1`.
//! 2. `POST /.onlyonce/find` names the record of a key.
//! 3. `DELETE /.onlyonce/records/<id>` forgets: the key is free two minutes after its copy is gone.
//! 4. `POST /.onlyonce/records/<id>/resolve` says what became of an unknown outcome.
//!
//! Who may ask is decided before any of this.

mod description;

use crate::guard::base64;
use crate::guard::digest::Digest;
use crate::guard::json::{Members, Table, Value};
use crate::guard::key::IdempotencyKey;
use crate::guard::machine::{AdminRefusal, Resolution};
use crate::guard::record::{Answer, Body, ClaimId, INLINE_LIMIT};
use crate::guard::replay::keepable_headers;
use crate::guard::scope::{RecordId, ScopeValue};
use crate::guard::time::{Millis, UnixMillis};
pub use description::{About, describe, found, vacant};
use subtle::ConstantTimeEq;

/// The most bytes of a question's body: an answer of 64 KiB in base64, its headers, and some air.
pub const MAX_QUESTION: u64 = 192 * 1024;

/// Whether the `Authorization` header shows the operator's token. It takes as long for every wrong
/// token of one length: digests are compared, and without stopping at the first difference.
pub fn is_operator(authorization: Option<&str>, token: &str) -> bool {
    let shown = authorization.and_then(|value| value.split_once(' '));
    let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let digest = |token: &str| Digest::new("onlyonce operator 1").field(token.as_bytes()).hex();
    let (_, shown) = shown.unwrap_or_default();
    digest(shown.trim_matches(' ')).as_bytes().ct_eq(digest(token).as_bytes()).into()
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminRequest {
    Find,
    Record(RecordId, RecordCommand),
}

/// What is to happen to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordCommand {
    Inspect { body: bool },
    Forget,
    Resolve,
}

/// Why a question is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminError {
    pub status: u16,
    pub error: &'static str,
    /// The value, the reason and the cure.
    pub detail: &'static str,
}

impl AdminError {
    pub const UNAUTHORISED: Self = Self {
        status: 401,
        error: "unauthorised",
        detail: "the token is missing or wrong; send Authorization: Bearer with the value of ADMIN_TOKEN",
    };
    pub const UNREADABLE: Self = Self {
        status: 400,
        error: "body-unreadable",
        detail: "the body broke off, is over 192 KiB or does not say its length; send a JSON document with its Content-Length",
    };
    pub const UNREACHED: Self = Self {
        status: 503,
        error: "guard-unavailable",
        detail: "the record's object could not be reached; ask again in a moment",
    };
    const NOT_FOUND: Self = Self {
        status: 404,
        error: "not-found",
        detail: "the guard has nothing under this path; ask for records/<record id> or find",
    };
    const NO_RECORD_ID: Self = Self {
        status: 400,
        error: "record-id-invalid",
        detail: "the path does not name a record; write the 64 hex digits that Cache-Status shows as key=\"…\", or find them with POST /.onlyonce/find",
    };
    const METHOD: Self = Self {
        status: 405,
        error: "method-not-allowed",
        detail: "the method does nothing here; use GET or DELETE for a record, POST for resolve and find",
    };
    const CALL_OPEN: Self = Self {
        status: 409,
        error: "call-open",
        detail: "a call for this record is open, and may still act or be written down; ask again when the record says \"call_open\": false",
    };
    const NOT_UNKNOWN: Self = Self {
        status: 409,
        error: "not-unknown",
        detail: "the record is not unknown under this claim; look at the record, and send the claim that it shows now",
    };

    fn question(detail: &'static str) -> Self {
        Self { status: 400, error: "question-invalid", detail }
    }

    fn resolution(detail: &'static str) -> Self {
        Self { status: 400, error: "resolution-invalid", detail }
    }

    pub fn to_json(self) -> String {
        complaint(self.error, self.detail)
    }
}

/// The record is there, but cannot be used; the detail says why.
pub fn unusable(detail: &str) -> String {
    complaint(AdminError::UNREACHED.error, detail)
}

fn complaint(error: &str, detail: &str) -> String {
    let mut members = Members::default();
    members.text("error", error);
    members.text("detail", detail);
    members.end()
}

/// Where operators ask.
pub const PREFIX: &str = "/.onlyonce/";

/// Reads what is asked from a request's first line.
pub fn question(method: &str, path: &str, query: &str) -> Result<AdminRequest, AdminError> {
    let path = path.strip_prefix(PREFIX).unwrap_or_default();
    if path == "find" && method == "POST" {
        return Ok(AdminRequest::Find);
    }
    let Some(rest) = path.strip_prefix("records/") else {
        return Err(if path == "find" { AdminError::METHOD } else { AdminError::NOT_FOUND });
    };
    let (id, resolve) = rest.strip_suffix("/resolve").map_or((rest, false), |id| (id, true));
    let id = RecordId::parse(id).ok_or(AdminError::NO_RECORD_ID)?;
    let wish = match (method, resolve) {
        ("POST", true) => RecordCommand::Resolve,
        ("GET", false) => {
            RecordCommand::Inspect { body: query.split('&').any(|pair| pair == "body=1") }
        }
        ("DELETE", false) => RecordCommand::Forget,
        _ => return Err(AdminError::METHOD),
    };
    Ok(AdminRequest::Record(id, wish))
}

/// The record of a key: `{"realm"?, "scope"?, "key"}`.
pub fn find(text: &str, own_realm: &str) -> Result<RecordId, AdminError> {
    let wrong = AdminError::question;
    let question = object(text).ok_or_else(|| wrong(FIND_IS))?;
    let realm = match question.get("realm") {
        None => own_realm,
        Some(realm) => realm.as_str().ok_or_else(|| wrong(FIND_IS))?,
    };
    let key = question.get("key").and_then(Value::as_str).and_then(IdempotencyKey::from_text);
    let key = key.ok_or_else(|| wrong(FIND_KEY))?;
    let scope = match question.get("scope") {
        None => Vec::new(),
        Some(Value::Object(scope)) => scope_values(scope).ok_or_else(|| wrong(FIND_SCOPE))?,
        Some(_) => return Err(wrong(FIND_SCOPE)),
    };
    Ok(RecordId::new(realm, &scope, &key))
}

const FIND_IS: &str = "the body is not a question; send {\"realm\": \"api.example.com\", \"scope\": {\"header:authorization\": \"Bearer …\"}, \"key\": \"…\"}";
const FIND_KEY: &str =
    "\"key\" is not a key; write its 1 to 255 characters without the quotes of the header";
const FIND_SCOPE: &str = "\"scope\" is not a scope; write what the policy's sources held, in the policy's order: {\"header:<name>\": \"…\", \"jwt:<claim>\": …}, null where one was absent";

fn scope_values(scope: &Table) -> Option<Vec<ScopeValue>> {
    let mut values = Vec::new();
    for (source, value) in scope.members() {
        values.push(ScopeValue::written(source.parse().ok()?, value)?);
    }
    Some(values)
}

fn object(text: &str) -> Option<Table> {
    match Value::parse(text) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// What an operator found out: `{"claim", "outcome": "not-processed"}`, or `{"claim",
/// "outcome": "answer", "status", "headers"?, "body_base64"?}`.
pub fn resolution(text: &str, now: UnixMillis) -> Result<(ClaimId, Resolution), AdminError> {
    let wrong = AdminError::resolution;
    let members = object(text).ok_or_else(|| wrong(RESOLUTION_IS))?;
    let member = |name: &str| members.get(name).and_then(Value::as_str);
    let claim = member("claim").ok_or_else(|| wrong(RESOLUTION_IS))?;
    let resolution = match member("outcome") {
        Some("not-processed") => Resolution::NotProcessed,
        Some("answer") => Resolution::Answered(answer(&members, now).map_err(wrong)?),
        _ => return Err(wrong(RESOLUTION_IS)),
    };
    Ok((ClaimId(claim.into()), resolution))
}

fn answer(members: &Table, now: UnixMillis) -> Result<Answer, &'static str> {
    let status = members.get("status").and_then(Value::as_u64);
    let status = status.filter(|status| (200..600).contains(status)).ok_or(ANSWER_STATUS)?;
    let headers = members.get("headers").map_or(Some(Vec::new()), headers).ok_or(ANSWER_HEADERS)?;
    let text = members.get("body_base64").map_or(Some(""), Value::as_str);
    let bytes = text.and_then(|text| base64::decode(text.trim_end_matches('='), base64::COMMON));
    let bytes = bytes.filter(|bytes| bytes.len() <= INLINE_LIMIT).ok_or(ANSWER_BODY)?;
    Ok(Answer {
        status: u16::try_from(status).map_err(|_| ANSWER_STATUS)?,
        headers: keepable_headers(headers),
        answered_at: now,
        origin_time: Millis(0),
        body: Body::Inline { bytes },
    })
}

/// Pairs of name and value that a response may carry.
fn headers(value: &Value) -> Option<Vec<(String, String)>> {
    let Value::Array(pairs) = value else { return None };
    let mut headers = Vec::new();
    for pair in pairs {
        let Value::Array(pair) = pair else { return None };
        let [name, value] = pair.as_slice() else { return None };
        headers.push(header(name.as_str()?, value.as_str()?)?);
    }
    Some(headers)
}

fn header(name: &str, value: &str) -> Option<(String, String)> {
    let is_value = value.bytes().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e));
    (super::forward::is_token(name) && is_value).then(|| (name.into(), value.into()))
}

const RESOLUTION_IS: &str = "the body is not a resolution; send {\"claim\": \"…\", \"outcome\": \"not-processed\"} or {\"claim\": \"…\", \"outcome\": \"answer\", \"status\": 201, \"headers\": [[\"content-type\", \"application/json\"]], \"body_base64\": \"…\"}";
const ANSWER_STATUS: &str = "\"status\" is not a status; write a whole number from 200 to 599";
const ANSWER_HEADERS: &str =
    "\"headers\" is not a list of headers; write [[\"name\", \"value\"], …] in plain ASCII";
const ANSWER_BODY: &str = "\"body_base64\" is not base64 (RFC 4648) of at most 65536 bytes; encode the body again, or leave it out";

/// What an operator is told whose wish is not carried out.
pub fn denied(denial: AdminRefusal, id: &RecordId) -> (u16, String) {
    let complaint = match denial {
        AdminRefusal::Vacant => return (404, vacant(id)),
        AdminRefusal::CallOpen => AdminError::CALL_OPEN,
        AdminRefusal::NotUnknown => AdminError::NOT_UNKNOWN,
    };
    (complaint.status, complaint.to_json())
}
