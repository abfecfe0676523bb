//! Streams made by x264 in every shape its slice headers take, and FFmpeg's encryption as the judge of the legacy rule.

use std::process::Command;

use boxlock::bytes::Reader;
use boxlock::protect::subsample::{RangeFinder, Rule, SENC_MAX_ENTRIES, saiz_max_entries};
use boxlock::track::codec::avc_config::AvcConfig;
use boxlock::track::codec::h264::{Nals, SliceHeader};

use super::goldens::{decrypt, split};
use super::walker::{Sample, body, boxes, entries_at, samples};

struct Stream {
    name: &'static str,
    args: &'static [&'static str],
    size: (u32, u32),
    profile: &'static str,
}

const STREAMS: &[Stream] = &[
    Stream {
        name: "baseline",
        args: &["-profile:v", "baseline"],
        size: (320, 180),
        profile: "H.264 Constrained Baseline",
    },
    Stream {
        name: "b-frames",
        args: &["-bf", "3", "-weightp", "2", "-refs", "8", "-x264-params", "b-adapt=0:weightb=1"],
        size: (320, 180),
        profile: "H.264 High",
    },
    Stream {
        name: "mbaff",
        args: &["-bf", "2", "-flags", "+ildct+ilme", "-x264-params", "tff=1"],
        size: (320, 180),
        profile: "H.264 High",
    },
    Stream {
        name: "slices",
        args: &["-x264-params", "slices=4:cabac=0"],
        size: (320, 180),
        profile: "H.264 High",
    },
    Stream {
        name: "4:2:2",
        args: &["-pix_fmt", "yuv422p", "-vf", "scale=322:182"],
        size: (322, 182),
        profile: "H.264 High 4:2:2",
    },
    Stream { name: "10 bit", args: &["-pix_fmt", "yuv420p10"], size: (320, 180), profile: "H.264 High 10" },
    Stream {
        name: "4:4:4",
        args: &["-pix_fmt", "yuv444p", "-weightp", "2"],
        size: (320, 180),
        profile: "H.264 High 4:4:4 Predictive",
    },
    Stream {
        name: "intra refresh",
        args: &["-x264-params", "intra-refresh=1"],
        size: (320, 180),
        profile: "H.264 High",
    },
    Stream {
        name: "many slices",
        args: &["-x264-params", "slice-max-size=150"],
        size: (320, 180),
        profile: "H.264 High",
    },
    Stream {
        name: "repeated sets",
        args: &["-x264-params", "repeat-headers=1:aud=1"],
        size: (320, 180),
        profile: "H.264 High",
    },
];

/// A moving, fading picture of one second; `None`, with a line, when there is no ffmpeg with x264.
fn encode(name: &str, args: &[&str]) -> Option<Vec<u8>> {
    let path =
        std::env::temp_dir().join(format!("boxlock-{}-{}.mp4", std::process::id(), name.replace(':', "")));
    let ran = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i"])
        .arg("testsrc2=size=320x180:rate=25:duration=1,fade=t=in:d=0.8,format=yuv420p")
        .args(["-c:v", "libx264", "-preset", "fast", "-g", "13"])
        .args(args)
        .args(["-f", "mp4"])
        .arg(&path)
        .status();
    let bytes = ran.is_ok_and(|status| status.success()).then(|| std::fs::read(&path).ok()).flatten();
    let _ = std::fs::remove_file(path);
    if bytes.is_none() {
        super::not_run::not_run(&format!("there is no ffmpeg with x264 for '{name}'"));
    }
    bytes
}

/// FFmpeg's own encryption is the legacy rule. It writes plain MP4 then, with `senc` in `stbl`; with one track the
/// samples follow each other in `mdat`.
#[test]
fn legacy_ranges_equal_ffmpegs() {
    let key = "32333435363738393021323334353637";
    for args in
        [&["-x264-params", "slices=4:aud=1"][..], &["-bf", "2"], &["-x264-params", "repeat-headers=1"]]
    {
        let crypt = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key];
        let Some(file) = encode("encrypted", &[args, &crypt[..]].concat()) else { return };
        let config = AvcConfig::parse(Reader::new(body(&file, b"avcC"), 0)).unwrap();
        let mut finder =
            RangeFinder::new(Rule::AvcLegacy { length_size: config.length_size }, saiz_max_entries(8));
        let stsz = body(&file, b"stsz");
        let mut at = boxes(&file, 0, file.len()).iter().find(|b| &b.0 == b"mdat").unwrap().2;
        let senc = body(&file, b"senc");
        let (mut cursor, mut count) = (8, 0);
        for size in stsz[12..].chunks(4).map(|n| u32::from_be_bytes(n.try_into().unwrap()) as usize) {
            let (iv, entries) = entries_at(senc, &mut cursor);
            let bytes = file[at..at + size].to_vec();
            let mut sample = Sample { bytes, iv, entries: Some(entries), first: count == 0 };
            assert!(decrypt(&mut sample, hex::decode(key).unwrap().try_into().unwrap()));
            assert_eq!(
                split(&mut finder, &sample.bytes),
                sample.entries.unwrap(),
                "{args:?}, sample {count}"
            );
            at += size;
            count += 1;
        }
        assert_eq!(count, 25);
    }
}

#[test]
fn every_shape_of_slice_header_is_walked_to_its_end() {
    for stream in STREAMS {
        let fragmented = ["-movflags", "+empty_moov+frag_keyframe+default_base_moof"];
        let Some(file) = encode(stream.name, &[stream.args, &fragmented[..]].concat()) else { continue };
        let config = AvcConfig::parse(Reader::new(body(&file, b"avcC"), 0)).unwrap();
        assert_eq!(config.profile_name(), stream.profile, "{}", stream.name);
        let sets = config.parameter_sets().unwrap();
        let sps = (0..32).find_map(|id| sets.sps(id)).unwrap();
        assert_eq!((sps.width, sps.height), stream.size, "{}", stream.name);

        let rule = Rule::avc_cmaf(&config).unwrap();
        let mut narrow = RangeFinder::new(rule.clone(), saiz_max_entries(8));
        let mut cmaf = RangeFinder::new(rule, SENC_MAX_ENTRIES);
        let mut legacy =
            RangeFinder::new(Rule::AvcLegacy { length_size: config.length_size }, SENC_MAX_ENTRIES);
        let (mut slices, mut most) = (0, 0);
        for sample in samples(&file) {
            let nals: Vec<_> = Nals::new(&sample.bytes, config.length_size).map(Result::unwrap).collect();
            for nal in nals.iter().filter(|nal| nal.kind().is_some_and(|k| k.has_slice_header())) {
                let header =
                    SliceHeader::parse(nal.bytes, &sets).unwrap_or_else(|e| panic!("{}: {e}", stream.name));
                // x264 headers are short, and every slice of these pictures has data.
                assert!(
                    header.len >= 4 && header.len < 60 && header.len < nal.bytes.len(),
                    "{}",
                    stream.name
                );
                slices += 1;
            }
            let (mut a, mut b) = (Vec::new(), Vec::new());
            cmaf.split(&sample.bytes, &mut a).unwrap();
            legacy.split(&sample.bytes, &mut b).unwrap();
            for entries in [&a, &b] {
                let sum: usize = entries.iter().map(|e| usize::from(e.clear) + e.protected as usize).sum();
                assert_eq!(sum, sample.bytes.len(), "{}", stream.name);
            }
            assert!(a.iter().all(|e| e.protected % 16 == 0), "{}", stream.name);
            assert_eq!(
                narrow.split(&sample.bytes, &mut Vec::new()).is_ok(),
                a.len() <= 40,
                "{}",
                stream.name
            );
            assert_eq!(b.len(), nals.len(), "{}", stream.name);
            most = most.max(nals.len());
        }
        assert!(slices >= 25, "{}: {slices}", stream.name);
        assert!(stream.name != "many slices" || most > 40, "{most} units at most");
    }
}
