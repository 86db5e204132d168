//! What the guard shows to people: the page that explains its codes, and a refusal in a browser's window.
//!
//! 1. A refusal is a page only where a browser is about to show it to a person: it navigates
//!    (`Sec-Fetch-Mode: navigate`) and `text/html` comes first in its `Accept`, as every browser has it
//!    then. A program gets the document.
//! 2. Status and headers are the document's. What the page says is for somebody who filled in a form:
//!    what happened, and what to do; the document's detail is folded away below.
//! 3. Nothing in it runs, is loaded from elsewhere or sends anything, and its policy says so to the
//!    browser. Whatever comes from a request is escaped.
//! 4. The way back is a link to the page before, where that was on this host.

use super::problem::{Code, DESCRIPTIONS, Description, Problem};
use super::profile::Profile;
use super::request_head::RequestHead;

/// Who reads a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    #[default]
    Program,
    /// Somebody in front of a browser, and the address of the page before.
    Person { back: Option<String> },
}

impl Reader {
    /// Reads it off a request that was sent to `base`, a scheme and a host.
    pub fn of(head: &impl RequestHead, base: impl FnOnce() -> String) -> Self {
        let is_navigation = head.header("sec-fetch-mode").as_deref() == Some("navigate");
        let wants_html = |accept: String| {
            let first = accept.split(',').next().unwrap_or_default();
            first.trim().eq_ignore_ascii_case("text/html")
        };
        if !is_navigation || !head.header("accept").is_some_and(wants_html) {
            return Self::Program;
        }
        let base = base();
        let is_here =
            |page: &String| page.strip_prefix(&base).is_some_and(|rest| rest.starts_with('/'));
        Self::Person { back: head.header("referer").filter(is_here) }
    }

    /// A refusal as this reader gets it, under the status of this profile: its headers and its body.
    pub fn read(
        &self,
        problem: &Problem,
        profile: Profile,
        docs_url: Option<&str>,
    ) -> (Vec<(&'static str, String)>, String) {
        let document = [("content-type", profile.content_type())];
        let (kind, body) = match self {
            Self::Program => (document.as_slice(), profile.body(problem, docs_url)),
            Self::Person { back } => (PAGE_HEADERS.as_slice(), refusal(problem, back.as_deref())),
        };
        let mut headers = problem.headers();
        headers.extend(kind.iter().map(|(name, value)| (*name, (*value).to_owned())));
        (headers, body)
    }
}

/// What says how a page is to be read.
pub const PAGE_HEADERS: [(&str, &str); 3] = [
    ("content-type", "text/html; charset=utf-8"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'sha256-FhbMhiyoaSutSHFWTf6ygXKRpwM96X7MUlh6xetax1g='; base-uri 'none'; form-action 'none'",
    ),
    ("x-content-type-options", "nosniff"),
];

/// The policy above names this text by its hash.
const STYLE: &str = ":root{color-scheme:light dark}body{font:1.0625rem/1.6 system-ui,sans-serif;max-width:40rem;margin:auto;padding:2rem 1rem}a{color:inherit}code{overflow-wrap:anywhere}";

fn page(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><main><h1>{title}</h1>\n{main}</main></body></html>\n"
    )
}

/// The page at `/.onlyonce/problems`.
pub fn explanations() -> String {
    let sections: String = DESCRIPTIONS.iter().map(section).collect();
    page("What the guard says when it refuses", &sections)
}

fn section(about: &Description) -> String {
    let Description { name, title, meaning, status, .. } = about;
    let statuses = match about.code {
        Code::OutcomeUnknown => "502 or 504".into(),
        _ => status.to_string(),
    };
    let again = if about.retryable { "yes, with the same key" } else { "no" };
    format!(
        "<section id=\"{name}\"><h2><code>{name}</code></h2><p><strong>{title}</strong></p>\
         <p>{meaning}</p><p>Status {statuses}. Worth retrying: {again}.</p></section>\n"
    )
}

/// A refusal, for a person whose page before this one was `back`.
pub fn refusal(problem: &Problem, back: Option<&str>) -> String {
    let about = problem.code.describe();
    let (happened, advice) = for_people(problem);
    let again = if about.retryable && problem.is_repeatable { SEND_AGAIN } else { "" };
    let back = match back {
        Some(page) => format!("<a href=\"{}\">Back to the page before</a>", escaped(page)),
        None => "Your browser's Back button leads to the page before.".into(),
    };
    let record = problem.record.map(|record| format!(", record <code>{record}</code>"));
    let main = format!(
        "<p>{advice}{again}</p>\n<p>{back}</p>\n<details><summary>For those who run this site</summary>\
         <p>{detail}</p><p><a href=\"/.onlyonce/problems#{name}\"><code>{name}</code></a>{record}</p></details>\n",
        detail = escaped(&problem.detail),
        name = about.name,
        record = record.unwrap_or_default(),
    );
    page(happened, &main)
}

/// What happened, and what to do.
fn for_people(problem: &Problem) -> (&'static str, &'static str) {
    match problem.code {
        Code::OutcomeUnknown => UNSURE,
        Code::GuardUnavailable if !problem.is_repeatable => UNSURE,
        Code::GuardUnavailable => (
            "This could not be looked up just now",
            "It may or may not have been carried out. Wait a moment, then reload this page.",
        ),
        Code::KeyFenced => (
            "You gave this up",
            "It was not carried out, and will not be. For something new, open the form anew and fill it in.",
        ),
        Code::InProgress => {
            ("This is still being worked on", "Wait a few seconds, then reload this page.")
        }
        Code::OriginBusy | Code::TooManyKeys => (
            "Too much is going on right now",
            "Nothing was carried out. Wait a few seconds, then reload this page.",
        ),
        Code::RequestIncomplete => (
            "What you sent did not arrive whole",
            "Nothing was carried out. Look at your connection, then reload this page.",
        ),
        Code::BodyTooLarge => (
            "What you sent is too large",
            "Nothing was carried out. Go back and send less, such as a smaller file.",
        ),
        Code::KeyMissing | Code::KeyInvalid | Code::CredentialUnreadable => (
            "This form could not be accepted",
            "Nothing was carried out. Go back, reload the page and try once more. If that does not help, the mistake is in the page: tell the people who run this site.",
        ),
        Code::KeyReused => (
            "This form was sent before, with other entries",
            "What was sent first stands, and this was not carried out. Look at your orders or payments. For something new, open the form anew, start over there if it offers that, and fill it in.",
        ),
        Code::CredentialChanged => (
            "This was sent before, under another sign-in",
            "What came of it is shown only to whoever sent it first. Look at your orders or payments before you send anything again.",
        ),
        Code::ResponseNotKept => (
            "This was answered before",
            "That answer was not kept and cannot be shown again. Look at your orders or payments to see what came of it, and do not send it again before.",
        ),
        Code::OriginUnreachable => (
            "This site cannot be reached right now",
            "Try again in a moment. If you were sending something, look first whether it was carried out.",
        ),
        Code::AddressInvalid => (
            "This address cannot be used",
            "Nothing was carried out. Look whether the address is spelled right.",
        ),
        Code::Misconfigured | Code::LoopDetected => (
            "This site is not set up right",
            "Nothing was carried out. Tell the people who run this site.",
        ),
    }
}

const UNSURE: (&str, &str) = (
    "Nobody knows yet whether this was carried out",
    "Do not send it again. Look at your orders, payments or e-mails first, or ask the people who run this site.",
);

/// Reloading sends the same form, which is the same operation.
const SEND_AGAIN: &str = " If the browser asks whether to send the form again, say yes: it is carried out once, however often it is sent.";

/// Text between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
