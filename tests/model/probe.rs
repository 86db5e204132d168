//! The origin is asked what became of an unknown outcome, as `edge::object::probe` has it. It may act late, up
//! to the time after which the policy believes an absence; it may answer from a replica that lags behind,
//! or say nothing; and its answer may be on its way for as long as it likes.

use crate::bugs::Bug;
use crate::ledger::{Promise, claim_id, number};
use crate::object::World;
use crate::origin::answer_of;
use crate::setting::TICK;
use crate::state::{Probe, Stage, Wakeup, decode};
use onlyonce::guard::machine::{Event, Probed};
use onlyonce::guard::record::{Answer, AnswerSource, ProbeAnswer, Record};
use onlyonce::guard::settle::{ProbeWord, Settle};
use onlyonce::guard::time::{Millis, UnixMillis};
use std::rc::Rc;

/// How long after the sending an absence begins to count.
pub const ABSENT_AFTER: Millis = Millis(2 * TICK.0);

/// Stands in an answer in the place of an attempt.
const SETTLED: u32 = 254;

/// What the origin says when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    Found,
    Absent,
    Nothing,
}

/// How the origin is asked: a tick after the outcome became unknown, and when an absence counts.
pub fn settle() -> Rc<Settle> {
    asked_with(ABSENT_AFTER)
}

fn asked_with(absent_after: Millis) -> Rc<Settle> {
    let path = "/orders?key={key}".into();
    Rc::new(Settle { path, found: "/0".into(), absent_after, at: vec![TICK] })
}

impl World<'_> {
    /// `Action::Probe`: one question at a time for each claim.
    pub fn probes(&mut self, record: &Record) {
        let Record::Unknown { claim, .. } = record else { return };
        let is_same = |open: &Probe| open.claim == number(claim);
        let is_alone = !self.state.object.probes.iter().any(is_same);
        self.state.ledger.hold(Promise::OneProbe, is_alone);
        let probe = Probe { claim: number(claim), asked_at: self.state.now };
        self.state.object.probes.push(probe);
    }

    /// The origin's word comes in: `probe::ask`.
    pub fn is_told(&mut self, probe: &Probe, word: Word) {
        let open = &mut self.state.object.probes;
        let place = open.iter().position(|one| one == probe);
        open.remove(place.expect("the actions are those of this state"));
        let asked_of = claim_id(probe.claim.into());
        let word = match word {
            Word::Found => ProbeWord::Found(Answer {
                source: AnswerSource::Settled,
                ..answer_of(&asked_of, SETTLED, 200)
            }),
            Word::Absent => ProbeWord::Said(ProbeAnswer::Absent),
            Word::Nothing => ProbeWord::Said(ProbeAnswer::NoWord(None)),
        };
        if word == ProbeWord::Said(ProbeAnswer::Absent) {
            let is_quiet = self.state.object.calls.is_empty();
            self.state.ledger.absent(probe.claim, probe.asked_at, ABSENT_AFTER.0, is_quiet);
        }
        let believed_of = match decode(&self.state.object.stored).claim() {
            Some(claim) if self.has(Bug::ProbeOfAnyClaim) => claim.id,
            _ => asked_of,
        };
        let asked_at =
            if self.has(Bug::AbsenceByItsAnswer) { self.state.now } else { probe.asked_at };
        let is_hasty = self.has(Bug::AbsenceBelieved);
        let settle = if is_hasty { asked_with(Millis(0)) } else { settle() };
        let (claim, asked_at) = (believed_of, UnixMillis(asked_at));
        self.step(Event::Probed(Probed { claim, asked_at, settle, word }), Wakeup::LookAgain);
        for one in self.state.submissions.iter_mut().filter(|one| one.stage == Stage::Asking) {
            one.stage = Stage::Woken(Wakeup::LookAgain);
        }
    }
}
