//! The edge: thin adapters that load, let the rules decide, and apply.
//!
//! A panic here would take every request of the isolate with it, so nothing here can: no unwrap,
//! no indexing, no arithmetic that may overflow. The lints at the head of the crate see to it.

mod answer_keeper;
mod answers;
mod arrival;
mod body;
mod config;
mod guarded;
mod head;
mod js;
mod key_object;
mod origin_call;
mod panics;
mod pass_through;
mod present;
mod reception;
mod responses;
mod store;
mod stored;
mod submit;
mod timer;

use crate::guard::forward::is_loop;
use crate::guard::problem::{Code, Problem, page};
use crate::guard::scope::Head;
use head::RequestHead;
use js::Context;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

/// Every HTTP request enters here.
#[wasm_bindgen]
pub async fn fetch(request: Request, env: JsValue, context: Context) -> Result<Response, JsValue> {
    match answer(&request, &env, &context).await {
        Ok(response) => Ok(response),
        Err(error) => failed(&error),
    }
}

/// An error that no rule foresaw: it is said in the log, and says nothing about the origin.
fn failed(error: &JsValue) -> Result<Response, JsValue> {
    let text = js::member(error, "message").and_then(|text| text.as_string()).unwrap_or_default();
    js::log_error(&format!("onlyonce: an unforeseen error: {text}"));
    present::problem(&Problem::new(Code::GuardUnavailable, UNFORESEEN), None)
}

const UNFORESEEN: &str =
    "the guard failed; send the same request with the same key again, and look at the guard's log";

async fn answer(request: &Request, env: &JsValue, context: &Context) -> Result<Response, JsValue> {
    let head = RequestHead::of(request);
    if head.path() == "/.onlyonce/problems" {
        return problems();
    }
    let config = match config::config(env) {
        Ok(config) => config,
        Err(detail) => return present::problem(&Problem::new(Code::Misconfigured, detail), None),
    };
    if is_loop(head.header("via").as_deref(), &config.pseudonym) {
        return present::problem(&Problem::new(Code::LoopDetected, LOOP), None);
    }
    match config.policy.guards(head.method(), head.path()) {
        None => pass_through::pass_through(request, &head, &config, env).await,
        Some(settings) => guarded::guard(request, &head, &config, &settings, env, context).await,
    }
}

const LOOP: &str = "the request came back to the guard that had sent it on: ORIGIN leads to a route of this Worker; set it to a hostname that no route of this Worker covers";

fn problems() -> Result<Response, JsValue> {
    let response = Response::new_with_opt_str(Some(&page()))?;
    response.headers().set("content-type", "text/html; charset=utf-8")?;
    Ok(response)
}
