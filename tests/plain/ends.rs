//! What stands behind the last box that means something, and times that are said in more ways than one.

use boxlock::protect::RequestText;

use super::drive::{self, Feed};
use super::support::ffmpeg::{self, packets};
use super::support::raw;
use super::support::synth::boxed;
use super::{fragmented, make, none};
use crate::verify;

/// A box that says it goes on to the end of the file.
fn to_end(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = boxed(kind, body);
    bytes[..4].fill(0);
    bytes
}

#[test]
fn what_goes_on_to_the_end_of_a_plain_file_ends_before_its_fragments() {
    if !ffmpeg::present() {
        return;
    }
    // The user type of XMP: of one that is not known it could be anything.
    let notes = [&0xbe7a_cfcb_97a9_42e8_9c71_9994_91e3_afac_u128.to_be_bytes()[..], b"<x/>"].concat();
    let kept = boxed(b"uuid", &notes);
    let tails = [
        ("8 zeros", vec![0; 8], None),
        ("4096 zeros", vec![0; 4096], None),
        ("a box to the end", to_end(b"uuid", &notes), Some(&kept)),
        ("a box with its size", kept.clone(), Some(&kept)),
    ];
    for arguments in ["-c:v libx264 -g 25 -c:a aac -movflags +faststart", "-c:v libx264 -g 25 -c:a aac"] {
        let plain = make(".mp4", arguments);
        let before = packets(&plain);
        for (what, tail, kept) in &tails {
            let file = [&plain[..], tail].concat();
            let made = drive::protect(&file, &none()).unwrap();
            assert!(packets(&made) == before, "{what}");
            raw::check_pointers(&made);
            let tops: Vec<String> = raw::boxes(&made, 0).into_iter().map(|top| top.name).collect();
            assert_eq!(tops.iter().any(|name| name.starts_with("uuid")), kept.is_some(), "{what}: {tops:?}");
            if let Some(kept) = kept {
                assert!(made.windows(kept.len()).any(|bytes| bytes == &kept[..]), "{what}");
            }
            fragmented(&file);
        }
    }
    // The movie header itself may be what goes on to the end.
    let plain = make(".mp4", "-c:v libx264 -g 25 -c:a aac");
    let mut open = plain.clone();
    let last = raw::boxes(&plain, 0).pop().unwrap();
    assert_eq!(last.name, "moov");
    open[last.start..last.start + 4].fill(0);
    let made = drive::protect(&open, &none()).unwrap();
    assert!(made == drive::protect(&plain, &none()).unwrap());
}

#[test]
fn what_goes_on_to_the_end_of_one_file_ends_within_what_is_merged() {
    if !ffmpeg::present() {
        return;
    }
    let fragments = "-movflags frag_keyframe+empty_moov+default_base_moof";
    let video = make(".mp4", &format!("-an -c:v libx264 -g 25 {fragments}"));
    let sound = make(".mp4", &format!("-vn -c:a aac {fragments}"));
    let notes = [&0xbe7a_cfcb_97a9_42e8_9c71_9994_91e3_afac_u128.to_be_bytes()[..], b"<x/>"].concat();
    let open = [&video[..], &to_end(b"uuid", &notes)].concat();
    let sized = [&video[..], &boxed(b"uuid", &notes)].concat();
    let merged = |first: &[u8]| {
        let (session, joined) = drive::merge(&[("a.mp4", first), ("b.mp4", &sound)], Feed::Exact).unwrap();
        drive::protect_opened(&session, &joined, &none()).unwrap()
    };
    let made = merged(&open);
    assert!(made == merged(&sized));
    assert!(made.windows(notes.len()).any(|bytes| bytes == notes));
}

/// When each fragment of a file of one track is decoded, by the durations before it.
fn sums(file: &[u8]) -> Vec<u64> {
    let mut sum = 0;
    let mut all = Vec::new();
    for moof in raw::boxes(file, 0).iter().filter(|top| top.name == "moof") {
        let traf = moof.child("traf").unwrap();
        let tfhd = traf.child("tfhd").unwrap();
        let flags = tfhd.flags();
        let at = 8 + if flags & 1 == 0 { 0 } else { 8 } + if flags & 2 == 0 { 0 } else { 4 };
        let default = if flags & 8 == 0 { 0 } else { raw::be32(tfhd.body(), at) };
        all.push(sum);
        for trun in traf.children().iter().filter(|child| child.name == "trun") {
            let (body, flags) = (trun.body(), trun.flags());
            let width = 4 * (flags & 0xf00).count_ones() as usize;
            let first = 8 + 4 * (flags & 5).count_ones() as usize;
            let own = |number: usize| {
                if flags & 0x100 == 0 { default } else { raw::be32(body, first + number * width) }
            };
            sum += (0..raw::be32(body, 4) as usize).map(|number| u64::from(own(number))).sum::<u64>();
        }
    }
    all
}

/// What each fragment of a file of one track says.
fn said(file: &[u8]) -> Vec<u64> {
    let tops = raw::boxes(file, 0);
    let times = tops.iter().filter(|top| top.name == "moof").map(|moof| {
        let traf = moof.child("traf").unwrap();
        let tfdt = traf.child("tfdt").unwrap();
        if tfdt.version() == 1 { raw::be64(tfdt.body(), 4) } else { raw::be32(tfdt.body(), 4).into() }
    });
    times.collect()
}

#[test]
fn fragments_that_say_when_they_are_presented_keep_their_times() {
    if !ffmpeg::present() {
        return;
    }
    let request = drive::request_in("cenc", "hybrid");
    for arguments in [
        "-an -c:v libx264 -x264-params open-gop=1:keyint=25:bframes=3 -f ismv",
        "-an -c:v libx264 -g 25 -bf 3 -f ismv -movflags frag_keyframe -frag_duration 2000000",
        "-an -c:v libx264 -g 25 -bf 3 -f ismv -frag_duration 300000",
    ] {
        let clear = make(".ismv", arguments);
        let made = drive::protect(&clear, &request).unwrap();
        assert!(sums(&clear).len() > 3);
        assert_eq!(said(&made), sums(&clear), "{arguments}");
    }
    // Without a word of theirs the index at the end says when the first sample is presented.
    let mut silent = make(".mp4", "-an -c:v libx264 -g 25 -bf 2 -movflags frag_keyframe+empty_moov");
    let places: Vec<usize> = (0..silent.len() - 4).filter(|at| silent[*at..].starts_with(b"tfdt")).collect();
    assert!(places.len() > 4);
    places.into_iter().for_each(|at| silent[at..at + 4].copy_from_slice(b"free"));
    let made = drive::protect(&silent, &request).unwrap();
    assert_eq!(said(&made), sums(&silent));
}

#[test]
fn an_index_counts_what_is_presented() {
    if !ffmpeg::present() {
        return;
    }
    let request = RequestText { segment_index: true, ..drive::request_in("cenc", "plain") };
    for (end, arguments) in [
        (".m4a", "-vn -c:a aac"),
        (".mp4", "-c:v libx264 -g 25 -bf 2 -c:a aac"),
        (".mp4", "-an -c:v libx264 -g 25 -bf 0 -vf select='mod(n\\,7)' -fps_mode vfr"),
    ] {
        let plain = make(end, arguments);
        let session = drive::open(&plain, Feed::Exact).unwrap();
        let plan = drive::plan(&session, &request).unwrap();
        let made = drive::protect_opened(&session, &plain, &request).unwrap();
        let outcome = verify::verify(&made, &verify::keys_of(&plan), None);
        let told = [outcome.faults, outcome.notes].concat();
        assert!(told.iter().all(|one| one.code != "durations"), "{arguments}: {told:?}");
    }
}

#[test]
fn frames_of_pcm_have_their_bytes_whatever_their_table_says() {
    if !ffmpeg::present() {
        return;
    }
    for (codec, bytes) in
        [("pcm_s16le", 2), ("pcm_s24le", 3), ("pcm_f32be", 4), ("pcm_mulaw", 1), ("pcm_s16be -ac 2", 4)]
    {
        let plain = make(".mov", &format!("-vn -c:a {codec}"));
        let at = plain.windows(4).position(|word| word == b"stsz").unwrap() + 8;
        assert_eq!(raw::be32(&plain, at), bytes, "{codec}");
        let mut counted = plain.clone();
        counted[at..at + 4].copy_from_slice(&1_u32.to_be_bytes());
        let before = drive::protect(&plain, &none()).unwrap();
        assert!(drive::protect(&counted, &none()).unwrap() == before, "{codec}");
    }
}

#[test]
fn packets_of_sound_that_a_table_counts_sample_by_sample_are_said_to_be_that() {
    if !ffmpeg::present() {
        return;
    }
    for codec in ["adpcm_ms", "adpcm_ima_wav"] {
        let file = make(".mov", &format!("-c:v libx264 -g 25 -c:a {codec}"));
        let error = drive::protect(&file, &none()).unwrap_err();
        assert_eq!(error.code(), "packed-sound", "{codec}: {error}");
        assert!(error.message().contains("packs ") && error.message().ends_with("output.mov"), "{error}");
        let at = error.offset().unwrap() as usize;
        assert_eq!(&file[at + 4..at + 8], b"stsz");
    }
    // Their packets are samples.
    for codec in ["adpcm_ima_qt", "gsm -ar 8000"] {
        let file = make(".mov", &format!("-c:v libx264 -g 25 -c:a {codec}"));
        assert!(packets(&drive::protect(&file, &none()).unwrap()).len() > 400, "{codec}");
    }
}

#[test]
fn a_file_that_ends_within_unused_room_is_written_without_it() {
    if !ffmpeg::present() {
        return;
    }
    let request = drive::request_in("cenc", "hybrid");
    let fragments =
        "-c:v libx264 -g 50 -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof+skip_trailer";
    let first = "-c:v libx264 -g 50 -c:a aac -movflags +faststart";
    for arguments in ["-c:v libx264 -g 50 -c:a aac", first, fragments] {
        let whole = make(".mp4", arguments);
        let without = drive::protect(&whole, &request).unwrap();
        for kind in [b"free", b"skip", b"wide"] {
            let room = boxed(kind, &[0; 500]);
            for len in [8, 9, room.len() - 1] {
                let cut = [&whole[..], &room[..len]].concat();
                let session = drive::open(&cut, Feed::Exact).unwrap();
                let index = session.index().unwrap();
                let said: Vec<&str> = index.faults().map(|error| error.code()).collect();
                assert_eq!(said, ["room-cut-short"], "{arguments}");
                let plan = drive::plan(&session, &request).unwrap();
                let report = boxlock::report::plan(&session, &plan).unwrap();
                let words = "nobody can tell; what is there of it is left out";
                assert!(report.warnings.iter().any(|said| said.contains(words)), "{:?}", report.warnings);
                let made = drive::protect(&cut, &request).unwrap();
                assert!(made == without, "{arguments} {len}");
                let of_whole = drive::open(&whole, Feed::Exact).unwrap();
                let plain = drive::plan(&of_whole, &request).unwrap();
                let there = boxlock::report::plan(&of_whole, &plain).unwrap();
                // As many bytes are foreseen, though one source is longer.
                assert_eq!(
                    report.size_before as i64 + report.fixed_growth,
                    there.size_before as i64 + there.fixed_growth
                );
            }
        }
        // Anything else is missed, and so is what media may have stood behind.
        for kind in [b"mdat", b"moov", b"moof"] {
            let cut = [&whole[..], &boxed(kind, &[0; 500])[..100]].concat();
            assert!(drive::open(&cut, Feed::Exact).and_then(|session| session.check()).is_err());
        }
    }
    // The room is where media would be.
    let plain = make(".mp4", first);
    let media = raw::boxes(&plain, 0).into_iter().find(|one| one.name == "mdat").unwrap().start;
    let cut = [&plain[..media], &boxed(b"free", &[0; 500])[..100]].concat();
    let error = drive::open(&cut, Feed::Exact).unwrap().check().unwrap_err();
    assert_eq!(error.code(), "truncated", "{error}");
}

#[test]
fn a_file_that_ends_within_its_index_is_written_without_it() {
    if !ffmpeg::present() {
        return;
    }
    let arguments = "-c:v libx264 -g 50 -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof";
    let whole = make(".mp4", arguments);
    let mfra = raw::boxes(&whole, 0).pop().unwrap();
    assert_eq!(mfra.name, "mfra");
    let request = drive::request_in("cenc", "hybrid");
    let without = drive::protect(&whole[..mfra.start], &request).unwrap();
    // From the header of the index on, to its last byte but one.
    for end in [mfra.start + 8, mfra.start + 9, mfra.start + 40, whole.len() - 1] {
        let cut = &whole[..end];
        let session = drive::open(cut, Feed::Exact).unwrap();
        let index = session.index().unwrap();
        assert!(index.problems.is_empty() && index.mfra.is_none());
        let said: Vec<&str> = index.findings.iter().map(|error| error.code()).collect();
        assert_eq!(said, ["index-cut-short"]);
        let plan = drive::plan(&session, &request).unwrap();
        let made = drive::protect(cut, &request).unwrap();
        assert!(made == without, "{end}");
        let growth = boxlock::output::summary::fixed_growth(session.work().unwrap(), &plan).unwrap();
        let of_whole = drive::open(&whole[..mfra.start], Feed::Exact).unwrap();
        let plain = drive::plan(&of_whole, &request).unwrap();
        let there = boxlock::output::summary::fixed_growth(of_whole.work().unwrap(), &plain).unwrap();
        assert_eq!(growth, there - (end - mfra.start) as i64);
    }
    // Media that is cut is not whole.
    for end in [mfra.start - 1, mfra.start + 7] {
        let error = drive::protect(&whole[..end], &request).map(|_| ());
        assert_eq!(error.is_err(), end < mfra.start, "{error:?}");
    }
    assert_eq!(drive::protect(&whole[..mfra.start - 1], &request).unwrap_err().code(), "truncated");
}
