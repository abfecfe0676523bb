//! The movie fragment boxes (ISO/IEC 14496-12:2022 8.8), and events.

use super::header::four;
use super::types::{Counted, Text, Wide, date_1904};
use super::wire::{Bytes, Context, Wire};
use crate::boxes::rows::RowSink;
use crate::bytes::{Reader, Result, Writer};

/// Flags of [`TrackFragmentHeader`].
pub mod tfhd_flags {
    /// An absolute base for data offsets is given.
    pub const BASE_DATA_OFFSET: u32 = 0x1;
    /// A sample description index is given.
    pub const SAMPLE_DESCRIPTION_INDEX: u32 = 0x2;
    /// A default duration is given.
    pub const DEFAULT_SAMPLE_DURATION: u32 = 0x8;
    /// A default size is given.
    pub const DEFAULT_SAMPLE_SIZE: u32 = 0x10;
    /// Default sample flags are given.
    pub const DEFAULT_SAMPLE_FLAGS: u32 = 0x20;
    /// Data offsets count from the first byte of the `moof`.
    pub const DEFAULT_BASE_IS_MOOF: u32 = 0x2_0000;
}

/// Flags of [`TrackRun`].
pub mod trun_flags {
    /// A data offset is given.
    pub const DATA_OFFSET: u32 = 0x1;
    /// Flags of the first sample are given.
    pub const FIRST_SAMPLE_FLAGS: u32 = 0x4;
    /// Each sample has a duration.
    pub const SAMPLE_DURATION: u32 = 0x100;
    /// Each sample has a size.
    pub const SAMPLE_SIZE: u32 = 0x200;
    /// Each sample has flags.
    pub const SAMPLE_FLAGS: u32 = 0x400;
    /// Each sample has a composition offset.
    pub const SAMPLE_COMPOSITION_OFFSET: u32 = 0x800;
    /// Something is given for each sample: without any of these a run is a number alone.
    pub const PER_SAMPLE: u32 = 0xf00;
}

entries! {
    /// One sample of a run; what is absent comes from `tfhd` or `trex`.
    TrackRunSample {
        sample_duration: u32, if |cx| cx.head.has(trun_flags::SAMPLE_DURATION);
        sample_size: u32, if |cx| cx.head.has(trun_flags::SAMPLE_SIZE);
        sample_flags: SampleFlags, if |cx| cx.head.has(trun_flags::SAMPLE_FLAGS);
        sample_composition_time_offset: i32, if |cx| cx.head.has(trun_flags::SAMPLE_COMPOSITION_OFFSET);
    }
    /// One subsample of a `subs` entry.
    SubSampleEntry {
        subsample_size: Wide16;
        subsample_priority: u8;
        discardable: u8;
        codec_specific_parameters: u32;
    }
    /// The subsamples of one sample.
    SubSampleInformationEntry {
        sample_delta: u32;
        subsamples: Counted<u16, SubSampleEntry>;
    }
}

/// 16 bits in version 0, 32 in later versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide16(pub u32);

impl Wire for Wide16 {
    const EXACT: bool = true;
    fn len(cx: &Context) -> Option<usize> {
        Some(if cx.head.version == 0 { 2 } else { 4 })
    }
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(if cx.head.version == 0 { u32::from(r.u16(name)?) } else { r.u32(name)? }))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        if cx.head.version == 0 {
            w.u16(u16::try_from(self.0).unwrap_or(u16::MAX));
        } else {
            w.u32(self.0);
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// Dependency and random access flags of a sample (ISO/IEC 14496-12:2022 8.8.3.1). Not to be mixed up with the
/// flags of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleFlags(pub u32);

impl SampleFlags {
    /// Whether the sample is no random access point.
    pub fn is_non_sync(self) -> bool {
        self.0 & 0x1_0000 != 0
    }

    /// With the byte that `sdtp` has of the sample, which has the same bits, where the flags say nothing of what it says.
    #[must_use]
    pub fn with_dependency(self, said: Option<u8>) -> Self {
        const SHIFT: u32 = 20;
        let own = self.0 >> SHIFT & 0xff != 0;
        Self(self.0 | u32::from(said.filter(|_| !own).unwrap_or(0)) << SHIFT)
    }

    /// Whether it is presented before the random access point that comes first, and can be decoded from there
    /// (`is_leading` is 3).
    pub fn leads_by_itself(self) -> bool {
        self.0 >> 26 & 3 == 3
    }
}

impl Wire for SampleFlags {
    const EXACT: bool = true;
    fn len(_: &Context) -> Option<usize> {
        Some(4)
    }
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(r.u32(name)?))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.u32(self.0);
    }
    fn show(&self) -> String {
        format!("{:#010x}", self.0)
    }
    fn meaning(&self) -> String {
        sample_flags_text(self.0)
    }
}

/// Sample flags in words.
pub fn sample_flags_text(flags: u32) -> String {
    let mut words = Vec::new();
    match (flags >> 24) & 3 {
        1 => words.push("depends on others"),
        2 => words.push("depends on no other"),
        _ => {}
    }
    match (flags >> 22) & 3 {
        1 => words.push("others depend on it"),
        2 => words.push("no other depends on it"),
        _ => {}
    }
    words.push(if flags & 0x1_0000 == 0 { "sync sample" } else { "not a sync sample" });
    words.join(", ")
}

boxes! {
    /// A movie fragment: the sample tables of the media data that follows.
    MovieFragment [four(b"moof")] plain children "Movie fragment" "ISO/IEC 14496-12:2022 8.8.4" {}
    /// Ordinal number of the fragment.
    MovieFragmentHeader [four(b"mfhd")] full "Movie fragment header" "ISO/IEC 14496-12:2022 8.8.5" {
        sequence_number: u32;
    }
    /// One track's part of the fragment.
    TrackFragment [four(b"traf")] plain children "Track fragment" "ISO/IEC 14496-12:2022 8.8.6" {}
    /// Track ID and defaults of a track fragment.
    TrackFragmentHeader [four(b"tfhd")] full "Track fragment header" "ISO/IEC 14496-12:2022 8.8.7"
        flags {
            0x1 "base data offset", 0x2 "sample description index", 0x8 "default duration", 0x10 "default size",
            0x20 "default sample flags", 0x10000 "duration is empty", 0x20000 "default base is moof",
        }
    {
        track_id: u32;
        base_data_offset: u64, if |cx, _| cx.head.has(tfhd_flags::BASE_DATA_OFFSET);
        sample_description_index: u32, if |cx, _| cx.head.has(tfhd_flags::SAMPLE_DESCRIPTION_INDEX);
        default_sample_duration: u32, if |cx, _| cx.head.has(tfhd_flags::DEFAULT_SAMPLE_DURATION);
        default_sample_size: u32, if |cx, _| cx.head.has(tfhd_flags::DEFAULT_SAMPLE_SIZE);
        default_sample_flags: SampleFlags, if |cx, _| cx.head.has(tfhd_flags::DEFAULT_SAMPLE_FLAGS);
    }
    /// Decode time of the first sample of a track fragment.
    TrackFragmentDecodeTime [four(b"tfdt")] full(0, 1) "Track fragment decode time" "ISO/IEC 14496-12:2022 8.8.12" {
        base_media_decode_time: Wide;
    }
    /// A run of samples that stand one behind the other.
    TrackRun [four(b"trun")] full(0, 1) "Track run" "ISO/IEC 14496-12:2022 8.8.8"
        flags {
            0x1 "data offset", 0x4 "first sample flags", 0x100 "durations", 0x200 "sizes", 0x400 "sample flags",
            0x800 "composition offsets",
        }
    {
        sample_count: u32;
        data_offset: i32, if |cx, _| cx.head.has(trun_flags::DATA_OFFSET);
        first_sample_flags: SampleFlags, if |cx, _| cx.head.has(trun_flags::FIRST_SAMPLE_FLAGS);
        samples: Vec<TrackRunSample>, count |_, b| u64::from(b.sample_count),
            if |cx, _| cx.head.flags & trun_flags::PER_SAMPLE != 0;
    }
    /// Dependency hints, one byte a sample.
    SampleDependency [four(b"sdtp")] full "Sample dependency" "ISO/IEC 14496-12:2022 8.6.4" {
        sample_dependencies: Vec<Dependency>;
    }
    /// Sizes and priorities of parts of samples.
    SubSampleInformation [four(b"subs")] full(0, 1) "Sub-sample information" "ISO/IEC 14496-12:2022 8.7.7" {
        entries: Counted<u32, SubSampleInformationEntry>;
    }
    /// An event for the application.
    EventMessage [four(b"emsg")] full(0, 1) "Event message" "ISO/IEC 23009-1:2022 5.10.3.3" {
        timescale: u32, if |cx, _| cx.head.version == 1;
        presentation_time: u64, if |cx, _| cx.head.version == 1;
        event_duration: u32, if |cx, _| cx.head.version == 1;
        id: u32, if |cx, _| cx.head.version == 1;
        scheme_id_uri: Text;
        value: Text;
        timescale_v0: u32, if |cx, _| cx.head.version == 0;
        presentation_time_delta: u32, if |cx, _| cx.head.version == 0;
        event_duration_v0: u32, if |cx, _| cx.head.version == 0;
        id_v0: u32, if |cx, _| cx.head.version == 0;
        message_data: Bytes;
    }
    /// Wall-clock time at which a sample was produced.
    ProducerReferenceTime [four(b"prft")] full(0, 1) "Producer reference time" "ISO/IEC 14496-12:2022 8.16.5" {
        reference_track_id: u32;
        // Seconds since 1900, four years before those of all other boxes, and as many bits of their fractions.
        ntp_timestamp: u64, means |v| date_1904((v >> 32).saturating_sub(4 * 365 * 86_400));
        media_time: Wide;
    }
}

/// One byte of `sdtp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dependency(pub u8);

impl Wire for Dependency {
    const EXACT: bool = true;
    fn len(_: &Context) -> Option<usize> {
        Some(1)
    }
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(r.u8(name)?))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.u8(self.0);
    }
    fn show(&self) -> String {
        format!("{:#04x}", self.0)
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        _: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let start = r.offset();
        let value = Self::read(r, name, cx, None)?;
        sink.push(name, start, r.offset(), || {
            let leading = match value.0 >> 6 {
                1 => "leading, depends before",
                2 => "not leading",
                3 => "leading, decodable",
                _ => "",
            };
            let depends = match (value.0 >> 4) & 3 {
                1 => "depends on others",
                2 => "depends on no other",
                _ => "",
            };
            let words: Vec<&str> = [leading, depends].into_iter().filter(|word| !word.is_empty()).collect();
            (value.show(), words.join(", "))
        });
        Ok(value)
    }
}
