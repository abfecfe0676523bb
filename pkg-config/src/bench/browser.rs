//! A browser, driven by `tests/bench/drive.mjs` in Node: one JSON message a line, one answer a line.

use crate::run::{self, Outcome};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

pub struct Browser {
    child: Child,
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// As the browser says.
    pub version: String,
    /// It ended by itself, and answers no more.
    pub gone: bool,
}

impl Browser {
    /// `name` as in `programs.json`; `extras` as `drive.mjs` takes them.
    pub fn start(name: &str, root: &Path, folder: &Path, extras: &Value) -> Outcome<Self> {
        let mut node = run::command("node");
        node.arg(root.join("tests/bench/drive.mjs")).arg(name).arg(folder).arg(extras.to_string());
        let mut child = node
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| run::cannot_start(&node, &error))?;
        let input = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("node has no output")?);
        let mut browser = Self { child, input, answers, version: String::new(), gone: false };
        let hello = browser.answer()?;
        hello["version"].as_str().unwrap_or("?").clone_into(&mut browser.version);
        Ok(browser)
    }

    /// Has `method` of `drive.mjs` done; its error is the error.
    pub fn ask(&mut self, method: &str, mut arguments: Value) -> Outcome<Value> {
        arguments["do"] = json!(method);
        let input = self.input.as_mut().ok_or("the browser is closed")?;
        if let Err(error) = writeln!(input, "{arguments}") {
            self.gone = true;
            return Err(format!("the browser has gone: {error}"));
        }
        self.answer()
    }

    fn answer(&mut self) -> Outcome<Value> {
        let mut line = String::new();
        let len = self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        if len == 0 {
            self.gone = true;
            return Err("the browser has gone; what it said is above".to_owned());
        }
        let answer: Value = serde_json::from_str(&line).map_err(|error| format!("{error} in: {line}"))?;
        self.gone |= answer["gone"] == true;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // At the end of its input the driver closes the browser and removes its profile.
        self.input = None;
        let _ = self.child.wait();
    }
}
