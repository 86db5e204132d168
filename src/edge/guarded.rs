//! The Worker's half of a guarded request: read it, look for a copy, ask the object.
//!
//! A copy is asked for beside the object, and whichever proves a replay first answers: a replay
//! never waits for a cold object, and a first request never waits for a miss.

use super::body::{BodyError, read_request};
use super::config::{self, Config};
use super::head::RequestHead;
use super::js::{self, Context};
use super::pass_through::pass_keyless;
use super::present::{Presenter, problem};
use super::responses;
use super::stored::Stored;
use super::submit::{Call, submit};
use crate::guard::fingerprint::{Fingerprint, Method};
use crate::guard::key::IdempotencyKey;
use crate::guard::policy::Settings;
use crate::guard::problem::{Code, Problem};
use crate::guard::record::Record;
use crate::guard::replay::{CacheStatus, proves, without_cookies};
use crate::guard::scope::{Credential, Head, RecordId};
use crate::guard::time::Millis;
use crate::guard::wire::{Reply, Shown, Verdict};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// Answers a request of a guarded route.
pub async fn guard(
    request: &Request,
    head: &RequestHead,
    config: &Config,
    settings: &Settings,
    env: &JsValue,
    context: &Context,
) -> Result<Response, JsValue> {
    let started = js::now();
    let docs_url = settings.docs_url.as_deref();
    let Some(header) = head.header("idempotency-key") else {
        return pass_keyless(request, head, config, env).await;
    };
    let key = match IdempotencyKey::parse(&header) {
        Ok(key) => key,
        Err(error) => {
            return problem(&Problem::new(Code::KeyInvalid, error.describe(&header)), docs_url);
        }
    };
    let scope = settings.scope.values(head);
    let record = RecordId::new(&config.policy.realm(head.host()), &scope, &key);
    let presenter = Presenter { key: &key, record: &record, started, docs_url, context };
    let body = match read_body(request, head, settings.max_request_body).await {
        Ok(body) => body,
        Err(refusal) => return presenter.problem(&refusal),
    };
    let facts = Facts::of(head, settings, &record, body);
    facts.answer(request, env, &presenter).await
}

async fn read_body(
    request: &Request,
    head: &RequestHead,
    limit: u64,
) -> Result<Uint8Array, Problem> {
    let too_large = || {
        let detail = format!(
            "the request body is larger than the {limit} bytes of max_request_body; send a smaller one, or raise the limit for this route"
        );
        Problem::new(Code::BodyTooLarge, detail)
    };
    let promised = head.header("content-length").and_then(|length| length.parse::<u64>().ok());
    if promised.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    read_request(request, limit).await.map_err(|error| match error {
        BodyError::TooLarge => too_large(),
        // Nobody is left to read this.
        BodyError::BrokeOff => {
            Problem::new(Code::GuardUnavailable, "the request body broke off; send it again")
        }
    })
}

/// A complete request, and what the rules compare of it.
struct Facts<'a> {
    head: &'a RequestHead,
    record: &'a RecordId,
    body: Uint8Array,
    fingerprint: Fingerprint,
    replay_set_cookie: bool,
}

impl<'a> Facts<'a> {
    fn of(
        head: &'a RequestHead,
        settings: &Settings,
        record: &'a RecordId,
        body: Uint8Array,
    ) -> Self {
        let fingerprint = Fingerprint::of(head, &body.to_vec(), &settings.fingerprint);
        let replay_set_cookie = settings.replay_set_cookie;
        Self { head, record, body, fingerprint, replay_set_cookie }
    }

    /// Whether a copy may be shown for this request.
    fn proven_by(&self, copy: &Record) -> bool {
        let fingerprint = |method: &Method| match *method == self.fingerprint.method {
            true => self.fingerprint.clone(),
            false => Fingerprint::of(self.head, &self.body.to_vec(), method),
        };
        let credential = |sources: &[_]| Credential::of(self.head, sources, self.record);
        proves(copy, fingerprint, credential, js::now())
    }

    async fn answer(
        &self,
        request: &Request,
        env: &JsValue,
        presenter: &Presenter<'_>,
    ) -> Result<Response, JsValue> {
        if let Some(recent) = responses::recent(self.record).filter(|copy| self.proven_by(copy)) {
            return presenter.recent(&recent);
        }
        let call =
            Call { request, record: self.record, fingerprint: &self.fingerprint, body: &self.body };
        let object = pin!(submit(call, env));
        let copy = pin!(self.copy(env));
        match select(copy, object).await {
            Either::Left((Some(copy), _)) => self.replay(copy, presenter),
            Either::Left((None, object)) => self.reply(object.await, presenter).await,
            Either::Right((Ok(reply), _)) => self.reply(Ok(reply), presenter).await,
            Either::Right((Err(detail), copy)) => match copy.await {
                Some(copy) => self.replay(copy, presenter),
                None => self.reply(Err(detail), presenter).await,
            },
        }
    }

    /// The copy in KV, where it proves a replay.
    async fn copy(&self, env: &JsValue) -> Option<Stored> {
        let namespace = config::responses(env)?;
        let copy = responses::read_copy(&namespace, self.record).await?;
        self.proven_by(&copy.record).then_some(copy)
    }

    fn replay(&self, copy: Stored, presenter: &Presenter) -> Result<Response, JsValue> {
        responses::remember(self.record, &copy.record);
        presenter.stored(copy, Shown::Replayed, Millis(0))
    }

    async fn reply(
        &self,
        reply: Result<(Reply, Response), String>,
        presenter: &Presenter<'_>,
    ) -> Result<Response, JsValue> {
        let unavailable = |detail: String| {
            let mut problem = Problem::new(Code::GuardUnavailable, detail);
            problem.record = Some(self.record.clone());
            presenter.problem(&problem)
        };
        let (reply, response) = match reply {
            Ok(reply) => reply,
            Err(detail) => return unavailable(detail),
        };
        let Reply { expires_at, origin, .. } = reply;
        match reply.verdict {
            Verdict::Stored { shown } => match read_stored(&response).await {
                Ok(stored) => {
                    self.remember(&stored.record, shown);
                    presenter.stored(stored, shown, origin)
                }
                Err(_) => unavailable(
                    "the object's answer broke off; send the same request with the same key again"
                        .into(),
                ),
            },
            Verdict::Released { shared } => {
                presenter.handed_on(&response, CacheStatus::Released { shared }, None, origin)
            }
            Verdict::NotKept => {
                presenter.handed_on(&response, CacheStatus::NotKept, expires_at, origin)
            }
            Verdict::Refused { refusal } => {
                presenter.problem(&Problem::refused(refusal, presenter.key, self.record))
            }
            Verdict::Unavailable { detail } => unavailable(detail),
        }
    }

    /// The first caller's answer holds its cookies, which a retry only sees where the policy says.
    fn remember(&self, record: &Record, shown: Shown) {
        match record.answer().filter(|_| shown == Shown::First && !self.replay_set_cookie) {
            Some(answer) => {
                let answer = without_cookies(answer.clone());
                responses::remember(self.record, &record.clone().with_answer(answer));
            }
            None => responses::remember(self.record, record),
        }
    }
}

async fn read_stored(response: &Response) -> Result<Stored, JsValue> {
    let body = response.body().ok_or("the object sent no record")?;
    Stored::read(&body).await
}
