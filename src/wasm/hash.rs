//! SHA-256 in steps: what the browser's own digest cannot do for a file larger than memory.

use sha2::Digest;
use wasm_bindgen::prelude::*;

/// A SHA-256 being computed.
#[wasm_bindgen]
#[derive(Default)]
pub struct Sha256(sha2::Sha256);

#[wasm_bindgen]
impl Sha256 {
    /// Over no bytes yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes taken, as hex.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
