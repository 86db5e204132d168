//! What people see of a refusal, and of what the guard says of them all.

use crate::fixtures::{Request, record_id};
use crate::problem::CODES;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::problem::{Code, Problem};
use onlyonce::guard::problem_page::{PAGE_HEADERS, Reader, explanations};
use onlyonce::guard::profile::Profile;

const CHROMIUM: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

const HERE: &str = "https://shop.example";

fn navigation(accept: &str) -> Request {
    Request::post("/orders").with("sec-fetch-mode", "navigate").with("accept", accept)
}

fn person(back: Option<&str>) -> Reader {
    Reader::Person { back: back.map(str::to_owned) }
}

#[track_caller]
fn reads(request: &Request, expected: &Reader) {
    assert_eq!(Reader::of(request, || HERE.into()), *expected);
}

#[test]
fn a_browser_that_navigates_is_a_person() {
    for accept in [CHROMIUM, FIREFOX, "text/html", "TEXT/HTML, */*", "text/html, application/json"]
    {
        reads(&navigation(accept), &person(None));
    }
}

/// A program never gets a page for an answer that it has to read.
#[test]
fn everything_else_is_a_program() {
    for accept in [
        "*/*",
        "",
        "application/json",
        "application/json, text/html",
        "application/problem+json, text/html;q=0.9",
        "text/html;q=0.5, application/json",
        "*/*, text/html",
        "text/htmlx",
        "application/xhtml+xml",
    ] {
        reads(&navigation(accept), &Reader::Program);
    }
    reads(&Request::post("/orders").with("sec-fetch-mode", "navigate"), &Reader::Program);
    let html = || Request::post("/orders").with("accept", CHROMIUM);
    reads(&html(), &Reader::Program);
    for mode in ["cors", "no-cors", "same-origin", "websocket", "Navigate", ""] {
        reads(&html().with("sec-fetch-mode", mode), &Reader::Program);
    }
}

#[test]
fn the_way_back_stays_on_this_host() {
    for page in
        ["https://shop.example/", "https://shop.example/cart?a=1", "https://shop.example//x"]
    {
        reads(&navigation(FIREFOX).with("referer", page), &person(Some(page)));
    }
    for page in [
        "https://shop.example",
        "https://shop.example.evil.example/",
        "https://shop.example:8443/",
        "https://shop.example@evil.example/",
        "http://shop.example/",
        "https://evil.example/https://shop.example/",
        "javascript:alert(1)",
        "",
    ] {
        reads(&navigation(FIREFOX).with("referer", page), &person(None));
    }
}

fn headers_of(reader: &Reader, problem: &Problem) -> Vec<(&'static str, String)> {
    reader.read(problem, Profile::Draft, None).0
}

fn page_of(problem: &Problem, back: Option<&str>) -> String {
    reads_as_page(&person(back), problem)
}

fn reads_as_page(reader: &Reader, problem: &Problem) -> String {
    let (_, page) = reader.read(problem, Profile::Webhook, None);
    check_page(&page);
    page
}

/// What holds for every page: one language, one heading, and nothing that runs, loads or sends.
#[track_caller]
fn check_page(page: &str) {
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"));
    assert!(page.ends_with("</main></body></html>\n"));
    assert!(
        page.contains("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
    );
    assert!(page.contains("color-scheme:light dark"));
    assert_eq!(page.matches("<h1>").count(), 1);
    assert_eq!(page.matches("<main>").count(), 1);
    for forbidden in
        ["<script", "<form", "<img", "<iframe", "<link", "style=", "onclick", "http-equiv"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn status_and_headers_are_the_documents() {
    for (code, ..) in CODES {
        let problem = Problem::new(code, "why");
        let [program, person] =
            [Reader::Program, person(None)].map(|reader| headers_of(&reader, &problem));
        let common = problem.headers();
        assert_eq!(program[..common.len()], common);
        assert_eq!(person[..common.len()], common);
        let json = ("content-type", "application/problem+json".to_owned());
        assert_eq!(program[common.len()..], [json]);
        assert_eq!(
            person[common.len()..],
            PAGE_HEADERS.map(|(name, value)| (name, value.to_owned()))
        );
    }
}

/// The policy names the one style there is by its hash, and allows nothing else.
#[test]
fn a_page_may_do_nothing() {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let page = explanations();
    let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let (style, _) = style.expect("a style");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    let expected = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", &policy),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!(PAGE_HEADERS, expected);
}

#[test]
fn every_code_says_what_happened_and_what_to_do() {
    let says = |code: Code| {
        let page = page_of(&Problem::new(code, "why"), None);
        let (_, rest) = page.split_once("<h1>").expect("a heading");
        let (happened, rest) = rest.split_once("</h1>\n<p>").expect("what to do");
        let (advice, _) = rest.split_once("</p>").expect("an end");
        assert!(happened.len() > 15 && !happened.ends_with('.'), "{happened}");
        assert!(advice.len() > 40 && advice.ends_with('.'), "{advice}");
        assert!(page.contains("Your browser's Back button leads to the page before."));
        (happened.to_owned(), advice.to_owned())
    };
    for (code, name, _, retryable, _) in CODES {
        let (happened, advice) = says(code);
        assert_eq!(advice.contains("say yes: it is carried out once"), retryable, "{name}");
        // A person knows of no keys, credentials or guards.
        for word in ["key", "credential", "guard", "origin", "idempoten", "record"] {
            assert!(
                !format!("{happened} {advice}").to_lowercase().contains(word),
                "{name}: {word}"
            );
        }
    }
    let (happened, advice) = says(Code::OutcomeUnknown);
    assert_eq!(happened, "Nobody knows yet whether this was carried out");
    assert_eq!(
        advice,
        "Do not send it again. Look at your orders, payments or e-mails first, or ask the people who run this site."
    );
}

/// A browser does not know the key that the guard drew: the same form would be carried out twice.
#[test]
fn who_would_ask_for_another_operation_is_not_told_to_reload() {
    for code in [Code::GuardUnavailable, Code::OutcomeUnknown] {
        let problem = Problem { is_repeatable: false, ..Problem::new(code, "why") };
        let page = page_of(&problem, None);
        assert!(page.contains("Do not send it again."), "{page}");
        assert!(!page.contains("say yes"), "{page}");
    }
}

#[test]
fn a_page_in_full() {
    let key = IdempotencyKey::parse("8e03").expect("a key");
    let record = record_id("r", &[], &key);
    let problem = Problem { record: Some(record), ..Problem::new(Code::InProgress, "why") };
    let page = page_of(&problem, Some("https://shop.example/cart?a=1&b=2"));
    let (_, main) = page.split_once("<main>").expect("a main part");
    assert_eq!(
        main,
        format!(
            "<h1>This is still being worked on</h1>\n<p>Wait a few seconds, then reload this page. If the browser asks whether to send the form again, say yes: it is carried out once, however often it is sent.</p>\n<p><a href=\"https://shop.example/cart?a=1&amp;b=2\">Back to the page before</a></p>\n<details><summary>For those who run this site</summary><p>why</p><p><a href=\"/.onlyonce/problems#in-progress\"><code>in-progress</code></a>, record <code>{record}</code></p></details>\n</main></body></html>\n"
        )
    );
}

/// A detail may hold what a client wrote, and so may the address of the page before.
#[test]
fn hostile_text_stays_text() {
    let hostile = "</p><script>alert('1')</script>\"&<img src=x>";
    let escaped =
        "&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;&lt;img src=x&gt;";
    let page =
        page_of(&Problem::new(Code::KeyInvalid, hostile), Some(&format!("{HERE}/{hostile}")));
    assert!(page.contains(&format!("<p>{escaped}</p>")), "{page}");
    assert!(page.contains(&format!("href=\"{HERE}/{escaped}\"")), "{page}");
}

/// The fragment of every problem's Link leads to a place on the page.
#[test]
fn the_page_explains_every_code() {
    let page = explanations();
    check_page(&page);
    assert_eq!(page.matches("<section ").count(), CODES.len());
    assert_eq!(page.matches("</section>").count(), CODES.len());
    for (code, name, status, retryable, title) in CODES {
        let statuses = match code {
            Code::OutcomeUnknown => "502 or 504".to_owned(),
            _ => status.to_string(),
        };
        let again = if retryable { "yes, with the same key" } else { "no" };
        let meaning = code.describe().meaning;
        let section = format!(
            "<section id=\"{name}\"><h2><code>{name}</code></h2><p><strong>{title}</strong></p><p>{meaning}</p><p>Status {statuses}. Worth retrying: {again}.</p></section>\n"
        );
        assert!(page.contains(&section), "{name}");
        assert!(meaning.len() > 40 && meaning.ends_with('.'), "{name}");
        assert!(!meaning.contains(['<', '&']), "{name}");
    }
}
