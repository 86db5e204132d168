//! Parameters of every bare type, good ones checked and ignored, bad ones refused.

use super::{Trailing, check};

/// The item with this value as its parameter is a string, the parameter ignored.
#[track_caller]
fn ignored(value: &str) {
    check(&format!("\"k\";a={value}"), Ok("k"));
    // Nothing of it is taken for the end of the value: another parameter may follow.
    check(&format!("\"k\";a={value};b; c={value}  "), Ok("k"));
}

#[track_caller]
fn refused(value: &str) {
    check(&format!("\"k\";a={value}"), Err(Trailing));
    check(&format!("\"k\";b;a={value};c=1"), Err(Trailing));
}

#[test]
fn integers() {
    for good in ["42", "0", "00", "-0", "-42", "042", "-042", "123456789012345"] {
        ignored(good);
    }
    ignored("-123456789012345");
    for bad in ["--0", "-", "-a23", "4-2", "- 42", "+1", "1234567890123456", "2,3", "1 2"] {
        refused(bad);
    }
    refused("-1234567890123456");
}

#[test]
fn decimals() {
    for good in ["12.3", "1.23", "-1.23", "1.123", "-1.123", "0.0", "123456789012.1"] {
        ignored(good);
    }
    ignored("-123456789012.123");
    for bad in ["1234567890123.0", "-1234567890123.0", "1.1234", "-1.1234", "1.", "-1.", ".1"] {
        refused(bad);
    }
    for bad in ["1. 23", "1 .23", "- 1.23", "1.5.4", "1..4", "1.-2", "123456789012345.1"] {
        refused(bad);
    }
}

/// Every length up to and over the longest.
#[test]
fn how_many_digits_a_number_may_have() {
    for digit in ["0", "1", "9"] {
        for whole in 1..=16 {
            let number = digit.repeat(whole);
            if whole <= 15 {
                ignored(&number)
            } else {
                refused(&number)
            }
            for fraction in 1..=6 {
                let number = format!("{number}.{}", digit.repeat(fraction));
                if whole <= 12 && fraction <= 3 { ignored(&number) } else { refused(&number) }
            }
        }
    }
}

#[test]
fn strings() {
    for good in [r#""""#, r#""foo bar""#, r#""a;b,c""#, r#""\"\\""#] {
        ignored(good);
    }
    for bad in [r#"""#, r#""a"#, r#""\a""#, r#""a\"#, "\"\t\"", "\"ü\"", "'a'", r#""a"b"#] {
        refused(bad);
    }
}

#[test]
fn tokens() {
    for good in ["a", "*", "*a", "A1", "a/b:c", "a!#$%&'*+-.^_`|~"] {
        ignored(good);
    }
    ignored(&"a".repeat(512));
    for bad in ["!a", "a b", "a,b", "a\"b\"", "a(b", "a[b", "a@b", "a\\b", "aü", "ü", "_a", ".a"]
    {
        refused(bad);
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":/!#$%&'*+-.^_`|~".contains(&byte)
}

#[test]
fn every_byte_in_a_token() {
    for byte in 0..=0x7f_u8 {
        let token = format!("a{}a", char::from(byte));
        // A semicolon begins the next parameter.
        if is_token(byte) || byte == b';' { ignored(&token) } else { refused(&token) }
    }
}

#[test]
fn every_byte_at_the_start_of_a_token() {
    for byte in (0..=0x7f_u8).filter(|byte| !byte.is_ascii_digit()) {
        let token = format!("{}a", char::from(byte));
        if byte.is_ascii_alphabetic() || byte == b'*' { ignored(&token) } else { refused(&token) }
    }
}

/// Padding may be missing and its bits set: a parser may be lenient, and the value is of no use.
#[test]
fn byte_sequences() {
    for good in [":aGVsbG8=:", "::", ":aGVsbG8:", ":iZ==:", ":/+Ah:"] {
        ignored(good);
    }
    for bad in [":aGVsbG8=", ":aGVsb G8=:", ":aGVsbG!8=:", ":aGVsbG8=!:", ":_-Ah:", ":", ":=a:"] {
        refused(bad);
    }
    // Lenient ends where no bytes can be meant: one digit alone carries none, and no length asks
    // for three signs of padding.
    for bad in [":a:", ":aGVsb:", ":aGk===:", ":=:"] {
        refused(bad);
    }
}

#[test]
fn booleans() {
    for good in ["?0", "?1"] {
        ignored(good);
    }
    for bad in ["?", "?2", "??", "? 1", "?T", "?true", "?10", "?-1", "?0.0"] {
        refused(bad);
    }
}

#[test]
fn dates() {
    for good in ["@0", "@1659578233", "@-1659578233", "@123456789012345"] {
        ignored(good);
    }
    for bad in ["@", "@-", "@1659578233.12", "@1234567890123456", "@ 1", "@@1", "@a", "@\"1\""] {
        refused(bad);
    }
}

#[test]
fn display_strings() {
    let printable = (0x20..=0x7e_u8).filter(|byte| !matches!(byte, b'"' | b'%')).map(char::from);
    let printable: String = printable.collect();
    ignored(&format!("%\"{printable}\""));
    for good in [
        r#"%"""#,
        r#"%"foo bar""#,
        r#"%"f%c3%bc%c3%bc""#,
        r#"%"foo %22bar%22 \ baz""#,
        r#"%"BOM: %ef%bb%bf""#,
        r#"%"%00%7f""#,
    ] {
        ignored(good);
    }
    for bad in [
        r#"%"f%C3%BC""#, // upper-case digits
        "%\"\t\"",
        "%\"\n\"",
        "%'foo'",
        "%foo",
        r#"%foo""#,
        r#"%"foo"#,
        "%",
        r#"%"foo %a"#,
        r#"%"%a""#,
        r#"%"%""#,
        r#"%"%g0""#,
        r#"%"%0g""#,
        r#"%"%c3%28""#,       // two bytes, not UTF-8
        r#"%"%a0%a1""#,       // no sequence begins so
        r#"%"%e2%28%a1""#,    // three bytes, not UTF-8
        r#"%"%f0%28%8c%28""#, // four bytes, not UTF-8
        r#"%"%ed%a0%80""#,    // half of a pair
        r#"%"%c3""#,          // cut short
        r#"%"ü""#,
    ] {
        refused(bad);
    }
}

/// An inner list is no bare item, and neither is nothing.
#[test]
fn what_is_no_bare_item() {
    for bad in ["", " 1", "(1)", "()", "{}", "ü", "=", ";", ",", "#", "/", "\\"] {
        refused(bad);
    }
}

#[test]
fn names() {
    for good in ["a", "*", "z9", "*a", "a*", "a_b-c.d", "a1*"] {
        check(&format!("\"k\";{good}"), Ok("k"));
        check(&format!("\"k\";{good}=1"), Ok("k"));
        check(&format!("\"k\";  {good}=1"), Ok("k"));
    }
    for bad in ["", " ", "A", "1", "_a", "-a", ".a", "aB", "a b", "a =1", "a= 1", "\ta", "ü", "aü"]
    {
        check(&format!("\"k\";{bad}"), Err(Trailing));
    }
    check(&format!("\"k\";{}=1", "a".repeat(64)), Ok("k"));
}

fn is_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')
}

#[test]
fn every_byte_in_a_name() {
    for byte in 0..=0x7f_u8 {
        // What a semicolon parts are two parameters.
        let expected = if is_name(byte) || byte == b';' { Ok("k") } else { Err(Trailing) };
        check(&format!("\"k\"; a{}a=1", char::from(byte)), expected);
    }
}

#[test]
fn every_byte_at_the_start_of_a_name() {
    for byte in 0..=0x7f_u8 {
        let may = byte == b' ' || byte == b'*' || byte.is_ascii_lowercase();
        let expected = if may { Ok("k") } else { Err(Trailing) };
        check(&format!("\"k\"; {}a=1", char::from(byte)), expected);
    }
}

/// A name may come twice, and the last one counts: nothing to refuse (section 3.1.2).
#[test]
fn many_parameters() {
    check("\"k\";a=1;a=2", Ok("k"));
    let many: String = (0..256).map(|number| format!(";a{number}=1")).collect();
    check(&format!("\"k\"{many}"), Ok("k"));
    for bad in [";;a", ";a;", ";a;;b", " ;a", ";a ;b", ";a=1 ;b", ";a,", ";a\t;b"] {
        check(&format!("\"k\"{bad}"), Err(Trailing));
    }
}
