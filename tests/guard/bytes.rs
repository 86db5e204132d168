//! The small tools, against the standard library's.

use crate::random::Random;
use onlyonce::guard::bytes::{find, joined, sort};

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
fn items_are_sorted() {
    let mut random = Random::seeded(2);
    for count in (0..50).chain([1000, 1001]) {
        for values in [1, 3, 1000, usize::MAX] {
            let mut items: Vec<usize> = (0..count).map(|_| random.below(values)).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, |a, b| a < b);
            assert_eq!(items, expected);
            sort(&mut items, |a, b| b < a);
            expected.reverse();
            assert_eq!(items, expected);
        }
    }
}
