//! A caller who gives a key up, as `edge::object::key_status` has it.

use crate::bugs::Bug;
use crate::object::World;
use crate::state::Wakeup;
use onlyonce::guard::machine::{Action, Event, Fence};
use onlyonce::guard::record::Record;

impl World<'_> {
    /// The first client says that the key shall never be carried out, and hears what became of it.
    pub fn gives_up(&mut self) {
        let fence = Fence {
            credential: self.setting.clients[0].credential(),
            retry_window: self.setting.retry_window(),
            known_only: false,
        };
        let step = self.step(Event::Fence(fence), Wakeup::LookAgain);
        let is_told = step.action == Action::Tell;
        let fenced_until = match step.record {
            Record::Fenced { until } if is_told => Some(until.0),
            // It hears of a fence where there is none.
            Record::InFlight { .. } if self.has(Bug::FenceClaimed) => Some(u64::MAX),
            _ => None,
        };
        if let Some(until) = fenced_until {
            self.state.ledger.fenced(until);
        }
    }
}
