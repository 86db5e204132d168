//! Reads a policy.
//!
//! 1. Nothing is ignored: a name that is no field, a value of another type or out of its range, and
//!    two fields that contradict each other are mistakes.
//! 2. All mistakes are told at once; no part of a policy with a mistake is used.
//! 3. What a route does not say is as in the defaults, field by field.
//! 4. A policy is bounded: 64 KiB of JSON, 100 routes.

use super::fields::{KNOWN, Known, Level, known};
use super::mistake::{Mistake, Mistakes, Place, Wrong};
#[cfg(not(target_arch = "wasm32"))]
use super::nearest::nearest;
use super::pattern::Pattern;
use super::rules::{RULES, Rule};
use super::{Policy, Route, Settings};
use crate::guard::canonical_json::canonical_json;
use crate::guard::json::{Table, Value};
use std::rc::Rc;

/// In bytes of JSON. The platform allows 5 KB for a variable; a test may hand in more.
pub const LONGEST: usize = 64 * 1024;
pub const MOST_ROUTES: usize = 100;

impl Policy {
    /// Reads a policy from JSON, or tells all that is wrong with it.
    pub fn parse(json: &str) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::default();
        let policy = read_json(json).map(|root| match &root {
            Value::Object(table) => policy(table, &mut mistakes),
            _ => {
                let place = Place { field: ROOT.into(), value: &root };
                mistakes.note(place.table(TABLE));
                Self::default()
            }
        });
        let policy = mistakes.note(policy);
        policy.filter(|_| mistakes.count() == 0).ok_or_else(|| mistakes.into_told())
    }
}

const ROOT: &str = "POLICY";
const TABLE: &str = "write a table, which is [vars.POLICY] in wrangler.toml";

fn read_json(json: &str) -> Result<Value, Wrong> {
    let wrong = |reason: &str, allowed: &str| Mistake::boxed(ROOT, String::new(), reason, allowed);
    if json.len() > LONGEST {
        return Err(wrong(
            "is longer than 64 KiB",
            "shorten it; one route with ** may do for many",
        ));
    }
    let value = Value::parse(json).map_err(|wrong_at| {
        let read = json.get(..wrong_at).unwrap_or_default();
        let (line, column) =
            (read.split('\n').count(), read.rsplit('\n').next().map_or(0, str::len));
        wrong(&format!("is not JSON at line {line}, column {column}"), TABLE)
    })?;
    // Readers disagree on what a name means that stands in a table twice.
    match canonical_json(json.as_bytes(), &[]) {
        Some(_) => Ok(value),
        None => Err(wrong("has a field twice in one table", "remove one of them")),
    }
}

fn policy(table: &Table, mistakes: &mut Mistakes) -> Policy {
    let realm = table
        .get("realm")
        .and_then(|value| mistakes.note(realm(&Place::member("", "realm", value))));
    let defaults = Part::read("", table, Level::Top, Settings::default(), &[], mistakes);
    let routes = table
        .get("routes")
        .map(|value| routes(&Place::member("", "routes", value), &defaults, mistakes));
    Policy { realm, defaults: Rc::new(defaults.settings), routes: routes.unwrap_or_default() }
}

fn realm(place: &Place) -> Result<String, Wrong> {
    const FORM: &str = "write 1 to 255 visible ASCII characters, such as \"shop\"";
    let name = place.text(FORM)?;
    let fits = (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(name.into()) } else { Err(place.wrong("is no realm", FORM)) }
}

fn routes(place: &Place, defaults: &Part, mistakes: &mut Mistakes) -> Vec<Route> {
    const FORM: &str = "write a list of tables, which is [[vars.POLICY.routes]] in wrangler.toml";
    let items = mistakes.note(place.items(FORM)).unwrap_or_default();
    if items.len() > MOST_ROUTES {
        let reason = format!("has {} routes", items.len());
        mistakes
            .add(place.wrong(&reason, "write 100 or fewer; a path with * or ** may do for many"));
        return Vec::new();
    }
    let mut routes: Vec<Route> = Vec::with_capacity(items.len());
    for item in &items {
        if let Some(route) = route(item, defaults, &routes, mistakes) {
            routes.push(route);
        }
    }
    routes
}

fn route(
    place: &Place,
    defaults: &Part,
    earlier: &[Route],
    mistakes: &mut Mistakes,
) -> Option<Route> {
    let table = mistakes.note(place.table("write a table with a path"))?;
    let settings = defaults.settings.clone();
    let part =
        Part::read(&place.field, table, Level::Route, settings, &defaults.mistaken, mistakes);
    let pattern = match table.get("path") {
        Some(value) => pattern(&Place::member(&place.field, "path", value), earlier),
        None => Err(place.wrong(
            "has no path",
            "write the paths that it is for, such as path = \"/payments/**\"",
        )),
    };
    Some(Route { pattern: mistakes.note(pattern)?, settings: Rc::new(part.settings) })
}

fn pattern(place: &Place, earlier: &[Route]) -> Result<Pattern, Wrong> {
    let text = place.text("write a path such as \"/payments/**\"")?;
    let pattern = Pattern::parse(text).map_err(|(reason, cure)| place.wrong(reason, cure))?;
    match earlier.iter().find(|route| route.pattern.covers(&pattern)) {
        None => Ok(pattern),
        Some(route) => Err(place.wrong(
            &format!(
                "is never reached, for \"{}\" above it is for the same paths",
                route.pattern.as_str()
            ),
            "move it above that route, or remove it",
        )),
    }
}

/// The settings that one table of a policy makes of those that it starts from.
struct Part {
    settings: Settings,
    /// Fields whose values are not what somebody wanted, so that no rule is measured by them.
    mistaken: Vec<&'static str>,
}

impl Part {
    fn read(
        at: &str,
        table: &Table,
        level: Level,
        settings: Settings,
        mistaken: &[&'static str],
        mistakes: &mut Mistakes,
    ) -> Self {
        let mut part = Self { settings, mistaken: mistaken.into() };
        for (name, value) in table.by_name() {
            part.field(&Place::member(at, name, value), name, level, mistakes);
        }
        for rule in &RULES {
            part.keep(rule, at, table, mistakes);
        }
        part
    }

    fn field(&mut self, place: &Place, name: &str, level: Level, mistakes: &mut Mistakes) {
        let before = mistakes.count();
        match known(name) {
            None => mistakes.add(unknown(place, name, level)),
            Some(known) if !known.stands_at(level) => mistakes.add(misplaced(place, known)),
            Some(known) => {
                // A later table corrects what an earlier one had wrong.
                self.mistaken.retain(|mistaken| *mistaken != known.name);
                known.kind.read(place, &mut self.settings, mistakes);
                if mistakes.count() > before {
                    self.mistaken.push(known.name);
                }
            }
        }
    }

    /// Blames a broken rule on the field of this table that has to do with it; where there is none,
    /// the table that has one was blamed before.
    fn keep(&self, rule: &Rule, at: &str, table: &Table, mistakes: &mut Mistakes) {
        if rule.fields.iter().any(|field| self.mistaken.contains(field)) {
            return;
        }
        let blamed = rule.fields.iter().enumerate().find_map(|(which, field)| {
            table.get(field).map(|value| (which, Place::member(at, field, value)))
        });
        if let (Some((which, place)), Some(broken)) = (blamed, (rule.broken)(&self.settings)) {
            let reason = broken.reasons.get(which).map_or("", String::as_str);
            mistakes.add(place.wrong(reason, &broken.cure));
        }
    }
}

impl Known {
    fn stands_at(&self, level: Level) -> bool {
        self.level == Level::Anywhere || self.level == level
    }
}

fn unknown(place: &Place, name: &str, level: Level) -> Wrong {
    let names = KNOWN.iter().filter(|known| known.stands_at(level)).map(|known| known.name);
    match nearest(name, names) {
        Some(name) => {
            let reason = format!("is not a field (did you mean {name}?)");
            place.out_of_place(&reason, "rename it, or remove it")
        }
        None => place
            .out_of_place("is not a field", "remove it; docs/CONFIGURATION.md names every field"),
    }
}

/// The Worker leaves the suggestion to `npm run check-policy`: it is 0.7 KB of code.
#[cfg(target_arch = "wasm32")]
fn nearest<'a>(_: &str, _: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    None
}

fn misplaced(place: &Place, known: &Known) -> Wrong {
    let (reason, cure) = match known.level {
        Level::Route => ("belongs to a route", "write it under [[vars.POLICY.routes]]"),
        _ => (
            "is no field of a route",
            "write it under [vars.POLICY], where it holds for all routes",
        ),
    };
    place.out_of_place(reason, cure)
}
