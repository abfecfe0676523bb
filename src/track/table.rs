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
    /// Ticks of the samples together.
    pub duration: u64,
    /// File offset after the sample that stands last.
    pub end: u64,
}

impl SampleTable {
    /// Reads an `stbl`. What is damaged is left out, and added to `problems`.
    pub fn read(tree: &Tree<'_>, stbl: &Node, problems: &mut Vec<Error>) -> Self {
        let mut table = Self::default();
        let mut sizes = None;
        if let Some(node) = stbl.child(b"stsz").or_else(|| stbl.child(b"stz2")) {
            match Sizes::read(tree, node) {
                Ok(found) => {
                    table.samples = found.count;
                    table.bytes = found.total();
                    sizes = Some(found);
                }
                Err(error) => problems.push(error.moved_to(node.start)),
            }
        }
        if let Some(stts) = stbl.child(b"stts") {
            match durations(tree, stts) {
                Ok((samples, ticks)) => {
                    table.duration = ticks;
                    if sizes.is_some() && samples != table.samples {
                        problems.push(counts_differ(stts, samples, table.samples));
                    }
                }
                Err(error) => problems.push(error.moved_to(stts.start)),
            }
        }
        if let Some(sizes) = sizes.filter(|sizes| sizes.count > 0) {
            match last_end(tree, stbl, &sizes) {
                Ok(end) => table.end = end,
                Err(error) => problems.push(error),
            }
        }
        table
    }
}

fn counts_differ(stts: &Node, timed: u64, sized: u64) -> Error {
    let message = format!(
        "The sample table gives times to {timed} samples, but sizes to {sized}. Get a sound copy of the file."
    );
    Error::file("sample-counts", message).as_note().at(stts.start)
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

/// Where the sample that stands last ends.
fn last_end(tree: &Tree<'_>, stbl: &Node, sizes: &Sizes<'_>) -> Result<u64> {
    let (chunks, wide) = match (stbl.child(b"stco"), stbl.child(b"co64")) {
        (Some(stco), _) => (list(tree, stco, 4)?, false),
        (None, Some(co64)) => (list(tree, co64, 8)?, true),
        (None, None) => return Ok(0),
    };
    let Some(stsc) = stbl.child(b"stsc") else { return Ok(0) };
    let mut runs = list(tree, stsc, 12)?;
    let mut chunks = chunks;
    let (mut first, mut end, mut number) = (0_u64, 0_u64, 1_u64);
    let mut per_chunk = 0;
    let mut next_run = u64::MAX;
    if !runs.is_empty() {
        next_run = runs.u32("first_chunk")?.into();
    }
    while !chunks.is_empty() && first < sizes.count {
        let offset = if wide { chunks.u64("chunk_offset")? } else { chunks.u32("chunk_offset")?.into() };
        while number >= next_run {
            per_chunk = u64::from(runs.u32("samples_per_chunk")?);
            runs.u32("sample_description_index")?;
            next_run = if runs.is_empty() { u64::MAX } else { runs.u32("first_chunk")?.into() };
        }
        end = end.max(offset.saturating_add(sizes.sum(first, per_chunk)));
        first = first.saturating_add(per_chunk);
        number += 1;
    }
    Ok(end)
}
