//! The edge: thin adapters that load, let the rules decide, and apply.
//!
//! A panic here would take every request of the isolate with it, so nothing here can: no unwrap,
//! no indexing, no arithmetic that may overflow. The lints at the head of the crate see to it.

mod admin;
mod client_response;
mod config;
mod copies;
mod guard_request;
mod guarded_request;
mod identified_request;
mod incoming;
mod object;
mod object_client;
mod origin_fetch;
mod pass_through;
mod platform;
mod queue_consumer;

use crate::guard::forward::is_loop;
use crate::guard::health::health;
use crate::guard::operator::PREFIX;
use crate::guard::policy::Settings;
use crate::guard::problem::{Code, Problem, page as problem_page};
use crate::guard::request_head::RequestHead;
use client_response::ResponseContext;
use config::Misconfigured;
use guarded_request::GuardedRequest;
use incoming::Incoming;
use js_sys::Promise;
use js_sys::futures::future_to_promise;
use pass_through::{pass_or_tell, pass_preflight};
use platform::bindings::Bindings;
use platform::request_head::PlatformRequestHead;
use platform::{log, message_of, now};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response, ResponseInit};
use worker::Env;
use worker::worker_sys::Context;

/// Every HTTP request enters here.
///
/// Not `#[event(fetch)]`, which answers through an async function of JavaScript's: a request that
/// passes through took a quarter more CPU than with a bare Worker, and takes 5 to 9 % more like this.
#[wasm_bindgen]
pub fn fetch(request: Request, env: Env, context: Context) -> Result<Promise, JsValue> {
    route(request, &env, context).or_else(|error| at_once(failed(&error)))
}

/// Every batch of a queue enters here. The macro for it panics on an error and cannot read how often a
/// message was delivered.
#[wasm_bindgen]
pub fn queue(batch: queue_consumer::MessageBatch, env: Env, context: Context) -> Promise {
    future_to_promise(queue_consumer::consume(batch, env, context))
}

/// An error that no rule foresaw: it is said in the log, and says nothing about the origin.
fn failed(error: &JsValue) -> Result<Response, JsValue> {
    log::error(&format!("onlyonce: an unforeseen error: {}", message_of(error)));
    ResponseContext::default().problem(&Problem::new(Code::GuardUnavailable, UNFORESEEN))
}

const UNFORESEEN: &str =
    "the guard failed; send the same request with the same key again, and look at the guard's log";

/// What answers a request. What is not guarded gets the platform's own promise.
fn route(request: Request, env: &Env, context: Context) -> Result<Promise, JsValue> {
    let head = PlatformRequestHead::of(&request);
    if head.path() == "/.onlyonce/problems" {
        return at_once(page("text/html; charset=utf-8", &problem_page()));
    }
    let (bindings, context) = (Bindings::of(env), Rc::new(context));
    let config = match config::config(env) {
        Ok(config) => config,
        Err(misconfigured) => {
            return refuse_or_pass(request, head, bindings, context, &misconfigured);
        }
    };
    let incoming = Incoming { request, head, config, bindings, context };
    let (head, config) = (&incoming.head, &incoming.config);
    if is_loop(head.header("via").as_deref(), &config.pseudonym) {
        let problem = Problem::new(Code::LoopDetected, LOOP);
        return at_once(ResponseContext::default().problem(&problem));
    }
    if head.path() == "/.onlyonce/health" {
        let window = config.policy.defaults.retry_window;
        return at_once(page(
            "application/json",
            &health(env!("CARGO_PKG_VERSION"), now(), window),
        ));
    }
    if head.path().starts_with(PREFIX) {
        return Ok(later(
            async move { admin::answer(&incoming).await.unwrap_or_else(nothing_here) },
        ));
    }
    if let Some(cors) = preflighted(&incoming).and_then(|settings| settings.cors.clone()) {
        return Ok(later(async move { pass_preflight(&incoming, &cors).await }));
    }
    match config.policy.guards(head.method(), head.path()) {
        None => pass_or_tell(&incoming),
        Some(settings) => {
            let realm = config.policy.realm(head.host());
            let guarded = GuardedRequest::over_http(incoming, settings, realm);
            Ok(later(async move { guard_request::answer(&guarded).await }))
        }
    }
}

fn at_once(response: Result<Response, JsValue>) -> Result<Promise, JsValue> {
    Ok(Promise::resolve(&JsValue::from(response?)))
}

/// The promise of a response, which is never rejected.
fn later(response: impl Future<Output = Result<Response, JsValue>> + 'static) -> Promise {
    future_to_promise(
        async move { response.await.or_else(|error| failed(&error)).map(JsValue::from) },
    )
}

/// How the request is guarded that a browser asks leave for.
fn preflighted(incoming: &Incoming) -> Option<Rc<Settings>> {
    let head = &incoming.head;
    if head.method() != "OPTIONS" {
        return None;
    }
    incoming.config.policy.guards(&head.header("access-control-request-method")?, head.path())
}

/// Nothing can be guarded; what never is still passes, where the origin is known.
fn refuse_or_pass(
    request: Request,
    head: PlatformRequestHead,
    bindings: Rc<Bindings>,
    context: Rc<Context>,
    misconfigured: &Misconfigured,
) -> Result<Promise, JsValue> {
    match &misconfigured.passing {
        Some(config) if matches!(head.method(), "GET" | "HEAD" | "OPTIONS") => {
            pass_or_tell(&Incoming { request, head, config: config.clone(), bindings, context })
        }
        _ => {
            let problem = Problem::new(Code::Misconfigured, misconfigured.detail.clone());
            at_once(ResponseContext::default().problem(&problem))
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
