//! What is said of one file, and what a person asks of it.

use boxlock::report::{self, Problem, Summary, TrackReport};
use boxlock::session::Session;

use crate::support::drive::{self, Feed};

pub struct Said {
    pub summary: Summary,
    pub tracks: Vec<TrackReport>,
    session: Session,
    bytes: Vec<u8>,
}

impl Said {
    pub fn of(bytes: &[u8]) -> Self {
        let session = drive::open(bytes, Feed::Exact).unwrap_or_else(|error| panic!("{error}"));
        let index = session.index().unwrap();
        let (summary, tracks) = (report::summary(index, session.check()), report::tracks(index));
        Self { summary, tracks, session, bytes: bytes.to_vec() }
    }

    /// A box and its fields, as the page asks for them.
    pub fn view(&self, path: &str) -> boxlock::bytes::Result<report::BoxView> {
        let index = self.session.index().unwrap();
        let read = report::wanted(index, path)?.map_or(&[][..], |range| {
            let start = usize::try_from(range.start).unwrap();
            &self.bytes[start..start + usize::try_from(range.len).unwrap()]
        });
        report::box_view(index, path, read, &[], 0, 10_000)
    }

    /// Every problem's path leads to the box at its offset.
    pub fn finds_every_problem(&self) {
        for Problem { message, path, offset } in &self.summary.problems {
            let path = path.as_ref().unwrap_or_else(|| panic!("no path: {message}"));
            let node = self.view(path).unwrap_or_else(|error| panic!("{path}: {error} ({message})")).node;
            let at = offset.unwrap_or_else(|| panic!("no offset: {message}"));
            let inside = (node.start..=node.start + node.size).contains(&at);
            assert!(
                inside,
                "{path} is {} and {} bytes, but the problem is at {at}: {message}",
                node.start, node.size
            );
        }
    }
}
