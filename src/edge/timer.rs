//! Time that passes.

use super::tasks::Timer;
use crate::guard::time::Millis;
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;

/// What a future gives within some time; nothing where it takes longer.
pub async fn within<T>(time: Millis, future: impl Future<Output = T>) -> Option<T> {
    let mut timer = Timer::start(time.0 as f64);
    match select(pin!(future), pin!(&mut timer.passed)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Is ready after some time.
pub async fn sleep(time: Millis) {
    // A timer that fails has passed as well.
    let _ = (&mut Timer::start(time.0 as f64).passed).await;
}
