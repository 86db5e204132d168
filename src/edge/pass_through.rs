//! Requests that are not guarded: they stream to the origin and back, and their bodies never enter
//! WebAssembly's memory.

use super::client_response::ResponseContext;
use super::incoming::Incoming;
use super::origin_fetch::{Coding, OriginFetch, changed_headers, mutable, send};
use super::platform::answer_headers::AnswerHeaders;
use super::platform::log;
use super::platform::{message_of, promise_of};
use crate::guard::forward::{NOT_FORWARDED, added};
use crate::guard::origin::can_be_shown;
use crate::guard::problem::{Code, Problem};
use crate::guard::request_head::RequestHead;
use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Request, RequestInit, RequestRedirect, Response};

#[wasm_bindgen]
extern "C" {
    /// What the client's connection was like, for an origin that is a Worker.
    type ClientRequest;
    #[wasm_bindgen(method, getter)]
    fn cf(this: &ClientRequest) -> JsValue;
    type CfInit;
    #[wasm_bindgen(method, setter)]
    fn set_cf(this: &CfInit, cf: &JsValue);

    #[wasm_bindgen(js_name = Request)]
    type CopiedRequest;
    #[wasm_bindgen(constructor, catch, js_class = Request)]
    fn copy(url: &str, request: &Request) -> Result<CopiedRequest, JsValue>;

    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch_copy(request: &CopiedRequest, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// The promise of the origin's response, unaltered. It is the platform's own: nothing of the guard's
/// runs when the response comes.
pub fn pass_through(incoming: &Incoming) -> Result<Promise, JsValue> {
    let Incoming { request, head, config, bindings, .. } = incoming;
    let url = config.origin_url(head);
    let init = RequestInit::new();
    let headers = changed_headers(head, &NOT_FORWARDED, &gained(incoming))?;
    init.set_headers_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    let body = request.body();
    if body.is_some() && matches!(head.method(), "GET" | "HEAD") {
        return send_copy(incoming, &url, &init);
    }
    init.set_method(head.method());
    if let Some(body) = body {
        init.set_body(&body);
    }
    if bindings.origin.is_some() {
        init.unchecked_ref::<CfInit>().set_cf(&request.unchecked_ref::<ClientRequest>().cf());
    }
    send(bindings, &url, &init)
}

/// Only a copy of a request may have a body with GET and HEAD.
fn send_copy(incoming: &Incoming, url: &str, init: &RequestInit) -> Result<Promise, JsValue> {
    let copy = CopiedRequest::copy(url, &incoming.request)?;
    match &incoming.bindings.origin {
        Some(service) => service.fetch_with_init(copy.unchecked_ref(), init),
        None => fetch_copy(&copy, init),
    }
}

/// The same, with a problem in the place of a response that does not come.
pub fn pass_or_tell(incoming: &Incoming) -> Result<Promise, JsValue> {
    thread_local! {
        static TELL: Closure<dyn Fn(JsValue) -> Result<Response, JsValue>> =
            Closure::new(|error: JsValue| origin_lost(&ResponseContext::default(), &error));
    }
    let response = pass_through(incoming)?;
    let context = ResponseContext::without_policy(&incoming.head);
    if context.is_for_a_person() {
        return Ok(promise_of(async move {
            response_or_problem(response, &context).await.map(JsValue::from)
        }));
    }
    // One closure for all other readers: it holds nothing of a request.
    TELL.with(|tell| {
        let tell = tell.as_ref().unchecked_ref::<js_sys::Function>();
        Ok(response.unchecked_ref::<Catchable>().catch(tell))
    })
}

#[wasm_bindgen]
extern "C" {
    type Catchable;
    #[wasm_bindgen(method)]
    fn catch(this: &Catchable, handler: &js_sys::Function) -> Promise;
}

/// The origin's response, or what is told where none comes.
async fn response_or_problem(
    response: Promise,
    context: &ResponseContext<'_>,
) -> Result<Response, JsValue> {
    match JsFuture::from(response).await {
        Ok(response) => Ok(response.unchecked_into()),
        Err(error) => origin_lost(context, &error),
    }
}

/// What answers a request that was sent on in vain.
fn origin_lost(context: &ResponseContext, error: &JsValue) -> Result<Response, JsValue> {
    log::warning(&format!("onlyonce: a request was sent on in vain: {}", message_of(error)));
    context.problem(&Problem::new(Code::OriginUnreachable, LOST))
}

/// The headers that a request gains on its way to the origin.
fn gained(incoming: &Incoming) -> Vec<(&'static str, String)> {
    added(&incoming.head.addressed(), &incoming.config.pseudonym)
}

const LOST: &str = "the connection to ORIGIN, the origin's address in the guard's settings, could not be made or broke before an answer, and this request was not guarded; look whether the origin runs and ORIGIN names it, and what became of the request before you send it again";

/// The origin's response to a request on a guarded route that carries no key.
pub async fn pass_keyless(
    incoming: &Incoming,
    context: &ResponseContext<'_>,
) -> Result<Response, JsValue> {
    let response = response_or_problem(pass_through(incoming)?, context).await?;
    Ok(marked(response, Coding::Platform, context, BypassReason::Keyless))
}

/// Why a request of a guarded route is sent on unguarded.
#[derive(Clone, Copy)]
pub enum BypassReason {
    Keyless,
    /// The policy only watches.
    Observe,
    /// The guard cannot be reached, and the policy says `on_guard_failure = "open"`.
    FailOpen,
}

/// The origin's response to a request whose body has been read already.
pub async fn pass_buffered(
    incoming: &Incoming,
    context: &ResponseContext<'_>,
    body: &Uint8Array,
    reason: BypassReason,
) -> Result<Response, JsValue> {
    let none = JsValue::UNDEFINED;
    pass_body(incoming, context, if body.length() > 0 { body } else { &none }, reason).await
}

/// The same for a body that may still be coming in; `undefined` where there is none.
pub async fn pass_body(
    incoming: &Incoming,
    context: &ResponseContext<'_>,
    body: &JsValue,
    reason: BypassReason,
) -> Result<Response, JsValue> {
    let Incoming { head, config, bindings, .. } = incoming;
    let url = &config.origin_url(head);
    let left_out = [&NOT_FORWARDED[..], &["content-length"]].concat();
    let headers = &changed_headers(head, &left_out, &gained(incoming))?;
    let fetch = OriginFetch { method: head.method(), url, headers, body, signal: None };
    let response = response_or_problem(fetch.send(bindings)?, context).await?;
    Ok(marked(response, Coding::Untouched, context, reason))
}

/// The origin's response, and why it was not guarded. One that no other can be made of, such as one of a
/// status that nobody knows, goes on as it is: a request was sent, so what came of it is told, with or
/// without a word of the guard's.
fn marked(
    response: Response,
    coding: Coding,
    context: &ResponseContext,
    reason: BypassReason,
) -> Response {
    if !can_be_shown(response.status()) {
        return response;
    }
    match with_mark(&response, coding, context, reason) {
        Ok(marked) => marked,
        Err(error) => {
            log::warning(&format!("onlyonce: a response went on unmarked: {}", message_of(&error)));
            response
        }
    }
}

fn with_mark(
    response: &Response,
    coding: Coding,
    context: &ResponseContext,
    reason: BypassReason,
) -> Result<Response, JsValue> {
    let response = mutable(response, coding)?;
    let status = match reason {
        BypassReason::Keyless => "onlyonce; fwd=bypass",
        BypassReason::Observe => "onlyonce; fwd=bypass; detail=observe",
        BypassReason::FailOpen => "onlyonce; fwd=bypass; detail=fail-open",
    };
    let mut headers = AnswerHeaders::Live(response.headers());
    headers.append("cache-status", status.into())?;
    headers.change(context.cors_changes(&|name| headers.value(name)))?;
    Ok(response)
}
