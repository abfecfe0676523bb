//! Files whose headers and sample tables say what cannot be, or what does not go together.

use super::build::{SAMPLE, append, boxed, copy, find, front, hide, plain, protected, set};
use super::rules::{Case, case};
use super::{findings, none, one, told};
use crate::support::ffmpeg;
use crate::support::raw::be32;

const STBL: &str = "moov/trak/mdia/minf/stbl";

fn of_table(name: &str) -> String {
    format!("{STBL}/{name}")
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn head() -> Vec<u8> {
    front(SAMPLE.to_vec())
}

/// Lets the chunk stand where the media data begins.
fn lead(file: &mut [u8]) {
    let at = u32::try_from(find(file, "mdat").body).unwrap();
    set(file, &of_table("stco"), 8, &at.to_be_bytes());
}

/// A plain file of two samples, 10 s each, with a box more in its sample table.
fn tabled(table: &[u8]) -> Vec<u8> {
    let mut file = plain();
    append(&mut file, STBL, table);
    set(&mut file, &of_table("stts"), 12, &100_000_000_u32.to_be_bytes());
    lead(&mut file);
    file
}

fn synced() -> Vec<u8> {
    tabled(&boxed(b"stss", &[&numbers(&[0, 2, 1, 2])]))
}

fn shifted() -> Vec<u8> {
    tabled(&boxed(b"ctts", &[&numbers(&[0, 1, 2, 50_000_000])]))
}

/// With edits: length in ticks of the movie, 10 million a second, media time, and rate.
fn edited(edits: &[(u32, i32, u16)]) -> Vec<u8> {
    let rows = edits.iter().flat_map(|(len, time, rate)| {
        [&len.to_be_bytes()[..], &time.to_be_bytes(), &rate.to_be_bytes(), &[0, 0]].concat()
    });
    let count = u32::try_from(edits.len()).unwrap();
    let list = boxed(b"elst", &[&[0; 4], &count.to_be_bytes(), &rows.collect::<Vec<u8>>()]);
    let mut file = shifted();
    append(&mut file, "moov/trak", &boxed(b"edts", &[&list]));
    let at = timescale_at(&file);
    set(&mut file, "moov/mvhd", at, &SECOND.to_be_bytes());
    lead(&mut file);
    file
}

/// Where the movie header says how many ticks a second has.
fn timescale_at(file: &[u8]) -> usize {
    if file[find(file, "moov/mvhd").body] == 0 { 12 } else { 20 }
}

const SECOND: u32 = 10_000_000;

pub fn cases() -> Vec<Case> {
    vec![
        case("sync-samples", synced, |file| set(file, &of_table("stss"), 12, &[0, 0, 0, 3]), &[]),
        case("table-counts", shifted, |file| set(file, &of_table("ctts"), 8, &[0, 0, 0, 3]), &[]),
        case("empty-samples", plain, |file| set(file, &of_table("stsz"), 16, &[0; 4]), &[]),
        case(
            "edit-beyond-media",
            || edited(&[(20 * SECOND, 0, 1)]),
            |file| {
                *file = edited(&[(20 * SECOND, 250_000_000, 1)]);
            },
            &[],
        ),
        case(
            "handler-entry",
            head,
            |file| set(file, "moov/trak/mdia/hdlr", 8, b"soun"),
            // Its media header is that of pictures, too.
            &["media-header"],
        ),
        case("media-header", head, |file| hide(file, "moov/trak/mdia/minf/vmhd"), &[]),
        case("data-reference", head, |file| set(file, &of_table("stsd/avc1"), 6, &[0, 2]), &[]),
    ]
}

#[test]
fn sync_samples_go_up_and_are_there() {
    none(&synced(), "sync-samples");
    for (numbers, expected) in [
        ([0, 2], "Entry 1 of 'stss' names sample 0, and samples count from 1."),
        ([1, 3], "Entry 2 of 'stss' names sample 3, and the track has 2 samples."),
        ([2, 1], "Entry 2 of 'stss' names sample 1, and the entry before it sample 2."),
        ([1, 1], "Entry 2 of 'stss' names sample 1, and the entry before it sample 1."),
    ] {
        let mut file = synced();
        set(&mut file, &of_table("stss"), 8, &self::numbers(&numbers));
        one(&file, "sync-samples", expected);
    }
}

#[test]
fn tables_are_for_as_many_samples_as_there_are() {
    for (listed, is_wrong) in [(1_u32, true), (2, false), (3, true)] {
        let offsets = tabled(&boxed(b"ctts", &[&numbers(&[0, 2, 1, 0, listed - 1, 5])]));
        let flags = tabled(&boxed(b"sdtp", &[&[0; 4], &vec![0; listed as usize]]));
        for (file, name) in [(offsets, "ctts"), (flags, "sdtp")] {
            match is_wrong {
                true => one(
                    &file,
                    "table-counts",
                    &format!("'{name}' is for {listed} samples, and the track has 2."),
                ),
                false => none(&file, "table-counts"),
            }
        }
        // Samples behind the last run are in no group.
        let groups = tabled(&boxed(b"sbgp", &[&[0; 4], b"roll", &numbers(&[1, listed, 0])]));
        match listed {
            3 => one(&groups, "table-counts", "'sbgp' of the grouping 'roll' is for 3 samples"),
            _ => none(&groups, "table-counts"),
        }
    }
}

#[test]
fn pictures_and_sound_have_bytes() {
    none(&plain(), "empty-samples");
    let mut empty = plain();
    set(&mut empty, &of_table("stsz"), 12, &numbers(&[20, 0]));
    one(&empty, "empty-samples", "1 of 2 samples of track 2 have 0 bytes, the first of them is sample 2.");
    set(&mut empty, &of_table("stsz"), 12, &numbers(&[0, 0]));
    one(&empty, "empty-samples", "2 of 2 samples of track 2 have 0 bytes, the first of them is sample 1.");
    // A subtitle may be of nothing.
    set(&mut empty, "moov/trak/mdia/hdlr", 8, b"meta");
    none(&empty, "empty-samples");
    let mut fragment = SAMPLE.to_vec();
    none(&fragment, "empty-samples");
    let run = find(&fragment, "moof[1]/traf/trun");
    assert_eq!(be32(&fragment, run.body) & 0xf05, 0x301, "durations and sizes");
    fragment[run.body + 24..run.body + 28].fill(0);
    let count = be32(&fragment, run.body + 4);
    one(
        &fragment,
        "empty-samples",
        &format!("1 of {count} samples of the fragment have 0 bytes, the first of them is sample 1."),
    );
}

#[test]
fn a_sample_table_has_one_form_of_a_box() {
    none(&plain(), "second-box");
    for (name, kind) in [("stco", b"co64"), ("stsz", b"stz2")] {
        let mut file = plain();
        let other = match name {
            "stco" => boxed(kind, &[&numbers(&[0, 1, 0, 0])]),
            _ => boxed(kind, &[&numbers(&[0, 8, 2]), &[20, 20]]),
        };
        append(&mut file, STBL, &other);
        lead(&mut file);
        if name == "stco" {
            let at = u32::try_from(find(&file, "mdat").body).unwrap();
            set(&mut file, &of_table("co64"), 12, &at.to_be_bytes());
        }
        one(&file, "second-box", "two forms of one box");
        none(&file, "data-elsewhere");
    }
}

#[test]
fn chunks_stand_in_media_data() {
    none(&plain(), "data-elsewhere");
    let mdat = find(&plain(), "mdat");
    let at = |start: usize| {
        let mut file = plain();
        // More behind it, so that no sample is behind the end of the file.
        file.extend(boxed(b"free", &[&[0; 60]]));
        set(&mut file, &of_table("stco"), 8, &u32::try_from(start).unwrap().to_be_bytes());
        file
    };
    none(&at(mdat.body), "data-elsewhere");
    one(
        &at(4),
        "data-elsewhere",
        "Chunk 1 of track 2 is bytes 4 to 44, which are of the box 'ftyp' at byte 0.",
    );
    one(&at(mdat.start - 80), "data-elsewhere", "which are of the box 'moov'");
    let media = format!("and the media data there is bytes {} to {}.", mdat.body, mdat.end);
    one(&at(mdat.body - 1), "data-elsewhere", &media);
    one(&at(mdat.body + 1), "data-elsewhere", &media);
    one(&at(mdat.end + 8), "data-elsewhere", "which are of the box 'free'");
    // Of two chunks both.
    let mut two = at(4);
    set(&mut two, &of_table("stsc"), 12, &[0, 0, 0, 1]);
    append(&mut two, &of_table("stco"), &[0, 0, 0, 5]);
    set(&mut two, &of_table("stco"), 4, &[0, 0, 0, 2]);
    one(
        &two,
        "data-elsewhere",
        "is bytes 4 to 24, which are of the box 'ftyp' at byte 0. So are 2 of its chunks",
    );
    let mut empty = at(4);
    set(&mut empty, &of_table("stsz"), 12, &[0; 8]);
    none(&empty, "data-elsewhere");
    // Samples in another file stand where that says.
    let mut external = at(4);
    set(&mut external, "moov/trak/mdia/minf/dinf/dref/url ", 0, &[0; 4]);
    none(&external, "data-elsewhere");
    // What leads behind the end of the file is told as that.
    none(&at(1 << 20), "data-elsewhere");
}

#[test]
fn the_kind_of_a_track_is_that_of_its_boxes() {
    let sound = head();
    none(&sound, "handler-entry");
    none(&sound, "media-header");
    let mut other = sound.clone();
    set(&mut other, "moov/trak[1]/mdia/hdlr", 8, b"vide");
    one(
        &other,
        "handler-entry",
        "The handler of track 2 is 'vide', and its sample entry 'mp4a' is of sound.",
    );
    one(&other, "media-header", "it has the media header 'smhd' in place of 'vmhd'");
    let mut text = sound.clone();
    set(&mut text, "moov/trak/mdia/hdlr", 8, b"subt");
    one(
        &text,
        "handler-entry",
        "The handler of track 1 is 'subt', and its sample entry 'avc1' is of pictures.",
    );
    none(&text, "media-header");
    // What is in the entry counts, and not only its type.
    let mut locked = front(protected("cenc", "plain"));
    none(&locked, "handler-entry");
    set(&mut locked, &of_table("stsd/encv/sinf/frma"), 0, b"mp4a");
    one(&locked, "handler-entry", "its sample entry 'mp4a' is of sound");
    let mut bare = sound.clone();
    hide(&mut bare, "moov/trak[1]/mdia/minf/smhd");
    one(&bare, "media-header", "The handler of track 2 is 'soun', and it has no media header 'smhd'.");
    // Pictures of any handler.
    set(&mut bare, "moov/trak/mdia/hdlr", 8, b"pict");
    none(&bare, "handler-entry");
    for number in [0_u16, 2] {
        let mut file = sound.clone();
        set(&mut file, &of_table("stsd/avc1"), 6, &number.to_be_bytes());
        let expected = format!("of data reference {number}, and 'dref' has 1, counted from 1.");
        one(&file, "data-reference", &expected);
    }
}

#[test]
fn headers_of_a_plain_file_say_how_long_it_is() {
    // In ticks of the movie: samples take 20 s.
    let said = |whole: u32, track: u32| {
        let mut file = edited(&[]);
        let wide = |path: &str| usize::from(file[find(&file, path).body]) * 8;
        let (mvhd, tkhd) = (16 + wide("moov/mvhd"), 20 + wide("moov/trak/tkhd"));
        let long = |path: &str, number: u32| match file[find(&file, path).body] {
            0 => number.to_be_bytes().to_vec(),
            _ => u64::from(number).to_be_bytes().to_vec(),
        };
        let (whole, track) = (long("moov/mvhd", whole), long("moov/trak/tkhd", track));
        set(&mut file, "moov/mvhd", mvhd, &whole);
        set(&mut file, "moov/trak/tkhd", tkhd, &track);
        file
    };
    none(&said(20 * SECOND, 20 * SECOND), "lengths-differ");
    // Rounding, and priming.
    none(&said(21 * SECOND, 19 * SECOND), "lengths-differ");
    // What is not said.
    none(&said(0, 0), "lengths-differ");
    one(
        &said(23 * SECOND, 0),
        "lengths-differ",
        "'mvhd' says that the whole takes 0:00:23.000, and the longest track takes 0:00:20.000.",
    );
    one(
        &said(0, 17 * SECOND),
        "lengths-differ",
        "'tkhd' says that track 2 takes 0:00:17.000; its samples take 0:00:20.000.",
    );
    // The longest of two tracks counts, wherever it stands.
    for (first, second) in [(100_000_000_u32, 50_000_000_u32), (50_000_000, 100_000_000)] {
        let mut two = said(20 * SECOND, 0);
        let trak = copy(&two, "moov/trak");
        append(&mut two, "moov", &trak);
        set(&mut two, "moov/trak[1]/tkhd", 20, &[0, 0, 0, 3]);
        for (number, delta) in [(0, first), (1, second)] {
            set(&mut two, &format!("moov/trak[{number}]/mdia/minf/stbl/stts"), 12, &delta.to_be_bytes());
            let at = u32::try_from(find(&two, "mdat").body).unwrap();
            set(&mut two, &format!("moov/trak[{number}]/mdia/minf/stbl/stco"), 8, &at.to_be_bytes());
        }
        none(&two, "lengths-differ");
    }
    // What goes on in fragments may be longer.
    let mut goes_on = said(23 * SECOND, 0);
    append(&mut goes_on, "moov", &boxed(b"mvex", &[&copy(SAMPLE, "moov/mvex/trex[1]")]));
    lead(&mut goes_on);
    none(&goes_on, "lengths-differ");
    let mut none_of_it = said(23 * SECOND, 0);
    let at = timescale_at(&none_of_it);
    none(&none_of_it, "no-timescale");
    set(&mut none_of_it, "moov/mvhd", at, &[0; 4]);
    one(&none_of_it, "no-timescale", "The timescale of the movie header is 0 ticks a second");
    none(&none_of_it, "lengths-differ");
}

#[test]
fn edits_show_what_is_there() {
    // Media of 20 s, shown up to 5 s later than they are decoded.
    for (len, time, expected) in [
        (20, 0, None),
        (25, 0, None),
        (20, 5, None),
        // Rounding.
        (21, 5, None),
        (1, 24, None),
        // A length of 0: all that there is.
        (0, 5, None),
        (1, 25, Some("Edit 1 of track 2 begins at 0:00:25.000 of its media, which takes 0:00:25.000.")),
        (
            23,
            5,
            Some(
                "Edit 1 of track 2 shows 0:00:23.000 of its media from 0:00:05.000 on, where 0:00:20.000 are left.",
            ),
        ),
    ] {
        let file = edited(&[(len * SECOND, time * 10_000_000, 1)]);
        match expected {
            Some(expected) => one(&file, "edit-beyond-media", expected),
            None => none(&file, "edit-beyond-media"),
        }
    }
    // Nothing for a minute, then a picture that stands.
    none(&edited(&[(60 * SECOND, -1, 1), (60 * SECOND, 0, 0)]), "edit-beyond-media");
    let back = edited(&[(SECOND, -1, 1), (SECOND, -2, 1)]);
    one(
        &back,
        "edit-beyond-media",
        "Edit 2 of track 2 begins at the media time -2, where -1 alone is below 0.",
    );
}

#[test]
fn a_track_is_as_long_as_its_edits() {
    let said = |seconds: u32, edits: &[(u32, i32, u16)]| {
        let mut file = edited(edits);
        let tkhd = find(&file, "moov/trak/tkhd").body;
        let ticks = seconds * SECOND;
        match file[tkhd] {
            0 => set(&mut file, "moov/trak/tkhd", 20, &ticks.to_be_bytes()),
            _ => set(&mut file, "moov/trak/tkhd", 28, &u64::from(ticks).to_be_bytes()),
        }
        file
    };
    let edits = [(10 * SECOND, -1, 1), (15 * SECOND, 0, 1)];
    none(&said(25, &edits), "lengths-differ");
    one(
        &said(20, &edits),
        "lengths-differ",
        "'tkhd' says that track 2 takes 0:00:20.000; its edits take 0:00:25.000.",
    );
    // Those that are repeated go on until the track ends.
    let mut again = said(100, &edits);
    // The lower half of it, behind the timescale.
    let at = timescale_at(&again);
    set(&mut again, "moov/mvhd", if at == 12 { 16 } else { 28 }, &(100 * SECOND).to_be_bytes());
    assert_eq!(told(&again, "lengths-differ").len(), 2);
    let other = copy(&said(25, &edits), "moov/trak");
    set(&mut again, "moov/trak/edts/elst", 3, &[1]);
    none(&again, "lengths-differ");
    // Beside a track that ends before it.
    append(&mut again, "moov", &other);
    set(&mut again, "moov/trak[1]/tkhd", 20, &[0, 0, 0, 3]);
    none(&again, "lengths-differ");
}

#[test]
fn what_is_behind_the_last_box_in_a_box_is_told() {
    none(&head(), "left-over-bytes");
    for count in 1..8 {
        let mut file = head();
        append(&mut file, "moov/trak/mdia", &vec![1; count]);
        let expected = format!("Box 'mdia' ends with {count} bytes behind the last box in it");
        one(&file, "left-over-bytes", &expected);
    }
    for (path, end, is_wrong) in [
        ("moov/udta", &[0; 4][..], false),
        ("moov/udta", &[0; 3], true),
        ("moov/udta", &[0, 0, 0, 1], true),
        ("moov/trak", &[0; 4], true),
        // QuickTime's sample entries end with zeros.
        ("moov/trak/mdia/minf/stbl/stsd/avc1", &[0; 4], false),
        ("moov/trak/mdia/minf/stbl/stsd/avc1", &[0; 2], false),
        ("moov/trak/mdia/minf/stbl/stsd/avc1", &[0, 1], true),
    ] {
        let mut file = head();
        append(&mut file, path, end);
        assert_eq!(told(&file, "left-over-bytes").len(), usize::from(is_wrong), "{path} {end:?}");
    }
    // A flood of them takes no long time.
    let mut flood = head();
    append(&mut flood, "moov/udta", &boxed(b"udta", &[&[1]]).repeat(200_000));
    let found = findings(&flood);
    let rule = found.rules.iter().find(|rule| rule.id == "left-over-bytes").unwrap();
    assert!((rule.count - 200_000.0).abs() < 0.5, "{}", rule.count);
}

#[test]
fn what_others_write_is_sound() {
    if !ffmpeg::present() {
        return;
    }
    let new = [
        "sync-samples",
        "table-counts",
        "empty-samples",
        "edit-beyond-media",
        "handler-entry",
        "media-header",
        "data-reference",
        "lengths-differ",
        "left-over-bytes",
        "data-elsewhere",
        "no-timescale",
        "second-box",
    ];
    for arguments in [
        &["-bf", "3", "-f", "mp4"][..],
        // Key pictures far apart, and few pictures: they are shown seconds later than they are decoded.
        &["-bf", "3", "-r", "0.5", "-f", "mp4"],
        &["-timecode", "00:00:00:00", "-f", "mov"],
        &["-c:a", "pcm_s16le", "-f", "mov"],
        &["-c:a", "adpcm_ima_qt", "-f", "mov"],
        &["-c:a", "adpcm_ms", "-f", "mov"],
    ] {
        let file = ffmpeg::make(6, true, true, arguments);
        let broken: Vec<&str> = findings(&file).rules.iter().map(|rule| rule.id).collect();
        assert!(!broken.iter().any(|id| new.contains(id)), "{arguments:?}: {broken:?}");
    }
}
