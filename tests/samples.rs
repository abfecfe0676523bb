//! Samples as rows: what FFprobe says of its packets, what the boxes say of IVs, and what damaged files cannot break.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may panic"
)]

mod ahead;
mod always;
mod dependencies;
mod ffprobe;
mod groups;
mod inside;
mod over_time;
mod secrets;
mod text;

use std::rc::Rc;

use boxlock::bytes::Error;
use boxlock::samples::{Asked, Row, Samples, Stop};
use boxlock::track::Index;

use crate::support::drive::{self, Feed};

/// A file and its samples, with answers read from memory.
pub struct Looked<'f> {
    pub file: &'f [u8],
    pub index: Rc<Index>,
    pub samples: Samples,
    /// Bytes that were read.
    pub read: u64,
}

/// Questions that a single answer may take: more is a hang.
const MOST_STEPS: usize = 100_000;

impl<'f> Looked<'f> {
    pub fn open(file: &'f [u8]) -> Option<Self> {
        let session = drive::open(file, Feed::Whole).ok()?;
        let index = Rc::clone(session.index().ok()?);
        Some(Self { file, samples: Samples::new(Rc::clone(&index)), index, read: 0 })
    }

    pub fn ask<T>(&mut self, mut ask: impl FnMut(&mut Samples, &Index) -> Asked<T>) -> Result<T, Error> {
        let most = self.read + 3 * self.file.len() as u64;
        for _ in 0..MOST_STEPS {
            assert!(self.read <= most, "the same bytes are wanted again and again");
            match ask(&mut self.samples, &self.index) {
                Ok(answer) => return Ok(answer),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Busy) => {}
                Err(Stop::Wants(need)) => {
                    let start = usize::try_from(need.start).unwrap();
                    let end = start + usize::try_from(need.len).unwrap();
                    assert!(end <= self.file.len(), "bytes {start} to {end} are wanted, which are not there");
                    self.read += need.len;
                    self.samples.feed(need.start, self.file[start..end].to_vec());
                }
            }
        }
        panic!("no answer after {MOST_STEPS} steps");
    }

    /// IDs of all tracks that have samples.
    pub fn tracks(&mut self) -> Vec<u32> {
        let movie = self.index.movie.as_ref();
        let mut ids: Vec<u32> = movie.iter().flat_map(|movie| &movie.tracks).map(|track| track.id).collect();
        ids.extend(self.index.fragmented_tracks());
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| self.samples.count(*id) > 0);
        ids
    }

    /// All rows of a track, page by page, and what is wrong with them.
    pub fn rows(&mut self, track: u32) -> Result<(Vec<Row>, Vec<Error>), Error> {
        let (mut rows, mut problems): (Vec<Row>, Vec<Error>) = (Vec::new(), Vec::new());
        loop {
            let from = rows.len() as u64;
            let page = self.ask(|samples, _| samples.page(track, from, 1000))?;
            problems.extend(page.problems);
            if page.rows.is_empty() {
                return Ok((rows, problems));
            }
            rows.extend(page.rows);
        }
    }
}
