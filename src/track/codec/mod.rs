//! What the bytes of codecs mean, as far as protection and display need it: configuration records, parameter sets and
//! slice headers of H.264 and H.265, frame headers of AV1 and VP9. Knows nothing of keys or ciphers.

pub mod about;
pub mod av1;
pub mod avc_config;
mod dolby;
mod dts;
mod fields;
pub mod h264;
pub mod h265;
pub mod hevc_config;
pub mod mpeg;
pub(super) mod sound;
mod video;
pub mod vp9;

pub use about::About;

use avc_config::AvcConfig;
use hevc_config::HevcConfig;
use mpeg::MpegConfig;

/// Codec configuration, as far as protection and playback need it.
#[derive(Clone, Debug)]
pub enum Codec {
    /// H.264, with its configuration record.
    Avc(Box<AvcConfig>),
    /// H.265, with its configuration record.
    Hevc(Box<HevcConfig>),
    /// AV1, with what its configuration says.
    Av1(Box<av1::State>),
    /// What an elementary stream descriptor configures: MPEG-4 and MPEG-2 audio, and other codecs in MPEG-4 entries.
    Mpeg(MpegConfig),
    /// Anything else.
    Other,
}
