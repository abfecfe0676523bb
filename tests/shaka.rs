//! Shaka Packager, a reader and decryptor of other people, on what `hybrid` writes.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::path::PathBuf;

use support::clear::{self, Clear};
use support::drive::{protect, request};
use support::shaka::{program, read};
use support::witness::Movie;
use support::witness::fragment::Sample;

/// Made files, corpus and cases.
fn files() -> Vec<Clear> {
    let mut files = clear::all();
    for path in support::cases().and_then(|root| std::fs::read_dir(root).ok()).into_iter().flatten() {
        let path = path.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if [".mp4", ".ismv"].iter().any(|end| name.ends_with(end)) {
            files.push(Clear { name, bytes: std::fs::read(path).expect("a case can be read") });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// What became of files.
#[derive(Default)]
struct Sums {
    samples: usize,
    wrong: Vec<String>,
    unread: Vec<String>,
}

fn check(program: &PathBuf, file: &Clear, sums: &mut Sums) {
    let Clear { name, bytes } = file;
    let Ok(out) = protect(bytes, &request("hybrid")) else { return };
    let movie = Movie::read(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    for (stream, handler) in [("video", b"vide"), ("audio", b"soun")] {
        let Some(track) = movie.tracks.iter().find(|track| track.handler == *handler) else { continue };
        // A file that it cannot read clear says nothing of ours.
        let Ok(expected) = read(program, bytes, stream, false) else {
            sums.unread.push(format!("{name} {stream}"));
            continue;
        };
        // Of bases that are not the moof it reads other bytes; in the protected file all bases are.
        let place = |s: &&Sample| bytes[s.start..s.start + s.len].to_vec();
        let by_witness: Vec<Vec<u8>> = movie.of(track.id).iter().map(place).collect();
        match read(program, &out, stream, true) {
            Ok(found) if found == expected || found == by_witness => sums.samples += found.len(),
            Ok(found) => {
                sums.wrong.push(format!(
                    "{name} {stream}: {} samples became {}",
                    expected.len(),
                    found.len()
                ));
            }
            Err(why) => sums.wrong.push(format!("{name} {stream}: {why}")),
        }
    }
}

#[test]
fn shaka_packager_reads_the_samples_of_the_clear_file() {
    let Some(program) = program() else { return };
    let files = files();
    // Each takes two or four processes, most of whose time is their start.
    let halves = files.split_at(files.len() / 2);
    let run = |files: &[Clear]| {
        let mut sums = Sums::default();
        files.iter().for_each(|file| check(&program, file, &mut sums));
        sums
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| run(halves.0));
        let second = run(halves.1);
        (first.join().expect("sums"), second)
    });
    let samples = first.samples + second.samples;
    let (wrong, unread) = ([first.wrong, second.wrong].concat(), [first.unread, second.unread].concat());
    println!("{samples} samples; not even read clear: {unread:?}");
    assert!(samples > 500, "{samples} samples");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
