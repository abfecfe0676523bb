//! Hint tracks and files that are sent: statistics, sessions, partitions (ISO/IEC 14496-12:2022 8.13 and 9).

use super::header::four;
use super::parts::{LenText, bits, when};
use super::types::{Counted, Text, Utf8};
use super::wire::FullHead;
use crate::bytes::FourCc;

/// Item IDs and counts take 16 bits in version 0, and 32 after it.
fn is_short(head: FullHead) -> bool {
    head.version == 0
}

entries! {
    /// Blocks of one size.
    PartitionBlocks {
        block_count: u16;
        block_size: u32;
    }
    /// Symbols for one item, in version 0.
    ReservoirEntry16 {
        item_id: u16;
        symbol_count: u32;
    }
    /// Symbols for one item.
    ReservoirEntry32 {
        item_id: u32;
        symbol_count: u32;
    }
    /// The name of a group of files.
    GroupName {
        group_id: u32;
        group_name: Text;
    }
    /// Groups and channels of one session.
    SessionGroup {
        group_ids: Counted<u8, u32>;
        hint_track_ids: Counted<u16, u32>;
    }
}

boxes! {
    /// The earliest and the latest a packet is sent, against its time.
    HintTime [four(b"tmin"), four(b"tmax")] plain "Hint time offset" "ISO/IEC 14496-12:2022 9.1.5" {
        time: i32, means |_| "milliseconds".to_owned();
    }
    /// A count of bytes.
    HintBytes [four(b"dmed"), four(b"dimm"), four(b"drep")] plain "Hint bytes" "ISO/IEC 14496-12:2022 9.1.5" {
        bytes: u64;
    }
    /// The most bytes that are sent within a time.
    HintRate [four(b"maxr")] plain "Hint: highest data rate" "ISO/IEC 14496-12:2022 9.1.5" {
        period: u32, means |_| "milliseconds".to_owned();
        bytes: u32;
    }
    /// What stands for a payload type of RTP.
    HintPayload [four(b"payt")] plain "Hint: payload type" "ISO/IEC 14496-12:2022 9.1.5" {
        payload_id: u32;
        rtpmap_string: LenText<u8>;
    }
    /// The session description of the presentation.
    MovieSessionDescription [four(b"rtp ")] plain "RTP session description" "ISO/IEC 14496-12:2022 9.1.4.2" {
        description_format: FourCc;
        sdp_text: Utf8;
    }
    /// An offset of RTP time stamps.
    RtpOffset [four(b"rtpo")] plain "RTP packet extension" "ISO/IEC 14496-12:2022 9.1.3" {
        offset: i32;
    }
    /// The source of received packets.
    ReceivedSsrc [four(b"rssr")] plain "Received SSRC" "ISO/IEC 14496-12:2022 9.4.1" {
        ssrc: u32;
    }
    /// Whether time stamps of received packets are in step.
    TimestampSynchrony [four(b"tssy")] plain "Timestamp synchrony" "ISO/IEC 14496-12:2022 9.4.1" {
        timestamp_sync: u8, means |v| ["unknown", "not in step", "in step", "reserved"]
            .get(usize::from(v & 3)).copied().unwrap_or_default().to_owned();
    }
    /// Whether a reliable way to send is asked for.
    ReliableTransmission [four(b"rely")] plain "Reliable transmission hint" "QuickTime File Format: Hint media" {
        reliability: u8, means |v| format!("{}{}", when(bits(*v, 1, 1) == 1, "preferred "), when(bits(*v, 0, 1) == 1, "required"));
    }
    /// How packets are encrypted and authenticated.
    SrtpProcess [four(b"srpp")] full children "SRTP process" "ISO/IEC 14496-12:2022 9.2.2" {
        encryption_algorithm_rtp: FourCc;
        encryption_algorithm_rtcp: FourCc;
        integrity_algorithm_rtp: FourCc;
        integrity_algorithm_rtcp: FourCc;
    }
    /// Files that are sent, and how they are cut.
    FileDelivery [four(b"fiin")] full children "File delivery information" "ISO/IEC 14496-12:2022 8.13.2" {
        entry_count: u16;
    }
    /// One file that is sent.
    PartitionEntry [four(b"paen")] plain children "Partition entry" "ISO/IEC 14496-12:2022 8.13.2" {}
    /// How a file is cut into blocks and symbols.
    FilePartition [four(b"fpar")] full(0, 1) "File partition" "ISO/IEC 14496-12:2022 8.13.3" {
        item_id_16: u16, if |cx, _| is_short(cx.head);
        item_id: u32, if |cx, _| !is_short(cx.head);
        packet_payload_size: u16;
        reserved: u8;
        fec_encoding_id: u8;
        fec_instance_id: u16;
        max_source_block_length: u16;
        encoding_symbol_length: u16;
        max_number_of_encoding_symbols: u16;
        scheme_specific_info: Text;
        blocks_16: Counted<u16, PartitionBlocks>, if |cx, _| is_short(cx.head);
        blocks: Counted<u32, PartitionBlocks>, if |cx, _| !is_short(cx.head);
    }
    /// Where symbols stand that were made beforehand.
    Reservoir [four(b"fecr"), four(b"fire")] full(0, 1) "FEC or file reservoir" "ISO/IEC 14496-12:2022 8.13.7" {
        entries_16: Counted<u16, ReservoirEntry16>, if |cx, _| is_short(cx.head);
        entries: Counted<u32, ReservoirEntry32>, if |cx, _| !is_short(cx.head);
    }
    /// Which groups and channels are sent together.
    SessionGroups [four(b"segr")] plain "File delivery session group" "ISO/IEC 14496-12:2022 8.13.5" {
        groups: Counted<u16, SessionGroup>;
    }
    /// Names of groups of files.
    GroupNames [four(b"gitn")] full "Group ID to name" "ISO/IEC 14496-12:2022 8.13.6" {
        names: Counted<u16, GroupName>;
    }
    /// Media headers that are reserved and have nothing in them (ISO/IEC 14496-14:2020 5.6).
    ReservedMediaHeader [
        four(b"sdhd"), four(b"odhd"), four(b"crhd"), four(b"iphd"),
    ] full "MPEG-4 media header" "ISO/IEC 14496-14:2020 5.6" {}
    /// Scheme and its information for scrambled samples.
    ScrambleScheme [four(b"scrb")] plain children "Scramble scheme information" "ISO/IEC 14496-12:2022 8.12.7" {}
    /// PCR values of MPEG-2 transport streams, one for each subsegment.
    PcrInformation [four(b"pcrb")] plain "PCR information" "ISO/IEC 23009-1: MPEG-2 TS" {
        pcr_values: Counted<u32, [u8; 6]>;
    }
    /// Where a file should be fetched from, and bought at.
    BaseLocation [four(b"bloc")] full "Base location" "DECE media format 2.2.3" {
        base_location: super::wire::Bytes, count |_, _| 256;
        purchase_location: super::wire::Bytes, count |_, _| 256;
        reserved: super::wire::Bytes, count |_, _| 512;
    }
    /// Kind and dependency of each picture, for fast forward and back.
    TrickPlay [four(b"trik")] full "Trick play" "DECE media format 2.2.7" {
        pictures: Vec<u8>;
    }
    /// Adjusts the times of a fragment.
    FragmentAdjustment [four(b"tfad")] plain children "Track fragment adjustment" "3GPP TS 26.244 13.2" {}
}
