//! Less common tables of samples and tracks, sub-tracks, restricted schemes (ISO/IEC 14496-12:2022 8).

use crate::bytes::FourCc;

use super::header::four;
use super::parts::bits;
use super::types::{Counted, Text, U24};
use super::wire::Bytes;

entries! {
    /// A sample and the sync sample that can stand in for it.
    ShadowSyncEntry {
        shadowed_sample_number: u32;
        sync_sample_number: u32;
    }
    /// What one level of subsegments holds.
    LevelAssignment {
        track_id: u32;
        assignment: u8, means |v| format!("type {}", bits(*v, 0, 7));
        grouping_type: FourCc, if |_, b| b.assignment & 0x7f < 2;
        grouping_type_parameter: u32, if |_, b| b.assignment & 0x7f == 1;
        sub_track_id: u32, if |_, b| b.assignment & 0x7f == 4;
    }
    /// A stretch of a subsegment, on one level.
    SubsegmentRange {
        level: u8;
        range_size: U24;
    }
    /// The stretches of one subsegment.
    SubsegmentRanges {
        ranges: Counted<u32, SubsegmentRange>;
    }
}

boxes! {
    /// Sizes of samples in 4, 8 or 16 bits.
    CompactSampleSize [four(b"stz2")] full "Compact sample size" "ISO/IEC 14496-12:2022 8.7.3.3" {
        reserved: U24;
        field_size: u8, means |_| "bits each".to_owned();
        sample_count: u32;
        packed_sizes: Bytes, count |_, b| u64::from(b.sample_count).div_ceil(2), if |_, b| b.field_size == 4;
        byte_sizes: Vec<u8>, count |_, b| u64::from(b.sample_count), if |_, b| b.field_size == 8;
        sizes: Vec<u16>, count |_, b| u64::from(b.sample_count), if |_, b| b.field_size == 16;
    }
    /// Sync samples that can stand in for others.
    ShadowSync [four(b"stsh")] full "Shadow sync" "ISO/IEC 14496-12:2022 8.6.3" {
        entries: Counted<u32, ShadowSyncEntry>;
    }
    /// Bits at the end of samples that mean nothing.
    PaddingBits [four(b"padb")] full "Padding bits" "ISO/IEC 14496-12:2022 8.7.6" {
        sample_count: u32;
        pads: Vec<u8>, count |_, b| u64::from(b.sample_count).div_ceil(2);
    }
    /// Which samples to drop first.
    DegradationPriority [four(b"stdp")] full "Degradation priority" "ISO/IEC 14496-12:2022 8.5.3" {
        priorities: Vec<u16>;
    }
    /// What the levels of subsegments hold.
    LevelAssignments [four(b"leva")] full "Level assignment" "ISO/IEC 14496-12:2022 8.8.13" {
        levels: Counted<u8, LevelAssignment>;
    }
    /// Properties of a track in fragments.
    TrackExtensionProperties [four(b"trep")] full children "Track extension properties" "ISO/IEC 14496-12:2022 8.8.15" {
        track_id: u32;
    }
    /// How a track starts when it is joined late.
    AlternativeStartup [four(b"assp")] full(0, 1) "Alternative startup properties" "ISO/IEC 14496-12:2022 8.8.16" {
        properties: Bytes;
    }
    /// Which bytes of subsegments belong to which level.
    SubsegmentIndex [four(b"ssix")] full "Subsegment index" "ISO/IEC 14496-12:2022 8.16.4" {
        subsegments: Counted<u32, SubsegmentRanges>;
    }
    /// Groups that the track belongs to.
    TrackGroups [four(b"trgr")] plain children "Track groups" "ISO/IEC 14496-12:2022 8.3.4" {}
    /// A part of a track that can be chosen by itself.
    SubTrack [four(b"strk")] plain children "Sub-track" "ISO/IEC 14496-12:2022 8.14.3" {}
    /// What belongs to a sub-track.
    SubTrackDefinition [four(b"strd")] plain children "Sub-track definition" "ISO/IEC 14496-12:2022 8.14.5" {}
    /// A sub-track by sample groups.
    SubTrackSampleGroup [four(b"stsg")] full "Sub-track sample group" "ISO/IEC 14496-12:2022 8.14.6" {
        grouping_type: FourCc;
        group_description_indexes: Counted<u16, u32>;
    }
    /// Says what must be done with the samples after decoding.
    RestrictedScheme [four(b"rinf")] plain children "Restricted scheme information" "ISO/IEC 14496-12:2022 8.15.3" {}
    /// Another scheme that a reader may follow instead.
    CompatibleScheme [four(b"csch")] full "Compatible scheme" "ISO/IEC 14496-12:2022 8.15.4"
        flags { 0x1 "has a URI" }
    {
        scheme_type: FourCc;
        scheme_version: u32;
        scheme_uri: Text, if |cx, _| cx.head.has(1);
    }
    /// How two views stand in one picture.
    StereoVideo [four(b"stvi")] full children "Stereo video" "ISO/IEC 14496-12:2022 8.15.4.2" {
        single_view_allowed: u32;
        stereo_scheme: u32;
        stereo_indication: super::parts::LenBytes<u32>;
    }
    /// Where media data with an ID stands: the file part of `imda`.
    IdentifiedMediaData [four(b"imda")] plain "Identified media data" "ISO/IEC 14496-12:2022 8.1.4" {
        imda_identifier: u32;
        data: Bytes;
    }
    /// Data stands in the `imda` of the same number as the track or fragment.
    DataEntryImda [four(b"imdt")] full "Data entry by identified media data" "ISO/IEC 14496-12:2022 8.7.2" {
        imda_ref_identifier: u32;
    }
    /// Data stands in the `imda` with the fragment's sequence number.
    DataEntrySequence [four(b"snim")] full "Data entry by sequence number" "ISO/IEC 14496-12:2022 8.7.2" {}
    /// Presentation information of a hint track.
    HintMediaHeader [four(b"hmhd")] full "Hint media header" "ISO/IEC 14496-12:2022 12.4.3" {
        max_pdu_size: u16, means |_| "bytes".to_owned();
        avg_pdu_size: u16, means |_| "bytes".to_owned();
        max_bitrate: u32, means |_| "bits a second".to_owned();
        avg_bitrate: u32, means |_| "bits a second".to_owned();
        reserved: u32;
    }
    /// Statistics of a hint track.
    HintStatistics [four(b"hinf")] plain children "Hint statistics" "ISO/IEC 14496-12:2022 9.1.5" {}
    /// Texts that describe the streams of hint tracks.
    HintInformation [four(b"hnti")] plain children "Hint information" "ISO/IEC 14496-12:2022 9.1.4.2" {}
    /// The session description of one stream.
    SessionDescription [four(b"sdp ")] plain "Session description" "ISO/IEC 14496-12:2022 9.1.4.2" {
        sdp: super::types::Utf8;
    }
    /// Timescale of RTP time stamps.
    TimescaleEntry [four(b"tims")] plain "RTP timescale" "ISO/IEC 14496-12:2022 9.1.3.2" {
        timescale: u32;
    }
    /// Random offset of RTP time stamps.
    TimeOffset [four(b"tsro"), four(b"snro")] plain "RTP offset" "ISO/IEC 14496-12:2022 9.1.3.2" {
        offset: i32;
    }
    /// A count of bytes, packets or milliseconds.
    HintCount64 [four(b"trpy"), four(b"nump"), four(b"tpyl")] plain "Hint count, 64-bit" "ISO/IEC 14496-12:2022 9.1.5" {
        count: u64;
    }
    /// A count of bytes, packets or milliseconds.
    HintCount32 [
        four(b"totl"), four(b"npck"), four(b"tpay"), four(b"pmax"), four(b"dmax"),
    ] plain "Hint count, 32-bit" "ISO/IEC 14496-12:2022 9.1.5" {
        count: u32;
    }
    /// Which rights management protects the samples, by ISMA.
    IsmaKeyManagement [four(b"iKMS")] full(0, 1) "ISMA key management" "ISMACryp 2.0 7.1" {
        kms_uri: Text;
    }
    /// How ISMA samples are laid out.
    IsmaSampleFormat [four(b"iSFM")] full "ISMA sample format" "ISMACryp 2.0 7.2" {
        selective_encryption: u8, means |v| if v >> 7 == 1 { "some samples are clear".to_owned() } else { String::new() };
        key_indicator_length: u8;
        iv_length: u8;
    }
    /// The salt of ISMA encryption.
    IsmaSalt [four(b"iSLT")] plain "ISMA salt" "ISMACryp 2.0" {
        salt: u64;
    }
}
