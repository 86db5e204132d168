//! What a person sees whose browser meets a refusal.

use serde_json::json;

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::Reply;

/// A form that a browser submits by itself.
fn submitted(call: Call) -> Call {
    call.header("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header("Sec-Fetch-Mode", "navigate")
        .header("Sec-Fetch-Dest", "document")
}

#[track_caller]
fn check_page(answer: &Answer, happened: &str) {
    let text = answer.text();
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{text}");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(text.contains(&format!("<h1>{happened}</h1>")), "{text}");
}

/// Which deployment it is, as the platform names it.
#[test]
fn health_tells_what_answers() {
    let guard = Guard::shared(true);
    let answer = guard.send(&Call::get("/.onlyonce/health"));
    let health: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["default_window_ms"], 86_400_000);
    assert!(health["server_time"].is_u64());
    let id = health["deployment"]["id"].as_str();
    assert!(id.is_some_and(|id| !id.is_empty()), "{health}");
}

/// The same status and headers as a program gets, but for what says how to read it.
#[test]
fn a_browser_that_navigates_gets_a_page() {
    let policy = json!({ "key": "required", "max_request_body": "1KiB" });
    let guard = Guard::under(&policy);
    guard.origin_in_turn([Reply::new(201)]);
    guard.send(&guard.order());
    let large = guard.order().body(vec![b'x'; 2000]);
    for (code, call, happened) in [
        ("key-missing", guard.keyless_order(), "This form could not be accepted"),
        ("key-invalid", guard.keyless_order().key("a, b"), "This form could not be accepted"),
        ("key-reused", guard.order().body("{}"), "This form was sent before, with other entries"),
        ("body-too-large", large, "What you sent is too large"),
    ] {
        let program = guard.send(&call);
        problem::check(&program, code);
        let person = guard.send(&submitted(call));
        check_page(&person, happened);
        assert_eq!(person.status, program.status);
        for (name, value) in &program.headers.0 {
            match name.to_ascii_lowercase().as_str() {
                "content-type" | "content-length" | "server-timing" | "date" => {}
                name => assert_eq!(person.header(name), Some(value.as_str()), "{code}: {name}"),
            }
        }
    }
    guard.check_calls(1);
}

/// What a request says of itself stands on the page as text.
#[test]
fn a_page_holds_nothing_that_runs() {
    let guard = Guard::under(&json!({ "key": "required" }));
    let address = guard.runtime().address();
    let key = "<script>alert(1)</script>,\"'";
    let from = format!("http://{address}/cart?\"><script>alert(2)</script>");
    let page = guard.send(&submitted(guard.keyless_order().key(key)).header("Referer", &from));
    check_page(&page, "This form could not be accepted");
    assert!(!page.text().contains("<script"), "{}", page.text());
    let way_back = format!("<a href=\"http://{address}/cart?&quot;&gt;&lt;script&gt;");
    assert!(page.text().contains(&way_back), "{}", page.text());
}

/// Whatever the guard cannot do at all, it says to people, too.
#[test]
fn a_page_without_a_policy() {
    let guard = Guard::with(crate::guard::at_origin(true).policy(&json!({ "wait": "soon" })));
    check_page(&guard.send(&submitted(guard.keyless_order())), "This site is not set up right");
}

/// An origin that cannot be reached, for a request that is not guarded.
#[test]
fn a_page_for_what_was_sent_on_in_vain() {
    let guard = Guard::with(crate::runtime::Setup::new(true).var("ORIGIN", "http://127.0.0.1:9"));
    for call in [Call::get("/"), Call::post("/orders").json("{}")] {
        let answer = guard.send(&submitted(call));
        assert_eq!(answer.status, 502);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    }
}
