//! Manifests as the world has them, and names as people give them: nothing is found in what is right, and what is written of
//! any name is well-formed and leads back to it.

use std::time::{Duration, Instant};

use boxlock::manifest::{self, Parsed, Wishes, write as write_with};
use proptest::prelude::*;

use super::{ids, read, set, text, write};
use crate::support::drive::KID;

/// A description with this in its one set, and these attributes.
fn mpd(attributes: &str, periods: &str) -> String {
    format!(
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" \
         type=\"static\" minBufferTime=\"PT1S\" {attributes}>{periods}</MPD>"
    )
}

fn period(attributes: &str, inside: &str) -> String {
    format!(
        "<Period {attributes}><AdaptationSet mimeType=\"video/mp4\" codecs=\"avc1.64001F\">{inside}</AdaptationSet></Period>"
    )
}

/// A manifest for players with one stream.
fn ismc(attributes: &str, fragments: &str) -> String {
    format!(
        "<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"2\" {attributes}><StreamIndex Type=\"video\" \
         Url=\"QualityLevels({{bitrate}})/Fragments(video={{start time}})\"><QualityLevel Index=\"0\" Bitrate=\"1000\" FourCC=\"H264\" \
         MaxWidth=\"16\" MaxHeight=\"16\" CodecPrivateData=\"0000000167640000000168\"/>{fragments}</StreamIndex></SmoothStreamingMedia>"
    )
}

#[test]
fn durations_of_descriptions_are_those_that_packagers_write() {
    let one = "<Representation id=\"1\" bandwidth=\"1\"/>";
    for (attributes, periods, wanted) in [
        ("mediaPresentationDuration=\"P0Y0M0DT0H3M30.000S\"", period("", one), 210_000),
        ("", period("duration=\"PT3S\"", one) + &period("duration=\"PT4S\"", one), 7000),
        // A period ends where the next begins.
        ("", period("", one) + &period("start=\"PT10S\" duration=\"PT5S\"", one), 15_000),
    ] {
        let (parsed, found) = read(&mpd(attributes, &periods), &[]);
        let Parsed::Dash(read) = parsed else { panic!("a description") };
        assert_eq!((read.duration, ids(&found)), (Some(wanted), vec![]), "{periods}");
    }
    for periods in [period("", one), period("duration=\"PT3S\"", one) + &period("", one), String::new()] {
        let (_, found) = read(&mpd("", &periods), &[]);
        assert!(ids(&found).contains(&"mpd-required"), "{periods}: {found:?}");
    }
}

#[test]
fn what_needs_no_index_and_no_file_lacks_none() {
    let files = set::whole();
    let whole = "mediaPresentationDuration=\"PT8S\"";
    let template = "<BaseURL>video/</BaseURL><SegmentTemplate media=\"$Time$.m4s\"/><Representation id=\"1\" bandwidth=\"1\"/>";
    assert_eq!(ids(&read(&mpd(whole, &period("", template)), &files).1), [""; 0]);
    let subtitles = "<Period><AdaptationSet mimeType=\"text/vtt\"><SegmentBase presentationTimeOffset=\"0\"/>\
                     <Representation id=\"1\" bandwidth=\"1\"/></AdaptationSet></Period>";
    assert_eq!(ids(&read(&mpd(whole, subtitles), &[]).1), [""; 0]);
    let lacks = "<SegmentBase/><Representation id=\"1\" bandwidth=\"1\"/>";
    assert_eq!(ids(&read(&mpd(whole, &period("", lacks)), &[]).1), ["mpd-range"]);
}

#[test]
fn a_header_may_name_the_keys_of_other_sets_too() {
    let version = boxlock::playready::HeaderVersion::V4_2;
    let protection = |kids: &[&str]| {
        let header = set::playready(kids, version);
        format!(
            "<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\" cenc:default_KID=\"{KID}\"/>\
             <ContentProtection schemeIdUri=\"urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95\"><cenc:pssh>{}</cenc:pssh>\
             </ContentProtection><Representation id=\"1\" bandwidth=\"1\"/><Representation id=\"2\" bandwidth=\"2\"/>",
            header.pssh
        )
    };
    let found = |kids: &[&str]| {
        let text = mpd("mediaPresentationDuration=\"PT8S\"", &period("", &protection(kids)));
        ids(&read(&text, &[]).1)
    };
    assert_eq!(found(&[set::KID2, KID]), ["mpd-playready-parts"]);
    // Said once, however many qualities there are.
    assert_eq!(found(&[set::KID2]), ["mpd-playready-parts", "mpd-header-kid"]);
}

#[test]
fn times_of_live_presentations_are_read_and_need_not_begin_at_0() {
    // Ticks since 1970, which JavaScript has no whole numbers for.
    let begin = 17_000_000_000_000_001_u64;
    let live = ismc("Duration=\"0\" IsLive=\"TRUE\"", &format!("<c t=\"{begin}\" d=\"20000000\" r=\"3\"/>"));
    let (parsed, found) = read(&live, &[]);
    let Parsed::Client(client) = parsed else { panic!("a client manifest") };
    assert_eq!((ids(&found), client.streams[0].chunks[2].time), (vec![], begin + 40_000_000));
    // What was cut out of one says how long it is, or when it ends.
    for (duration, expected) in [
        (60_000_000, &[][..]),
        (begin + 60_000_000, &[]),
        (90_000_000, &["ismc-duration-differs"]),
        (begin, &["ismc-duration"]),
    ] {
        // Durations are numbers of JavaScript.
        let begin = if duration < 1 << 53 { begin } else { 36_000_000_000 };
        let duration = if duration < 1 << 53 { duration } else { duration - 17_000_000_000_000_001 + begin };
        let expected = if duration == begin { &["ismc-duration-differs"][..] } else { expected };
        let text =
            ismc(&format!("Duration=\"{duration}\""), &format!("<c t=\"{begin}\" d=\"20000000\" r=\"3\"/>"));
        assert_eq!(ids(&read(&text, &[]).1), expected, "{duration}");
    }
}

#[test]
fn files_that_begin_later_are_presented_from_their_beginning_on() {
    let hour = 36_000_000_000_i64;
    let mut files = set::whole();
    for track in files.iter_mut().flat_map(|file| &mut file.tracks) {
        track.times.iter_mut().for_each(|time| *time += hour);
    }
    // Sound that begins half a second later than all else does so in each form.
    let sound = &mut files[2].tracks[0];
    sound.times.iter_mut().for_each(|time| *time += 5_000_000);
    files[2].timescale = 48_000;
    files[2].segments.iter_mut().for_each(|one| one.duration = 96_000);
    let written = write(&files);
    for one in &written.files {
        let found = read(&one.text, &files).1;
        assert_eq!(ids(&found), [""; 0], "{found:?} {}", one.text);
    }
    let mpd = text(&written, "mpd");
    assert_eq!(mpd.matches("presentationTimeOffset=\"36000000000\"").count(), 4);
    assert!(mpd.contains("timescale=\"48000\" presentationTimeOffset=\"172800000\""), "{mpd}");
    let Parsed::Client(client) = read(text(&written, "ismc"), &[]).0 else { panic!("a client manifest") };
    assert_eq!((client.duration, client.streams[0].chunks[0].time), (80_000_000, 36_000_000_000));
    // Otherwise nothing is said of it.
    assert!(!text(&write(&set::whole()), "mpd").contains("presentationTimeOffset"));
}

#[test]
fn times_between_two_timescales_may_be_rounded_either_way() {
    let mut track = set::track(1, "video", 800_000, 4);
    track.timescale = 30_000;
    track.times = (0..4).map(|number| number * 60_061).collect();
    track.durations = vec![60_061; 4];
    let file = set::file("a.ismv", vec![track]);
    let at = |number: u64, up: u64| (number * 60_061 * 10_000_000 + up) / 30_000;
    for (up, expected) in [(0, &[][..]), (29_999, &[]), (90_000, &["file-times"])] {
        let fragments: String =
            (0..4).map(|n| format!("<c t=\"{}\" d=\"{}\"/>", at(n, up), at(n + 1, up) - at(n, up))).collect();
        let text =
            ismc("Duration=\"80081333\"", &fragments).replace("Bitrate=\"1000\"", "Bitrate=\"800000\"");
        let (_, found) = read(&text, std::slice::from_ref(&file));
        let times: Vec<_> = ids(&found).into_iter().filter(|id| *id == "file-times").collect();
        assert_eq!(times, expected, "{up}");
    }
}

#[test]
fn a_server_manifest_of_mp4_names_mp4() {
    let written = write(&set::whole());
    let mp4 = text(&written, "ism").replace("high.ismv", "high.mp4");
    assert_eq!(ids(&read(&mp4, &[]).1), ["ism-media-name"]);
    let said = mp4.replace("<meta ", "<meta name=\"formats\" content=\"mp4-v3\"/><meta ");
    assert_eq!(ids(&read(&said, &[]).1), [""; 0]);
}

#[test]
fn playlists_are_read_as_others_write_them() {
    let odd = "\u{FEFF}#EXTM3U\r\n#EXT-X-VERSION:6\r\n# made by hand\r\n#EXT-X-TARGETDURATION:4\r\n#EXT-X-KEY:METHOD=NONE\r\n\
               #EXT-X-MAP:URI=\"a,b.mp4\",BYTERANGE=\"100@0\"\r\n#EXTINF:4.004,title, with a comma\r\n#EXT-X-BYTERANGE:10@100\r\n\
               a,b.mp4\r\n#EXTINF:4.004,\r\n#EXT-X-BYTERANGE:10\r\na,b.mp4\r\n#EXT-X-ENDLIST\r\n";
    let (parsed, found) = read(odd, &[]);
    let Parsed::Hls(list) = parsed else { panic!("a playlist") };
    assert_eq!((ids(&found), list.maps[0].0.as_str()), (vec![], "a,b.mp4"));
    let second = list.segments[1].range.unwrap();
    assert_eq!((second.start, second.end), (110, 120));
    // Base64 in an address may be written as addresses are.
    let written = write(&set::whole());
    let playlist = text(&written, "hls-media");
    let data = playlist.split("base64,").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let letters = data.bytes().map(|byte| format!("%{byte:02X}"));
    let coded = playlist.replace(data, &letters.collect::<String>());
    assert!(coded.contains("base64,%"));
    assert_eq!(ids(&read(&coded, &[]).1), [""; 0]);
}

#[test]
fn playlists_have_names_of_their_own() {
    let video = |name: &str| set::file(name, vec![set::track(1, "video", 800_000, 3)]);
    for (set, names) in [
        ("a", &["a.mp4.mp4", "a.mp4"][..]),
        ("a.ismv", &["a.mp4", "a.ismv"]),
        ("set", &["A.mp4", "a.mp4"]),
        ("set", &["a.mp4", "a.ismv", "a.mp4.x"]),
    ] {
        let files: Vec<_> = names.iter().map(|name| video(name)).collect();
        let wishes = Wishes { name: set.to_owned(), ..Wishes::default() };
        let written = write_with(&files, &wishes).unwrap();
        let mut all: Vec<String> = written.files.iter().map(|one| one.name.to_ascii_lowercase()).collect();
        all.sort();
        let count = all.len();
        all.dedup();
        assert_eq!((all.len(), count), (count, names.len() + 4), "{all:?}");
    }
}

#[test]
fn languages_of_sound_alone_and_texts_of_one_language_are_renditions() {
    let spoken = |name: &str, kind: &str, bitrate: u64, language: &str| {
        let mut track = set::track(1, kind, bitrate, 3);
        track.language = Some(language.to_owned());
        set::file(name, vec![track])
    };
    let files = [
        spoken("e.isma", "audio", 128_000, "eng"),
        spoken("d.isma", "audio", 128_000, "deu"),
        spoken("low.isma", "audio", 64_000, "eng"),
        spoken("full.ismt", "text", 1000, "eng"),
        spoken("signs.ismt", "text", 1000, "eng"),
    ];
    let written = write(&files);
    let Parsed::Hls(list) = read(text(&written, "hls"), &files).0 else { panic!("a playlist") };
    let said = |kind: &str| -> Vec<(&str, &str)> {
        let own = list.renditions.iter().filter(|one| one.kind == kind);
        own.map(|one| (one.group.as_str(), one.name.as_str())).collect()
    };
    assert_eq!(said("audio"), [("audio0", "eng"), ("audio0", "deu"), ("audio1", "eng")]);
    // Both can be chosen, by names that differ.
    assert_eq!(said("text"), [("text0", "eng"), ("text0", "eng_2")]);
    let variants: Vec<_> =
        list.variants.iter().map(|one| (one.uri.as_str(), one.groups[0].as_deref().unwrap())).collect();
    assert_eq!(variants, [("low.m3u8", "audio1"), ("e.m3u8", "audio0")]);
    for variant in &list.variants {
        assert_eq!(
            (variant.groups[1].as_deref(), variant.codecs.as_str()),
            (Some("text0"), "mp4a.40.2,stpp.ttml.im1t")
        );
        // Sound is not counted twice.
        assert!(variant.bandwidth < 200_000, "{}", variant.bandwidth);
    }
}

#[test]
fn files_are_found_by_paths_addresses_and_names_that_look_like_either() {
    let names = ["a b.ismv", "a%20b.ismv", "a#1?.ismv", "film/x.ismv", "ü&\"'<.ismv"];
    let files: Vec<_> = (1..)
        .zip(names)
        .map(|(number, name)| set::file(name, vec![set::track(1, "video", number * 400_000, 3)]))
        .collect();
    let written = write(&files);
    for one in &written.files {
        let found: Vec<_> = read(&one.text, &files).1;
        assert!(found.iter().all(|one| !one.rule.starts_with("file-")), "{}: {found:#?}", one.name);
    }
    // Each is held to itself, not to one that is called like its address.
    let Parsed::Dash(mpd) = read(text(&written, "mpd"), &files).0 else { panic!("a description") };
    let wrong = text(&written, "mpd").replace("a%20b.ismv", "a%2520b.ismv");
    assert_eq!(mpd.sets[0].representations.len(), names.len());
    assert!(ids(&read(&wrong, &files).1).contains(&"file-bitrate"));
    // In other folders they are the same files.
    let moved = text(&written, "ism").replace("src=\"", "src=\"../media/").replace("film/x", "x");
    assert!(ids(&read(&moved, &files).1).iter().all(|id| !id.starts_with("file-")));
}

#[test]
fn many_elements_that_are_held_against_each_other_take_no_minutes() {
    let protection = format!(
        "<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\" cenc:default_KID=\"{KID}\"/>"
    );
    let inside = protection.repeat(20_000) + &"<Representation/>".repeat(20_000);
    let begin = Instant::now();
    let (_, found) = read(&mpd("", &period("", &inside)), &[]);
    assert!(!found.is_empty());
    // It is less than a second; quadratic, it was more than a minute.
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn negative_durations_and_addresses_with_quotation_marks_are_refused() {
    let files = serde_json::to_string(&set::whole()).unwrap();
    let broken = files.replacen("\"durations\":[", "\"durations\":[-", 1);
    assert_eq!(manifest::read_files(&broken).unwrap_err().code(), "bad-request");
    assert_eq!(manifest::read_wishes("{\"forms\":\"dash\"}").unwrap_err().code(), "bad-request");
    let fairplay = Wishes { fairplay: "skd://\"{kid}".to_owned(), ..Wishes::default() };
    assert_eq!(write_with(&set::whole(), &fairplay).unwrap_err().code(), "bad-address");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_name_and_language_is_written_well_formed(
        name in "[^/\\\\]{1,12}".prop_filter("a name", |name| name.trim() == name && !name.is_empty()),
        language in any::<String>(),
        codec in any::<String>(),
    ) {
        let mut pictures = set::track(1, "video", 800_000, 3);
        pictures.codec = codec;
        let mut sound = set::track(1, "audio", 96_000, 3);
        sound.language = Some(language);
        let files = [set::file(&format!("{name}v"), vec![pictures]), set::file(&name, vec![sound])];
        let wishes = Wishes { name: "set".to_owned(), ..Wishes::default() };
        for one in write_with(&files, &wishes).unwrap().files {
            let is_odd = |c: char| c < ' ' && c != '\n' || matches!(c, '\u{FFFE}' | '\u{FFFF}');
            prop_assert!(!one.text.contains(is_odd), "{:?}", one.text);
            let read = manifest::read(one.text.as_bytes(), &files);
            let (_, shown) = read.map_err(|error| TestCaseError::fail(format!("{error}: {}", one.text)))?;
            // A character that XML cannot have is lost.
            let is_whole = one.form != "ism" || !name.contains(is_odd) && !name.contains(['\n', '\r', '\t']);
            for finding in &shown.findings {
                prop_assert!(finding.rule != "hls-attributes" && finding.rule != "hls-extinf", "{:?}", finding);
                prop_assert!(finding.rule != "file-missing" || !is_whole, "{:?} {}", finding, one.text);
            }
        }
    }
}
