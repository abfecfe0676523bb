//! Boxes of an earlier encryption around samples that are clear: decryptors leave them behind, and players believe
//! them. Which they are, and whether it is plain that they are stale.

use crate::boxes::groups::{GroupEncryption, SampleGroupDescription};
use crate::boxes::header::four;
use crate::boxes::piff;
use crate::boxes::{BoxId, Node, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};

use super::entry::SampleEntry;
use super::fragment::Fragment;
use super::movie::Movie;

/// How sure it is that a box is left over, around samples that the movie header calls clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nothing could be decrypted by what it says.
    Stale,
    /// It has what it takes to decrypt the samples: they may be encrypted, whatever the movie header says.
    Doubtful,
}

/// One box left over.
#[derive(Clone, Copy, Debug)]
pub struct Leftover<'t> {
    /// The box.
    pub node: &'t Node,
    /// How sure that is.
    pub certainty: Certainty,
}

/// What is left over in the fragments of one clear track.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrackLeftovers {
    /// Track ID.
    pub track_id: u32,
    /// How many boxes.
    pub boxes: u64,
    /// File offset of the first `moof` with a doubtful one.
    pub doubtful_moof: Option<u64>,
    /// File offset of the first `traf` that says a group of its samples is encrypted.
    pub encrypted_group: Option<u64>,
}

/// What is left over in all fragments, track by track.
#[derive(Clone, Debug, Default)]
pub struct Leftovers {
    /// Those of tracks that have any.
    pub tracks: Vec<TrackLeftovers>,
}

impl Leftovers {
    /// Those of one track.
    pub fn of(&self, track_id: u32) -> Option<&TrackLeftovers> {
        self.tracks.iter().find(|track| track.track_id == track_id)
    }

    fn add(&mut self, found: TrackLeftovers) {
        let Some(known) = self.tracks.iter_mut().find(|known| known.track_id == found.track_id) else {
            self.tracks.push(found);
            return;
        };
        known.boxes += found.boxes;
        known.doubtful_moof = known.doubtful_moof.or(found.doubtful_moof);
        known.encrypted_group = known.encrypted_group.or(found.encrypted_group);
    }
}

/// Adds what is left over in one fragment.
pub fn collect(all: &mut Leftovers, tree: &Tree<'_>, fragment: &Fragment, movie: &Movie) {
    for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
        let info = movie.track(track.tfhd.track_id);
        let entry = info.and_then(|info| info.entry(track.sample_description_index));
        if entry.is_none_or(SampleEntry::is_protected) {
            continue;
        }
        let found = of_samples(tree, traf);
        if found.is_empty() {
            continue;
        }
        let doubtful = found.iter().any(|leftover| leftover.certainty == Certainty::Doubtful);
        all.add(TrackLeftovers {
            track_id: track.tfhd.track_id,
            boxes: len_u64(found.len()),
            doubtful_moof: doubtful.then_some(tree.root().start),
            encrypted_group: has_encrypted_group(tree, traf).then_some(traf.start),
        });
    }
}

/// Whether `node` is the header of a DRM system, in either form.
pub fn is_system_header(node: &Node) -> bool {
    is_system_header_type(node.id())
}

/// As [`is_system_header`], of a box of which the type alone is known.
pub fn is_system_header_type(id: BoxId) -> bool {
    id.is(b"pssh") || id == piff::PROTECTION_SYSTEM
}

/// The boxes that speak of encryption in a `traf` or `stbl` (ISO/IEC 23001-7:2023 6 and 7; PIFF 1.1 5.3.2).
/// Auxiliary information of other types is none of them.
pub fn of_samples<'t>(tree: &Tree<'_>, parent: &'t Node) -> Vec<Leftover<'t>> {
    let mut found = Vec::new();
    // Damaged ones cannot be told from those that matter.
    let doubtful =
        |looked: Result<bool>| if looked.unwrap_or(true) { Certainty::Doubtful } else { Certainty::Stale };
    for node in &parent.children {
        let certainty = if node.id() == four(b"senc") {
            doubtful(lists_samples(tree, node, false))
        } else if node.id() == piff::SAMPLE_ENCRYPTION {
            doubtful(lists_samples(tree, node, true))
        } else if node.id().is(b"saiz") && is_of_encryption(tree, node) {
            doubtful(gives_sizes(tree, node))
        } else if node.id().is(b"saio") && is_of_encryption(tree, node) {
            Certainty::Stale
        } else if is_key_group(tree, node) {
            doubtful(has_constant_iv(tree, node))
        } else {
            continue;
        };
        found.push(Leftover { node, certainty });
    }
    found
}

/// Whether samples are grouped by key with this box: its grouping type, behind version and flags, is `seig`.
pub fn is_key_group(tree: &Tree<'_>, node: &Node) -> bool {
    if ![four(b"sbgp"), four(b"sgpd"), four(b"csgp")].contains(&node.id()) {
        return false;
    }
    let mut fields = tree.body(node);
    let kind = fields.u32("version and flags").and_then(|_| fields.array("grouping_type"));
    kind.is_ok_and(|kind| kind == *b"seig")
}

/// Whether a group of samples is encrypted, by the descriptions among the children of this `traf` or `stbl`.
pub fn has_encrypted_group(tree: &Tree<'_>, parent: &Node) -> bool {
    let mut groups = parent.all(b"sgpd").filter(|node| is_key_group(tree, node));
    // A description that cannot be read may say anything.
    groups.any(|node| {
        descriptions(tree, node).map_or(true, |all| all.iter().any(|group| group.is_protected == 1))
    })
}

/// Whether auxiliary information of samples, whose sizes or places `node` says, is that of encryption.
pub fn is_of_encryption(tree: &Tree<'_>, node: &Node) -> bool {
    let mut fields = tree.body(node);
    let Ok(flags) = fields.u32("version and flags") else { return true };
    // Without a type it is that of the scheme (ISO/IEC 14496-12:2022 8.7.8.3).
    flags & 1 == 0
        || fields
            .array("aux_info_type")
            .map_or(true, |kind: [u8; 4]| [b"cenc", b"cens", b"cbc1", b"cbcs", b"piff"].contains(&&kind))
}

fn lists_samples(tree: &Tree<'_>, node: &Node, is_piff: bool) -> Result<bool> {
    let mut fields = tree.body(node);
    let flags = fields.u32("version and flags")?;
    if is_piff && flags & piff::OVERRIDE != 0 {
        let algorithm: [u8; 3] = fields.array("AlgorithmID")?;
        if algorithm == [0; 3] {
            return Ok(false);
        }
        fields.take(17, "IV_size and KID")?;
    }
    Ok(fields.u32("sample_count")? > 0)
}

fn gives_sizes(tree: &Tree<'_>, node: &Node) -> Result<bool> {
    let mut fields = tree.body(node);
    if fields.u32("version and flags")? & 1 != 0 {
        fields.take(8, "aux_info_type")?;
    }
    let default = fields.u8("default_sample_info_size")?;
    let count = fields.u32("sample_count")?;
    Ok(count > 0 && (default > 0 || fields.rest().iter().any(|size| *size > 0)))
}

/// With an IV in the description samples need nothing else to be encrypted.
fn has_constant_iv(tree: &Tree<'_>, node: &Node) -> Result<bool> {
    if !node.id().is(b"sgpd") {
        return Ok(false);
    }
    let constant = |group: &GroupEncryption| group.keys().iter().any(|key| key.per_sample_iv_size == 0);
    Ok(descriptions(tree, node)?.iter().any(|group| group.is_protected == 1 && constant(group)))
}

/// The `seig` descriptions of an `sgpd` (ISO/IEC 23001-7:2023 6).
pub(super) fn descriptions(tree: &Tree<'_>, node: &Node) -> Result<Vec<GroupEncryption>> {
    let unread =
        || Error::file("bad-group", "A description of an encrypted group cannot be read.").at(node.start);
    let groups = tree.read::<SampleGroupDescription>(node)?.groups;
    groups.encryption().into_iter().collect::<Option<Vec<_>>>().ok_or_else(unread)
}
