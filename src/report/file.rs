//! What a file is, as JavaScript sees it.

use serde::Serialize;

use crate::boxes::systems::system_name;
use crate::bytes::{Error, KeyId};
use crate::protect::check::check_file;
use crate::track::{Index, Movie, Track};

use super::number;
use super::track::track_duration;

/// Most brands told of a file; real ones have a dozen.
const BRANDS: usize = 1000;

/// What a file is: `Summary` without its name, which is JavaScript's business.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Bytes.
    pub size: u64,
    /// `smooth`, `fragmented`, `progressive` or `segment`.
    pub kind: &'static str,
    /// One plain phrase.
    pub kind_name: &'static str,
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

/// What a file is protected with already.
#[derive(Clone, Debug, Serialize)]
pub struct SummaryProtection {
    /// Scheme.
    pub scheme: String,
    /// DRM systems by name.
    pub systems: Vec<String>,
    /// Key IDs as UUID texts.
    pub kids: Vec<String>,
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

/// What a file is.
pub fn summary(index: &Index) -> Summary {
    let movie = index.movie.as_ref();
    let (kind, kind_name) = file_kind(index);
    let duration = movie.and_then(|movie| movie_duration(index, movie));
    let table_samples =
        movie.map_or(0, |movie| movie.tracks.iter().map(|track| track.table_samples).sum::<u64>());
    let seconds = duration.filter(|seconds| *seconds > 0.0);
    let check = check_file(index);
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
        sample_count: index.sample_count() + table_samples,
        indexed: index.mfra.is_some(),
        protection: movie.and_then(protection),
        protectable: Protectable {
            ok: check.is_ok(),
            code: check.as_ref().err().map(Error::code),
            reason: check.err().map(|error| error.message().to_owned()),
        },
        problems: index.problems.iter().map(Problem::from).collect(),
    }
}

fn file_kind(index: &Index) -> (&'static str, &'static str) {
    let smooth = index.file_type.as_ref().is_some_and(|file_type| {
        let brands = || file_type.compatible_brands.iter().chain([&file_type.major_brand]);
        brands().any(|brand| matches!(&brand.0, b"isml" | b"piff"))
    });
    match (index.movie.is_some(), index.fragments.is_empty()) {
        (true, false) if smooth => ("smooth", "Smooth Streaming file (fragmented MP4)"),
        (true, false) => ("fragmented", "Fragmented MP4"),
        (true, true) if index.movie.as_ref().is_some_and(|movie| movie.fragmented) => {
            ("fragmented", "Initialization segment of a fragmented MP4")
        }
        (true, true) => ("progressive", "MP4, not fragmented"),
        (false, false) => ("segment", "Media segment without a movie header"),
        (false, true) => ("segment", "ISO media file without a movie header"),
    }
}

fn movie_duration(index: &Index, movie: &Movie) -> Option<f64> {
    let stated = movie.duration.map(|ticks| number(ticks) / f64::from(movie.timescale.max(1)));
    let longest = movie.tracks.iter().filter_map(|track| track_duration(index, track)).fold(0.0, f64::max);
    stated.or(Some(longest)).filter(|seconds| *seconds > 0.0)
}

fn protection(movie: &Movie) -> Option<SummaryProtection> {
    let first = movie.tracks.iter().find_map(Track::protection)?;
    let mut kids: Vec<KeyId> = Vec::new();
    for kid in movie.tracks.iter().filter_map(|track| track.protection()?.kid) {
        if !kids.contains(&kid) {
            kids.push(kid);
        }
    }
    let named = |id: &_| system_name(id).map_or_else(|| id.to_string(), str::to_owned);
    Some(SummaryProtection {
        scheme: first.scheme.text(),
        systems: movie.systems.iter().map(named).collect(),
        kids: kids.into_iter().map(KeyId::uuid).collect(),
    })
}
