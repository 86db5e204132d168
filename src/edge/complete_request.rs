//! The Worker's half of a guarded request once it is complete: look for a copy, ask the object.
//!
//! A copy is asked for beside the object, and whichever may_replay a replay first answers: a replay
//! never waits for a cold object, and a first request never waits for a miss.

use super::config;
use super::guarded::Guarded;
use super::js;
use super::pass_through::{Why, pass_buffered};
use super::present::Presenter;
use super::responses;
use super::stored::Stored;
use super::submit::{Call, Unreached, submit};
use crate::guard::fingerprint::{Fingerprint, Method};
use crate::guard::log::{ClaimRef, RequestOutcome};
use crate::guard::machine::Refusal;
use crate::guard::policy::OnGuardFailure;
use crate::guard::problem::{Code, Problem};
use crate::guard::record::Record;
use crate::guard::replay::{CacheStatus, for_retries, is_less_for_retries, may_replay};
use crate::guard::rpc::{Delivery, DryRun, KeySource, SubmitReply, SubmitResult};
use crate::guard::scope::Credential;
use crate::guard::time::Millis;
use js_sys::Uint8Array;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::JsValue;
use web_sys::Response;

/// A complete request, and what the rules compare of it.
pub struct CompleteRequest<'a> {
    pub guarded: &'a Guarded<'a>,
    pub presenter: &'a Presenter<'a>,
    pub source: KeySource,
    pub body: Uint8Array,
    pub fingerprint: Fingerprint,
}

/// Who spoke first of the two that are asked side by side.
enum First {
    Copy(Option<Stored>),
    Object(Result<(SubmitReply, JsValue), Unreached>),
}

impl CompleteRequest<'_> {
    /// Whether a copy may be shown for this request.
    fn proven_by(&self, copy: &Record) -> bool {
        let head = self.guarded.head;
        let fingerprint = |method: &Method| match *method == self.fingerprint.method {
            true => self.fingerprint.clone(),
            false => Fingerprint::of(head, &self.body.to_vec(), method),
        };
        let credential = |sources: &[_]| Credential::of(head, sources, self.presenter.record);
        may_replay(copy, fingerprint, credential, js::now())
    }

    pub async fn answer(&self) -> Result<Response, JsValue> {
        if self.guarded.observes() {
            return self.reply(submit(self.call(), self.guarded.env).await).await;
        }
        let record = self.presenter.record;
        if let Some(recent) = responses::recent(record).filter(|copy| self.proven_by(copy)) {
            self.note_shown(&recent, Delivery::Replayed, Millis(0));
            return self.presenter.recent(recent);
        }
        let mut object = pin!(submit(self.call(), self.guarded.env));
        let mut copy = pin!(self.copy());
        let first = poll_fn(|context| match copy.as_mut().poll(context) {
            Poll::Ready(copy) => Poll::Ready(First::Copy(copy)),
            Poll::Pending => object.as_mut().poll(context).map(First::Object),
        });
        match first.await {
            First::Copy(Some(copy)) => self.replay(copy),
            First::Copy(None) => self.reply(object.await).await,
            First::Object(Ok(reply)) => self.reply(Ok(reply)).await,
            First::Object(Err(unreached)) => match copy.await {
                Some(copy) => self.replay(copy),
                None => self.reply(Err(unreached)).await,
            },
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            head: self.guarded.head,
            record: self.presenter.record,
            fingerprint: &self.fingerprint,
            body: &self.body,
            source: self.source,
            generated: self.presenter.key.filter(|_| self.source == KeySource::Generated),
            observe: self.guarded.observes(),
        }
    }

    /// The copy in KV, where it may_replay a replay.
    async fn copy(&self) -> Option<Stored> {
        let namespace = config::responses(self.guarded.env)?;
        let copy = responses::read_copy(&namespace, self.presenter.record).await?;
        self.proven_by(&copy.record).then_some(copy)
    }

    fn replay(&self, copy: Stored) -> Result<Response, JsValue> {
        responses::remember(self.presenter.record, &copy.record);
        self.note_shown(&copy.record, Delivery::Replayed, Millis(0));
        self.presenter.stored(copy, Delivery::Replayed, Millis(0))
    }

    async fn reply(
        &self,
        reply: Result<(SubmitReply, JsValue), Unreached>,
    ) -> Result<Response, JsValue> {
        let (reply, body) = match reply {
            Ok(reply) => reply,
            Err(unreached) => return self.unreached(unreached).await,
        };
        let presenter = self.presenter;
        let SubmitReply { expires_at, origin, trace, .. } = reply;
        self.guarded.noted.trace.replace(trace);
        match reply.verdict {
            SubmitResult::Stored { shown, record } => {
                self.stored(Stored::handed_over(&record, body), shown, origin)
            }
            SubmitResult::Released { shared, passed } => {
                self.guarded.note(RequestOutcome { origin, ..RequestOutcome::of("released") });
                let status = CacheStatus::Released { shared };
                presenter.handed_on(passed, &body, status, None, origin)
            }
            SubmitResult::NotKept { passed } => {
                self.guarded.note(RequestOutcome { origin, ..RequestOutcome::of("not-kept") });
                presenter.handed_on(passed, &body, CacheStatus::NotKept, expires_at, origin)
            }
            SubmitResult::Refused { refusal } => self.refuse(refusal),
            SubmitResult::Duplicate { would } => self.spare(would).await,
            SubmitResult::Unavailable { .. } if self.guarded.observes() => {
                self.pass(Why::Observe, RequestOutcome::of("observed")).await
            }
            SubmitResult::Unavailable { detail } => self.unavailable(detail),
        }
    }

    fn note_shown(&self, record: &Record, shown: Delivery, origin: Millis) {
        let outcome = match shown {
            Delivery::First => "first",
            Delivery::Collapsed => "joined",
            Delivery::Replayed => "replayed",
        };
        self.guarded.noted.trace.replace(record.claim().map(ClaimRef::of));
        self.guarded.note(RequestOutcome { origin, ..RequestOutcome::of(outcome) });
    }

    fn refuse(&self, refusal: Refusal) -> Result<Response, JsValue> {
        let Presenter { key, record, .. } = self.presenter;
        let problem = Problem::refused(refusal, *key, record);
        self.problem(&problem)
    }

    fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        let code = Some(problem.code.describe().name);
        self.guarded.note(RequestOutcome { code, ..RequestOutcome::of("refused") });
        self.presenter.problem(problem)
    }

    /// A duplicate under a policy that only watches: the log tells what it was spared.
    fn spare(&self, would: DryRun) -> impl Future<Output = Result<Response, JsValue>> {
        let (would, code) = match would {
            DryRun::Join => ("join", None),
            DryRun::Replay => ("replay", None),
            DryRun::Refuse(refusal) => {
                let code = Problem::refused(refusal, None, self.presenter.record).code;
                ("refuse", Some(code.describe().name))
            }
        };
        self.pass(
            Why::Observe,
            RequestOutcome { would: Some(would), code, ..RequestOutcome::of("observed") },
        )
    }

    fn stored(
        &self,
        read: Result<Stored, JsValue>,
        shown: Delivery,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let Ok(stored) = read else { return self.unavailable(ANSWER_BROKE_OFF.into()) };
        self.remember(&stored.record, shown);
        self.note_shown(&stored.record, shown, origin);
        self.presenter.stored(stored, shown, origin)
    }

    /// The object said nothing. It is passed by only where the policy says so, and where no call
    /// of this request can have reached it. A queue's message can wait.
    async fn unreached(&self, unreached: Unreached) -> Result<Response, JsValue> {
        let open = self.guarded.settings.on_guard_failure == OnGuardFailure::Open
            && self.source != KeySource::Queue;
        match unreached {
            _ if self.guarded.observes() => {
                self.pass(Why::Observe, RequestOutcome::of("observed")).await
            }
            Unreached { surely: true, .. } if open => {
                self.pass(Why::FailOpen, RequestOutcome::of("fail-open")).await
            }
            Unreached { detail, .. } => self.unavailable(detail),
        }
    }

    fn pass(
        &self,
        why: Why,
        told: RequestOutcome,
    ) -> impl Future<Output = Result<Response, JsValue>> {
        self.guarded.note(told);
        let Guarded { head, config, env, .. } = self.guarded;
        pass_buffered(head, config, env, &self.body, why)
    }

    fn unavailable(&self, detail: String) -> Result<Response, JsValue> {
        let mut problem = Problem::new(Code::GuardUnavailable, detail);
        problem.record = Some(self.presenter.record.clone());
        self.problem(&problem)
    }

    /// The first caller's answer holds its cookies, which a retry only sees where the policy says.
    fn remember(&self, record: &Rc<Record>, shown: Delivery) {
        let cookies = self.guarded.settings.replay_set_cookie;
        match record.answer().filter(|_| shown == Delivery::First) {
            Some(answer) if is_less_for_retries(answer, cookies) => {
                let answer = for_retries(answer.clone(), cookies);
                let record = Rc::new(Record::clone(record).with_answer(answer));
                responses::remember(self.presenter.record, &record);
            }
            _ => responses::remember(self.presenter.record, record),
        }
    }
}

const ANSWER_BROKE_OFF: &str =
    "the object's answer broke off; send the same request with the same key again";
