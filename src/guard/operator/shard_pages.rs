//! Which shards one page of an operator's question goes over.
//!
//! A page asks at most [`MAX_SHARDS`] of them, and the next page goes on with the next ones.

use crate::guard::policy::Sharding;
use crate::guard::shard::ShardCount;

/// How many shards one page asks: each is a request of the platform's, of which a Worker has a thousand.
pub const MAX_SHARDS: u32 = 256;

/// The names of the shards that a page goes over which begins with `first_shard`, and the first of those
/// that it leaves to the next one. While `shards` is being changed, the shards of before hold some as well.
pub fn shards_of_page(sharding: &Sharding, first_shard: u32) -> (Vec<String>, Option<u32>) {
    let before = sharding.before.into_iter().flat_map(ShardCount::all);
    let names: Vec<String> = sharding.shards.all().chain(before).collect();
    let first = usize::try_from(first_shard).unwrap_or(usize::MAX);
    let next = first_shard.saturating_add(MAX_SHARDS);
    let all = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let page = names.into_iter().skip(first).take(MAX_SHARDS as usize).collect();
    (page, (next < all).then_some(next))
}
