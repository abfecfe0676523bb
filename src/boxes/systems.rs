//! DRM systems by their SystemID.

use crate::bytes::Uuid16;

/// PlayReady.
pub const PLAYREADY: Uuid16 = Uuid16::from_u128(0x9a04_f079_9840_4286_ab92_e65b_e088_5f95);
/// W3C common: a list of key IDs, for ClearKey.
pub const W3C_COMMON: Uuid16 = Uuid16::from_u128(0x1077_efec_c0b2_4d02_ace3_3c1e_52e2_fb4b);

/// The name of a DRM system, or an empty text.
pub fn system_name(id: Uuid16) -> &'static str {
    match id {
        PLAYREADY => "PlayReady",
        W3C_COMMON => "W3C common",
        _ => "",
    }
}
