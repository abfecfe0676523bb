//! One sample opened: its clear bytes are those of the source, its units and slice types those that FFprobe finds.

use boxlock::protect::request::SecretText;
use boxlock::protect::{SourceKeyText, SourceKeys};
use boxlock::samples::inside::is_encrypted;

use crate::support::{drive, ffmpeg};

use super::Looked;

const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");

fn keys() -> SourceKeys {
    let key = SecretText(drive::KEY.to_owned());
    SourceKeys::parse(&[SourceKeyText { kid: None, track: None, key: Some(key) }]).unwrap()
}

#[test]
fn with_the_key_a_sample_is_clear_and_without_it_only_what_is_clear_is_told() {
    for (scheme, form) in
        [("cenc", "hybrid"), ("cenc", "piff"), ("cbc1", "plain"), ("cens", "plain"), ("cbcs", "plain")]
    {
        let file = drive::protect(SAMPLE, &drive::request_in(scheme, form)).unwrap();
        let clear = drive::samples(SAMPLE);
        let stands = drive::samples(&file);
        let (mut looked, mut source) = (Looked::open(&file).unwrap(), Looked::open(SAMPLE).unwrap());
        let (keys, none) = (keys(), SourceKeys::default());
        for (track, samples) in &clear {
            for (number, bytes) in (0..).zip(samples).step_by(5) {
                let opened = looked.ask(|samples, _| samples.open(*track, number, &keys)).unwrap().unwrap();
                assert_eq!(
                    &**opened.clear.as_ref().unwrap(),
                    bytes,
                    "{scheme} {form}: track {track}, {number}"
                );
                let plain = source.ask(|samples, _| samples.open(*track, number, &none)).unwrap().unwrap();
                assert_eq!(opened.units, plain.units);
                assert!(plain.clear.is_none() && plain.protected.is_empty());

                let hidden = looked.ask(|samples, _| samples.open(*track, number, &none)).unwrap().unwrap();
                assert!(hidden.clear.is_none());
                let encrypted = &stands[track][number as usize];
                let mut count = 0;
                for (at, (one, other)) in (0..).zip(bytes.iter().zip(encrypted)) {
                    let is_hidden = is_encrypted(&hidden.row, at);
                    assert!(
                        is_hidden || one == other,
                        "{scheme} {form}: byte {at} is changed, and said to be clear"
                    );
                    count += u64::from(is_hidden);
                }
                assert_eq!(count, hidden.encrypted);
                for unit in &hidden.units {
                    let same = plain.units.iter().find(|other| other.start == unit.start);
                    let same = same.unwrap_or_else(|| panic!("{unit:?} is not in {:?}", plain.units));
                    assert!(unit.name == "encrypted" || (unit.kind, unit.name) == (same.kind, same.name));
                    assert!(unit.slice.is_empty() || unit.slice == same.slice);
                }
            }
        }
    }
}

/// The first slice of each picture is of the type that FFprobe says the picture has.
#[test]
fn slice_types_are_the_picture_types_of_ffprobe() {
    if !ffmpeg::present() {
        return;
    }
    let mut encoders = vec![("libx264", "-bf 2"), ("libx265", "-bf 2 -x265-params log-level=none")];
    if !has_encoder("libx265") {
        encoders.pop();
    }
    for (encoder, more) in encoders {
        let arguments = format!(
            "-f lavfi -i testsrc2=size=192x108:rate=25:duration=2 -c:v {encoder} {more} -g 20 -threads 1 -f mp4"
        );
        let file = ffmpeg::make_by(".mp4", &arguments);
        let scratch = ffmpeg::Scratch::of(&file);
        let said = ffmpeg::probe(&scratch.0, &["-ignore_editlist", "1"], "frame=pkt_pos,pict_type");
        let frames = said["frames"].as_array().unwrap();
        assert!(frames.len() > 45, "{encoder}: {}", frames.len());
        let mut looked = Looked::open(&file).unwrap();
        let none = SourceKeys::default();
        for frame in frames {
            let start: u64 = frame["pkt_pos"].as_str().unwrap().parse().unwrap();
            let (track, row) = looked.ask(|samples, _| samples.at(start)).unwrap().unwrap();
            let opened =
                looked.ask(|samples, _| samples.open(track, row.number - 1, &none)).unwrap().unwrap();
            assert!(opened.problems.is_empty(), "{:?}", opened.problems);
            let slice = opened.units.iter().find(|unit| !unit.slice.is_empty());
            let slice = slice.unwrap_or_else(|| panic!("{encoder}: {:?}", opened.units));
            assert_eq!(slice.slice, frame["pict_type"].as_str().unwrap(), "{encoder}: sample {}", row.number);
            let end = opened.units.last().map(|unit| unit.start + unit.len).unwrap();
            assert_eq!(end, row.size as usize);
        }
    }
}

fn has_encoder(name: &str) -> bool {
    let listed = std::process::Command::new("ffmpeg").args(["-hide_banner", "-encoders"]).output();
    listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(name))
}
