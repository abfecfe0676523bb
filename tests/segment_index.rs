//! A `sidx` of the whole file, asked for: its references follow each other through the file, and its times and access points
//! are those that others tell.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use std::process::Command;

use boxlock::boxes::Tree;
use boxlock::protect::RequestText;
use boxlock::track::Fragment;
use boxlock::track::presented::Access;

use crate::support;
use support::drive::{self, Feed};
use support::ffmpeg::{self, Scratch};
use support::raw::{self, be32, be64};
use support::synth::boxed;
use support::{clear, shaka};

fn asked(request: RequestText) -> RequestText {
    RequestText { segment_index: true, ..request }
}

fn none() -> RequestText {
    asked(RequestText { scheme: Some("none".to_owned()), ..RequestText::default() })
}

#[derive(Debug, PartialEq)]
struct Index {
    start: usize,
    end: usize,
    track: u32,
    timescale: u32,
    earliest: u64,
    first_offset: u64,
    /// Bytes, ticks, and what is said of the access point.
    references: Vec<(u32, u32, u32)>,
}

/// The one `sidx` of a file.
fn index_of(file: &[u8]) -> Index {
    let top = raw::boxes(file, 0);
    let all: Vec<_> = top.iter().filter(|one| one.name == "sidx").collect();
    assert_eq!(all.len(), 1);
    let body = all[0].body();
    let (earliest, first_offset, at) = match all[0].version() {
        0 => (be32(body, 12).into(), be32(body, 16).into(), 20),
        _ => (be64(body, 12), be64(body, 20), 28),
    };
    let count = be32(body, at) as usize;
    let reference = |number: usize| at + 4 + 12 * number;
    assert_eq!(reference(count), body.len());
    Index {
        start: all[0].start,
        end: all[0].end(),
        track: be32(body, 4),
        timescale: be32(body, 8),
        earliest,
        first_offset,
        references: (0..count)
            .map(|number| {
                let at = reference(number);
                (be32(body, at), be32(body, at + 4), be32(body, at + 8))
            })
            .collect(),
    }
}

/// What FFprobe says of the packets of a stream: presentation time, duration, place in the file, whether they are key frames.
fn packets(file: &[u8], stream: usize) -> Vec<(i64, i64, usize, bool)> {
    let scratch = Scratch::of(file);
    let said =
        ffmpeg::probe(&scratch.0, &["-select_streams", &stream.to_string()], "packet=pts,duration,pos,flags");
    let packet = |one: &serde_json::Value| {
        let place = one["pos"].as_str().unwrap().parse().unwrap();
        let key = one["flags"].as_str().unwrap().starts_with('K');
        (one["pts"].as_i64().unwrap(), one["duration"].as_i64().unwrap_or(0), place, key)
    };
    said["packets"].as_array().unwrap().iter().map(packet).collect()
}

/// Whether samples are presented before they are decoded.
fn has_negative_offsets(file: &[u8]) -> bool {
    let session = drive::open(file, Feed::Exact).unwrap();
    let index = session.index().unwrap();
    index.fragments.iter().any(|fragment| {
        let (start, end) = (fragment.start as usize, (fragment.start + fragment.moof_len) as usize);
        let tree = Tree::parse(&file[start..end], fragment.start).unwrap();
        let fragment = Fragment::read(&tree, index.movie.as_ref()).unwrap();
        let runs = fragment.tracks.iter().flat_map(|track| &track.runs);
        runs.flat_map(|run| &run.trun.samples).any(|sample| sample.sample_composition_time_offset < 0)
    })
}

/// The times of an index against those of the packets that its references lead to.
fn check_times(name: &str, file: &[u8]) {
    let index = index_of(file);
    let movie = drive::open(file, Feed::Exact).unwrap();
    let movie = movie.index().unwrap().movie.clone().unwrap();
    let stream = movie.tracks.iter().position(|track| track.id == index.track).unwrap();
    let mut all = packets(file, stream);
    // FFmpeg moves all times of fragments with negative composition offsets by the largest of them.
    let moved = has_negative_offsets(file);
    let early =
        if moved { all.iter().map(|packet| packet.0).min().unwrap() - index.earliest as i64 } else { 0 };
    assert!(!moved || early > 0, "{name}");
    all.iter_mut().for_each(|packet| packet.0 -= early);
    let mut at = index.end;
    let mut time = index.earliest as i64;
    for (number, &(size, duration, sap)) in index.references.iter().enumerate() {
        let end = at + size as usize;
        let mine: Vec<_> = all.iter().filter(|packet| (at..end).contains(&packet.2)).collect();
        let earliest = mine.iter().map(|packet| packet.0).min().unwrap();
        assert_eq!(time, earliest.max(0), "{name}: reference {number}");
        let first = mine[0];
        let wanted = match (first.3, earliest == first.0) {
            (false, _) => vec![0],
            (true, true) => vec![0x9000_0000],
            (true, false) => vec![0xa000_0000, 0x8000_0000],
        };
        assert!(wanted.contains(&sap), "{name}: reference {number} {sap:x}");
        time += i64::from(duration);
        at = end;
    }
    let over = all.iter().map(|packet| packet.0 + packet.1).max().unwrap();
    // Of some last packets it knows no duration.
    let known = all.iter().all(|packet| packet.1 > 0);
    assert!(time == over || (!known && time > over), "{name}: {time} {over}");
    assert_eq!(
        all.len(),
        all.iter().filter(|packet| packet.2 >= index.end && packet.2 < at).count(),
        "{name}"
    );
}

#[test]
fn references_lead_through_the_file_and_old_indexes_are_replaced() {
    let mut done = 0;
    for clear in clear::all() {
        for form in ["hybrid", "piff"] {
            let Ok(without) = drive::protect(&clear.bytes, &drive::request(form)) else { continue };
            let text = asked(drive::request(form));
            let made = drive::protect(&clear.bytes, &text).unwrap_or_else(|e| panic!("{}: {e}", clear.name));
            raw::check_pointers(&made);
            let index = index_of(&made);
            assert_eq!(index.first_offset, 0);
            let top = raw::boxes(&made, 0);
            let last = top.iter().rfind(|one| one.name == "mdat").unwrap().end();
            let sum: usize = index.references.iter().map(|(size, ..)| *size as usize).sum();
            assert_eq!(index.end + sum, last, "{}", clear.name);
            assert!(!top.iter().any(|one| one.name == "ssix"), "{}", clear.name);
            assert!(drive::samples(&made) == drive::samples(&without), "{}", clear.name);
            // The plan knows how long it is.
            let session = drive::open(&clear.bytes, Feed::Exact).unwrap();
            let grown = |text: &RequestText| {
                let plan = drive::plan(&session, text).unwrap();
                boxlock::report::plan(&session, &plan).unwrap().fixed_growth
            };
            let more = made.len() as i64 - without.len() as i64;
            assert_eq!(grown(&text) - grown(&drive::request(form)), more, "{}", clear.name);
            done += 1;
        }
    }
    assert!(done > 10 || !ffmpeg::present(), "{done}");
}

#[test]
fn its_times_and_access_points_are_those_that_ffprobe_tells() {
    if !ffmpeg::present() {
        return;
    }
    for clear in clear::made().iter().filter(|clear| clear.name != "live isml") {
        let made = drive::protect(&clear.bytes, &asked(drive::request("hybrid"))).unwrap();
        check_times(&clear.name, &made);
    }
    let plain = [
        "-g 25 -bf 2",
        "-g 25 -bf 3 -movflags +negative_cts_offsets",
        "-g 170 -bf 0",
        "-g 12 -bf 2 -use_editlist 0",
    ];
    for arguments in plain {
        let source = "-f lavfi -i testsrc2=size=192x108:rate=25:duration=9 -f lavfi -i sine=duration=9 -c:v libx264 -pix_fmt yuv420p";
        let file = ffmpeg::make_by(".mp4", &format!("{source} {arguments} -c:a aac"));
        for text in [none(), asked(drive::request("hybrid"))] {
            let made = drive::protect(&file, &text).unwrap();
            raw::check_pointers(&made);
            check_times(arguments, &made);
        }
    }
}

/// As in audio books and podcasts.
#[test]
fn one_picture_beside_sound_leads_no_segments() {
    if !ffmpeg::present() {
        return;
    }
    let source = "-f lavfi -i color=s=64x64:r=25:d=0.04 -f lavfi -i sine=d=8 -map 0 -map 1 -c:v libx264 \
                  -pix_fmt yuv420p -c:a aac";
    let made = drive::protect(&ffmpeg::make_by(".mp4", source), &none()).unwrap();
    let index = index_of(&made);
    // Eight seconds and the rest of the last frame, in segments of two.
    assert_eq!((index.track, index.references.len()), (2, 5), "{index:?}");
}

#[test]
fn ffmpeg_finds_a_time_by_it() {
    if !ffmpeg::present() {
        return;
    }
    let source =
        "-f lavfi -i testsrc2=size=192x108:rate=25:duration=9 -c:v libx264 -pix_fmt yuv420p -g 25 -bf 2";
    let file = ffmpeg::make_by(".mp4", source);
    let made = drive::protect(&file, &none()).unwrap();
    // Without the index at the end, which it would go by.
    let top = raw::boxes(&made, 0);
    let made = &made[..top.iter().find(|one| one.name == "mfra").unwrap().start];
    let scratch = Scratch::of(made);
    let said = ffmpeg::probe(&scratch.0, &["-read_intervals", "6.5%+#1"], "packet=pts,flags");
    assert_eq!(said["packets"][0]["pts"].as_i64(), Some(6 * 12800), "{said}");
}

#[test]
fn shaka_packager_says_the_same_of_the_same_fragments() {
    let Some(packager) = shaka::program() else { return };
    if !ffmpeg::present() {
        return;
    }
    let source = "-f lavfi -i testsrc2=size=192x108:rate=25:duration=9 -f lavfi -i sine=duration=9 -c:v libx264 -pix_fmt yuv420p";
    for arguments in ["-g 25 -bf 2", "-g 50 -bf 0", "-g 10 -bf 3"] {
        let input = Scratch::of(&ffmpeg::make_by(".mp4", &format!("{source} {arguments} -c:a aac")));
        for stream in ["video", "audio"] {
            let output = Scratch::path(".mp4");
            let stream = format!("in={},stream={stream},output={}", input.0.display(), output.0.display());
            let ran = Command::new(&packager).args([&stream, "--segment_duration", "2"]).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            let theirs = std::fs::read(&output.0).unwrap();
            let made = drive::protect(&theirs, &none()).unwrap();
            let (mut one, mut other) = (index_of(&theirs), index_of(&made));
            // Ours counts times in 64 bits, and it begins where the file type ends.
            for index in [&mut one, &mut other] {
                (index.start, index.end) = (0, 0);
            }
            assert_eq!(one, other, "{stream} {arguments}");
        }
    }
}

/// A fragment of one sample of 4 bytes: its decode time, composition offset, and flags.
fn fragment(time: u64, samples: &[(i32, u32)]) -> Vec<u8> {
    let full = |kind: &[u8; 4], flags: u32, body: &[u8]| boxed(kind, &[&flags.to_be_bytes(), body].concat());
    let tfhd = full(b"tfhd", 0x02_0000, &1_u32.to_be_bytes());
    let tfdt = full(b"tfdt", 0x0100_0000, &time.to_be_bytes());
    let run = |offset: usize| {
        let mut body = [(samples.len() as u32).to_be_bytes(), (offset as u32).to_be_bytes()].concat();
        for (composition, flags) in samples {
            for field in [10, 4, *flags, *composition as u32] {
                body.extend(u32::to_be_bytes(field));
            }
        }
        full(b"trun", 0x0100_0f01, &body)
    };
    let moof = |offset| {
        let traf = boxed(b"traf", &[tfhd.clone(), tfdt.clone(), run(offset)].concat());
        boxed(b"moof", &[full(b"mfhd", 0, &1_u32.to_be_bytes()), traf].concat())
    };
    let offset = moof(0).len() + 8;
    [moof(offset), boxed(b"mdat", &vec![7; 4 * samples.len()])].concat()
}

/// A sound file of these fragments.
fn file(fragments: &[Vec<u8>]) -> Vec<u8> {
    let small = support::synth::small().bytes();
    let first = raw::boxes(&small, 0).iter().find(|one| one.name == "moof").unwrap().start;
    [&small[..first], &fragments.concat()].concat()
}

#[test]
fn of_more_fragments_than_it_can_count_several_share_a_reference() {
    let all: Vec<Vec<u8>> = (0..70_001).map(|number| fragment(number * 10, &[(0, 0)])).collect();
    let file = file(&all);
    let made = drive::protect(&file, &none()).unwrap();
    let index = index_of(&made);
    assert_eq!(index.references.len(), 35_001);
    let size = all[0].len() as u32;
    assert_eq!(index.references[0], (2 * size, 20, 0x9000_0000));
    assert_eq!(index.references[35_000], (size, 10, 0x9000_0000));
    let sum: usize = index.references.iter().map(|(size, ..)| *size as usize).sum();
    assert_eq!(index.end + sum, made.len());
}

#[test]
fn access_points_are_told_by_sync_samples_and_leading_ones() {
    const SYNC: u32 = 0x0200_0000;
    const OTHER: u32 = 0x0101_0000;
    // is_leading: 1 cannot be decoded, 3 can.
    const LOST: u32 = OTHER | 1 << 26;
    const KEPT: u32 = OTHER | 3 << 26;
    type Case<'c> = (&'c [(i32, u32)], Access, i32, i32);
    let cases: [Case<'_>; 6] = [
        (&[(0, SYNC), (0, OTHER)], Access::First, 0, 0),
        (&[(20, SYNC), (-10, KEPT), (-10, KEPT)], Access::Leading, 0, 0),
        (&[(20, SYNC), (-10, LOST), (-10, KEPT)], Access::Unknown, 0, 0),
        (&[(20, SYNC), (-10, OTHER)], Access::Unknown, 0, 10),
        (&[(0, OTHER), (0, SYNC)], Access::No, 0, 0),
        (&[(10, SYNC), (20, OTHER), (0, OTHER)], Access::First, 10, 10),
    ];
    for (samples, access, earliest, behind) in cases {
        let made = file(&[fragment(100, samples)]);
        let session = drive::open(&made, Feed::Exact).unwrap();
        let part = session.index().unwrap().all_parts()[0];
        assert_eq!((part.access, part.earliest, part.behind), (access, earliest, behind), "{samples:?}");
    }
}

#[test]
fn times_that_do_not_go_on_are_refused_before_the_work() {
    for (times, words) in [([500, 100], "at 0:00:00.100"), ([0, 1 << 40], "less than 2^32 ticks")] {
        let made = file(&times.map(|time| fragment(time, &[(0, 0)])));
        let error = drive::plan(&drive::open(&made, Feed::Exact).unwrap(), &none()).unwrap_err();
        assert_eq!((error.code(), error.field()), ("segment-times", Some("segmentIndex")), "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    let both = RequestText { segments: true, ..none() };
    let error = boxlock::protect::Request::parse(&both, &drive::not_random()).unwrap_err();
    assert_eq!(error.field(), Some("segmentIndex"));
}
