//! Runs samples through a cipher, there and back (ISO/IEC 23001-7:2023 9.4 to 9.6, 10; PIFF 1.1 6).

use crate::boxes::cenc::Subsample;
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};

use super::chain::{self, Chain};
use super::cipher::{AesKey, Block};
use super::samples::Window;
use super::scheme::{Mode, Pattern, Scheme};

/// A sample, its IV and its map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapped<'e> {
    /// File offset.
    pub start: u64,
    /// Bytes.
    pub size: u32,
    /// None where all samples share one.
    pub iv: &'e [u8],
    /// None where a sample is protected whole.
    pub map: &'e [Subsample],
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Clear samples become encrypted ones.
    Encrypt,
    /// Encrypted ones become clear.
    Decrypt,
}

/// How samples are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cipher {
    pub scheme: Scheme,
    /// Which blocks of a protected range.
    pub pattern: Pattern,
    /// The IV that all share, where they do.
    pub iv: Option<Block>,
}

impl Cipher {
    /// Runs these samples through it, in place.
    pub(super) fn apply<'e>(
        &self,
        key: &AesKey,
        way: Way,
        window: &mut Window<'_>,
        samples: impl Iterator<Item = Mapped<'e>>,
    ) -> Result<()> {
        if self.scheme.mode == Mode::Ctr {
            let pattern = self.scheme.has_pattern.then_some(self.pattern);
            for Mapped { start, size, iv, map } in samples {
                let iv = self.iv.as_ref().map_or(iv, |shared| shared);
                keystream(key, pattern, iv, map, start, window.get(start, u64::from(size))?)?;
            }
            return Ok(());
        }
        // A sample without a map is one range.
        let whole = |sample: Mapped<'e>| (sample, [Subsample { clear: 0, protected: sample.size }]);
        let samples: Vec<_> = samples.map(whole).collect();
        let mut chains = Vec::new();
        for (sample, whole) in &samples {
            let map = if sample.map.is_empty() { whole } else { sample.map };
            let iv = self.iv.unwrap_or_else(|| whole_block(sample.iv));
            let bytes = window.get(sample.start, u64::from(sample.size))?.len();
            let mut at = to_len(sample.start - window.start);
            check_map(map, bytes, sample.start)?;
            if !self.scheme.restarts {
                chains.push(Chain { at, subsamples: map, iv });
                continue;
            }
            for range in map.chunks(1) {
                chains.push(Chain { at, subsamples: range, iv });
                at += range.iter().map(len_of).sum::<usize>();
            }
        }
        let apply = if way == Way::Encrypt { chain::encrypt } else { chain::decrypt };
        apply(key, self.pattern, window.bytes, &mut chains.into_iter());
        Ok(())
    }
}

/// An IV as a block: a short one begins it, and zeros follow.
pub(super) fn whole_block(iv: &[u8]) -> Block {
    let mut block = Block::default();
    block.iter_mut().zip(iv).for_each(|(to, from)| *to = *from);
    block
}

/// Runs one sample, which stands at file offset `start`, through its keystream. With a pattern, also one that leaves
/// nothing out, whole blocks alone take part.
fn keystream(
    key: &AesKey,
    pattern: Option<Pattern>,
    iv: &[u8],
    map: &[Subsample],
    start: u64,
    sample: &mut [u8],
) -> Result<()> {
    let mut cipher = key.sample(iv);
    let mut apply = |range: &mut [u8]| match pattern {
        None => cipher.apply(range),
        Some(pattern) => pattern.each_range(range, |blocks| cipher.apply(blocks)),
    };
    if map.is_empty() {
        // A sample without a map is protected whole; an empty sample has nothing to map.
        apply(sample);
        return Ok(());
    }
    check_map(map, sample.len(), start)?;
    let mut at = 0;
    for subsample in map {
        let from = at + usize::from(subsample.clear);
        at += len_of(subsample);
        apply(sample.get_mut(from..at).unwrap_or_default());
    }
    Ok(())
}

/// Bytes that a subsample covers.
fn len_of(subsample: &Subsample) -> usize {
    usize::from(subsample.clear).saturating_add(to_len(u64::from(subsample.protected)))
}

/// Fails when a map covers more than its sample of `size` bytes, which stands at file offset `start`.
fn check_map(map: &[Subsample], size: usize, start: u64) -> Result<()> {
    let covered = map.iter().map(len_of).fold(0, usize::saturating_add);
    if covered <= size {
        return Ok(());
    }
    let message = format!("A subsample map covers {covered} bytes, but its sample has {size}.");
    Err(Error::file("bad-subsamples", message).at(start))
}
