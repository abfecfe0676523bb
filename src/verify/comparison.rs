//! Whether two files have the same samples, told by what each says of its own, in any order of the two.

use std::collections::{BTreeMap, VecDeque};

use crate::bytes::units::len_u64;

/// What is compared of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Hash of its clear bytes.
    pub hash: u64,
    /// Bytes.
    pub size: u32,
    /// Ticks to the next one.
    pub duration: u32,
    /// Ticks from its decode to its presentation time.
    pub composition: i32,
    /// Whether it is said to be a random access point.
    pub sync: bool,
}

impl Digest {
    /// Ticks to the next one, and to its presentation.
    fn times(&self) -> (u32, i32) {
        (self.duration, self.composition)
    }
}

/// Which file a sample is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The clear source.
    Source,
    /// What was written.
    Written,
}

/// How a sample of a track is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// It has other bytes: how many, and how many there should be.
    Bytes(u32, u32),
    /// It has another duration or composition offset.
    Time,
    /// This one is missing and all behind it, so many.
    Missing(u64),
    /// This one should not be there and all behind it, so many.
    Surplus(u64),
}

/// Samples of one track.
#[derive(Debug, Default)]
struct Track {
    /// Those of one of the files that still wait for the other's.
    waiting: VecDeque<Digest>,
    /// Whose these are.
    of: Option<Side>,
    compared: u64,
    /// Ticks of those.
    ticks: u64,
    equal: u64,
}

/// A sample that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnlikeSample {
    /// Track ID.
    pub track: u32,
    /// Its number in the track, from 0.
    pub sample: u64,
    /// Its decode time, in ticks from the first sample on.
    pub ticks: u64,
    /// How.
    pub how: Unlike,
}

/// Comparison of all tracks.
#[derive(Debug, Default)]
pub struct Comparison {
    tracks: BTreeMap<u32, Track>,
    unlike: Vec<UnlikeSample>,
    /// How many more there are.
    more: u64,
}

/// Most samples that are told one by one.
const TOLD: usize = 100;

impl Comparison {
    /// Takes the next sample of a track.
    pub fn add(&mut self, side: Side, track_id: u32, digest: Digest) {
        let track = self.tracks.entry(track_id).or_default();
        let other = if track.of == Some(side) { None } else { track.waiting.pop_front() };
        let Some(other) = other else {
            track.of = Some(side);
            track.waiting.push_back(digest);
            return;
        };
        let (source, written) = if side == Side::Source { (digest, other) } else { (other, digest) };
        let unlike = if (source.hash, source.size) != (written.hash, written.size) {
            Some(Unlike::Bytes(written.size, source.size))
        } else {
            (source.times() != written.times()).then_some(Unlike::Time)
        };
        track.equal += u64::from(unlike.is_none());
        match unlike {
            Some(how) if self.unlike.len() < TOLD => {
                let (sample, ticks) = (track.compared, track.ticks);
                self.unlike.push(UnlikeSample { track: track_id, sample, ticks, how });
            }
            Some(_) => self.more += 1,
            None => {}
        }
        track.compared += 1;
        track.ticks += u64::from(written.duration);
    }

    /// How many samples of a track are equal.
    pub fn equal(&self, track_id: u32) -> u64 {
        self.tracks.get(&track_id).map_or(0, |track| track.equal)
    }

    /// How many samples are unlike that [`unlike`](Self::unlike) does not tell.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// What is not as it should be, now that all samples were given. Of more than a hundred the first.
    pub fn unlike(&self) -> Vec<UnlikeSample> {
        let left = self.tracks.iter().filter(|(_, track)| !track.waiting.is_empty()).map(|(id, track)| {
            let count = len_u64(track.waiting.len());
            let kind = if track.of == Some(Side::Source) { Unlike::Missing } else { Unlike::Surplus };
            UnlikeSample { track: *id, sample: track.compared, ticks: track.ticks, how: kind(count) }
        });
        self.unlike.iter().copied().chain(left).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unlike(track: u32, sample: u64, how: Unlike) -> UnlikeSample {
        // Each takes a tick.
        UnlikeSample { track, sample, ticks: sample, how }
    }

    fn digest(hash: u64) -> Digest {
        Digest { hash, size: 10, duration: 1, composition: 0, sync: true }
    }

    proptest! {
        #[test]
        fn the_order_of_the_two_does_not_matter(
            order in proptest::collection::vec(any::<bool>(), 40),
            lens in (0usize..20, 0usize..20),
            changed in proptest::option::of(0usize..20),
        ) {
            let mut comparison = Comparison::default();
            let mut sides = [(Side::Source, 0, lens.0), (Side::Written, 0, lens.1)];
            for first in order {
                let number = if sides[usize::from(first)].1 < sides[usize::from(first)].2 { first } else { !first };
                let (side, at, len) = &mut sides[usize::from(number)];
                if at < len {
                    let other = *side == Side::Written && changed == Some(*at);
                    comparison.add(*side, 3, digest(*at as u64 + u64::from(other) * 1000));
                    *at += 1;
                }
            }
            let common = lens.0.min(lens.1);
            let mut wanted = Vec::new();
            if let Some(at) = changed.filter(|at| *at < common) {
                wanted.push(unlike(3, at as u64, Unlike::Bytes(10, 10)));
            }
            let (more, fewer) = (lens.1.saturating_sub(lens.0), lens.0.saturating_sub(lens.1));
            if fewer > 0 {
                wanted.push(unlike(3, common as u64, Unlike::Missing(fewer as u64)));
            }
            if more > 0 {
                wanted.push(unlike(3, common as u64, Unlike::Surplus(more as u64)));
            }
            let equal = common as u64 - u64::from(changed.is_some_and(|at| at < common));
            prop_assert_eq!(comparison.unlike(), wanted);
            prop_assert_eq!(comparison.equal(3), equal);
        }
    }

    #[test]
    fn beyond_a_hundred_they_are_counted() {
        let mut comparison = Comparison::default();
        for number in 0..250 {
            comparison.add(Side::Source, 1, digest(number));
            comparison.add(Side::Written, 1, digest(number + 1000));
        }
        assert_eq!((comparison.unlike().len(), comparison.more(), comparison.equal(1)), (100, 150, 0));
    }

    #[test]
    fn times_are_compared_apart_from_bytes() {
        let mut comparison = Comparison::default();
        comparison.add(Side::Source, 1, digest(5));
        comparison.add(Side::Written, 1, Digest { composition: 2, ..digest(5) });
        assert_eq!(comparison.unlike(), vec![unlike(1, 0, Unlike::Time)]);
    }
}
