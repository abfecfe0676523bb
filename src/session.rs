//! Rank 9: one opened file, or several that become one, without I/O: it says which bytes it needs, takes them, and answers.
//!
//! ```text
//! let mut session = Session::new(file_len)?;
//! while let Some(need) = session.needs() { session.feed(need.start, &read(need))?; }
//! let plan = session.plan(request)?;
//! let mut assembly = session.assemble(&plan)?;
//! while let Some(step) = assembly.next_step() { … }
//! ```

use std::cell::OnceCell;
use std::rc::Rc;

use crate::boxes::record::ClearFile;
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use crate::fragmenter::{Begin, Fragmented, Merged, Opened, Piece, in_file};
use crate::manifest::{DescribedFile, describe};
use crate::output::summary::Origin;
use crate::output::{Assembly, change, record};
use crate::protect::change::ChangeWishes;
use crate::protect::check::{
    check_file, check_mergeable, check_plan, check_readable, check_sound, check_structure,
};
use crate::protect::evidence::{self, Evidence};
use crate::protect::samples::FragmentTask;
use crate::protect::trial::Trial;
use crate::protect::{Plan, Request, SourceKeys};
use crate::track::{Index, Indexer, Need};

/// A file that is opened.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, for sentences.
    pub name: String,
    /// Bytes.
    pub len: u64,
}

#[derive(Debug)]
enum State {
    Opening(Box<Opening>),
    Open(Rc<Index>),
    /// An error ended it; what the indexer knew cannot be trusted.
    Failed(Error),
}

/// Files being opened, one after the other.
#[derive(Debug)]
struct Opening {
    indexer: Indexer,
    /// Where the file that is read stands among those of all files.
    base: u64,
    /// All files.
    sources: Vec<Source>,
    /// Those that are open.
    opened: Vec<Opened>,
    /// What makes one of several; none where there is one. By a pointer, so that a program that opens single files alone has
    /// none of it in it.
    join: Option<Join>,
}

type Join = fn(Vec<Opened>) -> Result<Merged>;

impl Opening {
    fn name(&self) -> &str {
        self.sources.get(self.opened.len()).map_or("", |source| &source.name)
    }

    /// Takes bytes from `start` on, counted over all files.
    fn feed(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let here = self.base.saturating_sub(start);
        let len = self.indexer.index().file_len;
        let start = start.saturating_sub(self.base);
        let bytes = bytes.get(to_len(here)..).unwrap_or_default();
        // What is behind it is of the next file.
        let end = to_len(len.saturating_sub(start)).min(bytes.len());
        self.indexer
            .feed(start, bytes.get(..end).unwrap_or_default())
            .map_err(|error| if self.join.is_some() { self.blame(error) } else { error })
    }

    fn blame(&self, error: Error) -> Error {
        in_file(error, self.name(), self.base)
    }
}

/// How what is protected is made of what is opened.
#[derive(Debug)]
enum Made {
    /// A file with samples in its movie header as a fragmented one.
    Fragmented(Fragmented, Rc<Index>),
    /// Several files as one.
    Merged(Merged),
}

/// One file, or several that become one, being opened or open.
#[derive(Debug)]
pub struct Session {
    state: State,
    evidence: Evidence,
    /// Of a plain file once that is asked for, of several when they are open; of a fragmented file never.
    made: OnceCell<Made>,
    /// Where the parts begin that the file was put together of, when it was.
    parts: Vec<u64>,
    begin: Option<Begin>,
}

/// Most fragments looked at when boxes of an earlier encryption raise doubts.
const LOOKS: usize = 4;

impl Session {
    /// A session for a file of `file_len` bytes.
    pub fn new(file_len: u64) -> Result<Self> {
        Ok(Self { begin: Some(Merged::begun), ..Self::looking(file_len)? })
    }

    /// A session for a file of `file_len` bytes that is only looked at. Of one that begins as a plain one and goes on in
    /// fragments nothing can be written by it.
    pub fn looking(file_len: u64) -> Result<Self> {
        Self::of(vec![Source { name: String::new(), len: file_len }], None)
    }

    /// A session for several files that become one. Their bytes are counted as if one stood behind the other.
    pub fn merging(sources: Vec<Source>) -> Result<Self> {
        let join: Option<Join> = if sources.len() > 1 { Some(Merged::new) } else { None };
        Ok(Self { begin: Some(Merged::begun), ..Self::of(sources, join)? })
    }

    fn of(sources: Vec<Source>, join: Option<Join>) -> Result<Self> {
        let Some(first) = sources.first() else {
            return Err(Error::caller("no-files", "", "There are no files to open."));
        };
        let state = match Indexer::new(first.len) {
            Ok(indexer) => Opening { indexer, base: 0, sources, opened: Vec::new(), join },
            Err(error) if join.is_some() => return Err(in_file(error, &first.name, 0)),
            Err(error) => return Err(error),
        };
        Ok(Self {
            state: State::Opening(Box::new(state)),
            evidence: Evidence::new(),
            made: OnceCell::new(),
            parts: Vec::new(),
            begin: None,
        })
    }

    /// Says that the file is an initialization segment and media segments, one behind the other, and where each begins.
    #[must_use]
    pub fn joined(self, parts: Vec<u64>) -> Self {
        Self { parts, ..self }
    }

    /// Of how many files it was put together, one behind the other.
    pub fn part_count(&self) -> usize {
        self.parts.len().max(1)
    }

    /// The bytes wanted next; `None` when the file is open.
    pub fn needs(&self) -> Option<Need> {
        match &self.state {
            State::Opening(opening) => opening
                .indexer
                .needs()
                .map(|need| Need { start: opening.base.saturating_add(need.start), ..need }),
            State::Open(_) | State::Failed(_) => None,
        }
    }

    /// File offsets of fragments that will probably be wanted, track by track. Known once the first byte of a file is
    /// wanted.
    pub fn expected(&self) -> Vec<u64> {
        match &self.state {
            State::Opening(opening) => {
                let all = opening.indexer.expected().into_iter();
                all.map(|start| opening.base.saturating_add(start)).collect()
            }
            State::Open(_) | State::Failed(_) => Vec::new(),
        }
    }

    /// Takes bytes from file offset `start` on: at least those wanted, more are welcome. After an error the session
    /// is of no further use, and says the same error again.
    pub fn feed(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let result = match &mut self.state {
            State::Opening(opening) => opening.feed(start, bytes),
            State::Open(_) => Ok(()),
            State::Failed(error) => Err(error.clone()),
        };
        let result = result.and_then(|()| self.end_file());
        if let Err(error) = &result {
            self.state = State::Failed(error.clone());
        }
        result
    }

    /// Goes on to the next file when one is read, and is open when all are.
    fn end_file(&mut self) -> Result<()> {
        if !matches!(&self.state, State::Opening(opening) if opening.indexer.needs().is_none()) {
            return Ok(());
        }
        // The placeholder is gone again before anyone can see it.
        let done = std::mem::replace(&mut self.state, State::Failed(not_open()));
        let State::Opening(done) = done else { return Ok(()) };
        let Opening { indexer, base, sources, mut opened, join } = *done;
        let index = Rc::new(indexer.finish());
        let (Some(source), Some(merge)) = (sources.get(opened.len()), join) else {
            self.state = State::Open(index);
            return Ok(());
        };
        check_mergeable(&index).map_err(|error| in_file(error, &source.name, base))?;
        let end = base.saturating_add(source.len);
        opened.push(Opened { name: source.name.clone(), base, index });
        if let Some(next) = sources.get(opened.len()) {
            let indexer = Indexer::new(next.len).map_err(|error| in_file(error, &next.name, end))?;
            self.state = State::Opening(Box::new(Opening { indexer, base: end, sources, opened, join }));
            return Ok(());
        }
        let merged = merge(opened)?;
        self.state = State::Open(Rc::clone(merged.index()));
        self.made = OnceCell::from(Made::Merged(merged));
        Ok(())
    }

    /// File offset up to which opening has come.
    pub fn position(&self) -> u64 {
        match &self.state {
            State::Opening(opening) => opening.base + opening.indexer.position(),
            State::Open(index) => index.file_len,
            State::Failed(_) => 0,
        }
    }

    /// Which of the bytes given last tell of fragments alone, and are enough to open the file again; see
    /// [`Indexer::of_fragments`]. None once it is open.
    pub fn of_fragments(&self) -> Vec<Need> {
        match &self.state {
            State::Opening(opening) => {
                let used = opening.indexer.of_fragments().iter();
                used.map(|&Need { start, len }| Need { start: opening.base.saturating_add(start), len })
                    .collect()
            }
            State::Open(_) | State::Failed(_) => Vec::new(),
        }
    }

    /// What is known of the file that is being opened, so far.
    pub fn so_far(&self) -> Option<&Index> {
        match &self.state {
            State::Opening(opening) => Some(opening.indexer.index()),
            State::Open(_) | State::Failed(_) => None,
        }
    }

    /// What is known of the file, once it is open.
    pub fn index(&self) -> Result<&Rc<Index>> {
        match &self.state {
            State::Open(index) => Ok(index),
            State::Opening(_) => Err(not_open()),
            State::Failed(error) => Err(error.clone()),
        }
    }

    /// What is protected: the file, or, of a plain one, the fragmented file that is made of it. Offsets in it are those
    /// of the file that is made; [`pieces`](Self::pieces) says where its bytes come from.
    pub fn work(&self) -> Result<&Rc<Index>> {
        let index = self.index()?;
        if self.made.get().is_none() && index.samples_in_tables() > 0 {
            check_sound(index)?;
            let (fragmented, work) = Fragmented::new(Rc::clone(index), self.begin)?;
            self.made.get_or_init(|| Made::Fragmented(fragmented, work));
        }
        Ok(match self.made.get() {
            Some(Made::Fragmented(_, work)) => work,
            Some(Made::Merged(_)) | None => index,
        })
    }

    /// Where `len` bytes of what is protected, from `start` on, come from.
    pub fn pieces(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        match self.made.get() {
            Some(Made::Fragmented(fragmented, _)) => fragmented.pieces(start, len),
            Some(Made::Merged(merged)) => merged.pieces(start, len),
            None => Ok(vec![Piece::Found { start, len }]),
        }
    }

    /// Whether what is protected stands nowhere as it is: a plain file is fragmented on the way, several become one.
    pub fn is_made(&self) -> bool {
        self.made.get().is_some()
    }

    /// Where what is protected comes from.
    pub fn origin(&self) -> Origin {
        match self.made.get() {
            Some(Made::Fragmented(_, work)) => {
                let known = self.index().map_or(0, |index| index.fragments.len());
                Origin::Fragmented { made: work.fragments.len() - known }
            }
            Some(Made::Merged(_)) => Origin::Merged,
            None => Origin::Found,
        }
    }

    /// Several files as the one that is made of them.
    pub fn merged(&self) -> Option<&Merged> {
        match self.made.get() {
            Some(Made::Merged(merged)) => Some(merged),
            Some(Made::Fragmented(..)) | None => None,
        }
    }

    /// What manifests say of the file, under this name.
    ///
    /// # Errors
    /// Those of [`describe`], and `merge-unwritten` of several files that become one: that one stands nowhere yet.
    pub fn describe(&self, name: &str) -> Result<DescribedFile> {
        let index = self.index()?;
        if self.merged().is_some() {
            let message = "Several files are open that become one, and manifests are of files that stand somewhere: write the one file, \
                           open it, and have its manifests written.";
            return Err(Error::unsupported("merge-unwritten", message));
        }
        describe(index, name)
    }

    /// Fails when the file cannot be protected.
    pub fn check(&self) -> Result<()> {
        self.check_for(true, false, false)
    }

    /// Fails when the file cannot be written anew, or, where it `protects`, not be protected. What is protected already may
    /// be where that `is_known`: it is decrypted on the way, or stays so. `alone` is for an initialization segment.
    fn check_for(&self, protects: bool, is_known: bool, alone: bool) -> Result<()> {
        if !is_known {
            let checked = check_readable(self.index()?);
            checked.map_err(|error| if self.merged().is_some() { self.in_source(error) } else { error })?;
        }
        let work = self.work()?;
        let structure = check_structure(work, alone);
        let checked = if protects { structure.and_then(|()| check_file(work)) } else { structure };
        checked.map_err(|error| self.in_source(error))?;
        match self.made.get() {
            // What follows the beginning stays as it is.
            Some(Made::Fragmented(..)) if !self.index()?.fragments.is_empty() => {
                check_structure(self.index()?, alone)
            }
            _ => Ok(()),
        }
    }

    /// An error in what is protected with its offset in the source.
    fn in_source(&self, error: Error) -> Error {
        if !self.is_made() {
            return error;
        }
        let moov = self.index().ok().and_then(|index| Some(index.moov.as_ref()?.root().start));
        // What is made is made of what stands there.
        error.moved(&|offset| self.pieces(offset, 1).ok()?.first()?.start().or(moov))
    }

    /// A task for what is protected, and what the bytes of its fragment are made of.
    pub fn with_pieces(&self, task: FragmentTask) -> Result<(FragmentTask, Vec<Piece>)> {
        let len = task.end - task.start;
        let (edits, pieces) = match self.made.get() {
            Some(Made::Fragmented(fragmented, _)) => fragmented.fragment(task.start, len)?,
            Some(Made::Merged(merged)) => merged.fragment(task.start)?,
            None => {
                let pieces = self.pieces(task.start, len)?;
                return Ok((task, pieces));
            }
        };
        let task = FragmentTask { edits, ..task };
        Ok((task.made_of(pieces.iter().map(|piece| (piece.start(), piece.size()))), pieces))
    }

    /// The fragments from number `number` on that stand side by side, up to so many bytes and so many; a larger one alone.
    pub fn neighbours(&self, number: usize, max_len: u64, max_count: usize) -> Result<Vec<FragmentTask>> {
        let index = self.work()?;
        let mut tasks: Vec<FragmentTask> = Vec::new();
        for fragment in index.fragments.iter().skip(number).take(max_count) {
            let start = tasks.first().map_or(fragment.start, |first| first.start);
            let is_next =
                tasks.last().is_none_or(|last| last.end == fragment.start && fragment.end - start <= max_len);
            if !is_next {
                break;
            }
            tasks.push(FragmentTask::new(index, fragment));
        }
        Ok(tasks)
    }

    /// Decides how to protect the file. Fails when it cannot be protected as asked.
    pub fn plan(&self, request: Request) -> Result<Plan> {
        let decrypts = !request.source_keys.is_empty();
        let changes = request.change.is_some();
        let alone = request.change.as_ref().is_some_and(ChangeWishes::is_of_headers) && !request.segments;
        self.check_for(request.scheme.protects(), decrypts || changes, alone)?;
        let becomes =
            decrypts || self.is_made() || self.parts.len() > 1 || request.segment_index || request.segments;
        if !request.scheme.protects() && !becomes && !changes {
            let message = "This file is fragmented already: without protection there is nothing to do.";
            return Err(Error::caller("nothing-to-do", "scheme", message));
        }
        let index = self.work()?;
        let movie = index.movie.as_ref().ok_or_else(not_open)?;
        if !request.remove_leftovers && !changes {
            evidence::ask(index, movie, &self.evidence)?;
        }
        let by_name = request.tracks.is_some();
        let mut plan = Plan::new(index.identity(), movie, request).map_err(|error| self.in_source(error))?;
        plan.undo(index).map_err(|error| self.in_source(error))?;
        plan.doubt_orders(index);
        check_plan(index, movie, &plan, by_name)?;
        plan.lay_out(index)?;
        change::settle(&mut plan, index).map_err(|error| self.in_source(error))?;
        plan.record = record::record(&plan, index);
        // What stays protected has it of its fragments already, where it is known.
        let is_known = changes && movie.record.as_ref().is_some_and(|old| old.usual().is_some());
        plan.usual = plan.record.as_ref().and_then(ClearFile::usual).filter(|_| !is_known);
        plan.file_count = Assembly::new(Rc::clone(index), &plan, &self.parts)?.file_starts().len();
        Ok(plan)
    }

    /// The fragments worth looking at when boxes of an earlier encryption raise doubts: give the bytes of each to
    /// [`look`](Self::look) before planning.
    pub fn doubtful(&self) -> Result<Vec<FragmentTask>> {
        let index = self.work()?;
        let mut moofs: Vec<u64> =
            index.leftovers.tracks.iter().filter_map(|left| left.doubtful_moof).collect();
        moofs.dedup();
        let fragments = moofs.into_iter().filter_map(|start| index.fragment_at(start)).take(LOOKS);
        Ok(fragments.map(|fragment| FragmentTask::new(index, fragment)).collect())
    }

    /// Looks at a fragment of [`doubtful`](Self::doubtful); `bytes` are those of its range.
    pub fn look(&mut self, task: &FragmentTask, bytes: &mut [u8]) -> Result<()> {
        let index = Rc::clone(self.work()?);
        let movie = index.movie.as_ref().ok_or_else(not_open)?;
        evidence::look(&mut self.evidence, movie, task, bytes)
    }

    /// The fragments by which keys of what is protected already are tried before anything is written: give the bytes of each
    /// to [`try_keys`](Self::try_keys).
    pub fn trials(&self, plan: &Plan) -> Result<Vec<FragmentTask>> {
        if plan.decrypts() { Ok(Trial::tasks(self.work()?)) } else { Ok(Vec::new()) }
    }

    /// Looks at a fragment of [`trials`](Self::trials); `bytes` are those of its range.
    pub fn try_keys(
        &self,
        keys: &SourceKeys,
        trial: &mut Trial,
        task: &FragmentTask,
        bytes: &mut [u8],
    ) -> Result<()> {
        let movie = self.work()?.movie.as_ref().ok_or_else(not_open)?;
        trial.look(movie, keys, task, bytes).map_err(|error| self.in_source(error))
    }

    /// Begins the protected file.
    pub fn assemble(&self, plan: &Plan) -> Result<Assembly> {
        let alone = plan.change.as_ref().is_some_and(|change| change.form.is_none());
        self.check_for(plan.protects(), plan.decrypts() || plan.change.is_some(), alone)?;
        let index = self.work()?;
        if plan.source != index.identity() {
            let message = "This plan was made for another file. Carried out here, it would use its key stream a second \
                           time, and both files could be read without the key. Plan this file by itself.";
            return Err(Error::caller("plan-other-file", "", message));
        }
        Assembly::new(Rc::clone(index), plan, &self.parts)
    }
}

fn not_open() -> Error {
    Error::file("not-open", "The file is not fully opened yet.")
}
