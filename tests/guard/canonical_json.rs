//! The canonical form exists of every text that `serde_json` reads, and of no other, but for what
//! only one of them minds: a name that stands twice, the size of numbers, and how deep is too deep.

use crate::duplicate_names::has_a_name_twice;
use crate::random::Random;
use onlyonce::guard::canonical_json::canonical_json;
use serde_json::Value;

#[track_caller]
fn check(text: &str) {
    let canonical = canonical_json(text.as_bytes(), &[]);
    let expected = match serde_json::from_str::<Value>(text) {
        Ok(_) => !has_a_name_twice(text),
        // A number too large for any machine is JSON all the same.
        Err(error) if error.to_string().starts_with("number out of range") => {
            canonical.is_some() || has_a_name_twice(text)
        }
        Err(_) => false,
    };
    assert_eq!(canonical.is_some(), expected, "{text:?}");
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
        "0.1e0",
        "1 2",
        "1true",
        "10000000000000000000000000",
    ] {
        check(text);
        check(&format!(" [ {text} , {text} ] "));
        check(&format!("{{\"a\":{text}}}"));
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

/// Written as `serde_json` writes it: what must be escaped is, and nothing else.
#[test]
fn every_character() {
    for letter in (0..0x1_1000).filter_map(char::from_u32) {
        let escaped: String =
            letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let written = serde_json::to_string(&format!("a{letter}b")).expect("JSON");
        for text in [&format!("\"a{escaped}b\""), &written] {
            let canonical = canonical_json(text.as_bytes(), &[]);
            assert_eq!(canonical.as_deref(), Some(written.as_bytes()), "{text}");
        }
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
        "\u{feff}",
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
