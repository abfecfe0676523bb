//! Each rule has a file that breaks it, and the same file as it was, which does not.

use std::collections::BTreeSet;

use boxlock::lint::rules;

use super::findings;

/// A rule, the file that does not break it, what breaks it in that, and what else is broken then.
pub struct Case {
    pub rule: &'static str,
    pub sound: fn() -> Vec<u8>,
    pub spoil: fn(&mut Vec<u8>),
    /// Other rules that cannot but be broken too.
    pub along: &'static [&'static str],
}

pub fn case(
    rule: &'static str,
    sound: fn() -> Vec<u8>,
    spoil: fn(&mut Vec<u8>),
    along: &'static [&'static str],
) -> Case {
    Case { rule, sound, spoil, along }
}

fn broken(file: &[u8]) -> BTreeSet<&'static str> {
    findings(file).rules.iter().map(|rule| rule.id).collect()
}

#[test]
fn each_rule_is_found_in_the_file_that_breaks_it_and_in_no_other() {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut wrong = Vec::new();
    let all = super::files::cases().into_iter().chain(super::table_files::cases());
    let all = all
        .chain(super::group_files::cases())
        .chain(super::locked::cases())
        .chain(super::header_files::cases());
    for Case { rule, sound, spoil, along } in all {
        assert!(rules::find(rule).is_some(), "{rule} is not declared");
        assert!(seen.insert(rule), "{rule} has two cases");
        let mut file = sound();
        let before = broken(&file);
        spoil(&mut file);
        let after = broken(&file);
        let new: BTreeSet<&str> = after.difference(&before).copied().collect();
        let expected: BTreeSet<&str> = along.iter().copied().chain([rule]).collect();
        if before.contains(rule) || new != expected {
            wrong.push(format!("{rule}: before {before:?}, new {new:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let declared: BTreeSet<&str> = rules::all().map(|rule| rule.rule.id).collect();
    let without: Vec<&&str> = declared.difference(&seen).collect();
    assert!(without.is_empty(), "no files for {without:?}");
}

#[test]
fn each_rule_is_declared_once_and_says_what_a_person_needs() {
    let mut ids = BTreeSet::new();
    let targets: Vec<&str> = boxlock::lint::targets::all().map(|(id, _)| id).collect();
    for rule in rules::all() {
        let id = rule.rule.id;
        assert!(ids.insert(id), "{id} is declared twice");
        let is_kebab =
            id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(is_kebab && !rule.title.ends_with('.') && !rule.rule.clause.is_empty(), "{id}");
        assert!(rule.why.ends_with('.') && rule.fix.ends_with('.'), "{id}");
        for word in rule.stops.split(' ').filter(|word| !word.is_empty()) {
            assert!(targets.contains(&word.trim_end_matches('?')), "{id} stops {word}");
        }
    }
    let manifests = boxlock::manifest::rules::RULES.iter().map(|rule| rule.id);
    assert!(manifests.into_iter().all(|id| !ids.contains(id)), "no name is of two rules");
}

/// Codes that no open file has among its faults: opening ends with them, or only decrypting and writing come to them.
const NO_FINDINGS: &[&str] = &[
    "bad-esds",
    "box-too-large",
    "bad-field-size",
    "empty",
    "iv-elsewhere",
    "key-rotation",
    "no-box",
    "not-mp4",
    "packed-sound",
    "several-keys",
    "short-read",
    "too-many-keys",
    "truncated-list",
    "unknown-version",
];

#[test]
fn what_readers_say_of_a_file_is_said_by_declared_rules() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for folder in ["bytes", "boxes", "track", "verify"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let text = text.split("#[cfg(test)]").next().unwrap().replace(char::is_whitespace, "");
            for word in ["Error::file(\"", "Error::limit(\"", "Error::unsupported(\""] {
                for (at, _) in text.match_indices(word) {
                    let code = text[at + word.len()..].split('"').next().unwrap();
                    // One that is passed on.
                    if code.is_empty() {
                        continue;
                    }
                    let is_known = rules::find(code).is_some() || NO_FINDINGS.contains(&code);
                    // What examining samples with their keys finds, and what is only not done, is no matter here.
                    let is_other = ["samples-out-of-order"].contains(&code);
                    assert!(is_known || is_other, "{}: {code} is of no rule", path.display());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 40);
}
