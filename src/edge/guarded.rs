//! A request of a guarded route, from its headers to its last byte: what it is guarded by, whose it
//! is, and what the log says of it.

use super::body::{BodyError, Pipe, ReadAhead, pass_on, read_request};
use super::complete_request::CompleteRequest;
use super::config::{self, Config};
use super::head::PlatformRequestHead;
use super::held::{Held, NO_ROOM};
use super::js::{self, Context};
use super::pass_through::{Why, pass_buffered, pass_keyless, pass_read};
use super::present::{Audience, Presenter};
use super::tasks;
use crate::guard::bytes::{decimal, from_decimal};
use crate::guard::digest::hex;
use crate::guard::fingerprint::Fingerprint;
use crate::guard::key::IdempotencyKey;
use crate::guard::log::{ClaimRef, FingerprintTag, LogLine, RequestOutcome};
use crate::guard::policy::{KeyMode, Mode, Settings};
use crate::guard::problem::{Code, Problem};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::KeySource;
use crate::guard::scope::RecordId;
use crate::guard::time::UnixMillis;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// A request of a guarded route, and all that it takes to answer it.
pub struct Guarded<'a> {
    pub request: &'a Request,
    pub head: &'a PlatformRequestHead,
    pub config: &'a Config,
    pub settings: &'a Settings,
    pub env: &'a JsValue,
    pub context: &'a Context,
    /// What the log is to say.
    pub noted: RequestLog,
    /// Whose keys these are.
    pub realm: String,
    /// The queue that delivered it, where it did not come over HTTP.
    pub queue: Option<&'a str>,
}

/// What is found out on the way, for the log.
#[derive(Default)]
pub struct RequestLog {
    told: RefCell<RequestOutcome>,
    names: RefCell<Option<(RecordId, FingerprintTag, KeySource)>>,
    pub trace: RefCell<Option<ClaimRef>>,
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
    /// Answers it, and tells of it: in the log, and to whoever counts.
    pub async fn answer(&self) -> Result<Response, JsValue> {
        let started = js::now();
        let response = self.answered(started).await?;
        self.log(started, response.status());
        Ok(response)
    }

    /// Tells of it: in the log, and to whoever counts.
    pub fn log(&self, started: UnixMillis, status: u16) {
        let (names, trace) = (self.noted.names.borrow(), self.noted.trace.borrow());
        let now = js::now();
        let entry = LogLine {
            route: self.config.policy.route(self.head.path()).0,
            method: self.head.method(),
            record: names.as_ref().map(|(record, ..)| record),
            fingerprint: names.as_ref().map(|(_, fingerprint, _)| fingerprint.clone()),
            source: names.as_ref().and_then(|(.., source)| source.name()),
            queue: self.queue,
            trace: trace.as_ref(),
            told: &self.noted.told.borrow(),
            status,
            now,
            total: now.since(started),
        };
        js::log_line(&entry.line());
        config::count(self.env, &entry);
    }

    /// It is a message that was handed over to the dead letters, for this reason.
    pub fn note_dead(&self, code: &'static str) {
        let mut told = self.noted.told.borrow_mut();
        (told.outcome, told.code) = ("dead-letter", Some(code));
    }

    pub fn told(&self) -> RequestOutcome {
        self.noted.told.borrow().clone()
    }

    pub fn note(&self, told: RequestOutcome) {
        self.noted.told.replace(told);
    }

    fn refuse(&self, audience: &Audience, problem: &Problem) -> Result<Response, JsValue> {
        self.note(RequestOutcome {
            code: Some(problem.code.describe().name),
            ..RequestOutcome::of("refused")
        });
        audience.problem(problem)
    }

    /// Answers it, without a word in the log.
    pub async fn answered(&self, started: UnixMillis) -> Result<Response, JsValue> {
        let audience = self.audience();
        let guarding = match self.guarding() {
            Ok(guarding) => guarding,
            Err(problem) => return self.refuse(&audience, &problem),
        };
        if matches!(guarding, Guarding::Nothing) || self.is_watched_and_too_large() {
            self.note(RequestOutcome::of("bypass"));
            return pass_keyless(self.request, self.head, self.config, self.env).await;
        }
        if self.promises_too_much() {
            return self.refuse(&audience, &self.too_large());
        }
        let mut held = Held::default();
        let limit = self.settings.max_request_body;
        let body = match read_request(self.request, self.promised(), limit, &mut held).await {
            Ok(body) => body,
            Err(BodyError::TooLarge(read)) if self.observes() => return self.pass_on(read).await,
            Err(error) => return self.refuse(&audience, &self.unreadable(&error)),
        };
        let fingerprint = Fingerprint::of(self.head, &body.to_vec(), &self.settings.fingerprint);
        let (key, source) = match guarding {
            Guarding::Key(key, source) => (Some(key), source),
            _ => (None, KeySource::Derived),
        };
        let Some(record) = self.record(key.as_ref(), &fingerprint) else {
            self.note(RequestOutcome::of("bypass"));
            return pass_buffered(self.head, self.config, self.env, &body, Why::Keyless).await;
        };
        let salted = FingerprintTag::of(&self.realm, &fingerprint.digest);
        self.noted.names.replace(Some((record.clone(), salted, source)));
        let presenter = Presenter {
            audience: &audience,
            key: key.as_ref(),
            record: &record,
            detail: self.detail(source),
            started,
            context: self.context,
        };
        let complete =
            CompleteRequest { guarded: self, presenter: &presenter, source, body, fingerprint };
        complete.answer().await
    }

    fn audience(&self) -> Audience<'_> {
        let cors = self.settings.cors.as_ref();
        Audience {
            docs_url: self.settings.docs_url.as_deref(),
            page: cors.and_then(|cors| Some((cors, self.head.header("origin")?))),
        }
    }

    pub fn observes(&self) -> bool {
        self.settings.mode == Mode::Observe
    }

    fn guarding(&self) -> Result<Guarding, Problem> {
        let Some(header) = self.head.header("idempotency-key") else { return self.without_key() };
        match IdempotencyKey::parse(&header) {
            Ok(key) => Ok(Guarding::Key(key, self.source())),
            Err(_) if self.observes() => Ok(Guarding::Nothing),
            Err(error) => Err(Problem::new(Code::KeyInvalid, error.describe(&header))),
        }
    }

    fn source(&self) -> KeySource {
        if self.queue.is_some() { KeySource::Queue } else { KeySource::Client }
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
        let realm = &self.realm;
        let scope = self.settings.scope.values(self.head);
        let credential = &self.settings.credential;
        match key {
            Some(key) => Some(RecordId::new(realm, &scope, key)),
            None => RecordId::derived(realm, &scope, credential, self.head, &fingerprint.digest),
        }
    }

    fn detail(&self, source: KeySource) -> Option<&'static str> {
        if self.observes() { Some("observe") } else { source.name() }
    }

    /// The length of the body in bytes, where the client said it.
    fn promised(&self) -> Option<u64> {
        from_decimal(&self.head.header("content-length")?)
    }

    fn promises_too_much(&self) -> bool {
        self.promised().is_some_and(|length| length > self.settings.max_request_body)
    }

    fn is_watched_and_too_large(&self) -> bool {
        self.observes() && self.promises_too_much()
    }

    fn too_large(&self) -> Problem {
        let detail = [
            "the request body is larger than the ",
            &decimal(self.settings.max_request_body),
            " bytes of max_request_body; send a smaller one, or raise the limit for this route",
        ];
        Problem::new(Code::BodyTooLarge, detail.concat())
    }

    fn unreadable(&self, error: &BodyError) -> Problem {
        match error {
            BodyError::TooLarge(_) => self.too_large(),
            BodyError::NoRoom => Problem::new(Code::GuardUnavailable, NO_ROOM),
            // Nobody is left to read this.
            BodyError::BrokeOff => Problem::new(Code::GuardUnavailable, BROKE_OFF),
        }
    }

    /// A body that turned out too large for a policy that only watches: it goes on as it comes.
    async fn pass_on(&self, read: ReadAhead) -> Result<Response, JsValue> {
        self.note(RequestOutcome::of("bypass"));
        let pipe = Pipe::of_any_length()?;
        let body = pipe.readable.clone();
        self.context.keep_alive(&tasks::spawn(pass_on(Some(pipe), read)))?;
        pass_read(self.head, self.config, self.env, Some(&body), Why::Observe).await
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
