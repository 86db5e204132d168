//! What a client sees: an answer with the guard's marks on it, or a problem.

use super::body::{Pipe, ReadAhead, pass_on};
use super::js::{self, Context};
use super::stored::{Rest, Stored};
use super::tasks;
use crate::guard::cors::Cors;
use crate::guard::key::IdempotencyKey;
use crate::guard::origin::has_no_body;
use crate::guard::problem::Problem;
use crate::guard::record::{Claim, Record};
use crate::guard::replay::{CacheStatus, HeaderChange, How, Marking, apply, server_timing_metric};
use crate::guard::rpc::{Delivery, ResponseHead};
use crate::guard::scope::RecordId;
use crate::guard::time::{Millis, UnixMillis};
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, Response, ResponseInit};

/// Who reads the answer, and where they can read more.
#[derive(Default)]
pub struct Audience<'a> {
    pub docs_url: Option<&'a str>,
    /// The page's origin, where a browser named one, and the policy for such pages.
    pub page: Option<(&'a Cors, String)>,
}

impl Audience<'_> {
    /// A problem, before or beside any record.
    pub fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        for (name, value) in problem.headers() {
            headers.set(name, &value)?;
        }
        if let Some((cors, origin)) = &self.page {
            for (name, value) in cors.refusal(origin) {
                headers.set(name, &value)?;
            }
        }
        let init = ResponseInit::new();
        init.set_status(problem.status);
        init.set_headers_headers(&headers);
        Response::new_with_opt_str_and_init(Some(&problem.to_json(self.docs_url)), &init)
    }

    fn marks(&self) -> Option<HeaderChange> {
        let (cors, origin) = self.page.as_ref()?;
        let (name, value) = cors.answer(origin)?;
        Some(HeaderChange { name, value: value.into(), how: How::Append })
    }
}

/// The guarded request that is being answered.
pub struct Presenter<'a> {
    pub audience: &'a Audience<'a>,
    /// Absent where it was derived, which is told to nobody.
    pub key: Option<&'a IdempotencyKey>,
    pub record: &'a RecordId,
    /// Something to say about the request in `Cache-Status`.
    pub detail: Option<&'static str>,
    pub started: UnixMillis,
    pub context: &'a Context,
}

impl Presenter<'_> {
    /// A record's answer.
    pub fn stored(
        &self,
        stored: Stored,
        shown: Delivery,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let Stored { record, rest } = stored;
        let answer = record.answer().ok_or("the record holds no answer")?;
        let expires_at = record.claim().map(Claim::expires_at);
        let status = CacheStatus::Delivery(shown);
        let marks = self.marks(status, expires_at, Some(answer.answered_at), origin);
        let mut headers = answer.headers.clone();
        apply(&mut headers, marks);
        let headers = js::pairs(&headers);
        match rest {
            Some(rest) => self.streamed(rest, answer.status, &headers),
            None if has_no_body(answer.status) => {
                js::respond(answer.status, &headers, &JsValue::NULL)
            }
            None => js::respond(answer.status, &headers, &Uint8Array::from(answer.inline())),
        }
    }

    /// A recent answer, which is small.
    pub fn recent(&self, record: Rc<Record>) -> Result<Response, JsValue> {
        self.stored(Stored { record, rest: None }, Delivery::Replayed, Millis(0))
    }

    fn streamed(&self, rest: Rest, status: u16, headers: &str) -> Result<Response, JsValue> {
        let pipe = Pipe::of_length(rest.length)?;
        let response = js::respond(status, headers, &pipe.readable)?;
        let read = ReadAhead { body: rest.begun, rest: Some(rest.chunks) };
        self.context.keep_alive(&tasks::spawn(pass_on(Some(pipe), read)))?;
        Ok(response)
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
        apply(&mut headers, self.marks(status, expires_at, None, origin));
        let body = if has_no_body(passed.status) { &JsValue::NULL } else { body };
        js::respond(passed.status, &js::pairs(&headers), body)
    }

    pub fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let response = self.audience.problem(problem)?;
        let headers = response.headers();
        if let Some(key) = self.key {
            headers.set("idempotency-key", &key.to_structured())?;
        }
        headers
            .set("server-timing", &server_timing_metric("guard", js::now().since(self.started)))?;
        Ok(response)
    }

    fn marks(
        &self,
        status: CacheStatus,
        expires_at: Option<UnixMillis>,
        answered_at: Option<UnixMillis>,
        origin: Millis,
    ) -> Vec<HeaderChange> {
        let now = js::now();
        let guard = Millis(now.since(self.started).0.saturating_sub(origin.0));
        let (key, record, detail) = (self.key, self.record, self.detail);
        let marking =
            Marking { key, record, expires_at, status, detail, answered_at, now, guard, origin };
        let mut marks = marking.marks();
        marks.extend(self.audience.marks());
        marks
    }
}

/// The same response with headers that can be changed; its body streams through untouched.
pub fn mutable(response: &Response) -> Result<Response, JsValue> {
    let init: &ResponseInit = response.unchecked_ref();
    Response::new_with_opt_readable_stream_and_init(response.body().as_ref(), init)
}
