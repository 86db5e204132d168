//! The platform's WebCrypto (Workers, "Web Crypto"), which computes outside this thread: each call is awaited.
//! `web_sys` would bring all of it.

use super::random_bits;
use crate::guard::seal::{NONCE_BYTES, SealKey};
use js_sys::futures::JsFuture;
use js_sys::{Array, ArrayBuffer, JSON, Promise, Reflect, Uint8Array};
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

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn encrypt(algorithm: &JsValue, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn decrypt(algorithm: &JsValue, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;
}

const RSA: &str = "RSASSA-PKCS1-v1_5";
const AES: &str = "AES-GCM";

/// Whether this is the key's signature by RS256 (RFC 7518 section 3.3).
///
/// # Errors
///
/// The key is none that the platform takes.
pub async fn is_rs256(jwk: &str, signature: &[u8], signed: &str) -> Result<bool, JsValue> {
    let algorithm = JSON::parse(&format!(r#"{{"name":"{RSA}","hash":"SHA-256"}}"#))?;
    let key = import("jwk", &JSON::parse(jwk)?, &algorithm, "verify").await?;
    let (signature, signed) = (Uint8Array::from(signature), Uint8Array::from(signed.as_bytes()));
    let verified = JsFuture::from(verify(RSA, &key, &signature, &signed)?).await?;
    Ok(verified.is_truthy())
}

/// A nonce, and behind it the ciphertext by AES-256-GCM.
pub async fn seal(
    key: &SealKey,
    associated_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, JsValue> {
    let bits = random_bits().ok_or("the platform gave no random bits")?;
    let nonce = bits.get(..NONCE_BYTES).unwrap_or_default();
    let key = import_aes(key, "encrypt").await?;
    let ciphertext = encrypt(&aes(nonce, associated_data)?, &key, &Uint8Array::from(plaintext))?;
    Ok([nonce, &bytes_of(ciphertext).await?].concat())
}

/// The plaintext of what was sealed. An error where the key is another one, or a bit has changed.
pub async fn unseal(
    key: &SealKey,
    associated_data: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, JsValue> {
    let parts = sealed.split_at_checked(NONCE_BYTES);
    let (nonce, ciphertext) = parts.ok_or("the ciphertext breaks off")?;
    let key = import_aes(key, "decrypt").await?;
    let plaintext = decrypt(&aes(nonce, associated_data)?, &key, &Uint8Array::from(ciphertext))?;
    bytes_of(plaintext).await
}

async fn import_aes(key: &SealKey, usage: &str) -> Result<JsValue, JsValue> {
    let bytes = Uint8Array::from(key.as_bytes().as_slice());
    import("raw", &bytes, &AES.into(), usage).await
}

async fn import(
    format: &str,
    key: &JsValue,
    algorithm: &JsValue,
    usage: &str,
) -> Result<JsValue, JsValue> {
    JsFuture::from(import_key(format, key, algorithm, false, &Array::of1(&usage.into()))?).await
}

fn aes(nonce: &[u8], associated_data: &[u8]) -> Result<JsValue, JsValue> {
    let parameters = JSON::parse(&format!(r#"{{"name":"{AES}"}}"#))?;
    Reflect::set(&parameters, &"iv".into(), &Uint8Array::from(nonce))?;
    Reflect::set(&parameters, &"additionalData".into(), &Uint8Array::from(associated_data))?;
    Ok(parameters)
}

async fn bytes_of(buffer: Promise) -> Result<Vec<u8>, JsValue> {
    let buffer = JsFuture::from(buffer).await?;
    Ok(Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>()).to_vec())
}
