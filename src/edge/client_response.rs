//! What a client sees: an answer with the guard's headers on it, or a problem.

use super::copies::Copy;
use super::incoming::Incoming;
use super::object_client::Attachments;
use super::platform::answer_headers::AnswerHeaders;
use super::platform::body::BodyCoding;
use super::platform::request_head::PlatformRequestHead;
use super::platform::streams::{Chunks, Pipe, ReadAhead};
use super::platform::{header_list, now};
use crate::guard::cors::Cors;
use crate::guard::key::IdempotencyKey;
use crate::guard::origin::has_no_body;
use crate::guard::policy::Settings;
use crate::guard::problem::Problem;
use crate::guard::problem_page::Reader;
use crate::guard::profile::Profile;
use crate::guard::public_address::{WITH_ADDRESS, shown};
use crate::guard::record::{Answer, Body, LeftOut, Record};
use crate::guard::replay::{CacheStatus, HeaderChange, Marking, server_timing_metric};
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
    reader: Reader,
    profile: Profile,
    /// A header of the request that a refusal repeats, and its value.
    repeated: Option<(&'static str, String)>,
    docs_url: Option<&'a str>,
    /// The policy for pages of other origins.
    cors: Option<&'a Cors>,
    /// The origin of the page that asks, where a browser named one.
    page: Option<String>,
}

impl<'a> ResponseContext<'a> {
    /// For a request that no policy has been asked about.
    pub fn without_policy(head: &PlatformRequestHead) -> Self {
        Self { reader: Reader::of(head, || head.address().base()), ..Self::default() }
    }

    pub fn of(head: &PlatformRequestHead, settings: &'a Settings) -> Self {
        let cors = settings.cors.as_ref();
        Self {
            profile: settings.profile,
            repeated: settings.profile.repeated().and_then(|name| Some((name, ascii(head, name)?))),
            docs_url: settings.docs_url.as_deref(),
            cors,
            page: cors.and_then(|_| head.header("origin")),
            ..Self::without_policy(head)
        }
    }

    pub fn is_for_a_person(&self) -> bool {
        self.reader != Reader::Program
    }

    /// A problem, before or beside any record.
    pub fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let problem = problem.under(self.profile);
        let (mut headers, text) = self.reader.read(&problem, self.profile, self.docs_url);
        headers.extend(self.repeated.clone());
        if let (Some(cors), Some(page)) = (self.cors, &self.page) {
            headers.extend(cors.refusal(page));
        }
        response(problem.status, None, &header_list::write(&headers)?, Some(&JsValue::from(text)))
    }

    /// Lets the page that asks read what the guard says itself.
    pub fn allow_reading(&self, response: &Response) -> Result<(), JsValue> {
        let (Some(cors), Some(page)) = (self.cors, &self.page) else { return Ok(()) };
        let headers = response.headers();
        cors.refusal(page).iter().try_for_each(|(name, value)| headers.set(name, value))
    }

    /// What pages of other origins may know of an answer with these headers.
    pub fn cors_changes(&self, header: &dyn Fn(&str) -> Option<String>) -> Vec<HeaderChange> {
        self.cors.map(|cors| cors.answer(self.page.as_deref(), header)).unwrap_or_default()
    }

    /// The answer to a preflight for a guarded method. Returns `None` if it is the origin's to give.
    pub fn preflight(
        settings: &Settings,
        head: &PlatformRequestHead,
        method: &str,
    ) -> Option<Result<Response, JsValue>> {
        let (cors, origin) = (settings.cors.as_ref()?, head.header("origin")?);
        let asked = head.header("access-control-request-headers");
        let headers = cors.preflight(&origin, method, asked.as_deref(), settings.key_headers())?;
        Some(header_list::write(&headers).and_then(|headers| response(204, None, &headers, None)))
    }
}

/// A header that can be written again as it was read.
fn ascii(head: &PlatformRequestHead, name: &str) -> Option<String> {
    head.header(name).filter(|value| value.is_ascii())
}

/// Writes the answer to one guarded request.
pub struct ResponseWriter<'a> {
    pub incoming: &'a Incoming,
    pub context: &'a ResponseContext<'a>,
    /// Absent where it was derived, which is told to nobody.
    pub key: Option<&'a IdempotencyKey>,
    /// The key in the caller's own spelling.
    pub spelling: Option<String>,
    pub record: &'a RecordId,
    /// Something to say about the request in `Cache-Status`.
    pub detail: Option<&'static str>,
    pub started: UnixMillis,
}

/// What is said of an answer beside its key and record.
struct About<'a> {
    status: CacheStatus,
    detail: Option<&'static str>,
    expires_at: Option<UnixMillis>,
    answered_at: Option<UnixMillis>,
    left_out: &'a LeftOut,
    origin: Millis,
}

impl ResponseWriter<'_> {
    /// A record's answer, as the object handed it over: a body that lies in rows comes as a stream, and the
    /// origin's headers and reason phrase only to those who were there when they came.
    pub fn stored(
        &self,
        record: &Rc<Record>,
        reason: Option<&str>,
        attachments: Attachments,
        delivery: Delivery,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let answer = record.answer().ok_or("the record holds no answer")?;
        let headers = match attachments.headers {
            Some(headers) => AnswerHeaders::Live(headers),
            None => AnswerHeaders::Kept(answer.headers.clone()),
        };
        let headers = self.mark_stored(headers, record, answer, delivery, origin)?;
        match answer.body {
            Body::Rows { length, .. } => {
                let pipe = Pipe::of_length(length)?;
                let stream = Chunks::of(attachments.body.unchecked_into::<ReadableStream>())?;
                let response = response(answer.status, reason, &headers, Some(&pipe.readable))?;
                self.incoming.in_background(pipe.pass_on(ReadAhead::of_rest(stream)))?;
                Ok(response)
            }
            Body::Inline { .. } | Body::NotKept => inline(answer, reason, &headers),
        }
    }

    /// A copy of a record's answer.
    pub fn copy(&self, copy: Copy) -> Result<Response, JsValue> {
        let Copy { record, body } = copy;
        let answer = record.answer().ok_or("the copy holds no answer")?;
        let headers = AnswerHeaders::Kept(answer.headers.clone());
        let headers = self.mark_stored(headers, &record, answer, Delivery::Replayed, Millis(0))?;
        match body {
            Some(body) => response(answer.status, None, &headers, Some(&body)),
            None => inline(answer, None, &headers),
        }
    }

    fn mark_stored(
        &self,
        headers: AnswerHeaders,
        record: &Record,
        answer: &Answer,
        delivery: Delivery,
        origin: Millis,
    ) -> Result<Headers, JsValue> {
        let expires_at = record.expires_at();
        let status = CacheStatus::Delivery(delivery);
        let detail = answer.source.detail().or(self.detail);
        let about = About {
            status,
            detail,
            expires_at,
            answered_at: Some(answer.answered_at),
            left_out: &answer.left_out,
            origin,
        };
        self.mark(headers, about)
    }

    /// The origin's own response, handed on as it comes.
    pub fn handed_on(
        &self,
        head: &ResponseHead,
        attachments: &Attachments,
        status: CacheStatus,
        expires_at: Option<UnixMillis>,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let Attachments { headers, body } = attachments;
        let headers = headers.clone().ok_or("the response came without its headers")?;
        let headers = AnswerHeaders::Live(headers);
        let about = About {
            status,
            detail: self.detail,
            expires_at,
            answered_at: None,
            left_out: &LeftOut::Nothing,
            origin,
        };
        let headers = self.mark(headers, about)?;
        let has_body = !has_no_body(head.status) && !body.is_undefined();
        response(head.status, head.reason.as_deref(), &headers, has_body.then_some(body))
    }

    pub fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let response = self.context.problem(problem)?;
        let headers = response.headers();
        if let Some(spelling) = &self.spelling {
            headers.set("idempotency-key", spelling)?;
        }
        let timing = server_timing_metric("guard", now().since(self.started));
        headers.set("server-timing", &timing)?;
        Ok(response)
    }

    /// Writes into an answer's headers what is said of it, and the public address in the origin's place.
    fn mark(&self, mut headers: AnswerHeaders, about: About) -> Result<Headers, JsValue> {
        let now = now();
        let About { status, detail, expires_at, answered_at, left_out, origin } = about;
        let marking = Marking {
            key: self.spelling.as_deref(),
            record: self.record,
            expires_at,
            status,
            detail,
            answered_at,
            left_out,
            now,
            guard: Millis(now.since(self.started).0.saturating_sub(origin.0)),
            origin,
        };
        let cors = self.context.cors_changes(&|name| headers.value(name));
        headers.change(marking.marks().into_iter().chain(cors))?;
        self.publish(&mut headers)?;
        headers.into_platform()
    }

    fn publish(&self, headers: &mut AnswerHeaders) -> Result<(), JsValue> {
        let Incoming { head, config, .. } = self.incoming;
        for name in WITH_ADDRESS {
            let base = || head.address().base();
            let public = |value: String| shown(config.origin.as_ref(), name, &value, &base());
            if let Some(value) = headers.value(name).and_then(public) {
                headers.set(name, value)?;
            }
        }
        Ok(())
    }
}

fn inline(answer: &Answer, reason: Option<&str>, headers: &Headers) -> Result<Response, JsValue> {
    let body = (!has_no_body(answer.status)).then(|| Uint8Array::from(answer.inline()).into());
    response(answer.status, reason, headers, body.as_ref())
}

/// A response of this status, headers and body. The body is what `Content-Encoding` says already.
fn response(
    status: u16,
    reason: Option<&str>,
    headers: &Headers,
    body: Option<&JsValue>,
) -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(status);
    if let Some(reason) = reason {
        init.set_status_text(reason);
    }
    init.set_headers_headers(headers);
    init.unchecked_ref::<BodyCoding>().set_encode_body("manual");
    // A stream is taken as it is, and so is anything else that a body can be.
    let body = body.map(|body| body.unchecked_ref::<ReadableStream>());
    Response::new_with_opt_readable_stream_and_init(body, &init)
}
