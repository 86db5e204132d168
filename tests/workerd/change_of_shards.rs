//! Changing `shards` while keys live: nothing is carried out twice, by Workers of either policy.

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{Came, came};

fn under(guard: &mut Guard, policy: &Value) {
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.policy(policy));
}

#[test]
fn a_key_is_carried_out_once_whichever_shard_has_it() {
    let (before, both, after) = (
        json!({ "shards": 1 }),
        json!({ "shards": 4, "shards_before": 1 }),
        json!({ "shards": 4 }),
    );
    let mut guard = Guard::own_under(false, &before);
    guard.origin_always(Reply::json(201, "{}"));
    let [old, new] =
        ["old", "new"].map(|name| guard.keyless_order().key(&format!("{}-{name}", guard.key())));
    assert_eq!(came(&guard.send(&old)).0, Came::First);

    under(&mut guard, &both);
    assert_eq!(came(&guard.send(&old)).0, Came::Replayed);
    assert_eq!(came(&guard.send(&new)).0, Came::First);
    assert_eq!(came(&guard.send(&new)).0, Came::Replayed);

    // A Worker that still has the policy of before finds the fence.
    under(&mut guard, &before);
    assert_eq!(came(&guard.send(&old)).0, Came::Replayed);
    problem::check(&guard.send(&new), "guard-unavailable");

    under(&mut guard, &after);
    assert_eq!(came(&guard.send(&new)).0, Came::Replayed);
    guard.check_calls(2);
}
