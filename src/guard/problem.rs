//! What the guard says when it refuses (RFC 9457).

use super::document::to_json;
use super::key::IdempotencyKey;
use super::machine::Refusal;
use super::profile::Profile;
use super::record::Reason;
use super::scope::RecordId;
use super::time::Millis;
use serde::Serialize;

/// Every refusal that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    AddressInvalid,
    RequestIncomplete,
    KeyMissing,
    KeyInvalid,
    CredentialUnreadable,
    KeyReused,
    CredentialChanged,
    KeyFenced,
    InProgress,
    OriginBusy,
    TooManyKeys,
    ResponseNotKept,
    BodyTooLarge,
    OutcomeUnknown,
    GuardUnavailable,
    Misconfigured,
    OriginUnreachable,
    LoopDetected,
}

/// What is the same for every refusal of one code.
pub struct Description {
    pub code: Code,
    pub name: &'static str,
    pub status: u16,
    pub title: &'static str,
    pub retryable: bool,
    /// For the page that explains the codes.
    pub meaning: &'static str,
}

pub const DESCRIPTIONS: [Description; 18] = [
    Description {
        code: Code::AddressInvalid,
        name: "address-invalid",
        status: 400,
        title: "The request's address cannot be used",
        retryable: false,
        meaning: "Its host cannot be one, or its path could be read as leading out of the path of ORIGIN; or a question about a key names no path that is guarded. Nothing was sent to the origin.",
    },
    Description {
        code: Code::RequestIncomplete,
        name: "request-incomplete",
        status: 408,
        title: "The request did not arrive whole",
        retryable: true,
        meaning: "Nothing more of its body came for half a minute, or it broke off. Nothing was sent to the origin and the key is free. Send the same request with the same key again.",
    },
    Description {
        code: Code::KeyMissing,
        name: "key-missing",
        status: 400,
        title: "An idempotency key is required",
        retryable: false,
        meaning: "This route requires a key. Nothing was sent to the origin. The detail says where a key may stand.",
    },
    Description {
        code: Code::KeyInvalid,
        name: "key-invalid",
        status: 400,
        title: "The idempotency key is malformed",
        retryable: false,
        meaning: "The header or the form's field is empty, too long, repeated or malformed, or holds what a program writes where it has no value, such as undefined; or two places hold two keys. Nothing was sent to the origin. The detail names the place. Send one key, in one place or the same in all.",
    },
    Description {
        code: Code::CredentialUnreadable,
        name: "credential-unreadable",
        status: 400,
        title: "A header that tells who sends the request, or what it asks for, cannot be read",
        retryable: false,
        meaning: "It holds bytes that are no UTF-8, so that another caller's could look the same. Nothing was sent to the origin. Send the header in UTF-8, best in ASCII alone.",
    },
    Description {
        code: Code::KeyReused,
        name: "key-reused",
        status: 422,
        title: "The idempotency key belongs to another request",
        retryable: false,
        meaning: "The key was first sent with another request, which stands. This one was not sent to the origin. A new operation needs a new key.",
    },
    Description {
        code: Code::CredentialChanged,
        name: "credential-changed",
        status: 409,
        title: "The operation was carried out under another credential",
        retryable: false,
        meaning: "Its answer is withheld. Read the resource to learn what became of it.",
    },
    Description {
        code: Code::KeyFenced,
        name: "key-fenced",
        status: 409,
        title: "The operation was given up",
        retryable: false,
        meaning: "The caller has said that this key shall never be carried out. Nothing was sent to the origin, and nothing will be. A new operation needs a new key.",
    },
    Description {
        code: Code::InProgress,
        name: "in-progress",
        status: 409,
        title: "The first request is still in progress",
        retryable: true,
        meaning: "Send the same request again after the time in Retry-After.",
    },
    Description {
        code: Code::OriginBusy,
        name: "origin-busy",
        status: 503,
        title: "The origin is busy, and this request was not sent",
        retryable: true,
        meaning: "As many calls to the origin as the guard may hold open are waiting for it. Nothing was sent and the key is free. Send the same request with the same key again.",
    },
    Description {
        code: Code::TooManyKeys,
        name: "too-many-keys",
        status: 429,
        title: "Too many new keys",
        retryable: true,
        meaning: "Its caller has sent more new keys than this deployment takes in this time. Nothing was sent to the origin and the key is free; keys that are known are answered as ever. Send the same request with the same key again.",
    },
    Description {
        code: Code::ResponseNotKept,
        name: "response-not-kept",
        status: 409,
        title: "The origin has answered this request, but its answer was not kept",
        retryable: false,
        meaning: "Its answer was too large, or is not kept on this route, so it cannot be replayed; the detail has its status. Read the resource instead.",
    },
    Description {
        code: Code::BodyTooLarge,
        name: "body-too-large",
        status: 413,
        title: "The request body is too large to be guarded",
        retryable: false,
        meaning: "The request body is over max_request_body. Nothing was sent to the origin.",
    },
    Description {
        code: Code::OutcomeUnknown,
        name: "outcome-unknown",
        status: 502,
        title: "Nobody knows whether the operation was carried out",
        retryable: false,
        meaning: "The origin took too long (504), the connection broke, the guard was restarted, or the origin answered with a status that HTTP does not know (502). The key stays taken; look at the origin's data before you act.",
    },
    Description {
        code: Code::GuardUnavailable,
        name: "guard-unavailable",
        status: 503,
        title: "The guard could not reach its record",
        retryable: true,
        meaning: "This says nothing about the origin. Send the same request with the same key again.",
    },
    Description {
        code: Code::Misconfigured,
        name: "misconfigured",
        status: 500,
        title: "The guard is misconfigured",
        retryable: false,
        meaning: "POLICY or ORIGIN is wrong; the detail says what and how to mend it. Nothing was sent to the origin.",
    },
    Description {
        code: Code::OriginUnreachable,
        name: "origin-unreachable",
        status: 502,
        title: "The origin could not be reached",
        retryable: false,
        meaning: "The request was not guarded and was sent on as it came, but the connection to ORIGIN could not be made or broke before an answer.",
    },
    Description {
        code: Code::LoopDetected,
        name: "loop-detected",
        status: 502,
        title: "The request came back to the guard",
        retryable: false,
        meaning: "ORIGIN leads back to the guard. Point it at a hostname that no route of this Worker covers.",
    },
];

impl Code {
    pub fn describe(self) -> &'static Description {
        let [first, ..] = &DESCRIPTIONS;
        DESCRIPTIONS.iter().find(|description| description.code == self).unwrap_or(first)
    }

    /// Its name, as some protocols write their codes.
    pub fn snake_case(self) -> String {
        self.describe().name.replace('-', "_")
    }

    /// Where a team's own documentation explains it.
    pub fn documented_at(self, docs_url: &str) -> String {
        format!("{docs_url}#{}", self.describe().name)
    }
}

/// One refusal, ready to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub status: u16,
    /// One sentence: value, reason and cure.
    pub detail: String,
    pub record: Option<RecordId>,
    /// When to try again; only where the code is retryable.
    pub retry_after: Option<Millis>,
    /// Whether a browser that sends the request again asks for the same operation: not where the guard
    /// drew the key.
    pub is_repeatable: bool,
}

/// The members of RFC 9457, and the guard's own behind them.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    code: &'a str,
    retryable: bool,
    error: ErrorMember<'a>,
}

/// What Stripe's and OpenAI's clients look for. Without it stripe-node takes a refusal for a success,
/// whatever its status.
#[derive(Serialize)]
struct ErrorMember<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: &'a str,
    message: &'a str,
}

/// The shorter of the two periods that the platform counts by (Workers, "Rate Limiting": 10 s or 60 s).
const LIMITED_FOR: Millis = Millis::seconds(10);

/// When a client may try again whom nobody can tell a better time.
const DEFAULT_RETRY_AFTER: Millis = Millis::seconds(1);

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let status = code.describe().status;
        let detail = detail.into();
        Self { code, status, detail, record: None, retry_after: None, is_repeatable: true }
    }

    /// What a refusal of the record says.
    pub fn refused(refusal: Refusal, key: Option<&IdempotencyKey>, record: &RecordId) -> Self {
        let (code, detail) = match refusal {
            Refusal::KeyReused => (Code::KeyReused, KEY_REUSED.into()),
            Refusal::CredentialChanged => (Code::CredentialChanged, CREDENTIAL_CHANGED.into()),
            Refusal::InProgress { .. } => (Code::InProgress, IN_PROGRESS.into()),
            Refusal::KeyFenced => (Code::KeyFenced, KEY_FENCED.into()),
            Refusal::Moved => (Code::GuardUnavailable, MOVED.into()),
            Refusal::OriginBusy => (Code::OriginBusy, ORIGIN_BUSY.into()),
            Refusal::TooManyKeys => (Code::TooManyKeys, TOO_MANY_KEYS.into()),
            Refusal::ResponseNotKept { status } => (Code::ResponseNotKept, not_kept_detail(status)),
            Refusal::OutcomeUnknown(reason) => (Code::OutcomeUnknown, unknown_detail(reason)),
        };
        let subject = match key {
            Some(key) => format!("Idempotency-Key {}", key.to_structured()),
            None => "the same request without a key".into(),
        };
        let problem = Self::new(code, format!("{subject} {detail}"));
        let mut problem = Self { record: Some(*record), ..problem };
        match refusal {
            Refusal::InProgress { retry_after } => problem.retry_after = Some(retry_after),
            Refusal::TooManyKeys => problem.retry_after = Some(LIMITED_FOR),
            Refusal::OutcomeUnknown(Reason::DeadlinePassed) => problem.status = 504,
            _ => {}
        }
        problem
    }

    /// The same, with the status that a profile has for it.
    #[must_use]
    pub fn under(&self, profile: Profile) -> Self {
        Self { status: profile.status(self.code, self.status), ..self.clone() }
    }

    /// The body: an `application/problem+json` document.
    pub fn to_json(&self, docs_url: Option<&str>) -> String {
        let about = self.code.describe();
        let document = Document {
            kind: match docs_url {
                Some(url) => self.code.documented_at(url),
                None => format!("urn:onlyonce:{}", about.name),
            },
            title: about.title,
            status: self.status,
            detail: &self.detail,
            instance: self.record.as_ref().map(|record| format!("/.onlyonce/records/{record}")),
            code: about.name,
            retryable: about.retryable,
            error: ErrorMember {
                kind: "idempotency_error",
                code: about.name,
                message: &self.detail,
            },
        };
        to_json(&document)
    }

    /// The headers of a refusal, but for those that say what its body is.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let about = self.code.describe();
        let link = format!("</.onlyonce/problems#{}>; rel=\"describedby\"", about.name);
        // By these two Stripe's and OpenAI's clients go, and not by the status.
        let again = about.retryable.to_string();
        let mut headers = vec![
            ("content-language", "en".to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("cache-status", format!("onlyonce; detail={}", about.name)),
            ("link", link),
            ("stripe-should-retry", again.clone()),
            ("x-should-retry", again),
        ];
        if about.retryable {
            let wait = self.retry_after.unwrap_or(DEFAULT_RETRY_AFTER).retry_after();
            headers.push(("retry-after", wait.to_string()));
        }
        headers
    }
}

// Each sentence goes on after the key.
const KEY_REUSED: &str = "was first sent with another method, path, query, content type, body or header that names the operation or the account, and that request stands; send a new key for a new operation";
const CREDENTIAL_CHANGED: &str = "was carried out under another credential, so its answer is withheld; read the resource to learn what became of it";
const IN_PROGRESS: &str = "is not finished: its first request is still at the origin, or an operator has just freed the key; send the same request again after the time in Retry-After";
const KEY_FENCED: &str = "was given up: its caller has said that it shall never be carried out, and it was not; send a new key for a new operation";
const MOVED: &str = "lives in another shard since `shards` was changed, and this Worker's policy does not know of it yet; send the same request with the same key again";
const ORIGIN_BUSY: &str = "was not sent: as many calls to the origin as the guard may hold open are waiting for it, and the key is free; send the same request with the same key again";
const TOO_MANY_KEYS: &str = "was not sent: its caller has sent more new keys than this deployment takes in this time, and the key is free; send the same request with the same key again after the time in Retry-After";

fn not_kept_detail(status: u16) -> String {
    let what = if (400..500).contains(&status) {
        "refused by the origin"
    } else {
        "carried out by the origin"
    };
    format!(
        "was {what}, which answered {status}, but that answer was too large to keep, or is not kept on this route; read the resource instead of sending it again"
    )
}

fn unknown_detail(reason: Reason) -> String {
    let (why, cure): (String, &str) = match reason {
        Reason::ConnectionLost => {
            ("the connection to the origin broke before its answer was complete".into(), LOOK)
        }
        Reason::Restarted => {
            ("the guard was restarted while the request was at the origin".into(), LOOK)
        }
        Reason::DeadlinePassed => ("the origin did not answer in time".into(), SEND_OR_LOOK),
        Reason::ServerError => ("the origin answered with a server error".into(), LOOK),
        Reason::NoSuchStatus(status) => {
            let why = "which is no status of an answer, so that nobody can be shown it";
            (format!("the origin answered with status {status}, {why}"), LOOK)
        }
    };
    format!("may or may not have been carried out: {why}; {cure}")
}

const LOOK: &str = "look at the origin's data before you send the operation under a new key";
const SEND_OR_LOOK: &str = "send the same request again for an answer that comes late, or look at the origin's data before you send the operation under a new key";
