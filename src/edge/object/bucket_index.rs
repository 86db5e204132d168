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
    /// The look-up. Its places for buckets are a power of two, so that there are few texts of it: buckets come
    /// and go, each minute where windows are short, and the platform keeps every text prepared that it was
    /// given, in some KB, a thousand of them and more for each object.
    select: String,
    /// What it binds for the buckets: each of them, the last one as often as there are places left.
    ends: Vec<JsValue>,
}

impl BucketIndex {
    /// Reads it: one row for each bucket.
    pub fn read(sql: &Sql) -> Result<Self, JsValue> {
        let has_tables = sql.run(HAS_TABLES, [])?.length() > 0;
        let (buckets, select, ends) = Default::default();
        let mut index = Self { has_tables, buckets, has_orphans: false, select, ends };
        index.write_select();
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
            self.write_select();
        }
    }

    pub fn remove(&mut self, bucket: Bucket) {
        if self.buckets.remove(&bucket) {
            self.write_select();
        }
    }

    fn write_select(&mut self) {
        self.ends = self.buckets.iter().map(|bucket| integer_value(bucket.ends_at().0)).collect();
        if let Some(last) = self.ends.last().cloned() {
            let places = self.ends.len().checked_next_power_of_two().unwrap_or(self.ends.len());
            self.ends.resize(places, last);
        }
        self.select = format!(
            "SELECT bucket, record FROM records WHERE bucket IN ({}) AND id = ?",
            vec!["?"; self.ends.len()].join(",")
        );
    }

    /// The look-up of a record, and what it binds.
    pub fn look_up(&self, id: JsValue) -> (String, Array) {
        (self.select.clone(), self.ends.iter().cloned().chain([id]).collect())
    }
}

const HAS_TABLES: &str = "SELECT name FROM sqlite_master WHERE name = 'bodies'";
/// Goes from bucket to bucket, so that it reads one row of each.
const BUCKETS: &str = "WITH RECURSIVE ends(bucket) AS (SELECT min(bucket) FROM records UNION ALL SELECT (SELECT min(bucket) FROM records WHERE bucket > ends.bucket) FROM ends WHERE ends.bucket IS NOT NULL) SELECT bucket FROM ends WHERE bucket IS NOT NULL";
