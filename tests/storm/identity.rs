//! Who sends: the identities of one operation share its scope and differ in their credential.
//!
//! A user's tokens carry the same `iss` and `sub`, so they own the same keys; visitors without a token
//! are one owner, told apart by their cookies.

use crate::random::Random;

/// The header line that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub header: &'static str,
    pub value: String,
}

/// Whether an operation is a user's, who may have the same keys as another user.
pub fn identities(operation: usize, random: &mut Random) -> (bool, Vec<Identity>) {
    let count = 1 + random.below(3);
    let of_user = random.below(4) > 0;
    let identity = |number| match of_user {
        true => Identity { header: "authorization", value: token(operation, number) },
        false => Identity { header: "cookie", value: format!("visit={operation}-{number}") },
    };
    (of_user, (0..count).map(identity).collect())
}

fn token(user: usize, number: usize) -> String {
    let payload = format!(r#"{{"iss":"storm","sub":"user-{user}","iat":{number}}}"#);
    format!("Bearer e30.{}.signature{number}", base64url(payload.as_bytes()))
}

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = |group: &[u8]| {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |at: usize| char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
        (0..=group.len()).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(digits).collect()
}
