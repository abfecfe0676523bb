//! What a file and its tracks are protected with already. What is not known is not called clear.

use serde::Serialize;

use crate::boxes::systems::system_name;
use crate::bytes::{FourCc, KeyId};
use crate::track::{Index, SampleEntry, Track};

use super::difference::{Statement, statements};

/// How a track is protected already: there is none where it is plain that it is clear.
#[derive(Clone, Debug, Serialize)]
pub struct TrackProtection {
    /// Whether it is certain that samples are encrypted.
    pub certain: bool,
    /// Scheme; `None` where the file does not say.
    pub scheme: Option<String>,
    /// Key ID of all samples that no group says otherwise of, as UUID text. All zero it stands for another.
    pub kid: Option<String>,
    /// Every key ID of the track, those of groups of samples among them.
    pub kids: Vec<String>,
}

/// What a file is protected with already: there is none where it is plain that all of it is clear.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryProtection {
    /// Whether it is certain that samples are encrypted.
    pub certain: bool,
    /// Scheme; `None` where the file does not say.
    pub scheme: Option<String>,
    /// DRM systems by name.
    pub systems: Vec<String>,
    /// Key IDs as UUID texts.
    pub kids: Vec<String>,
    /// Whether keys change along the way.
    pub rotates: bool,
    /// What the movie header says of it.
    pub says: Vec<Statement>,
    /// The PlayReady header; empty where it has none.
    pub header_xml: String,
}

/// What is known of one track.
struct Known {
    certain: bool,
    scheme: Option<FourCc>,
    kid: Option<KeyId>,
    kids: Vec<KeyId>,
}

/// What the track of this ID is protected with; `track` is what the movie header says of it.
fn known(index: &Index, id: u32, track: Option<&Track>) -> Option<Known> {
    let traces = index.traces.of(id);
    let mut grouped = traces.map(|traces| traces.kids.clone()).unwrap_or_default();
    let entries = track.map(|track| &*track.entries).unwrap_or_default();
    let protection = track.and_then(Track::protection);
    // Lists of IVs may name other keys than their track does (PIFF 1.1 5.3.2).
    let default = protection.and_then(|protection| protection.kid);
    let used = traces.into_iter().flat_map(|traces| &traces.keys).filter_map(|key| key.kid);
    grouped.extend(used.filter(|kid| Some(*kid) != default));
    let by_entry = entries.iter().any(SampleEntry::is_protected);
    let by_group = protection.is_some() && !grouped.is_empty();
    let lists_ivs = traces.is_some_and(|traces| traces.lists_ivs);
    // Of a segment alone nothing else can be known.
    let alone = index.moov.is_none() && lists_ivs;
    let certain = by_entry || by_group || alone;
    // When none of its fragments can be read, no IVs would have been seen.
    let unread = index.totals(id).samples + track.map_or(0, |track| track.table.samples) == 0
        && index.problems.iter().any(|problem| problem.path().starts_with("moof"));
    if !certain && !unread && !entries.is_empty() && !lists_ivs && grouped.is_empty() {
        return None;
    }
    let kid = protection.and_then(|protection| protection.kid);
    let mut kids: Vec<KeyId> = kid.into_iter().filter(|kid| kid.0 != [0; 16]).collect();
    for one in grouped {
        if one.0 != [0; 16] && !kids.contains(&one) {
            kids.push(one);
        }
    }
    let scheme = protection.map(|protection| protection.scheme).filter(|scheme| scheme.0 != [0; 4]);
    Some(Known { certain, scheme, kid, kids })
}

/// What the track of this ID is protected with.
pub(super) fn of_track(index: &Index, id: u32, track: Option<&Track>) -> Option<TrackProtection> {
    let known = known(index, id, track)?;
    Some(TrackProtection {
        certain: known.certain,
        scheme: known.scheme.map(FourCc::text),
        kid: known.kid.map(KeyId::uuid),
        kids: known.kids.into_iter().map(KeyId::uuid).collect(),
    })
}

/// What the file is protected with.
pub(super) fn of_file(index: &Index) -> Option<SummaryProtection> {
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks);
    let mut all: Vec<Known> = tracks.filter_map(|track| known(index, track.id, Some(track))).collect();
    let of_none = |id: &u32| index.movie.as_ref().is_none_or(|movie| movie.track(*id).is_none());
    all.extend(index.fragmented_tracks().filter(of_none).filter_map(|id| known(index, id, None)));
    let mut systems = Vec::new();
    for system in index.movie.iter().flat_map(|movie| &movie.systems).chain(&index.traces.systems) {
        let name = system_name(system).map_or_else(|| system.to_string(), str::to_owned);
        if !systems.contains(&name) {
            systems.push(name);
        }
    }
    // A movie header that is missing, or cut short before its tracks, could say anything.
    let unseen = index.movie.as_ref().is_none_or(|movie| movie.tracks.is_empty()) && index.metas.is_empty();
    if all.is_empty() && !unseen {
        return None;
    }
    let mut kids: Vec<KeyId> = Vec::new();
    for kid in all.iter().flat_map(|known| &known.kids) {
        if !kids.contains(kid) {
            kids.push(*kid);
        }
    }
    if kids.is_empty() {
        // A placeholder is better than nothing.
        kids.extend(all.iter().find_map(|known| known.kid));
    }
    let certain = all.iter().find(|known| known.certain);
    let (says, header_xml) = match (&index.moov, &index.movie) {
        (Some(moov), Some(movie)) => statements(moov, movie),
        _ => Default::default(),
    };
    Some(SummaryProtection {
        certain: certain.is_some(),
        scheme: all.iter().find_map(|known| known.scheme).map(FourCc::text),
        systems,
        kids: kids.into_iter().map(KeyId::uuid).collect(),
        rotates: all.iter().any(|known| known.kids.len() > 1),
        says,
        header_xml,
    })
}
