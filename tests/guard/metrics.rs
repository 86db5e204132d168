//! The data point of a request, and whether what the documentation says of its columns is so.

use crate::log::{Parts, check_tells_nothing_whole, replayed};
use onlyonce::guard::log::{Advice, LogLine, RequestOutcome};
use onlyonce::guard::metrics::point;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const OPERATIONS: &str = include_str!("../../docs/OPERATIONS.md");

fn parsed(entry: &LogLine) -> Value {
    serde_json::from_str(&point(entry)).expect("a JSON object")
}

#[test]
fn the_figures_of_a_request() {
    let parts = Parts::of(RequestOutcome { code: Some("in-progress"), ..replayed() });
    let expected = json!({
        "indexes": ["/orders/**"],
        "blobs": ["replayed", "/orders/**", "POST", "in-progress", "", "de998130b5679e38",
            "5403e826c4f3f2eb", "01234567", "derived", "", "", "", ""],
        "doubles": [201, 2, 500, 120, 130],
    });
    assert_eq!(parsed(&LogLine { source: Some("derived"), ..parts.entry() }), expected);
}

#[test]
fn what_is_not_known_keeps_its_column() {
    let parts = Parts::of(RequestOutcome::of("bypass"));
    let keyless = LogLine { record: None, fingerprint: None, claim: None, ..parts.entry() };
    let expected = json!({
        "indexes": ["/orders/**"],
        "blobs": ["bypass", "/orders/**", "POST", "", "", "", "", "", "", "", "", "", ""],
        "doubles": [201, 0, 0, 0, 130],
    });
    assert_eq!(parsed(&keyless), expected);
}

/// Analytics Engine, "Limits": an index of 96 bytes, 20 blobs, 20 doubles.
#[test]
fn it_is_within_the_platforms_limits() {
    let parts = Parts::of(replayed());
    let route = format!("/{}/**", "a".repeat(200));
    let point = parsed(&LogLine { route: &route, ..parts.entry() });
    assert_eq!(point["indexes"][0].as_str().expect("a text"), &route[..96]);
    assert_eq!(point["blobs"][1], route);
    assert_eq!(point["indexes"].as_array().expect("a list").len(), 1);
    for columns in ["blobs", "doubles"] {
        assert!(point[columns].as_array().expect("a list").len() <= 20);
    }
}

#[test]
fn no_key_and_nothing_whole() {
    check_tells_nothing_whole(&point(&Parts::of(replayed()).entry()));
}

#[test]
fn what_others_chose_stays_in_its_string() {
    let parts = Parts::of(replayed());
    let point = parsed(&LogLine { method: "P\"],\\", ..parts.entry() });
    assert_eq!(point["blobs"][2], "P\"],\\");
}

/// The columns as the code writes them, by the names that the log has for the same figures: of a
/// request whose figures are all known and all different.
fn columns() -> BTreeMap<String, String> {
    let outcome = RequestOutcome { code: Some("key-reused"), would: Some("refuse"), ..replayed() };
    let parts = Parts::of(outcome);
    let line = LogLine {
        source: Some("generated"),
        queue: Some("orders"),
        advice: Some(Advice::NameTheSessionCookie),
        ray: Some("8e0393e2bb7d0a1c-FRA".into()),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        status: 422,
        ..parts.entry()
    };
    let logged: Value = serde_json::from_str(&line.line()).expect("a JSON object");
    let logged = logged.as_object().expect("an object");
    let name = |value: &Value| {
        let mut names = logged.iter().filter(|(_, logged)| *logged == value);
        let (Some((name, _)), None) = (names.next(), names.next()) else { panic!("{value}") };
        name.clone()
    };
    let point = parsed(&line);
    let named = |kind: &str| -> Vec<(String, String)> {
        let values = point[format!("{kind}s")].as_array().expect("a list").iter().enumerate();
        values.map(|(at, value)| (format!("{kind}{}", at + 1), name(value))).collect()
    };
    let index = ("index1".to_owned(), name(&point["indexes"][0]));
    let columns = [vec![index], named("blob"), named("double")].concat();
    assert_eq!(columns.len(), 1 + logged.len(), "{line}", line = line.line());
    columns.into_iter().collect()
}

/// ``| `blob1` | `outcome` | …`` in docs/OPERATIONS.md.
fn documented() -> BTreeMap<String, String> {
    let quoted = |cell: &str| Some(cell.trim().strip_prefix('`')?.strip_suffix('`')?.to_owned());
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|');
        let (column, name) = (quoted(cells.next()?)?, quoted(cells.next()?)?);
        is_column(&column).then_some((column, name))
    };
    OPERATIONS.lines().filter_map(row).collect()
}

fn is_column(word: &str) -> bool {
    ["index", "blob", "double"]
        .iter()
        .any(|kind| word.strip_prefix(kind).is_some_and(|number| number.parse::<u32>().is_ok()))
}

#[test]
fn the_documentation_names_every_column() {
    assert_eq!(documented(), columns());
}

/// The SQL of the documentation, one query for each block.
fn queries() -> Vec<&'static str> {
    OPERATIONS.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// A query that reads a column says what it takes it for: `blob1 AS outcome`, or `/* outcome */`
/// behind it. Where a column moved, these no longer agree.
#[test]
fn every_query_means_the_columns_that_there_are() {
    let queries = queries();
    assert_eq!(queries.len(), 5);
    let columns = columns();
    for query in queries {
        let words: Vec<&str> = query
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|w| !w.is_empty())
            .collect();
        let used: BTreeSet<&str> = words.iter().copied().filter(|word| is_column(word)).collect();
        assert!(!used.is_empty(), "no column in {query}");
        for column in used {
            let name = columns.get(column).unwrap_or_else(|| panic!("{column} in {query}"));
            let said = format!("-- {column}: {name}");
            assert!(query.contains(&said), "{query}\nlacks the line {said:?}");
        }
    }
}

/// The words of the dialect (Analytics Engine, "SQL reference") that the queries use. Another word
/// is a column, an alias or a mistake.
#[test]
fn every_query_keeps_to_the_dialect() {
    for query in queries() {
        assert!(query.contains("FROM onlyonce"), "{query}");
        assert!(query.contains("timestamp > now() - INTERVAL '"), "no period in {query}");
        assert!(!query.contains("JOIN ") && !query.contains("UNION"), "{query}");
        // A row may stand for many: a count that forgets it is too low.
        assert!(query.contains("_sample_interval"), "{query}");
        assert!(!query.contains("count()"), "{query}");
        let open = query.matches('(').count();
        assert_eq!(open, query.matches(')').count(), "{query}");
    }
}

/// What a query asks an outcome or a code to be is one that there is.
#[test]
fn every_query_asks_for_outcomes_that_there_are() {
    let codes = onlyonce::guard::problem::DESCRIPTIONS.map(|description| description.name);
    let outcomes = ["first", "joined", "replayed", "released", "not-kept", "refused", "bypass"];
    let known: BTreeSet<&str> = codes
        .into_iter()
        .chain(outcomes)
        .chain(["observed", "fail-open", "unknown", "ended"])
        .collect();
    for query in queries() {
        let texts = query.split('\'').skip(1).step_by(2);
        for text in texts.filter(|text| text.starts_with(char::is_alphabetic)) {
            assert!(known.contains(text), "{text:?} in {query}");
        }
    }
}
