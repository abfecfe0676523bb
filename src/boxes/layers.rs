//! Scalable, multi-view and tiled video, and codecs that are rare in files (ISO/IEC 14496-15:2022, 23001-17).

use super::header::four;
use super::parts::{LenBytes, bits, when};
use super::types::{Counted, Text};

entries! {
    /// Buffering at one operating point.
    BufferingPoint {
        byte_rate: u32;
        cpb_size: u32;
        dpb_size: u32;
        init_cpb_delay: u32;
        init_dpb_delay: u32;
    }
    /// Parameter sets of one type.
    EvcArray {
        nal_unit_type: u8, means |v| format!("type {}", bits(*v, 0, 6));
        nal_units: Counted<u16, LenBytes<u16>>;
    }
    /// One component of uncompressed pictures.
    UncompressedComponent {
        component_index: u16;
        component_bit_depth_minus_one: u8;
        component_format: u8, means |v| ["unsigned integer", "floating point", "complex", "signed integer"]
            .get(usize::from(*v)).copied().unwrap_or_default().to_owned();
        component_align_size: u8;
    }
    /// What one component is.
    ComponentType {
        component_type: u16, means |v| component(*v).to_owned();
        component_type_uri: Text, if |_, b| b.component_type >= 0x8000;
    }
}

/// Names of component types (ISO/IEC 23001-17:2024 table 1).
fn component(kind: u16) -> &'static str {
    let names = [
        "monochrome",
        "luma",
        "Cb",
        "Cr",
        "red",
        "green",
        "blue",
        "alpha",
        "depth",
        "disparity",
        "palette",
        "filter array",
        "padded",
        "cyan",
        "magenta",
        "yellow",
        "key (black)",
    ];
    names.get(usize::from(kind)).copied().unwrap_or_default()
}

boxes! {
    /// What a decoder of scalable or multi-view H.264 needs besides `avcC`.
    LayeredAvcConfiguration [four(b"svcC"), four(b"mvcC")] plain "SVC or MVC configuration" "ISO/IEC 14496-15:2022 6.5.3, 7.6.3" {
        configuration_version: u8;
        avc_profile_indication: u8;
        profile_compatibility: u8;
        avc_level_indication: u8;
        length_size_minus_one: u8, means |v| format!(
            "NAL lengths take {} bytes{}", bits(*v, 0, 2) + 1, when(bits(*v, 7, 1) == 1, ", complete"),
        );
        sps_count: u8, means |v| format!("{} sequence parameter sets", bits(*v, 0, 7));
        sequence_parameter_sets: Vec<LenBytes<u16>>, count |_, b| bits(b.sps_count, 0, 7);
        picture_parameter_sets: Counted<u8, LenBytes<u16>>;
    }
    /// What a decoder of MPEG-5 EVC needs before the first sample.
    EvcConfiguration [four(b"evcC")] plain "EVC configuration" "ISO/IEC 14496-15:2022 12.3.3" {
        configuration_version: u8;
        profile_idc: u8, means |v| ["Baseline", "Main"].get(usize::from(*v)).copied().unwrap_or_default().to_owned();
        level_idc: u8;
        toolset_idc_h: u32;
        toolset_idc_l: u32;
        formats: u8, means |v| format!(
            "chroma_format_idc {}, luma {} bits, chroma {} bits", bits(*v, 6, 2), bits(*v, 3, 3) + 8, bits(*v, 0, 3) + 8,
        );
        pic_width_in_luma_samples: u16;
        pic_height_in_luma_samples: u16;
        length_size_minus_one: u8, means |v| format!("NAL lengths take {} bytes", bits(*v, 0, 2) + 1);
        arrays: Counted<u8, EvcArray>;
    }
    /// How long the lengths of NAL units are, in tracks without parameter sets of their own.
    VvcNaluConfiguration [four(b"vvnC")] full "VVC NAL unit configuration" "ISO/IEC 14496-15:2022 11.3.4" {
        length_size_minus_one: u8, means |v| format!("NAL lengths take {} bytes", bits(*v, 0, 2) + 1);
    }
    /// What a decoder has to keep at each operating point.
    Buffering [four(b"buff")] plain "Buffering" "ISO/IEC 14496-15:2022 A.5" {
        operating_points: Counted<u16, BufferingPoint>;
    }
    /// Priorities that belong to a tier.
    PriorityRange [four(b"svpr")] plain "Priority range" "ISO/IEC 14496-15:2022 A.4" {
        min_priority_id: u8, means |v| bits(*v, 0, 6).to_string();
        max_priority_id: u8, means |v| bits(*v, 0, 6).to_string();
    }
    /// Which parameter sets a tier needs.
    InitialParameterSets [four(b"svip")] plain "Initial parameter sets" "ISO/IEC 14496-15:2022 A.4" {
        sps_indexes: Counted<u8, u8>;
        pps_indexes: Counted<u8, u8>;
    }
    /// Bitrates of a tier, with what it depends on and by itself.
    TierBitRate [four(b"tibr")] plain "Tier bit rate" "ISO/IEC 14496-15:2022 A.4" {
        base_bit_rate: u32, means |_| "bits a second".to_owned();
        max_bit_rate: u32;
        avg_bit_rate: u32;
        tier_base_bit_rate: u32;
        tier_max_bit_rate: u32;
        tier_avg_bit_rate: u32;
    }
    /// Profile, size and frame rate of a tier.
    TierInfo [four(b"tiri")] plain "Tier information" "ISO/IEC 14496-15:2022 A.4" {
        tier_id: u16;
        profile_indication: u8;
        profile_compatibility: u8;
        level_indication: u8;
        reserved: u8;
        visual_width: u16;
        visual_height: u16;
        rates: u8, means |v| format!("discardable {}, constant frame rate {}", bits(*v, 6, 2), bits(*v, 4, 2));
        frame_rate: u16;
    }
    /// The part of the picture that a tier shows.
    RectRegion [four(b"rrgn")] plain "Rectangular region" "ISO/IEC 14496-15:2022 A.4" {
        base_region_tier_id: u16;
        dynamic_rect: u8, means |v| when(bits(*v, 7, 1) == 1, "changes in time");
        horizontal_offset: u16, if |_, b| b.dynamic_rect >> 7 == 0;
        vertical_offset: u16, if |_, b| b.dynamic_rect >> 7 == 0;
        region_width: u16, if |_, b| b.dynamic_rect >> 7 == 0;
        region_height: u16, if |_, b| b.dynamic_rect >> 7 == 0;
    }
    /// Tiers that a tier needs.
    TierDependency [four(b"ldep")] plain "Tier dependency" "ISO/IEC 14496-15:2022 A.4" {
        dependency_tier_ids: Counted<u16, u16>;
    }
    /// Tiers of a sub-track.
    SubTrackTiers [four(b"stti")] full "Sub-track tiers" "ISO/IEC 14496-15:2022 C.3" {
        tier_ids: Counted<u16, u16>;
    }
    /// Groups of views of a sub-track.
    SubTrackViewGroups [four(b"stmg")] full "Sub-track multi-view groups" "ISO/IEC 14496-15:2022 C.4" {
        multiview_group_ids: Counted<u16, u32>;
    }
    /// Groups of tiles of a sub-track.
    SubTrackTiles [four(b"tstb")] full "Sub-track tile groups" "ISO/IEC 14496-15:2022 C.5" {
        tile_group_ids: Counted<u16, u16>;
    }
    /// What views there are, and what they are to each other.
    MultiviewInformation [four(b"mvci")] full children "Multi-view information" "ISO/IEC 14496-15:2022 7.7" {}
    /// By which rules priorities were given.
    PriorityAssignment [four(b"svcP"), four(b"mvcP")] plain "Priority assignment" "ISO/IEC 14496-15:2022 6.5.3" {
        method_uris: Counted<u8, Text>;
    }
    /// Samples that each sample depends on.
    SampleDependencies [four(b"sdep")] full "Sample dependency" "ISO/IEC 14496-15:2022 5.4.17" {
        samples: Vec<Counted<u16, i16>>;
    }
    /// SEI messages that a reader has to follow, and others that are there.
    SeiInformation [four(b"seii")] plain "SEI information" "ISO/IEC 14496-15:2022 9.5.5" {
        required_sei_ids: Counted<u16, u16>;
        not_required_sei_ids: Counted<u16, u16>;
    }
    /// How uncompressed pictures are laid out.
    UncompressedConfiguration [four(b"uncC")] full(0, 1) "Uncompressed frame configuration" "ISO/IEC 23001-17:2024 5.2" {
        profile: crate::bytes::FourCc;
        components: Counted<u32, UncompressedComponent>, if |cx, _| cx.head.version == 0;
        sampling_type: u8, if |cx, _| cx.head.version == 0, means |v| ["4:4:4", "4:2:2", "4:2:0", "4:1:1"]
            .get(usize::from(*v)).copied().unwrap_or_default().to_owned();
        interleave_type: u8, if |cx, _| cx.head.version == 0;
        block_size: u8, if |cx, _| cx.head.version == 0;
        flags: u8, if |cx, _| cx.head.version == 0;
        pixel_size: u32, if |cx, _| cx.head.version == 0;
        row_align_size: u32, if |cx, _| cx.head.version == 0;
        tile_align_size: u32, if |cx, _| cx.head.version == 0;
        num_tile_cols_minus_one: u32, if |cx, _| cx.head.version == 0;
        num_tile_rows_minus_one: u32, if |cx, _| cx.head.version == 0;
    }
    /// What the components of pictures are.
    ComponentDefinition [four(b"cmpd")] plain "Component definition" "ISO/IEC 23001-17:2024 5.1" {
        types: Counted<u32, ComponentType>;
    }
    /// Which part of the range of colours is used.
    ContentColourVolume [four(b"cclv")] plain "Content colour volume" "ISO/IEC 14496-12:2022 12.1.6" {
        present: u8;
        primaries: Vec<i32>, count |_, _| 6, if |_, b| bits(b.present, 5, 1) == 1;
        min_luminance: u32, if |_, b| bits(b.present, 4, 1) == 1;
        max_luminance: u32, if |_, b| bits(b.present, 3, 1) == 1;
        avg_luminance: u32, if |_, b| bits(b.present, 2, 1) == 1;
    }
}
