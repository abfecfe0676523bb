//! What a sample is made of: NAL units, OBUs, frames. Of what is encrypted nothing is read.

use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};
use crate::track::codec::h264::{self, LengthSize};
use crate::track::codec::{av1, h265, vp9};
use crate::track::{Codec, SampleEntry, TrackKind};

use super::{sei, text};

/// One unit of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Where it begins in the sample, with its length where it has one.
    pub start: usize,
    /// Bytes, those of its length included.
    pub len: usize,
    /// Bytes before its own first: of its length, or of its header where that is an OBU's.
    pub prefix: usize,
    /// Number of its type, where it has one that can be read.
    pub kind: Option<u8>,
    /// What it is.
    pub name: &'static str,
    /// Slice type or frame type; empty where it has none, or it cannot be read.
    pub slice: &'static str,
    /// What stands in it in short: the messages of an SEI unit, the text of a cue; else empty.
    pub said: String,
}

/// Most units that are told of one sample.
const MOST: usize = 10_000;

/// What stands where nothing can be read.
const HIDDEN: &str = "encrypted";

/// The bytes of a sample, and which of them are encrypted.
struct Shown<'s> {
    sample: &'s [u8],
    /// Where each range begins, and its bytes; in order.
    hidden: &'s [(usize, usize)],
}

impl<'s> Shown<'s> {
    /// The bytes from `start` on, `len` at most, up to the first that is encrypted.
    fn from(&self, start: usize, len: usize) -> &'s [u8] {
        let behind = self.hidden.partition_point(|(from, len)| from + len <= start);
        let first = self.hidden.get(behind).map_or(usize::MAX, |(from, _)| *from);
        let end = start.saturating_add(len).min(first).min(self.sample.len());
        self.sample.get(start..end).unwrap_or_default()
    }
}

/// The units of a sample, and what is wrong with it, at its place in the sample. Ranges that are `hidden` are encrypted.
pub fn units(
    entry: Option<&SampleEntry>,
    kind: Option<TrackKind>,
    sample: &[u8],
    hidden: &[(usize, usize)],
) -> (Vec<Unit>, Option<Error>) {
    let shown = Shown { sample, hidden };
    let mut all = Vec::new();
    if sample.is_empty() {
        return (all, None);
    }
    let format = entry.map(|entry| entry.format.0).unwrap_or_default();
    let read = match entry.map(|entry| &entry.codec) {
        Some(Codec::Avc(config)) => avc(&shown, config.length_size, &mut all),
        Some(Codec::Hevc(config)) => {
            // Without its sets a slice has no kind that can be told.
            let sets = config.parameter_sets().unwrap_or_else(|_| h265::ParameterSets::new());
            hevc(&shown, config.length_size, sets, &mut all)
        }
        Some(Codec::Av1(state)) => obus(&shown, state, &mut all),
        _ if &format == b"vp09" => frames(&shown, &mut all),
        // Encrypted text has no units that could be read.
        _ if hidden.is_empty() && text::is_text(format) => text::units(format, sample, &mut all),
        _ => {
            let name = match kind {
                Some(TrackKind::Audio) => "frame of sound",
                Some(TrackKind::Video) => "picture",
                Some(TrackKind::Text) => "text",
                _ => "data",
            };
            all.push(Unit { start: 0, len: sample.len(), name, ..Unit::default() });
            Ok(())
        }
    };
    if all.len() > MOST {
        all.truncate(MOST);
    }
    (all, read.err())
}

/// What is told of a unit: the number of its type, what it is, its slice type, what stands in it.
type Told = (Option<u8>, &'static str, &'static str, String);

/// Goes through NAL units: gives `take` each that can be told, as far as it can be read.
fn nals(
    shown: &Shown<'_>,
    length_size: LengthSize,
    all: &mut Vec<Unit>,
    take: &mut dyn FnMut(&[u8], usize) -> Told,
) -> Result<()> {
    let prefix = length_size.bytes();
    let mut start = 0;
    while start < shown.sample.len() && all.len() <= MOST {
        let left = shown.sample.len() - start;
        if left < prefix {
            all.push(Unit { start, len: left, name: "no unit: padding", ..Unit::default() });
            break;
        }
        let field = shown.from(start, prefix);
        if field.len() < prefix {
            all.push(Unit { start, len: left, name: HIDDEN, ..Unit::default() });
            break;
        }
        let len = field.iter().fold(0_u64, |len, byte| len << 8 | u64::from(*byte));
        let body = usize::try_from(len).ok().filter(|len| *len <= left - prefix).ok_or_else(|| {
            let message = format!(
                "A NAL unit says it is {len} bytes long, but only {} are left in the sample. Either the sample is damaged, or \
                 it is encrypted though the file says it is clear, or the key is the wrong one.",
                left - prefix
            );
            Error::file("bad-nal", message).at(len_u64(start))
        })?;
        let (kind, name, slice, said) = take(shown.from(start + prefix, body), body);
        all.push(Unit { start, len: prefix + body, prefix, kind, name, slice, said });
        start += prefix + body;
    }
    Ok(())
}

fn avc(shown: &Shown<'_>, length_size: LengthSize, all: &mut Vec<Unit>) -> Result<()> {
    nals(shown, length_size, all, &mut |nal, len| {
        let Some(first) = nal.first() else { return (None, nothing(len), "", String::new()) };
        let kind = h264::NalType::from_header(*first);
        let slice = if kind.has_slice_header() { h264::SliceKind::of(nal) } else { None };
        let said = match kind {
            h264::NalType::SEI => sei::names(nal.get(1..).unwrap_or_default()),
            _ => String::new(),
        };
        (Some(kind.number()), kind.name(), slice.map_or("", h264::SliceKind::name), said)
    })
}

fn hevc(
    shown: &Shown<'_>,
    length_size: LengthSize,
    mut sets: h265::ParameterSets,
    all: &mut Vec<Unit>,
) -> Result<()> {
    nals(shown, length_size, all, &mut |nal, len| {
        let Some(kind) = h265::NalType::of(nal) else { return (None, nothing(len), "", String::new()) };
        let (mut slice, mut said) = (None, String::new());
        if kind.is_slice() {
            slice = h265::SliceHeader::parse(nal, &sets).ok().and_then(|header| header.kind);
        } else if kind.is_sei() {
            said = sei::names(nal.get(h265::NAL_HEADER_LEN..).unwrap_or_default());
        } else if nal.len() == len {
            // One that cannot be read leaves the slices that need it without a kind.
            let _ = sets.update(nal);
        }
        (Some(kind.number()), kind.name(), slice.map_or("", h265::SliceKind::name), said)
    })
}

/// What a unit is of which nothing can be read.
fn nothing(len: usize) -> &'static str {
    if len == 0 { "empty unit" } else { HIDDEN }
}

fn obus(shown: &Shown<'_>, state: &av1::State, all: &mut Vec<Unit>) -> Result<()> {
    let mut at = 0;
    for obu in av1::listed(state, shown.sample).take(MOST) {
        let header = obu.as_ref().map_or(1, |obu| obu.payload - obu.start);
        if shown.from(at, header).len() < header {
            let len = shown.sample.len() - at;
            all.push(Unit { start: at, len, name: HIDDEN, ..Unit::default() });
            break;
        }
        let obu = obu?;
        at = obu.end;
        let is_shown = !shown.from(obu.payload, 1).is_empty();
        all.push(Unit {
            start: obu.start,
            len: obu.end - obu.start,
            prefix: header,
            kind: Some(obu.kind),
            name: obu.name(),
            slice: if is_shown { obu.frame } else { "" },
            said: String::new(),
        });
    }
    Ok(())
}

fn frames(shown: &Shown<'_>, all: &mut Vec<Unit>) -> Result<()> {
    let last = shown.sample.len() - 1;
    let marker = shown.from(last, 1).first().copied();
    vp9::frames(shown.sample, marker, &mut |start, len| {
        let first = shown.from(start, 1).first().copied();
        let (name, slice) = first.map_or((HIDDEN, ""), |first| ("frame", vp9::frame_kind(first)));
        all.push(Unit { start, len, name, slice, ..Unit::default() });
        Ok(())
    })?;
    let end = all.last().map_or(0, |unit| unit.start + unit.len);
    if end < shown.sample.len() {
        let len = shown.sample.len() - end;
        all.push(Unit { start: end, len, name: "index of frames", ..Unit::default() });
    }
    Ok(())
}
