//! What people are told of a policy before it is deployed: what holds for which path, or every mistake, one
//! sentence each.
//!
//! 1. The Worker's variables arrive as JSON, `{"POLICY": {…}, "ORIGIN": "…"}`, as wrangler reads them out of a
//!    configuration; secrets are not among them.
//! 2. The policy is read by the code that the Worker reads it with.
//! 3. What nobody can read out of a policy, and should know before it is deployed, stands below the report.
//!
//! Not part of the Worker: it is compiled for the host and, with the feature `tools`, for scripts.

mod columns;
mod request;
mod settings;
pub mod written;

use crate::guard::contract;
use crate::guard::origin::OriginUrl;
use crate::guard::policy::{KeyMode, Policy, PolicyError};
use crate::guard::scope::Scope;
use serde_json::Value;

/// The Worker's variables, without a mistake.
pub struct Deployment {
    policy: Policy,
    /// What to say of the origin.
    origin: String,
    /// Of POLICY as JSON.
    policy_bytes: usize,
}

impl Deployment {
    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// Every mistake in them, a sentence each.
    pub fn read(variables: &str) -> Result<Self, Vec<String>> {
        let variables: Value = serde_json::from_str(variables).map_err(|error| {
            vec![format!("the variables are not JSON ({error}): hand in {{\"POLICY\": {{…}}}}")]
        })?;
        let policy_bytes = json(&variables).map_or(0, |json| json.len());
        match (policy(&variables), origin(&variables)) {
            (Ok(policy), Ok(origin)) => Ok(Self { policy, origin, policy_bytes }),
            (policy, origin) => {
                let mut mistakes = origin.err().unwrap_or_default();
                mistakes.extend(policy.err().unwrap_or_default());
                Err(mistakes)
            }
        }
    }

    /// What holds for every path.
    pub fn settings(&self) -> String {
        settings::report(&self.policy, &self.origin) + &self.advice()
    }

    /// What holds for one request.
    pub fn request(&self, method: &str, path: &str) -> String {
        request::report(&self.policy, &self.origin, method, path) + &self.advice()
    }

    /// What `/.onlyonce/contract` would say.
    pub fn contract(&self) -> String {
        contract::contract(env!("CARGO_PKG_VERSION"), &self.policy)
    }

    fn advice(&self) -> String {
        let settings = std::iter::once(&self.policy.defaults)
            .chain(self.policy.routes.iter().map(|route| &route.settings));
        let by_header = settings
            .filter(|settings| settings.key != KeyMode::Off)
            .any(|settings| settings.scope == Scope::Auto);
        format!("{PEPPER}{}{}", if by_header { COOKIES } else { "" }, self.size_warning())
    }

    fn size_warning(&self) -> String {
        match self.policy_bytes {
            length if length > LARGEST_VARIABLE => format!(
                "\nPOLICY is {length} bytes of JSON, and the platform takes 5 KB for one variable: shorten it before the guard is deployed.\n"
            ),
            _ => String::new(),
        }
    }
}

const PEPPER: &str = "\nSecrets are not read here. Set PEPPER before the first key comes (npx wrangler secret put PEPPER):\nwithout it record ids can be guessed at, and the log has no fingerprints.\n";

const COOKIES: &str = "\nscope = \"auto\" does not look at cookies. Where users are told apart by a cookie alone, name it,\nas in scope = [\"cookie:sid\"]: else two of them who choose one key meet, and the second is refused.\n";

/// What the platform takes for one variable ("Limits" of Workers: 5 KB).
const LARGEST_VARIABLE: usize = 5000;

fn policy(variables: &Value) -> Result<Policy, Vec<String>> {
    let parsed = json(variables).map(|json| Policy::parse(&json)).unwrap_or(Ok(Policy::default()));
    let sentence = |error: &PolicyError| error.to_string();
    let policy = parsed.map_err(|errors| errors.iter().map(sentence).collect::<Vec<_>>())?;
    let responses_bound = variables.get("RESPONSES").is_some_and(|bound| !bound.is_null());
    policy.sharding.check_bindings(responses_bound).map_err(|error| vec![sentence(&error)])?;
    Ok(policy)
}

/// The policy's JSON: a variable that is a table arrives as one, one that is a string holds it.
fn json(variables: &Value) -> Option<String> {
    match variables.get("POLICY")? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

/// What to say of the origin. It may be set elsewhere, so that it is missing here is no mistake.
fn origin(variables: &Value) -> Result<String, Vec<String>> {
    match variables.get("ORIGIN") {
        None | Some(Value::Null) if variables.get("ORIGIN_SERVICE").is_some() => {
            Ok("ORIGIN_SERVICE, a service binding".into())
        }
        None | Some(Value::Null) => {
            Ok("not set here: set ORIGIN or bind ORIGIN_SERVICE before the guard is deployed"
                .into())
        }
        Some(Value::String(text)) => {
            let base = OriginUrl::parse(Some(text)).map_err(|error| vec![error.to_string()])?;
            Ok(base.as_str().into())
        }
        Some(_) => Err(vec![
            "ORIGIN is not a text: write one such as \"https://origin.example.com\"".into(),
        ]),
    }
}
