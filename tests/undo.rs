//! What is protected becomes clear again, and is protected otherwise, with its keys.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::Result;
use boxlock::protect::request::SecretText;
use boxlock::protect::{RequestText, SourceKeyText};
use support::drive::{self, request_in};
use support::raw;

/// A request for what a protected file was before.
pub fn undo(keys: &[(&str, &str)]) -> RequestText {
    RequestText {
        scheme: Some("none".to_owned()),
        source_keys: keys.iter().map(|(kid, key)| source_key(kid, key)).collect(),
        ..RequestText::default()
    }
}

fn source_key(kid: &str, key: &str) -> SourceKeyText {
    let kid = Some(kid.to_owned()).filter(|kid| !kid.is_empty());
    SourceKeyText { kid, track: None, key: Some(SecretText(key.to_owned())) }
}

fn unprotect(file: &[u8], keys: &[(&str, &str)]) -> Result<Vec<u8>> {
    drive::protect(file, &undo(keys))
}

/// What can be asked of a file of any kind.
const WAYS: [(&str, &str); 7] = [
    ("cenc", "hybrid"),
    ("cenc", "piff"),
    ("cenc", "plain"),
    ("cbc1", "piff"),
    ("cbc1", "hybrid"),
    ("cens", "plain"),
    ("cbcs", "plain"),
];

#[test]
fn every_way_leads_back_and_on_to_every_other() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let clear = raw::samples(sample);
    let own = [(drive::KID, drive::KEY)];
    for (scheme, form) in WAYS {
        let protected = drive::protect(sample, &request_in(scheme, form)).unwrap();
        assert!(raw::samples(&protected) != clear);
        let back = unprotect(&protected, &own).unwrap();
        check_nothing_is_left(&back);
        raw::check_pointers(&back);
        assert!(back == sample, "{scheme} {form}");
        for (other, other_form) in WAYS {
            let request = RequestText {
                kid: Some("0e1e2e3e-0000-4000-8000-0123456789ab".to_owned()),
                key: Some(SecretText("0102030405060708090a0b0c0d0e0f00".to_owned())),
                source_keys: undo(&own).source_keys,
                ..request_in(other, other_form)
            };
            let anew = drive::protect(&protected, &request).unwrap();
            raw::check_pointers(&anew);
            let samples = raw::samples(&anew);
            assert!(samples != clear && samples != raw::samples(&protected));
            let new = [("0e1e2e3e-0000-4000-8000-0123456789ab", "0102030405060708090a0b0c0d0e0f00")];
            let back = unprotect(&anew, &new).unwrap();
            check_nothing_is_left(&back);
            assert!(back == sample, "{scheme} {form} to {other} {other_form}");
        }
    }
}

/// Boxes that have no place in a clear file.
fn check_nothing_is_left(file: &[u8]) {
    let gone = ["sinf", "pssh", "senc", "saiz", "saio", raw::PIFF_SENC, raw::PIFF_TENC, raw::PIFF_PSSH];
    let mut all = raw::boxes(file, 0);
    while let Some(one) = all.pop() {
        assert!(!gone.contains(&one.name.as_str()), "{} at {}", one.name, one.start);
        assert!(
            !["encv", "enca", "enct", "encs"].contains(&one.name.as_str()),
            "{} at {}",
            one.name,
            one.start
        );
        if ["sbgp", "sgpd", "csgp"].contains(&one.name.as_str()) {
            assert_ne!(&one.body()[4..8], b"seig", "{} at {}", one.name, one.start);
        }
        if ["moov", "trak", "mdia", "minf", "stbl", "moof", "traf", "mvex"].contains(&one.name.as_str()) {
            all.extend(one.children());
        }
        if one.name == "stsd" {
            all.extend(one.children_after(8));
        }
        if ["avc1", "hvc1", "mp4a"].contains(&one.name.as_str()) {
            let inside = one.children_after(if one.name == "mp4a" { 28 } else { 78 });
            assert!(inside.iter().all(|inside| inside.name != "sinf"), "a sinf at {}", one.start);
        }
    }
}

mod foreign;
mod identity;
mod keys;
mod large;
mod plain;
pub mod published;
pub mod said;
mod sweep;
