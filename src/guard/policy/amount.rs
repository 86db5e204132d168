//! Durations and sizes as a policy writes them, a whole number and a unit, and plain whole numbers.

use super::error::one_of;
use std::fmt;
use thiserror::Error;

/// Units from small to large, each with what it is worth, and the least number of it that is
/// written: people say 24h rather than 1d.
#[derive(Debug, PartialEq, Eq)]
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

impl Units {
    pub fn names(&self) -> Vec<&'static str> {
        self.units.iter().map(|(name, ..)| *name).collect()
    }

    /// In the largest unit that leaves no fraction.
    pub fn write(&self, amount: u64) -> String {
        let whole = |(name, worth, least): &(&str, u64, u64)| {
            let number = amount.checked_div(*worth).filter(|number| number >= least)?;
            amount.is_multiple_of(*worth).then(|| format!("{number}{name}"))
        };
        self.units.iter().rev().find_map(whole).unwrap_or_else(|| amount.to_string())
    }
}

/// The amounts that a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountRange {
    pub units: &'static Units,
    pub least: u64,
    pub most: u64,
}

impl AmountRange {
    /// Reads a text such as `10m`.
    ///
    /// # Errors
    ///
    /// What is no amount, or out of the range.
    pub fn parse(self, text: &str) -> Result<u64, AmountError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
        if number.is_empty() {
            return Err(AmountError::NotAnAmount { range: self });
        }
        // A number beyond counting is out of every range all the same.
        let number = number.parse().unwrap_or(u64::MAX);
        if unit.is_empty() {
            return Err(AmountError::NoUnit { number, range: self });
        }
        let unit = self.units.units.iter().find(|(name, ..)| *name == unit);
        match unit.map(|(_, worth, _)| number.saturating_mul(*worth)) {
            None => Err(AmountError::NotAnAmount { range: self }),
            Some(amount) if amount < self.least => Err(AmountError::Under { range: self }),
            Some(amount) if amount > self.most => Err(AmountError::Over { range: self }),
            Some(amount) => Ok(amount),
        }
    }

    /// The number with each unit that brings it into the range.
    fn guesses(self, number: u64) -> Vec<String> {
        let fits = |worth: u64| (self.least..=self.most).contains(&number.saturating_mul(worth));
        let units = self.units.units.iter().filter(|(_, worth, _)| fits(*worth));
        units.map(|(name, ..)| format!("\"{number}{name}\"")).collect()
    }
}

/// As a cure says it: `a duration from "1s" to "2m"`.
impl fmt::Display for AmountRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, least, most } = self;
        let (least, most) = (units.write(*least), units.write(*most));
        write!(formatter, "a {} from \"{least}\" to \"{most}\"", units.noun)
    }
}

/// Why a text is no amount that a field takes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    #[error("is under \"{}\": write {range}", .range.units.write(.range.least))]
    Under { range: AmountRange },
    #[error("is over \"{}\": write {range}", .range.units.write(.range.most))]
    Over { range: AmountRange },
    #[error("has no unit: write {}", with_unit(*.number, *.range))]
    NoUnit { number: u64, range: AmountRange },
    #[error("is not a whole number and a unit ({}): write {range}", .range.units.names().join(", "))]
    NotAnAmount { range: AmountRange },
}

/// What a number without a unit may have been meant to be.
fn with_unit(number: u64, range: AmountRange) -> String {
    let guesses = range.guesses(number);
    if guesses.is_empty() { range.to_string() } else { one_of(&guesses) }
}

/// The whole numbers that a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRange {
    pub least: u32,
    pub most: u32,
}

impl NumberRange {
    /// Reads a number as JSON writes it.
    ///
    /// # Errors
    ///
    /// What is no whole number, or out of the range.
    pub fn parse(self, text: &str) -> Result<u32, NumberError> {
        let (magnitude, is_negative) = match text.strip_prefix('-') {
            Some(magnitude) => (magnitude, true),
            None => (text, false),
        };
        if !magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::NotWhole { range: self });
        }
        match magnitude.parse().unwrap_or(u32::MAX) {
            number if is_negative || number < self.least => Err(NumberError::Under { range: self }),
            number if number > self.most => Err(NumberError::Over { range: self }),
            number => Ok(number),
        }
    }
}

/// As a cure says it: `a whole number from 1 to 6`.
impl fmt::Display for NumberRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from {} to {}", self.least, self.most)
    }
}

/// Why a number is none that a field takes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    #[error("is under {}: write {range}", .range.least)]
    Under { range: NumberRange },
    #[error("is over {}: write {range}", .range.most)]
    Over { range: NumberRange },
    #[error("is no whole number: write {range}")]
    NotWhole { range: NumberRange },
}
