//! What is described of files is what other readers find in them.

use boxlock::manifest::described::ByteRange;
use boxlock::manifest::{Parsed, describe};
use boxlock::protect::RequestText;

use super::{ids, read, set, support, text, write};
use crate::support::drive::{self, Feed};
use crate::support::raw::{self, be32};

/// Where the first box of a type stands.
fn place(file: &[u8], name: &str) -> ByteRange {
    let top = raw::boxes(file, 0);
    let found = top.iter().find(|one| one.name == name).unwrap();
    ByteRange { start: found.start as u64, end: found.end() as u64 }
}

#[test]
fn a_protected_file_is_described_as_its_boxes_are() {
    for (form, is_cenc) in [("hybrid", true), ("piff", false)] {
        let bytes = set::sample(form);
        let file = set::of("sample.ismv", &bytes);
        assert_eq!(file.init, Some(ByteRange { start: 0, end: place(&bytes, "moov").end }));
        assert_eq!(file.index, Some(place(&bytes, "sidx")));
        assert_eq!((file.size, file.random_access), (bytes.len() as u64, true));
        // Segments are those of the index: their sizes and durations.
        let top = raw::boxes(&bytes, 0);
        let sidx = top.iter().find(|one| one.name == "sidx").unwrap().body();
        let references: Vec<(u64, u64)> = (0..(sidx.len() - 32) / 12)
            .map(|number| 32 + 12 * number)
            .map(|at| (be32(sidx, at).into(), be32(sidx, at + 4).into()))
            .collect();
        let own: Vec<(u64, u64)> =
            file.segments.iter().map(|one| (one.end - one.start, one.duration)).collect();
        assert_eq!(own, references, "{form}");
        assert_eq!(file.segments[0].start, file.index.unwrap().end);
        assert_eq!(file.kids(), [drive::KID]);
        for track in &file.tracks {
            let protection = track.protection.as_ref().unwrap();
            assert_eq!((protection.scheme.as_str(), protection.form.as_str()), ("cenc", form));
            assert_eq!((protection.iv_size, protection.rotates), (8, false));
            assert_eq!(track.times.len(), track.durations.len());
            // Each of its fragments is a 'moof' of this track alone, and what follows up to the next.
            let moofs = top.iter().enumerate().filter(|(_, one)| one.name == "moof");
            let of_track = moofs.filter(|(_, moof)| {
                let traf = raw::boxes(moof.body(), 0).into_iter().find(|one| one.name == "traf").unwrap();
                let tfhd = raw::boxes(traf.body(), 0).into_iter().find(|one| one.name == "tfhd").unwrap();
                be32(tfhd.body(), 4) == track.id
            });
            let places: Vec<ByteRange> = of_track
                .map(|(at, moof)| ByteRange { start: moof.start as u64, end: top[at + 1].end() as u64 })
                .collect();
            assert_eq!(track.ranges, places, "{form}");
        }
        let video = file.of_kind("video").next().unwrap();
        assert!(
            video.private_data.starts_with("00000001") && video.private_data.matches("00000001").count() >= 2
        );
        assert!(file.playready().is_some() && file.headers.len() >= usize::from(is_cenc));
    }
}

#[test]
fn bitrates_and_times_are_those_of_the_samples() {
    let bytes = include_bytes!("../../www/samples/sample.ismv");
    let file = set::of("sample.ismv", bytes);
    for (number, track) in file.tracks.iter().enumerate() {
        let samples = raw::by_track(bytes)[&track.id].iter().map(Vec::len).sum::<usize>() as u64;
        let ticks: u64 = track.durations.iter().sum();
        let exact = samples as f64 * 8.0 * f64::from(track.timescale) / ticks as f64;
        assert!((track.bitrate as f64 - exact).abs() <= 0.5, "track {number}: {} for {exact}", track.bitrate);
        assert!(track.peak_bitrate >= track.bitrate);
        for (pair, duration) in track.times.windows(2).zip(&track.durations) {
            assert_eq!(pair[1] - pair[0], i64::try_from(*duration).unwrap());
        }
    }
}

#[test]
fn files_that_no_manifest_can_be_of_are_refused() {
    let bytes = include_bytes!("../../www/samples/sample.ismv");
    let moov = raw::boxes(bytes, 0).iter().find(|one| one.name == "moov").unwrap().end();
    let head = drive::open(&bytes[..moov], Feed::Whole).unwrap();
    assert_eq!(describe(head.index().unwrap(), "a").unwrap_err().code(), "not-fragmented");
    let parts = ["ff_v_nobf_4s.ismv", "ff_a_6s.isma"]
        .map(|name| support::corpus_file(&format!("synth/synth_ffmpeg__{name}")));
    let [Some(pictures), Some(sound)] = &parts else { return support::not_run("the corpus is not here") };
    let (merged, _) = drive::merge(&[("a.ismv", pictures), ("b.isma", sound)], Feed::Whole).unwrap();
    assert_eq!(merged.describe("a").unwrap_err().code(), "merge-unwritten");
}

#[test]
fn every_fragmented_file_is_described_and_its_manifests_break_no_rule_of_theirs() {
    let mut described = 0;
    for (name, bytes) in support::corpus_files() {
        let Ok(session) = drive::open(&bytes, Feed::Whole) else { continue };
        let name = name.rsplit('/').next().unwrap();
        let Ok(file) = describe(session.index().unwrap(), name) else { continue };
        described += 1;
        let json = serde_json::to_string(std::slice::from_ref(&file)).unwrap();
        assert_eq!(boxlock::manifest::read_files(&json).unwrap(), std::slice::from_ref(&file), "{name}");
        let written = write(std::slice::from_ref(&file));
        for one in &written.files {
            let (_, found) = read(&one.text, std::slice::from_ref(&file));
            // What is wrong with a file is wrong in its manifest too: names, codecs, clocks, headers, gaps.
            let own = [
                "ism-media-name",
                "ismc-fourcc",
                "ismc-timescale",
                "ismc-gap",
                "ismc-private-data",
                "ismc-empty-private-data",
                "ismc-overlap",
                "ismc-same-bitrate",
                "ismc-size",
                "mpd-muxed",
                "mpd-several-kids",
                "mpd-header-kid",
                "mpd-playready-parts",
                "mpd-pssh",
                "mpd-pro",
                "mpd-default-kid",
                "mpd-codecs",
                "hls-key-data",
                "ism-folder",
                "file-kid",
                "file-track",
                "file-bitrate",
                "hls-codecs",
                "ismc-duration",
                "hls-session-key",
                "file-protected",
                "ismc-duration-differs",
                "file-times",
            ];
            let others: Vec<_> = found.iter().filter(|one| !own.contains(&one.rule)).collect();
            assert!(others.is_empty(), "{name}, {}: {others:#?}", one.form);
        }
    }
    if support::corpus().is_some() {
        assert!(described > 50, "{described} files");
    } else {
        support::not_run("the corpus is not here");
    }
}

#[test]
fn a_file_without_an_index_is_told_how_to_get_one() {
    let bytes =
        drive::protect(include_bytes!("../../www/samples/sample.ismv"), &drive::request("hybrid")).unwrap();
    let file = set::of("sample.ismv", &bytes);
    assert_eq!(file.index, None);
    let written = write(std::slice::from_ref(&file));
    assert!(written.files.iter().all(|file| file.form != "mpd"));
    assert!(written.notes.iter().any(|note| note.form == "dash" && note.message.contains("segmentIndex")));
    // The same in every file that the option is asked for.
    let with = set::of("sample.ismv", &set::sample("hybrid"));
    let (parsed, found) = read(text(&write(std::slice::from_ref(&with)), "mpd"), std::slice::from_ref(&with));
    assert_eq!(ids(&found), ["mpd-muxed"]);
    let Parsed::Dash(mpd) = parsed else { panic!("a description") };
    assert_eq!(mpd.sets[0].representations[0].index, with.index);
    let request = RequestText { header_version: Some("4.2".to_owned()), ..drive::request("hybrid") };
    let newer = drive::protect(include_bytes!("../../www/samples/sample.ismv"), &request).unwrap();
    let newer = set::of("sample.ismv", &newer);
    let written = write(std::slice::from_ref(&newer));
    // The header of the manifest is one that all players read, whatever that of the file is.
    let (parsed, found) = read(text(&written, "ismc"), std::slice::from_ref(&newer));
    assert_eq!(ids(&found), [""; 0]);
    let Parsed::Client(client) = parsed else { panic!("a client manifest") };
    let read = &client.protections[0].read;
    assert_eq!((read.version().unwrap().short(), read.kid_texts()), ("4.0", vec![drive::KID.to_owned()]));
    assert_eq!(
        read.header.as_ref().unwrap().la_url.as_deref(),
        Some("https://licence.example/rightsmanager.asmx")
    );
    assert!(read.header.as_ref().unwrap().keys[0].checksum.is_some());
    assert!(written.notes.iter().any(|note| note.message.contains("version 4.2")), "{:?}", written.notes);
}
