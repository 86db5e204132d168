//! The guard's rules for scripts: what people are told of a policy, through wasm-bindgen.
//!
//! 1. `variables` are the Worker's, as JSON; see [`crate::report`].
//! 2. Mistakes are thrown as a list, a sentence each.
//!
//! Built with the feature `tools`, without `edge`.

use crate::report::Deployment;
use wasm_bindgen::prelude::*;

/// What holds for every path.
#[wasm_bindgen(js_name = settingsReport)]
pub fn settings_report(variables: &str) -> Result<String, Vec<String>> {
    Ok(Deployment::read(variables)?.settings())
}

/// Which route a request takes, and what holds for it.
#[wasm_bindgen(js_name = requestReport)]
pub fn request_report(variables: &str, method: &str, path: &str) -> Result<String, Vec<String>> {
    Ok(Deployment::read(variables)?.request(method, path))
}

/// What `/.onlyonce/contract` would say.
#[wasm_bindgen]
pub fn contract(variables: &str) -> Result<String, Vec<String>> {
    Ok(Deployment::read(variables)?.contract())
}
