//! What says the same thing twice: the lists of IVs in CENC's box, in PIFF's, and where `saio` points.

use crate::boxes::cenc::{SENC_SUBSAMPLES, SampleAuxInfoOffsets, SampleAuxInfoSizes};
use crate::boxes::piff::{self, FragmentTime, OVERRIDE};
use crate::boxes::{Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, KeyId, Result};
use crate::track::TrackFragment;
use crate::track::encryption::{Span, first_of_encryption, wrong_places};

/// A sample encryption box: whether its samples have maps, what they list, and where that begins.
struct List<'t> {
    has_maps: bool,
    kid: Option<KeyId>,
    count: u32,
    entries: &'t [u8],
    at: u64,
}

impl<'t> List<'t> {
    fn read(tree: &'t Tree<'_>, node: &Node) -> Result<Self> {
        let mut fields = tree.fields(node);
        let head = fields.u32("version and flags")?;
        let mut kid = None;
        if node.id() == piff::SAMPLE_ENCRYPTION && head & OVERRIDE != 0 {
            fields.take(4, "AlgorithmID and IV_size")?;
            kid = Some(KeyId(fields.array("KID")?));
        }
        let count = fields.u32("sample_count")?;
        let at = fields.offset();
        Ok(Self {
            has_maps: head & SENC_SUBSAMPLES != 0,
            kid,
            count,
            entries: tree.slice(at, node.end()),
            at,
        })
    }
}

/// Whether a `traf` says by itself how long it is (tfxd), and its samples take another time.
pub fn is_untimely(tree: &Tree<'_>, traf: &Node, track: &TrackFragment) -> bool {
    let said = traf.child_id(piff::TFXD).and_then(|node| tree.read::<FragmentTime>(node).ok());
    // 0 and all ones say that it is not known.
    let said = said.map(|said| said.fragment_duration.0).filter(|said| ![0, u64::MAX].contains(said));
    said.is_some_and(|said| said != track.duration)
}

/// What does not agree in a `traf`.
pub fn of_fragment(tree: &Tree<'_>, traf: &Node, track: &TrackFragment, spans: &[Span]) -> Vec<Error> {
    let mut faults = Vec::new();
    let list = |node: Option<&Node>| node.and_then(|node| List::read(tree, node).ok());
    let (senc, piff) = (list(traf.child(b"senc")), list(traf.child_id(piff::SAMPLE_ENCRYPTION)));
    if let (Some(senc), Some(piff)) = (&senc, &piff)
        && (senc.has_maps, senc.count, senc.entries) != (piff.has_maps, piff.count, piff.entries)
    {
        let message = "The lists of IVs in 'senc' and in PIFF's box are not the same.";
        faults.push(Error::file("twins-differ", message).at(senc.at));
    }
    let kid = spans.iter().find_map(|span| span.by.as_ref()?.kid);
    if let Some((of_piff, piff)) = piff.as_ref().and_then(|piff| Some((piff.kid?, piff)))
        && kid.is_some_and(|kid| kid != of_piff)
    {
        let message = format!(
            "PIFF's box says the KID {of_piff}, all else of the fragment {}.",
            kid.map_or_else(String::new, |kid| kid.to_string())
        );
        faults.push(Error::file("twins-differ", message).at(piff.at));
    }
    let auxiliary = |code| first_of_encryption(tree, traf, code);
    if let (Some(sizes), Some(offsets), Some(list)) = (auxiliary(b"saiz"), auxiliary(b"saio"), senc.or(piff))
    {
        let mut iv_sizes = spans.iter().flat_map(|span| {
            let size = span.by.as_ref().map_or(0, |by| usize::from(by.iv_size));
            (0..span.count).map(move |_| size)
        });
        let pieces = (track.base, track.runs.len(), "runs");
        faults.extend(pointers(tree, (sizes, offsets), pieces, &mut iv_sizes, &list));
    }
    faults
}

/// What does not agree in an `stbl` with so many chunks, whose samples have IVs of these sizes.
pub fn of_table(
    tree: &Tree<'_>,
    stbl: &Node,
    chunks: usize,
    iv_sizes: &mut dyn Iterator<Item = usize>,
) -> Option<Error> {
    let list = List::read(tree, stbl.child(b"senc")?).ok()?;
    let auxiliary = |code| first_of_encryption(tree, stbl, code);
    pointers(tree, (auxiliary(b"saiz")?, auxiliary(b"saio")?), (0, chunks, "chunks"), iv_sizes, &list)
}

/// Whether `saio` and `saiz` say of the list what it says of itself.
fn pointers(
    tree: &Tree<'_>,
    (sizes, offsets): (&Node, &Node),
    (base, pieces, what): (u64, usize, &str),
    iv_sizes: &mut dyn Iterator<Item = usize>,
    list: &List<'_>,
) -> Option<Error> {
    let saiz: SampleAuxInfoSizes = tree.read(sizes).ok()?;
    let saio: SampleAuxInfoOffsets = tree.read(offsets).ok()?;
    if saiz.sample_count != list.count {
        let message =
            format!("'saiz' lists {} samples, the sample encryption box {}.", saiz.sample_count, list.count);
        return Some(Error::file("saiz", message).at(sizes.start));
    }
    let places = saio.offsets.entries.len();
    if places != 1 && places != pieces {
        return Some(wrong_places(places, pieces, what, offsets.start));
    }
    let points = saio.offsets.entries.first().map(|first| base.saturating_add(first.0));
    // Another copy of the list is as good.
    let is_copy =
        |start: u64| tree.slice(start, start.saturating_add(len_u64(list.entries.len()))) == list.entries;
    if let Some(start) = points.filter(|start| *start != list.at && !is_copy(*start)) {
        let message =
            format!("'saio' leads to byte {start}, but the list of IVs begins at byte {}.", list.at);
        return Some(Error::file("saio", message).at(offsets.start));
    }
    let mut at = 0;
    for number in 0..to_len(list.count.into()) {
        let mut len = iv_sizes.next()?;
        if list.has_maps {
            let count = list.entries.get(at + len..at + len + 2)?;
            len += 2 + 6 * count.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        }
        let said = match saiz.default_sample_info_size {
            0 => saiz.sample_info_sizes.get(number).copied().unwrap_or(0),
            size => size,
        };
        if usize::from(said) != len {
            let message = format!(
                "'saiz' gives sample {number} {said} bytes of auxiliary information, which has {len}."
            );
            return Some(Error::file("saiz", message).at(sizes.start));
        }
        at += len;
    }
    None
}
