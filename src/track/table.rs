//! The sample table of a track in `moov`: what its samples are together (ISO/IEC 14496-12:2022 8.6.1, 8.7.3 to 8.7.5).

use crate::boxes::{Node, Tree};
use crate::bytes::units::len_u64;
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
            table.bytes = Sizes::read(tree, node).map_or(0, |sizes| sizes.total());
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
struct Sizes<'t> {
    count: u64,
    all: u32,
    bits: u8,
    each: &'t [u8],
}

impl<'t> Sizes<'t> {
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
            fields.take(crate::bytes::units::to_len(len), "sample sizes")?
        } else {
            &[]
        };
        Ok(Self { count: count.into(), all, bits, each })
    }

    /// The sizes from one sample on.
    fn from(&self, first: u64) -> impl Iterator<Item = u64> {
        let bits = usize::from(self.bits);
        let first = crate::bytes::units::to_len(first);
        (first..crate::bytes::units::to_len(self.count)).map(move |number| {
            if self.all > 0 {
                return self.all.into();
            }
            let at = number * bits / 8;
            match self.each.get(at..) {
                Some([byte, ..]) if bits == 4 => {
                    u64::from(if number % 2 == 0 { byte >> 4 } else { byte & 15 })
                }
                Some([byte, ..]) if bits == 8 => (*byte).into(),
                Some([a, b, ..]) if bits == 16 => u16::from_be_bytes([*a, *b]).into(),
                Some([a, b, c, d, ..]) => u32::from_be_bytes([*a, *b, *c, *d]).into(),
                _ => 0,
            }
        })
    }

    /// Bytes of `count` samples from one on.
    fn sum(&self, first: u64, count: u64) -> u64 {
        if self.all > 0 {
            return u64::from(self.all).saturating_mul(count.min(self.count.saturating_sub(first)));
        }
        self.from(first).take(crate::bytes::units::to_len(count)).sum()
    }

    fn total(&self) -> u64 {
        self.sum(0, self.count)
    }
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
fn list<'t>(tree: &'t Tree<'_>, node: &Node, entry_len: u64) -> Result<Reader<'t>> {
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
