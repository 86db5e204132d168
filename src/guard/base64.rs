//! Base64 (RFC 4648) without padding, read in either alphabet.

/// The last two digits of the common alphabet (section 4).
pub const COMMON: [u8; 2] = *b"+/";
/// The last two digits of the alphabet for URLs and file names (section 5).
pub const URL: [u8; 2] = *b"-_";

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in the common alphabet.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let [first, second, third] = match *group {
            [first, second, third] => [first, second, third],
            [first, second] => [first, second, 0],
            [first] => [first, 0, 0],
            _ => [0; 3],
        };
        let bits = u32::from_be_bytes([0, first, second, third]);
        text.extend_from_slice(&[18, 12, 6, 0].map(|shift| digit(bits >> shift)));
    }
    // A group of n bytes takes n + 1 digits.
    text.truncate(bytes.len().saturating_mul(4).div_ceil(3));
    String::from_utf8(text).unwrap_or_default()
}

fn digit(bits: u32) -> u8 {
    DIGITS.get((bits & 63) as usize).copied().unwrap_or_default()
}

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
