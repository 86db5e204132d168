//! Which tables and buckets a shard's database has: read once an instance, and kept up from then on,
//! since an object has one instance at a time.

use super::super::platform::sql::{Sql, integer};
use crate::guard::shard::retention::Bucket;
use crate::guard::time::UnixMillis;
use std::collections::BTreeSet;
use wasm_bindgen::JsValue;

/// What is known of the tables without reading a record.
pub struct BucketIndex {
    pub has_tables: bool,
    pub buckets: BTreeSet<Bucket>,
    /// Whether a predecessor of this instance has left records that are watched.
    pub has_orphans: bool,
    /// The look-up, with these buckets in it: they change a few times a day, and the platform keeps a
    /// text prepared that it knows.
    pub select: String,
}

impl BucketIndex {
    /// Reads it: one row for each bucket.
    pub fn read(sql: &Sql) -> Result<Self, JsValue> {
        let has_tables = sql.run(HAS_TABLES, [])?.length() > 0;
        let (buckets, select) = Default::default();
        let mut index = Self { has_tables, buckets, has_orphans: false, select };
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
        let buckets: Vec<String> =
            self.buckets.iter().map(|bucket| bucket.ends_at().0.to_string()).collect();
        self.select = format!(
            "SELECT bucket, record FROM records WHERE bucket IN ({}) AND id = ?",
            buckets.join(",")
        );
    }
}

const HAS_TABLES: &str = "SELECT name FROM sqlite_master WHERE name = 'bodies'";
/// Goes from bucket to bucket, so that it reads one row of each.
const BUCKETS: &str = "WITH RECURSIVE ends(bucket) AS (SELECT min(bucket) FROM records UNION ALL SELECT (SELECT min(bucket) FROM records WHERE bucket > ends.bucket) FROM ends WHERE ends.bucket IS NOT NULL) SELECT bucket FROM ends WHERE bucket IS NOT NULL";
