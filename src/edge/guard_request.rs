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
use crate::guard::key_location::{FoundKey, KeyRules};
use crate::guard::log::{Advice, FingerprintTag, RequestOutcome};
use crate::guard::policy::KeyMode;
use crate::guard::problem::{Code, Problem};
use crate::guard::rpc::KeySource;
use crate::guard::scope::{
    Namespace, RecordId, Scope, is_derived_from_cookies, is_shared_by_cookies,
};
use crate::guard::source::{Unreadable, check_readable};
use crate::guard::time::UnixMillis;
use crate::guard::uploads::{Holder, Stage, patience};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::Response;

/// What a request is guarded by.
enum KeyDecision {
    Key(FoundKey, KeySource),
    /// A key is made from credential and fingerprint.
    Derive,
    /// Its key, if it has one, stands in its body.
    InBody,
    /// It goes straight through.
    NotGuarded,
}

/// Which operation a request is.
struct Identity {
    /// `None` if its key is derived.
    found: Option<FoundKey>,
    source: KeySource,
    fingerprint: Fingerprint,
    record: RecordId,
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
    let decision = match key_decision_by_head(guarded) {
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
    // Not within the match: the copy of the body would stay in memory until there is an answer.
    let identity = identify(guarded, decision, &body.to_vec());
    let identity = match identity {
        Ok(Some(identity)) => identity,
        Ok(None) => {
            guarded.log.set_outcome(RequestOutcome::of("bypass"));
            return pass_buffered(incoming, &context, &body, BypassReason::Keyless).await;
        }
        Err(problem) if guarded.observes() => {
            guarded.log.set_outcome(would_be_refused(&problem));
            return pass_buffered(incoming, &context, &body, BypassReason::Observe).await;
        }
        Err(problem) => return refuse(guarded, &context, &problem),
    };
    answer_identified(guarded, &context, identity, body, started).await
}

async fn answer_identified(
    guarded: &GuardedRequest,
    context: &ResponseContext<'_>,
    identity: Identity,
    body: Uint8Array,
    started: UnixMillis,
) -> Result<Response, JsValue> {
    let Identity { found, source, fingerprint, record } = identity;
    let incoming = &guarded.incoming;
    let pepper = &incoming.bindings.pepper;
    let tag = FingerprintTag::of(pepper, &guarded.realm, &fingerprint.digest.to_string());
    guarded.log.set_identity(record, tag, source);
    let writer = ResponseWriter {
        incoming,
        context,
        key: found.as_ref().map(|found| &found.key),
        spelling: found.as_ref().map(|found| found.key.spelled_as(&found.text)),
        record: &record,
        detail: if guarded.observes() { Some("observe") } else { source.name() },
        started,
    };
    // Who only watches changes nothing of a request.
    let key_header = found.as_ref().and_then(FoundKey::header).filter(|_| !guarded.observes());
    IdentifiedRequest { guarded, writer: &writer, source, key_header, body, fingerprint }
        .answer()
        .await
}

fn refuse(
    guarded: &GuardedRequest,
    context: &ResponseContext,
    problem: &Problem,
) -> Result<Response, JsValue> {
    guarded.log.refused(problem);
    context.problem(problem)
}

fn key_decision_by_head(guarded: &GuardedRequest) -> Result<KeyDecision, Problem> {
    match key_rules(guarded).look_into_body(&guarded.incoming.head) {
        true => Ok(KeyDecision::InBody),
        false => key_decision(guarded, &[]),
    }
}

fn key_decision(guarded: &GuardedRequest, body: &[u8]) -> Result<KeyDecision, Problem> {
    match key_rules(guarded).find_key(&guarded.incoming.head, body) {
        Ok(Some(found)) => Ok(KeyDecision::Key(found, key_source(guarded))),
        Ok(None) => without_key(guarded),
        Err(_) if guarded.observes() => Ok(KeyDecision::NotGuarded),
        Err(refusal) => Err(Problem::new(Code::KeyInvalid, refusal.to_string())),
    }
}

fn key_rules(guarded: &GuardedRequest) -> KeyRules<'_> {
    guarded.settings.key_rules(key_source(guarded))
}

fn key_source(guarded: &GuardedRequest) -> KeySource {
    if guarded.queue.is_some() { KeySource::Queue } else { KeySource::Client }
}

fn without_key(guarded: &GuardedRequest) -> Result<KeyDecision, Problem> {
    match guarded.settings.key {
        _ if guarded.observes() => Ok(KeyDecision::NotGuarded),
        KeyMode::Optional | KeyMode::Off => Ok(KeyDecision::NotGuarded),
        KeyMode::Required => Err(Problem::new(Code::KeyMissing, key_rules(guarded).missing_key())),
        KeyMode::Derive if guarded.promises_too_much() => Ok(KeyDecision::NotGuarded),
        KeyMode::Derive => Ok(KeyDecision::Derive),
        KeyMode::Generate => match random_key() {
            Some(key) => {
                let text = key.to_structured();
                let found = FoundKey { key, text, is_in_header: false };
                Ok(KeyDecision::Key(found, KeySource::Generated))
            }
            None => Err(Problem::new(Code::GuardUnavailable, NO_RANDOM_BITS)),
        },
    }
}

/// 128 random bits as hex digits.
fn random_key() -> Option<IdempotencyKey> {
    IdempotencyKey::parse(&hex(&random_bits()?)).ok()
}

/// Returns `None` if the request is not guarded: its body holds no key, or one should be derived and no
/// credential is there.
fn identify(
    guarded: &GuardedRequest,
    decision: KeyDecision,
    body: &[u8],
) -> Result<Option<Identity>, Problem> {
    let decision = match decision {
        KeyDecision::InBody => key_decision(guarded, body)?,
        decision => decision,
    };
    let (found, source) = match decision {
        KeyDecision::Key(found, source) => (Some(found), source),
        KeyDecision::Derive => (None, KeySource::Derived),
        KeyDecision::InBody | KeyDecision::NotGuarded => return Ok(None),
    };
    let key = found.as_ref().map(|found| &found.key);
    let (fingerprint, record) = fingerprint_and_record(guarded, key, body)
        .map_err(|unreadable| Problem::new(Code::CredentialUnreadable, unreadable.to_string()))?;
    Ok(record.map(|record| Identity { found, source, fingerprint, record }))
}

/// The request's fingerprint and the record's name, which is `None` if a key should be derived and no
/// credential is there. Whatever is compared of the request has to be readable.
fn fingerprint_and_record(
    guarded: &GuardedRequest,
    key: Option<&IdempotencyKey>,
    body: &[u8],
) -> Result<(Fingerprint, Option<RecordId>), Unreadable> {
    let GuardedRequest { incoming, settings, realm, log, .. } = guarded;
    let head = &incoming.head;
    let fingerprint =
        Fingerprint::of(head, body, &key_rules(guarded).comparison(&settings.fingerprint))?;
    let scope = settings.scope.values(head)?;
    check_readable(&settings.credential, head)?;
    let is_by_cookies = match key {
        Some(_) => settings.scope == Scope::Auto && is_shared_by_cookies(&scope, head),
        None => is_derived_from_cookies(&settings.credential, head),
    };
    if is_by_cookies {
        log.advise(Advice::NameTheSessionCookie);
    }
    let namespace = Namespace { pepper: &incoming.bindings.pepper, realm, scope: &scope };
    let record = match key {
        Some(key) => Some(RecordId::new(namespace, key)),
        None => RecordId::derived(namespace, &settings.credential, head, &fingerprint.digest)?,
    };
    Ok((fingerprint, record))
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

const NO_RANDOM_BITS: &str =
    "the platform gave no random bits for a key; send the same request again";
const BROKE_OFF: &str = "the request body broke off; send the same request with the same key again";
const STALLED: &str = "nothing more of the request body came for 30 s, and nothing was sent to the origin; send the same request with the same key again";
