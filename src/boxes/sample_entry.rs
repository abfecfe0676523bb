//! Sample entries: the children of `stsd` (ISO/IEC 14496-12:2022 8.5.2, 12.1.3, 12.2.3).

use crate::bytes::units::len_u64;
use crate::bytes::{Reader, Result, Writer};

use super::header::{BoxHeader, four};
use super::parts::join;
use super::types::{PascalText32, Text, UFixed16};
use super::wire::{Bytes, Context, Wire, spaced_hex};

entries! {
    /// What QuickTime's version 2 adds to an audio sample entry, where the fields before are constants.
    QuickTimeV2 {
        size_of_struct_only: u32;
        audio_sample_rate: [u8; 8], means |v| format!("{} Hz", rounded(*v));
        num_audio_channels: u32;
        always_7f000000: u32;
        const_bits_per_channel: u32;
        format_specific_flags: u32, means |v| join(&[
            if v & 1 == 1 { "floating point" } else { "integer" },
            if v & 2 == 2 { "big-endian" } else { "little-endian" },
        ]);
        const_bytes_per_audio_packet: u32;
        const_lpcm_frames_per_audio_packet: u32;
    }
}

boxes! {
    /// Codec and picture size of video samples.
    VisualSampleEntry [
        four(b"avc1"), four(b"avc2"), four(b"avc3"), four(b"avc4"), four(b"avcp"), four(b"encv"), four(b"resv"),
        four(b"hvc1"), four(b"hev1"), four(b"hvc2"), four(b"hev2"), four(b"hvc3"), four(b"hev3"), four(b"lhv1"),
        four(b"lhe1"), four(b"lht1"), four(b"hvt1"), four(b"hvt2"), four(b"hvt3"), four(b"vvc1"), four(b"vvi1"),
        four(b"vvs1"), four(b"vvcN"), four(b"evc1"), four(b"evs1"), four(b"evs2"), four(b"lvc1"), four(b"apv1"),
        four(b"av01"), four(b"avs3"), four(b"vp08"), four(b"vp09"), four(b"vp10"), four(b"dvh1"), four(b"dvhe"), four(b"dva1"),
        four(b"dvav"), four(b"dav1"), four(b"mp4v"), four(b"vc-1"), four(b"ovc1"), four(b"s263"), four(b"jpeg"),
        four(b"png "), four(b"uncv"), four(b"svc1"), four(b"svc2"), four(b"mvc1"), four(b"mvc2"), four(b"mvc3"),
        four(b"mvc4"), four(b"mvd1"), four(b"mvd2"), four(b"mvd3"), four(b"mvd4"), four(b"a3d1"), four(b"a3d2"),
        four(b"a3d3"), four(b"a3d4"), four(b"icpv"), four(b"apch"), four(b"apcn"), four(b"apcs"), four(b"apco"),
        four(b"ap4h"), four(b"ap4x"), four(b"h263"), four(b"H263"), four(b"mjpa"), four(b"mjpb"), four(b"raw "),
    ] plain children "Visual sample entry" "ISO/IEC 14496-12:2022 12.1.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        pre_defined: [u8; 16];
        width: u16;
        height: u16;
        horizresolution: UFixed16;
        vertresolution: UFixed16;
        reserved_2: u32;
        frame_count: u16;
        compressorname: PascalText32;
        depth: u16;
        pre_defined_2: i16;
        color_table: ColorTable, means |v| format!("{} colours", (v.0.len() / 8).saturating_sub(1));
    }
    /// Codec, channels and sample rate of audio samples.
    AudioSampleEntry [
        four(b"mp4a"), four(b"enca"), four(b"resa"), four(b"ac-3"), four(b"ec-3"), four(b"ac-4"), four(b"Opus"),
        four(b"fLaC"), four(b"alac"), four(b"mlpa"), four(b"dtsc"), four(b"dtsh"), four(b"dtsl"), four(b"dtse"),
        four(b"dtsx"), four(b"dtsy"), four(b"dts-"), four(b"dts+"), four(b"mha1"), four(b"mha2"), four(b"mhm1"),
        four(b"mhm2"), four(b"samr"), four(b"sawb"), four(b"sawp"), four(b"wma "), four(b"owma"), four(b"ipcm"),
        four(b"fpcm"), four(b"iamf"), four(b"m4ae"), four(b"icpa"), four(b"twos"), four(b"sowt"),
        four(b"lpcm"), four(b"in24"), four(b"in32"), four(b"fl32"), four(b"fl64"), four(b"ulaw"), four(b"alaw"),
        four(b".mp3"), four(b"sevc"), four(b"sqcp"),
    ] plain children "Audio sample entry" "ISO/IEC 14496-12:2022 12.2.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        entry_version: u16;
        reserved_2: [u8; 6];
        channelcount: u16;
        samplesize: u16;
        pre_defined: u16;
        reserved_3: u16;
        samplerate: UFixed16;
        quicktime_v1: QuickTimeV1, if |_, b| b.entry_version == 1;
        quicktime_v2: QuickTimeV2, if |_, b| b.entry_version == 2;
    }
    /// Subtitles as XML: TTML, IMSC and others.
    XmlSubtitleSampleEntry [four(b"stpp"), four(b"dfxp")] plain children "XML subtitle sample entry" "ISO/IEC 14496-12:2022 12.6.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        namespace: Text;
        schema_location: Text;
        auxiliary_mime_types: Text;
    }
    /// Subtitles, text or metadata of a MIME type.
    TextSampleEntry [four(b"sbtt"), four(b"stxt"), four(b"mett")] plain children "Text sample entry" "ISO/IEC 14496-12:2022 12.3.3, 12.5.3, 12.6.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        content_encoding: Text;
        mime_format: Text;
    }
    /// Timed metadata as XML.
    XmlMetadataSampleEntry [four(b"metx")] plain children "XML metadata sample entry" "ISO/IEC 14496-12:2022 12.3.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        content_encoding: Text;
        namespace: Text;
        schema_location: Text;
    }
    /// Samples of a kind that needs nothing more than the boxes inside.
    PlainSampleEntry [
        four(b"wvtt"), four(b"urim"), four(b"mebx"), four(b"evte"), four(b"mp4s"), four(b"c608"), four(b"c708"),
    ] plain children "Sample entry" "ISO/IEC 14496-12:2022 8.5.2" {
        reserved: [u8; 6];
        data_reference_index: u16;
    }
    /// Of a kind other than pictures and sound, encrypted: the fields are those of the type before protection.
    EncryptedSampleEntry [
        four(b"enct"), four(b"encu"), four(b"encs"), four(b"encm"), four(b"encf"), four(b"encp"), four(b"enc3"),
    ] plain children "Encrypted sample entry" "ISO/IEC 14496-12:2022 8.12" {
        reserved: [u8; 6];
        data_reference_index: u16;
        original_fields: UntilBoxes;
    }
    /// Of a type that is registered, but has fields of its own that are not declared.
    OtherSampleEntry [four(b"gpmd"), four(b"fdsc"), four(b"camm"), four(b"rtmd")] plain "Sample entry" "ISO/IEC 14496-12:2022 8.5.2" {
        reserved: [u8; 6];
        data_reference_index: u16;
        data: Bytes;
    }
    /// 3GPP timed text: where and how it is drawn.
    TimedTextSampleEntry [four(b"tx3g")] plain children "Timed text sample entry" "3GPP TS 26.245 5.16" {
        reserved: [u8; 6];
        data_reference_index: u16;
        display_flags: u32;
        horizontal_justification: i8;
        vertical_justification: i8;
        background_color_rgba: [u8; 4];
        default_text_box: [u8; 8];
        default_style: [u8; 12];
    }
    /// Time codes of a QuickTime movie.
    TimeCodeSampleEntry [four(b"tmcd")] plain children "Time code sample entry" "QuickTime File Format: Timecode sample description" {
        reserved: [u8; 6];
        data_reference_index: u16;
        reserved_2: u32;
        flags: u32;
        timescale: u32;
        frame_duration: u32;
        number_of_frames: u8;
        reserved_3: u8;
    }
    /// Hints for sending packets or files.
    HintSampleEntry [
        four(b"rtp "), four(b"srtp"), four(b"rrtp"), four(b"rm2t"), four(b"sm2t"),
    ] plain children "Hint sample entry" "ISO/IEC 14496-12:2022 9" {
        reserved: [u8; 6];
        data_reference_index: u16;
        hint_track_version: u16;
        highest_compatible_version: u16;
        max_packet_size: u32;
    }
}

/// The colours that samples of few bits are numbers of, in QuickTime: a seed, flags, the number of the last one, and eight
/// bytes for each. There where no box follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColorTable(pub Vec<u8>);

impl Wire for ColorTable {
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        let len = match r.rest() {
            [_, _, _, _, 0x80, 0, high, low, ..] => 16 + 8 * usize::from(u16::from_be_bytes([*high, *low])),
            _ => 0,
        };
        let is_there = len <= r.remaining() && box_at(r).is_none();
        Ok(Self(r.take(if is_there { len } else { 0 }, name)?.to_vec()))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        spaced_hex(&self.0)
    }
}

/// The 16 bytes that QuickTime's version 1 adds to an audio sample entry. ISO's AudioSampleEntryV1 has the same
/// version number and no such bytes; only the `stsd` version tells them apart, so what follows decides: 16 bytes
/// of numbers, or a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuickTimeV1(pub Option<[u8; 16]>);

/// Fields that are not known, up to the boxes with which the entry ends; all of it where there are none that say how it
/// was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntilBoxes(pub Bytes);

impl UntilBoxes {
    /// Most bytes of fields before the boxes: texts and tables of one entry.
    const MOST: usize = 4096;

    /// Most boxes of one entry: real ones have a handful.
    const BOXES: usize = 64;

    fn are_boxes(mut r: Reader<'_>) -> bool {
        let mut says_how = false;
        for _ in 0..Self::BOXES {
            let Some(header) = box_at(&r) else { return false };
            says_how |= header.id.is(b"sinf") || header.id.is(b"rinf");
            if r.sub(header.size, "A box").is_err() || r.is_empty() {
                return says_how && r.is_empty();
            }
        }
        false
    }
}

impl Wire for UntilBoxes {
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        let most = r.remaining().min(Self::MOST);
        let found = (0..most).find(|len| {
            let mut behind = *r;
            behind.take(*len, name).is_ok() && Self::are_boxes(behind)
        });
        Ok(Self(Bytes(r.take(found.unwrap_or(r.remaining()), name)?.to_vec())))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0.0);
    }
    fn show(&self) -> String {
        self.0.show()
    }
}

/// A 64-bit floating point number as a whole one: no rate of sound has a fraction that matters.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and makes 0 of no number"
)]
pub fn rounded(bits: [u8; 8]) -> u32 {
    (f64::from_be_bytes(bits) + 0.5) as u32
}

/// The header of the box with a printable type that starts here and ends inside the reader.
fn box_at(r: &Reader<'_>) -> Option<BoxHeader> {
    let header = BoxHeader::read(&mut r.clone(), len_u64(r.remaining())).ok()?;
    header.id.four_cc().0.iter().all(|byte| (b' '..=b'~').contains(byte)).then_some(header)
}

impl Wire for QuickTimeV1 {
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        if r.is_empty() || box_at(r).is_some() {
            return Ok(Self(None));
        }
        Ok(Self(Some(r.array(name)?)))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(self.0.as_ref().map_or(&[], |bytes| &bytes[..]));
    }
    fn show(&self) -> String {
        self.0.map(|bytes| spaced_hex(&bytes)).unwrap_or_default()
    }
    fn meaning(&self) -> String {
        match self.0 {
            Some(_) => "samples and bytes a packet, bytes a frame, bytes a sample".to_owned(),
            None => "not there: the ISO form of version 1".to_owned(),
        }
    }
}
