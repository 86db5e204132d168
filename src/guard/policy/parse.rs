//! Reads a policy.
//!
//! 1. Nothing is ignored: a name that is no field, a value of another type or out of its range, and
//!    two fields that contradict each other are mistakes.
//! 2. All mistakes are told at once; no part of a policy with a mistake is used.
//! 3. What a route does not say is as in the defaults, field by field.
//! 4. A policy is bounded: 64 KiB of JSON, 100 routes.

use super::fields::{FieldSpec, KNOWN, Level, known};
use super::mistake::{PolicyError, PolicyErrors};
#[cfg(not(target_arch = "wasm32"))]
use super::nearest::nearest;
use super::pattern::Pattern;
use super::rules::{RULES, Rule};
use super::{Policy, Route, Settings};
use crate::guard::bytes::decimal;
use crate::guard::canonical_json::canonical_json;
use crate::guard::json::{Table, Value};
use std::rc::Rc;

/// In bytes of JSON. The platform allows 5 KB for a variable; a test may hand in more.
pub const MAX_DELIVERY_AGE: usize = 64 * 1024;
pub const MOST_ROUTES: usize = 100;

impl Policy {
    /// Reads a policy from JSON, or tells all that is wrong with it.
    pub fn parse(json: &str) -> Result<Self, Vec<PolicyError>> {
        let mut mistakes = PolicyErrors::default();
        let policy = policy(json, &mut mistakes);
        let told = mistakes.into_told();
        policy.filter(|_| told.is_empty()).ok_or(told)
    }
}

const TABLE: &str = "write a table, which is [vars.POLICY] in wrangler.toml";

fn policy(json: &str, mistakes: &mut PolicyErrors) -> Option<Policy> {
    let root = read_json(json, mistakes)?;
    let table = mistakes.table(&root, TABLE)?;
    let realm = mistakes.member(table, "realm", realm);
    let defaults = SettingsLayer::read(table, Level::Top, Settings::default(), &[], mistakes);
    let routes = mistakes
        .member(table, "routes", |value, mistakes| routes(value, &defaults, mistakes))
        .unwrap_or_default();
    Some(Policy { realm, defaults: Rc::new(defaults.settings), routes })
}

fn read_json(json: &str, mistakes: &mut PolicyErrors) -> Option<Value> {
    if json.len() > MAX_DELIVERY_AGE {
        let cure = "shorten it; one route with ** may do for many";
        return mistakes.out_of_place("is longer than 64 KiB", cure);
    }
    let value = match Value::parse(json) {
        Ok(value) => value,
        Err(wrong_at) => return mistakes.out_of_place(&no_json(json, wrong_at), TABLE),
    };
    // Readers disagree on what a name means that stands in a table twice.
    if canonical_json(json.as_bytes(), &[]).is_none() {
        return mistakes.out_of_place("has a field twice in one table", "remove one of them");
    }
    Some(value)
}

fn no_json(json: &str, wrong_at: usize) -> String {
    let (mut line, mut column) = (1_u64, 0_u64);
    for byte in json.bytes().take(wrong_at) {
        column = column.saturating_add(1);
        if byte == b'\n' {
            (line, column) = (line.saturating_add(1), 0);
        }
    }
    ["is not JSON at line ", &decimal(line), ", column ", &decimal(column)].concat()
}

fn realm(value: &Value, mistakes: &mut PolicyErrors) -> Option<String> {
    const FORM: &str = "write 1 to 255 visible ASCII characters, such as \"shop\"";
    let name = mistakes.text(value, FORM)?;
    let fits = (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Some(name.into()) } else { mistakes.wrong(value, "is no realm", FORM) }
}

fn routes(
    value: &Value,
    defaults: &SettingsLayer,
    mistakes: &mut PolicyErrors,
) -> Option<Vec<Route>> {
    const FORM: &str = "write a list of tables, which is [[vars.POLICY.routes]] in wrangler.toml";
    let items = mistakes.items(value, FORM)?;
    if items.len() > MOST_ROUTES {
        let reason = ["has ", &decimal(items.len() as u64), " routes"].concat();
        let cure = "write 100 or fewer; a path with * or ** may do for many";
        return mistakes.wrong(value, &reason, cure);
    }
    let mut routes: Vec<Route> = Vec::with_capacity(items.len());
    mistakes.each(items, &mut |item, mistakes| {
        routes.push(route(item, defaults, &routes, mistakes)?);
        Some(())
    })?;
    Some(routes)
}

fn route(
    value: &Value,
    defaults: &SettingsLayer,
    earlier: &[Route],
    mistakes: &mut PolicyErrors,
) -> Option<Route> {
    let table = mistakes.table(value, "write a table with a path")?;
    let settings = defaults.settings.clone();
    let part = SettingsLayer::read(table, Level::Route, settings, &defaults.mistaken, mistakes);
    if table.get("path").is_none() {
        let cure = "write the paths that it is for, such as path = \"/payments/**\"";
        return mistakes.wrong(value, "has no path", cure);
    }
    let pattern =
        mistakes.member(table, "path", |value, mistakes| pattern(value, earlier, mistakes))?;
    Some(Route { pattern, settings: Rc::new(part.settings) })
}

fn pattern(value: &Value, earlier: &[Route], mistakes: &mut PolicyErrors) -> Option<Pattern> {
    let text = mistakes.text(value, "write a path such as \"/payments/**\"")?;
    let pattern = match Pattern::parse(text) {
        Ok(pattern) => pattern,
        Err((reason, cure)) => return mistakes.wrong(value, reason, cure),
    };
    if let Some(route) = earlier.iter().find(|route| route.pattern.covers(&pattern)) {
        let above = route.pattern.as_str();
        let reason = ["is never reached, for \"", above, "\" above it is for the same paths"];
        let cure = "move it above that route, or remove it";
        return mistakes.wrong(value, &reason.concat(), cure);
    }
    Some(pattern)
}

/// The settings that one table of a policy makes of those that it starts from.
struct SettingsLayer {
    settings: Settings,
    /// Fields whose values are not what somebody wanted, so that no rule is measured by them.
    mistaken: Vec<&'static str>,
}

impl SettingsLayer {
    fn read(
        table: &Table,
        level: Level,
        settings: Settings,
        mistaken: &[&'static str],
        mistakes: &mut PolicyErrors,
    ) -> Self {
        let mut part = Self { settings, mistaken: mistaken.into() };
        for (name, value) in table.by_name() {
            mistakes.within(name, |mistakes| part.field(name, value, level, mistakes));
        }
        for rule in &RULES {
            part.keep(rule, table, mistakes);
        }
        part
    }

    fn field(
        &mut self,
        name: &str,
        value: &Value,
        level: Level,
        mistakes: &mut PolicyErrors,
    ) -> Option<()> {
        let Some(known) = known(name) else { return unknown(name, level, mistakes) };
        if !known.stands_at(level) {
            return misplaced(known, mistakes);
        }
        let before = mistakes.count();
        // A later table corrects what an earlier one had wrong.
        self.mistaken.retain(|mistaken| *mistaken != known.name);
        known.kind.read(value, &mut self.settings, mistakes);
        if mistakes.count() > before {
            self.mistaken.push(known.name);
        }
        Some(())
    }

    /// Blames a broken rule on the field of this table that has to do with it; where there is none,
    /// the table that has one was blamed before.
    fn keep(&self, rule: &Rule, table: &Table, mistakes: &mut PolicyErrors) {
        if rule.fields.iter().any(|field| self.mistaken.contains(field)) {
            return;
        }
        let blamed = rule.fields.iter().position(|field| table.get(field).is_some());
        if let (Some(which), Some(broken)) = (blamed, (rule.broken)(&self.settings)) {
            let field = rule.fields.get(which).copied().unwrap_or_default();
            let reason = broken.reasons.get(which).map_or("", String::as_str);
            mistakes.member::<()>(table, field, |value, mistakes| {
                mistakes.wrong(value, reason, &broken.cure)
            });
        }
    }
}

impl FieldSpec {
    fn stands_at(&self, level: Level) -> bool {
        self.level == Level::Anywhere || self.level == level
    }
}

fn unknown(name: &str, level: Level, mistakes: &mut PolicyErrors) -> Option<()> {
    let names = KNOWN.iter().filter(|known| known.stands_at(level)).map(|known| known.name);
    match nearest(name, names) {
        Some(name) => {
            let reason = ["is not a field (did you mean ", name, "?)"].concat();
            mistakes.out_of_place(&reason, "rename it, or remove it")
        }
        None => mistakes
            .out_of_place("is not a field", "remove it; docs/CONFIGURATION.md names every field"),
    }
}

/// The Worker leaves the suggestion to `npm run check-policy`: it is 0.7 KB of code.
#[cfg(target_arch = "wasm32")]
fn nearest<'a>(_: &str, _: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    None
}

fn misplaced(known: &FieldSpec, mistakes: &mut PolicyErrors) -> Option<()> {
    let (reason, cure) = match known.level {
        Level::Route => ("belongs to a route", "write it under [[vars.POLICY.routes]]"),
        _ => (
            "is no field of a route",
            "write it under [vars.POLICY], where it holds for all routes",
        ),
    };
    mistakes.out_of_place(reason, cure)
}
