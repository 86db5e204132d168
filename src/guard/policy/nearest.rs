//! Which known name a wrong one was meant to be.

/// Longer names are not looked at: no field's is.
const MAX_DELIVERY_AGE: usize = 32;

/// The known name that is nearest, if it is near: the same but for case, `-` and `_`, or up to a
/// third of its letters away.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_DELIVERY_AGE {
        return None;
    }
    let letters = letters(name);
    known
        .map(|candidate| (distance(&letters, &self::letters(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn letters(name: &str) -> Vec<u8> {
    name.bytes()
        .filter(|byte| !b"-_ ".contains(byte))
        .map(|byte| byte.to_ascii_lowercase())
        .collect()
}

/// How many letters must be added, removed or changed (Levenshtein). `row` holds the distances of
/// what was read of `a` to each beginning of `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for letter in a {
        let mut diagonal = 0_usize;
        let mut left = 0_usize;
        for (at, above) in row.iter_mut().enumerate() {
            let same = at.checked_sub(1).and_then(|at| b.get(at)) == Some(letter);
            let changed =
                if at == 0 { usize::MAX } else { diagonal.saturating_add(usize::from(!same)) };
            let added = if at == 0 { usize::MAX } else { left.saturating_add(1) };
            diagonal = *above;
            *above = changed.min(added).min(diagonal.saturating_add(1));
            left = *above;
        }
    }
    row.last().copied().unwrap_or_default()
}
