//! Plain files whose sample tables say how their samples are encrypted.

use boxlock::boxes::Tree;
use boxlock::track::Fragment;

use super::build::{append, boxed, copy, find, hide, protected, quiet, set, splice, wide};
use super::{findings, none, one, told};
use crate::support::drive::{self, Feed};
use crate::support::ffmpeg;
use crate::support::raw::be32;

const STBL: &str = "moov/trak/mdia/minf/stbl";
const SENC: &str = "moov/trak/mdia/minf/stbl/senc";
const SOUND: &str = "moov/trak[1]/mdia/minf/stbl";

fn table(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    boxed(kind, &[&[0; 4], &bytes])
}

/// Bytes of the samples of a fragment.
fn sizes(file: &[u8], path: &str) -> Vec<u32> {
    let session = drive::open(file, Feed::Whole).unwrap();
    let moof = find(file, path);
    let tree = Tree::parse(&file[moof.start..moof.end], moof.start as u64).unwrap();
    let fragment = Fragment::read_all(&tree, session.index().unwrap().movie.as_ref(), &mut Vec::new());
    fragment.tracks[0].samples().map(|(_, size)| size).collect()
}

/// The first fragment of pictures and the first of sound as a plain file, a chunk each.
fn made(file: &[u8]) -> Vec<u8> {
    let trak = |number: usize| {
        let moof = format!("moof[{number}]");
        let of = |path: &str| copy(file, &format!("moov/trak[{number}]/{path}"));
        let sizes = sizes(file, &moof);
        let count = u32::try_from(sizes.len()).unwrap();
        let info = ["saiz", "senc"].map(|name| copy(file, &format!("{moof}/traf/{name}"))).concat();
        let tables = [
            of("mdia/minf/stbl/stsd"),
            table(b"stts", &[1, count, 400_000]),
            table(b"stss", &[1, 1]),
            table(b"stsc", &[1, 1, count, 1]),
            table(b"stsz", &[&[0, count], &sizes[..]].concat()),
            table(b"stco", &[1, 0]),
            table(b"saio", &[1, 0]),
            info,
        ];
        let header = if number == 0 { "vmhd" } else { "smhd" };
        let stbl = boxed(b"stbl", &[&tables.concat()]);
        let minf = boxed(b"minf", &[&of(&format!("mdia/minf/{header}")), &of("mdia/minf/dinf"), &stbl]);
        let mdia = boxed(b"mdia", &[&of("mdia/mdhd"), &of("mdia/hdlr"), &minf]);
        boxed(b"trak", &[&of("tkhd"), &mdia])
    };
    let headers = [copy(file, "moov/mvhd"), trak(0), trak(1), copy(file, "moov/pssh")].concat();
    let mut plain = [boxed(b"ftyp", &[b"isom\0\0\0\0isommp42"]), boxed(b"moov", &[&headers])].concat();
    set_places(&mut plain);
    for track in ["trak", "trak[1]"] {
        for header in ["tkhd", "mdia/mdhd"] {
            quiet(&mut plain, &format!("moov/{track}/{header}"));
        }
    }
    quiet(&mut plain, "moov/mvhd");
    let version = plain[find(&plain, "moov/mvhd").body];
    set(&mut plain, "moov/mvhd", if version == 0 { 96 } else { 108 }, &[0, 0, 0, 9]);
    let mut at = plain.len();
    for (number, stbl) in [STBL, SOUND].into_iter().enumerate() {
        let media = copy(file, &format!("mdat[{number}]"));
        let stco = u32::try_from(at + 8).unwrap();
        at += media.len();
        set(&mut plain, &format!("{stbl}/stco"), 8, &stco.to_be_bytes());
        plain.extend(media);
    }
    plain
}

/// Lets `saio` lead to the lists of IVs.
fn set_places(file: &mut [u8]) {
    for stbl in [STBL, SOUND] {
        let at = u32::try_from(find(file, &format!("{stbl}/senc")).body + 8).unwrap();
        set(file, &format!("{stbl}/saio"), 8, &at.to_be_bytes());
    }
}

fn cenc() -> Vec<u8> {
    made(&protected("cenc", "plain"))
}

/// The rules that are broken by what `spoil` does, and by nothing before.
#[track_caller]
fn broken(file: Vec<u8>, spoil: &dyn Fn(&mut Vec<u8>), expected: &[&str]) -> Vec<u8> {
    let rules = |file: &[u8]| -> Vec<&str> { findings(file).rules.iter().map(|rule| rule.id).collect() };
    let before = rules(&file);
    let mut file = file;
    spoil(&mut file);
    let after: Vec<&str> = rules(&file).into_iter().filter(|rule| !before.contains(rule)).collect();
    assert_eq!(after, expected, "before {before:?}");
    file
}

#[test]
fn a_sound_file_has_nothing_against_it() {
    for scheme in ["cenc", "cens", "cbc1"] {
        let file = made(&protected(scheme, "plain"));
        let found = findings(&file);
        assert_eq!(found.rules.iter().map(|rule| rule.id).collect::<Vec<_>>(), [""; 0], "{scheme}");
        assert_eq!(found.kids, [Some(drive::KID.to_owned())], "{scheme}");
        assert_eq!(found.streams.is_empty(), scheme == "cbc1", "{scheme}");
    }
    assert_eq!(told(&made(&wide()), "counter-twice"), [""; 0]);
}

#[test]
fn maps_are_held_against_samples() {
    let entry = |file: &[u8]| {
        let at = find(file, SENC).body + 18;
        (u16::from_be_bytes([file[at], file[at + 1]]), be32(file, at + 2))
    };
    let set_entry = |file: &mut Vec<u8>, clear: u16, encrypted: u32| {
        set(file, SENC, 18, &clear.to_be_bytes());
        set(file, SENC, 20, &encrypted.to_be_bytes());
    };
    let shorter = |file: &mut Vec<u8>| {
        let (clear, encrypted) = entry(file);
        set_entry(file, clear, encrypted - 16);
    };
    let file = broken(cenc(), &shorter, &["subsamples-sum"]);
    let found = findings(&file);
    let first = found.findings.iter().find(|found| found.rule == "subsamples-sum").unwrap();
    assert_eq!((first.path.as_deref(), first.track, first.sample), (Some(SENC), Some(1), Some(0.0)));
    assert_eq!(first.time, Some(0.0));
    assert!(first.message.starts_with("The map of sample 1 of track 1 is for "), "{}", first.message);
    let blocks = |file: &mut Vec<u8>| {
        let (clear, encrypted) = entry(file);
        set_entry(file, clear + 1, encrypted - 1);
    };
    broken(cenc(), &blocks, &["ranges-not-blocks"]);
    let whole = |file: &mut Vec<u8>| {
        let (clear, encrypted) = entry(file);
        set_entry(file, 0, encrypted + u32::from(clear));
    };
    broken(cenc(), &whole, &["ranges-not-blocks", "nal-header-encrypted"]);
    let borders = |file: &mut Vec<u8>| {
        let at = find(file, "mdat").body;
        file[at..at + 4].copy_from_slice(&[0, 0, 0, 2]);
    };
    broken(cenc(), &borders, &["map-off-nal"]);
    let empty = |file: &mut Vec<u8>| {
        let found = find(file, SENC);
        let count = u16::from_be_bytes([file[found.body + 16], file[found.body + 17]]) + 1;
        splice(file, SENC, found.body + 18..found.body + 18, &[0; 6]);
        set(file, SENC, 16, &count.to_be_bytes());
        let sizes = find(file, &format!("{STBL}/saiz")).body;
        file[sizes + 9] += 6;
        moved(file, 6);
    };
    broken(cenc(), &empty, &["subsample-empty"]);
}

/// The movie header has grown by so much.
fn moved(file: &mut [u8], more: u32) {
    for stbl in [STBL, SOUND] {
        let path = format!("{stbl}/stco");
        let at = be32(file, find(file, &path).body + 8) + more;
        set(file, &path, 8, &at.to_be_bytes());
    }
    set_places(file);
}

#[test]
fn counters_and_keys_are_held_against_each_other() {
    let again = |file: &mut Vec<u8>| {
        let at = find(file, &format!("{SOUND}/senc")).body + 8;
        file.copy_within(at..at + 8, at + 8 * 5);
    };
    let file = broken(cenc(), &again, &["counter-twice"]);
    one(&file, "counter-twice", "Sample 1 of track 2 and sample 6 of track 2");
    let wraps = |file: &mut Vec<u8>| set(file, &format!("{SOUND}/senc"), 16, &[0xff; 8]);
    broken(made(&wide()), &wraps, &["counter-twice", "iv16-wrap"]);
    let modes = |file: &mut Vec<u8>| set(file, "moov/trak[1]/mdia/minf/stbl/stsd/enca/sinf/schm", 4, b"cbc1");
    broken(cenc(), &modes, &["chain-iv-8", "key-two-modes", "header-algorithm"]);
    let clear = |file: &mut Vec<u8>| {
        let found = find(file, "mdat[1]");
        file[found.body..found.end].fill(0x11);
    };
    broken(cenc(), &clear, &["looks-clear"]);
}

#[test]
fn lists_are_held_against_what_leads_to_them() {
    let none_at_all = |file: &mut Vec<u8>| {
        ["senc", "saiz", "saio"].iter().for_each(|name| hide(file, &format!("{STBL}/{name}")));
    };
    let file = broken(cenc(), &none_at_all, &["no-ivs"]);
    one(&file, "no-ivs", "nothing in the sample table says with which IV. The same is so of ");
    let alone = |file: &mut Vec<u8>| {
        ["saiz", "saio"].iter().for_each(|name| hide(file, &format!("{STBL}/{name}")));
    };
    broken(cenc(), &alone, &["no-saio"]);
    let sizes = |file: &mut Vec<u8>| {
        let at = find(file, &format!("{STBL}/saiz")).body;
        file[at + 9] += 1;
    };
    broken(cenc(), &sizes, &["saiz"]);
    let place = |file: &mut Vec<u8>| {
        let at = find(file, &format!("{STBL}/saio")).end - 1;
        file[at] ^= 1;
    };
    broken(cenc(), &place, &["saio"]);
    let places = |file: &mut Vec<u8>| {
        let end = find(file, &format!("{STBL}/saio")).end;
        splice(file, &format!("{STBL}/saio"), end..end, &[0; 4]);
        set(file, &format!("{STBL}/saio"), 4, &[0, 0, 0, 2]);
        let second = find(file, &format!("{STBL}/saio")).body;
        moved_past(file, second);
    };
    let file = broken(cenc(), &places, &["bad-saio"]);
    one(
        &file,
        "bad-saio",
        "'saio' says 2 times where auxiliary information stands; it must be once, or for each of the 1 chunks.",
    );
    let count = |file: &mut Vec<u8>| {
        let found = find(file, &format!("{SOUND}/senc"));
        let count = be32(file, found.body + 4) - 1;
        set(file, &format!("{SOUND}/senc"), 4, &count.to_be_bytes());
    };
    broken(cenc(), &count, &["left-over-bytes", "sample-count", "saiz"]);
    let group = |file: &mut Vec<u8>| {
        let count = be32(file, find(file, &format!("{SOUND}/senc")).body + 4).to_be_bytes();
        let sbgp = boxed(b"sbgp", &[&[0; 4], b"seig", &[0, 0, 0, 1], &count, &[0, 0, 0, 5]]);
        append(file, SOUND, &sbgp);
        moved(file, u32::try_from(sbgp.len()).unwrap());
    };
    broken(cenc(), &group, &["bad-group"]);
}

/// The first `saio` has grown by a number of four bytes.
fn moved_past(file: &mut [u8], saio: usize) {
    for stbl in [STBL, SOUND] {
        let path = format!("{stbl}/stco");
        let at = be32(file, find(file, &path).body + 8) + 4;
        set(file, &path, 8, &at.to_be_bytes());
        let places = find(file, &format!("{stbl}/saio")).body;
        let at = u32::try_from(find(file, &format!("{stbl}/senc")).body + 8).unwrap();
        file[places + 8..places + 12].copy_from_slice(&at.to_be_bytes());
    }
    assert_eq!(be32(file, saio + 4), 2);
}

#[test]
fn what_ffmpeg_makes_has_nothing_against_it() {
    if !ffmpeg::present() {
        return;
    }
    let kid = drive::KID.replace('-', "");
    let media = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=7 -f lavfi -i sine=440:duration=7 -c:v libx264 -preset \
                 ultrafast -g 25 -pix_fmt yuv420p -c:a aac";
    let key = drive::KEY;
    let file = ffmpeg::make_by(
        ".mp4",
        &format!("{media} -encryption_scheme cenc-aes-ctr -encryption_key {key} -encryption_kid {kid}"),
    );
    let found = findings(&file);
    assert_eq!(found.kids, [Some(drive::KID.to_owned())]);
    assert!(!found.streams.is_empty());
    for rule in ["subsamples-sum", "saiz", "saio", "counter-twice", "map-off-nal", "no-ivs", "looks-clear"] {
        none(&file, rule);
    }
}

/// Of a table of any length few bytes are asked for, and each step goes through a bounded part of it.
#[test]
fn few_bytes_of_a_long_table_are_asked_for() {
    let mut file = cenc();
    let count = 400_000_u32;
    for (path, at) in [("stts", 8), ("stsc", 12), ("stsz", 8)] {
        set(&mut file, &format!("{SOUND}/{path}"), at, &count.to_be_bytes());
    }
    // All of one size, in chunks that are one: IVs count up.
    let sizes = find(&file, &format!("{SOUND}/stsz"));
    splice(&mut file, &format!("{SOUND}/stsz"), sizes.body + 12..sizes.end, &[]);
    set(&mut file, &format!("{SOUND}/stsz"), 4, &[0, 0, 0, 1]);
    let ivs: Vec<u8> = (1_u64 << 40..).take(count as usize).flat_map(u64::to_be_bytes).collect();
    let senc = find(&file, &format!("{SOUND}/senc"));
    splice(&mut file, &format!("{SOUND}/senc"), senc.body + 8..senc.end, &ivs);
    set(&mut file, &format!("{SOUND}/senc"), 4, &count.to_be_bytes());
    let saiz = find(&file, &format!("{SOUND}/saiz"));
    assert_eq!(file[saiz.body + 4], 8);
    set(&mut file, &format!("{SOUND}/saiz"), 5, &count.to_be_bytes());
    let media = find(&file, "mdat").body;
    let first = u32::try_from(media).unwrap();
    let behind = first + u32::try_from(find(&file, "mdat").end - media).unwrap() + 8;
    set(&mut file, &format!("{STBL}/stco"), 8, &first.to_be_bytes());
    set(&mut file, &format!("{SOUND}/stco"), 8, &behind.to_be_bytes());
    set_places(&mut file);
    file.extend(boxed(b"mdat", &[&vec![7; count as usize]]));
    let at = u32::try_from(file.len()).unwrap() - count;
    set(&mut file, &format!("{SOUND}/stco"), 8, &at.to_be_bytes());
    let session = drive::open(&file, Feed::Whole).unwrap();
    let mut checking = boxlock::report::check(&session).unwrap();
    let (mut asked, mut steps) = (0, 0);
    while let Some(need) = checking.needs() {
        let start = usize::try_from(need.start).unwrap();
        checking.feed(&file[start..start + usize::try_from(need.len).unwrap()]);
        (asked, steps) = (asked + need.len, steps + 1);
    }
    assert!(asked < 200_000 && steps < 60, "{asked} bytes in {steps} steps");
    let found = boxlock::report::findings(checking);
    assert_eq!(found.streams.len(), 2, "{:?}", found.streams);
    assert_eq!(told(&file, "counter-twice"), [""; 0]);
}
