//! Edit lists that need a decoder, or a player that follows them: told before the work, and carried along.

use boxlock::report;

use super::drive::{self, Feed};
use super::support::ffmpeg;
use super::{make, none, raw};
use crate::lint::build;

/// Sentences of the plan about edits of this file.
fn said(file: &[u8]) -> Vec<String> {
    let session = drive::open(file, Feed::Exact).unwrap();
    let plan = drive::plan(&session, &drive::request_in("cenc", "hybrid")).unwrap();
    let all = report::plan(&session, &plan).unwrap().warnings;
    all.into_iter().filter(|one| one.contains("The edit list comes along")).collect()
}

/// The edit list of the first track, as it stands.
fn list(file: &[u8]) -> Vec<u8> {
    let elst = build::find(file, "moov/trak/edts/elst");
    file[elst.start..elst.end].to_vec()
}

/// Duration in thousandths of a second, media time, rate.
type Edit = (u32, i32, u32);

/// The file with these edits in its first track.
fn with_edits(file: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut file = file.to_vec();
    let elst = build::find(&file, "moov/trak/edts/elst");
    let count = u32::try_from(edits.len()).unwrap().to_be_bytes();
    let fields = edits.iter().flat_map(|(duration, time, rate)| {
        [duration.to_be_bytes(), time.to_be_bytes(), rate.to_be_bytes()].concat()
    });
    let body: Vec<u8> = [0; 4].into_iter().chain(count).chain(fields).collect();
    build::splice(&mut file, "moov/trak/edts/elst", elst.body..elst.end, &body);
    file
}

const ONE: u32 = 0x1_0000;

#[test]
fn each_kind_of_edit_that_few_players_follow_is_told() {
    if !ffmpeg::present() {
        return;
    }
    // The movie header is behind the media, so that nothing moves; 12800 ticks a second, a key frame each second.
    let plain = make(".mp4", "-an -c:v libx264 -g 25 -bf 2");
    assert!(said(&plain).is_empty(), "{:?}", said(&plain));
    let key = 1024 + 12_800;
    let cases: &[(&[Edit], &[&str])] = &[
        // At the start, later by a second, and from a key frame on.
        (&[(9000, 1024, ONE)], &[]),
        (&[(1000, -1, ONE), (9000, 1024, ONE)], &[]),
        (&[(8000, key, ONE)], &[]),
        // While the key frame is shown still.
        (&[(8000, key + 100, ONE)], &[]),
        (&[(9000, 0, ONE)], &[]),
        (
            &[(1000, 1024, ONE), (2000, key, ONE)],
            &["from 0:00:01.000 on, edit 2 shows its media from 0:00:01.080"],
        ),
        (
            &[(1000, 1024, ONE), (500, -1, ONE), (2000, key, ONE)],
            &[
                "edit 3 shows its media",
                "shows nothing from 0:00:01.000 on for 0:00:00.500, by the empty edit 2",
            ],
        ),
        (&[(9000, 1024, 2 * ONE)], &["from 0:00:00.000 on: edit 1 has the media rate 2"]),
        (&[(9000, 1024, 0)], &["holds one picture"]),
        (&[(8000, key + 5 * 512, ONE)], &["no key frame: the one before is at 0:00:01.080"]),
    ];
    for (edits, wanted) in cases {
        let file = with_edits(&plain, edits);
        let found = said(&file);
        assert_eq!(found.len(), wanted.len(), "{edits:?}: {found:?}");
        for (one, words) in found.iter().zip(*wanted) {
            assert!(one.starts_with("Track 1 ") && one.contains(words), "{edits:?}: {one}");
        }
        let made = drive::protect(&file, &none()).unwrap();
        assert!(list(&made) == list(&file), "{edits:?}");
        assert!(list(&drive::protect(&file, &drive::request_in("cenc", "hybrid")).unwrap()) == list(&file));
        // Fragments tell where decoding can begin.
        let again = said(&made);
        let is_inside = edits.iter().any(|(_, time, _)| *time >= key);
        assert!(again.len() == found.len() || is_inside, "{edits:?}: {again:?}");
        let made = raw::samples(&made).len();
        assert_eq!(made, 225, "no sample is left out");
    }
}

#[test]
fn of_fragments_it_is_told_that_an_edit_begins_inside_one() {
    if !ffmpeg::present() {
        return;
    }
    let plain = make(".mp4", "-an -c:v libx264 -g 25 -bf 2");
    let second = 1024 + 2 * 12_800;
    for (time, inside) in [(1024, false), (second, false), (second + 5 * 512, true)] {
        let made = drive::protect(&with_edits(&plain, &[(5000, time, ONE)]), &none()).unwrap();
        let found = said(&made);
        assert_eq!(found.len(), usize::from(inside), "{time}: {found:?}");
        assert!(
            found.iter().all(|one| one.contains("within the fragment that begins at 0:00:02.080")),
            "{found:?}"
        );
    }
}

#[test]
fn what_ffmpeg_cuts_without_encoding_begins_within_pictures() {
    if !ffmpeg::present() {
        return;
    }
    let whole = ffmpeg::Scratch::of(&make(".mp4", "-c:v libx264 -g 50 -bf 2 -c:a aac"));
    let cut = ffmpeg::make_by(".mp4", &format!("-ss 3.2 -i {} -c copy", whole.0.display()));
    let found = said(&cut);
    assert!(found.len() == 1 && found[0].contains("which is no key frame"), "{found:?}");
}
