//! Requests that are not guarded: they stream to the origin and back, and their bodies never
//! enter WebAssembly's memory.

use super::config::{Config, origin_service};
use super::head::RequestHead;
use super::js;
use super::present::{mutable, problem};
use crate::guard::forward::added;
use crate::guard::problem::{Code, Problem};
use wasm_bindgen::JsValue;
use web_sys::{Request, RequestInit, RequestRedirect, Response};

/// The origin's response, unaltered.
pub async fn pass_through(
    request: &Request,
    head: &RequestHead,
    config: &Config,
    env: &JsValue,
) -> Result<Response, JsValue> {
    let outbound = outbound(request, head, config)?;
    let promise = match origin_service(env) {
        Some(service) => service.fetch_request(&outbound),
        None => js::fetch(&outbound),
    };
    match js::wait(promise).await {
        Ok(response) => Ok(response),
        Err(_) => problem(&Problem::new(Code::OutcomeUnknown, LOST), None),
    }
}

const LOST: &str = "the connection to the origin could not be made or broke, and this request was not guarded; look at the origin's data before you send it again";

/// The origin's response to a request on a guarded route that carries no key.
pub async fn pass_keyless(
    request: &Request,
    head: &RequestHead,
    config: &Config,
    env: &JsValue,
) -> Result<Response, JsValue> {
    let response = mutable(&pass_through(request, head, config, env).await?)?;
    response.headers().append("cache-status", "onlyonce; fwd=bypass")?;
    Ok(response)
}

fn outbound(request: &Request, head: &RequestHead, config: &Config) -> Result<Request, JsValue> {
    let url = config.origin_url(head);
    let moved = Request::new_with_str_and_init(&url, wasm_bindgen::JsCast::unchecked_ref(request))?;
    let headers = moved.headers();
    for (name, value) in added(&head.addressed(), &config.pseudonym) {
        headers.set(name, &value)?;
    }
    let init = RequestInit::new();
    init.set_redirect(RequestRedirect::Manual);
    Request::new_with_request_and_init(&moved, &init)
}
