//! Faults of single boxes, and the paths by which the boxes at fault are found.

use crate::boxes::keys::track_id;
use crate::boxes::tree::path_segment;
use crate::boxes::{Tree, faults};
use crate::bytes::{Error, limits};

use super::contradictions;
use super::index::Index;
use super::top::Paths;

/// Adds the faults of the boxes of `tree`, but for those that are among the problems already: number
/// `noted` and after.
pub(super) fn find(index: &mut Index, tree: &Tree<'_>, noted: usize) {
    let mut contradictions = Vec::new();
    contradictions::find(index, tree, &mut |fault| contradictions.push(fault));
    let room = limits::PROBLEMS.saturating_sub(index.findings.len());
    index.findings.extend(contradictions.into_iter().take(room));
    let Index { problems, findings, moov, .. } = index;
    let known: Vec<u64> = problems.iter().skip(noted).filter_map(Error::box_start).collect();
    faults::find(tree, moov.as_ref(), &mut |fault| {
        let has_room = findings.len() < limits::PROBLEMS;
        if has_room && !fault.box_start().is_some_and(|start| known.contains(&start)) {
            findings.push(fault);
        }
        has_room
    });
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
    faults.sort_by_key(|fault| place(fault));
    let mut faults = faults.into_iter().peekable();
    let mut paths = Paths::default();
    for number in 0..top.len() {
        let Some(next) = faults.peek() else { return };
        let Some(found) = top.get(number) else { return };
        if place(next) >= found.end() {
            continue;
        }
        paths.go_to(top, number);
        let Some((found, segment)) = paths.next(top) else { return };
        while let Some(fault) = faults.next_if(|fault| place(fault) < found.end()) {
            let is_inside = place(fault) >= found.start;
            let outermost = path_segment(found.id, 0);
            let path = fault.path();
            let is_of_it = path.is_empty() || path == outermost || path.starts_with(&format!("{outermost}/"));
            if is_inside && is_of_it {
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
