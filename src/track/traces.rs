//! What says that samples are encrypted, wherever it stands: a movie header that says "clear", or none at all, is not
//! the last word (ISO/IEC 23001-7:2023 5 to 7; PIFF 1.1 5.3).

use crate::boxes::fragment::TrackFragmentHeader;
use crate::boxes::{Node, Tree, piff};
use crate::bytes::{ByKey, Error, FourCc, KeyId, Result, Uuid16, limits};

use super::encryption::{Span, spans};
use super::entry::Protection;
use super::fragment::{Fragment, TrackFragment};
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
    /// With what its samples are encrypted, in file order.
    pub keys: Vec<UsedKey>,
}

/// What samples of a track are encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedKey {
    /// Key ID, where the file says one.
    pub kid: Option<KeyId>,
    /// `cenc`, `cbc1`, `cens` or `cbcs`.
    pub scheme: FourCc,
    /// File offset of the first `moof` with such samples.
    pub moof: u64,
}

/// Whether all samples of a `traf` are clear as PIFF says it, though its sample entry says otherwise.
pub fn is_left_clear(
    tree: &Tree<'_>,
    traf: &Node,
    track: &TrackFragment,
    spans: &[Span],
    movie: &Movie,
) -> bool {
    let known = movie.track(track.tfhd.track_id);
    let entry = known.and_then(|known| known.entry(track.sample_description_index));
    track.sample_count > 0
        && entry.is_some_and(|entry| {
            entry.is_protected() && entry.protection.as_ref().is_some_and(Protection::is_piff)
        })
        && spans.iter().all(|span| span.by.is_none())
        && !traf.children.iter().any(|node| is_key_group(tree, node))
}

/// What was found in all boxes read.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    tracks: ByKey<TrackTraces>,
    /// DRM systems whose headers stand in fragments.
    pub systems: Vec<Uuid16>,
    /// Whether fragments say their time as Smooth Streaming does (tfxd).
    pub says_smooth_time: bool,
    /// Whether a fragment has clear samples, in PIFF's way, of a track whose sample entry says that they are encrypted.
    pub leaves_clear: bool,
    /// Why it is not known of all samples with what they are encrypted.
    pub unknown_keys: Option<Error>,
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
        self.leaves_clear |= other.leaves_clear;
    }

    /// With what samples are encrypted, track by track.
    pub fn keys(&self) -> impl Iterator<Item = (u32, &UsedKey)> {
        let id = |id: u64| u32::try_from(id).unwrap_or(0);
        self.tracks.iter().flat_map(move |(track, found)| found.keys.iter().map(move |key| (id(track), key)))
    }

    /// Takes with what the samples of a fragment are encrypted.
    pub(super) fn take_keys(&mut self, tree: &Tree<'_>, fragment: &Fragment, movie: &Movie) {
        for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
            let spans = match spans(tree, traf, track, movie) {
                Ok(spans) => spans,
                Err(error) => {
                    self.unknown_keys.get_or_insert(tree.place(error));
                    continue;
                }
            };
            self.leaves_clear |= is_left_clear(tree, traf, track, &spans, movie);
            for by in spans.into_iter().filter(|span| span.count > 0).filter_map(|span| span.by) {
                let id = track.tfhd.track_id;
                if let Err(error) =
                    self.take_key(id, UsedKey { kid: by.kid, scheme: by.scheme, moof: tree.root().start })
                {
                    self.unknown_keys.get_or_insert(error);
                }
            }
        }
    }

    fn take_key(&mut self, track: u32, key: UsedKey) -> Result<()> {
        let keys = &mut self.tracks.entry(track, TrackTraces::default()).keys;
        // Mostly the one found last.
        if keys.iter().rev().any(|known| (known.kid, known.scheme) == (key.kid, key.scheme)) {
            return Ok(());
        }
        if keys.len() == limits::TRACK_KEYS {
            let message = format!("Track {track} has more than {} keys.", limits::TRACK_KEYS);
            return Err(Error::limit("too-many-keys", message).at(key.moof));
        }
        keys.push(key);
        Ok(())
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
