//! All files of the corpus, and all cases, as lists that can be read in a difference: `cargo pkg rules` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use boxlock::manifest::rules::Severity;
use boxlock::report::FileFindings;

use super::checked;
use crate::support::drive::{self, Feed};
use crate::support::{self};

/// Whether the lists are written anew.
pub fn writes() -> bool {
    std::env::var_os("BOXLOCK_WRITE_RULES").is_some()
}

/// Compares a text with a file of the project, or writes it there.
pub fn held(path: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if writes() {
        std::fs::write(&file, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    if known != text {
        let mut lines = known.lines().zip(text.lines());
        let first = lines.find(|(one, other)| one != other);
        panic!("{path} is not what is found now; `cargo pkg rules` writes it anew. First: {first:#?}");
    }
}

fn listed(name: &str, findings: &FileFindings) -> String {
    let mut text = format!("{name}\n");
    for rule in &findings.rules {
        let severity = match rule.severity {
            Severity::Error => "error  ",
            Severity::Warning => "warning",
            Severity::Note => "note   ",
        };
        let first = findings.findings.iter().find(|one| one.rule == rule.id).unwrap();
        let place = first.path.clone().unwrap_or_default();
        let at = first.offset.map_or_else(String::new, |at| format!(" @{at}"));
        let message: String = first.message.chars().take(110).collect();
        writeln!(text, "  {severity} {} ×{} {place}{at}: {message}", rule.id, rule.count).unwrap();
    }
    text
}

fn lists(files: &[(String, Vec<u8>)]) -> (String, Vec<(String, FileFindings)>) {
    let mut text = String::new();
    let mut all = Vec::new();
    for (name, bytes) in files {
        match drive::open(bytes, Feed::Whole) {
            Ok(session) => {
                let findings = checked(&session, bytes);
                text.push_str(&listed(name, &findings));
                all.push((name.clone(), findings));
            }
            Err(error) => {
                let message: String = error.to_string().chars().take(110).collect();
                writeln!(text, "{name}\n  refused {}: {message}", error.code()).unwrap();
            }
        }
    }
    (text, all)
}

/// Errors in files that are not called malformed, and why each is one.
const REALLY_WRONG: &[(&str, &str, &str)] = &[
    ("codem-isoboxer__240fps_go_pro_hero_4.mp4", "track-id-zero", "its third track has the ID 0"),
    (
        "codem-isoboxer__mss_moof.mp4",
        "data-elsewhere",
        "a box was put into its 'moof', and the offset of its run stayed",
    ),
    (
        "codem-isoboxer__hvc1_init.mp4",
        "damaged-entry",
        "its 'hvcC' has no parameter sets, and samples of 'hvc1' have none",
    ),
    ("codem-isoboxer__spliced_10000.m4v", "truncated", "cut in the middle on purpose"),
    ("codem-isoboxer__spliced_1500.m4v", "truncated", "cut in the middle on purpose"),
    ("codem-isoboxer__spliced_251.m4v", "truncated", "cut in the middle on purpose"),
    ("codem-isoboxer__spliced_3000.m4v", "truncated", "cut in the middle on purpose"),
    (
        "fq__fragmented.mp4",
        "data-elsewhere",
        "written by FFmpeg with a global 'sidx', which its base offsets leave out",
    ),
    ("fq__png_no_hdlr.mp4", "missing-box", "made without 'hdlr' on purpose"),
    ("go-mp4__sample_qt.mp4", "samples-beyond-end", "its media data was taken away"),
    ("mp4ff__2xSencNoMdat.mp4", "data-elsewhere", "its media data was taken away"),
    ("mp4ff__cbcs.mp4", "kid-zero", "made with a key ID of zeros"),
    ("mp4ff__cbcs.mp4", "header-kid", "the headers name the real key ID, 'tenc' zeros"),
    ("mp4ff__cbcs_audio.mp4", "kid-zero", "made with a key ID of zeros"),
    ("mp4ff__cbcs_audio.mp4", "header-kid", "the headers name the real key ID, 'tenc' zeros"),
    ("mp4ff__init_prog.mp4", "samples-beyond-end", "the front of a progressive file"),
    ("mp4ff__init_truncated.mp4", "truncated", "cut in the middle on purpose"),
    ("mp4ff__moof_enc.m4s", "data-elsewhere", "its media data was taken away"),
    (
        "mp4ff__prog_8s_enc_dashinit.mp4",
        "counter-twice",
        "picture and sound have one key and the same first IV",
    ),
    ("mp4ff__seg_cenc_no_seig.m4v", "mfra", "one segment, with the index of the whole file"),
    (
        "shaka-packager__bear-640x360-no_edit_list.mp4",
        "samples-beyond-end",
        "its edit list was taken out of the movie header, and offsets stayed",
    ),
];

#[test]
fn the_corpus_is_as_listed_and_no_genuine_file_has_an_error() {
    let files = support::corpus_files();
    let files: Vec<_> =
        files.into_iter().filter(|(name, _)| name.contains('/') && !name.contains("manifests/")).collect();
    if files.is_empty() {
        return;
    }
    let (text, all) = lists(&files);
    held("tests/lint/corpus.txt", &text);
    let mut errors = BTreeSet::new();
    for (path, findings) in all.iter().filter(|(path, _)| !path.starts_with("malformed")) {
        let name = path.rsplit('/').next().unwrap();
        let own = findings.rules.iter().filter(|rule| rule.severity == Severity::Error);
        errors.extend(own.map(|rule| (name, rule.id)));
    }
    let known: BTreeSet<(&str, &str)> = REALLY_WRONG.iter().map(|(name, rule, _)| (*name, *rule)).collect();
    assert_eq!(errors, known);
    assert!(all.iter().filter(|(path, _)| path.starts_with("malformed")).count() > 50, "they open");
}

#[test]
fn what_is_malformed_is_gone_through_to_its_end() {
    let mut seen = 0;
    for (name, bytes) in support::corpus_files() {
        if !name.starts_with("malformed") {
            continue;
        }
        let Ok(session) = drive::open(&bytes, Feed::Whole) else { continue };
        let index = session.index().unwrap();
        let mut checking = boxlock::report::check(&session).unwrap();
        let mut asked = 0;
        while let Some(need) = checking.needs() {
            // Fewer bytes than were asked for, as where a file changes meanwhile.
            let start = usize::try_from(need.start).unwrap();
            let end = (start + usize::try_from(need.len).unwrap() / 2).min(bytes.len());
            checking.feed(&bytes[start.min(end)..end]);
            asked += 1;
        }
        assert!(asked >= index.fragments.len(), "{name}");
        let findings = boxlock::report::findings(checking);
        let faults = index.faults().count();
        assert!(faults == 0 || !findings.findings.is_empty(), "{name}: what breaks is marked");
        seen += 1;
    }
    assert!(seen > 50 || support::corpus().is_none(), "{seen} open");
}

#[test]
fn all_cases_are_as_listed() {
    let mut files = Vec::new();
    for root in [support::inspect_cases(), support::cases()].into_iter().flatten() {
        for entry in std::fs::read_dir(&root).unwrap() {
            let path = entry.unwrap().path();
            let name =
                format!("{}/{}", root.file_name().unwrap().display(), path.file_name().unwrap().display());
            if !path.extension().is_some_and(|end| end == "md" || end == "txt") {
                files.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    if files.is_empty() {
        return;
    }
    files.sort();
    let (text, _) = lists(&files);
    held("tests/lint/cases.txt", &text);
}
