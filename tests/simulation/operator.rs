//! An operator at a shard, as `edge::object::admin` has it.

use crate::object::Wakeup;
use crate::origin::answer;
use crate::reference::Reference;
use crate::system::System;
use onlyonce::guard::machine::{Action, Event, Resolution, Transition};
use onlyonce::guard::record::Record;

impl System {
    pub fn forgets(&mut self, key: usize) {
        let copying = !self.object(key).copies.is_empty();
        let step = self.step(key, |_, _| Event::Forget);
        self.object(key).deleting |= step.action == Action::DropCopy;
        self.wake(key, &step, Wakeup::LookAgain);
        self.agrees(key, "forget", &step, |reference, now| reference.forgets(key, copying, now));
    }

    pub fn deleted(&mut self, key: usize) {
        self.changes_kv(key, None);
        let step = self.step(key, |_, _| Event::CopyDeleted);
        self.reference.deleted(key, self.now);
        self.wake(key, &step, Wakeup::LookAgain);
    }

    pub fn resolves(&mut self, key: usize, processed: bool) {
        self.answers += 1;
        let number = processed.then_some(self.answers);
        let resolution = match number {
            Some(number) => Resolution::Answered(answer(200, number, false)),
            None => Resolution::NotProcessed,
        };
        let Some(claim) = self.object(key).record().claim().map(|claim| claim.id) else {
            return;
        };
        let step = self.step(key, |_, _| Event::Resolve { claim, resolution });
        self.agrees(key, "resolve", &step, |reference, now| reference.resolves(key, number, now));
        self.wake(key, &step, Wakeup::LookAgain);
    }

    /// Whether an operator's command was carried out exactly where it should have been.
    fn agrees(
        &mut self,
        key: usize,
        wish: &'static str,
        step: &Transition,
        expected: impl FnOnce(&mut Reference, u64) -> bool,
    ) {
        let done = !matches!(step.action, Action::RefuseAdmin(_));
        let is_gone = !done && step.record == Record::Vacant;
        if is_gone && self.reference.is_vacant(key, self.now) {
            return;
        }
        self.count(if done { wish } else { "denied" });
        if done != expected(&mut self.reference, self.now) {
            self.complain(format!("an operator's {wish} of key {key} led to {:?}", step.action));
        }
    }
}
