//! What Dolby's boxes say: AC-3, E-AC-3, AC-4, TrueHD, and Dolby Vision above another codec.

use crate::boxes::BoxBody as _;
use crate::boxes::audio::{
    Ac3Configuration, Ac4Configuration, Ec3Configuration, Ec3Substream, TrueHdConfiguration,
};
use crate::boxes::codec::DolbyVisionConfiguration;
use crate::boxes::parts::bits;
use crate::boxes::profiles::{ac3_mode, ac3_rate};
use crate::bytes::bits::{BitError, BitReader};
use crate::bytes::{Error, Reader, Result};

use super::About;

/// `dac3`. One writer puts four zeros in front, as if it were a full box.
pub(super) fn ac3(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let start = r.offset();
    let is_full = matches!(r.rest(), [0, 0, 0, 0, _, _, _]);
    if is_full {
        r.take(4, "zeros")?;
    }
    let value = Ac3Configuration::parse(r, 0)?.configuration.0;
    let channels = ac3_mode(bits(value, 11, 3)).1 + lfe(bits(value, 10, 1));
    about.set_sound(channels, ac3_rate(bits(value, 22, 2)));
    if is_full {
        let message = "it has 7 bytes, but should have 3; the values are taken from behind its four zeros.";
        return Err(Error::file("bad-dac3", message).at(start));
    }
    Ok(())
}

fn lfe(bit: u64) -> u16 {
    u16::from(bit == 1)
}

/// `dec3`: the first independent substream, and the channels that its dependent ones add.
pub(super) fn ec3(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let dec3 = Ec3Configuration::parse(r, 0)?;
    if dec3.extension.0.is_some_and(|extension| extension.flags & 1 == 1) {
        about.name = "Dolby Digital Plus with Atmos (E-AC-3 JOC)".to_owned();
    }
    let Some(Ec3Substream(first)) = dec3.substreams.first() else { return Ok(()) };
    let [rate, mode, dependent, more @ ..] = first.as_slice() else { return Ok(()) };
    // Pairs of the channel locations (ETSI TS 102 366 F.6.2): Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh.
    const PAIRS: u16 = 0b0_0111_0011;
    let locations = more.first().map_or(0, |low| u16::from(dependent & 1) << 8 | u16::from(*low));
    let added = locations.count_ones() + (locations & PAIRS).count_ones();
    let channels = ac3_mode(bits(*mode, 1, 3)).1 + lfe(bits(*mode, 0, 1));
    about.set_sound(channels + u16::try_from(added).unwrap_or(0), ac3_rate(bits(*rate, 6, 2)));
    Ok(())
}

/// `dac4` (ETSI TS 103 190-2 E.6; codec string: E.13). What follows the first presentation's channels is not needed.
pub(super) fn ac4(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let dac4 = Ac4Configuration::parse(r, 0)?;
    let mut r = BitReader::plain(&dac4.ac4_dsi.0);
    read_ac4(about, &mut r).map_err(|error| error.into_error("bad-dac4", "The AC-4 configuration"))
}

fn read_ac4(about: &mut About, r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
    r.bits(3, "ac4_dsi_version")?;
    let bitstream_version = r.bits(7, "bitstream_version")?;
    let rate = if r.flag("fs_index")? { 48_000 } else { 44_100 };
    about.set_sound(0_u16, rate);
    r.bits(4, "frame_rate_index")?;
    let presentations = r.bits(9, "n_presentations")?;
    if bitstream_version > 1 && r.flag("b_program_id")? {
        r.bits(16, "short_program_id")?;
        if r.flag("b_uuid")? {
            (0..4).try_for_each(|_| r.bits(32, "program_uuid").map(drop))?;
        }
    }
    r.bits(2, "bit_rate_mode")?;
    r.bits(32, "bit_rate")?;
    r.bits(32, "bit_rate_precision")?;
    r.align();
    if presentations == 0 {
        return Ok(());
    }
    let version = r.bits(8, "presentation_version")?;
    if r.bits(8, "pres_bytes")? == 255 {
        r.bits(16, "add_pres_bytes")?;
    }
    let config = r.bits(5, "presentation_config")?;
    let level = if config == 6 { 0 } else { r.bits(3, "mdcompat")? };
    about.string = format!("{}.{bitstream_version:02}.{version:02}.{level:02}", about.format.text());
    about.add(&format!("level {level}"));
    if config == 6 || version == 0 {
        return Ok(());
    }
    if r.flag("b_presentation_id")? {
        r.bits(5, "presentation_id")?;
    }
    r.bits(19, "frame rates, emdf version and key")?;
    if r.flag("b_presentation_channel_coded")? {
        const CHANNELS: [u16; 16] = [1, 2, 3, 5, 6, 7, 8, 7, 8, 7, 8, 11, 12, 13, 14, 24];
        let mode = usize::try_from(r.bits(5, "dsi_presentation_ch_mode")?).unwrap_or(usize::MAX);
        about.set_sound(CHANNELS.get(mode).copied().unwrap_or(0), 0);
    }
    Ok(())
}

/// `dmlp` (Dolby TrueHD bitstreams within ISOBMFF 3; the channel assignments: MLP reference, 8-channel before 6-channel).
pub(super) fn true_hd(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let info = TrueHdConfiguration::parse(r, 0)?.format_info;
    let rate = match info >> 28 {
        base @ 0..=2 => 48_000 << base,
        base @ 8..=10 => 44_100 << (base - 8),
        _ => 0,
    };
    // Bits that stand for two loudspeakers: L/R, Ls/Rs, Lvh/Rvh, Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw.
    const PAIRS: u32 = 0b0_0110_0111_1001;
    let (eight, six) = (info & 0x1fff, info >> 15 & 31);
    let assignment = if eight == 0 { six } else { eight };
    let channels = assignment.count_ones() + (assignment & PAIRS).count_ones();
    about.set_sound(u16::try_from(channels).unwrap_or(0), rate);
    Ok(())
}

/// `dvcC` and its later forms: a codec string of its own where the sample entry is Dolby Vision's.
pub(super) fn vision(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let record = DolbyVisionConfiguration::parse(r, 0)?;
    let (profile, level) = (record.profile_and_layers >> 9, record.profile_and_layers >> 3 & 63);
    if matches!(&about.format.0, b"dvh1" | b"dvhe" | b"dva1" | b"dvav" | b"dav1") {
        about.string = format!("{}.{profile:02}.{level:02}", about.format.text());
    }
    about.name.push_str(&format!(" with Dolby Vision profile {profile}"));
    let compatibility = record.compatibility >> 28;
    // Only these profiles have base layers that other decoders play in several ways.
    if matches!(profile, 8 | 10) {
        about.name.push_str(&format!(".{compatibility}"));
    }
    about.add(&format!("Dolby Vision level {level}"));
    Ok(())
}
