//! Manifests that are none, or are meant to hurt: always an answer, never long, never a panic.

use std::fmt::Write as _;

use boxlock::manifest::{self, write as write_set};
use proptest::prelude::*;

use super::{ids, read, set, text, write};
use crate::support::drive;

#[test]
fn what_is_no_manifest_is_said_to_be_none() {
    let entity = "<!DOCTYPE MPD [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><MPD>&x;</MPD>";
    let laughs = "<!DOCTYPE smil [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><smil>&b;</smil>";
    let deep = "<MPD>".repeat(60);
    for (bytes, code) in [
        (&b""[..], "not-manifest"),
        (b"hello", "not-manifest"),
        (b"\xff\xfe\x00", "not-manifest"),
        (b"\x80\x81", "not-manifest"),
        (b"<html/>", "not-manifest"),
        (b"<MPD>", "bad-xml"),
        (b"<MPD>&lol;</MPD>", "xml-entity"),
        (entity.as_bytes(), "xml-doctype"),
        (laughs.as_bytes(), "xml-doctype"),
        (deep.as_bytes(), "xml-too-deep"),
    ] {
        let error = manifest::read(bytes, &[]).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    let long = vec![b' '; (16 << 20) + 1];
    assert_eq!(manifest::read(&long, &[]).unwrap_err().code(), "manifest-too-long");
}

#[test]
fn manifests_in_utf_16_are_read() {
    let written = write(&set::whole());
    let utf16: Vec<u8> = core::iter::once(0xFEFF)
        .chain(text(&written, "ism").replace("UTF-8", "utf-16").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(ids(&manifest::read(&utf16, &[]).unwrap().1.findings), ["ism-media-name"; 0]);
}

#[test]
fn many_faults_are_counted_and_repeats_have_an_end() {
    let many: String = (0..3000).fold(String::new(), |mut all, _| {
        write!(all, "<c/>").unwrap();
        all
    });
    let (_, found) =
        read(&format!("<SmoothStreamingMedia><StreamIndex>{many}</StreamIndex></SmoothStreamingMedia>"), &[]);
    let told: Vec<_> = found.iter().filter(|one| one.rule == "ismc-chunk").collect();
    assert_eq!(told.len(), 20);
    assert!(told[19].message.ends_with("in 2980 more places."), "{}", told[19].message);
    assert_eq!((told[1].path.as_str(), told[1].line), ("SmoothStreamingMedia/StreamIndex/c[2]", 1));
    // A number of repeats that would fill the memory, in many streams.
    let stream = "<StreamIndex><c d='1' r='9007199254740000'/></StreamIndex>".repeat(1000);
    let (parsed, _) = read(&format!("<SmoothStreamingMedia>{stream}</SmoothStreamingMedia>"), &[]);
    let manifest::Parsed::Client(client) = parsed else { panic!("a client manifest") };
    assert_eq!(client.streams.iter().map(|stream| stream.chunks.len()).sum::<usize>(), 1 << 20);
}

#[test]
fn numbers_that_javascript_does_not_have_are_none() {
    let huge = "<MPD><Period><AdaptationSet><Representation bandwidth='9007199254740993' width='18446744073709551615' height='1'>\
                <SegmentBase indexRange='1-9007199254740990'/></Representation></AdaptationSet></Period></MPD>";
    let (parsed, manifest) = manifest::read(huge.as_bytes(), &[]).unwrap();
    let quality = &manifest.streams[0].qualities[0];
    assert_eq!((quality.bitrate, quality.width), (None, None));
    assert_eq!(quality.index.unwrap().end, 9_007_199_254_740_991);
    drop(parsed);
}

#[test]
fn what_is_found_before_the_first_line_that_has_something_names_that_line() {
    let (_, manifest) = manifest::read(b"\n  #EXT-X-ENDLIST", &[]).unwrap();
    let places: Vec<_> =
        manifest.findings.iter().map(|finding| (finding.path.as_str(), finding.line)).collect();
    assert_eq!(places, [("#EXT-X-ENDLIST", 1); 2]);
}

fn snippets() -> impl Strategy<Value = String> {
    let written = write(&set::whole());
    let texts: Vec<String> = written.files.into_iter().map(|file| file.text).collect();
    (
        prop::sample::select(texts),
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6_u8), 1..6),
    )
        .prop_map(|(text, edits)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (from, to, kind) in edits {
                if chars.is_empty() {
                    break;
                }
                let (from, to) = (from.index(chars.len()), to.index(chars.len()));
                let (from, to) = (from.min(to), from.max(to));
                match kind {
                    0 => drop(chars.drain(from..to)),
                    1 => chars.truncate(to),
                    2 => {
                        let copied = chars[from..(from + 40).min(to)].to_vec();
                        chars.splice(to..to, copied);
                    }
                    3 => chars[from] = '<',
                    4 => chars[from] = '9',
                    _ => chars.swap(from, to),
                }
            }
            chars.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_damage_gets_an_answer(damaged in snippets()) {
        let files = set::whole();
        if let Ok((_, manifest)) = manifest::read(damaged.as_bytes(), &files) {
            for finding in &manifest.findings {
                prop_assert!(finding.line as usize <= damaged.lines().count() + 1);
                prop_assert!(!finding.message.is_empty() && !finding.path.is_empty());
            }
            prop_assert!(serde_json::to_string(&manifest).is_ok());
        }
    }
}

#[test]
fn requests_that_are_none_are_refused() {
    let files = serde_json::to_string(&set::whole()).unwrap();
    assert_eq!(manifest::read_files(&files).unwrap(), set::whole());
    for (from, to) in [
        ("\"size\":", "\"sizes\":"),
        ("\"start\":0", "\"start\":-1"),
        ("\"segments\":[", "\"segments\":3,\"x\":["),
        ("\"ivSize\":8", "\"ivSize\":800"),
        ("\"id\":1", "\"id\":4294967296"),
        ("\"times\":[0,", "\"times\":[\"a\","),
    ] {
        assert!(files.contains(from), "{from}");
        let error = manifest::read_files(&files.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.code(), "bad-request", "{to}");
    }
    for (wishes, code) in
        [("{\"form\":[]}", "bad-request"), ("{\"forms\":[\"cmaf\"]}", "bad-request"), ("{", "bad-json")]
    {
        assert_eq!(manifest::read_wishes(wishes).unwrap_err().code(), code);
    }
    let wishes =
        manifest::read_wishes("{\"forms\":[\"dash\"],\"name\":\"a\",\"baseUrl\":\"https://x.example/\"}")
            .unwrap();
    assert_eq!((wishes.smooth, wishes.dash, wishes.hls, wishes.name.as_str()), (false, true, false, "a"));
    let all = set::whole();
    let refused = |files: &[_], wishes: manifest::Wishes| write_set(files, &wishes).unwrap_err().code();
    let usual = manifest::Wishes::default;
    assert_eq!(refused(&[], usual()), "no-files");
    assert_eq!(refused(&[all[0].clone(), all[0].clone()], usual()), "same-name");
    assert_eq!(refused(&all, manifest::Wishes { name: "a/b".to_owned(), ..usual() }), "bad-name");
    assert_eq!(refused(&all, manifest::Wishes { base_url: "a b".to_owned(), ..usual() }), "bad-address");
    let plain = drive::open(include_bytes!("../../www/samples/sample.ismv"), drive::Feed::Whole).unwrap();
    assert!(plain.describe("a").is_ok());
}
