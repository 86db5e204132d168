//! Bodies, read to their ends outside WebAssembly's memory, and those that go along with a remote call.

use super::streams::{Chunks, ReadAhead};
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use wasm_bindgen::prelude::*;
use web_sys::{ReadableStream, Response};

#[wasm_bindgen]
extern "C" {
    /// A request or a response, whose body is read in one go.
    type Body;
    #[wasm_bindgen(method, catch)]
    fn bytes(this: &Body) -> Result<js_sys::Promise, JsValue>;

    /// The init of a request or a response, as far as it says whether the platform goes by a body's
    /// `Content-Encoding` (Workers, "Request" and "Response"); `web_sys` lacks both.
    pub type BodyCoding;
    #[wasm_bindgen(method, setter, js_name = encodeResponseBody)]
    pub fn set_encode_response_body(this: &BodyCoding, how: &str);
    #[wasm_bindgen(method, setter, js_name = encodeBody)]
    pub fn set_encode_body(this: &BodyCoding, how: &str);
}

/// All bytes of a request or a response.
pub async fn read_all(message: &JsValue) -> Result<Uint8Array, JsValue> {
    JsFuture::from(message.unchecked_ref::<Body>().bytes()?).await.map(JsCast::unchecked_into)
}

/// All bytes of a response's body. Returns `None` if there are more than `most`, or it broke off.
pub async fn read_at_most(response: &Response, most: u64) -> Option<Vec<u8>> {
    let mut read = ReadAhead::try_up_to(response.body(), most).await.ok()?;
    match read.rest {
        None => Some(read.begun.take().to_vec()),
        Some(_) => {
            read.discard().await;
            None
        }
    }
}

/// A message between Worker and shard, as the body of a response.
pub fn response_of(message: &[u8]) -> Result<Response, JsValue> {
    Response::new_with_opt_js_u8_array(Some(&Uint8Array::from(message)))
}

/// Nobody reads a response's body: it gives its connection back.
pub async fn discard(response: &Response) {
    if let Some(Ok(chunks)) = response.body().map(Chunks::of) {
        ReadAhead::of_rest(chunks).discard().await;
    }
}

/// All bytes of a body that came along with a remote call: at once or as a stream.
pub async fn read_sent(body: JsValue) -> Result<Uint8Array, JsValue> {
    match body.dyn_into::<Uint8Array>() {
        Ok(bytes) => Ok(bytes),
        Err(stream) => {
            let stream: ReadableStream = stream.unchecked_into();
            let whole = Response::new_with_opt_readable_stream(Some(&stream))?;
            read_all(&whole).await
        }
    }
}

/// Larger bodies go along with a remote call as a stream: the platform keeps what a call was given
/// until it ends (Workers, "Remote-procedure call"), and a duplicate's may wait for long.
const MAX_SENT_AT_ONCE: u32 = 64 * 1024;

/// A body in the form in which it goes along with a remote call.
pub fn to_send(body: &Uint8Array) -> Result<JsValue, JsValue> {
    if body.length() <= MAX_SENT_AT_ONCE {
        // A view would take all of the buffer along that it looks into.
        return Ok(body.slice(0, body.length()).into());
    }
    let response = Response::new_with_opt_js_u8_array(Some(body))?;
    Ok(response.body().map_or(JsValue::UNDEFINED, JsValue::from))
}
