//! The top-level boxes of a file, in few bytes each: there may be two for every fragment.

use std::collections::BTreeMap;

use crate::boxes::Tree;
use crate::boxes::header::BoxId;
use crate::boxes::tree::{matching, path_segment};
use crate::bytes::units::{push_expecting, to_len};
use crate::bytes::{FourCc, Result, Uuid16, limits};

/// A top-level box of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopBox {
    /// What kind of box.
    pub id: BoxId,
    /// File offset of its first byte.
    pub start: u64,
    /// Bytes of the whole box, as far as the file has them.
    pub size: u64,
    /// Bytes of its header.
    pub header_len: u64,
}

impl TopBox {
    /// File offset after its last byte.
    pub fn end(&self) -> u64 {
        self.start + self.size
    }

    /// What is in it, by its bytes, of which there may be more.
    pub fn tree<'b>(&self, bytes: &'b [u8]) -> Result<Tree<'b>> {
        Tree::of_all(bytes.get(..to_len(self.size)).unwrap_or(bytes), self.start)
    }

    /// Whether it is read to be looked at as a box: media data never is, nor is anything too large.
    pub fn is_read(&self) -> bool {
        let limit = match &self.id.four_cc().0 {
            b"mdat" => 0,
            b"moov" => limits::MOOV_LEN,
            b"moof" => limits::MOOF_LEN,
            b"mfra" | b"sidx" => limits::INDEX_LEN,
            _ => limits::INSPECT_LEN,
        };
        self.size <= limit
    }
}

/// One box of the list: where it starts, and its four-character code or the index of its user type.
#[derive(Clone, Copy, Debug)]
struct Packed {
    start: u64,
    id: u32,
    header_len: u8,
    is_uuid: bool,
}

/// Top-level boxes, each beginning where the one before ends.
#[derive(Debug, Default)]
pub struct TopBoxes {
    boxes: Vec<Packed>,
    user_types: Vec<Uuid16>,
    end: u64,
}

impl TopBoxes {
    /// Puts a box behind the others, of which there will be `expected`.
    pub(super) fn push(&mut self, id: BoxId, size: u64, header_len: u64, expected: u64) {
        let (id, is_uuid) = match id {
            BoxId::Four(code) => (u32::from_be_bytes(code.0), false),
            BoxId::Uuid(user_type) => {
                self.user_types.push(user_type);
                (u32::try_from(self.user_types.len() - 1).unwrap_or(u32::MAX), true)
            }
        };
        // The longest header, of a `uuid` box with a 64-bit size, has 32 bytes.
        let header_len = u8::try_from(header_len).unwrap_or(u8::MAX);
        push_expecting(&mut self.boxes, expected, Packed { start: self.end, id, header_len, is_uuid });
        self.end += size;
    }

    /// Gives back what was reserved for more.
    pub(super) fn shrink(&mut self) {
        self.boxes.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// File offset after the last of them.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The box of this number, from 0.
    pub fn get(&self, index: usize) -> Option<TopBox> {
        let packed = self.boxes.get(index)?;
        let id = if packed.is_uuid {
            BoxId::Uuid(*self.user_types.get(to_len(u64::from(packed.id)))?)
        } else {
            BoxId::Four(FourCc(packed.id.to_be_bytes()))
        };
        let end = self.boxes.get(index + 1).map_or(self.end, |next| next.start);
        let header_len = u64::from(packed.header_len);
        Some(TopBox { id, start: packed.start, size: end - packed.start, header_len })
    }

    /// The box that begins at this file offset.
    pub fn at(&self, start: u64) -> Option<TopBox> {
        self.get(self.boxes.binary_search_by_key(&start, |packed| packed.start).ok()?)
    }

    /// The box that has this byte of the file.
    pub fn around(&self, offset: u64) -> Option<TopBox> {
        let behind = self.boxes.partition_point(|packed| packed.start <= offset);
        self.get(behind.checked_sub(1)?).filter(|top| offset < top.end())
    }

    /// The boxes that begin in this stretch of the file.
    pub fn within(&self, start: u64, end: u64) -> impl Iterator<Item = TopBox> {
        let first = self.boxes.partition_point(|packed| packed.start < start);
        (first..self.len()).filter_map(|index| self.get(index)).take_while(move |top| top.start < end)
    }

    /// The box that `path` is of or in, and the path of that box.
    pub fn find<'p>(&self, path: &'p str) -> Option<(TopBox, &'p str)> {
        let (number, rest) = *matching(&mut self.iter().map(|top| top.id), path).first()?;
        Some((self.get(number)?, path.strip_suffix(rest)?))
    }

    /// The boxes in file order.
    pub fn iter(&self) -> impl Iterator<Item = TopBox> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// Goes through top-level boxes with their paths: numbered among those of their type.
#[derive(Debug, Default)]
pub struct Paths {
    next: usize,
    counts: BTreeMap<BoxId, usize>,
}

impl Paths {
    /// Goes on to box `number`: from the front only when it lies behind.
    pub fn go_to(&mut self, top: &TopBoxes, number: usize) {
        if number < self.next {
            *self = Self::default();
        }
        while self.next < number && self.step(top).is_some() {}
    }

    fn step(&mut self, top: &TopBoxes) -> Option<(TopBox, usize)> {
        let found = top.get(self.next)?;
        let count = self.counts.entry(found.id).or_default();
        let index = *count;
        *count += 1;
        self.next += 1;
        Some((found, index))
    }

    /// The next box.
    pub fn next(&mut self, top: &TopBoxes) -> Option<(TopBox, String)> {
        let (found, index) = self.step(top)?;
        Some((found, path_segment(found.id, index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_found_by_the_paths_they_are_listed_with() {
        let mut top = TopBoxes::default();
        let four = |code: &[u8; 4]| BoxId::Four(FourCc(*code));
        // Types with a slash, a bracket, a backslash and bytes that are no text; users that differ only further in.
        let user = |last| BoxId::Uuid(Uuid16([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, last]));
        let ids = [
            four(b"moof"),
            four(b"a/[1"),
            four(b"mdat"),
            four(b"\\x00"),
            four(b"\0\xA9ab"),
            user(1),
            user(2),
        ];
        for id in ids.iter().chain(&ids).chain(&ids[..2]) {
            top.push(*id, 8, 8, 16);
        }
        let mut paths = Paths::default();
        let mut listed = Vec::new();
        while let Some(next) = paths.next(&top) {
            listed.push(next);
        }
        assert_eq!(listed.len(), 16);
        for (found, path) in &listed {
            // Two users whose first digits are the same share a path, and the first is found.
            let same = listed.iter().find(|(_, other)| other == path).unwrap().0;
            assert!(same == *found || matches!(found.id, BoxId::Uuid(_)));
            for more in ["", "/traf[3]/trun"] {
                assert_eq!(top.find(&format!("{path}{more}")), Some((same, &**path)), "{path}");
            }
        }
        for path in
            ["", "moof[3]", "moof[0]", "moof[01]", "moof[+1]", "moof[1", "moof[]", "moofx", "moo", "uuid:"]
        {
            assert_eq!(top.find(path), None, "{path}");
        }
        for (number, (found, _)) in listed.iter().enumerate() {
            for offset in [found.start, found.end() - 1] {
                assert_eq!(top.around(offset), top.get(number));
            }
        }
        assert_eq!(top.around(top.end()), None);
        assert_eq!(TopBoxes::default().around(0), None);
        for number in [7, 3, 15, 16] {
            paths.go_to(&top, number);
            assert_eq!(paths.next(&top), listed.get(number).cloned(), "{number}");
        }
    }

    #[test]
    fn boxes_come_back_as_they_went_in() {
        let ids = [
            BoxId::Four(FourCc(*b"ftyp")),
            BoxId::Uuid(Uuid16([1; 16])),
            BoxId::Four(FourCc(*b"mdat")),
            BoxId::Uuid(Uuid16([2; 16])),
        ];
        let mut top = TopBoxes::default();
        let mut expected = Vec::new();
        let mut start = 0;
        for (id, (size, header_len)) in ids.into_iter().zip([(24, 8), (40, 24), (1 << 33, 16), (7, 7)]) {
            top.push(id, size, header_len, 4);
            expected.push(TopBox { id, start, size, header_len });
            start += size;
        }
        assert_eq!(top.iter().collect::<Vec<_>>(), expected);
        assert_eq!((top.len(), top.end(), top.get(4)), (4, start, None));
        assert_eq!(top.at(64), expected.get(2).copied());
        assert_eq!(top.at(65), None);
    }
}
