//! What this deployment was told: read once per isolate, since an isolate's bindings never change.

use super::head::PlatformRequestHead;
use super::js::{self, Fetcher, KvNamespace, Metrics, ObjectNamespace, QueueProducer};
use crate::guard::bytes::joined;
use crate::guard::forward::pseudonym;
use crate::guard::log::LogLine;
use crate::guard::metrics::point;
use crate::guard::origin::{OriginUrl, OriginUrlError};
use crate::guard::policy::{Policy, PolicyError};
use js_sys::JSON;
use std::cell::OnceCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

/// The settings of this deployment.
pub struct Config {
    pub policy: Policy,
    /// Absent where a service binding alone leads to the origin, which then sees the public host.
    pub origin: Option<OriginUrl>,
    /// This deployment's name in `Via` headers.
    pub pseudonym: String,
}

/// Why a deployment cannot guard.
pub struct Misconfigured {
    /// One sentence for each mistake.
    pub detail: String,
    /// Where the origin is known, requests that are never guarded still pass.
    pub passing: Option<Config>,
}

type Outcome = Result<Rc<Config>, Rc<Misconfigured>>;

thread_local! {
    static CONFIG: OnceCell<Outcome> = const { OnceCell::new() };
}

/// The settings, or what is wrong with them.
pub fn config(env: &JsValue) -> Outcome {
    CONFIG.with(|config| config.get_or_init(|| read(env)).clone())
}

fn read(env: &JsValue) -> Outcome {
    let (origin, policy) = (read_origin(env), read_policy(env));
    let mistakes = [origin.as_ref().err(), policy.as_ref().err()];
    let detail = joined(&mut mistakes.into_iter().flatten().map(String::as_str), "; ");
    match (origin, policy) {
        (Ok(origin), Ok(policy)) => Ok(Rc::new(Config::new(origin, policy))),
        (origin, _) => {
            js::log_error(&["onlyonce is misconfigured: ", &detail].concat());
            let passing = origin.ok().map(|origin| Config::new(origin, Policy::default()));
            Err(Rc::new(Misconfigured { detail, passing }))
        }
    }
}

fn read_origin(env: &JsValue) -> Result<Option<OriginUrl>, String> {
    let value = js::member(env, "ORIGIN").and_then(|value| value.as_string());
    match OriginUrl::parse(value.as_deref()) {
        Ok(origin) => Ok(Some(origin)),
        Err(OriginUrlError::Missing) if bindings(env, |known| known.origin.is_some()) => Ok(None),
        Err(error) => Err(error.sentence()),
    }
}

/// POLICY as wrangler binds a table, or as a string of JSON.
fn read_policy(env: &JsValue) -> Result<Policy, String> {
    let Some(value) = js::member(env, "POLICY") else { return Ok(Policy::default()) };
    let json = value
        .as_string()
        .or_else(|| js_sys::JSON::stringify(&value).ok().map(String::from))
        .unwrap_or_default();
    Policy::parse(&json).map_err(|mistakes| {
        let sentences: Vec<String> = mistakes.iter().map(PolicyError::sentence).collect();
        joined(&mut sentences.iter().map(String::as_str), "; ")
    })
}

impl Config {
    fn new(origin: Option<OriginUrl>, policy: Policy) -> Self {
        let pseudonym = pseudonym(origin.as_ref().map_or("a service", OriginUrl::as_str));
        Self { policy, origin, pseudonym }
    }

    /// Where a request goes at the origin.
    pub fn origin_url(&self, head: &PlatformRequestHead) -> String {
        match &self.origin {
            Some(origin) => origin.join(&head.target()),
            None => [head.public_base(), head.target()].concat(),
        }
    }
}

/// What this deployment is bound to, beside its settings.
struct Bindings {
    objects: Option<ObjectNamespace>,
    responses: Option<KvNamespace>,
    origin: Option<Fetcher>,
}

thread_local! {
    static BINDINGS: OnceCell<Bindings> = const { OnceCell::new() };
}

fn bindings<T>(env: &JsValue, read: impl FnOnce(&Bindings) -> T) -> T {
    BINDINGS.with(|bindings| read(bindings.get_or_init(|| Bindings::of(env))))
}

impl Bindings {
    fn of(env: &JsValue) -> Self {
        Self {
            objects: js::member(env, "GUARD").map(JsValue::unchecked_into),
            responses: js::member(env, "RESPONSES").map(JsValue::unchecked_into),
            origin: js::member(env, "ORIGIN_SERVICE").map(JsValue::unchecked_into),
        }
    }
}

/// The binding that holds the objects, one for each key.
pub fn guard_objects(env: &JsValue) -> Option<ObjectNamespace> {
    bindings(env, |bindings| bindings.objects.clone())
}

/// The binding that holds copies of answers; replays cost a hop more without it.
pub fn responses(env: &JsValue) -> Option<KvNamespace> {
    bindings(env, |bindings| bindings.responses.clone())
}

/// Writes a request's figures to METRICS, where it is bound. What a platform says against a figure
/// must not cost anybody an answer.
pub fn count(env: &JsValue, entry: &LogLine) {
    let Some(metrics) = js::member(env, "METRICS") else { return };
    let metrics: Metrics = metrics.unchecked_into();
    let written = JSON::parse(&point(entry)).and_then(|point| metrics.write_data_point(&point));
    if written.is_err() {
        js::log_warning("onlyonce: a data point could not be written to METRICS");
    }
}

/// The queue for messages that no retry would mend.
pub fn dead_letters(env: &JsValue) -> Option<QueueProducer> {
    js::member(env, "DEAD_LETTERS").map(JsValue::unchecked_into)
}

/// Uses the service that is the origin, where one is bound.
pub fn with_service<T>(env: &JsValue, call: impl FnOnce(Option<&Fetcher>) -> T) -> T {
    bindings(env, |bindings| call(bindings.origin.as_ref()))
}
