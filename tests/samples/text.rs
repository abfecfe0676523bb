//! What stands in units of text and of messages.

use boxlock::protect::SourceKeys;
use boxlock::samples::units::Unit;

use crate::support::{self, ffmpeg};

use super::Looked;

/// The units of the first samples of the first track, each with its sample's bytes.
fn units(file: &[u8], most: u64) -> Vec<(Vec<Unit>, Vec<u8>)> {
    let mut looked = Looked::open(file).unwrap();
    let track = looked.index.movie.as_ref().unwrap().tracks[0].id;
    let none = SourceKeys::default();
    let mut all = Vec::new();
    for number in 0..most {
        let Some(opened) = looked.ask(|samples, _| samples.open(track, number, &none)).unwrap() else {
            break;
        };
        assert!(opened.problems.is_empty(), "{:?}", opened.problems);
        let start = opened.row.start as usize;
        let bytes = file[start..start + opened.row.size as usize].to_vec();
        let mut at = 0;
        for unit in &opened.units {
            assert_eq!(unit.start, at, "units stand side by side");
            at += unit.len;
        }
        assert_eq!(at, bytes.len(), "and are all of the sample");
        all.push((opened.units, bytes));
    }
    all
}

#[test]
fn cues_say_their_text() {
    let part = |folder: &str, end: &str| {
        support::corpus_file(&format!("cenc/shaka-packager__segmented-{folder}-mp4__bear-english-text-{end}"))
    };
    let Some(mut file) = part("webvtt", "init.mp4") else { return };
    file.extend(part("webvtt", "1.m4s").unwrap());
    let said: Vec<String> = units(&file, 20)
        .iter()
        .flat_map(|(units, _)| units)
        .map(|unit| format!("{}: {}", unit.name, unit.said))
        .collect();
    assert_eq!(said, ["WebVTT cue: align:center, “Yup, that's a bear, eh.”", "WebVTT empty cue: vtte"]);
    let mut file = part("ttml", "init.mp4").unwrap();
    file.extend(part("ttml", "1.m4s").unwrap());
    let read = units(&file, 9);
    let [(units, bytes)] = &read[..] else { panic!("{read:?}") };
    let [unit] = &units[..] else { panic!("{units:?}") };
    assert_eq!(unit.name, "document (TTML)");
    assert!(unit.said.len() > 100 && String::from_utf8_lossy(bytes).starts_with(&unit.said), "{}", unit.said);
}

#[test]
fn timed_text_of_3gpp_says_its_text() {
    if !ffmpeg::present() {
        return;
    }
    let subtitles = ffmpeg::Scratch::path(".srt");
    let text = "1\n00:00:00,000 --> 00:00:01,000\nGrüße <b>fat</b>\n\n2\n00:00:02,000 --> 00:00:03,000\nSecond\nline\n\n";
    std::fs::write(&subtitles.0, text).unwrap();
    let file = ffmpeg::make_by(".mp4", &format!("-i {} -c:s mov_text", subtitles.0.display()));
    let read: Vec<Vec<(&str, String)>> = units(&file, 9)
        .into_iter()
        .map(|(units, _)| units.into_iter().map(|unit| (unit.name, unit.said)).collect())
        .collect();
    let text = |text: &str| ("text", text.to_owned());
    let nothing = || ("no text", String::new());
    assert_eq!(read[0], [text("Grüße fat"), ("Text style", "styl".to_owned())]);
    assert_eq!(read[1..4], [vec![nothing()], vec![text("Second\nline")], vec![nothing()]]);
}

#[test]
fn messages_of_encoders_are_named() {
    if !ffmpeg::present() {
        return;
    }
    let source = "-f lavfi -i testsrc2=size=192x108:rate=25:duration=1";
    for (encoder, message) in [
        ("-c:v libx264 -b:v 500k -x264-params nal-hrd=cbr:vbv-maxrate=500:vbv-bufsize=500:keyint=10", "SEI"),
        (
            "-c:v libx265 -x265-params log-level=none:hrd=1:vbv-maxrate=500:vbv-bufsize=500:bitrate=500:keyint=10",
            "SEI before the picture",
        ),
    ] {
        let file = ffmpeg::make_by(".mp4", &format!("{source} {encoder}"));
        let said: Vec<String> = units(&file, 100)
            .into_iter()
            .map(|(units, _)| {
                let messages = units.into_iter().filter(|unit| unit.name == message).map(|unit| unit.said);
                messages.collect::<Vec<_>>().join(", ")
            })
            .collect();
        assert_eq!(said.len(), 25, "{encoder}");
        assert!(said.iter().all(|said| said.contains("picture timing")), "{encoder}: {said:?}");
        let starts = said.iter().filter(|said| said.contains("buffering period")).count();
        assert!((3..25).contains(&starts), "{encoder}: {said:?}");
    }
}
