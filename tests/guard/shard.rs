//! Which object a key belongs to.

mod alarm;
mod places;
mod retention;

use onlyonce::guard::scope::RecordId;
use onlyonce::guard::shard::ShardCount;
use std::collections::BTreeSet;

fn count(shards: u32) -> ShardCount {
    ShardCount::new(shards).expect("a power of two")
}

#[test]
fn names_are_the_first_bits_of_the_id() {
    let id: RecordId = format!("5c{}", "0".repeat(62)).parse().expect("an id");
    for (shards, name) in [
        (1, "shard/"),
        (2, "shard/0"),
        (4, "shard/01"),
        (8, "shard/010"),
        (256, "shard/01011100"),
        (4096, "shard/010111000000"),
    ] {
        assert_eq!(count(shards).shard_of(&id), name, "{shards}");
    }
}

#[test]
fn every_id_has_one_of_the_names() {
    for shards in [1, 2, 16, 256, 4096] {
        let names: BTreeSet<String> = count(shards).all().collect();
        assert_eq!(names.len(), shards as usize);
        for first in 0..=0xfffu32 {
            let id: RecordId = format!("{first:03x}{}", "f".repeat(61)).parse().expect("an id");
            assert!(names.contains(&count(shards).shard_of(&id)), "{first:03x} of {shards}");
        }
    }
}

#[test]
fn a_change_splits_whole_shards() {
    let id: RecordId = "a7".repeat(32).parse().expect("an id");
    let names = [16, 32, 64].map(|shards| count(shards).shard_of(&id));
    assert!(names[1].starts_with(&names[0]) && names[2].starts_with(&names[1]), "{names:?}");
}

#[test]
fn other_numbers_are_none() {
    for shards in [0, 3, 6, 255, 4095, 4097, 8192, u32::MAX] {
        assert_eq!(ShardCount::new(shards), None, "{shards}");
    }
}
