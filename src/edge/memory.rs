//! The allocator of WebAssembly's memory.
//!
//! The standard one would add 6 KB to the Worker. Under bodies of up to 32 MiB between small ones,
//! this one takes as much memory and as long.

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

/// For one thread, which is what a Worker has.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();
