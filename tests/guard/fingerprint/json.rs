//! JSON bodies: what their writers may vary, and what makes another request.

use super::{AUTO, Method, Sent, different, order, same};
use onlyonce::guard::canonical_json::{MAX_COPIED, MAX_MEMBERS, MAX_VALUES, canonical_json};
use onlyonce::guard::fingerprint::Ignore;

fn json(body: &str) -> Sent {
    order(Some("application/json"), body.as_bytes())
}

#[track_caller]
fn equal(one: &str, other: &str) {
    same(&AUTO, &json(one), &json(other));
}

#[track_caller]
fn unequal(one: &str, other: &str) {
    different(&AUTO, &json(one), &json(other));
}

/// `auto` without the values at some JSON pointers, each already split.
fn ignoring(pointers: &[&[&str]]) -> Method {
    let split = |pointer: &&[&str]| pointer.iter().map(|token| (*token).to_owned()).collect();
    let pointers = pointers.iter().map(split).collect();
    Method { ignore: Ignore { pointers, ..Ignore::default() }, ..AUTO }
}

#[test]
fn canonical_forms() {
    let canonical = |text: &str| {
        canonical_json(text.as_bytes(), &[]).map(|form| String::from_utf8(form).expect("UTF-8"))
    };
    for (text, form) in [
        (" null ", "null"),
        ("-0.10e+5", "-0.10e+5"),
        (r#" "\u0061\/" "#, r#""a/""#),
        ("[ ]", "[]"),
        ("{\n}", "{}"),
        (r#"[1 , [ ] ]"#, "[1,[]]"),
        (r#"{"b":1,"a":{"d":[true],"c":""}}"#, r#"{"a":{"c":"","d":[true]},"b":1}"#),
    ] {
        assert_eq!(canonical(text).as_deref(), Some(form), "{text}");
    }
}

#[test]
fn white_space_and_order_of_members_do_not_count() {
    equal("{}", " \t\r\n{ \n } ");
    equal("[1,2]", "[ 1\t,\r\n2 ]");
    equal(r#"{"a":1,"b":2,"c":3}"#, r#"{ "c" : 3, "a" : 1, "b" : 2 }"#);
    equal(r#"[{"a":{"x":1,"y":2},"b":[]}]"#, r#"[{"b":[],"a":{"y":2,"x":1}}]"#);
    equal(r#"{"":1,"a":2}"#, r#"{"a":2,"":1}"#);
    // Names that begin alike, or hold what comes before a quote or is escaped.
    equal(
        r#"{"a":1,"a!":2,"a\"":3,"a ":4,"aü":5,"ab":6}"#,
        r#"{"ab":6,"aü":5,"a\u0022":3,"a ":4,"a":1,"a!":2}"#,
    );
    unequal(r#"{"a":1,"a!":2}"#, r#"{"a":2,"a!":1}"#);
    unequal("[1,2]", "[2,1]");
    unequal(r#"{"a":" x"}"#, r#"{"a":"x"}"#);
}

#[test]
fn spelling_of_strings_does_not_count() {
    equal(r#""ü""#, r#""\u00fc""#);
    equal(r#""ü""#, r#""\u00FC""#);
    equal(r#""/\n\"""#, r#""\/\u000a\u0022""#);
    equal(r#""🔑""#, r#""\ud83d\udd11""#);
    equal(r#"{"\u0061":1}"#, r#"{"a":1}"#);
    equal(r#"{"b":1,"\u0061":2}"#, r#"{"a":2,"b":1}"#);
    equal(r#"{"a]":"},[","b":1}"#, r#"{"b":1,"a]":"},["}"#);
    // One letter or a letter and its accent: two texts.
    unequal(r#""é""#, "\"e\u{301}\"");
    unequal(r#""a""#, r#""A""#);
}

#[test]
fn values_count() {
    unequal("{}", "[]");
    unequal("{}", "null");
    unequal("[]", "[null]");
    unequal("[[]]", "[[],[]]");
    unequal("[[1],2]", "[[1,2]]");
    unequal("1", r#""1""#);
    unequal("true", "false");
    unequal("null", r#""null""#);
    unequal(r#"{"a":1}"#, r#"{"a":1,"b":null}"#);
    unequal(r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#);
    unequal(r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#);
    unequal(r#"{"a":"b\":1,\"c"}"#, r#"{"a":"b","c":1}"#);
}

#[test]
fn numbers_keep_their_text() {
    for (one, other) in [
        ("1", "1.0"),
        ("1", "-1"),
        ("0", "-0"),
        ("10", "1e1"),
        ("1e1", "1E1"),
        ("1e1", "1e+1"),
        ("9007199254740993", "9007199254740992"),
        ("123456789012345678901234567890", "123456789012345678901234567891"),
        ("0.1", "0.10"),
    ] {
        unequal(one, other);
        unequal(&format!("[{one}]"), &format!("[{other}]"));
        equal(&format!("[{one}]"), &format!("[ {one} ]"));
    }
    // A number that no machine can hold is still a text.
    equal("[1e999]", "[ 1e999 ]");
}

/// Readers disagree on what such a text says, so it counts byte for byte.
#[test]
fn duplicate_members_have_no_canonical_form() {
    for body in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"b":0,"a":1}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"[{"x":{"a":1,"a":1}}]"#,
    ] {
        assert_eq!(canonical_json(body.as_bytes(), &[]), None, "{body}");
        equal(body, body);
        unequal(body, &format!("{body} "));
    }
    unequal(r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#);
    unequal(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
    // Nor where the members are left out: which of them would another reader have left?
    for ignore in [vec!["a".to_owned()], vec!["a".to_owned(), "x".to_owned()]] {
        assert_eq!(canonical_json(br#"{"a":{"x":1},"b":0,"a":1}"#, &[ignore]), None);
    }
    // The same name in two objects is no duplicate.
    equal(r#"{"a":{"a":1},"b":{"a":1}}"#, r#"{"b":{"a":1},"a":{"a":1}}"#);
}

#[test]
fn what_is_not_json_counts_byte_for_byte() {
    for body in [
        "{a:1}",
        "{'a':1}",
        "[1,]",
        r#"{"a":1,}"#,
        "[01]",
        "[+1]",
        "[.5]",
        "NaN",
        "[1] [2]",
        "// no\n[]",
        "[\"\t\"]",
        "\u{feff}[]",
        r#"["\x"]"#,
        r#"["\ud83d"]"#,
        r#"["\udd11\ud83d"]"#,
        "[",
        "\"",
        "tru",
        "\u{b}[]",
    ] {
        assert_eq!(canonical_json(body.as_bytes(), &[]), None, "{body}");
        equal(body, body);
        unequal(body, &format!("{body} "));
    }
    assert_eq!(canonical_json(b"[\"\xff\"]", &[]), None);
}

#[test]
fn nesting_is_followed_to_128() {
    let nested = |depth: usize, blank: &str| {
        let (open, close) = ("[{\"a\":".repeat(depth / 2), "}]".repeat(depth / 2));
        let (odd, end) = if depth % 2 == 1 { ("[", "]") } else { ("", "") };
        format!("{open}{odd}{blank}1{end}{close}")
    };
    for depth in [1, 2, 127, 128] {
        equal(&nested(depth, ""), &nested(depth, " "));
    }
    for depth in [129, 130, 100_000] {
        unequal(&nested(depth, ""), &nested(depth, " "));
        equal(&nested(depth, ""), &nested(depth, ""));
    }
    // The depth of one place does not add to that of another.
    let wide = |blank| format!("[{0},{0}]", nested(127, blank));
    equal(&wide(""), &wide(" "));
}

#[test]
fn types_that_are_json() {
    let of = |kind, body: &str| order(Some(kind), body.as_bytes());
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        " application/json ;v=1",
        "application/vnd.api+json",
        "application/merge-patch+json",
        "image/svg+JSON",
    ] {
        same(&AUTO, &of(kind, "[1]"), &of(kind, "[ 1 ]"));
    }
    for kind in
        ["text/plain", "text/json", "application/jsonl", "application/json-seq", "a/b; c=+json"]
    {
        different(&AUTO, &of(kind, "[1]"), &of(kind, "[ 1 ]"));
    }
    different(&AUTO, &of("application/json", "[1]"), &of("application/vnd.api+json", "[1]"));
    different(&AUTO, &order(None, b"[1]"), &order(None, b"[ 1 ]"));
}

#[track_caller]
fn equal_but_for(pointers: &[&[&str]], one: &str, other: &str) {
    same(&ignoring(pointers), &json(one), &json(other));
    unequal(one, other);
}

#[track_caller]
fn unequal_despite(pointers: &[&[&str]], one: &str, other: &str) {
    different(&ignoring(pointers), &json(one), &json(other));
}

#[test]
fn ignored_values_do_not_count() {
    equal_but_for(&[&["sent_at"]], r#"{"a":1,"sent_at":1}"#, r#"{"sent_at":{"x":[2]},"a":1}"#);
    equal_but_for(&[&["sent_at"]], r#"{"a":1,"sent_at":1}"#, r#"{"a":1}"#);
    equal_but_for(&[&["a", "b"]], r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"c":2,"b":3}}"#);
    equal_but_for(&[&["a"], &["b"]], r#"{"a":1,"b":2,"c":3}"#, r#"{"c":3}"#);
    equal_but_for(&[&["a"], &["a", "b"]], r#"{"a":{"b":1}}"#, "{}");
    // Names as they read once escapes are undone, on both sides.
    equal_but_for(&[&["a"]], r#"{"\u0061":1}"#, r#"{"a":2}"#);
    equal_but_for(&[&["a/b"], &["c~d"]], r#"{"a/b":1,"c~d":1}"#, r#"{"a/b":2,"c~d":2}"#);
    equal_but_for(&[&[""]], r#"{"":1}"#, r#"{"":2}"#);
}

#[test]
fn ignored_elements_do_not_count() {
    equal_but_for(&[&["0"]], "[1,2]", "[9,2]");
    equal_but_for(&[&["1"]], "[1,2,3]", "[1,9,3]");
    equal_but_for(
        &[&["items", "1", "at"]],
        r#"{"items":[0,{"at":1}]}"#,
        r#"{"items":[0,{"at":2}]}"#,
    );
    equal_but_for(&[&["10"]], "[0,1,2,3,4,5,6,7,8,9,10]", "[0,1,2,3,4,5,6,7,8,9,11]");
    unequal_despite(&[&["0"]], "[1,2]", "[1,3]");
    unequal_despite(
        &[&["items", "0", "at"]],
        r#"{"items":[0,{"at":1}]}"#,
        r#"{"items":[0,{"at":2}]}"#,
    );
    // RFC 6901 section 4: no leading zeros, and "-" names no element.
    unequal_despite(&[&["00"], &["-"], &["+0"]], "[1]", "[2]");
}

#[test]
fn everything_else_counts_still() {
    unequal_despite(&[&["sent_at"]], r#"{"a":1,"sent_at":1}"#, r#"{"a":2,"sent_at":1}"#);
    unequal_despite(&[&["a", "b"]], r#"{"b":1}"#, r#"{"b":2}"#);
    unequal_despite(&[&["b"]], r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#);
    unequal_despite(&[&["a", "b"]], r#"{"a":1}"#, r#"{"a":2}"#);
    unequal_despite(&[&["a", "b"]], r#"{"a":{"b":1}}"#, r#"{}"#);
    unequal_despite(&[&["A"]], r#"{"a":1}"#, r#"{"a":2}"#);
    // Only JSON has pointers.
    let text = |body: &str| order(Some("text/plain"), body.as_bytes());
    different(&ignoring(&[&["a"]]), &text(r#"{"a":1}"#), &text(r#"{"a":2}"#));
    // What is ignored must still be readable in one way.
    unequal_despite(&[&["a"]], r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#);
    unequal_despite(&[&["a"]], r#"{"a":{"b":1,"b":2}}"#, r#"{"a":{"b":2,"b":1}}"#);
}

/// Members of a large object, in an order of their names and in the opposite one.
fn large(members: usize, value: &str) -> [String; 2] {
    let member = |at: usize| format!("\"m{at:06}\":{value}");
    let text = |list: Vec<String>| format!("{{{}}}", list.join(","));
    [text((0..members).map(member).collect()), text((0..members).rev().map(member).collect())]
}

/// Its hash stands in its place, and it is as much the same as a small one.
#[test]
fn large_objects_are_compared_like_small_ones() {
    let [first, turned] = large(5_000, "1");
    assert!(first.len() > MAX_COPIED);
    equal(&first, &turned);
    equal(&format!("[{first},{{\"a\":{turned}}}]"), &format!("[{turned},{{\"a\":{first}}}]"));
    unequal(&first, &large(5_000, "2")[0]);
    unequal(&first, &large(5_001, "1")[0]);
    unequal(&first, &first.replace("\"m004999\":1", "\"m004999\":2"));
    unequal(&first, &format!("[{first}]"));
    unequal(&format!("[{first}]"), &format!("[{first},{first}]"));
    let twice = first.replace("m004999", "m000000");
    assert_eq!(canonical_json(twice.as_bytes(), &[]), None);
    // Whichever side of the limit an object is on, it is the same for every spelling of it.
    for members in 1_000..1_300 {
        let [first, turned] = large(members, "null");
        equal(&first, &turned.replace(',', " , "));
    }
}

/// The form takes no more room than the text.
#[test]
fn the_form_is_never_longer_than_the_text() {
    for text in [
        "[[[[1]]]]".to_owned(),
        "[1,2,3]".to_owned(),
        r#"{"a":{"b":{"c":[]}}}"#.to_owned(),
        r#"["\u0001\u001f\u007f\u00e9\ud83d\udd11\/\\\""]"#.to_owned(),
        large(3_000, "{}")[1].clone(),
        format!("{}{}", "[".repeat(128), "]".repeat(128)),
    ] {
        let form = canonical_json(text.as_bytes(), &[]).expect("a form");
        assert!(form.len() <= text.len(), "{text}");
    }
}

/// A body of ten megabytes that is all members: what is known of them stays small.
#[test]
fn more_members_than_anybody_sends_have_no_form() {
    let body = |members: usize| large(members, "1")[1].clone();
    assert!(canonical_json(body(MAX_MEMBERS).as_bytes(), &[]).is_some());
    assert_eq!(canonical_json(body(MAX_MEMBERS + 1).as_bytes(), &[]), None);
    // In many objects there may be more.
    let many = format!("[{}]", vec![body(1_000); 400].join(","));
    assert!(canonical_json(many.as_bytes(), &[]).is_some());
    // The list is a value, too.
    let values = |count: usize| format!("[{}1]", "1,".repeat(count - 2));
    assert!(canonical_json(values(MAX_VALUES).as_bytes(), &[]).is_some());
    assert_eq!(canonical_json(values(MAX_VALUES + 1).as_bytes(), &[]), None);
}
