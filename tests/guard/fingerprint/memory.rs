//! Bodies that are made to take memory: a fingerprint holds no more than the body once again and a few
//! megabytes, and gives it all back.

use super::{AUTO, Sent, order};
use crate::allocations::allocated;

const MIB: usize = 1 << 20;
const SIZE: usize = 4 * MIB;
/// Positions of members while their list grows.
const BESIDE: usize = 4 * MIB;

#[track_caller]
fn check(kind: &str, body: &str) {
    let sent: Sent = order(Some(kind), body.as_bytes());
    let (most, kept) = allocated(|| sent.digest(&AUTO));
    let allowed = sent.1.len() + BESIDE;
    assert!(most as usize <= allowed, "{most} of {allowed} bytes for {}", &body[..40]);
    assert_eq!(kept, 0);
}

fn filled(begin: &str, middle: &str, end: &str) -> String {
    format!("{begin}{}{end}", middle.repeat(SIZE / middle.len()))
}

#[test]
fn json_takes_as_much_as_it_has_bytes() {
    let json = "application/json";
    check(json, &filled("{", r#""":1,"#, r#""":1}"#));
    check(json, &filled("{", r#""b":1,"a":1,"#, r#""c":1}"#));
    check(json, &filled("[", "[],", "[]]"));
    check(json, &filled("[", r#"{"b":1,"a":2},"#, "[]]"));
    check(json, &filled("\"", "\\u001f", "\""));
    check(json, &filled("\"", "x", "\""));
    let distinct: String = (0..SIZE / 12).map(|at| format!("\"{:07}\":1,", SIZE - at)).collect();
    check(json, &format!("{{{distinct}\"\":1}}"));
    // Many objects, each with members in the wrong order, one within the other.
    let nested = (0..100).fold("1".to_owned(), |inner, _| {
        let members: String = (0..2_000).map(|at| format!("\"{:05}\":1,", 9_999 - at)).collect();
        format!("{{{members}\"\":{inner}}}")
    });
    check(json, &nested);
}

#[test]
fn forms_take_as_much_as_they_have_bytes() {
    let form = "application/x-www-form-urlencoded";
    check(form, &filled("", "a=1&", ""));
    check(form, &filled("", "a=1&_csrf=1&", ""));
    check(form, &filled("_csrf=1&", "&", ""));
    check(form, &filled("", "%5fcsrf=1;&", ""));
}

#[test]
fn multipart_takes_next_to_nothing() {
    for boundary in ["b".to_owned(), "-".repeat(69)] {
        let kind = format!("multipart/form-data; boundary={boundary}");
        let part = format!("--{boundary}\r\n");
        check(&kind, &filled("", &part, &format!("--{boundary}--")));
        check(&kind, &filled("", "-", ""));
        let named = format!("{part}Content-Disposition: form-data; name=a\r\n\r\n1\r\n");
        check(&kind, &filled("", &named, &format!("--{boundary}--")));
    }
}
