//! Who asks, and what they may do.
//!
//! 1. Whoever shows the token (`ADMIN_TOKEN`) may do everything. Whoever Cloudflare Access names may read, and
//!    act where the deployment's list has them.
//! 2. What is shown has to be right: a wrong token or a wrong assertion is refused, though the other were good.
//!    Where both are, the token says what may be done and the assertion who does it. Where the team's keys
//!    cannot be read, nobody knows whether the assertion is right, and the token stands alone.
//! 3. Access puts the assertion on whatever a browser sends with its cookie, on a foreign page's behalf
//!    too. So who acts by it alone acts from the guard's own page, or from no page at all.

use super::access::Access;
use super::assertion::{ASSERTION_HEADER, Assertion};
use super::error::AdminError;
use super::is_operator;
use super::requests::{AdminRequest, RecordCommand};
use crate::guard::document::to_json;
use crate::guard::request_head::RequestHead;
use crate::guard::time::UnixMillis;
use serde::Serialize;

/// What whoever shows the token alone is called.
pub const TOKEN: &str = "token";

/// Under which name an act is told to the shard; the Worker writes it, over whatever came by that name.
pub const OPERATOR_HEADER: &str = "onlyonce-operator";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Full,
    ReadOnly,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// The verified email address or client id, or [`TOKEN`].
    #[serde(rename = "operator")]
    pub name: String,
    pub role: Role,
    /// Whether a browser shows by itself who it is.
    #[serde(skip)]
    pub is_ambient: bool,
}

/// What of a request says who asks; it counts once the assertion's signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    has_token: bool,
    pub assertion: Option<Assertion>,
}

impl Credentials {
    /// Reads them, where the deployment has a token, an application of Access, or both.
    pub fn of(
        head: &impl RequestHead,
        token: Option<&str>,
        access: Option<&Access>,
        now: UnixMillis,
    ) -> Result<Self, AdminError> {
        let assertion = match access.zip(head.header(ASSERTION_HEADER)) {
            Some((access, header)) => Some(Assertion::parse(&header, access, now)?),
            None => None,
        };
        let authorization = head.header("authorization");
        let has_token = token.is_some_and(|token| is_operator(authorization.as_deref(), token));
        let is_wrong =
            token.is_some() && !has_token && authorization.is_some_and(|it| is_bearer(&it));
        match (has_token || assertion.is_some(), access) {
            (true, _) if !is_wrong => Ok(Self { has_token, assertion }),
            (false, Some(_)) if !is_wrong => Err(AdminError::Unidentified),
            _ => Err(AdminError::Unauthorized),
        }
    }

    /// What is left where nobody can verify the assertion just now: the token, if it was shown.
    pub fn without_assertion(self) -> Option<Self> {
        self.has_token.then_some(Self { assertion: None, ..self })
    }

    /// Who asks. The assertion's signature must have been verified.
    pub fn operator(&self, access: Option<&Access>) -> Operator {
        let token = Operator { name: TOKEN.into(), role: Role::Full, is_ambient: false };
        let named = self.assertion.as_ref().zip(access).map(|(it, access)| it.operator(access));
        match named {
            Some(Operator { name, .. }) if self.has_token => Operator { name, ..token },
            Some(named) => named,
            None => token,
        }
    }
}

fn is_bearer(authorization: &str) -> bool {
    authorization.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

impl Operator {
    /// Whether they may ask this. `base` is the scheme and host that the request came to.
    pub fn check(
        &self,
        request: &AdminRequest,
        head: &impl RequestHead,
        base: &str,
    ) -> Result<(), AdminError> {
        if !request.acts() {
            return Ok(());
        }
        if self.role == Role::ReadOnly {
            return Err(AdminError::ReadOnly(self.name.clone()));
        }
        if self.is_ambient && is_from_foreign_page(head, base) {
            return Err(AdminError::ForeignPage);
        }
        Ok(())
    }

    /// `{"operator": "…", "role": "…"}`.
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

impl AdminRequest {
    /// Whether it changes what becomes of a key. Every request is named here, so that none slips in as one that
    /// only reads.
    pub fn acts(&self) -> bool {
        match self {
            Self::Find | Self::Unknown(_) | Self::Outcomes(_) | Self::Operator => false,
            Self::Record(_, command) => match command {
                RecordCommand::Inspect { .. } | RecordCommand::Open => false,
                RecordCommand::Forget | RecordCommand::Resolve => true,
            },
        }
    }
}

/// Whether a browser says that another page than the guard's own sends this (Fetch Metadata,
/// "Sec-Fetch-Site"); of browsers that do not, `Origin` tells, which all send with what changes something. What
/// sends neither is no browser.
fn is_from_foreign_page(head: &impl RequestHead, base: &str) -> bool {
    match (head.header("sec-fetch-site"), head.header("origin")) {
        (Some(site), _) => site != "same-origin",
        (None, Some(origin)) => origin != base,
        (None, None) => false,
    }
}
