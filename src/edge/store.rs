//! What one object stores: the record of its key, and the rows of a large answer.
//!
//! 1. Everything goes through the synchronous interface, so that a record is read, decided upon and
//!    written without a single await: no other request can come in between. The runtime creates its
//!    table at the first write, so looking up an unknown key writes nothing.
//! 2. A small record is read from storage once: an object has one instance at a time, so nobody else
//!    writes it. Where any write fails, what this instance believed counts for nothing.

use super::js::{ObjectStorage, SyncKv};
use crate::guard::bytes::decimal;
use crate::guard::machine::{StorageOp, Transition};
use crate::guard::record::{ClaimId, Record};
use crate::guard::scope::RecordId;
use crate::guard::seen::DuplicateCounts;
use crate::guard::time::UnixMillis;
use js_sys::Uint8Array;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};

const RECORD: &str = "record";
/// The record's id, for an alarm, which is not told whom it wakes. Written where it will be needed.
const NAME: &str = "name";

/// The size of a row in bytes; the platform's limit is 2 MB for key and value together.
pub const ROW_BYTES: u32 = 1024 * 1024;

/// The most bytes of a record that an object keeps in memory, which it shares with many.
const MOST_KNOWN: usize = 4 * 1024;

pub struct Store {
    storage: ObjectStorage,
    kv: SyncKv,
    /// The bytes of the stored record, where they are known.
    known: RefCell<Option<Vec<u8>>>,
}

impl Store {
    pub fn new(storage: ObjectStorage) -> Self {
        Self { kv: storage.kv(), storage, known: RefCell::default() }
    }

    /// The record, or one sentence on why it cannot be used.
    pub fn load(&self) -> Result<Record, String> {
        if let Some(bytes) = &*self.known.borrow() {
            return decode(bytes);
        }
        let value = self.kv.get(RECORD).map_err(|_| "the record's storage failed".to_owned())?;
        if value.is_undefined() {
            return Ok(Record::Vacant);
        }
        let Ok(bytes) = value.dyn_into::<Uint8Array>() else {
            return Err("the record is not stored as bytes".into());
        };
        let bytes = bytes.to_vec();
        let record = decode(&bytes)?;
        self.know(bytes);
        Ok(record)
    }

    fn know(&self, bytes: Vec<u8>) {
        self.known.replace(Some(bytes).filter(|bytes| bytes.len() <= MOST_KNOWN));
    }

    /// The record's id as [`Store::put_name`] wrote it.
    pub fn name(&self) -> Result<String, JsValue> {
        self.kv.get(NAME)?.as_string().ok_or_else(|| "the record's name is missing".into())
    }

    pub fn put_name(&self, id: &RecordId) -> Result<(), JsValue> {
        self.written(self.kv.put(NAME, &id.as_str().into()))
    }

    /// What was written down of a claim's duplicates.
    pub fn seen(&self, claim: &ClaimId) -> DuplicateCounts {
        let value = self.kv.get(&seen_name(claim)).ok();
        let bytes = value.and_then(|value| value.dyn_into::<Uint8Array>().ok());
        bytes
            .map_or_else(DuplicateCounts::default, |bytes| DuplicateCounts::decode(&bytes.to_vec()))
    }

    pub fn put_seen(&self, claim: &ClaimId, seen: DuplicateCounts) -> Result<(), JsValue> {
        let bytes = Uint8Array::from(seen.encode().as_slice());
        self.written(self.kv.put(&seen_name(claim), &bytes))
    }

    /// Makes a step's change. The output gate holds back everything that leaves the object after
    /// this until the change is durable (Durable Objects, "Output gates"). Alarm and record are
    /// written in one turn, so neither becomes durable without the other.
    pub fn apply(&self, step: &Transition) -> Result<(), JsValue> {
        // The alarm first: should the record not be written, an alarm that rings for nothing does no
        // harm, but a claim without an alarm would never be erased.
        if let Some(at) = step.alarm {
            self.set_alarm(at)?;
        }
        match step.change {
            StorageOp::Keep => Ok(()),
            StorageOp::Erase => {
                self.known.take();
                // Takes effect at once, alarm included; the promise only tells when it is durable.
                self.storage.delete_all().map(drop)
            }
            StorageOp::Put => self.put(&step.record),
        }
    }

    fn put(&self, record: &Record) -> Result<(), JsValue> {
        let Some(bytes) = record.encode() else { return Err("the record does not encode".into()) };
        self.known.take();
        self.kv.put(RECORD, &Uint8Array::from(bytes.as_slice()))?;
        self.know(bytes);
        Ok(())
    }

    /// Takes effect at once, in the place of the alarm that was set before.
    pub fn set_alarm(&self, at: UnixMillis) -> Result<(), JsValue> {
        self.written(self.storage.set_alarm(at.0 as f64).map(drop))
    }

    pub fn put_row(&self, name: &RowName, row: u32, bytes: &Uint8Array) -> Result<(), JsValue> {
        // A view would be stored with all of the buffer that it looks into.
        self.written(self.kv.put(&name.of(row), &bytes.slice(0, bytes.length())))
    }

    /// A write that fails may take others of its turn with it.
    fn written(&self, outcome: Result<(), JsValue>) -> Result<(), JsValue> {
        if outcome.is_err() {
            self.known.take();
        }
        outcome
    }

    /// For the platform to read rows from.
    pub fn kv(&self) -> &SyncKv {
        &self.kv
    }
}

fn decode(bytes: &[u8]) -> Result<Record, String> {
    Record::decode(bytes).map_err(|error| error.sentence())
}

fn seen_name(claim: &ClaimId) -> String {
    ["seen/", &claim.0].concat()
}

/// What the rows of one attempt's answer are called. They count only once a record names them.
#[derive(Clone)]
pub struct RowName(String);

impl RowName {
    pub fn new(claim: &ClaimId, attempt: u32) -> Self {
        Self(["body/", &claim.0, "/", &decimal(attempt.into())].concat())
    }

    /// For an answer without rows.
    pub fn none() -> (Self, u32) {
        (Self(String::new()), 0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(&self, row: u32) -> String {
        [&self.0, "/", &decimal(row.into())].concat()
    }
}
