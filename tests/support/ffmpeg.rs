//! FFmpeg as a maker of clear files and as a judge of protected ones.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether there is an FFmpeg; said aloud when not.
pub fn present() -> bool {
    let there = Command::new("ffmpeg").arg("-version").output().is_ok_and(|output| output.status.success());
    if !there {
        super::not_run("there is no ffmpeg");
    }
    there
}

/// What FFprobe says of a file, the entries asked for; nothing when it cannot open it.
pub fn probe(path: &std::path::Path, arguments: &[&str], entries: &str) -> serde_json::Value {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "quiet", "-show_entries", entries, "-of", "json"]).args(arguments);
    let output = run(command.arg(path));
    // Where it gives up it leaves the braces open.
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// A file for judges that read files; gone when dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// A path that nothing else uses.
    pub fn path(end: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("boxlock-{}-{number}{end}", std::process::id())))
    }

    pub fn of(bytes: &[u8]) -> Self {
        let scratch = Self::path(".mp4");
        std::fs::write(&scratch.0, bytes).expect("the temporary folder can be written");
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A packet as FFprobe tells it: stream, decode and presentation time, bytes, whether it is a key frame, MD5.
pub type Packet = (u64, i64, i64, String, bool, String);

/// All packets of a file, sorted.
pub fn packets(file: &[u8]) -> Vec<Packet> {
    let scratch = Scratch::of(file);
    let entries = "packet=stream_index,pts,dts,size,flags,data_hash";
    let said = probe(&scratch.0, &["-show_data_hash", "md5"], entries);
    let packet = |said: &serde_json::Value| {
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        let [dts, pts] = ["dts", "pts"].map(|name| said[name].as_i64().unwrap());
        let stream = said["stream_index"].as_u64().unwrap();
        (stream, dts, pts, text("size"), text("flags").starts_with('K'), text("data_hash"))
    };
    let mut packets: Vec<Packet> = said["packets"].as_array().unwrap().iter().map(packet).collect();
    packets.sort();
    packets
}

fn run(command: &mut Command) -> Output {
    command.env("AV_LOG_FORCE_NOCOLOR", "1").output().expect("ffmpeg runs")
}

/// Moving pictures with noise, and a tone, so many seconds long.
fn sources(command: &mut Command, seconds: u32, video: bool, audio: bool) {
    if video {
        let picture = format!("testsrc2=size=192x108:rate=25:duration={seconds}");
        command.args(["-f", "lavfi", "-i", &picture]);
    }
    if audio {
        let tone = format!("sine=frequency=440:sample_rate=44100:duration={seconds}");
        command.args(["-f", "lavfi", "-i", &tone]);
    }
    command
        .args(["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "25", "-threads", "1"]);
    command.args(["-c:a", "aac", "-b:a", "96k", "-fflags", "+bitexact", "-flags", "+bitexact"]);
}

/// A clear file made on the spot.
pub fn make(seconds: u32, video: bool, audio: bool, arguments: &[&str]) -> Vec<u8> {
    let scratch = Scratch::path(".mp4");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    sources(&mut command, seconds, video, audio);
    let output = run(command.args(arguments).arg(&scratch.0));
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(&scratch.0).expect("ffmpeg wrote it")
}

/// A clear file made on the spot by these arguments alone, parted by blanks.
pub fn make_by(end: &str, arguments: &str) -> Vec<u8> {
    let scratch = Scratch::path(end);
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-fflags", "+bitexact"]).args(arguments.split_whitespace());
    let output = run(command.arg(&scratch.0));
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(&scratch.0).expect("ffmpeg wrote it")
}

/// What FFmpeg made of a track: the checksums of its decoded frames with their times, and what it complained of.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// One line a frame: stream, times, size, MD5.
    pub frames: Vec<String>,
    /// Its complaints, without addresses.
    pub errors: String,
}

/// Decodes the first track of a kind (`v` or `a`).
pub fn decode(file: &[u8], key: Option<&str>, kind: &str) -> Decoded {
    let scratch = Scratch::of(file);
    let mut command = Command::new("ffmpeg");
    // Without +ignidx FFmpeg 5.1 loses count of the samples of encrypted fragments.
    command.args(["-v", "error", "-fflags", "+ignidx"]);
    if let Some(key) = key {
        command.args(["-decryption_key", key]);
    }
    let map = format!("0:{kind}:0");
    command.arg("-i").arg(&scratch.0).args(["-map", &map, "-fps_mode", "passthrough", "-copyts"]);
    command.args(["-f", "framemd5", "-"]);
    let output = run(&mut command);
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>();
    let errors: Vec<&str> =
        errors.lines().map(|line| line.split_once("] ").map_or(line, |(_, text)| text)).collect();
    Decoded {
        frames: lines.into_iter().filter(|line| !line.starts_with('#')).collect(),
        errors: errors.join("\n"),
    }
}

/// A field of a parameter set or sequence header, as FFmpeg names it, without its number in a list; and its value.
pub type Field = (String, i64);

/// The fields of what a decoder of the first video track is told before the first sample.
pub fn header_fields(file: &[u8]) -> Vec<Field> {
    let scratch = Scratch::of(file);
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "trace", "-i"]).arg(&scratch.0);
    let output =
        run(command.args(["-map", "0:v:0", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"]));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("[trace_headers @"));
    let lines = lines.filter_map(|line| Some(line.split_once("] ")?.1));
    let own = lines.skip_while(|line| *line != "Extradata").take_while(|line| !line.starts_with("Packet:"));
    let field = |line: &str| {
        let (head, value) = line.rsplit_once(" = ")?;
        let mut words = head.split_whitespace();
        words.next()?.parse::<u64>().ok()?;
        let name = words.next()?.split('[').next()?.to_owned();
        Some((name, value.trim().parse().ok()?))
    };
    own.filter_map(field).collect()
}
