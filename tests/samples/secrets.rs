//! IVs, maps and key IDs of rows against the boxes that list them, read by another way.

use boxlock::boxes::cenc::Subsample;
use boxlock::samples::Row;

use crate::lint::build;
use crate::support::{drive, ffmpeg, raw};

use super::Looked;

const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");

/// The IV and the map of each sample of a track.
type Listed = Vec<(Vec<u8>, Vec<(u16, u32)>)>;

/// What the sample encryption box in `body` lists, behind `skip` bytes of it.
fn listed(body: &[u8], skip: usize, iv_len: usize) -> Listed {
    let mut at = 4 + skip;
    let mut take = |len: usize| {
        at += len;
        &body[at - len..at]
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let has_maps = body[3] & 2 == 2;
    let count = number(take(4));
    (0..count)
        .map(|_| {
            let iv = take(iv_len).to_vec();
            let entries = if has_maps { number(take(2)) } else { 0 };
            let map = (0..entries).map(|_| (number(take(2)) as u16, number(take(4)) as u32)).collect();
            (iv, map)
        })
        .collect()
}

fn shown(rows: &[Row]) -> Listed {
    let pair = |one: &Subsample| (one.clear, one.protected);
    rows.iter().map(|row| (row.iv.clone(), row.map.iter().map(pair).collect())).collect()
}

/// What all fragments list of a track, by the box of this name in each `traf`.
fn of_fragments(file: &[u8], track: u32, name: &str, iv_len: usize) -> Listed {
    let mut all = Vec::new();
    for moof in raw::boxes(file, 0).iter().filter(|one| one.name == "moof") {
        for traf in moof.children().iter().filter(|one| one.name == "traf") {
            let id = raw::be32(traf.at("tfhd").body(), 4);
            if id == track {
                all.extend(listed(traf.at(name).body(), 0, iv_len));
            }
        }
    }
    all
}

#[test]
fn rows_have_the_ivs_and_maps_that_fragments_list() {
    for (scheme, form, iv_len) in
        [("cenc", "hybrid", 8), ("cenc", "plain", 8), ("cbc1", "plain", 16), ("cens", "plain", 8)]
    {
        let file = drive::protect(SAMPLE, &drive::request_in(scheme, form)).unwrap();
        let mut looked = Looked::open(&file).unwrap();
        for track in looked.tracks() {
            let (rows, problems) = looked.rows(track).unwrap();
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(
                shown(&rows),
                of_fragments(&file, track, "senc", iv_len),
                "{scheme} {form}: track {track}"
            );
            for row in &rows {
                let by = row.by.as_ref().unwrap();
                assert_eq!(
                    (by.scheme.text(), by.kid.unwrap().uuid()),
                    (scheme.to_owned(), drive::KID.to_owned())
                );
            }
        }
    }
}

#[test]
fn rows_of_piff_are_those_of_the_same_file_with_cenc_boxes() {
    let rows_of = |form: &str| {
        let file = drive::protect(SAMPLE, &drive::request_in("cenc", form)).unwrap();
        let mut looked = Looked::open(&file).unwrap();
        let tracks = looked.tracks();
        tracks.into_iter().map(|track| looked.rows(track).unwrap().0).collect::<Vec<_>>()
    };
    for (piff, hybrid) in rows_of("piff").iter().zip(rows_of("hybrid")) {
        assert!(piff.len() > 10);
        for (one, other) in piff.iter().zip(&hybrid) {
            assert_eq!((&one.iv, one.size, one.duration), (&other.iv, other.size, other.duration));
            assert_eq!(one.by, other.by);
        }
    }
}

#[test]
fn samples_of_cbcs_share_the_iv_of_their_track() {
    let file = drive::protect(SAMPLE, &drive::request_in("cbcs", "plain")).unwrap();
    let mut looked = Looked::open(&file).unwrap();
    for track in looked.tracks() {
        let (rows, _) = looked.rows(track).unwrap();
        let first = &rows[0].iv;
        assert!(first.len() == 16 && rows.iter().all(|row| row.iv == *first));
        assert!(
            rows.iter().all(|row| row.by.as_ref().is_some_and(|by| by.pattern == 0x19 || by.pattern == 0))
        );
    }
}

/// Together they are more than is kept of what was read before.
#[test]
fn a_large_header_and_the_ivs_that_it_leads_to_are_at_hand_at_once() {
    let mut file = build::protected("cenc", "plain");
    let rows = |file: &[u8]| {
        let mut looked = Looked::open(file).unwrap();
        let (rows, problems) = looked.rows(2).unwrap();
        assert!(problems.is_empty() && rows.len() > 10, "{problems:?}");
        shown(&rows)
    };
    let before = rows(&file);
    let traf = "moof[1]/traf";
    let list = build::copy(&file, &format!("{traf}/senc"));
    build::hide(&mut file, &format!("{traf}/senc"));
    build::append(&mut file, "moof[1]", &build::boxed(b"free", &[&vec![0; 17 << 20]]));
    let there = file.len() + 8 - build::find(&file, "moof[1]").start;
    // Version, flags and the count stand before the IVs.
    file.extend(build::boxed(b"free", &[&list[16..]]));
    let end = build::find(&file, &format!("{traf}/saio")).end;
    file[end - 4..end].copy_from_slice(&u32::try_from(there).unwrap().to_be_bytes());
    assert_eq!(rows(&file), before);
}

/// FFmpeg puts them into the sample table of a plain file.
#[test]
fn rows_of_a_plain_file_have_the_ivs_and_maps_of_its_sample_table() {
    if !ffmpeg::present() {
        return;
    }
    let kid = "0123456789abcdef0123456789abcdef";
    let arguments = [
        "-bf",
        "2",
        "-encryption_scheme",
        "cenc-aes-ctr",
        "-encryption_key",
        drive::KEY,
        "-encryption_kid",
        kid,
    ];
    let file = ffmpeg::make(2, true, true, &arguments);
    let mut looked = Looked::open(&file).unwrap();
    let moov = raw::boxes(&file, 0).into_iter().find(|one| one.name == "moov").unwrap();
    let mut compared = 0;
    for trak in moov.children().iter().filter(|one| one.name == "trak") {
        let track = raw::be32(trak.at("tkhd").body(), 12);
        let (rows, problems) = looked.rows(track).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        let said = listed(trak.at("mdia/minf/stbl/senc").body(), 0, 8);
        assert_eq!(shown(&rows), said, "track {track}");
        assert!(rows.iter().all(|row| {
            row.by.as_ref().is_some_and(|by| by.kid.is_some_and(|found| hex::encode(found.0) == kid))
        }));
        compared += rows.len();
    }
    assert!(compared > 100);
}
