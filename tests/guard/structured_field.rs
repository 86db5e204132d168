//! String items by RFC 9651: the cases of the HTTP working group's structured-field-tests for
//! strings and items, the ones that it generates byte by byte, and a value of every type that a
//! parameter may have.

mod parameters;

use onlyonce::guard::structured_field::NotAString::{self, BadString, OtherType, Trailing};
use onlyonce::guard::structured_field::parse_string_item;

#[track_caller]
fn check(field: &str, expected: Result<&str, NotAString>) {
    assert_eq!(parse_string_item(field), expected.map(str::to_owned), "{field:?}");
}

#[test]
fn strings() {
    check(r#""foo bar""#, Ok("foo bar")); // basic
    check(r#""""#, Ok("")); // empty
    let long = "foo ".repeat(63);
    check(&format!("\"{long}\""), Ok(&long)); // long
    check(r#""   ""#, Ok("   ")); // white space
    check(r#""füü""#, Err(BadString)); // non-ASCII
    check(r#""\t""#, Err(BadString)); // tab, escaped
    check(r#"" \n ""#, Err(BadString)); // newline, escaped
    check("\"\t\"", Err(BadString)); // tab
    check("\" \n \"", Err(BadString)); // newline
    check("'foo'", Err(OtherType)); // single quoted
    check(r#""foo"#, Err(BadString)); // unbalanced
    check(r#""foo \"bar\" \\ baz""#, Ok(r#"foo "bar" \ baz"#)); // quoting
    check(r#""foo \,""#, Err(BadString)); // bad quoting
    check(r#""foo \""#, Err(BadString)); // ending quote
    check(r#""foo \"#, Err(BadString)); // abrupt end
}

#[test]
fn large_strings() {
    check(&format!("\"{}\"", "=".repeat(1024)), Ok(&"=".repeat(1024)));
    check(&format!("\"{}\"", r#"\""#.repeat(1024)), Ok(&"\"".repeat(1024)));
}

/// Leading and trailing spaces are discarded, and nothing but spaces.
#[test]
fn items() {
    check("", Err(OtherType)); // empty
    check(" ", Err(OtherType));
    check(r#"  "1""#, Ok("1")); // leading space
    check(r#""1"  "#, Ok("1")); // trailing space
    check(r#"  "1"  "#, Ok("1")); // leading and trailing space
    check(r#"     "1"  "#, Ok("1")); // leading and trailing white space
    check("\t\"1\"", Err(OtherType));
    check("\"1\"\t", Err(Trailing));
    check("\"1\" \t ", Err(Trailing));
    check("\u{a0}\"1\"", Err(OtherType));
    check("\"1\"\u{a0}", Err(Trailing));
}

/// Well-formed items of the other types are no strings, and what is no item is none either.
#[test]
fn items_of_other_types() {
    for field in ["42", "4.5", "foo", "*foo", ":aGVsbG8=:", "?1", "@1659578233", "%\"f%c3%bc\""] {
        check(field, Err(OtherType));
    }
    for field in ["(\"a\")", "a=\"b\"", ",", ";", "\\\"a\"", "ü"] {
        check(field, Err(OtherType));
    }
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
fn every_byte_before_a_string() {
    for byte in 0..=0x7f_u8 {
        let expected = match byte {
            b' ' => Ok("a"),
            // The quote opens an empty string, which the letter follows.
            b'"' => Err(Trailing),
            _ => Err(OtherType),
        };
        check(&format!("{}\"a\"", char::from(byte)), expected);
    }
}

#[test]
fn every_byte_after_a_string() {
    for byte in 0..=0x7f_u8 {
        let expected = if byte == b' ' { Ok("a") } else { Err(Trailing) };
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
        let read = parse_string_item(&field[..end]);
        assert!(read == Ok("a\"b".into()) || read == Err(Trailing), "{}", &field[..end]);
    }
}
