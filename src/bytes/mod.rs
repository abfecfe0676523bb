//! Rank 0: bytes in and out, the units they carry, the caps on numbers that come from files, and errors.

pub mod bits;
mod by_key;
pub mod error;
pub mod limits;
pub mod reader;
pub mod secret;
pub mod units;
pub mod writer;

pub use by_key::ByKey;
pub use error::{Error, Kind, Result};
pub use reader::Reader;
pub use secret::{ContentKey, KeySeed};
pub use units::{FourCc, KeyId, Uuid16};
pub use writer::Writer;
