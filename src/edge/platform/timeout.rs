//! Time limits on what is waited for.

use crate::guard::time::Millis;
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use worker::Delay;

/// What a future gives within some time. Returns `None` if it takes longer.
pub async fn within<F: Future>(time: Millis, future: F) -> Option<F::Output> {
    match select(pin!(future), sleep(time)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Is ready after some time.
pub fn sleep(time: Millis) -> Delay {
    // `Delay` hands the platform a 32-bit number.
    Duration::from_millis(time.0.min(i32::MAX as u64)).into()
}
