//! Durations and sizes as a policy writes them: a whole number and a unit.

use crate::guard::bytes::{decimal, from_decimal, joined};

/// Units from small to large, each with what it is worth, and the least number of it that is
/// written: people say 24h rather than 1d.
pub struct Units {
    pub noun: &'static str,
    pub units: &'static [(&'static str, u64, u64)],
}

/// In milliseconds.
pub static DURATION: Units = Units {
    noun: "duration",
    units: &[
        ("s", 1000, 1),
        ("m", 60 * 1000, 1),
        ("h", 60 * 60 * 1000, 1),
        ("d", 24 * 60 * 60 * 1000, 2),
    ],
};

/// In bytes. MB is not among them: half of its readers take it for MiB.
pub static SIZE: Units =
    Units { noun: "size", units: &[("B", 1, 1), ("KiB", 1024, 1), ("MiB", 1024 * 1024, 1)] };

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnAmount {
    /// A number that lacks its unit.
    NoUnit(u64),
    Else,
}

impl Units {
    pub fn read(&self, text: &str) -> Result<u64, NotAnAmount> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
        if number.is_empty() {
            return Err(NotAnAmount::Else);
        }
        let number = from_decimal(number).unwrap_or(u64::MAX);
        if unit.is_empty() {
            return Err(NotAnAmount::NoUnit(number));
        }
        let unit = self.units.iter().find(|(name, ..)| *name == unit);
        unit.map(|(_, worth, _)| times(number, *worth)).ok_or(NotAnAmount::Else)
    }

    pub fn names(&self) -> String {
        joined(&mut self.units.iter().map(|(name, ..)| *name), ", ")
    }

    /// In the largest unit that leaves no fraction.
    pub fn write(&self, amount: u64) -> String {
        let whole = |(name, worth, least): &(&str, u64, u64)| {
            let number = amount.checked_div(*worth).filter(|number| number >= least)?;
            amount.is_multiple_of(*worth).then(|| [&decimal(number), *name].concat())
        };
        self.units.iter().rev().find_map(whole).unwrap_or_else(|| decimal(amount))
    }

    /// The number with each unit that brings it into the range.
    pub fn guesses(&self, number: u64, least: u64, most: u64) -> Vec<String> {
        self.units
            .iter()
            .filter(|(_, worth, _)| (least..=most).contains(&times(number, *worth)))
            .map(|(name, ..)| ["\"", &decimal(number), name, "\""].concat())
            .collect()
    }
}

/// So many units. A number beyond counting is cut: it is out of every range all the same.
fn times(number: u64, worth: u64) -> u64 {
    number.min(u32::MAX.into()).wrapping_mul(worth)
}
