//! What Cloudflare Access asserts of whoever sends a request: a JWT in the header `Cf-Access-Jwt-Assertion`
//! (Cloudflare One, "Validate JWTs").
//!
//! 1. It is signed with RS256, whatever its header asks for, and is for this team's application and for now.
//!    A clock may be off by half a minute.
//! 2. Until its signature has been verified it says nothing; the keys are those of the team, and never what
//!    the token itself names.
//! 3. It names a person by the email address, or a service token by its client id (`common_name`), in printable
//!    ASCII: the name goes into the log. A person's has an `@` in it, a service's has none, and nobody
//!    is called as the token is.
//! 4. A sentence that refuses it holds nothing of it.

use super::access::Access;
use super::role::{Operator, Role, TOKEN};
use crate::guard::authorization::{compact_parts, token_part};
use crate::guard::time::UnixMillis;
use serde_json::Value;
use thiserror::Error;

/// The header's name. The cookie `CF_Authorization` is not looked at: Access does not always pass it on.
pub const ASSERTION_HEADER: &str = "cf-access-jwt-assertion";

/// In bytes. Browsers keep no cookie over 4 KiB, and Access keeps it in one.
const MAX_LENGTH: usize = 8 * 1024;

/// As long as an email address may be (RFC 5321 section 4.5.3.1), in bytes.
const MAX_NAME: usize = 254;

/// In seconds.
const LEEWAY: u64 = 30;

/// An assertion that would be good if its signature were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Which of the team's keys signed it.
    pub key_id: String,
    /// The bytes that were signed.
    pub signed: String,
    pub signature: Vec<u8>,
    name: String,
}

/// Why an assertion is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AssertionError {
    #[error(
        "the Access assertion is no signed token, is over 8 KiB or comes twice; let Cloudflare Access alone write Cf-Access-Jwt-Assertion"
    )]
    Malformed,
    #[error(
        "the Access assertion is not signed with RS256; let Cloudflare Access alone write Cf-Access-Jwt-Assertion"
    )]
    Algorithm,
    #[error("the Access assertion is another team's; compare ACCESS_TEAM with the team's address")]
    Issuer,
    #[error(
        "the Access assertion is for another application; compare ACCESS_AUD with the tag of the application in front of this path"
    )]
    Audience,
    #[error("the Access assertion has expired; sign in to Access again")]
    Expired,
    #[error(
        "the Access assertion is not valid yet; sign in to Access again, with a clock that is right"
    )]
    TooEarly,
    #[error(
        "the Access assertion names nobody; let people in by an email address and programs by a service token, in plain ASCII"
    )]
    Nobody,
    #[error(
        "the Access assertion is signed with a key that the team does not show; sign in to Access again"
    )]
    UnknownKey,
    #[error("the Access assertion's signature is wrong; sign in to Access again")]
    Signature,
}

impl Assertion {
    /// Reads the header's value. Nothing of it counts before [`Assertion::signature`] has been verified.
    pub fn parse(header: &str, access: &Access, now: UnixMillis) -> Result<Self, AssertionError> {
        let token = header.trim();
        let parts = compact_parts(token).filter(|_| token.len() <= MAX_LENGTH);
        let [head, payload, signature] = parts.ok_or(AssertionError::Malformed)?;
        let (signed, _) = token.rsplit_once('.').ok_or(AssertionError::Malformed)?;
        let key_id = key_id(&document(head)?)?;
        let claims = document(payload)?;
        check_claims(&claims, access, now.0 / 1000)?;
        Ok(Self {
            key_id,
            signed: signed.into(),
            signature: token_part(signature).ok_or(AssertionError::Malformed)?,
            name: name(&claims).ok_or(AssertionError::Nobody)?.into(),
        })
    }

    /// Who it is, once the signature has been verified.
    pub fn operator(&self, access: &Access) -> Operator {
        let role = if access.may_act(&self.name) { Role::Full } else { Role::ReadOnly };
        Operator { name: self.name.clone(), role, is_ambient: true }
    }
}

fn document(part: &str) -> Result<Value, AssertionError> {
    let text = token_part(part).and_then(|bytes| String::from_utf8(bytes).ok());
    let read = text.and_then(|text| serde_json::from_str(&text).ok());
    read.filter(Value::is_object).ok_or(AssertionError::Malformed)
}

/// What the token's header asks for beside a key is not done: an algorithm, keys of its own, extensions.
fn key_id(head: &Value) -> Result<String, AssertionError> {
    if text(head, "alg") != Some("RS256") {
        return Err(AssertionError::Algorithm);
    }
    // Extensions that have to be understood (RFC 7515 section 4.1.11).
    if head.get("crit").is_some() {
        return Err(AssertionError::Malformed);
    }
    text(head, "kid").map(Into::into).ok_or(AssertionError::UnknownKey)
}

/// `now` in seconds.
fn check_claims(claims: &Value, access: &Access, now: u64) -> Result<(), AssertionError> {
    if text(claims, "iss") != Some(&access.team) {
        return Err(AssertionError::Issuer);
    }
    // One tag, or a list of them (RFC 7519 section 4.1.3).
    let is_ours = |tag: &Value| access.audiences.iter().any(|own| tag.as_str() == Some(own));
    let audience = claims.get("aud").unwrap_or(&Value::Null);
    if !is_ours(audience) && !audience.as_array().is_some_and(|tags| tags.iter().any(is_ours)) {
        return Err(AssertionError::Audience);
    }
    let end = claims.get("exp").and_then(Value::as_u64).ok_or(AssertionError::Malformed)?;
    if end.saturating_add(LEEWAY) <= now {
        return Err(AssertionError::Expired);
    }
    for begin in ["nbf", "iat"].into_iter().filter_map(|name| claims.get(name)) {
        if begin.as_u64().ok_or(AssertionError::Malformed)? > now.saturating_add(LEEWAY) {
            return Err(AssertionError::TooEarly);
        }
    }
    Ok(())
}

fn name(claims: &Value) -> Option<&str> {
    let named = |name| text(claims, name).filter(|text| !text.is_empty());
    let name = match named("email") {
        Some(email) => Some(email).filter(|email| email.contains('@')),
        None => named("common_name").filter(|name| !name.contains('@') && *name != TOKEN),
    };
    let is_printable = |name: &&str| name.bytes().all(|byte| byte.is_ascii_graphic());
    name.filter(|name| name.len() <= MAX_NAME).filter(is_printable)
}

pub(super) fn text<'a>(document: &'a Value, member: &str) -> Option<&'a str> {
    document.get(member)?.as_str()
}
