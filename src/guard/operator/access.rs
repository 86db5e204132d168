//! Cloudflare Access in front of the operator's requests, as the deployment names it: `ACCESS_TEAM`,
//! `ACCESS_AUD` and `ACCESS_OPERATORS`.
//!
//! 1. Team and audience go together. Where they are not set, no assertion is looked at.
//! 2. The team's signing keys come from its own address: over https, or from this machine.
//! 3. Who is on the list may act. Everybody else whom Access lets in may read, and so may all where there is
//!    no list.

use crate::guard::origin::is_authority;
use thiserror::Error;

/// The application that Access guards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who signs, as assertions name it: an address without a slash behind it.
    pub team: String,
    /// The application's tags; an assertion is for one of them.
    pub audiences: Vec<String>,
    operators: Vec<String>,
}

/// Why the variables do not say which application that is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AccessError {
    #[error(
        "{0} is not set, and another of ACCESS_TEAM, ACCESS_AUD and ACCESS_OPERATORS is; set ACCESS_TEAM and ACCESS_AUD, or none of the three"
    )]
    Missing(&'static str),
    #[error(
        "ACCESS_TEAM \"{0}\" is no team's address; set it to one such as https://acme.cloudflareaccess.com"
    )]
    Team(String),
    #[error(
        "ACCESS_AUD \"{0}\" is no audience tag; copy the application's, with a comma between two"
    )]
    Audience(String),
    #[error(
        "ACCESS_OPERATORS \"{0}\" names nobody; write an email address, *@ and a domain, or a service token's client id, with a comma between two"
    )]
    Operator(String),
}

impl Access {
    /// Reads the three variables. Returns `None` if none is set.
    ///
    /// # Errors
    ///
    /// The first mistake.
    pub fn parse(
        team: Option<&str>,
        audiences: Option<&str>,
        operators: Option<&str>,
    ) -> Result<Option<Self>, AccessError> {
        let [team, audiences, operators] = [team, audiences, operators]
            .map(|value| value.map(str::trim).filter(|value| !value.is_empty()));
        if team.or(audiences).or(operators).is_none() {
            return Ok(None);
        }
        let team = team.ok_or(AccessError::Missing("ACCESS_TEAM"))?;
        let audiences = audiences.ok_or(AccessError::Missing("ACCESS_AUD"))?;
        Ok(Some(Self {
            team: address(team).ok_or_else(|| AccessError::Team(team.into()))?,
            audiences: list(audiences, is_tag).map_err(AccessError::Audience)?,
            operators: list(operators.unwrap_or_default(), is_entry)
                .map_err(AccessError::Operator)?,
        }))
    }

    /// Where the team's signing keys lie.
    pub fn keys_url(&self) -> String {
        format!("{}/cdn-cgi/access/certs", self.team)
    }

    /// Whether the list has this name, or all of its domain.
    pub fn may_act(&self, name: &str) -> bool {
        let domain = name.split_once('@').map(|(_, domain)| domain);
        self.operators.iter().any(|entry| match entry.strip_prefix("*@") {
            Some(wanted) => domain.is_some_and(|domain| domain.eq_ignore_ascii_case(wanted)),
            None => entry.eq_ignore_ascii_case(name),
        })
    }
}

/// A base URL without its last slash.
fn address(team: &str) -> Option<String> {
    let team = team.strip_suffix('/').unwrap_or(team);
    let authority = match team.strip_prefix("https://") {
        Some(authority) => authority,
        // Whoever stood on the way could give keys of their own.
        None => team.strip_prefix("http://").filter(|authority| is_this_machine(authority))?,
    };
    is_authority(authority).then(|| team.into())
}

fn is_this_machine(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _port)| host);
    matches!(host, "127.0.0.1" | "localhost")
}

/// What stands between the commas.
///
/// # Errors
///
/// The first that is none.
fn list(text: &str, is_one: fn(&str) -> bool) -> Result<Vec<String>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| if is_one(entry) { Ok(entry.into()) } else { Err(entry.into()) }).collect()
}

fn is_tag(tag: &str) -> bool {
    tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_entry(entry: &str) -> bool {
    match entry.strip_prefix("*@") {
        Some(domain) => is_authority(domain),
        None => entry.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*'),
    }
}
