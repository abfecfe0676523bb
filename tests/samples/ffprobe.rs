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
            let (Some(start), Some(size)) = (number(&packet["pos"]), number(&packet["size"])) else { continue };
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

/// What of a track differs, in words.
fn differences(rows: &[Row], packets: &[Packet]) -> Vec<String> {
    // FFprobe leaves out samples without bytes, and what a damaged file no longer has.
    let rows: Vec<&Row> = rows.iter().filter(|row| row.size > 0).collect();
    let mut said = Vec::new();
    if rows.len() != packets.len() {
        said.push(format!("{} samples, {} packets", rows.len(), packets.len()));
    }
    let by_start: BTreeMap<u64, &&Row> = rows.iter().map(|row| (row.start, row)).collect();
    let last = rows.iter().map(|row| row.number).max().unwrap_or(0);
    for packet in packets {
        let Some(row) = by_start.get(&packet.start) else {
            said.push(format!("no sample at {packet:?}"));
            continue;
        };
        if u64::from(row.size) != packet.size {
            said.push(format!("{} bytes at {packet:?}", row.size));
        }
        if packet.dts.is_some_and(|dts| dts != row.decode) {
            said.push(format!("decode time {} at {packet:?}", row.decode));
        }
        if packet.pts.is_some_and(|pts| pts != row.composition) {
            said.push(format!("composition time {} at {packet:?}", row.composition));
        }
        if packet.duration.is_some_and(|ticks| ticks != i64::from(row.duration)) && row.number != last {
            said.push(format!("duration {} at {packet:?}", row.duration));
        }
        if packet.key == row.flags.is_non_sync() {
            said.push(format!("flags {:x} at {packet:?}", row.flags.0));
        }
    }
    said
}

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
    let mut all = 0;
    for (name, file) in support::corpus_files() {
        if file.len() > 4 << 20 {
            continue;
        }
        let (compared, said) = compare(&name, &file);
        all += compared;
        for line in said {
            println!("DIFF {line}");
        }
    }
    println!("compared {all}");
}
