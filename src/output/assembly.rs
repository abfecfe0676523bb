//! The output file in order: which pieces it consists of, and what can be known only when all have their place.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::boxes::edit::Kept;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Result};
use crate::fragmenter::check_items;
use crate::protect::Plan;
use crate::protect::periods::Periods;
use crate::protect::samples::FragmentTask;
use crate::protect::subsample::check_encrypted;
use crate::track::Index;
use crate::track::leftovers::is_system_header_type;
use crate::track::top::TopBox;

use super::change::touches_fragments;
use super::items::moved_locations;
use super::moved::Moved;
use super::movie::movie_edits;
use super::record::{file_type, keeps_file_type};
use super::segments::{Segments, is_index};

/// One piece of the output, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// These bytes.
    Bytes(Vec<u8>),
    /// `len` bytes of the source from `start` on.
    Copy {
        /// File offset in the source.
        start: u64,
        /// Bytes.
        len: u64,
    },
    /// A fragment to protect; its length is known when it is done.
    Fragment(FragmentTask),
    /// Nothing: what comes next is in a file of its own.
    File,
    /// The index at the end, to be asked for with [`Assembly::random_access`] when all before it is placed.
    RandomAccess,
}

/// Bytes to put over earlier ones, at an offset of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// File offset in the output.
    pub at: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Code of the error that says that segments cannot be files of their own.
const NOT_WHOLE: &str = "segment-not-whole";

/// Puts the output together: [`next`](Self::next) gives the pieces, [`placed`](Self::placed) takes their lengths in
/// the same order, [`patches`](Self::patches) at the end puts right what came too early.
#[derive(Debug)]
pub struct Assembly {
    index: Rc<Index>,
    /// The new file type, until it is given out.
    file_type: Option<Vec<u8>>,
    /// Where the source has its file type.
    type_at: Option<u64>,
    movie: Vec<u8>,
    /// Where the bytes of the movie header went that were kept.
    movie_kept: Rc<Kept>,
    /// Which fragments stay clear, and which keys the others have.
    periods: Periods,
    /// Next top-level box to give out.
    next_top: usize,
    /// Next fragment to give out.
    next_fragment: usize,
    /// Source offsets of pieces given out and not yet placed.
    awaiting: VecDeque<u64>,
    moved: Moved,
    position: u64,
    /// Whether anything will have to be put right at the end.
    is_patched: bool,
    /// Whether anything is protected.
    protects: bool,
    /// Whether what is protected stays so.
    keeps: bool,
    /// Whether fragments are copied as they are.
    are_copied: bool,
    /// What the record of the clear file says of most fragments.
    usual: Option<u8>,
    /// What an index in front of them lists, where one is asked for.
    segments: Option<Segments>,
    /// Whether it has been given out.
    is_index_out: bool,
    /// Where files of their own begin in the source, last first.
    files: Vec<u64>,
    /// Whether there are files of their own.
    are_apart: bool,
}

impl Assembly {
    /// Ready to give out the first piece. Fails when something that says where other bytes are could not be put right
    /// even if no fragment grew.
    /// `parts` is where those begin that the source was put together of, when it was.
    pub fn new(index: Rc<Index>, plan: &Plan, parts: &[u64]) -> Result<Self> {
        let mut trial = Self::begin(Rc::clone(&index), plan, parts)?;
        trial.place_all();
        let is_patched = !trial.moved_pointers()?.is_empty();
        if is_patched && plan.segments {
            let message = "This file has boxes that say where others are, across what would be files of their own. Choose \
                           one file.";
            return Err(Error::unsupported(NOT_WHOLE, message));
        }
        Ok(Self { is_patched, ..Self::begin(index, plan, parts)? })
    }

    /// Whether there will be [`patches`](Self::patches): bytes that are final only when all else is placed. Who cannot go
    /// back to them puts everything in its place twice, and has the patches from the first time.
    pub fn is_patched(&self) -> bool {
        self.is_patched
    }

    /// Gives out and places everything, fragments with the length they have in the source.
    fn place_all(&mut self) {
        while let Some(step) = self.next_step() {
            self.placed(match step {
                Step::Bytes(bytes) => len_u64(bytes.len()),
                Step::Copy { len, .. } => len,
                Step::Fragment(task) => task.end - task.start,
                Step::File => continue,
                Step::RandomAccess => self.index.mfra.as_ref().map_or(0, |mfra| mfra.root().header.size),
            });
        }
    }

    /// Where in the source the files begin that are written: one, or an initialization segment and media segments. To be asked
    /// for before the first piece.
    pub fn file_starts(&self) -> Vec<u64> {
        [0].into_iter().chain(self.files.iter().rev().copied()).collect()
    }

    fn begin(index: Rc<Index>, plan: &Plan, parts: &[u64]) -> Result<Self> {
        let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else {
            return Err(Error::file("no-moov", "This file has no movie header ('moov')."));
        };
        let (movie, movie_kept) = movie_edits(plan, moov, movie)?.apply_and_follow(moov);
        let movie_kept = Rc::new(movie_kept);
        let type_at = index.top.iter().find(|top| top.id.is(b"ftyp")).map(|top| top.start);
        Ok(Self {
            file_type: (!keeps_file_type(plan)).then(|| file_type(plan, &index)),
            type_at: type_at.filter(|_| !keeps_file_type(plan)),
            movie,
            movie_kept: Rc::clone(&movie_kept),
            periods: plan.periods.clone(),
            next_top: 0,
            next_fragment: 0,
            awaiting: VecDeque::new(),
            moved: Moved::new(Rc::clone(&index), movie_kept),
            position: 0,
            is_patched: false,
            protects: plan.protects(),
            keeps: plan.change.is_some(),
            are_copied: plan.change.as_ref().is_some_and(|change| !touches_fragments(change, &index)),
            usual: plan.usual,
            segments: plan.segment_index.then(|| Segments::of(&index)).transpose()?,
            is_index_out: false,
            files: if plan.segments { file_starts(&index, parts)? } else { Vec::new() },
            are_apart: plan.segments,
            index,
        })
    }

    /// The next piece; `None` after the last. Pieces may be made in any order and on any worker, but each must be
    /// [`placed`](Self::placed) in this order.
    pub fn next_step(&mut self) -> Option<Step> {
        let Some(top) = self.index.top.get(self.next_top) else { return self.trailing_bytes() };
        let mut source = top.start;
        if self.files.pop_if(|start| *start == top.start).is_some() {
            return Some(Step::File);
        }
        let step = if self.type_at.is_none_or(|at| at == top.start)
            && let Some(file_type) = self.file_type.take()
        {
            // In place of the old one; in front when there is none.
            self.next_top += usize::from(self.type_at.is_some());
            Step::Bytes(file_type)
        } else if self.index_goes(top.start) {
            self.is_index_out = true;
            // What is in it is known when all have their places.
            let len = self.segments.as_ref().map_or(0, Segments::index_len);
            Step::Bytes(vec![0; to_len(len)])
        } else if top.id.is(b"moov") {
            self.next_top += 1;
            Step::Bytes(self.movie.clone())
        } else if top.id.is(b"mfra") && !self.are_apart && self.index.mfra.is_some() {
            self.next_top += 1;
            Step::RandomAccess
        } else if let Some(task) = self.fragment_at(top.start) {
            self.skip_to(task.end);
            Step::Fragment(task)
        } else if self.is_left_out(&top) {
            self.next_top += 1;
            Step::Bytes(Vec::new())
        } else {
            source = top.start;
            let end = self.copy_until();
            Step::Copy { start: source, len: end - source }
        };
        self.awaiting.push_back(source);
        Some(step)
    }

    /// Adds to `tasks` the fragments that stand right behind the last of them, up to so many bytes and so many in all.
    pub fn next_fragments(&mut self, tasks: &mut Vec<FragmentTask>, max_len: u64, max_count: usize) {
        while let (Some(first), Some(last)) = (tasks.first(), tasks.last()) {
            let next = self.index.fragments.get(self.next_fragment);
            let fits = next.is_some_and(|next| next.start == last.end && next.end - first.start <= max_len);
            let is_between = self.are_apart || self.index_goes(last.end);
            if !fits
                || is_between
                || tasks.len() >= max_count
                || self.index.top.get(self.next_top).is_none_or(|top| top.start != last.end)
            {
                break;
            }
            let Some(Step::Fragment(task)) = self.next_step() else { break };
            tasks.push(task);
        }
    }

    /// Whether the index of all segments goes before the box at `start`.
    fn index_goes(&self, start: u64) -> bool {
        !self.is_index_out && self.segments.as_ref().is_some_and(|segments| segments.start() == start)
    }

    /// Whether a box has no place in the output.
    fn is_left_out(&self, top: &TopBox) -> bool {
        let (is_one, without) = (self.segments.is_some(), self.are_apart);
        (is_system_header_type(top.id) && !self.keeps)
            || self.index.cut == Some(top.start)
            // One that could not be read leads nowhere afterwards.
            || ((without || self.index.mfra.is_none()) && top.id.is(b"mfra"))
            || ((is_one || without) && is_index(&self.index, top))
    }

    /// The task for the next fragment, when it begins here.
    fn fragment_at(&mut self, start: u64) -> Option<FragmentTask> {
        if self.are_copied {
            return None;
        }
        let number = self.next_fragment;
        self.index.fragments.get(number).filter(|fragment| fragment.start == start)?;
        self.next_fragment += 1;
        let task = FragmentTask::numbered(number, &self.index, &self.periods)?;
        Some(FragmentTask { usual: self.usual, ..task })
    }

    fn skip_to(&mut self, end: u64) {
        while self.index.top.get(self.next_top).is_some_and(|top| top.start < end) {
            self.next_top += 1;
        }
    }

    /// Boxes that are copied as they are, as one piece up to the next that is not.
    fn copy_until(&mut self) -> u64 {
        let next = self.index.fragments.get(self.next_fragment).filter(|_| !self.are_copied);
        let next_fragment = next.map(|fragment| fragment.start);
        let mut end = 0;
        while let Some(top) = self.index.top.get(self.next_top) {
            let replaced = top.id.is(b"moov") || top.id.is(b"mfra") || self.type_at == Some(top.start);
            let begins = self.index_goes(top.start) || self.files.last() == Some(&top.start);
            if replaced || begins || self.is_left_out(&top) || next_fragment == Some(top.start) {
                break;
            }
            end = top.end();
            self.next_top += 1;
        }
        end
    }

    /// Bytes behind the last box, too few to be one.
    fn trailing_bytes(&mut self) -> Option<Step> {
        let end = self.index.top.end();
        let len = self.index.file_len.saturating_sub(end);
        if len == 0 || self.next_top > self.index.top.len() {
            return None;
        }
        self.next_top += 1;
        self.awaiting.push_back(end);
        Some(Step::Copy { start: end, len })
    }

    /// Says that the next piece in order is now in its place and `len` bytes long.
    pub fn placed(&mut self, len: u64) {
        if let Some(source) = self.awaiting.pop_front() {
            self.moved.push(source, self.position);
            self.position += len;
        }
    }

    /// Bytes of the output so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The `mfra` for [`Step::RandomAccess`]; all pieces before it must be placed.
    pub fn random_access(&self) -> Result<Vec<u8>> {
        match &self.index.mfra {
            Some(tree) => self.moved.random_access(tree),
            None => Err(Error::file("mfra-not-found", "The 'mfra' is not where its 'mfro' says.")),
        }
    }

    /// Puts right what stands before what it describes. To be asked for at the end; `protected` are the bytes that were
    /// encrypted in all, without which it is no protected file.
    pub fn patches(&self, protected: u64) -> Result<Vec<Patch>> {
        if self.protects {
            check_encrypted(protected)?;
        }
        self.moved_pointers()
    }

    /// What says where other bytes are: segment and subsegment indexes, and locations of items.
    fn moved_pointers(&self) -> Result<Vec<Patch>> {
        let mut patches = Vec::new();
        // A segment may end where the file does, which is where no piece begins.
        let mut moved = self.moved.clone();
        moved.push(self.index.file_len, self.position);
        if let Some(segments) = &self.segments {
            let at = moved.map(segments.start()).saturating_sub(segments.index_len());
            patches.push(Patch { at, bytes: segments.index(&moved)? });
        }
        for (start, sidx) in &self.index.segment_indexes {
            let found = self.index.top.at(*start).filter(|top| !self.is_left_out(top));
            let Some(top) = found else { continue };
            let bytes = moved.segment_index(&top, sidx)?;
            patches.push(Patch { at: moved.map(*start), bytes });
        }
        if !self.are_apart {
            patches.extend(moved.late_random_access()?.map(|(at, bytes)| Patch { at, bytes }));
        }
        for (start, ssix) in &self.index.subsegment_indexes {
            let behind = self.index.segment_indexes.partition_point(|(at, _)| at < start);
            let before = behind.checked_sub(1).and_then(|number| self.index.segment_indexes.get(number));
            let Some((sidx_start, sidx)) = before else { continue };
            let (Some(top), Some(index)) = (self.index.top.at(*start), self.index.top.at(*sidx_start)) else {
                continue;
            };
            if self.is_left_out(&top) {
                continue;
            }
            let bytes = moved.subsegment_index(&top, ssix, &index, sidx)?;
            patches.push(Patch { at: moved.map(*start), bytes });
        }
        for (tree, node) in self.index.item_locations() {
            let Some(bytes) = moved_locations(tree, node, &moved)? else { continue };
            let start = tree.root().start;
            let place = if tree.root().id().is(b"moov") {
                self.movie_kept.place(node.body_start())
            } else {
                Some(node.body_start() - start)
            };
            let place =
                place.ok_or_else(|| Error::file("missing-box", "An 'iloc' box was lost.").at(node.start))?;
            patches.push(Patch { at: moved.map(start) + place, bytes });
        }
        Ok(patches)
    }
}

/// Where media segments begin that go into files of their own, last first: the parts that the source was put together of,
/// or else its segments.
fn file_starts(index: &Index, parts: &[u64]) -> Result<Vec<u64>> {
    check_items(index)?;
    let mut starts: Vec<u64> = match parts {
        [] | [_] => Segments::of(index)?.starts().collect(),
        [_, segments @ ..] => segments.to_vec(),
    };
    let is_inside = |start: u64| {
        let behind = index.fragments.partition_point(|fragment| fragment.end <= start);
        index.fragments.get(behind).is_some_and(|fragment| fragment.start < start)
    };
    if let Some(start) =
        starts.iter().copied().find(|start| index.top.at(*start).is_none() || is_inside(*start))
    {
        let message = "A segment begins in the middle of a fragment, and would not be whole in a file of its own. Write one file.";
        return Err(Error::unsupported(NOT_WHOLE, message).at(start));
    }
    starts.reverse();
    Ok(starts)
}
