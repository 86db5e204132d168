//! A shard's places for calls that wait for headers: who waits for one is woken with it.

use super::super::platform::timeout::within;
use crate::guard::shard::places::{PATIENCE, Places, Urgency};
use futures_channel::oneshot;
use std::cell::RefCell;
use std::rc::Rc;

type Waiter = oneshot::Sender<HeldPlace>;

#[derive(Clone)]
pub struct PlaceQueue(Rc<RefCell<Places<Waiter>>>);

/// A place, which the next in the queue has once this is dropped.
pub struct HeldPlace(Option<PlaceQueue>);

impl PlaceQueue {
    pub fn new(places: u32) -> Self {
        Self(Rc::new(RefCell::new(Places::new(places))))
    }

    /// A place, where one is free now.
    pub fn take(&self) -> Option<HeldPlace> {
        self.0.borrow_mut().take().then(|| HeldPlace(Some(self.clone())))
    }

    /// A place for a call, waited for. Returns `None` if it does not come in time.
    pub async fn wait_for_call(&self) -> Option<HeldPlace> {
        let place = self.wait(Urgency::Call)?;
        within(PATIENCE, place).await?.ok()
    }

    /// A place for work that nobody waits for, however long it takes.
    pub async fn wait_in_background(&self) -> Option<HeldPlace> {
        match self.take() {
            Some(place) => Some(place),
            None => self.wait(Urgency::Background)?.await.ok(),
        }
    }

    fn wait(&self, urgency: Urgency) -> Option<oneshot::Receiver<HeldPlace>> {
        let (waiter, place) = oneshot::channel();
        let mut places = self.0.borrow_mut();
        places.remove_gone(Waiter::is_canceled);
        places.wait(urgency, waiter).then_some(place)
    }

    fn give_back(&self) {
        loop {
            // The borrow ends before the place is handed over: a receiver that is gone drops it.
            let next = self.0.borrow_mut().give_back();
            let Some(waiter) = next else { return };
            match waiter.send(HeldPlace(Some(self.clone()))) {
                Ok(()) => return,
                // It has given up: the place goes to the next, here and not in the drop of what came back.
                Err(mut place) => drop(place.0.take()),
            }
        }
    }
}

impl HeldPlace {
    /// Gives it back before this is dropped.
    pub fn release(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.give_back();
        }
    }
}

impl Drop for HeldPlace {
    fn drop(&mut self) {
        self.release();
    }
}
