//! What is found: by which rule, where, in a sentence.

use crate::boxes::{Node, Tree};
use crate::bytes::Error;
use crate::track::Index;
use crate::track::top::Paths;

use super::rules::{self, FileRule};
use super::unread::Unread;

/// Most findings of one rule that are told one by one.
pub const TOLD: usize = 20;

/// Where something was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The box, as `moof[3]/traf/trun`; empty when it is of none.
    pub path: String,
    /// File offset in bytes.
    pub offset: Option<u64>,
    /// Track ID.
    pub track: Option<u32>,
    /// Number of the sample in its track, from 0.
    pub sample: Option<u64>,
    /// Its decode time in seconds.
    pub time: Option<f64>,
}

impl Place {
    /// A box of a tree. The outermost box is the first of its type until [`Findings::finish`] knows better.
    pub fn of(tree: &Tree<'_>, node: &Node) -> Self {
        Self { path: tree.path_at(node.start).join("/"), offset: Some(node.start), ..Self::default() }
    }

    /// A byte of the file, in a top-level box.
    pub fn at(offset: u64) -> Self {
        Self { offset: Some(offset), ..Self::default() }
    }

    /// The same, of a track.
    #[must_use]
    pub fn of_track(self, id: u32) -> Self {
        Self { track: Some(id), ..self }
    }
}

/// One thing found.
#[derive(Clone, Debug)]
pub struct Found {
    /// By which rule.
    pub rule: &'static FileRule,
    /// Where.
    pub place: Place,
    /// A plain sentence.
    pub message: String,
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Findings {
    all: Vec<Found>,
    /// How many there are of each rule that was broken.
    counts: Vec<(&'static FileRule, u64)>,
    /// What cannot be read where is looked now.
    pub unread: Unread,
}

impl Findings {
    /// Adds one; of each rule [`TOLD`] are told.
    pub fn add(&mut self, rule: &'static FileRule, place: Place, message: impl Into<String>) {
        if self.counts_to_tell(rule) {
            self.all.push(Found { rule, place, message: message.into() });
        }
    }

    /// Adds one that is only put into words when it is told: of boxes that a file may have a flood of.
    pub fn add_by(&mut self, rule: &'static FileRule, told: &dyn Fn() -> (Place, String)) {
        if self.counts_to_tell(rule) {
            let (place, message) = told();
            self.all.push(Found { rule, place, message });
        }
    }

    /// Counts one, and says whether it is told.
    fn counts_to_tell(&mut self, rule: &'static FileRule) -> bool {
        if self.unread.hides(rule) {
            return false;
        }
        let is_rule = |(known, _): &(&FileRule, u64)| known.rule.id == rule.rule.id;
        let at = self.counts.iter().position(is_rule).unwrap_or_else(|| {
            self.counts.push((rule, 0));
            self.counts.len() - 1
        });
        let Some((_, count)) = self.counts.get_mut(at) else { return false };
        *count += 1;
        usize::try_from(*count).is_ok_and(|count| count <= TOLD)
    }

    /// Whether anything was found by this rule.
    pub fn has(&self, rule: &FileRule) -> bool {
        self.counts.iter().any(|(known, _)| known.rule.id == rule.rule.id)
    }

    /// Adds what a reader says of a track by an error: see [`Self::add_error`].
    pub fn add_error_of(&mut self, error: &Error, track: u32) {
        let from = self.all.len();
        self.add_error(error);
        self.all.iter_mut().skip(from).for_each(|found| found.place.track = Some(track));
    }

    /// Adds what a reader says by an error: its code is the rule's ID.
    pub fn add_error(&mut self, error: &Error) {
        let path = error.path();
        // Of a box, and not of the file: what is short in it has the code of a short read.
        let is_short = error.code() == "truncated" && error.box_start().is_some();
        let rule = rules::find(error.code()).filter(|_| !is_short).unwrap_or(&rules::UNREADABLE);
        // A top-level box that ends too early ends where the next one begins.
        let start = error.box_start().filter(|_| !path.contains('/'));
        let place = Place { path, offset: start.or(error.offset()), ..Place::default() };
        self.add(rule, place, error.message());
    }

    /// All of it, in the order of rules and then of the file, the outermost box of each path with its number; and how many
    /// there are of each rule.
    pub fn finish(mut self, index: &Index) -> (Vec<Found>, Vec<(&'static FileRule, u64)>) {
        number(index, &mut self.all);
        let rank = |rule: &FileRule| rules::all().position(|known| known.rule.id == rule.rule.id);
        self.counts.sort_by_key(|(rule, _)| rank(rule));
        let counts = self.counts;
        let order = |found: &Found| {
            let of_rule = counts.iter().position(|(rule, _)| rule.rule.id == found.rule.rule.id);
            (of_rule, found.place.offset)
        };
        self.all.sort_by_key(order);
        (self.all, counts)
    }
}

/// Puts the number of the top-level box into each path, or the path of that box where there is none.
fn number(index: &Index, all: &mut [Found]) {
    let mut places: Vec<&mut Place> = all.iter_mut().map(|found| &mut found.place).collect();
    places.sort_by_key(|place| place.offset);
    let mut places = places.into_iter().filter(|place| place.offset.is_some()).peekable();
    let mut paths = Paths::default();
    let mut before: Option<(u64, String, String)> = None;
    for at in 0..index.top.len() {
        let (Some(next), Some(top)) = (places.peek(), index.top.get(at)) else { return };
        if next.offset.is_some_and(|offset| offset >= top.end()) {
            continue;
        }
        paths.go_to(&index.top, at);
        let Some((_, segment)) = paths.next(&index.top) else { return };
        let bare = segment.split('[').next().unwrap_or_default().to_owned();
        while let Some(place) = places.next_if(|place| place.offset.is_some_and(|at| at < top.end())) {
            let (outer, inner) = place.path.split_once('/').unwrap_or((&place.path, ""));
            if place.offset.is_none_or(|at| at < top.start) {
                continue;
            }
            if outer.is_empty() || inner.is_empty() {
                place.path.clone_from(&segment);
            } else if outer == bare {
                place.path = format!("{segment}/{inner}");
            } else if let Some((_, segment, _)) =
                before.as_ref().filter(|(end, _, bare)| place.offset == Some(*end) && outer == bare)
            {
                // What ended too early ended with the box before.
                place.path = format!("{segment}/{inner}");
            }
        }
        before = Some((top.end(), segment, bare));
    }
}
