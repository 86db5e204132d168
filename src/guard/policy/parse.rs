//! Reads a policy.
//!
//! 1. Nothing is ignored: a name that is no field, a value of another type or out of its range, a
//!    field that stands twice, and two fields that contradict each other are mistakes.
//! 2. All mistakes are told at once; no part of a policy with a mistake is used.
//! 3. What a route does not say is as in the defaults, field by field.
//! 4. A policy is bounded: 64 KiB of JSON, 100 routes.

use super::error::{Mistake, PolicyErrors, TABLE};
use super::fields::{FieldSpec, KNOWN, Level, Values, known};
use super::pattern::Pattern;
use super::profiles::PRESET;
use super::reader::{Reader, Table};
use super::rules::{RULES, Rule};
use super::{Policy, Route, Settings};
use serde_json::value::RawValue;
use std::rc::Rc;

/// In bytes of JSON. The platform allows 5 KB for a variable; a test may hand in more.
pub const MAX_LENGTH: usize = 64 * 1024;
pub const MAX_ROUTES: usize = 100;

impl Policy {
    /// Reads a policy from JSON.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(json: &str) -> Result<Self, PolicyErrors> {
        let mut reader = Reader::default();
        let policy = policy(&mut reader, json);
        reader.finish(policy)
    }
}

fn policy(reader: &mut Reader, json: &str) -> Option<Policy> {
    let root = read_json(reader, json)?;
    let table = reader.table(root, TABLE)?;
    let defaults = Layer::read(reader, &table, Level::Top, Settings::default(), &[]);
    defaults.check_sharding(reader, &table);
    let read = |reader: &mut Reader, json| routes(reader, json, &defaults);
    let routes = reader.member(&table, "routes", read).unwrap_or_default();
    let Values { settings, sharding, realm } = defaults.values;
    Some(Policy { realm, sharding, defaults: Rc::new(settings), routes })
}

fn read_json<'a>(reader: &mut Reader, json: &'a str) -> Option<&'a RawValue> {
    if json.len() > MAX_LENGTH {
        return reader.out_of_place(Mistake::TooLong);
    }
    match serde_json::from_str(json) {
        Ok(root) => Some(root),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            reader.out_of_place(Mistake::NotJson { line, column })
        }
    }
}

fn routes(reader: &mut Reader, json: &RawValue, defaults: &Layer) -> Option<Vec<Route>> {
    const FORM: &str = "write a list of tables, which is [[vars.POLICY.routes]] in wrangler.toml";
    let items = reader.items(json, FORM)?;
    if items.len() > MAX_ROUTES {
        return reader.wrong(json, Mistake::TooManyRoutes { routes: items.len() });
    }
    let mut routes: Vec<Route> = Vec::with_capacity(items.len());
    reader.each(&items, &mut |reader, item| {
        routes.push(route(reader, item, defaults, &routes)?);
        Some(())
    })?;
    Some(routes)
}

fn route(
    reader: &mut Reader,
    json: &RawValue,
    defaults: &Layer,
    earlier: &[Route],
) -> Option<Route> {
    let table = reader.table(json, "write a table with a path")?;
    let settings = defaults.values.settings.clone();
    let layer = Layer::read(reader, &table, Level::Route, settings, &defaults.mistaken);
    if table.get("path").is_none() {
        return reader.wrong(json, Mistake::NoPath);
    }
    let read = |reader: &mut Reader, json| pattern(reader, json, earlier);
    let pattern = reader.member(&table, "path", read)?;
    Some(Route { pattern, settings: Rc::new(layer.values.settings) })
}

fn pattern(reader: &mut Reader, json: &RawValue, earlier: &[Route]) -> Option<Pattern> {
    let pattern: Pattern = reader.parsed(json, "write a path such as \"/payments/**\"")?;
    match earlier.iter().find(|route| route.pattern.covers(&pattern)) {
        Some(route) => {
            let above = route.pattern.as_str().to_owned();
            reader.wrong(json, Mistake::NeverReached { above })
        }
        None => Some(pattern),
    }
}

const PROFILE: &str = "profile";

/// What one table of a policy makes of the settings that it starts from.
struct Layer {
    values: Values,
    /// Fields whose values are not what somebody wanted, so that no rule is measured by them.
    mistaken: Vec<&'static str>,
}

impl Layer {
    fn read(
        reader: &mut Reader,
        table: &Table<'_>,
        level: Level,
        settings: Settings,
        mistaken: &[&'static str],
    ) -> Self {
        let values = Values { settings, ..Values::default() };
        let mut layer = Self { values, mistaken: mistaken.into() };
        // A profile presets what the other fields of its table may set otherwise.
        let (profile, others): (Vec<_>, Vec<_>) =
            table.members().iter().partition(|(name, _)| name == PROFILE);
        for (name, json) in profile.into_iter().chain(others) {
            reader.within(name, |reader| layer.field(reader, name, json, level));
        }
        for rule in &RULES {
            layer.check(reader, rule, table);
        }
        layer
    }

    fn field(
        &mut self,
        reader: &mut Reader,
        name: &str,
        json: &RawValue,
        level: Level,
    ) -> Option<()> {
        let Some(known) = known(name) else { return reader.out_of_place(unknown(name, level)) };
        if !known.stands_at(level) {
            return reader.out_of_place(known.misplaced());
        }
        let before = reader.count();
        // A later table corrects what an earlier one had wrong.
        self.mistaken.retain(|mistaken| *mistaken != known.name);
        known.kind.read(reader, json, &mut self.values);
        if reader.count() > before {
            self.mistaken.push(known.name);
        }
        Some(())
    }

    /// Blames a broken rule on the field of this table that has to do with it; where there is none,
    /// the table that has one was blamed before.
    fn check(&self, reader: &mut Reader, rule: &Rule, table: &Table<'_>) {
        if self.is_mistaken(&rule.fields) {
            return;
        }
        let written = |field: &str| table.get(field).is_some();
        let preset = |field: &str| written(PROFILE) && PRESET.contains(&field);
        let fields = || rule.fields.iter().enumerate();
        let found = fields().find(|(_, field)| written(field));
        let found = found.or_else(|| fields().find(|(_, field)| preset(field)));
        let Some((at, field)) = found else { return };
        if let Err(violation) = rule.check(&self.values.settings, at) {
            let (blamed, violation) = match written(field) {
                true => (*field, violation),
                false => (PROFILE, violation.of_preset(field)),
            };
            reader.member::<()>(table, blamed, |reader, json| reader.wrong(json, violation));
        }
    }

    fn check_sharding(&self, reader: &mut Reader, table: &Table<'_>) {
        if self.is_mistaken(&["shards", "shards_before"]) {
            return;
        }
        if let Err(error) = self.values.sharding.check_before() {
            reader.member::<()>(table, "shards_before", |reader, json| reader.wrong(json, error));
        }
    }

    fn is_mistaken(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.mistaken.contains(field))
    }
}

impl FieldSpec {
    fn stands_at(&self, level: Level) -> bool {
        self.level == Level::Anywhere || self.level == level
    }

    fn misplaced(&self) -> Mistake {
        match self.level {
            Level::Route => Mistake::OnlyInRoutes,
            _ => Mistake::OnlyAtTop,
        }
    }
}

fn unknown(name: &str, level: Level) -> Mistake {
    let names = KNOWN.iter().filter(|known| known.stands_at(level)).map(|known| known.name);
    match nearest(name, names) {
        Some(nearest) => Mistake::Misspelled { nearest },
        None => Mistake::NotAField,
    }
}

/// No field has a longer name, and how far two names are from each other takes time.
const MAX_NAME: usize = 32;

/// The name that a wrong one was meant to be: the same but for case, `-` and `_`, or up to a third
/// of its letters away, where two that changed places count as one.
fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if name.len() > MAX_NAME {
        return None;
    }
    let plain = |name: &str| name.replace(['-', '_', ' '], "").to_ascii_lowercase();
    let wrong = plain(name);
    names
        .map(|known| (strsim::osa_distance(&wrong, &plain(known)), known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
