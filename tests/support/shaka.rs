//! Shaka Packager, a reader and decryptor of other people. `cargo pkg test` gets it; `BOXLOCK_SHAKA_PACKAGER` names
//! another.

use std::path::PathBuf;
use std::process::Command;

use super::drive;
use super::ffmpeg::Scratch;
use super::witness::Movie;

/// Where it is; said aloud when it is nowhere.
pub fn program() -> Option<PathBuf> {
    let named = std::env::var_os("BOXLOCK_SHAKA_PACKAGER").map(PathBuf::from);
    if named.is_none() {
        super::not_run("Shaka Packager is not here; set BOXLOCK_SHAKA_PACKAGER");
    }
    named
}

/// The samples of the first video or sound track as the packager reads them; nothing when it fails, as it also does
/// where there is no such track.
pub fn read(program: &PathBuf, file: &[u8], stream: &str, key: bool) -> Result<Vec<Vec<u8>>, String> {
    let (input, output) = (Scratch::of(file), Scratch::path(".mp4"));
    let mut command = Command::new(program);
    command.arg(format!("in={},stream={stream},output={}", input.0.display(), output.0.display()));
    if key {
        let kid = drive::KID.replace('-', "");
        command.args([
            "--enable_raw_key_decryption",
            "--keys",
            &format!("label=:key_id={kid}:key={}", drive::KEY),
        ]);
    }
    let mut ran = command.output().map_err(|e| e.to_string())?;
    if ran.status.code().is_none() {
        // Now and then it crashes on its way out, of clear files too.
        ran = command.output().map_err(|e| e.to_string())?;
    }
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        return Err(said.lines().rev().find(|line| line.contains("rror")).unwrap_or("it failed").to_owned());
    }
    let written = std::fs::read(&output.0).map_err(|e| e.to_string())?;
    let movie = Movie::read(&written)?;
    Ok(movie.samples.iter().map(|s| written[s.start..s.start + s.len].to_vec()).collect())
}
