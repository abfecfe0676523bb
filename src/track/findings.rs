//! Faults of single boxes, and the paths by which the boxes at fault are found.

use crate::boxes::keys::{KnownTrack, track_id};
use crate::boxes::tree::path_segment;
use crate::boxes::{Tree, faults};
use crate::bytes::units::{sort_pairs, to_len};
use crate::bytes::{Error, limits};

use super::contradictions;
use super::index::Index;
use super::movie::Movie;
use super::top::Paths;

/// Adds the faults of the boxes of `tree`, but for those that are noted already.
pub(super) fn find(index: &mut Index, tree: &Tree<'_>) {
    let mut contradictions = Vec::new();
    contradictions::find(index, tree, &mut |fault| contradictions.push(fault));
    let room = limits::PROBLEMS.saturating_sub(index.findings.len());
    index.findings.extend(contradictions.into_iter().take(room));
    let Index { problems, findings, moov, movie, .. } = index;
    // What was noted of this tree is at the end of either list.
    let mut known = Vec::new();
    for noted in [&*problems, findings] {
        let starts = noted.iter().rev().map(|fault| fault.box_start());
        known.extend(starts.map_while(|start| start.filter(|start| *start >= tree.root().start)));
    }
    let movie = movie.as_ref();
    faults::find(tree, moov.as_ref(), &|moov, id| find_track(movie, moov, id), &mut |fault| {
        let has_room = findings.len() < limits::PROBLEMS;
        if has_room && !fault.box_start().is_some_and(|start| known.contains(&start)) {
            findings.push(fault);
        }
        has_room
    });
}

/// A track of the movie header, found without going through all of them.
fn find_track<'t>(movie: Option<&Movie>, moov: &'t Tree<'_>, id: u32) -> Option<KnownTrack<'t>> {
    let track = movie?.track(id)?;
    let boxes = &moov.root().children;
    let place = boxes.binary_search_by_key(&track.start, |node| node.start).ok()?;
    let entry = track.defaults.map(|defaults| defaults.sample_description_index);
    Some(KnownTrack { trak: boxes.get(place)?, entry })
}

/// Completes the faults when all of the file is known.
pub(super) fn finish(index: &mut Index) {
    number_paths(index);
    name_tracks(index);
}

/// Puts the number of the top-level box into the path of every fault: `moof[3]/traf/trun`.
fn number_paths(index: &mut Index) {
    let Index { problems, findings, top, .. } = index;
    let mut faults: Vec<&mut Error> = problems.iter_mut().chain(findings).collect();
    let mut places: Vec<(u64, u64)> = faults.iter().map(|fault| place(fault)).zip(0..).collect();
    sort_pairs(&mut places);
    let mut places = places.into_iter().peekable();
    let mut paths = Paths::default();
    for number in 0..top.len() {
        let (Some((next, _)), Some(found)) = (places.peek(), top.get(number)) else { return };
        if *next >= found.end() {
            continue;
        }
        paths.go_to(top, number);
        let Some((found, segment)) = paths.next(top) else { return };
        let outermost = path_segment(found.id, 0);
        while let Some((place, fault)) = places.next_if(|(place, _)| *place < found.end()) {
            let Some(fault) = faults.get_mut(to_len(fault)) else { return };
            let path = fault.path();
            let inside = path.strip_prefix(&*outermost);
            let is_of_it =
                path.is_empty() || inside.is_some_and(|inside| inside.is_empty() || inside.starts_with('/'));
            if place >= found.start && is_of_it {
                change(fault, &mut |fault| fault.with_outermost(segment.clone()));
            }
        }
    }
}

fn change(fault: &mut Error, act: &mut dyn FnMut(Error) -> Error) {
    let old = core::mem::replace(fault, Error::file("", ""));
    *fault = act(old);
}

/// Puts track and time in front of the sentences of faults that are of one track: those of `traf` and `trak`.
fn name_tracks(index: &mut Index) {
    let mut faults = core::mem::take(&mut index.findings);
    for fault in &mut faults {
        if let Some(words) = track_words(index, fault) {
            change(fault, &mut |fault| fault.preceded_by(&words));
        }
    }
    index.findings = faults;
}

fn track_words(index: &Index, fault: &Error) -> Option<String> {
    let path = fault.path();
    let place = place(fault);
    let (_, inside) = path.split_once('/')?;
    if inside.starts_with("trak") {
        let moov = index.moov.as_ref()?;
        let mut tracks = moov.root().all(b"trak");
        let trak = tracks.find(|trak| (trak.start..trak.end()).contains(&place))?;
        return Some(format!("Track {}: ", track_id(moov, trak)?));
    }
    let number = inside.split('/').next()?.strip_prefix("traf")?;
    let number = number.strip_prefix('[').and_then(|number| number.strip_suffix(']')).unwrap_or("0");
    let behind = index.fragments.partition_point(|fragment| fragment.start <= place);
    let fragment = index.fragments.get(behind.checked_sub(1)?)?;
    let part = index.parts(fragment).get(number.parse::<usize>().ok()?)?;
    let track = index.movie.as_ref()?.track(part.track_id)?;
    Some(index.place(track, place))
}

/// Where the box at fault begins, or, where that is not known, the byte.
fn place(fault: &Error) -> u64 {
    fault.box_start().or(fault.offset()).unwrap_or(u64::MAX)
}
