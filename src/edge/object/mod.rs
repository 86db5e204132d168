//! The Durable Object: one shard, which serialises many keys.
//!
//! 1. Load, decide, apply is one synchronous function, [`ObjectContext::step`].
//! 2. What one key's rules rest on is that step; the requests of other keys run in between its awaits as
//!    those of its own do, so everything that lives in memory is kept by key.
//! 3. What goes wrong with one key is that key's: a record that does not decode, a row that cannot be
//!    read, a copy that cannot be deleted stop neither the alarm nor any other key.

mod admin;
mod alarm;
mod bucket_index;
mod context;
mod copy_writer;
mod counters;
mod in_memory;
mod incoming_submission;
mod key_status;
mod live_head;
mod origin_request;
mod origin_response;
mod outcomes;
mod places;
mod probe;
mod record_store;
mod recording;
mod reply;
mod submission;
mod unknown_outcomes;

use super::platform::promise_of;
use super::platform::request_head::PlatformRequestHead;
use crate::guard::operator::AdminError;
use context::ObjectContext;
use js_sys::Promise;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::Headers;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// The class that `wrangler.toml` binds as `GUARD`.
#[durable_object(alarm)]
pub struct IdempotencyGuard(Rc<ObjectContext>);

impl DurableObject for IdempotencyGuard {
    fn new(state: State, env: Env) -> Self {
        Self(ObjectContext::new(state, env))
    }

    /// What the Worker hands on: an operator's request, whose token it has seen, or a caller's question
    /// about its own key.
    async fn fetch(&self, request: Request) -> Result<Response> {
        let response = answer(&self.0, request.inner()).await?;
        Ok(response.into())
    }

    async fn alarm(&self) -> Result<Response> {
        alarm::on_alarm(&self.0).await;
        Response::empty()
    }
}

async fn answer(
    context: &Rc<ObjectContext>,
    request: &web_sys::Request,
) -> std::result::Result<web_sys::Response, JsValue> {
    match PlatformRequestHead::of(request) {
        None => super::admin::refuse(&AdminError::NotFound),
        Some(head) if head.address().is_own() => admin::answer(context, request, &head).await,
        // Under the address that the key is sent to, as its credential may be read from that.
        Some(head) => key_status::answer(context, request, &head).await,
    }
}

/// The remote methods, beside what `durable_object` makes.
#[wasm_bindgen]
impl IdempotencyGuard {
    /// A client's request: what the Worker says of it, the client's headers, and the body as bytes
    /// or as a stream. Gives the promise of an `RpcReply`.
    pub fn submit(&self, message: &[u8], headers: Headers, body: JsValue) -> Promise {
        let (context, message) = (self.0.clone(), message.to_vec());
        promise_of(async move {
            let reply = submission::handle_submit(&context, &message, headers, body).await?;
            Ok(reply.into())
        })
    }
}
