//! What JavaScript is shown of manifests is of the shapes that `www/types.d.ts` promises.

use boxlock::manifest::{self, Wishes};
use boxlock::report;
use serde_json::to_value;

use super::{set, write};
use crate::report::types::Types;

#[test]
fn descriptions_and_manifests_are_of_the_types_that_are_promised() {
    let mut types = Types::read(include_str!("../../www/types.d.ts"));
    let mut check = |name: &str, value: serde_json::Value| {
        types.check(name, &value).unwrap_or_else(|error| panic!("{error}"));
    };
    let mut files = set::whole();
    files.push(set::of("sample.ismv", &set::sample("hybrid")));
    for file in &files {
        let _: &report::DescribedFile = file;
        check("DescribedFile", to_value(file).unwrap());
    }
    let written = write(&files);
    check("WrittenManifests", to_value(&written).unwrap());
    for file in &written.files {
        let broken = file.text.replace("<c ", "<c n=\"7\" ").replace("#EXTINF:2", "#EXTINF:3");
        for text in [&file.text, &broken] {
            let (_, shown) = manifest::read(text.as_bytes(), &files).unwrap();
            check("Manifest", to_value(shown).unwrap());
        }
    }
    for name in [
        "ByteRange",
        "DescribedFile",
        "DescribedSegment",
        "DescribedTrack",
        "DescribedProtection",
        "DescribedHeader",
        "WrittenManifests",
        "WrittenManifest",
        "ManifestNote",
        "Manifest",
        "ManifestStream",
        "ManifestQuality",
        "ManifestProtection",
        "ManifestTrack",
        "SegmentRun",
        "SegmentPlace",
        "ManifestFinding",
    ] {
        assert_eq!(types.unseen(name), [""; 0]);
    }
    // What is given back is what was shown.
    let text = serde_json::to_string(&files).unwrap();
    assert_eq!(manifest::read_files(&text).unwrap(), files);
    assert_eq!(Wishes::default().name, "manifest");
}

#[test]
fn a_manifest_that_is_decoded_says_its_streams_and_faults() {
    let files = set::whole();
    let written = write(&files);
    for (form, kind, names) in [
        ("ism", "smooth", &["Names", "video", "audio audio_eng (eng)"][..]),
        ("ismc", "smooth", &["Version", "video", "text (eng)"]),
        ("mpd", "dash", &["Version", "video", "audio (eng)"]),
        ("hls", "hls", &["Version", "Names", "video", "audio eng (eng)"]),
        ("hls-media", "hls", &["Version", "segments"]),
    ] {
        let found = manifest::decoded::anything(super::text(&written, form).as_bytes(), &[]);
        assert_eq!(found.kind, kind, "{form}");
        let said: Vec<&str> = found.facts.iter().map(|fact| fact.name.as_str()).collect();
        for name in names {
            assert!(said.contains(name), "{form} says {said:?}");
        }
        assert!(found.problems.is_empty(), "{form}: {:?}", found.problems);
    }
    let broken = super::text(&written, "ismc").replace("MajorVersion=\"2\"", "MajorVersion=\"7\"");
    let found = manifest::decoded::anything(broken.as_bytes(), &[]);
    assert_eq!((found.problems.len(), found.problems[0].level), (1, "error"));
    assert!(
        found.problems[0].message.ends_with("(SmoothStreamingMedia, line 2)"),
        "{}",
        found.problems[0].message
    );
    // The headers in it are decoded as before.
    assert!(found.inside.iter().any(|inside| inside.title.contains("PlayReady")));
    // What is none stays what it was.
    assert_eq!(manifest::decoded::anything(b"<x/>", &[]).kind, "unknown");
}
