//! Small tools on bytes and texts. The standard library's own are larger than their few uses here
//! are worth to the Worker: they are made for every kind of value, and for long ones.

/// Where the needle stands first at or after a place.
pub fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let mut rest = bytes.get(from..)?;
    let mut at = from;
    while !rest.starts_with(needle) {
        (_, rest) = rest.split_first()?;
        at = at.saturating_add(1);
    }
    Some(at)
}

/// Texts that are not empty, with a separator between them.
pub fn joined(texts: &mut dyn Iterator<Item = &str>, separator: &str) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() {
            all.push_str(separator);
        }
        all.push_str(text);
    }
    all
}

/// Sorts in place, in n log n steps whatever the order: heap sort.
pub fn sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let count = items.len();
    for root in (0..count / 2).rev() {
        sift_down(items, root, &less);
    }
    for end in (1..count).rev() {
        items.swap(0, end);
        sift_down(items.get_mut(..end).unwrap_or_default(), 0, &less);
    }
}

/// Moves an item down until none below it is greater.
fn sift_down<T>(items: &mut [T], mut root: usize, less: &impl Fn(&T, &T) -> bool) {
    loop {
        let left = root.saturating_mul(2).saturating_add(1);
        let (above, greater) = match items.get(left..) {
            Some([a, b, ..]) if less(a, b) => (b, left.saturating_add(1)),
            Some([a, ..]) => (a, left),
            _ => return,
        };
        if items.get(root).is_some_and(|item| !less(item, above)) {
            return;
        }
        items.swap(root, greater);
        root = greater;
    }
}
