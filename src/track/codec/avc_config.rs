//! `AVCDecoderConfigurationRecord`, the body of `avcC` (ISO/IEC 14496-15 clause 5.3.3), and its names for people and
//! for browsers.

use crate::bytes::{Error, FourCc, Reader, Result};

use super::h264::{LengthSize, ParameterSets};

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
        let version = r.u8("configurationVersion")?;
        if version != 1 {
            return Err(Error::file(
                "bad-avcc",
                format!("The AVC configuration record has version {version}, but only 1 exists."),
            )
            .at(start));
        }
        let [profile, compatibility, level] = r.array("the AVC profile and level")?;
        let length_offset = r.offset();
        // The six upper bits are reserved as ones; some writers leave zeros.
        let length_bytes = (r.u8("lengthSizeMinusOne")? & 3) + 1;
        let length_size = LengthSize::from_bytes(length_bytes).ok_or_else(|| {
            Error::file(
                "bad-avcc",
                format!(
                    "The AVC configuration record gives NAL unit lengths {length_bytes} bytes, but only 1, 2 and 4 are allowed."
                ),
            )
            .at(length_offset)
        })?;
        let sps_count = r.u8("numOfSequenceParameterSets")? & 0x1F;
        let sps = read_sets(&mut r, sps_count, "a sequence parameter set")?;
        let pps_count = r.u8("numOfPictureParameterSets")?;
        let pps = read_sets(&mut r, pps_count, "a picture parameter set")?;
        Ok(Self { profile, compatibility, level, length_size, sps, pps })
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

    /// The profile in words, as "H.264 High" (ISO/IEC 14496-10 annex A.2).
    pub fn profile_name(&self) -> String {
        let constraint = |n: u8| self.compatibility & (0x80 >> n) != 0;
        let intra = |name: &'static str, intra_name| if constraint(3) { intra_name } else { name };
        let name = match self.profile {
            66 if constraint(1) => "Constrained Baseline",
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 if constraint(4) && constraint(5) => "Constrained High",
            100 if constraint(4) => "Progressive High",
            100 => "High",
            110 => intra("High 10", "High 10 Intra"),
            122 => intra("High 4:2:2", "High 4:2:2 Intra"),
            244 => intra("High 4:4:4 Predictive", "High 4:4:4 Intra"),
            44 => "CAVLC 4:4:4 Intra",
            83 => "Scalable Baseline",
            86 => "Scalable High",
            118 => "Multiview High",
            128 => "Stereo High",
            other => return format!("H.264 profile {other}"),
        };
        format!("H.264 {name}")
    }

    /// The level as people write it: "3.1", "1b" (annex A.3.1: level 9, or 11 with constraint 3 in the old profiles).
    pub fn level_text(&self) -> String {
        let old_profile = matches!(self.profile, 66 | 77 | 88);
        if self.level == 9 || (self.level == 11 && old_profile && self.compatibility & 0x10 != 0) {
            return "1b".into();
        }
        match (self.level / 10, self.level % 10) {
            (whole, 0) => whole.to_string(),
            (whole, part) => format!("{whole}.{part}"),
        }
    }
}

fn read_sets(r: &mut Reader<'_>, count: u8, what: &str) -> Result<Vec<Vec<u8>>> {
    // No capacity from the count: it is only a promise.
    let mut sets = Vec::new();
    for _ in 0..count {
        let len = r.u16(what)?;
        sets.push(r.take(usize::from(len), what)?.to_vec());
    }
    Ok(sets)
}
