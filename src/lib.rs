//! Boxlock's core: reads MP4 (Smooth Streaming, PIFF, CENC, plain), shows it, and protects it with PlayReady.
//!
//! Data flows one way: **bytes → box tree → tracks and samples → plan → output pieces → saved file.**
//! The core does no I/O and knows no clock, no randomness and no browser: bytes, random values and times
//! are arguments, so every output is a pure function of its inputs.
//!
//! Modules stand in ranks; each may use only those above it in this list (`tests/architecture.rs` checks).

pub mod boxes;
pub mod bytes;
pub mod compare;
pub mod exchange;
pub mod fragmenter;
pub mod inspect;
pub mod lint;
pub mod manifest;
pub mod output;
pub mod playready;
pub mod protect;
pub mod report;
pub mod samples;
pub mod session;
pub mod track;
pub mod verify;
#[cfg(target_arch = "wasm32")]
mod wasm;
