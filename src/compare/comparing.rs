//! Comparing two open files, without I/O: it says which bytes it needs, takes them, and tells what differs.

use std::rc::Rc;

use crate::boxes::Tree;
use crate::bytes::Result;
use crate::bytes::units::to_len;
use crate::track::top::{Paths, TopBox};
use crate::track::{Fragment, Index, Need};
use crate::verify::wire;

use super::Which;
use super::align::{Step, align};
use super::boxes::{self, alone};
use super::difference::{BoxDifference, Counts, FieldDifference, Found, Group, Kind, Spot};
use super::fields::Half;
use super::identity::{self, SameTracks, is_media};
use super::places::Places;
use super::samples::{SampleComparison, TrackComparison};

/// Bytes that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of which file.
    pub which: Which,
    /// Where they are.
    pub need: Need,
}

/// A top-level box and its path.
type Placed = (TopBox, String);

/// Two top-level boxes that belong together.
#[derive(Debug)]
struct Pair {
    this: Placed,
    other: Placed,
    moved: bool,
    /// Their bytes, as far as they were given.
    bytes: Vec<Vec<u8>>,
}

/// A comparison that is under way.
#[derive(Debug)]
pub struct Comparing {
    this: Rc<Index>,
    other: Rc<Index>,
    same: SameTracks,
    tops: Places,
    steps: Vec<Step>,
    next: usize,
    paths: (Paths, Paths),
    /// What is compared now, and waits for bytes.
    pair: Option<Pair>,
    found: Found,
    samples: SampleComparison,
    /// Why the samples could not all be compared.
    failed: Option<String>,
    /// Of which files samples are compared decrypted: of this one, and of the other.
    decrypted: (bool, bool),
}

/// What came of it.
#[derive(Debug)]
pub struct Compared {
    /// How many boxes differ.
    pub counts: Counts,
    /// The boxes that differ, as far as they are told, in file order.
    pub differences: Vec<BoxDifference>,
    /// The same by their kind, all of them.
    pub groups: Vec<Group>,
    /// The samples.
    pub tracks: Vec<TrackComparison>,
    /// Why the samples could not all be compared.
    pub failed: Option<String>,
    /// Of which files samples were compared decrypted: of this one, and of the other.
    pub decrypted: (bool, bool),
    /// Bytes of this file and of the other.
    pub sizes: (u64, u64),
}

impl Comparing {
    /// Begins with what is known of two open files.
    pub fn new(this: Rc<Index>, other: Rc<Index>) -> Self {
        let same = SameTracks::of(&this, &other);
        let steps = align(&identity::of_file(&this, &same, false), &identity::of_file(&other, &same, true));
        let mut tops = Places::default();
        for step in &steps {
            if let Step::Both { this: a, other: b, .. } = step
                && let (Some(a), Some(b)) = (this.top.get(*a), other.top.get(*b))
            {
                tops.push_top(&a, &b);
            }
        }
        let samples = SampleComparison::new(&this, &other, &same);
        let mut comparing = Self {
            this,
            other,
            same,
            tops,
            steps,
            next: 0,
            paths: (Paths::default(), Paths::default()),
            pair: None,
            found: Found::default(),
            samples,
            failed: None,
            decrypted: (false, false),
        };
        // What stands behind the last box is none, and is not read.
        let has_tail = |index: &Index| index.file_len > index.top.end();
        let tails = has_tail(&comparing.this) || has_tail(&comparing.other);
        comparing.found.counts.unread += u64::from(tails);
        comparing.go_on();
        comparing
    }

    /// The bytes wanted next; nothing when all boxes are compared.
    pub fn needs(&self) -> Option<Wanted> {
        let pair = self.pair.as_ref()?;
        let (which, top) = [(Which::This, &pair.this.0), (Which::Other, &pair.other.0)]
            .into_iter()
            .filter(|(which, top)| self.index(*which).held(top).is_none())
            .nth(pair.bytes.len())?;
        Some(Wanted { which, need: Need { start: top.start, len: top.size } })
    }

    /// Offset in this file up to which boxes are compared.
    pub fn position(&self) -> u64 {
        self.pair.as_ref().map_or(self.this.file_len, |pair| pair.this.0.start)
    }

    fn index(&self, which: Which) -> &Rc<Index> {
        if which == Which::This { &self.this } else { &self.other }
    }

    /// Takes the bytes that were wanted, or more, or fewer where the file ends.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Some(wanted) = self.needs() else { return };
        let len = to_len(wanted.need.len).min(bytes.len());
        if let Some(pair) = &mut self.pair {
            pair.bytes.push(bytes.get(..len).unwrap_or_default().to_vec());
        }
        if self.needs().is_none() {
            self.end_pair();
            self.go_on();
        }
    }

    /// Goes on to the next boxes that take bytes.
    fn go_on(&mut self) {
        while let Some(step) = self.steps.get(self.next).copied() {
            self.next += 1;
            match step {
                Step::Removed(number) => {
                    if let Some(one) = self.placed(Which::This, number) {
                        self.found.add(alone(Kind::Removed, one.0.id, None, Some(spot(&one)), None));
                    }
                }
                Step::Added(number) => {
                    if let Some(one) = self.placed(Which::Other, number) {
                        self.found.add(alone(Kind::Added, one.0.id, None, None, Some(spot(&one))));
                    }
                }
                Step::Both { this, other, moved } => {
                    let both = self.placed(Which::This, this).zip(self.placed(Which::Other, other));
                    let Some((this, other)) = both else { continue };
                    if !this.0.is_read() || !other.0.is_read() {
                        self.unread(&this, &other, moved);
                        continue;
                    }
                    self.pair = Some(Pair { this, other, moved, bytes: Vec::new() });
                    if self.needs().is_some() {
                        return;
                    }
                    self.end_pair();
                }
            }
        }
    }

    /// A top-level box with its path.
    fn placed(&mut self, which: Which, number: usize) -> Option<Placed> {
        let (index, paths) = match which {
            Which::This => (&self.this, &mut self.paths.0),
            Which::Other => (&self.other, &mut self.paths.1),
        };
        paths.go_to(&index.top, number);
        paths.next(&index.top)
    }

    /// Boxes that are not read: of media data the samples are compared.
    fn unread(&mut self, this: &Placed, other: &Placed, moved: bool) {
        let mut difference = BoxDifference {
            moved,
            ..alone(Kind::Moved, this.0.id, None, Some(spot(this)), Some(spot(other)))
        };
        let mut field = |name: &str, before: u64, after: u64| {
            if before != after {
                let text = |n: u64| Some(format!("{n} bytes"));
                let (before, after) = (text(before), text(after));
                difference.kind = Kind::Changed;
                difference.fields.push(FieldDifference { name: name.to_owned(), before, after, row: None });
            }
        };
        field("header", this.0.header_len, other.0.header_len);
        field(
            "data",
            this.0.size - this.0.header_len.min(this.0.size),
            other.0.size - other.0.header_len.min(other.0.size),
        );
        if difference.kind == Kind::Changed || moved {
            self.found.add(difference);
        } else if !is_media(&this.0) {
            self.found.counts.unread += 1;
        }
    }

    /// Compares two boxes whose bytes are there.
    fn end_pair(&mut self) {
        let Some(Pair { this, other, moved, bytes }) = self.pair.take() else { return };
        let (ours, theirs) = (Rc::clone(&self.this), Rc::clone(&self.other));
        let mut given = bytes.into_iter();
        let mut tree = |index: &Index, top: &TopBox| -> Result<Option<Tree<'static>>> {
            if index.held(top).is_some() {
                return Ok(None);
            }
            let bytes = given.next().unwrap_or_default();
            top.tree(&bytes).map(Tree::into_owned).map(Some)
        };
        let read = tree(&ours, &this.0).and_then(|own| Ok((own, tree(&theirs, &other.0)?)));
        let Ok((own, their)) = read else {
            self.found.counts.unread += 1;
            return;
        };
        let (Some(own), Some(their)) =
            (own.as_ref().or_else(|| ours.held(&this.0)), their.as_ref().or_else(|| theirs.held(&other.0)))
        else {
            return;
        };
        let of = |tree: &Tree<'_>, index: &Index| {
            let is_fragment = tree.root().id().is(b"moof");
            is_fragment.then(|| Fragment::read_all(tree, index.movie.as_ref(), &mut Vec::new()))
        };
        let fragments = (of(own, &ours), of(their, &theirs));
        let half = Half { tree: own, moov: ours.moov.as_ref(), fragment: fragments.0.as_ref() };
        let other_half = Half { tree: their, moov: theirs.moov.as_ref(), fragment: fragments.1.as_ref() };
        boxes::compare(
            (half, &this.1),
            (other_half, &other.1),
            moved,
            &self.same,
            &self.tops,
            &mut self.found,
        );
    }

    /// Takes what was found of the next samples of a file.
    ///
    /// # Errors
    /// `bad-task` when the bytes are none that an examiner wrote.
    pub fn take(&mut self, which: Which, found: &[u8]) -> Result<()> {
        for examined in wire::from_bytes(found)? {
            self.samples.add(which, &examined);
        }
        Ok(())
    }

    /// Takes that the samples of a file are compared decrypted, with keys.
    pub fn decrypts(&mut self, which: Which) {
        match which {
            Which::This => self.decrypted.0 = true,
            Which::Other => self.decrypted.1 = true,
        }
    }

    /// Takes why the samples could not be compared any further.
    pub fn failed(&mut self, why: &str) {
        self.failed.get_or_insert_with(|| why.to_owned());
    }

    /// What came of it, when all was given.
    pub fn finish(self) -> Compared {
        let Found { differences, groups, counts, .. } = self.found;
        Compared {
            counts,
            differences,
            groups,
            tracks: self.samples.finish(),
            failed: self.failed,
            decrypted: self.decrypted,
            sizes: (self.this.file_len, self.other.file_len),
        }
    }
}

fn spot((top, path): &Placed) -> Spot {
    Spot { path: path.clone(), start: top.start, size: top.size }
}
