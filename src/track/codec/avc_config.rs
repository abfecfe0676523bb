//! `AVCDecoderConfigurationRecord`, the body of `avcC` (ISO/IEC 14496-15 clause 5.3.3), as the cipher and the player
//! need it, and its names for people and for browsers.

use crate::boxes::BoxBody as _;
use crate::boxes::codec::AvcConfiguration;
use crate::boxes::parts::LenBytes;
use crate::boxes::profiles::{avc_level, avc_profile};
use crate::boxes::within::{Avc, Within};
use crate::bytes::{Error, FourCc, Reader, Result};

use super::h264::{LengthSize, ParameterSets};
use super::{About, Codec};

/// Where `lengthSizeMinusOne` stands in the record.
const LENGTH_SIZE_AT: u64 = 4;

/// The decoder configuration of an H.264 track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvcConfig {
    /// `AVCProfileIndication`, the `profile_idc` of the sets.
    pub profile: u8,
    /// `profile_compatibility`, the constraint flags.
    pub compatibility: u8,
    /// `AVCLevelIndication`.
    pub level: u8,
    /// Bytes of the length before each NAL unit of a sample.
    pub length_size: LengthSize,
    /// Sequence parameter sets: whole NAL units without length.
    pub sps: Vec<Vec<u8>>,
    /// Picture parameter sets, likewise.
    pub pps: Vec<Vec<u8>>,
}

impl AvcConfig {
    /// Parses the body of `avcC`. What follows the picture parameter sets (the chroma fields of the high profiles,
    /// which many writers leave out or extend) is not needed and not judged.
    pub fn parse(mut r: Reader<'_>) -> Result<Self> {
        let start = r.offset();
        let record = AvcConfiguration::parse(&mut r, 0)?;
        if record.configuration_version != 1 {
            let message = format!(
                "The AVC configuration record has version {}, but only 1 exists.",
                record.configuration_version
            );
            return Err(Error::file("bad-avcc", message).at(start));
        }
        // The six upper bits are reserved as ones; some writers leave zeros.
        let length_bytes = (record.length_size_minus_one & 3) + 1;
        let length_size = LengthSize::from_bytes(length_bytes).ok_or_else(|| {
            Error::file(
                "bad-avcc",
                format!(
                    "The AVC configuration record gives NAL unit lengths {length_bytes} bytes, but only 1, 2 and 4 are allowed."
                ),
            )
            .at(start + LENGTH_SIZE_AT)
        })?;
        let sets =
            |sets: Vec<Within<LenBytes<u16>, Avc>>| sets.into_iter().map(|set| set.inner.bytes).collect();
        Ok(Self {
            profile: record.avc_profile_indication,
            compatibility: record.profile_compatibility,
            level: record.avc_level_indication,
            length_size,
            sps: sets(record.sequence_parameter_sets),
            pps: sets(record.picture_parameter_sets.entries),
        })
    }

    /// The parameter sets as tables. Fails on a set that cannot be read.
    pub fn parameter_sets(&self) -> Result<ParameterSets> {
        let mut sets = ParameterSets::new();
        for nal in self.sps.iter().chain(&self.pps) {
            sets.update(nal)?;
        }
        Ok(sets)
    }

    /// The codec string of RFC 6381 clause 3.3, as `avc1.64001F`; `entry` is the (original) sample entry type.
    pub fn codec(&self, entry: FourCc) -> String {
        format!("{}.{:02X}{:02X}{:02X}", entry.text(), self.profile, self.compatibility, self.level)
    }

    /// The profile in words, as "H.264 High".
    pub fn profile_name(&self) -> String {
        match avc_profile(self.profile, self.compatibility) {
            "" => format!("H.264 profile {}", self.profile),
            name => format!("H.264 {name}"),
        }
    }

    /// The level as people write it: "3.1", "1b".
    pub fn level_text(&self) -> String {
        avc_level(self.profile, self.compatibility, self.level)
    }
}

/// Reads `avcC` of a sample entry.
pub(super) fn read(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let config = AvcConfig::parse(*r)?;
    about.string = config.codec(about.format);
    about.name = config.profile_name();
    about.add(&format!("level {}", config.level_text()));
    about.codec = Codec::Avc(Box::new(config));
    Ok(())
}
