//! How many tests passed, failed and were not run, read from what the test runners print.

#[derive(Debug, Default, PartialEq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    /// Left out by the runner, or said by a test to lack what it needs.
    pub skipped: u64,
    /// Of those passed: what did so only when it was tried again.
    pub again: u64,
}

/// What a test writes, past the capture of its output, when files or programs it needs are not there.
const NOT_RUN: &str = "NOT RUN: ";
/// How a page test says that it failed once.
const AGAIN: &str = "# tried again: ";

impl Counts {
    /// `test result: ok. 3 passed; 0 failed; …`, one for each test program, and `NOT RUN: …`, one for each test and
    /// reason. Such a test counts as passed and as not run: it may have done a part of its work.
    pub fn add_cargo_line(&mut self, line: &str) {
        // The runner may have begun a line of its own before it.
        if line.contains(NOT_RUN) {
            self.skipped += 1;
        }
        let Some((_, sums)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for sum in sums.split("; ") {
            match sum.split_once(' ') {
                Some((count, "passed")) => self.passed += count.parse::<u64>().unwrap_or(0),
                Some((count, "failed")) => self.failed += count.parse::<u64>().unwrap_or(0),
                Some((count, "ignored")) => self.skipped += count.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// The sums at the end of a TAP report: `# pass 3`, `# fail 0`, `# cancelled 0`, `# skipped 0`.
    pub fn add_tap(&mut self, report: &str) {
        let again = report.lines().filter(|line| line.trim_start().starts_with(AGAIN)).count();
        self.again += u64::try_from(again).unwrap_or(u64::MAX);
        for line in report.lines().filter_map(|line| line.strip_prefix("# ")) {
            match line.split_once(' ') {
                Some(("pass", count)) => self.passed += count.parse::<u64>().unwrap_or(0),
                // A test that never came to its end has not passed.
                Some(("fail" | "cancelled", count)) => self.failed += count.parse::<u64>().unwrap_or(0),
                Some(("skipped", count)) => self.skipped += count.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn cargo_results_add_up() {
        let mut counts = Counts::default();
        counts.add_cargo_line("test bytes::reads ... ok");
        counts.add_cargo_line("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        counts
            .add_cargo_line("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add_cargo_line("test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out");
        assert_eq!(counts, Counts { passed: 6, failed: 1, skipped: 2, again: 0 });
    }

    #[test]
    fn what_tests_say_they_did_not_run_is_counted() {
        let mut counts = Counts::default();
        counts.add_cargo_line("NOT RUN: every_case_comes_out_right: the cases are not there");
        counts.add_cargo_line("test in_the_corpus ... NOT RUN: in_the_corpus: the corpus is not there");
        counts.add_cargo_line("test not_run ... ok");
        assert_eq!(counts, Counts { passed: 0, failed: 0, skipped: 2, again: 0 });
    }

    #[test]
    fn node_results_add_up() {
        let mut counts = Counts::default();
        let once_more = "    # tried again: firefox: opens: Error: Not within 30000 ms\n";
        counts.add_tap(once_more);
        counts.add_tap("ok 1 - a\n1..1\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 3\n");
        assert_eq!(counts, Counts { passed: 2, failed: 2, skipped: 3, again: 1 });
    }
}
