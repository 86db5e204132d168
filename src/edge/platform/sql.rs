//! A SQLite database of an object (Durable Objects, "SQL API"), used synchronously. The cursors of
//! `worker` throw through WebAssembly where a row cannot be read, which ends the instance; here every
//! error comes back as one.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use worker::worker_sys::types::DurableObjectStorage;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    pub type Sql;
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Sql, query: &str, bindings: &Array) -> Result<Cursor, JsValue>;

    type Cursor;
    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Cursor) -> Result<Array, JsValue>;

    type SqlStorage;
    #[wasm_bindgen(method, getter)]
    fn sql(this: &SqlStorage) -> Sql;
}

impl Sql {
    pub fn of(storage: &DurableObjectStorage) -> Self {
        storage.unchecked_ref::<SqlStorage>().sql()
    }

    /// Runs one statement, and returns its rows: objects with a member a column. The text is kept
    /// prepared by the platform, so values go into the bindings.
    pub fn run<const N: usize>(&self, query: &str, values: [JsValue; N]) -> Result<Array, JsValue> {
        self.run_with(query, &values.into_iter().collect())
    }

    /// The same for as many values as there are.
    pub fn run_with(&self, query: &str, bindings: &Array) -> Result<Array, JsValue> {
        self.exec(query, bindings)?.to_array()
    }
}

/// Bytes as they are bound.
pub fn blob_value(bytes: &[u8]) -> JsValue {
    js_sys::Uint8Array::from(bytes).into()
}

/// A whole number as it is bound; one that is exact in JavaScript.
pub fn integer_value(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

/// A member of a row. Returns `None` if it is absent or NULL.
pub fn column(row: &JsValue, name: &str) -> Option<JsValue> {
    let value = js_sys::Reflect::get(row, &name.into()).ok()?;
    (!value.is_null() && !value.is_undefined()).then_some(value)
}

/// The bytes of a BLOB, which the platform gives as an `ArrayBuffer`.
pub fn blob(row: &JsValue, name: &str) -> Option<js_sys::Uint8Array> {
    Some(js_sys::Uint8Array::new(&column(row, name)?))
}

/// A whole number that is not negative and exact in JavaScript.
pub fn integer(row: &JsValue, name: &str) -> Option<u64> {
    let number = column(row, name)?.as_f64()?;
    (0.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(&number).then_some(number as u64)
}
