//! A file whose samples are in the tables of its movie header as one whose samples are all in fragments; where it has
//! fragments as well, these follow.

use std::rc::Rc;

use crate::bytes::Result;
use crate::track::Index;
use crate::track::joint::HeadEdits;

use super::laid_out::{LaidOut, Piece};
use super::merged::Merged;

/// What puts the fragments of a file behind those made of its beginning: [`Merged::begun`]. By a pointer, so that a program
/// that only looks has none of it in it.
pub type Begin = fn(Rc<Index>) -> Result<Merged>;

/// How the fragmented file is made.
#[derive(Debug)]
pub enum Fragmented {
    /// Of a plain file.
    Plain(LaidOut),
    /// Of one that begins as a plain one and goes on in fragments.
    Begun(Box<Merged>),
}

impl Fragmented {
    /// Lays such a file out, and says what is known of what comes of it; without `begin` only of what stands before its
    /// fragments. Fails where its tables lie or a box of it cannot come along.
    pub fn new(source: Rc<Index>, begin: Option<Begin>) -> Result<(Self, Rc<Index>)> {
        if let Some(begin) = begin.filter(|_| !source.fragments.is_empty()) {
            let merged = begin(source)?;
            let index = Rc::clone(merged.index());
            return Ok((Self::Begun(Box::new(merged)), index));
        }
        let laid_out = LaidOut::new(source)?;
        let index = Rc::new(laid_out.index()?);
        Ok((Self::Plain(laid_out), index))
    }

    /// The pieces of its `len` bytes from `start` on.
    pub fn pieces(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        match self {
            Self::Plain(laid_out) => laid_out.pieces(start, len),
            Self::Begun(merged) => merged.pieces(start, len),
        }
    }

    /// What changes in the head of the fragment at `start`, of `len` bytes, and where its bytes come from, without these
    /// changes.
    pub fn fragment(&self, start: u64, len: u64) -> Result<(HeadEdits, Vec<Piece>)> {
        match self {
            Self::Plain(laid_out) => Ok((HeadEdits::new(), laid_out.pieces(start, len)?)),
            Self::Begun(merged) => merged.fragment(start),
        }
    }
}
