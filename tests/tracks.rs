//! What is said of the tracks of movie headers made by hand: kind by handler, language, length by an index.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use crate::support;

use boxlock::boxes::header::{four, wrap};
use boxlock::report::{self, Summary, TrackReport};
use support::drive::{self, Feed};

fn full(code: &[u8; 4], body: &[&[u8]]) -> Vec<u8> {
    wrap(four(code), &[&[0; 4], &body.concat()[..]].concat())
}

fn handler(code: &[u8; 4]) -> Vec<u8> {
    full(b"hdlr", &[&[0; 4], code, &[0; 13]])
}

/// A media header of 1000 ticks a second that says no length, and this language.
fn mdhd(language: u16) -> Vec<u8> {
    full(b"mdhd", &[&[0; 8], &1000_u32.to_be_bytes(), &[0; 4], &language.to_be_bytes(), &[0; 2]])
}

/// A movie header with one track of ID 1, whose media has these boxes beside an empty sample table.
fn movie(media: &[Vec<u8>], mvex: bool) -> Vec<u8> {
    let mvhd = full(b"mvhd", &[&[0; 8], &1000_u32.to_be_bytes(), &[0; 84]]);
    let tkhd = full(b"tkhd", &[&[0; 8], &1_u32.to_be_bytes(), &[0; 68]]);
    let stsd = full(b"stsd", &[&[0, 0, 0, 1], &wrap(four(b"mp4s"), &[0, 0, 0, 0, 0, 0, 0, 1])]);
    let minf = wrap(four(b"minf"), &wrap(four(b"stbl"), &stsd));
    let mdia = wrap(four(b"mdia"), &[media.concat(), minf].concat());
    let trak = wrap(four(b"trak"), &[tkhd, mdia].concat());
    let trex = full(b"trex", &[&1_u32.to_be_bytes(), &1_u32.to_be_bytes(), &[0; 12]]);
    let mvex = if mvex { wrap(four(b"mvex"), &trex) } else { Vec::new() };
    [wrap(four(b"ftyp"), b"isom\0\0\0\0"), wrap(four(b"moov"), &[mvhd, trak, mvex].concat())].concat()
}

fn said(file: &[u8]) -> (Summary, Vec<TrackReport>) {
    let session = drive::open(file, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    (report::summary(index, session.check()), report::tracks(index))
}

#[test]
fn the_handler_says_the_kind() {
    for (code, kind) in [
        (b"vide", "video"),
        (b"pict", "video"),
        (b"auxv", "video"),
        (b"soun", "audio"),
        (b"text", "text"),
        (b"subt", "text"),
        (b"sbtl", "text"),
        (b"clcp", "text"),
        (b"meta", "other"),
        (b"hint", "other"),
    ] {
        let (_, tracks) = said(&movie(&[mdhd(0x55c4), handler(code)], false));
        assert_eq!((tracks.len(), tracks[0].kind), (1, kind), "{}", code.escape_ascii());
    }
}

#[test]
fn the_extended_language_wins_in_both_of_its_forms() {
    const ENGLISH: u16 = 0x15c7;
    let language =
        |boxes: &[Vec<u8>]| said(&movie(&[boxes, &[handler(b"soun")]].concat(), false)).1[0].language.clone();
    let elng = |front: &[u8], text: &[u8]| wrap(four(b"elng"), &[front, text].concat());
    assert_eq!(language(&[mdhd(ENGLISH)]).as_deref(), Some("eng"));
    // With version and flags, and without, as older writers have it; without the NUL at the end.
    for front in [&[0; 4][..], &[]] {
        assert_eq!(language(&[mdhd(ENGLISH), elng(front, b"en-GB\0")]).as_deref(), Some("en-GB"));
        assert_eq!(language(&[mdhd(ENGLISH), elng(front, b"zh-Hant")]).as_deref(), Some("zh-Hant"));
        assert_eq!(language(&[mdhd(ENGLISH), elng(front, b"und\0")]), None);
    }
    // A damaged one costs itself alone.
    assert_eq!(language(&[mdhd(ENGLISH), elng(&[], b"")]).as_deref(), Some("eng"));
}

#[test]
fn an_index_says_how_long_the_media_of_a_start_segment_is() {
    let media = [mdhd(0x55c4), handler(b"vide")];
    let sidx = |track: u32| {
        let reference = [1000_u32, 90_000, 0x9000_0000].map(u32::to_be_bytes).concat();
        let head = [track, 45_000, 0, 0, 2].map(u32::to_be_bytes).concat();
        full(b"sidx", &[&head, &reference, &reference])
    };
    let start = movie(&media, true);
    let of = |file: &[u8]| {
        let (summary, tracks) = said(file);
        (summary.duration, tracks[0].duration, summary.bitrate)
    };
    assert_eq!(of(&start), (None, None, None));
    assert_eq!(of(&[start.clone(), sidx(1)].concat()), (Some(4.0), Some(4.0), None));
    // Of another track it says nothing.
    assert_eq!(of(&[start, sidx(2)].concat()), (None, None, None));
}
