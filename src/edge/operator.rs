//! The Worker's half of what an operator asks: who asks, and which object is to answer.

use super::config::{self, Config};
use super::head::PlatformRequestHead;
use super::js;
use crate::guard::bytes::from_decimal;
use crate::guard::operator::{
    AdminError, AdminRequest, MAX_QUESTION, find, found, is_operator, question,
};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use js_sys::JsString;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response, ResponseInit};

/// Answers an operator; nothing where this deployment has none.
pub async fn answer(
    request: &Request,
    head: &PlatformRequestHead,
    config: &Config,
    env: &JsValue,
) -> Option<Result<Response, JsValue>> {
    let token = js::member(env, "ADMIN_TOKEN")?.as_string().filter(|token| !token.is_empty())?;
    if !is_operator(head.header("authorization").as_deref(), &token) {
        return Some(unauthorised());
    }
    Some(match question(head.method(), head.path(), head.query()) {
        Ok(AdminRequest::Find) => {
            find_record(request, head, &config.policy.realm(head.host())).await
        }
        Ok(AdminRequest::Record(id, _)) => ask(request, &id, env).await,
        Err(complaint) => complain(complaint),
    })
}

fn unauthorised() -> Result<Response, JsValue> {
    let response = complain(AdminError::UNAUTHORISED)?;
    response.headers().set("www-authenticate", "Bearer")?;
    Ok(response)
}

async fn find_record(
    request: &Request,
    head: &PlatformRequestHead,
    realm: &str,
) -> Result<Response, JsValue> {
    match read_question(request, head).await.and_then(|text| find(&text, realm)) {
        Ok(id) => json(200, &found(&id)),
        Err(complaint) => complain(complaint),
    }
}

/// The body of a question.
pub async fn read_question(
    request: &Request,
    head: &PlatformRequestHead,
) -> Result<String, AdminError> {
    let length = head.header("content-length").and_then(|length| from_decimal(&length));
    if length.is_none_or(|length| length > MAX_QUESTION) {
        return Err(AdminError::UNREADABLE);
    }
    let text: Result<JsString, _> = js::wait(request.text()).await;
    text.map(String::from).map_err(|_| AdminError::UNREADABLE)
}

/// Hands the request to the record's object, which reads the question again.
async fn ask(request: &Request, id: &RecordId, env: &JsValue) -> Result<Response, JsValue> {
    let Some(objects) = config::guard_objects(env) else {
        return complain(AdminError::UNREACHED);
    };
    let sent = objects.get_by_name(id.as_str()).and_then(|stub| stub.fetch_request(request));
    match js::wait(sent).await {
        Ok(response) => Ok(response),
        Err(_) => complain(AdminError::UNREACHED),
    }
}

pub fn complain(complaint: AdminError) -> Result<Response, JsValue> {
    json(complaint.status, &complaint.to_json())
}

pub fn json(status: u16, text: &str) -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(status);
    let response = Response::new_with_opt_str_and_init(Some(text), &init)?;
    mark(&response)?;
    Ok(response)
}

/// What an operator is told is JSON, and of this moment alone.
pub fn mark(response: &Response) -> Result<(), JsValue> {
    response.headers().set("content-type", "application/json")?;
    response.headers().set("cache-control", "no-store")
}
