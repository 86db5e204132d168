//! What this deployment was told: read once per isolate, since an isolate's bindings never change.

use super::head::RequestHead;
use super::js::{self, Fetcher, KvNamespace, ObjectNamespace};
use crate::guard::forward::pseudonym;
use crate::guard::origin::{Base, BaseError};
use crate::guard::policy::Policy;
use std::cell::OnceCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

/// The settings of this deployment.
pub struct Config {
    pub policy: Policy,
    /// Absent where a service binding alone leads to the origin, which then sees the public host.
    pub origin: Option<Base>,
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
    let value = js::member(env, "ORIGIN").and_then(|value| value.as_string());
    let origin = match Base::parse(value.as_deref()) {
        Ok(origin) => Some(origin),
        Err(BaseError::Missing) if origin_service(env).is_some() => None,
        Err(error) => {
            js::log_error(&format!("onlyonce is misconfigured: {error}"));
            return Err(error.to_string());
        }
    };
    let pseudonym = pseudonym(origin.as_ref().map_or("a service", Base::as_str));
    Ok(Config { policy: Policy::default(), origin, pseudonym })
}

impl Config {
    /// Where a request goes at the origin.
    pub fn origin_url(&self, head: &RequestHead) -> String {
        match &self.origin {
            Some(origin) => origin.join(&head.target()),
            None => format!("{}{}", head.public_base(), head.target()),
        }
    }
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
