//! Time that passes: a future that is ready after a while, and costs nothing once it is dropped.

use super::js;
use crate::guard::time::Millis;
use futures_util::future::{Either, select};
use js_sys::{Function, Promise};
use std::future::Future;
use std::pin::pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// What a future gives within some time; nothing where it takes longer.
pub async fn within<T>(time: Millis, future: impl Future<Output = T>) -> Option<T> {
    let mut timer = Timer::start(time);
    match select(pin!(future), pin!(&mut timer.passed)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Is ready after some time.
pub async fn sleep(time: Millis) {
    // A timer that fails has passed as well.
    let _ = (&mut Timer::start(time).passed).await;
}

struct Timer {
    passed: JsFuture,
    resolve: Option<Function>,
    id: f64,
}

impl Timer {
    fn start(time: Millis) -> Self {
        let (mut id, mut kept) = (0.0, None);
        let promise = Promise::new(&mut |resolve, _reject| {
            id = js::set_timeout(&resolve, time.0 as f64);
            kept = Some(resolve);
        });
        Self { passed: promise.into(), resolve: kept, id }
    }
}

/// A timer that nobody waits for would keep its object in memory, and a promise that never settles
/// would keep its callbacks: the one is stopped, the other resolved.
impl Drop for Timer {
    fn drop(&mut self) {
        js::clear_timeout(self.id);
        if let Some(resolve) = &self.resolve {
            // Nobody listens, so nothing can go wrong in a listener.
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    }
}
