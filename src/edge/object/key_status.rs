//! The shard's half of what a caller asks of its own key.

use super::super::config::config;
use super::super::platform::body::{read_all, response_of};
use super::super::platform::request_head::PlatformRequestHead;
use super::context::ObjectContext;
use super::in_memory::Wakeup;
use crate::guard::key_status::{KeyQuestion, KeyReply, KeyStatus};
use crate::guard::machine::{Action, Event, Fence};
use crate::guard::record::Claim;
use crate::guard::request_head::RequestHead;
use crate::guard::scope::Credential;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// Answers the Worker.
pub async fn answer(
    context: &Rc<ObjectContext>,
    request: &Request,
    head: &PlatformRequestHead,
) -> Result<Response, JsValue> {
    let reply = match KeyQuestion::decode(&read_all(request).await?.to_vec()) {
        Ok(question) => reply_to(context, head, &question),
        Err(error) => KeyReply::Unusable(error.to_string()),
    };
    response_of(&reply.encode())
}

/// One step, as for any event of a key: a fence is decided upon and written with nothing in between.
fn reply_to(
    context: &ObjectContext,
    head: &PlatformRequestHead,
    question: &KeyQuestion,
) -> KeyReply {
    let config = match config(&context.env) {
        Ok(config) => config,
        Err(misconfigured) => return KeyReply::Unusable(misconfigured.detail.to_string()),
    };
    let mut unreadable = None;
    let (_, settings) = config.policy.route(head.path());
    let mut event = |claim: Option<&Claim>| {
        let sources = claim.map_or(&settings.credential, |claim| &claim.credential.sources);
        match (Credential::of(head, sources, &question.record), question.fence) {
            (Ok(credential), None) => Event::Ask { credential },
            (Ok(credential), Some(retry_window)) => {
                Event::Fence(Fence { credential, retry_window, known_only: question.known_only })
            }
            (Err(error), _) => {
                unreadable = Some(error.to_string());
                Event::Look
            }
        }
    };
    let step = context.step(&question.record, &mut event, &Wakeup::look_again);
    match (unreadable, step) {
        (Some(why), _) | (None, Err(why)) => KeyReply::Unusable(why),
        (None, Ok(transition)) => match transition.action {
            Action::ConfirmMove => KeyReply::Moved,
            Action::Refuse(refusal) => KeyReply::Refused(refusal),
            _ => KeyReply::Told(KeyStatus::of(&transition.record)),
        },
    }
}
