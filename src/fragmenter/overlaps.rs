//! Samples that share bytes: a copy of them would be clear where another is encrypted, or a table lies.

use crate::bytes::units::{len_u64, sort_pairs, to_len};
use crate::bytes::{Error, Result};

/// Stretches of samples in the source, and whose they are.
#[derive(Debug, Default)]
pub struct Taken {
    /// Start; and end with the number of the track in its lowest bits, so that pairs are sorted and nothing else.
    stretches: Vec<(u64, u64)>,
}

/// There are no more tracks than this many bits can count.
const TRACK_BITS: u32 = 10;

impl Taken {
    /// Notes that track number `track` has samples in these extents.
    pub fn add(&mut self, track: usize, extents: &[(u64, u64)]) {
        let packed = |end: u64| end.saturating_mul(1 << TRACK_BITS) | len_u64(track);
        self.stretches
            .extend(extents.iter().map(|(start, len)| (*start, packed(start.saturating_add(*len)))));
    }

    /// Fails when two tracks have bytes in common, or samples of one overlap in part: one that stands for several is
    /// lawful. `id` gives the ID of a track by its number.
    pub fn check(mut self, id: &dyn Fn(usize) -> u32) -> Result<()> {
        sort_pairs(&mut self.stretches);
        // The one that reaches furthest of those before.
        let mut before: Option<(u64, u64, usize)> = None;
        for (start, packed) in self.stretches {
            let (end, track) = (packed >> TRACK_BITS, to_len(packed & ((1 << TRACK_BITS) - 1)));
            if let Some((first, last, other)) = before
                && start < last
                && (track != other || (first, last) != (start, end))
            {
                let message = format!(
                    "Track {} has a sample at bytes {first} to {last}, and track {} one at bytes {start} to {end}: they \
                     share bytes. Get a sound copy of the file; or, where both are meant to be the same media, one without \
                     one of the two tracks.",
                    id(other),
                    id(track)
                );
                return Err(Error::file("samples-overlap", message).inside("moov").at(start));
            }
            if before.is_none_or(|(_, last, _)| end > last) {
                before = Some((start, end, track));
            }
        }
        Ok(())
    }
}
