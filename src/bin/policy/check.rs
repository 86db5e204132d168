//! `policy check`: what holds for which path, or every mistake, one sentence each.

use crate::columns::{Cell, Column, table};
use crate::written::setting;
use onlyonce::guard::origin::OriginUrl;
use onlyonce::guard::policy::fields::{FIELDS, Field, Kind};
use onlyonce::guard::policy::{KeyMode, Policy, PolicyError, Settings};
use serde_json::Value;
use std::io::Read;
use std::process::ExitCode;

pub fn check() -> ExitCode {
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
        (Ok(policy), Ok(origin)) => {
            print!("{}", report(&policy, &origin));
            print!("{}", size_warning(&variables));
            ExitCode::SUCCESS
        }
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
    parsed.map_err(|mistakes| mistakes.iter().map(PolicyError::sentence).collect())
}

/// The policy's JSON: a variable that is a table arrives as one, one that is a string holds it.
fn json(variables: &Value) -> Option<String> {
    match variables.get("POLICY")? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

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
            let base = OriginUrl::parse(Some(text)).map_err(|error| vec![error.sentence()])?;
            Ok(base.as_str().into())
        }
        Some(_) => Err(vec![
            "ORIGIN is not a text: write one such as \"https://origin.example.com\"".into(),
        ]),
    }
}

fn report(policy: &Policy, origin: &str) -> String {
    let fields: Vec<&Field> =
        FIELDS.iter().filter(|field| !matches!(field.known.kind, Kind::Structural)).collect();
    let rows: Vec<&str> = fields.iter().map(|field| field.known.name).collect();
    let realm = policy.realm.as_deref().unwrap_or("the request's host");
    format!(
        "origin  {origin}\nrealm   {realm}\n\n{}\n{LEGEND}",
        table(&rows, &columns(policy, &fields))
    )
}

const LEGEND: &str = "* differs from the built-in default. The first route that matches a path decides; [vars.POLICY]\n  holds where none does. docs/CONFIGURATION.md explains every field.\n";

fn columns(policy: &Policy, fields: &[&Field]) -> Vec<Column> {
    let defaults = column("[vars.POLICY]", &policy.defaults, fields);
    let route = |(at, route): (usize, &onlyonce::guard::policy::Route)| {
        column(&format!("routes[{at}] {}", route.pattern.as_str()), &route.settings, fields)
    };
    std::iter::once(defaults).chain(policy.routes.iter().enumerate().map(route)).collect()
}

fn column(head: &str, settings: &Settings, fields: &[&Field]) -> Column {
    let off = settings.key == KeyMode::Off;
    let cell = |field: &&Field| {
        let text = setting(field, settings);
        let marked = text != setting(field, &Settings::default());
        match off && field.known.name != "key" {
            // Where nothing is guarded, nothing else holds.
            true => Cell { text: "-".into(), marked: false },
            false => Cell { text, marked },
        }
    };
    Column { head: format!("  {head}"), cells: fields.iter().map(cell).collect() }
}
