//! Movie headers that are made of client manifests, before fragments that were cut out of whole files: foreign software finds
//! in header and fragments what was in the file.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boxlock::boxes::aac::AacConfig;
use boxlock::bytes::{ContentKey, KeyId};
use boxlock::manifest::{self, smooth::SmoothHeader};
use boxlock_judges::{TrackKey, bento4_decrypt};
use proptest::prelude::*;

use crate::report::types::Types;
use crate::support::ffmpeg::{self, Scratch};
use crate::support::raw::{self, PIFF_PSSH, PIFF_TENC, RawBox, boxes};
use crate::support::{self, drive};

/// Key of the corpus's files.
const KEY: &str = "b42ca3172ee4e69bf51848a59db9cd13";
const KID: &str = "09e36702-8f33-436c-a5dd-60ffe6671e70";

/// The fragments of one track, each `moof` with its `mdat`.
fn fragments(file: &[u8], track: u32) -> Vec<Vec<u8>> {
    let all = boxes(file, 0);
    let own =
        |pair: &[RawBox<'_>]| pair[0].name == "moof" && raw::be32(pair[0].at("traf/tfhd").body(), 4) == track;
    all.windows(2).filter(|pair| own(pair)).map(|pair| [pair[0].bytes, pair[1].bytes].concat()).collect()
}

/// Their heads alone, as the page gives them.
fn heads(fragments: &[Vec<u8>]) -> Vec<u8> {
    fragments.iter().flat_map(|fragment| boxes(fragment, 0)[0].bytes.to_vec()).collect()
}

fn made(manifest: &str, track: usize, fragments: &[Vec<u8>]) -> SmoothHeader {
    manifest::smooth_header(manifest.as_bytes(), track, &heads(fragments)).unwrap()
}

fn init(header: &SmoothHeader) -> Vec<u8> {
    STANDARD.decode(&header.init).unwrap()
}

/// Header and fragments as the one file that they are.
fn whole(manifest: &str, track: usize, fragments: &[Vec<u8>]) -> Vec<u8> {
    [init(&made(manifest, track, fragments)), fragments.concat()].concat()
}

/// The sample entry of the only track of a file, or that of a number.
fn entry(file: &[u8], number: usize) -> Vec<u8> {
    let all = boxes(file, 0);
    let moov = all.iter().find(|one| one.name == "moov").unwrap();
    let traks: Vec<_> = moov.children().into_iter().filter(|one| one.name == "trak").collect();
    let stsd = traks[number].at("mdia/minf/stbl/stsd");
    stsd.children_after(8)[0].bytes.to_vec()
}

/// A box of a sample entry, whose fields are of pictures or of sound.
fn in_entry(entry: &[u8], name: &str) -> Vec<u8> {
    let own = boxes(entry, 0);
    let skip = if matches!(own[0].name.as_str(), "mp4a" | "enca" | "ec-3" | "ac-3") { 28 } else { 78 };
    let found = own[0].children_after(skip).into_iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {}", own[0].name)).bytes.to_vec()
}

fn corpus(name: &str) -> Option<Vec<u8>> {
    support::corpus_file(name)
}

#[test]
fn a_file_of_microsofts_tools_is_the_same_with_a_header_made_of_its_manifest() {
    let (Some(file), Some(manifest)) =
        (corpus("smooth/azure-sdk__small.ismv"), corpus("smooth/azure-sdk__small.ismc"))
    else {
        return support::not_run("the corpus is not there");
    };
    let manifest = String::from_utf8(manifest).unwrap();
    let cut = fragments(&file, 1);
    assert_eq!(cut.len(), 1);
    let again = whole(&manifest, 0, &cut);
    assert_eq!(drive::samples(&again), drive::samples(&file));
    // Theirs says in its profile_compatibility what the sequence parameter set does not, and leaves out what the High profile
    // adds at the end (ISO/IEC 14496-15 5.3.3.1.2); the rest is the same, parameter sets included.
    let [ours, theirs] = [&again, &file].map(|file| in_entry(&entry(file, 0), "avcC"));
    assert_eq!((ours[10], theirs[10], ours.len() - theirs.len()), (ours[16 + 2], 0x40, 4));
    assert_eq!((ours[9], &ours[11..theirs.len()]), (theirs[9], &theirs[11..]));
    assert_eq!(&ours[theirs.len()..], [0xfd, 0xf8, 0xf8, 0]);
    if ffmpeg::present() {
        let decoded = ffmpeg::decode(&file, None, "v");
        assert!(decoded.frames.len() > 40);
        assert_eq!(ffmpeg::decode(&again, None, "v"), decoded);
        assert_eq!(ffmpeg::packets(&again), ffmpeg::packets(&file));
    }
}

/// What FFmpeg's muxer of Smooth Streaming leaves in a folder: its manifest, and the fragments of a quality by their times.
struct Presentation {
    manifest: String,
    folder: std::path::PathBuf,
}

impl Presentation {
    fn of(source: &Path, arguments: &[&str]) -> Self {
        let folder = Scratch::path(".ism").0.clone();
        let mut command = Command::new("ffmpeg");
        command
            .args(["-v", "error", "-y", "-i"])
            .arg(source)
            .args(["-map", "0", "-c", "copy"])
            .args(arguments);
        command.args(["-min_frag_duration", "1000000", "-f", "smoothstreaming"]).arg(&folder);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let manifest = std::fs::read_to_string(folder.join("Manifest")).unwrap();
        Self { manifest, folder }
    }

    fn fragments(&self, bitrate: &str, name: &str) -> Vec<Vec<u8>> {
        let folder = self.folder.join(format!("QualityLevels({bitrate})"));
        let begin = format!("Fragments({name}=");
        let mut found: Vec<(u64, Vec<u8>)> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|one| {
                let one = one.unwrap();
                let name = one.file_name().into_string().unwrap();
                let time = name.strip_prefix(&begin)?.strip_suffix(')')?.parse().unwrap();
                Some((time, std::fs::read(one.path()).unwrap()))
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, bytes)| bytes).collect()
    }
}

impl Drop for Presentation {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn fragments_in_folders_are_the_file_that_they_were_made_of() {
    if !ffmpeg::present() {
        return;
    }
    let source = Scratch::of(&ffmpeg::make(4, true, true, &["-b:v", "200k", "-bf", "2"]));
    let written = ffmpeg::make_by(".ismv", &format!("-i {} -map 0 -c copy -f ismv", source.0.display()));
    let all = Presentation::of(&source.0, &["-b:v", "200000", "-b:a", "96000"]);
    for (track, bitrate, name, kind, record) in
        [(0, "200000", "video", "v", "avcC"), (1, "96000", "audio", "a", "esds")]
    {
        let cut = all.fragments(bitrate, name);
        assert!(cut.len() >= 3, "{name}: {}", cut.len());
        let again = whole(&all.manifest, track, &cut);
        let samples: Vec<Vec<u8>> = drive::samples(&again).into_values().flatten().collect();
        let number = u32::try_from(track).unwrap() + 1;
        assert_eq!(&samples, &drive::samples(&written)[&number], "{name}");
        let decoded = ffmpeg::decode(&written, None, kind);
        let stream = decoded
            .frames
            .iter()
            .map(|line| line.replacen(&format!("{track},"), "0,", 1))
            .collect::<Vec<_>>();
        let found = ffmpeg::decode(&again, None, kind);
        // Some priming before the first sample is told by the edit list of a whole file alone: no manifest has it.
        let content = |lines: &[String]| {
            lines.iter().map(|line| line.rsplit(',').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(content(&found.frames), content(&stream), "{name}");
        assert_eq!(found.errors, "", "{name}");
        let [ours, theirs] =
            [(&again, 0), (&written, track)].map(|(file, n)| in_entry(&entry(file, n), record));
        if record == "avcC" {
            assert_eq!(ours, theirs);
        } else {
            // The AudioSpecificConfig is the same; bitrates and lengths of descriptors are written otherwise.
            let config = hex::decode(
                all.manifest.split("CodecPrivateData=\"").nth(2).unwrap().split('"').next().unwrap(),
            )
            .unwrap();
            for esds in [&ours, &theirs] {
                assert!(esds.windows(config.len()).any(|window| window == config), "{}", hex::encode(esds));
            }
        }
    }
}

/// A manifest with one stream of one quality.
fn manifest_of(kind: &str, level: &str, protection: &str) -> String {
    format!(
        "<SmoothStreamingMedia MajorVersion='2' MinorVersion='0' Duration='40000000'>{protection}\
         <StreamIndex Type='{kind}' Name='{kind}' Language='de' Url='QualityLevels({{bitrate}})/Fragments({kind}={{start time}})'>\
         <QualityLevel Index='0' Bitrate='200000' {level}/><c t='0' d='40000000'/></StreamIndex></SmoothStreamingMedia>"
    )
}

/// Parameter sets of an `hvcC` behind start codes, as manifests have them.
fn annex_b(hvcc: &[u8]) -> String {
    let mut found = String::new();
    let mut at = 8 + 23;
    while at < hvcc.len() {
        let count = usize::from(u16::from_be_bytes([hvcc[at + 1], hvcc[at + 2]]));
        at += 3;
        for _ in 0..count {
            let len = usize::from(u16::from_be_bytes([hvcc[at], hvcc[at + 1]]));
            found += "00000001";
            found += &hex::encode(&hvcc[at + 2..at + 2 + len]);
            at += 2 + len;
        }
    }
    found
}

#[test]
fn fragments_of_hevc_are_the_file_that_they_were_cut_from() {
    if !ffmpeg::present() {
        return;
    }
    let arguments = "-f lavfi -i testsrc2=size=192x108:rate=25:duration=3 -c:v libx265 -x265-params info=0:keyint=25:log-level=none \
                     -pix_fmt yuv420p10le -tag:v hvc1 -movflags frag_keyframe+empty_moov+default_base_moof -f mp4";
    let file = ffmpeg::make_by(".mp4", arguments);
    let cut = fragments(&file, 1);
    assert_eq!(cut.len(), 3);
    let record = in_entry(&entry(&file, 0), "hvcC");
    let manifest = manifest_of(
        "video",
        &format!("FourCC='HVC1' MaxWidth='192' MaxHeight='108' CodecPrivateData='{}'", annex_b(&record)),
        "",
    );
    let timescale = "TimeScale='12800' Duration='38400'";
    let manifest = manifest.replace("Duration='40000000'", timescale);
    let again = whole(&manifest, 0, &cut);
    let found = in_entry(&entry(&again, 0), "hvcC");
    // FFmpeg reads the frame rate of the VUI, and whether slices could be decoded at once, out of the sets; those that players
    // need are the same.
    assert_eq!(&found[..8 + 13], &record[..8 + 13], "profile and level");
    assert_eq!(&found[8 + 16..8 + 19], &record[8 + 16..8 + 19], "chroma format and depths");
    assert_eq!(found[8 + 21] & 3, record[8 + 21] & 3, "length size");
    assert_eq!(annex_b(&found), annex_b(&record));
    assert_eq!(ffmpeg::decode(&again, None, "v"), ffmpeg::decode(&file, None, "v"));
    assert_eq!(drive::samples(&again), drive::samples(&file));
}

/// A PlayReady object of a file, as a manifest has it.
fn protection_of(file: &[u8]) -> String {
    let all = boxes(file, 0);
    let moov = all.iter().find(|one| one.name == "moov").unwrap();
    let pssh = moov.child(PIFF_PSSH).or(moov.child("pssh")).unwrap();
    let object = &pssh.body()[24..];
    format!(
        "<Protection><ProtectionHeader SystemID='9a04f079-9840-4286-ab92-e65be0885f95'>{}</ProtectionHeader></Protection>",
        STANDARD.encode(object)
    )
}

#[test]
fn encrypted_fragments_are_opened_with_their_key_by_bento4_and_here() {
    let names = ["small_piffctr", "bbb10s_piffctr", "bbb10s_piffcbc"];
    let read = names.map(|name| corpus(&format!("piff/synth_bento4__{name}.ismv")));
    let clear = ["smooth/azure-sdk__small.ismv", "mp4-frag-mixed/shaka-packager__BigBuckBunny_10s.ismv"];
    let [Some(small), Some(bunny)] = clear.map(corpus) else {
        return support::not_run("the corpus is not there");
    };
    for (name, file) in names.iter().zip(read) {
        let file = file.unwrap();
        let clear = if name.starts_with("small") { &small } else { &bunny };
        let expected = drive::samples(clear);
        for (number, (&id, samples)) in expected.iter().enumerate() {
            let cut = fragments(&file, id);
            assert!(!cut.is_empty(), "{name}");
            let source = entry(clear, number);
            let own = boxes(&source, 0)[0].name.clone();
            let is_sound = own == "mp4a";
            let level = if is_sound {
                let esds = in_entry(&source, "esds");
                let at = esds
                    .windows(2)
                    .rposition(|two| two == [0x05, 0x80])
                    .map_or_else(|| esds.iter().rposition(|byte| *byte == 0x05).unwrap() + 2, |at| at + 5);
                let len = usize::from(esds[at - 1]);
                format!(
                    "FourCC='AACL' SamplingRate='48000' Channels='2' CodecPrivateData='{}'",
                    hex::encode(&esds[at..at + len])
                )
            } else {
                let avcc = in_entry(&source, "avcC");
                let sps = usize::from(avcc[15]);
                let pps = usize::from(avcc[16 + sps + 2]);
                let (sps, pps) = (&avcc[16..16 + sps], &avcc[16 + sps + 3..16 + sps + 3 + pps]);
                format!(
                    "FourCC='H264' MaxWidth='512' MaxHeight='288' CodecPrivateData='00000001{}00000001{}'",
                    hex::encode(sps),
                    hex::encode(pps)
                )
            };
            let protection = if name.ends_with("cbc") {
                // There is no PlayReady header in this one; the manifest of another with the same key stands in.
                protection_of(&corpus("piff/synth_bento4__bbb10s_piffctr.ismv").unwrap())
            } else {
                protection_of(&file)
            };
            let manifest = manifest_of(if is_sound { "audio" } else { "video" }, &level, &protection);
            let header = made(&manifest, 0, &cut);
            assert_eq!((header.track_id, header.notes.len()), (id, 0), "{name}");
            let mut again = [init(&header), cut.concat()].concat();
            let made_entry = entry(&again, 0);
            let sinf = in_entry(&made_entry, "sinf");
            let tenc = boxes(&sinf, 0)[0].at("schi").child(PIFF_TENC).unwrap().body().to_vec();
            let original = entry(&file, number);
            let theirs = in_entry(&original, "sinf");
            let theirs = boxes(&theirs, 0)[0].at("schi").child(PIFF_TENC).unwrap().body().to_vec();
            if name.ends_with("cbc") {
                // The algorithm is said by the header, which is that of another file here.
                assert_eq!((tenc[6], &tenc[8..]), (1, &theirs[8..]));
                let at = again
                    .windows(20)
                    .position(|window| window[4..] == tenc[8..24] && window[..4] == tenc[4..8])
                    .unwrap();
                again[at + 2] = 2;
            } else {
                assert_eq!(tenc, theirs, "{name}: algorithm, IV size and key ID");
            }
            let key: [u8; 16] = hex::decode(KEY).unwrap().try_into().unwrap();
            let found = drive::decrypted_samples(&again, |_, kid| {
                assert_eq!(kid.map(|kid: KeyId| kid.uuid()).as_deref(), Some(KID));
                Some(ContentKey(key))
            });
            assert_eq!(&found.unwrap()[&id], samples, "{name}: track {id}");
            let opened = bento4_decrypt(&again, &[TrackKey { track_id: id, key }]);
            assert_eq!(&drive::samples(&opened)[&id], samples, "{name}: track {id} by Bento4");
        }
    }
}

#[test]
fn without_a_header_in_the_manifest_encrypted_fragments_stay_encrypted_and_that_is_said() {
    let Some(file) = corpus("piff/synth_bento4__small_piffctr.ismv") else {
        return support::not_run("the corpus is not there");
    };
    let manifest = String::from_utf8(corpus("smooth/azure-sdk__small.ismc").unwrap()).unwrap();
    let header = made(&manifest, 0, &fragments(&file, 1));
    assert!(header.notes[0].contains("the key ID is not known"), "{:?}", header.notes);
    assert_eq!(boxes(&entry(&init(&header), 0), 0)[0].name, "encv");
    Types::read(include_str!("../../www/types.d.ts"))
        .check("SmoothHeader", &serde_json::to_value(&header).unwrap())
        .unwrap();
}

/// A `moof` of one track.
fn head(track: u32) -> Vec<u8> {
    let tfhd = [&[0, 0, 0, 16][..], b"tfhd", &[0, 0, 0, 0], &track.to_be_bytes()].concat();
    let traf = [&[0, 0, 0, 24][..], b"traf", &tfhd].concat();
    [&[0, 0, 0, 32][..], b"moof", &traf].concat()
}

#[test]
fn sound_without_private_data_is_configured_of_rate_and_channels() {
    for (code, rate, channels, expected) in [
        ("AACL", 48_000, 2, (2, 48_000, 48_000, 2)),
        ("AACL", 44_100, 6, (2, 44_100, 44_100, 6)),
        ("AACL", 12_345, 1, (2, 12_345, 12_345, 1)),
        ("AACH", 24_000, 2, (5, 24_000, 48_000, 2)),
        ("AACH", 48_000, 2, (5, 24_000, 48_000, 2)),
        ("AACP", 44_100, 2, (29, 22_050, 44_100, 2)),
    ] {
        let level =
            format!("FourCC='{code}' SamplingRate='{rate}' Channels='{channels}' CodecPrivateData=''");
        let header =
            manifest::smooth_header(manifest_of("audio", &level, "").as_bytes(), 0, &head(7)).unwrap();
        assert_eq!(header.track_id, 7);
        assert!(header.notes[0].contains("SamplingRate and Channels"), "{:?}", header.notes);
        let bytes = init(&header);
        let esds = in_entry(&entry(&bytes, 0), "esds");
        // Behind the box's header, version and flags stand the fields of the two descriptors around it.
        assert_eq!(esds[32], 0x05);
        let config = AacConfig::parse(&esds[34..34 + usize::from(esds[33])]).unwrap();
        assert_eq!(
            (config.object_type, config.core_rate, config.rate, config.channels),
            expected,
            "{code} {rate}"
        );
    }
}

#[test]
fn dolby_digital_plus_is_configured_of_what_stands_behind_the_guid() {
    let Some(file) = corpus("mp4-frag-mixed/shaka-packager__bear-640x360-ec3.mp4") else {
        return support::not_run("the corpus is not there");
    };
    let source =
        (0..2).map(|number| entry(&file, number)).find(|entry| boxes(entry, 0)[0].name == "ec-3").unwrap();
    let dec3 = in_entry(&source, "dec3");
    let extensible = "00063f000000af87fba7022dfb42a4d405cd93843bdd";
    let level = format!(
        "FourCC='EC-3' SamplingRate='48000' Channels='6' CodecPrivateData='{extensible}{}'",
        hex::encode(&dec3[8..])
    );
    let header = manifest::smooth_header(manifest_of("audio", &level, "").as_bytes(), 0, &head(1)).unwrap();
    assert_eq!(in_entry(&entry(&init(&header), 0), "dec3"), dec3);
}

#[test]
fn what_cannot_be_made_is_refused_and_said_why() {
    let sets = "000000016764000cacd941419f9f011000000300100000030320f14299600000000168ebecb22c";
    for (kind, level, code, words) in [
        ("video", "FourCC='WVC1' CodecPrivateData='25'", "smooth-codec", "FourCC WVC1, VC-1"),
        ("audio", "FourCC='WMAP' CodecPrivateData='25'", "smooth-codec", "FourCC WMAP, WMA Professional"),
        ("video", "FourCC='AACL' CodecPrivateData='1190'", "smooth-codec", "FourCC AACL"),
        ("audio", "CodecPrivateData='1190'", "smooth-codec", "no FourCC"),
        ("video", "FourCC='H264' CodecPrivateData='0164'", "smooth-codec-data", "is not 00000001"),
        (
            "video",
            "FourCC='H264' CodecPrivateData='000000016764000001680000'",
            "smooth-codec-data",
            "(FourCC H264, 12 bytes)",
        ),
        ("video", "FourCC='HVC1' CodecPrivateData='0000000140'", "smooth-codec-data", "each behind 00000001"),
        ("audio", "FourCC='AACL' Channels='2' CodecPrivateData=''", "smooth-codec-data", "no SamplingRate"),
        (
            "audio",
            "FourCC='AACL' SamplingRate='48000' Channels='7' CodecPrivateData=''",
            "smooth-codec-data",
            "7 channels",
        ),
        ("audio", "FourCC='EC-3' CodecPrivateData='00'", "smooth-codec-data", "dec3"),
    ] {
        let error =
            manifest::smooth_header(manifest_of(kind, level, "").as_bytes(), 0, &head(1)).unwrap_err();
        assert_eq!(error.code(), code, "{level}: {error}");
        assert!(error.message().contains(words), "{level}: {error}");
    }
    let good =
        |more: &str| manifest_of("video", &format!("FourCC='H264' {more} CodecPrivateData='{sets}'"), "");
    let refused =
        |text: &str, track, heads: &[u8]| manifest::smooth_header(text.as_bytes(), track, heads).unwrap_err();
    assert!(manifest::smooth_header(good("").as_bytes(), 0, &head(1)).is_ok());
    assert_eq!(refused(&good(""), 1, &head(1)).code(), "smooth-no-track");
    assert_eq!(refused(&good(""), 0, &[]).code(), "smooth-heads");
    let two = refused(&good(""), 0, &[head(1), head(2)].concat());
    assert!(two.message().contains("1 and 2"), "{two}");
    assert_eq!(refused(&good("NALUnitLengthField='3'"), 0, &head(1)).code(), "smooth-codec-data");
    let wide = refused(&good("MaxWidth='70000' MaxHeight='2'"), 0, &head(1));
    assert!(wide.message().contains("70000") && wide.message().contains("65535"), "{wide}");
    assert_eq!(refused("<MPD/>", 0, &head(1)).code(), "smooth-not-client");
}

#[test]
fn headers_say_language_length_and_size() {
    let sets = "000000016764000cacd941419f9f011000000300100000030320f14299600000000168ebecb22c";
    let text =
        manifest_of("video", &format!("FourCC='AVC1' NALUnitLengthField='2' CodecPrivateData='{sets}'"), "");
    let header = manifest::smooth_header(text.as_bytes(), 0, &head(3)).unwrap();
    let session = drive::open(&init(&header), drive::Feed::Exact).unwrap();
    let index = session.index().unwrap();
    let movie = index.movie.as_ref().unwrap();
    assert_eq!((movie.whole_duration, movie.tracks.len(), movie.tracks[0].id), (Some(40_000_000), 1, 3));
    let shown = serde_json::to_value(boxlock::report::tracks(index)).unwrap();
    assert_eq!(
        (&shown[0]["width"], &shown[0]["height"], &shown[0]["language"]),
        (&320.into(), &180.into(), &"de".into())
    );
    assert_eq!(in_entry(&entry(&init(&header), 0), "avcC")[12] & 3, 1);
}

fn damage() -> impl Strategy<Value = (String, Vec<u8>)> {
    let level = prop_oneof![
        (prop::sample::select(vec!["H264", "AVC1", "HVC1", "HEV1", "AACL", "AACH", "AACP", "EC-3", "AC-3", "TTML", "WVC1", ""]),
         prop::collection::vec(any::<u8>(), 0..80), prop::sample::select(vec!["video", "audio", "text"]), any::<u64>(), any::<u16>())
            .prop_map(|(code, bytes, kind, rate, channels)| {
                let start = if code.starts_with('H') || code == "AVC1" { "0000000167640028" } else { "" };
                manifest_of(kind, &format!(
                    "FourCC='{code}' SamplingRate='{rate}' Channels='{channels}' MaxWidth='{channels}' MaxHeight='{rate}' \
                     CodecPrivateData='{start}{}'", hex::encode(bytes)), "")
            }),
    ];
    let head = (prop::collection::vec(any::<u8>(), 0..60), any::<bool>(), any::<u32>()).prop_map(
        |(senc, whole, track)| {
            if !whole {
                return senc;
            }
            let tfhd = [&[0, 0, 0, 16][..], b"tfhd", &[0, 0, 0, 0], &track.to_be_bytes()].concat();
            let user = hex::decode("a2394f525a9b4f14a2446c427c648df4").unwrap();
            let len = u8::try_from(24 + senc.len()).unwrap();
            let senc = [&[0, 0, 0, len][..], b"uuid", &user, &senc].concat();
            let len = u8::try_from(8 + tfhd.len() + senc.len()).unwrap();
            let traf = [&[0, 0, 0, len][..], b"traf", &tfhd, &senc].concat();
            [&[0, 0, 0, len + 8][..], b"moof", &traf].concat()
        },
    );
    (level, head)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_given_a_header_is_made_that_opens_or_it_is_said_why_not((text, heads) in damage()) {
        match manifest::smooth_header(text.as_bytes(), 0, &heads) {
            Ok(header) => {
                let bytes = init(&header);
                let session = drive::open(&bytes, drive::Feed::Exact);
                prop_assert!(session.is_ok(), "{:?}", session.err());
                let session = session.unwrap();
                let movie = session.index().unwrap().movie.as_ref().unwrap().tracks.len();
                prop_assert_eq!(movie, 1);
            }
            // The manifest is told by its numbers; only what is damaged in a fragment has a place.
            Err(error) => prop_assert!(error.message().ends_with(['.', ')']) && !error.code().is_empty(), "{error:?}"),
        }
    }
}
