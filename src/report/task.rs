//! Byte ranges and work orders for workers.

use serde::{Serialize, Serializer};

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

/// Ticks: those of 10 MHz outgrow 2^53 after 28 years of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks(pub u64);

impl Serialize for Ticks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 128 bits cross as `bigint`, 64 as a number.
        serializer.serialize_u128(self.0.into())
    }
}

/// A fragment to protect: `FragmentTask`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// File offset of the `moof`.
    pub start: u64,
    /// Bytes of the `moof`.
    pub moof_len: u64,
    /// File offset after its media data.
    pub end: u64,
    /// Samples in all fragments before it.
    pub first_sample: u64,
    /// Decode time of each `traf`.
    pub decode_times: Vec<Ticks>,
    /// What tells this version of the `moof` from another.
    pub digest: u32,
    /// Whether its samples stay clear.
    pub is_lead: bool,
    /// What changes in it before anything else: offsets in it, each with the four bytes there as a number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<u32>,
}

impl From<&FragmentTask> for Task {
    fn from(task: &FragmentTask) -> Self {
        Self {
            start: task.start,
            moof_len: task.moof_len,
            end: task.end,
            first_sample: task.first_sample,
            decode_times: task.decode_times.iter().copied().map(Ticks).collect(),
            digest: task.digest,
            is_lead: task.is_lead,
            edits: task.edits.iter().flat_map(|(at, value)| [*at, *value]).collect(),
        }
    }
}

/// What is protected.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Bytes.
    pub size: u64,
    /// Fragments.
    pub fragment_count: usize,
    /// Samples of all tracks.
    pub sample_count: u64,
}

/// What there is to do for the file that is protected.
pub fn work(index: &Index) -> Work {
    Work { size: index.file_len, fragment_count: index.fragments.len(), sample_count: index.sample_count() }
}
