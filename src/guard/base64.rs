//! Base64 (RFC 4648), read in either alphabet and without padding.

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
            bits = bits << 6 | u32::from(value(*digit, last)?);
        }
        // A group of n digits carries n - 1 whole bytes; one digit alone carries none.
        let [_, triple @ ..] =
            (bits << (6_usize.saturating_mul(4_usize.saturating_sub(group.len())))).to_be_bytes();
        let whole = group.len().checked_sub(1).filter(|whole| *whole > 0)?;
        bytes.extend(triple.get(..whole)?);
    }
    Some(bytes)
}

fn value(digit: u8, last: [u8; 2]) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => digit.checked_sub(b'A'),
        b'a'..=b'z' => digit.checked_sub(b'a').and_then(|value| value.checked_add(26)),
        b'0'..=b'9' => digit.checked_sub(b'0').and_then(|value| value.checked_add(52)),
        digit if digit == last[0] => Some(62),
        digit if digit == last[1] => Some(63),
        _ => None,
    }
}
