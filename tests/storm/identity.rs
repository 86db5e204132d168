//! Who sends: the identities of one operation share its scope and differ in their credential.
//!
//! A user's tokens carry the same `iss` and `sub`, so they own the same keys; visitors without a token
//! are one owner, told apart by their cookies.

use serde_json::Value;

use crate::base64;
use crate::operator::scope;
use crate::random::Random;

/// The header line that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub header: &'static str,
    pub value: String,
}

/// Whose keys an operation's are, and who sends it.
pub struct Owner {
    /// Another user may have the same keys; a visitor shares them with every other.
    pub is_user: bool,
    pub scope: Value,
    pub identities: Vec<Identity>,
}

pub fn owner(operation: usize, random: &mut Random) -> Owner {
    let count = 1 + random.below(3);
    let is_user = random.below(4) > 0;
    let identity = |number| match is_user {
        true => Identity { header: "authorization", value: token(operation, number) },
        false => Identity { header: "cookie", value: format!("visit={operation}-{number}") },
    };
    let scope = match is_user {
        true => scope([("jwt:iss", "storm"), ("jwt:sub", &format!("user-{operation}"))]),
        false => scope([]),
    };
    Owner { is_user, scope, identities: (0..count).map(identity).collect() }
}

fn token(user: usize, number: usize) -> String {
    let payload = format!(r#"{{"iss":"storm","sub":"user-{user}","iat":{number}}}"#);
    format!("Bearer e30.{}.signature{number}", base64::url(payload.as_bytes()))
}
