//! What an operator wants of one record, at its object.

use super::answers::rows;
use super::body::Pipe;
use super::config::config;
use super::head::PlatformRequestHead;
use super::instance::News;
use super::js;
use super::key_object::KeyObject;
use super::operator::{complain, json, mark, read_question};
use super::store::RowName;
use crate::guard::machine::{Action, Event};
use crate::guard::operator::{
    About, AdminError, AdminRequest, RecordCommand, denied, describe, question, resolution,
    unusable as unusable_text, vacant,
};
use crate::guard::record::{Answer, Record};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// Answers a question that the Worker let pass.
pub async fn answer(object: &Rc<KeyObject>, request: &Request) -> Result<Response, JsValue> {
    let head = &PlatformRequestHead::of(request);
    let config = match config(&object.env) {
        Ok(config) => config,
        Err(misconfigured) => return unusable(&misconfigured.detail),
    };
    let (id, wish) = match question(head.method(), head.path(), head.query()) {
        Ok(AdminRequest::Record(id, wish)) => (id, wish),
        Ok(AdminRequest::Find) => return complain(AdminError::UNREADABLE),
        Err(complaint) => return complain(complaint),
    };
    let event = match event(request, head, wish).await {
        Ok(event) => event,
        Err(complaint) => return complain(complaint),
    };
    let step = match object.step(|_| event, &News::LookAgain) {
        Ok(step) => step,
        Err(detail) => return unusable(&detail),
    };
    match step.then {
        Action::RefuseAdmin(denial) => {
            let (status, text) = denied(denial, &id);
            return json(status, &text);
        }
        Action::DropCopy => {
            object.store.put_name(&id)?;
            // Confirmed or not, the record tells.
            js::wait::<JsValue>(object.drop_copy()).await?;
        }
        _ => {}
    }
    let realm = config.policy.realm(head.host());
    show(object, &id, &realm, wish)
}

async fn event(
    request: &Request,
    head: &PlatformRequestHead,
    wish: RecordCommand,
) -> Result<Event, AdminError> {
    match wish {
        RecordCommand::Inspect { .. } => Ok(Event::Look),
        RecordCommand::Forget => Ok(Event::Forget),
        RecordCommand::Resolve => {
            let text = read_question(request, head).await?;
            let (claim, resolution) = resolution(&text, js::now())?;
            Ok(Event::Resolve { claim, resolution })
        }
    }
}

/// The record as it is now.
fn show(
    object: &Rc<KeyObject>,
    id: &RecordId,
    realm: &str,
    wish: RecordCommand,
) -> Result<Response, JsValue> {
    let record = match object.store.load() {
        Ok(Record::Vacant) if wish == RecordCommand::Resolve => return json(200, &vacant(id)),
        Ok(Record::Vacant) => return json(404, &vacant(id)),
        Ok(record) => record,
        Err(detail) => return unusable(&detail),
    };
    let body = wish == RecordCommand::Inspect { body: true };
    let seen = object.tally.of(&object.store, &record);
    let (before, after) =
        object.instance.with_live(|live| describe(&record, About { id, realm, live, seen, body }));
    if !body {
        return json(200, &(before + &after));
    }
    let (name, rows) = rows(&record).map_or_else(RowName::none, |(name, rows, _)| (name, rows));
    let inline = Uint8Array::from(record.answer().map(Answer::inline).unwrap_or_default());
    let pipe = Pipe::of_any_length()?;
    let response = Response::new_with_opt_readable_stream(Some(&pipe.readable))?;
    mark(&response)?;
    let object_too = object.clone();
    // Base64 of the whole would fill an isolate's memory.
    object.background(async move {
        let _reading = object_too.instance.begin_reading();
        let before = Uint8Array::from(before.as_bytes());
        let store = &object_too.store;
        pipe.write_base64(store, (&name, rows), [&before, &inline], &after).await;
    });
    Ok(response)
}

/// The record is there, but cannot be used.
fn unusable(detail: &str) -> Result<Response, JsValue> {
    json(503, &unusable_text(detail))
}
