//! Base64, by the vectors of RFC 4648 section 10 and by what is none.

use onlyonce::guard::base64::{COMMON, URL, decode};

const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bit by bit, as section 4 says it.
fn encode(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let digit = |bits: &[u8]| {
        let bits = format!("{:0<6}", String::from_utf8_lossy(bits));
        usize::from_str_radix(&bits, 2).expect("six bits")
    };
    bits.as_bytes().chunks(6).map(|bits| DIGITS.as_bytes()[digit(bits)] as char).collect()
}

#[test]
fn the_vectors_of_the_rfc() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        let text = text.trim_end_matches('=');
        assert_eq!(encode(bytes.as_bytes()), text);
        assert_eq!(decode(text, COMMON).as_deref(), Some(bytes.as_bytes()));
    }
}

#[test]
fn every_byte_comes_back() {
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    for from in 0..3 {
        let text = encode(&bytes[from..]);
        assert_eq!(decode(&text, COMMON).as_deref(), Some(&bytes[from..]), "{text}");
    }
}

#[test]
fn the_alphabets_differ_in_two_digits() {
    assert_eq!(decode("+/8", COMMON), Some(vec![0xfb, 0xff]));
    assert_eq!(decode("-_8", URL), Some(vec![0xfb, 0xff]));
    for (text, last) in [("-_8", COMMON), ("+/8", URL), ("Zg==", COMMON), ("Z", URL), ("Z g", URL)]
    {
        assert_eq!(decode(text, last), None, "{text}");
    }
}
