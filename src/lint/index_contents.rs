//! What indexes say of the fragments they lead to: times, tracks and numbers, ISO/IEC 14496-12:2022 8.8.10, 8.16.3.

use crate::boxes::index::{RandomAccessPoint, SegmentIndex, TrackFragmentRandomAccess};
use crate::track::index::{FragmentEntry, FragmentPart};
use crate::track::{Index, Track};

use super::finding::{Findings, Place};
use super::rules;

/// Most segment indexes among which one is looked for that is the only one of its track.
const INDEXES: usize = 64;

/// Looks at all of them. Of each index the first thing that is wrong is told.
pub fn look(index: &Index, found: &mut Findings) {
    let Some(movie) = &index.movie else { return };
    // Indexes may lead to the same fragments again and again, which no sound file does.
    let mut left = index.fragments.len().saturating_mul(4);
    for (start, sidx) in &index.segment_indexes {
        let wrong = match (sidx.timescale, movie.track(sidx.reference_id)) {
            (0, _) => {
                Some("The segment index has 0 ticks a second, so that none of its times is one.".to_owned())
            }
            (_, None) => {
                Some(format!("The segment index is of track {}, which is not there.", sidx.reference_id))
            }
            (_, Some(track)) => Segments { index, track, sidx, start: *start }.wrong(&mut left),
        };
        if let Some(message) = wrong {
            found.add(&rules::SIDX_CONTENTS, Place::at(*start), message);
        }
    }
    let Some(mfra) = &index.mfra else { return };
    for node in mfra.root().all(b"tfra") {
        let Ok(tfra) = mfra.read::<TrackFragmentRandomAccess>(node) else { continue };
        let wrong = match movie.track(tfra.track_id) {
            None => Some(format!("'tfra' is of track {}, which is not there.", tfra.track_id)),
            Some(track) => {
                let shift = shift(index, track);
                tfra.entries.points.iter().find_map(|point| wrong_point(index, track, point, shift))
            }
        };
        if let Some(message) = wrong {
            found.add(&rules::MFRA_CONTENTS, Place::of(mfra, node), message);
        }
    }
}

/// By how many ticks presentation may be moved against the media; nothing where the edit list is of more than one edit.
fn shift(index: &Index, track: &Track) -> Option<i128> {
    if let Some(start) = track.edit_start {
        return Some(i128::from(start).abs());
    }
    let moov = index.moov.as_ref()?.root();
    let trak = moov.all(b"trak").find(|trak| trak.start == track.start)?;
    trak.descend(&[b"edts", b"elst"]).is_none().then_some(0)
}

/// A segment index and the track that it is of.
struct Segments<'i> {
    index: &'i Index,
    track: &'i Track,
    sidx: &'i SegmentIndex,
    start: u64,
}

impl Segments<'_> {
    /// The first thing that is wrong; nothing of an index of indexes, and of what leads to no boxes.
    fn wrong(&self, left: &mut usize) -> Option<String> {
        let Self { index, track, sidx, .. } = *self;
        let entries = &sidx.references.entries;
        if track.timescale == 0 || entries.iter().any(|entry| entry.is_index()) {
            return None;
        }
        let (own, other) = (i128::from(sidx.timescale), i128::from(track.timescale));
        let mut at = index.top.at(self.start)?.end().saturating_add(sidx.first_offset.0);
        for (number, reference) in entries.iter().enumerate() {
            let end = at.saturating_add(reference.referenced_size().into());
            index.top.at(at).filter(|_| end <= index.file_len)?;
            let inside = index.fragments_between(at, end);
            *left = left.checked_sub(inside.len())?;
            let parts =
                || inside.iter().flat_map(|one| index.parts(one)).filter(|part| part.track_id == track.id);
            if number == 0
                && let (Some(first), Some(shift)) = (parts().next(), shift(index, track))
            {
                let begins = i128::from(first.decode_time) + i128::from(first.earliest);
                let said = i128::from(sidx.earliest_presentation_time.0);
                // Writers say the decode time too.
                let (low, high) =
                    (begins.min(first.decode_time.into()), begins.max(first.decode_time.into()));
                let slack = shift * own + own * other / 10;
                if said * other < low * own - slack || said * other > high * own + slack {
                    return Some(format!(
                        "The segment index says that it begins at {}, and its first fragment begins at {}.",
                        seconds(said, own),
                        seconds(begins, other)
                    ));
                }
            }
            let ticks: i128 = parts().map(|part| i128::from(part.duration)).sum();
            let samples: i128 = parts().map(|part| i128::from(part.samples)).sum();
            let said = i128::from(reference.subsegment_duration);
            // Pictures that are shown in another order move the bounds by a few of them.
            let slack = (own * other / 2).max(ticks * own * 2 / samples.max(1));
            if ticks > 0 && (said * other - ticks * own).abs() > slack {
                return Some(format!(
                    "Reference {number} of the segment index says {}, and its fragments take {}.",
                    seconds(said, own),
                    seconds(ticks, other)
                ));
            }
            at = end;
        }
        // With several indexes of a track, or one of a single segment, others may follow without any.
        let all = &index.segment_indexes;
        let is_only =
            all.len() <= INDEXES && all.iter().filter(|(_, one)| one.reference_id == track.id).count() == 1;
        if !is_only || entries.len() < 2 {
            return None;
        }
        let of_track = |one: &&FragmentEntry| index.parts(one).iter().any(|part| part.track_id == track.id);
        let behind = index.fragments_between(at, u64::MAX).iter().filter(of_track).count();
        (behind > 0).then(|| {
            format!("The segment index ends at byte {at}, and fragments of its track follow there: {behind}.")
        })
    }
}

/// What is wrong with a random access point that leads to a fragment.
fn wrong_point(
    index: &Index,
    track: &Track,
    point: &RandomAccessPoint,
    shift: Option<i128>,
) -> Option<String> {
    let parts = index.parts(index.fragment_at(point.moof_offset)?);
    let RandomAccessPoint { time, moof_offset, traf_number, trun_number, sample_number } = *point;
    let numbers = [traf_number, trun_number, sample_number];
    if numbers.contains(&0) {
        return Some(format!(
            "'tfra' of track {} has a 0 among the numbers for the fragment at byte {moof_offset}, which count from 1.",
            track.id
        ));
    }
    let number = usize::try_from(traf_number.checked_sub(1)?).ok()?;
    let is_of_track = |part: &&FragmentPart| part.track_id == track.id;
    // FFmpeg says the first of them for every track.
    let Some(part) = parts.get(number).filter(is_of_track).or_else(|| parts.iter().find(is_of_track)) else {
        return Some(format!(
            "'tfra' of track {} leads to the fragment at byte {moof_offset}, which has nothing of it.",
            track.id
        ));
    };
    if number >= parts.len() {
        return Some(format!(
            "'tfra' of track {} leads to 'traf' {traf_number} of the fragment at byte {moof_offset}, which has {}.",
            track.id,
            parts.len()
        ));
    }
    if sample_number > part.samples {
        return Some(format!(
            "'tfra' of track {} leads to sample {sample_number} of the fragment at byte {moof_offset}, which has {}.",
            track.id, part.samples
        ));
    }
    let is_first = trun_number == 1 && sample_number == 1;
    let (from, to) = bounds(track, part, is_first, shift?);
    let time = i128::from(time);
    (track.timescale > 0 && !(from..=to).contains(&time)).then(|| {
        format!(
            "'tfra' of track {} says {} of the fragment at byte {moof_offset}, which begins at {}.",
            track.id,
            seconds(time, track.timescale.into()),
            seconds(part.decode_time.into(), track.timescale.into())
        )
    })
}

/// Between which times a sample of a part is presented, with some to spare: pictures may be shown in another order.
fn bounds(track: &Track, part: &FragmentPart, is_first: bool, shift: i128) -> (i128, i128) {
    let (begins, duration) = (i128::from(part.decode_time), i128::from(part.duration));
    let slack = shift + (duration / 4).max(i128::from(track.timescale) / 20);
    let earliest = i128::from(part.earliest);
    let last = if is_first { earliest.max(0) } else { duration + i128::from(part.behind).max(0) };
    (begins + earliest.min(0) - slack, begins + last + slack)
}

fn seconds(ticks: i128, scale: i128) -> String {
    let thousandths = (ticks * 1000 + scale / 2).div_euclid(scale.max(1));
    let sign = if thousandths < 0 { "-" } else { "" };
    format!("{sign}{}.{:03} s", thousandths.abs() / 1000, thousandths.abs() % 1000)
}
