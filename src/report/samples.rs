//! Samples as JavaScript sees them. Ticks are numbers here: those that a number cannot hold exactly are told as near as it can.

use serde::Serialize;

use crate::boxes::cenc::Subsample;
use crate::bytes::Error;
use crate::bytes::units::{len_u64, to_len};
use crate::protect::SourceKeys;
use crate::protect::scheme::Pattern;
use crate::samples::inside::{self, Inside};
use crate::samples::timeline::{Stretch, TableTimeline};
use crate::samples::units::Unit;
use crate::samples::{Asked, Page, Row, Samples};
use crate::track::Index;

use super::{Range, number};

/// One sample of a track: `SampleRow`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleRow {
    /// Its number in its track, from 1.
    pub number: u64,
    /// Number of its fragment in the file, from 0.
    pub fragment: Option<usize>,
    /// Decode time in ticks.
    pub decode: f64,
    /// Composition time in ticks.
    pub composition: f64,
    /// Ticks.
    pub duration: u32,
    /// File offset of its first byte.
    pub start: u64,
    /// Bytes.
    pub size: u32,
    /// Whether decoding can begin with it.
    pub sync: bool,
    /// What is said of its dependencies.
    pub dependency: SampleDependency,
    /// `sample_degradation_priority`.
    pub priority: u32,
    /// Which sample entry, from 1.
    pub entry: u32,
    /// The groups it is in: `roll 1`.
    pub groups: Vec<String>,
    /// How it is encrypted; `None` where it is clear.
    pub encryption: Option<SampleEncryption>,
}

/// What is said of the dependencies of a sample (ISO/IEC 14496-12:2022 8.6.4.3); 0 where nothing is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleDependency {
    /// `is_leading`.
    pub leading: u32,
    /// `sample_depends_on`.
    pub depends_on: u32,
    /// `sample_is_depended_on`.
    pub depended_on: u32,
    /// `sample_has_redundancy`.
    pub redundancy: u32,
}

/// Bytes of a sample that are clear, and that are protected behind them: `SampleRange`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SampleRange {
    /// Clear.
    pub clear: u16,
    /// Protected.
    pub protected: u32,
}

/// How one sample is encrypted.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleEncryption {
    /// `cenc`, `cbc1`, `cens` or `cbcs`, also where it is PIFF that says so; or what else the file names.
    pub scheme: String,
    /// Blocks encrypted and left clear: `1:9`.
    pub pattern: Option<String>,
    /// Key ID as UUID text.
    pub kid: Option<String>,
    /// Hex; empty where it is not known.
    pub iv: String,
    /// Bytes that are clear, and that are protected behind them; none where all of it is protected.
    pub subsamples: Vec<SampleRange>,
}

impl SampleRow {
    fn of(row: &Row) -> Self {
        let bits = |from: u32| row.flags.0 >> from & 3;
        let range = |one: &Subsample| SampleRange { clear: one.clear, protected: one.protected };
        let encryption = row.by.as_ref().map(|by| SampleEncryption {
            scheme: by.scheme.text(),
            pattern: pattern(Some(Pattern { crypt: by.pattern >> 4, skip: by.pattern & 15 })),
            kid: by.kid.map(|kid| kid.uuid()),
            iv: hex::encode(&row.iv),
            subsamples: row.map.iter().map(range).collect(),
        });
        Self {
            number: row.number,
            fragment: row.fragment,
            decode: ticks(row.decode),
            composition: ticks(row.composition),
            duration: row.duration,
            start: row.start,
            size: row.size,
            sync: !row.flags.is_non_sync(),
            dependency: SampleDependency {
                leading: bits(26),
                depends_on: bits(24),
                depended_on: bits(22),
                redundancy: bits(20),
            },
            priority: row.flags.0 & 0xffff,
            entry: row.entry,
            groups: row.groups.iter().map(|(kind, number)| format!("{} {number}", kind.text())).collect(),
            encryption,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "times stay below 2^53 ticks, but for nonsense")]
fn ticks(ticks: i64) -> f64 {
    ticks as f64
}

fn pattern(pattern: Option<Pattern>) -> Option<String> {
    let pattern = pattern.filter(|pattern| pattern.crypt > 0)?;
    Some(format!("{}:{}", pattern.crypt, pattern.skip))
}

/// Samples of a track: `SamplePage`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SamplePage {
    /// Ticks a second.
    pub timescale: u32,
    /// How many samples the track has.
    pub total: u64,
    /// In decoding order.
    pub rows: Vec<SampleRow>,
    /// What of them cannot be told, as plain sentences.
    pub problems: Vec<String>,
}

/// A NAL unit, an OBU, a frame of a sample: `SampleUnit`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleUnit {
    /// File offset of its first byte, that of its length where it has one.
    pub start: u64,
    /// Bytes, with those of its length.
    pub size: u64,
    /// Bytes of its length, or of its header where that is an OBU's.
    pub prefix: u64,
    /// Number of its type.
    #[serde(rename = "type")]
    pub kind: Option<u8>,
    /// What it is.
    pub name: &'static str,
    /// Slice type or frame type; empty where there is none, or it is encrypted.
    pub slice: &'static str,
    /// What stands in it in short: messages, text.
    pub said: String,
}

impl SampleUnit {
    fn of(unit: &Unit, start: u64) -> Self {
        Self {
            start: start + len_u64(unit.start),
            size: len_u64(unit.len),
            prefix: len_u64(unit.prefix),
            kind: unit.kind,
            name: unit.name,
            slice: unit.slice,
            said: unit.said.clone(),
        }
    }
}

/// One sample opened: `SampleView`, but for its clear bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleView {
    /// Ticks a second.
    pub timescale: u32,
    /// Its row.
    pub sample: SampleRow,
    /// What is in it.
    pub units: Vec<SampleUnit>,
    /// What its map protects.
    pub protected: Vec<Range>,
    /// Which blocks of these are encrypted, where not all are: `1:9`.
    pub pattern: Option<String>,
    /// Bytes that are encrypted.
    pub encrypted: u64,
    /// What of it cannot be told, as plain sentences.
    pub problems: Vec<String>,
}

/// What a byte belongs to: `SampleAt`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleAt {
    /// Track ID.
    pub track: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// The sample.
    pub sample: SampleRow,
    /// Bytes of the sample before it.
    pub inside: u64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The unit of the sample that has it.
    pub unit: Option<SampleUnit>,
    /// Number of that unit, from 1.
    pub unit_number: Option<usize>,
}

/// A track over time: `SampleTimeline`. All columns are of the same length.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleTimeline {
    /// Ticks a second.
    pub timescale: u32,
    /// Whether several fragments are put together in each stretch, as there are so many.
    pub joined: bool,
    /// Number of the first sample of each stretch, from 1.
    pub number: Vec<u64>,
    /// Samples.
    pub samples: Vec<u64>,
    /// Decode time in ticks.
    pub start: Vec<f64>,
    /// Ticks.
    pub duration: Vec<f64>,
    /// Bytes.
    pub bytes: Vec<u64>,
    /// Whether decoding can begin with the first sample.
    pub sync: Vec<bool>,
    /// Number of the fragment, from 0.
    pub fragment: Vec<Option<usize>>,
    /// Ticks from where the stretch before ended: more than 0 is a gap, less an overlap.
    pub gap: Vec<f64>,
    /// Ticks from the sum of the durations before to its decode time.
    pub drift: Vec<f64>,
    /// Ticks from its presentation to what `tfra` says of it.
    pub tfra: Vec<Option<f64>>,
    /// Ticks from its presentation to what `sidx` says of it.
    pub sidx: Vec<Option<f64>>,
}

fn timescale(index: &Index, track: u32) -> u32 {
    index.movie.as_ref().and_then(|movie| movie.track(track)).map_or(0, |track| track.timescale)
}

fn sentences(problems: &[Error]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for problem in problems {
        if !all.iter().any(|other| other == problem.message()) {
            all.push(problem.message().to_owned());
        }
    }
    all
}

/// The samples of a track from number `from` on, which counts from 0; fewer than were asked for where they stand in many
/// fragments.
pub fn sample_page(
    samples: &mut Samples,
    index: &Index,
    track: u32,
    from: u64,
    count: usize,
) -> Asked<SamplePage> {
    let Page { total, rows, problems } = samples.page(track, from, count)?;
    Ok(SamplePage {
        timescale: timescale(index, track),
        total,
        rows: rows.iter().map(SampleRow::of).collect(),
        problems: sentences(&problems),
    })
}

/// What the byte at file offset `offset` belongs to; `None` where no sample has it.
pub fn sample_at(
    samples: &mut Samples,
    index: &Index,
    offset: u64,
    keys: &SourceKeys,
) -> Asked<Option<SampleAt>> {
    let Some((track, row)) = samples.at(offset)? else { return Ok(None) };
    let inside = offset - row.start;
    let units = match samples.open(track, row.number - 1, keys) {
        Err(crate::samples::Stop::Error(_)) => Vec::new(),
        opened => opened?.map(|opened| opened.units).unwrap_or_default(),
    };
    let at = to_len(inside);
    let unit = units.iter().enumerate().find(|(_, unit)| (unit.start..unit.start + unit.len).contains(&at));
    Ok(Some(SampleAt {
        track,
        timescale: timescale(index, track),
        inside,
        encrypted: inside::is_encrypted(&row, inside),
        unit_number: unit.map(|(number, _)| number + 1),
        unit: unit.map(|(_, unit)| SampleUnit::of(unit, row.start)),
        sample: SampleRow::of(&row),
    }))
}

/// Number, from 1, of the sample that is presented at a time in seconds.
pub fn sample_at_time(samples: &mut Samples, index: &Index, track: u32, seconds: f64) -> Asked<Option<u64>> {
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
    let ticks = (seconds * f64::from(timescale(index, track))).round() as i64;
    Ok(samples.at_time(track, ticks)?.map(|number| number + 1))
}

/// Sample `number` of a track, from 1, opened; with its clear bytes where it is encrypted and there is a key for it.
pub fn sample_view(
    samples: &mut Samples,
    index: &Index,
    track: u32,
    number: u64,
    keys: &SourceKeys,
) -> Asked<(SampleView, Option<zeroize::Zeroizing<Vec<u8>>>)> {
    let opened = samples.open(track, number.wrapping_sub(1), keys)?;
    let Some(Inside { row, units, protected, pattern: blocks, encrypted, clear, problems }) = opened else {
        let total = samples.count(track);
        let message = format!("Track {track} has no sample {number}; it has {total}.");
        return Err(Error::caller("no-such-sample", "number", message).into());
    };
    let view = SampleView {
        timescale: timescale(index, track),
        units: units.iter().map(|unit| SampleUnit::of(unit, row.start)).collect(),
        protected: protected
            .iter()
            .map(|(start, len)| Range { start: row.start + len_u64(*start), len: len_u64(*len) })
            .collect(),
        pattern: pattern(blocks),
        encrypted,
        problems: sentences(&problems),
        sample: SampleRow::of(&row),
    };
    Ok((view, clear))
}

/// Ticks from the decode times of fragments of a track to what tfxd says, from the fragment of it with number `from` on.
pub fn sample_tfxd(samples: &mut Samples, track: u32, from: usize) -> Asked<Vec<Option<f64>>> {
    Ok(samples.tfxd(track, from)?.into_iter().map(|far| far.map(ticks)).collect())
}

/// A track over time. `state` goes along from call to call.
pub fn sample_timeline(
    samples: &mut Samples,
    index: &Index,
    track: u32,
    state: &mut TableTimeline,
) -> Asked<SampleTimeline> {
    let found = samples.timeline(track, state)?;
    let mut shown = SampleTimeline {
        timescale: timescale(index, track),
        joined: found.joined,
        ..SampleTimeline::default()
    };
    for Stretch { first, samples, start, duration, bytes, sync, fragment, gap, drift, tfra, sidx } in
        found.stretches
    {
        shown.number.push(first + 1);
        shown.samples.push(samples);
        shown.start.push(ticks(start));
        shown.duration.push(number(duration));
        shown.bytes.push(bytes);
        shown.sync.push(sync);
        shown.fragment.push(fragment);
        shown.gap.push(ticks(gap));
        shown.drift.push(ticks(drift));
        shown.tfra.push(tfra.map(ticks));
        shown.sidx.push(sidx.map(ticks));
    }
    Ok(shown)
}
