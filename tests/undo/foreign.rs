//! What other software encrypts becomes clear again, sample for sample.

use boxlock_judges::{TrackKey, Variant, bento4_decrypt, bento4_encrypt, options};

use super::{check_nothing_is_left, unprotect};
use crate::support::drive::Samples;
use crate::support::{clear, drive, raw, shaka};

const VARIANTS: [Variant; 6] =
    [Variant::PiffCtr, Variant::PiffCbc, Variant::Cenc, Variant::Cbc1, Variant::Cens, Variant::Cbcs];

fn ids(file: &[u8]) -> Vec<u32> {
    raw::by_track(file).into_keys().collect()
}

#[test]
fn what_bento4_encrypts_in_every_way_becomes_clear() {
    let (mut tried, mut lost) = (0, Vec::new());
    // Where IVs are short, the rest of the block counts from zero.
    let mut first = [0; 16];
    first[..8].fill(0x5a);
    for file in clear::all().into_iter().filter(|file| {
        file.bytes.len() < 3 << 20 && !file.name.contains("malformed") && !file.name.contains("base data")
    }) {
        let keys: Vec<TrackKey> =
            ids(&file.bytes).into_iter().map(|track_id| TrackKey { track_id, key: drive::key() }).collect();
        let clear = raw::by_track(&file.bytes);
        for variant in VARIANTS {
            let all: &[u32] = match variant {
                Variant::PiffCtr | Variant::PiffCbc | Variant::Cbcs => &[0],
                Variant::Cenc => {
                    &[0, options::SHORT_IVS, options::SHORT_IVS | options::PIFF_TWINS, options::NO_SENC]
                }
                Variant::Cbc1 | Variant::Cens => &[0, options::NO_SENC],
            };
            for option in all {
                let place = format!("{} {variant:?} {option}", file.name);
                let named = (&*drive::KID.replace('-', ""), first);
                let Some(protected) = bento4_encrypt(&file.bytes, &keys, named, variant, *option) else {
                    continue;
                };
                if raw::by_track(&protected) == clear {
                    continue;
                }
                let back = unprotect(&protected, &[(drive::KID, drive::KEY)]);
                let own = || raw::by_track(&bento4_decrypt(&protected, &keys)) == clear;
                let right = back.as_ref().is_ok_and(|back| raw::by_track(back) == clear);
                if !right && variant != Variant::Cens && !own() {
                    lost.push(place);
                    continue;
                }
                let back = back.unwrap_or_else(|error| panic!("{place}: {error}"));
                check_nothing_is_left(&back);
                raw::check_pointers(&back);
                check_samples(&raw::by_track(&back), &clear, variant, &place);
                tried += 1;
            }
        }
    }
    // What it cannot decrypt itself it has not encrypted as it says.
    println!("{tried} from Bento4; not by itself: {lost:#?}");
    assert!(tried > 40, "{tried}");
}

/// Without a pattern Bento4 encrypts in `cens` also what is less than a block; Shaka Packager does not.
fn check_samples(found: &Samples, clear: &Samples, variant: Variant, place: &str) {
    for (track, samples) in clear {
        let len =
            |sample: &Vec<u8>| if variant == Variant::Cens { sample.len() / 16 * 16 } else { sample.len() };
        let equal = |(a, b): (&Vec<u8>, &Vec<u8>)| a.len() == b.len() && a[..len(a)] == b[..len(b)];
        assert!(
            found[track].len() == samples.len() && found[track].iter().zip(samples).all(equal),
            "{place}"
        );
    }
}

/// Its clear lead and its changing keys as well.
#[test]
fn what_shaka_packager_encrypts_in_every_scheme_becomes_clear() {
    let Some(program) = shaka::program() else { return };
    let sample = include_bytes!("../../www/samples/sample.ismv").to_vec();
    let ours = drive::protect(&sample, &drive::request("hybrid")).unwrap();
    let mut tried = 0;
    for (stream, _) in shaka::streams(&sample) {
        let clear = shaka::read(&program, &sample, stream, false).unwrap();
        for scheme in ["cenc", "cbc1", "cens", "cbcs"] {
            for more in
                [&[][..], &["--clear_lead", "2", "--segment_duration", "1", "--fragment_duration", "1"]]
            {
                let protected = shaka::protect_with(&program, &sample, stream, scheme, &ours, more).unwrap();
                let back = unprotect(&protected, &[(drive::KID, drive::KEY)])
                    .unwrap_or_else(|error| panic!("{stream} {scheme} {more:?}: {error}"));
                check_nothing_is_left(&back);
                raw::check_pointers(&back);
                let found: Vec<Vec<u8>> = raw::samples(&back);
                assert!(found == clear, "{stream} {scheme} {more:?}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 8, "{tried}");
}
