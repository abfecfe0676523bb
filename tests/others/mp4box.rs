//! What mp4box.js says of files, asked in Node.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Said, SaidTrack};
use crate::support::not_run;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page");

/// Whether there is Node, and mp4box.js for it; said aloud when not.
pub fn present() -> bool {
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    let there = node && Path::new(FOLDER).join("node_modules/mp4box").is_dir();
    if !there {
        not_run("there is no mp4box.js in tests/page, or no Node to run it");
    }
    there
}

/// What it says of each file of `root`, by name; nothing of those that it cannot open.
pub fn read(root: &Path, names: &[String]) -> BTreeMap<String, Said> {
    answers(root, names).iter().map(|(name, line)| (name.clone(), said_of(line))).collect()
}

/// Its answers as they come.
pub fn answers(root: &Path, names: &[String]) -> BTreeMap<String, Value> {
    let mut command = Command::new("node");
    command.arg("mp4box.mjs").current_dir(FOLDER).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let root = root.canonicalize().unwrap();
    let paths: String = names.iter().map(|name| format!("{}\n", root.join(name).display())).collect();
    let writer = std::thread::spawn(move || input.write_all(paths.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(lines.len(), names.len(), "a line for each file");
    names.iter().cloned().zip(lines).filter(|(_, line)| !line.is_null()).collect()
}

fn said_of(line: &Value) -> Said {
    let tracks = line["tracks"].as_array().unwrap().iter().map(track).collect::<BTreeMap<_, _>>();
    let longest = tracks.values().filter_map(|track| track.seconds).fold(0.0, f64::max);
    // Its own length of the file is the header's word, as is that of tracks.
    Said { fragmented: line["isFragmented"].as_bool(), seconds: (longest > 0.0).then_some(longest), tracks }
}

fn track(line: &Value) -> (u32, SaidTrack) {
    let number = |name: &str| line[name].as_u64();
    let codec = line["codec"].as_str().map(str::to_owned);
    let protected = codec.as_ref().map(|codec| codec.starts_with("enc"));
    let seconds = line["samplesDuration"].as_f64().zip(line["timescale"].as_f64());
    let track = SaidTrack {
        kind: line["type"].as_str().map(|kind| match kind {
            "subtitles" => "text".to_owned(),
            "metadata" => "other".to_owned(),
            same => same.to_owned(),
        }),
        // Of encrypted entries it has the type alone; digits are upper case in ours.
        codec: codec.filter(|_| protected == Some(false)).map(|codec| match codec.split_once('.') {
            Some((entry, more)) if ["avc", "mp4", "hev", "hvc"].contains(&&entry[..3]) => {
                format!("{entry}.{}", more.to_uppercase())
            }
            _ => codec,
        }),
        protected,
        seconds: seconds.map(|(ticks, scale)| ticks / scale).filter(|seconds| *seconds > 0.0),
        width: number("width"),
        height: number("height"),
        rate: number("rate"),
        channels: number("channels"),
        samples: number("samples"),
        bytes: number("bytes"),
    };
    (u32::try_from(number("id").unwrap()).unwrap(), track)
}
