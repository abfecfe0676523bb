//! Fragments made by hand, for what real files seldom have.

use boxlock::bytes::Error;
use boxlock::protect::request::SecretText;
use boxlock::protect::{FragmentTask, SourceKeyText, SourceKeys, Window};
use boxlock::track::Movie;
use boxlock::track::index::head_digest;
use boxlock::verify::Examiner;
use boxlock::verify::examine::Examined;

use crate::support::drive::{self, Feed};
use crate::support::synth::boxed;
use crate::undo::said::{full, group, groups, ivs, mapped, piff_list};

/// The sound of the sample is encrypted whole.
const SOUND: u32 = 2;

/// A `moof` whose runs have samples of 16 bytes: how many, and where they begin behind it.
fn moof(runs: &[(u32, u32)], more: &[Vec<u8>]) -> Vec<u8> {
    let made = |before: u32| {
        let run = |&(count, at): &(u32, u32)| {
            let sizes: Vec<u8> = (0..count).flat_map(|_| 16_u32.to_be_bytes()).collect();
            full(b"trun", 0x201, &[&count.to_be_bytes()[..], &(before + at).to_be_bytes(), &sizes].concat())
        };
        // Its samples take 7 ticks each.
        let tfhd = full(b"tfhd", 0x20008, &[SOUND.to_be_bytes(), 7_u32.to_be_bytes()].concat());
        let traf = [tfhd, runs.iter().flat_map(run).collect(), more.concat()].concat();
        boxed(b"moof", &[full(b"mfhd", 0, &1_u32.to_be_bytes()), boxed(b"traf", &traf)].concat())
    };
    made(made(0).len() as u32)
}

fn movie() -> Movie {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let file = drive::protect(sample, &drive::request_in("cenc", "plain")).unwrap();
    drive::open(&file, Feed::Whole).unwrap().work().unwrap().movie.clone().unwrap()
}

fn task(moof: &[u8], media: usize) -> FragmentTask {
    let moof_len = moof.len() as u64;
    let end = 1000 + moof_len + media as u64;
    FragmentTask { start: 1000, moof_len, end, digest: head_digest(moof), ..FragmentTask::default() }
}

fn keys(of: &[(u8, &str)]) -> SourceKeys {
    let typed = of.iter().map(|(kid, key)| SourceKeyText {
        kid: Some(boxlock::bytes::KeyId([*kid; 16]).uuid()),
        key: Some(SecretText((*key).to_owned())),
        ..SourceKeyText::default()
    });
    let own = SourceKeyText { key: Some(SecretText(drive::KEY.to_owned())), ..SourceKeyText::default() };
    SourceKeys::parse(&typed.chain([own]).collect::<Vec<_>>()).unwrap()
}

fn examine(moof: &[u8], keys: &SourceKeys) -> Result<Vec<Examined>, Error> {
    let mut bytes = [moof, &[0x5a; 200]].concat();
    Examiner::new(movie(), keys).whole(&task(moof, 200), &mut bytes)
}

/// Two samples with one key, two clear ones, two with another key ID.
fn three_spans(number_of_iv: &[u8]) -> Vec<u8> {
    let described = groups(0, &[group(Some(1)), group(None), group(Some(2))]);
    let runs = mapped(&[(2, 0x10001), (2, 0x10002), (2, 0x10003)]);
    // Clear samples have no IV in the list.
    let listed: Vec<u8> = number_of_iv.iter().flat_map(|iv| [*iv; 8]).collect();
    let senc = full(b"senc", 0, &[&6_u32.to_be_bytes()[..], &listed].concat());
    moof(&[(6, 0)], &[senc, described, runs])
}

#[test]
fn samples_of_a_fragment_are_told_apart_by_their_groups() {
    let others = "00000000000000000000000000000001";
    let found = examine(&three_spans(&[1, 2, 3, 4]), &keys(&[(1, drive::KEY), (2, others)])).unwrap();
    assert_eq!((found[0].encrypted, found[0].digests.len()), (64, 6), "{:?}", found[0].faults);
    assert!(found[0].digests.iter().all(|digest| (digest.size, digest.duration) == (16, 7)));
    let clear = found[0].digests[2].hash;
    let hashes: Vec<bool> = found[0].digests.iter().map(|digest| digest.hash == clear).collect();
    assert_eq!(hashes, [false, false, true, true, false, false]);
    // The same IV with another key is another key stream, with the same key under another key ID it is not.
    for (second, count) in [(others, 0), (drive::KEY, 1)] {
        let mut found = examine(&three_spans(&[1, 2, 1, 4]), &keys(&[(1, drive::KEY), (2, second)])).unwrap();
        assert_eq!(found[0].counters.twice().len(), count, "{second}");
    }
}

#[test]
fn samples_that_share_bytes_are_refused_where_they_are_encrypted() {
    let error = examine(&moof(&[(2, 0), (2, 16)], &[ivs(4)]), &keys(&[])).unwrap_err();
    assert_eq!(error.code(), "overlapping-samples", "{error}");
    assert!(examine(&moof(&[(2, 0), (2, 32)], &[ivs(4)]), &keys(&[])).is_ok());
}

#[test]
fn a_map_that_is_longer_than_its_sample_is_said() {
    let map = [&1_u16.to_be_bytes()[..], &8_u16.to_be_bytes(), &100_u32.to_be_bytes()].concat();
    let senc = full(b"senc", 2, &[&1_u32.to_be_bytes()[..], &[1; 8], &map].concat());
    let error = examine(&moof(&[(1, 0)], &[senc]), &keys(&[])).unwrap_err();
    assert!(error.message().contains("108") && error.message().contains("16"), "{}: {error}", error.code());
}

/// Where a fragment is too large to hold, what comes first has to stand first.
#[test]
fn samples_out_of_order_cannot_go_by_in_pieces() {
    for (runs, is_in_order) in [([(2, 0), (2, 32)], true), ([(2, 32), (2, 0)], false)] {
        let moof = moof(&runs, &[ivs(4)]);
        let mut examiner = Examiner::new(movie(), &keys(&[]));
        let mut examination = examiner.begin(&task(&moof, 200), &moof, &[]).unwrap();
        let first = examination.next_piece(40);
        let Ok(Some((start, len))) = first else {
            assert_eq!(first.unwrap_err().code(), "samples-out-of-order");
            assert!(!is_in_order);
            continue;
        };
        assert!(is_in_order);
        assert_eq!((start, len), (1000 + moof.len() as u64, 32));
        examiner.take(&mut examination, &mut Window { start, bytes: &mut [0x5a; 32] }).unwrap();
    }
}

#[test]
fn lists_that_contradict_each_other_are_said() {
    let codes = |more: &[Vec<u8>]| {
        let found = examine(&moof(&[(2, 0)], more), &keys(&[])).unwrap();
        found[0].contradictions.iter().map(|fault| fault.code.clone()).collect::<Vec<_>>()
    };
    // PIFF's own cipher and key ID in front of the same list.
    let list = [&2_u32.to_be_bytes()[..], &[0; 8], &[1; 8]].concat();
    let twin = |kid: [u8; 16]| piff_list(1, &[&[0, 0, 1, 8][..], &kid, &list].concat());
    let kid = movie().track(SOUND).unwrap().entries[0].protection.as_ref().unwrap().kid.unwrap();
    assert_eq!(codes(&[ivs(2), twin(kid.0)]), [""; 0]);
    assert_eq!(codes(&[ivs(2), twin([9; 16])]), ["twins-differ"]);
    // Sizes of the auxiliary information, of so many samples.
    let sizes = |count: u32, size: u8| full(b"saiz", 0, &[&[size][..], &count.to_be_bytes()].concat());
    let saio = |at: u32| full(b"saio", 0, &[&1_u32.to_be_bytes()[..], &at.to_be_bytes()].concat());
    let list_at = |more: &[Vec<u8>]| {
        let moof = moof(&[(2, 0)], more);
        moof.windows(4).position(|four| four == b"senc").unwrap() as u32 + 12
    };
    let at = list_at(&[ivs(2), sizes(2, 8), saio(0)]);
    assert_eq!(codes(&[ivs(2), sizes(2, 8), saio(at)]), [""; 0]);
    assert_eq!(codes(&[ivs(2), sizes(3, 8), saio(at)]), ["saiz"]);
    assert_eq!(codes(&[ivs(2), sizes(2, 9), saio(at)]), ["saiz"]);
    assert_eq!(codes(&[ivs(2), sizes(2, 8), saio(at + 1)]), ["saio"]);
}
