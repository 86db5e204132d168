//! The small tools, against the standard library's.

use crate::random::Random;
use onlyonce::guard::bytes::{decimal, find, from_decimal, joined, padded, sort};

#[test]
fn needles_are_found() {
    let mut random = Random::seeded(1);
    for _ in 0..20_000 {
        let mut text = |length: usize| {
            let length = random.below(length);
            (0..length).map(|_| random.pick(&['a', 'b'])).collect::<String>()
        };
        let (hay, needle) = (text(20), text(5));
        for from in 0..=hay.len() {
            let expected = hay[from..].find(&needle).map(|at| from + at);
            assert_eq!(find(hay.as_bytes(), needle.as_bytes(), from), expected, "{hay} {needle}");
        }
        assert_eq!(find(hay.as_bytes(), needle.as_bytes(), hay.len() + 1), None);
    }
}

#[test]
fn texts_are_joined() {
    for texts in [&[] as &[&str], &["a"], &["a", "b", "c"]] {
        assert_eq!(joined(&mut texts.iter().copied(), ", "), texts.join(", "));
    }
}

#[test]
fn numbers_are_written_and_read() {
    for number in [0, 1, 9, 10, 99, 100, 1_234_567_890, u64::MAX / 10, u64::MAX - 1, u64::MAX] {
        assert_eq!(decimal(number), number.to_string());
        assert_eq!(from_decimal(&number.to_string()), Some(number));
        assert_eq!(padded(number, 4), format!("{number:04}"));
    }
    let beyond = ["18446744073709551616", "18446744073709551620", "99999999999999999999"];
    for text in ["", "+1", "-1", "1.0", "0x1", " 1", "1 ", "1:", "1/", "٣"].iter().chain(&beyond) {
        assert_eq!(from_decimal(text), None, "{text:?}");
    }
    assert_eq!(from_decimal("000"), Some(0));
}

#[test]
fn items_are_sorted() {
    let mut random = Random::seeded(2);
    let mut spare = Vec::new();
    for count in (0..50).chain([1000, 1001]) {
        for values in [1, 3, 1000, usize::MAX] {
            let mut items: Vec<usize> = (0..count).map(|_| random.below(values)).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, &mut spare, |a, b| a < b);
            assert_eq!(items, expected);
            sort(&mut items, &mut spare, |a, b| b < a);
            expected.reverse();
            assert_eq!(items, expected);
        }
    }
}
