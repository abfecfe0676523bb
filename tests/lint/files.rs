//! Files that break the rules of boxes, tracks, fragments and indexes.

use boxlock::protect::RequestText;
use boxlock::report::FileFindings;

use super::build::{
    SAMPLE, along, append, boxed, copy, find, front, hide, made, plain, protected, remove, rename, set,
    splice,
};
use super::findings;
use super::rules::{Case, case};
use crate::support::drive;
use crate::support::raw::be32;

fn clear() -> Vec<u8> {
    let mut file = SAMPLE.to_vec();
    remove(&mut file, "mfra");
    file
}

fn whole() -> Vec<u8> {
    SAMPLE.to_vec()
}

fn head() -> Vec<u8> {
    front(SAMPLE.to_vec())
}

fn hybrid() -> Vec<u8> {
    protected("cenc", "hybrid")
}

pub fn indexed() -> Vec<u8> {
    made(&RequestText { segment_index: true, ..drive::request_in("cenc", "plain") })
}

const STBL: &str = "moov/trak/mdia/minf/stbl";

fn of_table(name: &str) -> String {
    format!("{STBL}/{name}")
}

/// Two fragments as one of two tracks.
fn two_trafs(brand: &[u8; 4], flags: [u8; 3]) -> Vec<u8> {
    let file = clear();
    let mut front = front(file.clone());
    set(&mut front, "ftyp", 0, brand);
    set(&mut front, "ftyp", 8, brand);
    set(&mut front, "ftyp", 12, brand);
    let trafs = [copy(&file, "moof/traf"), copy(&file, "moof[1]/traf")];
    let media = [copy(&file, "mdat")[8..].to_vec(), copy(&file, "mdat[1]")[8..].to_vec()];
    let mut moof = boxed(b"moof", &[&copy(&file, "moof/mfhd"), &trafs.concat()]);
    for (number, at) in [(0, 0), (1, media[0].len())] {
        let offset = u32::try_from(moof.len() + 8 + at).unwrap();
        set(&mut moof, &format!("moof/traf[{number}]/trun"), 8, &offset.to_be_bytes());
        set(&mut moof, &format!("moof/traf[{number}]/tfhd"), 1, &flags);
    }
    [front, moof, boxed(b"mdat", &[&media.concat()])].concat()
}

fn two_with_base() -> Vec<u8> {
    two_trafs(b"iso6", [2, 0, 0x20])
}

fn piff_without_base() -> Vec<u8> {
    clear()
}

pub fn cases() -> Vec<Case> {
    let mut all = boxes();
    all.extend(tracks());
    all.extend(tables());
    all.extend(fragments());
    all.extend(times());
    all
}

fn boxes() -> Vec<Case> {
    vec![
        case("truncated", clear, |file| file.truncate(file.len() - 100), &[]),
        case("index-cut-short", whole, |file| file.truncate(file.len() - 5), &[]),
        case("room-cut-short", clear, |file| file.extend(b"\0\0\x01\0free\0\0\0"), &[]),
        case("unknown-bytes", clear, |file| file.extend(b"\0\0\0\x10\x01\x02\x03\x04mdatmdat"), &[]),
        case("trailing-bytes", clear, |file| file.extend(b"\x01\x02\x03\x04\x05\x06\x07"), &[]),
        case("zero-padding", head, |file| append(file, "moov/trak", &[0; 16]), &[]),
        case("unreadable-box", head, |file| append(file, "moov/udta", &boxed(b"cprt", &[&[0; 5]])), &[]),
        case(
            "box-overrun",
            head,
            |file| {
                let found = find(file, "moov/udta/meta");
                file[found.start + 2] = 1;
            },
            &[],
        ),
        case(
            "bad-box-size",
            head,
            |file| {
                let found = find(file, "moov/udta/meta");
                file[found.start..found.start + 4].fill(0);
            },
            &[],
        ),
        case("left-over-bytes", head, |file| append(file, "moov/mvex/trex", &[0; 4]), &[]),
        case(
            "second-box",
            head,
            |file| {
                let mvhd = copy(file, "moov/mvhd");
                append(file, "moov", &mvhd);
            },
            &[],
        ),
        case("missing-box", head, |file| hide(file, "moov/mvhd"), &[]),
        case(
            "no-moov",
            clear,
            |file| {
                let start = find(file, "moof").start;
                file.drain(..start);
            },
            &[],
        ),
        case(
            "duplicate-moov",
            head,
            |file| {
                let moov = copy(file, "moov");
                file.extend(moov);
            },
            &[],
        ),
        case(
            "compressed-movie",
            head,
            |file| append(file, "moov", &boxed(b"cmov", &[&boxed(b"dcom", &[b"zlib"])])),
            &[],
        ),
        case(
            "second-mfra",
            whole,
            |file| {
                let mfra = copy(file, "mfra");
                file.extend(mfra);
            },
            &[],
        ),
        case("no-ftyp", head, |file| hide(file, "ftyp"), &[]),
        case(
            "ftyp-late",
            head,
            |file| {
                let ftyp = copy(file, "ftyp");
                remove(file, "ftyp");
                file.extend(ftyp);
            },
            &[],
        ),
        case(
            "unknown-brand",
            head,
            |file| [0, 8, 12].into_iter().for_each(|at| set(file, "ftyp", at, b"abcd")),
            &[],
        ),
        case(
            "too-many-boxes",
            head,
            |file| {
                let deep = (0..40).fold(Vec::new(), |inner: Vec<u8>, _| boxed(b"udta", &[&inner]));
                append(file, "moov/udta", &deep);
            },
            &[],
        ),
        case(
            "bad-item-location",
            head,
            |file| {
                let iloc = boxed(b"iloc", &[&[0; 4], &[0x90, 0, 0, 0]]);
                file.extend(boxed(b"meta", &[&[0; 4], &iloc]));
            },
            &[],
        ),
    ]
}

fn tracks() -> Vec<Case> {
    vec![
        case("track-id-zero", head, |file| set(file, "moov/trak/tkhd", 20, &[0; 4]), &[]),
        case("duplicate-track-id", head, |file| set(file, "moov/trak[1]/tkhd", 20, &[0, 0, 0, 1]), &[]),
        case(
            "too-many-tracks",
            head,
            |file| {
                let trak = copy(file, "moov/trak");
                append(file, "moov", &trak.repeat(1100));
            },
            &["duplicate-track-id"],
        ),
        case("next-track-id", plain, |file| set(file, "moov/mvhd", 96, &[0, 0, 0, 1]), &[]),
        case("bad-sample-entry", clear, |file| set(file, "moov/mvex/trex", 8, &[0, 0, 0, 5]), &[]),
        case("entry-count", head, |file| set(file, &of_table("stsd"), 4, &[0, 0, 0, 2]), &[]),
        case(
            "too-many-sample-entries",
            head,
            |file| {
                append(file, &of_table("stsd"), &boxed(b"abcd", &[&[0, 0, 0, 0, 0, 0, 0, 1]]).repeat(4200));
                set(file, &of_table("stsd"), 4, &4201_u32.to_be_bytes());
            },
            &["damaged-entry"],
        ),
        case("damaged-entry", head, |file| set(file, &of_table("stsd/avc1/avcC"), 6, &[0xff; 2]), &[]),
        case("no-timescale", head, |file| set(file, "moov/trak/mdia/mdhd", 20, &[0; 4]), &[]),
        case(
            "lengths-differ",
            clear,
            |file| set(file, "moov/trak/mdia/mdhd", 24, &(1_u64 << 32).to_be_bytes()),
            &[],
        ),
        case("duration-all-ones", plain, |file| set(file, "moov/trak/mdia/mdhd", 24, &[0xff; 8]), &[]),
        case(
            "hdlr-name",
            head,
            |file| {
                let end = find(file, "moov/trak/mdia/hdlr").end;
                file[end - 1] = b'x';
            },
            &[],
        ),
        case("external-data", head, |file| set(file, "moov/trak/mdia/minf/dinf/dref/url ", 0, &[0; 4]), &[]),
        case("no-mvex", clear, |file| hide(file, "moov/mvex"), &[]),
        case("no-trex", clear, |file| hide(file, "moov/mvex/trex[1]"), &[]),
        case("cmaf-one-track", head, |file| set(file, "ftyp", 12, b"cmfc"), &[]),
    ]
}

fn tables() -> Vec<Case> {
    vec![
        case("sample-counts", plain, |file| set(file, &of_table("stts"), 8, &[0, 0, 0, 3]), &[]),
        case("chunks-too-few", plain, |file| set(file, &of_table("stsc"), 12, &[0, 0, 0, 1]), &[]),
        case("chunk-runs", plain, |file| set(file, &of_table("stsc"), 8, &[0, 0, 0, 2]), &[]),
        case("samples-beyond-end", plain, |file| set(file, &of_table("stsz"), 16, &[0, 0, 9, 9]), &[]),
        case(
            "samples-in-both",
            plain,
            |file| {
                let trex = copy(SAMPLE, "moov/mvex/trex[1]");
                append(file, "moov", &boxed(b"mvex", &[&trex]));
                let at = u32::try_from(find(file, "mdat").body).unwrap();
                set(file, &of_table("stco"), 8, &at.to_be_bytes());
                file.extend(copy(SAMPLE, "moof[1]"));
                file.extend(copy(SAMPLE, "mdat[1]"));
            },
            &["no-tfdt", "tfxd-wrapped"],
        ),
        case(
            "moov-behind-media",
            plain,
            |file| {
                let moov = copy(file, "moov");
                remove(file, "moov");
                file.extend(moov);
                let at = u32::try_from(find(file, "mdat").body).unwrap();
                set(file, &of_table("stco"), 8, &at.to_be_bytes());
            },
            &[],
        ),
    ]
}

fn fragments() -> Vec<Case> {
    vec![
        case("unknown-track", clear, |file| set(file, "moof/traf/tfhd", 4, &[0, 0, 0, 9]), &[]),
        case(
            "too-many-samples",
            hybrid,
            |file| {
                let run = [&[0, 0, 0, 1][..], &[0xff; 4], &[0, 0, 0, 0]].concat();
                let found = find(file, "moof/traf/trun");
                splice(file, "moof/traf/trun", found.body..found.end, &run);
            },
            &[],
        ),
        case("bad-data-offset", clear, |file| set(file, "moof/traf/trun", 8, &[0x80, 0, 0, 0]), &[]),
        case("data-elsewhere", clear, |file| set(file, "moof/traf/trun", 8, &[0, 0, 0, 8]), &[]),
        case(
            "samples-apart",
            clear,
            |file| {
                let (moof, mdat) = (copy(file, "moof"), copy(file, "mdat"));
                let start = find(file, "moof").start;
                let back = u32::try_from(mdat.len() - 8).unwrap().wrapping_neg();
                file.splice(start..start + moof.len() + mdat.len(), [mdat, moof].concat());
                set(file, "moof/traf/trun", 8, &back.to_be_bytes());
            },
            &[],
        ),
        case(
            "data-offset-gap",
            clear,
            |file| {
                let body = find(file, "mdat").body;
                splice(file, "mdat", body..body, &[0; 4]);
                let at = be32(file, find(file, "moof/traf/trun").body + 8) + 4;
                set(file, "moof/traf/trun", 8, &at.to_be_bytes());
            },
            &[],
        ),
        case(
            "base-data-offset",
            clear,
            |file| {
                let (moof, tfhd) = (find(file, "moof").start, find(file, "moof/traf/tfhd").body);
                let base = u64::try_from(moof).unwrap().to_be_bytes();
                file[tfhd + 3] |= 1;
                splice(file, "moof/traf/tfhd", tfhd + 8..tfhd + 8, &base);
            },
            &[],
        ),
        case("no-default-base", two_with_base, |file| *file = two_trafs(b"iso6", [0, 0, 0x20]), &[]),
        case("several-trafs", piff_without_base, |file| *file = two_trafs(b"piff", [2, 0, 0x20]), &[]),
        case("sequence-numbers", clear, |file| set(file, "moof[1]/mfhd", 4, &[0, 0, 0, 1]), &[]),
        case(
            "fragment-not-sync",
            clear,
            |file| {
                let found = find(file, "moof/traf/trun");
                let flags = be32(file, found.body);
                // The flags of the first sample, wherever they stand.
                let at = if flags & 4 != 0 { 12 } else { 12 + 4 * (flags >> 8 & 1) + 4 * (flags >> 9 & 1) };
                set(file, "moof/traf/trun", at as usize, &[1, 1, 0, 0]);
            },
            &["sync-untold"],
        ),
        case(
            "sync-untold",
            clear,
            |file| set(file, "moof/traf/trun", 12, &[1, 1, 0, 0]),
            &["fragment-not-sync"],
        ),
        case("sync-flag", clear, |file| set(file, "moof/traf/tfhd", 8, &[2, 0, 0, 0]), &[]),
        case(
            "mfra",
            whole,
            |file| {
                // Version 1: the time, then the place.
                let at = if file[find(file, "mfra/tfra").body] == 1 { 24 } else { 20 };
                set(file, "mfra/tfra", at, &[0, 0, 0, 9]);
            },
            &[],
        ),
        case(
            "mfro-size",
            whole,
            |file| {
                let at = find(file, "mfra/mfro").body + 7;
                file[at] += 1;
            },
            &[],
        ),
        case(
            "sidx",
            indexed,
            |file| {
                let at = find(file, "sidx").body;
                let first = if file[at] == 0 { 24 } else { 32 };
                let size = be32(file, at + first) - 4;
                set(file, "sidx", first, &size.to_be_bytes());
            },
            &[],
        ),
        // The time of the first point, and the length of the first segment.
        case("mfra-contents", whole, |file| set(file, "mfra/tfra", 16, &[0, 0, 1, 0]), &[]),
        case(
            "sidx-contents",
            indexed,
            |file| {
                let at = if file[find(file, "sidx").body] == 0 { 28 } else { 36 };
                set(file, "sidx", at, &[0x7f, 0, 0, 0]);
            },
            &[],
        ),
        case(
            "sidx-beyond-end",
            indexed,
            |file| {
                let end = find(file, "moof[4]").start;
                file.truncate(end);
            },
            &[],
        ),
    ]
}

fn times() -> Vec<Case> {
    vec![
        case("no-tfdt", hybrid, |file| hide(file, "moof/traf/tfdt"), &[]),
        case(
            "time-back",
            || protected("cenc", "plain"),
            |file| {
                let last = find(file, "moof[8]/traf/tfdt").body;
                let len = if file[last] == 0 { 4 } else { 8 };
                set(file, "moof[8]/traf/tfdt", 4, &vec![0; len]);
            },
            &["times-differ"],
        ),
        case(
            "time-gap",
            || protected("cenc", "plain"),
            |file| {
                let last = find(file, "moof[8]/traf/tfdt").body;
                let at = if file[last] == 0 { 4 } else { 8 };
                set(file, "moof[8]/traf/tfdt", at, &[0x3f, 0, 0, 0]);
            },
            &["times-differ"],
        ),
        case(
            "times-differ",
            hybrid,
            |file| set(file, "moof[2]/traf/uuid:6d1d", 4, &9_000_000_u64.to_be_bytes()),
            &[],
        ),
        case(
            "tfxd-wrapped",
            || {
                let mut file = clear();
                for number in [0, 1] {
                    set(&mut file, &format!("moof[{number}]/traf/uuid:6d1d"), 4, &[0; 8]);
                }
                file
            },
            |file| set(file, "moof/traf/uuid:6d1d", 4, &(-5_i64).to_be_bytes()),
            &[],
        ),
        case("tfxd-duration", clear, |file| set(file, "moof/traf/uuid:6d1d", 12, &5_u64.to_be_bytes()), &[]),
        case(
            "negative-composition",
            clear,
            |file| {
                let found = find(file, "moof/traf/trun");
                let flags = be32(file, found.body);
                assert!(flags & 0x800 != 0, "the sample has composition offsets");
                file[found.body] = 0;
                let before = [4, 0x100, 0x200, 0x400].iter().filter(|flag| flags & **flag != 0).count();
                let at = found.body + 12 + 4 * before;
                file[at..at + 4].fill(0xff);
                assert!(!along(file, "moof/traf/trun").is_empty());
                rename(file, "moof/traf/trun", b"trun");
            },
            &[],
        ),
    ]
}

#[test]
fn what_is_found_beside_a_track_fragment_that_cannot_be_read_is_of_the_other() {
    let mut file = two_with_base();
    let sound = findings(&file);
    hide(&mut file, "moof/traf/tfhd");
    let damaged = findings(&file);
    let of = |all: &FileFindings, rule: &str| -> Vec<(Option<String>, Option<u32>)> {
        let all = all.findings.iter().filter(|one| one.rule == rule);
        all.map(|one| (one.path.clone(), one.track)).collect()
    };
    let second = (Some("moof/traf[1]".to_owned()), Some(2));
    assert_eq!(of(&sound, "no-tfdt"), [(Some("moof/traf".to_owned()), Some(1)), second.clone()]);
    assert_eq!(of(&damaged, "no-tfdt"), [second]);
    assert_eq!(of(&damaged, "missing-box"), [(Some("moof/traf".to_owned()), None)]);
}

#[test]
fn of_a_rule_that_is_broken_often_a_few_are_told_and_all_are_counted() {
    let mut file = clear();
    let fragments = (0..file.len()).filter(|at| file[*at..].starts_with(b"moof")).count();
    let again = [copy(&file, "moof"), copy(&file, "mdat")].concat();
    (0..30).for_each(|_| file.extend(&again));
    let all = findings(&file);
    let count = all.rules.iter().find(|rule| rule.id == "sequence-numbers").unwrap().count;
    assert!((count - 30.0).abs() < 0.5, "{count}");
    let told: Vec<_> = all.findings.iter().filter(|one| one.rule == "sequence-numbers").collect();
    let paths: Vec<_> = told.iter().map(|one| one.path.clone().unwrap()).collect();
    let expected: Vec<_> = (fragments..fragments + 20).map(|number| format!("moof[{number}]/mfhd")).collect();
    assert_eq!(paths, expected);
}
