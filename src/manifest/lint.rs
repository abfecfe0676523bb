//! What is found in a manifest: which rule it breaks, where, in a plain sentence.

use serde::Serialize;

use super::rules::{Rule, Severity};
use crate::exchange::xml::Element;

/// Most findings of one rule that are told one by one.
const TOLD: usize = 20;

/// One thing found: `ManifestFinding`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// A plain sentence.
    pub message: String,
    /// The element, as `SmoothStreamingMedia/StreamIndex[2]/c[5]`; in a playlist the tag.
    pub path: String,
    /// The line, from 1 on.
    pub line: u32,
    /// Where the rule stands.
    pub clause: &'static str,
}

/// What was found so far. Places are bytes of the text.
#[derive(Debug, Default)]
pub struct Findings {
    all: Vec<(&'static Rule, usize, String)>,
    /// How many there are of each rule.
    counts: Vec<(&'static str, usize)>,
}

impl Findings {
    /// Adds one that stands at a byte.
    pub fn add(&mut self, rule: &'static Rule, at: usize, message: impl Into<String>) {
        let place = self.counts.iter().position(|(id, _)| *id == rule.id).unwrap_or_else(|| {
            self.counts.push((rule.id, 0));
            self.counts.len() - 1
        });
        let Some((_, count)) = self.counts.get_mut(place) else { return };
        *count += 1;
        if *count <= TOLD {
            self.all.push((rule, at, message.into()));
        }
    }

    /// All of them with their places, in the order of the text.
    pub fn placed(mut self, text: &str, root: Option<&Element>) -> Vec<Finding> {
        for (id, count) in &self.counts {
            let Some(more) = count.checked_sub(TOLD).filter(|more| *more > 0) else { continue };
            if let Some((_, _, message)) = self.all.iter_mut().rev().find(|(rule, _, _)| rule.id == *id) {
                message.push_str(&format!(" The same is so in {more} more places."));
            }
        }
        self.all.sort_by_key(|(_, at, _)| *at);
        let (mut line, mut counted) = (1, 0);
        let mut placed = Vec::new();
        for (rule, at, message) in self.all {
            let between = text.as_bytes().get(counted..at).unwrap_or_default();
            line += u32::try_from(between.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
            counted = counted.max(at);
            let path = match root {
                Some(root) => path(root, at),
                None => tag(text.get(at..).unwrap_or_default()),
            };
            placed.push(Finding {
                rule: rule.id,
                severity: rule.severity,
                message,
                path,
                line,
                clause: rule.clause,
            });
        }
        placed
    }
}

/// The path of the element that begins at a byte: siblings of one name are counted from 1 on, as XPath does.
fn path(root: &Element, at: usize) -> String {
    let mut path = root.name.clone();
    let mut here = root;
    while here.at < at {
        let behind = here.children.partition_point(|child| child.at <= at);
        let Some(next) = behind.checked_sub(1).and_then(|place| here.children.get(place)) else { break };
        let same = |child: &&Element| child.name == next.name;
        let before = here.children.iter().take(behind).filter(same).count();
        path.push('/');
        path.push_str(&next.name);
        if here.children.iter().filter(same).nth(1).is_some() {
            path.push_str(&format!("[{before}]"));
        }
        here = next;
    }
    path
}

/// The tag of the next line of a playlist that has something, or the address.
fn tag(rest: &str) -> String {
    let line = rest.trim_start().lines().next().unwrap_or("(end)");
    let end = line.find(':').filter(|_| line.starts_with('#')).unwrap_or(line.len());
    line.chars().take(line.get(..end).map_or(0, |tag| tag.chars().count()).min(80)).collect()
}

/// At most so much of a text of somebody's as a sentence holds.
pub fn short(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
