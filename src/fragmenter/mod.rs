//! Rank 4: plain MP4 and QuickTime files as fragmented ones. Nothing is copied: what the fragmented file would be is
//! laid out over the bytes of the plain one, so that all that is done to fragmented files can be done to it. And several
//! files as one, in the same way.

pub mod columns;
mod cuts;
mod fragmented;
mod head;
mod joint_movie;
mod laid_out;
mod member;
mod merged;
mod movie;
mod overlaps;
mod quicktime;
mod secrets;
mod sound_entry;
mod walk;

pub use fragmented::{Begin, Fragmented};
pub use laid_out::{Piece, check_items};
pub use member::in_file;
pub use merged::{Merged, Opened};
pub use walk::shift;
