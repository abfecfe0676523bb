//! The sample table of a track in `moov`: what its samples are together (ISO/IEC 14496-12:2022 8.6.1, 8.7.3 to 8.7.5).

use crate::boxes::sample_entry::AudioSampleEntry;
use crate::boxes::sample_types::{Layout, registered};
use crate::boxes::{Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Reader, Result};

/// What the samples outside fragments are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleTable {
    /// Number of samples.
    pub samples: u64,
    /// Bytes of the samples.
    pub bytes: u64,
    /// Number of samples that have a duration; the same, where the table is sound.
    pub timed: u64,
    /// Ticks of the samples together.
    pub duration: u64,
}

impl SampleTable {
    /// Reads an `stbl`. What is damaged is left out; the boxes at fault are found elsewhere.
    pub fn read(tree: &Tree<'_>, stbl: &Node) -> Self {
        let mut table = Self::default();
        if let Some(node) = stbl.child(b"stsz").or_else(|| stbl.child(b"stz2")) {
            table.samples = count(tree, node).unwrap_or(0);
        }
        if let Some(Ok(sizes)) = Sizes::of(tree, stbl) {
            table.bytes = sizes.total();
        }
        let timed = stbl.child(b"stts").and_then(|stts| durations(tree, stts).ok());
        (table.timed, table.duration) = timed.unwrap_or((table.samples, 0));
        table
    }
}

/// The number of samples in `stsz` or `stz2`: both have it after version, flags and four further bytes.
fn count(tree: &Tree<'_>, node: &Node) -> Result<u64> {
    let mut fields = tree.fields(node);
    fields.take(8, "version and flags")?;
    fields.u32("sample_count").map(u64::from)
}

/// Sizes of samples: one for all, or 4, 8, 16 or 32 bits for each.
pub struct Sizes<'t> {
    /// Number of samples.
    pub count: u64,
    all: u32,
    bits: u8,
    each: &'t [u8],
}

impl<'t> Sizes<'t> {
    /// Those of an `stbl`; nothing where no box lists any.
    pub fn of(tree: &'t Tree<'_>, stbl: &Node) -> Option<Result<Self>> {
        let node = stbl.child(b"stz2").or_else(|| stbl.child(b"stsz"))?;
        let sizes = Self::read(tree, node);
        if sizes.as_ref().is_ok_and(|sizes| sizes.all == 1)
            && let Some(error) = packed(tree, stbl)
        {
            return Some(Err(error.at(node.start)));
        }
        // QuickTime's way to say that a sample is a frame of PCM, however many bytes that has.
        Some(sizes.map(|sizes| match pcm_frame(tree, stbl).filter(|_| sizes.all == 1) {
            Some(all) => Self { all, ..sizes },
            None => sizes,
        }))
    }

    /// Reads an `stsz` or `stz2`.
    fn read(tree: &'t Tree<'_>, node: &Node) -> Result<Self> {
        let mut fields = tree.fields(node);
        fields.u32("version and flags")?;
        let word = fields.u32("sample_size")?;
        let count = fields.u32("sample_count")?;
        let (all, bits) =
            if node.id().is(b"stsz") { (word, 32) } else { (0, u8::try_from(word & 0xff).unwrap_or(0)) };
        if ![4, 8, 16, 32].contains(&bits) {
            let message = format!("Sizes of {bits} bits are none that a sample table may have (4, 8 or 16).");
            return Err(Error::file("bad-field-size", message).at(node.start));
        }
        let each = if all == 0 {
            let len = (u64::from(count) * u64::from(bits)).div_ceil(8);
            fields.take(to_len(len), "sample sizes")?
        } else {
            &[]
        };
        Ok(Self { count: count.into(), all, bits, each })
    }

    /// Bytes of each sample, where all have as many, and more than 0.
    pub fn all(&self) -> Option<u64> {
        Some(self.all.into()).filter(|all| *all > 0)
    }

    /// Bytes of the sample of this number, from 0.
    pub fn get(&self, number: u32) -> u32 {
        let number = to_len(number.into());
        let bytes = |len: usize| {
            let at = number.saturating_mul(len);
            let bytes = self.each.get(at..at.saturating_add(len)).unwrap_or_default();
            bytes.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))
        };
        match self.bits {
            _ if self.all > 0 => self.all,
            4 => {
                let both = self.each.get(number / 2).copied().unwrap_or(0);
                u32::from(if number.is_multiple_of(2) { both >> 4 } else { both & 15 })
            }
            8 => bytes(1),
            16 => bytes(2),
            _ => bytes(4),
        }
    }

    /// Bytes of all samples.
    fn total(&self) -> u64 {
        let each = self.each;
        let wide = |len: usize| {
            each.chunks_exact(len).map(|bytes| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
        };
        match self.bits {
            _ if self.all > 0 => u64::from(self.all).saturating_mul(self.count),
            4 => {
                let halves = each.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(u64::from);
                // An odd number leaves half a byte over.
                halves.take(to_len(self.count)).sum()
            }
            8 => wide(1).sum(),
            16 => wide(2).sum(),
            _ => wide(4).sum(),
        }
    }
}

/// What is said where each sample of the table is one of the many in a packet of sound (QuickTime File Format: Sound
/// Sample Description Version 1).
fn packed(tree: &Tree<'_>, stbl: &Node) -> Option<Error> {
    let entry = stbl.child(b"stsd")?.children.first()?;
    // The fields of others say something else.
    if registered(entry.id().four_cc(), Layout::Audio).is_some_and(|(layout, _)| layout != Layout::Audio) {
        return None;
    }
    let sound: AudioSampleEntry = tree.read(entry).ok()?;
    let Some([samples @ .., _, _, _, _, _, _, _, _, _, _, _, _]) = &sound.quicktime_v1.0 else { return None };
    let samples = u32::from_be_bytes(*samples);
    let message = format!(
        "The sample table counts single samples of sound, of which '{}' packs {samples} together; Boxlock does not take such \
         packets apart. Compress the sound anew, with: ffmpeg -i input.mov -map 0 -c copy -c:a aac output.mov",
        entry.id()
    );
    (samples > 1).then(|| Error::unsupported("packed-sound", message))
}

/// Bytes of a frame of PCM, where the samples are that by the sample entry: a sample of each channel.
fn pcm_frame(tree: &Tree<'_>, stbl: &Node) -> Option<u32> {
    let entry = stbl.child(b"stsd")?.children.first()?;
    let width = match &entry.id().four_cc().0 {
        b"ulaw" | b"alaw" => Some(1),
        b"in24" => Some(3),
        b"in32" | b"fl32" => Some(4),
        b"fl64" => Some(8),
        b"twos" | b"sowt" | b"lpcm" | b"raw " | b"NONE" if entry.media == Layout::Audio => None,
        _ => return None,
    };
    let sound: AudioSampleEntry = tree.read(entry).ok()?;
    let by_entry = match (sound.entry_version, &sound.quicktime_v1.0) {
        (2, _) => sound.quicktime_v2.const_bytes_per_audio_packet,
        // Behind the samples and the bytes of a packet.
        (1, Some([_, _, _, _, _, _, _, _, frame @ .., _, _, _, _])) => u32::from_be_bytes(*frame),
        _ => {
            let width = width.unwrap_or(u32::from(sound.samplesize).div_ceil(8));
            u32::from(sound.channelcount).saturating_mul(width)
        }
    };
    Some(by_entry).filter(|len| *len > 0)
}

/// Samples and ticks of an `stts`.
fn durations(tree: &Tree<'_>, stts: &Node) -> Result<(u64, u64)> {
    let mut entries = list(tree, stts, 8)?;
    let (mut samples, mut ticks) = (0_u64, 0_u64);
    while !entries.is_empty() {
        let count = u64::from(entries.u32("sample_count")?);
        let delta = entries.u32("sample_delta")?;
        samples += count;
        // QuickTime writes negative deltas, of which players make 0.
        ticks = ticks.saturating_add(count * u64::from(delta >> 31 == 0) * u64::from(delta));
    }
    Ok((samples, ticks))
}

/// The entries of a box that has version, flags and a count before them.
pub fn list<'t>(tree: &'t Tree<'_>, node: &Node, entry_len: u64) -> Result<Reader<'t>> {
    let mut fields = tree.fields(node);
    fields.u32("version and flags")?;
    let count = fields.u32("entry_count")?;
    let wanted = u64::from(count) * entry_len;
    if len_u64(fields.remaining()) < wanted {
        let message = format!(
            "Box '{}' says it has {count} entries, which take {wanted} bytes, but {} are there. Get a sound copy of the \
             file.",
            node.id(),
            fields.remaining()
        );
        return Err(Error::file("truncated-list", message).at(node.start));
    }
    fields.sub(wanted, "entries")
}
