//! What an operator may ask, and how it is answered.
//!
//! 1. `GET /.onlyonce/records/<id>` tells what is known; the answer's body only with `?body=1`.
//! 2. `POST /.onlyonce/find` names the record of a key.
//! 3. `GET /.onlyonce/unknown` lists the unknown outcomes of all shards.
//! 4. `GET /.onlyonce/outcomes` counts what became of the last hour's operations, by route.
//! 5. `DELETE /.onlyonce/records/<id>` forgets: the key is free two minutes after its copy is gone.
//! 6. `POST /.onlyonce/records/<id>/resolve` says what became of an unknown outcome.
//! 7. `POST /.onlyonce/records/<id>/open` shows the record with its sealed answer, to who names its key.
//! 8. `GET /.onlyonce/operator` says who asks, and whether they may act.
//!
//! Who asks, and whether they may, is decided before any of this: [`Credentials`], [`Operator::check`].

mod access;
mod assertion;
mod description;
mod error;
mod outcomes;
mod requests;
mod role;
mod shard_pages;
mod signing_keys;
mod unknown;

use crate::guard::digest::Digest;
pub use access::{Access, AccessError};
pub use assertion::{ASSERTION_HEADER, Assertion, AssertionError};
pub use description::{About, describe, found, vacant};
pub use error::{AdminError, FindError, ListError, ResolutionError, refusal};
pub use outcomes::{HeldRecord, OutcomesPage, OutcomesQuery, ShardOutcomes};
pub use requests::{AdminRequest, RecordCommand, find, resolution, seal_key};
pub use role::{Credentials, OPERATOR_HEADER, Operator, Role, TOKEN};
pub use shard_pages::{MAX_SHARDS, shards_of_page};
pub use signing_keys::{KeyCache, Lookup, MAX_DOCUMENT, SigningKey, signing_keys};
use subtle::ConstantTimeEq;
pub use unknown::{Cursor, MAX_READ, Position, ShardPage, UnknownEntry, UnknownPage, UnknownQuery};

/// The most bytes of a request's body: an answer of 64 KiB in base64, its headers, and some air.
pub const MAX_REQUEST_BODY: u64 = 192 * 1024;

/// Whether the `Authorization` header shows the operator's token. It takes as long for every wrong
/// token of one length: digests are compared, and without stopping at the first difference.
pub fn is_operator(authorization: Option<&str>, token: &str) -> bool {
    let shown = authorization.and_then(|value| value.split_once(' '));
    let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let digest = |token: &str| Digest::new("onlyonce operator 1").field(token.as_bytes()).hex();
    let (_, shown) = shown.unwrap_or_default();
    digest(shown.trim_matches(' ')).as_bytes().ct_eq(digest(token).as_bytes()).into()
}
