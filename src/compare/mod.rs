//! Rank 12: how two files differ: box by box, field by field, sample by sample. Boxes that are the same are found by what they
//! are and not by where they stand, and offsets that follow what they lead to are told from others.

mod align;
mod boxes;
mod comparing;
mod difference;
mod fields;
mod identity;
mod places;
mod samples;

pub use comparing::{Compared, Comparing, Wanted};
pub use difference::{BoxDifference, ByteDifference, Counts, FieldDifference, Group, Kind, Spot};
pub use samples::{FirstUnlike, TrackComparison, Unlike};

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that is compared.
    This,
    /// The one that it is compared with.
    Other,
}
