//! The fields whose values are lists: every entry is looked at.

use super::{check, one};

#[test]
fn methods() {
    one(
        r#"{"methods": []}"#,
        r#"methods [] is empty: name a method, or write key = "off" to guard nothing here"#,
    );
    one(
        r#"{"methods": "POST"}"#,
        r#"methods "POST" is a string: write a list such as ["POST", "PATCH"]"#,
    );
    check(
        r#"{"methods": ["post", "GET", "TRACE", 7, "PUT", "PUT", ""]}"#,
        &[
            r#"methods[0] "post" is no method in upper case: write one such as "POST""#,
            r#"methods[1] "GET" cannot be guarded: remove it, for it changes nothing at the origin, so that a retry does no harm"#,
            r#"methods[2] "TRACE" cannot be guarded: remove it, for the platform sends no such request"#,
            r#"methods[3] 7 is a number: write a method such as "POST""#,
            r#"methods[5] "PUT" stands in the list twice: remove one of them"#,
            r#"methods[6] "" is no method in upper case: write one such as "POST""#,
        ],
    );
}

#[test]
fn scope_and_credential() {
    one(
        r#"{"scope": "automatic"}"#,
        r#"scope "automatic" is not "auto": write "auto", or a list of header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path, query and auto"#,
    );
    one(
        r#"{"scope": []}"#,
        r#"scope [] is empty: write "auto", or a list of header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path, query and auto"#,
    );
    check(
        r#"{"scope": ["sub", "header:", "header:a b", "cookie:a;b", "jwt:", 7]}"#,
        &[
            r#"scope[0] "sub" is no source: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
            r#"scope[1] "header:" is no source: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
            r#"scope[2] "header:a b" holds no header name: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
            r#"scope[3] "cookie:a;b" holds no cookie name: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
            r#"scope[4] "jwt:" is no source: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
            "scope[5] 7 is a number: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query",
        ],
    );
    one(
        r#"{"credential": []}"#,
        "credential [] is empty: name at least one source, for without one every caller would see every answer",
    );
    one(
        r#"{"credential": "all"}"#,
        r#"credential "all" is not "auto": write "auto", or a list of header:<name>, cookie:<name> and query:<name>"#,
    );
    // What `auto` is made of has no names of its own.
    check(
        r#"{"scope": ["cookies", "authorization:digest.username"]}"#,
        &[
            r#"scope[0] "cookies" is no source: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
            r#"scope[1] "authorization:digest.username" is no source: write header:<name>, cookie:<name>, query:<name>, jwt:<claim>, path or query"#,
        ],
    );
    check(
        r#"{"credential": ["jwt:sub", "header:A", "header:a", "path"]}"#,
        &[
            r#"credential[0] "jwt:sub" proves nothing, for tokens are read unverified: write "header:authorization", which holds the whole token"#,
            r#"credential[2] "header:a" stands in the list twice: remove one of them"#,
            r#"credential[3] "path" cannot be shown by a caller: write "auto", or a list of header:<name>, cookie:<name> and query:<name>"#,
        ],
    );
}

#[test]
fn places_for_keys() {
    one(
        r#"{"key_from": []}"#,
        r#"key_from [] is empty: name a place, or write key = "off" to guard nothing here"#,
    );
    one(
        r#"{"key_from": "header:idempotency-key"}"#,
        r#"key_from "header:idempotency-key" is a string: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
    );
    check(
        r#"{"key_from": ["idempotency-key", "form:", "header:a b", "cookie:a", "form:k", "form:k", 7, "json:", "json:key", "json:/a~", "query:", "json:/a", "query:a"]}"#,
        &[
            r#"key_from[0] "idempotency-key" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[1] "form:" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[2] "header:a b" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[3] "cookie:a" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[5] "form:k" stands in the list twice: remove one of them"#,
            r#"key_from[6] 7 is a number: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[7] "json:" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[8] "json:key" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[9] "json:/a~" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
            r#"key_from[10] "query:" is no place for a key: write a list of header:<name>, query:<name>, json:<pointer> and form:<field>, such as ["header:idempotency-key", "json:/idempotency_key"]"#,
        ],
    );
}

#[test]
fn pointers() {
    check(
        r#"{"ignore": ["sent_at", "", "/a~2", "/a~", 7, "sent_at"]}"#,
        &[
            r#"ignore[1] "" is empty: write a list of JSON pointers and names of form fields, such as ["/sent_at", "sent_at"]"#,
            r#"ignore[2] "/a~2" is no JSON pointer: write one such as "/order/sent_at", with ~1 for a slash in a name and ~0 for a tilde"#,
            r#"ignore[3] "/a~" is no JSON pointer: write one such as "/order/sent_at", with ~1 for a slash in a name and ~0 for a tilde"#,
            r#"ignore[4] 7 is a number: write a list of JSON pointers and names of form fields, such as ["/sent_at", "sent_at"]"#,
            r#"ignore[5] "sent_at" stands in the list twice: remove one of them"#,
        ],
    );
}

#[test]
fn fingerprint_headers() {
    one(
        r#"{"fingerprint_headers": "all"}"#,
        r#"fingerprint_headers "all" is not "auto": write "auto", or a list of header names, with auto among them for the usual ones"#,
    );
    check(
        r#"{"fingerprint_headers": ["X-Shop", "x-shop", "a b", 7]}"#,
        &[
            r#"fingerprint_headers[1] "x-shop" stands in the list twice: remove one of them"#,
            r#"fingerprint_headers[2] "a b" is no header name: write "auto", or a list of header names, with auto among them for the usual ones"#,
            r#"fingerprint_headers[3] 7 is a number: write "auto", or a list of header names, with auto among them for the usual ones"#,
        ],
    );
}

#[test]
fn release() {
    one(r#"{"release": 429}"#, "release 429 is a number: write a list such as [429, 503]");
    check(
        r#"{"release": ["429", 42, 600, 200, 4.5, {"header": "a"}, {"status": 429, "headers": "a"}, {"status": 429, "matches": "a"}, {"status": 503, "header": "a b"}, {"status": 503, "header": "a", "matches": ""}, {"status": 204}, {"status": "503"}]}"#,
        &[
            r#"release[0] "429" is a string: write a status such as 429, or { status = 503, header = "retry-after" }"#,
            "release[1] 42 is no status of an answer: write a whole number from 200 to 599",
            "release[2] 600 is no status of an answer: write a whole number from 200 to 599",
            "release[3] 200 says that the request was processed: name a header that tells such answers from the others, or remove it",
            "release[4] 4.5 is no status of an answer: write a whole number from 200 to 599",
            r#"release[5] {…} names no status: write a status such as 429, or { status = 503, header = "retry-after" }"#,
            r#"release[6].headers "a" is not a field of an entry: its fields are status, header and matches"#,
            "release[7] {…} has matches without header: name the header whose value is looked at",
            r#"release[8].header "a b" is no header name: write one such as "retry-after""#,
            r#"release[9].matches "" is no pattern for a value: write one such as "*/login*", of 1 to 255 characters and with at most 8 stars"#,
            "release[10] {…} says that the request was processed: name a header that tells such answers from the others, or remove it",
            r#"release[11].status "503" is no status of an answer: write a whole number from 200 to 599"#,
        ],
    );
}

#[test]
fn origins_and_urls() {
    one(
        r#"{"cors": true}"#,
        r#"cors true is a boolean: write "off" or { origins = ["https://app.example.com"] }"#,
    );
    one(
        r#"{"cors": "on"}"#,
        r#"cors "on" is not "off": write "off" or { origins = ["https://app.example.com"] }"#,
    );
    one(
        r#"{"cors": {}}"#,
        r#"cors {…} names no origins: write "off" or { origins = ["https://app.example.com"] }"#,
    );
    one(
        r#"{"cors": {"origins": []}}"#,
        r#"cors.origins [] is empty: write a list such as ["https://app.example.com"], or ["*"] for every origin"#,
    );
    check(
        r#"{"cors": {"origin": ["*"]}}"#,
        &[
            "cors.origin […] is not a field of cors: its only field is origins",
            r#"cors {…} names no origins: write "off" or { origins = ["https://app.example.com"] }"#,
        ],
    );
    one(
        r#"{"cors": {"origins": ["*", "https://a.example"]}}"#,
        r#"cors.origins […] names others beside "*": write ["*"] alone, or leave it out"#,
    );
    check(
        r#"{"cors": {"origins": ["https://a.example/", "a.example", "https://A.example", "https://a.example:443", "null", "http://a:80", 7]}}"#,
        &[
            r#"cors.origins[0] "https://a.example/" is no web origin: write scheme, host and port as browsers send them, such as "https://app.example.com", or "*""#,
            r#"cors.origins[1] "a.example" is no web origin: write scheme, host and port as browsers send them, such as "https://app.example.com", or "*""#,
            r#"cors.origins[2] "https://A.example" is no web origin: write scheme, host and port as browsers send them, such as "https://app.example.com", or "*""#,
            r#"cors.origins[3] "https://a.example:443" is no web origin: write scheme, host and port as browsers send them, such as "https://app.example.com", or "*""#,
            r#"cors.origins[4] "null" is no web origin: write scheme, host and port as browsers send them, such as "https://app.example.com", or "*""#,
            r#"cors.origins[5] "http://a:80" is no web origin: write scheme, host and port as browsers send them, such as "https://app.example.com", or "*""#,
            r#"cors.origins[6] 7 is a number: write a list such as ["https://app.example.com"], or ["*"] for every origin"#,
        ],
    );
    one(
        r#"{"docs_url": "docs.example"}"#,
        r#"docs_url "docs.example" is no http or https URL: write one such as "https://docs.example.com/errors", without query and fragment"#,
    );
    one(
        r#"{"docs_url": "https://docs.example/#a"}"#,
        r#"docs_url "https://docs.example/#a" is no http or https URL: write one such as "https://docs.example.com/errors", without query and fragment"#,
    );
    one(
        r#"{"docs_url": " https://docs.example"}"#,
        r#"docs_url " https://docs.example" is no http or https URL: write one such as "https://docs.example.com/errors", without query and fragment"#,
    );
    one(
        r#"{"docs_url": 7}"#,
        r#"docs_url 7 is a number: write one such as "https://docs.example.com/errors", without query and fragment"#,
    );
}

#[test]
fn redact() {
    one(
        r#"{"redact": "/secret"}"#,
        r#"redact "/secret" is a string: write a list of JSON pointers, such as ["/client_secret"]"#,
    );
    one(
        r#"{"redact": ["secret"]}"#,
        r#"redact[0] "secret" is no JSON pointer: write one such as "/order/sent_at", with ~1 for a slash in a name and ~0 for a tilde"#,
    );
}
