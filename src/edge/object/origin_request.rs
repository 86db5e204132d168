//! The request that the object sends to the origin.
//!
//! 1. It is built afresh: no signal but the object's own, redirects handed on, and bodies asked for
//!    without a coding. What comes in one all the same is kept as it came.
//! 2. Only what fails before `fetch` is called counts as not sent: headers that could not be made, a
//!    body that is gone. An error of `fetch` does not tell a refused connection from one that broke
//!    after the request was read.

use super::super::origin_fetch::{OriginFetch, forwarded_headers};
use super::super::platform::bindings::Bindings;
use super::super::platform::now;
use super::super::platform::span::Span;
use super::incoming_submission::IncomingSubmission;
use super::places::HeldPlace;
use crate::guard::forward::added;
use crate::guard::log::origin_call;
use crate::guard::policy::Settings;
use crate::guard::record::Claim;
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::KeySource;
use crate::guard::scope::RecordId;
use crate::guard::seal::SealKey;
use crate::guard::time::UnixMillis;
use js_sys::Promise;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::AbortController;

/// One sending of a claim's request.
pub struct OriginRequest {
    pub record: RecordId,
    pub claim: Claim,
    pub settings: Rc<Settings>,
    /// What its answer is sealed with, where the Worker's policy wants it sealed.
    pub seal_key: Option<SealKey>,
    /// Where the client believes the origin to be.
    pub public_base: String,
    /// Whether its caller reads a stream as it comes. A queue's message is settled by a whole answer.
    pub follows: bool,
    pub started: UnixMillis,
    /// The promise of the response, where the request was sent.
    pub sent: Result<Promise, JsValue>,
    /// Held until the response's headers are there.
    pub place: HeldPlace,
    /// The call, to the end of its answer.
    span: Span,
}

impl OriginRequest {
    /// Sends it. Whoever calls this has written the claim in the same turn; the output gate holds
    /// the request back until that is durable (Durable Objects, "Output gates").
    pub fn send(
        submission: &IncomingSubmission,
        claim: Claim,
        place: HeldPlace,
        abort: &AbortController,
        bindings: &Bindings,
    ) -> Self {
        let request = Self {
            span: Span::start("onlyonce.origin"),
            started: now(),
            sent: send(submission, &claim, abort, bindings),
            record: *submission.record(),
            claim,
            settings: submission.settings.clone(),
            seal_key: submission.request.seal_key.clone(),
            public_base: submission.head.address().base(),
            follows: submission.request.key != KeySource::Queue,
            place,
        };
        request.trace(None);
        request
    }

    /// Tells the trace whose call it is, and the status of its answer.
    pub fn trace(&self, status: Option<u16>) {
        self.span.tell(|| origin_call(&self.claim, &self.record, status));
    }
}

fn send(
    submission: &IncomingSubmission,
    claim: &Claim,
    abort: &AbortController,
    bindings: &Bindings,
) -> Result<Promise, JsValue> {
    let IncomingSubmission { head, config, .. } = submission;
    let body = submission.body().ok_or("the request's body is gone")?;
    let body = if body.length() > 0 { body.into() } else { JsValue::UNDEFINED };
    let gained = gained(submission, claim);
    let headers =
        forwarded_headers(head, &submission.settings, &["host", "content-length"], &gained)?;
    let fetch = OriginFetch {
        method: head.method(),
        url: &config.origin_url(head),
        headers: &headers,
        body: &body,
        signal: Some(&abort.signal()),
    };
    fetch.send(bindings)
}

fn gained(submission: &IncomingSubmission, claim: &Claim) -> Vec<(&'static str, String)> {
    let mut headers = added(&submission.head.addressed(), &submission.config.pseudonym);
    headers.push(("accept-encoding", "identity".into()));
    let raw_key = claim.raw_key.clone().or_else(|| submission.request.key_header.clone());
    headers.extend(raw_key.map(|raw_key| ("idempotency-key", raw_key)));
    headers
}
