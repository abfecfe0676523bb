//! Each rule has a manifest that breaks it, and is found in that alone: what is written here breaks none.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boxlock::manifest::DescribedFile;
use boxlock::manifest::rules::{RULES, Severity};
use boxlock::playready::HeaderVersion;

use super::{ids, read, set, text, write};
use crate::support::drive::KID;

/// Rule, form, what stands in the manifest that is written of [`set::whole`], and what in its place breaks the rule.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    ("ism-namespace", "ism", "http://www.w3.org/2001/SMIL20/Language", "urn:x"),
    ("ism-no-client-manifest", "ism", "clientManifestRelativePath", "other"),
    ("ism-client-name", "ism", "set.ismc", "set.xml"),
    ("ism-no-media", "ism", "switch>", "other>"),
    ("ism-no-src", "ism", "src=\"high.ismv\"", "src=\"\""),
    ("ism-src", "ism", "src=\"high.ismv\"", "src=\"/media/high.ismv\""),
    ("ism-media-name", "ism", "high.ismv", "high.mp4"),
    ("ism-folder", "ism", "high.ismv", "high"),
    ("ism-bitrate", "ism", "systemBitrate=\"800000\"", "systemBitrate=\"0\""),
    ("ism-no-track-id", "ism", "<param name=\"trackID\" value=\"3\" valuetype=\"data\"/>", ""),
    ("ism-twice", "ism", "low.ismv", "high.ismv"),
    ("ism-same-bitrate", "ism", "systemBitrate=\"3000000\"", "systemBitrate=\"800000\""),
    ("ismc-version", "ismc", "MajorVersion=\"2\"", "MajorVersion=\"1\""),
    ("ismc-duration", "ismc", " Duration=\"80000000\"", ""),
    ("ismc-duration-differs", "ismc", "Duration=\"80000000\"", "Duration=\"120000000\""),
    ("ismc-timescale", "ismc", "TimeScale=\"10000000\"", "TimeScale=\"1000\""),
    ("ismc-live-only", "ismc", "MajorVersion=\"2\"", "LookaheadCount=\"2\" MajorVersion=\"2\""),
    ("ismc-no-streams", "ismc", "StreamIndex", "Other"),
    ("ismc-protection-place", "ismc", "<Protection>", "<StreamIndex/><Protection>"),
    ("ismc-system-id", "ismc", "SystemID=\"9a04f079-", "SystemID=\"9a04f079"),
    ("ismc-braces", "ismc", "9a04f079-9840-4286-ab92-e65be0885f95", "{9A04F079-9840-4286-AB92-E65BE0885F95}"),
    ("ismc-header-breaks", "ismc", "AAAEAAQ", "AAAE\nAAQ"),
    ("ismc-header", "ismc", "AAAEAAQ", "AAAAAAQ"),
    ("ismc-type", "ismc", "Type=\"audio\"", "Type=\"sound\""),
    ("ismc-subtype", "ismc", " Subtype=\"SUBT\"", ""),
    ("ismc-video-only", "ismc", "Type=\"audio\"", "MaxWidth=\"1\" Type=\"audio\""),
    ("ismc-url", "ismc", "{start time}", "{start_time}"),
    ("ismc-counts", "ismc", "Chunks=\"4\"", "Chunks=\"5\""),
    ("ismc-no-levels", "ismc", "<QualityLevel ", "<Other "),
    ("ismc-index", "ismc", "Index=\"1\"", "Index=\"2\""),
    ("ismc-bitrate", "ismc", "Bitrate=\"800000\"", "Bitrate=\"x\""),
    ("ismc-same-bitrate", "ismc", "Bitrate=\"3000000\"", "Bitrate=\"800000\""),
    ("ismc-no-fourcc", "ismc", " FourCC=\"AVC1\"", ""),
    ("ismc-fourcc", "ismc", "FourCC=\"AACL\"", "FourCC=\"AACH\""),
    ("ismc-private-data", "ismc", "CodecPrivateData=\"00000001", "CodecPrivateData=\"00000002"),
    ("ismc-no-private-data", "ismc", " CodecPrivateData=\"1190\"", ""),
    ("ismc-empty-private-data", "ismc", "CodecPrivateData=\"1190\"", "CodecPrivateData=\"\""),
    ("ismc-size", "ismc", " MaxWidth=\"640\"", ""),
    ("ismc-sound", "ismc", " PacketSize=\"4\"", ""),
    ("ismc-no-chunks", "ismc", "<c ", "<x "),
    ("ismc-chunk", "ismc", "<c t=\"0\" d=\"20000000\"/>", "<c/>"),
    ("ismc-chunk-duration", "ismc", "<c t=\"0\" d=\"20000000\"/>", "<c t=\"0\"/>"),
    ("ismc-first-time", "ismc", "<c t=\"0\" ", "<c "),
    ("ismc-number", "ismc", "<c t=\"0\" ", "<c n=\"5\" t=\"0\" d=\"0\"/><c n=\"5\" "),
    ("ismc-repeat", "ismc", "<c t=\"0\" ", "<c r=\"1\" t=\"0\" "),
    (
        "ismc-overlap",
        "ismc",
        "<c t=\"0\" d=\"20000000\"/>",
        "<c t=\"0\" d=\"20000000\"/><c t=\"1\" d=\"1\"/>",
    ),
    (
        "ismc-gap",
        "ismc",
        "<c t=\"0\" d=\"20000000\"/>",
        "<c t=\"0\" d=\"19999999\"/><c t=\"20000000\" d=\"0\"/>",
    ),
    ("mpd-namespace", "mpd", "urn:mpeg:dash:schema:mpd:2011", "urn:x"),
    ("mpd-required", "mpd", " minBufferTime=\"PT2.000S\"", ""),
    ("mpd-profile", "mpd", "isoff-on-demand", "isoff-live"),
    ("mpd-empty", "mpd", "Representation", "Other"),
    ("mpd-representation", "mpd", " bandwidth=\"", " bandwidth=\"x"),
    ("mpd-mime", "mpd", " mimeType=\"video/mp4\"", ""),
    ("mpd-codecs", "mpd", " codecs=\"avc1.64001F\"", ""),
    ("mpd-muxed", "mpd", "codecs=\"avc1.64001F\"", "codecs=\"avc1.64001F,mp4a.40.2\""),
    ("mpd-range", "mpd", "indexRange=\"1000-1087\"", "indexRange=\"1087-1000\""),
    ("mpd-default-kid", "mpd", "cenc:default_KID=\"1", "cenc:default_KID=\"x"),
    (
        "mpd-several-kids",
        "mpd",
        "KID=\"10000000-1000-1000-1000-100000000001",
        "KID=\"10000000-1000-1000-1000-100000000001 10000000-1000-1000-1000-100000000002",
    ),
    (
        "mpd-kid-case",
        "mpd",
        "KID=\"10000000-1000-1000-1000-100000000001",
        "KID=\"E1F85CE6-5C99-442C-8CDF-5063550CA95B",
    ),
    ("mpd-protection-namespace", "mpd", "urn:mpeg:cenc:2013", "urn:x"),
    ("mpd-no-mp4protection", "mpd", "urn:mpeg:dash:mp4protection:2011", "urn:x"),
    ("mpd-scheme", "mpd", "value=\"cenc\"", "value=\"ctr\""),
    ("mpd-pssh", "mpd", "nBzc2g", "nBzc2k"),
    ("mpd-pro", "mpd", "<mspr:pro>", "<mspr:pro>!"),
    ("mpd-playready-parts", "mpd", "mspr:pro>", "mspr:other>"),
    (
        "mpd-header-kid",
        "mpd",
        "KID=\"10000000-1000-1000-1000-100000000001",
        "KID=\"e1f85ce6-5c99-442c-8cdf-5063550ca95b",
    ),
    ("mpd-protection-place", "mpd", "<BaseURL>", "<ContentProtection schemeIdUri=\"urn:x\"/><BaseURL>"),
    ("hls-begin", "hls", "#EXTM3U\n", "#EXTM3U 8\n"),
    ("hls-attributes", "hls-media", "#EXT-X-MAP:URI=", "#EXT-X-MAP:URI:"),
    ("hls-mixed", "hls", "#EXT-X-INDEPENDENT-SEGMENTS\n", "#EXTINF:1,\na.mp4\n"),
    ("hls-version", "hls-media", "#EXT-X-VERSION:7", "#EXT-X-VERSION:3"),
    ("hls-target-duration", "hls-media", "TARGETDURATION:2", "TARGETDURATION:1"),
    ("hls-extinf", "hls-media", "#EXTINF:2.000000,\n", ""),
    ("hls-map", "hls-media", "#EXT-X-MAP:", "#EXT-X-OTHER:"),
    ("hls-byte-range", "hls-media", "#EXT-X-BYTERANGE:", "#EXT-X-BYTERANGE:x"),
    ("hls-no-end", "hls-media", "#EXT-X-ENDLIST\n", ""),
    ("hls-key", "hls-media", "METHOD=SAMPLE-AES-CTR", "METHOD=SAMPLE"),
    ("hls-key-method", "hls-media", "com.microsoft.playready", "com.apple.streamingkeydelivery"),
    ("hls-fairplay-uri", "hls-media", "com.microsoft.playready", "com.apple.streamingkeydelivery"),
    ("hls-key-format", "hls-media", ",KEYFORMAT=\"com.microsoft.playready\"", ""),
    ("hls-key-data", "hls-media", "base64,", "base64,!"),
    ("hls-variant", "hls", "#EXT-X-STREAM-INF:BANDWIDTH=", "#EXT-X-STREAM-INF:X="),
    ("hls-codecs", "hls", "CODECS=", "X="),
    ("hls-rendition", "hls", "TYPE=AUDIO", "TYPE=SOUND"),
    ("hls-group", "hls", "AUDIO=\"audio0\"", "AUDIO=\"x\""),
    ("hls-session-key", "hls", "#EXT-X-SESSION-KEY", "#EXT-X-OTHER"),
    ("file-missing", "ism", "high.ismv", "other.ismv"),
    ("file-track", "ism", "value=\"3\"", "value=\"9\""),
    ("file-bitrate", "ism", "systemBitrate=\"3000000\"", "systemBitrate=\"9000000\""),
    ("file-picture-size", "mpd", "width=\"640\"", "width=\"641\""),
    ("file-codec", "mpd", "avc1.64001F", "avc1.42001E"),
    ("file-times", "ismc", "<c t=\"0\" ", "<c t=\"1\" "),
    (
        "file-kid",
        "mpd",
        "KID=\"10000000-1000-1000-1000-100000000001",
        "KID=\"e1f85ce6-5c99-442c-8cdf-5063550ca95b",
    ),
    ("file-protected", "ismc", "Protection>", "Other>"),
    ("file-index-range", "mpd", "indexRange=\"1000-1087\"", "indexRange=\"1000-1090\""),
    ("file-initialization", "mpd", "range=\"0-999\"", "range=\"0-990\""),
    ("file-segment", "hls-media", "#EXT-X-BYTERANGE:", "#EXT-X-BYTERANGE:1"),
];

#[test]
fn what_is_written_breaks_no_rule_and_each_rule_is_found_where_it_is_broken() {
    let files = set::whole();
    let written = write(&files);
    assert!(written.notes.iter().all(|note| note.severity != Severity::Error), "{:?}", written.notes);
    for file in &written.files {
        let (_, found) = read(&file.text, &files);
        assert!(found.is_empty(), "{}: {found:#?}", file.name);
    }
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    for (rule, form, from, to) in BROKEN {
        let sound = text(&written, form);
        assert!(sound.contains(from), "{rule}: {form} has no {from}: {sound}");
        let (_, found) = read(&sound.replace(from, to), &files);
        assert!(ids(&found).contains(rule), "{rule}: {found:#?}");
        broken.insert(rule);
    }
    // The header is in base64.
    let object = |version| STANDARD.encode(set::object(&[KID], version));
    let (old, new) = (object(HeaderVersion::V4_0), object(HeaderVersion::V4_2));
    let newer = text(&written, "ismc").replace(&old, &new);
    broken.insert(check("ismc-header-version", &newer, &files));
    let clear: Vec<DescribedFile> = files.iter().cloned().map(cleared).collect();
    broken.insert(check("file-clear", text(&written, "mpd"), &clear));
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(rules.len(), RULES.len(), "a rule is declared once");
    assert_eq!(broken, rules);
    for rule in RULES {
        assert!(!rule.clause.is_empty() && rule.id.split('-').count() > 1);
    }
}

fn check(rule: &'static str, text: &str, files: &[DescribedFile]) -> &'static str {
    let (_, found) = read(text, files);
    assert!(ids(&found).contains(&rule), "{rule}: {found:#?}");
    rule
}

fn cleared(mut file: DescribedFile) -> DescribedFile {
    file.headers.clear();
    file.tracks.iter_mut().for_each(|track| track.protection = None);
    file
}

#[test]
fn findings_say_where_they_are() {
    let written = write(&set::whole());
    let broken =
        text(&written, "ismc").replace("<c d=\"20000000\"/>\n  </StreamIndex>", "<c/>\n  </StreamIndex>");
    let (_, found) = read(&broken, &[]);
    let first = found.iter().find(|one| one.rule == "ismc-chunk").unwrap();
    assert_eq!(first.path, "SmoothStreamingMedia/StreamIndex[1]/c[4]");
    let line = broken.lines().nth(first.line as usize - 1).unwrap();
    assert_eq!(line.trim(), "<c/>");
    let playlist = text(&written, "hls-media").replace("#EXT-X-MAP:URI=", "#EXT-X-MAP:URI:");
    let (_, found) = read(&playlist, &[]);
    let first = found.iter().find(|one| one.rule == "hls-attributes").unwrap();
    assert_eq!(first.path, "#EXT-X-MAP");
    assert!(playlist.lines().nth(first.line as usize - 1).unwrap().starts_with("#EXT-X-MAP:"));
}

#[test]
fn key_ids_in_the_other_byte_order_are_called_so() {
    let files = set::whole();
    let written = write(&files);
    let kid = boxlock::playready::parse_kid(set::KID2).unwrap();
    let changed: Vec<DescribedFile> = files
        .into_iter()
        .map(|mut file| {
            for protection in file.tracks.iter_mut().filter_map(|track| track.protection.as_mut()) {
                protection.kid = Some(kid.swapped().uuid());
            }
            file
        })
        .collect();
    let (_, found) = read(&text(&written, "mpd").replace(KID, set::KID2), &changed);
    let kids: Vec<_> = found.iter().filter(|one| one.rule == "file-kid").collect();
    assert!(
        !kids.is_empty() && kids.iter().all(|one| one.message.contains("other byte order")),
        "{found:#?}"
    );
}
