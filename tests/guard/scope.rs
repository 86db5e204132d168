//! Who a key belongs to, and who may see its answer.

use crate::fixtures::{Request, digest_of, record_id};
use onlyonce::guard::digest::{Pepper, hex};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::scope::{
    Credential, Namespace, RecordId, Scope, ScopeValue, is_derived_from_cookies,
};
use onlyonce::guard::source::Source;

/// A scope value as text, such as `jwt:sub="joe"`; nothing behind a source that was absent.
fn text(value: &ScopeValue) -> String {
    let held = value.value.as_ref().map_or_else(String::new, |value| format!("={value}"));
    format!("{}{held}", value.source.written())
}

#[track_caller]
fn check(scope: &Scope, request: &Request, expected: &[&str]) {
    let values = scope.values(request).expect("readable headers");
    let values: Vec<String> = values.iter().map(text).collect();
    assert_eq!(values, expected);
}

fn source(text: &str) -> Source {
    text.parse().expect("a source")
}

fn sources(list: &[&str]) -> Scope {
    Scope::Sources(list.iter().map(|text| source(text)).collect())
}

fn order() -> Request {
    Request::post("/orders")
}

fn authorized(authorization: &str) -> Request {
    order().with("authorization", authorization)
}

/// The payload in base64url without padding (RFC 4648 section 5).
fn base64url(payload: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |bytes: &[u8]| {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | bytes.get(at).map_or(0, |b| *b as usize));
        let digit = move |at: usize| char::from(DIGITS[bits >> (18 - 6 * at) & 63]);
        (0..=bytes.len()).map(digit).collect::<String>()
    };
    payload.as_bytes().chunks(3).map(group).collect()
}

fn bearer(payload: &str) -> String {
    format!("Bearer e30.{}.c2ln", base64url(payload))
}

/// The example of RFC 7519 section 3.1; its payload holds line breaks.
const RFC_7519: &str = "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[test]
fn the_path_may_stand_beside_what_auto_takes() {
    let token = bearer(r#"{"exp":2,"sub":"joe","iss":"idp"}"#);
    let scope = Scope::AutoAnd(vec![Source::Path, source("header:x-shop")]);
    check(
        &scope,
        &authorized(&token).with("x-shop", "1"),
        &["jwt:iss=\"idp\"", "jwt:sub=\"joe\"", "path=/orders", "header:x-shop=1"],
    );
}

#[test]
fn auto_reads_issuer_and_subject() {
    let joe = ["jwt:iss=\"idp\"", "jwt:sub=\"joe\""];
    let token = bearer(r#"{"iss":"idp","sub":"joe","exp":1}"#);
    check(&Scope::Auto, &authorized(&token), &joe);
    check(&Scope::Auto, &authorized(&token.replace("Bearer", "bEARER")), &joe);
    check(&Scope::Auto, &authorized(&token.replace("Bearer ", "Bearer   ")), &joe);
    // A key beside it is another owner's.
    let both = ["jwt:iss=\"idp\"", "jwt:sub=\"joe\"", "header:x-api-key=k"];
    check(&Scope::Auto, &authorized(&token).with("x-api-key", "k"), &both);
    // Under any scheme, and under none.
    for scheme in ["DPoP ", "Token ", "JWT ", ""] {
        check(&Scope::Auto, &authorized(&token.replace("Bearer ", scheme)), &joe);
    }
    // A refreshed token is the same caller.
    check(&Scope::Auto, &authorized(&bearer(r#"{"exp":2,"sub":"joe","iss":"idp"}"#)), &joe);
    // An empty signature has a place too.
    check(&Scope::Auto, &authorized(token.trim_end_matches("c2ln")), &joe);
}

#[test]
fn claims_keep_their_kind() {
    let subject = |claim: &str| bearer(&format!(r#"{{"iss":"i","sub":{claim}}}"#));
    for claim in ["17", "-17", "18446744073709551615", "-9223372036854775808", "true", "\"17\""] {
        let expected = format!("jwt:sub={claim}");
        check(&Scope::Auto, &authorized(&subject(claim)), &["jwt:iss=\"i\"", &expected]);
    }
    check(
        &Scope::Auto,
        &authorized(&subject(r#""\u006aoe\n""#)),
        &["jwt:iss=\"i\"", r#"jwt:sub="joe\n""#],
    );
}

#[test]
fn what_cannot_be_read_falls_back_to_the_whole_header() {
    for payload in [
        "{}",
        r#"{"iss":"idp"}"#,
        r#"{"sub":"joe"}"#,
        r#"{"iss":null,"sub":"joe"}"#,
        r#"{"iss":"idp","sub":["joe"]}"#,
        r#"{"iss":"idp","sub":{"id":1}}"#,
        r#"{"iss":"idp","sub":1.0}"#,
        r#"{"iss":"idp","sub":1e3}"#,
        r#"{"iss":"idp","sub":18446744073709551616}"#,
        r#"["iss","sub"]"#,
        "not json",
    ] {
        let token = bearer(payload);
        check(&Scope::Auto, &authorized(&token), &[&format!("header:authorization={token}")]);
    }
}

#[test]
fn what_is_no_token_falls_back_to_the_whole_header() {
    let payload = base64url(r#"{"iss":"idp","sub":"joe"}"#);
    for authorization in [
        "Bearer opaque".to_owned(),
        "Bearer".to_owned(),
        String::new(),
        "Basic am9lOnNlY3JldA==".to_owned(),
        format!("Bearer e30.{payload}"),
        format!("Bearer e30.{payload}.c2ln.more"),
        format!("Bearer e30.{payload}=.c2ln"),
        format!("Bearer e30.{payload}+.c2ln"),
        format!("Bearer e30.{payload}A.c2ln"),
        "Bearer e30..c2ln".to_owned(),
        "Bearer e30.e.c2ln".to_owned(),
        "Bearer e30.é.c2ln".to_owned(),
    ] {
        let expected = format!("header:authorization={authorization}");
        check(&Scope::Auto, &authorized(&authorization), &[&expected]);
    }
}

/// The last digit of a payload of 25 bytes has four bits too many. A reader that refused them would
/// name another record.
#[test]
fn bits_that_a_last_digit_has_too_many_are_not_looked_at() {
    let payload = base64url(r#"{"iss":"idp","sub":"joe"}"#);
    let begin = payload.strip_suffix('Q').expect("the digit of four zeros at the end");
    for last in ["Q", "R", "Y", "f"] {
        let token = format!("Bearer e30.{begin}{last}.c2ln");
        check(&Scope::Auto, &authorized(&token), &["jwt:iss=\"idp\"", "jwt:sub=\"joe\""]);
    }
    let other = format!("Bearer e30.{begin}g.c2ln");
    check(&Scope::Auto, &authorized(&other), &[&format!("header:authorization={other}")]);
}

#[test]
fn auto_without_authorization() {
    check(&Scope::Auto, &order().with("x-api-key", "k1"), &["header:x-api-key=k1"]);
    check(&Scope::Auto, &order(), &[]);
    check(&Scope::Auto, &order().with("cookie", "session=1"), &[]);
}

#[test]
fn listed_sources_are_read_in_their_order() {
    let request = authorized(RFC_7519)
        .query("a=1&tenant=t%201&tenant=2&flag")
        .with("x-tenant", "acme")
        .with("x-tenant", "other")
        .with("cookie", "a=b; sid=s=1; sid=2");
    check(
        &sources(&["query:tenant", "header:x-tenant", "cookie:sid", "jwt:iss", "jwt:exp"]),
        &request,
        &[
            "query:tenant=t%201&2",
            "header:x-tenant=acme, other",
            "cookie:sid=s=1;2",
            "jwt:iss=\"joe\"",
            "jwt:exp=1300819380",
        ],
    );
    let root = ["jwt:http://example.com/is_root=true"];
    check(&sources(&["jwt:http://example.com/is_root"]), &request, &root);
    check(&sources(&["path"]), &request, &["path=/orders"]);
    check(
        &sources(&["header:x-none", "cookie:none", "query:flag", "query:ten"]),
        &request,
        &["header:x-none", "cookie:none", "query:flag", "query:ten"],
    );
}

#[test]
fn a_listed_claim_falls_back_to_the_whole_header() {
    let scope = sources(&["header:x-tenant", "jwt:sub"]);
    let expected = format!("header:authorization={RFC_7519}");
    check(&scope, &authorized(RFC_7519), &["header:x-tenant", &expected]);
    check(&scope, &order(), &["header:x-tenant", "header:authorization"]);
    check(&Scope::Sources(Vec::new()), &authorized(RFC_7519), &[]);
}

#[test]
fn names_of_sources() {
    let named = |text: &str| {
        text.parse::<Source>().map(|source| source.written()).map_err(|error| error.to_string())
    };
    assert_eq!(named("header:X-Tenant"), Ok("header:x-tenant".into()));
    // Names of cookies, of query fields and of claims tell case apart.
    for name in ["cookie:Sid", "query:Tenant", "jwt:http://example.com/is_root", "path"] {
        assert_eq!(named(name), Ok(name.into()));
    }
    for name in ["", "header", "header:", ":x", "Header:x", "body:x", "jwt", "Path", "path:"] {
        let cure = "write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query";
        assert_eq!(named(name), Err(format!("\"{name}\" is no source: {cure}")));
    }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a key")
}

fn value(from: &str, value: Option<&str>) -> ScopeValue {
    ScopeValue { source: source(from), value: value.map(str::to_owned) }
}

/// Deployed objects and copies are named by this hash: it must never change. It was computed apart
/// from this program: SHA-256 over the purpose, the realm, the count of values, each value with
/// its source, and the key, each preceded by its length in eight bytes.
#[test]
fn record_id_is_pinned() {
    let scope = [value("header:authorization", Some("Bearer joe")), value("cookie:sid", None)];
    let id = record_id("shop.example", &scope, &key("\"8e03\""));
    assert_eq!(id.to_string(), "31843087fe11e3d8d67c7ce9b79dce3e1e14aaa098f858f8ac9f823a5b8504f5");
    let id = record_id("shop.example", &[], &key("8e03"));
    assert_eq!(id.to_string(), "dec3dda7f150692eb1ede4d899d9ce859eba8a0b65218a5fa727f22c30e0f9e3");
}

/// Every entry differs from every other only in where its parts begin and end.
#[test]
fn no_two_identities_become_one() {
    let (a, b) = ("header:a", "header:b");
    let identities: Vec<(&str, Vec<ScopeValue>, &str)> = vec![
        ("r", vec![], "k"),
        ("rk", vec![], "k"),
        ("r", vec![], "kk"),
        ("r", vec![value(a, None)], "k"),
        ("r", vec![value(a, Some(""))], "k"),
        ("r", vec![value(a, Some("none"))], "k"),
        ("r", vec![value(a, Some("k"))], "k"),
        ("r", vec![value("cookie:a", Some("k"))], "k"),
        ("r", vec![value("query:a", Some("k"))], "k"),
        ("r", vec![value("jwt:a", Some("k"))], "k"),
        ("r", vec![value(b, Some("k"))], "k"),
        ("r", vec![value(a, Some("x")), value(b, Some("yz"))], "k"),
        ("r", vec![value(a, Some("xy")), value(b, Some("z"))], "k"),
        ("r", vec![value(b, Some("yz")), value(a, Some("x"))], "k"),
        ("r", vec![value(a, Some("xheader:byz"))], "k"),
        ("r", vec![value(a, None), value(b, None)], "k"),
        ("r", vec![value(a, Some("header:bnone"))], "k"),
        ("r", vec![value(a, Some("none\0\0\0\0\0\0\0\x08header:b"))], "k"),
        ("rheader:a", vec![], "k"),
    ];
    let id =
        |(realm, scope, name): &(&str, Vec<ScopeValue>, &str)| record_id(realm, scope, &key(name));
    for (at, one) in identities.iter().enumerate() {
        for other in &identities[at + 1..] {
            assert_ne!(id(one), id(other), "{one:?} and {other:?}");
        }
    }
}

pub fn some_record() -> RecordId {
    record_id("r", &[], &key("1"))
}

fn credential(request: &Request, list: &[&str], record: &RecordId) -> Credential {
    let list: Vec<Source> = list.iter().map(|text| source(text)).collect();
    Credential::of(request, &list, record).expect("readable headers")
}

#[test]
fn credential_is_pinned_and_salted_with_the_record() {
    let list = ["header:authorization", "header:cookie"];
    let first = record_id("r", &[], &key("1"));
    let second = record_id("r", &[], &key("2"));
    let seen = credential(&authorized("Bearer joe"), &list, &first);
    assert_eq!(
        seen.digest.to_string(),
        "5b69eef7d12cc671c2fb8161e6f4b6f9171b428b3ea021bd55de8bc83e8f812b"
    );
    assert_eq!(seen, credential(&authorized("Bearer joe"), &list, &first));
    assert_ne!(seen.digest, credential(&authorized("Bearer joe"), &list, &second).digest);
}

#[test]
fn every_part_of_a_credential_counts() {
    let record = record_id("r", &[], &key("1"));
    let list = ["header:authorization", "header:cookie", "header:x-api-key"];
    let requests = [
        order(),
        authorized(""),
        authorized("a"),
        authorized("A"),
        order().with("cookie", "a"),
        order().with("x-api-key", "a"),
        authorized("a").with("cookie", "b"),
        authorized("b").with("cookie", "a"),
        authorized("a").with("cookie", "b").with("x-api-key", "c"),
    ];
    for (at, one) in requests.iter().enumerate() {
        for other in &requests[at + 1..] {
            assert_ne!(credential(one, &list, &record), credential(other, &list, &record));
        }
    }
    let unlisted = authorized("a").with("x-trace", "1");
    let seen = credential(&authorized("a"), &list, &record);
    assert_eq!(seen, credential(&unlisted, &list, &record));
}

/// The hashes of the fingerprint's and the record's digits, not of the bytes that they stand for.
#[test]
fn a_derived_record_is_pinned() {
    let id = derived(&authorized("Bearer joe"), &CREDENTIAL, "f").expect("a credential");
    assert_eq!(id.to_string(), "eed51590f2f784f02e687edd7b1798985754439daebc0030bfeb43b17dd8db91");
}

/// What people are shown of an id is what they may ask with, and storage holds half as many bytes.
#[test]
fn an_id_is_its_digits() {
    let id = record_id("r", &[], &key("1"));
    let digits = id.to_string();
    assert_eq!(digits.parse(), Ok(id));
    assert_eq!(hex(id.as_bytes()), digits);
    assert_eq!(format!("{id:.16}"), digits[..16]);
    assert_eq!(serde_json::to_value(id).expect("digits"), digits);
    assert_eq!(serde_json::from_value::<RecordId>(digits.clone().into()).expect("digits"), id);
    for other in ["", &digits[1..], &format!("{digits}0"), &digits.to_uppercase(), &"g".repeat(64)]
    {
        let error = other.parse::<RecordId>().expect_err(other).to_string();
        assert_eq!(error, "an id is written as 64 hex digits in lower case, and this one is not");
    }
}

fn derived(request: &Request, list: &[&str], fingerprint: &str) -> Option<RecordId> {
    let list: Vec<Source> = list.iter().map(|text| source(text)).collect();
    let scope = Scope::Auto.values(request).expect("readable headers");
    let namespace = Namespace { pepper: &Pepper::default(), realm: "r", scope: &scope };
    let id = RecordId::derived(namespace, &list, request, &digest_of(fingerprint));
    id.expect("readable headers")
}

const CREDENTIAL: [&str; 2] = ["header:authorization", "header:cookie"];

/// Without a credential, two strangers' equal requests would become one.
#[test]
fn no_record_is_derived_without_a_credential() {
    assert_eq!(derived(&order(), &CREDENTIAL, "f"), None);
    assert_eq!(derived(&order().with("x-api-key", "k"), &CREDENTIAL, "f"), None);
    assert_eq!(derived(&authorized("a"), &[], "f"), None);
    assert!(derived(&order().with("cookie", "sid=1"), &CREDENTIAL, "f").is_some());
}

const AUTO: [&str; 3] = ["header:authorization", "header:x-api-key", "cookies"];

#[track_caller]
fn derives(list: &[&str], headers: &[(&str, &str)], expected: bool) {
    let request = headers.iter().fold(order(), |request, (name, value)| request.with(name, value));
    assert_eq!(derived(&request, list, "f").is_some(), expected, "{headers:?}");
}

/// Strangers whose programs have nothing to say all say the same.
#[test]
fn what_says_nothing_is_no_credential() {
    for authorization in [
        "",
        " ",
        "Bearer",
        "bearer ",
        "Basic",
        "Token",
        "DPoP",
        "undefined",
        "Bearer undefined",
        "Bearer null",
        "Bearer [object Object]",
        "Token None",
        "Basic undefined",
        "Basic Og==",
        "Basic Og",
        "Basic dW5kZWZpbmVkOnVuZGVmaW5lZA==",
        "Basic bnVsbDo=",
        "Bearer undefined, Bearer undefined",
    ] {
        derives(&AUTO, &[("authorization", authorization)], false);
        // Beside something that does, it changes nothing.
        derives(&AUTO, &[("authorization", authorization), ("x-api-key", "k")], true);
        derives(&AUTO, &[("authorization", authorization), ("cookie", "sid=1")], true);
    }
    for authorization in [
        "Bearer t",
        "a",
        "Basic YTo=",
        "Basic OmI=",
        "Basic !",
        "Digest username=\"a\"",
        "Bearer a, ",
    ] {
        derives(&AUTO, &[("authorization", authorization)], true);
    }
    for nothing in ["", "undefined", "NULL", "None", "nil", "NaN", ", ", "undefined, null"] {
        derives(&AUTO, &[("x-api-key", nothing)], false);
        derives(&["header:webhook-id"], &[("webhook-id", nothing)], false);
    }
    derives(&["header:webhook-id"], &[("webhook-id", "msg_1")], true);
    for nothing in ["", "sid=", "sid", "sid=undefined", "sid=\"\"", "a=; b=null", "_ga=1; sid="] {
        derives(&AUTO, &[("cookie", nothing)], nothing == "sid");
        derives(&["cookie:sid"], &[("cookie", nothing)], false);
    }
    for cookies in ["sid=1", "a=; sid=1", "sid=; sid=1", "sid=a=b", "theme=dark"] {
        derives(&AUTO, &[("cookie", cookies)], true);
    }
    derives(&["cookie:sid"], &[("cookie", "sid=; sid=1")], true);
    for (query, expected) in [("t=", false), ("t=null", false), ("t=&t=", false), ("t=&t=1", true)]
    {
        assert_eq!(
            derived(&order().query(query), &["query:t"], "f").is_some(),
            expected,
            "{query}"
        );
    }
}

/// A key of its client's belongs to whoever sends it, whatever that one says.
#[test]
fn what_says_nothing_still_is_compared() {
    let record = record_id("r", &[], &key("1"));
    let sources = AUTO.map(source);
    let credential = |header| Credential::of(&authorized(header), &sources, &record);
    assert_ne!(credential("Bearer"), credential("Bearer undefined"));
}

#[track_caller]
fn by_cookies(list: &[&str], headers: &[(&str, &str)], expected: bool) {
    let list: Vec<Source> = list.iter().map(|text| source(text)).collect();
    let request = headers.iter().fold(order(), |request, (name, value)| request.with(name, value));
    assert_eq!(is_derived_from_cookies(&list, &request), expected, "{headers:?}");
}

/// Any cookie counts, such as one for a theme, where nobody has named the session's.
#[test]
fn a_key_that_is_derived_from_cookies_alone_is_known() {
    let cookie = ("cookie", "theme=dark");
    by_cookies(&AUTO, &[cookie], true);
    by_cookies(&AUTO, &[cookie, ("authorization", "Bearer undefined")], true);
    by_cookies(&AUTO, &[cookie, ("x-api-key", "k")], false);
    by_cookies(&AUTO, &[cookie, ("authorization", "Bearer t")], false);
    by_cookies(&AUTO, &[("cookie", "_ga=1")], false);
    by_cookies(&AUTO, &[], false);
    by_cookies(&["cookie:theme"], &[cookie], false);
}

#[test]
fn a_derived_record_tells_requests_and_credentials_apart() {
    let ids = [
        derived(&authorized("a"), &CREDENTIAL, "f"),
        derived(&authorized("a"), &CREDENTIAL, "g"),
        derived(&authorized("b"), &CREDENTIAL, "f"),
        derived(&order().with("cookie", "a"), &CREDENTIAL, "f"),
        derived(&authorized("a").with("cookie", ""), &CREDENTIAL, "f"),
        // A client's key cannot name a derived record.
        Some(record_id("r", &[value("header:authorization", Some("a"))], &key("f"))),
    ];
    assert_eq!(ids[0], derived(&authorized("a"), &CREDENTIAL, "f"));
    for (at, one) in ids.iter().enumerate() {
        assert!(one.is_some() && ids[at + 1..].iter().all(|other| one != other), "{at}");
    }
}

/// Without the pepper nobody can try whether a record is that of a key and a password that they guess.
#[test]
fn a_pepper_makes_every_record_another() {
    let scope = [value("header:authorization", Some("Basic YWxpY2U6c3VtbWVyMjY="))];
    let under = |secret| {
        let pepper = Pepper::new(secret);
        let namespace = Namespace { pepper: &pepper, realm: "r", scope: &scope };
        RecordId::new(namespace, &key("1")).to_string()
    };
    assert_eq!(under(None), record_id("r", &scope, &key("1")).to_string());
    assert_eq!(under(Some("")), under(None));
    // HMAC-SHA-256 over what is hashed without one, as computed apart from this program.
    assert_eq!(
        under(Some("pepper")),
        "c56a4bb91814c73c23f5d4e4326833424951b854c4220080cbc8ef27a78a96cd"
    );
    assert_ne!(under(Some("pepper")), under(Some("Pepper")));
}
