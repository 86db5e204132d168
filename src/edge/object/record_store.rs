//! What a shard stores: the records of its keys, and the rows of large answers.
//!
//! 1. Everything is read and written synchronously, so that a record is read, decided upon and written
//!    without a single await (see `ObjectContext::step`).
//! 2. A record's row is named by its bucket and its id (see [`crate::guard::shard::retention`]). A key's
//!    whole life is three rows written: the claim, the answer, the deletion.
//! 3. Tables are made at the first claim: looking up an unknown key writes nothing.
//! 4. The small records of the keys that were asked for last are kept in memory: an object has one
//!    instance at a time, so nobody else writes them. Where any write fails, what this instance believed
//!    counts for nothing.
//!
//! SQL and not the synchronous key-value interface, which was measured beside it (docs/PERFORMANCE.md)
//! and is cheaper by some 40 µs of a first request: it has no order in which records that end together
//! stand together, so a purge would read every record of the shard, or a key cost two rows more.

use super::super::platform::sql::{Sql, blob, blob_value, integer, integer_value};
use super::bucket_index::BucketIndex;
use crate::guard::machine::{StorageOp, Transition};
use crate::guard::operator::HeldRecord;
use crate::guard::record::{ClaimId, Record};
use crate::guard::scope::RecordId;
use crate::guard::seen::DuplicateCounts;
use crate::guard::shard::retention::{Bucket, Stagger};
use crate::guard::time::UnixMillis;
use js_sys::{Date, Object, Uint8Array};
use lru::LruCache;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use wasm_bindgen::JsValue;
use worker::Storage;

/// The size of a row of a large answer in bytes; the platform's limit is 2 MB for a row.
pub const ROW_BYTES: u32 = 1024 * 1024;

/// The records that are kept in memory, and the most bytes of each: 256 KB of the 128 MB that an isolate
/// shares among its shards.
const MAX_KNOWN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
const MAX_KNOWN_BYTES: usize = 4 * 1024;

pub struct RecordStore {
    storage: Storage,
    sql: Sql,
    /// Of the buckets of this shard.
    pub stagger: Stagger,
    index: RefCell<Option<BucketIndex>>,
    known: RefCell<LruCache<RecordId, (Record, Bucket)>>,
}

impl RecordStore {
    pub fn new(storage: Storage, stagger: Stagger) -> Self {
        let sql = Sql::of(storage.as_raw());
        Self {
            storage,
            sql,
            stagger,
            index: RefCell::default(),
            known: RefCell::new(LruCache::new(MAX_KNOWN)),
        }
    }

    /// Reads what there is of tables and buckets, once an instance: one row for each bucket.
    fn with_index<T>(&self, use_index: impl FnOnce(&mut BucketIndex) -> T) -> Result<T, JsValue> {
        let mut index = self.index.borrow_mut();
        let index = match &mut *index {
            Some(index) => index,
            empty => empty.insert(BucketIndex::read(&self.sql)?),
        };
        Ok(use_index(index))
    }

    /// The record and the bucket that it stands in; vacant where there is none.
    ///
    /// # Errors
    ///
    /// One sentence on why it cannot be used.
    pub fn load(&self, id: &RecordId) -> Result<(Record, Option<Bucket>), String> {
        if let Some((record, bucket)) = self.known.borrow_mut().get(id) {
            return Ok((record.clone(), Some(*bucket)));
        }
        let rows = self.select(id).map_err(|_| "the record's storage failed".to_owned())?;
        if rows.len() > 1 {
            return Err("the key has two records".into());
        }
        let Some(row) = rows.into_iter().next() else { return Ok((Record::Vacant, None)) };
        let bytes = blob(&row, "record").ok_or("the record has no bytes")?;
        let bucket = integer(&row, "bucket").ok_or("the record's bucket cannot be read")?;
        let bucket = Bucket(UnixMillis(bucket));
        let bytes = bytes.to_vec();
        let record = Record::decode(&bytes).map_err(|error| error.to_string())?;
        self.remember(id, &record, bucket, bytes.len());
        Ok((record, Some(bucket)))
    }

    fn select(&self, id: &RecordId) -> Result<Vec<JsValue>, JsValue> {
        let mut found = Vec::new();
        for (query, bindings) in self.with_index(|index| index.look_ups(&id_of(id)))? {
            found.extend(self.sql.run_with(&query, &bindings)?.iter());
        }
        Ok(found)
    }

    fn remember(&self, id: &RecordId, record: &Record, bucket: Bucket, size: usize) {
        let mut known = self.known.borrow_mut();
        if size <= MAX_KNOWN_BYTES {
            known.put(*id, (record.clone(), bucket));
        } else {
            known.pop(id);
        }
    }

    /// Makes a transition's change to a record that was loaded from `place`, under `claim`.
    pub fn apply(
        &self,
        id: &RecordId,
        transition: &Transition,
        place: Option<Bucket>,
        claim: Option<&ClaimId>,
        now: UnixMillis,
    ) -> Result<(), JsValue> {
        match (transition.storage, place) {
            (StorageOp::Keep, _) | (StorageOp::Erase, None) => Ok(()),
            (StorageOp::Erase, Some(place)) => self.erase(id, place, claim),
            (StorageOp::Put, _) => self.put(id, &transition.record, place, claim, now),
        }
    }

    fn write<const N: usize>(&self, query: &str, values: [JsValue; N]) -> Result<(), JsValue> {
        self.written(self.sql.run(query, values).map(drop))
    }

    /// A write that fails may take others of its turn with it.
    fn written(&self, result: Result<(), JsValue>) -> Result<(), JsValue> {
        if result.is_err() {
            self.known.borrow_mut().clear();
            self.index.take();
        }
        result
    }

    fn put(
        &self,
        id: &RecordId,
        record: &Record,
        place: Option<Bucket>,
        claim: Option<&ClaimId>,
        now: UnixMillis,
    ) -> Result<(), JsValue> {
        let bytes = record.encode().map_err(|error| error.to_string())?;
        let bucket = Bucket::of_record(record, place, now, self.stagger);
        self.make_tables()?;
        self.with_index(|index| index.add(bucket))?;
        let value = blob_value(&bytes);
        let end = number(bucket.ends_at());
        match place {
            None => self.write(INSERT, [end, id_of(id), value])?,
            Some(place) => {
                let is_same_claim = record.claim().map(|claim| &claim.id) == claim;
                let query = if is_same_claim { UPDATE } else { REPLACE };
                self.write(query, [end, value, number(place.ends_at()), id_of(id)])?;
                if let Some(claim) = claim.filter(|_| !is_same_claim) {
                    self.write(DELETE_BODIES, [claim_of(claim)])?;
                }
            }
        }
        self.remember(id, record, bucket, bytes.len());
        Ok(())
    }

    fn make_tables(&self) -> Result<(), JsValue> {
        if !self.with_index(|index| index.has_tables)? {
            for table in TABLES {
                self.write(table, [])?;
            }
            self.with_index(|index| index.has_tables = true)?;
        }
        Ok(())
    }

    fn erase(&self, id: &RecordId, place: Bucket, claim: Option<&ClaimId>) -> Result<(), JsValue> {
        self.known.borrow_mut().pop(id);
        self.write(DELETE, [number(place.ends_at()), id_of(id)])?;
        claim.map_or(Ok(()), |claim| self.write(DELETE_BODIES, [claim_of(claim)]))
    }

    /// Takes effect at once; the asynchronous call of `worker` only when it is polled.
    pub fn set_alarm(&self, at: UnixMillis) -> Result<(), JsValue> {
        let date = Date::new(&JsValue::from_f64(at.0 as f64));
        self.written(self.storage.as_raw().set_alarm(date, Object::new()).map(drop))
    }

    /// The bucket that ends first.
    pub fn next_bucket(&self) -> Result<Option<Bucket>, String> {
        let first = |index: &mut BucketIndex| {
            index.buckets.iter().find(|bucket| **bucket != Bucket::WATCHED).copied()
        };
        self.with_index(first).map_err(|_| "the buckets could not be read".to_owned())
    }

    /// Whether a predecessor of this instance has left records that nobody has looked at yet.
    pub fn has_orphans(&self) -> Result<bool, String> {
        let orphans = |index: &mut BucketIndex| index.has_orphans;
        self.with_index(orphans).map_err(|_| "the buckets could not be read".to_owned())
    }

    /// The alarm has looked at all that is watched.
    pub fn orphans_are_seen_to(&self) -> Result<(), JsValue> {
        self.with_index(|index| index.has_orphans = false)
    }

    /// The buckets whose records are all over.
    pub fn ended_buckets(&self, now: UnixMillis) -> Result<Vec<Bucket>, JsValue> {
        let ended = |bucket: &&Bucket| bucket.has_ended(now);
        self.with_index(|index| index.buckets.iter().filter(ended).copied().collect())
    }

    /// Puts a row into a later bucket, as it is.
    pub fn postpone(&self, id: &RecordId, from: Bucket, to: Bucket) -> Result<(), JsValue> {
        self.known.borrow_mut().pop(id);
        self.with_index(|index| index.add(to))?;
        let (from, to) = (number(from.ends_at()), number(to.ends_at()));
        self.write(POSTPONE, [to, from, id_of(id)])
    }

    /// Some of the records of a bucket, in the order of their ids, after one of them.
    pub fn ids_in(
        &self,
        bucket: Bucket,
        after: Option<&RecordId>,
        most: u32,
    ) -> Result<Vec<RecordId>, JsValue> {
        if !self.with_index(|index| index.buckets.contains(&bucket))? {
            return Ok(Vec::new());
        }
        let rows = self.sql.run(IDS_IN, [number(bucket.ends_at()), behind(after), most.into()])?;
        Ok(rows
            .iter()
            .filter_map(|row| RecordId::from_bytes(&blob(&row, "id")?.to_vec()))
            .collect())
    }

    /// Every bucket, in their order.
    pub fn buckets(&self) -> Result<Vec<Bucket>, JsValue> {
        self.with_index(|index| index.buckets.iter().copied().collect())
    }

    /// Some of the records of a bucket, as [`Self::ids_in`] has their ids. They take no place among those
    /// that are kept in memory: nobody has asked for their keys.
    pub fn records_in(
        &self,
        bucket: Bucket,
        after: Option<&RecordId>,
        most: usize,
    ) -> Result<Vec<HeldRecord>, JsValue> {
        let most = integer_value(most as u64);
        let rows = self.sql.run(RECORDS_IN, [number(bucket.ends_at()), behind(after), most])?;
        Ok(rows.iter().filter_map(|row| held_record(&row)).collect())
    }

    /// There is nothing in a bucket any more.
    pub fn forget_bucket(&self, bucket: Bucket) -> Result<(), JsValue> {
        self.with_index(|index| index.remove(bucket))
    }

    /// What was written down of a claim's duplicates.
    pub fn counts(&self, id: &RecordId) -> DuplicateCounts {
        let counts = self.read_counts(id).ok().flatten();
        counts.map_or_else(DuplicateCounts::default, |bytes| DuplicateCounts::decode(&bytes))
    }

    fn read_counts(&self, id: &RecordId) -> Result<Option<Vec<u8>>, JsValue> {
        let Ok((_, Some(place))) = self.load(id) else { return Ok(None) };
        let rows = self.sql.run(SELECT_COUNTS, [number(place.ends_at()), id_of(id)])?;
        Ok(blob(&rows.get(0), "counts").map(|bytes| bytes.to_vec()))
    }

    /// Writes counts beside their record.
    pub fn put_counts(&self, id: &RecordId, counts: DuplicateCounts) -> Result<(), JsValue> {
        let Ok((_, Some(place))) = self.load(id) else { return Ok(()) };
        let bytes = blob_value(&counts.encode());
        self.write(UPDATE_COUNTS, [bytes, number(place.ends_at()), id_of(id)])
    }

    pub fn put_row(&self, body: &BodyRows, row: u32, bytes: &Uint8Array) -> Result<(), JsValue> {
        // A view would be stored with all of the buffer that it looks into.
        let bytes = bytes.slice(0, bytes.length()).into();
        let [claim, attempt] = body.names();
        self.write(INSERT_ROW, [claim, attempt, row.into(), bytes])
    }

    /// One row of an answer. Returns `None` if it is not there.
    pub fn row(&self, body: &BodyRows, row: u32) -> Result<Option<Uint8Array>, JsValue> {
        let [claim, attempt] = body.names();
        let rows = self.sql.run(SELECT_ROW, [claim, attempt, row.into()])?;
        Ok(blob(&rows.get(0), "bytes"))
    }

    /// A row that cannot be deleted goes with the record at the window's end.
    pub fn delete_row(&self, body: &BodyRows, row: u32) {
        let [claim, attempt] = body.names();
        let _ = self.write(DELETE_ROW, [claim, attempt, row.into()]);
    }
}

/// A row of the records. Returns `None` if it has no id, which no row lacks.
fn held_record(row: &JsValue) -> Option<HeldRecord> {
    let bytes = |name| blob(row, name).map(|bytes| bytes.to_vec());
    let record = bytes("record").and_then(|bytes| Record::decode(&bytes).ok());
    Some(HeldRecord {
        id: RecordId::from_bytes(&bytes("id")?)?,
        record: record.unwrap_or(Record::Vacant),
        seen: bytes("counts")
            .map_or_else(Default::default, |bytes| DuplicateCounts::decode(&bytes)),
    })
}

/// What the rows of one attempt's answer are called. They count only once a record names them.
#[derive(Clone)]
pub struct BodyRows {
    pub claim: ClaimId,
    pub attempt: u32,
}

impl BodyRows {
    fn names(&self) -> [JsValue; 2] {
        [claim_of(&self.claim), self.attempt.into()]
    }
}

/// What stands before all ids that come behind this one.
fn behind(after: Option<&RecordId>) -> JsValue {
    after.map_or_else(|| blob_value(&[]), id_of)
}

pub(super) fn id_of(id: &RecordId) -> JsValue {
    blob_value(id.as_bytes())
}

fn claim_of(claim: &ClaimId) -> JsValue {
    blob_value(&claim.0.0)
}

pub(super) fn number(at: UnixMillis) -> JsValue {
    integer_value(at.0)
}

/// Without row ids, so that a record is one row and moving it is one row written (`rowsWritten`).
const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS records (bucket INTEGER NOT NULL, id BLOB NOT NULL, record BLOB NOT NULL, counts BLOB, PRIMARY KEY (bucket, id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS bodies (claim BLOB NOT NULL, attempt INTEGER NOT NULL, row INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (claim, attempt, row)) WITHOUT ROWID",
];
const IDS_IN: &str = "SELECT id FROM records WHERE bucket = ? AND id > ? ORDER BY id LIMIT ?";
const RECORDS_IN: &str =
    "SELECT id, record, counts FROM records WHERE bucket = ? AND id > ? ORDER BY id LIMIT ?";
const INSERT: &str = "INSERT INTO records (bucket, id, record) VALUES (?, ?, ?)";
const UPDATE: &str = "UPDATE records SET bucket = ?, record = ? WHERE bucket = ? AND id = ?";
const REPLACE: &str =
    "UPDATE records SET bucket = ?, record = ?, counts = NULL WHERE bucket = ? AND id = ?";
const POSTPONE: &str = "UPDATE records SET bucket = ? WHERE bucket = ? AND id = ?";
const DELETE: &str = "DELETE FROM records WHERE bucket = ? AND id = ?";
const SELECT_COUNTS: &str = "SELECT counts FROM records WHERE bucket = ? AND id = ?";
const UPDATE_COUNTS: &str = "UPDATE records SET counts = ? WHERE bucket = ? AND id = ?";
const INSERT_ROW: &str = "INSERT INTO bodies (claim, attempt, row, bytes) VALUES (?, ?, ?, ?)";
const SELECT_ROW: &str = "SELECT bytes FROM bodies WHERE claim = ? AND attempt = ? AND row = ?";
const DELETE_ROW: &str = "DELETE FROM bodies WHERE claim = ? AND attempt = ? AND row = ?";
const DELETE_BODIES: &str = "DELETE FROM bodies WHERE claim = ?";
