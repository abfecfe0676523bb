//! Rows against the packets that FFprobe takes out of the same files.

use std::collections::BTreeMap;

use boxlock::samples::Row;
use serde_json::Value;

use crate::support::{self, ffmpeg};

use super::Looked;

/// A packet: position, bytes, decode and presentation time, duration, whether it is a key frame.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Packet {
    start: u64,
    size: u64,
    dts: Option<i64>,
    pts: Option<i64>,
    duration: Option<i64>,
    key: bool,
}

/// The packets of each track, by its ID, in their order; without those of codecs whose samples FFprobe puts together.
fn packets(file: &[u8]) -> BTreeMap<u32, Vec<Packet>> {
    let scratch = ffmpeg::Scratch::of(file);
    let entries = "stream=index,id,codec_name:packet=stream_index,pts,dts,duration,size,pos,flags";
    let arguments = ["-ignore_editlist", "1", "-fflags", "+ignidx"];
    let said = ffmpeg::probe(&scratch.0, &arguments, entries);
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let mut tracks: BTreeMap<u32, Vec<Packet>> = BTreeMap::new();
    let list = |name: &str| said[name].as_array().cloned().unwrap_or_default();
    for stream in list("streams") {
        let Some(id) = stream["id"].as_str() else { continue };
        let codec = stream["codec_name"].as_str().unwrap_or("");
        if codec.starts_with("pcm") || codec.is_empty() {
            continue;
        }
        let id = u32::from_str_radix(id.trim_start_matches("0x"), 16).unwrap();
        let all = tracks.entry(id).or_default();
        for packet in list("packets").iter().filter(|packet| packet["stream_index"] == stream["index"]) {
            let (Some(start), Some(size)) = (number(&packet["pos"]), number(&packet["size"])) else {
                continue;
            };
            all.push(Packet {
                start: start as u64,
                size: size as u64,
                dts: number(&packet["dts"]),
                pts: number(&packet["pts"]),
                duration: number(&packet["duration"]),
                key: packet["flags"].as_str().is_some_and(|flags| flags.starts_with('K')),
            });
        }
    }
    tracks
}

/// Tracks in which FFprobe is no judge, and why.
const NO_JUDGE: [(&str, &str); 12] = [
    ("go-mp4__sample_qt.mp4", "it is cut short, and FFprobe stops in the middle"),
    ("mp4ff__cbcs.mp4", "it is cut short"),
    ("mp4ff__cbcsdec.mp4", "captions have other sizes once FFprobe has taken their boxes off"),
    ("mp4ff__main_1.mp4", "the same"),
    ("bear-640x360-av_frag.mp4", "FFmpeg looks for the second track where there is no AAC"),
    ("bear-640x360-no_edit_list.mp4", "it is cut short, and FFprobe's parser knows no picture of it"),
    (
        "fq__fragmented.mp4",
        "FFprobe's parser takes pictures that begin with 'depends on none' for no key frames",
    ),
    ("240fps_go_pro_hero_4.mp4", "FFprobe's parser finds key frames that their flags deny"),
    (
        "mp4ff__stereo_spatial.mp4",
        "FFmpeg moves decode times before presentation times, though no offset is negative",
    ),
    (
        "synth_bento4__small_piffctr.ismv",
        "flags say that all are sync samples, and FFprobe takes them from 'tfra'",
    ),
    ("azure-sdk__small.ismv", "the same"),
    ("bear-320x240-vp9-opus-video", "FFprobe guesses durations"),
];

/// What of a track differs, in words.
fn differences(rows: &[Row], packets: &[Packet]) -> Vec<String> {
    // FFprobe leaves out samples without bytes.
    let rows: Vec<&Row> = rows.iter().filter(|row| row.size > 0).collect();
    let mut said = Vec::new();
    if rows.len() != packets.len() {
        said.push(format!("{} samples, {} packets", rows.len(), packets.len()));
    }
    let by_start: BTreeMap<u64, &&Row> = rows.iter().map(|row| (row.start, row)).collect();
    // FFmpeg begins at 0 where a track begins before, and moves presentation times until none is before its decode time.
    let begins = rows.first().map_or(0, |row| row.decode).min(0);
    let earliest = rows.iter().map(|row| row.composition - row.decode).min().unwrap_or(0).min(0);
    for (number, packet) in packets.iter().enumerate() {
        let Some(row) = by_start.get(&packet.start) else {
            said.push(format!("no sample at {packet:?}"));
            continue;
        };
        if u64::from(row.size) != packet.size {
            said.push(format!("{} bytes at {packet:?}", row.size));
        }
        let fits = |said: Option<i64>, own: i64, moved: i64| {
            said.is_none_or(|said| said == own || said == own - moved)
        };
        if !fits(packet.dts, row.decode, begins) {
            said.push(format!("decode time {} at {packet:?}", row.decode));
        }
        if !fits(packet.pts, row.composition, begins + earliest) {
            said.push(format!("composition time {} at {packet:?}", row.composition));
        }
        // Where FFprobe guesses a duration, as it does of none, the next packet tells.
        let to_next = packets.get(number + 1).and_then(|next| Some(next.dts? - packet.dts?));
        let duration = i64::from(row.duration);
        if number + 1 < packets.len()
            && duration > 0
            && packet.duration != Some(duration)
            && to_next != Some(duration)
        {
            said.push(format!("duration {duration} at {packet:?}"));
        }
        if packet.key == row.flags.is_non_sync() {
            said.push(format!("flags {:x} at {packet:?}", row.flags.0));
        }
    }
    said
}

/// How many packets were compared, and what differs.
fn compare(name: &str, file: &[u8]) -> (usize, Vec<String>) {
    let Some(mut looked) = Looked::open(file) else { return (0, Vec::new()) };
    let packets = packets(file);
    let (mut compared, mut all) = (0, Vec::new());
    for track in looked.tracks() {
        let Some(packets) = packets.get(&track).filter(|packets| !packets.is_empty()) else { continue };
        let Ok((rows, _)) = looked.rows(track) else { continue };
        compared += packets.len();
        let said = differences(&rows, packets);
        if !said.is_empty() {
            let first = said.iter().take(2).cloned().collect::<Vec<_>>().join("; ");
            all.push(format!("{name} track {track}: {} differences, as {first}", said.len()));
        }
    }
    (compared, all)
}

#[test]
fn rows_are_the_packets_that_ffprobe_finds_in_the_corpus() {
    if !ffmpeg::present() {
        return;
    }
    let (mut compared, mut files, mut said) = (0, 0, Vec::new());
    for (name, file) in support::corpus_files() {
        if file.len() > 4 << 20 || NO_JUDGE.iter().any(|(named, _)| name.contains(named)) {
            continue;
        }
        let (packets, differences) = compare(&name, &file);
        compared += packets;
        files += usize::from(packets > 0);
        said.extend(differences);
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
    assert!(files == 0 || compared > 10_000, "{compared} packets of {files} files");
}

#[test]
fn rows_are_the_packets_that_ffprobe_finds_in_files_that_are_made() {
    if !ffmpeg::present() {
        return;
    }
    let forms: [&[&str]; 6] = [
        &[],
        &["-bf", "3", "-movflags", "faststart"],
        &["-bf", "2", "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
        &["-bf", "2", "-movflags", "frag_every_frame+empty_moov"],
        // The first samples stand in the sample table, the others in fragments.
        &["-movflags", "frag_keyframe"],
        &["-f", "ismv"],
    ];
    for form in forms {
        let file = ffmpeg::make(3, true, true, form);
        let (compared, said) = compare(&form.join(" "), &file);
        assert!(said.is_empty(), "{}", said.join("\n"));
        assert!(compared > 150, "{form:?}: {compared}");
    }
}

/// Every byte of every `mdat` belongs to the sample whose packet FFprobe finds there, or to none where it finds none.
#[test]
fn every_byte_of_media_data_belongs_to_the_sample_that_ffprobe_says() {
    if !ffmpeg::present() {
        return;
    }
    let forms: [&[&str]; 4] = [
        &["-bf", "2"],
        &["-movflags", "frag_keyframe+empty_moov+default_base_moof"],
        &["-movflags", "frag_keyframe"],
        &["-f", "ismv"],
    ];
    for form in forms {
        let file = ffmpeg::make(1, true, true, form);
        let mut owners: Vec<Option<(u32, u64)>> = vec![None; file.len()];
        for (track, packets) in packets(&file) {
            for packet in packets {
                let start = packet.start as usize;
                owners[start..start + packet.size as usize].fill(Some((track, packet.start)));
            }
        }
        let mut looked = Looked::open(&file).unwrap();
        let mut found = 0;
        for (offset, owner) in (0..).zip(&owners) {
            let at = looked.ask(|samples, _| samples.at(offset)).unwrap();
            let at = at.map(|(track, row)| {
                assert!((row.start..row.start + u64::from(row.size)).contains(&offset));
                (track, row.start)
            });
            assert_eq!(at, *owner, "{form:?}: byte {offset}");
            found += u64::from(at.is_some());
        }
        assert!(found > 1000);
    }
}

#[test]
fn a_time_leads_to_the_sample_that_is_presented_then() {
    if !ffmpeg::present() {
        return;
    }
    for form in [&["-bf", "3"][..], &["-bf", "3", "-movflags", "frag_keyframe+empty_moov"]] {
        let file = ffmpeg::make(3, true, true, form);
        let mut looked = Looked::open(&file).unwrap();
        for track in looked.tracks() {
            let (rows, _) = looked.rows(track).unwrap();
            let first = rows.iter().map(|row| row.composition).min().unwrap();
            let last = rows.iter().map(|row| row.composition + i64::from(row.duration)).max().unwrap();
            for ticks in (first..last).step_by(97) {
                let found = looked.ask(|samples, _| samples.at_time(track, ticks)).unwrap().unwrap();
                let shown =
                    rows.iter().filter(|row| row.composition <= ticks).max_by_key(|row| row.composition);
                assert_eq!(
                    rows[found as usize].number,
                    shown.unwrap().number,
                    "{form:?}: track {track} at {ticks}"
                );
            }
        }
    }
}
