//! What `cargo pkg bench` can be asked.

use crate::run::Outcome;
use std::path::PathBuf;

pub const HELP: &str = "\
cargo pkg bench [OPTION...]  measure side by side with other software, print a table
  --runs N                   rounds of each case (5); within a round, subjects run in turn
  --only TEXT                only lines whose `case: subject` contains TEXT
  --json FILE                write the same rows for machines
  --huge                     with files of 20 GB, one by one (needs 45 GB of disk)
  --keep                     keep files of 5 GB and more
  --quick                    a smoke test: small inputs, one round, only peers already here";

#[derive(Debug, PartialEq)]
pub struct Options {
    pub runs: usize,
    pub only: Option<String>,
    pub json: Option<PathBuf>,
    pub huge: bool,
    pub keep: bool,
    pub quick: bool,
}

impl Options {
    pub fn parse(words: &[&str]) -> Outcome<Self> {
        let mut options = Self { runs: 0, only: None, json: None, huge: false, keep: false, quick: false };
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{word} needs a value\n\n{HELP}"));
            match *word {
                "--runs" => {
                    let text = value()?;
                    options.runs = text
                        .parse()
                        .ok()
                        .filter(|runs| *runs > 0)
                        .ok_or_else(|| format!("`{text}` is not a number of runs"))?;
                }
                "--only" => options.only = Some(value()?.to_lowercase()),
                "--json" => options.json = Some(value()?.into()),
                "--huge" => options.huge = true,
                "--keep" => options.keep = true,
                "--quick" => options.quick = true,
                _ => return Err(format!("bench has no option {word}\n\n{HELP}")),
            }
        }
        if options.runs == 0 {
            options.runs = if options.quick { 1 } else { 5 };
        }
        Ok(options)
    }

    pub fn wants(&self, case: &str, subject: &str) -> bool {
        let line = format!("{case}: {subject}").to_lowercase();
        self.only.as_ref().is_none_or(|text| line.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_have_defaults() {
        let options = Options::parse(&[]).unwrap();
        assert_eq!((options.runs, options.quick), (5, false));
        assert_eq!(Options::parse(&["--quick"]).unwrap().runs, 1);
        assert_eq!(Options::parse(&["--quick", "--runs", "3"]).unwrap().runs, 3);
    }

    #[test]
    fn only_looks_at_case_and_subject() {
        let options = Options::parse(&["--only", "Main: chromium"]).unwrap();
        assert!(options.wants("main", "Chromium, 2 workers"));
        assert!(!options.wants("main", "Firefox, 2 workers"));
    }

    #[test]
    fn mistakes_are_named() {
        for (words, named) in
            [(vec!["--runs"], "--runs"), (vec!["--runs", "0"], "`0`"), (vec!["--fast"], "--fast")]
        {
            assert!(Options::parse(&words).unwrap_err().contains(named), "{words:?}");
        }
    }
}
