//! Time that passes.

use super::tasks::Timer;
use crate::guard::time::Millis;
use std::future::{Future, Pending, pending};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is given some time.
pub struct Within<F> {
    future: F,
    timer: Timer,
}

/// What a future gives within some time; nothing where it takes longer.
pub fn within<F: Future + Unpin>(time: Millis, future: F) -> Within<F> {
    Within { future, timer: Timer::start(time.0 as f64) }
}

impl<F: Future + Unpin> Future for Within<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Self::Output> {
        match Pin::new(&mut self.future).poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            // A timer that fails has passed as well.
            Poll::Pending => Pin::new(&mut self.timer.passed).poll(context).map(|_| None),
        }
    }
}

/// Is ready after some time.
pub fn sleep(time: Millis) -> Within<Pending<()>> {
    within(time, pending())
}
