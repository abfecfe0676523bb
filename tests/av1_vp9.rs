//! AV1 and VP9 in every shape that FFmpeg's encoders give them, against software of other people: which bytes are encrypted,
//! by Shaka Packager; where headers end, by FFmpeg's own parser; and whether the clear samples come back.

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
            Shape {
                name: "many tiles",
                args: "-tile-columns 2 -tile-rows 1 -r 5 -lag-in-frames 2",
                size: "1282x722",
            },
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
    let source =
        format!("testsrc2=size={}:rate=25:duration=1,fade=t=out:st=0.4:d=0.6,format=yuv420p", shape.size);
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
    let all =
        || SHAPES.iter().flat_map(|(encoder, shapes)| shapes.iter().map(move |shape| (*encoder, shape)));
    let made = MADE.get_or_init(|| {
        let named =
            |encoder: &str, shape: &Shape| format!("{} {}", encoder.split(' ').next().unwrap(), shape.name);
        all()
            .filter_map(|(encoder, shape)| Some((named(encoder, shape), make(encoder, shape, BY_KEY_FRAME)?)))
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

/// Shaka Packager 3.8 ends whole blocks otherwise: what is less than a block stands at the end of each range, and not at its
/// start, as AV1 and VP9 in MP4 ask for (AV1-ISOBMFF 4.1; VP Codec ISO Media File Format Binding, "Sample Encryption").
#[test]
fn the_bytes_encrypted_are_those_of_shaka_packager() {
    let Some(program) = shaka::program() else { return };
    let (mut same, mut different) = (0, 0);
    for (name, file) in made() {
        let parts = parts(file);
        for scheme in ["cenc", "cbcs"] {
            let what = format!("{name} {scheme}");
            let ours = protect(file, &request_in(scheme, "plain")).unwrap_or_else(|e| panic!("{what}: {e}"));
            let wanted = wanted(file, scheme);
            let iv_len = if scheme == "cbcs" { 0 } else { 8 };
            let our_ranges = senc::ranges(&ours, iv_len);
            assert_eq!(our_ranges, wanted, "{what}, by the specification");
            let theirs = shaka::protect(&program, file, "video", scheme, &ours).unwrap();
            let their_ranges = senc::ranges(&theirs, iv_len);
            let (our_bytes, their_bytes) = (raw::samples(&ours), raw::samples(&theirs));
            assert_eq!((our_ranges.len(), their_ranges.len()), (wanted.len(), wanted.len()), "{what}");
            for number in 0..wanted.len() {
                if our_ranges[number] == their_ranges[number] {
                    assert!(our_bytes[number] == their_bytes[number], "{what}: sample {number}, every byte");
                    same += 1;
                    continue;
                }
                let early =
                    parts[number].iter().map(|(start, end)| (*start, start + (end - start) / 16 * 16));
                let early: Ranges = early.filter(|(start, end)| start < end).collect();
                assert_eq!(their_ranges[number], early, "{what}: sample {number}, by Shaka Packager");
                different += 1;
            }
        }
    }
    println!("{same} samples equal byte for byte; in {different} whole blocks begin earlier");
    assert!(same > 1000 && different > 1000, "{same} {different}");
}

/// Tiles, or what follows uncompressed headers, whatever their lengths.
fn parts(file: &[u8]) -> Vec<Ranges> {
    let (mut av1, mut vp9) = readers(file);
    raw::samples(file)
        .iter()
        .map(|sample| match &mut av1 {
            Some(av1) => av1.ranges(sample).unwrap(),
            None => vp9.ranges(sample).unwrap(),
        })
        .collect()
}

/// A reader of AV1, if that is what the file has, and one of VP9.
fn readers(file: &[u8]) -> (Option<Av1>, Vp9) {
    let media = &Movie::read(file).unwrap().tracks[0].entries[0].media.clone();
    let Media::Av1 { record } = media else { return (None, Vp9::default()) };
    let mut av1 = Av1::default();
    av1.configure(record).unwrap();
    (Some(av1), Vp9::default())
}

/// FFmpeg's `trace_headers` says of each field at which bit it stands.
#[test]
fn headers_end_where_ffmpeg_says() {
    let mut all = 0;
    for (name, file) in made() {
        let (mut av1, mut vp9) = readers(file);
        for sample in raw::samples(file) {
            match &mut av1 {
                Some(av1) => av1.ranges(&sample).map(drop).unwrap(),
                None => vp9.ranges(&sample).map(drop).unwrap(),
            }
        }
        let found = av1.map_or(vp9.headers, |av1| av1.headers);
        assert_eq!(found, traced(file), "{name}");
        all += found.len();
    }
    println!("{all} headers");
    assert!(all > 1000 || !ffmpeg::present(), "{all}");
}

/// The bytes at which frame headers end, by FFmpeg: those of AV1 from the start of their OBU.
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
    let (mut ends, mut last, mut is_header) = (Vec::new(), 0, false);
    for line in text.lines().filter_map(|line| line.strip_prefix("[trace_headers @ ")) {
        let line = line.split_once("] ").unwrap().1;
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if let Ok(bit) = first.parse::<usize>() {
            let len = line.rsplit_once(" = ").unwrap().0.split_whitespace().last().unwrap().len();
            last = if words.next() == Some("trailing_zero_bit") { last } else { bit + len };
            continue;
        }
        let begins = matches!(line, "Frame Header" | "Frame");
        let is_summary = !begins && (line.starts_with("Frame:") || line.starts_with("Frame "));
        if is_header && !is_summary {
            ends.push(usize::div_ceil(last, 8));
            is_header = false;
        }
        is_header |= begins;
    }
    if is_header {
        ends.push(last.div_ceil(8));
    }
    ends
}

#[test]
fn bento4_shaka_packager_and_ffmpeg_give_the_samples_back() {
    let program = shaka::program();
    for (name, file) in made().step_by(2) {
        let clear = samples(file);
        let keys: Vec<TrackKey> =
            clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
        // Bento4 lets the pattern of `cens` run on from range to range; by 23001-7 clause 9.6, and in Shaka Packager, each
        // begins it anew.
        let end = |ranges: &Ranges| ranges.first().map_or(0, |first| first.1);
        let sure: Vec<usize> = wanted(file, "cens").iter().map(end).collect();
        let decoded = ffmpeg::decode(file, None, "v");
        assert_eq!(decoded.errors, "", "{name}");
        for (scheme, form) in
            [("cenc", "hybrid"), ("cenc", "plain"), ("cbc1", "hybrid"), ("cens", "plain"), ("cbcs", "plain")]
        {
            let what = format!("{name} {scheme} {form}");
            let protected = protect(file, &request_in(scheme, form)).unwrap();
            raw::check_pointers(&protected);
            assert!(samples(&protected) != clear, "{what}");
            let judged = samples(&bento4_decrypt(&protected, &keys));
            for (number, (found, sample)) in judged[&1].iter().zip(&clear[&1]).enumerate() {
                let seen = if scheme == "cens" { sure[number] } else { sample.len() };
                assert!(found[..seen] == sample[..seen], "{what}: Bento4 on sample {number}");
            }
            if let Some(program) = &program {
                let found = shaka::read(program, &protected, "video", true);
                assert!(found.as_ref() == Ok(&clear[&1]), "{what}: Shaka Packager: {:?}", found.err());
            }
            if (scheme, form) == ("cenc", "hybrid") {
                assert_eq!(ffmpeg::decode(&protected, Some(drive::KEY), "v"), decoded, "{what}: FFmpeg");
            }
        }
    }
}

/// What a picture's header depends on may stand in an earlier fragment, which is not there: either nothing does, and the
/// same bytes are encrypted, or it is said.
#[test]
fn fragments_that_begin_between_key_frames_are_read_alone_or_refused() {
    let (mut alone, mut refused) = (0, 0);
    for (encoder, shapes) in SHAPES {
        for shape in shapes.iter().step_by(2) {
            let Some(file) = make(encoder, shape, "+delay_moov+frag_every_frame+default_base_moof") else {
                continue;
            };
            let what = format!("{encoder} {}", shape.name);
            match protect(&file, &request_in("cenc", "plain")) {
                Ok(ours) => {
                    assert_eq!(senc::ranges(&ours, 8), wanted(&file, "cenc"), "{what}");
                    alone += 1;
                }
                Err(error) => {
                    assert_eq!(error.code(), "picture-before-fragment", "{what}: {error}");
                    let message = error.message();
                    assert!(message.starts_with("Track 1 at 0:00:00."), "{what}: {error}");
                    assert!(
                        message.contains("+frag_keyframe+empty_moov+default_base_moof"),
                        "{what}: {error}"
                    );
                    refused += 1;
                }
            }
        }
    }
    println!("{alone} were read alone, {refused} refused");
    assert!(alone > 0 && refused > 10 || !ffmpeg::present(), "{alone} {refused}");
}

/// Files that Shaka Packager's authors publish, and what it makes of them when it decrypts them.
#[test]
fn published_files_have_the_ranges_of_their_clear_twins() {
    const PAIRS: [(&str, &str); 2] = [
        (
            "av1-mp4-with-encryption__bear-av1-video.mp4",
            "av1-mp4-with-encryption__decrypted-bear-av1-video-0.mp4",
        ),
        (
            "opus-vp9-mp4-with-encryption__bear-320x240-vp9-opus-video.mp4",
            "opus-vp9-mp4-with-encryption__decrypted-bear-320x240-vp9-opus-video-0.mp4",
        ),
    ];
    let mut compared = 0;
    for (published, clear) in PAIRS {
        let find = |name: &str| {
            let mut files = support::corpus_files().into_iter();
            files.find(|(path, _)| path.ends_with(name)).map(|(_, bytes)| bytes)
        };
        let Some((published, clear)) = find(published).zip(find(clear)) else { continue };
        // Their first fragments are clear, and so have no `senc`.
        let encrypted = Movie::read(&published).unwrap();
        let parts = parts(&clear);
        let ours = protect(&clear, &request_in("cenc", "hybrid")).unwrap();
        assert_eq!(senc::ranges(&ours, 8), wanted(&clear, "cenc"));
        for (number, sample) in encrypted.samples.iter().enumerate() {
            let Some(auxiliary) = &sample.cenc else { continue };
            let early = parts[number].iter().map(|(start, end)| (*start, start + (end - start) / 16 * 16));
            let early: Ranges = early.filter(|(start, end)| start < end).collect();
            assert_eq!(auxiliary.ranges(sample.len), early, "sample {number}");
            compared += 1;
        }
    }
    println!("{compared} samples");
    assert!(compared > 20 || support::corpus().is_none(), "{compared}");
}

#[test]
fn what_cannot_be_described_is_refused_with_what_to_do() {
    let (encoder, shapes) = SHAPES[0];
    let many =
        Shape { name: "more tiles than fit", args: "-tile-columns 3 -tile-rows 2 -r 5", size: "1282x722" };
    if let Some(file) = make(encoder, &many, BY_KEY_FRAME) {
        let error = protect(&file, &request_in("cenc", "plain")).unwrap_err();
        assert_eq!(error.code(), "too-many-subsamples");
        assert!(error.message().contains("Encode the video again with fewer tiles"), "{error}");
    }
    for (encoder, shape) in [(encoder, &shapes[0]), (VPX, &SHAPES[3].1[0])] {
        let Some(file) = make(encoder, shape, BY_KEY_FRAME) else { continue };
        let error = protect(&file, &request_in("cenc", "piff")).unwrap_err();
        assert_eq!((error.code(), error.field()), ("form-codec", Some("form")));
        assert!(error.message().ends_with("Choose the form hybrid or plain."), "{error}");
    }
}
