//! The list of all rules as a page of the documentation.

use std::fmt::Write as _;

use crate::manifest::rules::{RULES, Rule, Severity};

use super::rules::{Action, FileRule, PARTS};
use super::targets::{self, stops};
use crate::verify::offline::State;

/// What stands in `docs/rules.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# What Boxlock finds\n\n\
         Every rule that a file or a manifest is held to, as it is declared in the code (`src/lint/rules`, \
         `src/manifest/rules.rs`). `cargo pkg rules` writes this page.\n\n\
         An **error** stops players, or gives away what is encrypted. Of a **warning** some players make something else, or \
         it is doubtful. A **note** is good to know. *Stops* names the players of “Why does it not play?” that stop at it; \
         those in brackets may.\n",
    );
    for (title, rules) in PARTS {
        let _ = write!(page, "\n## {title}\n");
        for rule in rules {
            file_rule(&mut page, rule);
        }
    }
    let _ = write!(page, "\n## Manifests\n\n| rule | severity | clause |\n|---|---|---|\n");
    for Rule { id, severity, clause } in RULES.iter().copied() {
        let _ = writeln!(page, "| `{id}` | {} | {} |", word(*severity), clause.replace('|', "\\|"));
    }
    page
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn file_rule(page: &mut String, rule: &FileRule) {
    let Rule { id, severity, clause } = rule.rule;
    let _ = write!(page, "\n### `{id}`: {}\n\n*{}* · {clause}\n\n", rule.title, word(severity));
    let _ = writeln!(page, "{}\n\nHow to fix it: {}{}", rule.why, rule.fix, action(rule.action));
    let mut names = Vec::new();
    for (id, title) in targets::all() {
        match stops(rule, id) {
            Some(State::Fails) => names.push(title.to_owned()),
            Some(_) => names.push(format!("({title})")),
            None => {}
        }
    }
    if !names.is_empty() {
        let _ = write!(page, "\nStops: {}.\n", names.join("; "));
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::None => "",
        Action::Change => " The page has a button for it: *Change its headers*.",
        Action::Protect => " The page has a button for it: *Protect it*.",
        Action::Check => " The page has a button for it: *Check it with its keys*.",
    }
}
