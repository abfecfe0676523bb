//! Protected files, judged by Bento4, FFmpeg and our own reader.

mod support;

use boxlock::bytes::ContentKey;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, decrypted_samples, samples};

/// Clear fragmented files with H.264 or AAC: of the corpus, and made on the spot.
fn clear_files() -> Vec<(String, Vec<u8>)> {
    let mut files = support::corpus_files();
    files.retain(|(name, file)| {
        let media = [".ismv", ".isma", ".mp4", ".m4v"].iter().any(|end| name.ends_with(end));
        media
            && drive::open(file, Feed::Whole)
                .is_ok_and(|session| drive::plan(&session, &drive::request("piff")).is_ok())
    });
    files
}

fn track_keys(samples: &drive::Samples) -> Vec<TrackKey> {
    samples.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect()
}

#[test]
fn bento4_and_our_reader_get_the_clear_samples_back() {
    let files = clear_files();
    for (name, file) in &files {
        let clear = samples(file);
        for profile in ["piff", "hybrid"] {
            let protected =
                drive::protect(file, &drive::request(profile)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let still = samples(&protected);
            assert_ne!(still, clear, "{name} {profile}: something is encrypted");
            let own = decrypted_samples(&protected, |_, _| Some(ContentKey(drive::key()))).unwrap();
            assert_eq!(own, clear, "{name} {profile}: our reader");
            let judged = samples(&bento4_decrypt(&protected, &track_keys(&clear)));
            assert!(judged == clear, "{name} {profile}: Bento4");
        }
        println!("{name}: {} samples", clear.values().map(Vec::len).sum::<usize>());
    }
    println!("{} files", files.len());
}

/// What the page hands out, for judges that read files.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("boxlock-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).expect("the temporary folder can be written");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// MD5 of the decoded frames of one kind of track, by FFmpeg; `None` when the file has no such track.
fn decoded_md5(file: &Scratch, key: Option<&str>, kind: &str) -> Option<String> {
    let mut command = std::process::Command::new("ffmpeg");
    // Without +ignidx FFmpeg 5.1 loses count of the samples of encrypted fragments.
    command.args(["-v", "error", "-fflags", "+ignidx"]);
    if let Some(key) = key {
        command.args(["-decryption_key", key]);
    }
    command.arg("-i").arg(&file.0).args([
        "-map",
        &format!("0:{kind}:0?"),
        "-fps_mode",
        "passthrough",
        "-f",
        "md5",
        "-",
    ]);
    let output = command.output().expect("ffmpeg runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if text.is_empty() {
        assert!(errors.contains("does not contain any stream") || errors.contains("no streams"), "{errors}");
        return None;
    }
    assert!(errors.is_empty(), "{}: {errors}", file.0.display());
    Some(text)
}

#[test]
fn ffmpeg_decodes_the_same_frames() {
    for (name, file) in clear_files() {
        let clear = Scratch::new("clear.mp4", &file);
        let protected = drive::protect(&file, &drive::request("hybrid")).unwrap();
        let protected = Scratch::new("protected.mp4", &protected);
        for kind in ["v", "a"] {
            let expected = decoded_md5(&clear, None, kind);
            let found = decoded_md5(&protected, Some(drive::KEY), kind);
            println!("{name} {kind} {expected:?} {}", expected == found);
        }
    }
}
