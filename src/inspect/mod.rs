//! Rank 4: from the box tree to what a person reads: nodes with notes, fields as rows with byte ranges, payload texts.
//!
//! Nothing here changes or decides anything; it reads trees and returns plain values for the door to convert.

mod byte_search;
mod fields;
mod header_elements;
mod node;
mod notes;
mod overview;
mod payload;
mod search;
mod texts;
mod units;

pub use byte_search::{ByteForm, ByteHit, ByteSearch, ByteSearchPart};
pub use fields::{BoxFields, add_outside, fields, outside, window};
pub use node::{BoxNode, children_at, find, view, view_at};
pub use overview::overview;
pub use search::{Found, FoundField, Query, Tally, search};
