//! What an operator wants of one record, at its shard.

use super::super::admin::{json, read_body, refuse, set_json_headers};
use super::super::config::config;
use super::super::platform::body::response_of;
use super::super::platform::request_head::PlatformRequestHead;
use super::super::platform::streams::Pipe;
use super::super::platform::timeout::within;
use super::super::platform::{log, now};
use super::super::sealed::open_record;
use super::context::ObjectContext;
use super::copy_writer::confirm_deletion;
use super::in_memory::UnderWay;
use super::outcomes;
use super::probe::next_probe;
use super::reply::{is_taken_in_time, rows_of};
use super::unknown_outcomes::list;
use crate::guard::log::operator_line;
use crate::guard::machine::{Action, Event};
use crate::guard::operator::{
    About, AdminError, AdminRequest, OPERATOR_HEADER, RecordCommand, TOKEN, describe, refusal,
    resolution, seal_key, vacant,
};
use crate::guard::record::{Answer, Record};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::RecordId;
use crate::guard::seal::SealKey;
use crate::guard::time::Millis;
use base64::engine::Engine;
use base64::prelude::BASE64_STANDARD;
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// How long an operator waits for the deletion of a copy; it goes on behind.
const DELETION_PATIENCE: Millis = Millis::seconds(5);

/// Answers a request that the Worker let pass.
pub async fn answer(
    context: &Rc<ObjectContext>,
    request: &Request,
    head: &PlatformRequestHead,
) -> Result<Response, JsValue> {
    let config = match config(&context.env) {
        Ok(config) => config,
        Err(misconfigured) => return unusable(&misconfigured.detail),
    };
    let (id, command) = match AdminRequest::parse(head.method(), head.path(), head.query()) {
        Ok(AdminRequest::Record(id, command)) => (id, command),
        Ok(AdminRequest::Unknown(query)) => {
            return response_of(&list(context, &query, now())?.encode());
        }
        Ok(AdminRequest::Outcomes(_)) => {
            return response_of(&outcomes::count(context, now())?.encode());
        }
        Ok(AdminRequest::Find | AdminRequest::Operator) => {
            return refuse(&AdminError::BodyUnreadable);
        }
        Err(error) => return refuse(&error),
    };
    let realm = config.policy.realm(head.host());
    let opening = match opening(context, request, head, &realm, &id, command).await {
        Ok(opening) => opening,
        Err(error) => return refuse(&error),
    };
    let event = match event(request, head, command).await {
        Ok(event) => event,
        Err(error) => return refuse(&error),
    };
    // A Worker of before this was said let nobody in but by the token.
    let operator = head.header(OPERATOR_HEADER);
    let done = operator_line(&event, operator.as_deref().unwrap_or(TOKEN), &id);
    let transition = match context.on_event(&id, event) {
        Ok(transition) => transition,
        Err(detail) => return unusable(&detail),
    };
    if let Action::RefuseAdmin(why) = transition.action {
        let (status, text) = refusal(why, &id);
        return json(status, &text);
    }
    // What an operator was refused has not happened.
    if let Some(line) = done {
        log::line(&line);
    }
    if matches!(transition.action, Action::DropCopy) {
        // Confirmed by then or not, the record tells.
        let deletion = confirm_deletion(context.clone(), id);
        let deleted = JsFuture::from(context.kept_alive(deletion));
        within(DELETION_PATIENCE, deleted).await;
    }
    show(context, &id, &realm, command, opening).await
}

/// What opens the record's answer, where that is wanted.
async fn opening(
    context: &ObjectContext,
    request: &Request,
    head: &PlatformRequestHead,
    realm: &str,
    id: &RecordId,
    command: RecordCommand,
) -> Result<Option<SealKey>, AdminError> {
    if command != RecordCommand::Open {
        return Ok(None);
    }
    let question = read_body(request, head).await?;
    seal_key(&question, realm, &context.bindings.pepper, id).map(Some)
}

async fn event(
    request: &Request,
    head: &PlatformRequestHead,
    command: RecordCommand,
) -> Result<Event, AdminError> {
    match command {
        RecordCommand::Inspect { .. } | RecordCommand::Open => Ok(Event::Look),
        RecordCommand::Forget => Ok(Event::Forget),
        RecordCommand::Resolve => {
            let text = read_body(request, head).await?;
            let (claim, resolution) = resolution(&text, now())?;
            Ok(Event::Resolve { claim, resolution })
        }
    }
}

/// A record whose answer can be read; one that is not sealed is as it was. Returns `None` if its bytes have
/// changed.
async fn opened(
    context: &ObjectContext,
    id: &RecordId,
    record: Record,
    key: &SealKey,
) -> Option<Record> {
    if !record.answer().is_some_and(|answer| answer.sealed) {
        return Some(record);
    }
    open_record(&record, &whole_body(context, &record), id, key).await
}

const NOT_OPENED: &str = "the record's answer cannot be opened, though it was sealed for this key: its bytes have changed";

/// What is stored of an answer's body; nothing where a row is missing.
fn whole_body(context: &ObjectContext, record: &Record) -> Vec<u8> {
    let Some((rows, count, _)) = rows_of(record) else {
        return record.answer().map(Answer::inline).unwrap_or_default().to_vec();
    };
    let row = |row| Some(context.store.row(&rows, row).ok()??.to_vec());
    (0..count).map(row).collect::<Option<Vec<_>>>().unwrap_or_default().concat()
}

/// The record as it is now.
async fn show(
    context: &Rc<ObjectContext>,
    id: &RecordId,
    realm: &str,
    command: RecordCommand,
    opening: Option<SealKey>,
) -> Result<Response, JsValue> {
    let record = match context.store.load(id) {
        Ok((Record::Vacant, _)) if command == RecordCommand::Resolve => {
            return json(200, &vacant(id));
        }
        Ok((Record::Vacant, _)) => return json(404, &vacant(id)),
        Ok((record, _)) => record,
        Err(detail) => return unusable(&detail),
    };
    let record = match opening {
        None => record,
        Some(key) => match opened(context, id, record, &key).await {
            Some(record) => record,
            None => return unusable(NOT_OPENED),
        },
    };
    let body = matches!(command, RecordCommand::Inspect { body: true } | RecordCommand::Open);
    let seen = context.counters.of(&context.store, id, &record);
    let pepper = &context.bindings.pepper;
    let next_probe = next_probe(context, &record);
    let (before, after) = context.memory.with_state(id, |live| {
        describe(&record, About { id, pepper, realm, live, seen, body, next_probe })
    });
    if !body {
        return json(200, &(before + &after));
    }
    let pipe = Pipe::of_any_length()?;
    let response = Response::new_with_opt_readable_stream(Some(&pipe.readable))?;
    set_json_headers(&response)?;
    let reading = context.memory.begin_reading(id);
    context.in_background(write_body(context.clone(), reading, record, pipe, before, after));
    Ok(response)
}

/// Writes a description with the answer's body in base64 in its middle, a row at a time: the whole
/// would fill an isolate's memory.
async fn write_body(
    context: Rc<ObjectContext>,
    _reading: UnderWay,
    record: Record,
    pipe: Pipe,
    before: String,
    after: String,
) {
    let mut left = record.answer().map(Answer::inline).unwrap_or_default().to_vec();
    if !is_taken_in_time(&pipe, &Uint8Array::from(before.as_bytes())).await {
        return pipe.abort("nobody reads the record").await;
    }
    if let Some((rows, count, _)) = rows_of(&record) {
        for row in 0..count {
            let Ok(Some(bytes)) = context.store.row(&rows, row) else {
                return pipe.abort("a row of the answer is missing").await;
            };
            left.extend(bytes.to_vec());
            // Three bytes are four digits; what is left over goes in front of the next row.
            let rest = left.split_off(left.len().saturating_sub(left.len() % 3));
            let digits = BASE64_STANDARD.encode(std::mem::replace(&mut left, rest));
            if !is_taken_in_time(&pipe, &Uint8Array::from(digits.as_bytes())).await {
                return pipe.abort("the record could not be read to its end").await;
            }
        }
    }
    let end = BASE64_STANDARD.encode(left) + &after;
    match is_taken_in_time(&pipe, &Uint8Array::from(end.as_bytes())).await {
        true => pipe.close().await,
        false => pipe.abort("the record could not be read to its end").await,
    }
}

/// The record is there, but cannot be used.
fn unusable(detail: &str) -> Result<Response, JsValue> {
    refuse(&AdminError::RecordUnusable(detail.into()))
}
