//! The tables of the reference that tell what each profile presets, and how it refuses.

use onlyonce::guard::policy::Settings;
use onlyonce::guard::policy::fields::{FIELDS, Field, Values};
use onlyonce::guard::policy::profiles::PRESET;
use onlyonce::guard::problem::{Code, DESCRIPTIONS};
use onlyonce::guard::profile::Profile;
use onlyonce::report::written::setting;
use std::collections::BTreeSet;
use strum::VariantNames;

/// Every profile, as a policy writes it; the draft is the first.
fn all() -> Vec<Profile> {
    let profile = |name: &&str| name.parse().expect("a profile's own name");
    Profile::VARIANTS.iter().map(profile).collect()
}

fn head(first: &str) -> String {
    let names: Vec<String> = Profile::VARIANTS.iter().map(|name| format!("`{name}`")).collect();
    let line = "| --- ".repeat(names.len() + 1);
    format!("| {first} | {} |\n{line}|\n", names.join(" | "))
}

pub fn presets() -> String {
    let row = |name: &&str| {
        let field = FIELDS.iter().find(|field| field.known.name == *name).expect("a preset field");
        let cells: Vec<String> = all().into_iter().map(|profile| cell(field, profile)).collect();
        format!("| [`{name}`](#{name}) | {} |\n", cells.join(" | "))
    };
    head("field") + &PRESET.iter().map(row).collect::<String>()
}

fn cell(field: &Field, profile: Profile) -> String {
    let text = |profile: Profile| {
        let mut settings = Settings::default();
        profile.preset(&mut settings);
        setting(field, &Values { settings, ..Values::default() })
    };
    let (own, draft) = (text(profile), text(Profile::Draft));
    match (profile, field.known.name) {
        (Profile::Draft, "release") => "see [below](#release)".into(),
        (Profile::Draft, _) => code(&own),
        _ if own == draft => String::new(),
        (_, "release") => differences(&draft, &own),
        _ => code(&own),
    }
}

/// What a list has more than another one.
fn differences(from: &str, to: &str) -> String {
    let statuses = |text: &str| -> BTreeSet<u16> {
        text.split(", ").filter_map(|entry| entry.parse().ok()).collect()
    };
    let more: Vec<u16> = statuses(to).difference(&statuses(from)).copied().collect();
    // Statuses of one hundred stand for all of it where there are many.
    let (many, few): (Vec<u16>, Vec<u16>) = more.into_iter().partition(|status| *status >= 400);
    let few: Vec<String> = few.iter().map(|status| format!("`{status}`")).collect();
    let many = if many.len() > 50 { "every 4xx" } else { "" };
    format!("also {}, {many}", few.join(", "))
}

fn code(text: &str) -> String {
    let entries: Vec<String> = text.split(", ").map(|entry| format!("`{entry}`")).collect();
    entries.join(", ")
}

pub fn refusals() -> String {
    let row = |code: Code, status: u16| {
        let cells = all().into_iter().map(|profile| match code {
            // Where the policy cannot be read, nobody knows of a profile.
            Code::Misconfigured if profile != Profile::Draft => "as `draft`".into(),
            _ => format!("{} `{}`", profile.status(code, status), profile.code(code)),
        });
        format!("| `{}` | {} |\n", code.describe().name, cells.collect::<Vec<_>>().join(" | "))
    };
    let rows = DESCRIPTIONS.iter().map(|about| row(about.code, about.status));
    head("refusal") + &rows.collect::<String>()
}
