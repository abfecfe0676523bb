//! Faults of single boxes: they stand in nobody's way, but are told.

use crate::boxes::keys::track_id;
use crate::boxes::movie::SampleToChunk;
use crate::boxes::{Node, Tree, faults};
use crate::bytes::units::to_len;
use crate::bytes::{Error, limits};

use super::index::Index;

/// The faults of the boxes of `tree`, without paths: what cannot be read, and what cannot be.
pub(super) fn find(tree: &Tree<'_>, moov: Option<&Tree<'_>>) -> Vec<Error> {
    let mut found = Vec::new();
    faults::find(tree, moov, &mut |fault| {
        found.push(fault.as_note());
        found.len() < limits::PROBLEMS
    });
    for trak in tree.root().all(b"trak") {
        let table = trak.descend(&[b"mdia", b"minf", b"stbl"]);
        found.extend(table.and_then(|stbl| missing_entry(tree, stbl)));
    }
    found
}

/// A sample table whose samples are described by an entry that is not there.
fn missing_entry(tree: &Tree<'_>, stbl: &Node) -> Option<Error> {
    let (entries, stsc) = (stbl.child(b"stsd")?.children.len(), stbl.child(b"stsc")?);
    let runs = tree.read::<SampleToChunk>(stsc).ok()?.entries.entries;
    let is_missing = |used: &u32| *used == 0 || to_len((*used).into()) > entries;
    let used =
        runs.iter().map(|run| run.sample_description_index).find(is_missing).filter(|_| entries > 0)?;
    let message = format!(
        "Samples use sample entry {used}, but the track has {entries}, counted from 1: no player can decode them. Have the \
         file written anew."
    );
    Some(Error::file("bad-sample-entry", message).as_note().at(stsc.start))
}

/// Puts track and time in front of the sentences that say what is wrong with a box of one track.
pub(super) fn name_tracks(index: &mut Index) {
    let mut problems = core::mem::take(&mut index.problems);
    for problem in problems.iter_mut().filter(|problem| problem.is_note()) {
        if !problem.message().contains("rack ")
            && let Some(words) = track_words(index, problem)
        {
            *problem = problem.clone().preceded_by(&words);
        }
    }
    index.problems = problems;
}

fn track_words(index: &Index, problem: &Error) -> Option<String> {
    let (path, place) = (problem.path(), problem.offset()?);
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
