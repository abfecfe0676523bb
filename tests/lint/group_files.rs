//! Files whose groups of samples, and other boxes beside a sample table or run, say what cannot be.

use super::build::{SAMPLE, append, boxed, find, front, hide, plain, protected, remove, rename, set};
use super::rules::{Case, case};
use super::{none, one, told};
use crate::support::raw::be32;

const STBL: &str = "moov/trak/mdia/minf/stbl";

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A plain file of two samples, with more in its sample table.
fn tabled(boxes: &[Vec<u8>]) -> Vec<u8> {
    let mut file = plain();
    boxes.iter().for_each(|one| append(&mut file, STBL, one));
    let at = u32::try_from(find(&file, "mdat").body).unwrap();
    set(&mut file, &format!("{STBL}/stco"), 8, &at.to_be_bytes());
    file
}

/// A fragment with more in it; how many samples it has.
fn in_fragment(boxes: &[Vec<u8>]) -> (Vec<u8>, u32) {
    let mut file = SAMPLE.to_vec();
    remove(&mut file, "mfra");
    boxes.iter().for_each(|one| append(&mut file, "moof/traf", one));
    let samples = be32(&file, find(&file, "moof/traf/trun").body + 4);
    (file, samples)
}

/// One description of the grouping `roll`.
fn rolls() -> Vec<u8> {
    boxed(b"sgpd", &[&[1, 0, 0, 0], b"roll", &numbers(&[2, 1]), &[0xff; 2]])
}

fn mapped(kind: &[u8; 4], runs: &[u32]) -> Vec<u8> {
    let count = u32::try_from(runs.len() / 2).unwrap();
    boxed(b"sbgp", &[&[0; 4], kind, &numbers(&[count]), &numbers(runs)])
}

/// Lengths, counts and groups of one byte each.
fn compact(patterns: &[u8]) -> Vec<u8> {
    boxed(b"csgp", &[&[0, 0, 0, 0x15], b"roll", &numbers(&[1]), patterns])
}

fn referring() -> Vec<u8> {
    let mut file = tabled(&[]);
    let id = be32(&file, find(&file, "moov/trak/tkhd").body + if version(&file) == 0 { 12 } else { 20 });
    append(&mut file, "moov/trak", &boxed(b"tref", &[&boxed(b"cdsc", &[&numbers(&[0, id])])]));
    let at = u32::try_from(find(&file, "mdat").body).unwrap();
    set(&mut file, &format!("{STBL}/stco"), 8, &at.to_be_bytes());
    file
}

fn version(file: &[u8]) -> u8 {
    file[find(file, "moov/trak/tkhd").body]
}

pub fn cases() -> Vec<Case> {
    vec![
        case(
            "undescribed-group",
            || tabled(&[rolls(), mapped(b"roll", &[2, 1])]),
            |file| set(file, &format!("{STBL}/sbgp"), 16, &[0, 0, 0, 2]),
            &[],
        ),
        case("track-reference", referring, |file| set(file, "moov/trak/tref/cdsc", 4, &[0, 0, 0, 9]), &[]),
    ]
}

#[test]
fn each_group_is_described() {
    none(&tabled(&[rolls(), compact(&[2, 2, 1, 0])]), "undescribed-group");
    one(
        &tabled(&[rolls(), compact(&[2, 2, 1, 7])]),
        "undescribed-group",
        "Samples are in group 7 of the grouping 'roll', of which 1 are described here.",
    );
    one(&tabled(&[mapped(b"roll", &[2, 1])]), "undescribed-group", "of which 0 are described here.");
    // With keys nothing says how to decrypt them.
    one(&tabled(&[mapped(b"seig", &[2, 1])]), "bad-group", "Samples are in group 1 of the grouping 'seig'");
    // In a fragment: its own, counted by themselves or from 1; those of the movie header; and others.
    for (number, is_wrong) in [(0x1_0001, false), (1, false), (0x1_0002, true), (2, true), (0, false)] {
        let (_, samples) = in_fragment(&[]);
        let (file, _) = in_fragment(&[rolls(), mapped(b"roll", &[samples, number])]);
        assert_eq!(told(&file, "undescribed-group").len(), usize::from(is_wrong), "{number:#x}");
    }
    let (file, _) = in_fragment(&[rolls(), mapped(b"roll", &[1, 0x1_0002])]);
    one(
        &file,
        "undescribed-group",
        "Samples are in group 2 of the grouping 'roll', of which 1 are described here.",
    );
}

#[test]
fn what_is_said_beside_a_table_is_for_as_many_samples() {
    let subs = |deltas: [u32; 2]| {
        let [one, two] = deltas.map(|delta| [&numbers(&[delta])[..], &[0, 0]].concat());
        boxed(b"subs", &[&[0; 4], &numbers(&[2]), &one, &two])
    };
    let stdp = |count: usize| boxed(b"stdp", &[&[0; 4], &vec![0; count * 2]]);
    let padb =
        |count: u32| boxed(b"padb", &[&[0; 4], &numbers(&[count]), &[0; 2][..count.div_ceil(2) as usize]]);
    let sound =
        [subs([1, 1]), subs([0, 1]), stdp(2), padb(2), compact(&[2, 2, 1, 0]), compact(&[2, 1, 1, 0])];
    for one in sound {
        none(&tabled(&[rolls(), one]), "table-counts");
    }
    for (wrong, message) in [
        (subs([1, 2]), "'subs' is for 3 samples, and the track has 2."),
        (stdp(1), "'stdp' is for 1 samples, and the track has 2."),
        (stdp(3), "'stdp' is for 3 samples"),
        (padb(3), "'padb' is for 3 samples"),
        (compact(&[2, 9, 1, 0]), "'csgp' of the grouping 'roll' is for 9 samples, and the track has 2."),
    ] {
        one(&tabled(&[rolls(), wrong]), "table-counts", message);
    }
    let (_, samples) = in_fragment(&[]);
    for (more, is_wrong) in [(0, false), (1, true)] {
        for one in [mapped(b"roll", &[samples + more, 0]), subs([samples, more])] {
            let (file, _) = in_fragment(&[rolls(), one]);
            let told = told(&file, "table-counts");
            assert_eq!(told.len(), usize::from(is_wrong));
            assert!(
                told.iter().all(|told| told.ends_with(&format!("and the fragment has {samples}."))),
                "{told:?}"
            );
        }
    }
}

/// A description of samples with a key of their own.
fn seig(is_protected: u8, pattern: u8, iv_size: u8, kid: u8, constant: &[u8]) -> Vec<u8> {
    let len = u8::try_from(constant.len()).unwrap();
    let iv = if iv_size == 0 { [&[len][..], constant].concat() } else { Vec::new() };
    let body = [&[0, pattern, is_protected, iv_size][..], &[kid; 16], &iv].concat();
    let len = u32::try_from(body.len()).unwrap();
    boxed(b"sgpd", &[&[1, 0, 0, 0], b"seig", &numbers(&[len, 1]), &body])
}

#[test]
fn groups_with_keys_of_their_own_are_held_to_the_scheme() {
    let video = |scheme: &str, group: &[u8]| {
        let mut file = protected(scheme, "plain");
        append(&mut file, "moof/traf", group);
        file
    };
    let rules = ["iv-size", "iv-size-16", "ctr-constant-iv", "cbcs-no-constant-iv", "constant-iv-8"];
    let others = ["cbcs-pattern", "unused-pattern", "protected-flag", "kid-zero"];
    let broken = |file: &[u8]| {
        let all = rules.iter().chain(&others);
        all.filter(|rule| !told(file, rule).is_empty()).copied().collect::<Vec<_>>()
    };
    for (scheme, group, expected) in [
        ("cenc", seig(1, 0, 8, 7, &[]), None),
        ("cenc", seig(0, 0, 0, 0, &[])[..44].to_vec(), None),
        ("cenc", seig(1, 0, 16, 7, &[]), Some("iv-size-16")),
        ("cenc", seig(1, 0, 7, 7, &[]), Some("iv-size")),
        ("cenc", seig(1, 0, 0, 7, &[1; 16]), Some("ctr-constant-iv")),
        ("cenc", seig(1, 0x19, 8, 7, &[]), Some("unused-pattern")),
        ("cenc", seig(2, 0, 8, 7, &[]), Some("protected-flag")),
        ("cenc", seig(1, 0, 8, 0, &[]), Some("kid-zero")),
        ("cbcs", seig(1, 0x19, 0, 7, &[1; 16]), None),
        ("cbcs", seig(1, 0x19, 0, 7, &[1; 8]), Some("constant-iv-8")),
        ("cbcs", seig(1, 0, 0, 7, &[1; 16]), Some("cbcs-pattern")),
        ("cbcs", seig(1, 0x19, 8, 7, &[]), Some("cbcs-no-constant-iv")),
    ] {
        assert_eq!(
            broken(&video(scheme, &group)),
            expected.into_iter().collect::<Vec<_>>(),
            "{scheme} {group:?}"
        );
    }
    one(&video("cenc", &seig(1, 0, 16, 7, &[])), "iv-size-16", "IVs of group 1 of track 1 have 16 bytes");
    // In the movie header, too.
    let mut file = front(protected("cenc", "plain"));
    append(&mut file, STBL, &seig(1, 0, 16, 7, &[]));
    one(&file, "iv-size-16", "IVs of group 1 of track 1 have 16 bytes");
}

#[test]
fn a_decoder_has_what_it_is_set_up_with() {
    let entry = format!("{STBL}/stsd/mp4a");
    none(&plain(), "missing-box");
    let mut file = plain();
    hide(&mut file, &format!("{entry}/esds"));
    one(&file, "missing-box", "The samples of track 2 are 'mp4a', and their sample entry has no 'esds'.");
    // QuickTime has it one box deeper.
    let mut file = tabled(&[]);
    rename(&mut file, &format!("{entry}/esds"), b"free");
    let esds = boxed(b"esds", &[&super::build::copy(&plain(), &format!("{entry}/esds"))[8..]]);
    append(&mut file, &entry, &boxed(b"wave", &[&esds]));
    none(&file, "missing-box");
    let av1 = |first: u8| {
        let mut file = tabled(&[]);
        remove(&mut file, &entry);
        let av1c = boxed(b"av1C", &[&[first, 8, 12, 0]]);
        let picture = boxed(b"av01", &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0; 70], &av1c]);
        append(&mut file, &format!("{STBL}/stsd"), &picture);
        file
    };
    none(&av1(0x81), "damaged-entry");
    one(&av1(0x82), "damaged-entry", "begins with the byte 0x82, where its marker and version 1 are 0x81.");
}

#[test]
fn a_movie_header_has_tracks_and_comes_first() {
    let mut file = front(SAMPLE.to_vec());
    hide(&mut file, "moov/trak");
    hide(&mut file, "moov/trak");
    one(&file, "missing-box", "The movie header has no 'trak'");
    let (whole, front) = (SAMPLE.to_vec(), front(SAMPLE.to_vec()));
    let moov = find(&front, "moov").start;
    let late = [&front[..moov], &whole[front.len()..find(&whole, "mfra").start], &front[moov..]].concat();
    one(&late, "moov-behind-media", "behind the first fragment at byte");
}

#[test]
fn an_event_that_cannot_be_read_is_told_with_its_place() {
    let mut file = SAMPLE.to_vec();
    remove(&mut file, "mfra");
    let event = boxed(b"emsg", &[&[0; 4], b"urn:x\0\0", &[0; 16]]);
    none(&[&file[..], &event].concat(), "unreadable-box");
    let cut = boxed(b"emsg", &[&[0; 4], b"urn:x"]);
    let at = find(&file, "moof").start;
    file.splice(at..at, [event, cut].concat());
    let found = super::findings(&file);
    let found: Vec<_> = found.findings.iter().filter(|one| one.rule == "unreadable-box").collect();
    assert!(found.len() == 1 && found[0].path.as_deref() == Some("emsg[1]"), "{found:?}");
}

#[test]
fn offsets_below_0_need_a_version_that_has_them() {
    let ctts = |version: u8| boxed(b"ctts", &[&[version, 0, 0, 0], &numbers(&[2, 1, 0, 1, 0xffff_ff9c])]);
    one(
        &tabled(&[ctts(0)]),
        "negative-composition",
        "Sample 1 of track 2 has the composition offset 4294967196, which is -100 when it is read as a negative number.",
    );
    none(&tabled(&[ctts(1)]), "negative-composition");
    let mut movie = tabled(&[ctts(0)]);
    set(&mut movie, "ftyp", 0, b"qt  ");
    none(&movie, "negative-composition");
}
