//! Requests that are not guarded: they stream to the origin and back, and their bodies never
//! enter WebAssembly's memory.

use super::config::{Config, with_service};
use super::head::PlatformRequestHead;
use super::js;
use super::present::{Audience, mutable};
use crate::guard::cors::Cors;
use crate::guard::forward::added;
use crate::guard::problem::{Code, Problem};
use crate::guard::request_head::RequestHead;
use js_sys::{Promise, Uint8Array};
use std::future::Future;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

/// The promise of the origin's response, unaltered. It is the platform's own: nothing of the guard's
/// runs when the response comes.
pub fn pass_through(
    request: &Request,
    head: &PlatformRequestHead,
    config: &Config,
    env: &JsValue,
) -> Result<Promise, JsValue> {
    let (url, headers) = (config.origin_url(head), gained(head, config));
    with_service(env, |service| js::send_on(service, request, &url, &headers))
}

/// What answers a request that was sent on in vain.
#[wasm_bindgen(js_name = originLost)]
pub fn origin_lost() -> Result<Response, JsValue> {
    Audience::default().problem(&Problem::new(Code::OutcomeUnknown, LOST))
}

/// The headers that a request gains on its way to the origin.
fn gained(head: &PlatformRequestHead, config: &Config) -> String {
    js::pairs(&added(&head.addressed(), &config.pseudonym))
}

const LOST: &str = "the connection to the origin could not be made or broke, and this request was not guarded; look at the origin's data before you send it again";

/// The origin's response to a request on a guarded route that carries no key.
pub async fn pass_keyless(
    request: &Request,
    head: &PlatformRequestHead,
    config: &Config,
    env: &JsValue,
) -> Result<Response, JsValue> {
    let response = js::wait(pass_through(request, head, config, env)).await?;
    marked(&response, Why::Keyless)
}

/// Why a request of a guarded route is sent on unguarded.
#[derive(Clone, Copy)]
pub enum Why {
    Keyless,
    /// The policy only watches.
    Observe,
    /// The guard cannot be reached, and the policy says `on_guard_failure = "open"`.
    FailOpen,
}

/// The origin's response to a request whose body has been read already.
pub fn pass_buffered(
    head: &PlatformRequestHead,
    config: &Config,
    env: &JsValue,
    body: &Uint8Array,
    why: Why,
) -> impl Future<Output = Result<Response, JsValue>> {
    pass_read(head, config, env, (body.length() > 0).then_some(body), why)
}

/// The same for a body that may still be coming in.
pub async fn pass_read(
    head: &PlatformRequestHead,
    config: &Config,
    env: &JsValue,
    body: Option<&JsValue>,
    why: Why,
) -> Result<Response, JsValue> {
    let (url, headers) = (config.origin_url(head), gained(head, config));
    let none = JsValue::UNDEFINED;
    let body = body.unwrap_or(&none);
    let sent = with_service(env, |service| {
        let (method, given) = (head.method(), head.headers());
        js::send_afresh(service, method, &given, &url, "content-length", &headers, body, None)
    })?;
    let response = match js::wait(Ok(sent)).await {
        Ok(response) => response,
        Err(_) => origin_lost()?,
    };
    marked(&response, why)
}

fn marked(response: &Response, why: Why) -> Result<Response, JsValue> {
    let response = mutable(response)?;
    let status = match why {
        Why::Keyless => "onlyonce; fwd=bypass",
        Why::Observe => "onlyonce; fwd=bypass; detail=observe",
        Why::FailOpen => "onlyonce; fwd=bypass; detail=fail-open",
    };
    response.headers().append("cache-status", status)?;
    Ok(response)
}

/// The origin's answer to a preflight, with the guard's header among those that it allows.
pub async fn pass_preflight(
    request: &Request,
    head: &PlatformRequestHead,
    config: &Config,
    env: &JsValue,
    cors: &Cors,
) -> Result<Response, JsValue> {
    let response: Response = js::wait(pass_through(request, head, config, env)).await?;
    let page = head.header("origin").unwrap_or_default();
    let allowed = response.headers().get("access-control-allow-headers")?;
    let Some((name, value)) = cors.preflight(&page, allowed.as_deref()) else {
        return Ok(response);
    };
    let response = mutable(&response)?;
    response.headers().append(name, value)?;
    Ok(response)
}
