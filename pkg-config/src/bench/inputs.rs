//! The files that are protected: made by FFmpeg once, in `target/bench/inputs`, and reused.

use crate::files;
use crate::run::{self, Outcome};
use std::path::{Path, PathBuf};

/// Files of this size are removed after use unless they are to be kept.
pub const LARGE: u64 = 4_500_000_000;

/// How long a seed lasts.
const SEED_SECONDS: u32 = 10;

pub struct Inputs {
    pub folder: PathBuf,
    pub ffmpeg: PathBuf,
}

/// What is repeated to make a file. Noise, so that the encoder cannot do with less than its bitrate.
#[derive(Clone, Copy)]
pub enum Seed {
    /// 8 Mbit/s of 720p with AAC: 10.2 MB.
    Main,
    /// 1.2 Mbit/s: frames of 5 kB, for very many fragments.
    SmallFrames,
    /// Key frames alone, of 20 kB.
    Frames20k,
    /// AAC frames of 300 bytes.
    Audio300,
    /// As [`Seed::Main`], of another codec. Small pictures, of which encoders make no less at this rate, and sooner.
    Hevc,
    Av1,
    /// 6000 tiny frames that are shown in another order than decoded: 12 bytes of tables for each.
    Tiny,
}

impl Seed {
    fn name(self) -> &'static str {
        match self {
            Self::Main => "seed-main.mp4",
            Self::SmallFrames => "seed-small-frames.mp4",
            Self::Frames20k => "seed-frames-20k.mp4",
            Self::Audio300 => "seed-audio-300.mp4",
            Self::Hevc => "seed-hevc.mp4",
            Self::Av1 => "seed-av1.mp4",
            Self::Tiny => "seed-tiny.mp4",
        }
    }

    fn recipe(self) -> Vec<String> {
        let video = |size: &str, rate: &str, gop: &str, more: &[&str]| {
            let picture =
                format!("testsrc2=size={size}:rate=30:duration={SEED_SECONDS},noise=alls=40:allf=t");
            let picture = ["-f", "lavfi", "-i", picture.as_str()];
            let steady = ["-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate];
            let coder = ["-c:v", "libx264", "-preset", "ultrafast", "-g", gop, "-pix_fmt", "yuv420p"];
            [&picture, more, &coder, &steady].concat().iter().map(|word| (*word).to_owned()).collect()
        };
        let sound = format!("sine=frequency=440:sample_rate=48000:duration={SEED_SECONDS}");
        let coded = |coder: &str| {
            let picture =
                format!("testsrc2=size=480x270:rate=30:duration={SEED_SECONDS},noise=alls=40:allf=t");
            let inputs = ["-f", "lavfi", "-i", picture.as_str(), "-f", "lavfi", "-i", sound.as_str()];
            let rest = ["-pix_fmt", "yuv420p", "-b:v", "7750k", "-c:a", "aac", "-b:a", "128k"];
            inputs.into_iter().chain(coder.split(' ')).chain(rest).map(str::to_owned).collect()
        };
        let hiss = format!("anoisesrc=sample_rate=48000:duration={SEED_SECONDS}");
        match self {
            Self::Main => {
                let more = ["-f", "lavfi", "-i", sound.as_str(), "-c:a", "aac", "-b:a", "128k"];
                video("1280x720", "7750k", "60", &more)
            }
            Self::SmallFrames => video("640x360", "1200k", "30", &[]),
            Self::Frames20k => video("640x360", "4800k", "1", &[]),
            Self::Audio300 => ["-f", "lavfi", "-i", hiss.as_str(), "-c:a", "aac", "-b:a", "112k"]
                .map(str::to_owned)
                .to_vec(),
            Self::Hevc => coded(
                "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=error:keyint=60:scenecut=0",
            ),
            Self::Av1 => coded("-c:v libsvtav1 -preset 12 -g 60"),
            Self::Tiny => {
                "-f lavfi -i testsrc2=size=64x64:rate=60:duration=100 -c:v libx264 -preset ultrafast -bf 1 \
                           -b_strategy 0 -g 120 -crf 40 -pix_fmt yuv420p"
                    .split(' ')
                    .map(str::to_owned)
                    .collect()
            }
        }
    }
}

/// Where the file is cut in fragments.
#[derive(Clone, Copy)]
pub enum Cut {
    /// As FFmpeg does for this format.
    Usual,
    /// After so many seconds.
    Seconds(f64),
    EachFrame,
}

/// A file to be made.
#[derive(Clone)]
pub struct Recipe {
    pub name: String,
    pub seed: Seed,
    pub repeats: u32,
    pub cut: Cut,
    /// How often the seed's video stands in the file as a track; 0 takes all its tracks once.
    pub tracks: u32,
    /// Whether it is a plain MP4 rather than a Smooth file.
    pub plain: bool,
}

impl Recipe {
    pub fn new(name: &str, seed: Seed, repeats: u32) -> Self {
        Self { name: name.to_owned(), seed, repeats, cut: Cut::Usual, tracks: 0, plain: false }
    }

    pub fn cut(mut self, cut: Cut) -> Self {
        self.cut = cut;
        self
    }

    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    pub fn tracks(mut self, tracks: u32) -> Self {
        self.tracks = tracks;
        self
    }
}

impl Inputs {
    /// The file, made when it is not there.
    pub fn get(&self, recipe: &Recipe) -> Outcome<PathBuf> {
        let end = if recipe.plain { "mp4" } else { "ismv" };
        let file = self.folder.join(format!("{}.{end}", recipe.name));
        if file.exists() {
            return Ok(file);
        }
        let seed = self.seed(recipe.seed)?;
        let mut ffmpeg = self.ffmpeg();
        ffmpeg.arg("-stream_loop").arg((recipe.repeats.max(1) - 1).to_string()).arg("-i").arg(seed);
        if recipe.tracks == 0 {
            ffmpeg.args(["-map", "0"]);
        }
        for _ in 0..recipe.tracks {
            ffmpeg.args(["-map", "0:v"]);
        }
        ffmpeg.args(["-c", "copy"]);
        match recipe.cut {
            Cut::Usual => {}
            Cut::Seconds(seconds) => {
                ffmpeg.arg("-frag_duration").arg(format!("{:.0}", seconds * 1e6));
            }
            Cut::EachFrame => {
                ffmpeg.args(["-movflags", "frag_every_frame"]);
            }
        }
        make(&mut ffmpeg, &file)
    }

    fn seed(&self, seed: Seed) -> Outcome<PathBuf> {
        let file = self.folder.join(seed.name());
        if file.exists() {
            return Ok(file);
        }
        make(self.ffmpeg().args(seed.recipe()), &file)
    }

    fn ffmpeg(&self) -> std::process::Command {
        let mut ffmpeg = run::command(&self.ffmpeg);
        // One of its encoders says much by a way of its own.
        ffmpeg.args(["-v", "error", "-y"]).env("SVT_LOG", "1");
        ffmpeg
    }

    /// Removes a large file that is not to be kept.
    pub fn done_with(&self, file: &Path, keep: bool) {
        if !keep && file.metadata().is_ok_and(|found| found.len() >= LARGE) {
            // The next run finds it and uses it; nothing is lost but disk.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Makes a file under another name first, so that half a file is never taken for a whole one.
fn make(ffmpeg: &mut std::process::Command, file: &Path) -> Outcome<PathBuf> {
    eprintln!("  make: {}", file.display());
    let part = file.with_extension("part");
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(run::at(folder))?;
    }
    let format = if file.extension().is_some_and(|extension| extension == "ismv") { "ismv" } else { "mp4" };
    run::run(ffmpeg.args(["-f", format]).arg(&part))?;
    std::fs::rename(&part, file).map_err(run::at(&part))?;
    Ok(file.to_owned())
}

/// Sum of the sizes of all files below a folder.
pub fn size_below(folder: &Path) -> Outcome<u64> {
    let sizes = files::list(folder)?.into_iter().map(|file| folder.join(file).metadata().map(|m| m.len()));
    sizes.sum::<std::io::Result<u64>>().map_err(run::at(folder))
}
