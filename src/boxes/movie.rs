//! The movie and track boxes (ISO/IEC 14496-12:2022 8.2 to 8.8), and file type boxes.

use crate::bytes::FourCc;

use super::header::four;
use super::names::name_in;
use super::types::{
    Counted, Fixed8, Fixed16, Language, Matrix, OptionalHead, SignedWide, Text, Time1904, UFixed16, Wide,
};
use super::wire::Bytes;

entries! {
    /// One edit: a stretch of the presentation and the media time it starts from.
    EditEntry {
        segment_duration: Wide;
        media_time: SignedWide;
        media_rate: Fixed16;
    }
    /// A run of samples with one duration.
    TimeToSampleEntry {
        sample_count: u32;
        sample_delta: u32;
    }
    /// A run of samples with one composition offset.
    CompositionOffsetEntry {
        sample_count: u32;
        sample_offset: i32;
    }
    /// A run of chunks with as many samples each.
    SampleToChunkEntry {
        first_chunk: u32;
        samples_per_chunk: u32;
        sample_description_index: u32;
    }
}

/// Media times of -1 in an edit are empty stretches.
pub const EMPTY_EDIT: i64 = -1;

boxes! {
    /// The specifications the file follows.
    FileType [four(b"ftyp"), four(b"styp")] plain "File type" "ISO/IEC 14496-12:2022 4.3, 8.16.2" {
        major_brand: FourCc;
        minor_version: u32;
        compatible_brands: Vec<FourCc>;
    }
    /// Everything about the movie but its samples.
    Movie [four(b"moov")] plain children "Movie" "ISO/IEC 14496-12:2022 8.2.1" {}
    /// What concerns the whole movie: timescale, duration, next free track ID.
    MovieHeader [four(b"mvhd")] full(0, 1) "Movie header" "ISO/IEC 14496-12:2022 8.2.2" {
        creation_time: Time1904;
        modification_time: Time1904;
        timescale: u32, means |_| "ticks a second".to_owned();
        duration: Wide;
        rate: Fixed16;
        volume: Fixed8;
        reserved: [u8; 10];
        matrix: Matrix;
        pre_defined: [u8; 24];
        next_track_id: u32;
    }
    /// One track.
    Track [four(b"trak")] plain children "Track" "ISO/IEC 14496-12:2022 8.3.1" {}
    /// What concerns one track: ID, duration, size on screen.
    TrackHeader [four(b"tkhd")] full(0, 1) "Track header" "ISO/IEC 14496-12:2022 8.3.2"
        flags { 0x1 "enabled", 0x2 "in movie", 0x4 "in preview", 0x8 "size is aspect ratio" }
    {
        creation_time: Time1904;
        modification_time: Time1904;
        track_id: u32;
        reserved: u32;
        duration: Wide, means |v| if v.0 == u64::MAX || v.0 == u64::from(u32::MAX) { "all ones: unknown".to_owned() } else { String::new() };
        reserved_2: [u8; 8];
        layer: i16;
        alternate_group: i16;
        volume: Fixed8;
        reserved_3: u16;
        matrix: Matrix;
        width: UFixed16;
        height: UFixed16;
    }
    /// Holds the edit list.
    Edit [four(b"edts")] plain children "Edit" "ISO/IEC 14496-12:2022 8.6.5" {}
    /// Maps the presentation timeline to media time.
    EditList [four(b"elst")] full(0, 1) "Edit list" "ISO/IEC 14496-12:2022 8.6.6" {
        entries: Counted<u32, EditEntry>;
    }
    /// The media of one track.
    Media [four(b"mdia")] plain children "Media" "ISO/IEC 14496-12:2022 8.4.1" {}
    /// Timescale, duration and language of one track.
    MediaHeader [four(b"mdhd")] full(0, 1) "Media header" "ISO/IEC 14496-12:2022 8.4.2" {
        creation_time: Time1904;
        modification_time: Time1904;
        timescale: u32, means |_| "ticks a second".to_owned();
        duration: Wide;
        language: Language;
        pre_defined: u16;
    }
    /// What kind of media the track holds.
    Handler [four(b"hdlr")] full "Handler" "ISO/IEC 14496-12:2022 8.4.3" {
        pre_defined: u32;
        handler_type: FourCc, means |v| handler_name(*v).to_owned();
        reserved: [u8; 12];
        name: Text;
    }
    /// Media information of one track.
    MediaInformation [four(b"minf")] plain children "Media information" "ISO/IEC 14496-12:2022 8.4.4" {}
    /// Presentation information of a video track.
    VideoMediaHeader [four(b"vmhd")] full "Video media header" "ISO/IEC 14496-12:2022 12.1.2" {
        graphicsmode: u16;
        opcolor: [u8; 6];
    }
    /// Presentation information of an audio track.
    SoundMediaHeader [four(b"smhd")] full "Sound media header" "ISO/IEC 14496-12:2022 12.2.2" {
        balance: Fixed8;
        reserved: u16;
    }
    /// Stands for a media header where the kind of track has none.
    NullMediaHeader [four(b"nmhd")] full "Null media header" "ISO/IEC 14496-12:2022 8.4.5.2" {}
    /// Stands for a media header in a subtitle track.
    SubtitleMediaHeader [four(b"sthd")] full "Subtitle media header" "ISO/IEC 14496-12:2022 12.6.2" {}
    /// Where the media data stands.
    DataInformation [four(b"dinf")] plain children "Data information" "ISO/IEC 14496-12:2022 8.7.1" {}
    /// The list of places that sample entries point to.
    DataReference [four(b"dref")] full children "Data reference" "ISO/IEC 14496-12:2022 8.7.2" {
        entry_count: u32;
    }
    /// A place by URL.
    DataEntryUrl [four(b"url ")] full "Data entry URL" "ISO/IEC 14496-12:2022 8.7.2"
        flags { 0x1 "in this file" }
    {
        location: Text, if |cx, _| !cx.head.has(1);
    }
    /// A place by name.
    DataEntryUrn [four(b"urn ")] full "Data entry URN" "ISO/IEC 14496-12:2022 8.7.2"
        flags { 0x1 "in this file" }
    {
        name: Text, if |cx, _| !cx.head.has(1);
        location: Text, if |cx, _| !cx.head.has(1);
    }
    /// The tables that place, time and describe the samples; empty in fragmented files.
    SampleTable [four(b"stbl")] plain children "Sample table" "ISO/IEC 14496-12:2022 8.5.1" {}
    /// Sample entries: codec and configuration.
    SampleDescription [four(b"stsd")] full(0, 1) children "Sample description" "ISO/IEC 14496-12:2022 8.5.2" {
        entry_count: u32;
    }
    /// Durations of samples, in runs.
    TimeToSample [four(b"stts")] full "Decoding time to sample" "ISO/IEC 14496-12:2022 8.6.1.2" {
        entries: Counted<u32, TimeToSampleEntry>;
    }
    /// Composition offsets of samples, in runs.
    CompositionOffset [four(b"ctts")] full(0, 1) "Composition time to sample" "ISO/IEC 14496-12:2022 8.6.1.3" {
        entries: Counted<u32, CompositionOffsetEntry>;
    }
    /// The span between composition and decoding times.
    CompositionToDecode [four(b"cslg")] full(0, 1) "Composition to decode" "ISO/IEC 14496-12:2022 8.6.1.4" {
        composition_to_dts_shift: SignedWide;
        least_decode_to_display_delta: SignedWide;
        greatest_decode_to_display_delta: SignedWide;
        composition_start_time: SignedWide;
        composition_end_time: SignedWide;
    }
    /// Which samples are random access points.
    SyncSample [four(b"stss")] full "Sync sample" "ISO/IEC 14496-12:2022 8.6.2" {
        sample_numbers: Counted<u32, u32>;
    }
    /// How samples are grouped in chunks.
    SampleToChunk [four(b"stsc")] full "Sample to chunk" "ISO/IEC 14496-12:2022 8.7.4" {
        entries: Counted<u32, SampleToChunkEntry>;
    }
    /// Sizes of samples in bytes.
    SampleSize [four(b"stsz")] full "Sample size" "ISO/IEC 14496-12:2022 8.7.3.2" {
        sample_size: u32, means |v| if *v == 0 { "sizes differ".to_owned() } else { "all samples".to_owned() };
        sample_count: u32;
        entry_sizes: Vec<u32>, count |_, b| u64::from(b.sample_count), if |_, b| b.sample_size == 0;
    }
    /// File offsets of chunks, 32 bits.
    ChunkOffset [four(b"stco")] full "Chunk offset" "ISO/IEC 14496-12:2022 8.7.5" {
        chunk_offsets: Counted<u32, u32>;
    }
    /// File offsets of chunks, 64 bits.
    ChunkLargeOffset [four(b"co64")] full "Chunk offset, 64-bit" "ISO/IEC 14496-12:2022 8.7.5" {
        chunk_offsets: Counted<u32, u64>;
    }
    /// Says that the movie goes on in fragments, and holds their defaults.
    MovieExtends [four(b"mvex")] plain children "Movie extends" "ISO/IEC 14496-12:2022 8.8.1" {}
    /// Duration of the whole fragmented movie.
    MovieExtendsHeader [four(b"mehd")] full(0, 1) "Movie extends header" "ISO/IEC 14496-12:2022 8.8.2" {
        fragment_duration: Wide;
    }
    /// Defaults for the fragments of one track.
    TrackExtends [four(b"trex")] full "Track extends" "ISO/IEC 14496-12:2022 8.8.3" {
        track_id: u32;
        default_sample_description_index: u32;
        default_sample_duration: u32;
        default_sample_size: u32;
        default_sample_flags: u32, means |v| super::fragment::sample_flags_text(*v);
    }
    /// User data.
    UserData [four(b"udta")] plain children "User data" "ISO/IEC 14496-12:2022 8.10.1" {}
    /// Metadata: items, or iTunes tags.
    Meta [four(b"meta")] plain children "Metadata" "ISO/IEC 14496-12:2022 8.11.1" {
        version_and_flags: OptionalHead;
    }
    /// A language tag by RFC 4646, where three letters are not enough.
    ExtendedLanguage [four(b"elng")] plain "Extended language" "ISO/IEC 14496-12:2022 8.4.6" {
        version_and_flags: OptionalHead;
        extended_language: Text;
    }
    /// Samples.
    MediaData [four(b"mdat")] plain "Media data" "ISO/IEC 14496-12:2022 8.1.1" {
        data: Bytes;
    }
    /// Bytes without meaning.
    FreeSpace [four(b"free"), four(b"skip"), four(b"wide")] plain "Free space" "ISO/IEC 14496-12:2022 8.1.2" {
        data: Bytes;
    }
    /// Holds references to other tracks.
    TrackReference [four(b"tref")] plain children "Track reference" "ISO/IEC 14496-12:2022 8.3.3" {}
}

/// What a handler type stands for.
pub fn handler_name(handler: FourCc) -> &'static str {
    const NAMES: &str = "\
videvideo
sounaudio
texttext
subtsubtitles
hinthints
metatimed metadata
clcpclosed captions
mdiriTunes tags
mdtaQuickTime metadata
auxvauxiliary video
";
    name_in(NAMES, handler)
}

/// CMAF's own brands, and those of its media profiles (ISO/IEC 23000-19).
pub fn is_of_cmaf(brand: FourCc) -> bool {
    const PROFILES: [&[u8; 4]; 11] =
        [b"cfsd", b"cfhd", b"chdf", b"chhd", b"chh1", b"cud8", b"cud1", b"chd1", b"clg1", b"caac", b"ca4s"];
    brand.0.starts_with(b"cm") || PROFILES.contains(&&brand.0)
}
