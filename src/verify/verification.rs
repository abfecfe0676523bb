//! Verifying one file: what all its fragments, and those of its source, say together.

use std::collections::{BTreeMap, BTreeSet};

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Result};
use crate::protect::SourceKeys;
use crate::protect::trial::{Judged, Trial};
use crate::track::{Index, Track, TrackKind};

use super::agreement;
use super::clear::ClearBytes;
use super::comparison::{Comparison, Digest, Side, Unlike, UnlikeSample};
use super::counters::{Counters, Twice, Used};
use super::durations::{self, Stated};
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
    /// Bytes that a newer rule would encrypt too.
    pub beside: u64,
    /// Bytes that stay clear, by what they are.
    pub clear: ClearBytes,
    /// Samples that are clear altogether.
    pub clear_samples: u64,
    /// Samples that are equal to the source's.
    pub equal: u64,
    /// Ticks of the samples, and how many are a second.
    clock: (u64, u32),
}

/// A fault, and where: in no track, in a track, or in a sample of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Track ID.
    pub track: Option<u32>,
    /// Number of the sample in the track, from 0.
    pub sample: Option<u64>,
    /// Its decode time in seconds from the first sample of the track on.
    pub time: Option<f64>,
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
#[derive(Debug, Default)]
pub struct Verification {
    comparison: Comparison,
    counters: Counters,
    tracks: BTreeMap<u32, TrackSum>,
    faults: Vec<Placed>,
    /// Faults beyond those told.
    more: u64,
    notes: Vec<Placed>,
    counted: Counted,
    /// Fragments of each track that say another duration than they have: of the file, and of the source.
    untimely: BTreeMap<u32, (u64, u64)>,
    /// What contradicts itself in fragments of the file: its track, the sample, and the ticks before that.
    contradictions: Vec<((u32, u64, u64), Fault)>,
    /// The same of the source, by track of the file, sample and code. What of it is in the file too came from there.
    known: BTreeSet<(u32, u64, String)>,
    /// Samples of the source so far, by track of the file.
    theirs: BTreeMap<u32, u64>,
    /// For each track of the source, that of the written file.
    twins: BTreeMap<u32, u32>,
    /// Tracks of the written file that count time otherwise than the source's.
    other_clocks: Vec<u32>,
    /// Tracks of which something has to be encrypted.
    expected: Vec<u32>,
    has_source: bool,
    /// Whether not all of the file could be looked at.
    is_cut: bool,
}

impl Verification {
    /// Begins with what the headers and indexes of the written file say. `source` is the clear file, if there is one to compare
    /// with: what is odd in it already is no fault of the written one.
    pub fn new(written: &Index, keys: &SourceKeys, source: Option<&Index>) -> Self {
        let mut all = Self { has_source: source.is_some(), ..Self::default() };
        let known: Vec<Error> =
            source.iter().flat_map(|source| agreement::faults(source, &SourceKeys::default())).collect();
        let is_new = |error: &&Error| known.iter().all(|old| old.code() != error.code());
        for error in agreement::faults(written, keys).iter().filter(is_new) {
            all.fault(None, error.code(), error.message());
        }
        let (headers, references, points) = agreement::counted(written);
        all.counted = Counted {
            fragments: len_u64(written.fragments.len()),
            headers: len_u64(headers),
            references: len_u64(references),
            points: len_u64(points),
            streams: 0,
        };
        let ours = tracks_of(written);
        all.tracks = ours
            .iter()
            .map(|track| (track.id, TrackSum { clock: (0, track.timescale), ..TrackSum::default() }))
            .collect();
        if let Some(source) = source {
            all.match_tracks(ours, tracks_of(source));
        }
        all.durations(durations::wrong(written), source.map(durations::wrong));
        all
    }

    /// Takes lengths that are said wrong. What the source says as wrongly came from there.
    fn durations(&mut self, written: Vec<Stated>, source: Option<Vec<Stated>>) {
        for Stated { by, track, message } in written {
            let came = |known: &Stated| {
                known.by == by && known.track.and_then(|track| self.twins.get(&track).copied()) == track
            };
            match &source {
                Some(source) if source.iter().any(came) => {}
                Some(_) => self.fault(track, "durations", &message),
                None => self.note(track, "durations", &message),
            }
        }
    }

    /// Takes what trying the keys on some samples showed: where there is no source, nothing else tells of some that they are the
    /// wrong ones; where there is one, that is why nothing is as in it.
    pub fn tried(&mut self, written: &Index, keys: &SourceKeys, trial: &Trial) {
        let used = written.traces.keys().map(|(track, used)| (track, used.kid));
        for judged in trial.verdicts(written, keys, used) {
            match judged {
                Judged::Wrong(message) => self.fault(None, "wrong-key", &message),
                Judged::Doubtful(message) => self.note(None, "doubtful-key", &message),
                // The source tells.
                Judged::Unseen(_) if self.has_source => {}
                Judged::Unseen(what) => {
                    let message = format!(
                        "Whether the key given for {what} is the right one cannot be seen: what of the samples is encrypted looks \
                         like noise also when it is clear. With the clear source it can be told."
                    );
                    self.note(None, "unseen-key", &message);
                }
            }
        }
    }

    /// Finds for each track that of the source: by its ID, or, where that is of another kind, by the order of its kind.
    fn match_tracks(&mut self, ours: &[Track], theirs: &[Track]) {
        for (number, track) in ours.iter().enumerate() {
            let is_like = |other: &&Track| other.kind == track.kind;
            let before = ours.iter().take(number).filter(is_like).count();
            let same = theirs.iter().filter(is_like).find(|other| other.id == track.id);
            let Some(twin) = same.or_else(|| theirs.iter().filter(is_like).nth(before)) else {
                let message =
                    format!("The source has no {} track like track {}.", kind_name(track.kind), track.id);
                self.fault(Some(track.id), "track-missing", &message);
                continue;
            };
            self.twins.insert(twin.id, track.id);
            if twin.timescale != track.timescale {
                self.other_clocks.push(track.id);
            }
        }
        for left in theirs.iter().filter(|track| !self.twins.contains_key(&track.id)).collect::<Vec<_>>() {
            let message = format!("Track {} of the source is not in the file.", left.id);
            self.fault(None, "track-missing", &message);
        }
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
            if let Some(&track) = self.twins.get(&found.track) {
                self.untimely.entry(track).or_default().1 += u64::from(found.untimely);
                let before = self.theirs.entry(track).or_default();
                let codes = found.contradictions.into_iter().map(|fault| (track, *before, fault.code));
                self.known.extend(codes);
                *before += len_u64(found.digests.len());
                self.compare(side, track, found.digests);
            }
            return;
        }
        self.untimely.entry(found.track).or_default().0 += u64::from(found.untimely);
        self.counted.streams += found.streams;
        let sum = self.tracks.entry(found.track).or_default();
        let (before, begins) = (sum.samples, sum.clock.0);
        sum.clock.0 += ticks(&found.digests);
        sum.samples += len_u64(found.digests.len());
        sum.bytes += found.digests.iter().map(|digest| u64::from(digest.size)).sum::<u64>();
        sum.encrypted += found.encrypted;
        sum.beside += found.beside;
        sum.clear.join(&found.clear);
        sum.clear_samples += found.clear_samples;
        self.counters.join(found.counters, before);
        let at = (found.track, before, begins);
        self.contradictions.extend(found.contradictions.into_iter().map(|fault| (at, fault)));
        for Fault { code, message, sample } in found.faults {
            let inside = found.digests.get(..to_len(sample)).unwrap_or_default();
            self.fault_at((found.track, before + sample, begins + ticks(inside)), &code, &message);
        }
        self.more += found.more;
        if self.twins.values().any(|track| *track == found.track) {
            self.compare(side, found.track, found.digests);
        }
    }

    fn compare(&mut self, side: Side, track: u32, digests: Vec<Digest>) {
        // Ticks of different lengths say nothing of each other.
        let has_other_clock = self.other_clocks.contains(&track);
        for digest in digests {
            let timeless = Digest { duration: 0, composition: 0, ..digest };
            self.comparison.add(side, track, if has_other_clock { timeless } else { digest });
        }
    }

    /// Says of which tracks something has to be encrypted.
    pub fn expect(&mut self, tracks: &[u32]) {
        self.expected = tracks.to_vec();
    }

    /// Takes why the file could not be looked at any further.
    pub fn failed(&mut self, code: &str, message: &str) {
        self.fault(None, code, message);
        self.is_cut = true;
    }

    /// Takes that a byte is not what was written there.
    pub fn changed(&mut self, at: u64) {
        let message = format!("Byte {at} of the file is not what was written there.");
        self.fault(None, NOT_AS_WRITTEN, &message);
    }

    /// Holds the heads of the fragments against what tells those that were written from others.
    pub fn heads(&mut self, written: &Index, digests: &[u32]) {
        if written.fragments.len() != digests.len() {
            let message = format!(
                "The file has {} fragments; {} were written.",
                written.fragments.len(),
                digests.len()
            );
            self.fault(None, NOT_AS_WRITTEN, &message);
        }
        for (fragment, _) in
            written.fragments.iter().zip(digests).filter(|(fragment, digest)| fragment.digest != **digest)
        {
            let message =
                format!("The head of the fragment at byte {} is not what was written there.", fragment.start);
            self.fault(None, NOT_AS_WRITTEN, &message);
        }
    }

    /// Takes a fault of the file, or of one track.
    fn fault(&mut self, track: Option<u32>, code: &str, message: &str) {
        self.tell(Placed {
            track,
            sample: None,
            time: None,
            code: code.to_owned(),
            message: message.to_owned(),
        });
    }

    /// Takes a fault of a sample: track ID, number, and decode time in ticks.
    fn fault_at(&mut self, (track, sample, ticks): (u32, u64, u64), code: &str, message: &str) {
        let timescale = self.tracks.get(&track).map_or(0, |sum| sum.clock.1);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let time = (timescale > 0).then(|| ticks as f64 / f64::from(timescale));
        self.tell(Placed {
            track: Some(track),
            sample: Some(sample),
            time,
            code: code.to_owned(),
            message: message.to_owned(),
        });
    }

    /// Takes what is told though it is no fault.
    fn note(&mut self, track: Option<u32>, code: &str, message: &str) {
        let (code, message) = (code.to_owned(), message.to_owned());
        self.notes.push(Placed { track, sample: None, time: None, code, message });
    }

    fn tell(&mut self, fault: Placed) {
        if self.faults.len() == TOLD {
            self.more += 1;
        } else if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// What came of it, when all was given: the tracks by ID, all that is wrong, and how much of that is not told.
    pub fn finish(mut self) -> Outcome {
        for Twice { one, other } in self.counters.twice() {
            let message = format!(
                "The key stream of a key is used twice: sample {} of track {} and sample {} of track {} can both be read without the key.",
                one.sample, one.track, other.sample, other.track
            );
            self.fault(Some(other.track), "counter-twice", &message);
        }
        for (at, Fault { code, message, .. }) in std::mem::take(&mut self.contradictions) {
            if !self.known.contains(&(at.0, at.1, code.clone())) {
                self.fault_at(at, &code, &message);
            }
        }
        for (track, (ours, theirs)) in std::mem::take(&mut self.untimely) {
            let count =
                if ours == 1 { "A fragment says".to_owned() } else { format!("{ours} fragments say") };
            let message = format!("{count} another duration in 'tfxd' than the samples in it have.");
            match (self.has_source, ours > 0) {
                (true, _) if ours > theirs => self.fault(Some(track), "durations", &message),
                (false, true) => self.note(Some(track), "durations", &message),
                _ => {}
            }
        }
        self.more += self.comparison.more();
        for UnlikeSample { track, sample, ticks, how } in self.comparison.unlike() {
            let (code, message) = match how {
                // What was not looked at is not known to be missing.
                Unlike::Missing(_) | Unlike::Surplus(_) if self.is_cut => continue,
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
            self.fault_at((track, sample, ticks), code, &message);
        }
        for id in std::mem::take(&mut self.expected) {
            let Some(&TrackSum { encrypted, beside, .. }) = self.tracks.get(&id) else { continue };
            let message = match (encrypted, beside) {
                (0, _) if !self.is_cut => {
                    format!("Nothing of track {id} is encrypted, though it was to be protected.")
                }
                // What is written here follows the newest rule.
                (_, 1..) => format!("{beside} bytes of track {id} are clear that were to be encrypted."),
                _ => continue,
            };
            self.fault(Some(id), "left-clear", &message);
        }
        for (id, sum) in &mut self.tracks {
            sum.equal = self.comparison.equal(*id);
        }
        Outcome {
            tracks: self.tracks,
            faults: self.faults,
            more: self.more,
            notes: self.notes,
            counted: self.counted,
            used: self.counters.parts(),
            complete: !self.is_cut,
            compared: self.has_source,
        }
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
    /// What is told though it is no fault of the file, or not known to be.
    pub notes: Vec<Placed>,
    /// What was looked at.
    pub counted: Counted,
    /// What was used of key streams in counter mode.
    pub used: Vec<Used>,
    /// Whether all of the file could be looked at.
    pub complete: bool,
    /// Whether there was a source to compare with.
    pub compared: bool,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Fragments.
    pub fragments: u64,
    /// PlayReady objects in the movie header.
    pub headers: u64,
    /// References of segment indexes (`sidx`).
    pub references: u64,
    /// Entries of the random access index (`mfra`).
    pub points: u64,
    /// Samples that are encrypted in counter mode.
    pub streams: u64,
}

/// How long these samples are.
fn ticks(digests: &[Digest]) -> u64 {
    digests.iter().map(|digest| u64::from(digest.duration)).sum()
}

fn tracks_of(index: &Index) -> &[Track] {
    index.movie.as_ref().map_or(&[], |movie| &movie.tracks)
}

fn kind_name(kind: TrackKind) -> &'static str {
    match kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "sound",
        TrackKind::Text => "text",
        TrackKind::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(duration: u32) -> Examined {
        let digest = Digest { size: 5, duration, ..Digest::default() };
        Examined { track: 1, digests: vec![digest; 3], ..Examined::default() }
    }

    fn of_one_track() -> Verification {
        let sum = TrackSum { clock: (0, 10), ..TrackSum::default() };
        Verification {
            has_source: true,
            tracks: BTreeMap::from([(1, sum)]),
            twins: BTreeMap::from([(1, 1)]),
            ..Verification::default()
        }
    }

    #[test]
    fn a_fault_has_the_number_and_the_time_of_its_sample_in_the_track() {
        let mut all = of_one_track();
        for _ in 0..2 {
            let fault = Fault { code: "left-clear".to_owned(), message: String::new(), sample: 2 };
            all.add(Side::Source, found(20));
            all.add(Side::Written, Examined { faults: vec![fault], ..found(20) });
        }
        let places: Vec<_> = all.finish().faults.iter().map(|fault| (fault.sample, fault.time)).collect();
        assert_eq!(places, [(Some(2), Some(4.0)), (Some(5), Some(10.0))]);
    }

    #[test]
    fn ticks_of_another_length_are_not_compared() {
        for (other_clocks, wanted) in [(vec![], 3), (vec![1], 0)] {
            let mut all = Verification { other_clocks, ..of_one_track() };
            all.add(Side::Source, found(40));
            all.add(Side::Written, found(20));
            assert_eq!(all.finish().faults.len(), wanted);
        }
    }
}
