//! Base64 (RFC 4648) without padding, read in either alphabet.

/// The last two digits of the common alphabet (section 4).
pub const COMMON: [u8; 2] = *b"+/";
/// The last two digits of the alphabet for URLs and file names (section 5).
pub const URL: [u8; 2] = *b"-_";

/// The bytes of a text without padding; nothing where it is not well formed.
pub fn decode(text: &str, last: [u8; 2]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | value(*digit, last)?;
        }
        // A group of n digits carries n - 1 whole bytes; one digit alone carries none.
        let [_, first, second, third] = match group.len() {
            4 => bits,
            3 => bits << 6,
            2 => bits << 12,
            _ => return None,
        }
        .to_be_bytes();
        bytes.extend_from_slice(&[first, second, third]);
    }
    bytes.truncate(text.len().saturating_mul(3) / 4);
    Some(bytes)
}

fn value(digit: u8, last: [u8; 2]) -> Option<u32> {
    let from =
        |first: u8, value: u32| Some(u32::from(digit.wrapping_sub(first)).wrapping_add(value));
    match digit {
        b'A'..=b'Z' => from(b'A', 0),
        b'a'..=b'z' => from(b'a', 26),
        b'0'..=b'9' => from(b'0', 52),
        digit if digit == last[0] => Some(62),
        digit if digit == last[1] => Some(63),
        _ => None,
    }
}
