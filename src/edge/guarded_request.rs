//! A request of a guarded route: what it is guarded by, whose it is, and what the log says of it.

use super::incoming::Incoming;
use super::platform::span::Span;
use super::platform::{log, now};
use crate::guard::log::{Advice, ClaimRef, FingerprintTag, LogLine, RequestOutcome};
use crate::guard::metrics::point;
use crate::guard::policy::{Mode, Settings};
use crate::guard::problem::{Code, Problem};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::KeySource;
use crate::guard::scope::RecordId;
use crate::guard::time::UnixMillis;
use crate::guard::trace::{ray, trace_id};
use js_sys::JSON;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::worker_sys::AnalyticsEngineDataset;

/// A request of a guarded route, and all that it takes to answer it.
pub struct GuardedRequest {
    pub incoming: Incoming,
    pub settings: Rc<Settings>,
    /// Whose keys these are.
    pub realm: String,
    /// The queue that delivered it, where it did not come over HTTP.
    pub queue: Option<String>,
    pub log: RequestLog,
    span: Span,
}

/// What is found out on the way, for the log.
#[derive(Default)]
pub struct RequestLog {
    outcome: RefCell<RequestOutcome>,
    identity: RefCell<Option<Identity>>,
    claim: RefCell<Option<ClaimRef>>,
    advice: Cell<Option<Advice>>,
}

/// Which operation a request is, as far as a log may tell it.
struct Identity {
    record: RecordId,
    fingerprint: Option<FingerprintTag>,
    source: KeySource,
}

impl RequestLog {
    pub fn set_outcome(&self, outcome: RequestOutcome) {
        self.outcome.replace(outcome);
    }

    pub fn outcome(&self) -> RequestOutcome {
        self.outcome.borrow().clone()
    }

    pub fn set_identity(
        &self,
        record: RecordId,
        fingerprint: Option<FingerprintTag>,
        source: KeySource,
    ) {
        self.identity.replace(Some(Identity { record, fingerprint, source }));
    }

    pub fn set_claim(&self, claim: Option<ClaimRef>) {
        self.claim.replace(claim);
    }

    pub fn advise(&self, advice: Advice) {
        self.advice.set(Some(advice));
    }

    /// It is a message that was handed over to the dead letters, for this reason.
    pub fn set_dead_letter(&self, code: &'static str) {
        let mut outcome = self.outcome.borrow_mut();
        (outcome.name, outcome.code) = ("dead-letter", Some(code));
    }

    pub fn refused(&self, problem: &Problem) {
        let code = Some(problem.code.describe().name);
        self.set_outcome(RequestOutcome { code, ..RequestOutcome::of("refused") });
    }
}

impl GuardedRequest {
    pub fn over_http(incoming: Incoming, settings: Rc<Settings>, realm: String) -> Self {
        Self::new(incoming, settings, realm, None)
    }

    pub fn from_queue(
        incoming: Incoming,
        settings: Rc<Settings>,
        realm: String,
        queue: String,
    ) -> Self {
        Self::new(incoming, settings, realm, Some(queue))
    }

    fn new(
        incoming: Incoming,
        settings: Rc<Settings>,
        realm: String,
        queue: Option<String>,
    ) -> Self {
        let (log, span) = (RequestLog::default(), Span::start("onlyonce.request"));
        Self { incoming, settings, realm, queue, log, span }
    }

    /// Whether the policy only watches.
    pub fn observes(&self) -> bool {
        self.settings.mode == Mode::Observe
    }

    pub fn promises_too_much(&self) -> bool {
        let promised = self.incoming.head.content_length();
        promised.is_some_and(|length| length > self.settings.max_request_body)
    }

    pub fn too_large(&self) -> Problem {
        let detail = format!(
            "the request body is larger than the {} bytes of max_request_body; send a smaller one, or raise the limit for this route",
            self.settings.max_request_body
        );
        Problem::new(Code::BodyTooLarge, detail)
    }

    /// Tells of it: in the log, in the trace, and to whoever counts.
    pub fn write_log(&self, started: UnixMillis, status: u16) {
        let Incoming { head, config, bindings, .. } = &self.incoming;
        let (identity, claim) = (self.log.identity.borrow(), self.log.claim.borrow());
        let (identity, now) = (identity.as_ref(), now());
        let line = LogLine {
            route: config.policy.route(head.path()).0,
            method: head.method(),
            record: identity.map(|identity| &identity.record),
            fingerprint: identity.and_then(|identity| identity.fingerprint.clone()),
            source: identity.and_then(|identity| identity.source.name()),
            queue: self.queue.as_deref(),
            advice: self.log.advice.get(),
            ray: ray(head),
            trace: trace_id(head),
            claim: claim.as_ref(),
            outcome: &self.log.outcome.borrow(),
            status,
            now,
            total: now.since(started),
        };
        let text = line.line();
        log::line(&text);
        self.span.tell(|| text);
        if let Some(metrics) = &bindings.metrics {
            write_point(metrics, &point(&line));
        }
    }
}

#[wasm_bindgen]
extern "C" {
    type DataPoints;
    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &DataPoints, point: &JsValue) -> Result<(), JsValue>;
}

/// Writes figures to METRICS. What a platform says against a figure must not cost anybody
/// an answer.
pub fn write_point(metrics: &AnalyticsEngineDataset, point: &str) {
    let metrics: &DataPoints = metrics.unchecked_ref();
    let written = JSON::parse(point).and_then(|point| metrics.write_data_point(&point));
    if written.is_err() {
        log::warning("onlyonce: a data point could not be written to METRICS");
    }
}
