//! The boxes that carry the encryption become those of another form.

use boxlock::protect::RequestText;
use boxlock::protect::request::SecretText;

use super::{change, in_form, keep, wish_in, wishes};
use crate::lint::build;
use crate::support::{drive, raw};
use crate::undo::undo;

const FORMS: [&str; 3] = ["hybrid", "piff", "plain"];
const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");

/// Names of what a `traf` or `schi` has.
fn names(file: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for moof in raw::boxes(file, 0).iter().filter(|one| one.name == "moof") {
        for traf in moof.children().iter().filter(|one| one.name == "traf") {
            names.extend(traf.children().iter().map(|one| one.name.clone()));
        }
    }
    names
}

#[test]
fn each_form_becomes_each_other_and_with_its_keys_the_identical_clear_file() {
    let clear = raw::samples(SAMPLE);
    let mut tried = 0;
    for (what, wish) in wishes() {
        for scheme in ["cenc", "cbc1"] {
            for from in FORMS {
                let request = wish_in(&wish, scheme, from);
                let session = drive::open(SAMPLE, drive::Feed::Whole).unwrap();
                // Chains have 16 bytes in any case.
                let Ok(plan) = drive::plan(&session, &request) else { continue };
                let protected = drive::protect(SAMPLE, &request).unwrap();
                let keys: Vec<_> =
                    plan.all_keys().map(|key| (key.kid.uuid(), hex::encode(key.key.0))).collect();
                let keys: Vec<(&str, &str)> = keys.iter().map(|(kid, key)| (&**kid, &**key)).collect();
                for to in FORMS {
                    let case = format!("{what} {scheme} {from} to {to}");
                    let changed =
                        change(&protected, &in_form(to)).unwrap_or_else(|error| panic!("{case}: {error}"));
                    let direct =
                        drive::protect(SAMPLE, &RequestText { form: Some(to.to_owned()), ..request.clone() });
                    let direct = direct.unwrap();
                    if to == from {
                        assert!(changed == protected, "{case}");
                    }
                    let (mut has, mut wants) = (names(&changed), names(&direct));
                    // Times that were written stay.
                    if to == "piff" {
                        has.retain(|name| name != "tfdt");
                    }
                    // In a file for PIFF alone a lead is said in each fragment, in others by sample entries.
                    if what == "lead" && from != to {
                        let said = |name: &String| ["sbgp", "sgpd", raw::PIFF_SENC].contains(&&**name);
                        has.retain(|name| !said(name));
                        wants.retain(|name| !said(name));
                    }
                    assert_eq!(has, wants, "{case}");
                    let back = drive::protect(&changed, &undo(&keys))
                        .unwrap_or_else(|error| panic!("{case}: {error}"));
                    assert!(raw::samples(&back) == clear, "{case}");
                    assert!(back == SAMPLE, "{case}: not the identical file");
                    let again = change(&changed, &in_form(from)).unwrap();
                    let back = drive::protect(&again, &undo(&keys)).unwrap();
                    assert!(back == SAMPLE, "{case} and back: not the identical file");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried >= 81, "{tried}");
}

#[test]
fn a_second_description_of_the_encryption_is_in_the_way_of_another_form_alone() {
    let mut two = drive::protect(SAMPLE, &drive::request("plain")).unwrap();
    let sinf = build::copy(&two, "moov/trak/mdia/minf/stbl/stsd/encv/sinf");
    build::append(&mut two, "moov/trak/mdia/minf/stbl/stsd/encv", &sinf);
    for form in ["hybrid", "piff"] {
        let error = drive::protect(&two, &in_form(form)).unwrap_err();
        assert_eq!(error.code(), "second-sinf");
        let said = "track 1 says in 2 boxes 'sinf' how its samples are encrypted ('cenc', 'cenc')";
        assert!(error.message().contains(said), "{error}");
    }
    let moved = RequestText { la_url: "https://moved.example/".to_owned(), ..keep() };
    let changed = drive::protect(&two, &moved).unwrap();
    assert_eq!(build::copy(&changed, "moov/trak"), build::copy(&two, "moov/trak"));
}

#[test]
fn a_form_that_cannot_carry_the_scheme_is_refused() {
    for scheme in ["cbcs", "cens"] {
        let protected = drive::protect(SAMPLE, &drive::request_in(scheme, "plain")).unwrap();
        for form in ["hybrid", "piff"] {
            let error = change(&protected, &in_form(form)).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-form", Some("form")), "{error}");
        }
        assert!(change(&protected, &in_form("plain")).unwrap() == protected, "{scheme}");
    }
    let error = change(SAMPLE, &in_form("piff")).unwrap_err();
    assert_eq!(error.code(), "not-protected");
    let wishes = RequestText { key: Some(SecretText(drive::KEY.to_owned())), ..in_form("piff") };
    let error = change(SAMPLE, &wishes).unwrap_err();
    assert_eq!((error.code(), error.field()), ("bad-scheme", Some("key")));
    assert!(error.message().contains("stay encrypted as they are"), "{error}");
    // The old name of the form does the same, and what means nothing here is not passed over.
    let protected = drive::protect(SAMPLE, &drive::request("hybrid")).unwrap();
    let old = RequestText { form: None, profile: Some("piff".to_owned()), ..in_form("piff") };
    assert!(change(&protected, &old).unwrap() == change(&protected, &in_form("piff")).unwrap());
    let leftovers = RequestText { leftovers: Some("remove".to_owned()), ..in_form("piff") };
    assert_eq!(change(&protected, &leftovers).unwrap_err().field(), Some("leftovers"));
}
