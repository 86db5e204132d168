//! The origin is asked what became of an unknown outcome, and its word goes to the rules.
//!
//! 1. One question at a time for each claim: it counts as under way from the turn in which the rules asked for
//!    it, in which nothing is awaited before, until its answer is stored.
//! 2. What is asked for a retry carries that retry's own headers, and goes on where its caller hangs up. What
//!    the alarm asks shows `SETTLE_AUTHORIZATION`.
//! 3. A question takes one of the shard's places, as every call of the shard does.

use super::super::config::{Config, config};
use super::super::origin_fetch::{OriginFetch, forwarded_headers};
use super::super::platform::body::read_at_most;
use super::super::platform::timeout::within;
use super::super::platform::{log, now};
use super::context::ObjectContext;
use super::copy_writer::write_copy;
use super::in_memory::UnderWay;
use super::incoming_submission::IncomingSubmission;
use super::places::HeldPlace;
use crate::guard::forward::added;
use crate::guard::keeping::Keeping;
use crate::guard::key::IdempotencyKey;
use crate::guard::machine::{Action, Event, Probed, Transition};
use crate::guard::policy::{KvWrite, Settings};
use crate::guard::record::{Claim, ProbeAnswer, Record};
use crate::guard::scope::RecordId;
use crate::guard::settle::{ASKED_FOR, MAX_ANSWER, NOT_ASKED_WITH, PATIENCE, ProbeWord, Settle};
use crate::guard::time::{Millis, UnixMillis};
use crate::guard::unknown_outcome::probe_line;
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
    /// How much of what is found is kept.
    keeping: Keeping,
    /// Whether what is found is copied at once.
    is_copied: bool,
    /// One after the other, as long as there is nothing under the one before.
    urls: Vec<String>,
    headers: Headers,
    /// Until it is dropped nobody else asks.
    under_way: UnderWay,
}

/// How a claim's route is guarded now. Returns `None` for a claim that the origin is not asked about, and
/// where the policy has no such route any more.
fn settings_of(context: &ObjectContext, claim: &Claim) -> Option<(Rc<Config>, Rc<Settings>)> {
    let config = config(&context.env).ok().filter(|_| claim.settles)?;
    let settings = config.policy.settings_of(&claim.route)?.clone();
    Some((config, settings))
}

/// How the origin is asked about a claim where nobody's credentials are at hand.
pub fn settle_without_caller(context: &ObjectContext, claim: &Claim) -> Option<Rc<Settle>> {
    context.bindings.settle_authorization.as_ref()?;
    settings_of(context, claim)?.1.settle.clone()
}

/// When the origin is asked about a record without a caller.
pub fn next_probe(context: &ObjectContext, record: &Record) -> Option<UnixMillis> {
    let (claim, outcome) = record.unknown_outcome()?;
    Some(settle_without_caller(context, claim)?.next_at(claim, outcome))
}

/// When the alarm has to look at a record that can be settled: at its window's end at the latest, and every
/// hour. While the origin is being asked, not before that has to be over: should the question die, it is
/// found then.
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
    let IncomingSubmission { config, head, settings, .. } = submission;
    // Of a claim that was made before its route could be asked about, only the retry knows the key.
    let raw_key = claim.raw_key.clone().or_else(|| submission.raw_key());
    let claim = Claim { raw_key, ..claim.clone() };
    let url = |target: &str| config.origin_target(target, || head.address().base());
    let headers = headers_of(submission);
    let id = *submission.record();
    if let Some(probe) = Probe::of(context, id, claim, settings, &url, headers) {
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
    let Some((config, settings)) = settings_of(context, claim) else { return };
    let url = |target: &str| config.origin_target(target, || SERVICE.into());
    let headers = own_headers(context, &config, claim);
    if let Some(probe) = Probe::of(context, *id, claim.clone(), &settings, &url, headers) {
        context.in_background(ask(context.clone(), probe, place));
    }
}

/// What a service is asked as where nobody has named a host.
const SERVICE: &str = "https://origin";

/// What a retry is asked with.
fn headers_of(submission: &IncomingSubmission) -> Result<Headers, JsValue> {
    let (head, settings) = (&submission.head, &submission.settings);
    let without: Vec<&str> = NOT_ASKED_WITH.into_iter().chain(settings.key_headers()).collect();
    let mut gained = added(&head.addressed(), &submission.config.pseudonym);
    gained.extend(ASKED_FOR.map(|(name, value)| (name, value.to_owned())));
    forwarded_headers(head, settings, &without, &gained)
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
        claim: Claim,
        settings: &Settings,
        url: &dyn Fn(&str) -> String,
        headers: Result<Headers, JsValue>,
    ) -> Option<Self> {
        let settle = settings.settle.clone()?;
        let raw_key = claim.raw_key.as_deref()?;
        let key = IdempotencyKey::parse_sent(raw_key).ok()?;
        let headers = headers.ok()?;
        let targets = settle.targets(&key, raw_key);
        let urls: Vec<String> = targets.iter().map(|target| url(target)).collect();
        if urls.is_empty() {
            return None;
        }
        let is_copied = settings.kv_write == KvWrite::Always;
        let keeping = settings.keeping.clone();
        let under_way = context.memory.begin_probe(&record, claim.id);
        Some(Self { record, claim, settle, keeping, is_copied, urls, headers, under_way })
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
                NO_WORD
            })
        }
        Err(_) => NO_WORD,
    };
    log::line(&probe_line(&probe.claim, &word, &probe.record, now()));
    let Probe { record, claim, settle, is_copied, under_way, .. } = probe;
    let probed = Probed { claim: claim.id, asked_at, settle, word };
    // In one turn: nobody asks in between.
    drop(under_way);
    match context.on_event(&record, Event::Probed(probed)) {
        Ok(Transition { record: Record::Done { .. }, .. }) if is_copied => {
            write_copy(context, record, claim.id).await;
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
    _place: HeldPlace,
) -> ProbeWord {
    for url in &probe.urls {
        let word = fetch_one(context, probe, url, abort).await;
        if word != ABSENT {
            return word;
        }
    }
    ABSENT
}

const ABSENT: ProbeWord = ProbeWord::Said(ProbeAnswer::Absent);
const NO_WORD: ProbeWord = ProbeWord::Said(ProbeAnswer::NoWord(None));

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
    let Ok(sent) = fetch.send(&context.bindings) else { return NO_WORD };
    let Ok(response) = JsFuture::from(sent).await else { return NO_WORD };
    let response: Response = response.unchecked_into();
    let answered_at = now();
    let body = read_at_most(&response, MAX_ANSWER).await;
    let origin_time = answered_at.since(started);
    match probe.settle.word(response.status(), body.as_deref(), answered_at, origin_time) {
        ProbeWord::Found(answer) => ProbeWord::Found(probe.keeping.kept(answer)),
        said => said,
    }
}
