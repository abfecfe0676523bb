//! What differs between two boxes, and how much of it is told.

use serde::Serialize;

use crate::boxes::BoxId;
use crate::bytes::ByKey;

use super::identity;

/// How a box differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// It says something else.
    Changed,
    /// The other file has it, and this one not.
    Added,
    /// This file has it, and the other not.
    Removed,
    /// It is the same, and stands elsewhere among its neighbours.
    Moved,
}

/// Where a box is: `BoxSpot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// As `moof[3]/traf/trun`.
    pub path: String,
    /// File offset of its first byte.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

/// A field that differs: `DifferingField`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// What it is called; of entries of lists with their number.
    pub name: String,
    /// What it says in this file; left out where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it says in the other; left out where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Its number among the rows of the box in this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
}

/// Bytes that differ and are no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteDifference {
    /// File offset of the first that differs, in this file and in the other.
    pub at: (u64, u64),
    /// The bytes from there on, a few of them.
    pub before: Vec<u8>,
    /// Those of the other.
    pub after: Vec<u8>,
}

/// A box that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxDifference {
    /// How.
    pub kind: Kind,
    /// What kind of box, in this file or else in the other.
    pub id: BoxId,
    /// What it is called.
    pub name: &'static str,
    /// Where it is in this file.
    pub this: Option<Spot>,
    /// Where it is in the other.
    pub other: Option<Spot>,
    /// Whether it stands elsewhere among its neighbours.
    pub moved: bool,
    /// The fields that differ, the first of them.
    pub fields: Vec<FieldDifference>,
    /// How many more there are.
    pub more_fields: u64,
    /// Offsets in it that differ and lead to the same.
    pub offsets: u64,
    /// The first bytes that differ where no field does.
    pub bytes: Option<ByteDifference>,
    /// Number of its group.
    pub group: usize,
}

/// Boxes that differ in the same way: of one kind, in boxes of the same kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How they differ.
    pub kind: Kind,
    /// As `moof/traf/trun`, without numbers.
    pub path: String,
    /// The type.
    pub id: BoxId,
    /// What it is called.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// How many of them are told one by one.
    pub told: u64,
}

/// How many boxes differ: `DifferenceCounts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// That say something else.
    pub changed: u64,
    /// That only the other file has, each with all in it.
    pub added: u64,
    /// That only this file has, each with all in it.
    pub removed: u64,
    /// That stand elsewhere among their neighbours, and differ in nothing else.
    pub moved: u64,
    /// Offsets that differ because what they lead to has moved, and lead to the same.
    pub offsets: u64,
    /// Boxes of which nothing differs but such offsets.
    pub followed: u64,
    /// Boxes that are too large to be compared, or cannot be read; they have the same size.
    pub unread: u64,
}

/// Most differences that are told: of a group, and in all; and most groups.
const TOLD_OF_GROUP: u64 = 50;
const TOLD: usize = 2000;
const GROUPS: usize = 500;

/// What was found so far.
#[derive(Debug, Default)]
pub struct Found {
    /// In file order.
    pub differences: Vec<BoxDifference>,
    /// In the order in which the first of each was found.
    pub groups: Vec<Group>,
    /// All.
    pub counts: Counts,
    /// Numbers of groups.
    places: ByKey<usize>,
}

impl Found {
    /// Takes a difference.
    pub fn add(&mut self, mut difference: BoxDifference) {
        let counts = &mut self.counts;
        let count = match difference.kind {
            Kind::Changed => &mut counts.changed,
            Kind::Added => &mut counts.added,
            Kind::Removed => &mut counts.removed,
            Kind::Moved => &mut counts.moved,
        };
        *count += 1;
        counts.offsets += difference.offsets;
        let path = difference.this.as_ref().or(difference.other.as_ref()).map_or("", |spot| &spot.path);
        let (kind, path) = (difference.kind, without_numbers(path));
        let key = identity::of_text(&path) ^ kind as u64;
        let place = match self.places.get(key) {
            Some(place) => *place,
            None if self.groups.len() < GROUPS => {
                let (id, name) = (difference.id, difference.name);
                self.groups.push(Group { kind, path, id, name, count: 0, told: 0 });
                self.places.entry(key, self.groups.len() - 1);
                self.groups.len() - 1
            }
            None => return,
        };
        let Some(group) = self.groups.get_mut(place) else { return };
        group.count += 1;
        if group.told < TOLD_OF_GROUP && self.differences.len() < TOLD {
            group.told += 1;
            difference.group = place;
            self.differences.push(difference);
        }
    }
}

/// A path without the numbers of its boxes.
fn without_numbers(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(before);
        rest = after;
        match after.get(digits..).and_then(|after| after.strip_prefix(']')) {
            Some(behind) if digits > 0 => rest = behind,
            _ => out.push('['),
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_group_have_no_numbers() {
        let path = "moof[12]/traf[1]/uuid:a2394f52[2]";
        assert_eq!(without_numbers(path), "moof/traf/uuid:a2394f52");
        assert_eq!(without_numbers("a[b[]c[3"), "a[b[]c[3");
        assert_eq!(without_numbers(""), "");
    }

    #[test]
    fn all_are_counted_and_few_are_told() {
        let mut found = Found::default();
        for number in 0..10_000 {
            let spot = Spot { path: format!("moof[{number}]"), start: 0, size: 8 };
            found.add(BoxDifference {
                kind: Kind::Removed,
                id: crate::boxes::header::four(b"moof"),
                name: "",
                this: Some(spot),
                other: None,
                moved: false,
                fields: Vec::new(),
                more_fields: 0,
                offsets: 0,
                bytes: None,
                group: 0,
            });
        }
        assert_eq!((found.differences.len(), found.groups.len(), found.counts.removed), (50, 1, 10_000));
        assert_eq!((found.groups[0].count, found.groups[0].told), (10_000, 50));
    }
}
