//! The Worker's half of what an operator asks: who asks, and which shard is to answer.

use super::all_shards::ask_all;
use super::incoming::Incoming;
use super::object_client::shard_stub;
use super::platform::now;
use super::platform::request_head::PlatformRequestHead;
use crate::guard::operator::{
    AdminError, AdminRequest, MAX_REQUEST_BODY, OutcomesPage, OutcomesQuery, ShardOutcomes,
    ShardPage, UnknownPage, UnknownQuery, find, found, is_operator,
};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use js_sys::futures::JsFuture;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response, ResponseInit};

/// Answers an operator. Returns `None` if this deployment has none.
pub async fn answer(incoming: &Incoming) -> Option<Result<Response, JsValue>> {
    let head = &incoming.head;
    let token = incoming.bindings.admin_token.as_deref()?;
    if !is_operator(head.header("authorization").as_deref(), token) {
        return Some(unauthorized());
    }
    Some(match AdminRequest::parse(head.method(), head.path(), head.query()) {
        Ok(AdminRequest::Find) => find_record(incoming).await,
        Ok(AdminRequest::Unknown(query)) => list_unknown(incoming, query).await,
        Ok(AdminRequest::Outcomes(query)) => count_outcomes(incoming, query).await,
        Ok(AdminRequest::Record(id, _)) => ask_shards(incoming, &id).await,
        Err(error) => refuse(&error),
    })
}

fn unauthorized() -> Result<Response, JsValue> {
    let response = refuse(&AdminError::Unauthorized)?;
    response.headers().set("www-authenticate", "Bearer")?;
    Ok(response)
}

async fn find_record(incoming: &Incoming) -> Result<Response, JsValue> {
    let realm = incoming.config.policy.realm(incoming.head.host());
    let question = read_body(&incoming.request, &incoming.head).await;
    match question.and_then(|text| find(&text, &realm, &incoming.bindings.pepper)) {
        Ok(id) => json(200, &found(&id)),
        Err(error) => refuse(&error),
    }
}

/// The body of a request of the operator's.
pub async fn read_body(
    request: &Request,
    head: &PlatformRequestHead,
) -> Result<String, AdminError> {
    if head.content_length().is_none_or(|length| length > MAX_REQUEST_BODY) {
        return Err(AdminError::BodyUnreadable);
    }
    let promise = request.text().map_err(|_| AdminError::BodyUnreadable)?;
    let text = JsFuture::from(promise).await.ok().and_then(|text| text.as_string());
    text.ok_or(AdminError::BodyUnreadable)
}

/// One page of the unknown outcomes of all shards. Each shard gets the operator's request with the place
/// at which the page begins, which is the same for all of them.
async fn list_unknown(incoming: &Incoming, query: UnknownQuery) -> Result<Response, JsValue> {
    let answers = ask_all(incoming, query.after.first_shard).await?;
    let (found, unreachable, next_shard) = answers.read(ShardPage::decode);
    json(200, &UnknownPage::join(&query, found, unreachable, next_shard).to_json())
}

/// What became of the last hour's operations, in one page of the shards.
async fn count_outcomes(incoming: &Incoming, query: OutcomesQuery) -> Result<Response, JsValue> {
    let answers = ask_all(incoming, query.first_shard).await?;
    let (found, unreachable, next_shard) = answers.read(ShardOutcomes::decode);
    json(200, &OutcomesPage::join(&found, unreachable, next_shard, now()).to_json())
}

/// Asks the record's shard, which reads the request again; where that has no such record and `shards`
/// was changed, the shard of before.
async fn ask_shards(incoming: &Incoming, id: &RecordId) -> Result<Response, JsValue> {
    let sharding = &incoming.config.policy.sharding;
    let shard = sharding.shards.shard_of(id);
    let Some(before) = sharding.before else {
        return ask(incoming, &shard, &incoming.request).await;
    };
    // The second needs a body of its own: a request's `clone` in JavaScript's sense.
    let again = incoming.request.clone()?;
    let answer = ask(incoming, &shard, &incoming.request).await?;
    if !matches!(answer.status(), 404 | 409) {
        return Ok(answer);
    }
    // One of the two has the record. Where neither does as it is told, the shard of now says why.
    let earlier = ask(incoming, &before.shard_of(id), &again).await?;
    Ok(if earlier.ok() || answer.status() == 404 { earlier } else { answer })
}

async fn ask(incoming: &Incoming, shard: &str, request: &Request) -> Result<Response, JsValue> {
    let Ok(stub) = shard_stub(incoming, shard) else {
        return refuse(&AdminError::ObjectUnreachable);
    };
    match stub.fetch_with_request(Clone::clone(request).into()).await {
        Ok(response) => Ok(response.into()),
        Err(_) => refuse(&AdminError::ObjectUnreachable),
    }
}

pub fn refuse(error: &AdminError) -> Result<Response, JsValue> {
    json(error.status(), &error.to_json())
}

pub fn json(status: u16, text: &str) -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(status);
    let response = Response::new_with_opt_str_and_init(Some(text), &init)?;
    set_json_headers(&response)?;
    Ok(response)
}

/// What an operator is told is JSON, and of this moment alone.
pub fn set_json_headers(response: &Response) -> Result<(), JsValue> {
    response.headers().set("content-type", "application/json")?;
    response.headers().set("cache-control", "no-store")
}
