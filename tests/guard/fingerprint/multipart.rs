//! Multipart bodies: a boundary drawn anew does not count, everything between does.

use super::{AUTO, Sent, different, order, same};
use onlyonce::guard::multipart::{boundary, stretches};

/// A form in which `%` stands for the boundary.
fn form(boundary: &str, body: &str) -> Sent {
    let kind = format!("multipart/form-data; boundary={boundary}");
    order(Some(&kind), body.replace('%', boundary).as_bytes())
}

const ORDER: &str = "--%\r\nContent-Disposition: form-data; name=\"item\"\r\n\r\nbook\r\n--%\r\nContent-Disposition: form-data; name=\"count\"\r\n\r\n2\r\n--%--\r\n";

#[test]
fn the_boundary_does_not_count() {
    let first = form("----WebKitFormBoundaryAAAA", ORDER);
    same(&AUTO, &first, &form("----WebKitFormBoundaryBBBB", ORDER));
    same(&AUTO, &first, &form("x", ORDER));
    same(&AUTO, &first, &form(&"y".repeat(70), ORDER));
    let quoted = "multipart/form-data; boundary=\"a b\"";
    same(&AUTO, &first, &order(Some(quoted), ORDER.replace('%', "a b").as_bytes()));
    let other_case = "Multipart/Form-Data; charset=utf-8; BOUNDARY=z";
    same(&AUTO, &first, &order(Some(other_case), ORDER.replace('%', "z").as_bytes()));
    // Blanks behind a delimiter belong to it (RFC 2046 section 5.1.1).
    same(&AUTO, &first, &form("b", &ORDER.replacen("--%\r\n", "--% \t\r\n", 1)));
}

#[test]
fn every_part_counts() {
    let first = form("a", ORDER);
    for other in [
        ORDER.replace("book", "books"),
        ORDER.replace("\r\n2\r\n", "\r\n3\r\n"),
        ORDER.replace("\"item\"", "\"thing\""),
        ORDER.replace("Content-Disposition", "content-disposition"),
        ORDER.replace("--%--\r\n", "--%--"),
        format!("preamble\r\n{ORDER}"),
        format!("{ORDER}epilogue"),
        ORDER.replacen("book\r\n--%\r\n", "book\r\n", 1),
        "--%\r\n\r\n--%--".into(),
    ] {
        different(&AUTO, &first, &form("b", &other));
    }
}

/// Whoever writes the content cannot make two parts look like one.
#[test]
fn another_boundary_in_the_content_is_content() {
    let one = form("a", "--a\r\n\r\nx\r\n--b\r\n\r\ny\r\n--a--");
    let two = form("b", "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--");
    different(&AUTO, &one, &two);
}

#[test]
fn malformed_bodies_count_byte_for_byte() {
    for body in [
        "",
        "no delimiter",
        "--%\r\n\r\nnever closed\r\n",
        "--%\n\nbare line feeds\n--%--",
        "text --%\r\n\r\nnot at a line's start--%--",
        "--%x\r\n\r\nanother name\r\n--%x--",
        "--%-\r\n",
        "--%",
    ] {
        let (one, two) = (form("one", body), form("two", body));
        same(&AUTO, &one, &form("one", body));
        if body.contains('%') {
            different(&AUTO, &one, &two);
        }
    }
}

#[test]
fn only_multipart_types_have_a_boundary() {
    for (content_type, expected) in [
        ("multipart/form-data; boundary=b", Some("b")),
        ("multipart/mixed;boundary=b;x=y", Some("b")),
        ("multipart/mixed; x=y; Boundary = b ", Some("b")),
        ("multipart/mixed; boundary=\"a=b\"", Some("a=b")),
        ("MULTIPART/related; boundary=b; boundary=c", Some("b")),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"\"", None),
        ("text/plain; boundary=b", None),
        ("x-multipart/form-data; boundary=b", None),
        ("boundary=b", None),
        ("", None),
    ] {
        assert_eq!(boundary(content_type), expected, "{content_type}");
    }
    let longest = format!("multipart/form-data; boundary={}", "b".repeat(70));
    assert!(boundary(&longest).is_some());
    assert_eq!(boundary(&format!("{longest}b")), None);
}

#[track_caller]
fn check(body: &str, expected: Option<&[&str]>) {
    let found = stretches(body.as_bytes(), "b");
    let expected = expected.map(|list| list.iter().map(|text| text.as_bytes()).collect());
    assert_eq!(found, expected, "{body:?}");
}

#[test]
fn stretches_between_delimiters() {
    check("--b--", Some(&["", ""]));
    check("--b\r\nx\r\n--b--", Some(&["", "x\r\n", ""]));
    check("--b\r\n--b\r\n--b--", Some(&["", "", "", ""]));
    check("p\r\n--b\t \r\nx\r\n--b--e", Some(&["p\r\n", "x\r\n", "e"]));
    check("--bb\r\n--b\r\nx\r\n--b--", Some(&["--bb\r\n", "x\r\n", ""]));
    check("--b\r\nx --b\r\n\r\n--b--", Some(&["", "x --b\r\n\r\n", ""]));
    // The first close ends it; whatever follows is epilogue, delimiters included.
    check("--b--\r\n--b\r\nx\r\n--b--", Some(&["", "\r\n--b\r\nx\r\n--b--"]));
    check("", None);
    check("--b", None);
    check("--b ", None);
    check("--b\r\n", None);
    check("--b\r", None);
    check("--b\nx\n--b--", None);
    check("x--b--", None);
}

/// A body made to be slow: long runs that almost match.
#[test]
fn hostile_bodies_take_linear_time() {
    let boundary = "-".repeat(69) + "b";
    let body = "-".repeat(1024 * 1024);
    assert_eq!(stretches(body.as_bytes(), &boundary), None);
    let almost = format!("--{boundary}x").repeat(20_000);
    assert_eq!(stretches(almost.as_bytes(), &boundary), None);
}
