//! Checking an open file, without I/O: it says which bytes it needs, takes them, and tells what it found.

use std::rc::Rc;

use crate::boxes::Tree;
use crate::bytes::KeyId;
use crate::bytes::units::{len_u64, to_len};
use crate::track::index::FragmentEntry;
use crate::track::{Fragment, Index, Need};
use crate::verify::counters::Used;

use super::finding::{Findings, Found};
use super::rules::{self, FileRule};
use super::seen::Seen;
use super::tabled::{Look, Tabled};
use super::targets::{self, Answer};
use super::unread::Unread;
use super::{entries, fragment, headers, indexes, movie, samples};

/// Fragments of which samples are looked at too are the first of a file, and so many more, evenly among all.
const FIRST: usize = 4;
const MORE: usize = 12;
/// Larger ones are not, in bytes.
const LARGE: u64 = 8 << 20;
/// Bytes of samples that are looked at in all.
const MEDIA: u64 = 48 << 20;

/// A check that is under way.
#[derive(Debug)]
pub struct Checking {
    index: Rc<Index>,
    /// Of how many files it was put together.
    files: usize,
    /// Samples of the movie header, which come first.
    tabled: Tabled,
    /// The fragment that is next.
    number: usize,
    /// Bytes of samples that may still be looked at.
    left: u64,
    before: fragment::Before,
    seen: Seen,
    found: Findings,
}

/// What came of it.
#[derive(Debug)]
pub struct Checked {
    /// What was found, in the order of rules and then of the file.
    pub found: Vec<Found>,
    /// How many there are of each rule that is broken.
    pub counts: Vec<(&'static FileRule, u64)>,
    /// Why it does not play, target by target.
    pub answers: Vec<Answer>,
    /// The key IDs that samples are encrypted with, by number, and what was used of the stream of each.
    pub streams: (Vec<Option<KeyId>>, Vec<Used>),
}

impl Checking {
    /// Begins with what is known of an open file, which was put together of so many.
    pub fn new(index: Rc<Index>, files: usize) -> Self {
        let mut found = Findings::default();
        // Where samples stand is looked at fragment by fragment.
        let told = index
            .faults()
            .filter(|fault| fault.code() != rules::DATA_ELSEWHERE.rule.id || index.fragments.is_empty());
        let unread = Unread::of(&index);
        told.filter(|fault| !unread.hides_fault(&index, fault)).for_each(|fault| found.add_error(fault));
        found.unread = unread;
        movie::look(&index, &mut found);
        entries::look(&index, &mut found);
        headers::look(&index, &mut found);
        indexes::look(&index, &mut found);
        let mut new = Self {
            index,
            files,
            tabled: Tabled::default(),
            number: 0,
            left: MEDIA,
            before: fragment::Before::default(),
            seen: Seen::default(),
            found,
        };
        new.table(&[]);
        new
    }

    /// The bytes wanted next, which may be none when there is only more to go through; nothing at the end.
    pub fn needs(&self) -> Option<Need> {
        if let Some(need) = self.tabled.needs() {
            return Some(need);
        }
        let entry = self.index.fragments.get(self.number)?;
        let media = self.media(entry);
        Some(Need { start: entry.start, len: entry.moof_len + media })
    }

    /// File offset up to which it has come.
    pub fn position(&self) -> u64 {
        if let Some(need) = self.tabled.needs() {
            return need.start.min(self.index.file_len);
        }
        self.index.fragments.get(self.number).map_or(self.index.file_len, |entry| entry.start)
    }

    /// How many bytes behind a `moof` are wanted with it.
    fn media(&self, entry: &FragmentEntry) -> u64 {
        let step = (self.index.fragments.len() / MORE).max(1);
        let end = entry.end.min(self.index.file_len);
        let len = end.saturating_sub(entry.start + entry.moof_len);
        let is_one = self.number < FIRST || self.number.is_multiple_of(step);
        if is_one && len <= LARGE.min(self.left) { len } else { 0 }
    }

    /// Takes the bytes that were wanted, or more, or fewer where the file ends.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.tabled.needs().is_some() {
            self.table(bytes);
            return;
        }
        let Some(entry) = self.index.fragments.get(self.number).copied() else { return };
        let media = self.media(&entry);
        self.number += 1;
        self.left = self.left.saturating_sub(media);
        let at = to_len(entry.moof_len).min(bytes.len());
        let (moof, rest) = bytes.split_at(at);
        let rest = rest.get(..to_len(media.min(len_u64(rest.len())))).unwrap_or_default();
        let index = Rc::clone(&self.index);
        self.look(&index, &entry, moof, rest);
        index.parts(&entry).iter().for_each(|part| self.seen.pass(part.track_id, part.samples.into()));
    }

    /// Goes on through the samples of the movie header.
    fn table(&mut self, bytes: &[u8]) {
        let Self { index, left, seen, found, .. } = self;
        self.tabled.go_on(bytes, &mut Look { index, left, seen, found });
    }

    fn look(&mut self, index: &Index, entry: &FragmentEntry, moof: &[u8], rest: &[u8]) {
        // What cannot be read has been told.
        let Ok(tree) = Tree::of_all(moof, entry.start) else { return };
        let fragment = Fragment::read_all(&tree, index.movie.as_ref(), &mut Vec::new());
        let found = &mut self.found;
        let unread = found.unread;
        found.unread = unread.in_fragment(index, &tree);
        fragment::look(index, entry, &tree, &fragment, &mut self.before, found);
        let media = (entry.start + entry.moof_len, rest);
        samples::look(index, entry, &tree, &fragment, media, &mut self.seen, found);
        found.unread = unread;
    }

    /// What came of it, when all was given.
    pub fn finish(mut self) -> Checked {
        let streams = self.seen.streams();
        self.seen.finish(&mut self.found);
        let (mut found, counts) = self.found.finish(&self.index);
        for one in &mut found {
            one.place.time = one.place.time.or_else(|| time(&self.index, one));
        }
        let answers = targets::answers(&self.index, self.files, &found);
        Checked { found, counts, answers, streams }
    }
}

/// The time of a fragment in which something was found.
fn time(index: &Index, found: &Found) -> Option<f64> {
    let (offset, id) = (found.place.offset?, found.place.track?);
    let behind = index.fragments.partition_point(|fragment| fragment.start <= offset);
    let entry = index.fragments.get(behind.checked_sub(1)?)?;
    let part = index.parts(entry).iter().find(|part| part.track_id == id)?;
    let scale = index.movie.as_ref()?.track(id)?.timescale;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let time = part.decode_time as f64 / f64::from(scale);
    (scale > 0 && part.decode_time >= 0).then_some(time)
}
