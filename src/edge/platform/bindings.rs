//! What this deployment is bound to (wrangler.toml): read once per isolate, since an isolate's
//! bindings never change.

use super::log;
use crate::guard::digest::Pepper;
use crate::guard::health::Deployment;
use js_sys::JSON;
use std::cell::OnceCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use worker::kv::KvStore;
use worker::worker_sys::{AnalyticsEngineDataset, Fetcher};
use worker::{Env, ObjectNamespace, Queue, RateLimiter};

pub struct Bindings {
    /// `GUARD`: the shards.
    pub objects: Option<ObjectNamespace>,
    /// `RESPONSES`: copies of answers; replays cost a hop more without it.
    pub responses: Option<KvStore>,
    /// `ORIGIN_SERVICE`: the origin, where it is a Worker.
    pub origin: Option<Fetcher>,
    /// `METRICS`: figures of each request.
    pub metrics: Option<AnalyticsEngineDataset>,
    /// `DEAD_LETTERS`: where messages go that no retry would mend.
    pub dead_letters: Option<Queue>,
    /// `OUTCOMES`: who is told of outcomes that become unknown, and of their ends.
    pub outcomes: Option<Queue>,
    /// `NEW_KEYS`: how many keys one caller may claim; without it there is no limit.
    pub new_keys: Option<RateLimiter>,
    /// `SETTLE_AUTHORIZATION`: what the origin is shown when it is asked without a caller; without it
    /// only retries ask.
    pub settle_authorization: Option<String>,
    /// `CONSOLE`: the files of the operator's console.
    pub console: Option<Fetcher>,
    /// `CF_VERSION_METADATA`: which version of the Worker this is.
    pub deployment: Option<Deployment>,
    /// `ADMIN_TOKEN`: without it there is no operator.
    pub admin_token: Option<String>,
    /// `PEPPER`: without it record ids are plain hashes, and the log tells no fingerprints.
    pub pepper: Pepper,
}

thread_local! {
    static BINDINGS: OnceCell<Rc<Bindings>> = const { OnceCell::new() };
}

impl Bindings {
    pub fn of(env: &Env) -> Rc<Self> {
        BINDINGS.with(|bindings| bindings.get_or_init(|| Rc::new(Self::read(env))).clone())
    }

    fn read(env: &Env) -> Self {
        let raw = |name| variable(env, name);
        Self {
            // `worker` looks at the name of a binding's class, which Miniflare's simulators lack.
            objects: raw("GUARD").map(JsCast::unchecked_into),
            responses: env.kv("RESPONSES").ok(),
            origin: raw("ORIGIN_SERVICE").map(JsCast::unchecked_into),
            metrics: raw("METRICS").map(JsCast::unchecked_into),
            dead_letters: env.queue("DEAD_LETTERS").ok(),
            outcomes: env.queue("OUTCOMES").ok(),
            new_keys: raw("NEW_KEYS").map(JsCast::unchecked_into),
            settle_authorization: text(env, "SETTLE_AUTHORIZATION").filter(|text| is_usable(text)),
            console: raw("CONSOLE").map(JsCast::unchecked_into),
            deployment: raw("CF_VERSION_METADATA").and_then(|value| deployment(&value)),
            admin_token: text(env, "ADMIN_TOKEN").filter(|token| !token.is_empty()),
            pepper: Pepper::new(text(env, "PEPPER").as_deref()),
        }
    }
}

fn deployment(value: &JsValue) -> Option<Deployment> {
    let json = JSON::stringify(value).ok()?.as_string()?;
    serde_json::from_str(&json).ok()
}

/// Whether the platform takes this for a header's value. It would refuse to ask at all with any other.
fn is_usable(authorization: &str) -> bool {
    let is_value = authorization.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if !is_value {
        log::error(
            "onlyonce: SETTLE_AUTHORIZATION is no header's value, and is not used; set it to one such as \"Bearer …\" in a single line",
        );
    }
    is_value && !authorization.is_empty()
}

/// A variable, secret or binding. Returns `None` if it is absent.
pub fn variable(env: &Env, name: &str) -> Option<JsValue> {
    let value = js_sys::Reflect::get(env, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A variable or secret that is a text.
pub fn text(env: &Env, name: &str) -> Option<String> {
    variable(env, name)?.as_string()
}

/// A variable that is a text, or a list of texts: these with commas between them, as JavaScript writes it.
pub fn list(env: &Env, name: &str) -> Option<String> {
    Some(variable(env, name)?.unchecked_ref::<js_sys::Object>().to_string().into())
}
