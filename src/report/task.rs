//! Byte ranges and work orders for workers.

use serde::Serialize;

use crate::output::change::touches_fragments;
use crate::protect::Plan;
use crate::protect::samples::FragmentTask;
use crate::track::Index;

/// A byte range.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Range {
    /// File offset of the first byte.
    pub start: u64,
    /// Number of bytes.
    pub len: u64,
}

impl From<(u64, u64)> for Range {
    fn from((start, len): (u64, u64)) -> Self {
        Self { start, len }
    }
}

/// Fragments that stand side by side: `Stretch`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// File offset of the first `moof`.
    pub start: u64,
    /// Bytes of it.
    pub moof_len: u64,
    /// File offset after the media data of the last.
    pub end: u64,
    /// Samples in all fragments before them.
    pub first_sample: u64,
}

impl Stretch {
    /// That of these tasks; `None` when there are none.
    pub fn of(tasks: &[FragmentTask]) -> Option<Self> {
        let (first, last) = (tasks.first()?, tasks.last()?);
        let FragmentTask { start, moof_len, first_sample, .. } = *first;
        Some(Self { start, moof_len, end: last.end, first_sample })
    }
}

/// What is protected.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Bytes.
    pub size: u64,
    /// Fragments that are written anew.
    pub fragment_count: usize,
    /// Samples of all tracks.
    pub sample_count: u64,
}

/// What there is to do for the file that is protected, by a plan.
pub fn work(index: &Index, plan: Option<&Plan>) -> Work {
    let change = plan.and_then(|plan| plan.change.as_ref());
    let are_copied = change.is_some_and(|change| !touches_fragments(change, index));
    let fragment_count = if are_copied { 0 } else { index.fragments.len() };
    Work { size: index.file_len, fragment_count, sample_count: index.sample_count() }
}
