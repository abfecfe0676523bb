//! Other software takes what is written here: the Python package `cpix` our documents, Shaka Packager and FFmpeg the command
//! lines.

use std::process::Command;

use boxlock::exchange::lines::{Opened, commands};
use boxlock::exchange::read_keys;
use boxlock::exchange::request::WriteRequest;

use super::{KEY, KEY2, KID, KID2};
use crate::support::{self, drive};

/// A Python that has the package `cpix`, in the folder that `BOXLOCK_CPIX` names or of its own.
fn python() -> Option<Command> {
    let command = || {
        let mut command = Command::new("python3");
        if let Some(folder) = std::env::var_os("BOXLOCK_CPIX") {
            command.env("PYTHONPATH", folder);
        }
        command
    };
    let has = command().args(["-c", "import cpix"]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(command());
    }
    support::not_run("the Python package cpix is not here; set BOXLOCK_CPIX to a folder that has it");
    None
}

/// Says what `cpix` reads, and what of it the schema that comes with the package refuses. That is of version 2.2, which has no
/// `commonEncryptionScheme`.
const READ: &str = "\
import sys, cpix
from lxml import etree
text = sys.stdin.buffer.read()
document = cpix.parse(text)
for key in document.content_keys:
    print('key', key.kid, key.cek)
for system in document.drm_systems:
    print('system', system.kid, system.system_id, len(system.pssh or ''), len(system.content_protection_data or ''))
for period in document.periods:
    print('period', period.id, period.index)
for rule in document.usage_rules:
    print('rule', rule.kid, rule.intended_track_type, *[type(each).__name__ for each in rule])
print('valid', *cpix.validate(text), *document.validate_content())
";

#[test]
fn the_package_cpix_reads_and_validates_a_document() {
    if python().is_none() {
        return;
    }
    let read = |period: u32| {
        let request = format!(
            "{{\"contentId\":\"a & b\",\"playreadyObject\":\"AAAA\",\"keys\":[{{\"kid\":\"{KID}\",\"key\":\"{KEY}\",\"class\":\"sd\"}},\
             {{\"kid\":\"{KID2}\",\"key\":\"{KEY2}\",\"class\":\"audio\",\"period\":{period}}}]}}"
        );
        let text =
            boxlock::exchange::export::document(&WriteRequest::read(&request).unwrap()).unwrap().to_xml();
        run(python().unwrap().args(["-c", READ]), text.as_bytes())
    };
    // That schema takes a period’s name for a new one wherever it stands, so nothing with periods is valid by it.
    let said = read(0);
    assert!(said.contains("valid True  True"), "{said}");
    assert!(said.contains(&format!("rule {KID} SD VideoFilter")), "{said}");
    let said = read(1);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.contains(&format!("key {KID} OiobaN0r2bLusl6ExHdmaA==").as_str()), "{said}");
    assert!(lines.contains(&format!("rule {KID} SD KeyPeriodFilter VideoFilter").as_str()), "{said}");
    assert!(lines.contains(&format!("rule {KID2} AUDIO KeyPeriodFilter AudioFilter").as_str()), "{said}");
    assert!(lines.contains(&"period period-1 1"), "{said}");
}

fn run(command: &mut Command, input: &[u8]) -> String {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A protected file under a name that shells could misread, decrypted by the lines that are given for it.
#[test]
fn the_command_lines_decrypt_a_file() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let protected = drive::protect(sample, &drive::request("hybrid")).unwrap();
    let session = drive::open(&protected, drive::Feed::Whole).unwrap();
    let tracks = boxlock::report::tracks(session.index().unwrap());
    let kid = tracks[0].protection.as_ref().unwrap().kid.clone().unwrap();
    let folder = std::env::temp_dir().join(format!("boxlock it's {}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a $film.mp4"), &protected).unwrap();
    let key = hex::encode(drive::key());
    let list = read_keys(format!("{kid}:{key}").as_bytes(), &[]).unwrap();
    let opened = Opened { name: "a $film.mp4", video: true, audio: true, ..Opened::default() };
    let found = [
        ("packager", std::env::var("BOXLOCK_SHAKA_PACKAGER").ok()),
        ("ffmpeg", std::env::var("FFMPEG").ok()),
    ];
    for command in commands(&list.keys, &opened) {
        let word = command.line.split(' ').next().unwrap();
        let Some((_, path)) = found.iter().find(|(name, _)| *name == word) else { continue };
        let Some(path) = path else {
            support::not_run(&format!("{} is not here", command.program));
            continue;
        };
        let line = command.line.replacen(word, &format!("'{path}'"), 1);
        let line = if word == "ffmpeg" { line.replacen("-fflags", "-y -v error -fflags", 1) } else { line };
        run(Command::new("sh").args(["-c", &line]).current_dir(&folder), &[]);
        let name = if word == "ffmpeg" { "a _film.clear.mp4" } else { "a _film.video.mp4" };
        assert!(
            std::fs::metadata(folder.join(name)).unwrap().len() > 10_000,
            "{} made nothing",
            command.program
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
