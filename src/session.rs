//! Rank 7: one opened file, without I/O: it says which bytes it needs, takes them, and answers.
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

use crate::bytes::{Error, Result};
use crate::fragmenter::{LaidOut, Piece};
use crate::output::Assembly;
use crate::protect::check::{check_file, check_plan, check_readable};
use crate::protect::evidence::{self, Evidence};
use crate::protect::samples::FragmentTask;
use crate::protect::{Plan, Request};
use crate::track::{Index, Indexer, Need};

#[derive(Debug)]
enum State {
    Opening(Box<Indexer>),
    Open(Rc<Index>),
    /// An error ended it; what the indexer knew cannot be trusted.
    Failed(Error),
}

/// One file, being opened or open.
#[derive(Debug)]
pub struct Session {
    state: State,
    evidence: Evidence,
    /// A plain file as a fragmented one, once that is asked for.
    laid_out: OnceCell<(LaidOut, Rc<Index>)>,
}

/// Most fragments looked at when boxes of an earlier encryption raise doubts.
const LOOKS: usize = 4;

impl Session {
    /// A session for a file of `file_len` bytes.
    pub fn new(file_len: u64) -> Result<Self> {
        Ok(Self {
            state: State::Opening(Box::new(Indexer::new(file_len)?)),
            evidence: Evidence::new(),
            laid_out: OnceCell::new(),
        })
    }

    /// The bytes wanted next; `None` when the file is open.
    pub fn needs(&self) -> Option<Need> {
        match &self.state {
            State::Opening(indexer) => indexer.needs(),
            State::Open(_) | State::Failed(_) => None,
        }
    }

    /// File offsets of fragments that will probably be wanted, track by track. Known once byte 0 is wanted.
    pub fn expected(&self) -> Vec<u64> {
        match &self.state {
            State::Opening(indexer) => indexer.expected(),
            State::Open(_) | State::Failed(_) => Vec::new(),
        }
    }

    /// Takes bytes from file offset `start` on: at least those wanted, more are welcome. After an error the session
    /// is of no further use, and says the same error again.
    pub fn feed(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let result = match &mut self.state {
            State::Opening(indexer) => indexer.feed(start, bytes),
            State::Open(_) => Ok(()),
            State::Failed(error) => Err(error.clone()),
        };
        if let Err(error) = &result {
            self.state = State::Failed(error.clone());
        }
        if matches!(&self.state, State::Opening(indexer) if indexer.needs().is_none()) {
            // The placeholder is gone again before anyone can see it.
            let done = std::mem::replace(&mut self.state, State::Failed(not_open()));
            if let State::Opening(indexer) = done {
                self.state = State::Open(Rc::new(indexer.finish()));
            }
        }
        result
    }

    /// File offset up to which opening has come.
    pub fn position(&self) -> u64 {
        match &self.state {
            State::Opening(indexer) => indexer.position(),
            State::Open(index) => index.file_len,
            State::Failed(_) => 0,
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
        if !LaidOut::is_plain(index) {
            return Ok(index);
        }
        if let Some((_, work)) = self.laid_out.get() {
            return Ok(work);
        }
        check_readable(index)?;
        let laid_out = LaidOut::new(Rc::clone(index))?;
        let work = Rc::new(laid_out.index()?);
        Ok(&self.laid_out.get_or_init(|| (laid_out, work)).1)
    }

    /// Where `len` bytes of what is protected, from `start` on, come from.
    pub fn pieces(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        match self.laid_out.get() {
            Some((laid_out, _)) => laid_out.pieces(start, len),
            None => Ok(vec![Piece::Found { start, len }]),
        }
    }

    /// Whether the file is fragmented on the way.
    pub fn is_laid_out(&self) -> bool {
        self.laid_out.get().is_some()
    }

    /// Fails when the file cannot be protected.
    pub fn check(&self) -> Result<()> {
        check_file(self.work()?).map_err(|error| self.in_source(error))
    }

    /// An error in what is protected with its offset in the source.
    fn in_source(&self, error: Error) -> Error {
        if !self.is_laid_out() {
            return error;
        }
        let moov = self.index().ok().and_then(|index| Some(index.moov.as_ref()?.root().start));
        // What is made is made of what stands there.
        error.moved(&|offset| self.pieces(offset, 1).ok()?.first()?.start().or(moov))
    }

    /// A task for what is protected, and what the bytes of its fragment are made of.
    pub fn with_pieces(&self, task: FragmentTask) -> Result<(FragmentTask, Vec<Piece>)> {
        let pieces = self.pieces(task.start, task.end - task.start)?;
        if !self.is_laid_out() {
            return Ok((task, pieces));
        }
        Ok((task.made_of(pieces.iter().map(|piece| (piece.start(), piece.size()))), pieces))
    }

    /// Decides how to protect the file. Fails when it cannot be protected as asked.
    pub fn plan(&self, request: Request) -> Result<Plan> {
        self.check()?;
        let index = self.work()?;
        let movie = index.movie.as_ref().ok_or_else(not_open)?;
        if !request.remove_leftovers {
            evidence::ask(index, movie, &self.evidence)?;
        }
        let by_name = request.tracks.is_some();
        let plan = Plan::new(index.identity(), movie, request).map_err(|error| self.in_source(error))?;
        check_plan(index, movie, &plan, by_name)?;
        plan.lead.check(index)?;
        Assembly::new(Rc::clone(index), &plan)?;
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

    /// Begins the protected file.
    pub fn assemble(&self, plan: &Plan) -> Result<Assembly> {
        self.check()?;
        let index = self.work()?;
        if plan.source != index.identity() {
            let message = "This plan was made for another file. Carried out here, it would use its key stream a second \
                           time, and both files could be read without the key. Plan this file by itself.";
            return Err(Error::caller("plan-other-file", "", message));
        }
        Assembly::new(Rc::clone(index), plan)
    }
}

fn not_open() -> Error {
    Error::file("not-open", "The file is not fully opened yet.")
}
