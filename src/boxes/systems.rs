//! DRM systems by their SystemID.

use crate::bytes::Uuid16;

/// PlayReady.
pub const PLAYREADY: Uuid16 = Uuid16::from_u128(0x9a04_f079_9840_4286_ab92_e65b_e088_5f95);
/// PlayReady with the first three groups in Microsoft's byte order, as some HbbTV 1.5 packagers wrote it.
pub const PLAYREADY_SWAPPED: Uuid16 = Uuid16::from_u128(0x79f0_049a_4098_8642_ab92_e65b_e088_5f95);
/// Widevine.
pub const WIDEVINE: Uuid16 = Uuid16::from_u128(0xedef_8ba9_79d6_4ace_a3c8_27dc_d51d_21ed);
/// W3C common: a list of key IDs, for ClearKey.
pub const W3C_COMMON: Uuid16 = Uuid16::from_u128(0x1077_efec_c0b2_4d02_ace3_3c1e_52e2_fb4b);

/// The systems that files and manifests name.
const SYSTEMS: &[(Uuid16, &str)] = &[
    (PLAYREADY, "PlayReady"),
    (PLAYREADY_SWAPPED, "PlayReady (byte order swapped)"),
    (WIDEVINE, "Widevine"),
    (W3C_COMMON, "W3C common"),
    (Uuid16::from_u128(0xe271_9d58_a985_b3c9_781a_b030_af78_d30e), "ClearKey (DASH-IF)"),
    (Uuid16::from_u128(0x94ce_86fb_07ff_4f43_adb8_93d2_fa96_8ca2), "FairPlay"),
    (Uuid16::from_u128(0x2970_1fe4_3cc7_4a34_8c5b_ae90_c743_9a47), "FairPlay (older ID)"),
    (Uuid16::from_u128(0x69f9_08af_4816_46ea_910c_cd5d_cccb_0a3a), "Marlin"),
    (Uuid16::from_u128(0x5e62_9af5_38da_4063_8977_97ff_bd99_02d4), "Marlin (manifests)"),
    (Uuid16::from_u128(0xf239_e769_efa3_4850_9c16_a903_c693_2efb), "Adobe Primetime"),
    (Uuid16::from_u128(0xadb4_1c24_2dbf_4a6d_958b_4457_c0d2_7b95), "Nagra MediaAccess PRM 3.0"),
    (Uuid16::from_u128(0x80a6_be7e_1448_4c37_9e70_d5ae_be04_c8d2), "Irdeto Content Protection"),
    (Uuid16::from_u128(0x3d5e_6d35_9b9a_41e8_b843_dd3c_6e72_c42c), "WisePlay (ChinaDRM)"),
    (Uuid16::from_u128(0xa681_29d3_575b_4f1a_9cba_3223_846c_f7c3), "VideoGuard Everywhere"),
    (Uuid16::from_u128(0x9a27_dd82_fde2_4725_8cbc_4234_aa06_ec09), "Verimatrix VCAS"),
    (Uuid16::from_u128(0x6dd8_b3c3_45f4_4a68_bf3a_6416_8d01_a4a6), "ABV DRM (MoDRM)"),
    (Uuid16::from_u128(0x793b_7956_9f94_4946_a942_23e7_ef7e_44b4), "VisionCrypt"),
    (Uuid16::from_u128(0x1f83_e1e8_6ee9_4f0d_ba2f_5ec4_e3ed_1a66), "Arris Titanium SecureMedia"),
    (Uuid16::from_u128(0x644f_e7b5_260f_4fad_949a_0762_ffb0_54b4), "CMLA (OMA DRM)"),
    (Uuid16::from_u128(0x6a99_532d_869f_5922_9a91_113a_b7b1_e2f3), "MobiTV DRM"),
    (Uuid16::from_u128(0x35bf_197b_530e_42d7_8b65_1b4b_f415_070f), "DivX DRM 5"),
    (Uuid16::from_u128(0xb441_3586_c58c_ffb0_94a5_d489_6c1a_f6c3), "Viaccess-Orca DRM"),
    (Uuid16::from_u128(0x992c_46e6_c437_4899_b6a0_50fa_91ad_0e39), "Arris SecureMedia SteelKnot"),
    (Uuid16::from_u128(0xdcf4_e3e3_62f1_5818_7ba6_0a6f_e33f_f3dd), "DigiCAP SmartXess"),
    (Uuid16::from_u128(0x45d4_81cb_8fe0_49c0_ada9_ab2d_2455_b2f2), "CoreTrust CoreCrypt"),
    (Uuid16::from_u128(0xaa11_967f_cc01_4a4a_8e99_c5d3_dddf_ea2d), "Unitend DRM"),
    (Uuid16::from_u128(0x3ea8_778f_7742_4bf9_b18b_e834_b2ac_bd47), "Clear Key AES-128 (HLS)"),
    (Uuid16::from_u128(0xbe58_615b_19c4_4684_88b3_c8c5_7e99_e957), "Clear Key SAMPLE-AES (HLS)"),
    (Uuid16::from_u128(0x6770_6163_6365_6e63_6472_6d74_6f6f_6c31), "GPAC"),
    (Uuid16::from_u128(0x616c_7469_6361_7374_2d50_726f_7465_6374), "Alticast altiProtect"),
];

/// The name of a DRM system, or an empty text.
pub fn system_name(id: Uuid16) -> &'static str {
    SYSTEMS.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name)
}
