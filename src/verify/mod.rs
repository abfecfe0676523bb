//! Rank 7: whether a protected file is what it should be: read again, decrypted, and held against its source and against
//! itself.

pub mod agreement;
pub mod clear;
pub mod comparison;
pub mod counters;
mod durations;
pub mod examine;
pub mod offline;
pub mod twins;
pub mod verification;
pub mod wire;

pub use comparison::Side;
pub use examine::Examiner;
pub use verification::{Outcome, Verification};
