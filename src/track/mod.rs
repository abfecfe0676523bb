//! Rank 3: from boxes to tracks, fragments and samples. Reads; changes nothing.

pub mod codec;
mod contents;
pub mod contradictions;
mod disagreements;
pub mod encryption;
pub mod entry;
mod findings;
mod foreign;
pub mod fragment;
pub mod head_style;
pub mod index;
pub mod indexer;
pub mod joint;
pub mod leftovers;
pub mod lengths;
pub mod movie;
mod once;
pub mod points;
pub mod presented;
mod resync;
pub mod system_header;
pub mod table;
mod times;
pub mod top;
pub mod totals;
pub mod traces;
pub mod widevine;

pub use codec::Codec;
pub use entry::{Protection, SampleEntry};
pub use fragment::{Fragment, TrackFragment};
pub use index::Index;
pub use indexer::{Indexer, Need};
pub use movie::{Movie, Track, TrackKind};
pub use system_header::SystemHeader;
pub use widevine::{WidevineField, varint, widevine_fields};
