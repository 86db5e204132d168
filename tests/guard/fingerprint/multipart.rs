//! Multipart bodies: a boundary drawn anew does not count, everything between does.

use super::{AUTO, Sent, different, order, same};
use onlyonce::guard::media_type::MediaType;
use onlyonce::guard::multipart::Multipart;

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
        ("multipart/mixed; boundary=\"a;b\"", None),
        ("MULTIPART/related; boundary=b; boundary=c", None),
        ("multipart/related; boundary=b; boundary=b", None),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"\"", None),
        ("multipart/form-data; boundary=\"b \"", None),
        ("multipart/form-data; boundary=\"b\\\"c\"", None),
        ("multipart/form-data; boundary=é", None),
        ("text/plain; boundary=b", None),
        ("x-multipart/form-data; boundary=b", None),
        ("boundary=b", None),
        ("", None),
    ] {
        let media_type = MediaType::parse(content_type);
        let boundary = media_type.as_ref().and_then(MediaType::boundary);
        assert_eq!(boundary, expected, "{content_type}");
    }
    let of_length = |length| format!("multipart/form-data; boundary={}", "b".repeat(length));
    assert!(MediaType::parse(&of_length(70)).expect("a type").boundary().is_some());
    assert!(MediaType::parse(&of_length(71)).expect("a type").boundary().is_none());
}

/// Two boundaries are read in two ways: such a body counts as it is, and so does its type.
#[test]
fn two_boundaries_are_none() {
    let sent = |kind: &str, boundary: &str| {
        let kind = format!("multipart/form-data; {kind}");
        order(Some(&kind), ORDER.replace('%', boundary).as_bytes())
    };
    let both = "boundary=A; boundary=B";
    different(&AUTO, &sent(both, "A"), &sent(both, "B"));
    different(&AUTO, &sent(both, "A"), &sent("boundary=A; boundary=C", "A"));
    different(&AUTO, &sent(both, "A"), &sent("boundary=A", "A"));
}

#[track_caller]
fn check(body: &str, is_well_formed: bool) {
    assert_eq!(Multipart::read(body.as_bytes(), "b").is_some(), is_well_formed, "{body:?}");
}

#[test]
fn what_is_well_formed() {
    for body in [
        "--b--",
        "--b\r\nx\r\n--b--",
        "--b\r\n--b\r\n--b--",
        "p\r\n--b\t \r\nx\r\n--b--e",
        "--bb\r\n--b\r\nx\r\n--b--",
        "--b\r\nx --b\r\n\r\n--b--",
        "--b--\r\n--b\r\nx\r\n--b--",
    ] {
        check(body, true);
    }
    for body in ["", "--b", "--b ", "--b\r\n", "--b\r", "--b\nx\n--b--", "x--b--", "--b\r\nx--b--"]
    {
        check(body, false);
    }
    // The first close ends it; whatever follows is epilogue, delimiters included.
    different(&AUTO, &form("b", "--%--\r\n--%\r\nx"), &form("b", "--%--\r\n--%\r\ny"));
}

/// A part that is multipart itself, its boundary in the place of `#`.
const NESTED: &str = "--%\r\nContent-Type: multipart/mixed; boundary=\"#\"; x=y\r\nX-A: b\r\n\r\n--#\r\nContent-Type: text/plain\r\n\r\none\r\n--#--\r\n--%\r\n\r\ntwo\r\n--%--\r\n";

fn nested(outer: &str, inner: &str, body: &str) -> Sent {
    let kind = format!("multipart/mixed; boundary={outer}");
    order(Some(&kind), body.replace('%', outer).replace('#', inner).as_bytes())
}

#[test]
fn boundaries_within_do_not_count() {
    let first = nested("a", "b", NESTED);
    same(&AUTO, &first, &nested("c", "d", NESTED));
    same(&AUTO, &first, &nested("a", "dd", NESTED));
    for other in [
        NESTED.replace("one", "three"),
        NESTED.replace("two", "three"),
        NESTED.replace("x=y", "x=z"),
        NESTED.replace("X-A: b", "X-A: c"),
        NESTED.replace("multipart/mixed; boundary=\"#\"", "multipart/related; boundary=\"#\""),
        NESTED.replace("text/plain", "text/html"),
        NESTED.replace("one\r\n--#--", "one\r\n--#\r\n\r\n--#--"),
        // Two boundaries are none.
        NESTED.replace("boundary=\"#\"", "boundary=\"#\"; boundary=z"),
    ] {
        different(&AUTO, &first, &nested("c", "d", &other));
    }
    // What is not well formed within counts as it is.
    let open = NESTED.replace("--#--", "--#");
    same(&AUTO, &nested("a", "b", &open), &nested("c", "b", &open));
    different(&AUTO, &nested("a", "b", &open), &nested("a", "c", &open));
}

/// Each level is looked at once more, so the innermost ones are not.
#[test]
fn nesting_is_followed_so_far() {
    let deep = |levels: usize, last: &str| {
        (0..levels).rev().fold("content".to_owned(), |inner, level| {
            let boundary = if level + 1 == levels { last.into() } else { format!("b{level}") };
            format!(
                "Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n{inner}\r\n--{boundary}--"
            )
        })
    };
    let sent = |levels, last| nested("a", "", &format!("--%\r\n{}\r\n--%--", deep(levels, last)));
    for levels in 1..=4 {
        same(&AUTO, &sent(levels, "x"), &sent(levels, "y"));
    }
    different(&AUTO, &sent(5, "x"), &sent(5, "y"));
}

#[test]
fn more_parts_than_anybody_sends_are_not_looked_at() {
    let parts =
        |boundary: &str, count: usize| form(boundary, &("--%\r\n\r\n\r\n".repeat(count) + "--%--"));
    same(&AUTO, &parts("a", 10_000), &parts("b", 10_000));
    different(&AUTO, &parts("a", 10_001), &parts("b", 10_001));
}

/// A body made to be slow: long runs that almost match.
#[test]
fn hostile_bodies_take_linear_time() {
    let boundary = "-".repeat(69) + "b";
    let is_read = |body: &str, boundary: &str| Multipart::read(body.as_bytes(), boundary).is_some();
    let megabytes = 4;
    assert!(!is_read(&"-".repeat(megabytes << 20), &boundary));
    assert!(!is_read(&format!("--{boundary}x").repeat(megabytes * 14_000), &boundary));
    assert!(!is_read(&format!("\r\n--{}", &boundary[1..]).repeat(megabytes * 14_000), &boundary));
    assert!(!is_read(&"\r\n".repeat(megabytes << 19), &boundary));
    assert!(!is_read(&format!("--b{}", " ".repeat(megabytes << 20)), "b"));
    assert!(!is_read(&"\r\n--b ".repeat(megabytes * 150_000), "b"));
}
