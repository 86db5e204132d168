//! `policy check`: what holds for which path, or every mistake, one sentence each.

use crate::columns::{Cell, Column, table};
use crate::print;
use crate::written::setting;
use onlyonce::guard::origin::OriginUrl;
use onlyonce::guard::policy::fields::{FIELDS, Field, Kind, Level, Values};
use onlyonce::guard::policy::{KeyMode, Policy, PolicyError, Route, Settings};
use onlyonce::guard::scope::Scope;
use serde_json::Value;
use std::io::Read;
use std::process::ExitCode;

/// Reads the variables and prints what `report` says of a policy without a mistake, and what to know before
/// it is deployed.
pub fn check(report: impl Fn(&Policy, &str) -> String) -> ExitCode {
    read(|policy, origin, variables| {
        let report = report(policy, origin);
        format!("{report}{}{}", advice(policy), size_warning(variables))
    })
}

/// Reads the variables and prints what `report` says of a policy without a mistake.
pub fn read(report: impl Fn(&Policy, &str, &Value) -> String) -> ExitCode {
    let mut input = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut input) {
        return failed(&[format!("the variables cannot be read: {error}")]);
    }
    let variables: Value = match serde_json::from_str(&input) {
        Ok(variables) => variables,
        Err(error) => {
            return failed(&[format!(
                "the variables are not JSON ({error}): hand in {{\"POLICY\": {{…}}}}"
            )]);
        }
    };
    match (policy(&variables), origin(&variables)) {
        (Ok(policy), Ok(origin)) => print(&report(&policy, &origin, &variables)),
        (policy, origin) => {
            let mut mistakes = origin.err().unwrap_or_default();
            mistakes.extend(policy.err().unwrap_or_default());
            failed(&mistakes)
        }
    }
}

fn failed(mistakes: &[String]) -> ExitCode {
    for mistake in mistakes {
        eprintln!("{mistake}");
    }
    ExitCode::FAILURE
}

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

/// What nobody can read out of a policy, and should know before it is deployed.
fn advice(policy: &Policy) -> String {
    let settings =
        std::iter::once(&policy.defaults).chain(policy.routes.iter().map(|route| &route.settings));
    let by_header = settings
        .filter(|settings| settings.key != KeyMode::Off)
        .any(|settings| settings.scope == Scope::Auto);
    format!("{PEPPER}{}", if by_header { COOKIES } else { "" })
}

const PEPPER: &str = "\nSecrets are not read here. Set PEPPER before the first key comes (npx wrangler secret put PEPPER):\nwithout it record ids can be guessed at, and the log has no fingerprints.\n";

const COOKIES: &str = "\nscope = \"auto\" does not look at cookies. Where users are told apart by a cookie alone, name it,\nas in scope = [\"cookie:sid\"]: else two of them who choose one key meet, and the second is refused.\n";

/// What the platform takes for one variable ("Limits" of Workers: 5 KB).
const LARGEST_VARIABLE: usize = 5000;

fn size_warning(variables: &Value) -> String {
    match json(variables).map(|json| json.len()) {
        Some(length) if length > LARGEST_VARIABLE => format!(
            "\nPOLICY is {length} bytes of JSON, and the platform takes 5 KB for one variable: shorten it before the guard is deployed.\n"
        ),
        _ => String::new(),
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
