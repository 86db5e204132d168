//! What is said of a wrong policy. Each sentence is pinned: field, value, reason, cure.

mod keeping;
mod lists;
mod settle;
mod sharding;

use onlyonce::guard::policy::{MAX_LENGTH, MAX_ROUTES, Policy};

#[track_caller]
fn check(json: &str, sentences: &[impl AsRef<str>]) {
    let told: Vec<String> = match Policy::parse(json) {
        Ok(policy) => panic!("{json} was read as {policy:?}"),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    let sentences: Vec<&str> = sentences.iter().map(AsRef::as_ref).collect();
    assert_eq!(told, sentences, "{json}");
}

#[track_caller]
fn one(json: &str, sentence: &str) {
    check(json, &[sentence]);
}

#[test]
fn what_is_no_policy() {
    one(
        "",
        "POLICY is not JSON at line 1, column 0: write a table, which is [vars.POLICY] in wrangler.toml",
    );
    one(
        "{",
        "POLICY is not JSON at line 1, column 1: write a table, which is [vars.POLICY] in wrangler.toml",
    );
    one("[]", "POLICY [] is a list: write a table, which is [vars.POLICY] in wrangler.toml");
    one("5", "POLICY 5 is a number: write a table, which is [vars.POLICY] in wrangler.toml");
    one(
        r#""a""#,
        r#"POLICY "a" is a string: write a table, which is [vars.POLICY] in wrangler.toml"#,
    );
    one("null", "POLICY null is no value: write a table, which is [vars.POLICY] in wrangler.toml");
}

/// Readers of JSON disagree on which of the two counts.
#[test]
fn what_stands_twice() {
    one(
        r#"{"wait": "1s", "wait": "1s"}"#,
        r#"wait "1s" stands in its table twice: remove one of them"#,
    );
    one(
        r#"{"wait": "1s", "w\u0061it": "2s"}"#,
        r#"wait "2s" stands in its table twice: remove one of them"#,
    );
    check(
        r#"{"cors": {"origins": ["*"], "origins": ["*"]}, "release": [{"status": 429, "status": 503}],
            "routes": [{"path": "/a", "wait": 1, "path": "/b"}]}"#,
        &[
            "cors.origins […] stands in its table twice: remove one of them",
            "release[0].status 503 stands in its table twice: remove one of them",
            r#"routes[0].path "/b" stands in its table twice: remove one of them"#,
            r#"routes[0].wait 1 has no unit: write "1s" or "1m""#,
        ],
    );
}

/// As they are written, however large.
#[test]
fn numbers() {
    let digits = "9".repeat(40);
    check(
        &format!(
            r#"{{"calls_per_shard": 1e400, "max_request_body": -1e400, "mode": 1.50,
                "release": [1e2, {digits}], "shards": {digits}, "wait": {digits}}}"#
        ),
        &[
            "calls_per_shard 1e400 is no whole number: write a whole number from 1 to 6".to_owned(),
            r#"max_request_body -1e400 is a number: write a size from "1B" to "32MiB""#.to_owned(),
            r#"mode 1.50 is a number: write "enforce" or "observe""#.to_owned(),
            "release[0] 1e2 is no status of an answer: write a whole number from 200 to 599"
                .to_owned(),
            format!(
                "release[1] {digits} is no status of an answer: write a whole number from 200 to 599"
            ),
            format!("shards {digits} is over 4096: write a power of two from 1 to 4096"),
            format!(r#"wait {digits} has no unit: write a duration from "1s" to "2m""#),
        ],
    );
}

#[test]
fn half_a_character() {
    let cure = "write the character itself";
    let reason = "holds half of a surrogate pair, which stands for no character";
    one(r#"{"realm": "\ud83d"}"#, &format!("realm {reason}: {cure}"));
    one(r#"{"\ud83d": 1}"#, &format!("POLICY {reason}: {cure}"));
    assert_eq!(super::read(r#"{"scope": ["jwt:\ud83d\ude00"]}"#).routes, []);
}

#[test]
fn all_of_them_are_one_text() {
    let errors = Policy::parse(r#"{"wait": "5", "kye": "off"}"#).expect_err("mistakes");
    let expected = r#"kye is not a field (did you mean key?): rename it, or remove it; wait "5" has no unit: write "5s""#;
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn amounts() {
    one(
        r#"{"retry_window": "10"}"#,
        r#"retry_window "10" has no unit: write "10m", "10h" or "10d""#,
    );
    one(r#"{"retry_window": 10}"#, r#"retry_window 10 has no unit: write "10m", "10h" or "10d""#);
    one(
        r#"{"retry_window": 5000000}"#,
        r#"retry_window 5000000 has no unit: write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": 1.5}"#,
        r#"retry_window 1.5 is a number: write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "10x"}"#,
        r#"retry_window "10x" is not a whole number and a unit (s, m, h, d): write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "1.5h"}"#,
        r#"retry_window "1.5h" is not a whole number and a unit (s, m, h, d): write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": ""}"#,
        r#"retry_window "" is not a whole number and a unit (s, m, h, d): write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "31d"}"#,
        r#"retry_window "31d" is over "30d": write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "60s"}"#,
        r#"retry_window "60s" is under "61s": write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "99999999999999999999s"}"#,
        r#"retry_window "99999999999999999999s" is over "30d": write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "-5m"}"#,
        r#"retry_window "-5m" is not a whole number and a unit (s, m, h, d): write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"retry_window": "5 m"}"#,
        r#"retry_window "5 m" is not a whole number and a unit (s, m, h, d): write a duration from "61s" to "30d""#,
    );
    one(
        r#"{"wait": "500ms"}"#,
        r#"wait "500ms" is not a whole number and a unit (s, m, h, d): write a duration from "1s" to "2m""#,
    );
    one(r#"{"wait": "0s"}"#, r#"wait "0s" is under "1s": write a duration from "1s" to "2m""#);
    one(
        r#"{"max_request_body": "10MB"}"#,
        r#"max_request_body "10MB" is not a whole number and a unit (B, KiB, MiB): write a size from "1B" to "32MiB""#,
    );
    one(
        r#"{"max_request_body": "33MiB"}"#,
        r#"max_request_body "33MiB" is over "32MiB": write a size from "1B" to "32MiB""#,
    );
    one(
        r#"{"max_request_body": 1048576}"#,
        r#"max_request_body 1048576 has no unit: write "1048576B""#,
    );
    one(
        r#"{"max_stored_response": "25MiB"}"#,
        r#"max_stored_response "25MiB" is over "24MiB": write a size from "1B" to "24MiB""#,
    );
    one(
        r#"{"max_stored_response": "0B"}"#,
        r#"max_stored_response "0B" is under "1B": write a size from "1B" to "24MiB""#,
    );
}

#[test]
fn words_and_flags() {
    one(
        r#"{"key": "requird"}"#,
        r#"key "requird" is none of its values: write "required", "optional", "derive", "generate" or "off""#,
    );
    one(
        r#"{"key": true}"#,
        r#"key true is a boolean: write "required", "optional", "derive", "generate" or "off""#,
    );
    one(r#"{"mode": []}"#, r#"mode [] is a list: write "enforce" or "observe""#);
    one(
        r#"{"replay_set_cookie": "yes"}"#,
        r#"replay_set_cookie "yes" is a string: write true or false"#,
    );
    one(r#"{"in_flight": {}}"#, r#"in_flight {…} is a table: write "wait" or "reject""#);
}

#[test]
fn names() {
    one(
        r#"{"retry_windw": "1h"}"#,
        "retry_windw is not a field (did you mean retry_window?): rename it, or remove it",
    );
    one(
        r#"{"retryWindow": "1h"}"#,
        "retryWindow is not a field (did you mean retry_window?): rename it, or remove it",
    );
    one(
        r#"{"Retry-Window": "1h"}"#,
        "Retry-Window is not a field (did you mean retry_window?): rename it, or remove it",
    );
    one(
        r#"{"methdo": 1}"#,
        "methdo is not a field (did you mean methods?): rename it, or remove it",
    );
    one(
        r#"{"timeout": 1}"#,
        "timeout is not a field: remove it; docs/CONFIGURATION.md names every field",
    );
    one(r#"{"shard": 64}"#, "shard is not a field (did you mean shards?): rename it, or remove it");
    one(r#"{"": 1}"#, r#""" is not a field: remove it; docs/CONFIGURATION.md names every field"#);
    one(r#"{"path": "/a"}"#, "path belongs to a route: write it under [[vars.POLICY.routes]]");
    check(
        r#"{"routes": [{"path": "/a", "realm": "x", "routes": []}]}"#,
        &[
            "routes[0].realm is no field of a route: write it under [vars.POLICY], where it holds for all routes",
            "routes[0].routes is no field of a route: write it under [vars.POLICY], where it holds for all routes",
        ],
    );
}

#[test]
fn realms() {
    one(
        r#"{"realm": ""}"#,
        r#"realm "" is no realm: write 1 to 255 visible ASCII characters, such as "shop""#,
    );
    one(
        r#"{"realm": "a b"}"#,
        r#"realm "a b" is no realm: write 1 to 255 visible ASCII characters, such as "shop""#,
    );
    one(
        r#"{"realm": 7}"#,
        r#"realm 7 is a number: write 1 to 255 visible ASCII characters, such as "shop""#,
    );
}

#[test]
fn routes() {
    one(
        r#"{"routes": {"path": "/a"}}"#,
        "routes {…} is a table: write a list of tables, which is [[vars.POLICY.routes]] in wrangler.toml",
    );
    one(r#"{"routes": ["/a"]}"#, r#"routes[0] "/a" is a string: write a table with a path"#);
    one(
        r#"{"routes": [{}]}"#,
        r#"routes[0] {…} has no path: write the paths that it is for, such as path = "/payments/**""#,
    );
    check(
        r#"{"routes": [{"path": 7}, {"path": "a"}, {"path": "/a*"}, {"path": "/é"}, {"path": "/a//b"}]}"#,
        &[
            r#"routes[0].path 7 is a number: write a path such as "/payments/**""#,
            r#"routes[1].path "a" does not start with a slash: write the path alone, such as "/payments/**""#,
            r#"routes[2].path "/a*" has a segment that cannot match: write * for one whole segment, ** for the rest at the end, and no segment of dots"#,
            r#"routes[3].path "/é" has a character that never stands in a path that was sent: percent-encode it, as in "/caf%C3%A9", and leave the query out"#,
            r#"routes[4].path "/a//b" has an empty segment: write one slash between two segments"#,
        ],
    );
    check(
        r#"{"routes": [{"path": "/a/**"}, {"path": "/a/b", "wait": "1"}]}"#,
        &[
            r#"routes[1].wait "1" has no unit: write "1s" or "1m""#,
            r#"routes[1].path "/a/b" is never reached, for "/a/**" above it is for the same paths: move it above that route, or remove it"#,
        ],
    );
    one(
        r#"{"routes": [{"path": "/a", "deadline": "1h"}], "retry_window": "1h"}"#,
        r#"routes[0].deadline "1h" is too long for a retry_window of "1h": write retry_window = "61m" or longer, which is deadline and 60s"#,
    );
}

#[test]
fn fields_that_contradict_each_other() {
    one(
        r#"{"retry_window": "2m"}"#,
        r#"retry_window "2m" is too short for a deadline of "125s": write retry_window = "185s" or longer, which is deadline and 60s"#,
    );
    one(
        r#"{"deadline": "1h", "retry_window": "1h"}"#,
        r#"retry_window "1h" is too short for a deadline of "1h": write retry_window = "61m" or longer, which is deadline and 60s"#,
    );
    one(
        r#"{"unknown": "resend"}"#,
        r#"unknown "resend" does not go with this fingerprint: write fingerprint = "bytes", so that the origin gets the very request that it knows, or unknown = "hold""#,
    );
    one(
        r#"{"unknown": "resend", "fingerprint": "bytes", "routes": [{"path": "/a", "key_from": ["header:a", "query:a"]}]}"#,
        r#"routes[0].key_from […] names more than one place, which does not go with unknown = "resend": write key_from with one place, so that the origin gets its key again where it knows it, or unknown = "hold""#,
    );
    one(
        r#"{"unknown": "resend", "fingerprint": "bytes", "key_from": ["header:a", "query:a"]}"#,
        r#"unknown "resend" does not go with more than one place in key_from: write key_from with one place, so that the origin gets its key again where it knows it, or unknown = "hold""#,
    );
    one(
        r#"{"unknown": "resend", "fingerprint": "none"}"#,
        r#"unknown "resend" does not go with this fingerprint: write fingerprint = "bytes", so that the origin gets the very request that it knows, or unknown = "hold""#,
    );
    one(
        r#"{"unknown": "resend", "fingerprint": "bytes", "routes": [{"path": "/a", "fingerprint": "auto"}]}"#,
        r#"routes[0].fingerprint "auto" does not go with unknown = "resend": write fingerprint = "bytes", so that the origin gets the very request that it knows, or unknown = "hold""#,
    );
    one(
        r#"{"unknown": "resend", "fingerprint": "bytes", "key": "derive"}"#,
        r#"unknown "resend" does not go with key = "derive": write unknown = "hold", for the origin never sees a derived key, so it could not tell that it gets the request again"#,
    );
    one(
        r#"{"key": "derive", "fingerprint": "none"}"#,
        r#"key "derive" does not go with fingerprint = "none": write fingerprint = "auto" or "bytes", else all requests of one caller would be the same one"#,
    );
    one(
        r#"{"ignore": ["/a"], "fingerprint": "bytes"}"#,
        r#"ignore […] does not go with this fingerprint: write fingerprint = "auto", which alone looks into a body, or ignore = []"#,
    );
    one(
        r#"{"ignore": ["/a"], "routes": [{"path": "/a", "fingerprint": "none"}]}"#,
        r#"routes[0].fingerprint "none" does not go with ignore: write fingerprint = "auto", which alone looks into a body, or ignore = []"#,
    );
    one(
        r#"{"derive_window": "2h", "retry_window": "1h"}"#,
        r#"derive_window "2h" is longer than a retry_window of "1h": write derive_window = "1h" or shorter"#,
    );
    one(
        r#"{"derive_window": "2h", "routes": [{"path": "/a", "retry_window": "1h"}]}"#,
        r#"routes[0].retry_window "1h" is shorter than a derive_window of "2h": write derive_window = "1h" or shorter"#,
    );
    one(
        r#"{"deadline": "5x", "retry_window": "2m"}"#,
        r#"deadline "5x" is not a whole number and a unit (s, m, h, d): write a duration from "1s" to "1h""#,
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    check(
        r#"{"retry_window": "10", "realms": "a", "wait": 25, "deadline": "2h",
            "routes": [{"path": "/a", "deadline": "1h", "retry_window": "61s"}, {"key": "of"}]}"#,
        &[
            r#"deadline "2h" is over "1h": write a duration from "1s" to "1h""#,
            "realms is not a field (did you mean realm?): rename it, or remove it",
            r#"retry_window "10" has no unit: write "10m", "10h" or "10d""#,
            r#"wait 25 has no unit: write "25s""#,
            r#"routes[0].retry_window "61s" is too short for a deadline of "1h": write retry_window = "61m" or longer, which is deadline and 60s"#,
            r#"routes[1].key "of" is none of its values: write "required", "optional", "derive", "generate" or "off""#,
            r#"routes[1] {…} has no path: write the paths that it is for, such as path = "/payments/**""#,
        ],
    );
}

#[test]
fn values_and_names_are_cut_and_quoted() {
    let name = "n".repeat(500);
    let cut = "n".repeat(60);
    one(
        &format!(r#"{{"{name}": 1}}"#),
        &format!("{cut}… is not a field: remove it; docs/CONFIGURATION.md names every field"),
    );
    one(
        &format!(r#"{{"docs_url": "{name}"}}"#),
        &format!(
            r#"docs_url "{cut}…" is no http or https URL: write one such as "https://docs.example.com/errors", without query and fragment"#
        ),
    );
    one(
        r#"{"a\nb": 1}"#,
        r#""a\nb" is not a field: remove it; docs/CONFIGURATION.md names every field"#,
    );
}

#[test]
fn a_policy_is_bounded() {
    let padded = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
    assert!(Policy::parse(&padded(MAX_LENGTH)).is_ok());
    one(
        &padded(MAX_LENGTH + 1),
        "POLICY is longer than 64 KiB: shorten it; one route with ** may do for many",
    );
    let routes = |count: usize| {
        let routes = (0..count).map(|at| format!(r#"{{"path": "/{at}"}}"#));
        format!(r#"{{"routes": [{}]}}"#, routes.collect::<Vec<_>>().join(", "))
    };
    assert!(Policy::parse(&routes(MAX_ROUTES)).is_ok());
    one(
        &routes(MAX_ROUTES + 1),
        "routes […] has 101 routes: write 100 or fewer; a path with * or ** may do for many",
    );
    let methods = (0..65).map(|at| format!(r#""A{}""#, "B".repeat(at))).collect::<Vec<_>>();
    one(
        &format!(r#"{{"methods": [{}]}}"#, methods.join(", ")),
        "methods […] has more than 64 entries: write 64 or fewer",
    );
    one(
        &"[".repeat(60_000),
        "POLICY is not JSON at line 1, column 60000: write a table, which is [vars.POLICY] in wrangler.toml",
    );
}

#[test]
fn mistakes_are_bounded() {
    let fields = (0..150).map(|at| format!(r#""x{at}": 1"#)).collect::<Vec<_>>();
    let mistakes = Policy::parse(&format!("{{{}}}", fields.join(", "))).expect_err("mistakes");
    assert_eq!(mistakes.len(), 101);
    let last = mistakes.last().expect("there are 101").to_string();
    assert_eq!(last, "POLICY has 50 more mistakes: mend these first");
}
