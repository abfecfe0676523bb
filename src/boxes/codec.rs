//! Video codec configuration boxes, and the boxes that say how pictures look.

use crate::bytes::FourCc;

use super::header::four;
use super::parts::{IfMore, IfWhole, LenBytes, TopBit, bits, join, when};
use super::profiles::{
    av1_level, av1_profile, avc_profile, chroma, hevc_level, hevc_profile, tenths, vc1_profile,
};
use super::types::{Counted, Fixed16, Text, decimal};
use super::wire::Bytes;
use super::within::{Av1, Avc, Hevc, Within};

entries! {
    /// What follows the picture parameter sets in High profiles.
    AvcHighExtension {
        chroma_format: u8, means |v| chroma(bits(*v, 0, 2)).to_owned();
        bit_depth_luma_minus8: u8, means |v| format!("{} bits", bits(*v, 0, 3) + 8);
        bit_depth_chroma_minus8: u8, means |v| format!("{} bits", bits(*v, 0, 3) + 8);
        sequence_parameter_set_ext: Counted<u8, Within<LenBytes<u16>, Avc>>;
    }
    /// The NAL units of one type.
    HevcArray {
        nal_unit_type: u8, means |v| format!(
            "{}{}", hevc_nal_name(bits(*v, 0, 6)), when(*v >> 7 == 1, ", all of them are here"),
        );
        nal_units: Counted<u16, Within<LenBytes<u16>, Hevc>>;
    }
}

boxes! {
    /// What an H.264 decoder needs before the first sample: profile, NAL length size, parameter sets.
    AvcConfiguration [four(b"avcC"), four(b"avcE")] plain "AVC configuration" "ISO/IEC 14496-15:2022 5.3.3" {
        configuration_version: u8;
        avc_profile_indication: u8, means |v| avc_profile(*v, 0).to_owned();
        profile_compatibility: u8;
        avc_level_indication: u8, means |v| format!("level {}", tenths(*v));
        length_size_minus_one: u8, means |v| format!("NAL lengths take {} bytes", bits(*v, 0, 2) + 1);
        sps_count: u8, means |v| format!("{} sequence parameter sets", bits(*v, 0, 5));
        sequence_parameter_sets: Vec<Within<LenBytes<u16>, Avc>>, count |_, b| bits(b.sps_count, 0, 5);
        picture_parameter_sets: Counted<u8, Within<LenBytes<u16>, Avc>>;
        high: IfWhole<AvcHighExtension>;
    }
    /// What an H.265 decoder needs before the first sample: profile, NAL length size, parameter sets.
    HevcConfiguration [four(b"hvcC"), four(b"hvcE")] plain "HEVC configuration" "ISO/IEC 14496-15:2022 8.3.3" {
        configuration_version: u8;
        profile: u8, means |v| format!(
            "profile {} {}, {} tier, profile space {}",
            bits(*v, 0, 5), hevc_profile(v & 31), if bits(*v, 5, 1) == 1 { "High" } else { "Main" }, v >> 6,
        );
        general_profile_compatibility_flags: [u8; 4];
        general_constraint_indicator_flags: [u8; 6];
        general_level_idc: u8, means |v| format!("level {}", hevc_level(*v));
        min_spatial_segmentation_idc: u16, means |v| bits(*v, 0, 12).to_string();
        parallelism_type: u8, means |v| bits(*v, 0, 2).to_string();
        chroma_format_idc: u8, means |v| chroma(bits(*v, 0, 2)).to_owned();
        bit_depth_luma_minus8: u8, means |v| format!("{} bits", bits(*v, 0, 3) + 8);
        bit_depth_chroma_minus8: u8, means |v| format!("{} bits", bits(*v, 0, 3) + 8);
        avg_frame_rate: u16, means |v| if *v == 0 { "not given".to_owned() } else { format!("{} frames a second", decimal((*v).into(), 256)) };
        length_size_minus_one: u8, means |v| format!(
            "NAL lengths take {} bytes, {} temporal layers", bits(*v, 0, 2) + 1, bits(*v, 3, 3),
        );
        arrays: Counted<u8, HevcArray>;
    }
    /// Parameter sets of the further layers of layered HEVC.
    LayeredHevcConfiguration [four(b"lhvC")] plain "Layered HEVC configuration" "ISO/IEC 14496-15:2022 9.5.3" {
        configuration_version: u8;
        min_spatial_segmentation_idc: u16, means |v| bits(*v, 0, 12).to_string();
        parallelism_type: u8, means |v| bits(*v, 0, 2).to_string();
        length_size_minus_one: u8, means |v| format!(
            "NAL lengths take {} bytes, {} temporal layers", bits(*v, 0, 2) + 1, bits(*v, 3, 3),
        );
        arrays: Counted<u8, HevcArray>;
    }
    /// What an H.266 decoder needs before the first sample.
    VvcConfiguration [four(b"vvcC")] full "VVC configuration" "ISO/IEC 14496-15:2022 11.2.4" {
        length_size: u8, means |v| format!(
            "NAL lengths take {} bytes{}", bits(*v, 1, 2) + 1, when(v & 1 == 1, ", profile and level are given"),
        );
        record: Bytes;
    }
    /// What an AV1 decoder needs before the first sample.
    Av1Configuration [four(b"av1C")] plain "AV1 configuration" "AV1-ISOBMFF 2.3" {
        marker_and_version: u8, means |v| format!("version {}", bits(*v, 0, 7));
        profile_and_level: u8, means |v| format!("{} profile, level {}", av1_profile(v >> 5), av1_level(v & 31));
        sampling: u8, means |v| av1_sampling(*v);
        initial_presentation_delay: u8, means |v| if bits(*v, 4, 1) == 1 { format!("{} samples", bits(*v, 0, 4) + 1) } else { "not given".to_owned() };
        config_obus: Within<Bytes, Av1>;
    }
    /// Profile, depth and colours of VP8 and VP9.
    VpConfiguration [four(b"vpcC")] full(0, 1) "VP codec configuration" "VP Codec ISO Media File Format Binding 2.2" {
        profile: u8;
        level: u8, means |v| if *v == 0 { "not given".to_owned() } else { format!("level {}", tenths(*v)) };
        bit_depth_and_colour_space: u8, if |cx, _| cx.head.version == 0;
        subsampling_and_transfer: u8, if |cx, _| cx.head.version == 0;
        bit_depth_and_subsampling: u8, if |cx, _| cx.head.version > 0, means |v| format!(
            "{} bits, {}, {} range", v >> 4,
            match bits(*v, 1, 3) { 0 | 1 => "4:2:0", 2 => "4:2:2", 3 => "4:4:4", _ => "reserved subsampling" },
            if v & 1 == 1 { "full" } else { "legal" },
        );
        colour_primaries: u8, if |cx, _| cx.head.version > 0, means |v| primaries_name(u16::from(*v)).to_owned();
        transfer_characteristics: u8, if |cx, _| cx.head.version > 0, means |v| transfer_name(u16::from(*v)).to_owned();
        matrix_coefficients: u8, if |cx, _| cx.head.version > 0, means |v| matrix_name(u16::from(*v)).to_owned();
        codec_initialization_data: LenBytes<u16>;
    }
    /// What a VC-1 decoder needs before the first sample.
    Vc1Configuration [four(b"dvc1")] plain "VC-1 configuration" "SMPTE RP 2025:2007 4.2.2" {
        profile_and_level: u8, means |v| format!("{}, level {}", vc1_profile(v >> 4), bits(*v, 1, 3));
        advanced: u16, if |_, b| b.profile_and_level >> 4 == 12, means |v| join(&[
            &format!("level {}", v >> 13), &when(bits(*v, 12, 1) == 1, "constant bitrate"),
            &when(bits(*v, 5, 1) == 1, "no interlace"), &when(bits(*v, 4, 1) == 1, "one sequence header"),
            &when(bits(*v, 3, 1) == 1, "one entry point"), &when(bits(*v, 2, 1) == 1, "no slices"),
            &when(bits(*v, 1, 1) == 1, "no B pictures"),
        ]);
        framerate: u32, if |_, b| b.profile_and_level >> 4 == 12, means |v| if *v == u32::MAX { "unknown".to_owned() } else { String::new() };
        headers: Bytes;
    }
    /// Which Dolby Vision profile and layers the track has.
    DolbyVisionConfiguration [four(b"dvcC"), four(b"dvvC"), four(b"dvwC")] plain "Dolby Vision configuration" "Dolby Vision Streams within ISOBMFF 3.2" {
        dv_version_major: u8;
        dv_version_minor: u8;
        profile_and_layers: u16, means |v| join(&[
            &format!("profile {}, level {}", v >> 9, bits(*v, 3, 6)), &when(bits(*v, 2, 1) == 1, "RPU"),
            &when(bits(*v, 1, 1) == 1, "enhancement layer"), &when(v & 1 == 1, "base layer"),
        ]);
        compatibility: u32, means |v| format!("base layer compatibility {}", v >> 28);
        reserved: [u8; 16];
    }
    /// What an AVS3 video decoder needs before the first sample.
    Avs3Configuration [four(b"av3c")] plain "AVS3 configuration" "AVS3 in ISOBMFF (mp4ra)" {
        record: Bytes;
    }
    /// Vendor and level of an H.263 stream.
    H263Configuration [four(b"d263")] plain "H.263 configuration" "3GPP TS 26.244 6.8" {
        vendor: FourCc;
        decoder_version: u8;
        h263_level: u8;
        h263_profile: u8;
    }
    /// Highest and average bitrate.
    BitRate [four(b"btrt")] plain "Bitrate" "ISO/IEC 14496-12:2022 8.5.2" {
        buffer_size_db: u32, means |_| "bytes".to_owned();
        max_bitrate: u32, means |_| "bits a second".to_owned();
        avg_bitrate: u32, means |_| "bits a second".to_owned();
    }
    /// Shape of one pixel.
    PixelAspectRatio [four(b"pasp")] plain "Pixel aspect ratio" "ISO/IEC 14496-12:2022 12.1.4" {
        h_spacing: u32;
        v_spacing: u32;
    }
    /// The part of the picture to show.
    CleanAperture [four(b"clap")] plain "Clean aperture" "ISO/IEC 14496-12:2022 12.1.4" {
        width_n: u32;
        width_d: u32;
        height_n: u32;
        height_d: u32;
        horiz_off_n: i32;
        horiz_off_d: u32;
        vert_off_n: i32;
        vert_off_d: u32;
    }
    /// How numbers become colours: by code points, or by an ICC profile.
    ColourInformation [four(b"colr")] plain "Colour information" "ISO/IEC 14496-12:2022 12.1.5" {
        colour_type: FourCc, means |v| match &v.0 {
            b"nclx" => "code points and range", b"nclc" => "code points (QuickTime)",
            b"rICC" => "restricted ICC profile", b"prof" => "ICC profile", _ => "",
        }.to_owned();
        colour_primaries: u16, if |_, b| has_code_points(b.colour_type), means |v| primaries_name(*v).to_owned();
        transfer_characteristics: u16, if |_, b| has_code_points(b.colour_type), means |v| transfer_name(*v).to_owned();
        matrix_coefficients: u16, if |_, b| has_code_points(b.colour_type), means |v| matrix_name(*v).to_owned();
        full_range_flag: IfMore<TopBit>, if |_, b| b.colour_type.0 == *b"nclx", means |v| match v.0.map(TopBit::is_set) {
            Some(true) => "full range", Some(false) => "limited range", None => "",
        }.to_owned();
        icc_profile: Bytes, if |_, b| !has_code_points(b.colour_type);
    }
    /// Colour volume of the display the picture was graded on.
    MasteringDisplay [four(b"mdcv")] plain "Mastering display colour volume" "ISO/IEC 14496-12:2022 12.1.7" {
        display_primaries: [u8; 12], means |_| "x and y of green, blue, red, in 1/50000".to_owned();
        white_point_x: u16;
        white_point_y: u16;
        max_luminance: u32, means |v| format!("{} cd/m²", decimal((*v).into(), 10_000));
        min_luminance: u32, means |v| format!("{} cd/m²", decimal((*v).into(), 10_000));
    }
    /// Brightest pixel and brightest frame average.
    ContentLight [four(b"clli")] plain "Content light level" "ISO/IEC 14496-12:2022 12.1.6" {
        max_content_light_level: u16, means |_| "cd/m²".to_owned();
        max_pic_average_light_level: u16, means |_| "cd/m²".to_owned();
    }
    /// Brightest pixel and brightest frame average, in the older form of VP9 files.
    ContentLightVp [four(b"CoLL")] full "Content light level (VP9)" "VP Codec ISO Media File Format Binding 2.5" {
        max_cll: u16;
        max_fall: u16;
    }
    /// Colour volume of the mastering display, in the older form of VP9 files.
    MasteringDisplayVp [four(b"SmDm")] full "Mastering display (VP9)" "VP Codec ISO Media File Format Binding 2.4" {
        primaries_and_white_point: [u8; 16];
        luminance_max: u32, means |v| format!("{} cd/m²", decimal((*v).into(), 256));
        luminance_min: u32, means |v| format!("{} cd/m²", decimal((*v).into(), 16_384));
    }
    /// Light around the viewer that the picture was made for.
    AmbientViewing [four(b"amve")] plain "Ambient viewing environment" "ISO/IEC 14496-12:2022 12.1.8" {
        ambient_illuminance: u32;
        ambient_light_x: u16;
        ambient_light_y: u16;
    }
    /// Fields of interlaced pictures.
    FieldOrder [four(b"fiel")] plain "Field order" "QuickTime File Format: Field handling" {
        fields: u8, means |v| match v { 1 => "progressive", 2 => "interlaced", _ => "" }.to_owned();
        detail: u8;
    }
    /// Gamma of the picture.
    Gamma [four(b"gama")] plain "Gamma" "QuickTime File Format: Gamma level" {
        gamma_level: Fixed16;
    }
    /// How a picture is scaled into its region.
    SampleScale [four(b"stsl")] full "Sample scale" "ISO/IEC 14496-12:2005 8.30" {
        constraint_flag: u8;
        scale_method: u8;
        display_center_x: i16;
        display_center_y: i16;
    }
    /// The left and right view in one picture.
    Stereoscopic3D [four(b"st3d")] full "Stereoscopic 3D" "Spherical Video RFC v2" {
        stereo_mode: u8, means |v| match v { 0 => "one view", 1 => "top and bottom", 2 => "left and right", 3 => "custom mesh", _ => "" }.to_owned();
    }
    /// Spherical video, version 2.
    SphericalVideoV2 [four(b"sv3d")] plain children "Spherical video (v2)" "Spherical Video RFC v2" {}
    /// Who made the spherical metadata.
    SphericalHeader [four(b"svhd")] full "Spherical video header" "Spherical Video RFC v2" {
        metadata_source: Text;
    }
    /// How the sphere is turned.
    ProjectionHeader [four(b"prhd")] full "Projection header" "Spherical Video RFC v2" {
        yaw_degrees: Fixed16;
        pitch_degrees: Fixed16;
        roll_degrees: Fixed16;
    }
    /// The sphere as a flat map of longitude and latitude.
    EquirectangularProjection [four(b"equi")] full "Equirectangular projection" "Spherical Video RFC v2" {
        bounds_top: u32;
        bounds_bottom: u32;
        bounds_left: u32;
        bounds_right: u32;
    }
    /// The sphere as six faces of a cube.
    CubemapProjection [four(b"cbmp")] full "Cubemap projection" "Spherical Video RFC v2" {
        layout: u32;
        padding: u32;
    }
}

fn has_code_points(colour_type: FourCc) -> bool {
    matches!(&colour_type.0, b"nclx" | b"nclc")
}

fn av1_sampling(v: u8) -> String {
    let depth = match (bits(v, 6, 1), bits(v, 5, 1)) {
        (0, _) => 8,
        (_, 0) => 10,
        _ => 12,
    };
    let sampling = match (bits(v, 4, 1), bits(v, 3, 1), bits(v, 2, 1)) {
        (1, ..) => "monochrome",
        (_, 1, 1) => "4:2:0",
        (_, 1, 0) => "4:2:2",
        _ => "4:4:4",
    };
    format!("{} tier, {depth} bits, {sampling}", if v >> 7 == 1 { "High" } else { "Main" })
}

fn hevc_nal_name(kind: u64) -> &'static str {
    match kind {
        32 => "video parameter set",
        33 => "sequence parameter set",
        34 => "picture parameter set",
        39 | 40 => "SEI",
        _ => "NAL units",
    }
}

/// Names a code point of ColourPrimaries, of those that files carry (ISO/IEC 23091-2 8).
pub fn primaries_name(code: u16) -> &'static str {
    match code {
        1 => "BT.709",
        2 => "not given",
        5 => "BT.601 625 lines",
        6 => "BT.601 525 lines",
        9 => "BT.2020",
        11 => "DCI-P3",
        12 => "Display P3",
        _ => "",
    }
}

/// Names a code point of TransferCharacteristics, of those that files carry (ISO/IEC 23091-2 8).
pub fn transfer_name(code: u16) -> &'static str {
    match code {
        1 => "BT.709",
        2 => "not given",
        6 => "BT.601",
        8 => "linear",
        13 => "sRGB",
        14 | 15 => "BT.2020",
        16 => "PQ (HDR)",
        18 => "HLG (HDR)",
        _ => "",
    }
}

/// Names a code point of MatrixCoefficients, of those that files carry (ISO/IEC 23091-2 8).
pub fn matrix_name(code: u16) -> &'static str {
    match code {
        0 => "RGB",
        1 => "BT.709",
        2 => "not given",
        5 | 6 => "BT.601",
        9 => "BT.2020",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::BoxBody as _;
    use crate::bytes::{Reader, Writer};

    #[test]
    fn avcc_without_its_high_profile_tail_comes_out_as_it_went_in() {
        // High profile, which should have the tail; many writers leave it out.
        let body = hex::decode("0164001fffe1000467640001010002688e").unwrap();
        let avcc = AvcConfiguration::parse(&mut Reader::new(&body, 0), 0).unwrap();
        assert_eq!(avcc.sequence_parameter_sets.len(), 1);
        assert_eq!(avcc.high.0, None);
        let mut w = Writer::new();
        avcc.write_body(&mut w, 0);
        assert_eq!(w.as_slice(), body);
    }
}
