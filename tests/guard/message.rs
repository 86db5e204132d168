//! A queue's message, read as the request that it asks for.

use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::message::{Malformed, Message};
use serde_json::{Value, json};

const ID: &str = "0f3c8e21";

#[track_caller]
fn read(text: &str) -> Message {
    Message::read(text, ID).unwrap_or_else(|malformed| panic!("{malformed}: {text}"))
}

/// A message with one more member.
fn order(name: &str, value: Value) -> Message {
    read(&with(name, value))
}

fn with(name: &str, value: Value) -> String {
    let mut message = json!({"method": "POST", "path": "/orders?shop=1"});
    message[name] = value;
    message.to_string()
}

#[test]
fn the_least_that_a_message_says() {
    let expected = Message {
        method: "POST".into(),
        path: "/orders?shop=1".into(),
        headers: vec![("idempotency-key".into(), ID.into())],
        body: None,
        key: ID.into(),
        realm: None,
    };
    assert_eq!(read(r#" { "path" : "/orders?shop=1" , "method" : "POST" } "#), expected);
    let null = r#"{"method":"POST","path":"/orders?shop=1","key":null,"realm":null,"headers":null,"body":null,"x":[1]}"#;
    assert_eq!(read(null), expected);
}

#[test]
fn everything_that_a_message_can_say() {
    let message = read(concat!(
        r#"{"key":"k-1","realm":"api.example.com","method":"PUT","path":"/a%20b","#,
        r#""headers":{"X-Shop":"1","Content-Length":"5"},"body":"tea"}"#,
    ));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(message.headers, [header("x-shop", "1"), header("idempotency-key", "k-1")]);
    assert_eq!((message.method.as_str(), message.path.as_str()), ("PUT", "/a%20b"));
    assert_eq!(message.realm.as_deref(), Some("api.example.com"));
    assert_eq!(message.body.as_deref(), Some("tea"));
}

#[test]
fn of_two_members_the_last_counts() {
    let twice = r#"{"method":"POST","path":"/a","key":"first","path":"/b","key":"last"}"#;
    assert_eq!((read(twice).path, read(twice).key), ("/b".into(), "last".into()));
}

#[test]
fn bodies() {
    let content_type = |message: &Message| {
        let found = message.headers.iter().find(|(name, _)| name == "content-type");
        found.map(|(_, value)| value.clone())
    };
    // The value, the body that is sent, whether it is said to be JSON.
    let rows = [
        (r#""""#, "", false),
        (r#""te\u0061 \n""#, "tea \n", false),
        (r#"{"b": 1.0, "a":[ ]}"#, r#"{"b": 1.0, "a":[ ]}"#, true),
        ("12345678901234567890", "12345678901234567890", true),
        ("false", "false", true),
    ];
    for (value, body, is_json) in rows {
        let message = read(&format!(r#"{{"method":"POST","path":"/","body": {value} }}"#));
        assert_eq!(message.body.as_deref(), Some(body));
        assert_eq!(content_type(&message).is_some(), is_json, "{value}");
    }
    let own = read(
        r#"{"method":"POST","path":"/","body":{},"headers":{"Content-Type":"application/vnd.shop+json"}}"#,
    );
    assert_eq!(content_type(&own).as_deref(), Some("application/vnd.shop+json"));
}

/// What the message says, the header that the origin gets, and the key that it names.
#[test]
fn keys() {
    let long = "k".repeat(255);
    let rows = [
        ("8e03", "8e03", "8e03"),
        (r#""8e03""#, r#""8e03""#, "8e03"),
        ("order 42, first", r#""order 42, first""#, "order 42, first"),
        (r#"a"b\c"#, r#""a\"b\\c""#, r#"a"b\c"#),
        (r#""open"#, r#""\"open""#, r#""open"#),
        (&long, &long, &long),
    ];
    for (said, header, key) in rows {
        let message = order("key", json!(said));
        assert_eq!(message.key, header);
        assert_eq!(message.headers.last().map(|(_, value)| value.as_str()), Some(header));
        assert_eq!(IdempotencyKey::parse(header).expect("a key").as_str(), key);
        // It is stamped into a dead letter like this, and names the same there.
        assert_eq!(order("key", json!(header)).key, header);
    }
}

#[test]
fn the_headers_key_counts_where_the_message_has_none() {
    let headers = json!({"Idempotency-Key": "\"from-header\"", "X": "1"});
    let message = order("headers", headers.clone());
    assert_eq!(message.key, "\"from-header\"");
    assert_eq!(message.headers.len(), 2, "{:?}", message.headers);
    let both = json!({"method": "POST", "path": "/", "headers": headers, "key": "own"});
    let message = read(&both.to_string());
    assert_eq!((message.key.as_str(), message.headers.len()), ("own", 2));
}

#[track_caller]
fn malformed(text: &str, member: &str) {
    let said = Message::read(text, ID).expect_err(text).to_string();
    assert!(said.starts_with(member), "{text}: {said}");
    assert!(said.contains("; "), "the cure is missing: {said}");
}

#[test]
fn what_is_no_object() {
    for text in ["", "null", "[]", "\"POST\"", "{", "{}{}", "{\"method\":}", "POST /orders"] {
        malformed(text, "the message is not a JSON object");
    }
}

#[test]
fn what_is_no_request() {
    malformed(r#"{"path":"/"}"#, "method is missing");
    malformed(r#"{"method":"POST"}"#, "path is missing");
    for method in
        [json!(""), json!("post"), json!("PO ST"), json!("CONNECT"), json!("TRACE"), json!(1)]
    {
        malformed(&with("method", method), "method");
    }
    let paths = ["", "orders", "https://shop.example/", "/a b", "/a#b", "/a\\b", "/ä", "/a\nb"];
    for path in paths {
        malformed(&with("path", json!(path)), "path");
    }
    for headers in
        [json!([]), json!({"X": 1}), json!({"X Y": "1"}), json!({"": "1"}), json!("X: 1")]
    {
        malformed(&with("headers", headers), "headers");
    }
    for key in [json!(""), json!(42), json!("k".repeat(256)), json!("é"), json!("a\nb")] {
        malformed(&with("key", key), "the key");
    }
    for realm in [json!(""), json!(1), json!("a b"), json!("r".repeat(256))] {
        malformed(&with("realm", realm), "realm");
    }
    let get = r#"{"method":"GET","path":"/","body":"x"}"#;
    malformed(get, "a GET or HEAD carries no body");
    read(r#"{"method":"GET","path":"/"}"#);
}

/// What is told of a malformed message reaches the log: none of it may be the message's.
#[test]
fn the_sentence_holds_nothing_of_the_message() {
    let said = Message::read(&with("path", json!("planted")), ID).expect_err("no path");
    assert!(!said.to_string().contains("planted"));
}

/// They stand in dead letters and in the log, where people read them.
#[test]
fn every_sentence() {
    for (malformed, sentence) in [
        (
            Malformed::NotAnObject,
            r#"the message is not a JSON object; send one with method and path, such as {"method":"POST","path":"/orders"}"#,
        ),
        (
            Malformed::Method,
            r#"method is missing or no HTTP method; write one in upper case, such as "POST", but not CONNECT or TRACE"#,
        ),
        (
            Malformed::Path,
            r#"path is missing, does not begin with a slash, or holds characters other than visible ASCII without # and \; write it as "/orders?shop=1", and percent-encode the rest"#,
        ),
        (
            Malformed::OwnPath,
            "path is one of the guard's own, which never reach the origin; write one without /.onlyonce/",
        ),
        (
            Malformed::Headers,
            r#"headers is not an object of texts; write each header as "name":"value""#,
        ),
        (
            Malformed::Key,
            "the key is not a text of 1 to 255 printable ASCII characters; write one, such as a new UUID, or leave it out for the message's id",
        ),
        (
            Malformed::Realm,
            r#"realm is not a text of 1 to 255 visible ASCII characters; write the host whose keys these are, such as "api.example.com", or leave it out"#,
        ),
        (
            Malformed::Body,
            "body is a text with half of a surrogate pair; write both halves, or the character itself",
        ),
        (
            Malformed::BodyOfAGet,
            "a GET or HEAD carries no body; leave it out, or write another method",
        ),
        (
            Malformed::NoRequest,
            "the platform takes no such request; mend the method, the path, the names and values of the headers, or the realm",
        ),
    ] {
        assert_eq!(malformed.to_string(), sentence);
    }
}

/// A value that is handed on is not looked into: how deep it is and what its strings hold is the
/// origin's to judge. What is read must be text.
#[test]
fn what_is_handed_on_is_not_looked_into() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [&deep, r#"{"a":"\ud83d"}"#, "1e999"] {
        let text = format!(r#"{{"method":"POST","path":"/","x":{body},"body":{body}}}"#);
        assert_eq!(read(&text).body.as_deref(), Some(body));
    }
    for (member, sentence) in [("body", "body is"), ("path", "path is"), ("key", "the key is")] {
        let text = format!(r#"{{"method":"POST","path":"/","{member}":"\ud83d"}}"#);
        malformed(&text, sentence);
    }
    malformed(r#"{"method":"POST","path":"/","\ud83d":1}"#, "the message is not a JSON object");
}

/// Half a message, or one with a byte changed, is read or refused, and never panics.
#[test]
fn every_truncation_and_every_byte() {
    let text =
        json!({"method": "POST", "path": "/", "key": "k", "headers": {"a": "b"}, "body": [1, "x"]});
    let text = text.to_string();
    for at in 0..text.len() {
        assert!(Message::read(&text[..at], ID).is_err());
        for byte in 0..0x80 {
            let mut other = text.clone().into_bytes();
            other[at] = byte;
            let _ = Message::read(&String::from_utf8(other).expect("ASCII"), ID);
        }
    }
}
