//! The shape of the source: formatters and the linter for scripts.

use crate::project::Project;
use crate::run::{self, Outcome};
use std::process::Command;

/// `cargo pkg fmt`.
pub fn format(project: &Project) -> Outcome {
    run::run(run::cargo().args(["fmt", "--all"]).current_dir(&project.root))?;
    run::run(&mut prettier(project, "--write"))
}

/// `cargo pkg rules`: the tests that hold these files write them.
pub fn rules(project: &Project) -> Outcome {
    let tests = ["lint::page::", "lint::corpus::", "golden::"];
    let mut command = run::cargo();
    command.args(["test", "--test", "all", "--"]).args(tests).env("BOXLOCK_WRITE_RULES", "1");
    run::run(command.current_dir(&project.root))
}

pub fn check(project: &Project) -> Outcome {
    run::run(run::cargo().args(["fmt", "--all", "--check"]).current_dir(&project.root))?;
    run::run(&mut prettier(project, "--check"))
}

fn prettier(project: &Project, mode: &str) -> Command {
    let mut command = run::command("node");
    command.arg(project.page_tests().join("node_modules/prettier/bin/prettier.cjs"));
    command.args([mode, "--log-level=warn", "--config"]).arg(project.config("prettier.json"));
    command.args(["www", "tests/page", "tests/bench", "pkg-config"]).current_dir(&project.root);
    command
}

pub fn eslint(project: &Project) -> Outcome {
    let folder = project.page_tests();
    let mut command = run::command("node");
    command.arg(folder.join("node_modules/eslint/bin/eslint.js"));
    command.arg("--config").arg(folder.join("eslint.config.js"));
    command.args(["--max-warnings=0", "--no-error-on-unmatched-pattern", "www", "tests/page", "tests/bench"]);
    run::run(command.current_dir(&project.root))
}
