//! Every scheme in every form that carries it: which bytes are encrypted, by a second reckoning; and whether software of
//! other people gives the clear samples back.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::protect::RequestText;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::clear::{self, Clear};
use support::drive::{self, protect, request_in, samples};
use support::raw;
use support::shaka;
use support::witness::Movie;
use support::witness::wanted::{Finder, Ranges};

/// Scheme, form, `schm` type.
const ALL: [(&str, &str, &str); 8] = [
    ("cenc", "hybrid", "cenc"),
    ("cenc", "piff", "piff"),
    ("cenc", "plain", "cenc"),
    ("cbc1", "hybrid", "cbc1"),
    ("cbc1", "piff", "piff"),
    ("cbc1", "plain", "cbc1"),
    ("cens", "plain", "cens"),
    ("cbcs", "plain", "cbcs"),
];

/// Blocks that a scheme encrypts of one range.
fn blocks(scheme: &str, is_video: bool, (start, end): (usize, usize)) -> Ranges {
    let whole = start..end - (end - start) % 16;
    match (scheme, is_video) {
        ("cenc", _) => vec![(start, end)],
        ("cens" | "cbcs", true) => whole.step_by(160).map(|at| (at, at + 16)).collect(),
        _ => whole.step_by(16).map(|at| (at, at + 16)).collect(),
    }
}

/// Where the bytes of a sample differ, by blocks of the ranges that may.
fn check_bytes(name: &str, clear: &[u8], protected: &[u8], scheme: &str, form: &str) {
    let (before, after) = (Movie::read(clear).unwrap(), raw::by_track(protected));
    for track in &before.tracks {
        let mut finder = Finder::new(if form == "piff" { "piff" } else { "hybrid" }).in_scheme(scheme);
        let is_video = &track.handler == b"vide";
        for (number, (from, found)) in before.of(track.id).iter().zip(&after[&track.id]).enumerate() {
            let sample = &clear[from.start..from.start + from.len];
            let entry = &track.entries[from.entry];
            let wanted = finder.ranges(from.entry, entry, track.handler, sample).unwrap();
            let mut encrypted = vec![false; sample.len()];
            for range in wanted {
                for (start, end) in blocks(scheme, is_video, range) {
                    encrypted[start..end].fill(true);
                    let same = sample[start..end] == found[start..end];
                    assert!(
                        !same || end - start < 8,
                        "{name} {scheme} {form}: {number}: {start}..{end} is clear"
                    );
                }
            }
            let kept = (0..sample.len()).all(|at| encrypted[at] || sample[at] == found[at]);
            assert!(kept, "{name} {scheme} {form}: track {} sample {number}: a clear byte changed", track.id);
        }
    }
}

/// The sample that is shipped, whose pictures are large, and short made files: there are eight outputs of each, and the kinds of file are not in question here.
fn made() -> Vec<Clear> {
    let mut files = clear::made();
    files.retain(|file| file.bytes.len() < 400_000);
    assert!(files.is_empty() || files.len() >= 4, "only {} files are short", files.len());
    let bytes = include_bytes!("../www/samples/sample.ismv").to_vec();
    files.push(Clear { name: "sample.ismv".to_owned(), bytes });
    files
}

/// And the first of the corpus.
fn files() -> Vec<Clear> {
    let mut files = made();
    files.extend(clear::corpus().into_iter().take(3));
    files
}

#[test]
fn each_scheme_encrypts_its_blocks_and_bento4_gives_the_samples_back() {
    for Clear { name, bytes } in files() {
        let clear = samples(&bytes);
        let keys: Vec<TrackKey> =
            clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
        for (scheme, form, kind) in ALL {
            let protected = protect(&bytes, &request_in(scheme, form))
                .unwrap_or_else(|e| panic!("{name} {scheme} {form}: {e}"));
            raw::check_pointers(&protected);
            let types = scheme_types(&protected);
            assert!(
                !types.is_empty() && types.iter().all(|one| one == kind),
                "{name} {scheme} {form}: {types:?}"
            );
            check_bytes(&name, &bytes, &protected, scheme, form);
            let judged = raw::by_track(&bento4_decrypt(&protected, &keys));
            for (track, list) in &clear {
                let same = |(a, b): &(&Vec<u8>, &Vec<u8>)| {
                    let seen =
                        if by_whole_blocks(scheme, &bytes, *track) { a.len() / 16 * 16 } else { a.len() };
                    a[..seen] == b[..seen]
                };
                let wrong = list.iter().zip(&judged[track]).filter(|pair| !same(pair)).count();
                assert_eq!(
                    wrong,
                    0,
                    "{name} {scheme} {form}: Bento4 on track {track} of {} samples",
                    list.len()
                );
            }
        }
    }
}

/// Bento4 runs all bytes of sound in `cens` through the key stream, where 23001-7 clause 9.7 and Shaka Packager leave less
/// than a block clear.
fn by_whole_blocks(scheme: &str, clear: &[u8], track: u32) -> bool {
    let movie = Movie::read(clear).unwrap();
    scheme == "cens" && movie.tracks.iter().any(|one| one.id == track && one.handler == *b"soun")
}

fn scheme_types(file: &[u8]) -> Vec<String> {
    let at = file.windows(4).enumerate().filter(|(_, four)| four == b"schm").map(|(at, _)| at + 8);
    at.map(|at| String::from_utf8_lossy(&file[at..at + 4]).into_owned()).collect()
}

#[test]
fn shaka_packager_gives_the_samples_of_each_scheme_back() {
    let Some(program) = shaka::program() else { return };
    for Clear { name, bytes } in made() {
        for (scheme, form, _) in ALL.into_iter().filter(|(_, form, _)| *form != "piff") {
            for (stream, track) in shaka::streams(&bytes) {
                let mut text = request_in(scheme, form);
                text.tracks = Some(vec![track]);
                let protected = protect(&bytes, &text).unwrap();
                let Ok(expected) = shaka::read(&program, &bytes, stream, false) else { continue };
                let found = shaka::read(&program, &protected, stream, true);
                assert!(
                    found.as_ref() == Ok(&expected),
                    "{name} {scheme} {form} {stream}: {:?}",
                    found.err()
                );
            }
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused_at_its_field() {
    let file = &made()[0].bytes;
    let refused = |change: &dyn Fn(&mut RequestText)| {
        let mut text = request_in("cbcs", "plain");
        change(&mut text);
        let error = protect(file, &text).unwrap_err();
        (error.code(), error.field().unwrap_or_default().to_owned(), error.message().to_owned())
    };
    let some = |text: &str| Some(text.to_owned());
    let (code, field, message) = refused(&|text| text.form = some("hybrid"));
    assert_eq!((code, field.as_str()), ("bad-form", "form"));
    assert!(message.contains("cbcs") && message.contains("plain"), "{message}");
    let (code, field, message) = refused(&|text| text.header_version = some("4.2"));
    assert_eq!((code, field.as_str()), ("bad-header-version", "headerVersion"));
    assert!(message.contains("4.3") && message.contains("4.2"), "{message}");
    let (code, field, _) = refused(&|text| text.scheme = some("cbc"));
    assert_eq!((code, field.as_str()), ("bad-scheme", "scheme"));
    let (code, field, _) = refused(&|text| text.iv_size = some("8"));
    assert_eq!((code, field.as_str()), ("bad-iv", "ivSize"));
    let (code, field, _) = refused(&|text| text.profile = some("hybrid"));
    assert_eq!((code, field.as_str()), ("bad-form", "form"));
}

/// An IV of 16 bytes makes the same bytes as its first half alone: the counter begins at the same block.
#[test]
fn long_ivs_make_the_same_key_stream() {
    for Clear { name, bytes } in made() {
        let mut long = request_in("cenc", "plain");
        long.iv_size = Some("16".to_owned());
        let (long, short) =
            (protect(&bytes, &long).unwrap(), protect(&bytes, &request_in("cenc", "plain")).unwrap());
        assert!(raw::by_track(&long) == raw::by_track(&short), "{name}");
        let clear = samples(&bytes);
        let keys: Vec<TrackKey> =
            clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
        assert!(raw::by_track(&bento4_decrypt(&long, &keys)) == clear, "{name}: Bento4");
    }
}

/// Vectors of the boxes, and the header that AES-CBC asks for.
#[test]
fn cbcs_boxes_are_as_published() {
    let file = &made()[0].bytes;
    let protected = protect(file, &request_in("cbcs", "plain")).unwrap();
    let hex = hex::encode(&protected);
    let kid = "10000000100010001000100000000001";
    assert!(hex.contains(&format!("0000003174656e630100000000190100{kid}10")), "tenc of video");
    let session = drive::open(file, drive::Feed::Whole).unwrap();
    let plan = drive::plan(&session, &request_in("cbcs", "plain")).unwrap();
    assert_eq!(plan.header.version.short(), "4.3");
    assert!(plan.header_xml.contains("ALGID=\"AESCBC\"") && !plan.header_xml.contains("CHECKSUM"));
}
