//! JSON: what is read and written is what `serde_json` reads and writes, whatever the text.

use crate::random::Random;
use onlyonce::guard::json::{Value, quoted};
use serde_json::Value as Expected;

#[track_caller]
fn same(found: &Value, expected: &Expected) {
    match (found, expected) {
        (Value::Null, Expected::Null) => {}
        (Value::Bool(found), Expected::Bool(expected)) => assert_eq!(found, expected),
        (Value::String(found), Expected::String(expected)) => assert_eq!(found, expected),
        (Value::Number(text), Expected::Number(expected)) => {
            let whole = expected.as_u64().map(|number| number.to_string());
            let whole = whole.or(expected.as_i64().map(|number| number.to_string()));
            assert_eq!(found.as_whole(), whole.as_deref(), "{text}");
            assert_eq!(text.parse().ok(), expected.as_f64(), "{text}");
        }
        (Value::Array(found), Expected::Array(expected)) => {
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).for_each(|(found, expected)| same(found, expected));
        }
        (Value::Object(found), Expected::Object(expected)) => {
            let mut names: Vec<&String> = found.by_name().iter().map(|(name, _)| name).collect();
            names.dedup();
            assert_eq!(names, expected.keys().collect::<Vec<_>>());
            for (name, expected) in expected {
                same(found.get(name).expect("a member"), expected);
            }
        }
        _ => panic!("{found:?} instead of {expected}"),
    }
}

#[track_caller]
fn check(text: &str) {
    match (Value::parse(text), serde_json::from_str::<Expected>(text)) {
        (Ok(found), Ok(expected)) => same(&found, &expected),
        (Err(_), Err(_)) => {}
        // A number too large for any machine is JSON all the same.
        (Ok(_), Err(error)) if error.to_string().starts_with("number out of range") => {}
        (found, expected) => panic!("{text:?} gave {found:?} instead of {expected:?}"),
    }
}

#[test]
fn numbers() {
    for text in [
        "0",
        "-0",
        "00",
        "01",
        "-",
        "--1",
        "+1",
        "1.",
        ".1",
        "1.0",
        "-1.50",
        "1e1",
        "1E+1",
        "1e-1",
        "1e",
        "1e+",
        "e1",
        "1.e1",
        "0x1",
        "1_0",
        "1,",
        "Infinity",
        "NaN",
        "-Infinity",
        "1e400",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "0.1e0",
        "1 2",
        "10000000000000000000000000",
    ] {
        check(text);
        check(&format!(" [ {text} , {text} ] "));
    }
}

#[test]
fn strings() {
    for text in [
        r#""""#,
        r#"""#,
        r#""a"b""#,
        r#""\"""#,
        r#""\/\\\b\f\n\r\t""#,
        r#""\v""#,
        r#""\u0041""#,
        r#""\u00e9é""#,
        r#""\u004""#,
        r#""\u004g""#,
        r#""\u+041""#,
        r#""\U0041""#,
        r#""\ud83d\udd11""#,
        r#""\uD83D\uDD11""#,
        r#""\ud83d""#,
        r#""\ud83d\ud83d""#,
        r#""\udd11""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\uffff\u0000""#,
        "\"\n\"",
        "\"\u{7f}\"",
        "\"\u{1f}\"",
        "'a'",
        r#""\"#,
    ] {
        check(text);
        check(&format!("{{{text}:{text}}}"));
    }
}

/// Pieces of JSON in any order, most of which are none.
#[test]
fn texts_of_every_kind() {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"",
        "\\",
        "1",
        "-2.5e3",
        "null",
        "true",
        "false",
        "nul",
        "é",
        "\u{b}",
    ];
    let mut random = Random::seeded(1);
    for _ in 0..200_000 {
        let length = random.below(10);
        check(&(0..length).map(|_| random.pick(&pieces)).collect::<String>());
    }
}

fn any(random: &mut Random, depth: usize) -> String {
    let kinds = if depth == 0 { 3 } else { 5 };
    let several = |random: &mut Random, member: fn(&mut Random, usize) -> String| {
        let count = random.below(4);
        (0..count).map(|_| member(random, depth - 1)).collect::<Vec<_>>().join(" , ")
    };
    match random.below(kinds) {
        0 => random.pick(&["null", "true", "false"]).into(),
        1 => random.pick(&["0", "-1", "2.50", "3e2", "-4E-1"]).into(),
        2 => random.pick(&["\"\"", "\"a\"", "\"\\n\\\"\"", "\"\\ud83d\\udd11\""]).into(),
        3 => format!("[{}]", several(random, any)),
        _ => format!(
            "{{{}}}",
            several(random, |random, depth| {
                format!("\"{}\" : {}", random.pick(&["a", "b", "c", "\\u0061"]), any(random, depth))
            })
        ),
    }
}

/// Valid texts, and the same with one byte changed.
#[test]
fn nested_texts() {
    let mut random = Random::seeded(2);
    for _ in 0..20_000 {
        let text = any(&mut random, 4);
        check(&text);
        let mut bytes = text.into_bytes();
        let at = random.below(bytes.len());
        bytes[at] = random.pick(b"{}[]\",:\\ 0a-.eu\n");
        String::from_utf8(bytes).iter().for_each(|text| check(text));
    }
}

#[test]
fn nesting_is_followed_as_far() {
    for depth in [1, 126, 127, 128, 129, 100_000] {
        check(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        check(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    }
}

#[test]
fn the_place_of_a_mistake() {
    for (text, read) in [
        ("", 0),
        ("  ", 2),
        ("{", 1),
        ("[1,]", 4),
        ("[1 2]", 4),
        ("{\"a\" 1}", 6),
        ("{1}", 2),
        ("tru", 1),
        ("[1] x", 5),
        ("\"a\n\"", 3),
        ("\"\\x\"", 3),
        ("\"a", 2),
    ] {
        assert_eq!(Value::parse(text), Err(read), "{text:?}");
    }
}

#[test]
fn written_strings() {
    for code in 0..0x1_0000_u32 {
        let Some(letter) = char::from_u32(code) else { continue };
        for text in [letter.to_string(), format!("{letter}{letter}"), format!("a{letter}b")] {
            assert_eq!(quoted(&text), serde_json::to_string(&text).expect("JSON"));
        }
    }
    assert_eq!(quoted(""), "\"\"");
}
