//! What can happen next, in any order: the platform promises none.

use crate::bugs::Bug;
use crate::object::World;
use crate::operator::RecordCommand;
use crate::origin::Report;
use crate::probe::Word;
use crate::setting::{Setting, TICK};
use crate::state::{Call, Probe, Stage, State, Submission, Wakeup};
use crate::worker::View;
use onlyonce::guard::machine::Event;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModelAction {
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
    /// The answer is sealed, and can be stored.
    IsSealed(Call),
    /// The headers of an answer are there that comes in piece by piece.
    StreamBegins(Call),
    /// In time, late, before its time, or a second time.
    AlarmRings,
    CopyLands,
    CopyIsLost,
    StrayLands,
    DeletionLands,
    DeletionFails,
    Intervenes(RecordCommand),
    /// A caller gives the key up.
    GivesUp,
    /// The origin answers a question.
    IsTold(Probe, Word),
    Dies,
}

/// Everything that can happen in a state.
pub fn possible(setting: &Setting, state: &State, actions: &mut Vec<ModelAction>) {
    // Whoever was woken goes on before anything new comes in (microtasks), unless the runtime dies.
    let mut woken = state.submissions.iter().filter(|one| matches!(one.stage, Stage::Woken(_)));
    if woken.clone().next().is_some() {
        actions.extend(woken.by_ref().cloned().map(ModelAction::Hears));
        return dies(state, actions);
    }
    if state.ticks() < setting.ticks && state.holds_something() {
        actions.push(ModelAction::TimePasses);
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
    for probe in &state.object.probes {
        probed(state, probe, actions);
    }
    if state.left.fences > 0 {
        actions.push(ModelAction::GivesUp);
    }
    dies(state, actions);
}

fn clients(setting: &Setting, state: &State, actions: &mut Vec<ModelAction>) {
    for (client, doing) in state.clients.iter().enumerate() {
        if doing.waits {
            actions.push(ModelAction::TimesOut { client });
        } else if doing.attempts > 0 {
            let isolates = if setting.one_isolate { 0..1 } else { 0..2 };
            actions.extend(isolates.map(|isolate| ModelAction::Sends { client, isolate }));
        }
    }
}

fn on_its_way(state: &State, submission: &Submission, actions: &mut Vec<ModelAction>) {
    let one = || submission.clone();
    match &submission.stage {
        Stage::AtWorker => actions.push(ModelAction::Arrives(one())),
        Stage::Between(_) => actions.push(ModelAction::Decides(one())),
        Stage::Woken(_) => {}
        Stage::Joined { .. } => actions.push(ModelAction::WaitEnds(one())),
        Stage::Leading { .. } | Stage::Asking => {}
    }
    if submission.deadline().is_some_and(|deadline| state.now >= deadline) {
        actions.push(ModelAction::DeadlineComes(one()));
    }
    if !submission.is_read {
        return;
    }
    if submission.stage == Stage::AtWorker && state.isolates[submission.isolate].is_some() {
        actions.push(ModelAction::ReadsMemory(one()));
    }
    if state.kv.copy.is_some() {
        actions.push(ModelAction::ReadsKv(one(), View::Current));
    }
    if state.kv.before.is_some() {
        actions.push(ModelAction::ReadsKv(one(), View::Stale));
    }
    if submission.stage != Stage::AtWorker && state.left.duplicates > 0 {
        actions.push(ModelAction::CallsAgain(one()));
    }
}

fn origin(setting: &Setting, call: &Call, actions: &mut Vec<ModelAction>) {
    if !call.sent {
        actions.extend([ModelAction::IsSent(call.clone()), ModelAction::IsNotSent(call.clone())]);
        return;
    }
    if call.sealing.is_some() {
        return actions.push(ModelAction::IsSealed(call.clone()));
    }
    let report = |report| ModelAction::Reports(call.clone(), report);
    actions.extend([Report::Answers, Report::Fails, Report::Breaks].map(report));
    if !call.streams {
        actions.push(report(Report::Refuses));
    }
    if setting.streams && !call.streams {
        actions.push(ModelAction::StreamBegins(call.clone()));
    }
    if call.attempt > 1 {
        actions.push(report(Report::Conflicts));
    }
    if setting.declines {
        actions.push(report(Report::Declines));
    }
    if setting.large_answers {
        actions.push(report(Report::AnswersAtLength));
    }
}

/// It has nothing to show before it has received the request, and may show nothing for long after.
fn probed(state: &State, probe: &Probe, actions: &mut Vec<ModelAction>) {
    let told = |word| ModelAction::IsTold(probe.clone(), word);
    actions.extend([Word::Absent, Word::Nothing].map(told));
    if state.ledger.is_sent(probe.claim) {
        actions.push(told(Word::Found));
    }
}

fn platform(state: &State, actions: &mut Vec<ModelAction>) {
    if state.object.stored.is_some() {
        actions.push(ModelAction::AlarmRings);
    }
    if state.object.copying.is_some() {
        actions.extend([ModelAction::CopyLands, ModelAction::CopyIsLost]);
    }
    if state.kv.stray.is_some() {
        actions.push(ModelAction::StrayLands);
    }
    if state.object.deleting {
        actions.extend([ModelAction::DeletionLands, ModelAction::DeletionFails]);
    }
}

fn operator(state: &State, actions: &mut Vec<ModelAction>) {
    if state.left.interventions > 0 && state.object.stored.is_some() {
        let wishes = [RecordCommand::Forget, RecordCommand::NotProcessed, RecordCommand::Answered];
        actions.extend(wishes.map(ModelAction::Intervenes));
    }
}

/// Where nothing is held in memory, a death makes no difference.
fn dies(state: &State, actions: &mut Vec<ModelAction>) {
    if state.left.crashes > 0 && state.lives() {
        actions.push(ModelAction::Dies);
    }
}

/// What a state becomes; nothing where nothing changes.
pub fn next(setting: &Setting, state: &State, action: ModelAction) -> Option<State> {
    let mut world = World { setting, state: state.clone(), found: None };
    world.does(action);
    world.state.normalise(setting);
    (world.state != *state).then_some(world.state)
}

impl World<'_> {
    pub fn does(&mut self, action: ModelAction) {
        match action {
            ModelAction::TimePasses => {
                self.state.now += TICK.0;
                self.forgets();
            }
            ModelAction::Sends { client, isolate } => self.sends(client, isolate),
            ModelAction::TimesOut { client } => self.times_out(client),
            ModelAction::CallsAgain(one) => {
                self.state.left.duplicates -= 1;
                self.calls_again(self.place(&one));
            }
            ModelAction::ReadsMemory(one) => self.reads_memory(&one),
            ModelAction::ReadsKv(one, view) => self.reads_kv(&one, view),
            ModelAction::Arrives(one)
            | ModelAction::Decides(one)
            | ModelAction::Hears(one)
            | ModelAction::DeadlineComes(one) => self.proceed(&one),
            ModelAction::WaitEnds(one) => {
                let (one, _) = self.take_out(self.place(&one));
                self.answered(&one);
            }
            ModelAction::IsSent(call) => self.is_sent(&call),
            ModelAction::IsNotSent(call) => self.not_sent(call),
            ModelAction::Reports(call, report) => self.reports(call, report),
            ModelAction::IsSealed(call) => self.is_sealed(call),
            ModelAction::StreamBegins(call) => self.stream_begins(call),
            ModelAction::AlarmRings => drop(self.rings()),
            ModelAction::CopyLands => {
                let copy = self.state.object.copying.take();
                self.copy_lands(copy);
            }
            ModelAction::StrayLands => {
                let copy = self.state.kv.stray.take();
                self.copy_lands(copy);
            }
            ModelAction::CopyIsLost => self.state.object.copying = None,
            ModelAction::DeletionLands => self.deletion_lands(),
            ModelAction::DeletionFails => self.state.object.deleting = false,
            ModelAction::Intervenes(wish) => {
                self.intervenes(wish);
                self.state.left.interventions -= 1;
            }
            ModelAction::GivesUp => {
                self.gives_up();
                self.state.left.fences -= 1;
            }
            ModelAction::IsTold(probe, word) => self.is_told(&probe, word),
            ModelAction::Dies => {
                self.state.left.crashes -= 1;
                self.dies();
            }
        }
    }

    fn place(&self, submission: &Submission) -> usize {
        let place = self.state.submissions.iter().position(|one| one == submission);
        place.expect("the actions are those of this state")
    }

    pub fn proceed(&mut self, submission: &Submission) {
        let (one, news) = self.take_out(self.place(submission));
        match one.stage.clone() {
            Stage::AtWorker if self.has(Bug::ClaimAfterAwait) => {
                let stage = Stage::Between(self.state.object.stored.clone());
                self.state.submissions.push(Submission { stage, ..one });
            }
            Stage::Between(found) => {
                self.found = Some(found);
                self.on_submission(one);
            }
            Stage::Woken(_) => self.on_wakeup(one, news.expect("whoever is woken is told why")),
            Stage::AtWorker | Stage::Joined { .. } | Stage::Leading { .. } | Stage::Asking => {
                self.on_submission(one)
            }
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

    pub fn call(&mut self, call: &Call) -> &mut Call {
        let calls = &mut self.state.object.calls;
        calls.iter_mut().find(|open| *open == call).expect("the actions are those of this state")
    }

    /// What time has done by then is done; the caller reads along from here on.
    fn stream_begins(&mut self, call: Call) {
        self.step(Event::Look, Wakeup::LookAgain);
        self.call(&call).streams = true;
        self.tells_of_stream(&call);
    }

    fn is_sent(&mut self, call: &Call) {
        self.call(call).sent = true;
        self.state.ledger.sent(call.claim, call.attempt, self.state.now);
    }

    fn reports(&mut self, call: Call, report: Report) {
        if report == Report::Breaks && self.has(Bug::OriginRetried) {
            return self.call(&call).sent = false;
        }
        if self.is_sealed_first(report) {
            return self.begins_sealing(&call, report);
        }
        self.reported(call, report);
    }
}
