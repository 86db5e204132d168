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
pub struct HeldPlace {
    queue: Option<PlaceQueue>,
    urgency: Urgency,
}

impl PlaceQueue {
    pub fn new(places: u32) -> Self {
        Self(Rc::new(RefCell::new(Places::new(places))))
    }

    /// A place for a call, where one is free now.
    pub fn take_for_call(&self) -> Option<HeldPlace> {
        self.take(Urgency::Call)
    }

    /// A place for work that nobody waits for, where one is free now.
    pub fn take_in_background(&self) -> Option<HeldPlace> {
        self.take(Urgency::Background)
    }

    /// A place for a call, waited for where none is free. Returns `None` if it does not come in time.
    pub async fn wait_for_call(&self) -> Option<HeldPlace> {
        match self.take_for_call() {
            Some(place) => Some(place),
            None => within(PATIENCE, self.wait(Urgency::Call)?).await?.ok(),
        }
    }

    /// A place for work that nobody waits for, however long it takes. Returns `None` where too many
    /// wait already.
    pub async fn wait_in_background(&self) -> Option<HeldPlace> {
        match self.take_in_background() {
            Some(place) => Some(place),
            None => self.wait(Urgency::Background)?.await.ok(),
        }
    }

    fn take(&self, urgency: Urgency) -> Option<HeldPlace> {
        self.0.borrow_mut().take(urgency).then(|| self.held(urgency))
    }

    fn held(&self, urgency: Urgency) -> HeldPlace {
        HeldPlace { queue: Some(self.clone()), urgency }
    }

    fn wait(&self, urgency: Urgency) -> Option<oneshot::Receiver<HeldPlace>> {
        let (waiter, place) = oneshot::channel();
        let mut places = self.0.borrow_mut();
        places.remove_gone(Waiter::is_canceled);
        places.wait(urgency, waiter).then_some(place)
    }

    fn give_back(&self, mut urgency: Urgency) {
        loop {
            // The borrow ends before the place is handed over: a receiver that is gone drops it.
            let next = self.0.borrow_mut().give_back(urgency);
            let Some((wanted, waiter)) = next else { return };
            match waiter.send(self.held(wanted)) {
                Ok(()) => return,
                // It has given up: the place goes to the next, here and not in the drop of what came back.
                Err(mut place) => drop(place.queue.take()),
            }
            urgency = wanted;
        }
    }
}

impl HeldPlace {
    /// Gives it back before this is dropped.
    pub fn release(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.give_back(self.urgency);
        }
    }
}

impl Drop for HeldPlace {
    fn drop(&mut self) {
        self.release();
    }
}
