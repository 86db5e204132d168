//! The edge: thin adapters that load, let the rules transition, and apply.
//!
//! A panic here would take every request of the isolate with it, so nothing here can: no unwrap,
//! no indexing, no arithmetic that may overflow. The lints at the head of the crate see to it.

mod answer_keeper;
mod answers;
mod arrival;
mod body;
mod complete_request;
mod config;
mod guarded;
mod head;
mod held;
mod instance;
mod js;
mod key_object;
mod memory;
mod oneshot;
mod operator;
mod origin_call;
mod pass_through;
mod present;
mod queue;
mod reception;
mod responses;
mod store;
mod stored;
mod submit;
mod tally;
mod tasks;
mod timer;
mod wish;

use crate::guard::forward::is_loop;
use crate::guard::health::health;
use crate::guard::operator::PREFIX;
use crate::guard::policy::Settings;
use crate::guard::problem::{Code, Problem, page as problem_page};
use crate::guard::request_head::RequestHead;
use config::{Config, Misconfigured};
use guarded::{Guarded, RequestLog};
use head::PlatformRequestHead;
use js::Context;
use pass_through::{pass_preflight, pass_through};
use present::Audience;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response, ResponseInit};

/// Every HTTP request enters here. Gives a response, or the promise of one.
#[wasm_bindgen]
pub fn fetch(request: Request, env: JsValue, context: Context) -> JsValue {
    tasks::answer(async move {
        match answer(&request, &env, &context).await {
            Ok(response) => Ok(response),
            Err(error) => failed(&error).map(JsValue::from),
        }
    })
}

/// An error that no rule foresaw: it is said in the log, and says nothing about the origin.
fn failed(error: &JsValue) -> Result<Response, JsValue> {
    log_error(error);
    Audience::default().problem(&Problem::new(Code::GuardUnavailable, UNFORESEEN))
}

fn log_error(error: &JsValue) {
    let message = js::member(error, "message").and_then(|text| text.as_string());
    let text = message.or_else(|| error.as_string()).unwrap_or_default();
    js::log_error(&["onlyonce: an unforeseen error: ", &text].concat());
}

const UNFORESEEN: &str =
    "the guard failed; send the same request with the same key again, and look at the guard's log";

async fn answer(request: &Request, env: &JsValue, context: &Context) -> Result<JsValue, JsValue> {
    let head = PlatformRequestHead::of(request);
    if head.path() == "/.onlyonce/problems" {
        return page("text/html; charset=utf-8", &problem_page()).map(Into::into);
    }
    let config = match config::config(env) {
        Ok(config) => config,
        Err(misconfigured) => return refuse_or_pass(request, &head, env, &misconfigured),
    };
    if is_loop(head.header("via").as_deref(), &config.pseudonym) {
        let problem = Problem::new(Code::LoopDetected, LOOP);
        return Audience::default().problem(&problem).map(Into::into);
    }
    if head.path() == "/.onlyonce/health" {
        let window = config.policy.defaults.retry_window;
        let text = health(env!("CARGO_PKG_VERSION"), js::now(), window);
        return page("application/json", &text).map(Into::into);
    }
    if head.path().starts_with(PREFIX) {
        let answer = operator::answer(request, &head, &config, env).await;
        return answer.unwrap_or_else(nothing_here).map(Into::into);
    }
    if let Some(settings) = preflighted(&head, &config)
        && let Some(cors) = &settings.cors
    {
        return pass_preflight(request, &head, &config, env, cors).await.map(Into::into);
    }
    match config.policy.guards(head.method(), head.path()) {
        None => pass_through(request, &head, &config, env).map(Into::into),
        Some(settings) => {
            let realm = config.policy.realm(head.host());
            let (head, config, settings) = (&head, &*config, &*settings);
            let (noted, queue) = (RequestLog::default(), None);
            let guarded =
                Guarded { request, head, config, settings, env, context, noted, realm, queue };
            guarded.answer().await.map(Into::into)
        }
    }
}

/// How the request is guarded that a browser asks leave for.
fn preflighted(head: &PlatformRequestHead, config: &Config) -> Option<Rc<Settings>> {
    if head.method() != "OPTIONS" {
        return None;
    }
    config.policy.guards(&head.header("access-control-request-method")?, head.path())
}

/// Nothing can be guarded; what never is still passes, where the origin is known.
fn refuse_or_pass(
    request: &Request,
    head: &PlatformRequestHead,
    env: &JsValue,
    misconfigured: &Misconfigured,
) -> Result<JsValue, JsValue> {
    match &misconfigured.passing {
        Some(config) if matches!(head.method(), "GET" | "HEAD" | "OPTIONS") => {
            pass_through(request, head, config, env).map(Into::into)
        }
        _ => {
            let problem = Problem::new(Code::Misconfigured, misconfigured.detail.clone());
            Audience::default().problem(&problem).map(Into::into)
        }
    }
}

const LOOP: &str =
    "ORIGIN leads back to this Worker; set it to a hostname that no route of this Worker covers";

/// What the guard serves itself. It is never cached, since it speaks of this moment.
fn page(content_type: &str, text: &str) -> Result<Response, JsValue> {
    let response = Response::new_with_opt_str(Some(text))?;
    response.headers().set("content-type", content_type)?;
    response.headers().set("cache-control", "no-store")?;
    // Any page may read this: it is the same for everybody.
    response.headers().set("access-control-allow-origin", "*")?;
    Ok(response)
}

/// The guard's own paths never reach the origin.
fn nothing_here() -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(404);
    Response::new_with_opt_str_and_init(Some("The guard has nothing here.\n"), &init)
}
