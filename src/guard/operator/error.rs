//! Why an operator's request is not carried out: a status, a code, and a sentence with the value,
//! the reason and the cure.

use super::assertion::AssertionError;
use super::description::vacant;
use crate::guard::document::to_json;
use crate::guard::machine::AdminRefusal;
use crate::guard::record::Reason;
use crate::guard::scope::RecordId;
use serde::Serialize;
use strum::VariantNames;
use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdminError {
    #[error(
        "the token is missing or wrong; send Authorization: Bearer with the value of ADMIN_TOKEN"
    )]
    Unauthorized,
    #[error(
        "the request names no operator; come through the Access application in front of this path, or send Authorization: Bearer with the value of ADMIN_TOKEN where that is set"
    )]
    Unidentified,
    #[error(transparent)]
    Assertion(#[from] AssertionError),
    #[error(
        "the signing keys of ACCESS_TEAM could not be read, so nobody can be told apart; ask again in a moment"
    )]
    KeysUnreadable,
    /// The verified name of who wanted to act.
    #[error(
        "{0} may read and not act, and nothing was changed; have the deployment name them in ACCESS_OPERATORS"
    )]
    ReadOnly(String),
    #[error(
        "another site's page sent this, and nothing was changed; act from the console of this guard, or by a program"
    )]
    ForeignPage,
    #[error(
        "the body broke off, is over 192 KiB or does not say its length; send a JSON document with its Content-Length"
    )]
    BodyUnreadable,
    #[error("the record's object could not be reached; ask again in a moment")]
    ObjectUnreachable,
    /// The record is there, but cannot be used; the sentence says why.
    #[error("{0}")]
    RecordUnusable(String),
    #[error(
        "the guard has nothing under this path; ask for records/<record id>, unknown, outcomes, operator or find"
    )]
    NotFound,
    #[error(
        "the path does not name a record; write the 64 hex digits that Cache-Status shows as key=\"…\", or find them with POST /.onlyonce/find"
    )]
    RecordIdInvalid,
    #[error(
        "the method does nothing here; use GET or DELETE for a record, GET for unknown, outcomes and operator, POST for resolve, open and find"
    )]
    MethodNotAllowed,
    #[error("the method does nothing here; read the console with GET or HEAD")]
    ConsoleIsRead,
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Resolution(#[from] ResolutionError),
}

/// Why a body is no question for a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FindError {
    #[error(
        "the body is not a question; send {{\"realm\": \"api.example.com\", \"scope\": {{\"header:authorization\": \"Bearer …\"}}, \"key\": \"…\"}}"
    )]
    NotAQuestion,
    #[error("\"{0}\" is no member of a question; write \"realm\", \"scope\" and \"key\" alone")]
    UnknownMember(String),
    #[error("\"key\" is not a key; write its 1 to 255 characters without the quotes of the header")]
    Key,
    #[error(
        "\"scope\" is not a scope; write what the policy's sources held, in the policy's order: {{\"header:<name>\": \"…\", \"jwt:<claim>\": …}}, null where one was absent"
    )]
    Scope,
    #[error(
        "the key, scope and realm are those of another record; write what the record was found with (POST /.onlyonce/find)"
    )]
    OtherRecord,
}

/// Why a query does not say which unknown outcomes are to be listed, or which shards are to count theirs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    #[error(
        "\"{0}\" is no member of the query; write route, reason, older_than, newer_than, limit and after"
    )]
    UnknownMember(String),
    #[error("\"{0}\" is no member of the query; write after alone")]
    OnlyAfter(String),
    #[error("\"{0}\" is no reason; write one of {names}", names = Reason::VARIANTS.join(", "))]
    Reason(String),
    #[error("\"{0}\" is no age; write a whole number and s, m, h or d, such as 15m")]
    Age(String),
    #[error("\"{0}\" is no limit; write a whole number from 1 to 200")]
    Limit(String),
    #[error("\"{0}\" is no place in the list; write what \"next\" was on the page before")]
    After(String),
}

/// Why a body is no resolution of a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResolutionError {
    #[error(
        "the body is not a resolution; send {{\"claim\": \"…\", \"outcome\": \"not-processed\"}} or {{\"claim\": \"…\", \"outcome\": \"answer\", \"status\": 201, \"headers\": [[\"content-type\", \"application/json\"]], \"body_base64\": \"…\"}}"
    )]
    NotAResolution,
    #[error(
        "\"{0}\" is no member of a resolution; write \"claim\" and \"outcome\", for an answer also \"status\", \"headers\" and \"body_base64\""
    )]
    UnknownMember(String),
    #[error("\"claim\" is no claim's id; write the 32 hex digits that the record shows")]
    Claim,
    #[error("\"status\" is not a status; write a whole number from 200 to 599")]
    Status,
    #[error(
        "\"headers\" is not a list of headers; write [[\"name\", \"value\"], …] in plain ASCII"
    )]
    Headers,
    #[error(
        "\"body_base64\" is not base64 (RFC 4648) of at most 65536 bytes; encode the body again, or leave it out"
    )]
    Body,
}

/// As much of a member's name as a sentence takes.
pub(super) fn excerpt(name: &str) -> String {
    name.chars().take(64).collect()
}

impl AdminError {
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthorized | Self::Unidentified | Self::Assertion(_) => 401,
            Self::ReadOnly(_) | Self::ForeignPage => 403,
            Self::BodyUnreadable
            | Self::RecordIdInvalid
            | Self::Find(_)
            | Self::List(_)
            | Self::Resolution(_) => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed | Self::ConsoleIsRead => 405,
            Self::ObjectUnreachable | Self::RecordUnusable(_) | Self::KeysUnreadable => 503,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorised",
            Self::Unidentified => "unidentified",
            Self::Assertion(_) => "assertion-invalid",
            Self::ReadOnly(_) => "read-only",
            Self::ForeignPage => "foreign-page",
            Self::BodyUnreadable => "body-unreadable",
            Self::ObjectUnreachable | Self::RecordUnusable(_) | Self::KeysUnreadable => {
                "guard-unavailable"
            }
            Self::NotFound => "not-found",
            Self::RecordIdInvalid => "record-id-invalid",
            Self::MethodNotAllowed | Self::ConsoleIsRead => "method-not-allowed",
            Self::Find(_) | Self::List(_) => "question-invalid",
            Self::Resolution(_) => "resolution-invalid",
        }
    }

    /// The document that says it.
    pub fn to_json(&self) -> String {
        error_document(self.code(), &self.to_string())
    }
}

/// Status and document for an operator whom the record's state refuses.
pub fn refusal(refusal: AdminRefusal, id: &RecordId) -> (u16, String) {
    match refusal {
        AdminRefusal::Vacant => (404, vacant(id)),
        AdminRefusal::CallOpen => (409, error_document("call-open", &refusal.to_string())),
        AdminRefusal::NotUnknown => (409, error_document("not-unknown", &refusal.to_string())),
    }
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: &'a str,
    detail: &'a str,
}

fn error_document(error: &str, detail: &str) -> String {
    to_json(&ErrorDocument { error, detail })
}
