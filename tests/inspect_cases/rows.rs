//! The rows: each file, and what is right for it.

use super::said::Said;

/// What is wrong, of what was said.
type Wrong = Vec<String>;

/// Collects what is not as it should be.
macro_rules! right {
    ($($what:expr => $found:expr, $right:expr;)*) => {{
        let mut wrong = Vec::new();
        $(
            match (&$found, &$right) {
                (found, right) if found != right => wrong.push(format!("{}: {found:?}, not {right:?}", $what)),
                _ => {}
            }
        )*
        wrong
    }};
}

fn seconds(of: Option<f64>) -> String {
    of.map_or_else(|| "unknown".to_owned(), |seconds| format!("{seconds:.2}"))
}

/// Duration of the file and of each track, in seconds.
fn durations(said: &Said) -> Vec<String> {
    [said.summary.duration]
        .into_iter()
        .chain(said.tracks.iter().map(|track| track.duration))
        .map(seconds)
        .collect()
}

/// Kind, codec, channels and rate of each track.
fn tracks(said: &Said) -> Vec<String> {
    let one = |track: &boxlock::report::TrackReport| {
        let mut words = vec![track.kind.to_owned(), track.codec.clone()];
        words.extend(track.width.zip(track.height).map(|(width, height)| format!("{width}x{height}")));
        words.extend(track.channels.map(|channels| channels.to_string()));
        words.extend(track.sample_rate.map(|rate| rate.to_string()));
        words.join(" ")
    };
    said.tracks.iter().map(one).collect()
}

/// Path and some words of each problem.
fn problems(said: &Said) -> Vec<String> {
    let path = |problem: &boxlock::report::Problem| problem.path.clone().unwrap_or_else(|| "?".to_owned());
    said.summary.problems.iter().map(path).collect()
}

fn says(said: &Said, words: &str) -> bool {
    said.summary.problems.iter().any(|problem| problem.message.contains(words))
}

const USUAL: [&str; 2] = ["video avc1.64000A 128x72", "audio mp4a.40.2 1 48000"];
const LONG: [&str; 3] = ["4.02", "4.02", "4.02"];

/// A file of the usual two tracks with nothing wrong.
fn usual(said: &Said) -> Wrong {
    let mut wrong = right! {
        "tracks" => tracks(said), USUAL;
        "problems" => problems(said), [""; 0];
        "protection" => said.summary.protection.is_none(), true;
        "duration" => seconds(said.summary.duration), "4.02";
    };
    wrong.extend(found(said));
    wrong
}

fn found(said: &Said) -> Wrong {
    said.finds_every_problem();
    Vec::new()
}

/// A file, and what is wrong of what is said of it.
type Row = (&'static str, fn(&Said) -> Wrong);

pub const ROWS: &[Row] = &[
    ("ac3-51-48k-frag.mp4", |said| right! { "tracks" => tracks(said), ["audio ac-3 6 48000"]; }),
    ("esds-no-dsi-mp3.mp4", |said| right! { "tracks" => tracks(said), [USUAL[0], "audio mp4a.6B 2 48000"]; }),
    ("mp4v-esds.mp4", |said| {
        right! {
            "kind" => said.tracks[0].kind, "video";
            "codec" => said.tracks[0].codec.starts_with("mp4v.20"), true;
            "name" => said.tracks[0].codec_name.starts_with("MPEG-4 Visual"), true;
        }
    }),
    ("qt-sound-v1-wave.mov", |said| right! { "tracks" => tracks(said), USUAL; }),
    ("hybrid-moov-samples.mp4", |said| {
        right! {
            "durations" => durations(said), LONG;
            "samples" => said.summary.sample_count, 229;
            "bytes" => said.tracks.iter().map(|track| track.bytes).collect::<Vec<_>>(), [15324, 16324];
            "bitrates" => said.tracks.iter().all(|track| track.bitrate.is_some()), true;
        }
    }),
    ("partially-fragmented-media3.mp4", |said| {
        right! { "durations" => durations(said), ["1.16", "1.00", "1.16"]; }
    }),
    ("init-mehd-600s.mp4", |said| {
        right! {
            "bitrate" => said.summary.bitrate, None;
            "duration" => seconds(said.summary.duration), "600.00";
            "kind" => said.summary.kind_name.starts_with("Initialization segment"), true;
        }
    }),
    ("live-part-mehd-19063s.mp4", |said| {
        right! {
            "durations" => durations(said), ["1.02"; 3];
            "bitrate" => said.summary.bitrate.map(|rate| rate.round()), Some(75742.0);
            "note" => says(said, "5:17:43"), true;
            "path" => problems(said), ["moov/mvex"];
        }
    }),
    ("mdhd-wrapped.mp4", |said| {
        right! {
            "durations" => durations(said), ["708750.00", "703125.00", "708750.00"];
            "notes" => problems(said), ["moov/trak", "moov/trak[1]"];
        }
    }),
    ("mdhd-timescale-0.mp4", |said| {
        right! {
            "durations" => durations(said), ["4.02", "4.02", "unknown"];
            "note" => says(said, "timescale is 0"), true;
        }
    }),
    ("mvex-without-moof.m4a", |said| {
        right! {
            "kind" => said.summary.kind_name, "MP4, not fragmented";
            "samples" => said.summary.sample_count, 189;
        }
    }),
    ("empty-avcc.mp4", |said| {
        right! {
            "kinds" => said.tracks.iter().map(|track| track.kind).collect::<Vec<_>>(), ["video", "audio"];
            "size" => (said.tracks[0].width, said.tracks[0].height), (Some(128), Some(72));
            "name" => said.tracks[0].codec_name.starts_with("H.264"), true;
            "audio" => tracks(said)[1], USUAL[1];
            "duration" => seconds(said.summary.duration), "4.02";
            "problems" => problems(said), ["moov/trak/mdia/minf/stbl/stsd/avc1/avcC"];
            "protection" => said.summary.protection.is_none(), true;
        }
    }),
    ("empty-avcc-mediabunny.mp4", |said| {
        right! {
            "duration" => seconds(said.summary.duration), "35.23";
            "name" => said.tracks[0].codec_name.starts_with("H.264"), true;
            // It was cut for the tests.
            "problems" => problems(said), ["moov/trak/mdia/minf/stbl/stsd/avc1/avcC", "moov/trak/mdia/minf/stbl/stco"];
        }
    }),
    ("one-trak-without-stsd.mp4", |said| {
        right! {
            "video" => tracks(said)[0], USUAL[0];
            "audio" => (said.tracks[1].kind, &*said.tracks[1].codec_name), ("audio", "no sample description");
            "durations" => durations(said), LONG;
            "problems" => problems(said), ["moov/trak[1]/mdia/minf/stbl"];
            "protection" => said.summary.protection.as_ref().map(|found| found.certain), Some(false);
        }
    }),
    ("no-mvhd.mp4", |said| {
        right! {
            "tracks" => tracks(said), USUAL;
            "durations" => durations(said), LONG;
            "problems" => problems(said), ["moov"];
        }
    }),
    ("esds-dsi-one-byte.mp4", |said| {
        right! {
            "video" => tracks(said)[0], USUAL[0];
            "audio" => (said.tracks[1].codec_name.starts_with("MPEG-4 audio"), said.tracks[1].sample_rate), (true, Some(48000));
            "problems" => problems(said), ["moov/trak[1]/mdia/minf/stbl/stsd/mp4a/esds"];
        }
    }),
    (
        "esds-profile-tag-first.mp4",
        |said| right! { "tracks" => tracks(said), [USUAL[0], "audio mp4a.40.2 2 48000"]; },
    ),
    ("cmov.mov", |said| {
        right! {
            "kind" => said.summary.kind_name, "QuickTime movie with a compressed movie header";
            "said" => says(said, "compressed"), true;
            "problems" => problems(said), ["moov/cmov"];
        }
    }),
    ("encrypted-segment-alone.m4s", |said| {
        let found = said.summary.protection.as_ref().unwrap();
        right! {
            "certain" => found.certain, true;
            "scheme" => found.scheme, None;
            "kids" => found.kids, [""; 0];
            "samples" => said.summary.sample_count, 192;
        }
    }),
    ("itunes-drms.m4p", |said| {
        let found = said.summary.protection.as_ref().unwrap();
        right! {
            "scheme" => found.scheme.as_deref(), Some("itun");
            "format" => said.tracks[1].format, "mp4a";
            "kind" => said.tracks[1].kind, "audio";
        }
    }),
    ("key-rotation-pssh-in-moof.mp4", |said| {
        let found = said.summary.protection.as_ref().unwrap();
        right! {
            "kids" => found.kids, ["01234567-89ab-cdef-0123-456789abcdef"];
            "systems" => found.systems, ["Widevine", "PlayReady"];
            "default" => said.tracks[0].protection.as_ref().unwrap().kid.as_deref(), Some("00000000-0000-0000-0000-000000000000");
        }
    }),
    ("sinf-without-schm.mp4", |said| {
        let found = said.summary.protection.as_ref().unwrap();
        right! {
            "scheme" => found.scheme, None;
            "certain" => found.certain, true;
            "kids" => found.kids, ["01010101-0101-0101-0101-010101010101"];
        }
    }),
    ("sgpd-v2-media3.mp4", |said| {
        right! {
            "kids" => said.summary.protection.as_ref().unwrap().kids, ["804ea173-1711-3c8b-955b-35996e5e3d92"];
        }
    }),
    ("senc-clear-and-protected.mp4", found),
    ("ivs-in-mdat.mp4", found),
    ("trun-flags-lie.mp4", |said| {
        let mut wrong = right! {
            "first" => problems(said)[0], "moof/traf/trun";
            "last" => problems(said).last().unwrap(), "moof[3]/traf[1]/trun";
            "who" => said.summary.problems[0].message.starts_with("Track 1 at 0:00:00.000: Box 'trun' (Track run) cannot be read"), true;
            "protection" => said.summary.protection.as_ref().map(|found| found.certain), Some(false);
        };
        wrong.extend(found(said));
        wrong
    }),
    ("meta-plain-keys-first.mp4", |said| {
        let mut wrong = usual(said);
        let children = said.view("moov/meta").unwrap().node.child_count;
        wrong.extend(right! { "children" => children, 3; });
        wrong
    }),
    ("cprt-short.mp4", |said| right! { "problems" => problems(said), ["moov/udta/cprt"]; }),
    (
        "track-id-0.mp4",
        |said| right! { "said" => says(said, "ID 0"), true; "problems" => problems(said)[0], "moov/trak/tkhd"; },
    ),
    ("two-inits.mp4", |said| {
        right! {
            "tracks" => tracks(said), USUAL;
            "problems" => problems(said), ["moov[1]"];
            "said" => says(said, "two initialization segments were joined"), true;
        }
    }),
    ("dac3-four-zeros.mp4", |said| {
        right! {
            "problems" => problems(said), ["moov/trak/mdia/minf/stbl/stsd/ac-3/dac3"];
            "said" => says(said, "7") && says(said, "3"), true;
        }
    }),
    (
        "codec-hevc.mp4",
        |said| right! { "codec" => said.tracks[0].codec, "hvc1.1.6.L30.90"; "name" => said.tracks[0].codec_name.starts_with("HEVC Main"), true; },
    ),
    ("codec-av1.mp4", |said| right! { "codec" => said.tracks[0].codec, "av01.0.00M.08"; }),
    ("qt-mac-language.mov", |said| {
        right! { "languages" => said.tracks.iter().map(|track| track.language.as_deref()).collect::<Vec<_>>(), [Some("eng"), Some("jpn")]; }
    }),
    ("segment-with-sidx.m4s", |said| {
        right! {
            "duration" => seconds(said.summary.duration), "1.00";
            "tracks" => said.tracks.iter().map(|track| (track.id, track.sample_count)).collect::<Vec<_>>(), [(1, 10), (2, 48)];
        }
    }),
    (
        "stsd-type-zero.mp4",
        |said| right! { "tracks" => said.tracks.len(), 2; "format" => said.tracks[0].format, "\\x00\\x00\\x00\\x00"; },
    ),
    ("first-box-pnot.mov", |said| {
        let mut wrong = usual(said);
        wrong.extend(right! { "name" => said.view("pnot").unwrap().node.name.contains("review"), true; });
        wrong
    }),
    // Right from the first, and to stay so.
    (
        "av1c-bad-obus.mp4",
        |said| right! { "size" => (said.tracks[0].width, said.tracks[0].height), (Some(128), Some(72)); },
    ),
    (
        "avc1-four-zeros.mp4",
        |said| right! { "video" => tracks(said)[0], "video avc1.420029 1920x1080"; "problems" => problems(said), [""; 0]; },
    ),
    ("cbcs-audio-no-senc.mp4", |said| {
        right! {
            "scheme" => said.summary.protection.as_ref().unwrap().scheme.as_deref(), Some("cbcs");
            "video" => said.tracks[0].protection.is_none(), true;
        }
    }),
    ("colr-nclx-10.mp4", usual),
    (
        "cut-in-mdat.mp4",
        |said| right! { "tracks" => tracks(said), USUAL; "problems" => problems(said), ["mdat[2]"]; },
    ),
    ("dref-url-unterminated.mp4", usual),
    ("esds-exact-135.mp4", |said| right! { "audio" => tracks(said)[1], "audio mp4a.40.2 2 44100"; }),
    ("esds-exact-90.mp4", |said| right! { "audio" => tracks(said)[1].starts_with("audio mp4a.40."), true; }),
    ("esds-tag0-tail.mp4", |said| right! { "audio" => tracks(said)[1].starts_with("audio mp4a.40."), true; }),
    ("esds-two-dsi.mp4", |said| right! { "audio" => tracks(said)[1].starts_with("audio mp4a.40.2"), true; }),
    ("first-box-mdat-zeros.mov", |said| {
        right! { "tracks" => tracks(said), USUAL; "problems" => says(said, "it is cut short, or its offsets are wrong"), true; }
    }),
    ("hdlr-in-minf.mp4", usual),
    ("hdlr-no-name.mp4", usual),
    ("last-mdat-size-0.mp4", usual),
    ("long-sizes.mp4", usual),
    ("meta-full-keys-first.mp4", usual),
    ("mvhd-all-ones.mp4", usual),
    ("piff-senc-override.ismv", |said| {
        let mut wrong =
            right! { "scheme" => said.summary.protection.as_ref().unwrap().scheme.as_deref(), Some("piff"); };
        wrong.extend(found(said));
        wrong
    }),
    ("tfdt-first-only.mp4", usual),
    ("tfxd-before-trun.ismv", usual),
    (
        "traf-duration-is-empty.mp4",
        |said| right! { "durations" => durations(said), ["4.02", "4.02", "3.02"]; },
    ),
    ("trun-count-huge.mp4", |said| {
        right! {
            "problems" => problems(said)[0], "moof/traf/trun";
            "tracks" => tracks(said), USUAL;
        }
    }),
    (
        "zero-padding-frag.mp4",
        |said| right! { "tracks" => tracks(said), USUAL; "durations" => durations(said), LONG; },
    ),
    (
        "zero-padding.mp4",
        |said| right! { "tracks" => tracks(said), USUAL; "duration" => seconds(said.summary.duration), "4.02"; },
    ),
];
