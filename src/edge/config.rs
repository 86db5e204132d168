//! What this deployment was told: read once per isolate, since an isolate's variables never change.

use super::platform::bindings::{Bindings, list, text, variable};
use super::platform::log;
use super::platform::request_head::PlatformRequestHead;
use crate::guard::forward::pseudonym;
use crate::guard::operator::Access;
use crate::guard::origin::{OriginUrl, OriginUrlError};
use crate::guard::policy::Policy;
use crate::guard::request_head::RequestHead;
use js_sys::JSON;
use std::cell::OnceCell;
use std::rc::Rc;
use worker::Env;

/// The settings of this deployment.
pub struct Config {
    pub policy: Policy,
    /// Absent where a service binding alone leads to the origin, which then sees the public host.
    pub origin: Option<OriginUrl>,
    /// This deployment's name in `Via` headers.
    pub pseudonym: String,
    /// Who names operators, where that is Cloudflare Access.
    pub access: Option<Access>,
}

/// Why a deployment cannot guard.
pub struct Misconfigured {
    /// One sentence for each mistake.
    pub detail: String,
    /// Where the origin is known, requests that are never guarded still pass.
    pub passing: Option<Rc<Config>>,
}

type ConfigResult = Result<Rc<Config>, Rc<Misconfigured>>;

thread_local! {
    static CONFIG: OnceCell<ConfigResult> = const { OnceCell::new() };
}

/// The settings, or what is wrong with them.
pub fn config(env: &Env) -> ConfigResult {
    CONFIG.with(|config| config.get_or_init(|| read(env)).clone())
}

fn read(env: &Env) -> ConfigResult {
    match (read_origin(env), read_policy(env), read_access(env)) {
        (Ok(origin), Ok(policy), Ok(access)) => {
            Ok(Rc::new(Config { access, ..Config::new(origin, policy) }))
        }
        (origin, policy, access) => {
            let mistakes = [origin.as_ref().err().cloned(), policy.err(), access.err()];
            let mistakes: Vec<String> = mistakes.into_iter().flatten().collect();
            let detail = mistakes.join("; ");
            log::error(&format!("onlyonce is misconfigured: {detail}"));
            let passing = origin.ok().map(|origin| Rc::new(Config::new(origin, Policy::default())));
            Err(Rc::new(Misconfigured { detail, passing }))
        }
    }
}

fn read_origin(env: &Env) -> Result<Option<OriginUrl>, String> {
    match OriginUrl::parse(text(env, "ORIGIN").as_deref()) {
        Ok(origin) => Ok(Some(origin)),
        Err(OriginUrlError::Missing) if Bindings::of(env).origin.is_some() => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn read_access(env: &Env) -> Result<Option<Access>, String> {
    let [team, audiences, operators] =
        ["ACCESS_TEAM", "ACCESS_AUD", "ACCESS_OPERATORS"].map(|name| list(env, name));
    Access::parse(team.as_deref(), audiences.as_deref(), operators.as_deref())
        .map_err(|error| error.to_string())
}

/// POLICY as wrangler binds a table, or as a string of JSON.
fn read_policy(env: &Env) -> Result<Policy, String> {
    let policy = match variable(env, "POLICY") {
        None => Policy::default(),
        Some(value) => {
            let json = value
                .as_string()
                .or_else(|| JSON::stringify(&value).ok().map(String::from))
                .unwrap_or_default();
            Policy::parse(&json).map_err(|errors| errors.to_string())?
        }
    };
    let responses_bound = Bindings::of(env).responses.is_some();
    policy.sharding.check_bindings(responses_bound).map_err(|error| error.to_string())?;
    Ok(policy)
}

impl Config {
    fn new(origin: Option<OriginUrl>, policy: Policy) -> Self {
        let pseudonym = pseudonym(origin.as_ref().map_or("a service", OriginUrl::as_str));
        Self { policy, origin, pseudonym, access: None }
    }

    /// Whether anybody may ask as an operator.
    pub fn has_operator(&self, bindings: &Bindings) -> bool {
        bindings.admin_token.is_some() || self.access.is_some()
    }

    /// Where a request goes at the origin.
    pub fn origin_url(&self, head: &PlatformRequestHead) -> String {
        self.origin_target(&head.address().target(), || head.address().base())
    }

    /// Where a path and query go. `base` is scheme and host for an origin that is a service alone.
    pub fn origin_target(&self, target: &str, base: impl Fn() -> String) -> String {
        match &self.origin {
            Some(origin) => origin.join(target),
            None => base() + target,
        }
    }

    /// Whether the origin has a place for a path: see [`OriginUrl::holds`].
    pub fn holds(&self, head: &PlatformRequestHead) -> bool {
        self.origin.as_ref().is_none_or(|origin| origin.holds(head.path()))
    }
}
