//! Files that break the rules of encryption.

use boxlock::protect::request::SecretText;
use boxlock::protect::{SourceKeyText, SourceKeys};
use boxlock::verify::counters::Used;

use super::build::{SAMPLE, append, boxed, copy, find, front, hide, protected, remove, set, splice, wide};
use super::rules::{Case, case};
use super::{findings, one, told};
use crate::support::dice::Dice;
use crate::support::drive;
use crate::support::raw::be32;
use crate::verify::verify;

fn cenc() -> Vec<u8> {
    protected("cenc", "plain")
}

fn cenc_front() -> Vec<u8> {
    front(cenc())
}

fn hybrid_front() -> Vec<u8> {
    front(protected("cenc", "hybrid"))
}

fn piff_front() -> Vec<u8> {
    front(protected("cenc", "piff"))
}

fn cbcs_front() -> Vec<u8> {
    front(protected("cbcs", "plain"))
}

fn clear() -> Vec<u8> {
    let mut file = SAMPLE.to_vec();
    remove(&mut file, "mfra");
    file
}

const ENCV: &str = "moov/trak/mdia/minf/stbl/stsd/encv";
const SINF: &str = "moov/trak/mdia/minf/stbl/stsd/encv/sinf";
const SINF2: &str = "moov/trak[1]/mdia/minf/stbl/stsd/enca/sinf";
const SENC: &str = "moof/traf/senc";
/// Of sound: IVs alone.
const SENC2: &str = "moof[1]/traf/senc";

fn of_sinf(name: &str) -> String {
    format!("{SINF}/{name}")
}

/// Without the key, what is told of key streams is what verifying with it finds.
#[test]
fn key_streams_are_told_as_verifying_finds_them() {
    let key = Some(SecretText(drive::KEY.to_owned()));
    let keys = SourceKeys::parse(&[SourceKeyText { key, ..SourceKeyText::default() }]).unwrap();
    for (scheme, form) in [("cenc", "plain"), ("cenc", "hybrid"), ("cenc", "piff"), ("cbcs", "plain")] {
        let file = protected(scheme, form);
        let found = findings(&file);
        let told: Vec<_> =
            found.streams.iter().map(|one| (one.key, one.first.clone(), one.last.clone())).collect();
        let used = verify(&file, &keys, None).used;
        let digits = |used: &Used, at: u128| {
            if used.iv_size == 8 { format!("{at:016x}") } else { format!("{at:032x}") }
        };
        let expected: Vec<_> =
            used.iter().map(|one| (one.key, digits(one, one.first), digits(one, one.last))).collect();
        assert_eq!(told, expected, "{scheme} {form}");
        assert_eq!(told.is_empty(), scheme == "cbcs", "{scheme} {form}");
        assert_eq!(found.kids, [Some(drive::KID.to_owned())], "{scheme} {form}");
    }
    let clear = findings(SAMPLE);
    assert!(clear.kids.is_empty() && clear.streams.is_empty());
}

pub fn cases() -> Vec<Case> {
    let mut all = entries();
    all.extend(lists());
    all.extend(maps());
    all.extend(samples());
    all
}

fn entries() -> Vec<Case> {
    vec![
        case("sinf-incomplete", cenc_front, |file| hide(file, &of_sinf("schm")), &[]),
        case("frma-format", cenc_front, |file| set(file, &of_sinf("frma"), 0, b"encv"), &[]),
        case("scheme-boxes", cenc_front, |file| hide(file, &of_sinf("schi/tenc")), &[]),
        case("unknown-scheme", cenc_front, |file| set(file, &of_sinf("schm"), 4, b"abcd"), &[]),
        case(
            "second-sinf",
            cenc_front,
            |file| {
                let sinf = copy(file, SINF);
                append(file, ENCV, &sinf);
            },
            &[],
        ),
        case("protected-flag", cenc_front, |file| set(file, &of_sinf("schi/tenc"), 6, &[2]), &[]),
        case("unused-pattern", cenc_front, |file| set(file, &of_sinf("schi/tenc"), 5, &[0x19]), &[]),
        case("twins-differ", hybrid_front, |file| set(file, &of_sinf("schi/uuid:8974"), 8, &[9]), &[]),
        case("kid-zero", cenc, |file| set(file, &of_sinf("schi/tenc"), 8, &[0; 16]), &["header-kid"]),
        case("piff-algorithm", piff_front, |file| set(file, &of_sinf("schi/uuid:8974"), 4, &[0, 0, 5]), &[]),
        case("iv-size", cenc_front, |file| set(file, &of_sinf("schi/tenc"), 7, &[5]), &[]),
        case("iv-size-16", cenc, |file| *file = wide(), &[]),
        case(
            "ctr-constant-iv",
            cbcs_front,
            |file| set(file, &of_sinf("schm"), 4, b"cenc"),
            &["header-algorithm", "unused-pattern"],
        ),
        case(
            "chain-iv-8",
            || front(protected("cbc1", "plain")),
            |file| set(file, &of_sinf("schi/tenc"), 7, &[8]),
            &[],
        ),
        case(
            "cbcs-no-constant-iv",
            cenc_front,
            |file| set(file, &format!("{SINF2}/schm"), 4, b"cbcs"),
            &["header-algorithm"],
        ),
        case(
            "constant-iv-8",
            cbcs_front,
            |file| {
                let found = find(file, &of_sinf("schi/tenc"));
                splice(file, &of_sinf("schi/tenc"), found.end - 8..found.end, &[]);
                set(file, &of_sinf("schi/tenc"), 24, &[8]);
            },
            &[],
        ),
        case("cbcs-pattern", cbcs_front, |file| set(file, &of_sinf("schi/tenc"), 5, &[0]), &[]),
    ]
}

fn lists() -> Vec<Case> {
    vec![
        case(
            "no-ivs",
            cenc,
            |file| ["senc", "saiz", "saio"].iter().for_each(|name| hide(file, &format!("moof/traf/{name}"))),
            &[],
        ),
        case(
            "too-many-entries",
            || protected("cbcs", "plain"),
            |file| set(file, SENC2, 4, &[0xff; 4]),
            &["sample-count"],
        ),
        case(
            "second-list",
            cenc,
            |file| {
                let senc = copy(file, SENC);
                append(file, "moof/traf", &senc);
            },
            &[],
        ),
        case(
            "sample-count",
            cenc,
            |file| {
                let count = be32(file, find(file, SENC2).body + 4) - 1;
                let end = find(file, SENC2).end;
                splice(file, SENC2, end - 8..end, &[]);
                set(file, SENC2, 4, &count.to_be_bytes());
            },
            &["saiz"],
        ),
        case(
            "bad-group",
            cenc,
            |file| {
                let count = be32(file, find(file, SENC2).body + 4).to_be_bytes();
                let sbgp = boxed(b"sbgp", &[&[0; 4], b"seig", &[0, 0, 0, 1], &count, &[0, 1, 0, 5]]);
                append(file, "moof[1]/traf", &sbgp);
            },
            &[],
        ),
        case(
            "bad-saio",
            cenc,
            |file| {
                hide(file, SENC2);
                let end = find(file, "moof[1]/traf/saio").end;
                splice(file, "moof[1]/traf/saio", end..end, &[0; 4]);
                set(file, "moof[1]/traf/saio", 4, &[0, 0, 0, 2]);
            },
            &[],
        ),
        case(
            "saiz",
            cenc,
            |file| {
                let at = find(file, "moof/traf/saiz").body;
                let first = if file[at + 4] == 0 { 9 } else { 4 };
                file[at + first] += 1;
            },
            &[],
        ),
        case(
            "saio",
            cenc,
            |file| {
                let at = find(file, "moof/traf/saio").end - 1;
                file[at] ^= 1;
            },
            &[],
        ),
        case(
            "no-saio",
            cenc,
            |file| ["saiz", "saio"].iter().for_each(|name| hide(file, &format!("moof/traf/{name}"))),
            &[],
        ),
    ]
}

/// The first entry of the first map: clear and encrypted bytes.
fn entry(file: &[u8]) -> (u16, u32) {
    let at = find(file, SENC).body + 18;
    (u16::from_be_bytes([file[at], file[at + 1]]), be32(file, at + 2))
}

fn set_entry(file: &mut [u8], clear: u16, encrypted: u32) {
    set(file, SENC, 18, &clear.to_be_bytes());
    set(file, SENC, 20, &encrypted.to_be_bytes());
}

fn maps() -> Vec<Case> {
    vec![
        case(
            "subsamples-sum",
            cenc,
            |file| {
                let (clear, encrypted) = entry(file);
                set_entry(file, clear, encrypted - 16);
            },
            &[],
        ),
        case(
            "subsample-empty",
            cenc,
            |file| {
                let found = find(file, SENC);
                let count = u16::from_be_bytes([file[found.body + 16], file[found.body + 17]]) + 1;
                splice(file, SENC, found.body + 18..found.body + 18, &[0; 6]);
                set(file, SENC, 16, &count.to_be_bytes());
                let sizes = find(file, "moof/traf/saiz").body;
                assert_eq!(file[sizes + 4], 0, "samples differ");
                file[sizes + 9] += 6;
            },
            &[],
        ),
        case(
            "ranges-not-blocks",
            cenc,
            |file| {
                let (clear, encrypted) = entry(file);
                set_entry(file, clear + 1, encrypted - 1);
            },
            &[],
        ),
        case(
            "nal-header-encrypted",
            cenc,
            |file| {
                let (clear, encrypted) = entry(file);
                set_entry(file, 0, encrypted + u32::from(clear));
            },
            &["ranges-not-blocks"],
        ),
        case(
            "map-off-nal",
            cenc,
            |file| {
                // The first unit of the first sample is shorter than its encrypted range.
                let at = find(file, "mdat").body;
                file[at..at + 4].copy_from_slice(&[0, 0, 0, 2]);
            },
            &[],
        ),
        case("parameter-sets-encrypted", cenc, |file| *file = protected("cenc", "piff"), &["no-tfdt"]),
    ]
}

fn samples() -> Vec<Case> {
    vec![
        case(
            "counter-twice",
            cenc,
            |file| {
                let at = find(file, SENC2).body + 8;
                file.copy_within(at..at + 8, at + 8);
            },
            &[],
        ),
        case("iv16-wrap", wide, |file| set(file, SENC2, 16, &[0xff; 8]), &["counter-twice"]),
        case(
            "key-two-modes",
            cenc,
            |file| set(file, &format!("{SINF2}/schm"), 4, b"cbc1"),
            &["header-algorithm", "chain-iv-8"],
        ),
        case(
            "leftover",
            clear,
            |file| append(file, "moof/traf", &boxed(b"senc", &[&[0; 4], &[0, 0, 0, 1], &[7; 8]])),
            &[],
        ),
        case(
            "leftover-header",
            || front(clear()),
            |file| append(file, "moov", &copy(&cenc(), "moov/pssh")),
            &[],
        ),
        case(
            "looks-clear",
            cenc,
            |file| {
                let found = find(file, "mdat[1]");
                file[found.body..found.end].fill(0x11);
            },
            &[],
        ),
        case(
            "looks-encrypted",
            clear,
            |file| {
                for number in [0, 2, 4, 6, 8] {
                    let found = find(file, &format!("mdat[{number}]"));
                    file[found.body..found.end].fill(0xee);
                }
            },
            &[],
        ),
    ]
}

/// One fragment with one sample: small units that are clear, and so many that are encrypted behind their headers.
fn one_sample(clear: usize, encrypted: usize, last: (u16, u32)) -> Vec<u8> {
    let mut dice = Dice(3);
    let mut media = [0, 0, 0, 1, 0x41].repeat(clear);
    let mut map: Vec<(u16, u32)> = vec![(u16::MAX, 0); media.len() / 65535];
    let mut left = u16::try_from(media.len() % 65535).unwrap();
    for number in 0..encrypted {
        media.extend([0, 0, 0, 17, 0x41]);
        media.extend((0..16).map(|_| u8::try_from(dice.roll(256)).unwrap()));
        map.push(if number + 1 == encrypted { last } else { (left + 5, 16) });
        left = 0;
    }
    let entries: Vec<u8> = map
        .iter()
        .flat_map(|(clear, more)| [&clear.to_be_bytes()[..], &more.to_be_bytes()].concat())
        .collect();
    let count = u16::try_from(map.len()).unwrap().to_be_bytes();
    let senc = boxed(b"senc", &[&[0, 0, 0, 2], &[0, 0, 0, 1], &[7; 8], &count, &entries]);
    let size = u32::try_from(media.len()).unwrap().to_be_bytes();
    let traf = |offset: u32| {
        let tfhd = boxed(b"tfhd", &[&[0, 2, 0, 0], &[0, 0, 0, 1]]);
        let tfdt = boxed(b"tfdt", &[&[0; 8]]);
        let trun = boxed(b"trun", &[&[0, 0, 2, 1], &[0, 0, 0, 1], &offset.to_be_bytes(), &size]);
        boxed(
            b"moof",
            &[&boxed(b"mfhd", &[&[0; 4], &[0, 0, 0, 1]]), &boxed(b"traf", &[&tfhd, &tfdt, &trun, &senc])],
        )
    };
    let behind = u32::try_from(traf(0).len() + 8).unwrap();
    [cenc_front(), traf(behind), boxed(b"mdat", &[&media])].concat()
}

/// Gone through anew for each unit, these ranges would be gone through two hundred billion times.
#[test]
fn a_sample_of_many_units_and_many_ranges_takes_no_longer_than_it_is() {
    let broken = |last| -> Vec<&str> {
        let found = findings(&one_sample(400_000, 60_000, last));
        let units = ["nal-header-encrypted", "map-off-nal", "subsamples-sum", "parameter-sets-encrypted"];
        found.rules.iter().map(|rule| rule.id).filter(|id| units.contains(id)).collect()
    };
    assert_eq!(broken((5, 16)), [""; 0]);
    assert_eq!(broken((4, 17)), ["nal-header-encrypted"]);
    assert_eq!(broken((5, 17)), ["subsamples-sum"]);
}

#[test]
fn tenc_and_its_twin_say_what_the_scheme_is() {
    const TWIN: &str = "schi/uuid:8974";
    for (scheme, own, other) in [("cenc", 1, 2), ("cbc1", 2, 1)] {
        let file = front(protected(scheme, "hybrid"));
        assert_eq!(told(&file, "twins-differ"), [""; 0], "{scheme}");
        assert_eq!(file[find(&file, &of_sinf(TWIN)).body + 6], own);
        for number in [other, 0] {
            let mut file = file.clone();
            set(&mut file, &of_sinf(TWIN), 6, &[number]);
            let expected = format!(
                "default_isProtected 1 in the scheme '{scheme}', PIFF's box the AlgorithmID {number}"
            );
            one(&file, "twins-differ", &expected);
        }
        let mut clear = file.clone();
        set(&mut clear, &of_sinf("schi/tenc"), 6, &[0]);
        one(&clear, "twins-differ", "default_isProtected 0 in the scheme");
        set(&mut clear, &of_sinf(TWIN), 6, &[0]);
        assert_eq!(told(&clear, "twins-differ"), [""; 0], "{scheme}");
    }
    // PIFF's scheme has any of its algorithms.
    let mut piff = hybrid_front();
    set(&mut piff, &of_sinf("schm"), 4, b"piff");
    for (number, is_wrong) in [(0, true), (1, false), (2, false)] {
        set(&mut piff, &of_sinf(TWIN), 6, &[number]);
        assert_eq!(told(&piff, "twins-differ").len(), usize::from(is_wrong), "{number}");
    }
}

#[test]
fn chains_of_blocks_have_ivs_of_a_block() {
    let file = front(protected("cbc1", "plain"));
    assert_eq!(told(&file, "chain-iv-8"), [""; 0]);
    let mut short = file;
    set(&mut short, &of_sinf("schi/tenc"), 7, &[8]);
    one(
        &short,
        "chain-iv-8",
        "IVs of track 1 have 8 bytes, and its blocks are chained (AES-CBC), which takes 16.",
    );
    let mut piff = piff_front();
    assert_eq!(told(&piff, "chain-iv-8"), [""; 0]);
    set(&mut piff, &of_sinf("schi/uuid:8974"), 6, &[2]);
    one(&piff, "chain-iv-8", "its blocks are chained");
}

#[test]
fn patterns_are_of_schemes_that_have_them() {
    for scheme in ["cenc", "cbc1", "cens", "cbcs"] {
        let file = front(protected(scheme, "plain"));
        assert_eq!(told(&file, "unused-pattern"), [""; 0], "{scheme}");
        let has_one = ["cens", "cbcs"].contains(&scheme);
        // In version 0 it is reserved.
        for (version, is_wrong) in [(0, true), (1, !has_one)] {
            let mut file = file.clone();
            set(&mut file, &of_sinf("schi/tenc"), 0, &[version]);
            set(&mut file, &of_sinf("schi/tenc"), 5, &[0x19]);
            let why = if has_one { "it has version 0" } else { "the scheme is '" };
            match is_wrong {
                true => {
                    one(&file, "unused-pattern", &format!("the pattern 0x19 (encrypt 1, skip 9), and {why}"))
                }
                false => assert_eq!(told(&file, "unused-pattern"), [""; 0], "{scheme}"),
            }
        }
    }
    let mut flag = cenc_front();
    assert_eq!(told(&flag, "protected-flag"), [""; 0]);
    set(&mut flag, &of_sinf("schi/tenc"), 6, &[0]);
    assert_eq!(told(&flag, "protected-flag"), [""; 0]);
    set(&mut flag, &of_sinf("schi/tenc"), 6, &[2]);
    one(&flag, "protected-flag", "'tenc' says default_isProtected 2, where 0 and 1 are known.");
}

#[test]
fn a_second_sinf_says_what_the_first_does() {
    let other = |form: &str, change: fn(&mut Vec<u8>)| {
        let mut second = front(protected("cenc", form));
        change(&mut second);
        let sinf = copy(&second, SINF);
        let mut file = cenc_front();
        append(&mut file, ENCV, &sinf);
        file
    };
    let same = other("piff", |_| ());
    one(&same, "second-sinf", "a 'sinf' of the scheme 'cenc', and as number 2 one of the scheme 'piff'");
    assert_eq!(told(&same, "twins-differ"), [""; 0]);
    let kid = other("piff", |file| set(file, &of_sinf("schi/uuid:8974"), 8, &[9]));
    one(&kid, "twins-differ", "'sinf' number 2 says the KID 09");
    let size = other("piff", |file| set(file, &of_sinf("schi/uuid:8974"), 7, &[16]));
    one(&size, "twins-differ", "IVs of 16 bytes and AES-CTR; the first says");
    let cipher = other("piff", |file| set(file, &of_sinf("schi/uuid:8974"), 6, &[2]));
    one(&cipher, "twins-differ", "IVs of 8 bytes and AES-CBC; the first says");
    let clear = other("plain", |file| set(file, &of_sinf("schi/tenc"), 6, &[0]));
    one(&clear, "twins-differ", "and no encryption; the first says");
    // What other schemes say is their own.
    let foreign = other("plain", |file| {
        set(file, &of_sinf("schm"), 4, b"itun");
        set(file, &of_sinf("schi/tenc"), 8, &[9]);
    });
    assert_eq!(told(&foreign, "twins-differ"), [""; 0]);
}
