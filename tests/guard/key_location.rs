//! Where a key may stand, what is refused, and what of it the origin gets.

use crate::fixtures::Request;
use onlyonce::guard::fingerprint::{Fingerprint, Method};
use onlyonce::guard::key::Spelling;
use onlyonce::guard::key_location::{FoundKey, KeyLocation, KeyRefusal, KeyRules};
use onlyonce::guard::policy::{Policy, Settings};
use onlyonce::guard::rpc::KeySource;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

fn both() -> KeyRules<'static> {
    rules(&["header:idempotency-key", "form:idempotency-key"])
}

fn rules(locations: &[&str]) -> KeyRules<'static> {
    let locations: Vec<KeyLocation> =
        locations.iter().map(|text| text.parse().expect(text)).collect();
    KeyRules { locations: locations.into(), ..KeyRules::usual() }
}

fn head(headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(Request::post("/buy"), |head, (name, value)| head.with(name, value))
}

fn found(head: &Request, body: &str) -> Result<Option<FoundKey>, KeyRefusal> {
    both().find_key(head, body.as_bytes())
}

/// The key, and the header that the origin gets because the request has none of its own.
#[track_caller]
fn check(headers: &[(&str, &str)], body: &str, key: Option<&str>, header: Option<&str>) {
    let found = found(&head(headers), body).expect("a key or none");
    assert_eq!(found.as_ref().map(|found| found.key.as_str()), key, "{body:?}");
    assert_eq!(found.as_ref().and_then(FoundKey::header), header, "{body:?}");
}

/// How a client's requests are compared.
fn compared(settings: &Settings) -> Method {
    settings.key_rules(KeySource::Client).comparison(&settings.fingerprint).into_owned()
}

#[track_caller]
fn refuses(headers: &[(&str, &str)], body: &str, sentence: &str) {
    let refusal = found(&head(headers), body).expect_err(body);
    assert_eq!(refusal.to_string(), sentence);
}

fn part(name: &str, value: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn multipart(parts: &[String]) -> String {
    format!("{}--b--\r\n", parts.concat())
}

#[test]
fn a_field_of_an_urlencoded_form_holds_a_key() {
    check(&[FORM], "a=1&idempotency-key=k-1&b=2", Some("k-1"), Some("k-1"));
    check(&[FORM], "idempotency-key=%22a+key%22", Some("a key"), Some("\"a key\""));
    check(&[FORM], "idempotency%2Dkey=k%2D1", Some("k-1"), Some("k-1"));
    check(&[FORM], "idempotency-key=+k-1%09", Some("k-1"), Some("k-1"));
    check(&[FORM], "a=1", None, None);
    check(&[FORM], "", None, None);
    check(&[FORM], "Idempotency-Key=k-1&idempotency-key2=k", None, None);
    let utf8 = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
    check(&[utf8], "idempotency-key=k-1", Some("k-1"), Some("k-1"));
}

#[test]
fn a_field_of_a_multipart_form_holds_a_key() {
    let parts = |value| multipart(&[part("a", "1"), part("idempotency-key", value), part("b", "")]);
    check(&[MULTIPART], &parts("k-1"), Some("k-1"), Some("k-1"));
    check(&[MULTIPART], &parts("\"a key\""), Some("a key"), Some("\"a key\""));
    check(&[MULTIPART], &multipart(&[part("a", "1")]), None, None);
    let last = multipart(&[part("a", "1"), part("idempotency-key", "k-1")]);
    check(&[MULTIPART], &last, Some("k-1"), Some("k-1"));
    // What stands before the first part, a file and a part that cannot be read are no fields.
    let headers = "Content-Disposition: form-data; name=\"idempotency-key\"";
    let preamble = format!("{headers}\r\n\r\nk\r\n{}", multipart(&[part("a", "1")]));
    check(&[MULTIPART], &preamble, None, None);
    // Nor is what stands behind the end.
    let behind = format!("--b--\r\n{}", multipart(&[part("idempotency-key", "k-1")]));
    check(&[MULTIPART], &behind, None, None);
    let file = format!("--b\r\n{headers}; filename=\"a\"\r\n\r\nk\r\n");
    let broken = "--b\r\nno headers\r\n".to_owned();
    check(
        &[MULTIPART],
        &multipart(&[file, broken, part("idempotency-key", "k-1")]),
        Some("k-1"),
        Some("k-1"),
    );
}

#[test]
fn a_header_is_as_good_and_the_origin_has_it_already() {
    let key = ("idempotency-key", "k-1");
    check(&[key], "", Some("k-1"), None);
    check(&[key, FORM], "a=1", Some("k-1"), None);
    check(&[key, FORM], "idempotency-key=%22k-1%22", Some("k-1"), None);
    let rules = rules(&["header:X-Request-Key", "header:idempotency-key"]);
    let found = rules.find_key(&head(&[("x-request-key", " k-1 ")]), b"");
    assert_eq!(found.expect("a key").as_ref().and_then(FoundKey::header), Some("k-1"));
}

#[test]
fn two_keys_are_refused_wherever_they_stand() {
    let key = ("idempotency-key", "k-1");
    const SENTENCE: &str = "Idempotency-Key and the form's field idempotency-key name two keys, and only one of them can be meant; send the key in one of them, or the same in both";
    refuses(&[key, FORM], "idempotency-key=k-2", SENTENCE);
    const TWICE: &str = "the form's field idempotency-key is there more than once; send one key";
    refuses(&[FORM], "idempotency-key=k-1&a=1&idempotency-key=k-2", TWICE);
    let parts = [part("idempotency-key", "k-1"), part("idempotency-key", "k-2")];
    refuses(&[MULTIPART], &multipart(&parts), TWICE);
    // As with a header.
    refuses(&[FORM], "idempotency-key=k-1&idempotency-key=k-1", TWICE);
}

#[test]
fn who_sends_no_key_is_told_where_one_may_stand() {
    const CURE: &str = "and this route requires one; send one of 1 to 255 characters, such as a new UUID, and keep it for every retry";
    let usual = KeyRules::usual().missing_key();
    assert_eq!(usual, format!("the request has no key in Idempotency-Key, {CURE}"));
    let either = "Idempotency-Key or the form's field idempotency-key";
    assert_eq!(both().missing_key(), format!("the request has no key in {either}, {CURE}"));
}

#[test]
fn a_field_that_is_no_key_is_refused_by_its_name() {
    refuses(
        &[FORM],
        "idempotency-key=",
        "the form's field idempotency-key \"\" is empty; send one key of 1 to 255 characters, such as a new UUID",
    );
    refuses(
        &[FORM],
        "idempotency-key",
        "the form's field idempotency-key \"\" is empty; send one key of 1 to 255 characters, such as a new UUID",
    );
    refuses(
        &[MULTIPART],
        &multipart(&[part("idempotency-key", "a,b")]),
        "the form's field idempotency-key \"a,b\" holds a comma outside quotes, as a repeated header does; send one key of 1 to 255 characters, such as a new UUID",
    );
    assert!(found(&head(&[FORM]), "idempotency-key=%FF").is_err());
    assert!(found(&head(&[FORM]), "idempotency-key=undefined").is_err());
    assert!(found(&head(&[FORM]), &format!("idempotency-key={}", "k".repeat(256))).is_err());
    // A good key elsewhere mends nothing.
    assert!(found(&head(&[("idempotency-key", "k"), FORM]), "idempotency-key=a,b").is_err());
}

#[test]
fn a_body_is_read_only_where_it_is_a_form_and_the_policy_looks_into_forms() {
    for (headers, is_form) in [
        (vec![FORM], true),
        (vec![MULTIPART], true),
        (vec![("content-type", "application/X-WWW-form-urlencoded ; charset=utf-8")], true),
        (vec![("content-type", "application/json")], false),
        (vec![("content-type", "multipart/mixed; boundary=b")], false),
        (vec![("content-type", "text/plain")], false),
        (vec![], false),
    ] {
        assert_eq!(both().look_into_body(&head(&headers)), is_form, "{headers:?}");
        assert!(!KeyRules::usual().look_into_body(&head(&headers)));
        if !is_form {
            check(&headers, "idempotency-key=k", None, None);
        }
    }
}

#[test]
fn the_field_of_the_key_makes_no_other_request() {
    let policy =
        Policy::parse(r#"{"key_from": ["header:idempotency-key", "form:idempotency-key"]}"#);
    let settings = policy.expect("a policy").defaults;
    let fingerprint = |headers: &[(&str, &str)], body: &str| {
        Fingerprint::of(&head(headers), body.as_bytes(), &compared(&settings)).expect("readable")
    };
    let plain = fingerprint(&[FORM], "a=1&b=2");
    assert_eq!(fingerprint(&[FORM], "a=1&idempotency-key=k&b=2"), plain);
    assert_ne!(fingerprint(&[FORM], "a=2&idempotency-key=k&b=2"), plain);
    let plain = fingerprint(&[MULTIPART], &multipart(&[part("a", "1")]));
    let keyed = multipart(&[part("a", "1"), part("idempotency-key", "k")]);
    assert_eq!(fingerprint(&[MULTIPART], &keyed), plain);
    let usual = Policy::default().defaults;
    assert_eq!(compared(&usual), usual.fingerprint);
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

/// What a JSON body holds at `/payment/key` of this route.
fn in_json(body: &str) -> Result<Option<(String, String)>, String> {
    let found = rules(&["json:/payment/key"]).find_key(&head(&[JSON]), body.as_bytes());
    let pair = |found: FoundKey| (found.key.as_str().to_owned(), found.text);
    found.map(|found| found.map(pair)).map_err(|refusal| refusal.to_string())
}

#[track_caller]
fn holds(body: &str, key: Option<(&str, &str)>) {
    let key = key.map(|(key, header)| (key.to_owned(), header.to_owned()));
    assert_eq!(in_json(body), Ok(key), "{body}");
}

#[test]
fn a_member_of_a_json_body_holds_a_key() {
    holds(r#"{"payment": {"amount": 1, "key": "k-1"}, "note": ["key"]}"#, Some(("k-1", "k-1")));
    holds(r#"{"payment": {"k\u0065y": "k\u002d1"}}"#, Some(("k-1", "k-1")));
    holds(
        " {\"a\":[{\"payment\":{\"key\":\"x\"}}],\"payment\":{\"key\":\"k\"}} ",
        Some(("k", "k")),
    );
    // What no bare header could hold is quoted on its way to the origin.
    holds(
        r#"{"payment": {"key": "order 17, again; \"x\""}}"#,
        Some((r#"order 17, again; "x""#, r#""order 17, again; \"x\"""#)),
    );
    // Every character is a part of it, quotes and spaces at its ends too.
    holds(r#"{"payment": {"key": "\"k\""}}"#, Some(("\"k\"", r#""\"k\"""#)));
    holds(r#"{"payment": {"key": " k"}}"#, Some((" k", "\" k\"")));
    // A whole number is the text of its digits, however many.
    holds(
        r#"{"payment": {"key": 12345678901234567890123}}"#,
        Some(("12345678901234567890123", "12345678901234567890123")),
    );
    for none in [
        "{}",
        "[]",
        "1",
        "",
        "{\"payment\": {}}",
        "{\"payment\": null}",
        "{\"payment\": [\"key\"]}",
        "{\"payment\": {\"key\": null}}",
        "{\"payment\": {\"key/\": \"k\"}}",
        "{\"key\": \"k\"}",
    ] {
        holds(none, None);
    }
    // Half a character, or a byte that is no UTF-8, elsewhere.
    holds(r#"{"a": "\ud83d", "\ud83d": 1, "payment": {"key": "k"}}"#, Some(("k", "k")));
    let latin = [b"{\"a\": \"caf\xe9\", ".as_slice(), b"\"payment\": {\"key\": \"k\"}}"].concat();
    let found = rules(&["json:/payment/key"]).find_key(&head(&[JSON]), &latin);
    assert_eq!(found.expect("a key").expect("a key").key.as_str(), "k");
    holds("\u{feff}{\"payment\": {\"key\": \"k\"}}", Some(("k", "k")));
    let items = rules(&["json:/items/10/a~1b"]);
    let body = format!("{{\"items\": [{}{{\"a/b\": \"k\"}}]}}", "[1],".repeat(10));
    let found = items.find_key(&head(&[JSON]), body.as_bytes()).expect("a key").expect("a key");
    assert_eq!(found.key.as_str(), "k");
    for index in ["01", "1", "-", "10x"] {
        let rules = rules(&[&format!("json:/items/{index}/a~1b")]);
        assert_eq!(rules.find_key(&head(&[JSON]), body.as_bytes()), Ok(None), "{index}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let beside = format!("{{\"a\": {nested}, \"payment\": {{\"key\": \"k\"}}}}");
    holds(&beside, Some(("k", "k")));
}

/// Whoever cannot see a key in a body does not say that there is none.
#[test]
fn a_body_that_cannot_be_read_is_not_taken_for_one_without_a_key() {
    let sentence = |body: &str, why: &str| {
        let told = format!(
            "the body's /payment/key cannot be looked for, because the body {why}; send one that can be read, or the key in Idempotency-Key"
        );
        assert_eq!(in_json(body).expect_err(body), told);
    };
    for body in [
        r#"{"payment": {"key": "k"}"#,
        r#"{"payment": {"key": "k"}} x"#,
        r#"{"payment": {"key": "k",}}"#,
        r#"{"payment": {"key": "k"}, "a": NaN}"#,
        "{\"payment\": {\"key\": \"k\"}, \"a\": \"\t\"}",
        "item=tea",
    ] {
        sentence(body, "is no JSON");
    }
    let refuses = |rules: &KeyRules, headers: &[(&str, &str)], body: &str, why: &str| {
        let refusal = rules.find_key(&head(headers), body.as_bytes()).expect_err(why).to_string();
        assert!(refusal.contains(&format!("because the body {why};")), "{refusal}");
    };
    let either = rules(&["header:idempotency-key", "json:/k", "form:k"]);
    let gzip = ("content-encoding", "gzip");
    refuses(&either, &[JSON, gzip], "\u{1f}\u{8b}", "has a Content-Encoding");
    refuses(&either, &[FORM, gzip], "\u{1f}\u{8b}", "has a Content-Encoding");
    refuses(
        &either,
        &[("content-type", "application/json; charset=utf-16")],
        "{}",
        "is in another charset than UTF-8",
    );
    refuses(&either, &[MULTIPART], "--b\nno end", "is no multipart body of its boundary");
    // What the policy does not look into is nobody's business, nor is a key that stands elsewhere.
    assert_eq!(rules(&["form:k"]).find_key(&head(&[JSON, gzip]), b"x"), Ok(None));
    assert_eq!(either.find_key(&head(&[JSON, gzip]), b""), Ok(None));
    let keyed = either.find_key(&head(&[JSON, ("idempotency-key", "h")]), b"{");
    assert_eq!(keyed.expect("a key").expect("a key").key.as_str(), "h");
    let ascii = ("content-type", "application/json; charset=US-ASCII");
    assert!(either.find_key(&head(&[ascii]), br#"{"k": "k"}"#).expect("a key").is_some());
}

#[test]
fn a_member_that_is_no_key_is_refused_by_its_pointer() {
    let refused = |body: &str| in_json(body).expect_err(body);
    for value in ["1.5", "-1", "true", "[\"k\"]", "{\"key\": \"k\"}"] {
        assert_eq!(
            refused(&format!("{{\"payment\": {{\"key\": {value}}}}}")),
            "the body's /payment/key is no text; send one key of 1 to 255 characters, such as a new UUID",
        );
    }
    const TWICE: &str = "the body's /payment/key is there more than once; send one key";
    assert_eq!(refused(r#"{"payment": {"key": "a", "key": "a"}}"#), TWICE);
    assert_eq!(refused(r#"{"payment": {"key": "a"}, "payment": {}}"#), TWICE);
    for value in ["", " ", "undefined", "ké", "\\u0000", &"k".repeat(256)] {
        let sentence = refused(&format!("{{\"payment\": {{\"key\": \"{value}\"}}}}"));
        assert!(sentence.starts_with("the body's /payment/key \""), "{sentence}");
    }
}

#[test]
fn a_field_of_the_query_holds_a_key() {
    let rules = rules(&["header:idempotency-key", "query:request id"]);
    let found = |query: &'static str, headers: &[(&str, &str)]| {
        let head = headers
            .iter()
            .fold(Request::post("/buy").query(query), |head, (name, value)| head.with(name, value));
        rules
            .find_key(&head, b"")
            .map(|found| found.map(|found| found.key.as_str().to_owned()))
            .map_err(|refusal| refusal.to_string())
    };
    assert_eq!(found("a=1&request%20id=k%2D1+2", &[]), Ok(Some("k-1 2".into())));
    assert_eq!(found("request+id=k", &[("idempotency-key", "k")]), Ok(Some("k".into())));
    assert_eq!(found("a=1", &[]), Ok(None));
    assert_eq!(
        found("request+id=a&request+id=a", &[]).expect_err("two"),
        "the query's request id is there more than once; send one key"
    );
    let two = found("request+id=a", &[("idempotency-key", "b")]).expect_err("two");
    assert!(two.starts_with("Idempotency-Key and the query's request id name two keys"), "{two}");
    assert!(found("request+id=%FF", &[]).is_err());
}

#[test]
fn json_is_read_only_where_the_policy_looks_into_it() {
    let json = rules(&["json:/key", "form:key"]);
    for (kind, is_read) in [
        ("application/json", true),
        ("application/vnd.api+json", true),
        ("application/x-www-form-urlencoded", true),
        ("application/json; charset=utf-16", true),
        ("text/plain", false),
    ] {
        assert_eq!(json.look_into_body(&head(&[("content-type", kind)])), is_read, "{kind}");
    }
    assert!(json.look_into_body(&head(&[JSON, ("content-encoding", "gzip")])));
    assert!(!rules(&["form:key", "query:key", "header:key"]).look_into_body(&head(&[JSON])));
    let in_form = json.find_key(&head(&[FORM]), b"{\"key\": \"k\"}&key=f").expect("a key");
    assert_eq!(in_form.expect("a key").key.as_str(), "f");
}

#[test]
fn where_a_key_stands_makes_no_other_request() {
    let policy = Policy::parse(r#"{"key_from": ["query:key", "json:/meta/key"]}"#);
    let settings = policy.expect("a policy").defaults;
    let fingerprint = |query: &'static str, body: &str| {
        let head = Request::post("/buy").query(query).with(JSON.0, JSON.1);
        Fingerprint::of(&head, body.as_bytes(), &compared(&settings)).expect("readable")
    };
    let plain = fingerprint("a=1&b=2", r#"{"a": 1, "meta": {}}"#);
    assert_eq!(fingerprint("a=1&k%65y=k&b=2", r#"{"meta": {"key": "k"}, "a": 1}"#), plain);
    assert_ne!(fingerprint("a=1&b=2", r#"{"a": 1, "meta": {"kee": "k"}}"#), plain);
    assert_ne!(fingerprint("a=1", r#"{"a": 1, "meta": {}}"#), plain);
    assert_ne!(fingerprint("b=2&a=1", r#"{"a": 1, "meta": {}}"#), plain);
}

#[test]
fn a_route_may_take_longer_keys_alone_and_keys_with_spaces() {
    let least = KeyRules { least: 8, ..KeyRules::usual() };
    let refusal = least.find_key(&head(&[("idempotency-key", "\"k 1\"")]), b"").expect_err("short");
    assert_eq!(
        refusal.to_string(),
        "Idempotency-Key \"\\\"k 1\\\"\" has 3 characters, and this route takes 8 or more; send one key of 8 to 255 characters, such as a new UUID",
    );
    assert!(least.missing_key().contains("send one of 8 to 255 characters"));
    assert!(least.find_key(&head(&[("idempotency-key", "12345678")]), b"").is_ok());
    let spaced = KeyRules { in_header: Spelling::SpacedHeader, ..KeyRules::usual() };
    let found = spaced.find_key(&head(&[("idempotency-key", " order 17; again ")]), b"");
    let found = found.expect("a key").expect("a key");
    assert_eq!((found.key.as_str(), found.header()), ("order 17; again", None));
    for repeated in ["a, b", "a,b", "a\tb", "a \"b\""] {
        assert!(
            spaced.find_key(&head(&[("idempotency-key", repeated)]), b"").is_err(),
            "{repeated}"
        );
        assert!(KeyRules::usual().find_key(&head(&[("idempotency-key", "a b")]), b"").is_err());
    }
}
