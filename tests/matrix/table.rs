//! The counts, and the table that the README has.

use std::collections::BTreeMap;

pub const BEGIN: &str = "<!-- The matrix begins. -->";
pub const END: &str = "<!-- The matrix ends. -->";

const GROUPS: [&str; 4] = ["scheme and form", "codec", "made of", "keys"];

pub struct Table {
    judges: Vec<String>,
    /// Group, value, judge: how many agree, of how many.
    counts: BTreeMap<(usize, String, usize), (u32, u32)>,
    /// Judge, reason: how many do not agree.
    known: BTreeMap<(usize, &'static str), u32>,
    /// The same of those that it was not asked for.
    passed_over: BTreeMap<(usize, &'static str), u32>,
    /// Values of each group in the order in which they are listed.
    order: Vec<(usize, String)>,
    pub refused: u32,
}

impl Table {
    pub fn new(judges: Vec<String>) -> Self {
        Self {
            judges,
            counts: BTreeMap::new(),
            known: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            order: Vec::new(),
            refused: 0,
        }
    }

    /// Counts one track of one output, by whether the judge is known not to give it back.
    pub fn add(&mut self, judge: usize, values: [&str; 4], known: Option<&'static str>) {
        for (group, value) in values.into_iter().enumerate() {
            let place = (group, value.to_owned());
            if !self.order.contains(&place) {
                self.order.push(place.clone());
            }
            let count = self.counts.entry((place.0, place.1, judge)).or_default();
            count.0 += u32::from(known.is_none());
            count.1 += 1;
        }
        if let Some(why) = known {
            *self.known.entry((judge, why)).or_default() += 1;
        }
    }

    /// Counts one track of one output that the judge was not asked for.
    pub fn pass_over(&mut self, judge: usize, why: &'static str) {
        *self.passed_over.entry((judge, why)).or_default() += 1;
    }

    /// Whether this judge did not give an output back, for this reason.
    pub fn has_met(&self, judge: usize, why: &'static str) -> bool {
        self.known.contains_key(&(judge, why))
    }

    pub fn head(&self) -> String {
        format!("| | {} |", self.judges.join(" | "))
    }

    pub fn markdown(&self, rows: usize, of: usize) -> String {
        let mut lines = vec![
            format!(
                "{rows} outputs of {of}, so chosen that every two values meet; {} of them are refused, as PIFF has no AV1 or \
                 VP9.\nTracks whose samples come out as they stand in the clear file, and of how many where not all:",
                self.refused
            ),
            String::new(),
            self.head(),
            format!("|---|{}", "---|".repeat(self.judges.len())),
        ];
        for (group, title) in GROUPS.iter().enumerate() {
            lines.push(format!("| _{title}_ |{}", " |".repeat(self.judges.len())));
            let mut values: Vec<&String> =
                self.order.iter().filter(|(of, _)| *of == group).map(|(_, value)| value).collect();
            values.sort();
            for value in values {
                let cell = |judge: usize| {
                    let (agree, all) =
                        self.counts.get(&(group, value.clone(), judge)).copied().unwrap_or_default();
                    if all == 0 {
                        "—".to_owned()
                    } else if agree == all {
                        format!("{all}")
                    } else {
                        format!("{agree} of {all}")
                    }
                };
                let cells: Vec<String> = (0..self.judges.len()).map(cell).collect();
                lines.push(format!("| {value} | {} |", cells.join(" | ")));
            }
        }
        lines.push(String::new());
        lines.push("What is missing is known, and tried each time:".to_owned());
        lines.push(String::new());
        lines.extend(self.reasons(&self.known));
        lines.extend(
            ["", "What a judge does not say that it reads, it is not asked for:", ""].map(str::to_owned),
        );
        lines.extend(self.reasons(&self.passed_over));
        lines.join("\n")
    }
    /// A line for each reason: whose it is, and how often.
    fn reasons(&self, counts: &BTreeMap<(usize, &'static str), u32>) -> Vec<String> {
        let mut reasons = BTreeMap::<&str, Vec<String>>::new();
        for ((judge, why), count) in counts {
            reasons.entry(why).or_default().push(format!("{} {count}", self.judges[*judge]));
        }
        reasons.iter().map(|(why, who)| format!("- {why}: {}.", who.join(", "))).collect()
    }
}
