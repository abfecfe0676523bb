//! The rows of the result: as an aligned table for people, as JSON for machines.

use super::stats::Spread;
use serde_json::{Value, json};

/// One line: how one subject did in one case by one metric.
pub struct Row {
    pub case: String,
    pub subject: String,
    pub metric: &'static str,
    pub unit: &'static str,
    /// The measurements, or why there are none.
    pub spread: Result<Spread, String>,
    /// The subject it is held against, and median ÷ that subject's median.
    pub ratio: Option<(String, f64)>,
}

impl Row {
    /// Holds every row of `metric` in these rows against the row of `peer`, when that has one.
    pub fn hold_against(rows: &mut [Self], metric: &str, peer: &str) {
        Self::hold(rows, metric, |_| peer.to_owned());
    }

    /// Holds every row of `metric` in these rows against the row of the subject that `base` names for its own, when that
    /// has one.
    pub fn hold(rows: &mut [Self], metric: &str, base: impl Fn(&str) -> String) {
        let ratio = |row: &Self| {
            let base = base(&row.subject);
            let held = Self::median_of(rows, &base, metric).filter(|median| *median > 0.0)?;
            let is_held = row.metric == metric && row.subject != base;
            row.spread.as_ref().ok().filter(|_| is_held).map(|spread| (base, spread.median / held))
        };
        let ratios: Vec<_> = rows.iter().map(ratio).collect();
        for (row, ratio) in rows.iter_mut().zip(ratios) {
            row.ratio = ratio.or(row.ratio.take());
        }
    }

    /// The median of one subject by one metric.
    pub fn median_of(rows: &[Self], subject: &str, metric: &str) -> Option<f64> {
        let row = rows.iter().find(|row| row.metric == metric && row.subject == subject)?;
        row.spread.as_ref().ok().map(|spread| spread.median)
    }

    pub fn json(&self) -> Value {
        let mut row = json!({
            "case": self.case, "subject": self.subject, "metric": self.metric, "unit": self.unit,
        });
        match &self.spread {
            Ok(Spread { min, median, max, runs }) => {
                row["min"] = json!(min);
                row["median"] = json!(median);
                row["max"] = json!(max);
                row["runs"] = json!(runs);
            }
            Err(why) => row["failed"] = json!(why),
        }
        if let Some((peer, ratio)) = &self.ratio {
            row["ratio"] = json!(ratio);
            row["ratioTo"] = json!(peer);
        }
        row
    }

    fn cells(&self) -> [String; 8] {
        let [min, median, max, runs] = match &self.spread {
            Ok(spread) if spread.runs == 1 => {
                [String::new(), short(spread.median), String::new(), "1".to_owned()]
            }
            Ok(spread) => {
                [short(spread.min), short(spread.median), short(spread.max), spread.runs.to_string()]
            }
            Err(_) => ["failed", "", "", ""].map(str::to_owned),
        };
        let ratio = match (&self.ratio, &self.spread) {
            (_, Err(why)) => why.clone(),
            (Some((peer, ratio)), _) => format!("{ratio:.2} × {peer}"),
            (None, _) => String::new(),
        };
        [self.subject.clone(), self.metric.to_owned(), min, median, max, self.unit.to_owned(), runs, ratio]
    }
}

const HEAD: [&str; 8] = ["", "", "min", "median", "max", "", "runs", "ratio"];
/// Numbers stand to the right.
const TO_RIGHT: [bool; 8] = [false, false, true, true, true, false, true, false];

/// The rows below their cases' names, every column as wide as it must be.
pub fn table(rows: &[Row]) -> String {
    let cells: Vec<[String; 8]> = rows.iter().map(Row::cells).collect();
    let mut widths = HEAD.map(width);
    for line in &cells {
        for (width_so_far, cell) in widths.iter_mut().zip(line) {
            *width_so_far = width(cell).max(*width_so_far);
        }
    }
    let mut text = String::new();
    let mut case = None;
    for (row, line) in rows.iter().zip(&cells) {
        if case != Some(&row.case) {
            text += &format!("\n{}\n{}\n", row.case, aligned(&HEAD.map(str::to_owned), &widths));
            case = Some(&row.case);
        }
        text += &aligned(line, &widths);
        text.push('\n');
    }
    text
}

fn aligned(cells: &[String; 8], widths: &[usize; 8]) -> String {
    let mut line = String::from(" ");
    for ((cell, width_of_column), to_right) in cells.iter().zip(widths).zip(TO_RIGHT) {
        let space = " ".repeat(width_of_column - width(cell));
        let (before, after) = if to_right { (space.as_str(), "") } else { ("", space.as_str()) };
        line += &format!(" {before}{cell}{after} ");
    }
    line.trim_end().to_owned()
}

fn width(text: impl AsRef<str>) -> usize {
    text.as_ref().chars().count()
}

/// Three digits that matter, and no more than are needed.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(subject: &str, spread: Result<Spread, String>) -> Row {
        let (case, subject) = ("main".to_owned(), subject.to_owned());
        Row { case, subject, metric: "time", unit: "s", spread, ratio: None }
    }

    #[test]
    fn columns_are_aligned_and_cases_named_once() {
        let mut rows = [
            row("ours", Ok(Spread::of(&[2.5, 2.0, 12.25]).unwrap())),
            row("a peer", Ok(Spread::of(&[5.0, 5.0]).unwrap())),
            row("gone", Err("not here".to_owned())),
        ];
        Row::hold_against(&mut rows, "time", "a peer");
        let expected = "
main
                    min  median   max     runs  ratio
  ours    time        2    2.50  12.2  s     3  0.50 × a peer
  a peer  time        5       5     5  s     2
  gone    time   failed                s        not here
";
        let squeezed = |text: &str| {
            let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            lines.collect::<Vec<_>>()
        };
        let made = table(&rows);
        assert_eq!(squeezed(&made), squeezed(expected));
        let ends = made.lines().skip(3).map(|line| line.find(" s ").unwrap()).collect::<Vec<_>>();
        assert_eq!(ends, [ends[0]; 3]);
    }

    #[test]
    fn only_rows_of_the_metric_are_held_against_the_peer() {
        let mut rows = [row("ours", Ok(Spread::one(3.0))), row("peer", Ok(Spread::one(2.0)))];
        Row::hold_against(&mut rows, "memory", "peer");
        assert!(rows[0].ratio.is_none());
        Row::hold_against(&mut rows, "time", "peer");
        assert_eq!(rows[0].ratio, Some(("peer".to_owned(), 1.5)));
        assert!(rows[1].ratio.is_none());
        assert_eq!(Row::median_of(&rows, "ours", "time"), Some(3.0));
    }

    #[test]
    fn each_row_is_held_against_its_own_base() {
        let median = |value| Ok(Spread::one(value));
        let mut rows = [row("a", median(2.0)), row("a, b", median(1.0)), row("c", median(3.0))];
        Row::hold(&mut rows, "time", |subject| if subject == "c" { "a, b" } else { "a" }.to_owned());
        let ratios = rows.map(|row| row.ratio);
        assert_eq!(ratios, [None, Some(("a".to_owned(), 0.5)), Some(("a, b".to_owned(), 3.0))]);
    }

    #[test]
    fn machines_get_the_same_rows() {
        let mut made = row("ours", Ok(Spread::of(&[1.0, 2.0]).unwrap()));
        made.ratio = Some(("peer".to_owned(), 0.5));
        let expected = json!({
            "case": "main", "subject": "ours", "metric": "time", "unit": "s",
            "min": 1.0, "median": 1.5, "max": 2.0, "runs": 2, "ratio": 0.5, "ratioTo": "peer",
        });
        assert_eq!(made.json(), expected);
        assert_eq!(row("x", Err("why".to_owned())).json()["failed"], "why");
    }

    #[test]
    fn numbers_have_three_digits_that_matter() {
        let texts = [0.0, 0.1234, 1.234, 12.34, 123.4, 4.0].map(short);
        assert_eq!(texts, ["0", "0.123", "1.23", "12.3", "123", "4"]);
    }
}
