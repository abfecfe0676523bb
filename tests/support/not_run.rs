//! What is not run is said, and counted in the line that closes the run.

use std::io::Write;

/// Says that something was not run, past the capture of test output, so that `cargo pkg test` can count it.
pub fn not_run(why: &str) {
    static SAID: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let thread = std::thread::current();
    let line = format!("NOT RUN: {}: {why}\n", thread.name().unwrap_or("a test"));
    let mut said = SAID.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !said.contains(&line) {
        // One write, so that lines of tests that run at the same time do not mix.
        let _ = std::io::stdout().write_all(format!("\n{line}").as_bytes());
        said.push(line);
    }
}
