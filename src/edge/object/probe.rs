//! The origin is asked what became of an unknown outcome, and its word goes to the rules.
//!
//! 1. One question at a time for each claim: it counts as under way from the turn in which the rules asked for
//!    it, in which nothing is awaited before, until its answer is stored.
//! 2. What is asked for a retry carries that retry's own headers, and goes on where its caller hangs up. What
//!    the alarm asks shows `SETTLE_AUTHORIZATION`.
//! 3. A question takes one of the shard's places, as every call of the shard does.

use super::super::config::{Config, config};
use super::super::origin_fetch::{OriginFetch, changed_headers};
use super::super::platform::streams::ReadAhead;
use super::super::platform::timeout::within;
use super::super::platform::{log, now};
use super::context::ObjectContext;
use super::copy_writer::write_copy;
use super::in_memory::UnderWay;
use super::incoming_submission::IncomingSubmission;
use super::places::HeldPlace;
use crate::guard::forward::{NOT_FORWARDED, added, hop_by_hop};
use crate::guard::key::IdempotencyKey;
use crate::guard::machine::{Action, Event, Probed, Transition};
use crate::guard::policy::KvWrite;
use crate::guard::record::{Claim, Record};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use crate::guard::settle::{
    ASKED_FOR, MAX_ANSWER, NOT_ASKED_WITH, PATIENCE, ProbeWord, Settle, probe_line,
};
use crate::guard::time::{Millis, UnixMillis};
use js_sys::futures::JsFuture;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, Headers, Response};

/// The longest time between two looks at an outcome that can be settled, whether it can be asked about or
/// not: by then the secret may be there, or the policy say how.
const LONGEST: Millis = Millis::hours(1);

/// A question, ready to be sent.
struct Probe {
    record: RecordId,
    claim: Claim,
    settle: Rc<Settle>,
    /// One after the other, as long as there is nothing under the one before.
    urls: Vec<String>,
    headers: Headers,
    /// Until it is dropped nobody else asks.
    under_way: UnderWay,
}

/// How the origin of a claim's route is asked now. Returns `None` if the policy does not say so any more.
fn settle_of(context: &ObjectContext, claim: &Claim) -> Option<(Rc<Config>, Rc<Settle>)> {
    let config = config(&context.env).ok().filter(|_| claim.settles)?;
    let settle = config.policy.settings_of(&claim.route)?.settle.clone()?;
    Some((config, settle))
}

/// The same where nobody's credentials are at hand.
pub fn settle_without_caller(context: &ObjectContext, claim: &Claim) -> Option<Rc<Settle>> {
    context.bindings.settle_authorization.as_ref()?;
    Some(settle_of(context, claim)?.1)
}

/// When the origin is asked about a record without a caller.
pub fn next_probe(context: &ObjectContext, record: &Record) -> Option<UnixMillis> {
    let (claim, outcome) = record.unknown_outcome()?;
    Some(settle_without_caller(context, claim)?.next_at(claim, outcome))
}

/// When the alarm has to look at a record that can be settled: at its window's end at the latest, and every hour. While the
/// origin is being asked, not before that has to be over: should the question die, it is found then.
pub fn next_look(
    context: &ObjectContext,
    id: &RecordId,
    transition: &Transition,
    now: UnixMillis,
) -> Option<UnixMillis> {
    let Record::Unknown { claim, .. } = &transition.record else { return None };
    let latest = claim.window_ends_at.min(now.plus(LONGEST));
    let end = Some(latest).filter(|_| claim.settles)?;
    let probe = next_probe(context, &transition.record).unwrap_or(end);
    let is_asked = transition.action == Action::Probe
        || context.memory.with_state(id, |live| live.probing.contains(&claim.id));
    Some(if is_asked { probe.max(now.plus(PATIENCE)) } else { probe }.min(end))
}

/// Asks for a retry, with its own headers, and waits for what comes of it.
pub async fn probe_for(
    context: &Rc<ObjectContext>,
    submission: &IncomingSubmission,
    record: &Record,
    place: HeldPlace,
) {
    let Record::Unknown { claim, .. } = record else { return };
    let (config, head) = (&submission.config, &submission.head);
    let Some(settle) = submission.settings.settle.clone() else { return };
    // Of a claim that was made before its route could be asked about, only the retry knows the key.
    let raw_key = claim.raw_key.clone().or_else(|| submission.raw_key());
    let claim = &Claim { raw_key, ..claim.clone() };
    let headers = headers_of(submission);
    let base = Some(head.address().base());
    let probe = Probe::of(context, *submission.record(), claim, settle, config, base, headers);
    if let Some(probe) = probe {
        let asked = context.kept_alive(ask(context.clone(), probe, place));
        // It never fails, and its time is limited.
        let _ = JsFuture::from(asked).await;
    }
}

/// Asks for nobody, in the background.
pub fn probe_without_caller(
    context: &Rc<ObjectContext>,
    id: &RecordId,
    record: &Record,
    place: HeldPlace,
) {
    let Record::Unknown { claim, .. } = record else { return };
    let Some((config, settle)) = settle_of(context, claim) else { return };
    let headers = own_headers(context, &config, claim);
    if let Some(probe) = Probe::of(context, *id, claim, settle, &config, None, headers) {
        context.in_background(ask(context.clone(), probe, place));
    }
}

/// What a retry is asked with.
fn headers_of(submission: &IncomingSubmission) -> Result<Headers, JsValue> {
    let (head, settings) = (&submission.head, &submission.settings);
    let connection = head.header("connection");
    let hop_by_hop = hop_by_hop(connection.as_deref(), &|name| settings.reads_header(name));
    let left_out: Vec<&str> = NOT_ASKED_WITH
        .into_iter()
        .chain(NOT_FORWARDED)
        .chain(settings.key_headers())
        .chain(hop_by_hop.iter().map(AsRef::as_ref))
        .collect();
    let mut gained = added(&head.addressed(), &submission.config.pseudonym);
    gained.extend(ASKED_FOR.map(|(name, value)| (name, value.to_owned())));
    changed_headers(head, &left_out, &gained)
}

/// What is asked with where there is no caller.
fn own_headers(
    context: &ObjectContext,
    config: &Config,
    claim: &Claim,
) -> Result<Headers, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in ASKED_FOR {
        headers.set(name, value)?;
    }
    for (name, value) in &claim.asked_as {
        headers.set(name, value)?;
    }
    headers.set("via", &format!("1.1 {}", config.pseudonym))?;
    headers.set("user-agent", concat!("onlyonce/", env!("CARGO_PKG_VERSION")))?;
    if let Some(authorization) = &context.bindings.settle_authorization {
        headers.set("authorization", authorization)?;
    }
    Ok(headers)
}

impl Probe {
    /// Returns `None` if it cannot be asked.
    fn of(
        context: &ObjectContext,
        record: RecordId,
        claim: &Claim,
        settle: Rc<Settle>,
        config: &Config,
        base: Option<String>,
        headers: Result<Headers, JsValue>,
    ) -> Option<Self> {
        let raw_key = claim.raw_key.as_deref()?;
        let key = IdempotencyKey::parse(raw_key).ok()?;
        let headers = headers.ok()?;
        let url = |target: String| config.origin_target(&target, base.clone());
        let urls: Vec<String> = settle.targets(&key, raw_key).into_iter().map(url).collect();
        if urls.is_empty() {
            return None;
        }
        let under_way = context.memory.begin_probe(&record, claim.id);
        Some(Self { record, claim: claim.clone(), settle, urls, headers, under_way })
    }
}

/// Asks, and has the rules decide upon the answer.
async fn ask(context: Rc<ObjectContext>, probe: Probe, place: HeldPlace) {
    let asked_at = now();
    let word = match AbortController::new() {
        Ok(abort) => {
            let word = within(PATIENCE, fetch(&context, &probe, &abort, place)).await;
            word.unwrap_or_else(|| {
                abort.abort();
                ProbeWord::NoWord(None)
            })
        }
        Err(_) => ProbeWord::NoWord(None),
    };
    log::line(&probe_line(&probe.claim, &word, &probe.record, now()));
    let Probe { record, claim, settle, under_way, .. } = probe;
    let probed = Probed { claim: claim.id, asked_at, absent_after: settle.absent_after, word };
    // In one turn: nobody asks in between.
    drop(under_way);
    let decided = context.on_event(&record, Event::Probed(probed));
    match decided {
        Ok(transition) if matches!(transition.record, Record::Done { .. }) => {
            let config = config(&context.env);
            let settings =
                config.as_ref().ok().and_then(|config| config.policy.settings_of(&claim.route));
            if settings.is_some_and(|settings| settings.kv_write == KvWrite::Always) {
                write_copy(context.clone(), record, claim.id).await;
            }
        }
        Ok(_) => {}
        Err(why) => log::error(&format!("onlyonce: what the origin said was not stored: {why}")),
    }
}

/// What the origin says, under any spelling of the key.
async fn fetch(
    context: &ObjectContext,
    probe: &Probe,
    abort: &AbortController,
    place: HeldPlace,
) -> ProbeWord {
    let mut word = ProbeWord::Absent;
    for url in &probe.urls {
        word = fetch_one(context, probe, url, abort).await;
        if word != ProbeWord::Absent {
            break;
        }
    }
    drop(place);
    word
}

async fn fetch_one(
    context: &ObjectContext,
    probe: &Probe,
    url: &str,
    abort: &AbortController,
) -> ProbeWord {
    let started = now();
    let fetch = OriginFetch {
        method: "GET",
        url,
        headers: &probe.headers,
        body: &JsValue::UNDEFINED,
        signal: Some(&abort.signal()),
    };
    let Ok(sent) = fetch.send(&context.bindings) else { return ProbeWord::NoWord(None) };
    let Ok(response) = JsFuture::from(sent).await else { return ProbeWord::NoWord(None) };
    let response: Response = response.unchecked_into();
    let answered_at = now();
    let body = whole_body(&response).await;
    let origin_time = answered_at.since(started);
    probe.settle.word(response.status(), body.as_deref(), answered_at, origin_time)
}

/// Returns `None` if it is too long, or broke off.
async fn whole_body(response: &Response) -> Option<Vec<u8>> {
    let mut read = ReadAhead::try_up_to(response.body(), MAX_ANSWER).await.ok()?;
    match read.rest {
        None => Some(read.begun.take().to_vec()),
        Some(_) => {
            read.discard().await;
            None
        }
    }
}
