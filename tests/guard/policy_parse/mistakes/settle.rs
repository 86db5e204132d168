//! `settle`: how the origin is asked, and what does not go with that.

use super::{check, one};

const SETTLE: &str = "write { path = \"/payments?idempotency_key={key}\", found = \"/data/0\", absent_after = \"15m\" }, or \"off\"";

#[test]
fn what_is_no_table_of_it() {
    one(r#"{"settle": true}"#, &format!("settle true is a boolean: {SETTLE}"));
    one(r#"{"settle": "on"}"#, &format!(r#"settle "on" is not "off": {SETTLE}"#));
    check(
        r#"{"settle": {}}"#,
        &["path", "found", "absent_after"]
            .map(|name| format!("settle {{…}} has no {name}: {SETTLE}"))
            .each_ref()
            .map(String::as_str),
    );
    one(
        r#"{"settle": {"path": "/a/{key}", "found": "", "absent_after": "1h", "after": "1h"}}"#,
        r#"settle.after "1h" is not a field of settle: its fields are path, found, absent_after and at"#,
    );
}

/// One value in the place of a right one.
#[track_caller]
fn wrong(field: &str, value: &str, sentence: &str) {
    let mut settle = serde_json::json!({
        "path": "/a?key={key}", "found": "/0", "absent_after": "1h", "at": ["1s"],
    });
    settle[field] = serde_json::from_str(value).expect("JSON");
    one(&serde_json::json!({ "settle": settle }).to_string(), &format!("settle.{field}{sentence}"));
}

#[test]
fn what_is_none_of_its_values() {
    let path = "is no path with a {key} in it and without segments of dots: write one of printable ASCII such as \"/payments?idempotency_key={key}\", of 2,000 characters at most";
    for text in [
        "/payments",
        "payments/{key}",
        "https://a/{key}",
        "/a b/{key}",
        "/a/{key}/..",
        "/a/%2E/{key}",
        "/a/.{key}",
        "/a/{key}#x",
        "/\\\\a/{key}",
    ] {
        wrong("path", &format!("\"{text}\""), &format!(" \"{text}\" {path}"));
    }
    wrong(
        "path",
        "7",
        " 7 is a number: write one of printable ASCII such as \"/payments?idempotency_key={key}\", of 2,000 characters at most",
    );
    let pointer = "is no JSON pointer (RFC 6901): write what is there once the operation is, such as \"/data/0\", or \"\" for the whole document";
    for text in ["data", "/a~", "/a~2"] {
        wrong("found", &format!("\"{text}\""), &format!(" \"{text}\" {pointer}"));
    }
    wrong(
        "absent_after",
        "\"31d\"",
        " \"31d\" is over \"30d\": write a duration from \"1s\" to \"30d\"",
    );
    wrong("at", "[]", " [] is empty: write a list such as [\"10s\", \"1m\", \"10m\"]");
    wrong("at", "[\"1m\", \"10s\"]", " […] is not in order: write the shortest first");
    wrong("at", "[\"1m\", \"60s\"]", "[1] \"60s\" stands in the list twice: remove one of them");
    wrong("at", "[\"1\"]", "[0] \"1\" has no unit: write \"1s\", \"1m\", \"1h\" or \"1d\"");
}

const RIGHT: &str = r#""settle": {"path": "/a?key={key}", "found": "/0", "absent_after": "3m"}"#;

#[test]
fn what_does_not_go_with_it() {
    one(
        &format!(r#"{{{RIGHT}, "deadline": "4m"}}"#),
        r#"settle {…} believes an absence after "3m", before a deadline of "4m" has passed: write absent_after = "4m" or longer: one that is too short has an operation carried out twice"#,
    );
    one(
        &format!(r#"{{{RIGHT}, "routes": [{{"path": "/a", "deadline": "4m"}}]}}"#),
        r#"routes[0].deadline "4m" is longer than the absent_after of settle, "3m": write absent_after = "4m" or longer: one that is too short has an operation carried out twice"#,
    );
    one(
        &format!(r#"{{{RIGHT}, "deadline": "1m", "derive_window": "1s", "retry_window": "2m"}}"#),
        r#"settle {…} believes an absence after "3m", when a retry_window of "2m" is over: write an absent_after under "2m", or a longer retry_window"#,
    );
    one(
        &format!(r#"{{{RIGHT}, "unknown": "resend", "fingerprint": "bytes"}}"#),
        r#"settle {…} does not go with unknown = "resend": write unknown = "hold", or settle = "off": an origin that is sent the request again has been asked"#,
    );
    one(
        &format!(r#"{{{RIGHT}, "key": "derive"}}"#),
        r#"settle {…} does not go with key = "derive": write settle = "off", for the origin never sees a derived key, so it cannot be asked about one"#,
    );
}
