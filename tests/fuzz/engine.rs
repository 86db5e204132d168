//! Runs one target: the corpus, then as many changed inputs as there is time for.

use std::cell::Cell;
use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::mutate::mutate;
use crate::random::Random;

/// The most inputs that are kept for having come to something new; a later one takes the place of one
/// of them.
const LARGEST_POOL: usize = 2000;
/// In a long run more would only fill the memory.
const MOST_KINDS: usize = 200_000;

#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Pieces that inputs are likely to be made of.
    pub words: &'static [&'static str],
    pub check: fn(&[u8]) -> u64,
}

/// What a target returns: a number for anything that tells inputs apart.
pub fn kind(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A text with everything alike made one, for its kind.
pub fn shape(text: &str) -> Vec<u8> {
    let class = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        b'1'..=b'9' => b'1',
        0x80.. => 0x80,
        other => other,
    };
    let mut shape: Vec<u8> = text.bytes().map(class).collect();
    shape.dedup();
    shape.truncate(12);
    shape
}

pub fn run(target: Target) {
    let mut pool = corpus(target.name);
    let mut kinds = HashSet::new();
    for input in &pool {
        kinds.insert(attempt(target, input));
    }
    let corpus = pool.len();
    let (seed, time) = (number("FUZZ_SEED"), number("FUZZ_SECONDS").unwrap_or(1));
    let seed = seed.unwrap_or_else(now);
    println!("fuzz {}: FUZZ_SEED={seed}", target.name);
    let mut random = Random::seeded(seed);
    let (began, mut tried) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(time) {
        let input = mutate(&pool, target.words, &mut random);
        tried += 1;
        let kind = attempt(target, &input);
        if kinds.len() < MOST_KINDS && kinds.insert(kind) {
            match pool.len() < LARGEST_POOL {
                true => pool.push(input),
                false => pool[corpus + random.below(LARGEST_POOL - corpus)] = input,
            }
        }
    }
    println!("fuzz {}: {tried} inputs, {} kinds", target.name, kinds.len());
}

/// Where the target panics, the input is made smaller, written down, and the panic is let through.
fn attempt(target: Target, input: &[u8]) -> u64 {
    if let Some(kind) = quietly(target, input) {
        return kind;
    }
    let small = smaller(target, input.to_vec());
    let file = write_down(target, &small);
    println!(
        "{} fails: {:?}\nThe input is in {}: move it to tests/fuzz/corpus/{}/ under a name that says what it is",
        target.name,
        String::from_utf8_lossy(&small),
        file.display(),
        target.name
    );
    (target.check)(&small)
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Nothing where it panics.
fn quietly(target: Target, input: &[u8]) -> Option<u64> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if !QUIET.get() {
                loud(what);
            }
        }));
    });
    QUIET.set(true);
    let kind = panic::catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    QUIET.set(false);
    kind.ok()
}

/// Leaves out what can be left out, in ever smaller pieces.
fn smaller(target: Target, mut input: Vec<u8>) -> Vec<u8> {
    let mut piece = input.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < input.len() {
            let mut without = input.clone();
            without.drain(at..(at + piece).min(input.len()));
            match quietly(target, &without) {
                None => input = without,
                Some(_) => at += piece,
            }
        }
        piece /= 2;
    }
    input
}

fn write_down(target: Target, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(target.name);
    fs::create_dir_all(&folder).expect("a folder for what fails");
    let file = folder.join(format!("{:016x}", kind(&input)));
    fs::write(&file, input).expect("a file for what fails");
    file
}

/// The files of a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> =
        entries.map(|entry| entry.expect("a file of the corpus").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| fs::read(file).expect("a readable file of the corpus")).collect()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no whole number")))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos() as u64
}
