//! The Worker's log. What is written holds no key, credential or body.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// One line of JSON, which the platform's log takes apart.
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub fn line(text: &str);
    #[wasm_bindgen(js_namespace = console)]
    pub fn error(text: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub fn warning(text: &str);
}
