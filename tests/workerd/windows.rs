//! Routes with retry windows of many lengths, all in one shard.

use serde_json::json;

use crate::guard::Guard;
use crate::script::Reply;

/// As many as a policy may have.
const ROUTES: u32 = 100;
const SHORTEST: f64 = 61.0;
const LONGEST: f64 = 30.0 * 24.0 * 60.0 * 60.0;

/// Each window ends at another time, so that the shard has nearly as many buckets as there are routes. A look-up
/// that bound one value for each would be refused: the platform allows a hundred.
#[test]
fn windows_of_many_lengths_are_kept_in_one_shard() {
    let seconds = |route: u32| {
        let share = f64::from(route) / f64::from(ROUTES - 1);
        (SHORTEST * (LONGEST / SHORTEST).powf(share)).round() as u64
    };
    let window = |route| {
        json!({
            "path": format!("/*/window-{route}"), "key": "required", "retry_window": format!("{}s", seconds(route)),
        })
    };
    let routes: Vec<_> = (0..ROUTES).map(window).collect();
    let policy = json!({ "deadline": "1s", "shards": 1, "routes": routes });
    let guard = Guard::own_under(false, &policy);
    guard.origin_always(Reply::json(201, r#"{"id":1}"#));
    for replayed in [None, Some("true")] {
        for route in 0..ROUTES {
            let order = guard.keyless_order_to(&format!("/window-{route}"));
            let answer = guard.send(&order.key(&format!("\"{}-{route}\"", guard.key())));
            assert_eq!(answer.status, 201, "{route}: {answer:?}");
            assert_eq!(answer.header("idempotency-replayed"), replayed, "{route}");
        }
    }
    guard.check_calls(ROUTES as usize);
}
