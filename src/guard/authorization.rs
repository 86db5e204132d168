//! What an Authorization header says of who sent it, unverified.
//!
//! 1. A JWT's claims are read under any scheme, and without one.
//! 2. A scheme that signs each request anew has parts that stay: [`SIGNING`] lists them.
//! 3. `Basic` often is one password for a whole application, so it does not say who somebody is by
//!    itself. Nor does a header without anything in it.

use super::document::Members;
use super::key::says_nothing;
use super::parameters::{only, parameters};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde_json::Value;
use serde_json::value::RawValue;

/// A scheme whose Authorization header is another one for each request, and what of it stays.
pub struct Signing {
    pub scheme: &'static str,
    /// All of them together say who signs. None stands for what comes before the colon, as in
    /// `AWS id:signature`.
    pub parameters: &'static [&'static str],
    /// What the parameters are apart by.
    separator: char,
}

/// The schemes, in lower case, and the parameters, in lower case too.
pub static SIGNING: [Signing; 28] = [
    // AWS Signature Version 4 and those who took it over.
    signing("aws4-hmac-sha256", &["credential"]),
    signing("aws4-ecdsa-p256-sha256", &["credential"]),
    signing("goog4-rsa-sha256", &["credential"]),
    signing("goog4-hmac-sha256", &["credential"]),
    signing("acs3-hmac-sha256", &["credential"]),
    signing("tc3-hmac-sha256", &["credential"]),
    signing("hmac-sha256", &["credential"]),
    // RFC 5849.
    signing("oauth", &["oauth_consumer_key", "oauth_token"]),
    // RFC 7616.
    signing("digest", &["username", "username*", "realm"]),
    signing("hawk", &["id"]),
    // draft-hammer-oauth-v2-mac-token.
    signing("mac", &["id"]),
    // draft-cavage-http-signatures.
    signing("signature", &["keyid"]),
    // Akamai's EdgeGrid.
    Signing { separator: ';', ..signing("eg1-hmac-sha256", &["client_token", "access_token"]) },
    signing("veracode-hmac-sha-256", &["id"]),
    signing("aws", &[]),
    signing("goog1", &[]),
    signing("oss", &[]),
    signing("sharedkey", &[]),
    signing("sharedkeylite", &[]),
    // Behind the first colon are a signature, a nonce and a time.
    signing("amx", &[]),
    // Ruby's api-auth, by the digest that it signs with.
    signing("apiauth", &[]),
    signing("apiauth-hmac-md5", &[]),
    signing("apiauth-hmac-sha", &[]),
    signing("apiauth-hmac-sha1", &[]),
    signing("apiauth-hmac-sha224", &[]),
    signing("apiauth-hmac-sha256", &[]),
    signing("apiauth-hmac-sha384", &[]),
    signing("apiauth-hmac-sha512", &[]),
];

const fn signing(scheme: &'static str, parameters: &'static [&'static str]) -> Signing {
    Signing { scheme, parameters, separator: ',' }
}

/// What the part before a colon is called, which has no name in the header.
const KEY_ID: &str = "key-id";

/// What stays of a header that signs: each part's name with its scheme before it, such as
/// `digest.username`, and its value. Returns `None` if the header does not sign, or not as its scheme
/// says.
pub fn signer(authorization: &str) -> Option<Vec<(String, Option<String>)>> {
    let (scheme, _) = authorization.split_once(' ')?;
    let signing = known(scheme)?;
    let names: &[&str] = if signing.parameters.is_empty() { &[KEY_ID] } else { signing.parameters };
    let part = |name: &&str| {
        let source = format!("{}.{name}", signing.scheme);
        let value = signed_part(authorization, &source);
        (source, value)
    };
    let parts: Vec<_> = names.iter().map(part).collect();
    // The first one, or the second: a Digest's name has two spellings.
    let is_named = parts.iter().take(2).any(|(_, value)| value.is_some());
    is_named.then_some(parts)
}

fn known(scheme: &str) -> Option<&'static Signing> {
    SIGNING.iter().find(|known| known.scheme.eq_ignore_ascii_case(scheme))
}

/// The part of a header that signs, where the header is of its scheme.
pub fn signed_part(authorization: &str, name: &str) -> Option<String> {
    let (wanted, name) = name.split_once('.')?;
    let (scheme, rest) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case(wanted) {
        return None;
    }
    if name == KEY_ID {
        let (id, _signature) = rest.trim().split_once(':')?;
        return Some(id.to_owned());
    }
    let separator = known(scheme).map_or(',', |signing| signing.separator);
    let parameters = parameters(rest, separator)?;
    let value = only(&parameters, name)?;
    // A Credential is an access key and the day, the region and the service that the signature is
    // for: at midnight it would be another one.
    let stays = if name == "credential" { value.split(['/', '&']).next()? } else { value };
    Some(stays.to_owned())
}

/// What says nothing where nothing follows it. Anything else may be a key without a scheme.
const BARE: [&str; 5] = ["", BASIC, "bearer", "token", "dpop"];
const BASIC: &str = "basic";

/// Whether a header says who somebody is, so that nothing else has to.
pub fn names_somebody(authorization: &str) -> bool {
    let (scheme, _) = authorization.split_once(' ').unwrap_or((authorization, ""));
    !scheme.eq_ignore_ascii_case(BASIC) && is_credential(authorization)
}

/// Whether a header says anything of who sends it: more than a scheme that nothing follows, or a script's
/// "undefined" in the place of a token. Repeated lines arrive joined by a comma.
pub fn is_credential(authorization: &str) -> bool {
    authorization.split(',').any(|line| is_line_a_credential(line.trim()))
}

fn is_line_a_credential(authorization: &str) -> bool {
    let (scheme, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
    match rest.trim() {
        "" => !says_nothing(scheme) && !BARE.iter().any(|bare| scheme.eq_ignore_ascii_case(bare)),
        token if says_nothing(token) => false,
        password if scheme.eq_ignore_ascii_case(BASIC) => !is_empty_password(password),
        _ => true,
    }
}

/// Whether neither the name nor the password of a `Basic` header says anything (RFC 7617 section 2).
fn is_empty_password(encoded: &str) -> bool {
    let decoded = TOKEN_BASE64.decode(encoded.trim_end_matches('=')).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    text.is_some_and(|text| text.split(':').all(says_nothing))
}

/// The claims of a token in JWS compact form (RFC 7519 section 7.2), unverified and each as it stands
/// in the token.
pub type Claims = Members<Box<RawValue>>;

pub fn claims(authorization: &str) -> Option<Claims> {
    let (_scheme, token) = authorization.split_once(' ').unwrap_or(("", authorization));
    let [_header, payload, _signature] = compact_parts(token.trim_matches(' '))?;
    serde_json::from_slice(&token_part(payload)?).ok()
}

/// Header, payload and signature of a token in JWS compact form (RFC 7515 section 7.1).
pub fn compact_parts(token: &str) -> Option<[&str; 3]> {
    let mut parts = token.split('.');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// The bytes of such a part.
pub fn token_part(part: &str) -> Option<Vec<u8>> {
    TOKEN_BASE64.decode(part).ok()
}

/// A token's parts have no padding (RFC 7515 section 2). The bits that a last digit has too many are
/// not looked at. Neither may change: a token that is read in another way names another record.
const TOKEN_BASE64: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// A claim as JSON text.
pub fn claim_text(claims: &Claims, name: &str) -> Option<String> {
    claim_value(&serde_json::from_str(claims.get(name)?.get()).ok()?)
}

/// Only kinds with one exact text are read: a fraction or a number beyond 64 bits could stand for more
/// than one identity.
pub fn claim_value(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if !(number.is_u64() || number.is_i64()) => None,
        Value::String(_) | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
