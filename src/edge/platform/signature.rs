//! Signatures of others, by the platform's WebCrypto: `web_sys` would bring all of it.

use js_sys::futures::JsFuture;
use js_sys::{Array, JSON, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn verify(
        algorithm: &str,
        key: &JsValue,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

const RSA: &str = "RSASSA-PKCS1-v1_5";

/// Whether this is the key's signature by RS256 (RFC 7518 section 3.3).
///
/// # Errors
///
/// The key is none that the platform takes.
pub async fn is_rs256(jwk: &str, signature: &[u8], signed: &str) -> Result<bool, JsValue> {
    let algorithm = JSON::parse(&format!(r#"{{"name":"{RSA}","hash":"SHA-256"}}"#))?;
    let (key, usages) = (JSON::parse(jwk)?, Array::of1(&"verify".into()));
    let key = JsFuture::from(import_key("jwk", &key, &algorithm, false, &usages)?).await?;
    let [signature, signed] = [signature, signed.as_bytes()].map(Uint8Array::from);
    let verified = JsFuture::from(verify(RSA, &key, &signature, &signed)?).await?;
    Ok(verified.is_truthy())
}
