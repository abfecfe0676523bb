//! An initialization segment and media segments as output: they are the one file but for its indexes, and each is read with
//! the first alone.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use boxlock::protect::RequestText;
use boxlock::session::Session;
use boxlock_judges::{TrackKey, bento4_decrypt};

use crate::support;
use support::drive::{self, Feed};
use support::ffmpeg::{self, packets};
use support::{clear, raw};

fn apart(request: RequestText) -> RequestText {
    RequestText { segments: true, ..request }
}

/// The file without boxes that are made for one file.
fn without_indexes(file: &[u8]) -> Vec<u8> {
    let top = raw::boxes(file, 0);
    let kept = top.iter().filter(|one| !["sidx", "ssix", "mfra"].contains(&one.name.as_str()));
    kept.flat_map(|one| file[one.start..one.end()].to_vec()).collect()
}

/// What is written, file by file.
fn files(session: &Session, source: &[u8], text: &RequestText) -> Vec<Vec<u8>> {
    let (whole, starts) = drive::protect_apart(session, source, text).unwrap();
    let ends = starts.iter().skip(1).copied().chain([whole.len()]);
    starts.iter().zip(ends).map(|(start, end)| whole[*start..end].to_vec()).collect()
}

fn check(name: &str, clear: &[u8], request: &RequestText) {
    let session = drive::open(clear, Feed::Exact).unwrap();
    let Ok(one) = drive::protect_opened(&session, clear, request) else { return };
    let all = files(&session, clear, &apart(request.clone()));
    assert!(all.len() > 1, "{name}");
    assert!(all.concat() == without_indexes(&one), "{name}");
    // The first has no media, and each other begins where decoding can.
    let names = |file: &[u8]| raw::boxes(file, 0).iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let first = names(&all[0]);
    assert!(first.contains(&"moov".to_owned()) && !first.contains(&"moof".to_owned()), "{name}: {first:?}");
    for segment in &all[1..] {
        let whole = [&all[0][..], segment].concat();
        raw::check_pointers(&whole);
        assert!(names(segment).contains(&"moof".to_owned()), "{name}");
    }
    let shown =
        boxlock::report::plan(&session, &drive::plan(&session, &apart(request.clone())).unwrap()).unwrap();
    assert_eq!(shown.file_count, all.len(), "{name}");
}

#[test]
fn segments_are_the_one_file_without_its_indexes() {
    for clear in clear::all() {
        for request in [drive::request("hybrid"), drive::request("piff")] {
            check(&clear.name, &clear.bytes, &request);
        }
    }
}

#[test]
fn each_is_read_by_others_with_the_first_alone() {
    if !ffmpeg::present() {
        return;
    }
    let source = "-f lavfi -i testsrc2=size=192x108:rate=25:duration=9 -f lavfi -i sine=duration=9 -c:v libx264 -pix_fmt yuv420p \
                  -g 25 -bf 2 -c:a aac";
    let plain = ffmpeg::make_by(".mp4", source);
    let session = drive::open(&plain, Feed::Exact).unwrap();
    let clear = files(
        &session,
        &plain,
        &apart(RequestText { scheme: Some("none".to_owned()), ..Default::default() }),
    );
    assert_eq!(clear.len(), 6);
    let request = drive::request("hybrid");
    let locked = files(&session, &plain, &apart(request));
    let mut seen = Vec::new();
    for number in 1..clear.len() {
        seen.extend(packets(&[&clear[0][..], &clear[number]].concat()));
        let one = [&locked[0][..], &locked[number]].concat();
        let ids = drive::samples(&one).into_keys();
        let keys: Vec<TrackKey> = ids.map(|track_id| TrackKey { track_id, key: drive::key() }).collect();
        let decrypted = bento4_decrypt(&one, &keys);
        let wanted = [&clear[0][..], &clear[number]].concat();
        assert!(drive::samples(&decrypted) == drive::samples(&wanted), "segment {number}: Bento4");
    }
    let mut whole = packets(&plain);
    seen.sort();
    whole.sort();
    assert!(seen == whole);
}

#[test]
fn what_was_joined_is_cut_where_it_was_joined() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let session = drive::open(sample, Feed::Exact).unwrap();
    // Two fragments in each segment, and what ends the file in the last.
    let starts: Vec<u64> =
        session.index().unwrap().fragments.iter().map(|fragment| fragment.start).step_by(2).collect();
    let parts: Vec<u64> = [0].into_iter().chain(starts.iter().copied()).collect();
    let joined = drive::open(sample, Feed::Exact).unwrap().joined(parts.clone());
    let all = files(&joined, sample, &apart(drive::request("hybrid")));
    assert_eq!(all.len(), parts.len());
    let moofs = |file: &[u8]| raw::boxes(file, 0).iter().filter(|one| one.name == "moof").count();
    assert!(all[1..all.len() - 1].iter().all(|segment| moofs(segment) == 2));
    // In the middle of a fragment none can end.
    let broken = drive::open(sample, Feed::Exact).unwrap().joined(vec![0, starts[1] + 9]);
    let error = drive::plan(&broken, &apart(drive::request("hybrid"))).unwrap_err();
    assert_eq!(error.code(), "segment-not-whole");
}
