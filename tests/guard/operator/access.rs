//! What a deployment says of Cloudflare Access, and what Access asserts of an operator.

use crate::fixtures::{CLAIMED_AT, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onlyonce::guard::operator::{
    Access, AccessError, Assertion, AssertionError, KeyCache, Lookup, Role, SigningKey,
    signing_keys,
};
use onlyonce::guard::time::{Millis, UnixMillis};
use serde_json::{Value, json};

pub const TEAM: &str = "https://acme.cloudflareaccess.com";
pub const AUD: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
pub const NOW: UnixMillis = CLAIMED_AT;

pub fn access(operators: &str) -> Access {
    Access::parse(Some(TEAM), Some(AUD), Some(operators)).expect("no mistake").expect("Access")
}

pub fn seconds() -> u64 {
    NOW.0 / 1000
}

pub fn claims(changes: &Value) -> Value {
    let now = seconds();
    let mut claims = json!({
        "iss": TEAM, "aud": [AUD], "email": "alice@acme.com", "type": "app",
        "iat": now - 60, "nbf": now - 60, "exp": now + 600,
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

pub fn token_of(head: &Value, claims: &Value) -> String {
    let part = |document: &Value| URL_SAFE_NO_PAD.encode(document.to_string());
    format!("{}.{}.{}", part(head), part(claims), URL_SAFE_NO_PAD.encode("signature"))
}

pub fn token(changes: &Value) -> String {
    token_of(&json!({"alg": "RS256", "kid": "key-1", "typ": "JWT"}), &claims(changes))
}

#[track_caller]
fn asserts(changes: &Value, access: &Access) -> (String, Role) {
    let assertion = Assertion::parse(&token(changes), access, NOW).expect("an assertion");
    let operator = assertion.operator(access);
    assert!(operator.is_ambient);
    (operator.name, operator.role)
}

#[track_caller]
fn refuses(token: &str, expected: AssertionError) {
    assert_eq!(Assertion::parse(token, &access(""), NOW), Err(expected), "{token}");
}

#[test]
fn the_three_variables() {
    fn parse(team: &str, aud: &str, operators: &str) -> Result<Option<Access>, AccessError> {
        Access::parse(Some(team), Some(aud), Some(operators))
    }
    assert_eq!(parse("", " ", ""), Ok(None));
    assert_eq!(Access::parse(None, None, None), Ok(None));
    let read = parse(&format!(" {TEAM}/ "), "a1, b2", "").expect("no mistake").expect("Access");
    assert_eq!(read.keys_url(), format!("{TEAM}/cdn-cgi/access/certs"));
    assert_eq!((read.team.as_str(), &*read.audiences), (TEAM, &["a1".into(), "b2".into()][..]));
    for local in ["http://127.0.0.1:8080", "http://localhost:1"] {
        assert!(parse(local, AUD, "").is_ok(), "{local}");
    }
    for (team, aud, operators, error) in [
        ("", AUD, "", AccessError::Missing("ACCESS_TEAM")),
        (TEAM, "", "", AccessError::Missing("ACCESS_AUD")),
        ("", "", "alice@acme.com", AccessError::Missing("ACCESS_TEAM")),
        ("acme", AUD, "", AccessError::Team("acme".into())),
        (TEAM, "a b", "", AccessError::Audience("a b".into())),
        (TEAM, AUD, "a@acme.com, *", AccessError::Operator("*".into())),
        (TEAM, AUD, "a b", AccessError::Operator("a b".into())),
        (TEAM, AUD, "*@", AccessError::Operator("*@".into())),
        (TEAM, AUD, "*@a@b", AccessError::Operator("*@a@b".into())),
        (TEAM, AUD, "a*@acme.com", AccessError::Operator("a*@acme.com".into())),
    ] {
        assert_eq!(parse(team, aud, operators), Err(error));
    }
    // Keys that come over http are anybody's who stands on the way.
    for team in [
        "http://acme.cloudflareaccess.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "https://acme.cloudflareaccess.com/path",
        "https://acme.cloudflareaccess.com?a",
        "https://user@acme.cloudflareaccess.com",
        "https://",
        "ftp://acme",
    ] {
        assert_eq!(parse(team, AUD, ""), Err(AccessError::Team(team.into())));
    }
}

#[test]
fn every_mistake_in_full() {
    for (error, sentence) in [
        (
            AccessError::Missing("ACCESS_AUD"),
            "ACCESS_AUD is not set, and another of ACCESS_TEAM, ACCESS_AUD and ACCESS_OPERATORS is; set ACCESS_TEAM and ACCESS_AUD, or none of the three",
        ),
        (
            AccessError::Team("acme".into()),
            "ACCESS_TEAM \"acme\" is no team's address; set it to one such as https://acme.cloudflareaccess.com",
        ),
        (
            AccessError::Audience("a b".into()),
            "ACCESS_AUD \"a b\" is no audience tag; copy the application's, with a comma between two",
        ),
        (
            AccessError::Operator("*".into()),
            "ACCESS_OPERATORS \"*\" names nobody; write an email address, *@ and a domain, or a service token's client id, with a comma between two",
        ),
    ] {
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn who_is_on_the_list_may_act() {
    let list = access("Alice@acme.com,*@ops.acme.com,e367826f.access");
    for name in ["alice@acme.com", "ALICE@ACME.COM", "bob@ops.acme.com", "e367826f.access"] {
        assert!(list.may_act(name), "{name}");
    }
    for name in
        ["bob@acme.com", "alice@acme.com.evil", "ops.acme.com", "a@b.ops.acme.com", "", "token"]
    {
        assert!(!list.may_act(name), "{name}");
    }
    assert!(!access("").may_act("alice@acme.com"), "without a list nobody acts");
}

#[test]
fn a_person_and_a_service_are_named() {
    let list = access("alice@acme.com");
    let full = ("alice@acme.com".to_owned(), Role::Full);
    assert_eq!(asserts(&json!({}), &list), full);
    assert_eq!(asserts(&json!({"aud": AUD}), &list), full);
    assert_eq!(asserts(&json!({"aud": ["other", AUD]}), &list), full);
    let bob = asserts(&json!({"email": "bob@acme.com"}), &list);
    assert_eq!(bob, ("bob@acme.com".to_owned(), Role::ReadOnly));
    let service = json!({"email": "", "sub": "", "common_name": "e367.access", "nbf": null});
    let mut claims = claims(&service);
    // A service token's has none.
    claims.as_object_mut().expect("an object").remove("nbf");
    let token = token_of(&json!({"alg": "RS256", "kid": "k"}), &claims);
    let assertion = Assertion::parse(&token, &list, NOW).expect("an assertion");
    assert_eq!(assertion.operator(&list).name, "e367.access");
}

#[test]
fn what_was_signed_is_everything_before_the_last_dot() {
    let token = token(&json!({}));
    let assertion = Assertion::parse(&format!(" {token} "), &access(""), NOW).expect("one");
    assert_eq!(assertion.key_id, "key-1");
    assert_eq!(assertion.signature, b"signature");
    assert_eq!(Some(assertion.signed.as_str()), token.rsplit_once('.').map(|(signed, _)| signed));
}

#[test]
fn what_is_no_signed_token_is_refused() {
    let good = token(&json!({}));
    for wrong in [
        "",
        "a",
        "a.b",
        "..",
        "a.b.c.d",
        &format!("{good}."),
        &format!("{good}, {good}"),
        &format!("{good}="),
        &good.replace('.', ".*"),
        &format!("Bearer {good}"),
        &format!("{}.{good}", "e30".repeat(2)),
        &token(&json!({"more": "x".repeat(9000)})),
    ] {
        refuses(wrong, AssertionError::Malformed);
    }
    refuses(&token(&json!({"exp": "soon"})), AssertionError::Malformed);
    refuses(&token(&json!({"exp": null})), AssertionError::Malformed);
    refuses(&token(&json!({"iat": 1.5})), AssertionError::Malformed);
    refuses(&token_of(&json!(["RS256"]), &claims(&json!({}))), AssertionError::Malformed);
    refuses(&token_of(&json!({"alg": "RS256", "kid": "k"}), &json!([])), AssertionError::Malformed);
}

#[test]
fn no_algorithm_is_taken_but_the_one() {
    for alg in [
        json!("none"),
        json!("None"),
        json!("HS256"),
        json!("rs256"),
        json!("RS512"),
        json!("PS256"),
        json!(["RS256"]),
        Value::Null,
    ] {
        let token = token_of(&json!({"alg": alg, "kid": "k"}), &claims(&json!({})));
        refuses(&token, AssertionError::Algorithm);
    }
    let extended = json!({"alg": "RS256", "kid": "k", "crit": ["b64"], "b64": false});
    refuses(&token_of(&extended, &claims(&json!({}))), AssertionError::Malformed);
    let own_key = json!({"alg": "RS256", "jwk": {"kty": "RSA"}, "x5u": "https://evil.example"});
    refuses(&token_of(&own_key, &claims(&json!({}))), AssertionError::UnknownKey);
}

#[test]
fn it_is_for_this_team_this_application_and_now() {
    let now = seconds();
    for (changes, error) in [
        (json!({"iss": "https://evil.cloudflareaccess.com"}), AssertionError::Issuer),
        (json!({"iss": format!("{TEAM}/")}), AssertionError::Issuer),
        (json!({"iss": [TEAM]}), AssertionError::Issuer),
        (json!({"aud": "other"}), AssertionError::Audience),
        (json!({"aud": []}), AssertionError::Audience),
        (json!({"aud": null}), AssertionError::Audience),
        (json!({"aud": [format!("{AUD}0")]}), AssertionError::Audience),
        (json!({"aud": {"0": AUD}}), AssertionError::Audience),
        (json!({"exp": now - 30}), AssertionError::Expired),
        (json!({"exp": 0}), AssertionError::Expired),
        (json!({"nbf": now + 31}), AssertionError::TooEarly),
        (json!({"iat": now + 31}), AssertionError::TooEarly),
        (json!({"iat": u64::MAX}), AssertionError::TooEarly),
    ] {
        refuses(&token(&changes), error);
    }
    for (name, at) in [("exp", now - 29), ("nbf", now + 30), ("iat", now + 30), ("exp", u64::MAX)] {
        let read = Assertion::parse(&token(&json!({name: at})), &access(""), NOW);
        assert!(read.is_ok(), "{name} {at}");
    }
}

/// The name goes into the log, and into a header.
#[test]
fn a_name_is_short_printable_and_says_what_it_is_of() {
    let service = |name: &str| json!({"email": null, "common_name": name});
    for changes in [
        json!({"email": ""}),
        json!({"email": 7}),
        json!({"email": "alice"}),
        json!({"email": "alice\n@acme.com"}),
        json!({"email": "al ice@acme.com"}),
        json!({"email": "alicé@acme.com"}),
        json!({"email": "\u{202e}alice@acme.com"}),
        json!({"email": format!("{}@acme.com", "a".repeat(250))}),
        service(""),
        service("token"),
        service("alice@acme.com"),
        service("a b"),
    ] {
        refuses(&token(&changes), AssertionError::Nobody);
    }
}

#[test]
fn every_refusal_in_full() {
    for (error, sentence) in [
        (
            AssertionError::Malformed,
            "the Access assertion is no signed token, is over 8 KiB or comes twice; let Cloudflare Access alone write Cf-Access-Jwt-Assertion",
        ),
        (
            AssertionError::Algorithm,
            "the Access assertion is not signed with RS256; let Cloudflare Access alone write Cf-Access-Jwt-Assertion",
        ),
        (
            AssertionError::Issuer,
            "the Access assertion is another team's; compare ACCESS_TEAM with the team's address",
        ),
        (
            AssertionError::Audience,
            "the Access assertion is for another application; compare ACCESS_AUD with the tag of the application in front of this path",
        ),
        (AssertionError::Expired, "the Access assertion has expired; sign in to Access again"),
        (
            AssertionError::TooEarly,
            "the Access assertion is not valid yet; sign in to Access again, with a clock that is right",
        ),
        (
            AssertionError::Nobody,
            "the Access assertion names nobody; let people in by an email address and programs by a service token, in plain ASCII",
        ),
        (
            AssertionError::UnknownKey,
            "the Access assertion is signed with a key that the team does not show; sign in to Access again",
        ),
        (
            AssertionError::Signature,
            "the Access assertion's signature is wrong; sign in to Access again",
        ),
    ] {
        assert_eq!(error.to_string(), sentence);
    }
}

fn keys(ids: &[&str]) -> Vec<SigningKey> {
    let keys: Vec<_> =
        ids.iter().map(|id| json!({"kid": id, "kty": "RSA", "n": "AQAB", "e": "AQAB"})).collect();
    signing_keys(&json!({"keys": keys}).to_string()).expect("a document")
}

#[test]
fn the_keys_of_a_team() {
    let document = json!({
        "keys": [
            {"kid": "1", "kty": "RSA", "alg": "RS256", "use": "sig", "n": "abc", "e": "AQAB"},
            {"kid": "2", "kty": "EC", "crv": "P-256", "x": "a", "y": "b"},
            {"kid": "3", "kty": "oct", "k": "secret"},
            {"kid": "4", "kty": "RSA", "alg": "RSA-OAEP", "n": "abc", "e": "AQAB"},
            {"kty": "RSA", "n": "abc", "e": "AQAB"},
            {"kid": "5", "kty": "RSA", "n": "abc\",\"kty\":\"oct", "e": "AQAB"},
            7,
        ],
        "public_cert": {"kid": "1", "cert": "-----BEGIN CERTIFICATE-----"},
    });
    let read = signing_keys(&document.to_string()).expect("a document");
    let jwks: Vec<_> = read.iter().map(SigningKey::to_jwk).collect();
    assert_eq!(jwks, [r#"{"kty":"RSA","alg":"RS256","n":"abc","e":"AQAB"}"#]);
    for wrong in ["", "{}", "[]", r#"{"keys":{}}"#, "<html>"] {
        assert_eq!(signing_keys(wrong), None, "{wrong}");
    }
}

#[test]
fn keys_are_read_when_they_are_needed_and_not_much_oftener() {
    let at = |seconds| NOW.plus(Millis::seconds(seconds));
    let mut cache = KeyCache::default();
    assert_eq!(cache.look_up("1", at(0)), Lookup::Read);
    cache.on_read(Some(keys(&["1"])), at(0));
    let [key] = &keys(&["1"])[..] else { panic!("one key") };
    assert_eq!(cache.look_up("1", at(0)), Lookup::Found(key.clone()));
    assert_eq!(cache.look_up("1", at(3599)), Lookup::Found(key.clone()));
    assert_eq!(cache.look_up("1", at(3600)), Lookup::Read);
    assert_eq!(cache.look_up("2", at(59)), Lookup::Unknown);
    // The team may have changed its key.
    assert_eq!(cache.look_up("2", at(60)), Lookup::Read);
    cache.on_read(Some(keys(&["1", "2"])), at(60));
    assert!(matches!(cache.look_up("2", at(61)), Lookup::Found(_)));
    cache.on_read(None, at(200));
    assert!(matches!(cache.look_up("2", at(201)), Lookup::Found(_)), "what is known is known");
    assert_eq!(cache.look_up("3", at(204)), Lookup::Unavailable);
    assert_eq!(cache.look_up("3", at(205)), Lookup::Read);
    cache.on_read(None, at(3700));
    assert_eq!(cache.look_up("1", at(3701)), Lookup::Unavailable, "and not for ever");
}

pub fn shows(assertion: &str) -> Request {
    Request::new("GET", "/.onlyonce/unknown").with("cf-access-jwt-assertion", assertion)
}
