//! Every byte that has to be encrypted is, and no other; the key gives the clear file back; no two samples share an
//! initialization vector. What cannot be described is refused: nothing is protected in part, and nothing that is called
//! protected has no encrypted byte. All of it is asked of the witness, which shares no code with the core.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use proptest::prelude::*;
use support::clear::{self, Clear};
use support::drive::{protect, request};
use support::synth::{self, File, IDR, Kind, NON_IDR};
use support::verdict::verdict;
use support::witness::wanted::{Finder, subsamples};
use support::witness::{Movie, Res};
use support::{ffmpeg, strategy};

const PROFILES: [&str; 2] = ["piff", "hybrid"];

/// The most subsamples that the byte of a `saiz` can count with 8-byte IVs: 8 + 2 + 6 n ≤ 255.
const MOST: usize = 40;

/// The most subsamples that a video sample of a clear file takes.
fn most_subsamples(file: &[u8], profile: &str) -> Res<usize> {
    let movie = Movie::read(file)?;
    let mut most = 0;
    for track in movie.tracks.iter().filter(|track| &track.handler == b"vide") {
        let mut finder = Finder::new(profile);
        for sample in movie.of(track.id) {
            let bytes = &file[sample.start..sample.start + sample.len];
            let ranges = finder.ranges(sample.entry, &track.entries[sample.entry], track.handler, bytes)?;
            most = most.max(subsamples(&ranges, bytes.len()));
        }
    }
    Ok(most)
}

/// Protects in both profiles; true when both went. What is refused must be what cannot be described.
fn both(name: &str, file: &[u8]) -> bool {
    let mut went = true;
    for profile in PROFILES {
        let text = request(profile);
        let most = most_subsamples(file, profile).unwrap_or_else(|e| panic!("{name} {profile}: {e}"));
        let fits = profile == "piff" || most <= MOST;
        match protect(file, &text) {
            Ok(out) => {
                let report = verdict(file, &out, &text).unwrap_or_else(|e| panic!("{name} {profile}: {e}"));
                println!("{name} {profile}: {:?}", report.tracks);
                assert!(fits, "{name}: {most} subsamples");
            }
            Err(error) => {
                assert_eq!(
                    (error.code(), error.field()),
                    ("too-many-subsamples", Some("form")),
                    "{name}: {error}"
                );
                assert!(!fits, "{name} {profile}: {most} subsamples fit: {error}");
                let said = error.message();
                let both_numbers = said.contains("piff") && said.contains(&MOST.to_string());
                assert!(both_numbers && said.contains("rack"), "{name}: {error}");
                went = false;
            }
        }
    }
    went
}

#[test]
fn in_the_corpus() {
    let files = clear::corpus();
    for Clear { name, bytes } in &files {
        both(name, bytes);
    }
    assert!(files.len() >= 15 || support::corpus().is_none(), "{} clear files", files.len());
}

#[test]
fn in_files_of_every_form() {
    for Clear { name, bytes } in clear::made() {
        assert!(both(&name, &bytes), "{name}");
    }
}

/// What x264 is asked for: name, whether `hybrid` can describe it, arguments. Pictures are small, so slices are.
const STREAMS: &[(&str, bool, &[&str])] = &[
    ("4 slices", true, &["-x264-params", "slices=4"]),
    ("7 slices, CAVLC", true, &["-x264-params", "slices=7:cabac=0", "-bf", "0"]),
    ("a slice for each row, tall", false, &["-s", "64x1040", "-x264-params", "slices=65:sliced-threads=0"]),
    ("slices of at most 120 bytes", false, &["-qp", "8", "-x264-params", "slice-max-size=120"]),
    ("slices of at most 400 bytes", true, &["-qp", "2", "-x264-params", "slice-max-size=400"]),
    ("a slice for each two macroblocks", false, &["-qp", "8", "-x264-params", "slice-max-mbs=2"]),
    ("odd size", true, &["-vf", "scale=178:94", "-bf", "2"]),
    ("interlaced", true, &["-flags", "+ildct+ilme", "-x264-params", "tff=1:slices=2"]),
    (
        "aud, sei and sets before each picture",
        true,
        &[
            "-x264-params",
            "aud=1:repeat-headers=1:nal-hrd=vbr",
            "-b:v",
            "300k",
            "-maxrate",
            "300k",
            "-bufsize",
            "300k",
        ],
    ),
    (
        "filler",
        true,
        &[
            "-x264-params",
            "nal-hrd=cbr:filler=1",
            "-b:v",
            "900k",
            "-maxrate",
            "900k",
            "-minrate",
            "900k",
            "-bufsize",
            "900k",
        ],
    ),
    ("lossless", true, &["-qp", "0"]),
    ("pictures that hardly change", true, &["-vf", "format=gray,scale=32:32,format=yuv420p", "-crf", "51"]),
    (
        "weights and many references",
        true,
        &["-bf", "3", "-refs", "6", "-weightp", "2", "-x264-params", "weightb=1"],
    ),
];

#[test]
fn in_streams_of_many_shapes() {
    if !ffmpeg::present() {
        return;
    }
    for (name, fits, arguments) in STREAMS {
        let form = ["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"];
        let file = ffmpeg::make(1, true, true, &[*arguments, &form[..]].concat());
        assert_eq!(both(name, &file), *fits, "{name}: what it was made for");
    }
}

/// Several tracks of each kind, of different sizes, in one file.
#[test]
fn in_files_of_many_tracks() {
    if !ffmpeg::present() {
        return;
    }
    let maps = ["0:v", "0:v", "1:a", "1:a", "1:a"].map(|map| ["-map", map]).concat();
    let sizes = ["-s:v:1", "96x56", "-b:a:2", "32k"];
    for form in [&["-f", "ismv"][..], &["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov"]] {
        let file = ffmpeg::make(2, true, true, &[&maps[..], &sizes, form].concat());
        assert_eq!(Movie::read(&file).unwrap().tracks.len(), 5);
        assert!(both("five tracks", &file));
        let out = protect(&file, &request("hybrid")).unwrap();
        assert_eq!(verdict(&file, &out, &request("hybrid")).unwrap().tracks.len(), 5, "all are protected");
    }
}

/// A NAL unit with its length: a slice of a picture of one macroblock, or one of another type.
fn nal(kind: u8, len: usize) -> Vec<u8> {
    let mut unit = match kind {
        1 => NON_IDR.to_vec(),
        5 => IDR.to_vec(),
        _ => vec![kind],
    };
    let rest = len.saturating_sub(unit.len());
    unit.extend((0..rest).map(|n| (n as u8).wrapping_mul(31) | 1));
    [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], &unit].concat()
}

fn pictures(samples: Vec<Vec<u8>>) -> File {
    let mut file = synth::small();
    file.tracks = vec![Kind::Video];
    file.fragments.truncate(1);
    file.fragments[0].trafs[0].runs = vec![samples];
    file
}

fn of_slices(count: usize) -> Vec<u8> {
    // Four bytes of header and whole blocks: no tail that takes a subsample of its own.
    pictures(vec![nal(5, 4 + 64).repeat(count)]).bytes()
}

/// The border itself, without FFmpeg: 40 slices, and 41.
#[test]
fn at_the_border_of_what_can_be_described() {
    for count in [1, 39, 40, 41, 80, 300] {
        assert_eq!(both(&format!("{count} slices"), &of_slices(count)), count <= MOST);
    }
    // Slices without a whole block need no subsample; the clear run goes on.
    let thin = pictures(vec![[nal(5, 60).repeat(40), nal(5, 12).repeat(30)].concat()]).bytes();
    assert!(!both("a tail of thin slices takes one more", &thin));
    let thin = pictures(vec![[nal(5, 12).repeat(30), nal(5, 60).repeat(40)].concat()]).bytes();
    assert!(!both("forty slices and their tail", &thin));
    let exact = nal(5, 4 + 64);
    let tail = pictures(vec![[exact.repeat(40), nal(9, 2)].concat()]).bytes();
    assert!(!both("forty slices and a delimiter behind", &tail));
    // A clear run that takes two.
    let long = pictures(vec![[nal(6, 70_000), exact.repeat(40)].concat()]).bytes();
    assert!(!both("a long message before 40 slices", &long));
    let long = pictures(vec![[nal(6, 70_000), exact.repeat(39)].concat()]).bytes();
    assert!(both("a long message before 39 slices", &long));
}

/// A later sample decides as much as the first: in its fragment, and in another.
#[test]
fn one_picture_too_many_anywhere_is_refused() {
    let (good, bad) = (nal(5, 60).repeat(3), nal(5, 60).repeat(50));
    let same = pictures(vec![good.clone(), good.clone(), bad.clone()]);
    let mut other = pictures(vec![good]);
    let mut second = other.fragments[0].clone();
    second.trafs[0].runs = vec![vec![bad]];
    other.fragments.push(second);
    for file in [same, other] {
        assert!(!both("a picture too many", &file.bytes()));
    }
}

/// Files in which the rule finds nothing to encrypt: never a success.
#[test]
fn a_success_with_nothing_encrypted_does_not_exist() {
    let sound = |runs: Vec<Vec<Vec<u8>>>| {
        let mut file = synth::small();
        for fragment in &mut file.fragments {
            fragment.trafs[0].runs.clone_from(&runs);
        }
        file
    };
    let mut no_trafs = synth::small();
    no_trafs.fragments.iter_mut().for_each(|fragment| fragment.trafs.clear());
    let mut only_text = synth::small();
    only_text.tracks = vec![Kind::Text, Kind::Sound];
    let files = [
        ("no runs", sound(Vec::new())),
        ("runs without samples", sound(vec![Vec::new()])),
        ("samples without bytes", sound(vec![vec![Vec::new(); 3]])),
        ("no trafs", no_trafs),
        ("samples in the text track alone", only_text),
        ("pictures without slices, for hybrid", pictures(vec![nal(6, 50), nal(9, 2)])),
        ("slices without a whole block, for hybrid", pictures(vec![nal(5, 10), nal(1, 18)])),
        ("units without a body", pictures(vec![nal(9, 1), nal(9, 1)])),
        ("units without bytes", pictures(vec![vec![0; 8]])),
    ];
    for (name, file) in files {
        let file = file.bytes();
        for profile in PROFILES {
            if name.ends_with(profile) || !name.contains("hybrid") {
                let result = protect(&file, &request(profile));
                let error = result.map(|_| ()).expect_err(&format!("{name} {profile}: nothing is encrypted"));
                support::hostile::check_error(&error);
                println!("{name} {profile}: {error}");
            }
        }
    }
}

/// A track that was asked for by name and has nothing to encrypt is no success either, whatever else there is; one that
/// was not asked for stays as it was.
#[test]
fn only_chosen_tracks_are_touched() {
    let mut file = synth::small();
    file.tracks = vec![Kind::Sound, Kind::Video];
    for fragment in &mut file.fragments {
        let mut video = fragment.trafs[0].clone();
        video.track = 1;
        video.runs = vec![vec![nal(5, 90), nal(1, 50)]];
        fragment.trafs.push(video);
    }
    let file = file.bytes();
    for profile in PROFILES {
        for tracks in [vec![1], vec![2], vec![1, 2], vec![2, 1]] {
            let mut text = request(profile);
            text.tracks = Some(tracks.clone());
            let out = protect(&file, &text).unwrap();
            let report = verdict(&file, &out, &text).unwrap_or_else(|e| panic!("{profile} {tracks:?}: {e}"));
            assert_eq!(report.tracks.len(), tracks.len());
        }
    }
}

/// The witness itself: what is wrong, it says.
#[test]
fn the_witness_notices() {
    let clear = of_slices(3);
    let text = request("hybrid");
    let good = protect(&clear, &text).unwrap();
    verdict(&clear, &good, &text).unwrap();
    let find = |kind: &[u8; 4]| good.windows(4).position(|window| window == kind).unwrap() + 4;
    let mdat = find(b"mdat");
    // A clear byte of a slice, one of a slice header, one encrypted byte: all belong to the sample.
    for at in [0, 5, 20, 63, 64] {
        let mut bad = good.clone();
        bad[mdat + at] ^= 1;
        verdict(&clear, &bad, &text).expect_err("a changed byte");
    }
    // All in the clear, with the boxes of a protected file.
    let mut bad = good.clone();
    let len = bad.len();
    let from = clear.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    let media = clear.len() - from;
    bad.truncate(mdat);
    bad.extend(&clear[from..]);
    assert_eq!(bad.len(), mdat + media);
    assert_eq!(bad.len(), len);
    verdict(&clear, &bad, &text).expect_err("clear samples");
    // Each box that says how.
    for (kind, offset) in [
        (b"senc", 4),
        (b"senc", 8 + 7),
        (b"senc", 8 + 9),
        (b"saiz", 4),
        (b"saio", 11),
        (b"tenc", 6),
        (b"tenc", 8 + 3),
        (b"schm", 4),
        (b"frma", 0),
        (b"pssh", 4),
    ] {
        let mut bad = good.clone();
        bad[find(kind) + offset] ^= 1;
        let said = verdict(&clear, &bad, &text).expect_err(&format!("{kind:?} {offset}"));
        println!("{}: {said}", String::from_utf8_lossy(kind));
    }
    let mut other = request("hybrid");
    other.key = Some(boxlock::protect::request::SecretText("00".repeat(15) + "01"));
    let out = protect(&clear, &other).unwrap();
    verdict(&clear, &out, &text).expect_err("another key");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_random_files(file in strategy::file(), profile in prop::sample::select(&PROFILES[..])) {
        let file = file.bytes();
        let text = request(profile);
        // Whether such a file must be protected is asked elsewhere.
        if let Ok(out) = protect(&file, &text) {
            let said = verdict(&file, &out, &text);
            prop_assert!(said.is_ok(), "{:?}", said);
        }
    }

    #[test]
    fn in_random_pictures(
        samples in prop::collection::vec(prop::collection::vec((prop::sample::select(&[1_u8, 1, 5, 5, 3, 6, 9, 12, 14, 19, 20][..]), prop_oneof![60 => 1..40_usize, 60 => 1..200_usize, 1 => Just(70_000)]), 1..50), 1..4),
    ) {
        let samples = samples.into_iter().map(|units| units.into_iter().flat_map(|(kind, len)| nal(kind, len)).collect()).collect();
        let file = pictures(samples).bytes();
        for profile in PROFILES {
            let text = request(profile);
            let fits = profile == "piff" || most_subsamples(&file, profile).unwrap() <= MOST;
            match protect(&file, &text) {
                Ok(out) => {
                    let said = verdict(&file, &out, &text);
                    prop_assert!(said.is_ok() && fits, "{:?}", said);
                }
                Err(error) => prop_assert!(!fits || error.code() != "too-many-subsamples", "{}", error),
            }
        }
    }
}
