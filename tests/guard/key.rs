//! What is a key, which spellings name the same one, and what is said of the others.

use onlyonce::guard::key::{IdempotencyKey, KeyError, MAX_LENGTH};
use onlyonce::guard::key_location::KeyLocation;

#[track_caller]
fn check(header: &str, key: &str) {
    let parsed = IdempotencyKey::parse(header).map(|parsed| parsed.as_str().to_owned());
    assert_eq!(parsed, Ok(key.to_owned()), "{header:?}");
}

#[track_caller]
fn refuses(header: &str, error: KeyError) {
    assert_eq!(IdempotencyKey::parse(header), Err(error), "{header:?}");
}

#[test]
fn bare_keys_are_taken_as_they_stand() {
    check("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324");
    check("a", "a");
    check("!", "!");
    check("~", "~");
    check(r"a\b", r"a\b");
    check("a=b:c/d?e#f%20", "a=b:c/d?e#f%20");
    check("'a'", "'a'");
    check("  a\t ", "a");
}

#[test]
fn quoted_keys_lose_their_quotes_and_escapes() {
    check(r#""8e03""#, "8e03");
    check(r#"" ""#, " ");
    check(r#"" a b ""#, " a b ");
    check(r#""a,b;c""#, "a,b;c");
    check(r#""a\"b""#, r#"a"b"#);
    check(r#""a\\b""#, r"a\b");
    check(r#""\\\"""#, r#"\""#);
    check("\t \"a\" \t", "a");
    check("\"!~\"", "!~");
}

#[test]
fn parameters_are_checked_and_ignored() {
    check(r#""a";b"#, "a");
    check(r#""a";b;c"#, "a");
    check(r#""a";  b=1"#, "a");
    check(r#""a";*b.c-d_e2=1"#, "a");
    check(r#""a";b=-123456789012345"#, "a");
    check(r#""a";b=123456789012.123"#, "a");
    check(r#""a";b="x\";y""#, "a");
    check(r#""a";b=*t/o:k!en"#, "a");
    check(r#""a";b=:aGk=:"#, "a");
    check(r#""a";b=::"#, "a");
    check(r#""a";b=?0;c=?1"#, "a");
    check(r#""a";b=@1659578233"#, "a");
    check(r#""a";b=%"f%c3%bc""#, "a");
}

#[test]
fn what_follows_the_string_must_be_parameters() {
    for rest in
        ["x", "\"", r#","b""#, r#", "b""#, ", b", " ;b", ";", ";B", ";1", ";b=", ";b= 1", ";b=1."]
    {
        refuses(&format!(r#""a"{rest}"#), KeyError::Trailing);
    }
    for value in [
        "1234567890123456",
        "1234567890123.1",
        "1.1234",
        "-",
        ".1",
        "\"x",
        "\"\\x\"",
        ":aGk",
        ":a k=:",
        "?2",
        "?",
        "@",
        "@1.5",
        "%x",
        "%\"%C3%BC\"",
        "%\"%c3\"",
        "%\"%c\"",
        "%\"x",
        "(1)",
        "é",
    ] {
        refuses(&format!(r#""a";b={value}"#), KeyError::Trailing);
    }
}

#[test]
fn keys_have_1_to_255_characters() {
    refuses("", KeyError::Empty);
    refuses(" \t ", KeyError::Empty);
    refuses(r#""""#, KeyError::Empty);
    let (longest, longer) = ("k".repeat(MAX_LENGTH), "k".repeat(256));
    check(&longest, &longest);
    check(&format!("\"{longest}\""), &longest);
    refuses(&longer, KeyError::TooLong { characters: 256 });
    refuses(&format!("\"{longer}\""), KeyError::TooLong { characters: 256 });
    // Escapes count as the character that they stand for.
    check(&format!("\"{}\"", r"\\".repeat(255)), &r"\".repeat(255));
    refuses(&format!("\"{}\"", r"\\".repeat(256)), KeyError::TooLong { characters: 256 });
}

#[test]
fn bare_keys_refuse_what_could_be_two_keys_or_none() {
    let forbidden = |character, position| KeyError::Forbidden { character, position };
    refuses("a,b", KeyError::Comma);
    refuses("a, a", KeyError::Comma);
    refuses(",", KeyError::Comma);
    refuses("a;b=1", forbidden(';', 2));
    refuses("a\"b\"", forbidden('"', 2));
    refuses("a b", forbidden(' ', 2));
    refuses("a\tb", forbidden('\t', 2));
    refuses("a\0", forbidden('\0', 2));
    refuses("a\u{1f}", forbidden('\u{1f}', 2));
    refuses("a\u{7f}", forbidden('\u{7f}', 2));
    refuses("schlüssel", forbidden('ü', 5));
    refuses("a\u{a0}", forbidden('\u{a0}', 2));
    refuses("🔑b", forbidden('🔑', 1));
    // A repeated header, whatever the raw_key of its second line.
    refuses("a, \"a\"", KeyError::Comma);
}

#[test]
fn quoted_keys_refuse_broken_strings() {
    for broken in
        ["\"", "\"a", "\"a\\", "\"a\\\"", "\"a\\n\"", "\"a\tb\"", "\"ü\"", "\"a\u{7f}\"", "\"\0\""]
    {
        refuses(broken, KeyError::BadString);
    }
}

#[track_caller]
fn spelled(header: &str, expected: &str) {
    let key = IdempotencyKey::parse(header).expect(header);
    assert_eq!(key.spelled_as(header), expected);
}

#[test]
fn a_key_is_echoed_as_its_client_spells_it() {
    spelled("8e03", "8e03");
    spelled("  8e03\t", "8e03");
    spelled("a\\b", "a\\b");
    spelled("\"8e03\"", "\"8e03\"");
    spelled("\"a\\\"b\"", "\"a\\\"b\"");
    spelled("\"8e03\"; v=1", "\"8e03\"");
}

#[test]
fn both_spellings_name_the_same_key() {
    for key in ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", r"back\slash", "!~"] {
        let bare = IdempotencyKey::parse(key).expect("a bare key");
        let quoted = IdempotencyKey::parse(&bare.to_structured()).expect("a quoted key");
        assert_eq!(bare, quoted, "{key}");
    }
}

#[test]
fn keys_are_echoed_as_structured_fields() {
    let echo = |header| IdempotencyKey::parse(header).map(|key| key.to_structured());
    assert_eq!(echo("8e03"), Ok(r#""8e03""#.into()));
    assert_eq!(echo(r#""a\"b\\c";d=1"#), Ok(r#""a\"b\\c""#.into()));
    assert_eq!(echo(r"a\b"), Ok(r#""a\\b""#.into()));
}

#[track_caller]
fn says(header: &str, sentence: &str) {
    let error = IdempotencyKey::parse(header).expect_err(header);
    assert_eq!(error.describe(&KeyLocation::usual(), header), sentence);
}

#[test]
fn every_sentence() {
    says(
        "",
        r#"Idempotency-Key "" is empty; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    says(
        &"0123456789".repeat(30),
        r#"Idempotency-Key "0123456789012345678901234567890123456789"… has 300 characters, which is more than 255; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    says(
        "a, b",
        r#"Idempotency-Key "a, b" holds a comma outside quotes, as a repeated header does; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    says(
        "ab;c",
        r#"Idempotency-Key "ab;c" holds U+003B at character 3, which a bare key may not; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    says(
        "a🔑",
        r#"Idempotency-Key "a🔑" holds U+1F511 at character 2, which a bare key may not; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    says(
        "\"a",
        r#"Idempotency-Key "\"a" starts a quoted string that has no end, a character outside 0x20 to 0x7E, or a bad escape; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    says(
        r#""a", "b""#,
        r#"Idempotency-Key "\"a\", \"b\"" goes on after its quoted string, as a repeated header does; send one key of 1 to 255 characters, such as a new UUID"#,
    );
}

/// What may be logged names no key; what the sender is told repeats no more than 40 characters.
#[test]
fn no_reason_repeats_the_key() {
    for broken in ["s3cr3t,x", "s3cr3t x", "s3cr3t;x", "\"s3cr3t", "\"s3cr3t\" x", "\"s3cr3t\\q\""]
    {
        let reason = IdempotencyKey::parse(broken).expect_err(broken).to_string();
        assert!(!reason.contains("s3cr3t"), "{reason}");
        let long = format!("{}{broken}", " ".repeat(40));
        let sentence =
            IdempotencyKey::parse(&long).expect_err(broken).describe(&KeyLocation::usual(), &long);
        assert!(!sentence.contains("s3cr3t"), "{sentence}");
    }
}

/// A cut between two characters, never within one.
#[test]
fn a_long_value_is_cut_at_a_character() {
    let header = "é".repeat(41);
    let sentence = IdempotencyKey::parse(&header)
        .expect_err("not ASCII")
        .describe(&KeyLocation::usual(), &header);
    let begins = format!("Idempotency-Key \"{}\"… holds U+00E9 at character 1,", "é".repeat(40));
    assert!(sentence.starts_with(&begins), "{sentence}");
}

/// The same for every customer of a program that forgot to make one.
#[test]
fn a_programmers_nothing_is_no_key() {
    for nothing in [
        "undefined",
        "UNDEFINED",
        "null",
        "Null",
        "None",
        "nil",
        "NaN",
        "[object Object]",
        "(null)",
        "<null>",
        "<nil>",
    ] {
        for header in [nothing.to_owned(), format!("\"{nothing}\""), format!(" {nothing}\t")] {
            assert_eq!(IdempotencyKey::parse(&header), Err(KeyError::Nothing), "{header}");
        }
    }
    says(
        "undefined",
        r#"Idempotency-Key "undefined" is what a program writes where it has no value, so that all its requests would be one; send one key of 1 to 255 characters, such as a new UUID"#,
    );
    for key in ["undefined-1", "nulls", "nonentity", "nil.", "0", "false", "object"] {
        assert!(IdempotencyKey::parse(key).is_ok(), "{key}");
    }
}
