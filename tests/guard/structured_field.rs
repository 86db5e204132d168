//! The quoted form of a key by RFC 9651: the cases of the HTTP working group's structured-field-tests
//! for strings, the ones that it generates byte by byte, and a value of every type that a parameter
//! may have. What a client may write and still mean the same key is read off these, whoever reads it.

mod parameters;

use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::key::KeyError::{self, BadString, Empty, TooLong, Trailing};

#[track_caller]
fn check(field: &str, expected: Result<&str, KeyError>) {
    let key = IdempotencyKey::parse(field);
    assert_eq!(key.as_ref().map(IdempotencyKey::as_str), expected.as_ref().copied(), "{field:?}");
}

#[test]
fn strings() {
    check(r#""foo bar""#, Ok("foo bar")); // basic
    check(r#""""#, Err(Empty)); // empty
    let long = "foo ".repeat(63);
    check(&format!("\"{long}\""), Ok(&long)); // long
    check(r#""   ""#, Ok("   ")); // white space
    check(r#""füü""#, Err(BadString)); // non-ASCII
    check(r#""\t""#, Err(BadString)); // tab, escaped
    check(r#"" \n ""#, Err(BadString)); // newline, escaped
    check("\"\t\"", Err(BadString)); // tab
    check("\" \n \"", Err(BadString)); // newline
    check(r#""foo"#, Err(BadString)); // unbalanced
    check(r#""foo \"bar\" \\ baz""#, Ok(r#"foo "bar" \ baz"#)); // quoting
    check(r#""foo \,""#, Err(BadString)); // bad quoting
    check(r#""foo \""#, Err(BadString)); // ending quote
    check(r#""foo \"#, Err(BadString)); // abrupt end
}

/// A key is shorter than a string may be, but its string is read to the end.
#[test]
fn large_strings() {
    let too_long = || Err(TooLong { characters: 1024 });
    check(&format!("\"{}\"", "=".repeat(1024)), too_long());
    check(&format!("\"{}\"", r#"\""#.repeat(1024)), too_long());
    check(&format!("\"{}\"x", "=".repeat(1024)), Err(Trailing));
}

/// White space around the value is the header's, not the key's.
#[test]
fn items() {
    check(r#"  "1""#, Ok("1")); // leading space
    check(r#""1"  "#, Ok("1")); // trailing space
    check(r#"  "1"  "#, Ok("1")); // leading and trailing space
    check("\t\"1\" \t ", Ok("1"));
    check("\"1\"\u{a0}", Err(Trailing));
}

/// A list is no item: this is how a repeated header arrives.
#[test]
fn nothing_may_follow() {
    for rest in ["x", "\"", "\"b\"", " \"b\"", ",", ", ", ",\"b\"", ", \"b\"", ", b", "=1", "("] {
        check(&format!("\"a\"{rest}"), Err(Trailing));
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'
}

#[test]
fn every_byte_inside_a_string() {
    for byte in 0..=0x7f_u8 {
        let value = format!(" {} ", char::from(byte));
        let expected = match byte {
            _ if is_plain(byte) => Ok(value.as_str()),
            // The string ends there, and what follows is no parameter.
            b'"' => Err(Trailing),
            _ => Err(BadString),
        };
        check(&format!("\"{value}\""), expected);
    }
}

#[test]
fn every_byte_after_a_backslash() {
    for byte in 0..=0x7f_u8 {
        let character = char::from(byte).to_string();
        let may = matches!(byte, b'"' | b'\\');
        check(&format!("\"\\{character}\""), if may { Ok(&character) } else { Err(BadString) });
    }
}

#[test]
fn every_byte_after_a_string() {
    for byte in 0..=0x7f_u8 {
        let expected = if matches!(byte, b' ' | b'\t') { Ok("a") } else { Err(Trailing) };
        check(&format!("\"a\"{}", char::from(byte)), expected);
    }
}

/// Whatever is cut from a good field is read or refused, and only its end can be missed.
#[test]
fn every_truncation() {
    let field = r#""a\"b"; c=1.5;d="\\";e=:aGk=:;f=?1;g=@-1;h=%"%c3%bc";*i=t"#;
    check(field, Ok("a\"b"));
    for end in 1..r#""a\"b""#.len() {
        check(&field[..end], Err(BadString));
    }
    for end in r#""a\"b""#.len()..field.len() {
        match IdempotencyKey::parse(&field[..end]) {
            Ok(key) => assert_eq!(key.as_str(), "a\"b", "{}", &field[..end]),
            Err(error) => assert_eq!(error, Trailing, "{}", &field[..end]),
        }
    }
}
