//! What is said of sample entries: codec string, name, channels, rate and size; from made entries of every kind, from
//! the small cases after public reports, and over the whole corpus against FFprobe.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod against_ffprobe;
mod cases;
mod encrypted;
mod made;
mod sound;
mod video;

use boxlock::boxes::Tree;
use boxlock::track::{Movie, SampleEntry};

/// A track's ID and sample entries.
type Entries = Vec<(u32, Vec<SampleEntry>)>;

/// The sample entries of all tracks of every movie header in the file.
fn entries(file: &[u8]) -> Entries {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(head) = file.get(at..at + 8) {
        let mut size = u64::from(u32::from_be_bytes(head[..4].try_into().unwrap()));
        if size == 1 {
            let Some(long) = file.get(at + 8..at + 16) else { break };
            size = u64::from_be_bytes(long.try_into().unwrap());
        }
        let end = if size == 0 {
            file.len()
        } else {
            at.saturating_add(usize::try_from(size).unwrap_or(usize::MAX))
        };
        if &head[4..] == b"moov"
            && let Some(bytes) = file.get(at..end)
            && let Ok(tree) = Tree::parse(bytes, at as u64)
        {
            found.extend(of_movie(&tree));
        }
        if end <= at {
            break;
        }
        at = end;
    }
    found
}

fn of_movie(tree: &Tree<'_>) -> Entries {
    let movie = Movie::read(tree, &mut Vec::new());
    movie.tracks.into_iter().map(|track| (track.id, track.entries)).collect()
}
