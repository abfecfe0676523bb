//! When the samples of a track fragment are presented, and whether decoding can begin with the first of them.

use crate::boxes::fragment::{SampleFlags, trun_flags};

use super::fragment::{Run, TrackFragment};

/// How a track fragment begins, as a segment index says it: whether with a stream access point, and of which type
/// (ISO/IEC 14496-12:2022 8.16.3.3, annex I).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Decoding cannot begin with its first sample.
    #[default]
    No,
    /// It can, and no sample of it is presented earlier: type 1.
    First,
    /// It can, and those that are presented earlier can be decoded: type 2.
    Leading,
    /// It can, and of those that are presented earlier nobody says whether they can be decoded, or not all can.
    Unknown,
}

impl Access {
    /// The last field of a reference in a `sidx`: `starts_with_SAP`, `SAP_type`, `SAP_delta_time`.
    pub fn sap(self) -> u32 {
        match self {
            Self::No => 0,
            Self::First => 0x9000_0000,
            Self::Leading => 0xa000_0000,
            Self::Unknown => 0x8000_0000,
        }
    }
}

/// When the samples of a track fragment are presented, counted from when they are decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presented {
    /// Ticks from the decode time of the first sample to when it is presented.
    pub first: i32,
    /// Ticks from the decode time of the first sample to when the earliest is presented.
    pub earliest: i32,
    /// Ticks from when the last sample has been decoded to when all have been presented.
    pub behind: i32,
    /// How it begins.
    pub access: Access,
}

/// A sample's ticks from the decode time of the first to its presentation, its duration, and its flags.
type Shown = (i64, i64, SampleFlags);

impl Presented {
    /// Of the samples of `track`.
    pub fn of(track: &TrackFragment) -> Self {
        let mut first: Option<Shown> = None;
        let (mut earliest, mut end) = (i64::MAX, i64::MIN);
        each(track, &mut |sample| {
            first.get_or_insert(sample);
            earliest = earliest.min(sample.0);
            end = end.max(sample.0 + sample.1);
        });
        let Some((time, _, flags)) = first else { return Self::default() };
        let access = match (flags.is_non_sync(), earliest < time) {
            (true, _) => Access::No,
            (false, false) => Access::First,
            (false, true) => leading(track, time),
        };
        let duration = i64::try_from(track.duration).unwrap_or(i64::MAX);
        Self {
            first: narrow(time),
            earliest: narrow(earliest),
            behind: narrow(end.saturating_sub(duration)),
            access,
        }
    }
}

/// A composition offset is no wider, and no sample is presented earlier than the first by more, nor later than the last.
fn narrow(ticks: i64) -> i32 {
    i32::try_from(ticks).unwrap_or(if ticks < 0 { i32::MIN } else { i32::MAX })
}

/// What the samples that are presented before the first, at `time`, say of themselves.
fn leading(track: &TrackFragment, time: i64) -> Access {
    let mut all = true;
    each(track, &mut |(shown, _, flags)| all &= shown >= time || flags.leads_by_itself());
    if all { Access::Leading } else { Access::Unknown }
}

/// Gives the samples in decoding order. Of a run that says nothing of each, the first and the last stand for all.
fn each(track: &TrackFragment, take: &mut dyn FnMut(Shown)) {
    let mut at = 0_i64;
    for run in &track.runs {
        let flags = |place: usize| flags_of(track, run, place);
        let default = i64::from(track.default_duration);
        if run.trun.samples.is_empty() {
            let count = i64::try_from(run.count()).unwrap_or(i64::MAX);
            if count > 0 {
                take((at, default, flags(0)));
                at = at.saturating_add((count - 1).saturating_mul(default));
                take((at, default, flags(1)));
                at = at.saturating_add(default);
            }
            continue;
        }
        for (place, sample) in run.trun.samples.iter().enumerate() {
            let duration = i64::from(track.duration_of(run, place));
            take((at + i64::from(sample.sample_composition_time_offset), duration, flags(place)));
            at = at.saturating_add(duration);
        }
    }
}

/// The flags of a sample of a run: its own, those that are told of the first alone, or the default.
pub fn flags_of(track: &TrackFragment, run: &Run, place: usize) -> SampleFlags {
    let head = run.trun.head;
    let own = run.trun.samples.get(place).filter(|_| head.has(trun_flags::SAMPLE_FLAGS));
    match own {
        Some(sample) => sample.sample_flags,
        None if place == 0 && head.has(trun_flags::FIRST_SAMPLE_FLAGS) => run.trun.first_sample_flags,
        None => track.default_flags,
    }
}
