//! What samples show together, of all fragments and sample tables: key streams, key modes, and whether they look as they are
//! said to be.

use std::collections::BTreeMap;

use crate::bytes::{ByKey, KeyId};
use crate::verify::counters::{Counters, Twice, Used};

use super::finding::{Findings, Place};
use super::rules;

/// What is known from the fragments before.
#[derive(Debug, Default)]
pub struct Seen {
    /// Samples of each track so far.
    before: ByKey<u64>,
    pub counters: Counters,
    /// What samples were encrypted with: key IDs, and tracks that name none.
    keys: BTreeMap<(Option<KeyId>, Option<u32>), Key>,
    /// How often each number stands among encrypted bytes of samples with IVs of their own, track by track.
    pub bytes: BTreeMap<u32, Counts>,
    /// Clear samples of NAL units that were looked at, and those of them that are none, track by track.
    pub units: BTreeMap<u32, Units>,
}

/// How a key is used.
#[derive(Debug)]
struct Key {
    /// Its number in [`Seen::counters`].
    number: u32,
    /// The first track that it was used in.
    track: u32,
    /// [`COUNTER`], [`CHAINS`], or both.
    modes: u8,
}

/// How often each number stands among bytes.
#[derive(Debug)]
pub struct Counts {
    /// Where they begin.
    pub place: Place,
    pub of: [u32; 256],
}

/// Samples of NAL units.
#[derive(Debug)]
pub struct Units {
    /// Where they begin.
    pub place: Place,
    pub all: u64,
    /// Those of them that are none.
    pub broken: u64,
}

pub const COUNTER: u8 = 1;
pub const CHAINS: u8 = 2;

impl Seen {
    /// Key IDs by their numbers, none for what is encrypted without one, and what was used of the stream of each in counter mode.
    pub fn streams(&self) -> (Vec<Option<KeyId>>, Vec<Used>) {
        let mut kids = vec![None; self.keys.len()];
        for ((kid, _), key) in &self.keys {
            if let Some(place) = usize::try_from(key.number).ok().and_then(|number| kids.get_mut(number)) {
                *place = *kid;
            }
        }
        (kids, self.counters.parts())
    }

    /// Samples of a track so far.
    pub fn samples(&self, track: u32) -> u64 {
        self.before.get(track).copied().unwrap_or(0)
    }

    /// Goes past so many samples of a track.
    pub fn pass(&mut self, track: u32, samples: u64) {
        *self.before.entry(track, 0) += samples;
    }

    /// Says what all samples together show.
    pub fn finish(mut self, found: &mut Findings) {
        for Twice { one, other } in self.counters.twice() {
            let message = format!(
                "Sample {} of track {} and sample {} of track {} are encrypted with the same key and counter: both can be read \
                 without the key.",
                one.sample + 1,
                one.track,
                other.sample + 1,
                other.track
            );
            let place = Place { track: Some(other.track), sample: Some(other.sample), ..Place::default() };
            found.add(&rules::COUNTER_TWICE, place, message);
        }
        for ((kid, _), Key { track, modes, .. }) in &self.keys {
            if let (Some(kid), true) = (kid, *modes == COUNTER | CHAINS) {
                let message =
                    format!("The key {kid} encrypts samples in counter mode, and others in chains.");
                found.add(&rules::TWO_MODES, Place::default().of_track(*track), message);
            }
        }
        for (track, Counts { place, of }) in self.bytes {
            let total: u64 = of.iter().map(|count| u64::from(*count)).sum();
            if let Some(chance) = unevenness(&of, total) {
                let message = format!(
                    "In {total} bytes of track {track} that are said to be encrypted some numbers stand far more often than others: \
                     their unevenness is {chance}, where that of encrypted bytes is below 600."
                );
                found.add(&rules::LOOKS_CLEAR, place, message);
            }
        }
        for (track, Units { place, all, broken }) in self.units {
            if broken * 2 > all {
                let message = format!(
                    "{broken} of {all} samples of track {track} that were looked at are not made of NAL units."
                );
                found.add(&rules::LOOKS_ENCRYPTED, place, message);
            }
        }
    }

    /// The number of a key.
    pub fn key(&mut self, kid: Option<KeyId>, track: u32, mode: u8) -> u32 {
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let of = (kid, kid.is_none().then_some(track));
        let key = self.keys.entry(of).or_insert(Key { number, track, modes: 0 });
        key.modes |= mode;
        key.number
    }
}

/// How far the counts of numbers are from all being the same, by the chi-square of 255 degrees of freedom, where it cannot
/// be chance: of random bytes it is 255, and above 600 never.
fn unevenness(of: &[u32; 256], total: u64) -> Option<u64> {
    if total < 4096 {
        return None;
    }
    // 256 × Σ count² ÷ total − total.
    let squares: u64 = of.iter().map(|count| u64::from(*count) * u64::from(*count)).sum();
    let chance = (squares.saturating_mul(256) / total).saturating_sub(total);
    (chance > 600).then_some(chance)
}
