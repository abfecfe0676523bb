//! Rank 5: what is protected, how, and with which counters. Decides and encrypts; lays out no boxes.

mod apply;
pub mod chain;
pub mod change;
pub mod check;
pub mod cipher;
pub mod codecs;
pub mod counter;
pub mod decrypt;
pub mod edits;
pub mod evidence;
pub mod header;
pub mod header_change;
pub mod keys;
pub mod notes;
pub mod order;
pub mod periods;
pub mod pieces;
pub mod plan;
pub mod request;
pub mod samples;
pub mod scheme;
pub mod source_keys;
pub mod subsample;
pub mod systems;
pub mod trial;

pub use change::Change;
pub use keys::{KeyText, PlannedKey};
pub use pieces::PiecewiseFragment;
pub use plan::{Plan, Protection, TrackPlan};
pub use request::{Random, Request, RequestText};
pub use samples::{FragmentTask, SampleProtector, Window};
pub use scheme::{Form, Scheme};
pub use source_keys::{SourceKeyText, SourceKeys};
