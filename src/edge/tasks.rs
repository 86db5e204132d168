//! Futures and promises, joined.
//!
//! 1. What comes in from the platform comes in as a task, and every task runs to the next thing
//!    that it waits for before the platform goes on: no turn of the event loop is spent on the way.
//!    One that waits for nothing gives what it has, without a promise.
//! 2. A task that wakes another does not run it: that one's turn comes when this one waits.
//! 3. A promise's outcome is told to the instance of this module that waits for it, and to no
//!    later one.

use super::js;
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "onlyonce-platform")]
extern "C" {
    #[wasm_bindgen(js_namespace = platform, js_name = onSettled)]
    fn on_settled(resume: &Closure<dyn Fn(u32, bool, JsValue)>);
    #[wasm_bindgen(js_namespace = platform)]
    fn watch(promise: &Promise, place: u32);
    /// The platform may return an object for a number, which reads as one.
    #[wasm_bindgen(js_namespace = platform)]
    fn sleep(place: u32, milliseconds: f64) -> f64;
    #[wasm_bindgen(js_namespace = platform)]
    fn deferred() -> Deferred;
}

#[wasm_bindgen]
extern "C" {
    type Deferred;
    #[wasm_bindgen(method, getter)]
    fn promise(this: &Deferred) -> Promise;
    #[wasm_bindgen(method)]
    fn resolve(this: &Deferred, value: &JsValue);
    #[wasm_bindgen(method)]
    fn reject(this: &Deferred, reason: &JsValue);

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);
}

/// What work comes to, and what a promise settles with.
pub type Outcome = Result<JsValue, JsValue>;

/// Some work whose outcome somebody waits for. Not a future of one output, which would take a state
/// machine around each kind of work.
trait Work {
    fn go_on(self: Pin<&mut Self>, context: &mut Context) -> Poll<Outcome>;
}

impl<F: Future<Output: Given>> Work for F {
    fn go_on(self: Pin<&mut Self>, context: &mut Context) -> Poll<Outcome> {
        self.poll(context).map(Given::outcome)
    }
}

/// What work may give: what a promise is kept with, or nothing.
pub trait Given {
    fn outcome(self) -> Outcome;
}

impl<T: Into<JsValue>> Given for Result<T, JsValue> {
    fn outcome(self) -> Outcome {
        self.map(Into::into)
    }
}

impl Given for () {
    fn outcome(self) -> Outcome {
        Ok(JsValue::UNDEFINED)
    }
}

struct Task {
    work: Pin<Box<dyn Work>>,
    deferred: Deferred,
    waker: Waker,
}

thread_local! {
    static TASKS: RefCell<Places<Task>> = RefCell::default();
    static WAITS: RefCell<Places<Rc<Wait>>> = RefCell::default();
    /// The tasks that have been woken, in order.
    static WOKEN: RefCell<Vec<usize>> = RefCell::default();
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs once in every instance, before anything else.
#[wasm_bindgen(start, private)]
fn start() {
    let closure = Closure::<dyn Fn(u32, bool, JsValue)>::new(resume);
    on_settled(&closure);
    closure.forget();
}

/// Runs what the platform asks for, and gives what comes of it: at once, or the promise of it.
pub fn answer(work: impl Future<Output: Given> + 'static) -> JsValue {
    answer_boxed(Box::pin(work))
}

/// Apart from [`answer`], so that it is compiled once and not for every kind of work.
fn answer_boxed(mut work: Pin<Box<dyn Work>>) -> JsValue {
    js::new_turn();
    let (place, waker) = reserve();
    let others = RUNNING.replace(true);
    let ended = work.as_mut().go_on(&mut Context::from_waker(&waker));
    RUNNING.set(others);
    if ended.is_ready() {
        TASKS.with_borrow_mut(|tasks| tasks.free(place));
    }
    let answer = match ended {
        Poll::Ready(Ok(value)) => value,
        Poll::Ready(Err(reason)) => Promise::reject(&reason).into(),
        Poll::Pending => keep(place, work, waker).into(),
    };
    run();
    answer
}

/// Runs some work as soon as whoever asks for it waits, and gives the promise of what comes of it.
pub fn spawn(work: impl Future<Output: Given> + 'static) -> Promise {
    spawn_boxed(Box::pin(work))
}

fn spawn_boxed(work: Pin<Box<dyn Work>>) -> Promise {
    // Where no task is running, the platform has just called.
    if !RUNNING.get() {
        js::new_turn();
    }
    let (place, waker) = reserve();
    let promise = keep(place, work, waker.clone());
    waker.wake();
    run();
    promise
}

fn reserve() -> (usize, Waker) {
    let place = TASKS.with_borrow_mut(Places::reserve);
    (place, Waker::from(Arc::new(Woken(place))))
}

fn keep(place: usize, work: Pin<Box<dyn Work>>, waker: Waker) -> Promise {
    let deferred = deferred();
    let promise = deferred.promise();
    TASKS.with_borrow_mut(|tasks| tasks.fill(place, Task { work, deferred, waker }));
    promise
}

/// The place of a task.
struct Woken(usize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        WOKEN.with_borrow_mut(|woken| woken.push(self.0));
    }
}

/// Runs what has been woken, until nothing is.
fn run() {
    if RUNNING.replace(true) {
        return;
    }
    loop {
        let woken = WOKEN.take();
        if woken.is_empty() {
            break;
        }
        woken.into_iter().for_each(go_on);
    }
    RUNNING.set(false);
}

/// Runs a task to the next thing that it waits for. One that has ended may be woken still, and
/// another that has taken its place waits on.
fn go_on(place: usize) {
    let Some(mut task) = TASKS.with_borrow_mut(|tasks| tasks.take(place)) else { return };
    match task.work.as_mut().go_on(&mut Context::from_waker(&task.waker)) {
        Poll::Pending => return TASKS.with_borrow_mut(|tasks| tasks.fill(place, task)),
        Poll::Ready(Ok(value)) => task.deferred.resolve(&value),
        Poll::Ready(Err(reason)) => task.deferred.reject(&reason),
    }
    TASKS.with_borrow_mut(|tasks| tasks.free(place));
}

/// Something outside that a task waits for.
#[derive(Default)]
struct Wait {
    outcome: Cell<Option<Outcome>>,
    waker: Cell<Option<Waker>>,
}

/// The outcome of a promise, or the end of a timer.
pub struct Waiting(Rc<Wait>);

impl Waiting {
    fn new() -> (Self, u32) {
        let wait = Rc::new(Wait::default());
        let place = WAITS.with_borrow_mut(|waits| {
            let place = waits.reserve();
            waits.fill(place, wait.clone());
            place
        });
        (Self(wait), place as u32)
    }

    /// Waits for a promise; one that could not be had has failed.
    pub fn of(promise: Result<Promise, JsValue>) -> Self {
        match promise {
            Ok(promise) => {
                let (waiting, place) = Self::new();
                watch(&promise, place);
                waiting
            }
            Err(reason) => Self::ended(Err(reason)),
        }
    }

    /// There is nothing to wait for.
    pub fn ended(outcome: Outcome) -> Self {
        Self(Rc::new(Wait { outcome: Cell::new(Some(outcome)), waker: Cell::default() }))
    }
}

impl Future for Waiting {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<Outcome> {
        match self.0.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.0.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

fn resume(place: u32, fulfilled: bool, value: JsValue) {
    js::new_turn();
    let wait = WAITS.with_borrow_mut(|waits| waits.remove(place as usize));
    let Some(wait) = wait else { return };
    wait.outcome.set(Some(if fulfilled { Ok(value) } else { Err(value) }));
    if let Some(waker) = wait.waker.take() {
        waker.wake();
    }
    // A timer tells by it that its time has passed.
    drop(wait);
    run();
}

/// A timer, which ends when it is dropped: one that nobody waits for would keep its object in
/// memory.
pub struct Timer {
    pub passed: Waiting,
    place: u32,
    id: f64,
}

impl Timer {
    pub fn start(milliseconds: f64) -> Self {
        let (passed, place) = Waiting::new();
        Self { passed, place, id: sleep(place, milliseconds) }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Once the time has passed, the place is another's.
        if Rc::strong_count(&self.passed.0) > 1 {
            clear_timeout(self.id);
            WAITS.with_borrow_mut(|waits| waits.remove(self.place as usize));
        }
    }
}

/// Values by the number of their place; a place that was freed is used again.
struct Places<T> {
    values: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { values: Vec::new(), free: Vec::new() }
    }
}

impl<T> Places<T> {
    fn reserve(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            self.values.len().saturating_sub(1)
        })
    }

    fn fill(&mut self, place: usize, value: T) {
        if let Some(at) = self.values.get_mut(place) {
            *at = Some(value);
        }
    }

    /// The value, whose place stays reserved.
    fn take(&mut self, place: usize) -> Option<T> {
        self.values.get_mut(place)?.take()
    }

    fn free(&mut self, place: usize) {
        self.free.push(place);
    }

    fn remove(&mut self, place: usize) -> Option<T> {
        let value = self.take(place)?;
        self.free(place);
        Some(value)
    }
}
