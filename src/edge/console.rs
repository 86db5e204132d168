//! Serves the operator's console from the deployment's assets (`CONSOLE`): nothing else reads them.

use super::admin::refuse;
use super::incoming::Incoming;
use super::platform::log;
use crate::guard::console::{ConsoleFile, HEADERS, NoFile};
use crate::guard::operator::AdminError;
use crate::guard::request_head::RequestHead;
use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, Request, RequestInit, Response, ResponseInit};
use worker::worker_sys::Fetcher;

/// Answers a request for the console. Returns `None` if this deployment has no console or no operator, or
/// if there is no such file.
pub async fn answer(
    incoming: &Incoming,
    requested: Result<ConsoleFile, NoFile>,
) -> Option<Result<Response, JsValue>> {
    let assets = incoming.bindings.console.as_ref();
    let assets = assets.filter(|_| incoming.config.has_operator(&incoming.bindings))?;
    match requested {
        Ok(file) => serve(assets, &file, incoming.head.method()).await.transpose(),
        Err(NoFile::NotFound) => None,
        Err(NoFile::MethodNotAllowed) => Some(refuse_method()),
    }
}

/// The file alone, without what the assets say beside it. Returns `None` if it is not among them.
async fn serve(
    assets: &Fetcher,
    file: &ConsoleFile,
    method: &str,
) -> Result<Option<Response>, JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    // Only the path counts, and a request of our own has no conditions: it is never answered with 304.
    let url = format!("https://console{}", file.path);
    let request = Request::new_with_str_and_init(&url, &init)?;
    let found: Response = JsFuture::from(assets.fetch(&request)?).await?.unchecked_into();
    if found.status() != 200 {
        log::warning(&format!(
            "onlyonce: the binding CONSOLE has no file {} (status {}); see docs/DEPLOYMENT.md",
            file.path,
            found.status()
        ));
        return Ok(None);
    }
    let headers = Headers::new()?;
    headers.set("content-type", file.content_type)?;
    for (name, value) in HEADERS {
        headers.set(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_headers(&headers);
    Response::new_with_opt_readable_stream_and_init(found.body().as_ref(), &init).map(Some)
}

fn refuse_method() -> Result<Response, JsValue> {
    let response = refuse(&AdminError::ConsoleIsRead)?;
    response.headers().set("allow", "GET, HEAD")?;
    Ok(response)
}
