//! How many shards there are, and where they are.

use super::{check, one};
use onlyonce::guard::policy::Policy;

#[test]
fn shards() {
    for (written, cure) in
        [("300", "write 256 or 512"), ("3", "write 2 or 4"), ("4095", "write 2048 or 4096")]
    {
        for field in ["shards", "shards_before"] {
            one(
                &format!(r#"{{"{field}": {written}}}"#),
                &format!("{field} {written} is no power of two: {cure}"),
            );
        }
    }
    for (written, reason) in [
        ("0", "is no power of two"),
        ("-256", "is no power of two"),
        ("4097", "is over 4096"),
        ("8192", "is over 4096"),
        ("18446744073709551615", "is over 4096"),
        (r#""256""#, "is a string"),
        ("null", "is no value"),
        ("[]", "is a list"),
    ] {
        one(
            &format!(r#"{{"shards": {written}}}"#),
            &format!("shards {written} {reason}: write a power of two from 1 to 4096"),
        );
    }
}

#[test]
fn shards_before() {
    let sentence = |number| {
        format!(
            "shards_before {number} is what shards is as well: remove it, or write the number that shards was before the last change"
        )
    };
    one(r#"{"shards": 64, "shards_before": 64}"#, &sentence(64));
    // The default counts as well.
    one(r#"{"shards_before": 256}"#, &sentence(256));
    // What shards was to be is not known.
    one(
        r#"{"shards": 300, "shards_before": 256}"#,
        "shards 300 is no power of two: write 256 or 512",
    );
}

#[test]
fn calls() {
    for (written, reason) in [
        ("0", "is under 1"),
        ("-1", "is under 1"),
        ("7", "is over 6"),
        ("4294967296", "is over 6"),
        ("1.5", "is no whole number"),
        ("true", "is a boolean"),
    ] {
        one(
            &format!(r#"{{"calls_per_shard": {written}}}"#),
            &format!("calls_per_shard {written} {reason}: write a whole number from 1 to 6"),
        );
    }
}

#[test]
fn places() {
    one(
        r#"{"location": "europe"}"#,
        r#"location "europe" is none of its values: write "wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr" or "me""#,
    );
    one(
        r#"{"jurisdiction": "uk"}"#,
        r#"jurisdiction "uk" is none of its values: write "eu", "us" or "fedramp""#,
    );
    one(
        r#"{"jurisdiction": "EU"}"#,
        r#"jurisdiction "EU" is none of its values: write "eu", "us" or "fedramp""#,
    );
}

#[test]
fn they_hold_for_all_routes() {
    check(
        r#"{"routes": [{"path": "/a", "shards": 64, "shards_before": 64, "calls_per_shard": 1, "location": "weur", "jurisdiction": "eu"}]}"#,
        &["calls_per_shard", "jurisdiction", "location", "shards", "shards_before"].map(|field| {
            format!("routes[0].{field} is no field of a route: write it under [vars.POLICY], where it holds for all routes")
        }),
    );
}

#[test]
fn a_jurisdiction_and_bindings() {
    let bound = |json: &str, responses| {
        let policy = Policy::parse(json).expect("a policy");
        policy.sharding.check_bindings(responses).map_err(|error| error.to_string())
    };
    assert_eq!(bound("{}", true), Ok(()));
    assert_eq!(bound(r#"{"jurisdiction": "eu"}"#, false), Ok(()));
    let sentence = r#"jurisdiction "eu" does not go with a bound RESPONSES, for KV has no jurisdiction and the answers in it would leave this one: remove the binding RESPONSES, without which replays cost a hop more, or remove jurisdiction"#;
    assert_eq!(bound(r#"{"jurisdiction": "eu"}"#, true), Err(sentence.into()));
}
