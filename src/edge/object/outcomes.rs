//! What became of the operations that a shard holds, counted for an operator. Writes nothing.

use super::context::ObjectContext;
use crate::guard::operator::{HeldRecord, ShardOutcomes};
use crate::guard::time::UnixMillis;
use wasm_bindgen::JsValue;

/// Counts those of the last hour.
pub fn count(context: &ObjectContext, now: UnixMillis) -> Result<ShardOutcomes, JsValue> {
    let (store, counters) = (&context.store, &context.counters);
    ShardOutcomes::collect(&store.buckets()?, now, |bucket, after, most| {
        let mut rows = store.records_in(bucket, after, most)?;
        for HeldRecord { id, record, seen } in &mut rows {
            *seen = counters.newest(id, record, || *seen);
        }
        Ok(rows)
    })
}
