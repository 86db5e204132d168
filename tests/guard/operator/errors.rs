//! The sentences of what an operator asks in vain.

use super::parsed;
use crate::fixtures::CLAIMED_AT;
use onlyonce::guard::digest::Pepper;
use onlyonce::guard::operator::{
    AdminError, AssertionError, FindError, ListError, ResolutionError, find, resolution,
};
use serde_json::json;

/// What an operator reads: status, code and sentence.
#[test]
fn every_error_in_full() {
    let rows: [(AdminError, u16, &str, &str); 29] = [
        (
            AdminError::Unauthorized,
            401,
            "unauthorised",
            "the token is missing or wrong; send Authorization: Bearer with the value of ADMIN_TOKEN",
        ),
        (
            AdminError::Unidentified,
            401,
            "unidentified",
            "the request names no operator; come through the Access application in front of this path, or send Authorization: Bearer with the value of ADMIN_TOKEN where that is set",
        ),
        (
            AssertionError::Expired.into(),
            401,
            "assertion-invalid",
            "the Access assertion has expired; sign in to Access again",
        ),
        (
            AdminError::KeysUnreadable,
            503,
            "guard-unavailable",
            "the signing keys of ACCESS_TEAM could not be read, so nobody can be told apart; ask again in a moment",
        ),
        (
            AdminError::ReadOnly("bob@acme.com".into()),
            403,
            "read-only",
            "bob@acme.com may read and not act, and nothing was changed; have the deployment name them in ACCESS_OPERATORS",
        ),
        (
            AdminError::ForeignPage,
            403,
            "foreign-page",
            "another site's page sent this, and nothing was changed; act from the console of this guard, or by a program",
        ),
        (
            AdminError::BodyUnreadable,
            400,
            "body-unreadable",
            "the body broke off, is over 192 KiB or does not say its length; send a JSON document with its Content-Length",
        ),
        (
            AdminError::ObjectUnreachable,
            503,
            "guard-unavailable",
            "the record's object could not be reached; ask again in a moment",
        ),
        (
            AdminError::RecordUnusable("the record has version 9".into()),
            503,
            "guard-unavailable",
            "the record has version 9",
        ),
        (
            AdminError::NotFound,
            404,
            "not-found",
            "the guard has nothing under this path; ask for records/<record id>, unknown, outcomes, operator or find",
        ),
        (
            AdminError::RecordIdInvalid,
            400,
            "record-id-invalid",
            r#"the path does not name a record; write the 64 hex digits that Cache-Status shows as key="…", or find them with POST /.onlyonce/find"#,
        ),
        (
            AdminError::MethodNotAllowed,
            405,
            "method-not-allowed",
            "the method does nothing here; use GET or DELETE for a record, GET for unknown, outcomes and operator, POST for resolve, open and find",
        ),
        (
            AdminError::ConsoleIsRead,
            405,
            "method-not-allowed",
            "the method does nothing here; read the console with GET or HEAD",
        ),
        (
            ListError::OnlyAfter("route".into()).into(),
            400,
            "question-invalid",
            r#""route" is no member of the query; write after alone"#,
        ),
        (
            FindError::NotAQuestion.into(),
            400,
            "question-invalid",
            r#"the body is not a question; send {"realm": "api.example.com", "scope": {"header:authorization": "Bearer …"}, "key": "…"}"#,
        ),
        (
            FindError::UnknownMember("keys".into()).into(),
            400,
            "question-invalid",
            r#""keys" is no member of a question; write "realm", "scope" and "key" alone"#,
        ),
        (
            FindError::Key.into(),
            400,
            "question-invalid",
            r#""key" is not a key; write its 1 to 255 characters without the quotes of the header"#,
        ),
        (
            FindError::Scope.into(),
            400,
            "question-invalid",
            r#""scope" is not a scope; write what the policy's sources held, in the policy's order: {"header:<name>": "…", "jwt:<claim>": …}, null where one was absent"#,
        ),
        (
            FindError::OtherRecord.into(),
            400,
            "question-invalid",
            "the key, scope and realm are those of another record; write what the record was found with (POST /.onlyonce/find)",
        ),
        (
            ResolutionError::NotAResolution.into(),
            400,
            "resolution-invalid",
            r#"the body is not a resolution; send {"claim": "…", "outcome": "not-processed"} or {"claim": "…", "outcome": "answer", "status": 201, "headers": [["content-type", "application/json"]], "body_base64": "…"}"#,
        ),
        (
            ResolutionError::UnknownMember("body".into()).into(),
            400,
            "resolution-invalid",
            r#""body" is no member of a resolution; write "claim" and "outcome", for an answer also "status", "headers" and "body_base64""#,
        ),
        (
            ResolutionError::Status.into(),
            400,
            "resolution-invalid",
            r#""status" is not a status; write a whole number from 200 to 599"#,
        ),
        (
            ListError::UnknownMember("rout".into()).into(),
            400,
            "question-invalid",
            r#""rout" is no member of the query; write route, reason, older_than, newer_than, limit and after"#,
        ),
        (
            ListError::Reason("lost".into()).into(),
            400,
            "question-invalid",
            r#""lost" is no reason; write one of connection-lost, restarted, deadline-passed, server-error, no-such-status"#,
        ),
        (
            ListError::Age("soon".into()).into(),
            400,
            "question-invalid",
            r#""soon" is no age; write a whole number and s, m, h or d, such as 15m"#,
        ),
        (
            ListError::Limit("0".into()).into(),
            400,
            "question-invalid",
            r#""0" is no limit; write a whole number from 1 to 200"#,
        ),
        (
            ListError::After("x".into()).into(),
            400,
            "question-invalid",
            r#""x" is no place in the list; write what "next" was on the page before"#,
        ),
        (
            ResolutionError::Headers.into(),
            400,
            "resolution-invalid",
            r#""headers" is not a list of headers; write [["name", "value"], …] in plain ASCII"#,
        ),
        (
            ResolutionError::Body.into(),
            400,
            "resolution-invalid",
            r#""body_base64" is not base64 (RFC 4648) of at most 65536 bytes; encode the body again, or leave it out"#,
        ),
    ];
    for (error, status, code, sentence) in rows {
        assert_eq!(
            (error.status(), error.code(), error.to_string().as_str()),
            (status, code, sentence)
        );
        assert_eq!(parsed(&error.to_json()), json!({"error": code, "detail": sentence}));
    }
}

/// Each mistake gets the sentence that is about it.
#[test]
fn every_mistake_has_its_own_error() {
    for (text, error) in [
        ("[]", FindError::NotAQuestion),
        // A list of the members' values is not the members.
        (r#"["r",null,"k"]"#, FindError::NotAQuestion),
        (r#"{"key":"k","realm":7}"#, FindError::NotAQuestion),
        (r#"{"key":"k","realm":null}"#, FindError::NotAQuestion),
        (r#"{"key":"k","key":"l"}"#, FindError::NotAQuestion),
        (r#"{"key":"k","scop":{}}"#, FindError::UnknownMember("scop".into())),
        (r#"{"key":7,"\u0072ealm ":"r"}"#, FindError::UnknownMember("realm ".into())),
        ("{}", FindError::Key),
        (r#"{"key":null,"scope":7}"#, FindError::Key),
        (r#"{"key":"k","scope":null}"#, FindError::Scope),
        (r#"{"key":"k","scope":[]}"#, FindError::Scope),
        (r#"{"key":"k","scope":{"jwt:a":1.5}}"#, FindError::Scope),
    ] {
        assert_eq!(find(text, "own", &Pepper::default()), Err(error.into()), "{text}");
    }
    let values = resolution(r#"["c","not-processed"]"#, CLAIMED_AT).expect_err("a list");
    assert_eq!(values, ResolutionError::NotAResolution.into());
    for (members, error) in [
        (r#""outcome":null"#, ResolutionError::NotAResolution),
        (r#""outcome":"answer","body":"""#, ResolutionError::UnknownMember("body".into())),
        (r#""outcome":"answer""#, ResolutionError::Status),
        (r#""outcome":"answer","status":200.0"#, ResolutionError::Status),
        (r#""outcome":"answer","status":200,"headers":null"#, ResolutionError::Headers),
        (r#""outcome":"answer","status":200,"headers":[["a","b","c"]]"#, ResolutionError::Headers),
        (r#""outcome":"answer","status":200,"headers":[["a","é"]]"#, ResolutionError::Headers),
        (r#""outcome":"answer","status":200,"body_base64":null"#, ResolutionError::Body),
    ] {
        let text = format!(r#"{{"claim":"c",{members}}}"#);
        match resolution(&text, CLAIMED_AT) {
            Err(found) => assert_eq!(found, error.into(), "{text}"),
            Ok(_) => panic!("{text}"),
        }
    }
}
