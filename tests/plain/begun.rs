//! Files that begin as plain ones and go on in fragments: samples are in the tables of the movie header, and others behind.

use boxlock::output::playback::Playback;
use boxlock::session::Session;

use super::drive::{self, Feed};
use super::support::ffmpeg::{self, packets};
use super::support::raw;
use super::support::synth::boxed;
use super::{make, none};
use crate::verify;

const BEGUN: &str = "-c:v libx264 -g 50 -bf 2 -c:a aac -movflags frag_keyframe";

/// Of each `moof` where it begins, and the decode times that it says, by track.
fn fragments(file: &[u8]) -> Vec<(u64, Vec<(u32, u64)>)> {
    let moofs = raw::boxes(file, 0).into_iter().filter(|top| top.name == "moof");
    moofs
        .map(|moof| {
            let of = |traf: &raw::RawBox<'_>| {
                let (tfhd, tfdt) = (traf.child("tfhd").unwrap(), traf.child("tfdt").unwrap());
                (raw::be32(tfhd.body(), 4), raw::be64(tfdt.body(), 4))
            };
            (moof.start as u64, moof.children().iter().filter(|it| it.name == "traf").map(of).collect())
        })
        .collect()
}

/// The decode times alone.
fn times(all: &[(u64, Vec<(u32, u64)>)]) -> Vec<Vec<(u32, u64)>> {
    all.iter().map(|(_, of)| of.clone()).collect()
}

#[test]
fn the_index_at_the_end_has_all_fragments_and_their_numbers_go_on() {
    if !ffmpeg::present() {
        return;
    }
    let begun = make(".mp4", BEGUN);
    let before = fragments(&begun);
    let made = drive::protect(&begun, &none()).unwrap();
    let after = fragments(&made);
    assert_eq!((before.len(), after.len()), (4, 5));
    assert_eq!(times(&after)[1..], times(&before));
    let tops = raw::boxes(&made, 0);
    let numbers: Vec<u32> = tops
        .iter()
        .filter(|top| top.name == "moof")
        .map(|moof| raw::be32(moof.child("mfhd").unwrap().body(), 4))
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let mfra = tops.last().unwrap();
    let tables: Vec<_> = mfra.children().into_iter().filter(|it| it.name == "tfra").collect();
    // Those of the sound know nothing of the beginning.
    assert_eq!(tables.len(), 1);
    let body = tables[0].body();
    let count = raw::be32(body, 12) as usize;
    let width = (body.len() - 16) / count;
    let listed: Vec<u64> = (0..count).map(|at| raw::be64(body, 16 + at * width + 8)).collect();
    assert_eq!(listed, after.iter().map(|(start, _)| *start).collect::<Vec<_>>());
}

#[test]
fn boxes_stay_where_they_belong() {
    if !ffmpeg::present() {
        return;
    }
    let begun = make(".mp4", BEGUN);
    let starts: Vec<usize> = fragments(&begun).iter().map(|(start, _)| *start as usize).collect();
    let note = |text: &[u8]| {
        boxed(b"uuid", &[&0xbe7a_cfcb_97a9_42e8_9c71_9994_91e3_afac_u128.to_be_bytes()[..], text].concat())
    };
    // What is put between moves all that is behind it.
    let base: u64 = note(b"<a/>").len() as u64;
    let mut file = begun[..starts[2]].to_vec();
    file.extend(note(b"<a/>"));
    let mut rest = begun[starts[2]..].to_vec();
    for at in 0..rest.len() - 8 {
        if &rest[at..at + 4] == b"tfhd" {
            let said = raw::be64(&rest, at + 12) + base;
            rest[at + 12..at + 20].copy_from_slice(&said.to_be_bytes());
        }
    }
    file.extend(rest);
    file.extend(note(b"<b/>"));
    assert_eq!(packets(&file), packets(&begun));
    let made = drive::protect(&file, &none()).unwrap();
    assert_eq!(packets(&made), packets(&begun));
    raw::check_pointers(&made);
    let names: Vec<String> = raw::boxes(&made, 0).into_iter().map(|top| top.name).collect();
    let notes: Vec<usize> = (0..names.len()).filter(|at| names[*at].starts_with("uuid")).collect();
    // ftyp, moov, three fragments; then two more.
    assert_eq!(notes, [8, 13], "{names:?}");
}

#[test]
fn fragments_that_say_no_time_go_on_where_the_tables_end() {
    if !ffmpeg::present() {
        return;
    }
    let mut silent = make(".mp4", BEGUN);
    let whole = fragments(&drive::protect(&silent, &none()).unwrap());
    for kind in [b"tfdt", b"mfra"] {
        let places: Vec<usize> = (0..silent.len() - 4).filter(|at| silent[*at..].starts_with(kind)).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| silent[at..at + 4].copy_from_slice(b"free"));
    }
    let made = drive::protect(&silent, &drive::request_in("cenc", "hybrid")).unwrap();
    assert_eq!(times(&fragments(&made)), times(&whole));
}

#[test]
fn it_is_protected_and_verified_against_what_it_was() {
    if !ffmpeg::present() {
        return;
    }
    let begun = make(".mp4", BEGUN);
    let session = drive::open(&begun, Feed::Exact).unwrap();
    for (scheme, form) in [("cenc", "hybrid"), ("cbcs", "plain")] {
        let plan = drive::plan(&session, &drive::request_in(scheme, form)).unwrap();
        let made = drive::protect(&begun, &drive::request_in(scheme, form)).unwrap();
        let outcome = verify::verify(&made, &verify::keys_of(&plan), Some((&session, &begun)));
        assert!(outcome.faults.is_empty(), "{:?}", outcome.faults);
    }
}

#[test]
fn it_is_merged_like_any_other() {
    if !ffmpeg::present() {
        return;
    }
    let mut video = make(".mp4", "-an -c:v libx264 -g 50 -bf 2 -movflags frag_keyframe");
    // Offsets that count from elsewhere.
    for at in 0..video.len() - 24 {
        let (place, change, long) = match &video[at..at + 4] {
            b"tfhd" => (at + 12, 1000, true),
            b"trun" => (at + 12, -1000_i64, false),
            _ => continue,
        };
        if long {
            let base = raw::be64(&video, place).wrapping_add_signed(change);
            video[place..place + 8].copy_from_slice(&base.to_be_bytes());
        } else {
            let offset = i64::from(raw::be32(&video, place)) + change;
            video[place..place + 4].copy_from_slice(&i32::try_from(offset).unwrap().to_be_bytes());
        }
    }
    let sound = make(".m4a", "-vn -c:a aac -movflags frag_custom -frag_duration 700000");
    let (session, joined) = drive::merge(&[("a.mp4", &video), ("b.m4a", &sound)], Feed::Exact).unwrap();
    let made = drive::protect_opened(&session, &joined, &none()).unwrap();
    raw::check_pointers(&made);
    let after = packets(&made);
    assert_eq!(fragments(&video).len(), 4);
    let of = |all: &[ffmpeg::Packet], stream: u64| {
        let mine = all.iter().filter(|packet| packet.0 == stream);
        mine.map(|packet| (packet.1, packet.2, packet.3.clone())).collect::<Vec<_>>()
    };
    for (stream, file) in [(0, &video), (1, &sound)] {
        let before = packets(file);
        assert!(before.len() > 200);
        assert_eq!(of(&after, stream), of(&before, 0));
    }
}

#[test]
fn what_reads_fragments_alone_is_refused_of_it() {
    if !ffmpeg::present() {
        return;
    }
    let begun = make(".mp4", BEGUN);
    let session = drive::open(&begun, Feed::Exact).unwrap();
    let error = session.describe("a.mp4").unwrap_err();
    assert_eq!(error.code(), "not-fragmented");
    assert!(error.message().contains("begins with 134 samples"), "{error}");
    assert_eq!(Playback::new(session.index().unwrap()).unwrap_err().code(), "not-playable");
    let made = drive::protect(&begun, &none()).unwrap();
    let session = drive::open(&made, Feed::Exact).unwrap();
    assert_eq!(session.describe("a.mp4").unwrap().segments.len(), 5);
    Playback::new(session.index().unwrap()).unwrap();
}

#[test]
fn fragments_of_another_entry_by_default_are_refused() {
    if !ffmpeg::present() {
        return;
    }
    let mut begun = make(".mp4", BEGUN);
    let at = (0..begun.len()).find(|at| begun[*at..].starts_with(b"trex")).unwrap();
    begun[at + 15] = 2;
    let error = drive::protect(&begun, &none()).unwrap_err();
    assert_eq!(error.code(), "samples-in-moov", "{error}");
    assert!(error.message().contains("of sample entry 2 by default"), "{error}");
}

/// Who only looks says the same of whether it can be protected.
#[test]
fn looking_says_what_working_does() {
    if !ffmpeg::present() {
        return;
    }
    let begun = make(".mp4", BEGUN);
    let at = |word: &[u8], nth: usize| {
        let mut all = (0..begun.len()).filter(|at| begun[*at..].starts_with(word));
        all.nth(nth).unwrap()
    };
    let with = |at: usize, bytes: &[u8]| {
        let mut file = begun.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let last = fragments(&begun).pop().unwrap().0 as usize;
    let cases = [
        ("as it is", begun.clone(), None),
        // What was the default duration is the number of the sample entry now.
        ("an entry that is not there", with(at(b"tfhd", 1) + 7, &[0x33]), Some("bad-sample-entry")),
        ("a size that is not there", with(at(b"stsz", 0) + 20, &[0xff; 4]), Some("data-elsewhere")),
        ("a compressed box", [&begun[..last], &boxed(b"!mov", &[0; 8]), &begun[last..]].concat(), None),
    ];
    for (name, file, code) in cases {
        let mut looking = Session::looking(file.len() as u64).unwrap();
        while let Some(need) = looking.needs() {
            let (start, len) = (need.start as usize, need.len as usize);
            looking.feed(need.start, &file[start..(start + len).min(file.len())]).unwrap();
        }
        let works = drive::open(&file, Feed::Exact).unwrap().check();
        println!("{name}: {works:?}");
        assert_eq!(looking.check(), works, "{name}");
        assert!(code.is_none_or(|code| works.unwrap_err().code() == code), "{name}");
    }
}
