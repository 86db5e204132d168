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

/// A number in decimal digits.
pub fn decimal(number: u64) -> String {
    padded(number, 1)
}

/// A number in decimal digits, with zeros in front of it where it has fewer than these.
pub fn padded(number: u64, digits: usize) -> String {
    let mut text = String::new();
    write_digits(number, digits, &mut text);
    text
}

fn write_digits(number: u64, digits: usize, text: &mut String) {
    if number > 9 || digits > 1 {
        write_digits(number / 10, digits.saturating_sub(1), text);
    }
    text.push(char::from(b'0' | (number % 10) as u8));
}

/// What decimal digits stand for; nothing where they are none, or more than 64 bits hold.
pub fn from_decimal(digits: &str) -> Option<u64> {
    let mut number = 0_u64;
    for digit in digits.bytes() {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        if number > u64::MAX / 10 {
            return None;
        }
        number = number.wrapping_mul(10).checked_add(digit.into())?;
    }
    (!digits.is_empty()).then_some(number)
}

/// Sorts in n log n steps whatever the order: runs of 1, 2, 4, … are merged, with room in `spare`.
pub fn sort<T: Copy>(items: &mut [T], spare: &mut Vec<T>, less: impl Fn(&T, &T) -> bool) {
    let mut run = 1_usize;
    if spare.capacity() < items.len() {
        *spare = Vec::with_capacity(items.len());
    }
    while run < items.len() {
        spare.clear();
        for two in items.chunks(run.saturating_mul(2)) {
            let (left, right) = two.split_at_checked(run).unwrap_or((two, &[]));
            merge(left, right, spare, &less);
        }
        items.iter_mut().zip(&*spare).for_each(|(item, merged)| *item = *merged);
        run = run.saturating_mul(2);
    }
}

fn merge<T: Copy>(
    mut left: &[T],
    mut right: &[T],
    merged: &mut Vec<T>,
    less: &impl Fn(&T, &T) -> bool,
) {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if less(b, a) {
            merged.push(*b);
            right = right_rest;
        } else {
            merged.push(*a);
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
}
