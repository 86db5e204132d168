//! Which protocol a route's callers speak: how it writes keys, and what shape and status it wants a refusal
//! in.
//!
//! 1. A profile also presets fields of a policy (`policy::profiles`), each of which can still be set.
//! 2. What a refusal means is the same under every profile, and so is `Cache-Status`, which names its code.
//!    Status and body are the protocol's.
//! 3. Where a protocol has a code of its own for something, it is that; else the guard's, in snake case.
//! 4. A status that a protocol's clients take for something else is never used for it: 409 is "send it again"
//!    to Stripe's and ACP's clients, and "another request" to UCP's; 502 and 504 have senders of webhooks
//!    slow down, and 410 has them stop for good.

use super::document::to_json;
use super::key::Spelling;
use super::problem::{Code, Problem};
use serde::Serialize;
use std::borrow::Cow;
use strum::{EnumString, IntoStaticStr, VariantNames};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Profile {
    /// draft-ietf-httpapi-idempotency-key-header, with problems (RFC 9457).
    #[default]
    Draft,
    /// Stripe's API, version 1 ("Idempotent requests", "Errors").
    Stripe,
    /// Agentic Commerce Protocol, 2026-04-17 ("Agentic Checkout", section 6).
    Acp,
    /// Universal Commerce Protocol, 2026-04-08 ("Replay Protection", "REST binding").
    Ucp,
    /// Deliveries of events, as Standard Webhooks 1.0.0 describes them.
    Webhook,
}

impl Profile {
    /// How its clients write a bare key in a header.
    pub fn spelling(self) -> Spelling {
        match self {
            // Both take any characters.
            Self::Stripe | Self::Acp => Spelling::SpacedHeader,
            Self::Draft | Self::Ucp | Self::Webhook => Spelling::Header,
        }
    }

    /// The status of a refusal that would have this one in the draft.
    pub fn status(self, code: Code, status: u16) -> u16 {
        match (self, code) {
            // Its clients know what has to do with a key by 400, and send again after 409.
            (
                Self::Stripe,
                Code::KeyReused | Code::CredentialChanged | Code::KeyFenced | Code::ResponseNotKept,
            ) => 400,
            (
                Self::Acp | Self::Ucp,
                Code::CredentialChanged | Code::KeyFenced | Code::ResponseNotKept,
            ) => 422,
            (Self::Ucp, Code::KeyReused) => 409,
            // It was handled: the sender has to learn no more.
            (Self::Webhook, Code::ResponseNotKept) => 200,
            (Self::Ucp | Self::Webhook, Code::InProgress) => 503,
            (Self::Webhook, Code::OutcomeUnknown) => 500,
            _ => status,
        }
    }

    /// A header of the request that its protocol has every answer repeat; the origin's own do by themselves.
    pub fn repeated(self) -> Option<&'static str> {
        (self == Self::Acp).then_some("request-id")
    }

    /// The type of a refusal's body.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Draft | Self::Webhook => "application/problem+json",
            Self::Stripe | Self::Acp | Self::Ucp => "application/json",
        }
    }

    /// The body of a refusal that has its status under this profile.
    pub fn body(self, problem: &Problem, docs_url: Option<&str>) -> String {
        let (code, message) = (&*self.code(problem.code), &*problem.detail);
        match self {
            Self::Draft | Self::Webhook => problem.to_json(docs_url),
            Self::Stripe => {
                let doc_url = docs_url.map(|url| problem.code.documented_at(url));
                let kind = stripe_type(problem.code, problem.status);
                to_json(&Stripe { error: StripeError { kind, code, doc_url, message } })
            }
            Self::Acp => to_json(&Acp { kind: acp_type(problem.status), code, message }),
            Self::Ucp => to_json(&Ucp { code, content: message }),
        }
    }

    /// What the protocol calls a refusal.
    pub fn code(self, code: Code) -> Cow<'static, str> {
        let own = match (self, code) {
            (Self::Draft | Self::Webhook, _) => code.describe().name,
            (Self::Stripe, Code::InProgress) => "idempotency_key_in_use",
            (Self::Acp | Self::Ucp, Code::KeyMissing) => "idempotency_key_required",
            (Self::Acp | Self::Ucp, Code::KeyReused) => "idempotency_conflict",
            (Self::Acp | Self::Ucp, Code::InProgress) => "idempotency_in_flight",
            _ => return code.snake_case().into(),
        };
        own.into()
    }
}

/// "Errors" of Stripe's API reference.
#[derive(Serialize)]
struct Stripe<'a> {
    error: StripeError<'a>,
}

#[derive(Serialize)]
struct StripeError<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc_url: Option<String>,
    message: &'a str,
}

fn stripe_type(code: Code, status: u16) -> &'static str {
    match (code, status) {
        (
            Code::KeyReused | Code::CredentialChanged | Code::KeyFenced | Code::ResponseNotKept,
            _,
        ) => "idempotency_error",
        (_, 400..=499) => "invalid_request_error",
        _ => "api_error",
    }
}

/// `Error` of ACP's schema, which has no other members.
#[derive(Serialize)]
struct Acp<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: &'a str,
    message: &'a str,
}

fn acp_type(status: u16) -> &'static str {
    match status {
        400..=499 => "invalid_request",
        503 => "service_unavailable",
        _ => "processing_error",
    }
}

/// An error of UCP's REST binding.
#[derive(Serialize)]
struct Ucp<'a> {
    code: &'a str,
    content: &'a str,
}
