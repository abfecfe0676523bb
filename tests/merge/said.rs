//! What is refused of files that are to become one, and what is said of them.

use super::*;

/// What is said instead of merging.
fn refusal(code: &str, files: &[Vec<u8>]) -> boxlock::bytes::Error {
    let error = opened(files).map(|_| ()).expect_err(code);
    support::hostile::check_error(&error);
    error
}

#[test]
fn what_cannot_be_merged_is_said_with_its_name() {
    if !ffmpeg::present() {
        return;
    }
    let [video, sound]: [Vec<u8>; 2] =
        made(&[(".mp4", 4, VIDEO), (".mp4", 4, FRAGMENTED_SOUND)]).try_into().unwrap();
    let protected = drive::protect(&sound, &drive::request("hybrid")).unwrap();
    let top = raw::boxes(&sound, 0);
    let end_of = |name: &str| top.iter().find(|one| one.name == name).unwrap().end();
    let init = sound[..end_of("moov")].to_vec();
    let headless = sound[end_of("moov")..].to_vec();
    // A segment index where a sample's bytes are looked for afterwards.
    let moof = top.iter().find(|one| one.name == "moof").unwrap();
    let mut indexed = sound[..moof.end()].to_vec();
    indexed.extend([0, 0, 0, 32, b's', b'i', b'd', b'x']);
    indexed.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xac, 0x44]);
    indexed.extend([0; 12]);
    let mdat = &sound[moof.end()..];
    indexed.extend(mdat);
    let at = moof.start + moof.at("traf/trun").start - moof.start + 16;
    let offset = raw::be32(&indexed, at) + 32;
    indexed[at..at + 4].copy_from_slice(&offset.to_be_bytes());
    let mut half =
        make(".mp4", 4, "-map 1:a -c:a aac -frag_duration 1000000 -movflags frag_keyframe+default_base_moof");
    let at = (0..half.len()).find(|at| half[*at..].starts_with(b"trex")).unwrap();
    half[at + 15] = 2;
    let cases: [(&str, &str, Vec<u8>); 10] = [
        ("several-videos", "film.mp4 and german.m4a both have pictures.", video.clone()),
        (
            "already-protected",
            "german.m4a: Track 1 of this file is already protected with cenc 1.0",
            protected,
        ),
        ("empty", "german.m4a: This file is empty.", Vec::new()),
        ("no-samples", "german.m4a: None of its tracks has a sample.", init),
        ("no-moov", "german.m4a: ", headless),
        ("not-mp4", "german.m4a: ", b"WEBVTT\n\n00:00.000 --> 00:02.000\nSome words of text".to_vec()),
        ("truncated", "german.m4a: This file is cut short", sound[..sound.len() - 1000].to_vec()),
        ("index-in-fragment", "german.m4a: A box 'sidx' stands between", indexed),
        ("samples-in-moov", "german.m4a: Track 1 has ", half),
        ("external-data", "german.m4a: Track 1 keeps its samples in another file", elsewhere(&sound)),
    ];
    for (code, words, other) in cases {
        let error = refusal(code, &[video.clone(), other.clone()]);
        assert_eq!(error.code(), code, "{error}");
        // No keys are taken here, so none are asked for.
        let alone = code == "already-protected";
        assert_eq!(error.message().contains("open it alone, make it clear with its keys"), alone, "{error}");
        assert!(error.message().starts_with(words), "{error}");
        // Its place is one in that file.
        let place = error.offset().unwrap_or(video.len() as u64);
        assert!(place >= video.len() as u64 || code == "several-videos", "{code} {place}");
        // And in front it is the same but for the place.
        let first = drive::merge(&[("german.m4a", &other), ("film.mp4", &video)], Feed::Exact).err();
        assert_eq!(first.unwrap().code(), code);
    }
    assert_eq!(Session::merging(Vec::new()).unwrap_err().code(), "no-files");
}

/// The file, saying that its samples stand in another.
fn elsewhere(sound: &[u8]) -> Vec<u8> {
    let mut file = sound.to_vec();
    let at = file.windows(4).position(|word| word == b"url ").unwrap();
    assert_eq!(raw::be32(&file, at + 4), 1);
    file[at + 7] = 0;
    file
}

fn notes(files: &[Vec<u8>]) -> Vec<String> {
    let (session, _) = opened(files).unwrap();
    session.merged().unwrap().notes().to_vec()
}

#[test]
fn other_lengths_and_starts_are_said() {
    if !ffmpeg::present() {
        return;
    }
    let of = |seconds, arguments| notes(&made(&[(".mp4", 7, VIDEO), (".m4a", seconds, arguments)]));
    assert!(of(7, SOUND).is_empty());
    let [short] = of(4, SOUND).try_into().unwrap();
    assert!(short.starts_with("german.m4a lasts 0:00:04.0"), "{short}");
    assert!(short.contains("film.mp4 0:00:07.000"), "{short}");
    let tagged = of(7, "-map 1:a -c:a aac -metadata title=Another");
    assert_eq!(
        tagged,
        ["Titles, tags and chapters of the whole are those of film.mp4; those of german.m4a stay behind."]
    );
    let late = make(".m4a", 7, "-map 1:a -c:a aac -output_ts_offset 3");
    let [late] = notes(&[make(".mp4", 7, VIDEO), late]).try_into().unwrap();
    assert!(late.starts_with("german.m4a begins 0:00:0") && late.contains(" later than film.mp4."), "{late}");
}
