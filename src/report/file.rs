//! What a file is, as JavaScript sees it.

use serde::Serialize;

use crate::bytes::{Error, Result};
use crate::track::Index;
use crate::track::lengths::{self, Length};

use super::kind::file_kind;
use super::number;
use super::protection::{self, SummaryProtection};

/// Most brands told of a file; real ones have a dozen.
const BRANDS: usize = 1000;

/// What a file is: `Summary` without its name, which is JavaScript's business.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Bytes.
    pub size: u64,
    /// `smooth`, `fragmented`, `progressive`, `segment` or `image`.
    pub kind: &'static str,
    /// One plain phrase.
    pub kind_name: String,
    /// What `ftyp` says.
    pub brands: Option<Brands>,
    /// Top-level boxes.
    pub box_count: usize,
    /// Seconds.
    pub duration: Option<f64>,
    /// Bits a second.
    pub bitrate: Option<f64>,
    /// Fragments.
    pub fragment_count: usize,
    /// Samples of all tracks.
    pub sample_count: u64,
    /// Whether an `mfra` is at the end.
    pub indexed: bool,
    /// What it is protected with already.
    pub protection: Option<SummaryProtection>,
    /// Whether it can be protected.
    pub protectable: Protectable,
    /// Faults that did not stop the reading.
    pub problems: Vec<Problem>,
}

/// The file type box.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Brands {
    /// Major brand.
    pub major: String,
    /// Its version.
    pub minor_version: u32,
    /// Compatible brands.
    pub compatible: Vec<String>,
}

/// Whether a file can be protected.
#[derive(Clone, Debug, Serialize)]
pub struct Protectable {
    /// Whether it can.
    pub ok: bool,
    /// Which rule forbids it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why not and what to do, as plain sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A fault in a file.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// A plain sentence.
    pub message: String,
    /// The box that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// File offset in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self {
            message: error.message().to_owned(),
            path: Some(error.path()).filter(|path| !path.is_empty()),
            offset: error.offset(),
        }
    }
}

/// What a file is; `check` fails when it cannot be protected.
pub fn summary(index: &Index, check: Result<()>) -> Summary {
    let (kind, kind_name) = file_kind(index);
    let duration = lengths::of_file(index).map(Length::seconds);
    let sample_count = index.sample_count() + index.samples_in_tables();
    // Without samples there are only headers.
    let seconds = duration.filter(|seconds| *seconds > 0.0 && sample_count > 0);
    Summary {
        size: index.file_len,
        kind,
        kind_name,
        brands: index.file_type.as_ref().map(|file_type| Brands {
            major: file_type.major_brand.text(),
            minor_version: file_type.minor_version,
            compatible: file_type.compatible_brands.iter().take(BRANDS).map(|brand| brand.text()).collect(),
        }),
        box_count: index.top.len(),
        duration,
        bitrate: seconds.map(|seconds| number(index.file_len) * 8.0 / seconds),
        fragment_count: index.fragments.len(),
        sample_count,
        indexed: index.mfra.is_some(),
        protection: protection::of_file(index),
        protectable: Protectable {
            ok: check.is_ok(),
            code: check.as_ref().err().map(Error::code),
            reason: check.err().map(|error| error.message().to_owned()),
        },
        problems: index.faults().map(Problem::from).collect(),
    }
}
