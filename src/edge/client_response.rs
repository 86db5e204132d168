//! What a client sees: an answer with the guard's headers on it, or a problem.

use super::copies::Copy;
use super::incoming::Incoming;
use super::platform::now;
use super::platform::request_head::PlatformRequestHead;
use super::platform::streams::{Chunks, Pipe, ReadAhead};
use crate::guard::cors::Cors;
use crate::guard::key::IdempotencyKey;
use crate::guard::origin::has_no_body;
use crate::guard::policy::Settings;
use crate::guard::problem::Problem;
use crate::guard::record::{Answer, Body, Claim, Record};
use crate::guard::replay::{CacheStatus, HeaderChange, How, Marking, apply, server_timing_metric};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::{Delivery, ResponseHead};
use crate::guard::scope::RecordId;
use crate::guard::time::{Millis, UnixMillis};
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, ReadableStream, Response, ResponseInit};

/// Who reads the answer, and where they can read more.
#[derive(Default)]
pub struct ResponseContext<'a> {
    docs_url: Option<&'a str>,
    /// The page's origin, where a browser named one, and the policy for such pages.
    page: Option<(&'a Cors, String)>,
}

impl<'a> ResponseContext<'a> {
    pub fn of(head: &PlatformRequestHead, settings: &'a Settings) -> Self {
        let cors = settings.cors.as_ref();
        Self {
            docs_url: settings.docs_url.as_deref(),
            page: cors.and_then(|cors| Some((cors, head.header("origin")?))),
        }
    }

    /// A problem, before or beside any record.
    pub fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let mut headers = problem.headers();
        if let Some((cors, origin)) = &self.page {
            headers.extend(cors.refusal(origin));
        }
        let text = problem.to_json(self.docs_url);
        response(problem.status, &headers, Some(&JsValue::from(text)))
    }

    fn header_change(&self) -> Option<HeaderChange> {
        let (cors, origin) = self.page.as_ref()?;
        let (name, value) = cors.answer(origin)?;
        Some(HeaderChange { name, value: value.into(), how: How::Append })
    }
}

/// Writes the answer to one guarded request.
pub struct ResponseWriter<'a> {
    pub incoming: &'a Incoming,
    pub context: &'a ResponseContext<'a>,
    /// Absent where it was derived, which is told to nobody.
    pub key: Option<&'a IdempotencyKey>,
    pub record: &'a RecordId,
    /// Something to say about the request in `Cache-Status`.
    pub detail: Option<&'static str>,
    pub started: UnixMillis,
}

impl ResponseWriter<'_> {
    /// A record's answer, as the object handed it over: a body that lies in rows comes as a stream.
    pub fn stored(
        &self,
        record: &Rc<Record>,
        body: JsValue,
        delivery: Delivery,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let answer = record.answer().ok_or("the record holds no answer")?;
        let headers = self.headers_of(record, answer, delivery, origin);
        match answer.body {
            Body::Rows { length, .. } => {
                let pipe = Pipe::of_length(length)?;
                let stream = Chunks::of(body.unchecked_into::<ReadableStream>())?;
                let response = response(answer.status, &headers, Some(&pipe.readable))?;
                self.incoming.in_background(pipe.pass_on(ReadAhead::of_rest(stream)))?;
                Ok(response)
            }
            Body::Inline { .. } | Body::NotKept => self.inline(answer, &headers),
        }
    }

    /// A copy of a record's answer.
    pub fn copy(&self, copy: Copy) -> Result<Response, JsValue> {
        let Copy { record, body } = copy;
        let answer = record.answer().ok_or("the copy holds no answer")?;
        let headers = self.headers_of(&record, answer, Delivery::Replayed, Millis(0));
        match body {
            Some(body) => response(answer.status, &headers, Some(&body)),
            None => self.inline(answer, &headers),
        }
    }

    fn inline(&self, answer: &Answer, headers: &[(String, String)]) -> Result<Response, JsValue> {
        if has_no_body(answer.status) {
            return response(answer.status, headers, None);
        }
        response(answer.status, headers, Some(&Uint8Array::from(answer.inline())))
    }

    fn headers_of(
        &self,
        record: &Record,
        answer: &Answer,
        delivery: Delivery,
        origin: Millis,
    ) -> Vec<(String, String)> {
        let expires_at = record.claim().map(Claim::expires_at);
        let status = CacheStatus::Delivery(delivery);
        let changes = self.changes(status, expires_at, Some(answer.answered_at), origin);
        let mut headers = answer.headers.clone();
        apply(&mut headers, changes);
        headers
    }

    /// The origin's own response, handed on as it comes.
    pub fn handed_on(
        &self,
        passed: ResponseHead,
        body: &JsValue,
        status: CacheStatus,
        expires_at: Option<UnixMillis>,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let mut headers = passed.headers;
        apply(&mut headers, self.changes(status, expires_at, None, origin));
        let has_body = !has_no_body(passed.status) && !body.is_undefined();
        response(passed.status, &headers, has_body.then_some(body))
    }

    pub fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let response = self.context.problem(problem)?;
        let headers = response.headers();
        if let Some(key) = self.key {
            headers.set("idempotency-key", &key.to_structured())?;
        }
        let timing = server_timing_metric("guard", now().since(self.started));
        headers.set("server-timing", &timing)?;
        Ok(response)
    }

    fn changes(
        &self,
        status: CacheStatus,
        expires_at: Option<UnixMillis>,
        answered_at: Option<UnixMillis>,
        origin: Millis,
    ) -> Vec<HeaderChange> {
        let now = now();
        let guard = Millis(now.since(self.started).0.saturating_sub(origin.0));
        let (key, record, detail) = (self.key, self.record, self.detail);
        let marking =
            Marking { key, record, expires_at, status, detail, answered_at, now, guard, origin };
        let mut changes = marking.marks();
        changes.extend(self.context.header_change());
        changes
    }
}

/// A response of this status, headers and body.
fn response(
    status: u16,
    headers: &[(impl AsRef<str>, String)],
    body: Option<&JsValue>,
) -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(status);
    let list = Headers::new()?;
    for (name, value) in headers {
        list.append(name.as_ref(), value)?;
    }
    init.set_headers_headers(&list);
    // A stream is taken as it is, and so is anything else that a body can be.
    let body = body.map(|body| body.unchecked_ref::<ReadableStream>());
    Response::new_with_opt_readable_stream_and_init(body, &init)
}
