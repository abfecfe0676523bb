//! What the boxes of DTS say.

use crate::boxes::BoxBody as _;
use crate::boxes::audio::{DtsConfiguration, DtsUhdConfiguration};
use crate::bytes::bits::{BitError, BitReader};
use crate::bytes::{Reader, Result};

use super::About;

/// `ddts` (ETSI TS 102 114 E.3.3.8.3).
pub(super) fn core(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let ddts = DtsConfiguration::parse(r, 0)?;
    let mut details = BitReader::plain(&ddts.details.0);
    let layout = layout(&mut details);
    // Bits that stand for two loudspeakers.
    const PAIRS: u32 = 0b1010_1110_0110_0110;
    let channels = layout.map_or(0, |layout| layout.count_ones() + (layout & PAIRS).count_ones());
    about.set_sound(u16::try_from(channels).unwrap_or(0), ddts.sampling_frequency);
    about.add(&format!("{} bits", ddts.pcm_sample_depth));
    layout.map(drop).map_err(|error| error.into_error("bad-ddts", "The DTS configuration"))
}

/// `ChannelLayout` behind frame duration, stream construction, core and representation.
fn layout(r: &mut BitReader<'_>) -> core::result::Result<u32, BitError> {
    r.bits(32, "FrameDuration and what follows")?;
    r.bits(16, "ChannelLayout")
}

/// `udts` (ETSI TS 103 491 B.2): every bit of the mask is one loudspeaker.
pub(super) fn uhd(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let udts = DtsUhdConfiguration::parse(r, 0)?;
    let mut r = BitReader::plain(&udts.record.0);
    read_uhd(about, &mut r).map_err(|error| error.into_error("bad-udts", "The DTS-UHD configuration"))
}

fn read_uhd(about: &mut About, r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
    let profile = r.bits(6, "DecoderProfileCode")? + 2;
    about.add(&format!("profile {profile}"));
    r.bits(10, "frame duration, payload and presentations")?;
    let channels = r.bits(32, "ChannelMask")?.count_ones();
    let base = if r.flag("BaseSamplingFrequencyCode")? { 48_000 } else { 44_100 };
    let rate = base << r.bits(2, "SampleRateMod")?;
    about.set_sound(u16::try_from(channels).unwrap_or(0), rate);
    Ok(())
}
