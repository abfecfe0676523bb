//! What FFprobe says of a file: its streams, and the packets that it takes out of them.

use std::path::Path;

use serde_json::Value;

use super::{Said, SaidTrack};
use crate::support::ffmpeg;

const STREAMS: &str =
    "stream=index,id,codec_type,channels,sample_rate,width,height,duration:packet=stream_index,size";

/// `None` when it cannot open the file.
pub fn read(path: &Path) -> Option<Said> {
    let said = ffmpeg::probe(path, &["-show_packets", "-fflags", "+ignidx"], STREAMS);
    let mut tracks = std::collections::BTreeMap::new();
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    for stream in said["streams"].as_array()? {
        let Some(id) =
            stream["id"].as_str().and_then(|id| u32::from_str_radix(id.trim_start_matches("0x"), 16).ok())
        else {
            continue;
        };
        let packets = said["packets"].as_array();
        let packets =
            packets.into_iter().flatten().filter(|packet| packet["stream_index"] == stream["index"]);
        let sizes: Vec<u64> = packets.filter_map(|packet| number(&packet["size"])).collect();
        let track = SaidTrack {
            kind: stream["codec_type"].as_str().map(kind),
            seconds: stream["duration"].as_str().and_then(|text| text.parse().ok()),
            width: number(&stream["width"]),
            height: number(&stream["height"]),
            rate: number(&stream["sample_rate"]),
            channels: number(&stream["channels"]),
            samples: u64::try_from(sizes.len()).ok(),
            bytes: Some(sizes.iter().sum()),
            codec: None,
            protected: None,
        };
        tracks.insert(id, track);
    }
    Some(Said { fragmented: None, seconds: None, tracks })
}

fn kind(theirs: &str) -> String {
    match theirs {
        "subtitle" => "text",
        "data" => "other",
        same => same,
    }
    .to_owned()
}
