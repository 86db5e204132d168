//! An answer of the origin, from its first byte to its last.
//!
//! 1. A call ends in exactly one [`Event`], which is stored before anybody sees what it says, the first
//!    caller included; but for a stream, which its caller reads as it comes.
//! 2. An answer is whole where it comes to its end, whatever else its headers claim. The platform rejects
//!    a body that its connection's framing was not done with; `Content-Length` proves nothing beside that:
//!    chunks override it (RFC 9112 section 6.3), and a Worker may have taken it over from another response.
//! 3. What is too large is marked as not kept, and then handed on as it comes.
//! 4. What says "not processed" frees the key and is stored nowhere.

mod kept;

use super::super::object_client::RpcReply;
use super::super::platform::body::discard;
use super::super::platform::streams::{ChunkBuffer, Chunks, Pipe, ReadAhead};
use super::super::platform::timeout::within;
use super::super::platform::{digits, log, now};
use super::context::ObjectContext;
use super::copy_writer::write_copy;
use super::in_memory::{Answered, Released, Wakeup};
use super::live_head::LiveHead;
use super::origin_request::OriginRequest;
use super::record_store::BodyRows;
use super::recording::{Recorded, Recording};
use super::reply;
use crate::guard::machine::{Event, Transition};
use crate::guard::origin::{OriginVerdict, can_be_shown, has_no_body, is_stream, origin_verdict};
use crate::guard::policy::{KvWrite, Settings};
use crate::guard::record::{Answer, Body, Claim, INLINE_LIMIT, LeftOut, Record};
use crate::guard::rpc::{Delivery, SubmitResult};
use crate::guard::seal::MAX_BODY;
use crate::guard::time::{Millis, UnixMillis};
use futures_channel::oneshot;
use futures_util::future::join;
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStream, Response};

/// Wakes the one whose request was sent. Dropped without a word, it says: look at the record.
pub type LeaderSender = oneshot::Sender<Result<RpcReply, JsValue>>;

/// How long those who wait are kept waiting for the body of an answer that frees their key.
const SHARING_PATIENCE: Millis = Millis::seconds(1);

/// Sees to all that follows from a request that was sent.
pub async fn receive(context: Rc<ObjectContext>, request: OriginRequest, leader: LeaderSender) {
    let sent = match &request.sent {
        Ok(sent) => JsFuture::from(sent.clone()),
        Err(_) => return not_sent(&context, &request, leader),
    };
    match sent.await {
        Ok(response) => receive_response(context, request, leader, response.unchecked_into()).await,
        // The leader is not told here: it looks at the record, which says that nobody knows.
        Err(_) => lost(&context, &request),
    }
}

fn not_sent(context: &ObjectContext, request: &OriginRequest, leader: LeaderSender) {
    let Claim { id, attempt, .. } = request.claim;
    let event = Event::NotSent { claim: id, attempt };
    context.finish_origin_request(&request.record, attempt, event, &Wakeup::look_again);
    let detail = "the request could not be sent to the origin; nothing was carried out";
    // A leader that gave up has nothing to learn from this.
    let _ = leader.send(Ok(reply::unavailable(detail)));
}

/// The connection broke, or the answer did.
fn lost(context: &ObjectContext, request: &OriginRequest) {
    let Claim { id, attempt, .. } = request.claim;
    let event = Event::Failed { claim: id, attempt };
    context.finish_origin_request(&request.record, attempt, event, &Wakeup::look_again);
}

async fn receive_response(
    context: Rc<ObjectContext>,
    mut request: OriginRequest,
    leader: LeaderSender,
    response: Response,
) {
    // The headers are there: the connection no longer counts as waiting for them.
    request.place.release();
    context.memory.headers_came(&request.record, request.claim.attempt);
    let status = response.status();
    request.trace(Some(status));
    if !can_be_shown(status) {
        let Claim { id, attempt, .. } = request.claim;
        let event = Event::AnsweredNoSuchStatus { claim: id, attempt, status };
        context.finish_origin_request(&request.record, attempt, event, &Wakeup::look_again);
        return discard(&response).await;
    }
    let Ok(head) = LiveHead::of(&response) else { return lost(&context, &request) };
    let verdict = origin_verdict(&request.settings.release, status, |name| head.header(name));
    let answered_at = now();
    let origin_time = answered_at.since(request.started);
    let answer = OriginResponse { context, request, head, verdict, answered_at, origin_time };
    match verdict {
        OriginVerdict::NotProcessed => answer.release(response, leader).await,
        _ => answer.keep(response, leader).await,
    }
}

/// A response whose headers are there.
struct OriginResponse {
    context: Rc<ObjectContext>,
    request: OriginRequest,
    head: LiveHead,
    verdict: OriginVerdict,
    answered_at: UnixMillis,
    origin_time: Millis,
}

/// How a body ended that was handed on as it came.
enum StreamEnd {
    Stored,
    /// It broke off, or is not what the key's answer is.
    BrokeOff,
    TooMuch(Chunks),
}

impl OriginResponse {
    async fn keep(&self, response: Response, leader: LeaderSender) {
        let Some(body) = response.body().filter(|_| !has_no_body(self.head.status)) else {
            return self.done(Body::Inline { bytes: Vec::new() }, leader).await;
        };
        let streams = self.head.header("content-type").is_some_and(|kind| is_stream(&kind));
        if streams {
            return match Chunks::of(body) {
                Ok(chunks) => self.keep_stream(chunks, leader).await,
                Err(_) => lost(&self.context, &self.request),
            };
        }
        match self.begin(body, expected_length(&response)).await {
            // It fits into the record.
            Ok(ReadAhead { mut begun, rest: None }) => {
                self.done(Body::Inline { bytes: begun.take().to_vec() }, leader).await;
            }
            Ok(ReadAhead { begun, rest: Some(rest) }) => self.keep_large(begun, rest, leader).await,
            Err(_) => lost(&self.context, &self.request),
        }
    }

    /// A body that is expected to fit into the record is read in one go; any other not yet.
    async fn begin(
        &self,
        body: ReadableStream,
        expected: Option<u64>,
    ) -> Result<ReadAhead, JsValue> {
        let most = self.request.settings.max_stored_response.min(INLINE_LIMIT as u64);
        match expected.filter(|length| *length <= most) {
            Some(length) => ReadAhead::in_one_go(body, length).await,
            None => Chunks::of(body).map(ReadAhead::of_rest),
        }
    }

    async fn keep_large(&self, mut begun: ChunkBuffer, rest: Chunks, leader: LeaderSender) {
        let recording = self.recording();
        match recording.record(&begun.take(), rest).await {
            Recorded::Whole(body) => self.done(body, leader).await,
            Recorded::BrokeOff => lost(&self.context, &self.request),
            // A retry will be told that the answer was not kept; the first caller gets it as it comes.
            Recorded::TooMuch(rest) => {
                recording.end();
                let result = SubmitResult::NotKept { head: self.head.for_message() };
                let record = self.store(self.kept(Body::NotKept).await);
                let pipe = record.and_then(|record| self.pipe_to(leader, result, Some(&record)));
                let pipe = recording.follow(pipe).await;
                recording.hand_on(rest, pipe).await;
            }
        }
    }

    /// A stream is recorded, and its caller reads it as it comes. A caller who is gone changes nothing.
    async fn keep_stream(&self, chunks: Chunks, leader: LeaderSender) {
        let (memory, id) = (&self.context.memory, &self.request.record);
        // What time has done by now is done: a stream that begins past its deadline was in doubt before.
        if let Err(why) = self.context.on_event(id, Event::Look) {
            log::error(&format!("onlyonce: a record could not be looked at: {why}"));
        }
        // Should it fall silent, the platform gives up on it as on any origin, and it has broken off.
        memory.begin_stream(id, self.request.claim.attempt);
        if !self.request.follows {
            return self.keep_large(ChunkBuffer::default(), chunks, leader).await;
        }
        let _reading = memory.begin_reading(id);
        let recording = self.recording();
        let result = SubmitResult::Streamed { head: self.head.for_message() };
        let in_flight = Record::InFlight { claim: self.request.claim.clone(), previous: None };
        let pipe = self.pipe_to(leader, result, Some(&in_flight));
        let record = async {
            let recorded = recording.record(&Uint8Array::default(), chunks).await;
            let end = self.store_stream(recorded).await;
            recording.end();
            end
        };
        match join(record, recording.follow(pipe)).await {
            (StreamEnd::TooMuch(rest), pipe) => recording.hand_on(rest, pipe).await,
            (StreamEnd::Stored, Some(pipe)) => pipe.close().await,
            (StreamEnd::BrokeOff, Some(pipe)) => pipe.abort("the answer broke off").await,
            (StreamEnd::Stored | StreamEnd::BrokeOff, None) => {}
        }
    }

    async fn store_stream(&self, recorded: Recorded) -> StreamEnd {
        match recorded {
            Recorded::Whole(body) => match self.store(self.kept(body).await) {
                Some(_) => {
                    self.copy_in_background();
                    StreamEnd::Stored
                }
                None => StreamEnd::BrokeOff,
            },
            Recorded::BrokeOff => {
                lost(&self.context, &self.request);
                StreamEnd::BrokeOff
            }
            Recorded::TooMuch(rest) => {
                self.store(self.kept(Body::NotKept).await);
                StreamEnd::TooMuch(rest)
            }
        }
    }

    fn copy_in_background(&self) {
        if self.request.settings.kv_write == KvWrite::Always {
            let (context, id) = (self.context.clone(), self.request.record);
            self.context.in_background(write_copy(context, id, self.request.claim.id));
        }
    }

    fn recording(&self) -> Recording {
        let Claim { id, attempt, .. } = self.request.claim;
        let Settings { keeping, max_stored_response, .. } = &*self.request.settings;
        let in_memory = !keeping.is_plain();
        let most = if in_memory { MAX_BODY } else { u64::MAX };
        let (context, name) = (self.context.clone(), BodyRows { claim: id, attempt });
        Recording::new(context, name, most.min(*max_stored_response), in_memory)
    }

    /// The answer is stored, then shown, then copied.
    async fn done(&self, body: Body, leader: LeaderSender) {
        let came = match (self.request.settings.keeping.is_plain(), &body) {
            (false, Body::Inline { bytes }) => Some(Uint8Array::from(bytes.as_slice())),
            _ => None,
        };
        let Some(record) = self.store(self.kept(body).await) else { return };
        let (context, id) = (self.context.clone(), self.request.record);
        let claim = self.request.claim.id;
        let shown = match came {
            Some(body) => {
                let head = self.head.for_message();
                let result = match record.answer().is_some_and(Answer::has_body) {
                    true => SubmitResult::Whole { head },
                    false => SubmitResult::NotKept { head },
                };
                let origin = self.origin_time;
                Ok(reply::handed_on(result, Some(&record), origin, &self.head, &body))
            }
            None => reply::stored(&context, &id, &record, Delivery::First, Some(&self.head)),
        };
        // A leader that hung up is not there to be told; its retry finds the record.
        let _ = leader.send(shown);
        if self.request.settings.kv_write == KvWrite::Always {
            write_copy(context, id, claim).await;
        }
    }

    /// Stores the answer. Returns `None` if it did not become the record's.
    fn store(&self, kept: Answer) -> Option<Record> {
        let is_kept = |record: &Record| record.answer() == Some(&kept);
        let answered = Answered { claim: self.request.claim.id, head: self.head.clone() };
        let answered = Rc::new(answered);
        let wakeup = |record: &Record| match is_kept(record) && kept.left_out == LeftOut::Nothing {
            true => Wakeup::Answered(answered.clone()),
            false => Wakeup::LookAgain,
        };
        let record = self.finish(self.verdict, kept.clone(), &wakeup)?.record;
        Some(record).filter(is_kept)
    }

    fn finish(
        &self,
        verdict: OriginVerdict,
        answer: Answer,
        wakeup: &dyn Fn(&Record) -> Wakeup,
    ) -> Option<Transition> {
        let Claim { id, attempt, .. } = self.request.claim;
        let event = Event::Answered { claim: id, attempt, verdict, answer };
        self.context.finish_origin_request(&self.request.record, attempt, event, wakeup)
    }

    /// The status alone says that nothing was done. The body is waited for only a moment, so that
    /// those who wait under the same credential may share it.
    async fn release(&self, response: Response, leader: LeaderSender) {
        // A body that breaks off is left out: what it says was said by the status.
        let mut reading = pin!(ReadAhead::up_to(response.body(), INLINE_LIMIT as u64));
        match within(SHARING_PATIENCE, reading.as_mut()).await {
            Some(ReadAhead { mut begun, rest: None }) => self.share(begun.take(), leader),
            Some(read) => {
                let pipe = self.free(&Wakeup::look_again).then(|| self.pipe_to_released(leader));
                pass_on(pipe.flatten(), read).await;
            }
            None if self.free(&Wakeup::look_again) => {
                let pipe = self.pipe_to_released(leader);
                pass_on(pipe, reading.await).await;
            }
            None => {}
        }
    }

    /// Whether the key is free now. An earlier attempt's outcome outlasts this answer.
    fn free(&self, wakeup: &dyn Fn(&Record) -> Wakeup) -> bool {
        let answer = self.answer(Body::NotKept);
        let transition = self.finish(OriginVerdict::NotProcessed, answer, wakeup);
        transition.is_some_and(|transition| transition.record == Record::Vacant)
    }

    fn share(&self, body: Uint8Array, leader: LeaderSender) {
        let released = Rc::new(Released {
            head: self.head.clone(),
            body,
            credential: self.request.claim.credential.clone(),
            origin_time: self.origin_time,
        });
        let wakeup = |record: &Record| match *record == Record::Vacant {
            true => Wakeup::Released(released.clone()),
            false => Wakeup::LookAgain,
        };
        if self.free(&wakeup) {
            let _ = leader.send(Ok(reply::released(&released, false)));
        }
    }

    fn pipe_to_released(&self, leader: LeaderSender) -> Option<Pipe> {
        let head = self.head.for_message();
        self.pipe_to(leader, SubmitResult::Released { shared: false, head }, None)
    }

    /// Tells the leader, and returns the pipe to its body where it is still there.
    fn pipe_to(
        &self,
        leader: LeaderSender,
        result: SubmitResult,
        record: Option<&Record>,
    ) -> Option<Pipe> {
        let pipe = Pipe::of_any_length().ok()?;
        let reply = reply::handed_on(result, record, self.origin_time, &self.head, &pipe.readable);
        leader.send(Ok(reply)).ok().map(|()| pipe)
    }
}

async fn pass_on(pipe: Option<Pipe>, read: ReadAhead) {
    match pipe {
        Some(pipe) => pipe.pass_on(read).await,
        None => read.discard().await,
    }
}

/// How long the body is said to be, in bytes, which it need not be.
fn expected_length(response: &Response) -> Option<u64> {
    digits(&response.headers().get("content-length").ok()??)
}
