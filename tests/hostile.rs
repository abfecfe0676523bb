//! Damaged and hostile files: never a panic, never a hang, and for each known damage its own code and place.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use support::hostile::{Fate, Numbers, fate};
use support::synth::{self, Base, Kind, Sizes, boxed};
use support::{corpus_file, raw};

/// Small good files of many forms; more of them with the corpus.
fn good_files() -> Vec<Vec<u8>> {
    let mut files = vec![synth::small().bytes(), av_file().bytes()];
    for name in [
        "mp4-frag-mixed/go-mp4__sample_fragmented.mp4",
        "mp4-frag-mixed/codem-isoboxer__test_frag.mp4",
        "mp4-frag-mixed/fq__fragmented.mp4",
        "mp4-frag-mixed/mp4ff__clear_with_enc_boxes.mp4",
    ] {
        files.extend(corpus_file(name));
    }
    let protected = |file: &Vec<u8>| support::drive::protect(file, &support::drive::request("hybrid")).ok();
    let more: Vec<Vec<u8>> = files[..2].iter().filter_map(protected).collect();
    files.extend(more);
    files
}

/// Sound and pictures, several runs, indexes at both ends.
fn av_file() -> synth::File {
    let mut file = synth::small();
    file.tracks = vec![Kind::Sound, Kind::Video];
    let slice = [&[0, 0, 0, 40][..], &synth::IDR, &[0x11; 36]].concat();
    let video = synth::Traf {
        track: 1,
        base: Base::Implicit,
        run_flags: 0xf00,
        runs: vec![vec![slice.clone(), slice.clone()], vec![slice]],
        gap: 3,
        tfxd: Some(-5),
        extras: true,
        ..file.fragments[0].trafs[0].clone()
    };
    for fragment in &mut file.fragments {
        fragment.trafs.push(video.clone());
        fragment.own_index = true;
        fragment.long_mdat = true;
    }
    file.global_index = Some(1);
    file
}

/// A file whose sound is of this object type, in the sample entry that AAC has too.
fn sound_of(object_type_indication: u8) -> Vec<u8> {
    let mut file = synth::small();
    file.tracks = vec![Kind::Sound];
    let mut bytes = file.bytes();
    let object_type = find(&bytes, b"esds", 0) + 19;
    assert_eq!(bytes[object_type], 0x40);
    bytes[object_type] = object_type_indication;
    bytes
}

#[test]
fn good_files_are_good() {
    assert!(matches!(fate(&synth::small().bytes()), Fate::Protected));
    for file in [av_file().bytes(), sound_of(0x6b)] {
        let fate = fate(&file);
        assert!(matches!(fate, Fate::Protected), "{fate:?}");
    }
}

#[test]
fn files_cut_off_anywhere() {
    for file in good_files() {
        let mut numbers = Numbers(1);
        let later: Vec<usize> = (0..300).map(|_| numbers.below(file.len())).collect();
        for len in (0..file.len().min(4096)).chain(later) {
            fate(&file[..len]);
        }
    }
}

#[test]
fn single_bits_turned() {
    for mut file in good_files() {
        let mut numbers = Numbers(2);
        for round in 0..500 {
            // Most turns where boxes are dense.
            let reach = if round % 4 == 0 { file.len() } else { file.len().min(3000) };
            let (at, bit) = (numbers.below(reach), numbers.below(8));
            file[at] ^= 1 << bit;
            fate(&file);
            file[at] ^= 1 << bit;
        }
    }
}

/// Every 32-bit field set to values that overflow what is computed with it.
#[test]
fn extreme_numbers_everywhere() {
    for mut file in [synth::small().bytes(), av_file().bytes()] {
        for at in (0..file.len() - 8).step_by(2) {
            let kept: [u8; 8] = file[at..at + 8].try_into().unwrap();
            for value in [u64::MAX, 0x7fff_ffff_0000_0000, 0x8000_0000_8000_0000] {
                file[at..at + 8].copy_from_slice(&value.to_be_bytes());
                fate(&file);
                file[at..at + 4].copy_from_slice(&kept[..4]);
                fate(&file);
            }
            file[at..at + 8].copy_from_slice(&kept);
        }
    }
}

#[test]
fn random_bytes() {
    let mut numbers = Numbers(3);
    let known = [b"ftyp", b"moov", b"moof", b"traf", b"trun", b"mdat", b"mfra", b"sidx", b"trak", b"uuid"];
    for round in 0..3000 {
        let mut file: Vec<u8> = (0..numbers.below(400)).map(|_| numbers.next() as u8).collect();
        for _ in 0..round % 8 {
            if file.len() > 20 {
                let at = numbers.below(file.len() - 12);
                let size = u32::try_from(numbers.below(64)).unwrap();
                file[at..at + 4].copy_from_slice(&size.to_be_bytes());
                file[at + 4..at + 8].copy_from_slice(known[numbers.below(known.len())]);
            }
        }
        fate(&file);
    }
}

#[test]
fn the_malformed_files_of_the_corpus() {
    let mut met = 0;
    for (name, file) in support::corpus_files() {
        if name.starts_with("malformed") {
            fate(&file);
            met += 1;
        }
    }
    assert!(met > 90 || support::corpus().is_none(), "{met}");
}

/// Where the `number`th box of a type begins in a file.
fn find(file: &[u8], kind: &[u8; 4], number: usize) -> usize {
    let places = file.windows(4).enumerate().filter(|(_, window)| window == kind);
    places.map(|(at, _)| at - 4).nth(number).unwrap_or_else(|| panic!("{kind:?}"))
}

/// A good file, changed.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = synth::small().bytes();
    change(&mut file);
    file
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A made-up file, changed before it is written.
fn made(change: impl FnOnce(&mut synth::File)) -> Vec<u8> {
    let mut file = synth::small();
    change(&mut file);
    file.bytes()
}

/// Top-level boxes of the good file, to be put together otherwise.
fn parts() -> Vec<Vec<u8>> {
    raw::boxes(&synth::small().bytes(), 0).iter().map(|b| b.bytes.to_vec()).collect()
}

fn deep(levels: usize) -> Vec<u8> {
    (0..levels).fold(Vec::new(), |inner, _| boxed(b"udta", &inner))
}

/// The table: what is wrong, the file, the code that says so.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let [ftyp, moov, moof, mdat, ..] = &parts()[..] else { panic!() };
    let mfra = parts().pop().unwrap();
    let join = |boxes: &[&Vec<u8>]| boxes.iter().flat_map(|b| b.to_vec()).collect::<Vec<u8>>();
    // In trun: header 8, version and flags 4, count 4, data offset 4, then duration and size of each sample.
    let run = |change: &dyn Fn(&mut [u8])| {
        changed(|f| {
            let at = find(f, b"trun", 0);
            change(&mut f[at..])
        })
    };
    let offset = |delta: i32| {
        run(&|t| {
            let old = i32::from_be_bytes(t[16..20].try_into().unwrap());
            put(t, 16, &old.wrapping_add(delta).to_be_bytes());
        })
    };
    let mut moov_with_depth = moov.clone();
    moov_with_depth.extend(deep(1000));
    let size = u32::try_from(moov_with_depth.len()).unwrap();
    put(&mut moov_with_depth, 0, &size.to_be_bytes());
    vec![
        ("nothing at all", Vec::new(), "empty"),
        ("a text", b"Hello, this is no film at all.".to_vec(), "not-mp4"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0".to_vec(), "not-mp4"),
        (
            "a box smaller than its header",
            changed(|f| {
                let at = find(f, b"moov", 0);
                put(f, at, &[0, 0, 0, 7])
            }),
            "bad-box-size",
        ),
        (
            "media data cut off",
            changed(|f| {
                let at = find(f, b"mdat", 1);
                f.truncate(at + 50)
            }),
            "truncated",
        ),
        (
            "a 64-bit size near 2^64",
            join(&[ftyp, moov, &b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xf0".to_vec()]),
            "truncated",
        ),
        (
            "a moof larger than the file",
            changed(|f| {
                let at = find(f, b"moof", 0);
                put(f, at, &[0x7f, 0xff, 0xff, 0xff])
            }),
            "bad-box-size",
        ),
        ("a fragment alone", join(&[moof, mdat]), "no-moov"),
        ("an initialization segment alone", join(&[ftyp, moov]), "not-fragmented"),
        ("a second moov", join(&[ftyp, moov, moov, moof, mdat]), "duplicate-moov"),
        ("the moov behind the fragments", join(&[ftyp, moof, mdat, moov]), "moov-after-fragments"),
        (
            "two tracks with one ID",
            changed_tracks(|f| {
                let at = find(f, b"tkhd", 1);
                put(f, at + 20, &[0, 0, 0, 1])
            }),
            "duplicate-track-id",
        ),
        (
            "a track without a header",
            changed(|f| {
                let at = find(f, b"tkhd", 0);
                put(f, at + 4, b"free")
            }),
            "missing-box",
        ),
        (
            "a moov without its header",
            changed(|f| {
                let at = find(f, b"mvhd", 0);
                put(f, at + 4, b"free")
            }),
            "missing-box",
        ),
        ("boxes nested 1000 deep", join(&[ftyp, &moov_with_depth, moof, mdat]), "too-many-boxes"),
        ("only text", made(|f| f.tracks = vec![Kind::Text]), "no-track"),
        ("only Vorbis sound", sound_of(0xdd), "no-track"),
        (
            "samples in the moov",
            changed(|f| {
                let at = find(f, b"stsz", 0);
                put(f, at + 12, &[0, 0, 0, 1, 0, 0, 0, 9])
            }),
            "sample-count",
        ),
        (
            "a codec record of version 2",
            changed_tracks(|f| {
                let at = find(f, b"avcC", 0);
                f[at + 8] = 2
            }),
            "clear-video",
        ),
        (
            "a fragment of no track",
            changed(|f| {
                let at = find(f, b"tfhd", 0);
                put(f, at + 12, &[0, 0, 0, 9])
            }),
            "unknown-track",
        ),
        (
            "a traf without a header",
            changed(|f| {
                let at = find(f, b"tfhd", 0);
                put(f, at + 4, b"free")
            }),
            "missing-box",
        ),
        ("four thousand million samples with sizes", run(&|t| put(t, 12, &[0xff; 4])), "truncated"),
        (
            "four thousand million samples of no bytes",
            run(&|t| {
                put(t, 10, &[0, 1]);
                put(t, 12, &[0xff; 4])
            }),
            "too-many-samples",
        ),
        (
            "more samples than bytes",
            run(&|t| {
                put(t, 10, &[0, 1]);
                put(t, 12, &[0, 1, 0, 0])
            }),
            "too-many-samples",
        ),
        ("samples in the moof", offset(-60), "data-elsewhere"),
        ("samples over the header of mdat", offset(-8), "data-elsewhere"),
        ("samples one byte into the header of mdat", offset(-1), "data-elsewhere"),
        ("samples past the media data", offset(4), "data-elsewhere"),
        ("samples far past the file", offset(0x4000_0000), "data-elsewhere"),
        ("samples before the file", run(&|t| put(t, 16, &[0x80, 0, 0, 0])), "bad-data-offset"),
        ("an absolute base near 2^64", made_absolute(u64::MAX), "data-elsewhere"),
        (
            "an absolute base near 2^64 and bytes behind",
            [made_absolute(u64::MAX), vec![0; 3]].concat(),
            "data-elsewhere",
        ),
        ("two runs on the same bytes", overlapping(), "overlapping-samples"),
        ("a sample entry that is not there", made_entry(7), "bad-sample-entry"),
        ("sample entry 0", made_entry(0), "bad-sample-entry"),
        ("a NAL unit longer than its sample", made(|f| bad_picture(f, &[0, 0, 0, 41])), "bad-nal"),
        ("a NAL unit of 2^32 - 1 bytes", made(|f| bad_picture(f, &[0xff; 4])), "bad-nal"),
        ("a second mfra", join(&[ftyp, moov, moof, mdat, &mfra, &mfra]), "second-mfra"),
        (
            "an mfra of too many entries",
            changed(|f| {
                let at = find(f, b"tfra", 0);
                put(f, at + 20, &[0xff; 4])
            }),
            "truncated",
        ),
        ("encrypted samples in a clear track", leftover(), "leftover-encryption"),
        ("a protected file", protected(), "already-protected"),
    ]
}

fn changed_tracks(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = av_file().bytes();
    change(&mut file);
    file
}

/// The first fragment with an absolute base of `base`.
fn made_absolute(base: u64) -> Vec<u8> {
    let mut file = made(|f| {
        f.fragments[0].trafs[0].base = Base::Absolute;
        f.access = None;
    });
    let at = find(&file, b"tfhd", 0);
    put(&mut file, at + 16, &base.to_be_bytes());
    file
}

fn overlapping() -> Vec<u8> {
    let mut file = made(|f| f.fragments[0].trafs[0].runs = vec![vec![vec![1; 60]], vec![vec![2; 60]]]);
    let (first, second) = (find(&file, b"trun", 0), find(&file, b"trun", 1));
    // The second run goes on behind the first; given an offset, it starts ten bytes in.
    assert_eq!(file[second + 11], 0, "no offset");
    let old = raw::be32(&file, first + 16);
    let flags = [0, 0, 2, 1];
    put(&mut file, second + 8, &flags);
    put(&mut file, second + 16, &(old + 10).to_be_bytes());
    put(&mut file, second + 20, &60_u32.to_be_bytes());
    file
}

/// A fragment that names a sample entry: the default sample flags of its tfhd become that field.
fn made_entry(index: u32) -> Vec<u8> {
    changed(|file| {
        let at = find(file, b"tfhd", 0);
        put(file, at + 8, &[0, 2, 0, 2]);
        put(file, at + 16, &index.to_be_bytes());
    })
}

fn bad_picture(file: &mut synth::File, len: &[u8; 4]) {
    file.tracks = vec![Kind::Video];
    let good = [&[0, 0, 0, 40][..], &synth::IDR, &[0x11; 36]].concat();
    let bad = [&len[..], &synth::IDR, &[0x11; 36]].concat();
    file.fragments[0].trafs[0].runs = vec![vec![good.clone(), bad]];
    file.fragments[1].trafs[0].runs = vec![vec![good]];
}

fn leftover() -> Vec<u8> {
    let mut file = made(|f| f.fragments[0].trafs[0].extras = true);
    let at = find(&file, b"sdtp", 0);
    put(&mut file, at + 4, b"senc");
    file
}

fn protected() -> Vec<u8> {
    support::drive::protect(&synth::small().bytes(), &support::drive::request("piff")).unwrap()
}

#[test]
fn each_damage_has_its_code() {
    let mut wrong = Vec::new();
    for (what, file, code) in cases() {
        match fate(&file) {
            Fate::Refused(error) if error.code() == code => {}
            other => wrong.push(format!("{what}: {code} expected, found {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Odd, but sound enough: these are protected.
#[test]
fn oddities_that_hurt_nobody_pass() {
    let index_far_off = changed(|f| {
        let at = find(f, b"tfra", 0);
        put(f, at + 32, &u64::MAX.to_be_bytes());
    });
    let far_segment = {
        let mut file = made(|f| f.global_index = Some(1));
        let at = find(&file, b"sidx", 0);
        put(&mut file, at + 28, &u64::MAX.to_be_bytes());
        file
    };
    let no_time = changed(|f| {
        let at = find(f, b"mdhd", 0);
        put(f, at + 20, &[0; 4]);
    });
    let wrong_mfro = changed(|f| {
        let end = f.len();
        put(f, end - 4, &[0, 0, 0, 60]);
    });
    let cases = [
        ("an index that points to the end of the world", index_far_off),
        ("a segment there", far_segment),
        ("a timescale of zero", no_time),
        ("an mfro with a wrong size", wrong_mfro),
        ("bytes behind the last box", [synth::small().bytes(), vec![0; 5]].concat()),
        ("an mfra that is not the last box", [synth::small().bytes(), boxed(b"free", b"behind")].concat()),
        (
            "sizes from the movie header",
            made(|f| {
                f.fragments[0].trafs[0].sizes = Sizes::Extends;
                f.fragments[0].trafs[0].runs = vec![vec![vec![5; 37]; 3]];
            }),
        ),
    ];
    for (what, file) in cases {
        let found = fate(&file);
        assert!(matches!(found, Fate::Protected), "{what}: {found:?}");
    }
}

/// What is wrong with the places of samples is said before the first byte is written.
#[test]
fn misplaced_samples_are_refused_by_the_plan() {
    for behind in [0, 3] {
        let file = [made_absolute(u64::MAX), vec![0; behind]].concat();
        let session = support::drive::open(&file, support::drive::Feed::Whole).unwrap();
        let error = support::drive::plan(&session, &support::drive::request("piff")).unwrap_err();
        assert_eq!(error.code(), "data-elsewhere");
    }
}
