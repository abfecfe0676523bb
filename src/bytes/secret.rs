//! Keys and seeds: wiped when dropped, never printed.

use core::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 128-bit content key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey(pub [u8; 16]);

/// A PlayReady key seed: at least 30 bytes, of which the first 30 count.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeySeed(pub Vec<u8>);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

impl fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySeed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", ContentKey([0xAB; 16])), "ContentKey(..)");
        assert_eq!(format!("{:?}", KeySeed(vec![0xCD; 30])), "KeySeed(..)");
    }
}
