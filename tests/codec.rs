//! Codec headers and clear ranges against streams and tools we did not make.
//!
//! The corpus (`BOXLOCK_CORPUS`, else `../shared/corpus`) and ffmpeg are used when they are there, and a line says when
//! they are not.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a test may panic and print; clippy allows it only inside the test functions themselves"
)]

#[path = "codec/avc_streams.rs"]
mod avc_streams;
#[path = "codec/goldens.rs"]
mod goldens;
#[path = "codec/hevc_rules.rs"]
mod hevc_rules;
#[path = "codec/hevc_slices.rs"]
mod hevc_slices;
#[path = "codec/hostile.rs"]
mod hostile;
#[path = "support/not_run.rs"]
mod not_run;
#[path = "codec/records.rs"]
mod records;
#[path = "codec/rules.rs"]
mod rules;
#[path = "codec/slices.rs"]
mod slices;
#[path = "codec/walker.rs"]
mod walker;
