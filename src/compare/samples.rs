//! How the samples of two files differ, track by track, told by what each file says of its own, in any order of the two.

use std::collections::VecDeque;

use crate::bytes::ByKey;
use crate::bytes::units::len_u64;
use crate::track::Index;
use crate::verify::comparison::Digest;
use crate::verify::examine::Examined;

use super::Which;
use super::identity::SameTracks;

/// How a sample is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// It has another size.
    Size,
    /// It has as many bytes, and others.
    Bytes,
    /// It has the same bytes and another duration or composition offset.
    Time,
    /// One of the two is a random access point.
    Sync,
}

/// The first sample that is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstUnlike {
    /// Its number in the track, from 0.
    pub sample: u64,
    /// Ticks of this file from the first sample on.
    pub ticks: u64,
    /// How.
    pub how: Unlike,
}

/// What became of a track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackComparison {
    /// Track IDs in this file and in the other.
    pub ids: (Option<u32>, Option<u32>),
    /// Ticks a second.
    pub timescales: (u32, u32),
    /// How many samples each has.
    pub samples: (u64, u64),
    /// How many of them are encrypted.
    pub encrypted: (u64, u64),
    /// How many are the same in all.
    pub equal: u64,
    /// How many differ in size.
    pub sizes: u64,
    /// How many differ in bytes, and not in size.
    pub bytes: u64,
    /// How many differ in duration or composition offset.
    pub times: u64,
    /// How many differ in whether they are random access points.
    pub syncs: u64,
    /// The first that differs.
    pub first: Option<FirstUnlike>,
}

#[derive(Debug, Default)]
struct Track {
    found: TrackComparison,
    /// Those of one of the files that still wait for the other's.
    waiting: VecDeque<Digest>,
    of_other: bool,
    compared: u64,
    ticks: u64,
}

/// The samples of all tracks.
#[derive(Debug, Default)]
pub struct SampleComparison {
    tracks: Vec<Track>,
    /// Numbers of tracks by their IDs: of this file, and of the other.
    places: (ByKey<usize>, ByKey<usize>),
}

impl SampleComparison {
    /// Of tracks that belong together.
    pub fn new(this: &Index, other: &Index, same: &SameTracks) -> Self {
        let scale = |index: &Index, id: Option<u32>| {
            let track = id.and_then(|id| index.movie.as_ref()?.track(id));
            track.map_or(0, |track| track.timescale)
        };
        let mut all = Self::default();
        for (number, ids) in same.pairs.iter().copied().enumerate() {
            let timescales = (scale(this, ids.0), scale(other, ids.1));
            let found = TrackComparison { ids, timescales, ..TrackComparison::default() };
            all.tracks.push(Track { found, ..Track::default() });
            ids.0.into_iter().for_each(|id| *all.places.0.entry(id, number) = number);
            ids.1.into_iter().for_each(|id| *all.places.1.entry(id, number) = number);
        }
        all
    }

    /// Takes what was found of the next part of a track.
    pub fn add(&mut self, which: Which, examined: &Examined) {
        let of_other = which == Which::Other;
        let places = if of_other { &self.places.1 } else { &self.places.0 };
        let Some(track) = places.get(examined.track).and_then(|place| self.tracks.get_mut(*place)) else {
            return;
        };
        let count = len_u64(examined.digests.len());
        let (samples, encrypted) = (&mut track.found.samples, &mut track.found.encrypted);
        let (samples, encrypted) =
            if of_other { (&mut samples.1, &mut encrypted.1) } else { (&mut samples.0, &mut encrypted.0) };
        *samples += count;
        *encrypted += count.saturating_sub(examined.clear_samples);
        // Of a track that is in one file alone nothing waits for anything.
        if track.found.ids.0.is_some() && track.found.ids.1.is_some() {
            examined.digests.iter().for_each(|digest| track.add(of_other, *digest));
        }
    }

    /// What became of each track.
    pub fn finish(self) -> Vec<TrackComparison> {
        self.tracks.into_iter().map(|track| track.found).collect()
    }
}

impl Track {
    fn add(&mut self, of_other: bool, digest: Digest) {
        let waiting = if self.of_other == of_other { None } else { self.waiting.pop_front() };
        let Some(waiting) = waiting else {
            self.of_other = of_other;
            self.waiting.push_back(digest);
            return;
        };
        let (this, other) = if of_other { (waiting, digest) } else { (digest, waiting) };
        let (scale, other_scale) = self.found.timescales;
        // The same time in other ticks is the same.
        let is_same = |a: i128, b: i128| {
            if scale == other_scale { a == b } else { a * i128::from(other_scale) == b * i128::from(scale) }
        };
        let is_timed = is_same(this.duration.into(), other.duration.into())
            && is_same(this.composition.into(), other.composition.into());
        let found = &mut self.found;
        let all = [
            (this.size != other.size, Unlike::Size, &mut found.sizes),
            (this.size == other.size && this.hash != other.hash, Unlike::Bytes, &mut found.bytes),
            (!is_timed, Unlike::Time, &mut found.times),
            (this.sync != other.sync, Unlike::Sync, &mut found.syncs),
        ];
        let mut first = None;
        for (is_unlike, how, count) in all {
            if is_unlike {
                *count += 1;
                first = first.or(Some(how));
            }
        }
        match first {
            Some(how) => {
                let (sample, ticks) = (self.compared, self.ticks);
                found.first.get_or_insert(FirstUnlike { sample, ticks, how });
            }
            None => found.equal += 1,
        }
        self.compared += 1;
        self.ticks += u64::from(this.duration);
    }
}
