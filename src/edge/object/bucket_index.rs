//! Which tables and buckets a shard's database has: read once an instance, and kept up from then on,
//! since an object has one instance at a time.

use super::super::platform::sql::{Sql, integer, integer_value};
use crate::guard::shard::retention::Bucket;
use crate::guard::time::UnixMillis;
use js_sys::Array;
use std::collections::BTreeSet;
use wasm_bindgen::JsValue;

/// What is known of the tables without reading a record.
pub struct BucketIndex {
    pub has_tables: bool,
    pub buckets: BTreeSet<Bucket>,
    /// Whether a predecessor of this instance has left records that are watched.
    pub has_orphans: bool,
    look_ups: Vec<LookUp>,
}

/// A record's look-up in some of the buckets. Its places for them are a power of two, so that there are few texts
/// of it: buckets come and go, each minute where windows are short, and the platform keeps every text prepared
/// that it was given, in some KB, a thousand of them and more for each object.
struct LookUp {
    text: String,
    /// What it binds for the buckets: each of them, the last one as often as there are places left.
    ends: Vec<JsValue>,
}

impl BucketIndex {
    /// Reads it: one row for each bucket.
    pub fn read(sql: &Sql) -> Result<Self, JsValue> {
        let has_tables = sql.run(HAS_TABLES, [])?.length() > 0;
        let (buckets, look_ups) = Default::default();
        let mut index = Self { has_tables, buckets, has_orphans: false, look_ups };
        if has_tables {
            for row in sql.run(BUCKETS, [])? {
                let end = integer(&row, "bucket").ok_or("a bucket has no end")?;
                index.add(Bucket(UnixMillis(end)));
            }
            index.has_orphans = index.buckets.contains(&Bucket::WATCHED);
        }
        Ok(index)
    }

    pub fn add(&mut self, bucket: Bucket) {
        if self.buckets.insert(bucket) {
            self.write_look_ups();
        }
    }

    pub fn remove(&mut self, bucket: Bucket) {
        if self.buckets.remove(&bucket) {
            self.write_look_ups();
        }
    }

    fn write_look_ups(&mut self) {
        let ends = self.buckets.iter().map(|bucket| integer_value(bucket.ends_at().0));
        self.look_ups = ends.collect::<Vec<_>>().chunks(MOST_PLACES).map(LookUp::among).collect();
    }

    /// The look-ups of a record, and what each binds: one, unless there are more buckets than it has places.
    /// None where nothing is stored.
    pub fn look_ups(&self, id: &JsValue) -> Vec<(String, Array)> {
        let bound = |look_up: &LookUp| look_up.ends.iter().cloned().chain([id.clone()]).collect();
        self.look_ups.iter().map(|look_up| (look_up.text.clone(), bound(look_up))).collect()
    }
}

impl LookUp {
    fn among(ends: &[JsValue]) -> Self {
        let mut ends = ends.to_vec();
        if let Some(last) = ends.last().cloned() {
            let places = ends.len().checked_next_power_of_two().unwrap_or(ends.len());
            ends.resize(places, last);
        }
        let places = vec!["?"; ends.len()].join(",");
        Self {
            text: format!(
                "SELECT bucket, record FROM records WHERE bucket IN ({places}) AND id = ?"
            ),
            ends,
        }
    }
}

/// The platform binds at most a hundred values (Durable Objects, "Limits": "Maximum bound parameters
/// per query"). Routes with windows of many lengths have more buckets than that.
const MOST_PLACES: usize = 64;
const HAS_TABLES: &str = "SELECT name FROM sqlite_master WHERE name = 'bodies'";
/// Goes from bucket to bucket, so that it reads one row of each.
const BUCKETS: &str = "WITH RECURSIVE ends(bucket) AS (SELECT min(bucket) FROM records UNION ALL SELECT (SELECT min(bucket) FROM records WHERE bucket > ends.bucket) FROM ends WHERE ends.bucket IS NOT NULL) SELECT bucket FROM ends WHERE bucket IS NOT NULL";
