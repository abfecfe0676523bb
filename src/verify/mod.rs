//! Rank 7: whether a protected file is what it should be.

pub mod comparison;
pub mod counters;
