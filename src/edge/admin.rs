//! The Worker's half of what an operator asks: who asks, whether they may, and which shard is to answer.

use super::access::verify;
use super::all_shards::ask_all;
use super::incoming::Incoming;
use super::object_client::shard_stub;
use super::platform::now;
use super::platform::request_head::PlatformRequestHead;
use crate::guard::operator::{
    AdminError, AdminRequest, Credentials, MAX_REQUEST_BODY, OPERATOR_HEADER, Operator,
    OutcomesPage, OutcomesQuery, ShardOutcomes, ShardPage, UnknownPage, UnknownQuery, find, found,
};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use js_sys::futures::JsFuture;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response, ResponseInit};

/// Answers an operator. Returns `None` if this deployment has none.
pub async fn answer(incoming: &Incoming) -> Option<Result<Response, JsValue>> {
    if !incoming.config.has_operator(&incoming.bindings) {
        return None;
    }
    Some(match permitted(incoming).await {
        Ok((operator, AdminRequest::Operator)) => json(200, &operator.to_json()),
        Ok((_, AdminRequest::Find)) => find_record(incoming).await,
        Ok((_, AdminRequest::Unknown(query))) => list_unknown(incoming, query).await,
        Ok((_, AdminRequest::Outcomes(query))) => count_outcomes(incoming, query).await,
        Ok((operator, AdminRequest::Record(id, _))) => ask_shards(incoming, &operator, &id).await,
        Err(error) => refuse(&error),
    })
}

/// Who asks, and what, where they may.
async fn permitted(incoming: &Incoming) -> Result<(Operator, AdminRequest), AdminError> {
    let Incoming { head, config, bindings, .. } = incoming;
    let (token, access) = (bindings.admin_token.as_deref(), config.access.as_ref());
    let mut credentials = Credentials::of(head, token, access, now())?;
    if let Some((access, assertion)) = access.zip(credentials.assertion.as_ref()) {
        match verify(access, assertion).await {
            Err(unread @ AdminError::KeysUnreadable) => {
                credentials = credentials.without_assertion().ok_or(unread)?;
            }
            verified => verified?,
        }
    }
    let operator = credentials.operator(access);
    let request = AdminRequest::parse(head.method(), head.path(), head.query())?;
    operator.check(&request, head, &head.address().base())?;
    Ok((operator, request))
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

/// Asks the record's shard, which reads the request again and is told who asks; where that has no such
/// record and `shards` was changed, the shard of before.
async fn ask_shards(
    incoming: &Incoming,
    operator: &Operator,
    id: &RecordId,
) -> Result<Response, JsValue> {
    let request = named(&incoming.request, operator)?;
    let sharding = &incoming.config.policy.sharding;
    let shard = sharding.shards.shard_of(id);
    let Some(before) = sharding.before else {
        return ask(incoming, &shard, &request).await;
    };
    // The second needs a body of its own: a request's `clone` in JavaScript's sense.
    let again = request.clone()?;
    let answer = ask(incoming, &shard, &request).await?;
    if !matches!(answer.status(), 404 | 409) {
        return Ok(answer);
    }
    // One of the two has the record. Where neither does as it is told, the shard of now says why.
    let earlier = ask(incoming, &before.shard_of(id), &again).await?;
    Ok(if earlier.ok() || answer.status() == 404 { earlier } else { answer })
}

/// The same request with the operator's name, in the place of one that came with it.
fn named(request: &Request, operator: &Operator) -> Result<Request, JsValue> {
    let request = Request::new_with_request(request)?;
    request.headers().set(OPERATOR_HEADER, &operator.name)?;
    Ok(request)
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
    let response = json(error.status(), &error.to_json())?;
    if response.status() == 401 {
        response.headers().set("www-authenticate", "Bearer")?;
    }
    Ok(response)
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
