//! A request as it arrives at the object: complete, with what the Worker found out about it.

use super::super::config::Config;
use super::super::platform::body::read_sent;
use super::super::platform::body_budget::{BodyReservation, NO_ROOM};
use super::super::platform::now;
use super::super::platform::request_head::PlatformRequestHead;
use crate::guard::address::Address;
use crate::guard::delivery::RETRY_WINDOW;
use crate::guard::digest::Pepper;
use crate::guard::fingerprint::Fingerprint;
use crate::guard::forward::{TOLD_OF_HOST, added};
use crate::guard::key::IdempotencyKey;
use crate::guard::known_names::tenant_headers;
use crate::guard::machine::{Place, Submission};
use crate::guard::policy::{InFlight, Settings, Unknown};
use crate::guard::record::{Claim, ClaimId};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::{KeySource, SubmitRequest};
use crate::guard::scope::{Credential, Namespace, RecordId, caller};
use crate::guard::source::Unreadable;
use crate::guard::time::{Millis, UnixMillis};
use crate::guard::uploads::{Holder, Stage};
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::mem::take;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Headers;

pub struct IncomingSubmission {
    pub request: SubmitRequest,
    pub head: PlatformRequestHead,
    body: RefCell<Option<(Uint8Array, BodyReservation)>>,
    pub config: Rc<Config>,
    pub settings: Rc<Settings>,
    /// The pattern of its route.
    route: String,
    arrived_at: UnixMillis,
}

/// Whether a request looks at the record for the first time, after it has waited, or after it was
/// sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    First,
    Waited,
    Led,
}

impl IncomingSubmission {
    /// Reads a request to its end, or says in one sentence why it cannot be used.
    pub async fn read(
        mut request: SubmitRequest,
        headers: Headers,
        body: JsValue,
        config: Rc<Config>,
    ) -> Result<Self, &'static str> {
        let address = Address::of(&take(&mut request.url));
        let head = PlatformRequestHead::at(address, take(&mut request.method), headers);
        head.read_headers();
        // The Worker has read it to its end: it is here at once.
        let mut reservation = BodyReservation::of(Holder::of(&head, Stage::AtShard));
        if !reservation.grow(request.length) {
            return Err(NO_ROOM);
        }
        let body = read_sent(body).await.map_err(|_| BROKE_OFF)?;
        if u64::from(body.length()) != request.length {
            return Err(BROKE_OFF);
        }
        let (route, settings) = config.policy.route(head.path());
        let route = route.to_owned();
        let body = RefCell::new(Some((body, reservation)));
        Ok(Self { request, head, body, config, settings, route, arrived_at: now() })
    }

    pub fn record(&self) -> &RecordId {
        &self.request.record
    }

    /// The body, as long as it may have to be sent.
    pub fn body(&self) -> Option<Uint8Array> {
        self.body.borrow().as_ref().map(|(body, _)| body.clone())
    }

    /// Lets go of the body: a hundred duplicates that wait would hold it a hundred times.
    pub fn drop_body(&self) {
        self.body.take();
    }

    /// What the rules look at. A claim that binds keeps the ways in which it was made. Returns `None`
    /// if that takes a body that is gone.
    ///
    /// # Errors
    ///
    /// What the claim compares, and this policy may not, cannot be read.
    pub fn submission(
        &self,
        fresh: ClaimId,
        claim: Option<&Claim>,
        pass: Pass,
        place: Place,
    ) -> Result<Option<Submission>, Unreadable> {
        let settings = &self.settings;
        let sources = claim.map_or(&settings.credential, |claim| &claim.credential.sources);
        let resend = settings.unknown == Unknown::Resend;
        let derived = self.request.key == KeySource::Derived;
        let credential = Credential::of(&self.head, sources, self.record())?;
        let Some(fingerprint) = self.fingerprint(claim)? else { return Ok(None) };
        let own = &self.request.fingerprint;
        let has_own_ways = *sources == settings.credential && fingerprint.method == own.method;
        let under_policy = match has_own_ways {
            true => None,
            false => {
                let credential = Credential::of(&self.head, &settings.credential, self.record())?;
                Some(Box::new((own.clone(), credential)))
            }
        };
        let asked_as = self.asked_as();
        Ok(Some(Submission {
            fresh,
            fingerprint,
            credential,
            under_policy,
            method: self.head.method().to_owned(),
            route: self.route.clone(),
            retry_window: self.retry_window(),
            deadline: settings.deadline,
            derived_ttl: derived.then_some(settings.derive_window),
            reject_in_flight: settings.in_flight == InFlight::Reject,
            may_resend: resend
                && pass == Pass::First
                && !self.request.redelivered
                && !self.request.observe,
            settles: asked_as.is_some(),
            asked_as: asked_as.unwrap_or_default(),
            may_probe: self.may_probe(pass),
            can_send: pass != Pass::Led && self.body.borrow().is_some(),
            place,
            known_only: self.request.known_only,
            raw_key: self.raw_key().filter(|_| resend || settings.settle.is_some()),
        }))
    }

    /// What the origin has to be told beside the key, where nobody's own headers go along. Returns `None` if
    /// it cannot be asked about this key.
    fn asked_as(&self) -> Option<Vec<(String, String)>> {
        let settle = self.settings.settle.as_ref()?;
        let raw_key = self.raw_key()?;
        let key = IdempotencyKey::parse_sent(&raw_key).ok()?;
        if settle.targets(&key, &raw_key).is_empty() {
            return None;
        }
        let host = added(&self.head.addressed(), &self.config.pseudonym).into_iter();
        let host = host.filter(|(name, _)| TOLD_OF_HOST.contains(name));
        let tenant = |name| Some((name, self.head.header(name)?));
        let told = host.chain(tenant_headers().filter_map(tenant));
        Some(told.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Whether this request may have the origin asked what became of its key.
    fn may_probe(&self, pass: Pass) -> bool {
        self.settings.settle.is_some() && pass == Pass::First && !self.request.observe
    }

    /// The key as the origin sees it.
    pub fn raw_key(&self) -> Option<String> {
        self.request.key_header.clone().or_else(|| self.head.header("idempotency-key"))
    }

    fn retry_window(&self) -> Millis {
        let least = match self.request.key {
            KeySource::Queue => RETRY_WINDOW,
            _ => Millis(0),
        };
        self.settings.retry_window.max(least)
    }

    /// What its caller's new keys are counted under. Returns `None` if a header cannot be read, which is
    /// refused in any case.
    pub fn caller(&self, pepper: &Pepper) -> Option<String> {
        let scope = self.settings.scope.values(&self.head).ok()?;
        let realm = self.config.policy.realm(self.head.host());
        let address = self.head.header("cf-connecting-ip");
        Some(caller(Namespace { pepper, realm: &realm, scope: &scope }, address.as_deref()))
    }

    /// Returns `None` if it takes a body that is gone.
    fn fingerprint(&self, claim: Option<&Claim>) -> Result<Option<Fingerprint>, Unreadable> {
        let rules = self.settings.key_rules(self.request.key);
        let comparison = rules.comparison(&self.settings.fingerprint);
        let method = claim.map_or(&*comparison, |claim| &claim.fingerprint.method);
        if *method == self.request.fingerprint.method {
            return Ok(Some(self.request.fingerprint.clone()));
        }
        let body = self.body();
        body.map(|body| Fingerprint::of(&self.head, &body.to_vec(), method)).transpose()
    }

    /// Whether a duplicate is only told apart. The Worker's own second try is not: it would send
    /// what the first may have sent.
    pub fn is_observed(&self) -> bool {
        self.request.observe && !self.request.redelivered
    }

    /// How much longer this request may wait for another's answer.
    pub fn wait_left(&self, now: UnixMillis) -> Millis {
        self.arrived_at.plus(self.settings.wait).since(now)
    }

    /// Whether this request carries the same credential.
    pub fn shows(&self, credential: &Credential) -> bool {
        let shown = Credential::of(&self.head, &credential.sources, self.record());
        shown.as_ref() == Ok(credential)
    }
}

const BROKE_OFF: &str = "the request broke off on its way to the object";
