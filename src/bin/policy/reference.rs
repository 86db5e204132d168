//! docs/CONFIGURATION.md: its frame is reference.md, its fields are the table's.

use crate::profiles;
use onlyonce::guard::known_names::{COOKIES, FORM_FIELDS, Group, REQUEST_HEADERS};
use onlyonce::guard::policy::amount::{AmountRange, NumberRange};
use onlyonce::guard::policy::fields::{Default, FIELDS, Field, Kind, Level};
use onlyonce::report::written::toml;

pub fn reference() -> String {
    let rows: String = FIELDS.iter().map(row).collect();
    let sections: String = FIELDS.iter().map(section).collect();
    include_str!("reference.md")
        .replace("{{rows}}\n", &rows)
        .replace("{{sections}}\n", sections.trim_start())
        .replace("{{presets}}\n", &profiles::presets())
        .replace("{{refusals}}\n", &profiles::refusals())
        .replace("{{cookies}}\n", &groups(&COOKIES))
        .replace("{{form_fields}}\n", &groups(&FORM_FIELDS))
        .replace("{{request_headers}}\n", &groups(&REQUEST_HEADERS))
}

/// A list of names, each group with why it is on it.
fn groups(groups: &[Group]) -> String {
    let row = |group: &Group| {
        let names: Vec<String> = group.names.iter().map(|name| format!("`{name}`")).collect();
        format!("| {} | {} |\n", names.join(", "), group.why)
    };
    groups.iter().map(row).collect()
}

fn row(field: &Field) -> String {
    let name = field.known.name;
    format!("| [`{name}`](#{name}) | {} | {} |\n", default(field), allowed(field))
}

fn section(field: &Field) -> String {
    let Field { meaning, why, note, .. } = field;
    let place = match field.known.level {
        Level::Anywhere => "",
        Level::Top => " Top level only.",
        Level::Route => " In routes only.",
    };
    let note = if note.is_empty() { String::new() } else { format!("\n**Beware:** {note}\n") };
    let (name, default, allowed) = (field.known.name, default(field), allowed(field));
    format!(
        "\n### {name}\n\n{meaning}{place}\n\n- **Write:** {allowed}.\n- **Default:** {default}. {why}\n{note}"
    )
}

fn default(field: &Field) -> String {
    match field.default {
        Default::Is(json) => {
            let value = serde_json::from_str(json).expect("the table's defaults are JSON");
            format!("`{}`", toml(&value))
        }
        Default::Absent(then) => then.into(),
    }
}

fn allowed(field: &Field) -> String {
    let range = match field.known.kind {
        Kind::Choice(choice) => {
            let words = choice.words.iter().map(|word| format!("`\"{word}\"`"));
            words.collect::<Vec<_>>().join(", ")
        }
        Kind::Duration(range, _) | Kind::Size(range, _) => between(range),
        Kind::Number(NumberRange { least, most }, _) => {
            format!("a whole number from `{least}` to `{most}`")
        }
        Kind::Flag(_) => "`true` or `false`".into(),
        Kind::Special(_) | Kind::Structural => return field.allowed.into(),
    };
    if field.allowed.is_empty() { range } else { format!("{range}; {}", field.allowed) }
}

fn between(AmountRange { units, least, most }: AmountRange) -> String {
    format!("a {} from `\"{}\"` to `\"{}\"`", units.noun, units.write(least), units.write(most))
}
