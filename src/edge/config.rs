//! What this deployment was told: read once per isolate, since an isolate's bindings never change.

use super::js::{self, Fetcher, KvNamespace, ObjectNamespace};
use crate::guard::forward::pseudonym;
use crate::guard::origin::Base;
use crate::guard::policy::Policy;
use std::cell::OnceCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

/// The settings of this deployment.
pub struct Config {
    pub policy: Policy,
    pub origin: Base,
    /// This deployment's name in `Via` headers.
    pub pseudonym: String,
}

thread_local! {
    static CONFIG: OnceCell<Result<Rc<Config>, String>> = const { OnceCell::new() };
}

/// The settings, or one sentence for each mistake in them.
pub fn config(env: &JsValue) -> Result<Rc<Config>, String> {
    CONFIG.with(|config| config.get_or_init(|| read(env).map(Rc::new)).clone())
}

fn read(env: &JsValue) -> Result<Config, String> {
    let origin = js::member(env, "ORIGIN").and_then(|value| value.as_string());
    let origin = Base::parse(origin.as_deref()).map_err(|error| {
        let detail = error.to_string();
        js::log_error(&format!("onlyonce is misconfigured: {detail}"));
        detail
    })?;
    let pseudonym = pseudonym(origin.as_str());
    Ok(Config { policy: Policy::default(), origin, pseudonym })
}

/// The binding that holds the objects, one for each key.
pub fn guard_objects(env: &JsValue) -> Option<ObjectNamespace> {
    js::member(env, "GUARD").map(JsValue::unchecked_into)
}

/// The binding that holds copies of answers; replays cost a hop more without it.
pub fn responses(env: &JsValue) -> Option<KvNamespace> {
    js::member(env, "RESPONSES").map(JsValue::unchecked_into)
}

/// The binding that reaches the origin without the network, where there is one.
pub fn origin_service(env: &JsValue) -> Option<Fetcher> {
    js::member(env, "ORIGIN_SERVICE").map(JsValue::unchecked_into)
}
