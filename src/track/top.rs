//! The top-level boxes of a file, in few bytes each: there may be two for every fragment.

use crate::boxes::header::BoxId;
use crate::bytes::units::{push_expecting, to_len};
use crate::bytes::{FourCc, Uuid16};

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

    /// The boxes in file order.
    pub fn iter(&self) -> impl Iterator<Item = TopBox> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
