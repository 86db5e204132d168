//! Ids and digests: bytes in memory, in storage and in messages, hex digits where people read them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_bytes::ByteArray;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// `N` bytes that are shown as `2 * N` lower-case hex digits; `{:.8}` shows the first 8 of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an id is written as {digits} hex digits in lower case, and this one is not")]
pub struct HexError {
    pub digits: usize,
}

impl<const N: usize> FromStr for Hex<N> {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        let mut bytes = [0; N];
        let read = base16ct::lower::decode(text, &mut bytes).map_or(0, <[u8]>::len);
        if read == N { Ok(Self(bytes)) } else { Err(HexError { digits: N.saturating_mul(2) }) }
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&base16ct::lower::encode_string(&self.0))
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            ByteArray::new(self.0).serialize(serializer)
        }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            ByteArray::deserialize(deserializer).map(|bytes| Self(bytes.into_array()))
        }
    }
}
