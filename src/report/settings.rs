//! What holds for every path: a column for `[vars.POLICY]` and one for each route.

use super::columns::{Cell, Column, table};
use super::written::setting;
use crate::guard::policy::fields::{FIELDS, Field, Kind, Level, Values};
use crate::guard::policy::{KeyMode, Policy, Route, Settings};

/// What holds for every path.
pub fn report(policy: &Policy, origin: &str) -> String {
    format!("{}\n{}\n{LEGEND}", head(policy, origin), settings_table(&columns(policy)))
}

/// The fields of one level that are settings.
fn fields_at(level: Level) -> impl Iterator<Item = &'static Field> {
    let is_setting = |field: &&Field| !matches!(field.known.kind, Kind::Structural);
    FIELDS.iter().filter(move |field| field.known.level == level).filter(is_setting)
}

pub fn settings_table(columns: &[Column]) -> String {
    let rows: Vec<&str> = fields_at(Level::Anywhere).map(|field| field.known.name).collect();
    table(&rows, columns)
}

/// What holds for the whole deployment.
pub fn head(policy: &Policy, origin: &str) -> String {
    let values = Values {
        settings: Settings::default(),
        sharding: policy.sharding.clone(),
        realm: policy.realm.clone(),
    };
    let whole = fields_at(Level::Top).map(|field| line(field.known.name, &setting(field, &values)));
    std::iter::once(line("origin", origin)).chain(whole).collect()
}

fn line(name: &str, value: &str) -> String {
    format!("{name:16} {value}\n")
}

const LEGEND: &str = "* differs from the built-in default. The first route that matches a path decides; [vars.POLICY]\n  holds where none does. docs/CONFIGURATION.md explains every field.\n";

fn columns(policy: &Policy) -> Vec<Column> {
    let defaults = column(DEFAULTS, &policy.defaults);
    let route = |(at, route): (usize, &Route)| column(&route_name(at, route), &route.settings);
    std::iter::once(defaults).chain(policy.routes.iter().enumerate().map(route)).collect()
}

/// What decides where no route does.
pub const DEFAULTS: &str = "[vars.POLICY]";

pub fn route_name(at: usize, route: &Route) -> String {
    format!("routes[{at}] {}", route.pattern.as_str())
}

pub fn column(head: &str, settings: &Settings) -> Column {
    let off = settings.key == KeyMode::Off;
    let values = |settings: &Settings| Values { settings: settings.clone(), ..Values::default() };
    let (values, usual) = (values(settings), values(&Settings::default()));
    let cell = |field: &Field| {
        let text = setting(field, &values);
        let marked = text != setting(field, &usual);
        match off && field.known.name != "key" {
            // Where nothing is guarded, nothing else holds.
            true => Cell { text: "-".into(), marked: false },
            false => Cell { text, marked },
        }
    };
    Column { head: format!("  {head}"), cells: fields_at(Level::Anywhere).map(cell).collect() }
}
