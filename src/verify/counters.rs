//! Which parts of key streams were used, and whether any was used twice: whoever has two such samples can read both without
//! the key.

use std::collections::BTreeMap;

use crate::bytes::{Reader, Result, Writer};

/// A sample: track ID, and its number in the track, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Track ID.
    pub track: u32,
    /// Number of the sample in its track.
    pub sample: u64,
}

/// Part of a key stream that was used: of short IVs whole samples, of long ones blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    first: u128,
    last: u128,
    /// The sample that it begins with.
    place: Place,
}

/// Use of one key's stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stream {
    /// IVs of 8 bytes: each is the start of 2^64 blocks that no other can reach.
    short: Vec<Run>,
    /// Blocks, from IVs of 16 bytes.
    long: Vec<Run>,
}

/// Use of all keys' streams in counter mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// By the number of the key: what has another key ID may have the same key.
    streams: BTreeMap<u32, Stream>,
}

/// Two samples that use the same part of the key stream of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice {
    /// One of them, or the first of a row that ends with it.
    pub one: Place,
    /// The other.
    pub other: Place,
}

/// Part of the key stream of a key that was used, of whichever tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Number of the key.
    pub key: u32,
    /// Bytes of the IVs: with 8 each of them stands for 2^64 blocks.
    pub iv_size: u8,
    /// The first IV, or block.
    pub first: u128,
    /// The last.
    pub last: u128,
}

/// No sample has more blocks: their sizes are numbers of 32 bits.
const SAMPLE_BLOCKS: u128 = 1 << 28;

impl Counters {
    /// Takes that `place` was encrypted in counter mode with the key of this number and this IV, of 8 or 16 bytes, over so many blocks.
    pub fn used(&mut self, key: u32, iv: &[u8], blocks: u64, place: Place) {
        if blocks == 0 {
            return;
        }
        let stream = self.streams.entry(key).or_default();
        let start = iv.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        let (runs, more) =
            if iv.len() > 8 { (&mut stream.long, u128::from(blocks) - 1) } else { (&mut stream.short, 0) };
        let (last, wrapped) = start.overflowing_add(more);
        match runs.last_mut() {
            Some(before)
                if before.last.checked_add(1) == Some(start)
                    && before.place.track == place.track
                    && !wrapped =>
            {
                before.last = last;
            }
            _ if wrapped => {
                runs.push(Run { first: start, last: u128::MAX, place });
                runs.push(Run { first: 0, last, place });
            }
            _ => runs.push(Run { first: start, last, place }),
        }
    }

    /// Takes all that was found of samples of a track, whose numbers there begin with `before` in all of it.
    pub fn join(&mut self, other: Self, before: u64) {
        for (key, stream) in other.streams {
            let to = self.streams.entry(key).or_default();
            for (runs, all) in [(stream.short, &mut to.short), (stream.long, &mut to.long)] {
                for mut run in runs {
                    run.place.sample += before;
                    match all.last_mut() {
                        Some(last)
                            if last.last.checked_add(1) == Some(run.first)
                                && last.place.track == run.place.track =>
                        {
                            last.last = run.last;
                        }
                        _ => all.push(run),
                    }
                }
            }
        }
    }

    /// Writes all of it.
    pub fn write(&self, to: &mut Writer) {
        to.u32(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        for (key, Stream { short, long }) in &self.streams {
            to.u32(*key);
            for runs in [short, long] {
                to.u32(u32::try_from(runs.len()).unwrap_or(u32::MAX));
                for Run { first, last, place } in runs {
                    to.bytes(&first.to_be_bytes());
                    to.bytes(&last.to_be_bytes());
                    to.u32(place.track);
                    to.u64(place.sample);
                }
            }
        }
    }

    /// Reads what was written.
    pub fn read(from: &mut Reader<'_>) -> Result<Self> {
        let mut counters = Self::default();
        for _ in 0..from.u32("keys")? {
            let key = from.u32("a key")?;
            let mut stream = Stream::default();
            for runs in [&mut stream.short, &mut stream.long] {
                for _ in 0..from.u32("runs")? {
                    let [first, last] = [from.array("a run")?, from.array("a run")?].map(u128::from_be_bytes);
                    let place = Place { track: from.u32("a track")?, sample: from.u64("a sample")? };
                    runs.push(Run { first, last, place });
                }
            }
            counters.streams.insert(key, stream);
        }
        Ok(counters)
    }

    /// What was used of each key's stream, in order, as few parts as there can be. An IV of 16 bytes of which the last 8 are 0
    /// counts as one of 8: with one for each sample they go on from each other.
    pub fn parts(&self) -> Vec<Used> {
        let mut all: Vec<Used> = Vec::new();
        for (&key, Stream { short, long }) in &self.streams {
            let whole = |run: &&Run| run.first.trailing_zeros() >= 64 && run.first >> 64 == run.last >> 64;
            let of = |run: &Run| (run.first, run.last);
            let mut short: Vec<(u128, u128)> = short.iter().map(of).collect();
            short.extend(long.iter().filter(whole).map(|run| (run.first >> 64, run.last >> 64)));
            let mut long: Vec<(u128, u128)> = long.iter().filter(|run| !whole(run)).map(of).collect();
            for (runs, iv_size) in [(&mut short, 8), (&mut long, 16)] {
                runs.sort_unstable();
                for &mut (first, last) in runs {
                    match all.last_mut().filter(|part| (part.key, part.iv_size) == (key, iv_size)) {
                        Some(part) if part.last.checked_add(1).is_none_or(|next| next >= first) => {
                            part.last = part.last.max(last);
                        }
                        _ => all.push(Used { key, iv_size, first, last }),
                    }
                }
            }
        }
        all
    }

    /// Two samples that use the same part of a key stream, if there are any; for each key at most one such pair.
    pub fn twice(&mut self) -> Vec<Twice> {
        let mut all = Vec::new();
        for Stream { short, long } in self.streams.values_mut() {
            short.sort_unstable();
            long.sort_unstable();
            let found = overlap(short).or_else(|| overlap(long)).or_else(|| across(short, long));
            all.extend(found.map(|(one, other)| Twice { one, other }));
        }
        all
    }
}

/// The first two of these, which are sorted, that overlap.
fn overlap(runs: &[Run]) -> Option<(Place, Place)> {
    let mut furthest: Option<&Run> = None;
    for run in runs {
        if let Some(before) = furthest.filter(|before| run.first <= before.last) {
            let in_order = before.place <= run.place;
            return Some(if in_order { (before.place, run.place) } else { (run.place, before.place) });
        }
        if furthest.is_none_or(|before| run.last > before.last) {
            furthest = Some(run);
        }
    }
    None
}

/// A short IV and blocks of a long one that may be the same. Both are sorted, and the short ones do not overlap.
fn across(short: &[Run], long: &[Run]) -> Option<(Place, Place)> {
    long.iter().find_map(|run| {
        // IVs whose first blocks the run can reach: one, or two where it runs from the blocks of one into the next.
        let (first, last) = (run.first.saturating_sub(SAMPLE_BLOCKS - 1) >> 64, run.last >> 64);
        (first..=last).find_map(|iv| {
            let begins = iv << 64;
            let reached = begins <= run.last && run.first < begins.saturating_add(SAMPLE_BLOCKS);
            let before = short.partition_point(|short| short.first <= iv).checked_sub(1);
            let found = short.get(before?).filter(|short| reached && iv <= short.last)?;
            Some((found.place, run.place))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const KEY: u32 = 7;

    fn place(sample: u64) -> Place {
        Place { track: 1, sample }
    }

    #[test]
    fn ivs_that_count_up_are_one_run_and_one_used_again_is_found() {
        let mut counters = Counters::default();
        for sample in 0..1000 {
            counters.used(KEY, &(u64::MAX - 5).wrapping_add(sample).to_be_bytes(), 40, place(sample));
        }
        // 2^64 is behind the sixth.
        assert_eq!(counters.streams[&KEY].short.len(), 2);
        assert_eq!(counters.twice(), vec![]);
        // Another key has another stream.
        counters.used(KEY + 1, &3u64.to_be_bytes(), 1, place(2000));
        assert_eq!(counters.twice(), vec![]);
        counters.used(KEY, &3u64.to_be_bytes(), 1, place(2000));
        assert_eq!(counters.twice(), vec![Twice { one: place(6), other: place(2000) }]);
    }

    #[test]
    fn samples_of_a_fragment_are_numbered_in_their_track() {
        let mut all = Counters::default();
        for before in [0, 50] {
            let mut fragment = Counters::default();
            fragment.used(KEY, &9u64.to_be_bytes(), 1, place(3));
            all.join(fragment, before);
        }
        assert_eq!(all.twice(), vec![Twice { one: place(3), other: place(53) }]);
    }

    #[test]
    fn a_sample_without_encrypted_blocks_uses_nothing() {
        let mut counters = Counters::default();
        counters.used(KEY, &[0; 8], 0, place(0));
        counters.used(KEY, &[0; 8], 1, place(1));
        assert_eq!(counters.twice(), vec![]);
    }

    #[test]
    fn long_ivs_overlap_by_blocks_also_through_the_end_and_with_short_ones() {
        let mut counters = Counters::default();
        counters.used(KEY, &u128::MAX.to_be_bytes(), 3, place(0));
        assert_eq!(counters.twice(), vec![]);
        let mut wrapped = counters.clone();
        wrapped.used(KEY, &1u128.to_be_bytes(), 1, place(1));
        assert_eq!(wrapped.twice().len(), 1);
        counters.used(KEY, &2u128.to_be_bytes(), 1, place(1));
        assert_eq!(counters.twice(), vec![]);
        // Of the blocks of the short IV 9, this is the third.
        counters.used(KEY, &(9u128 << 64 | 2).to_be_bytes(), 1, place(2));
        assert_eq!(counters.twice(), vec![]);
        counters.used(KEY, &9u64.to_be_bytes(), 3, place(3));
        assert_eq!(counters.twice().len(), 1);
        // A run from the last blocks of one short IV into the first of the next.
        let mut across = Counters::default();
        across.used(KEY, &(4u128 << 64 | u128::from(u64::MAX)).to_be_bytes(), 2, place(0));
        across.used(KEY, &4u64.to_be_bytes(), 1, place(1));
        assert_eq!(across.twice(), vec![]);
        across.used(KEY, &5u64.to_be_bytes(), 1, place(2));
        assert_eq!(across.twice().len(), 1);
    }

    proptest! {
        #[test]
        fn what_a_set_of_blocks_finds_is_found(
            uses in proptest::collection::vec((0u128..60, 1u64..5), 1..12),
            joined in 0usize..12,
        ) {
            let (mut one, mut other) = (Counters::default(), Counters::default());
            let mut blocks = BTreeSet::new();
            let mut again = false;
            for (number, (start, len)) in uses.iter().enumerate() {
                let to = if number < joined { &mut one } else { &mut other };
                to.used(KEY, &start.to_be_bytes(), *len, place(number as u64));
                again |= (*start..start + u128::from(*len)).any(|block| !blocks.insert(block));
            }
            one.join(other, 0);
            prop_assert_eq!(!one.twice().is_empty(), again);
        }
    }

    #[test]
    fn what_was_used_is_told_in_few_parts() {
        let mut counters = Counters::default();
        for (track, from) in [(1, 10), (2, 20), (3, 40)] {
            (from..from + 10).for_each(|iv: u64| {
                counters.used(KEY, &iv.to_be_bytes(), 1, Place { track, sample: iv - from });
            });
        }
        counters.used(KEY, &(30_u128 << 64).to_be_bytes(), 4, place(0));
        counters.used(KEY, &7_u128.to_be_bytes(), 4, place(1));
        counters.used(KEY, &(u128::MAX - 1).to_be_bytes(), 4, place(2));
        let used = |iv_size, first, last| Used { key: KEY, iv_size, first, last };
        let short = [used(8, 0, 0), used(8, 10, 30), used(8, 40, 49)];
        let long = [used(16, 7, 10), used(16, u128::MAX - 1, u128::MAX)];
        assert_eq!(counters.parts(), [&short[..], &long].concat());
    }
}
