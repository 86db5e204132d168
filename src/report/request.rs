//! Which route a request takes, whether it is guarded there, and what holds for it.

use super::settings::{DEFAULTS, column, head, route_name, settings_table};
use crate::guard::policy::{KeyMode, Mode, Policy, Route, Settings};

pub fn report(policy: &Policy, origin: &str, method: &str, path: &str) -> String {
    let matching: Vec<(usize, &Route)> =
        policy.routes.iter().enumerate().filter(|(_, route)| route.pattern.matches(path)).collect();
    let (name, settings) = match matching.first() {
        Some((at, route)) => (route_name(*at, route), &route.settings),
        None => (DEFAULTS.to_owned(), &policy.defaults),
    };
    let sentence = format!("{method} {path}: {name} decides; {}\n", verdict(settings, method));
    let below: String =
        matching.iter().skip(1).map(|(at, route)| passed_over(*at, route)).collect();
    let table = settings_table(&[column(&name, settings)]);
    format!("{sentence}{below}\n{}\n{table}\n{LEGEND}", head(policy, origin))
}

fn verdict(settings: &Settings, method: &str) -> String {
    let methods = settings.methods.join(", ");
    if settings.key == KeyMode::Off {
        return "not guarded, since key = \"off\"".into();
    }
    if !settings.methods.iter().any(|listed| listed == method) {
        return format!("not guarded, since methods is {methods}");
    }
    if settings.mode == Mode::Observe {
        return "only watched, since mode = \"observe\": it is sent on in any case".into();
    }
    let without_key = match settings.key {
        KeyMode::Required => "refused (key-missing)",
        KeyMode::Derive => "guarded under a derived key where it shows a credential",
        KeyMode::Generate => "guarded under a key that is drawn for it",
        KeyMode::Optional | KeyMode::Off => "sent straight on",
    };
    format!("guarded with a key; without one, {without_key}")
}

fn passed_over(at: usize, route: &Route) -> String {
    format!("{} is for this path, too, and stands below: it is not asked.\n", route_name(at, route))
}

const LEGEND: &str = "* differs from the built-in default.\n";
