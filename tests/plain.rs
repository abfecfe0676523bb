//! Plain MP4 and QuickTime files: fragmented on the way, with every sample, time and box that belongs to the film.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;
mod begun;
mod edits;
mod ends;
mod entries;
mod quicktime;
pub mod tables;
mod unprotected;

use std::process::Command;

use boxlock::protect::RequestText;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, bytes_of};
use support::ffmpeg::{self, Scratch, packets, probe};
use support::raw;

/// What FFmpeg is asked to make: name, ending, arguments. Each stands for a form of plain file that people have.
const MADE: &[(&str, &str, &str)] = &[
    ("movie header last", ".mp4", "-c:v libx264 -g 25 -bf 2 -c:a aac"),
    ("movie header first", ".mp4", "-c:v libx264 -g 48 -c:a aac -movflags +faststart"),
    ("long chunks", ".mp4", "-c:v libx264 -g 30 -c:a aac -chunk_duration 700000"),
    (
        "negative composition offsets",
        ".mp4",
        "-c:v libx264 -g 25 -bf 3 -c:a aac -movflags +negative_cts_offsets",
    ),
    ("no edit list", ".mp4", "-c:v libx264 -g 25 -bf 0 -c:a aac -use_editlist 0"),
    ("QuickTime", ".mov", "-c:v libx264 -g 25 -c:a aac"),
    ("no sync sample but the first", ".mp4", "-c:v libx264 -g 10000 -c:a aac"),
    ("sync samples far apart", ".mp4", "-c:v libx264 -g 170 -c:a aac"),
    ("sound alone", ".m4a", "-vn -c:a aac"),
    ("pictures alone", ".mp4", "-an -c:v libx264 -g 12"),
    (
        "two languages",
        ".mp4",
        "-map 0 -map 1 -map 1 -c:v libx264 -g 25 -c:a aac -metadata:s:a:0 language=deu -metadata:s:a:1 language=fra",
    ),
    ("AC-3", ".mp4", "-c:v libx264 -g 25 -c:a ac3"),
    ("rotated", ".mp4", "-c:v libx264 -g 25 -c:a aac -metadata:s:v rotate=90"),
    ("begun as a plain file", ".mp4", "-c:v libx264 -g 25 -bf 2 -c:a aac -movflags frag_keyframe"),
    (
        "begun as a plain file, with offsets from each fragment",
        ".mp4",
        "-c:v libx264 -g 75 -c:a aac -movflags frag_keyframe+default_base_moof",
    ),
    ("begun as a QuickTime file", ".mov", "-c:v libx264 -g 25 -c:a aac -movflags frag_keyframe"),
    ("sound begun as a plain file", ".m4a", "-vn -c:a aac -movflags frag_custom -frag_duration 700000"),
];

/// A file of 9 seconds.
fn make(end: &str, arguments: &str) -> Vec<u8> {
    let scratch = Scratch::path(end);
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=9"]);
    command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=9"]);
    command.args(["-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1", "-fflags", "+bitexact"]);
    command.args(["-metadata", "title=A film"]);
    let output = command.args(arguments.split(' ')).arg(&scratch.0).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(&scratch.0).unwrap()
}

/// That nothing is protected.
fn none() -> RequestText {
    RequestText { scheme: Some("none".to_owned()), ..RequestText::default() }
}

/// The file that is laid out, unprotected.
fn fragmented(file: &[u8]) -> Vec<u8> {
    let session = drive::open(file, Feed::Exact).unwrap();
    let len = session.work().unwrap().file_len;
    let whole = drive::fragmented(file);
    assert_eq!(whole.len() as u64, len);
    // In any stretches it is the same.
    let mut again = Vec::new();
    let mut at = 0;
    while at < len {
        let step = 1 + (at * 7919) % 60_000;
        again.extend(bytes_of(file, session.pieces(at, step.min(len - at)).unwrap()));
        at += step;
    }
    assert!(again == whole);
    whole
}

/// What FFprobe says of the film and its tracks.
fn said(file: &[u8]) -> String {
    let scratch = Scratch::of(file);
    let entries = "stream=codec_name,codec_tag_string,width,height,sample_rate,channels,time_base:stream_disposition:\
                   stream_tags=language,handler_name:stream_side_data:format_tags=title:\
                   chapter=id,start_time,end_time:chapter_tags=title";
    probe(&scratch.0, &["-show_chapters"], entries).to_string()
}

/// FFmpeg moves all times of fragments with negative composition offsets, also of those that it writes itself, by the
/// largest of them.
const MOVED_BY_FFMPEG: (&str, i64) = ("negative composition offsets", 1024);

#[test]
fn fragments_have_the_same_samples_at_the_same_times() {
    if !ffmpeg::present() {
        return;
    }
    for (name, end, arguments) in MADE {
        let plain = make(end, arguments);
        let made = fragmented(&plain);
        raw::check_pointers(&made);
        let mut before = packets(&plain);
        assert!(before.len() > 200, "{name}");
        if *name == MOVED_BY_FFMPEG.0 {
            for (_, dts, pts, ..) in before.iter_mut().filter(|packet| packet.0 == 0) {
                (*dts, *pts) = (*dts + MOVED_BY_FFMPEG.1, *pts + MOVED_BY_FFMPEG.1);
            }
        }
        let after = packets(&made);
        let differ = before.iter().zip(&after).find(|(one, other)| one != other);
        assert!(differ.is_none() && before.len() == after.len(), "{name}: {differ:?}");
        assert_eq!(said(&plain), said(&made), "{name}");
    }
}

/// Where fragments begin, in seconds of the track that leads.
fn begins(made: &[u8], timescale: f64) -> Vec<f64> {
    let session = drive::open(made, Feed::Exact).unwrap();
    let index = session.index().unwrap();
    let lead = index.movie.as_ref().unwrap().tracks[0].id;
    let parts = index.all_parts().iter().filter(|part| part.track_id == lead);
    parts.map(|part| part.decode_time as f64 / timescale).collect()
}

#[test]
fn fragments_begin_near_two_seconds_at_sync_samples() {
    if !ffmpeg::present() {
        return;
    }
    let of = |arguments: &str| begins(&fragmented(&make(".mp4", arguments)), 12800.0);
    assert_eq!(of("-an -c:v libx264 -g 25 -bf 0"), [0.0, 2.0, 4.0, 6.0, 8.0]);
    // 1.92 s is nearer than 2.88.
    assert_eq!(of("-an -c:v libx264 -g 24 -bf 0"), [0.0, 1.92, 3.84, 5.76, 7.68]);
    assert_eq!(of("-an -c:v libx264 -g 1"), [0.0, 2.0, 4.0, 6.0, 8.0]);
    // For want of a sync sample nearer by.
    assert_eq!(of("-an -c:v libx264 -g 170 -bf 0"), [0.0, 6.8]);
    let sound = begins(&fragmented(&make(".m4a", "-vn -c:a aac")), 44100.0);
    assert_eq!(sound.len(), 5, "{sound:?}");
}

#[test]
fn what_is_protected_on_the_way_is_given_back_by_others() {
    if !ffmpeg::present() {
        return;
    }
    for (name, end, arguments) in MADE {
        let plain = make(end, arguments);
        let made = fragmented(&plain);
        for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cbcs", "plain")] {
            let protected = drive::protect(&plain, &drive::request_in(scheme, form)).unwrap();
            // One way or in two, it is the same file.
            assert!(
                protected == drive::protect(&made, &drive::request_in(scheme, form)).unwrap(),
                "{name} {form}"
            );
            let ids: Vec<u32> = drive::samples(&made).into_keys().collect();
            let keys: Vec<TrackKey> =
                ids.iter().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
            let decrypted = bento4_decrypt(&protected, &keys);
            assert!(drive::samples(&decrypted) == drive::samples(&made), "{name} {scheme} {form}");
        }
    }
}

/// What samples depend on where a table says nothing, as players guess it.
fn guessed(sample: &tables::Sample) -> tables::Sample {
    let hint = if sample.is_sync { 2 << 4 } else { 1 << 4 };
    let dependency = if sample.dependency == 0 { hint } else { sample.dependency };
    tables::Sample { dependency, ..sample.clone() }
}

#[test]
fn tables_of_every_form_are_read_sample_by_sample() {
    let mut dice = support::dice::Dice(0x2545_f491_4f6c_dd1d);
    let mut samples = 0;
    for number in 0..300 {
        let (file, tracks) = tables::file(&mut dice);
        let made = fragmented(&file);
        for track in &tracks {
            let wanted: Vec<_> = track.samples.iter().map(guessed).collect();
            let found = tables::in_fragments(&made, track.id);
            let differ = wanted.iter().zip(&found).position(|(one, other)| one != other);
            let pair = differ.map(|at| (at, &wanted[at], &found[at]));
            assert!(pair.is_none() && found.len() == wanted.len(), "{number}, track {}: {pair:?}", track.id);
            samples += found.len();
        }
    }
    assert!(samples > 50_000, "{samples}");
}

/// Where the body of a box along a path begins, in the track of this number.
fn place(file: &[u8], track: usize, name: &str) -> usize {
    let top = raw::boxes(file, 0);
    let moov = top.iter().find(|one| one.name == "moov").unwrap();
    let traks: Vec<_> = moov.children().into_iter().filter(|one| one.name == "trak").collect();
    let found = traks[track].at(&format!("mdia/{name}"));
    found.end() - found.body().len()
}

fn set(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

#[test]
fn tables_that_lie_are_said_before_the_work() {
    if !ffmpeg::present() {
        return;
    }
    let sound = make(".mp4", "-c:v libx264 -g 25 -c:a aac");
    let stbl = |name: &str| format!("minf/stbl/{name}");
    let be = |file: &[u8], at: usize| raw::be32(file, at);
    type Change<'c> = &'c dyn Fn(&mut Vec<u8>);
    let cases: [(&str, &str, Change<'_>); 11] = [
        ("sample-count", "'stts' is of", &|file| {
            let at = place(file, 0, &stbl("stts")) + 8;
            set(file, at, 17);
        }),
        ("sample-count", "'ctts' is of", &|file| {
            let at = place(file, 0, &stbl("ctts")) + 8;
            set(file, at, 99);
        }),
        ("chunks-too-few", "chunks hold only", &|file| {
            let at = place(file, 1, &stbl("stsc"));
            let last = at + 8 + 12 * (be(file, at + 4) as usize - 1);
            set(file, last + 4, 0);
        }),
        ("data-elsewhere", "Track 1 at 0:00:00.000: ", &|file| {
            let at = place(file, 0, &stbl("stco")) + 8;
            set(file, at, 4);
        }),
        ("data-elsewhere", "Track 2 at 0:00:08.", &|file| {
            let at = place(file, 1, &stbl("stco"));
            let last = at + 4 + 4 * be(file, at + 4) as usize;
            let len = file.len() as u32;
            set(file, last, len + 5000);
        }),
        ("data-elsewhere", "Track 1 at 0:00:0", &|file| {
            let at = place(file, 0, &stbl("stsz")) + 12 + 4 * 50;
            set(file, at, 0x0fff_ffff);
        }),
        ("samples-overlap", "they share bytes", &|file| {
            let from = place(file, 0, &stbl("stco")) + 8;
            let chunk = be(file, from + 4 * 3);
            let at = place(file, 1, &stbl("stco")) + 8 + 4 * 2;
            set(file, at, chunk);
        }),
        ("chunk-out-of-range", "begins with chunk 100000", &|file| {
            let at = place(file, 0, &stbl("stsc"));
            let last = at + 8 + 12 * (be(file, at + 4) as usize - 1);
            set(file, last, 100_000);
        }),
        ("chunk-out-of-range", "begins with chunk 2, behind chunk 0", &|file| {
            let at = place(file, 0, &stbl("stsc")) + 8;
            set(file, at, 2);
        }),
        ("no-timescale", "Track 2 has the timescale 0", &|file| {
            let at = place(file, 1, "mdhd") + 12;
            set(file, at, 0);
        }),
        ("too-many-samples", "compress it first", &|file| {
            let at = place(file, 1, &stbl("stsz"));
            set(file, at + 4, 1);
            set(file, at + 8, u32::MAX);
        }),
    ];
    for (code, words, change) in cases {
        let mut file = sound.clone();
        change(&mut file);
        let error = drive::open(&file, Feed::Exact).unwrap().check().unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.message().contains(words), "{error}");
        support::hostile::check_error(&error);
    }
}

#[test]
fn no_change_of_the_tables_makes_it_panic() {
    if !ffmpeg::present() {
        return;
    }
    for (more, rounds) in [("", 1500), (" -movflags frag_keyframe", 800)] {
        let sound = make(".mp4", &format!("-c:v libx264 -g 25 -s 64x36 -c:a aac -b:a 16k{more}"));
        // The boxes that say where samples are: the movie header, and what heads of fragments there are.
        let said: Vec<(usize, usize)> = raw::boxes(&sound, 0)
            .iter()
            .filter(|top| ["moov", "moof"].contains(&&*top.name))
            .map(|top| (top.end() - top.body().len(), top.body().len()))
            .collect();
        let mut dice = support::dice::Dice(0x9e37_79b9_7f4a_7c15);
        let mut done = [0, 0];
        for _ in 0..rounds {
            let mut file = sound.clone();
            for _ in 0..1 + dice.roll(3) {
                // Half of the changes are of the movie header.
                let (start, len) = said[dice.roll(2) * dice.roll(said.len())];
                let at = start + dice.roll(len);
                file[at] = [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1 << dice.roll(8)][dice.roll(6)];
            }
            let Ok(session) = drive::open(&file, Feed::Exact) else { continue };
            match session.check().and_then(|()| drive::protect(&file, &drive::request("hybrid"))) {
                Ok(_) => done[0] += 1,
                Err(error) => {
                    support::hostile::check_error(&error);
                    done[1] += 1;
                }
            }
        }
        println!("{} protected, {} refused", done[0], done[1]);
        assert!(done[0] > 50 && done[1] > 50, "{done:?}");
    }
}
