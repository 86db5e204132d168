//! The Worker's half of a guarded request: find out whose it is and what it asks for, look for a
//! copy, ask the object.
//!
//! A copy is asked for beside the object, and whichever proves a replay first answers: a replay
//! never waits for a cold object, and a first request never waits for a miss.

use super::body::{BodyError, read_request};
use super::config::{self, Config};
use super::head::RequestHead;
use super::js::{self, Context};
use super::pass_through::{Why, pass_buffered, pass_keyless};
use super::present::{Audience, Presenter};
use super::responses;
use super::stored::Stored;
use super::submit::{Call, Unreached, submit};
use crate::guard::digest::hex;
use crate::guard::fingerprint::{Fingerprint, Method};
use crate::guard::key::IdempotencyKey;
use crate::guard::policy::{KeyMode, Mode, OnGuardFailure, Settings};
use crate::guard::problem::{Code, Problem};
use crate::guard::record::Record;
use crate::guard::replay::{CacheStatus, proves, without_cookies};
use crate::guard::scope::{Credential, Head, RecordId};
use crate::guard::time::{Millis, UnixMillis};
use crate::guard::wire::{KeySource, Reply, Shown, Verdict};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// A request of a guarded route, and all that it takes to answer it.
pub struct Guarded<'a> {
    pub request: &'a Request,
    pub head: &'a RequestHead,
    pub config: &'a Config,
    pub settings: &'a Settings,
    pub env: &'a JsValue,
    pub context: &'a Context,
}

/// What a request is guarded by.
enum Guarding {
    Key(IdempotencyKey, KeySource),
    /// A key is made from credential and fingerprint.
    Derive,
    /// It goes straight through.
    Nothing,
}

impl Guarded<'_> {
    /// Answers it.
    pub async fn answer(&self) -> Result<Response, JsValue> {
        let started = js::now();
        let audience = self.audience();
        let guarding = match self.guarding() {
            Ok(guarding) => guarding,
            Err(problem) => return audience.problem(&problem),
        };
        if matches!(guarding, Guarding::Nothing) || self.is_watched_and_too_large() {
            return pass_keyless(self.request, self.head, self.config, self.env).await;
        }
        let body = match self.body().await {
            Ok(body) => body,
            Err(problem) => return audience.problem(&problem),
        };
        let bytes = body.to_vec();
        let fingerprint = Fingerprint::of(self.head, &bytes, &self.settings.fingerprint);
        let (key, source) = match guarding {
            Guarding::Key(key, source) => (Some(key), source),
            _ => (None, KeySource::Derived),
        };
        let Some(record) = self.record(key.as_ref(), &fingerprint) else {
            return pass_buffered(self.head, self.config, self.env, &body, Why::Keyless).await;
        };
        let presenter = Presenter {
            audience: &audience,
            key: key.as_ref(),
            record: &record,
            detail: self.detail(source),
            started,
            context: self.context,
        };
        let facts =
            Facts { guarded: self, presenter: &presenter, source, body, bytes, fingerprint };
        facts.answer().await
    }

    fn audience(&self) -> Audience<'_> {
        let cors = self.settings.cors.as_ref();
        Audience {
            docs_url: self.settings.docs_url.as_deref(),
            page: cors.and_then(|cors| Some((cors, self.head.header("origin")?))),
        }
    }

    fn observes(&self) -> bool {
        self.settings.mode == Mode::Observe
    }

    fn guarding(&self) -> Result<Guarding, Problem> {
        let Some(header) = self.head.header("idempotency-key") else { return self.without_key() };
        match IdempotencyKey::parse(&header) {
            Ok(key) => Ok(Guarding::Key(key, KeySource::Client)),
            Err(_) if self.observes() => Ok(Guarding::Nothing),
            Err(error) => Err(Problem::new(Code::KeyInvalid, error.describe(&header))),
        }
    }

    fn without_key(&self) -> Result<Guarding, Problem> {
        match self.settings.key {
            _ if self.observes() => Ok(Guarding::Nothing),
            KeyMode::Optional | KeyMode::Off => Ok(Guarding::Nothing),
            KeyMode::Required => Err(Problem::new(Code::KeyMissing, KEY_MISSING)),
            KeyMode::Derive if self.promises_too_much() => Ok(Guarding::Nothing),
            KeyMode::Derive => Ok(Guarding::Derive),
            KeyMode::Generate => match random_key() {
                Some(key) => Ok(Guarding::Key(key, KeySource::Generated)),
                None => Err(Problem::new(Code::GuardUnavailable, NO_RANDOM_BITS)),
            },
        }
    }

    /// The record's name; nothing where a key should be derived and no credential is there.
    fn record(&self, key: Option<&IdempotencyKey>, fingerprint: &Fingerprint) -> Option<RecordId> {
        let realm = self.config.policy.realm(self.head.host());
        let scope = self.settings.scope.values(self.head);
        let credential = &self.settings.credential;
        match key {
            Some(key) => Some(RecordId::new(&realm, &scope, key)),
            None => RecordId::derived(&realm, &scope, credential, self.head, &fingerprint.digest),
        }
    }

    fn detail(&self, source: KeySource) -> Option<&'static str> {
        match source {
            _ if self.observes() => Some("observe"),
            KeySource::Client => None,
            KeySource::Generated => Some("generated"),
            KeySource::Derived => Some("derived"),
        }
    }

    fn promises_too_much(&self) -> bool {
        let length = self.head.header("content-length").and_then(|length| length.parse().ok());
        length.is_some_and(|length: u64| length > self.settings.max_request_body)
    }

    fn is_watched_and_too_large(&self) -> bool {
        self.observes() && self.promises_too_much()
    }

    /// The whole body. Its length is checked before it is read, and again while it is.
    async fn body(&self) -> Result<Uint8Array, Problem> {
        let limit = self.settings.max_request_body;
        let too_large = || {
            let detail = format!(
                "the request body is larger than the {limit} bytes of max_request_body; send a smaller one, or raise the limit for this route"
            );
            Problem::new(Code::BodyTooLarge, detail)
        };
        if self.promises_too_much() {
            return Err(too_large());
        }
        read_request(self.request, limit).await.map_err(|error| match error {
            BodyError::TooLarge => too_large(),
            // Nobody is left to read this.
            BodyError::BrokeOff => Problem::new(Code::GuardUnavailable, BROKE_OFF),
        })
    }
}

const KEY_MISSING: &str = "the request has no Idempotency-Key, which this route requires; send one of 1 to 255 characters, such as a new UUID, and keep it for every retry";
const NO_RANDOM_BITS: &str =
    "the platform gave no random bits for a key; send the same request again";
const BROKE_OFF: &str = "the request body broke off; send the same request with the same key again";

/// 128 random bits as hex digits.
fn random_key() -> Option<IdempotencyKey> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    IdempotencyKey::parse(&hex(&bytes)).ok()
}

/// A complete request, and what the rules compare of it.
struct Facts<'a> {
    guarded: &'a Guarded<'a>,
    presenter: &'a Presenter<'a>,
    source: KeySource,
    body: Uint8Array,
    bytes: Vec<u8>,
    fingerprint: Fingerprint,
}

impl Facts<'_> {
    /// Whether a copy may be shown for this request.
    fn proven_by(&self, copy: &Record) -> bool {
        let head = self.guarded.head;
        let fingerprint = |method: &Method| match *method == self.fingerprint.method {
            true => self.fingerprint.clone(),
            false => Fingerprint::of(head, &self.bytes, method),
        };
        let credential = |sources: &[_]| Credential::of(head, sources, self.presenter.record);
        proves(copy, fingerprint, credential, js::now())
    }

    async fn answer(&self) -> Result<Response, JsValue> {
        if self.guarded.observes() {
            return self.reply(submit(self.call(), self.guarded.env).await).await;
        }
        let record = self.presenter.record;
        if let Some(recent) = responses::recent(record).filter(|copy| self.proven_by(copy)) {
            return self.presenter.recent(&recent);
        }
        let object = pin!(submit(self.call(), self.guarded.env));
        let copy = pin!(self.copy());
        match select(copy, object).await {
            Either::Left((Some(copy), _)) => self.replay(copy),
            Either::Left((None, object)) => self.reply(object.await).await,
            Either::Right((Ok(reply), _)) => self.reply(Ok(reply)).await,
            Either::Right((Err(unreached), copy)) => match copy.await {
                Some(copy) => self.replay(copy),
                None => self.reply(Err(unreached)).await,
            },
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            request: self.guarded.request,
            record: self.presenter.record,
            fingerprint: &self.fingerprint,
            body: &self.body,
            source: self.source,
            generated: self.presenter.key.filter(|_| self.source == KeySource::Generated),
            observe: self.guarded.observes(),
        }
    }

    /// The copy in KV, where it proves a replay.
    async fn copy(&self) -> Option<Stored> {
        let namespace = config::responses(self.guarded.env)?;
        let copy = responses::read_copy(&namespace, self.presenter.record).await?;
        self.proven_by(&copy.record).then_some(copy)
    }

    fn replay(&self, copy: Stored) -> Result<Response, JsValue> {
        responses::remember(self.presenter.record, &copy.record);
        self.presenter.stored(copy, Shown::Replayed, Millis(0))
    }

    async fn reply(
        &self,
        reply: Result<(Reply, Response), Unreached>,
    ) -> Result<Response, JsValue> {
        let (reply, response) = match reply {
            Ok(reply) => reply,
            Err(unreached) => return self.unreached(unreached).await,
        };
        let presenter = self.presenter;
        let Reply { expires_at, origin, .. } = reply;
        match reply.verdict {
            Verdict::Stored { shown } => self.stored(&response, shown, origin).await,
            Verdict::Released { shared } => {
                presenter.handed_on(&response, CacheStatus::Released { shared }, None, origin)
            }
            Verdict::NotKept => self.not_kept(&response, expires_at, origin),
            Verdict::Refused { refusal } => {
                presenter.problem(&Problem::refused(refusal, presenter.key, presenter.record))
            }
            Verdict::Duplicate { .. } => self.pass(Why::Observe).await,
            Verdict::Unavailable { .. } if self.guarded.observes() => self.pass(Why::Observe).await,
            Verdict::Unavailable { detail } => self.unavailable(detail),
        }
    }

    async fn stored(
        &self,
        response: &Response,
        shown: Shown,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let Ok(stored) = read_stored(response).await else {
            return self.unavailable(ANSWER_BROKE_OFF.into());
        };
        self.remember(&stored.record, shown);
        self.presenter.stored(stored, shown, origin)
    }

    fn not_kept(
        &self,
        response: &Response,
        expires_at: Option<UnixMillis>,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        self.presenter.handed_on(response, CacheStatus::NotKept, expires_at, origin)
    }

    /// The object said nothing. It is passed by only where the policy says so, and where no call
    /// of this request can have reached it.
    async fn unreached(&self, unreached: Unreached) -> Result<Response, JsValue> {
        let open = self.guarded.settings.on_guard_failure == OnGuardFailure::Open;
        match unreached {
            _ if self.guarded.observes() => self.pass(Why::Observe).await,
            Unreached { surely: true, .. } if open => self.pass(Why::FailOpen).await,
            Unreached { detail, .. } => self.unavailable(detail),
        }
    }

    async fn pass(&self, why: Why) -> Result<Response, JsValue> {
        let Guarded { head, config, env, .. } = self.guarded;
        pass_buffered(head, config, env, &self.body, why).await
    }

    fn unavailable(&self, detail: String) -> Result<Response, JsValue> {
        let mut problem = Problem::new(Code::GuardUnavailable, detail);
        problem.record = Some(self.presenter.record.clone());
        self.presenter.problem(&problem)
    }

    /// The first caller's answer holds its cookies, which a retry only sees where the policy says.
    fn remember(&self, record: &Record, shown: Shown) {
        let with_cookies = self.guarded.settings.replay_set_cookie;
        match record.answer().filter(|_| shown == Shown::First && !with_cookies) {
            Some(answer) => {
                let answer = without_cookies(answer.clone());
                let record = record.clone().with_answer(answer);
                responses::remember(self.presenter.record, &record);
            }
            None => responses::remember(self.presenter.record, record),
        }
    }
}

const ANSWER_BROKE_OFF: &str =
    "the object's answer broke off; send the same request with the same key again";

async fn read_stored(response: &Response) -> Result<Stored, JsValue> {
    let body = response.body().ok_or("the object sent no record")?;
    Stored::read(&body).await
}
