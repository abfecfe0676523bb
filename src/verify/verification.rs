//! Verifying one file: what all its fragments, and those of its source, say together.

use std::collections::BTreeMap;

use crate::bytes::Result;
use crate::bytes::units::len_u64;
use crate::protect::SourceKeys;
use crate::track::{Index, Movie, TrackKind};

use super::agreement;
use super::comparison::{Comparison, Side, Unlike};
use super::counters::{Counters, Twice};
use super::examine::{Examined, Fault};
use super::wire;

/// What is known of one track of the file that is verified.
#[derive(Clone, Debug, Default)]
pub struct TrackSum {
    /// Samples.
    pub samples: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of them that are encrypted.
    pub encrypted: u64,
    /// Bytes that a newer rule would encrypt too, beside those that are.
    pub beside: u64,
    /// Samples that are equal to the source's.
    pub equal: u64,
}

/// A fault, and where: in no track, in a track, or in a sample of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Track ID.
    pub track: Option<u32>,
    /// Number of the sample in the track.
    pub sample: Option<u64>,
    /// Stable code.
    pub code: String,
    /// Plain sentence.
    pub message: String,
}

/// Code of what is another now than when it was written.
const NOT_AS_WRITTEN: &str = "not-as-written";

/// Most faults that are told.
const TOLD: usize = 200;

/// A file that is being verified.
#[derive(Debug)]
pub struct Verification {
    comparison: Comparison,
    counters: Counters,
    tracks: BTreeMap<u32, TrackSum>,
    faults: Vec<Placed>,
    /// Faults beyond those told.
    more: u64,
    /// For each track of the written file, that of the source.
    twins: BTreeMap<u32, u32>,
    has_source: bool,
}

impl Verification {
    /// Begins with what the headers and indexes of the written file say. `source` is the movie of the clear file, if there
    /// is one to compare with.
    pub fn new(written: &Index, keys: &SourceKeys, source: Option<&Movie>) -> Self {
        let mut all = Self {
            comparison: Comparison::default(),
            counters: Counters::default(),
            tracks: BTreeMap::new(),
            faults: Vec::new(),
            more: 0,
            twins: BTreeMap::new(),
            has_source: source.is_some(),
        };
        for error in agreement::faults(written, keys) {
            all.fault(None, None, error.code(), error.message());
        }
        let movie = written.movie.iter().flat_map(|movie| &movie.tracks);
        for track in movie {
            all.tracks.insert(track.id, TrackSum::default());
            let Some(source) = source else { continue };
            // By ID; where that is of another kind, by the order of its kind.
            let same = source.track(track.id).filter(|other| other.kind == track.kind);
            let place =
                written.movie.iter().flat_map(|movie| &movie.tracks).take_while(|one| one.id != track.id);
            let place = place.filter(|one| one.kind == track.kind).count();
            let twin = same.or_else(|| source.tracks.iter().filter(|one| one.kind == track.kind).nth(place));
            match twin {
                Some(twin) => drop(all.twins.insert(twin.id, track.id)),
                None => {
                    let message =
                        format!("The source has no {} track like track {}.", kind_name(track.kind), track.id);
                    all.fault(Some(track.id), None, "track-missing", &message);
                }
            }
        }
        let left = source
            .iter()
            .flat_map(|source| &source.tracks)
            .filter(|track| !all.twins.contains_key(&track.id));
        let left: Vec<u32> = left.map(|track| track.id).collect();
        for id in left {
            let message = format!("Track {id} of the source is not in the file.");
            all.fault(None, None, "track-missing", &message);
        }
        all
    }

    /// Takes what workers found of fragments of a file, in file order.
    ///
    /// # Errors
    /// Bytes that are not such findings.
    pub fn take(&mut self, side: Side, found: &[u8]) -> Result<()> {
        wire::from_bytes(found)?.into_iter().for_each(|one| self.add(side, one));
        Ok(())
    }

    /// Takes what was found of the next `traf` of a file.
    pub fn add(&mut self, side: Side, found: Examined) {
        if side == Side::Source {
            let Some(&track) = self.twins.get(&found.track) else { return };
            found.digests.into_iter().for_each(|digest| self.comparison.add(side, track, digest));
            return;
        }
        let sum = self.tracks.entry(found.track).or_default();
        let before = sum.samples;
        sum.samples += len_u64(found.digests.len());
        sum.bytes += found.digests.iter().map(|digest| u64::from(digest.size)).sum::<u64>();
        sum.encrypted += found.encrypted;
        sum.beside += found.beside;
        self.counters.join(found.counters, before);
        for Fault { code, message, sample } in found.faults {
            self.fault(Some(found.track), Some(before + sample), &code, &message);
        }
        if self.has_source {
            found.digests.into_iter().for_each(|digest| self.comparison.add(side, found.track, digest));
        }
    }

    /// Takes what could not be read of the file.
    pub fn failed(&mut self, code: &str, message: &str) {
        self.fault(None, None, code, message);
    }

    /// Holds the heads of the fragments against what tells those that were written from others.
    pub fn heads(&mut self, written: &Index, digests: &[u32]) {
        if written.fragments.len() != digests.len() {
            let message = format!(
                "The file has {} fragments; {} were written.",
                written.fragments.len(),
                digests.len()
            );
            self.fault(None, None, NOT_AS_WRITTEN, &message);
        }
        for (fragment, _) in
            written.fragments.iter().zip(digests).filter(|(fragment, digest)| fragment.digest != **digest)
        {
            let message =
                format!("The head of the fragment at byte {} is not what was written there.", fragment.start);
            self.fault(None, None, NOT_AS_WRITTEN, &message);
        }
    }

    /// How many samples of a file wait for the other's: who reads both reads on in the other one.
    pub fn waiting(&self, side: Side) -> u64 {
        self.comparison.waiting(side)
    }

    fn fault(&mut self, track: Option<u32>, sample: Option<u64>, code: &str, message: &str) {
        if self.faults.len() == TOLD {
            self.more += 1;
            return;
        }
        let fault = Placed { track, sample, code: code.to_owned(), message: message.to_owned() };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// What came of it, when all was given: the tracks by ID, all that is wrong, and how much of that is not told.
    pub fn finish(mut self) -> Outcome {
        for Twice { kid, one, other } in self.counters.twice() {
            let kid = kid.map_or_else(String::new, |kid| format!(" of the KID {kid}"));
            let message = format!(
                "The key stream{kid} is used twice: sample {} of track {} and sample {} of track {} can both be read without the key.",
                one.sample, one.track, other.sample, other.track
            );
            self.fault(Some(other.track), Some(other.sample), "counter-twice", &message);
        }
        for (track, sample, unlike) in self.comparison.unlike() {
            let (code, message) = match unlike {
                Unlike::Bytes(found, wanted) if found == wanted => {
                    ("other-bytes", "The sample has other bytes than the source’s.".to_owned())
                }
                Unlike::Bytes(found, wanted) => {
                    ("other-bytes", format!("The sample has {found} bytes, the source’s {wanted}."))
                }
                Unlike::Time => (
                    "other-time",
                    "The sample has another duration or composition offset than the source’s.".to_owned(),
                ),
                Unlike::Missing(count) => {
                    ("samples-missing", format!("{count} samples of the source are missing."))
                }
                Unlike::Surplus(count) => {
                    ("samples-more", format!("There are {count} samples more than in the source."))
                }
            };
            self.fault(Some(track), Some(sample), code, &message);
        }
        for (id, sum) in &mut self.tracks {
            sum.equal = self.comparison.equal(*id).0;
        }
        Outcome { tracks: self.tracks, faults: self.faults, more: self.more, compared: self.has_source }
    }
}

/// What came of verifying.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// By track ID.
    pub tracks: BTreeMap<u32, TrackSum>,
    /// All that is wrong, as far as it is told.
    pub faults: Vec<Placed>,
    /// How many faults are not told.
    pub more: u64,
    /// Whether there was a source to compare with.
    pub compared: bool,
}

fn kind_name(kind: TrackKind) -> &'static str {
    match kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "sound",
        TrackKind::Text => "text",
        TrackKind::Other => "other",
    }
}
