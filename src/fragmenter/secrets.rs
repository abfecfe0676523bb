//! IVs and subsample maps of a plain file, which stand in its sample tables (ISO/IEC 23001-7:2023 7): of each fragment those of
//! its samples become a `senc` of its own.

use crate::boxes::cenc::{SENC_SUBSAMPLES, SUBSAMPLE_LEN, SampleAuxInfoOffsets, SampleAuxInfoSizes};
use crate::boxes::header::{four, wrap};
use crate::boxes::types::{Counted, Wide};
use crate::boxes::{BoxBody, Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Result};
use crate::track::Track;
use crate::track::encryption::first_of_encryption;

use super::columns::Sample;

/// Those of one track.
pub struct Secrets<'t> {
    /// The entries of all samples, one behind the other.
    bytes: &'t [u8],
    /// Bytes of each, where they are said.
    sizes: Option<SampleAuxInfoSizes>,
    /// Bytes of IV, for each sample entry.
    iv_sizes: Vec<u8>,
    has_maps: bool,
    start: u64,
}

/// Those of the samples of a fragment.
#[derive(Debug, Default)]
pub struct Entries {
    has_maps: bool,
    /// Whether samples without an entry are clear.
    has_gaps: bool,
    iv_sizes: Vec<u8>,
    /// The entries, from that of the first sample on, and where this stands among all.
    bytes: Vec<u8>,
    at: u64,
}

impl<'t> Secrets<'t> {
    /// Those in `stbl`; `None` where there are none, or the track is clear. `media` is what is at hand of what stands outside of
    /// `tree`, and where it begins.
    pub fn read(
        tree: &'t Tree<'_>,
        stbl: &Node,
        track: &Track,
        count: u32,
        media: (u64, &'t [u8]),
    ) -> Result<Option<Self>> {
        if !track.entries.iter().any(|entry| entry.has_protected_type()) {
            return Ok(None);
        }
        let of_entry = |protection: &crate::track::Protection| {
            if protection.is_protected { protection.iv_size } else { 0 }
        };
        let iv_sizes: Vec<u8> =
            track.entries.iter().map(|entry| entry.protection.as_ref().map_or(0, of_entry)).collect();
        let saiz = first_of_encryption(tree, stbl, b"saiz");
        let sizes: Option<SampleAuxInfoSizes> = saiz.map(|node| tree.read(node)).transpose()?;
        if let Some((saiz, node)) = sizes.as_ref().zip(saiz).filter(|(saiz, _)| saiz.sample_count != count) {
            return Err(wrong_count("'saiz'", saiz.sample_count, count, node));
        }
        if let Some(node) = stbl.child(b"senc") {
            let mut fields = tree.fields(node);
            let head = fields.u32("version and flags")?;
            let listed = fields.u32("sample_count")?;
            if listed != count {
                return Err(wrong_count("'senc'", listed, count, node));
            }
            if head >> 24 == 1 {
                let message =
                    "The samples of this file have several keys each; Boxlock decrypts samples with one key.";
                return Err(Error::unsupported("several-keys", message).at(node.start));
            }
            let has_maps = head & SENC_SUBSAMPLES != 0;
            return Ok(Some(Self { bytes: fields.rest(), sizes, iv_sizes, has_maps, start: node.start }));
        }
        let (Some(sizes), Some(node)) = (sizes, first_of_encryption(tree, stbl, b"saio")) else {
            return Ok(None);
        };
        let saio: SampleAuxInfoOffsets = tree.read(node)?;
        let len = all_bytes(&sizes, count);
        let inside = match saio.offsets.entries.as_slice() {
            [at] if at.0 == media.0 && len_u64(media.1.len()) == len => media.1,
            [at] => tree.slice(at.0, at.0.saturating_add(len)),
            _ => &[],
        };
        if len_u64(inside.len()) != len {
            let message = "The IVs of this file stand outside its movie header, where its 'saio' points; Boxlock reads them in \
                           the movie header, or in fragments.";
            return Err(Error::unsupported("iv-elsewhere", message).at(node.start));
        }
        let iv = iv_sizes.iter().copied().max().unwrap_or(0);
        let has_maps =
            sizes.default_sample_info_size > iv || sizes.sample_info_sizes.iter().any(|size| *size > iv);
        Ok(Some(Self { bytes: inside, sizes: Some(sizes), iv_sizes, has_maps, start: node.start }))
    }

    /// Where those in `stbl` stand outside of `tree`, one behind the other, when only `saio` says so: file offset and bytes.
    pub fn outside(tree: &Tree<'_>, stbl: &Node, track: &Track, count: u32) -> Option<(u64, u64)> {
        if stbl.child(b"senc").is_some() || !track.entries.iter().any(|entry| entry.has_protected_type()) {
            return None;
        }
        let sizes: SampleAuxInfoSizes = tree.read(first_of_encryption(tree, stbl, b"saiz")?).ok()?;
        let saio: SampleAuxInfoOffsets = tree.read(first_of_encryption(tree, stbl, b"saio")?).ok()?;
        let ([at], true) = (saio.offsets.entries.as_slice(), sizes.sample_count == count) else {
            return None;
        };
        let len = all_bytes(&sizes, count);
        let is_inside = len_u64(tree.slice(at.0, at.0.saturating_add(len)).len()) == len;
        (!is_inside && len <= MOST_OUTSIDE).then_some((at.0, len))
    }

    /// What is said of a sample: its IV, and its map behind it.
    pub fn entry(&self, sample: &Sample) -> &'t [u8] {
        let from = to_len(sample.secret);
        let end = from.saturating_add(to_len(sample.secret_len.into()));
        self.bytes.get(from..end).unwrap_or_default()
    }

    /// Bytes of the entry of sample `number`, which has this sample entry and stands at `at` among all.
    pub fn len(&self, number: u32, at: u64, entry: u32) -> Result<u64> {
        let iv = self.iv_size(entry);
        let size = match &self.sizes {
            Some(sizes) if sizes.default_sample_info_size > 0 => usize::from(sizes.default_sample_info_size),
            Some(sizes) => {
                usize::from(sizes.sample_info_sizes.get(to_len(number.into())).copied().unwrap_or(0))
            }
            None if self.has_maps => {
                let count = self.bytes.get(to_len(at) + iv..).and_then(|rest| rest.first_chunk());
                iv + 2 + SUBSAMPLE_LEN * usize::from(count.map_or(0, |count| u16::from_be_bytes(*count)))
            }
            None => iv,
        };
        if self.bytes.len() < to_len(at).saturating_add(size) {
            let message =
                format!("The IVs and subsample maps end before those of sample {}.", u64::from(number) + 1);
            return Err(Error::file("truncated-list", message).at(self.start));
        }
        Ok(len_u64(size))
    }

    fn iv_size(&self, entry: u32) -> usize {
        let of_entry = to_len(entry.into()).checked_sub(1).and_then(|number| self.iv_sizes.get(number));
        of_entry.copied().map_or(0, usize::from)
    }

    /// Those between two places among all.
    pub fn between(&self, from: u64, to: u64) -> Entries {
        Entries {
            has_maps: self.has_maps,
            has_gaps: self.sizes.is_some(),
            iv_sizes: self.iv_sizes.clone(),
            bytes: self.bytes.get(to_len(from)..to_len(to)).unwrap_or_default().to_vec(),
            at: from,
        }
    }
}

impl Entries {
    /// The `senc` of these samples, with the `saiz` and `saio` that lead to it; nothing where none of them has an entry. They
    /// stand `at` bytes behind what offsets count from.
    pub fn to_boxes(&self, samples: &[Sample], at: usize) -> Vec<u8> {
        let mut body = Vec::new();
        let mut sizes = Vec::new();
        let mut is_empty = true;
        for sample in samples {
            let from = to_len(sample.secret.saturating_sub(self.at));
            let len = to_len(sample.secret_len.into());
            let entry = self.bytes.get(from..from.saturating_add(len)).unwrap_or_default();
            is_empty &= entry.is_empty();
            let before = body.len();
            body.extend_from_slice(entry);
            let iv = to_len(sample.entry.into()).checked_sub(1).and_then(|number| self.iv_sizes.get(number));
            // What is encrypted whole has no map among others that have.
            if self.has_maps
                && !entry.is_empty()
                && Some(&entry.len()) == iv.map(|iv| usize::from(*iv)).as_ref()
            {
                body.extend([0, 0]);
            }
            sizes.push(u8::try_from(body.len() - before).ok());
        }
        if is_empty {
            return Vec::new();
        }
        // Version 2 is for samples that have none: readers know the other better.
        let has_gaps = self.has_gaps && samples.iter().any(|sample| sample.secret_len == 0);
        let version = if has_gaps { 2_u32 << 24 } else { 0 };
        let head = version | if self.has_maps { SENC_SUBSAMPLES } else { 0 };
        let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
        let senc = wrap(four(b"senc"), &[&head.to_be_bytes()[..], &count.to_be_bytes(), &body].concat());
        // Sizes have a byte; what is longer stands in `senc` alone.
        let Some(sizes) = sizes.into_iter().collect::<Option<Vec<u8>>>() else { return senc };
        let mut saiz = SampleAuxInfoSizes { sample_count: count, ..SampleAuxInfoSizes::default() };
        match sizes.as_slice() {
            [first, rest @ ..] if *first > 0 && rest.iter().all(|size| size == first) => {
                saiz.default_sample_info_size = *first;
            }
            _ => saiz.sample_info_sizes = sizes,
        }
        let saiz = saiz.to_box(0);
        let offset = |at: usize| SampleAuxInfoOffsets {
            offsets: Counted::from(vec![Wide(len_u64(at))]),
            ..SampleAuxInfoOffsets::default()
        };
        let before = at + saiz.len() + offset(0).to_box(0).len();
        [saiz, offset(before + SENC_PREFIX).to_box(0), senc].concat()
    }
}

/// Bytes of a `senc` before its first entry.
const SENC_PREFIX: usize = 16;

/// Most bytes of them that are read from outside of the `moov`: 16 bytes for each of four million samples.
const MOST_OUTSIDE: u64 = 64 << 20;

/// Bytes of the entries of all samples.
fn all_bytes(sizes: &SampleAuxInfoSizes, count: u32) -> u64 {
    match sizes.default_sample_info_size {
        0 => sizes.sample_info_sizes.iter().map(|size| u64::from(*size)).sum(),
        size => u64::from(size) * u64::from(count),
    }
}

fn wrong_count(what: &str, found: u32, count: u32, node: &Node) -> Error {
    let message = format!(
        "{what} is of {found} samples, but the sample table lists {count}. Get a sound copy of the file."
    );
    Error::file("sample-count", message).at(node.start)
}
