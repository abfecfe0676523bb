//! Shaka Packager, a reader and decryptor of other people. `cargo pkg test` gets it; `BOXLOCK_SHAKA_PACKAGER` names
//! another.

use std::path::{Path, PathBuf};
use std::process::Command;

use boxlock::bytes::{ContentKey, KeyId};

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
    let kid = KeyId(uuid::Uuid::parse_str(drive::KID).expect("a UUID").into_bytes());
    let keys = [(kid, ContentKey(drive::key()))];
    read_with(program, file, stream, if key { &keys } else { &[] })
}

/// What it reads of a file, as it names it, with the ID of the track. To be protected one by one: it keeps to the pattern of
/// the first track that it met a key with.
pub fn streams(file: &[u8]) -> Vec<(&'static str, u32)> {
    let movie = Movie::read(file).expect("a movie");
    let of = |(stream, handler): (&'static str, [u8; 4])| {
        Some((stream, movie.tracks.iter().find(|track| track.handler == handler)?.id))
    };
    [("video", *b"vide"), ("audio", *b"soun")].into_iter().filter_map(of).collect()
}

/// The same, decrypted with these keys where there are any.
pub fn read_with(
    program: &PathBuf,
    file: &[u8],
    stream: &str,
    keys: &[(KeyId, ContentKey)],
) -> Result<Vec<Vec<u8>>, String> {
    let (input, output) = (Scratch::of(file), Scratch::path(".mp4"));
    let mut command = Command::new(program);
    command.arg(format!("in={},stream={stream},output={}", input.0.display(), output.0.display()));
    if !keys.is_empty() {
        let named = keys.iter().enumerate().map(|(label, (kid, key))| {
            format!("label={label}:key_id={}:key={}", hex::encode(kid.0), hex::encode(key.0))
        });
        let keys = named.collect::<Vec<_>>().join(",");
        command.args(["--enable_raw_key_decryption", "--keys", &keys]);
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

/// The first video or sound track of a file as the packager protects it, with the key and the IVs that `ours` has.
pub fn protect(
    program: &Path,
    file: &[u8],
    stream: &str,
    scheme: &str,
    ours: &[u8],
) -> Result<Vec<u8>, String> {
    protect_with(program, file, stream, scheme, ours, &[])
}

/// The same with these arguments besides.
pub fn protect_with(
    program: &Path,
    file: &[u8],
    stream: &str,
    scheme: &str,
    ours: &[u8],
    more: &[&str],
) -> Result<Vec<u8>, String> {
    let (input, output) = (Scratch::of(file), Scratch::path(".mp4"));
    let kid = drive::KID.replace('-', "");
    let iv = constant_iv(ours).unwrap_or_else(|| drive::IV.to_owned());
    let ran = Command::new(program)
        .arg(format!("in={},stream={stream},output={}", input.0.display(), output.0.display()))
        .args(["--enable_raw_key_encryption", "--clear_lead", "0", "--protection_scheme", scheme])
        .args(["--keys", &format!("label=:key_id={kid}:key={}:iv={iv}", drive::KEY)])
        .args(more)
        .output()
        .map_err(|e| e.to_string())?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    std::fs::read(&output.0).map_err(|e| e.to_string())
}

/// The constant IV that `tenc` has behind the key ID and its length, if it has one.
fn constant_iv(file: &[u8]) -> Option<String> {
    let kid = hex::decode(drive::KID.replace('-', "")).expect("hex");
    let tenc = file.windows(4).position(|four| four == b"tenc").expect("tenc");
    let at = tenc + file[tenc..].windows(16).position(|window| window == kid).expect("the key ID") + 16;
    let per_sample = file[at - 17];
    (per_sample == 0).then(|| hex::encode(&file[at + 1..at + 1 + usize::from(file[at])]))
}
