//! Verifies what Cloudflare Access asserts, by the keys of its team.

use super::origin_fetch::fetch_from_network;
use super::platform::body::read_at_most;
use super::platform::web_crypto::is_rs256;
use super::platform::{log, now};
use crate::guard::operator::{
    Access, AdminError, Assertion, AssertionError, KeyCache, Lookup, MAX_DOCUMENT, SigningKey,
    signing_keys,
};
use js_sys::futures::JsFuture;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{AbortSignal, RequestInit, RequestRedirect, Response};

thread_local! {
    /// An isolate has one deployment's variables, and thus one team.
    static KEYS: RefCell<KeyCache> = RefCell::default();
}

/// How long the team may take to show its keys, in milliseconds.
const PATIENCE: u32 = 5000;

/// Whether the team has signed it.
pub async fn verify(access: &Access, assertion: &Assertion) -> Result<(), AdminError> {
    let key = key_of(access, assertion).await?;
    let Assertion { signature, signed, .. } = assertion;
    match is_rs256(&key.to_jwk(), signature, signed).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(AssertionError::Signature.into()),
        Err(_) => Err(AdminError::KeysUnreadable),
    }
}

async fn key_of(access: &Access, assertion: &Assertion) -> Result<SigningKey, AdminError> {
    let mut lookup = look_up(assertion);
    if lookup == Lookup::Read {
        let keys = read_keys(access).await;
        if keys.is_none() {
            let url = access.keys_url();
            log::warning(&format!("onlyonce: the signing keys at {url} could not be read"));
        }
        KEYS.with_borrow_mut(|cache| cache.on_read(keys, now()));
        lookup = look_up(assertion);
    }
    match lookup {
        Lookup::Found(key) => Ok(key),
        Lookup::Unknown => Err(AssertionError::UnknownKey.into()),
        Lookup::Read | Lookup::Unavailable => Err(AdminError::KeysUnreadable),
    }
}

fn look_up(assertion: &Assertion) -> Lookup {
    KEYS.with_borrow(|cache| cache.look_up(&assertion.key_id, now()))
}

/// Returns `None` if the team does not show them in time, at its own address and in its own form.
async fn read_keys(access: &Access) -> Option<Vec<SigningKey>> {
    let init = RequestInit::new();
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
    let sent = fetch_from_network(&access.keys_url(), &init).ok()?;
    let response: Response = JsFuture::from(sent).await.ok()?.unchecked_into();
    let document = read_at_most(&response, MAX_DOCUMENT).await?;
    let document = String::from_utf8(document).ok().filter(|_| response.status() == 200);
    signing_keys(&document?)
}
