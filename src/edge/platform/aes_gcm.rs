//! AES-256-GCM by the platform's WebCrypto (Workers, "Web Crypto"), which computes outside this thread: each
//! call is awaited.

use super::random_bits;
use crate::guard::seal::{NONCE_BYTES, SealKey};
use js_sys::futures::JsFuture;
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array, global};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AesGcmParams, Crypto, CryptoKey, SubtleCrypto};

const ALGORITHM: &str = "AES-GCM";

/// A nonce, and the ciphertext behind it.
pub async fn encrypt(
    key: &SealKey,
    associated_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, JsValue> {
    let bits = random_bits().ok_or("the platform gave no random bits")?;
    let nonce = bits.get(..NONCE_BYTES).unwrap_or_default();
    let crypto = subtle()?;
    let key = import(&crypto, key, "encrypt").await?;
    let ciphertext = crypto.encrypt_with_object_and_js_u8_array(
        &parameters(nonce, associated_data),
        &key,
        &Uint8Array::from(plaintext),
    )?;
    Ok([nonce, &bytes(JsFuture::from(ciphertext).await?)].concat())
}

/// The plaintext. An error where the key is another one, or a bit has changed.
pub async fn decrypt(
    key: &SealKey,
    associated_data: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, JsValue> {
    let parts = sealed.split_at_checked(NONCE_BYTES);
    let (nonce, ciphertext) = parts.ok_or("the ciphertext breaks off")?;
    let crypto = subtle()?;
    let key = import(&crypto, key, "decrypt").await?;
    let plaintext = crypto.decrypt_with_object_and_js_u8_array(
        &parameters(nonce, associated_data),
        &key,
        &Uint8Array::from(ciphertext),
    )?;
    JsFuture::from(plaintext).await.map(bytes)
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    let crypto = Reflect::get(&global(), &"crypto".into())?;
    Ok(crypto.unchecked_into::<Crypto>().subtle())
}

async fn import(crypto: &SubtleCrypto, key: &SealKey, usage: &str) -> Result<CryptoKey, JsValue> {
    let bytes: Object = Uint8Array::from(key.as_bytes().as_slice()).unchecked_into();
    let usages = Array::of1(&usage.into());
    let key = crypto.import_key_with_str("raw", &bytes, ALGORITHM, false, &usages)?;
    JsFuture::from(key).await.map(JsCast::unchecked_into)
}

fn parameters(nonce: &[u8], associated_data: &[u8]) -> AesGcmParams {
    let parameters = AesGcmParams::new(ALGORITHM, &Uint8Array::from(nonce));
    parameters.set_additional_data(&Uint8Array::from(associated_data));
    parameters
}

fn bytes(buffer: JsValue) -> Vec<u8> {
    Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>()).to_vec()
}
