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

mod avc_streams;
mod goldens;
mod hevc_rules;
mod hevc_slices;
mod hostile;
use crate::support::not_run;
mod records;
mod rules;
mod slices;
mod walker;
