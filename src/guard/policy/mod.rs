//! What is guarded, and how.
//!
//! 1. The first route whose path matches decides; where none does, the defaults.
//! 2. What a request is guarded by is settled by its method and path alone.
//! 3. A path that an origin could read as another one, which is guarded in another way, is refused: else
//!    the spelling of a path would be a way round a route.
//! 4. A policy with a mistake is no policy (see `parse`).

pub mod amount;
mod error;
pub mod fields;
mod json;
mod lists;
mod parse;
pub mod pattern;
pub mod profiles;
mod reader;
mod releases;
mod rules;
pub mod settings;
mod settle;
pub mod sharding;
mod table;

pub use amount::{AmountError, AmountRange, DURATION, NumberError};
pub use error::{Mistake, PolicyError, PolicyErrors};
pub use lists::ValueError;
pub use parse::{MAX_LENGTH, MAX_ROUTES};
pub use pattern::PatternError;
pub use releases::ReleaseError;
pub use rules::RuleViolation;
pub use settings::{InFlight, KeyMode, KvWrite, Mode, OnGuardFailure, Settings, Unknown};
pub use settle::SettleError;
pub use sharding::{Jurisdiction, Location, Sharding, ShardingError};

use super::address::other_readings;
use pattern::Pattern;
use std::rc::Rc;

/// The whole policy: the defaults, and the routes that differ from them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whose keys these are; the request's host where none is given.
    pub realm: Option<String>,
    pub sharding: Sharding,
    pub defaults: Rc<Settings>,
    pub routes: Vec<Route>,
}

/// Some paths, and how requests to them are guarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub pattern: Pattern,
    pub settings: Rc<Settings>,
}

impl Policy {
    /// How a request is guarded; nothing where it is not.
    pub fn guards(&self, method: &str, path: &str) -> Option<Rc<Settings>> {
        Some(self.route(path).1).filter(|settings| settings.guards(method))
    }

    /// Whether another reading of a path is guarded in another way than the path as it stands.
    pub fn is_ambiguous(&self, method: &str, path: &str) -> bool {
        let mut settings = self.routes.iter().map(|route| &route.settings).chain([&self.defaults]);
        if !settings.any(|settings| settings.guards(method)) {
            return false;
        }
        let guarded = self.guards(method, path);
        other_readings(path).iter().any(|reading| {
            let (_, settings) = self.route_by(|pattern| pattern.matches_decoded(reading));
            Some(settings).filter(|settings| settings.guards(method)) != guarded
        })
    }

    /// The route that a path takes: its pattern, or `*` for the defaults, and its settings.
    pub fn route(&self, path: &str) -> (&str, Rc<Settings>) {
        self.route_by(|pattern| pattern.matches(path))
    }

    fn route_by(&self, is_it: impl Fn(&Pattern) -> bool) -> (&str, Rc<Settings>) {
        match self.routes.iter().find(|route| is_it(&route.pattern)) {
            Some(route) => (route.pattern.as_str(), route.settings.clone()),
            None => ("*", self.defaults.clone()),
        }
    }

    /// How the requests of a record's route are guarded now. Returns `None` if the policy has no such route
    /// any more.
    pub fn settings_of(&self, route: &str) -> Option<&Rc<Settings>> {
        match route {
            "*" => Some(&self.defaults),
            _ => {
                let is_it = |known: &&Route| known.pattern.as_str() == route;
                self.routes.iter().find(is_it).map(|route| &route.settings)
            }
        }
    }

    /// Whose keys a request's host holds: lower case, without port and without a dot at its end.
    pub fn realm(&self, host: &str) -> String {
        self.realm
            .clone()
            .unwrap_or_else(|| without_port(host).trim_end_matches('.').to_ascii_lowercase())
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
