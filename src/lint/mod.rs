//! Rank 11: what is wrong with an open file: findings by declared rules, each with its place; and why it does not play.

mod beside;
pub mod checking;
mod defaults;
pub mod document;
mod entries;
pub mod finding;
mod fragment;
mod headers;
mod index_contents;
mod indexes;
mod ivs;
mod key_groups;
mod kinds;
mod lengths;
mod movie;
pub mod rules;
mod samples;
mod seen;
mod stretch;
mod sync;
mod tabled;
mod tables;
pub mod targets;
mod unread;

pub use checking::Checking;
pub use finding::{Findings, Found, Place};
