//! Which bytes of a sample stay clear (ISO/IEC 23001-7 clause 9.5), as the entries that `senc` stores. Decides ranges
//! only; never sees a key.
//!
//! **Rules.** What each codec keeps clear, whatever the scheme. [`Rule::AvcLegacy`] is what Microsoft's own `.ismv` files do: of every NAL unit the length and the one
//! header byte are clear, the rest is protected, at any size. [`Rule::AvcCmaf`] is what 23001-7 clause 9.5.2 and CMAF
//! ask for, byte for byte as Shaka Packager does it: only slices are protected, from behind their slice header on.
//! Slice types are 1, 2 and 5; partitions B and C (3, 4), auxiliary slices (19) and extension slices (20, 21) stay
//! clear, because their slice data cannot be found with what an ordinary decoder knows. [`Rule::HevcLegacy`] and
//! [`Rule::HevcCmaf`] are the same of H.265, whose NAL unit headers have two bytes and whose slice segment headers end at
//! a byte border; slices are types 0 to 9 and 16 to 21. [`Rule::Av1`] protects the data of each tile and nothing else
//! (AV1-ISOBMFF 4.1), [`Rule::Vp9`] of each frame what follows its uncompressed header (VP Codec ISO Media File Format
//! Binding, "Sample Encryption").
//!
//! **Blocks.** Where ranges are to be whole 16-byte blocks (CMAF in counter mode, and all chaining but `cbcs`), up to 15
//! bytes at the end of a slice stay clear and join the clear run of the next entry. Of a tile of AV1 and a frame of VP9
//! they are those at the start, as their specifications ask; VP9 has whole blocks in every scheme, as with Shaka Packager.
//!
//! **Too many entries.** A sample that would need more entries than allowed is an error: nothing is left clear because
//! it could not be described.
//!
//! **What is no NAL unit.** A sample without bytes gets one empty entry, for a count of 0 is not allowed (clause 7.2.2),
//! and bytes behind the last unit that are too few for another length stay clear: no slice is in them.

use crate::boxes::cenc::Subsample;
use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};
use crate::track::codec::av1;
use crate::track::codec::avc_config::AvcConfig;
use crate::track::codec::h264::{LengthSize, Nal, NalType, Nals, ParameterSets, SliceHeader};
use crate::track::codec::h265;
use crate::track::codec::hevc_config::HevcConfig;
use crate::track::codec::vp9;

use super::scheme::{BLOCK, CENC, Pattern, Scheme};

/// Which bytes of a sample are protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every byte, without entries: audio and all that has no structure to keep.
    WholeSample,
    /// H.264 as in PIFF: length and header byte of each NAL unit clear, all else protected.
    AvcLegacy {
        /// Bytes of each NAL unit length.
        length_size: LengthSize,
    },
    /// H.264 as in CMAF: all clear but whole blocks of slice data.
    AvcCmaf {
        /// Bytes of each NAL unit length.
        length_size: LengthSize,
        /// The sets of the codec configuration; those in samples are added.
        sets: ParameterSets,
    },
    /// H.265 as [`Rule::AvcLegacy`] does it.
    HevcLegacy {
        /// Bytes of each NAL unit length.
        length_size: LengthSize,
    },
    /// H.265 as in CMAF: all clear but whole blocks of slice segment data.
    HevcCmaf {
        /// Bytes of each NAL unit length.
        length_size: LengthSize,
        /// The sets of the codec configuration; those in samples are added.
        sets: h265::ParameterSets,
    },
    /// AV1: all clear but the data of tiles. With what frame headers depend on.
    Av1(Box<av1::State>),
    /// VP9: all clear but what follows uncompressed headers. With what these depend on.
    Vp9(vp9::State),
}

impl Rule {
    /// [`Rule::AvcCmaf`] for a track. Fails when its parameter sets cannot be read.
    pub fn avc_cmaf(config: &AvcConfig) -> Result<Self> {
        Ok(Self::AvcCmaf { length_size: config.length_size, sets: config.parameter_sets()? })
    }

    /// [`Rule::HevcCmaf`] for a track. Fails when its parameter sets cannot be read.
    pub fn hevc_cmaf(config: &HevcConfig) -> Result<Self> {
        Ok(Self::HevcCmaf { length_size: config.length_size, sets: config.parameter_sets()? })
    }

    /// Bytes of each NAL unit length, where samples are made of NAL units.
    pub fn length_size(&self) -> Option<LengthSize> {
        match self {
            Self::WholeSample | Self::Av1(_) | Self::Vp9(_) => None,
            Self::AvcLegacy { length_size }
            | Self::AvcCmaf { length_size, .. }
            | Self::HevcLegacy { length_size }
            | Self::HevcCmaf { length_size, .. } => Some(*length_size),
        }
    }

    /// What stays clear of a NAL unit; parameter sets in it are taken in, and `changed` set where they differ.
    fn clear(&mut self, nal: &Nal<'_>, changed: &mut bool) -> Result<Clear> {
        match self {
            Self::WholeSample | Self::Av1(_) | Self::Vp9(_) => Ok(Clear::Bytes(0)),
            Self::AvcLegacy { .. } => Ok(Clear::Bytes(NAL_HEADER_LEN)),
            Self::HevcLegacy { .. } => Ok(Clear::Bytes(h265::NAL_HEADER_LEN)),
            Self::AvcCmaf { sets, .. } => match nal.kind() {
                Some(NalType::SLICE | NalType::IDR_SLICE | NalType::PARTITION_A) => {
                    Ok(Clear::Bytes(SliceHeader::parse(nal.bytes, sets)?.len))
                }
                Some(kind) if kind.is_other_slice() => Ok(Clear::OtherSlice),
                _ => {
                    *changed |= sets.update(nal.bytes)?;
                    Ok(Clear::Whole)
                }
            },
            Self::HevcCmaf { sets, .. } => match h265::NalType::of(nal.bytes) {
                Some(kind) if kind.is_slice() => {
                    Ok(Clear::Bytes(h265::SliceHeader::parse(nal.bytes, sets)?.len))
                }
                Some(kind) if kind.is_other_slice() => Ok(Clear::OtherSlice),
                _ => {
                    *changed |= sets.update(nal.bytes)?;
                    Ok(Clear::Whole)
                }
            },
        }
    }

    /// Whether a NAL unit is a parameter set that this rule, made of the codec configuration, has otherwise.
    fn contradicts(&self, nal: &[u8]) -> bool {
        match self {
            Self::AvcCmaf { sets, .. } => sets.contradicts(nal),
            Self::HevcCmaf { sets, .. } => sets.contradicts(nal),
            _ => false,
        }
    }

    /// Whether there are parameter sets of pictures in it: a stream that has them in samples alone has none here.
    fn has_sets(&self) -> bool {
        match self {
            Self::AvcCmaf { sets, .. } => sets.has_pictures(),
            Self::HevcCmaf { sets, .. } => sets.has_pictures(),
            _ => false,
        }
    }

    /// Whether it knows no blocks, as Microsoft's own files do not.
    fn is_legacy(&self) -> bool {
        matches!(self, Self::AvcLegacy { .. } | Self::HevcLegacy { .. })
    }

    /// Whether samples get entries, so that `senc` has its subsample flag.
    pub fn has_subsamples(&self) -> bool {
        !matches!(self, Self::WholeSample)
    }
}

/// Most entries when only `senc` limits them: its count is 16 bits wide.
pub const SENC_MAX_ENTRIES: usize = 0xFFFF;

/// Most entries when `saiz` (ISO/IEC 14496-12 clause 8.7.8) must give their size in one byte: an IV, a 2-byte count and
/// 6 bytes an entry. 40 for 8-byte IVs, 39 for 16, 42 for none.
pub const fn saiz_max_entries(iv_len: usize) -> usize {
    (255 - 2_usize).saturating_sub(iv_len) / 6
}

/// A clear run of any length before a protected range; what entries are made from.
#[derive(Clone, Copy, Debug)]
struct Run {
    clear: u64,
    protected: u32,
}

/// Finds the protected ranges of samples of one track. Reused from sample to sample, it allocates nothing once its
/// buffers have grown.
#[derive(Clone, Debug)]
pub struct RangeFinder {
    /// As the codec configuration has it.
    configured: Rule,
    /// With the parameter sets of samples, where they differ.
    rule: Rule,
    /// Ranges are so many bytes, or several times so many.
    block: usize,
    scheme: Scheme,
    pattern: Pattern,
    max_entries: usize,
    sets_changed: bool,
    runs: Vec<Run>,
    tally: Tally,
}

/// What became of the samples that a [`RangeFinder`] has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Their bytes.
    pub bytes: u64,
    /// Of these, the bytes protected.
    pub protected: u64,
    /// The most entries that one of them took.
    pub most_entries: u64,
    /// Bytes of slices that stay clear because of their type: auxiliary ones, extensions, partitions B and C.
    pub other_slices: u64,
    /// Samples that end with bytes too few for a NAL unit.
    pub short_ends: u64,
    /// Samples whose sequence header or parameter set is another than the codec configuration has.
    pub other_sets: u64,
}

impl Tally {
    /// Both together.
    pub fn join(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.protected += other.protected;
        self.most_entries = self.most_entries.max(other.most_entries);
        self.other_slices += other.other_slices;
        self.short_ends += other.short_ends;
        self.other_sets += other.other_sets;
    }
}

impl RangeFinder {
    /// Follows `rule` as `cenc` does, with at most `max_entries` entries a sample: [`saiz_max_entries`] when the output
    /// has `saiz`, else [`SENC_MAX_ENTRIES`], which is also the cap.
    pub fn new(rule: Rule, max_entries: usize) -> Self {
        Self {
            configured: rule.clone(),
            block: if rule.is_legacy() { 1 } else { BLOCK },
            rule,
            scheme: CENC,
            pattern: Pattern::default(),
            max_entries: max_entries.min(SENC_MAX_ENTRIES),
            sets_changed: false,
            runs: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// The same in another scheme, with the pattern of the track.
    #[must_use]
    pub fn in_scheme(mut self, scheme: Scheme, pattern: Pattern) -> Self {
        if scheme != CENC && !matches!(self.rule, Rule::Vp9(_)) {
            self.block = if scheme.whole_blocks() { BLOCK } else { 1 };
        }
        (self.scheme, self.pattern) = (scheme, pattern);
        self
    }

    /// The rule followed.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Forgets parameter sets of earlier samples, so that a fragment's ranges depend on nothing but that fragment and
    /// the codec configuration. To be called before each fragment's first sample.
    pub fn begin_fragment(&mut self) {
        if std::mem::take(&mut self.sets_changed) {
            self.rule.clone_from(&self.configured);
        }
    }

    /// Appends the entries of one sample to `out`: they cover the sample exactly, none is empty unless the sample is,
    /// and there are at most `max_entries`; a sample that takes more is an error. [`Rule::WholeSample`] appends none,
    /// which means all is protected. On an error `out` is as before; offsets in it are from the start of the sample.
    pub fn split(&mut self, sample: &[u8], out: &mut Vec<Subsample>) -> Result<()> {
        self.runs.clear();
        let mut tally = Tally { bytes: len_u64(sample.len()), ..Tally::default() };
        let (rule, changed, runs) = (&mut self.rule, &mut self.sets_changed, &mut self.runs);
        let tail = match rule {
            Rule::WholeSample => {
                tally.protected = self.scheme.encrypted(self.pattern, tally.bytes);
                self.tally.join(&tally);
                return Ok(());
            }
            Rule::Av1(state) => {
                *changed = true;
                collect_ranges(runs, sample.len(), self.block, |found| state.each_tile(sample, found))?
            }
            Rule::Vp9(state) => {
                *changed = true;
                collect_ranges(runs, sample.len(), self.block, |found| state.each_frame(sample, found))?
            }
            Rule::AvcLegacy { length_size }
            | Rule::AvcCmaf { length_size, .. }
            | Rule::HevcLegacy { length_size }
            | Rule::HevcCmaf { length_size, .. } => {
                let nals = Nals::new(sample, *length_size);
                let configured = &self.configured;
                let mut is_other = false;
                let tail = collect(runs, &mut tally, nals, self.block, |nal| {
                    is_other = is_other || configured.contradicts(nal.bytes);
                    rule.clear(nal, changed).map_err(|error| unread_header(error, configured))
                })?;
                tally.other_sets = u64::from(is_other);
                tail
            }
        };
        if let (Rule::Av1(state), Rule::Av1(record)) = (&self.rule, &self.configured) {
            tally.other_sets = u64::from(state.contradicts(record));
        }
        let runs = self.runs.iter();
        tally.most_entries = runs.map(|run| entries_of(run.clear).max(1)).sum::<u64>() + entries_of(tail);
        if tally.most_entries > len_u64(self.max_entries) {
            return Err(self.too_many(tally.most_entries));
        }
        for run in &self.runs {
            tally.protected += self.scheme.encrypted(self.pattern, u64::from(run.protected));
            emit(out, run.clear, run.protected);
        }
        if tail > 0 || sample.is_empty() {
            emit(out, tail, 0);
        }
        self.tally.join(&tally);
        Ok(())
    }

    /// Counts samples that stay clear by choice.
    pub fn pass_over(&mut self, bytes: u64) {
        self.tally.bytes += bytes;
    }

    /// What became of the samples since this was last asked.
    pub fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn too_many(&self, entries: u64) -> Error {
        let max = self.max_entries;
        if let Rule::Av1(_) = self.rule {
            let message = format!(
                "A sample has so many tiles that its map would take {entries} subsamples; {max} can be described, since \
                 saiz counts bytes in eight bits. Encode the video again with fewer tiles a picture."
            );
            return Error::unsupported("too-many-subsamples", message);
        }
        if max == SENC_MAX_ENTRIES {
            let message = format!(
                "A sample has so many NAL units that its map would take {entries} subsamples; a sample encryption box \
                 counts to {max}."
            );
            return Error::limit("too-many-subsamples", message);
        }
        let message = format!(
            "A picture has so many slices that its map would take {entries} subsamples; this form can describe \
             {max}, since saiz counts bytes in eight bits. Choose the form piff with the scheme cenc, which has no such limit."
        );
        Error::caller("too-many-subsamples", "form", message)
    }
}

/// Fails when `protected`, the protected bytes of all samples of a file, are none.
pub fn check_encrypted(protected: u64) -> Result<()> {
    if protected > 0 {
        return Ok(());
    }
    let message = "Nothing would be encrypted: the tracks chosen have no byte that their rule protects. Choose other tracks.";
    Err(Error::unsupported("nothing-encrypted", message))
}

/// Entries that a clear run takes.
fn entries_of(clear: u64) -> u64 {
    clear.div_ceil(MAX_CLEAR)
}

const MAX_CLEAR: u64 = 0xFFFF;

/// One run as entries: `{65535, 0}` until the rest fits.
fn emit(out: &mut Vec<Subsample>, mut clear: u64, protected: u32) {
    loop {
        match u16::try_from(clear) {
            Ok(clear) => return out.push(Subsample { clear, protected }),
            Err(_) => out.push(Subsample { clear: u16::MAX, protected: 0 }),
        }
        clear -= MAX_CLEAR;
    }
}

/// Bytes of the NAL unit header of clause 7.3.1, without the extension that types 14, 20 and 21 have.
const NAL_HEADER_LEN: usize = 1;

/// What stays clear of a NAL unit, its length field apart.
enum Clear {
    /// So many bytes at its start.
    Bytes(usize),
    /// All of it.
    Whole,
    /// All of it, though it is picture data.
    OtherSlice,
}

/// Turns NAL units into runs. `clear` says what of a unit stays clear; of the rest whole blocks of `block` bytes are protected. Returns the clear bytes behind the last run.
fn collect<'a>(
    runs: &mut Vec<Run>,
    tally: &mut Tally,
    mut nals: Nals<'a>,
    block: usize,
    mut keep: impl FnMut(&Nal<'a>) -> Result<Clear>,
) -> Result<u64> {
    let length_size = nals.length_size().bytes();
    let mut clear = 0_u64;
    for nal in nals.by_ref() {
        let nal = nal?;
        let head = match keep(&nal).map_err(|e| e.at(len_u64(nal.offset)))? {
            Clear::Bytes(head) => head.min(nal.bytes.len()),
            Clear::Whole => nal.bytes.len(),
            Clear::OtherSlice => {
                tally.other_slices += len_u64(nal.bytes.len());
                nal.bytes.len()
            }
        };
        let data = nal.bytes.len() - head;
        let rest = data % block;
        clear += len_u64(length_size + head);
        // Lengths have at most 32 bits.
        let protected = u32::try_from(data - rest).unwrap_or(u32::MAX);
        if protected > 0 {
            push(runs, Run { clear, protected }).map_err(|error| error.at(len_u64(nal.offset)))?;
            clear = 0;
        }
        clear += len_u64(rest);
    }
    let rest = len_u64(nals.rest().len());
    tally.short_ends += u64::from(rest > 0);
    Ok(clear + rest)
}

fn push(runs: &mut Vec<Run>, run: Run) -> Result<()> {
    if runs.len() < SENC_MAX_ENTRIES {
        runs.push(run);
        return Ok(());
    }
    let message = format!(
        "A sample has more than {SENC_MAX_ENTRIES} parts to protect, the most that can be described."
    );
    Err(Error::limit("too-many-subsamples", message))
}

/// Turns the ranges that `each` says, in a sample of `len` bytes, into runs; of each, whole blocks of `block` bytes are
/// protected, which end where it ends. Returns the clear bytes behind the last run.
fn collect_ranges(
    runs: &mut Vec<Run>,
    len: usize,
    block: usize,
    each: impl FnOnce(&mut dyn FnMut(usize, usize) -> Result<()>) -> Result<()>,
) -> Result<u64> {
    let mut at = 0;
    each(&mut |start, end| {
        let first = start + (end - start) % block;
        if first < end {
            // OBUs and frames have at most 32 bits of bytes, as samples do.
            let protected = u32::try_from(end - first).unwrap_or(u32::MAX);
            push(runs, Run { clear: len_u64(first - at), protected })?;
            at = end;
        }
        Ok(())
    })?;
    Ok(len_u64(len - at))
}

/// Where a slice header cannot be followed, PIFF still can: it keeps nothing but the NAL unit header. Where the stream is none of
/// the codec configuration's, no form can make it play.
fn unread_header(error: Error, configured: &Rule) -> Error {
    if matches!(error.code(), "unknown-pps" | "unknown-sps") && configured.has_sets() {
        let message = format!(
            "{} The configuration has other sets: it and the samples contradict each other, as where an initialization segment is of \
             another film. Take the one that these samples were made with, or make the file anew from its source.",
            error.message()
        );
        return Error::file(error.code(), message);
    }
    let message = format!(
        "{} This form must know where slice headers end; choose the form piff with the scheme cenc, which need not.",
        error.message()
    );
    Error::caller(error.code(), "form", message)
}
