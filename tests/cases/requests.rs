//! What people type and paste: read rightly, or refused at that field with the sentence that helps.

use boxlock::bytes::{Error, KeyId};
use boxlock::protect::request::SecretText;
use boxlock::protect::{Plan, RequestText};

use crate::support::drive::{self, Feed};
use crate::support::synth;

/// A plan for a small file, or what stands against it.
fn planned(change: impl FnOnce(&mut RequestText)) -> Result<Plan, Error> {
    let mut text = drive::request("hybrid");
    change(&mut text);
    let session = drive::open(&synth::small().bytes(), Feed::Whole).unwrap();
    drive::plan(&session, &text)
}

fn secret(text: &str) -> Option<SecretText> {
    Some(SecretText(text.to_owned()))
}

/// 60 hexadecimal digits are also valid base64, of 45 bytes: what is asked for is the seed of 30 bytes.
#[test]
fn a_seed_is_never_silently_another() {
    use base64::Engine;
    let seed: Vec<u8> = (0..30).map(|n| n * 7 + 0x11).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&seed);
    let with = |typed: &str| {
        planned(|text| {
            text.key = None;
            text.key_seed = secret(typed);
        })
    };
    let expected = with(&base64).unwrap().keys[0].key.0;
    for typed in [hex::encode(&seed), hex::encode_upper(&seed)] {
        match with(&typed) {
            Ok(plan) => assert_eq!(plan.keys[0].key.0, expected, "{typed} is another seed"),
            Err(error) => assert_eq!(error.field(), Some("keySeed"), "{error}"),
        }
    }
}

#[test]
fn a_pasted_entity_is_not_escaped_again_in_silence() {
    let url = "https://licence.example/rm.asmx?a=1&amp;b=2";
    match planned(|text| url.clone_into(&mut text.la_url)) {
        Ok(plan) => {
            let twice = plan.header_xml.contains("&amp;amp;");
            let warned = plan.warnings().iter().any(|warning| warning.contains("&amp;"));
            assert!(!twice || warned, "{:?}", plan.warnings());
        }
        Err(error) => assert_eq!(error.field(), Some("laUrl"), "{error}"),
    }
}

#[test]
fn a_key_id_is_no_key() {
    let kid = KeyId([0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8]);
    let plain = "1032547698badcfe0102030405060708";
    let swapped = "76543210ba98fedc0102030405060708";
    for key in [plain, swapped] {
        let error = planned(|text| {
            text.kid = Some(kid.uuid());
            text.key = secret(key);
        })
        .expect_err("everybody reads the key ID in the file");
        assert!(["key", "kid"].contains(&error.field().unwrap_or_default()), "{error}");
    }
}

#[test]
fn a_key_of_zeros_is_refused_or_warned_about() {
    match planned(|text| text.key = secret(&"00".repeat(16))) {
        Ok(plan) => {
            assert!(plan.warnings().iter().any(|warning| warning.contains("zero")), "{:?}", plan.warnings())
        }
        Err(error) => assert_eq!(error.field(), Some("key"), "{error}"),
    }
}

#[test]
fn punctuation_in_a_key_id_is_read_or_named() {
    for typed in [
        "01234567-89ab-cdef0123-456789abcdef",
        "0x0123456789abcdef0123456789abcdef",
        "01234567 89ab cdef 0123 4567 89ab cdef",
        "01234567-89ab-cdef-0123-4567-89abcdef",
    ] {
        match planned(|text| text.kid = Some(typed.to_owned())) {
            Ok(plan) => {
                assert_eq!(plan.keys[0].kid.uuid(), "01234567-89ab-cdef-0123-456789abcdef", "{typed}")
            }
            Err(error) => {
                assert_eq!(error.field(), Some("kid"), "{typed}: {error}");
                assert!(!error.message().contains("this one has 32"), "{typed}: {error}");
            }
        }
    }
}

#[test]
fn a_url_too_long_is_the_fault_of_the_url() {
    for len in [8 << 10, 40 << 10, 100 << 10] {
        let url = format!("https://licence.example/{}", "x".repeat(len));
        let error = planned(|text| text.la_url = url).expect_err("too long for the object");
        assert_eq!(error.field(), Some("laUrl"), "{len}: {error}");
    }
}
