//! HEVC in every shape that x265 gives it, against software of other people: which bytes are encrypted, by Shaka Packager;
//! where headers end, by FFmpeg's own parser; and whether the clear samples come back.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::process::Command;
use std::sync::OnceLock;

use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, protect, request_in, samples};
use support::ffmpeg::{self, Scratch};
use support::raw;
use support::senc::ranges;
use support::shaka;
use support::witness::Movie;
use support::witness::hevc::{Reading, Sets};
use support::witness::movie::Media;
use support::witness::wanted::{Finder, Ranges};

/// A shape, and what FFmpeg is told to make it.
struct Shape {
    name: &'static str,
    params: &'static str,
    args: &'static [&'static str],
}

const fn shape(name: &'static str, params: &'static str) -> Shape {
    Shape { name, params, args: &[] }
}

const SHAPES: &[Shape] = &[
    shape("plain", "keyint=13"),
    shape("slices", "slices=3:keyint=13"),
    shape("slices and rows side by side", "slices=3:wpp=1:keyint=13"),
    shape("no rows side by side", "wpp=0:bframes=0"),
    shape("a pyramid of B-frames", "bframes=8:b-adapt=0:b-pyramid=1:ref=6:keyint=24"),
    shape("weighted prediction", "weightp=1:weightb=1:bframes=4:ref=5"),
    shape("open GOP", "open-gop=1:bframes=4:keyint=8"),
    shape("temporal layers", "temporal-layers=3:b-adapt=0:bframes=3:keyint=16"),
    shape("without loop filters", "sao=0:deblock=0:no-deblock=1"),
    shape("deblocking by numbers", "deblock=3,-3:slices=2"),
    shape("small blocks", "ctu=16:min-cu-size=8:ref=3"),
    shape("scaling lists", "scaling-list=default:aq-mode=3"),
    shape("lossless", "lossless=1:keyint=6"),
    shape("long picture numbers", "log2-max-poc-lsb=16:opt-ref-list-length-pps=0"),
    shape("sets optimised for all", "opt-qp-pps=1:opt-ref-list-length-pps=1:keyint=8"),
    shape(
        "delimiters and sets in each sample",
        "aud=1:repeat-headers=1:hrd=1:vbv-maxrate=900:vbv-bufsize=900:keyint=5",
    ),
    shape("fields", "interlace=tff:pic-struct=1"),
    shape("intra alone", "keyint=1"),
    shape("intra refresh", "intra-refresh=1:bframes=0"),
    Shape { name: "10 bit", params: "ref=4", args: &["-pix_fmt", "yuv420p10le"] },
    Shape { name: "12 bit 4:4:4", params: "bframes=3", args: &["-pix_fmt", "yuv444p12le"] },
    Shape { name: "4:2:2", params: "weightb=1", args: &["-pix_fmt", "yuv422p10le"] },
    Shape { name: "grey", params: "weightb=1", args: &["-pix_fmt", "gray"] },
    Shape { name: "hev1", params: "keyint=7:repeat-headers=1", args: &["-tag:v", "hev1"] },
];

/// A moving, fading picture of a second; `None`, said aloud, without FFmpeg or without x265.
fn make(shape: &Shape) -> Option<Vec<u8>> {
    let scratch = Scratch::path(".mp4");
    let ran = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i"])
        .arg("testsrc2=size=318x182:rate=25:duration=1,fade=t=in:d=0.8,format=yuv420p")
        .args(["-c:v", "libx265", "-preset", "fast", "-tag:v", "hvc1"])
        .args(shape.args)
        .args(["-x265-params", &format!("log-level=none:pools=1:{}", shape.params)])
        .args(["-f", "mp4", "-movflags", "+empty_moov+frag_keyframe+default_base_moof"])
        .arg(&scratch.0)
        .status();
    let bytes = ran.is_ok_and(|status| status.success()).then(|| std::fs::read(&scratch.0).ok()).flatten();
    if bytes.is_none() {
        support::not_run(&format!("there is no ffmpeg with x265 for '{}'", shape.name));
    }
    bytes
}

/// All of them, made once for the tests of this file; empty without FFmpeg.
fn made() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    static MADE: OnceLock<Vec<(&str, Vec<u8>)>> = OnceLock::new();
    let made =
        MADE.get_or_init(|| SHAPES.iter().filter_map(|shape| Some((shape.name, make(shape)?))).collect());
    made.iter().map(|(name, file)| (*name, &file[..]))
}

/// From where to where they have to be, by the standard, or by those who read headers otherwise.
fn wanted(file: &[u8], scheme: &str, reading: Reading) -> Vec<Ranges> {
    let movie = Movie::read(file).unwrap();
    let entry = &movie.tracks[0].entries[0];
    assert!(matches!(entry.media, Media::Hevc { .. }));
    let mut finder = Finder::new("hybrid").in_scheme(scheme).reading(reading);
    let of = |one: &support::witness::fragment::Sample| {
        finder.ranges(one.entry, entry, *b"vide", &file[one.start..one.start + one.len]).unwrap()
    };
    movie.samples.iter().map(of).collect()
}

/// Shaka Packager 3.8 has one difference: where a picture parameter set turns deblocking off and slices do not say so again,
/// it takes the bit behind for `slice_loop_filter_across_slices_enabled_flag`, and what follows for something else, so that it
/// encrypts the end of the header. FFmpeg reads these headers as the standard does ([`headers_end_where_ffmpeg_says`]).
#[test]
fn the_bytes_encrypted_are_those_of_shaka_packager() {
    let Some(program) = shaka::program() else { return };
    let (mut same, mut different) = (0, 0);
    for (name, file) in made() {
        for scheme in ["cenc", "cbcs"] {
            let what = format!("{name} {scheme}");
            let ours = protect(file, &request_in(scheme, "plain")).unwrap_or_else(|e| panic!("{what}: {e}"));
            let theirs = shaka::protect(&program, file, "video", scheme, &ours).unwrap();
            let [wanted, other] =
                [Reading::Standard, Reading::DeblockingOn].map(|reading| wanted(file, scheme, reading));
            let iv_len = if scheme == "cbcs" { 0 } else { 8 };
            let (our_ranges, their_ranges) = (ranges(&ours, iv_len), ranges(&theirs, iv_len));
            let (our_bytes, their_bytes) = (raw::samples(&ours), raw::samples(&theirs));
            assert_eq!((our_ranges.len(), their_ranges.len()), (wanted.len(), wanted.len()), "{what}");
            assert!(wanted.len() >= 24, "{what}: {} samples", wanted.len());
            for number in 0..wanted.len() {
                assert_eq!(our_ranges[number], wanted[number], "{what}: sample {number}, by the standard");
                if our_ranges[number] == their_ranges[number] {
                    assert!(our_bytes[number] == their_bytes[number], "{what}: sample {number}, every byte");
                    same += 1;
                    continue;
                }
                assert_eq!(their_ranges[number], other[number], "{what}: sample {number}, by Shaka Packager");
                different += 1;
            }
        }
    }
    println!("{same} samples equal byte for byte; {different} differ by deblocking");
    assert!(same > 1000 && different > 0, "{same} {different}");
}

/// FFmpeg's `trace_headers` says of each field at which bit it stands; of slices the last is the alignment.
#[test]
fn headers_end_where_ffmpeg_says() {
    let (mut slices, mut borders) = (0, 0);
    for (name, file) in made() {
        let movie = Movie::read(file).unwrap();
        let Media::Hevc { length_size, record } = &movie.tracks[0].entries[0].media else { panic!() };
        let mut sets = Sets::default();
        sets.configure(record).unwrap();
        let mut found = Vec::new();
        for sample in raw::samples(file) {
            let mut rest = &sample[..];
            while rest.len() > *length_size {
                let (len, behind) = rest.split_at(*length_size);
                let len = len.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                let (nal, behind) = behind.split_at(len);
                sets.update(nal).unwrap();
                if nal[0] >> 1 & 63 < 32 {
                    let end = sets.header(nal, Reading::Standard).unwrap();
                    found.push(unescaped(&nal[..end]));
                }
                rest = behind;
            }
        }
        let traced = traced(file);
        borders += traced.iter().filter(|bit| *bit % 8 == 0).count();
        let traced: Vec<usize> = traced.iter().map(|bit| bit / 8 + 1).collect();
        assert_eq!(found, traced, "{name}");
        slices += found.len();
    }
    if ffmpeg::present() {
        // Where the alignment begins at a byte border it is a byte of its own.
        assert!(slices > 600 && borders > 20, "{slices} {borders}");
    }
}

fn unescaped(header: &[u8]) -> usize {
    header.len() - header.windows(3).filter(|three| three == &[0, 0, 3]).count()
}

/// The bits at which the alignment of slice segment headers begins, emulation prevention not counted, by FFmpeg.
fn traced(file: &[u8]) -> Vec<usize> {
    let scratch = Scratch::of(file);
    let output = Command::new("ffmpeg")
        .args(["-v", "trace", "-i"])
        .arg(&scratch.0)
        .args(["-map", "0:v", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"])
        .env("AV_LOG_FORCE_NOCOLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let (mut ends, mut is_slice) = (Vec::new(), false);
    for line in text.lines().filter_map(|line| line.strip_prefix("[trace_headers @ ")) {
        let line = line.split_once("] ").unwrap().1;
        if !line.starts_with(|c: char| c.is_ascii_digit()) {
            is_slice = line.starts_with("Slice Segment Header");
        } else if is_slice && line.contains("alignment_bit_equal_to_one") {
            ends.push(line.split(' ').next().unwrap().parse().unwrap());
        }
    }
    ends
}

#[test]
fn bento4_shaka_packager_and_ffmpeg_give_the_samples_back() {
    let program = shaka::program();
    for (name, file) in made().step_by(3) {
        let clear = samples(file);
        let keys: Vec<TrackKey> =
            clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
        // Bento4 lets the pattern of `cens` run on from slice to slice; by 23001-7 clause 9.6, and in Shaka Packager, each
        // range begins it anew.
        let end = |ranges: &Ranges| ranges.first().map_or(0, |first| first.1);
        let sure: Vec<usize> = wanted(file, "cens", Reading::Standard).iter().map(end).collect();
        let decoded = ffmpeg::decode(file, None, "v");
        assert_eq!((decoded.frames.len(), decoded.errors.as_str()), (25, ""), "{name}");
        for scheme in ["cenc", "cbc1", "cens", "cbcs"] {
            for form in ["hybrid", "piff", "plain"] {
                let what = format!("{name} {scheme} {form}");
                if !matches!(scheme, "cens" | "cbcs") || form == "plain" {
                    let protected = protect(file, &request_in(scheme, form)).unwrap();
                    raw::check_pointers(&protected);
                    assert!(samples(&protected) != clear, "{what}");
                    let judged = samples(&bento4_decrypt(&protected, &keys));
                    for (number, (found, sample)) in judged[&1].iter().zip(&clear[&1]).enumerate() {
                        let seen = if scheme == "cens" { sure[number] } else { sample.len() };
                        assert!(found[..seen] == sample[..seen], "{what}: Bento4 on sample {number}");
                    }
                    if let (Some(program), true) = (&program, form != "piff") {
                        let found = shaka::read(program, &protected, "video", true);
                        assert!(
                            found.as_ref() == Ok(&clear[&1]),
                            "{what}: Shaka Packager: {:?}",
                            found.err()
                        );
                    }
                    if (scheme, form) == ("cenc", "hybrid") {
                        let ours = ffmpeg::decode(&protected, Some(drive::KEY), "v");
                        assert_eq!(ours, decoded, "{what}: FFmpeg");
                    }
                }
            }
        }
    }
}

/// The entries of Dolby Vision say what stands above a picture that is HEVC or H.264 all the same.
#[test]
fn dolby_vision_is_protected_as_what_it_stands_on() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let hevc = made().next().map(|(_, file)| (file, b"hvc1", [b"hev1", b"dvh1", b"dvhe"]));
    for (file, code, others) in
        [Some((&sample[..], b"avc1", [b"avc3", b"dva1", b"dvav"])), hevc].into_iter().flatten()
    {
        let entry = file.windows(4).position(|four| four == code).unwrap();
        let of_type = |code: &[u8; 4]| {
            let mut file = file.to_vec();
            file[entry..entry + 4].copy_from_slice(code);
            file
        };
        for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cbcs", "plain")] {
            let wanted = raw::samples(&protect(file, &request_in(scheme, form)).unwrap());
            for other in others {
                let protected = protect(&of_type(other), &request_in(scheme, form)).unwrap();
                let what = format!("{} {scheme} {form}", other.escape_ascii());
                assert!(raw::samples(&protected) == wanted, "{what}");
                let original = [&b"frma"[..], other].concat();
                assert!(protected.windows(8).any(|eight| eight == original), "{what}");
            }
        }
        // Without the box that tells how long lengths are, it is told which is missing.
        let mut bare = of_type(others[1]);
        let config: &[u8; 4] = if code == b"avc1" { b"avcC" } else { b"hvcC" };
        let at = entry + bare[entry..].windows(4).position(|four| four == config).unwrap();
        bare[at..at + 4].copy_from_slice(b"free");
        let error = protect(&bare, &request_in("cenc", "piff")).unwrap_err();
        let name = String::from_utf8_lossy(config);
        assert!(error.message().contains("Dolby Vision") && error.message().contains(&*name), "{error}");
    }
}
