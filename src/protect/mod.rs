//! To be written.
pub mod subsample;
