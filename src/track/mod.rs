//! To be written.
pub mod codec;
