//! Metadata: user data, iTunes and QuickTime tags, key tables, texts by MIME type.

use crate::bytes::FourCc;

use super::header::four;
use super::parts::{LenText, MarkedText, bits};
use super::types::{Counted, Fixed16, Language, Text, U24, Utf8, decimal};
use super::wire::Bytes;

entries! {
    /// A loudness that was measured.
    LoudnessMeasurement {
        method_definition: u8, means |v| [
            "unknown", "programme loudness", "anchor loudness", "loudest of a range", "loudest momentary",
            "loudest short-term", "loudness range", "mixing level", "room type", "short-term loudness",
        ].get(usize::from(*v)).copied().unwrap_or_default().to_owned();
        method_value: u8;
        measurement: u8, means |v| format!("system {}, reliability {}", bits(*v, 4, 4), bits(*v, 0, 4));
    }
    /// Peaks and loudness, for one way of downmixing and compressing.
    LoudnessBase {
        eq_set: u8, if |cx, _| cx.head.version >= 1, means |v| format!("EQ set {}", bits(*v, 0, 6));
        downmix_and_drc: u16, means |v| format!("downmix {}, DRC set {}", bits(*v, 6, 7), bits(*v, 0, 6));
        peaks: U24, means |v| format!("bs_sample_peak_level {}, bs_true_peak_level {}", bits(v.0, 12, 12), bits(v.0, 0, 12));
        true_peak_measurement: u8, means |v| format!("system {}, reliability {}", bits(*v, 4, 4), bits(*v, 0, 4));
        measurements: Counted<u8, LoudnessMeasurement>;
    }
    /// The name of one metadata key; items refer to it by its number, from 1.
    MetadataKey {
        key_size: u32;
        key_namespace: FourCc;
        key_value: Utf8, count |_, b| u64::from(b.key_size).saturating_sub(8);
    }
    /// A user data text in one language.
    UserText {
        text_size: u16;
        language: Language;
        text: Utf8, count |_, b| u64::from(b.text_size);
    }
    /// A track or item with a property of an entity group.
    LabelledRate {
        rate: u32, means |_| "bytes a second".to_owned();
        initial_delay: u32, means |_| "ms".to_owned();
    }
}

entries! {
    /// Where a chapter begins, and what it is called.
    Chapter {
        start: u64, means |v| format!("{} s", decimal(i64::try_from(*v).unwrap_or(i64::MAX), 10_000_000));
        title: LenText<u8>;
    }
}

boxes! {
    /// Chapters by their times.
    ChapterList [four(b"chpl")] full(0, 1) "Chapter list" "written by Nero and FFmpeg" {
        reserved: [u8; 4], if |cx, _| cx.head.version > 0;
        chapters: Counted<u8, Chapter>;
    }
    /// iTunes tags, or values for the keys of a key table.
    ItemList [four(b"ilst")] plain children "Tag list" "QuickTime File Format: Metadata item list" {}
    /// The value of a tag, with its type and locale.
    TagValue [four(b"data")] plain "Tag value" "QuickTime File Format: Value atom" {
        value_type: u32, means |v| value_type_name(*v).to_owned();
        locale: u32, means |v| if *v == 0 { "any".to_owned() } else { String::new() };
        text: Utf8, if |_, b| b.value_type == 1;
        number: Bytes, if |_, b| matches!(b.value_type, 21 | 22), means |v| signed(&v.0);
        value: Bytes, if |_, b| !matches!(b.value_type, 1 | 21 | 22);
    }
    /// Who defined a freeform tag, as a reverse domain.
    TagMeaning [four(b"mean")] full "Tag meaning" "iTunes metadata: freeform tags" {
        text: Utf8;
    }
    /// Names of the keys that items refer to.
    MetadataKeys [four(b"keys")] full "Metadata keys" "QuickTime File Format: Metadata item keys" {
        keys: Counted<u32, MetadataKey>;
    }
    /// An ID3 tag.
    Id3 [four(b"ID32")] full "ID3v2 tag" "ID3v2 in MP4 (mp4ra)" {
        language: Language;
        id3: Bytes;
    }
    /// A copyright notice, or another text of 3GPP files.
    NoticeText [
        four(b"cprt"), four(b"titl"), four(b"perf"), four(b"auth"), four(b"dscp"), four(b"gnre"),
    ] full "Text in one language" "ISO/IEC 14496-12:2022 8.10.2; 3GPP TS 26.244 8" {
        language: Language;
        text: MarkedText;
    }
    /// Album and track number.
    AlbumText [four(b"albm")] full "Album title" "3GPP TS 26.244 8.2" {
        language: Language;
        title: MarkedText;
        track_number: super::parts::IfMore<u8>;
    }
    /// Year of recording.
    RecordingYear [four(b"yrrc")] full "Recording year" "3GPP TS 26.244 8.9" {
        year: u16;
    }
    /// Where it was recorded.
    Location [four(b"loci")] full "Location" "3GPP TS 26.244 8.10" {
        language: Language;
        name: MarkedText;
        role: u8, means |v| match v { 0 => "shot here", 1 => "real place shown", 2 => "invented place shown", _ => "" }.to_owned();
        longitude: Fixed16;
        latitude: Fixed16;
        altitude: Fixed16;
        astronomical_body: MarkedText;
        additional_notes: MarkedText;
    }
    /// The track's role: main, commentary, description and so on.
    Kind [four(b"kind")] full "Track kind" "ISO/IEC 14496-12:2022 8.10.4" {
        scheme_uri: Text;
        value: Text;
    }
    /// Which tracks are switched between, and what sets them apart.
    TrackSelection [four(b"tsel")] full "Track selection" "ISO/IEC 14496-12:2022 8.10.3" {
        switch_group: i32;
        attribute_list: Vec<FourCc>;
    }
    /// A name for a track or group, in one language.
    Label [four(b"labl")] full "Label" "ISO/IEC 14496-12:2022 8.10.5" {
        is_group_label: u8, means |v| if bits(*v, 7, 1) == 1 { "of a group" } else { "of a track" }.to_owned();
        label_id: u16;
        language: Text;
        label: Text;
    }
    /// Metadata as XML.
    XmlMetadata [four(b"xml ")] full "XML metadata" "ISO/IEC 14496-12:2022 8.11.2" {
        xml: Utf8;
    }
    /// Metadata as binary XML.
    BinaryXml [four(b"bxml")] full "Binary XML metadata" "ISO/IEC 14496-12:2022 8.11.2" {
        data: Bytes;
    }
    /// A further metadata container beside `meta`.
    AdditionalMetadata [four(b"meco")] plain children "Additional metadata" "ISO/IEC 14496-12:2022 8.11.7" {}
    /// How two metadata boxes relate.
    MetaRelation [four(b"mere")] full "Metadata relation" "ISO/IEC 14496-12:2022 8.11.8" {
        first_handler_type: FourCc;
        second_handler_type: FourCc;
        relation: u8;
    }
    /// MIME type of the samples.
    MimeType [four(b"mime")] full "MIME type" "ISO/IEC 14496-12:2022 12.3.3.2" {
        content_type: Text;
    }
    /// What a text decoder needs before the first sample.
    TextConfiguration [four(b"txtC")] full "Text configuration" "ISO/IEC 14496-12:2022 12.5.3" {
        text_config: Text;
    }
    /// URI that says what the metadata samples are.
    MetadataUri [four(b"uri ")] full "Metadata URI" "ISO/IEC 14496-12:2022 12.3.3.2" {
        the_uri: Text;
    }
    /// What a reader of such metadata needs before the first sample.
    MetadataUriInit [four(b"uriI")] full "Metadata URI initialization" "ISO/IEC 14496-12:2022 12.3.3.2" {
        uri_initialization_data: Bytes;
    }
    /// Bitrates of a download and the wait each needs before playback can start.
    ProgressiveDownload [four(b"pdin")] full "Progressive download information" "ISO/IEC 14496-12:2022 8.1.3" {
        entries: Vec<LabelledRate>;
    }
    /// Brands again, to be combined.
    ExtendedType [four(b"etyp")] plain children "Extended file type" "ISO/IEC 14496-12:2022 8.16.6" {}
    /// Brands that hold only together, or of one track, or before a transformation.
    BrandList [four(b"tyco"), four(b"ttyp"), four(b"otyp")] plain "Brands" "ISO/IEC 14496-12:2022 8.16.6, 8.3.5, 8.15" {
        brands: Vec<FourCc>;
    }
    /// Name and version of the tool that wrote the file.
    SoftwareName [four(b"swre")] full "Software" "written by QuickTime tools" {
        text: Utf8;
    }
    /// Loudness of the track or the album.
    Loudness [four(b"ludt")] plain children "Loudness" "ISO/IEC 14496-12:2022 12.2.7" {}
    /// How loud a track or album is, and its peaks.
    LoudnessInformation [four(b"tlou"), four(b"alou")] full(0, 1) "Track or album loudness" "ISO/IEC 14496-12:2022 12.2.7" {
        loudness_base_count: u8, if |cx, _| cx.head.version >= 1, means |v| bits(*v, 0, 6).to_string();
        bases: Vec<LoudnessBase>, count |cx, b| if cx.head.version == 0 { 1 } else { bits(b.loudness_base_count, 0, 6) };
    }
    /// How the sound of a track may be rendered.
    AudioRendering [four(b"ardi")] full "Audio rendering indication" "ISO/IEC 14496-12:2022 12.2.8" {
        audio_rendering_indication: u8, means |v| [
            "no preference", "stereo", "two-dimensional", "three-dimensional", "headphones",
        ].get(usize::from(*v)).copied().unwrap_or_default().to_owned();
    }
    /// Version of the DECE profile and the asset's identifier.
    AssetInformation [four(b"ainf")] full(0, 1) "Asset information" "DECE Common File Format 2.2.4" {
        profile_version: u32;
        apid: Text;
    }
    /// The name of the user data's owner or of a font.
    FontName [four(b"ftab")] plain "Font table" "3GPP TS 26.245 5.16" {
        fonts: Counted<u16, FontRecord>;
    }
}

entries! {
    /// One font of a timed text track.
    FontRecord {
        font_id: u16;
        font_name: LenText<u8>;
    }
}

/// What the well-known type of a tag value stands for.
pub fn value_type_name(value_type: u32) -> &'static str {
    match value_type {
        0 => "binary",
        1 => "UTF-8 text",
        2 => "UTF-16 text",
        13 => "JPEG picture",
        14 => "PNG picture",
        21 => "signed number",
        22 => "unsigned number",
        23 => "32-bit float",
        24 => "64-bit float",
        27 => "BMP picture",
        _ => "",
    }
}

/// A big-endian signed number of up to eight bytes.
fn signed(bytes: &[u8]) -> String {
    let Some(first) = bytes.first().filter(|_| bytes.len() <= 8) else { return String::new() };
    let start = if first & 0x80 != 0 { -1 } else { 0 };
    bytes.iter().fold(start, |value: i64, &byte| value << 8 | i64::from(byte)).to_string()
}
