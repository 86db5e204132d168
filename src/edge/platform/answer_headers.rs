//! An answer's headers while the guard writes into them.
//!
//! Those that were kept are text, and become the platform's in one call when all is said. Those that came
//! just now are the platform's own list and stay it: only that has the bytes of values that are no UTF-8.

use super::header_list;
use crate::guard::replay::{HeaderChange, How};
use wasm_bindgen::JsValue;
use web_sys::Headers;

pub enum AnswerHeaders {
    /// Names in lower case.
    Kept(Vec<(String, String)>),
    Live(Headers),
}

impl AnswerHeaders {
    /// The value of a header, repeated lines joined.
    pub fn value(&self, name: &str) -> Option<String> {
        match self {
            Self::Kept(list) => header_list::find(list, name),
            Self::Live(headers) => headers.get(name).ok().flatten(),
        }
    }

    pub fn set(&mut self, name: &str, value: String) -> Result<(), JsValue> {
        match self {
            Self::Kept(list) => {
                list.retain(|(found, _)| found != name);
                list.push((name.to_owned(), value));
                Ok(())
            }
            Self::Live(headers) => headers.set(name, &value),
        }
    }

    pub fn append(&mut self, name: &str, value: String) -> Result<(), JsValue> {
        match self {
            Self::Kept(list) => {
                list.push((name.to_owned(), value));
                Ok(())
            }
            Self::Live(headers) => headers.append(name, &value),
        }
    }

    pub fn change(
        &mut self,
        changes: impl IntoIterator<Item = HeaderChange>,
    ) -> Result<(), JsValue> {
        for HeaderChange { name, value, how } in changes {
            match how {
                How::Append => self.append(name, value)?,
                How::Default if self.value(name).is_some() => {}
                How::Set | How::Default => self.set(name, value)?,
            }
        }
        Ok(())
    }

    pub fn into_platform(self) -> Result<Headers, JsValue> {
        match self {
            Self::Kept(list) => header_list::write(&list),
            Self::Live(headers) => Ok(headers),
        }
    }
}
