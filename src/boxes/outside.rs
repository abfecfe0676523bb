//! Auxiliary information that stands outside of all boxes, where only `saio` leads to it: the IVs of samples, in media
//! data (ISO/IEC 14496-12:2022 8.7.9, ISO/IEC 23001-7:2023 7.1).

use crate::bytes::FourCc;
use crate::bytes::units::to_len;

use super::cenc::{SUBSAMPLE_LEN, SampleAuxInfoOffsets, SampleAuxInfoSizes};
use super::fragment::{TrackFragmentHeader, TrackRun, tfhd_flags};
use super::keys::{Place, find_track};
use super::tree::{Node, Tree};
use super::wire::spaced_hex;

/// Most bytes of auxiliary information that are shown of one fragment; 16 bytes for each of thousands of samples.
const MOST: u64 = 1 << 20;

/// One sample's entry.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u64,
    len: u8,
    /// Bytes of its IV, where the track or its groups say.
    iv_size: Option<u8>,
}

/// Where the entries of samples stand.
#[derive(Clone, Debug)]
pub struct Outside {
    /// File offset of the first byte.
    pub start: u64,
    /// Bytes from there to the end of the last entry.
    pub len: u64,
    entries: Vec<Entry>,
}

impl Outside {
    /// The entries to which `node`, a `saio` or `saiz` of encrypted samples, leads; `None` when they stand in `tree`, where
    /// their own box shows them, and for other boxes. `around` are the boxes it stands in, the outermost first.
    pub fn of(tree: &Tree<'_>, node: &Node, around: &[&Node], moov: Option<&Tree<'_>>) -> Option<Self> {
        if !node.id().is(b"saio") && !node.id().is(b"saiz") {
            return None;
        }
        let place = Place::of(tree, around, moov, &find_track);
        let container = place.container?;
        let offsets: SampleAuxInfoOffsets = tree.read(container.child(b"saio")?).ok()?;
        let sizes: SampleAuxInfoSizes = tree.read(container.child(b"saiz")?).ok()?;
        // Without a type they are those of the protection scheme.
        let is_of_scheme = |code: FourCc| [b"cenc", b"cens", b"cbc1", b"cbcs", b"piff"].contains(&&code.0);
        if offsets.head.has(1) && !is_of_scheme(offsets.aux_info_type) || u64::from(sizes.sample_count) > MOST
        {
            return None;
        }
        let base = base(tree, container)?;
        let counts = run_lengths(tree, container, offsets.offsets.entries.len(), sizes.sample_count)?;
        let defaults = place.defaults();
        let mut runs = place.group_runs(&defaults.clone().unwrap_or_default()).unwrap_or_default();
        if runs.is_empty() {
            runs.extend(defaults);
        }
        let mut runs = runs.into_iter().flat_map(|run| {
            let iv_size = if run.is_protected { run.iv_sizes.first().copied().unwrap_or(0) } else { 0 };
            core::iter::repeat_n(iv_size, to_len(run.count))
        });
        let mut entries = Vec::new();
        for (offset, count) in offsets.offsets.entries.iter().zip(counts) {
            let mut start = base.checked_add(offset.0)?;
            for _ in 0..count {
                let own = sizes.sample_info_sizes.get(entries.len()).copied();
                let len = own.unwrap_or(sizes.default_sample_info_size);
                entries.push(Entry { start, len, iv_size: runs.next() });
                start = start.checked_add(len.into())?;
            }
        }
        let start = entries.iter().map(|entry| entry.start).min()?;
        let end = entries.iter().map(|entry| entry.start + u64::from(entry.len)).max()?;
        let is_inside = start >= tree.root().start && end <= tree.root().end();
        (!is_inside && end > start && end - start <= MOST).then(|| Self { start, len: end - start, entries })
    }

    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// File range of the entry of a sample, and what it says; `bytes` are those from [`start`](Self::start) on.
    pub fn entry(&self, number: usize, bytes: &[u8]) -> Option<(u64, u64, String)> {
        let entry = self.entries.get(number)?;
        let from = to_len(entry.start - self.start);
        let found = bytes.get(from..from + usize::from(entry.len))?;
        Some((entry.start, entry.start + u64::from(entry.len), text(found, entry.iv_size)))
    }
}

/// What the offsets count from.
fn base(tree: &Tree<'_>, container: &Node) -> Option<u64> {
    if !container.id().is(b"traf") {
        return Some(0);
    }
    let tfhd: TrackFragmentHeader = tree.skim(container.child(b"tfhd")?)?;
    let is_given = tfhd.head.has(tfhd_flags::BASE_DATA_OFFSET);
    Some(if is_given { tfhd.base_data_offset } else { tree.root().start })
}

/// How many samples each offset is for: all, or those of one run each.
fn run_lengths(tree: &Tree<'_>, container: &Node, offsets: usize, samples: u32) -> Option<Vec<u32>> {
    if offsets == 1 {
        return Some(vec![samples]);
    }
    let runs: Option<Vec<u32>> =
        container.all(b"trun").map(|trun| Some(tree.skim::<TrackRun>(trun)?.sample_count)).collect();
    runs.filter(|runs| {
        runs.len() == offsets && runs.iter().map(|run| u64::from(*run)).sum::<u64>() <= samples.into()
    })
}

/// An entry in words: an IV, and behind it a subsample map where there is one.
fn text(entry: &[u8], iv_size: Option<u8>) -> String {
    let fits = |iv_size: &usize| {
        let behind = entry.get(*iv_size..).unwrap_or_default();
        let count = behind.split_first_chunk::<2>().map(|(count, map)| (u16::from_be_bytes(*count), map));
        behind.is_empty() || count.is_some_and(|(count, map)| map.len() == SUBSAMPLE_LEN * usize::from(count))
    };
    let sizes = iv_size.into_iter().chain([8, 16, 0]).map(usize::from).filter(|size| *size <= entry.len());
    let Some(iv_size) = sizes.into_iter().find(fits) else { return spaced_hex(entry) };
    let (iv, behind) = entry.split_at(iv_size);
    let iv = if iv.is_empty() { "no IV".to_owned() } else { format!("IV {}", spaced_hex(iv)) };
    match behind.split_first_chunk::<2>() {
        Some((count, _)) => format!("{iv}, {} subsamples", u16::from_be_bytes(*count)),
        None => iv,
    }
}
