//! Sample entries: the children of `stsd` (ISO/IEC 14496-12:2022 8.5.2, 12.1.3, 12.2.3).

use super::header::four;
use super::types::{Fixed16, PascalText32};

boxes! {
    /// Codec and picture size of video samples.
    VisualSampleEntry [
        four(b"avc1"), four(b"avc2"), four(b"avc3"), four(b"avc4"), four(b"encv"), four(b"resv"), four(b"hvc1"),
        four(b"hev1"), four(b"hvc2"), four(b"hev2"), four(b"vvc1"), four(b"vvi1"), four(b"av01"), four(b"vp08"),
        four(b"vp09"), four(b"dvh1"), four(b"dvhe"), four(b"dva1"), four(b"dvav"), four(b"mp4v"), four(b"vc-1"),
        four(b"ovc1"), four(b"s263"), four(b"jpeg"), four(b"uncv"), four(b"svc1"), four(b"mvc1"),
    ] plain children "Visual sample entry" "ISO/IEC 14496-12:2022 12.1.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        pre_defined: [u8; 16];
        width: u16;
        height: u16;
        horizresolution: Fixed16;
        vertresolution: Fixed16;
        reserved_2: u32;
        frame_count: u16;
        compressorname: PascalText32;
        depth: u16;
        pre_defined_2: i16;
    }
    /// Codec, channels and sample rate of audio samples.
    AudioSampleEntry [
        four(b"mp4a"), four(b"enca"), four(b"ac-3"), four(b"ec-3"), four(b"ac-4"), four(b"Opus"), four(b"fLaC"),
        four(b"alac"), four(b"mlpa"), four(b"dtsc"), four(b"dtsh"), four(b"dtsl"), four(b"dtse"), four(b"dtsx"),
        four(b"mha1"), four(b"mhm1"), four(b"samr"), four(b"sawb"), four(b"wma "), four(b"owma"), four(b"ipcm"),
        four(b"fpcm"), four(b"iamf"), four(b"twos"), four(b"sowt"), four(b"lpcm"), four(b".mp3"),
    ] plain children "Audio sample entry" "ISO/IEC 14496-12:2022 12.2.3" {
        reserved: [u8; 6];
        data_reference_index: u16;
        entry_version: u16;
        reserved_2: [u8; 6];
        channelcount: u16;
        samplesize: u16;
        pre_defined: u16;
        reserved_3: u16;
        samplerate: Fixed16;
        quicktime_v1: [u8; 16], if |_, b| b.entry_version == 1;
        quicktime_v2: QuickTimeV2, if |_, b| b.entry_version == 2;
    }
}

/// The 36 bytes that QuickTime's version 2 adds to an audio sample entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuickTimeV2([u8; 36]);

impl Default for QuickTimeV2 {
    fn default() -> Self {
        Self([0; 36])
    }
}

impl super::wire::Wire for QuickTimeV2 {
    fn read(
        r: &mut crate::bytes::Reader<'_>,
        name: &str,
        _: &super::wire::Context,
        _: Option<u64>,
    ) -> crate::bytes::Result<Self> {
        Ok(Self(r.array(name)?))
    }
    fn write(&self, w: &mut crate::bytes::Writer, _: &super::wire::Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        super::wire::spaced_hex(&self.0)
    }
}
