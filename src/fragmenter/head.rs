//! The `moof` of a fragment that is made.

use crate::boxes::BoxBody;
use crate::boxes::fragment::{
    MovieFragmentHeader, SampleFlags, TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun, TrackRunSample,
    tfhd_flags, trun_flags,
};
use crate::boxes::groups::{SampleToGroup, SampleToGroupEntry};
use crate::boxes::types::{Counted, Wide};
use crate::boxes::wire::FullHead;
use crate::bytes::units::len_u64;
use crate::bytes::{Error, FourCc, Result, Writer};

use super::columns::Sample;
use super::walk::Stretch;

/// Bytes of the header of its `mdat`: no fragment reaches the size that needs a longer one.
const MDAT_HEADER_LEN: u64 = 8;
/// Bytes of a `trun` before its data offset: header, version and flags, sample count.
const RUN_OFFSET_AT: usize = 16;

/// What goes before the media data of fragment `sequence`: `moof`, and the header of the `mdat`. One `traf` for each
/// track that has samples (ISO/IEC 14496-12:2022 8.8.4 to 8.8.8).
pub fn head(sequence: u32, stretches: &[Stretch]) -> Result<Vec<u8>> {
    let mut w = Writer::new();
    // Where data offsets stand, and how far from the first byte of the media data they lead.
    let mut offsets: Vec<(usize, u64)> = Vec::new();
    let mut media = 0_u64;
    w.nested(FourCc(*b"moof"), |w| {
        w.bytes(
            &MovieFragmentHeader { sequence_number: sequence, ..MovieFragmentHeader::default() }.to_box(0),
        );
        for stretch in stretches.iter().filter(|stretch| !stretch.samples.is_empty()) {
            let samples = &stretch.samples;
            w.nested(FourCc(*b"traf"), |w| {
                track(w, stretch.id, samples, media, &mut offsets);
                groups(w, stretch);
                if let Some(secrets) = &stretch.secrets {
                    w.bytes(&secrets.to_boxes(samples, w.len()));
                }
            });
            media += samples.iter().map(|sample| u64::from(sample.size)).sum::<u64>();
        }
    });
    let before = len_u64(w.len()) + MDAT_HEADER_LEN;
    for (at, offset) in offsets {
        let offset = i32::try_from(before + offset).map_err(|_| too_large(stretches, media))?;
        w.replace(at, 4, &offset.to_be_bytes());
    }
    let size = u32::try_from(MDAT_HEADER_LEN + media).map_err(|_| too_large(stretches, media))?;
    w.u32(size);
    w.bytes(b"mdat");
    Ok(w.into_bytes())
}

fn too_large(stretches: &[Stretch], media: u64) -> Error {
    let first = stretches.iter().find(|stretch| !stretch.samples.is_empty());
    let message = format!(
        "A fragment from here on would have {media} bytes, for want of samples where decoding can begin; it may have {}. \
         Encode the file again with more key frames.",
        i32::MAX
    );
    let start = first.and_then(|stretch| stretch.samples.first()).map_or(0, |sample| sample.start);
    let place = first.map_or_else(String::new, |stretch| format!("Track {}: ", stretch.id));
    Error::unsupported("fragment-too-large", message).preceded_by(&place).at(start)
}

/// `tfhd`, `tfdt` and `trun` of samples of one entry. `media` bytes of the fragment's media data stand before them.
fn track(w: &mut Writer, id: u32, samples: &[Sample], media: u64, offsets: &mut Vec<(usize, u64)>) {
    let Some((first, rest)) = samples.split_first() else { return };
    let same = |of: &dyn Fn(&Sample) -> u32| samples.iter().all(|sample| of(sample) == of(first));
    let mut tfhd = TrackFragmentHeader {
        track_id: id,
        sample_description_index: first.entry,
        ..TrackFragmentHeader::default()
    };
    tfhd.head.flags = tfhd_flags::DEFAULT_BASE_IS_MOOF | tfhd_flags::DEFAULT_SAMPLE_FLAGS;
    if first.entry != 1 {
        tfhd.head.flags |= tfhd_flags::SAMPLE_DESCRIPTION_INDEX;
    }
    let mut run = TrackRun {
        sample_count: u32::try_from(samples.len()).unwrap_or(u32::MAX),
        first_sample_flags: SampleFlags(first.flags),
        ..TrackRun::default()
    };
    run.head.flags = trun_flags::DATA_OFFSET;
    // Only uncompressed sound is so even. Elsewhere each sample says its own: players for Smooth Streaming have trouble
    // with defaults.
    if same(&|sample| sample.size) && same(&|sample| sample.duration) && samples.len() > 1 {
        tfhd.head.flags |= tfhd_flags::DEFAULT_SAMPLE_DURATION | tfhd_flags::DEFAULT_SAMPLE_SIZE;
        (tfhd.default_sample_duration, tfhd.default_sample_size) = (first.duration, first.size);
    } else {
        run.head.flags |= trun_flags::SAMPLE_DURATION | trun_flags::SAMPLE_SIZE;
    }
    let usual = rest.first().unwrap_or(first).flags;
    tfhd.default_sample_flags = SampleFlags(usual);
    if rest.iter().any(|sample| sample.flags != usual) {
        run.head.flags |= trun_flags::SAMPLE_FLAGS;
    } else if first.flags != usual {
        run.head.flags |= trun_flags::FIRST_SAMPLE_FLAGS;
    }
    if samples.iter().any(|sample| sample.composition != 0) {
        run.head.flags |= trun_flags::SAMPLE_COMPOSITION_OFFSET;
        run.head.version = u8::from(samples.iter().any(|sample| sample.composition < 0));
    }
    if run.head.flags & trun_flags::PER_SAMPLE != 0 {
        run.samples = samples.iter().map(run_sample).collect();
    }
    w.bytes(&tfhd.to_box(0));
    let tfdt = TrackFragmentDecodeTime {
        head: FullHead { version: 1, flags: 0 },
        base_media_decode_time: Wide(first.time),
        ..TrackFragmentDecodeTime::default()
    };
    w.bytes(&tfdt.to_box(0));
    offsets.push((w.len() + RUN_OFFSET_AT, media));
    w.bytes(&run.to_box(0));
}

fn run_sample(sample: &Sample) -> TrackRunSample {
    TrackRunSample {
        sample_duration: sample.duration,
        sample_size: sample.size,
        sample_flags: SampleFlags(sample.flags),
        sample_composition_time_offset: sample.composition,
    }
}

/// Which groups the samples are in. Their descriptions stay in the `moov`.
fn groups(w: &mut Writer, stretch: &Stretch) {
    for (kind, parameter, numbers) in &stretch.groups {
        if numbers.iter().all(|number| *number == 0) {
            continue;
        }
        let runs = numbers.chunk_by(|one, next| one == next).map(|run| SampleToGroupEntry {
            sample_count: u32::try_from(run.len()).unwrap_or(u32::MAX),
            group_description_index: run.first().copied().unwrap_or(0),
        });
        let sbgp = SampleToGroup {
            head: FullHead { version: u8::from(parameter.is_some()), flags: 0 },
            grouping_type: *kind,
            grouping_type_parameter: parameter.unwrap_or(0),
            entries: Counted::from(runs.collect::<Vec<_>>()),
            ..SampleToGroup::default()
        };
        w.bytes(&sbgp.to_box(0));
    }
}
