//! What a quality consists of: the addresses of its segments, when they begin and how long they are, in as few words as a manifest has.

use serde::{Serialize, Serializer};

use super::amount::MOST;
use super::described::ByteRange;
use super::{hls, smooth};

/// Most segments of a quality.
pub const SEGMENTS: u64 = 1 << 20;

/// Most runs of all qualities: a day of two-second segments whose lengths all differ, some times over.
const RUNS: usize = 1 << 18;

/// Where something is: `SegmentPlace`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// As seen from the manifest.
    pub address: String,
    /// Which bytes of it, where not all.
    pub range: Option<ByteRange>,
}

/// Segments one behind the other of one length: `SegmentRun`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// When the first begins, in ticks.
    #[serde(serialize_with = "digits")]
    pub time: u64,
    /// Ticks of each; 0 where nobody says.
    pub duration: u64,
    /// How many.
    pub count: u64,
}

/// Times of live presentations have more digits than numbers of JavaScript.
fn digits<T: ToString, S: Serializer>(time: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_string())
}

/// The segments of a quality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// Ticks a second.
    pub timescale: u64,
    /// Milliseconds of the presentation at tick `offset`.
    pub begins: u64,
    /// Tick at `begins`.
    pub offset: u64,
    /// What addresses are made of: `$Time$`, `$Number$` with or without a width, and `$$`; empty where they are listed.
    pub template: String,
    /// Number of the first.
    pub first_number: u64,
    /// When they are.
    pub runs: Vec<Run>,
    /// Where they are, one by one.
    pub listed: Vec<Place>,
    /// What stands before each.
    pub init: Option<Place>,
    /// The one file that the quality is, in place of segments.
    pub file: Option<Place>,
    /// Which bytes of that file list its segments (`sidx`).
    pub index: Option<ByteRange>,
}

/// A quality and its segments: `ManifestTrack`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestTrack {
    /// Of its stream.
    pub kind: String,
    /// ID, or name of its stream.
    pub name: String,
    /// Bits a second.
    pub bitrate: Option<u64>,
    /// Ticks a second.
    pub timescale: u64,
    /// Seconds of the presentation at tick 0.
    pub shift: f64,
    /// What addresses are made of.
    pub template: String,
    /// Number of the first segment.
    pub first_number: u64,
    /// When segments are.
    pub runs: Vec<Run>,
    /// Where they are, one by one.
    pub listed: Vec<Place>,
    /// What stands before each.
    pub init: Option<Place>,
    /// The one file that the quality is.
    pub file: Option<Place>,
    /// Which bytes of that file list its segments.
    pub index: Option<ByteRange>,
}

impl ManifestTrack {
    /// A quality with its segments.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub fn new(kind: &str, name: &str, bitrate: Option<u64>, of: Segments) -> Self {
        let timescale = of.timescale.clamp(1, MOST);
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            bitrate,
            timescale,
            shift: of.begins as f64 / 1000.0 - of.offset as f64 / timescale as f64,
            template: of.template,
            first_number: of.first_number.min(MOST),
            runs: of.runs,
            listed: of.listed,
            init: of.init,
            file: of.file,
            index: of.index,
        }
    }
}

/// Keeps as many tracks, from the first on, as have not too many runs together.
pub fn capped(tracks: impl Iterator<Item = ManifestTrack>, most: usize) -> Vec<ManifestTrack> {
    let mut left = RUNS;
    let fits = |track: &ManifestTrack| {
        left = left.saturating_sub(track.runs.len().max(track.listed.len() / 4));
        left > 0
    };
    tracks.take(most).take_while(fits).collect()
}

/// Adds a segment to runs: to the last, where it goes on from it.
pub fn push(runs: &mut Vec<Run>, time: u64, duration: u64) {
    let duration = duration.min(MOST);
    match runs.last_mut() {
        Some(last)
            if last.duration == duration
                && last.duration.checked_mul(last.count).and_then(|long| last.time.checked_add(long))
                    == Some(time) =>
        {
            last.count += 1;
        }
        _ => runs.push(Run { time, duration, count: 1 }),
    }
}

/// A text as a template has it.
pub fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// Fragments of a stream of Smooth Streaming, whose addresses have a bitrate and a time in them (MS-SSTR 2.2.2.3).
pub fn of_smooth(client: &smooth::Client, stream: &smooth::Stream) -> Segments {
    let mut runs = Vec::new();
    for chunk in &stream.chunks {
        push(&mut runs, chunk.time, chunk.duration);
    }
    let timescale = stream.timescale.unwrap_or(client.timescale);
    Segments { timescale, runs, ..Segments::default() }
}

/// The address of fragments of one quality.
pub fn smooth_template(url: &str, bitrate: u64) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        out.push_str(&escaped(before));
        match name.to_ascii_lowercase().replace(' ', "_").as_str() {
            "bitrate" => out.push_str(&bitrate.to_string()),
            "start_time" => out.push_str("$Time$"),
            _ => {
                out.push('{');
                out.push_str(&escaped(name));
                out.push('}');
            }
        }
        rest = after;
    }
    out.push_str(&escaped(rest));
    out
}

/// Segments of a playlist; those with different initialization segments apart.
pub fn of_playlist(list: &hls::Playlist) -> Vec<Segments> {
    let mut all: Vec<Segments> = Vec::new();
    let mut map = None;
    let mut time = 0_u64;
    for (number, one) in (0_u64..).zip(&list.segments) {
        if all.is_empty() || map != one.map {
            map = one.map;
            let init = map.and_then(|map| list.maps.get(map));
            all.push(Segments {
                timescale: 1_000_000,
                first_number: number,
                init: init.map(|(address, range)| Place { address: address.clone(), range: *range }),
                ..Segments::default()
            });
        }
        if let Some(last) = all.last_mut() {
            push(&mut last.runs, time, one.duration);
            last.listed.push(Place { address: one.uri.clone(), range: one.range });
        }
        time = time.saturating_add(one.duration);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Run, push, smooth_template};

    #[test]
    fn addresses_of_fragments_keep_the_time_open() {
        let url = "QualityLevels({bitrate})/Fragments(video={start time})";
        assert_eq!(smooth_template(url, 1_500_000), "QualityLevels(1500000)/Fragments(video=$Time$)");
        assert_eq!(smooth_template("q/{Bitrate}/{start_time}?a=$", 7), "q/7/$Time$?a=$$");
        assert_eq!(smooth_template("q/{CustomAttributes}/{x", 7), "q/{CustomAttributes}/{x");
    }

    #[test]
    fn what_goes_on_is_one_run() {
        let mut runs = Vec::new();
        for (time, duration) in [(5, 10), (15, 10), (25, 4), (30, 4), (u64::MAX, 4), (3, 4)] {
            push(&mut runs, time, duration);
        }
        let run = |time, duration, count| Run { time, duration, count };
        assert_eq!(runs, [run(5, 10, 2), run(25, 4, 1), run(30, 4, 1), run(u64::MAX, 4, 1), run(3, 4, 1)]);
    }
}
