//! What is written of any set says the same when it is read back, and breaks no rule.

use std::collections::BTreeMap;

use boxlock::manifest::amount::{from_address, scaled};
use boxlock::manifest::described::{ByteRange, DescribedFile};
use boxlock::manifest::hls::Playlist;
use boxlock::manifest::rules::Severity;
use boxlock::manifest::smooth::Chunk;
use boxlock::manifest::{Parsed, Wishes, Written, write as write_with};
use boxlock::playready::HeaderVersion;
use proptest::prelude::*;

use super::{ids, read, set, text, write};
use crate::support::drive::KID;

#[derive(Clone, Debug)]
struct Shape {
    videos: Vec<(u64, bool)>,
    audios: Vec<(u64, u8)>,
    text: bool,
    fragments: usize,
    /// 0 clear, 1 one key, 2 a key for pictures and one for sound, 3 `cbcs`.
    keys: u8,
    gap: u64,
    start: i64,
}

fn shapes() -> impl Strategy<Value = Shape> {
    (
        prop::collection::vec(
            (prop::sample::select(vec![300_000, 800_000, 800_000, 3_000_000]), any::<bool>()),
            0..4,
        ),
        prop::collection::vec((prop::sample::select(vec![64_000_u64, 128_000]), 0..3_u8), 0..4),
        any::<bool>(),
        1..6_usize,
        0..4_u8,
        prop::sample::select(vec![0_u64, 0, 5_000_000]),
        prop::sample::select(vec![0_i64, 0, 232_200, -232_200]),
    )
        .prop_map(|(videos, audios, text, fragments, keys, gap, start)| Shape {
            videos,
            audios,
            text,
            fragments,
            keys,
            gap,
            start,
        })
        .prop_filter("a set has a file", |shape| shape.text || shape.videos.len() + shape.audios.len() > 0)
}

impl Shape {
    fn files(&self) -> Vec<DescribedFile> {
        let language = |number: u8| [None, Some("eng"), Some("deu")][usize::from(number)].map(str::to_owned);
        let mut files = Vec::new();
        for (number, (bitrate, muxed)) in self.videos.iter().enumerate() {
            let mut tracks = vec![set::track(1, "video", *bitrate, self.fragments)];
            if *muxed {
                tracks.push(set::track(2, "audio", 96_000, self.fragments));
            }
            files.push(set::file(&format!("video {number}.ismv"), tracks));
        }
        for (number, (bitrate, tongue)) in self.audios.iter().enumerate() {
            let mut track = set::track(1, "audio", *bitrate, self.fragments);
            track.language = language(*tongue);
            files.push(set::file(&format!("audio{number}.isma"), vec![track]));
        }
        if self.text {
            files.push(set::file("text.ismt", vec![set::track(1, "text", 1000, self.fragments)]));
        }
        for file in &mut files {
            for track in &mut file.tracks {
                // The first begins elsewhere, and the last after a gap.
                track.times[0] += self.start.min(0);
                track.durations[0] = track.durations[0].checked_add_signed(-self.start.min(0)).unwrap();
                track.times.iter_mut().for_each(|time| *time += self.start.max(0));
                if self.fragments > 2 {
                    *track.times.last_mut().unwrap() += i64::try_from(self.gap).unwrap();
                }
            }
        }
        if self.keys == 0 {
            return files;
        }
        let encrypt = |mut file: DescribedFile| {
            let mut kids = Vec::new();
            for track in &mut file.tracks {
                let kid = if self.keys == 2 && track.kind == "audio" { set::KID2 } else { KID };
                let mut protection = set::protection(kid);
                if self.keys == 3 {
                    (protection.scheme, protection.form) = ("cbcs".to_owned(), "plain".to_owned());
                }
                track.protection = Some(protection);
                if !kids.contains(&kid) {
                    kids.push(kid);
                }
            }
            let version = if kids.len() > 1 { HeaderVersion::V4_2 } else { HeaderVersion::V4_0 };
            file.headers = vec![set::playready(&kids, version)];
            file
        };
        files.into_iter().map(encrypt).collect()
    }
}

/// What rules are broken by what a set is, and not by how it is written.
fn excused(shape: &Shape, files: &[DescribedFile]) -> Vec<&'static str> {
    let mut excused = Vec::new();
    if files.iter().any(|file| file.tracks.len() > 1) {
        excused.push("mpd-muxed");
    }
    if files.iter().any(|file| file.kids().len() > 1) {
        excused.push("mpd-several-kids");
    }
    if shape.gap > 0 {
        excused.push("ismc-gap");
    }
    let mut kids: Vec<&str> = files.iter().flat_map(DescribedFile::kids).collect();
    kids.sort_unstable();
    kids.dedup();
    if kids.len() > 1 {
        excused.push("ismc-header-version");
    }
    excused
}

fn smooth(written: &Written, files: &[DescribedFile]) {
    let (Parsed::Server(server), Parsed::Client(client)) =
        (read(text(written, "ism"), &[]).0, read(text(written, "ismc"), &[]).0)
    else {
        panic!("two manifests")
    };
    let tracks: usize = files.iter().map(|file| file.tracks.len()).sum();
    assert_eq!(server.entries.len(), tracks);
    for entry in &server.entries {
        let file = files.iter().find(|file| file.name == entry.src).unwrap();
        let track = file.tracks.iter().find(|track| u64::from(track.id) == entry.track()).unwrap();
        assert_eq!((entry.kind, &entry.language), (track.kind.as_str(), &track.language));
        let bitrate = entry.bitrate.unwrap();
        assert!((track.bitrate..track.bitrate + 8).contains(&bitrate), "{bitrate} for {}", track.bitrate);
        // The quality of players is found by the name of the stream and the bitrate, and is this track.
        let streams: Vec<_> = client.streams.iter().filter(|stream| stream.name == entry.stream()).collect();
        let [stream] = streams[..] else { panic!("one stream is called {}", entry.stream()) };
        let levels: Vec<_> = stream.levels.iter().filter(|level| level.bitrate == bitrate).collect();
        let [level] = levels[..] else { panic!("one quality has {bitrate}") };
        assert_eq!((&stream.kind, &stream.language), (&track.kind, &track.language));
        assert_eq!(hex::encode(&level.private_data), track.private_data);
        if track.kind == "video" {
            assert_eq!(level.size, Some((track.width.into(), track.height.into())));
        }
        let chunks: Vec<Chunk> = track
            .times
            .iter()
            .zip(&track.durations)
            .map(|(time, duration)| {
                let end = time.checked_add_unsigned(*duration).unwrap();
                let time = u64::try_from((*time).max(0)).unwrap();
                Chunk { time, duration: u64::try_from(end).unwrap() - time }
            })
            .collect();
        assert_eq!(stream.chunks, chunks);
    }
    let encrypted = files.iter().any(|file| !file.kids().is_empty());
    assert_eq!(client.protections.len(), usize::from(encrypted));
    let named: Vec<String> = client.protections.iter().flat_map(|one| one.read.kid_texts()).collect();
    assert!(files.iter().flat_map(DescribedFile::kids).all(|kid| named.iter().any(|one| one == kid)));
}

fn dash(written: &Written, files: &[DescribedFile]) {
    let Parsed::Dash(mpd) = read(text(written, "mpd"), &[]).0 else { panic!("a description") };
    let mut found = BTreeMap::new();
    for set in &mpd.sets {
        for one in &set.representations {
            let file = files.iter().find(|file| file.name == from_address(&one.base_url)).unwrap();
            assert!(found.insert(file.name.clone(), ()).is_none());
            assert_eq!((one.index, one.init), (file.index, file.init));
            assert_eq!(one.codecs.split(',').count(), file.tracks.len());
            let named: Vec<&String> = set.protections.iter().flat_map(|one| &one.kids).collect();
            assert_eq!(named, file.kids());
            let headers: usize = set.protections.iter().map(|one| one.headers.len()).sum();
            assert_eq!(headers, 2 * file.headers.len());
            let size: u64 = file.segments.iter().map(|one| one.end - one.start).sum();
            assert!(
                one.bandwidth * file.milliseconds() / 1000 + one.bandwidth >= size * 8,
                "no segment is above the bandwidth"
            );
        }
    }
    assert_eq!(found.len(), files.len());
    assert_eq!(mpd.duration, files.iter().map(DescribedFile::milliseconds).max());
}

fn playlist(text: &str) -> Playlist {
    let Parsed::Hls(list) = read(text, &[]).0 else { panic!("a playlist") };
    list
}

fn hls(written: &Written, files: &[DescribedFile]) {
    let lists: BTreeMap<&str, Playlist> = written
        .files
        .iter()
        .filter(|file| file.form == "hls-media")
        .map(|file| (file.name.as_str(), playlist(&file.text)))
        .collect();
    assert_eq!(lists.len(), files.len());
    for list in lists.values() {
        let file = files.iter().find(|file| file.name == from_address(&list.segments[0].uri)).unwrap();
        assert_eq!(list.maps, [(list.segments[0].uri.clone(), file.init)]);
        let ranges: Vec<ByteRange> = list.segments.iter().map(|segment| segment.range.unwrap()).collect();
        let own: Vec<ByteRange> =
            file.segments.iter().map(|one| ByteRange { start: one.start, end: one.end }).collect();
        assert_eq!(ranges, own);
        let sum: u64 = list.segments.iter().map(|one| one.duration).sum();
        let ticks: u64 = file.segments.iter().map(|one| one.duration).sum();
        assert_eq!(sum, scaled(ticks, file.timescale.into(), 1_000_000));
        assert_eq!(list.keys.is_empty(), file.kids().is_empty());
        assert!(!list.live);
    }
    let main = playlist(text(written, "hls"));
    let mut named: Vec<String> = main
        .variants
        .iter()
        .map(|one| &one.uri)
        .chain(main.renditions.iter().filter_map(|one| one.uri.as_ref()))
        .map(|uri| from_address(uri))
        .collect();
    named.sort();
    named.dedup();
    // Each playlist can be got to, from the first one.
    assert_eq!(named, lists.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    for variant in &main.variants {
        let list = &lists[from_address(&variant.uri).as_str()];
        let most = list.segments.iter().map(|one| {
            let range = one.range.unwrap();
            (range.end - range.start) * 8 * 1_000_000 / one.duration.max(1)
        });
        assert!(variant.bandwidth + 8 >= most.max().unwrap() / 2);
        assert!(variant.average.unwrap() <= variant.bandwidth);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_is_read_back_as_it_was_described(shape in shapes()) {
        let files = shape.files();
        let written = write(&files);
        let excused = excused(&shape, &files);
        for file in &written.files {
            let (_, found) = read(&file.text, &files);
            let others: Vec<_> = found.iter().filter(|one| !excused.contains(&one.rule)).collect();
            prop_assert!(others.is_empty(), "{}: {:#?}\n{}", file.name, others, file.text);
        }
        if shape.keys == 3 {
            // No player of Smooth Streaming decrypts it.
            prop_assert!(written.files.iter().all(|file| !file.form.starts_with("ism")));
            prop_assert!(written.notes.iter().any(|note| note.form == "smooth" && note.severity == Severity::Error));
        } else {
            smooth(&written, &files);
        }
        dash(&written, &files);
        hls(&written, &files);
    }
}

#[test]
fn a_muxed_file_stands_once_for_each_of_its_tracks() {
    let tracks = || vec![set::track(1, "video", 800_000, 3), set::track(2, "audio", 96_000, 3)];
    let files = [set::file("a.ismv", tracks()), set::file("b.ismv", tracks())];
    let written = write(&files);
    let Parsed::Server(server) = read(text(&written, "ism"), &files).0 else { panic!("a server manifest") };
    let said: Vec<_> = server
        .entries
        .iter()
        .map(|one| (one.kind, one.src.as_str(), one.track(), one.bitrate.unwrap()))
        .collect();
    // Equal bitrates are made unlike by one.
    let expected = [
        ("video", "a.ismv", 1, 800_000),
        ("video", "b.ismv", 1, 800_001),
        ("audio", "a.ismv", 2, 96_000),
        ("audio", "b.ismv", 2, 96_001),
    ];
    assert_eq!(said, expected);
    assert_eq!(
        written
            .notes
            .iter()
            .filter(|note| note.form == "smooth" && note.message.contains("told apart"))
            .count(),
        2
    );
}

/// FFmpeg adds to what configures AAC that there is no SBR; a manifest says it without, and is held to the file all the same.
#[test]
fn aac_is_configured_as_briefly_as_players_write_it() {
    let mut track = set::track(2, "audio", 96_000, 3);
    track.private_data = "119056e500".to_owned();
    let other = set::track(2, "audio", 96_000, 3);
    let (long, brief) = ([set::file("a.isma", vec![track])], [set::file("a.isma", vec![other])]);
    let written = write(&long);
    assert!(text(&written, "ismc").contains("CodecPrivateData=\"1190\""));
    assert_eq!(text(&written, "ismc"), text(&write(&brief), "ismc"));
    for files in [&long, &brief] {
        assert_eq!(read(text(&written, "ismc"), files).1, []);
    }
    // Where SBR is there, or the words are all there is, they stay.
    for config in ["2b119056e500", "56e500", "131056e598"] {
        let mut track = set::track(2, "audio", 96_000, 3);
        track.private_data = config.to_owned();
        let written = write(&[set::file("a.isma", vec![track])]);
        assert!(text(&written, "ismc").contains(&format!("CodecPrivateData=\"{config}\"")));
    }
}

#[test]
fn languages_and_text_are_in_all_forms() {
    let files = set::whole();
    let written = write(&files);
    let (Parsed::Client(client), Parsed::Dash(mpd)) =
        (read(text(&written, "ismc"), &files).0, read(text(&written, "mpd"), &files).0)
    else {
        panic!("two manifests")
    };
    let streams: Vec<_> =
        client.streams.iter().map(|stream| (stream.name.as_str(), stream.language.as_deref())).collect();
    let expected =
        [("video", None), ("audio_eng", Some("eng")), ("audio_deu", Some("deu")), ("text", Some("eng"))];
    assert_eq!(streams, expected);
    assert_eq!(
        client.streams[0].levels.iter().map(|level| level.size.unwrap().1).collect::<Vec<_>>(),
        [360, 720]
    );
    let sets: Vec<_> = mpd.sets.iter().map(|set| (set.kind.as_str(), set.language.as_deref())).collect();
    assert_eq!(
        sets,
        [("video", None), ("audio", Some("eng")), ("audio", Some("deu")), ("text", Some("eng"))]
    );
    let list = playlist(text(&written, "hls"));
    let renditions: Vec<_> = list
        .renditions
        .iter()
        .map(|one| (one.kind.as_str(), one.group.as_str(), one.name.as_str()))
        .collect();
    assert_eq!(
        renditions,
        [("audio", "audio0", "eng"), ("audio", "audio0", "deu"), ("text", "text0", "eng")]
    );
    assert_eq!(list.variants.len(), 2);
    assert!(list.variants.iter().all(|one| one.codecs == "avc1.64001F,mp4a.40.2,stpp.ttml.im1t"));
    // Variants and session keys are in the first playlist, which nothing else is called like.
    assert_eq!(list.keys.len(), 1);
}

#[test]
fn text_of_a_type_that_players_do_not_know_is_left_out_and_told() {
    let film = set::file("film.mp4", vec![set::track(1, "video", 800_000, 3)]);
    for (format, known) in [("wvtt", true), ("stpp", true), ("tx3g", false)] {
        let mut text_file = set::file("text.mp4", vec![set::track(1, "text", 300, 3)]);
        text_file.tracks[0].format = format.to_owned();
        text_file.tracks[0].codec = format.to_owned();
        let written = write(&[film.clone(), text_file]);
        for (form, file, named) in [("dash", "mpd", "text.mp4"), ("hls", "hls", "text.m3u8")] {
            assert_eq!(text(&written, file).contains(named), known, "{format} {form}");
            let told = written.notes.iter().any(|one| one.form == form && one.message.contains("type tx3g"));
            assert_eq!(told, !known, "{format} {form}: {:?}", written.notes);
        }
    }
}

#[test]
fn keys_of_hls_are_those_of_each_system() {
    let mut file = set::encrypted(set::file("a.mp4", vec![set::track(1, "video", 800_000, 3)]), KID);
    let protection = file.tracks[0].protection.as_mut().unwrap();
    (protection.scheme, protection.form) = ("cbcs".to_owned(), "plain".to_owned());
    let wishes = Wishes {
        name: "a".to_owned(),
        base_url: "https://media.example/x/".to_owned(),
        fairplay: "skd://keys.example/{kid}".to_owned(),
        ..Wishes::default()
    };
    let written = write_with(std::slice::from_ref(&file), &wishes).unwrap();
    let list = playlist(text(&written, "hls-media"));
    let keys: Vec<_> = list.keys.iter().map(|key| (key.format.as_str(), key.method.as_str())).collect();
    assert_eq!(
        keys,
        [("com.apple.streamingkeydelivery", "SAMPLE-AES"), ("com.microsoft.playready", "SAMPLE-AES")]
    );
    assert_eq!(list.keys[0].uri, format!("skd://keys.example/{KID}"));
    assert_eq!(list.segments[0].uri, "https://media.example/x/a.mp4");
    // The playlist of the file is not called like that of the set.
    let names: Vec<&str> = written.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a.mpd", "a.mp4.m3u8", "a.m3u8"]);
    assert_eq!(ids(&read(text(&written, "hls"), std::slice::from_ref(&file)).1), [""; 0]);
}
