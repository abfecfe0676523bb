//! The one owner of initialization vectors: no two samples of an output ever share one.
//!
//! PIFF 1.1 asks for IVs that are unique over all tracks with the same key, and Microsoft's own files count up by
//! one from sample to sample through the whole file; so does this. With an 8-byte IV the block counter is a field of
//! its own, so distinct IVs mean distinct counter blocks.

/// IVs of a file: a random start, then one more for each sample in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IvCounter {
    start: u64,
}

/// Bytes of the IVs written. PlayReady before 4.0, and Windows 10 before 20H2, take no other length.
pub const IV_SIZE: u8 = 8;

impl IvCounter {
    /// Counts from `start`, which must be random for each file under one key.
    pub fn new(start: u64) -> Self {
        Self { start }
    }

    /// The IV of sample `ordinal`, counted over all tracks in file order. Unique for all ordinals of one file: the
    /// sum wraps only after 2^64 samples.
    pub fn iv(self, ordinal: u64) -> [u8; 8] {
        self.start.wrapping_add(ordinal).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_runs_through_the_wrap() {
        let counter = IvCounter::new(u64::MAX);
        assert_eq!(counter.iv(0), [0xff; 8]);
        assert_eq!(counter.iv(1), [0; 8]);
    }
}
