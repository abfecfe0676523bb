//! Rank 6: from the plan to bytes: edited boxes, moved offsets, pieces in file order.

pub mod assembly;
pub mod change;
pub mod fragment;
pub mod items;
pub mod moved;
pub mod movie;
pub mod playback;
pub mod protected;
pub mod protection;
pub mod record;
pub mod segments;
pub mod summary;

pub use assembly::{Assembly, Step};
pub use moved::Moved;
