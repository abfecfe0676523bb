//! Rank 1: boxes. Each is declared once; reader, writer and inspector rows come from that declaration.

#[macro_use]
pub mod declare;
pub mod aac;
pub mod audio;
pub mod cenc;
pub mod codec;
pub mod declaration;
pub mod descriptor;
pub mod edit;
pub mod faults;
pub mod fragment;
pub mod groups;
pub mod header;
pub mod heif;
pub mod hints;
pub mod index;
pub mod keys;
pub mod layers;
pub mod metadata;
pub mod movie;
pub mod names;
pub mod outside;
pub mod parts;
pub mod piff;
pub mod profiles;
pub mod quicktime;
pub mod record;
pub mod registry;
pub mod rows;
pub mod sample_entry;
pub mod sample_types;
pub mod samples;
pub mod scoped;
pub mod subtitle;
pub mod systems;
pub mod tables;
pub mod tree;
pub mod types;
pub mod wire;

pub use declaration::{Declaration, Form};
pub use declare::BoxBody;
pub use edit::{Action, Edits};
pub use header::{BoxHeader, BoxId};
pub use rows::{Needles, Row, RowSink};
pub use tree::{Node, Tree};
pub use wire::{Context, FullHead, Wire};
