//! Changes an input a little, or puts two together.

use crate::random::Random;

/// Longer inputs find nothing that shorter ones do not.
const MAX_DELIVERY_AGE: usize = 4096;

/// Bytes that stand at the edge of something.
const EDGES: [u8; 12] = [0, 1, 0x1f, b' ', b'"', b',', b'\\', 0x7e, 0x7f, 0x80, 0xc3, 0xff];

pub fn mutate(pool: &[Vec<u8>], words: &[&str], random: &mut Random) -> Vec<u8> {
    let mut input = pool[random.below(pool.len())].clone();
    for _ in 0..=random.below(4) {
        change(&mut input, pool, words, random);
    }
    input.truncate(MAX_DELIVERY_AGE);
    input
}

fn change(input: &mut Vec<u8>, pool: &[Vec<u8>], words: &[&str], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let longest = 1 << random.below(9);
    let to = (at + random.below(longest)).min(input.len());
    match random.below(10) {
        0 => drop(input.drain(at..to)),
        1 => insert(input, at, &[random.below(256) as u8]),
        2 => insert(input, at, &[random.pick(&EDGES)]),
        3 => {
            let again = input[at..to].to_vec();
            insert(input, at, &again);
        }
        4 => input.truncate(at),
        5 | 6 if !words.is_empty() => replace(input, at, to, random.pick(words).as_bytes(), random),
        7 => {
            let other = &pool[random.below(pool.len())];
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend(&other[from..]);
        }
        _ => overwrite(input, at, random),
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    drop(input.splice(at..at, bytes.iter().copied()));
}

/// In place of some bytes, or between them.
fn replace(input: &mut Vec<u8>, at: usize, to: usize, word: &[u8], random: &mut Random) {
    let to = if random.below(2) == 0 { at } else { to };
    drop(input.splice(at..to, word.iter().copied()));
}

fn overwrite(input: &mut [u8], at: usize, random: &mut Random) {
    let Some(byte) = input.get_mut(at) else { return };
    *byte = match random.below(4) {
        0 => *byte ^ (1 << random.below(8)),
        1 => byte.wrapping_add(1),
        2 => byte.wrapping_sub(1),
        _ => random.pick(&EDGES),
    };
}
