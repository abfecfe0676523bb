//! Rank 4: plain MP4 and QuickTime files as fragmented ones. Nothing is copied: what the fragmented file would be is
//! laid out over the bytes of the plain one, so that all that is done to fragmented files can be done to it.

mod columns;
mod cuts;
mod head;
mod laid_out;
mod movie;
mod overlaps;
mod quicktime;
mod walk;

pub use laid_out::{LaidOut, Piece};
