//! An operator at the shard, as `edge::object::admin` has it.

use crate::object::World;
use crate::origin::answer_of;
use crate::state::{Wakeup, decode};
use onlyonce::guard::machine::{Action, Event, Resolution, StorageOp};
use onlyonce::guard::record::Record;

/// What an operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordCommand {
    Forget,
    NotProcessed,
    Answered,
}

/// Stands in an answer in the place of an attempt.
const OPERATOR: u32 = 255;

impl World<'_> {
    /// An operator's command: `copy_writer::confirm_deletion` follows where the rules say so.
    pub fn intervenes(&mut self, wish: RecordCommand) {
        let record = decode(&self.state.object.stored);
        let claim = record.claim().map(|claim| claim.id);
        let event = match (wish, claim) {
            (RecordCommand::Forget, _) => Event::Forget,
            (_, None) => return,
            (RecordCommand::NotProcessed, Some(claim)) => {
                Event::Resolve { claim, resolution: Resolution::NotProcessed }
            }
            (RecordCommand::Answered, Some(claim)) => {
                let answer = answer_of(&claim, OPERATOR, 200);
                Event::Resolve { claim, resolution: Resolution::Answered(answer) }
            }
        };
        let step = self.step(event, Wakeup::LookAgain);
        self.state.object.deleting |= step.action == Action::DropCopy;
        let freed = matches!(step.record, Record::Forgotten { .. })
            || (wish == RecordCommand::NotProcessed && step.storage == StorageOp::Erase);
        if freed {
            self.state.ledger.freed();
        }
    }
}
