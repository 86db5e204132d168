//! Asks the shards of one page of an operator's question.
//!
//! 1. Each gets the operator's own request, and answers with a message; some are asked at once, and none is
//!    waited for longer than [`PATIENCE`].
//! 2. One that cannot be reached, or answers with anything else, is named, and the rest counts.

use super::incoming::Incoming;
use super::object_client::shard_stub;
use super::platform::body::read_all;
use super::platform::promise_of;
use super::platform::timeout::within;
use crate::guard::operator::shards_of_page;
use crate::guard::rpc::RpcError;
use crate::guard::time::Millis;
use js_sys::futures::JsFuture;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Response;

/// What the shards of one page said.
pub struct Answers {
    /// Each shard's name and its message, which is empty where none came.
    messages: Vec<(String, Vec<u8>)>,
    /// The first of those that the page leaves to the next one.
    next_shard: Option<u32>,
}

impl Answers {
    /// The messages, the names of the shards of which nothing could be learnt, and the first of those that
    /// are left to the next page.
    pub fn read<T>(
        self,
        decode: fn(&[u8]) -> Result<T, RpcError>,
    ) -> (Vec<T>, Vec<String>, Option<u32>) {
        let (mut found, mut unreachable) = (Vec::new(), Vec::new());
        for (name, message) in self.messages {
            match decode(&message) {
                Ok(answer) => found.push(answer),
                Err(_) => unreachable.push(name),
            }
        }
        (found, unreachable, self.next_shard)
    }
}

/// How many shards are asked at once, and how long each may take.
const AT_ONCE: usize = 32;
const PATIENCE: Millis = Millis::seconds(5);

/// Asks the shards of the page that begins with `first_shard`.
pub async fn ask_all(incoming: &Incoming, first_shard: u32) -> Result<Answers, JsValue> {
    let (names, next_shard) = shards_of_page(&incoming.config.policy.sharding, first_shard);
    let mut messages = Vec::new();
    for names in names.chunks(AT_ONCE) {
        let asked: Array = names.iter().map(|shard| ask(incoming, shard)).collect();
        let answers: Array = JsFuture::from(Promise::all(&asked)).await?.unchecked_into();
        messages.extend(
            names.iter().zip(answers).map(|(name, answer)| {
                (name.clone(), answer.unchecked_into::<Uint8Array>().to_vec())
            }),
        );
    }
    Ok(Answers { messages, next_shard })
}

/// The promise of a shard's answer, in bytes; of none at all where it does not come.
fn ask(incoming: &Incoming, shard: &str) -> Promise {
    let (stub, request) = (shard_stub(incoming, shard), Clone::clone(&incoming.request));
    promise_of(async move {
        let answer = async {
            let response: Response =
                stub.ok()?.fetch_with_request(request.into()).await.ok()?.into();
            read_all(&response).await.ok()
        };
        let answer = within(PATIENCE, answer).await.flatten();
        Ok(answer.unwrap_or_else(|| Uint8Array::new_with_length(0)).into())
    })
}
