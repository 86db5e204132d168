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
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |shift: u32| DIGITS.get((bits >> shift & 63) as usize).copied();
        // A group of n bytes takes n + 1 digits.
        let digits = [18, 12, 6, 0].into_iter().take(group.len().saturating_add(1));
        text.extend(digits.filter_map(digit));
    }
    text.into_iter().map(char::from).collect()
}

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
