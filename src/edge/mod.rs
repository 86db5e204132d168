//! The edge: thin adapters that load, let the rules decide, and apply.
//!
//! A panic here would take every request of the isolate with it, so nothing here can: no unwrap,
//! no indexing, no arithmetic that may overflow. The lints at the head of the crate see to it.

mod access;
mod admin;
mod all_shards;
mod client_response;
mod config;
mod console;
mod copies;
mod guard_request;
mod guarded_request;
mod identified_request;
mod incoming;
mod key_status;
mod object;
mod object_client;
mod origin_fetch;
mod pass_through;
mod platform;
mod queue_consumer;
mod sealed;

use crate::guard::console::requested;
use crate::guard::contract::{self, contract};
use crate::guard::forward::is_loop;
use crate::guard::health::health;
use crate::guard::key_status::PATH;
use crate::guard::problem::{Code, Problem};
use crate::guard::problem_page::{PAGE_HEADERS, explanations};
use crate::guard::request_head::RequestHead;
use client_response::ResponseContext;
use config::Misconfigured;
use guarded_request::GuardedRequest;
use incoming::Incoming;
use js_sys::Promise;
use pass_through::pass_or_tell;
use platform::bindings::Bindings;
use platform::request_head::PlatformRequestHead;
use platform::{log, message_of, now, promise_of};
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
    promise_of(queue_consumer::consume(batch, env, context))
}

/// An error that no rule foresaw: it is said in the log, and says nothing about the origin.
fn failed(error: &JsValue) -> Result<Response, JsValue> {
    log::error(&format!("onlyonce: an unforeseen error: {}", message_of(error)));
    ResponseContext::default().problem(&Problem::new(Code::GuardUnavailable, UNFORESEEN))
}

const UNFORESEEN: &str =
    "the guard failed; send the same request with the same key again, and look at the guard's log";

const VERSION: &str = env!("CARGO_PKG_VERSION");
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// What answers a request. What is not guarded gets the platform's own promise.
fn route(request: Request, env: &Env, context: Context) -> Result<Promise, JsValue> {
    let Some(head) = PlatformRequestHead::of(&request) else {
        let problem = Problem::new(Code::AddressInvalid, NO_ADDRESS);
        return at_once(ResponseContext::default().problem(&problem));
    };
    if head.path() == "/.onlyonce/problems" {
        return at_once(page(&PAGE_HEADERS, &explanations()));
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
    if let Some(problem) = misrouted(&incoming) {
        let (_, settings) = config.policy.route(head.path());
        return at_once(ResponseContext::of(head, &settings).problem(&problem));
    }
    if head.path() == "/.onlyonce/health" {
        let window = config.policy.defaults.retry_window;
        let health = health(VERSION, now(), window, incoming.bindings.deployment.as_ref());
        return at_once(page(&JSON, &health));
    }
    if head.path() == contract::PATH {
        return at_once(page(&JSON, &contract(VERSION, &config.policy)));
    }
    if head.path() == PATH {
        return Ok(later(async move { key_status::answer(&incoming).await }));
    }
    if head.address().is_own() {
        return Ok(later(async move { own(&incoming).await.unwrap_or_else(nothing_here) }));
    }
    if let Some(answer) = preflight(&incoming) {
        return at_once(answer);
    }
    match config.policy.guards(head.method(), head.path()) {
        None => pass_or_tell(&incoming),
        Some(settings) => {
            let realm = config.policy.realm(head.host());
            let context = incoming.context.clone();
            let guarded = GuardedRequest::over_http(incoming, settings, realm);
            let answer = later(async move { guard_request::answer(&guarded).await });
            // Where a client hangs up the platform lets go of what it would have been told, and of nothing
            // that Rust holds: a future that is never polled again is never dropped, and its body neither.
            context.wait_until(&answer)?;
            Ok(answer)
        }
    }
}

/// What an operator asks. Returns `None` if there is nothing under the path.
async fn own(incoming: &Incoming) -> Option<Result<Response, JsValue>> {
    match requested(incoming.head.method(), incoming.head.path()) {
        Some(requested) => console::answer(incoming, requested).await,
        None => admin::answer(incoming).await,
    }
}

fn at_once(response: Result<Response, JsValue>) -> Result<Promise, JsValue> {
    Ok(Promise::resolve(&JsValue::from(response?)))
}

/// The promise of a response, which is never rejected.
fn later(response: impl Future<Output = Result<Response, JsValue>> + 'static) -> Promise {
    promise_of(async move { response.await.or_else(|error| failed(&error)).map(JsValue::from) })
}

/// The answer to a browser that asks leave for a guarded request. Returns `None` if that is the origin's
/// to give.
fn preflight(incoming: &Incoming) -> Option<Result<Response, JsValue>> {
    let head = &incoming.head;
    if head.method() != "OPTIONS" {
        return None;
    }
    let method = head.header("access-control-request-method")?;
    let settings = incoming.config.policy.guards(&method, head.path())?;
    ResponseContext::preflight(&settings, head, &method)
}

/// Nothing can be guarded; what never is still passes, where the origin is known.
fn refuse_or_pass(
    request: Request,
    head: PlatformRequestHead,
    bindings: Rc<Bindings>,
    context: Rc<Context>,
    misconfigured: &Misconfigured,
) -> Result<Promise, JsValue> {
    let is_read = matches!(head.method(), "GET" | "HEAD" | "OPTIONS");
    match &misconfigured.passing {
        Some(config) if is_read && !head.address().is_own() => {
            let config = config.clone();
            let incoming = Incoming { request, head, config, bindings, context };
            match misrouted(&incoming) {
                Some(problem) => refuse(&incoming.head, &problem),
                None => pass_or_tell(&incoming),
            }
        }
        _ => refuse(&head, &Problem::new(Code::Misconfigured, misconfigured.detail.clone())),
    }
}

/// Why a request must go nowhere, whatever the policy says of it.
fn misrouted(incoming: &Incoming) -> Option<Problem> {
    let Incoming { head, config, .. } = incoming;
    if is_loop(head.header("via").as_deref(), &config.pseudonym) {
        return Some(Problem::new(Code::LoopDetected, LOOP));
    }
    if !config.holds(head) {
        return Some(Problem::new(Code::AddressInvalid, OUTSIDE));
    }
    let is_ambiguous = config.policy.is_ambiguous(head.method(), head.path());
    is_ambiguous.then(|| Problem::new(Code::AddressInvalid, AMBIGUOUS))
}

fn refuse(head: &PlatformRequestHead, problem: &Problem) -> Result<Promise, JsValue> {
    at_once(ResponseContext::without_policy(head).problem(problem))
}

const LOOP: &str =
    "ORIGIN leads back to this Worker; set it to a hostname that no route of this Worker covers";
const NO_ADDRESS: &str = "the request's host cannot be one; send a Host header with the name that the guard answers under";
const OUTSIDE: &str = "the request's path holds percent-encoded dots and slashes that an origin could read as leading out of ORIGIN's path; send the path that they stand for";
const AMBIGUOUS: &str = "the request's path holds a percent-encoding, a backslash or a semicolon by which an origin could read another path, which is guarded in another way; send the path that is meant, with its slashes and dots as they are";

/// What the guard serves itself. It is never cached, since it speaks of this moment.
fn page(headers: &[(&str, &str)], text: &str) -> Result<Response, JsValue> {
    let response = Response::new_with_opt_str(Some(text))?;
    for (name, value) in headers {
        response.headers().set(name, value)?;
    }
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
