//! The plan in words, before anything is encrypted: which boxes come, change and go, and how much is added.

use crate::boxes::header::{BoxId, four};
use crate::boxes::{piff, registry};
use crate::bytes::Result;
use crate::bytes::units::len_u64;
use crate::protect::{Plan, Profile};
use crate::track::Index;
use crate::track::index::FragmentPart;

use super::movie::{protected_file_type, protected_movie};

/// What happens to a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It appears.
    Add,
    /// It changes in place.
    Change,
}

impl Action {
    /// The name in the public module.
    pub fn name(self) -> &'static str {
        match self {
            Action::Add => "add",
            Action::Change => "change",
        }
    }
}

/// One kind of box that the plan touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBox {
    /// Path of the box around it; empty at top level.
    pub parent: &'static str,
    /// What kind of box.
    pub id: BoxId,
    /// Human name.
    pub name: &'static str,
    /// What happens to it.
    pub action: Action,
    /// How many of them.
    pub count: usize,
    /// Why, in a few words.
    pub why: &'static str,
}

/// The boxes that a plan touches, in file order.
pub fn planned_boxes(index: &Index, plan: &Plan) -> Vec<PlannedBox> {
    let hybrid = plan.profile == Profile::Hybrid;
    let protected = |id: u32| plan.protected(id).is_some();
    let tracks = plan.tracks.iter().filter(|track| track.rules.is_some());
    let entries: usize = tracks.filter_map(|track| track.rules.as_ref()).map(Vec::len).sum();
    let trafs = index.all_parts().iter().filter(|part| protected(part.track_id)).count();
    let all_trafs = index.all_parts().len();
    let mut list = Vec::new();
    let mut push = |parent, id, action, count, why| {
        if count > 0 {
            list.push(PlannedBox { parent, id, name: registry::lookup(id, None).name(), action, count, why });
        }
    };
    let type_action = if index.file_type.is_some() { Action::Change } else { Action::Add };
    push("", four(b"ftyp"), type_action, 1, "brands say what the file has become");
    if hybrid {
        push("moov", four(b"pssh"), Action::Add, 2, "the PlayReady header, and the key ID for browsers");
    }
    push("moov", piff::PROTECTION_SYSTEM, Action::Add, 1, "the PlayReady header for PIFF players");
    push(
        "moov/trak/…/stsd",
        four(b"sinf"),
        Action::Add,
        entries,
        "scheme, key ID and what the entry was before",
    );
    if hybrid {
        push("moof/traf", four(b"tfdt"), Action::Add, all_trafs, "decode times, which browsers need");
        push("moof/traf", four(b"saiz"), Action::Add, trafs, "sizes of the IVs and subsample maps");
        push("moof/traf", four(b"saio"), Action::Add, trafs, "where the IVs stand");
        push("moof/traf", four(b"senc"), Action::Add, trafs, "IVs and subsample maps");
    }
    push("moof/traf", piff::SAMPLE_ENCRYPTION, Action::Add, trafs, "IVs and subsample maps for PIFF players");
    push("moof/traf", four(b"trun"), Action::Change, all_trafs, "data offsets move");
    push("", four(b"mdat"), Action::Change, index.fragments.len(), "samples are encrypted; sizes stay");
    push("", four(b"sidx"), Action::Change, index.segment_indexes.len(), "sizes of the segments");
    push("", four(b"mfra"), Action::Change, usize::from(index.mfra.is_some()), "offsets of the fragments");
    list
}

/// Bytes by which everything but the fragments grows. Exact: the index boxes keep their lengths unless an offset
/// outgrows 32 bits.
pub fn fixed_growth(index: &Index, plan: &Plan) -> Result<i64> {
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return Ok(0) };
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let movie_growth =
        signed(len_u64(protected_movie(plan, moov, movie)?.len())) - signed(moov.root().header.size);
    let old_type = index.top.iter().find(|top| top.id.is(b"ftyp")).map_or(0, |top| top.size);
    let new_type = len_u64(protected_file_type(plan.profile, index.file_type.as_ref()).len());
    Ok(movie_growth + signed(new_type) - signed(old_type))
}

/// A few words on a fragment: its tracks and samples.
pub fn fragment_note(index: &Index, parts: &[FragmentPart]) -> String {
    let mut words = Vec::new();
    for part in parts {
        let kind =
            index.movie.as_ref().and_then(|movie| movie.track(part.track_id)).map(|track| track.handler);
        let kind = kind.map_or("", crate::boxes::movie::handler_name);
        let samples = if part.samples == 1 { "sample" } else { "samples" };
        words.push(format!("track {} {kind}, {} {samples}", part.track_id, part.samples).replace(" ,", ","));
    }
    words.join(" · ")
}
