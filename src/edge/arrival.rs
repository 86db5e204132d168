//! A request as it arrives at the object: complete, with what the Worker found out about it.

use super::config::Config;
use super::head::PlatformRequestHead;
use super::held::{Held, NO_ROOM};
use super::js;
use super::key_object::Turn;
use crate::guard::delivery::RETRY_WINDOW;
use crate::guard::fingerprint::Fingerprint;
use crate::guard::machine::Submission;
use crate::guard::policy::{InFlight, Settings, Unknown};
use crate::guard::record::{Claim, ClaimId};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::{KeySource, SubmitRequest};
use crate::guard::scope::Credential;
use crate::guard::time::{Millis, UnixMillis};
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::mem::take;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Headers;

pub struct Arrival {
    pub submit: SubmitRequest,
    pub head: PlatformRequestHead,
    body: RefCell<Option<(Uint8Array, Held)>>,
    pub config: Rc<Config>,
    pub settings: Rc<Settings>,
    arrived_at: UnixMillis,
}

impl Arrival {
    /// Reads a request to its end, or says in one sentence why it cannot be used.
    pub async fn read(
        submit: Option<SubmitRequest>,
        headers: Headers,
        body: JsValue,
        config: Rc<Config>,
    ) -> Result<Self, &'static str> {
        let mut submit = submit.ok_or(OTHER_VERSION)?;
        let mut held = Held::default();
        if !held.grow(submit.length) {
            return Err(NO_ROOM);
        }
        let body = js::whole(body).await.map_err(|_| BROKE_OFF)?;
        if u64::from(body.length()) != submit.length {
            return Err(BROKE_OFF);
        }
        let (method, url) = (take(&mut submit.method), take(&mut submit.url));
        let head = PlatformRequestHead::sent(method, &url, take(&mut submit.headers), headers);
        let (_, settings) = config.policy.route(head.path());
        let body = RefCell::new(Some((body, held)));
        Ok(Self { submit, head, body, config, settings, arrived_at: js::now() })
    }

    /// The body, as long as it may have to be sent.
    pub fn body(&self) -> Option<Uint8Array> {
        self.body.borrow().as_ref().map(|(body, _)| body.clone())
    }

    /// Lets go of the body: a hundred duplicates that wait would hold it a hundred times.
    pub fn let_go(&self) {
        self.body.take();
    }

    /// What the rules look at. A claim that binds keeps the ways in which it was made; nothing
    /// where that takes a body that is gone.
    pub fn submission(
        &self,
        fresh: ClaimId,
        claim: Option<&Claim>,
        turn: Turn,
    ) -> Option<Submission> {
        let settings = &self.settings;
        let sources = claim.map_or(&settings.credential, |claim| &claim.credential.sources);
        let resend = settings.unknown == Unknown::Resend;
        Some(Submission {
            fresh,
            fingerprint: self.fingerprint(claim)?,
            credential: Credential::of(&self.head, sources, &self.submit.record),
            retry_window: self.retry_window(),
            deadline: settings.deadline,
            derived_ttl: (self.submit.key == KeySource::Derived).then_some(settings.derive_window),
            reject_in_flight: settings.in_flight == InFlight::Reject,
            may_resend: resend
                && turn == Turn::First
                && !self.submit.redelivered
                && !self.submit.observe,
            can_send: turn != Turn::Led && self.body.borrow().is_some(),
            raw_key: self.raw_key().filter(|_| resend),
        })
    }

    /// The key as the origin sees it.
    fn raw_key(&self) -> Option<String> {
        self.submit.generated.clone().or_else(|| self.head.header("idempotency-key"))
    }

    fn retry_window(&self) -> Millis {
        let least = match self.submit.key {
            KeySource::Queue => RETRY_WINDOW,
            _ => Millis(0),
        };
        self.settings.retry_window.max(least)
    }

    fn fingerprint(&self, claim: Option<&Claim>) -> Option<Fingerprint> {
        let method = claim.map_or(&self.settings.fingerprint, |claim| &claim.fingerprint.method);
        if *method == self.submit.fingerprint.method {
            return Some(self.submit.fingerprint.clone());
        }
        Some(Fingerprint::of(&self.head, &self.body()?.to_vec(), method))
    }

    /// Whether a duplicate is only told apart. The Worker's own second try is not: it would send
    /// what the first may have sent.
    pub fn is_watched(&self) -> bool {
        self.submit.observe && !self.submit.redelivered
    }

    /// How much longer this request may wait for another's answer.
    pub fn wait_left(&self, now: UnixMillis) -> Millis {
        self.arrived_at.plus(self.settings.wait).since(now)
    }

    /// Whether this request carries the same credential.
    pub fn shows(&self, credential: &Credential) -> bool {
        Credential::of(&self.head, &credential.sources, &self.submit.record) == *credential
    }
}

const OTHER_VERSION: &str =
    "Worker and object are of different versions, as happens while a deployment is under way";
const BROKE_OFF: &str = "the request broke off on its way to the object";
