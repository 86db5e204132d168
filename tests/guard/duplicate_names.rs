//! Whether a JSON text has a name twice in one object, which `serde_json::Value` does not tell.

use onlyonce::guard::document::Members;
use serde_json::value::RawValue;

pub fn has_a_name_twice(text: &str) -> bool {
    let below = |value: &RawValue| has_a_name_twice(value.get());
    if let Ok(Members(members)) = serde_json::from_str::<Members<Box<RawValue>>>(text) {
        let mut names: Vec<&String> = members.iter().map(|(name, _)| name).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        return names.len() < all || members.iter().any(|(_, value)| below(value));
    }
    let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
    items.iter().any(|item| below(item))
}
