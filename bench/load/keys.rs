//! Which idempotency key a request carries.
//!
//! `none` · `unique:<prefix>` a new one each time · `cycle:<prefix>:<count>` the same ones again
//! and again, in order · `shared:<prefix>:<size>` one for as many clients at a time.

use std::str::FromStr;

pub enum Keys {
    None,
    Unique { prefix: String },
    Cycle { prefix: String, count: u64 },
    Shared { prefix: String, size: usize },
}

impl Keys {
    /// The key of the request with this number.
    pub fn key(&self, number: u64) -> Option<String> {
        match self {
            Self::None => None,
            Self::Unique { prefix } | Self::Shared { prefix, .. } => {
                Some(format!("{prefix}-{number}"))
            }
            Self::Cycle { prefix, count } => Some(format!("{prefix}-{}", number % count)),
        }
    }
}

impl FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(':').collect();
        let unknown = || format!("keys {text:?} is none of none, unique, cycle and shared");
        match parts.as_slice() {
            ["none"] => Ok(Self::None),
            ["unique", prefix] => Ok(Self::Unique { prefix: (*prefix).into() }),
            ["cycle", prefix, count] => Ok(Self::Cycle {
                prefix: (*prefix).into(),
                count: count.parse().map_err(|_| unknown())?,
            }),
            ["shared", prefix, size] => Ok(Self::Shared {
                prefix: (*prefix).into(),
                size: size.parse().map_err(|_| unknown())?,
            }),
            _ => Err(unknown()),
        }
    }
}
