//! What a source says in a request, and that no two values on the wire are read as one.

mod cookies;

use crate::fixtures::Request;
use onlyonce::guard::scope::{Credential, Scope};
use onlyonce::guard::source::Source;

fn order() -> Request {
    Request::post("/orders")
}

fn source(text: &str) -> Source {
    text.parse().expect("a source")
}

fn read(from: &str, request: &Request) -> Option<String> {
    source(from).read(request).expect("a readable value")
}

/// The platform puts U+FFFD for every byte that is no UTF-8.
const DECODED: &str = "caf\u{fffd}";

#[track_caller]
fn unreadable(from: &str, request: &Request, place: &str) {
    let error = source(from).read(request).expect_err(from).to_string();
    let rest = "holds bytes that are no UTF-8, so that another caller's could look the same; send it in UTF-8, best in ASCII alone";
    assert_eq!(error, format!("{place} {rest}"));
}

#[test]
fn a_value_that_could_be_two_is_none() {
    unreadable("header:x-api-key", &order().with("x-api-key", DECODED), "the header x-api-key");
    let cookie = order().with("cookie", &format!("a=b; sid={DECODED}"));
    unreadable("cookie:sid", &cookie, "the header cookie");
    unreadable("cookies", &cookie, "the header cookie");
    unreadable("header:cookie", &cookie, "the header cookie");
    let digest = format!("Digest username=\"{DECODED}\"");
    let digest = order().with("authorization", &digest);
    unreadable("authorization:digest.username", &digest, "the header authorization");
    // Whoever reads a URL first encodes what a browser would have encoded.
    for query in ["t=caf%EF%BF%BD", "t=caf%ef%bf%bd", "t=caf\u{fffd}"] {
        unreadable("query:t", &order().query(query), "the query's \"t\"");
    }
}

/// Of a header only what is looked at has to be readable: a measuring script's cookie keeps nobody out.
#[test]
fn what_is_not_looked_at_may_be_anything() {
    let cookie = order().with("cookie", &format!("_ga={DECODED}; a={DECODED}; sid=1"));
    assert_eq!(read("cookie:sid", &cookie).as_deref(), Some("1"));
    let measured = order().with("cookie", &format!("_ga={DECODED}; sid=1"));
    assert_eq!(read("cookies", &measured).as_deref(), Some("sid=1"));
    assert_eq!(read("header:x-other", &cookie), None);
}

/// A token's bytes are spelled in base64: this one says U+FFFD, and nothing else does.
#[test]
fn a_claim_is_what_it_says() {
    // {"sub":"�"}
    let token = order().with("authorization", "Bearer e30.eyJzdWIiOiLvv70ifQ.c2ln");
    assert_eq!(read("jwt:sub", &token).as_deref(), Some("\"\u{fffd}\""));
}

#[test]
fn nothing_is_hashed_of_what_cannot_be_read() {
    let record = crate::scope::some_record();
    for name in ["authorization", "x-api-key"] {
        let request = order().with(name, DECODED);
        assert!(Scope::Auto.values(&request).is_err(), "{name}");
        let list = [source(&format!("header:{name}"))];
        assert!(Scope::Sources(list.to_vec()).values(&request).is_err(), "{name}");
        assert!(Credential::of(&request, &list, &record).is_err(), "{name}");
    }
    // What a claim falls back to as well.
    let request = order().with("authorization", &format!("Bearer {DECODED}"));
    assert!(Scope::Sources(vec![source("jwt:sub")]).values(&request).is_err());
}

/// Servers decode names; all values of one count, since some take the first and some the last.
#[test]
fn a_field_of_the_query_is_read_as_servers_read_it() {
    for (query, expected) in [
        ("sid=alice", Some("alice")),
        ("a=b&sid=alice&c", Some("alice")),
        ("s%69d=alice", Some("alice")),
        ("%73%69%64=alice", Some("alice")),
        ("sid=a%6Cice", Some("a%6Cice")),
        ("sid=x&sid=alice", Some("x&alice")),
        ("sid=alice&s%69d=x", Some("alice&x")),
        ("sid=", Some("")),
        ("sid", None),
        ("Sid=alice", None),
        ("sid2=alice", None),
        ("s=id=alice", None),
        ("", None),
    ] {
        assert_eq!(read("query:sid", &order().query(query)).as_deref(), expected, "{query}");
    }
    for query in ["my+id=1", "my%20id=1"] {
        assert_eq!(read("query:my id", &order().query(query)).as_deref(), Some("1"), "{query}");
    }
}

/// As for routes: most origins serve the same with a slash at the end and without.
#[test]
fn a_path_and_a_query_are_sources_as_a_whole() {
    let of = |path: &'static str| read("path", &Request::post(path));
    assert_eq!(of("/orders/7"), of("/orders/7/"));
    assert_ne!(of("/orders"), of("/orders//"));
    assert_eq!(of("/").as_deref(), Some("/"));
    let query = |query: &'static str| read("query", &order().query(query));
    assert_eq!(query("a=1&b=%20").as_deref(), Some("a=1&b=%20"));
    assert_eq!(query("").as_deref(), Some(""));
    assert_eq!(source("query").written(), "query");
}
