//! Running subjects in turn: each round runs every subject once, so that what disturbs the machine disturbs all.

use super::browser::Browser;
use super::options::Options;
use super::stats::Spread;
use super::table::Row;
use crate::run::{self, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// From start to end.
pub const TIME: &str = "time";
/// The same, for each byte.
pub const PER_BYTE: &str = "time per byte";
/// Seconds of all cores, of all processes that had a part in it. A busy machine disturbs it less than time.
pub const PROCESSOR: &str = "processor";

/// One number of one run.
pub struct Reading {
    pub metric: &'static str,
    pub unit: &'static str,
    pub value: f64,
}

impl Reading {
    pub fn new(metric: &'static str, unit: &'static str, value: f64) -> Self {
        Self { metric, unit, value }
    }

    pub fn seconds(value: f64) -> Vec<Self> {
        vec![Self::new(TIME, "s", value)]
    }

    /// Seconds, and seconds of the processor where they are known.
    pub fn spent(time: f64, processor: Option<f64>) -> Vec<Self> {
        let processor = processor.map(|seconds| Self::new(PROCESSOR, "s", seconds));
        Self::seconds(time).into_iter().chain(processor).collect()
    }

    /// Time as time for each of so many bytes; what else there is as it is.
    pub fn per_byte(self, bytes: f64) -> Self {
        if self.metric == TIME { Self::new(PER_BYTE, "ns", self.value * 1e9 / bytes) } else { self }
    }
}

/// The browsers, started when they are first wanted.
pub struct Browsers {
    pub root: PathBuf,
    pub folder: PathBuf,
    pub extras: Value,
    pub open: BTreeMap<&'static str, Browser>,
}

impl Browsers {
    /// See [`Browser::ask`]. A browser that has gone is started anew the next time.
    pub fn ask(&mut self, name: &'static str, method: &str, arguments: Value) -> Outcome<Value> {
        if !self.open.contains_key(name) {
            self.open.insert(name, Browser::start(name, &self.root, &self.folder, &self.extras)?);
        }
        let browser = self.open.get_mut(name).ok_or("no browser")?;
        let answer = browser.ask(method, arguments);
        if browser.gone {
            self.open.remove(name);
        }
        answer
    }

    /// Has a method of the page (`tests/bench/page/bench.js`) done with a chosen file, in a fresh tab.
    pub fn in_page(
        &mut self,
        name: &'static str,
        method: &str,
        file: &str,
        arguments: &Value,
    ) -> Outcome<Value> {
        self.ask(name, "call", json!({ "file": file, "method": method, "args": arguments }))
    }
}

type Work<'a> = Box<dyn FnMut(&mut Browsers) -> Outcome<Vec<Reading>> + 'a>;

/// What is measured in a case.
pub struct Subject<'a> {
    pub name: String,
    work: Work<'a>,
    /// What it works on, where that is not the input of the case.
    input: Option<&'a Path>,
    /// Bytes that times are told by.
    bytes: Option<f64>,
}

impl<'a> Subject<'a> {
    pub fn new(
        name: impl Into<String>,
        work: impl FnMut(&mut Browsers) -> Outcome<Vec<Reading>> + 'a,
    ) -> Self {
        Self { name: name.into(), work: Box::new(work), input: None, bytes: None }
    }

    pub fn on(self, input: &'a Path) -> Self {
        Self { input: Some(input), ..self }
    }

    /// Has its times told by the byte, of which there are so many.
    pub fn by_byte(self, bytes: Option<f64>) -> Self {
        Self { bytes, ..self }
    }

    pub fn run(&mut self, browsers: &mut Browsers) -> Outcome<Vec<Reading>> {
        let readings = (self.work)(browsers)?;
        let Some(bytes) = self.bytes else { return Ok(readings) };
        Ok(readings.into_iter().map(|reading| reading.per_byte(bytes)).collect())
    }
}

/// What one subject has come to so far.
#[derive(Default)]
struct Record {
    values: Vec<(&'static str, &'static str, Vec<f64>)>,
    failure: Option<String>,
}

impl Record {
    fn add(&mut self, reading: &Reading) {
        match self.values.iter_mut().find(|(metric, ..)| *metric == reading.metric) {
            Some((_, _, values)) => values.push(reading.value),
            None => self.values.push((reading.metric, reading.unit, vec![reading.value])),
        }
    }

    fn rows(self, case: &str, subject: &str) -> Vec<Row> {
        let row = |metric, unit, spread| Row {
            case: case.to_owned(),
            subject: subject.to_owned(),
            metric,
            unit,
            spread,
            ratio: None,
        };
        if let Some(why) = self.failure {
            return vec![row("", "", Err(why))];
        }
        let spread = |values: &[f64]| Spread::of(values).ok_or_else(|| "no measurement".to_owned());
        self.values.into_iter().map(|(metric, unit, values)| row(metric, unit, spread(&values))).collect()
    }
}

/// Runs the wanted subjects of a case in turn, `runs` times, on `input`. A subject that fails is not tried again.
pub fn run_case(
    case: &str,
    input: &Path,
    mut subjects: Vec<Subject>,
    runs: usize,
    options: &Options,
    browsers: &mut Browsers,
) -> Vec<Row> {
    subjects.retain(|subject| options.wants(case, &subject.name));
    let mut records: Vec<Record> = subjects.iter().map(|_| Record::default()).collect();
    for round in 1..=runs {
        for (subject, record) in subjects.iter_mut().zip(&mut records) {
            if record.failure.is_some() {
                continue;
            }
            settle(subject.input.unwrap_or(input));
            let name = format!("{case}, {round} of {runs}: {}", subject.name);
            match subject.run(browsers) {
                Ok(readings) => {
                    let told =
                        readings.iter().map(|one| format!("{} {:.3} {}", one.metric, one.value, one.unit));
                    eprintln!("  {name}: {}", told.collect::<Vec<_>>().join(", "));
                    readings.iter().for_each(|reading| record.add(reading));
                }
                Err(why) => {
                    eprintln!("  {name}: FAILED: {why}");
                    record.failure = Some(why);
                }
            }
        }
    }
    let named = subjects.iter().zip(records);
    named.flat_map(|(subject, record)| record.rows(case, &subject.name)).collect()
}

/// What the run before left unwritten must not be written during this one, and every subject is to find the input in the
/// system's memory: machines differ most in how they fetch it.
fn settle(input: &Path) {
    if cfg!(unix) {
        // Only makes the numbers steadier; without it they are still numbers.
        let _ = run::output(&mut run::command("sync"));
    }
    let Ok(mut file) = std::fs::File::open(input) else { return };
    let mut buffer = vec![0; 1 << 20];
    while file.read(&mut buffer).is_ok_and(|read| read > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> Browsers {
        let (root, folder) = (PathBuf::new(), PathBuf::new());
        Browsers { root, folder, extras: Value::Null, open: BTreeMap::new() }
    }

    #[test]
    fn subjects_run_in_turn_and_a_failed_one_once() {
        let order = std::cell::RefCell::new(Vec::new());
        let subject = |name: &'static str, fails: bool| {
            let order = &order;
            Subject::new(name, move |_| {
                order.borrow_mut().push(name);
                if fails {
                    Err("broken".to_owned())
                } else {
                    Ok(Reading::seconds(order.borrow().len() as f64))
                }
            })
        };
        let options = Options::parse(&["--only", "case: "]).unwrap();
        let subjects = vec![subject("a", false), subject("b", true), subject("c", false)];
        let rows = run_case("case", Path::new("no file"), subjects, 3, &options, &mut nobody());
        assert_eq!(order.into_inner(), ["a", "b", "c", "a", "c", "a", "c"]);
        assert_eq!(rows[0].spread, Spread::of(&[1.0, 4.0, 6.0]).ok_or_else(String::new));
        assert_eq!(rows[1].spread, Err("broken".to_owned()));
    }
}
