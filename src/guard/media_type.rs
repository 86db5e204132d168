//! What a request says that its body is: `Content-Type` (RFC 9110 section 8.3) and `Content-Encoding`.
//!
//! 1. A charset of UTF-8 is as good as none, since JSON and forms have no other. Any other one counts,
//!    and such a body is not looked into.
//! 2. A boundary does not count where the body is read by it. Two boundaries, or two charsets, are read
//!    in two ways, so such a body is not looked into either.
//! 3. Every other parameter counts as it is, its name in lower case. A value that is no media type
//!    counts as it is.

use super::digest::Digest;
use super::parameters::{Parameter, is_token, only, parameters};

pub struct MediaType {
    /// `application/json`, in lower case.
    essence: String,
    parameters: Vec<Parameter>,
}

impl MediaType {
    /// Returns `None` if the value is no media type.
    pub fn parse(value: &str) -> Option<Self> {
        let (essence, rest) = value.split_once(';').unwrap_or((value, ""));
        let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let is_type = is_token(kind) && is_token(subtype);
        is_type.then_some(Self { parameters: parameters(rest, ';')?, essence })
    }

    /// `application/json` and the `+json` types (RFC 6839 section 3.1).
    pub fn is_json(&self) -> bool {
        self.essence == "application/json" || self.essence.ends_with("+json")
    }

    pub fn is_form(&self) -> bool {
        self.essence == "application/x-www-form-urlencoded"
    }

    pub fn is_multipart_form(&self) -> bool {
        self.essence == "multipart/form-data"
    }

    /// The boundary of a multipart type: 1 to 70 characters of those that it may hold (RFC 2046 section
    /// 5.1.1).
    pub fn boundary(&self) -> Option<&str> {
        let boundary = only(&self.parameters, BOUNDARY)?;
        let may_hold = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        let is_one = (1..=70).contains(&boundary.len())
            && boundary.bytes().all(may_hold)
            && !boundary.ends_with(' ');
        (self.essence.starts_with("multipart/") && is_one).then_some(boundary)
    }

    /// Whether its texts are in UTF-8, as far as it says.
    pub fn is_utf8(&self) -> bool {
        let charsets = self.parameters.iter().filter(|(name, _)| name == CHARSET);
        charsets.clone().count() < 2 && charsets.into_iter().all(is_utf8)
    }

    /// Whether its texts are in UTF-8 or in ASCII, which is a part of it.
    pub fn is_utf8_or_ascii(&self) -> bool {
        let charset = only(&self.parameters, CHARSET);
        self.is_utf8() || charset.is_some_and(|charset| charset.eq_ignore_ascii_case("us-ascii"))
    }

    /// Adds what counts of it to a digest.
    pub fn add_to(&self, digest: Digest, is_read_by_boundary: bool) -> Digest {
        let counts = |parameter: &&Parameter| match parameter.0.as_str() {
            BOUNDARY => !is_read_by_boundary,
            CHARSET => !(self.is_utf8() && is_utf8(parameter)),
            _ => true,
        };
        let counted: Vec<_> = self.parameters.iter().filter(counts).collect();
        let digest = digest.field(self.essence.as_bytes()).number(counted.len());
        counted.into_iter().fold(digest, |digest, (name, value)| {
            digest.field(name.as_bytes()).field(value.as_bytes())
        })
    }
}

const BOUNDARY: &str = "boundary";
const CHARSET: &str = "charset";

fn is_utf8((name, value): &Parameter) -> bool {
    name == CHARSET && (value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8"))
}

/// The content coding of a body. Returns `None` if its bytes are what its type says.
pub fn coding(content_encoding: Option<String>) -> Option<String> {
    content_encoding.filter(|coding| !coding.trim().eq_ignore_ascii_case("identity"))
}
