//! AV1 and VP9 in every shape that FFmpeg's encoders give them, against software of other people: which bytes are encrypted,
//! by Shaka Packager; where headers end, by FFmpeg's own parser; and whether the clear samples come back.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod support;

use std::process::Command;
use std::sync::OnceLock;

use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, protect, request_in, samples};
use support::ffmpeg::{self, Scratch};
use support::witness::Movie;
use support::witness::av1::Av1;
use support::witness::movie::Media;
use support::witness::vp9::Vp9;
use support::witness::wanted::{Finder, Ranges};
use support::{raw, senc, shaka};

/// A shape: what FFmpeg is told to make it, an encoder first.
struct Shape {
    name: &'static str,
    args: &'static str,
    /// Width and height, where they matter.
    size: &'static str,
}

const fn shape(name: &'static str, args: &'static str) -> Shape {
    Shape { name, args, size: "318x182" }
}

const AOM: &str = "libaom-av1 -cpu-used 8 -lag-in-frames 12";
const SVT: &str = "libsvtav1 -preset 9 -crf 40";
const RAV1E: &str = "librav1e -speed 10 -qp 120";
const VPX: &str = "libvpx-vp9 -deadline good -cpu-used 8";

/// An encoder, and its shapes.
const SHAPES: &[(&str, &[Shape])] = &[
    (
        AOM,
        &[
            shape("plain", "-g 13"),
            shape("tiles", "-tile-columns 2 -tile-rows 1 -g 20"),
            shape("tile groups", "-tile-columns 2 -tile-rows 1 -aom-params num-tile-groups=3"),
            Shape { name: "many tiles", args: "-tile-columns 2 -tile-rows 1 -r 5 -lag-in-frames 2", size: "1282x722" },
            shape("without order", "-aom-params enable-order-hint=0"),
            shape("screen content", "-aom-params tune-content=screen:enable-intrabc=1:enable-palette=1 -g 5"),
            shape("film grain", "-aom-params film-grain-test=5"),
            shape("more film grain", "-aom-params film-grain-test=14:gf-max-pyr-height=5"),
            shape("lossless", "-aom-params lossless=1"),
            shape("segments", "-aq-mode 1"),
            shape("segments of complexity", "-aq-mode 3 -usage realtime"),
            shape("quantizers of blocks", "-aom-params deltaq-mode=1:enable-chroma-deltaq=1:enable-qm=1"),
            shape("large blocks", "-aom-params sb-size=128:cdf-update-mode=2"),
            shape("without filters", "-enable-cdef 0 -enable-restoration 0 -enable-global-motion 0"),
            shape("error resilient", "-error-resilience 1 -g 9"),
            shape("realtime", "-usage realtime -lag-in-frames 0"),
            shape("a decoder model", "-aom-params timing-info=2"),
            shape("10 bit", "-pix_fmt yuv420p10le"),
            shape("4:4:4", "-pix_fmt yuv444p"),
            shape("12 bit 4:2:2", "-pix_fmt yuv422p12le"),
            shape("grey", "-pix_fmt gray"),
            Shape { name: "one block", args: "", size: "16x18" },
            shape("still pictures", "-still-picture 1 -frames:v 1"),
        ],
    ),
    (
        SVT,
        &[
            shape("plain", "-g 13"),
            shape("tiles", "-svtav1-params tile-rows=1:tile-columns=1"),
            shape("other sizes", "-svtav1-params resize-mode=1:resize-denom=12"),
            shape("sizes at random", "-svtav1-params resize-mode=2"),
            shape("film grain", "-svtav1-params film-grain=20"),
            shape("screen content", "-svtav1-params scm=1"),
            shape("open groups", "-g 8 -svtav1-params irefresh-type=1"),
            shape("low delay", "-svtav1-params pred-struct=1"),
            shape("overlays", "-svtav1-params enable-overlays=1:hierarchical-levels=4"),
        ],
    ),
    (
        RAV1E,
        &[
            shape("plain", "-rav1e-params key_frame_interval=6:min_key_frame_interval=3"),
            shape("tiles", "-rav1e-params tile_cols=4:tile_rows=2"),
            shape("error resilient", "-rav1e-params error_resilient=true"),
            shape("switches", "-rav1e-params switch_frame_interval=4:low_latency=true"),
        ],
    ),
    (
        VPX,
        &[
            shape("plain", "-g 13"),
            shape("hidden frames", "-auto-alt-ref 1 -lag-in-frames 16 -b:v 200k"),
            shape("layers of hidden frames", "-auto-alt-ref 6 -lag-in-frames 25 -b:v 100k"),
            Shape { name: "tiles", args: "-tile-columns 2 -tile-rows 1 -r 5", size: "1282x722" },
            shape("lossless", "-lossless 1"),
            shape("segments", "-aq-mode 2"),
            shape("segments in realtime", "-aq-mode 3 -deadline realtime"),
            shape("error resilient", "-error-resilient 1 -g 9"),
            shape("screen content", "-tune-content 1"),
            shape("frames side by side", "-frame-parallel 1"),
            shape("10 bit", "-pix_fmt yuv420p10le -profile:v 2"),
            shape("4:4:4", "-pix_fmt yuv444p -profile:v 1"),
            shape("RGB", "-pix_fmt gbrp -profile:v 1"),
            shape("12 bit 4:2:2", "-pix_fmt yuv422p12le -profile:v 3"),
            Shape { name: "one block", args: "", size: "16x18" },
        ],
    ),
];

/// A moving picture of a second in this shape, in fragments; `None`, said aloud, without FFmpeg or without the encoder.
fn make(encoder: &str, shape: &Shape, flags: &str) -> Option<Vec<u8>> {
    let scratch = Scratch::path(".mp4");
    let source = format!("testsrc2=size={}:rate=25:duration=1,fade=t=in:d=0.5,format=yuv420p", shape.size);
    let ran = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-b:v", "150k", "-c:v"])
        .args(encoder.split(' '))
        .args(shape.args.split_whitespace())
        .args(["-threads", "1", "-f", "mp4", "-movflags", flags])
        .arg(&scratch.0)
        .env("SVT_LOG", "1")
        .status();
    let bytes = ran.is_ok_and(|status| status.success()).then(|| std::fs::read(&scratch.0).ok()).flatten();
    if bytes.is_none() {
        support::not_run(&format!("there is no ffmpeg with {encoder} for '{}'", shape.name));
    }
    bytes
}

const BY_KEY_FRAME: &str = "+delay_moov+frag_keyframe+default_base_moof";

/// All of them, made once for the tests of this file; empty without FFmpeg.
fn made() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    static MADE: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let all = || SHAPES.iter().flat_map(|(encoder, shapes)| shapes.iter().map(move |shape| (*encoder, shape)));
    let made = MADE.get_or_init(|| {
        let named = |encoder: &str, shape: &Shape| {
            format!("{} {}", encoder.split(' ').next().unwrap(), shape.name)
        };
        all()
            .filter_map(|(encoder, shape)| {
                Some((named(encoder, shape), make(encoder, shape, BY_KEY_FRAME)?))
            })
            .collect()
    });
    made.iter().map(|(name, file)| (&name[..], &file[..]))
}

/// From where to where they have to be, by the specifications.
fn wanted(file: &[u8], scheme: &str) -> Vec<Ranges> {
    let movie = Movie::read(file).unwrap();
    let entry = &movie.tracks[0].entries[0];
    assert!(matches!(entry.media, Media::Av1 { .. } | Media::Vp9));
    let mut finder = Finder::new("hybrid").in_scheme(scheme);
    let of = |one: &support::witness::fragment::Sample| {
        finder.ranges(one.entry, entry, *b"vide", &file[one.start..one.start + one.len]).unwrap()
    };
    movie.samples.iter().map(of).collect()
}

#[test]
fn the_bytes_encrypted_are_those_of_shaka_packager() {
    let Some(program) = shaka::program() else { return };
    let (mut same, mut different) = (0, 0);
    for (name, file) in made() {
        for scheme in ["cenc", "cbcs"] {
            let what = format!("{name} {scheme}");
            let ours = protect(file, &request_in(scheme, "plain")).unwrap_or_else(|e| panic!("{what}: {e}"));
            let wanted = wanted(file, scheme);
            let iv_len = if scheme == "cbcs" { 0 } else { 8 };
            let our_ranges = senc::ranges(&ours, iv_len);
            assert_eq!(our_ranges, wanted, "{what}, by the specification");
            let theirs = match shaka::protect(&program, file, "video", scheme, &ours) {
                Ok(theirs) => theirs,
                Err(error) => {
                    println!("FAIL {what}: {}", error.lines().rev().find(|l| l.contains("rror")).unwrap_or(""));
                    continue;
                }
            };
            let their_ranges = senc::ranges(&theirs, iv_len);
            let (our_bytes, their_bytes) = (raw::samples(&ours), raw::samples(&theirs));
            assert_eq!((our_ranges.len(), their_ranges.len()), (wanted.len(), wanted.len()), "{what}");
            let mut shown = false;
            for number in 0..wanted.len() {
                if our_ranges[number] == their_ranges[number] {
                    assert!(our_bytes[number] == their_bytes[number], "{what}: sample {number}, every byte");
                    same += 1;
                    continue;
                }
                different += 1;
                if !shown {
                    println!("{what}: sample {number}: ours {:?} theirs {:?}", our_ranges[number], their_ranges[number]);
                }
                shown = true;
            }
        }
    }
    println!("{same} samples equal byte for byte; {different} differ");
}
