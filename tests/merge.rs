//! Several files as one: every sample of each at its time, under IDs that differ, and protected in the same pass.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

mod said;

use std::process::Command;

use boxlock::bytes::Result;
use boxlock::protect::RequestText;
use boxlock::session::Session;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, bytes_of};
use support::ffmpeg::{self, Packet, Scratch, packets};
use support::raw;

/// Pictures, sound and words that FFmpeg makes, so many seconds long.
fn make(end: &str, seconds: u32, arguments: &str) -> Vec<u8> {
    let scratch = Scratch::path(end);
    let words = Scratch::path(".srt");
    let lines: Vec<String> = (0..seconds)
        .map(|at| format!("{}\n00:00:{at:02},100 --> 00:00:{at:02},900\nLine {at}\n", at + 1))
        .collect();
    std::fs::write(&words.0, lines.join("\n")).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i"]);
    command.arg(format!("testsrc2=size=192x108:rate=25:duration={seconds}"));
    command.args(["-f", "lavfi", "-i", &format!("sine=frequency=440:sample_rate=44100:duration={seconds}")]);
    command.arg("-i").arg(&words.0);
    command.args(["-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1", "-fflags", "+bitexact"]);
    let output = command.args(arguments.split(' ')).arg(&scratch.0).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(&scratch.0).unwrap()
}

const VIDEO: &str = "-map 0:v -c:v libx264 -g 25 -bf 2";
const SOUND: &str = "-map 1:a -c:a aac -metadata:s:a:0 language=deu";
const FRAGMENTED_VIDEO: &str =
    "-map 0:v -c:v libx264 -g 25 -bf 0 -movflags +frag_keyframe+empty_moov+default_base_moof";
const FRAGMENTED_SOUND: &str = "-map 1:a -c:a aac -frag_duration 1500000 -movflags \
                                +empty_moov+default_base_moof -metadata:s:a:0 language=fra";
/// Data offsets of these count from the first byte of the file.
const ABSOLUTE_SOUND: &str = "-map 1:a -c:a aac -frag_duration 1000000 -movflags +empty_moov";
const TEXT: &str = "-map 2:s -c:s mov_text -metadata:s:s:0 language=ita";
const TTML: &str = "-map 2:s -c:s ttml";

/// A file that is merged: ending, seconds, arguments.
type Recipe = (&'static str, u32, &'static str);

/// What people have beside each other.
const SETS: &[(&str, &[Recipe])] = &[
    ("plain pictures, plain sound", &[(".mp4", 7, VIDEO), (".m4a", 7, SOUND)]),
    (
        "plain and fragmented sound, two languages",
        &[(".mp4", 7, VIDEO), (".m4a", 7, SOUND), (".mp4", 7, FRAGMENTED_SOUND)],
    ),
    ("fragmented pictures, plain sound", &[(".mp4", 7, FRAGMENTED_VIDEO), (".m4a", 7, SOUND)]),
    ("offsets from the first byte", &[(".mp4", 7, FRAGMENTED_VIDEO), (".mp4", 7, ABSOLUTE_SOUND)]),
    ("Smooth Streaming", &[(".ismv", 7, "-map 0:v -c:v libx264 -g 50 -bf 0"), (".isma", 7, SOUND)]),
    ("plain pictures, Smooth sound", &[(".mp4", 7, VIDEO), (".isma", 7, SOUND)]),
    ("QuickTime, AC-3 of another length", &[(".mov", 7, VIDEO), (".mp4", 4, "-map 1:a -c:a ac3")]),
    ("longer sound", &[(".mp4", 4, VIDEO), (".m4a", 9, SOUND)]),
    (
        "pictures with sound, a second sound and text",
        &[
            (".mp4", 7, "-map 0:v -map 1:a -c:v libx264 -g 25 -bf 2 -c:a aac"),
            (".m4a", 7, SOUND),
            (".mp4", 7, TEXT),
        ],
    ),
    ("TTML", &[(".mp4", 7, VIDEO), (".mp4", 7, TTML)]),
    (
        "other timescales",
        &[
            (
                ".mp4",
                7,
                "-map 0:v -c:v libx264 -g 30 -bf 2 -video_track_timescale 90000 -movie_timescale 600",
            ),
            (".m4a", 7, SOUND),
        ],
    ),
    (
        "text first in the alphabet, two sounds of one recipe",
        &[(".mp4", 7, VIDEO), (".m4a", 7, SOUND), (".m4a", 7, SOUND)],
    ),
];

fn made(recipes: &[Recipe]) -> Vec<Vec<u8>> {
    recipes.iter().map(|(end, seconds, arguments)| make(end, *seconds, arguments)).collect()
}

fn named(files: &[Vec<u8>]) -> Vec<(&str, &[u8])> {
    const NAMES: [&str; 4] = ["film.mp4", "german.m4a", "french.m4a", "text.mp4"];
    NAMES.into_iter().zip(files.iter().map(Vec::as_slice)).collect()
}

fn opened(files: &[Vec<u8>]) -> Result<(Session, Vec<u8>)> {
    drive::merge(&named(files), Feed::Exact)
}

/// All of the one file.
fn merged(files: &[Vec<u8>]) -> Vec<u8> {
    let (session, joined) = opened(files).unwrap();
    let len = session.work().unwrap().file_len;
    let whole = bytes_of(&joined, session.pieces(0, len).unwrap());
    assert_eq!(whole.len() as u64, len);
    // In any stretches, and fed in any way, it is the same.
    let mut again = Vec::new();
    let mut at = 0;
    while at < len {
        let step = 1 + (at * 7919) % 20_000;
        again.extend(bytes_of(&joined, session.pieces(at, step.min(len - at)).unwrap()));
        at += step;
    }
    assert!(again == whole);
    for feed in [Feed::Whole, Feed::AtLeast(5000)] {
        let (other, _) = drive::merge(&named(files), feed).unwrap();
        assert_eq!(other.work().unwrap().identity(), session.work().unwrap().identity());
    }
    whole
}

/// The packets of all files, streams counted on.
fn packets_of(files: &[Vec<u8>]) -> Vec<Packet> {
    let mut all = Vec::new();
    let mut before = 0;
    for file in files {
        let own = packets(file);
        let streams = own.iter().map(|packet| packet.0 + 1).max().unwrap();
        all.extend(own.into_iter().map(|mut packet| {
            packet.0 += before;
            packet
        }));
        before += streams;
    }
    all
}

/// Stream and bytes of an empty line of no duration at the end of an edit: FFprobe tells of it in fragments alone.
const LEFT_OUT_BY_FFMPEG: (u64, &str) = (3, "2");

#[test]
fn every_packet_of_each_file_is_in_the_one_at_its_time() {
    if !ffmpeg::present() {
        return;
    }
    for (name, recipes) in SETS {
        let files = made(recipes);
        let whole = merged(&files);
        raw::check_pointers(&whole);
        let (before, mut after) = (packets_of(&files), packets(&whole));
        if recipes.iter().any(|(_, _, arguments)| *arguments == TEXT) {
            let last = after.pop().unwrap();
            assert_eq!((last.0, last.3.as_str()), LEFT_OUT_BY_FFMPEG, "{name}");
        }
        let differ = before.iter().zip(&after).find(|(one, other)| one != other);
        assert!(differ.is_none() && before.len() == after.len(), "{name}: {differ:?}");
        assert!(before.len() > 100, "{name}");
        // What was found without reading it is what is there.
        let (session, _) = opened(&files).unwrap();
        let again = drive::open(&whole, Feed::Exact).unwrap();
        same_index(name, &session, &again);
        // Without protection it is these packets, too.
        let (session, joined) = opened(&files).unwrap();
        let none = RequestText { scheme: Some("none".to_owned()), ..RequestText::default() };
        let clear = drive::protect_opened(&session, &joined, &none).unwrap();
        raw::check_pointers(&clear);
        assert!(packets(&clear) == packets(&whole), "{name}");
    }
}

/// Whether the index of files that are merged says what that of the written file does.
fn same_index(name: &str, session: &Session, again: &Session) {
    let (one, other) = (session.work().unwrap(), again.index().unwrap());
    assert_eq!(one.file_len, other.file_len, "{name}");
    assert!(one.top.iter().eq(other.top.iter()), "{name}");
    assert_eq!(one.fragments.len(), other.fragments.len(), "{name}");
    for (one_fragment, fragment) in one.fragments.iter().zip(&other.fragments) {
        let of = |it: &boxlock::track::index::FragmentEntry| (it.start, it.moof_len, it.end, it.first_sample);
        assert_eq!(of(one_fragment), of(fragment), "{name}");
        let parts = |index: &boxlock::track::Index, it| -> Vec<_> {
            let part = |part: &boxlock::track::index::FragmentPart| {
                (part.track_id, part.samples, part.bytes, part.duration, part.decode_time)
            };
            index.parts(it).iter().map(part).collect()
        };
        assert_eq!(parts(one, one_fragment), parts(other, fragment), "{name}");
    }
    let used = |index: &boxlock::track::Index| index.used_entries().collect::<Vec<_>>();
    assert_eq!(used(one), used(other), "{name}");
    assert_eq!(one.moov.as_ref().unwrap().bytes(), other.moov.as_ref().unwrap().bytes(), "{name}");
    assert_eq!(one.random_access_points(), other.random_access_points(), "{name}");
    assert!(other.problems.is_empty(), "{name}: {:?}", other.problems);
    // Sequence numbers count up, and fragments come in the order of their times.
    let numbers: Vec<u32> = (1..).take(one.fragments.len()).collect();
    assert_eq!(again.index().unwrap().fragments.len(), numbers.len());
}

#[test]
fn what_is_merged_and_protected_is_given_back_by_others() {
    if !ffmpeg::present() {
        return;
    }
    for (name, recipes) in SETS {
        let files = made(recipes);
        let whole = merged(&files);
        let (session, joined) = opened(&files).unwrap();
        for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cbcs", "plain")] {
            let request = drive::request_in(scheme, form);
            let protected = drive::protect_opened(&session, &joined, &request).unwrap();
            // One way or in two, it is the same file.
            assert!(protected == drive::protect(&whole, &request).unwrap(), "{name} {form}");
            let ids: Vec<u32> = drive::samples(&whole).into_keys().collect();
            let keys: Vec<TrackKey> =
                ids.iter().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
            let decrypted = bento4_decrypt(&protected, &keys);
            assert!(drive::samples(&decrypted) == drive::samples(&whole), "{name} {scheme} {form}");
        }
    }
}

/// The samples of each track, in no order of tracks.
fn sample_lists(whole: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut lists: Vec<_> = drive::samples(whole).into_values().collect();
    lists.sort();
    lists
}

#[test]
fn in_any_order_it_is_the_same_samples_and_another_file() {
    if !ffmpeg::present() {
        return;
    }
    let files = made(&[(".mp4", 4, VIDEO), (".m4a", 5, SOUND), (".mp4", 3, FRAGMENTED_SOUND)]);
    let first = merged(&files);
    let wanted = sample_lists(&first);
    let mut identities = Vec::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let ordered = order.map(|at: usize| files[at].clone());
        let whole = merged(&ordered);
        assert!(sample_lists(&whole) == wanted, "{order:?}");
        raw::check_pointers(&whole);
        let (session, joined) = opened(&ordered).unwrap();
        let identity = session.work().unwrap().identity();
        assert!(!identities.contains(&identity), "{order:?}");
        identities.push(identity);
        // A plan is of these files in this order: another set would use its counters a second time.
        let plan = drive::plan(&session, &drive::request("hybrid")).unwrap();
        let (reversed, _) = opened(&[ordered[2].clone(), ordered[1].clone(), ordered[0].clone()]).unwrap();
        assert_eq!(reversed.assemble(&plan).unwrap_err().code(), "plan-other-file");
        let alone = drive::open(&ordered[0], Feed::Exact).unwrap();
        assert_eq!(alone.assemble(&plan).unwrap_err().code(), "plan-other-file");
        assert!(drive::protect_opened(&session, &joined, &drive::request("hybrid")).is_ok());
    }
}

#[test]
fn a_file_that_was_protected_by_a_plan_of_changed_bytes_is_refused() {
    if !ffmpeg::present() {
        return;
    }
    let files = made(&[(".mp4", 4, FRAGMENTED_VIDEO), (".mp4", 4, FRAGMENTED_SOUND)]);
    let (session, mut joined) = opened(&files).unwrap();
    let moof = raw::boxes(&files[1], 0).into_iter().find(|one| one.name == "moof").unwrap();
    // The sequence number, which is another in the whole.
    joined[files[0].len() + moof.start + 23] ^= 1;
    let error = drive::protect_opened(&session, &joined, &drive::request("hybrid")).unwrap_err();
    assert_eq!(error.code(), "source-changed");
}

/// `part` put into `file` in front of its first fragment.
fn before_fragments(file: &[u8], part: &[u8]) -> Vec<u8> {
    let moof = raw::boxes(file, 0).into_iter().find(|one| one.name == "moof").unwrap();
    [&file[..moof.start], part, &file[moof.start..]].concat()
}

#[test]
fn boxes_that_name_tracks_and_times_come_along_and_indexes_do_not() {
    if !ffmpeg::present() {
        return;
    }
    let video = make(".mp4", 4, FRAGMENTED_VIDEO);
    let sound = make(".mp4", 4, FRAGMENTED_SOUND);
    let mut prft = vec![0, 0, 0, 28, b'p', b'r', b'f', b't', 0, 0, 0, 0, 0, 0, 0, 1];
    prft.extend([7; 12]);
    let mut emsg = vec![0, 0, 0, 34, b'e', b'm', b's', b'g', 0, 0, 0, 0];
    emsg.extend(b"a\0b\0");
    emsg.extend([0; 18]);
    let mut sidx = vec![0, 0, 0, 32, b's', b'i', b'd', b'x', 0, 0, 0, 0, 0, 0, 0, 1];
    sidx.extend([0, 0, 0xac, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let free = vec![0, 0, 0, 9, b'f', b'r', b'e', b'e', 1];
    let user = [&[0, 0, 0, 28][..], b"uuid", &[3; 16], b"mine"].concat();
    let extra = [prft, emsg, sidx, free, user].concat();
    let whole = merged(&[before_fragments(&video, &extra), before_fragments(&sound, &extra)]);
    let names: Vec<String> = raw::boxes(&whole, 0).into_iter().map(|one| one.name).collect();
    let of = |name: &str| names.iter().filter(|one| *one == name).count();
    assert_eq!([of("prft"), of("emsg"), of("sidx"), of("free")], [2, 2, 0, 0], "{names:?}");
    // Other boxes are those of the first file.
    assert_eq!(names.iter().filter(|one| one.starts_with("uuid")).count(), 1);
    let tracks: Vec<u32> = raw::boxes(&whole, 0)
        .iter()
        .filter(|one| one.name == "prft")
        .map(|one| raw::be32(one.body(), 4))
        .collect();
    assert_eq!(
        {
            let mut sorted = tracks.clone();
            sorted.sort_unstable();
            sorted
        },
        [1, 2]
    );
    assert!(packets(&whole) == packets_of(&[video, sound]));
}

#[test]
fn data_offsets_from_anywhere_lead_to_the_same_samples() {
    if !ffmpeg::present() {
        return;
    }
    let video = make(".mp4", 4, FRAGMENTED_VIDEO);
    let sound = make(".mp4", 4, ABSOLUTE_SOUND);
    let mut moved = sound.clone();
    let mut seen = 0;
    for moof in raw::boxes(&sound, 0).iter().filter(|one| one.name == "moof") {
        let traf = moof.at("traf");
        let tfhd = traf.at("tfhd");
        assert_eq!(tfhd.flags() & 1, 1);
        let at = tfhd.start + 16;
        let base = raw::be64(&sound, at) + 20;
        moved[at..at + 8].copy_from_slice(&base.to_be_bytes());
        let at = traf.at("trun").start + 16;
        let offset = raw::be32(&sound, at) - 20;
        moved[at..at + 4].copy_from_slice(&offset.to_be_bytes());
        seen += 1;
    }
    assert!(seen >= 3);
    let whole = merged(&[video.clone(), moved.clone()]);
    raw::check_pointers(&whole);
    assert!(packets(&whole) == packets_of(&[video.clone(), sound]));
    let (session, joined) = opened(&[video, moved]).unwrap();
    let request = drive::request("piff");
    let protected = drive::protect_opened(&session, &joined, &request).unwrap();
    assert!(protected == drive::protect(&whole, &request).unwrap());
}

#[test]
fn real_files_of_pictures_sound_and_text_become_one() {
    let Some(root) = support::corpus() else { return };
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    let joined = |stem: &str| -> Vec<u8> {
        let is_of = |path: &&std::path::PathBuf| {
            path.file_name().unwrap().to_string_lossy().starts_with(&format!("shaka-packager__{stem}"))
        };
        let mut parts: Vec<_> = files.iter().filter(is_of).collect();
        parts.sort_by_key(|path| !path.to_string_lossy().contains("init"));
        assert!(parts.len() > 2, "{stem}");
        parts.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    };
    let stems = [
        "live-profile__bear-640x360-video",
        "live-profile__bear-640x360-audio",
        "segmented-webvtt-mp4__bear-english-text",
        "segmented-ttml-mp4__bear-english-text",
    ];
    let files = stems.map(joined).to_vec();
    let whole = merged(&files);
    raw::check_pointers(&whole);
    let mut wanted: Vec<_> = files.iter().flat_map(|file| drive::samples(file).into_values()).collect();
    wanted.sort();
    assert!(sample_lists(&whole) == wanted);
    let (session, joined) = opened(&files).unwrap();
    let movie = session.index().unwrap().movie.as_ref().unwrap();
    let formats: Vec<String> = movie.tracks.iter().map(|track| track.entries[0].coded.text()).collect();
    assert_eq!(formats[2..], ["wvtt", "stpp"]);
    let request = drive::request("hybrid");
    let protected = drive::protect_opened(&session, &joined, &request).unwrap();
    assert!(protected == drive::protect(&whole, &request).unwrap());
}

#[test]
fn no_change_of_the_files_makes_it_panic() {
    if !ffmpeg::present() {
        return;
    }
    let files = made(&[
        (".mp4", 3, "-map 0:v -c:v libx264 -g 25 -s 64x36"),
        (".mp4", 3, "-map 1:a -c:a aac -b:a 16k -frag_duration 1000000 -movflags +empty_moov"),
    ]);
    let places = |file: &[u8]| -> Vec<(usize, usize)> {
        let heads = raw::boxes(file, 0).into_iter().filter(|one| one.name != "mdat");
        heads.map(|one| (one.start, one.bytes.len())).collect()
    };
    let mut dice = support::dice::Dice(0x9e37_79b9_7f4a_7c15);
    let mut done = [0, 0];
    for _ in 0..2000 {
        let mut changed = files.clone();
        for _ in 0..1 + dice.roll(3) {
            let number = dice.roll(2);
            let heads = places(&files[number]);
            let (start, len) = heads[dice.roll(heads.len())];
            let at = start + dice.roll(len);
            let file = &mut changed[number];
            file[at] = [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1 << dice.roll(8)][dice.roll(6)];
        }
        let tried = opened(&changed).and_then(|(session, joined)| {
            session.pieces(0, session.work()?.file_len)?;
            drive::protect_opened(&session, &joined, &drive::request("hybrid"))
        });
        match tried {
            Ok(_) => done[0] += 1,
            Err(error) => {
                support::hostile::check_error(&error);
                done[1] += 1;
            }
        }
    }
    println!("{} protected, {} refused", done[0], done[1]);
    assert!(done[0] > 100 && done[1] > 100, "{done:?}");
}

#[test]
fn references_between_tracks_follow_their_new_ids() {
    if !ffmpeg::present() {
        return;
    }
    let video = make(".mp4", 3, FRAGMENTED_VIDEO);
    let sound = make(".mp4", 3, FRAGMENTED_SOUND);
    let moov = raw::boxes(&sound, 0).into_iter().find(|one| one.name == "moov").unwrap();
    let (trak, tkhd) = (moov.at("trak"), moov.at("trak/tkhd"));
    // To itself, which is 1 there and 2 in the whole; and to a track that is not there, which stays.
    let tref =
        [&[0, 0, 0, 24][..], b"tref", &[0, 0, 0, 16], b"cdsc", &1_u32.to_be_bytes(), &9_u32.to_be_bytes()]
            .concat();
    let mut referring = [&sound[..tkhd.end()], &tref, &sound[tkhd.end()..]].concat();
    for at in [moov.start, trak.start] {
        let size = raw::be32(&referring, at) + 24;
        referring[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    let whole = merged(&[video, referring]);
    let moov = raw::boxes(&whole, 0).into_iter().find(|one| one.name == "moov").unwrap();
    let traks: Vec<_> = moov.children().into_iter().filter(|one| one.name == "trak").collect();
    let cdsc = traks[1].at("tref/cdsc");
    assert_eq!((raw::be32(cdsc.body(), 0), raw::be32(cdsc.body(), 4)), (2, 9));
    let ids: Vec<u32> = traks.iter().map(|trak| raw::be32(trak.at("tkhd").body(), 12)).collect();
    assert_eq!(ids, [1, 2]);
    let mvex: Vec<u32> = moov
        .at("mvex")
        .children()
        .iter()
        .filter(|one| one.name == "trex")
        .map(|one| raw::be32(one.body(), 4))
        .collect();
    assert_eq!((mvex, raw::be32(moov.at("mvhd").body(), 96)), (vec![1, 2], 3));
}
