//! The object's call to the origin.
//!
//! 1. The request is built afresh: no signal but the object's own, redirects handed on, bodies
//!    uncompressed, so that what is stored is what was meant.
//! 2. The call ends in exactly one [`Event`], which is stored before any caller hears of it.
//! 3. Only what fails before `fetch` is called counts as not sent: headers that could not be made, a
//!    body that is gone. An error of `fetch` does not tell a refused connection from one that broke
//!    after the request was read.

use super::answers;
use super::arrival::Arrival;
use super::config::{Config, with_service};
use super::head::PlatformRequestHead;
use super::instance::News;
use super::js::{self, Said};
use super::key_object::KeyObject;
use super::oneshot;
use super::reception::Reception;
use crate::guard::forward::{added, hop_by_hop};
use crate::guard::machine::Event;
use crate::guard::policy::Settings;
use crate::guard::record::Claim;
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use crate::guard::time::UnixMillis;
use js_sys::Promise;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, Response};

/// Wakes the one whose request is sent. Dropped without a word, it says: look at the record.
pub type Caller = oneshot::Sender<Result<Said, JsValue>>;

/// One sending of a claim's request.
pub struct Order {
    pub record: RecordId,
    pub claim: Claim,
    pub settings: Rc<Settings>,
    pub config: Rc<Config>,
    /// Where the client believes the origin to be, for `Location`.
    pub public_base: String,
    sent: Result<Promise, JsValue>,
    pub started: UnixMillis,
}

impl Order {
    /// Sends it. Whoever calls this has written the claim in the same turn; the output gate holds
    /// the request back until that is durable.
    pub fn send(arrival: &Arrival, claim: Claim, abort: &AbortController, env: &JsValue) -> Self {
        Self {
            started: js::now(),
            sent: send(arrival, &claim, abort, env),
            record: arrival.submit.record.clone(),
            claim,
            settings: arrival.settings.clone(),
            config: arrival.config.clone(),
            public_base: arrival.head.public_base(),
        }
    }
}

fn send(
    arrival: &Arrival,
    claim: &Claim,
    abort: &AbortController,
    env: &JsValue,
) -> Result<Promise, JsValue> {
    let Arrival { head, config, .. } = arrival;
    let body = arrival.body().ok_or("the request's body is gone")?;
    let body = if body.length() > 0 { body.into() } else { JsValue::UNDEFINED };
    let (url, headers) = (config.origin_url(head), js::pairs(&gained(arrival, claim)));
    let without = left_out(head);
    with_service(env, |service| {
        let (method, given) = (head.method(), head.headers());
        js::send_afresh(service, method, &given, &url, &without, &headers, &body, Some(abort))
    })
}

/// The names of the headers that stay behind, as lines.
fn left_out(head: &PlatformRequestHead) -> String {
    let mut names = String::from("host\ncontent-length");
    for name in hop_by_hop(head.header("connection").as_deref()) {
        names.push('\n');
        names.push_str(&name);
    }
    names
}

fn gained(arrival: &Arrival, claim: &Claim) -> Vec<(&'static str, String)> {
    let mut headers = added(&arrival.head.addressed(), &arrival.config.pseudonym);
    headers.push(("accept-encoding", "identity".into()));
    let raw_key = claim.raw_key.clone().or_else(|| arrival.submit.generated.clone());
    headers.extend(raw_key.map(|raw_key| ("idempotency-key", raw_key)));
    headers
}

/// Sees to all that follows from a request that was sent.
pub async fn run(object: Rc<KeyObject>, order: Order, caller: Caller) {
    let Ok(sent) = order.sent.clone() else { return not_sent(&object, &order, caller) };
    match js::wait::<Response>(Ok(sent)).await {
        Ok(response) => Reception { object, order, caller }.receive(response).await,
        // The caller is not told here: it looks at the record, which says that nobody knows.
        Err(_) => lost(&object, &order),
    }
}

fn not_sent(object: &KeyObject, order: &Order, caller: Caller) {
    let Claim { id, attempt, .. } = order.claim.clone();
    object.conclude(attempt, Event::NotSent { claim: id, attempt }, &News::LookAgain);
    let detail = "the request could not be sent to the origin; nothing was carried out";
    // A caller that gave up has nothing to learn from this.
    caller.send(Ok(answers::unavailable(detail)));
}

/// The connection broke, or the answer did.
pub fn lost(object: &KeyObject, order: &Order) {
    let Claim { id, attempt, .. } = order.claim.clone();
    object.conclude(attempt, Event::Failed { claim: id, attempt }, &News::LookAgain);
}
