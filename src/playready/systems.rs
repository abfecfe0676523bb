//! The protection systems known by their SystemID, as `pssh` boxes and manifests carry it.
//!
//! Identifiers: the DASH-IF registry of content protection identifiers, and for the two marked ones what files in
//! the wild use. Only names live here; payloads are read elsewhere.

use crate::bytes::Uuid16;

/// Microsoft PlayReady: `pssh` payloads are PlayReady Objects.
pub const PLAYREADY: Uuid16 = Uuid16::from_u128(0x9a04f079_9840_4286_ab92_e65be0885f95);

/// PlayReady with its first three groups reversed, as HbbTV 1.5 era writers put it into files.
pub const PLAYREADY_LITTLE_ENDIAN: Uuid16 = Uuid16::from_u128(0x79f0049a_4098_8642_ab92_e65be0885f95);

/// Google Widevine: payloads are protobuf messages.
pub const WIDEVINE: Uuid16 = Uuid16::from_u128(0xedef8ba9_79d6_4ace_a3c8_27dcd51d21ed);

/// The W3C common system of `pssh` version 1, which carries key identifiers and no payload; ClearKey plays from it
/// (EME initialization data format registry, "cenc").
pub const W3C_COMMON: Uuid16 = Uuid16::from_u128(0x1077efec_c0b2_4d02_ace3_3c1e52e2fb4b);

/// Every known SystemID with the name people use for the system.
pub const SYSTEMS: &[(Uuid16, &str)] = &[
    (PLAYREADY, "PlayReady"),
    (PLAYREADY_LITTLE_ENDIAN, "PlayReady (little-endian SystemID)"),
    (WIDEVINE, "Widevine"),
    (W3C_COMMON, "W3C common (ClearKey)"),
    (id(0xe2719d58_a985_b3c9_781a_b030af78d30e), "ClearKey (DASH-IF)"),
    (id(0x3ea8778f_7742_4bf9_b18b_e834b2acbd47), "ClearKey AES-128"),
    (id(0xbe58615b_19c4_4684_88b3_c8c57e99e957), "ClearKey SAMPLE-AES"),
    (id(0x94ce86fb_07ff_4f43_adb8_93d2fa968ca2), "FairPlay"),
    // Not registered; seen in files.
    (id(0x29701fe4_3cc7_4a34_8c5b_ae90c7439a47), "FairPlay (unofficial SystemID)"),
    (id(0x5e629af5_38da_4063_8977_97ffbd9902d4), "Marlin"),
    // Marlin's own identifier for pssh boxes; the registered one above is for manifests.
    (id(0x69f908af_4816_46ea_910c_cd5dcccb0a3a), "Marlin (pssh)"),
    (id(0xf239e769_efa3_4850_9c16_a903c6932efb), "Adobe Primetime"),
    (id(0x3d5e6d35_9b9a_41e8_b843_dd3c6e72c42c), "WisePlay (ChinaDRM)"),
    (id(0xadb41c24_2dbf_4a6d_958b_4457c0d27b95), "Nagra MediaAccess PRM"),
    (id(0x80a6be7e_1448_4c37_9e70_d5aebe04c8d2), "Irdeto"),
    (id(0x9a27dd82_fde2_4725_8cbc_4234aa06ec09), "Verimatrix VCAS"),
    (id(0xb4413586_c58c_ffb0_94a5_d4896c1af6c3), "Viaccess-Orca"),
    (id(0xa68129d3_575b_4f1a_9cba_3223846cf7c3), "Synamedia VideoGuard"),
    (id(0x644fe7b5_260f_4fad_949a_0762ffb054b4), "CMLA (OMA DRM)"),
    (id(0x279fe473_512c_48fe_ade8_d176fee6b40f), "Arris Titanium"),
    (id(0x37c33258_7b99_4c7e_b15d_19af74482154), "Commscope Titanium V3"),
    (id(0x1f83e1e8_6ee9_4f0d_ba2f_5ec4e3ed1a66), "SecureMedia"),
    (id(0x992c46e6_c437_4899_b6a0_50fa91ad0e39), "SecureMedia SteelKnot"),
    (id(0x616c7469_6361_7374_2d50_726f74656374), "Alticast"),
    (id(0x45d481cb_8fe0_49c0_ada9_ab2d2455b2f2), "CoreCrypt"),
    (id(0xdcf4e3e3_62f1_5818_7ba6_0a6fe33ff3dd), "DigiCAP SmartXess"),
    (id(0x35bf197b_530e_42d7_8b65_1b4bf415070f), "DivX DRM"),
    (id(0x6a99532d_869f_5922_9a91_113ab7b1e2f3), "MobiTV DRM"),
    (id(0x6dd8b3c3_45f4_4a68_bf3a_64168d01a4a6), "ABV DRM"),
    (id(0xaa11967f_cc01_4a4a_8e99_c5d3dddfea2d), "Unitend DRM"),
    (id(0x793b7956_9f94_4946_a942_23e7ef7e44b4), "VisionCrypt"),
];

/// The name of the system `id` stands for, or `None` when it is not known.
pub fn system_name(id: &Uuid16) -> Option<&'static str> {
    SYSTEMS.iter().find(|(known, _)| known == id).map(|(_, name)| *name)
}

/// Shorthand for the table.
const fn id(value: u128) -> Uuid16 {
    Uuid16::from_u128(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::KeyId;

    #[test]
    fn systems_are_named_and_named_once() {
        assert_eq!(system_name(&PLAYREADY), Some("PlayReady"));
        assert_eq!(system_name(&Uuid16::default()), None);
        for (i, (a, _)) in SYSTEMS.iter().enumerate() {
            assert!(SYSTEMS.iter().skip(i + 1).all(|(b, _)| a != b), "{a} stands twice in the table");
        }
    }

    #[test]
    fn the_little_endian_variant_is_playready_in_guid_order() {
        assert_eq!(KeyId(PLAYREADY.0).guid_bytes(), PLAYREADY_LITTLE_ENDIAN.0);
    }
}
