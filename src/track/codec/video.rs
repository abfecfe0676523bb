//! What the configuration boxes of video codecs say: HEVC, VVC, AV1, VP8 and VP9, VC-1, H.263.

use crate::boxes::BoxBody as _;
use crate::boxes::codec::{
    Av1Configuration, H263Configuration, HevcConfiguration, Vc1Configuration, VpConfiguration,
    VvcConfiguration,
};
use crate::boxes::profiles::{
    av1_level, av1_profile, hevc_level, hevc_profile, tenths, vc1_profile, vvc_level, vvc_profile,
};
use crate::bytes::bits::BitReader;
use crate::bytes::{Reader, Result};

use super::hevc_config::HevcConfig;
use super::{About, Codec, av1};

/// `hvcC` (codec string: ISO/IEC 14496-15:2022 E.3).
pub(super) fn hevc(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let start = r.offset();
    let hvcc = HevcConfiguration::parse(r, 0)?;
    let profile = hvcc.profile & 31;
    let tier = hvcc.profile >> 5 & 1;
    let space = ["", "A", "B", "C"].get(usize::from(hvcc.profile >> 6)).copied().unwrap_or_default();
    let compatibility = u32::from_be_bytes(hvcc.general_profile_compatibility_flags).reverse_bits();
    let constraints = hvcc.general_constraint_indicator_flags;
    about.string = format!(
        "{}.{space}{profile}.{compatibility:X}.{}{}",
        about.format.text(),
        tier_letter(tier),
        hvcc.general_level_idc
    );
    let used = constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    for byte in constraints.iter().take(used) {
        about.string.push_str(&format!(".{byte:X}"));
    }
    about.name = match hevc_profile(profile) {
        "" => format!("HEVC profile {profile}"),
        "Range Extensions" => format!("HEVC {}", range_extensions(constraints)),
        name => format!("HEVC {name}"),
    };
    add_level(about, &hevc_level(hvcc.general_level_idc), tier);
    about.codec = Codec::Hevc(Box::new(HevcConfig::new(&hvcc, start)?));
    Ok(())
}

/// The name of a format range extensions profile, which its constraint flags make (ISO/IEC 23008-2:2020 A.3.5).
fn range_extensions([first, second, ..]: [u8; 6]) -> String {
    let chroma = match (second >> 6 & 1, second >> 7, first & 1) {
        (1, ..) => "Monochrome",
        (_, 1, _) => "Main",
        (.., 1) => "Main 4:2:2",
        _ => "Main 4:4:4",
    };
    let depth = match first >> 1 & 7 {
        bits if bits & 1 == 1 => "",
        bits if bits & 2 == 2 => " 10",
        bits if bits & 4 == 4 => " 12",
        _ => " 16",
    };
    let intra = if second >> 5 & 1 == 1 { " Intra" } else { "" };
    format!("{chroma}{depth}{intra}")
}

fn tier_letter(tier: u8) -> char {
    if tier == 1 { 'H' } else { 'L' }
}

fn add_level(about: &mut About, level: &str, tier: u8) {
    about.add(&format!("level {level}"));
    about.add(if tier == 1 { "High tier" } else { "" });
}

/// `vvcC` (codec string: ISO/IEC 14496-15:2022 E.6).
pub(super) fn vvc(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let start = r.offset();
    let vvcc = VvcConfiguration::parse(r, 0)?;
    if vvcc.length_size & 1 == 0 {
        return Ok(());
    }
    // Behind version, flags and length size: two bytes of layers, rate and chroma, one of depth.
    let mut r = Reader::new(&vvcc.record.0, start + 5);
    r.take(3, "The VVC decoder configuration")?;
    let constraint_len = r.u8("num_bytes_constraint_info")? & 63;
    let [profile_and_tier, level] = r.array("general_profile_idc and general_level_idc")?;
    let constraints = r.take(constraint_len.into(), "general_constraint_info")?;
    let (profile, tier) = (profile_and_tier >> 1, profile_and_tier & 1);
    about.string = format!("{}.{profile}.{}{level}", about.format.text(), tier_letter(tier));
    if !constraints.is_empty() {
        about.string.push_str(".C");
        about.string.push_str(&base32(constraints));
    }
    about.name = match vvc_profile(profile) {
        "" => format!("VVC profile {profile}"),
        name => format!("VVC {name}"),
    };
    add_level(about, &vvc_level(level), tier);
    Ok(())
}

/// Base 32 of RFC 4648 without padding, and without zeros at the end.
fn base32(bytes: &[u8]) -> String {
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let bits = used * 8;
    let mut r = BitReader::plain(bytes);
    let mut text = String::new();
    for at in (0..bits.max(5)).step_by(5) {
        let width = (bits.max(5) - at).min(5);
        let width = u32::try_from(width).unwrap_or(5);
        let value = r.bits(width, "general_constraint_info").unwrap_or(0) << (5 - width);
        let letter = u8::try_from(value).unwrap_or(0);
        text.push(char::from(if letter < 26 { b'A' + letter } else { b'2' + letter - 26 }));
    }
    text
}

/// `av1C` (codec string: AV1-ISOBMFF 5): the long form where it says more than the defaults of the short one.
pub(super) fn av1(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let av1c = Av1Configuration::parse(r, 0)?;
    let (profile, level) = (av1c.profile_and_level >> 5, av1c.profile_and_level & 31);
    let sampling = av1c.sampling;
    let bit = |n: u8| sampling >> n & 1;
    // Where there is a `colr` it has been read before, and wins.
    let state = av1::State::configured(&av1c.config_obus.0);
    if let Ok(state) = &state {
        about.codec = Codec::Av1(Box::new(state.clone()));
        about.colour = about.colour.or(state.colour());
    }
    let (tier, mono) = (bit(7), bit(4));
    let depth = match (bit(6), bit(5)) {
        (0, _) => 8,
        (_, 0) => 10,
        _ => 12,
    };
    let tier_letter = if tier == 1 { 'H' } else { 'M' };
    about.string = format!("{}.{profile}.{level:02}{tier_letter}.{depth:02}", about.format.text());
    let position = if bit(3) & bit(2) == 1 { sampling & 3 } else { 0 };
    let chroma = [bit(3), bit(2), position];
    let (colour, full) = known_colour(about);
    if mono == 1 || chroma != [1, 1, 0] || colour != DEFAULT_COLOUR || full {
        let [x, y, position] = chroma;
        about.string.push_str(&format!(".{mono}.{x}{y}{position}"));
        add_colour(about, colour, full, "");
    }
    about.name = match av1_profile(profile) {
        "" => format!("AV1 profile {profile}"),
        name => format!("AV1 {name}"),
    };
    add_level(about, &av1_level(level), tier);
    add_depth(about, depth, 8);
    state.map(drop)
}

/// BT.709 in all three: what a codec string means that says nothing of colours.
const DEFAULT_COLOUR: [u16; 3] = [1; 3];

/// The colours that the file tells, as a codec string has them: "not given" is its default.
fn known_colour(about: &About) -> ([u16; 3], bool) {
    const NOT_GIVEN: u16 = 2;
    let (colour, full) = about.colour.unwrap_or((DEFAULT_COLOUR, false));
    (if colour == [NOT_GIVEN; 3] { DEFAULT_COLOUR } else { colour }, full)
}

fn add_colour(about: &mut About, colour: [u16; 3], full: bool, pad: &str) {
    for point in colour {
        about.string.push_str(&format!(".{point:02}"));
    }
    about.string.push_str(&format!(".{pad}{}", u8::from(full)));
}

fn add_depth(about: &mut About, depth: u8, usual: u8) {
    if depth != usual {
        about.add(&format!("{depth} bits"));
    }
}

/// `vpcC` (codec string: VP Codec ISO Media File Format Binding 1.0, "Codecs Parameter String").
pub(super) fn vp(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let vpcc = VpConfiguration::parse(r, 0)?;
    let is_old = vpcc.head.version == 0;
    let packed = if is_old { vpcc.bit_depth_and_colour_space } else { vpcc.bit_depth_and_subsampling };
    let depth = packed >> 4;
    let (subsampling, full) = if is_old {
        (vpcc.subsampling_and_transfer >> 4, vpcc.subsampling_and_transfer & 1 == 1)
    } else {
        (packed >> 1 & 7, packed & 1 == 1)
    };
    let profile = vpcc.profile;
    // A level of 0 is not given, and no browser takes it: the least that the picture needs.
    let level = if vpcc.level == 0 { vp_level(about.size) } else { vpcc.level };
    about.string = format!("{}.{profile:02}.{level:02}.{depth:02}", about.format.text());
    let told =
        [vpcc.colour_primaries, vpcc.transfer_characteristics, vpcc.matrix_coefficients].map(u16::from);
    if !is_old {
        about.colour = Some((told, full));
    }
    let (colour, _) = known_colour(about);
    // 0 is 4:2:0 with chroma beside the lines, 1 with chroma on them, and most writers do not know which.
    if subsampling > 1 || colour != DEFAULT_COLOUR || full {
        about.string.push_str(&format!(".{subsampling:02}"));
        add_colour(about, colour, full, "0");
    }
    about.name = match &about.format.0 {
        b"vp08" => "VP8".to_owned(),
        b"vp10" => "VP10".to_owned(),
        _ => format!("VP9 Profile {profile}"),
    };
    if vpcc.level != 0 {
        add_level(about, &tenths(vpcc.level), 0);
    }
    add_depth(about, depth, 8);
    Ok(())
}

/// The lowest level of VP9 whose pictures may be this large (VP9 levels, "Max Luma Picture Size").
fn vp_level(size: Option<(u16, u16)>) -> u8 {
    const LEVELS: [(u32, u8); 9] = [
        (36_864, 10),
        (73_728, 11),
        (122_880, 20),
        (245_760, 21),
        (552_960, 30),
        (983_040, 31),
        (2_228_224, 40),
        (8_912_896, 50),
        (35_651_584, 60),
    ];
    let area = size.map_or(0, |(width, height)| u32::from(width) * u32::from(height));
    LEVELS.iter().find(|(most, _)| area <= *most).map_or(62, |(_, level)| *level)
}

/// `dvc1`.
pub(super) fn vc1(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let dvc1 = Vc1Configuration::parse(r, 0)?;
    let profile = dvc1.profile_and_level >> 4;
    about.name = format!("VC-1 {}", vc1_profile(profile)).trim_end().to_owned();
    let level = if profile == 12 {
        u8::try_from(dvc1.advanced >> 13).unwrap_or(0)
    } else {
        dvc1.profile_and_level >> 1 & 7
    };
    add_level(about, &level.to_string(), 0);
    Ok(())
}

/// `d263`.
pub(super) fn h263(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let d263 = H263Configuration::parse(r, 0)?;
    about.name = format!("H.263 profile {}", d263.h263_profile);
    add_level(about, &tenths(d263.h263_level), 0);
    Ok(())
}
