//! What stays of an Authorization header from one request of its owner's to the next.

use crate::fixtures::Request;
use onlyonce::guard::authorization::SIGNING;
use onlyonce::guard::scope::{Scope, ScopeValue};

fn scope_of(authorization: &str) -> Vec<ScopeValue> {
    let request = Request::post("/orders").with("authorization", authorization);
    Scope::Auto.values(&request).expect("readable headers")
}

#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(scope_of(one), scope_of(other), "{one}\n{other}");
}

#[track_caller]
fn different(one: &str, other: &str) {
    assert_ne!(scope_of(one), scope_of(other), "{one}\n{other}");
}

/// The examples of the schemes' own specifications, and a second request of the same owner's.
#[test]
fn a_signature_is_its_owners() {
    for (first, second, stranger) in [
        (
            r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b", uri="/dir", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae4""#,
            r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b", uri="/dir", qop=auth, nc=00000002, cnonce="5ccc069c", response="ef9a01bd""#,
            r#"Digest username="Simba", realm="testrealm@host.com", nonce="dcd98b", uri="/dir", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae4""#,
        ),
        (
            r#"Digest username*=UTF-8''J%C3%A4s, realm="a", nc=00000001"#,
            r#"digest realm="a",nc=00000002,username*=UTF-8''J%C3%A4s"#,
            r#"Digest username*=UTF-8''J%C3%B6s, realm="a", nc=00000001"#,
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150831/us-east-1/iam/aws4_request,SignedHeaders=host,Signature=aaaa",
            "AWS4-HMAC-SHA256 Credential=AKIDOTHER/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79",
        ),
        (
            r#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#,
            r#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131203", oauth_nonce="kllo9940pd9333jh", oauth_signature="x""#,
            r#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="other", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#,
        ),
        (
            r#"Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE""#,
            r#"Hawk id="dh37fgj492je", ts="1353832235", nonce="k3j4h2", mac="aSe1DER""#,
            r#"Hawk id="dh37fgj492jf", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE""#,
        ),
        (
            r#"Signature keyId="rsa-key-1",algorithm="rsa-sha256",headers="(request-target) date",signature="Base64(RSA-SHA256)""#,
            r#"Signature keyId="rsa-key-1",created=1402170695,signature="other""#,
            r#"Signature keyId="rsa-key-2",algorithm="rsa-sha256",headers="(request-target) date",signature="Base64(RSA-SHA256)""#,
        ),
        (
            "EG1-HMAC-SHA256 client_token=akab-c;access_token=akab-a;timestamp=20140321T19:34:21+0000;nonce=nonce-1;signature=a+b/c=",
            "EG1-HMAC-SHA256 client_token=akab-c;access_token=akab-a;timestamp=20140321T19:34:22+0000;nonce=nonce-2;signature=d=",
            "EG1-HMAC-SHA256 client_token=akab-c;access_token=akab-b;timestamp=20140321T19:34:21+0000;nonce=nonce-1;signature=a+b/c=",
        ),
        (
            "VERACODE-HMAC-SHA-256 id=702a1650,ts=1445452792746,nonce=3b1974fb,sig=b81c0315",
            "VERACODE-HMAC-SHA-256 id=702a1650,ts=1445452792747,nonce=4b1974fb,sig=c81c0315",
            "VERACODE-HMAC-SHA-256 id=702a1651,ts=1445452792746,nonce=3b1974fb,sig=b81c0315",
        ),
        (
            r#"MAC id="h480djs93hd8", ts="1336363200", nonce="dj83hs9s", mac="bhCQXTVyfj5cmA9uKkPFx1zeOXM=""#,
            r#"MAC id="h480djs93hd8",nonce="274312:dj83hs9s",mac="kDZvddkndxvhGRXZhvuDjEWhGeE=""#,
            r#"MAC id="h480djs93hd9", ts="1336363200", nonce="dj83hs9s", mac="bhCQXTVyfj5cmA9uKkPFx1zeOXM=""#,
        ),
        ("APIAuth shop:a=", "APIAuth shop:b=", "APIAuth other:a="),
        (
            "APIAuth-HMAC-SHA256 shop:wvSi7A=",
            "APIAuth-HMAC-SHA256 shop:other",
            "APIAuth-HMAC-SHA256 shopper:wvSi7A=",
        ),
        (
            "amx 2f6e98:E9XhgYR8=:7ed378c1:1475264552",
            "amx 2f6e98:F9XhgYR8=:8ed378c1:1475264553",
            "amx 3f6e98:E9XhgYR8=:7ed378c1:1475264552",
        ),
        ("AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo", "AWS AKIDEXAMPLE:other=", "AWS AKIDOTHER:frJI"),
        ("SharedKey account:a=", "SharedKey account:b=", "SharedKey another:a="),
        (
            "HMAC-SHA256 Credential=id&SignedHeaders=x-ms-date;host&Signature=a/b=",
            "HMAC-SHA256 Credential=id&SignedHeaders=x-ms-date;host&Signature=c/d=",
            "HMAC-SHA256 Credential=io&SignedHeaders=x-ms-date;host&Signature=a/b=",
        ),
    ] {
        same(first, second);
        different(first, stranger);
    }
}

/// Two tokens of one identity, as a client that proves possession is given them.
#[test]
fn a_token_is_its_subjects_under_any_scheme() {
    // {"iss":"i","sub":"joe","jti":"1"} and {"iss":"i","sub":"joe","jti":"2"}
    let first = "DPoP e30.eyJpc3MiOiJpIiwic3ViIjoiam9lIiwianRpIjoiMSJ9.YQ";
    let second = "DPoP e30.eyJpc3MiOiJpIiwic3ViIjoiam9lIiwianRpIjoiMiJ9.Yg";
    same(first, second);
    same(first, &second.replace("DPoP", "Bearer"));
    different(first, "DPoP opaque");
}

/// One name under two schemes is not one owner, nor is what no scheme says.
#[test]
fn schemes_are_told_apart() {
    different(r#"Hawk id="a""#, r#"Digest username="a""#);
    different("AWS a:b", "GOOG1 a:b");
    different(r#"Digest username="a", realm="b""#, r#"Digest username="a", realm="c""#);
    different(r#"Digest username="a", realm="b""#, r#"Digest username="a""#);
    different(r#"OAuth oauth_consumer_key="a""#, r#"OAuth oauth_token="a""#);
}

/// What a scheme's header does not say as it should counts as a whole.
#[test]
fn what_cannot_be_read_counts_as_a_whole() {
    for header in [
        "Digest nc=1",
        "Digest",
        "Digest username=\"a",
        "Digest username=\"a\" x",
        "Digest username=\"a\", username=\"b\"",
        "AWS4-HMAC-SHA256 SignedHeaders=a",
        "AWS nocolon",
        "EG1-HMAC-SHA256 client_token=a,access_token=b",
        "Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gJDAi",
        "NTLM TlRMTVNTUAADAAAA",
        "Signature",
        "Unknown id=\"a\"",
        "Basic dXNlcjpwYXNz",
    ] {
        let whole: Vec<String> = scope_of(header)
            .iter()
            .map(|value| format!("{}={}", value.source.written(), value.value.clone().unwrap()))
            .collect();
        assert_eq!(whole, [format!("header:authorization={header}")], "{header}");
    }
}

/// What an operator writes down for a scope, `find` reads.
#[test]
fn each_part_has_a_name_that_is_read_again() {
    for signing in &SIGNING {
        let names = if signing.parameters.is_empty() { &["key-id"] } else { signing.parameters };
        for name in names {
            let written = format!("authorization:{}.{name}", signing.scheme);
            let source: onlyonce::guard::source::Source = written.parse().expect("a source");
            assert_eq!(source.written(), written);
        }
    }
}
