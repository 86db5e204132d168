//! One value from one task to another. There is one thread, so nothing is locked.
//!
//! 1. Who waits hears of the value, or of nothing where its sender has gone without one.
//! 2. Who sends learns whether anybody waits.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

pub struct Sender<T>(Rc<Slot<T>>);
pub struct Receiver<T>(Rc<Slot<T>>);

struct Slot<T> {
    value: Cell<Option<T>>,
    waker: Cell<Option<Waker>>,
}

pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Rc::new(Slot { value: Cell::new(None), waker: Cell::new(None) });
    (Sender(slot.clone()), Receiver(slot))
}

impl<T> Sender<T> {
    /// Whether somebody is there to hear it.
    pub fn send(self, value: T) -> bool {
        self.0.value.set(Some(value));
        !self.is_alone()
    }

    /// Whether nobody waits any more.
    pub fn is_alone(&self) -> bool {
        Rc::strong_count(&self.0) < 2
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    /// A task that is woken runs only once the sender is gone: see [`super::tasks`].
    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<T>> {
        let value = self.0.value.take();
        if value.is_some() || Rc::strong_count(&self.0) < 2 {
            return Poll::Ready(value);
        }
        self.0.waker.set(Some(context.waker().clone()));
        Poll::Pending
    }
}
