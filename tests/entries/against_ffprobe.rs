//! Every file of the corpus against FFprobe, each difference explained.

use std::collections::BTreeMap;

use boxlock::track::SampleEntry;
use serde_json::Value;

use super::entries;
use crate::support::{corpus, corpus_files, ffmpeg};

const STREAMS: &str = "stream=id,codec_name,codec_tag_string,profile,channels,sample_rate,width,height";

/// FFprobe's name of a codec, and how our names begin.
const CODECS: [(&str, &[&str]); 24] = [
    ("h264", &["H.264"]),
    ("hevc", &["HEVC"]),
    ("av1", &["AV1"]),
    ("vp9", &["VP9"]),
    ("mpeg4", &["MPEG-4 Visual"]),
    ("mpeg2video", &["MPEG-2 video"]),
    ("mpeg1video", &["MPEG-1 video", "MPEG-2 video"]),
    ("mjpeg", &["JPEG"]),
    ("png", &["PNG"]),
    ("aac", &["AAC", "HE-AAC", "xHE-AAC", "MPEG-2 AAC", "MPEG-4 audio"]),
    ("mp3", &["MP3"]),
    ("mp2", &["MP3", "MPEG-1 audio"]),
    ("opus", &["Opus"]),
    ("vorbis", &["Vorbis"]),
    ("flac", &["FLAC"]),
    ("alac", &["Apple Lossless"]),
    ("ac3", &["Dolby Digital (AC-3)"]),
    ("eac3", &["Dolby Digital Plus"]),
    ("dts", &["DTS"]),
    ("amr_nb", &["AMR narrowband"]),
    ("pcm_s24le", &["PCM"]),
    ("webvtt", &["WebVTT"]),
    ("eia_608", &["CEA-608"]),
    ("dvd_subtitle", &["Subpictures"]),
];

/// What is different, and why ours is right: file, fields, ours, FFprobe's.
const DIFFERENCES: &[(&str, &str, &str, &str, &str)] = &[
    ("fq__mp3.mp4", "channels", "2", "1", "MP3 says its channels in its frames alone, which FFprobe reads"),
    ("fq__stz2.mp4", "channels", "2", "1", "MP3 again"),
    (
        "shaka-packager__bear-640x360-av_frag.mp4",
        "channels",
        "2",
        "13",
        "the AudioSpecificConfig 1210 says stereo; FFprobe believes frames that its decoder calls damaged",
    ),
];

fn compare(ours: &SampleEntry, theirs: &Value) -> Vec<(String, String, String)> {
    let mut different = Vec::new();
    let mut check = |what: &str, ours: String, theirs: Option<String>| {
        if let Some(theirs) = theirs
            && ours != theirs
        {
            different.push((what.to_owned(), ours, theirs));
        }
    };
    let text = |what: &str| theirs[what].as_str().map(str::to_owned);
    let number = |what: &str| theirs[what].as_u64().map(|number| number.to_string());
    let name = ours.codec_name();
    // Bytes that are no text are written otherwise.
    let tag = text("codec_tag_string").filter(|tag| !tag.starts_with('['));
    // Of encrypted entries it has the one or the other type.
    check("codec_tag", ours.format.text(), tag.filter(|tag| *tag != ours.coded.text()));
    if let Some(codec) = text("codec_name").filter(|codec| codec != "unknown" && codec != "none") {
        let known = CODECS.iter().find(|(other, _)| *other == codec);
        let same = known.is_some_and(|(_, names)| names.iter().any(|begin| name.starts_with(begin)));
        check("codec", if same { codec.clone() } else { name.clone() }, Some(codec));
    }
    // FFprobe's words for profiles that ours end with.
    if let Some(profile) =
        text("profile").filter(|profile| profile.parse::<i64>().is_err() && profile != "unknown")
    {
        let spoken = match profile.as_str() {
            "LC" | "Main" | "SSR" | "LTP" => profile.clone(),
            "Rext" => "4:".to_owned(),
            "Simple Profile" => "Simple".to_owned(),
            "Advanced Simple Profile" => "Advanced Simple".to_owned(),
            other => other.to_owned(),
        };
        check("profile", if name.contains(&spoken) { profile.clone() } else { name }, Some(profile));
    }
    if let Some((channels, rate)) = ours.sound {
        check("channels", channels.to_string(), number("channels"));
        check("sample_rate", rate.to_string(), text("sample_rate"));
    }
    if let Some((width, height)) = ours.size {
        check("width", width.to_string(), number("width"));
        check("height", height.to_string(), number("height"));
    }
    different
}

#[test]
fn all_sample_entries_of_the_corpus_are_what_ffprobe_says() {
    let Some(root) = corpus() else { return };
    if !ffmpeg::present() {
        return;
    }
    let (mut compared, mut wrong, mut explained) = (0, Vec::new(), BTreeMap::new());
    for (name, bytes) in corpus_files() {
        let tracks = entries(&bytes);
        if tracks.is_empty() {
            continue;
        }
        let streams = ffmpeg::probe(&root.join(&name), &[], STREAMS);
        for stream in streams["streams"].as_array().into_iter().flatten() {
            let id = stream["id"]
                .as_str()
                .and_then(|id| u32::from_str_radix(id.trim_start_matches("0x"), 16).ok());
            let track = tracks.iter().find(|(other, _)| Some(*other) == id);
            let Some(entry) = track.and_then(|(_, entries)| entries.first()) else { continue };
            assert!(!entry.codec_name().starts_with("unknown codec"), "{name}: {}", entry.codec_name());
            for (what, ours, theirs) in compare(entry, stream) {
                let why = DIFFERENCES.iter().position(|(file, field, our, their, _)| {
                    name.contains(file) && *field == what && (*our, *their) == (&*ours, &*theirs)
                });
                match why {
                    Some(at) => *explained.entry(at).or_insert(0) += 1,
                    None => wrong.push(format!("(\"{name}\", \"{what}\", \"{ours}\", \"{theirs}\", \"\"),")),
                }
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{compared} compared, {} different:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 150, "{compared} compared");
    assert_eq!(
        explained.len(),
        DIFFERENCES.len(),
        "each difference of the list is still there: {explained:?}"
    );
}
