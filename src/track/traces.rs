//! What says that samples are encrypted, wherever it stands: a movie header that says "clear", or none at all, is not
//! the last word (ISO/IEC 23001-7:2023 5 to 7; PIFF 1.1 5.3).

use crate::boxes::fragment::TrackFragmentHeader;
use crate::boxes::{Node, Tree, piff};
use crate::bytes::{ByKey, KeyId, Uuid16};

use super::leftovers::{descriptions, is_key_group};
use super::movie::{Movie, add_system};

/// Most key IDs of groups told of one track: one for each hour of a month.
const KIDS: usize = 720;

/// What was found of one track.
#[derive(Clone, Debug, Default)]
pub struct TrackTraces {
    /// Whether IVs are listed for some of its samples.
    pub lists_ivs: bool,
    /// Key IDs of groups of its samples (`seig`), in file order, [`KIDS`] at most.
    pub kids: Vec<KeyId>,
}

/// What was found in all boxes read.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    tracks: ByKey<TrackTraces>,
    /// DRM systems whose headers stand in fragments.
    pub systems: Vec<Uuid16>,
    /// Whether fragments say their time as Smooth Streaming does (tfxd).
    pub says_smooth_time: bool,
}

impl Traces {
    /// What was found of the track with ID `id`.
    pub fn of(&self, id: u32) -> Option<&TrackTraces> {
        self.tracks.get(id)
    }

    /// Takes what was found in another file, whose tracks have the IDs that `id` says.
    pub(super) fn join(&mut self, other: &Self, id: &dyn Fn(u32) -> u32) {
        for (old, found) in other.tracks.iter() {
            self.tracks.entry(id(u32::try_from(old).unwrap_or(0)), found.clone());
        }
        for system in &other.systems {
            if !self.systems.contains(system) {
                self.systems.push(*system);
            }
        }
        self.says_smooth_time |= other.says_smooth_time;
    }

    pub(super) fn take_movie(&mut self, tree: &Tree<'_>, movie: &Movie) {
        for (trak, track) in tree.root().all(b"trak").zip(&movie.tracks) {
            if let Some(stbl) = trak.descend(&[b"mdia", b"minf", b"stbl"]) {
                self.take_samples(tree, stbl, track.id);
            }
        }
    }

    pub(super) fn take_fragment(&mut self, tree: &Tree<'_>) {
        for node in &tree.root().children {
            add_system(&mut self.systems, tree, node);
        }
        for traf in tree.root().all(b"traf") {
            let header = traf.child(b"tfhd").map(|node| tree.read::<TrackFragmentHeader>(node));
            let id = header.and_then(Result::ok).map_or(0, |header| header.track_id);
            self.says_smooth_time |= traf.child(b"tfdt").is_none() && traf.child_id(piff::TFXD).is_some();
            self.take_samples(tree, traf, id);
        }
    }

    /// Looks at the boxes of a `traf` or `stbl`.
    fn take_samples(&mut self, tree: &Tree<'_>, parent: &Node, id: u32) {
        let lists = |node: &Node| node.id().is(b"senc") || node.id() == piff::SAMPLE_ENCRYPTION;
        if parent.children.iter().any(lists) {
            self.tracks.entry(id, TrackTraces::default()).lists_ivs = true;
        }
        for node in parent.all(b"sgpd").filter(|node| is_key_group(tree, node)) {
            // A damaged one has its own finding.
            let groups = descriptions(tree, node).unwrap_or_default();
            let protected = groups.iter().filter(|group| group.is_protected == 1);
            for kid in protected.flat_map(|group| group.keys()).map(|key| key.kid) {
                let track = self.tracks.entry(id, TrackTraces::default());
                // Mostly the one found last.
                if track.kids.len() < KIDS && !track.kids.iter().rev().any(|known| *known == kid) {
                    track.kids.push(kid);
                }
            }
        }
    }
}
