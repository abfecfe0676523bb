//! All integration tests as one program: linking is most of what building tests takes, and the tests of one file do not
//! wait for those of another. `cargo test --test all plan::` runs those of `plan.rs`.
//!
//! Beside it stands `allocations.rs`, which counts what it allocates itself.

mod another_film;
mod support;

mod architecture;
mod av1_vp9;
mod av1_vp9_streams;
mod bounded;
mod boxes;
mod byte_search;
mod cases;
mod change;
mod codec;
mod compare;
mod completeness;
mod entries;
mod every_byte;
mod exchange;
mod faults;
mod golden;
mod header;
mod hevc;
mod hostile;
mod inspect;
mod inspect_cases;
mod judged;
mod kernel;
mod keys;
mod large;
mod layout;
mod lead;
mod lint;
mod manifest;
mod matrix;
mod merge;
mod mutation;
mod offline;
mod others;
mod payload;
mod places;
mod plain;
mod plan;
mod playback;
mod playready;
mod pointers;
mod properties;
mod read_encrypted;
mod reopened;
mod report;
mod request;
mod rotation;
mod samples;
mod schemes;
mod search;
mod segment_index;
mod segments_out;
mod shaka;
mod sound;
mod tracks;
mod undo;
mod units;
mod verify;
mod versions;
mod whole;
