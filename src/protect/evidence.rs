//! Whether samples that the movie header calls clear, though boxes around them say how to decrypt them, look clear. It
//! decides nothing: a person does, who is told what was seen.

use crate::boxes::Tree;
use crate::bytes::{Error, Result};
use crate::track::codec::h264::{Nal, Nals};
use crate::track::{Codec, Fragment, Index, Movie, SampleEntry, Track};

use super::codecs::rule;
use super::samples::{FragmentTask, Window};
use super::scheme::Form;
use super::subsample::{RangeFinder, Rule, SENC_MAX_ENTRIES};

/// What was seen of one track's samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many were looked at.
    pub samples: u64,
    /// How many of them look as clear ones do.
    pub clear: u64,
}

/// What was seen, with track IDs.
pub type Evidence = Vec<(u32, Seen)>;

/// Looks at one fragment, whose bytes stand in `bytes`.
pub fn look(evidence: &mut Evidence, movie: &Movie, task: &FragmentTask, bytes: &mut [u8]) -> Result<()> {
    let (moof, media) = task.split(bytes)?;
    let tree = Tree::parse(task.head(moof)?, task.start)?;
    let fragment = Fragment::read(&tree, Some(movie))?;
    let mut window = Window { start: task.start + task.moof_len, bytes: media };
    for traf in &fragment.tracks {
        let track = movie.track(traf.tfhd.track_id);
        let Some(entry) = track.and_then(|track| track.entry(traf.sample_description_index)) else {
            continue;
        };
        let samples: Vec<(u64, u32)> = traf.samples().collect();
        let seen = match (&entry.codec, rule(entry, Form::Plain)) {
            (Codec::Mpeg(config), _) if config.has_elements() => first_bits(&samples, &mut window).into(),
            (_, Ok(rule)) if rule.has_subsamples() => pictures(rule, &samples, &mut window),
            _ => continue,
        };
        evidence.push((traf.tfhd.track_id, seen));
    }
    Ok(())
}

/// A clear picture is made of NAL units, its slice headers can be followed, and no unit has bytes that would be taken
/// for the start of another.
pub(super) fn pictures(rule: Rule, samples: &[(u64, u32)], window: &mut Window<'_>) -> Seen {
    let Some(length_size) = rule.length_size() else { return Seen::default() };
    let mut finder = RangeFinder::new(rule, SENC_MAX_ENTRIES);
    let mut seen = Seen::default();
    let is_start = |bytes: &[u8]| matches!(bytes, [0, 0, ..=2]);
    let sound =
        |nal: Result<Nal<'_>>| nal.is_ok_and(|nal| !without_zeros(nal.bytes).windows(3).any(is_start));
    for &(start, size) in samples {
        let Ok(sample) = window.get(start, u64::from(size)) else { continue };
        let clear =
            Nals::new(sample, length_size).all(sound) && finder.split(sample, &mut Vec::new()).is_ok();
        seen.samples += 1;
        seen.clear += u64::from(clear);
    }
    seen
}

/// Zeros behind a unit are of a byte stream; some writers leave them when they make samples of it (ITU-T H.264 B.1).
fn without_zeros(nal: &[u8]) -> &[u8] {
    let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    nal.get(..end).unwrap_or_default()
}

/// How often each number is in the first three bits of samples. Clear AAC frames of one track nearly all begin with the
/// same syntactic element, whose number stands there (ISO/IEC 14496-3:2019 4.4.2.1); encrypted ones begin with anything.
pub(super) fn first_bits(samples: &[(u64, u32)], window: &mut Window<'_>) -> FirstBits {
    let mut counts = FirstBits::default();
    for &(start, size) in samples {
        let first = window.get(start, u64::from(size)).ok().and_then(|sample| sample.first().copied());
        if let Some(count) = first.and_then(|first| counts.get_mut(usize::from(first >> 5))) {
            *count += 1;
        }
    }
    counts
}

/// How many samples begin with each three bits.
pub(super) type FirstBits = [u64; 8];

impl From<FirstBits> for Seen {
    /// Those that begin as most do look clear.
    fn from(counts: FirstBits) -> Self {
        Self { samples: counts.iter().sum(), clear: counts.into_iter().max().unwrap_or(0) }
    }
}

/// Fails when it is not plain that what is left of an earlier encryption is stale: a person has to say so.
pub fn ask(index: &Index, movie: &Movie, evidence: &Evidence) -> Result<()> {
    for track in &movie.tracks {
        let Some(left) = index.leftovers.of(track.id) else { continue };
        let Some(moof) = left.doubtful_moof else { continue };
        let message = format!(
            "Track {} is clear by the movie header, but {} in its fragments say how to decrypt it, as from an earlier \
             encryption. {} If the file was decrypted before, choose to remove these boxes; else start from the clear \
             file.",
            track.id,
            if left.boxes == 1 { "a box".to_owned() } else { format!("{} boxes", left.boxes) },
            said(track, evidence),
        );
        return Err(Error::caller("leftover-encryption", "leftovers", message).at(moof));
    }
    Ok(())
}

fn said(track: &Track, evidence: &Evidence) -> String {
    let of_track = || evidence.iter().filter(|(id, _)| *id == track.id);
    let samples: u64 = of_track().map(|(_, seen)| seen.samples).sum();
    let clear: u64 = of_track().map(|(_, seen)| seen.clear).sum();
    let name = track.entries.first().map_or_else(String::new, SampleEntry::codec_name);
    if samples == 0 {
        return "Whether its samples are clear was not looked at.".to_owned();
    }
    if clear == samples {
        return format!("All {samples} samples looked at parse as clear {name}.");
    }
    // By chance some encrypted ones pass, and of frames some clear ones differ.
    if clear * 10 >= samples * 8 {
        return format!("Of {samples} samples looked at, {clear} parse as clear {name}.");
    }
    format!(
        "Of {samples} samples looked at, only {clear} parse as clear {name}: they look encrypted, and removing the boxes \
         would lock what is locked already."
    )
}
