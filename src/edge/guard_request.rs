//! The Worker's half of a guarded request, from its headers to its record.
//!
//! What a request is guarded by is decided by its headers; its body is read only where it is guarded.

use super::client_response::{ResponseContext, ResponseWriter};
use super::guarded_request::GuardedRequest;
use super::identified_request::IdentifiedRequest;
use super::pass_through::{BypassReason, pass_body, pass_buffered, pass_keyless};
use super::platform::body_budget::{BodyReservation, NO_ROOM};
use super::platform::streams::{Pipe, ReadAhead};
use super::platform::upload::{BodyError, Limits, read_request};
use super::platform::{now, random_bits};
use crate::guard::digest::hex;
use crate::guard::fingerprint::Fingerprint;
use crate::guard::key::IdempotencyKey;
use crate::guard::log::{Advice, FingerprintTag, RequestOutcome};
use crate::guard::policy::KeyMode;
use crate::guard::problem::{Code, Problem};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::KeySource;
use crate::guard::scope::{Namespace, RecordId, Scope, is_shared_by_cookies};
use crate::guard::source::{Unreadable, check_readable};
use crate::guard::time::UnixMillis;
use crate::guard::uploads::{Holder, Stage, patience};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// What a request is guarded by.
enum KeyDecision {
    Key(IdempotencyKey, KeySource),
    /// A key is made from credential and fingerprint.
    Derive,
    /// It goes straight through.
    NotGuarded,
}

/// Answers a request, and tells of it: in the log, and to whoever counts.
pub async fn answer(guarded: &GuardedRequest) -> Result<Response, JsValue> {
    let started = now();
    let response = answer_unlogged(guarded, started).await?;
    guarded.write_log(started, response.status());
    Ok(response)
}

/// Answers a request, without a word in the log.
pub async fn answer_unlogged(
    guarded: &GuardedRequest,
    started: UnixMillis,
) -> Result<Response, JsValue> {
    let (incoming, settings) = (&guarded.incoming, &guarded.settings);
    incoming.head.read_headers();
    let context = ResponseContext::of(&incoming.head, settings);
    let decision = match key_decision(guarded) {
        Ok(decision) => decision,
        Err(problem) => return refuse(guarded, &context, &problem),
    };
    let is_observed_and_too_large = guarded.observes() && guarded.promises_too_much();
    if matches!(decision, KeyDecision::NotGuarded) || is_observed_and_too_large {
        guarded.log.set_outcome(RequestOutcome::of("bypass"));
        return pass_keyless(incoming, &context).await;
    }
    if guarded.promises_too_much() {
        return refuse(guarded, &context, &guarded.too_large());
    }
    let mut reservation = BodyReservation::of(Holder::of(&incoming.head, Stage::Arriving));
    let limits = Limits {
        promised: incoming.head.content_length(),
        most: settings.max_request_body,
        patience: patience(settings.mode),
    };
    let body = match read_request(&incoming.request, limits, &mut reservation).await {
        Ok(body) => body,
        Err(BodyError::TooLarge(read) | BodyError::NoRoom(read)) if guarded.observes() => {
            return pass_on(guarded, &context, read).await;
        }
        Err(error) => return refuse(guarded, &context, &body_unreadable(guarded, &error)),
    };
    let (key, source) = match decision {
        KeyDecision::Key(key, source) => (Some(key), source),
        _ => (None, KeySource::Derived),
    };
    let (fingerprint, record) = match identify(guarded, key.as_ref(), &body.to_vec()) {
        Ok(identity) => identity,
        Err(unreadable) if guarded.observes() => {
            guarded.log.set_outcome(would_be_refused(&unreadable_header(&unreadable)));
            return pass_buffered(incoming, &context, &body, BypassReason::Observe).await;
        }
        Err(unreadable) => return refuse(guarded, &context, &unreadable_header(&unreadable)),
    };
    let Some(record) = record else {
        guarded.log.set_outcome(RequestOutcome::of("bypass"));
        return pass_buffered(incoming, &context, &body, BypassReason::Keyless).await;
    };
    let pepper = &incoming.bindings.pepper;
    let tag = FingerprintTag::of(pepper, &guarded.realm, &fingerprint.digest.to_string());
    guarded.log.set_identity(record, tag, source);
    let writer = ResponseWriter {
        incoming,
        context: &context,
        key: key.as_ref(),
        spelling: key.as_ref().map(|key| spelling(guarded, key)),
        record: &record,
        detail: if guarded.observes() { Some("observe") } else { source.name() },
        started,
    };
    IdentifiedRequest { guarded, writer: &writer, source, body, fingerprint }.answer().await
}

fn refuse(
    guarded: &GuardedRequest,
    context: &ResponseContext,
    problem: &Problem,
) -> Result<Response, JsValue> {
    guarded.log.refused(problem);
    context.problem(problem)
}

fn key_decision(guarded: &GuardedRequest) -> Result<KeyDecision, Problem> {
    let Some(header) = guarded.incoming.head.header("idempotency-key") else {
        return without_key(guarded);
    };
    let source = if guarded.queue.is_some() { KeySource::Queue } else { KeySource::Client };
    match IdempotencyKey::parse(&header) {
        Ok(key) => Ok(KeyDecision::Key(key, source)),
        Err(_) if guarded.observes() => Ok(KeyDecision::NotGuarded),
        Err(error) => Err(Problem::new(Code::KeyInvalid, error.describe(&header))),
    }
}

fn without_key(guarded: &GuardedRequest) -> Result<KeyDecision, Problem> {
    match guarded.settings.key {
        _ if guarded.observes() => Ok(KeyDecision::NotGuarded),
        KeyMode::Optional | KeyMode::Off => Ok(KeyDecision::NotGuarded),
        KeyMode::Required => Err(Problem::new(Code::KeyMissing, KEY_MISSING)),
        KeyMode::Derive if guarded.promises_too_much() => Ok(KeyDecision::NotGuarded),
        KeyMode::Derive => Ok(KeyDecision::Derive),
        KeyMode::Generate => match random_key() {
            Some(key) => Ok(KeyDecision::Key(key, KeySource::Generated)),
            None => Err(Problem::new(Code::GuardUnavailable, NO_RANDOM_BITS)),
        },
    }
}

/// 128 random bits as hex digits.
fn random_key() -> Option<IdempotencyKey> {
    IdempotencyKey::parse(&hex(&random_bits()?)).ok()
}

/// The request's fingerprint and the record's name, which is `None` if a key should be derived and no
/// credential is there. Whatever is compared of the request has to be readable.
fn identify(
    guarded: &GuardedRequest,
    key: Option<&IdempotencyKey>,
    body: &[u8],
) -> Result<(Fingerprint, Option<RecordId>), Unreadable> {
    let GuardedRequest { incoming, settings, realm, log, .. } = guarded;
    let head = &incoming.head;
    let fingerprint = Fingerprint::of(head, body, &settings.fingerprint)?;
    let scope = settings.scope.values(head)?;
    check_readable(&settings.credential, head)?;
    if settings.scope == Scope::Auto && is_shared_by_cookies(&scope, head) {
        log.advise(Advice::NameTheSessionCookie);
    }
    let namespace = Namespace { pepper: &incoming.bindings.pepper, realm, scope: &scope };
    let record = match key {
        Some(key) => Some(RecordId::new(namespace, key)),
        None => RecordId::derived(namespace, &settings.credential, head, &fingerprint.digest)?,
    };
    Ok((fingerprint, record))
}

/// The key as its caller spells it; the guard's own are quoted.
fn spelling(guarded: &GuardedRequest, key: &IdempotencyKey) -> String {
    match guarded.incoming.head.header("idempotency-key") {
        Some(header) => key.spelled_as(&header),
        None => key.to_structured(),
    }
}

fn unreadable_header(unreadable: &Unreadable) -> Problem {
    Problem::new(Code::CredentialUnreadable, unreadable.to_string())
}

/// What is told of a request that only a policy that watches lets pass.
fn would_be_refused(problem: &Problem) -> RequestOutcome {
    let code = Some(problem.code.describe().name);
    RequestOutcome { would: Some("refuse"), code, ..RequestOutcome::of("observed") }
}

fn body_unreadable(guarded: &GuardedRequest, error: &BodyError) -> Problem {
    match error {
        BodyError::TooLarge(_) => guarded.too_large(),
        BodyError::NoRoom(_) => Problem::new(Code::GuardUnavailable, NO_ROOM),
        // Nobody is left to read this.
        BodyError::BrokeOff => Problem::new(Code::RequestIncomplete, BROKE_OFF),
        BodyError::Stalled => Problem::new(Code::RequestIncomplete, STALLED),
    }
}

/// A body that turned out too large for a policy that only watches: it goes on as it comes.
async fn pass_on(
    guarded: &GuardedRequest,
    context: &ResponseContext<'_>,
    read: ReadAhead,
) -> Result<Response, JsValue> {
    guarded.log.set_outcome(RequestOutcome::of("bypass"));
    let pipe = Pipe::of_any_length()?;
    let body = pipe.readable.clone();
    guarded.incoming.in_background(pipe.pass_on(read))?;
    pass_body(&guarded.incoming, context, &body, BypassReason::Observe).await
}

const KEY_MISSING: &str = "the request has no Idempotency-Key, which this route requires; send one of 1 to 255 characters, such as a new UUID, and keep it for every retry";
const NO_RANDOM_BITS: &str =
    "the platform gave no random bits for a key; send the same request again";
const BROKE_OFF: &str = "the request body broke off; send the same request with the same key again";
const STALLED: &str = "nothing more of the request body came for 30 s, and nothing was sent to the origin; send the same request with the same key again";
