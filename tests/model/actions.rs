//! What can happen next, in any order: the platform promises none.

use crate::bugs::Bug;
use crate::object::World;
use crate::operator::Wish;
use crate::origin::Report;
use crate::setting::{Setting, TICK};
use crate::state::{Call, Stage, State, Submission};
use crate::worker::View;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    TimePasses,
    Sends {
        client: usize,
        isolate: usize,
    },
    TimesOut {
        client: usize,
    },
    /// A submission arrives at the object.
    Arrives(Submission),
    /// With a bug: a submission decides upon what it read some time ago.
    Decides(Submission),
    /// One who was woken hears why.
    Hears(Submission),
    /// The time that a duplicate waits is over.
    WaitEnds(Submission),
    /// The deadline of the call that it leads, or waits for, is there.
    DeadlineComes(Submission),
    CallsAgain(Submission),
    ReadsMemory(Submission),
    ReadsKv(Submission, View),
    IsSent(Call),
    IsNotSent(Call),
    Reports(Call, Report),
    /// In time, late, before its time, or a second time.
    AlarmRings,
    CopyLands,
    CopyIsLost,
    StrayLands,
    DeletionLands,
    DeletionFails,
    Intervenes(Wish),
    Dies,
}

/// Everything that can happen in a state.
pub fn possible(setting: &Setting, state: &State, actions: &mut Vec<Action>) {
    // Whoever was woken goes on before anything new comes in (microtasks), unless the runtime dies.
    let mut woken = state.submissions.iter().filter(|one| matches!(one.stage, Stage::Woken(_)));
    if woken.clone().next().is_some() {
        actions.extend(woken.by_ref().cloned().map(Action::Hears));
        return dies(state, actions);
    }
    if state.ticks() < setting.ticks && state.holds_something() {
        actions.push(Action::TimePasses);
    }
    clients(setting, state, actions);
    for submission in &state.submissions {
        on_its_way(state, submission, actions);
    }
    for call in &state.object.calls {
        origin(setting, call, actions);
    }
    platform(state, actions);
    operator(state, actions);
    dies(state, actions);
}

fn clients(setting: &Setting, state: &State, actions: &mut Vec<Action>) {
    for (client, doing) in state.clients.iter().enumerate() {
        if doing.waits {
            actions.push(Action::TimesOut { client });
        } else if doing.attempts > 0 {
            let isolates = if setting.one_isolate { 0..1 } else { 0..2 };
            actions.extend(isolates.map(|isolate| Action::Sends { client, isolate }));
        }
    }
}

fn on_its_way(state: &State, submission: &Submission, actions: &mut Vec<Action>) {
    let one = || submission.clone();
    match &submission.stage {
        Stage::AtWorker => actions.push(Action::Arrives(one())),
        Stage::Between(_) => actions.push(Action::Decides(one())),
        Stage::Woken(_) => {}
        Stage::Joined { .. } => actions.push(Action::WaitEnds(one())),
        Stage::Leading { .. } => {}
    }
    if submission.deadline().is_some_and(|deadline| state.now >= deadline) {
        actions.push(Action::DeadlineComes(one()));
    }
    if !submission.is_read {
        return;
    }
    if submission.stage == Stage::AtWorker && state.isolates[submission.isolate].is_some() {
        actions.push(Action::ReadsMemory(one()));
    }
    if state.kv.copy.is_some() {
        actions.push(Action::ReadsKv(one(), View::Current));
    }
    if state.kv.before.is_some() {
        actions.push(Action::ReadsKv(one(), View::Stale));
    }
    if submission.stage != Stage::AtWorker && state.left.duplicates > 0 {
        actions.push(Action::CallsAgain(one()));
    }
}

fn origin(setting: &Setting, call: &Call, actions: &mut Vec<Action>) {
    if !call.sent {
        actions.extend([Action::IsSent(call.clone()), Action::IsNotSent(call.clone())]);
        return;
    }
    let report = |report| Action::Reports(call.clone(), report);
    actions.extend([Report::Answers, Report::Refuses, Report::Fails, Report::Breaks].map(report));
    if call.attempt > 1 {
        actions.push(report(Report::Conflicts));
    }
    if setting.large_answers {
        actions.push(report(Report::AnswersAtLength));
    }
}

fn platform(state: &State, actions: &mut Vec<Action>) {
    if state.object.stored.is_some() {
        actions.push(Action::AlarmRings);
    }
    if state.object.copying.is_some() {
        actions.extend([Action::CopyLands, Action::CopyIsLost]);
    }
    if state.kv.stray.is_some() {
        actions.push(Action::StrayLands);
    }
    if state.object.deleting {
        actions.extend([Action::DeletionLands, Action::DeletionFails]);
    }
}

fn operator(state: &State, actions: &mut Vec<Action>) {
    if state.left.interventions > 0 && state.object.stored.is_some() {
        let wishes = [Wish::Forget, Wish::NotProcessed, Wish::Answered];
        actions.extend(wishes.map(Action::Intervenes));
    }
}

/// Where nothing is held in memory, a death makes no difference.
fn dies(state: &State, actions: &mut Vec<Action>) {
    if state.left.crashes > 0 && state.lives() {
        actions.push(Action::Dies);
    }
}

/// What a state becomes; nothing where nothing changes.
pub fn next(setting: &Setting, state: &State, action: Action) -> Option<State> {
    let mut world = World { setting, state: state.clone(), found: None };
    world.does(action);
    world.state.normalise(setting);
    (world.state != *state).then_some(world.state)
}

impl World<'_> {
    pub fn does(&mut self, action: Action) {
        match action {
            Action::TimePasses => {
                self.state.now += TICK.0;
                self.forgets();
            }
            Action::Sends { client, isolate } => self.sends(client, isolate),
            Action::TimesOut { client } => self.times_out(client),
            Action::CallsAgain(one) => {
                self.state.left.duplicates -= 1;
                self.calls_again(self.place(&one));
            }
            Action::ReadsMemory(one) => self.reads_memory(&one),
            Action::ReadsKv(one, view) => self.reads_kv(&one, view),
            Action::Arrives(one)
            | Action::Decides(one)
            | Action::Hears(one)
            | Action::DeadlineComes(one) => self.goes_on(&one),
            Action::WaitEnds(one) => {
                let (one, _) = self.take_out(self.place(&one));
                self.answered(&one);
            }
            Action::IsSent(call) => self.is_sent(&call),
            Action::IsNotSent(call) => self.not_sent(call),
            Action::Reports(call, report) => self.reports(call, report),
            Action::AlarmRings => drop(self.rings()),
            Action::CopyLands => {
                let copy = self.state.object.copying.take();
                self.copy_lands(copy);
            }
            Action::StrayLands => {
                let copy = self.state.kv.stray.take();
                self.copy_lands(copy);
            }
            Action::CopyIsLost => self.state.object.copying = None,
            Action::DeletionLands => self.deletion_lands(),
            Action::DeletionFails => self.state.object.deleting = false,
            Action::Intervenes(wish) => {
                self.intervenes(wish);
                self.state.left.interventions -= 1;
            }
            Action::Dies => {
                self.state.left.crashes -= 1;
                self.dies();
            }
        }
    }

    fn place(&self, submission: &Submission) -> usize {
        let place = self.state.submissions.iter().position(|one| one == submission);
        place.expect("the actions are those of this state")
    }

    pub fn goes_on(&mut self, submission: &Submission) {
        let (one, news) = self.take_out(self.place(submission));
        match one.stage.clone() {
            Stage::AtWorker if self.has(Bug::ClaimAfterAwait) => {
                let stage = Stage::Between(self.state.object.stored.clone());
                self.state.submissions.push(Submission { stage, ..one });
            }
            Stage::Between(found) => {
                self.found = Some(found);
                self.takes(one);
            }
            Stage::Woken(_) => self.hears(one, news.expect("whoever is woken is told why")),
            Stage::AtWorker | Stage::Joined { .. } | Stage::Leading { .. } => self.takes(one),
        }
    }

    fn reads_memory(&mut self, submission: &Submission) {
        if let Some(copy) = self.recent(submission).filter(|copy| self.is_proven(submission, copy))
        {
            self.replays(self.place(submission), &copy);
        }
    }

    fn reads_kv(&mut self, submission: &Submission, view: View) {
        if let Some(copy) = self.copy(view).filter(|copy| self.is_proven(submission, copy)) {
            self.replays(self.place(submission), &copy);
        }
    }

    fn call(&mut self, call: &Call) -> &mut Call {
        let calls = &mut self.state.object.calls;
        calls.iter_mut().find(|open| *open == call).expect("the actions are those of this state")
    }

    fn is_sent(&mut self, call: &Call) {
        self.call(call).sent = true;
        self.state.ledger.sent(call.claim, call.attempt);
    }

    fn reports(&mut self, call: Call, report: Report) {
        if report == Report::Breaks && self.has(Bug::OriginRetried) {
            return self.call(&call).sent = false;
        }
        self.reported(call, report);
    }
}
