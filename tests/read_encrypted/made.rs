//! Protected files made on the spot, and what is wrong with others of their kind.

use boxlock::boxes::{Tree, piff};
use boxlock::bytes::{ContentKey, KeyId};
use boxlock::inspect;

use crate::support::drive::{self, decrypted_samples, request};
use crate::support::raw::{RawBox, boxes};
use crate::support::synth;

const SENC: &str = "uuid:a2394f52";

fn protected(profile: &str) -> Vec<u8> {
    drive::protect(&synth::small().bytes(), &request(profile)).unwrap()
}

/// The key, for its own key ID alone.
fn key_of(_: u32, kid: Option<KeyId>) -> Option<ContentKey> {
    (kid?.uuid() == drive::KID).then(|| ContentKey(drive::key()))
}

fn senc<'f>(moof: &RawBox<'f>) -> RawBox<'f> {
    let traf = moof.at("traf");
    traf.children().into_iter().find(|one| one.name == "senc" || one.name == SENC).unwrap()
}

fn moofs(file: &[u8]) -> Vec<RawBox<'_>> {
    boxes(file, 0).into_iter().filter(|one| one.name == "moof").collect()
}

#[test]
fn made_files_decrypt_to_what_they_were() {
    for profile in ["hybrid", "piff"] {
        let file = protected(profile);
        let clear = synth::small().samples();
        assert_ne!(drive::samples(&file), clear);
        assert_eq!(decrypted_samples(&file, key_of).unwrap(), clear, "{profile}");
        let error = decrypted_samples(&file, |_, _| None).unwrap_err();
        assert_eq!(error.code(), "no-key");
        assert!(error.message().contains(drive::KID), "{error}");
    }
}

#[test]
fn a_list_of_other_samples_than_the_runs_have_is_refused() {
    for profile in ["hybrid", "piff"] {
        let file = protected(profile);
        let list = senc(&moofs(&file)[1]);
        // Behind the user type where there is one, version and flags.
        let at = list.start + if list.name == SENC { 28 } else { 12 };
        for count in [2_u8, 0] {
            let mut other = file.clone();
            assert_eq!(other[at..at + 4], [0, 0, 0, 3]);
            other[at + 3] = count;
            let error = decrypted_samples(&other, key_of).unwrap_err();
            assert_eq!(
                (error.code(), error.offset()),
                ("sample-count", Some(list.start as u64)),
                "{profile}: {error}"
            );
            let said = format!("lists {count} samples, but the runs of track 1 have 3");
            assert!(error.message().contains(&said), "{error}");
        }
    }
}

/// A PIFF file whose track says other things of its samples than their lists do: these override it.
fn overridden() -> Vec<u8> {
    let mut file = protected("piff");
    let kid = uuid_bytes();
    for number in [1, 0] {
        let moof = &moofs(&file)[number];
        let (list, run) = (senc(moof), moof.at("traf/trun"));
        let grown = [moof.start, moof.at("traf").start, list.start];
        // Flags, count, then the offset of the data.
        let (offset, head) = (run.start + 16, list.start + 24);
        for at in grown.into_iter().chain([offset]) {
            let value = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) + 20;
            file[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        file[head + 3] |= 1;
        file.splice(head + 4..head + 4, [&[0, 0, 1, 8][..], &kid].concat());
    }
    // The track's own: AES-CBC with IVs of 16 bytes and another key.
    let user = [0x89, 0x74, 0xdb, 0xce, 0x7b, 0xe7];
    let at = file.windows(6).position(|word| word == user).unwrap() + 16 + 4;
    assert_eq!(file[at..at + 4], [0, 0, 1, 8]);
    file[at..at + 4].copy_from_slice(&[0, 0, 2, 16]);
    file[at + 4..at + 20].fill(0xee);
    file
}

fn uuid_bytes() -> [u8; 16] {
    let mut kid = [0; 16];
    hex::decode_to_slice(drive::KID.replace('-', ""), &mut kid).unwrap();
    kid
}

#[test]
fn what_a_piff_list_overrides_holds() {
    let file = overridden();
    assert_eq!(decrypted_samples(&file, key_of).unwrap(), synth::small().samples());
    let (movie, moofs) = (boxes(&file, 0), moofs(&file));
    let movie = movie.iter().find(|one| one.name == "moov").unwrap();
    let moov = Tree::parse(movie.bytes, movie.start as u64).unwrap();
    let tree = Tree::parse(moofs[0].bytes, moofs[0].start as u64).unwrap();
    let fields = inspect::fields(&tree, "moof/traf/uuid:a2394f52", 0, 100, Some(&moov)).unwrap();
    assert!(fields.problem.is_none());
    let said =
        |text: &str| fields.rows.iter().any(|row| row.meaning.contains(text) || row.value.contains(text));
    assert!(said("IVs of 8 bytes, as this box says"), "{:#?}", fields.rows);
    assert_eq!(piff::OVERRIDE, 1);
}
