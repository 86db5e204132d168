//! RFC 4648, written apart from the guard's own.

const COMMON: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Section 4, with padding.
pub fn padded(bytes: &[u8]) -> String {
    let digits: String = bytes.chunks(3).map(digits).collect();
    let padding = "=".repeat((4 - digits.len() % 4) % 4);
    digits + &padding
}

/// Section 5, without.
pub fn url(bytes: &[u8]) -> String {
    bytes.chunks(3).map(digits).collect::<String>().replace('+', "-").replace('/', "_")
}

/// One digit more than there are bytes.
fn digits(group: &[u8]) -> String {
    let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    let digit = |at: usize| char::from(COMMON[(bits >> (18 - 6 * at) & 63) as usize]);
    (0..=group.len()).map(digit).collect()
}
