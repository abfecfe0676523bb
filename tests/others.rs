//! What is said of a file, held against what other people's readers say of it: FFprobe and mp4box.js, over the whole
//! corpus. Where they differ, the reason stands in a list; one that is no longer true fails as well.

#![allow(
    missing_docs,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod differences;
mod ffprobe;
mod mp4box;
mod tables;
use crate::support;

use std::collections::{BTreeMap, BTreeSet};

use boxlock::report::{self, Summary, TrackReport};
use differences::{DIFFERENCES, Difference};
use support::drive::{self, Feed};
use support::{corpus, corpus_files, ffmpeg};

/// What one reader says of a file; what it does not say is not compared.
#[derive(Debug, Default)]
pub struct Said {
    pub fragmented: Option<bool>,
    pub seconds: Option<f64>,
    pub tracks: BTreeMap<u32, SaidTrack>,
}

/// What one reader says of a track.
#[derive(Debug, Default)]
pub struct SaidTrack {
    pub kind: Option<String>,
    pub codec: Option<String>,
    pub protected: Option<bool>,
    pub seconds: Option<f64>,
    pub width: Option<u64>,
    pub height: Option<u64>,
    pub rate: Option<u64>,
    pub channels: Option<u64>,
    pub samples: Option<u64>,
    pub bytes: Option<u64>,
}

fn ours(bytes: &[u8]) -> Option<(Summary, Vec<TrackReport>)> {
    let session = drive::open(bytes, Feed::Whole).ok()?;
    let index = session.index().ok()?;
    index.movie.as_ref()?;
    Some((report::summary(index, session.check()), report::tracks(index)))
}

/// Seconds as they are compared: readers round to milliseconds.
fn seconds(value: f64) -> String {
    format!("{value:.2}")
}

/// Adds what differs: where, ours, theirs.
struct Compare<'c> {
    place: String,
    found: &'c mut Vec<(String, String, String)>,
}

impl Compare<'_> {
    fn texts(&mut self, field: &str, ours: impl ToString, theirs: Option<impl ToString>) {
        let (ours, theirs) = (ours.to_string(), theirs.map(|theirs| theirs.to_string()));
        if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
            self.found.push((format!("{} {field}", self.place), ours, theirs));
        }
    }

    fn seconds(&mut self, field: &str, ours: Option<f64>, theirs: Option<f64>) {
        let ours = ours.unwrap_or(0.0);
        // A hundredth of a second, and a thousandth of the whole, is rounding.
        let Some(theirs) = theirs.filter(|theirs| (theirs - ours).abs() > 0.01 + ours / 1000.0) else {
            return;
        };
        self.texts(field, seconds(ours), Some(seconds(theirs)));
    }
}

fn compare(
    name: &str,
    summary: &Summary,
    tracks: &[TrackReport],
    said: &Said,
) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let ids: Vec<u32> = tracks.iter().map(|track| track.id).collect::<BTreeSet<_>>().into_iter().collect();
    let mut of_file = Compare { place: name.to_owned(), found: &mut found };
    let list = |ids: &[u32]| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let theirs: Vec<u32> = said.tracks.keys().copied().collect();
    of_file.texts("tracks", list(&ids), Some(list(&theirs)));
    of_file.texts("fragmented", matches!(summary.kind, "fragmented" | "smooth"), said.fragmented);
    if theirs.is_empty() {
        return found;
    }
    of_file.seconds("duration", summary.duration, said.seconds);
    for track in tracks {
        let Some(theirs) = said.tracks.get(&track.id) else { continue };
        let mut of_track = Compare { place: format!("{name} {}", track.id), found: &mut found };
        of_track.texts("kind", track.kind, theirs.kind.as_ref());
        of_track.texts("codec", &track.codec, theirs.codec.as_ref());
        of_track.texts("protected", track.protection.is_some(), theirs.protected);
        of_track.seconds("duration", track.duration, theirs.seconds);
        let said_size = track.kind == "video";
        of_track.texts("width", track.width.unwrap_or(0), theirs.width.filter(|_| said_size));
        of_track.texts("height", track.height.unwrap_or(0), theirs.height.filter(|_| said_size));
        let said_sound = track.kind == "audio";
        of_track.texts("rate", track.sample_rate.unwrap_or(0), theirs.rate.filter(|_| said_sound));
        of_track.texts("channels", track.channels.unwrap_or(0), theirs.channels.filter(|_| said_sound));
        of_track.texts("samples", track.sample_count, theirs.samples);
        of_track.texts("bytes", track.bytes, theirs.bytes);
    }
    found
}

/// Compares every file of the corpus with what `judge` says, and each difference with the list.
fn check(judge: &str, at_least: usize, mut said: impl FnMut(&str) -> Option<Said>) {
    let (mut compared, mut wrong, mut seen) = (0, Vec::new(), BTreeSet::new());
    let known: Vec<&Difference> = DIFFERENCES.iter().filter(|one| one.judge == judge).collect();
    for (name, bytes) in corpus_files() {
        let Some((summary, tracks)) = ours(&bytes) else { continue };
        let said = said(&name).unwrap_or_default();
        compared += usize::from(!said.tracks.is_empty());
        for (place, ours, theirs) in compare(&name, &summary, &tracks, &said) {
            let text = format!("{place}: {ours} / {theirs}");
            let why = known.iter().position(|one| one.places.contains(&&*text));
            if why.is_none() {
                wrong.push(text.clone());
            }
            seen.insert(text);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences from {judge} that nothing explains:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let listed = known.iter().flat_map(|one| one.places);
    let gone: Vec<&&str> = listed.filter(|place| !seen.contains(**place)).collect();
    assert!(gone.is_empty(), "differences from {judge} that are no more:\n{gone:#?}");
    assert!(compared >= at_least, "{compared} files were compared with {judge}");
}

#[test]
fn every_file_of_the_corpus_is_what_ffprobe_says() {
    let Some(root) = corpus() else { return };
    if ffmpeg::present() {
        check("FFprobe", 165, |name| ffprobe::read(&root.join(name)));
    }
}

#[test]
fn every_file_of_the_corpus_is_what_mp4box_says() {
    let Some(root) = corpus() else { return };
    if mp4box::present() {
        let names: Vec<String> = corpus_files().into_iter().map(|(name, _)| name).collect();
        let mut all = mp4box::read(&root, &names);
        check("mp4box.js", 165, |name| all.remove(name));
    }
}
