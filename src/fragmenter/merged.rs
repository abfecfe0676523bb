//! Several files as one: their tracks side by side, their fragments in the order of their times. Nothing is copied: where
//! the bytes of the whole come from is known, and what is made of them.

use std::rc::Rc;

use crate::boxes::header::{four, wrap};
use crate::boxes::index::{MFRO_LEN, MovieFragmentRandomAccessOffset, TrackFragmentRandomAccess};
use crate::boxes::movie::{FileType, is_of_cmaf};
use crate::boxes::wire::FullHead;
use crate::boxes::{BoxBody, BoxHeader, Tree};
use crate::bytes::units::{len_u64, sort_pairs, to_len};
use crate::bytes::{FourCc, Reader, Result};
use crate::track::Index;
use crate::track::joint::HeadEdits;
use crate::track::top::TopBox;

use super::joint_movie::{Header, movie, new_ids};
use super::laid_out::{Piece, cut};
use super::member::{Member, check_together, notes, order};
use super::movie::front;

/// One of the files that are merged.
#[derive(Debug)]
pub struct Opened {
    /// Its name, for sentences.
    pub name: String,
    /// Where its first byte stands among those of all files.
    pub base: u64,
    /// What is known of it.
    pub index: Rc<Index>,
}

/// One part of the whole, and where it stands in it.
#[derive(Debug)]
struct Part {
    start: u64,
    len: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The boxes before all fragments.
    Front,
    /// A box of the member of this number, from there on in it.
    Box(u32, u64),
    /// Of the member of this number the fragment of this number; and its sequence number in the whole.
    Fragment(u32, u32, u32),
    /// The index at the end.
    Tail,
}

/// Several files as one fragmented file; or the beginning of one and what follows it.
#[derive(Debug)]
pub struct Merged {
    members: Vec<Member>,
    front: Vec<u8>,
    tail: Vec<u8>,
    parts: Vec<Part>,
    index: Rc<Index>,
    notes: Vec<String>,
}

impl Merged {
    /// Merges files, of which all that is read is known. The first gives what there is of the whole alone. Fails where
    /// they cannot be one.
    pub fn new(files: Vec<Opened>) -> Result<Self> {
        let mut members: Vec<Member> = files.into_iter().map(Member::new).collect::<Result<_>>()?;
        check_together(&members)?;
        if let Some(first) = members.first_mut() {
            first.leads = true;
        }
        let headers: Vec<Header<'_>> = members.iter().filter_map(Member::header).collect();
        let ids = new_ids(&headers);
        let mut front = file_type(&members);
        front.extend(movie(&headers, &ids)?);
        for (member, ids) in members.iter_mut().zip(ids) {
            member.ids = ids;
        }
        let (order, notes) = (order(&members)?, notes(&members));
        Self::placed(members, front, &order, notes)
    }

    /// One file that begins as a plain one and goes on in fragments. Fails where its tables lie or a box of it cannot come
    /// along.
    pub fn begun(source: Rc<Index>) -> Result<Self> {
        let front = front(&source)?;
        let members = Member::of_begun(source)?;
        let numbers = |(place, member): (u32, &Member)| {
            let count = u32::try_from(member.index.fragments.len()).unwrap_or(u32::MAX);
            (0..count).map(move |number| (place, number))
        };
        let order: Vec<(u32, u32)> = (0..).zip(&members).flat_map(numbers).collect();
        Self::placed(members, front, &order, Vec::new())
    }

    /// Puts the fragments of the members behind the front in this order: for each its member, and its number there.
    fn placed(
        members: Vec<Member>,
        front: Vec<u8>,
        order: &[(u32, u32)],
        notes: Vec<String>,
    ) -> Result<Self> {
        let mut index = Index::beginning_with(&front)?;
        index.expect(&mut members.iter().map(|member| &*member.index));
        let mut this = Self {
            notes,
            parts: vec![Part { start: 0, len: len_u64(front.len()), content: Content::Front }],
            front,
            tail: Vec::new(),
            index: Rc::default(),
            members,
        };
        this.place_fragments(&mut index, order);
        this.tail = this.random_access()?;
        if !this.tail.is_empty() {
            let (start, len) = (index.file_len, len_u64(this.tail.len()));
            let header = BoxHeader::read(&mut Reader::new(&this.tail, start), len)?;
            let top = TopBox { id: header.id, start, size: len, header_len: header.header_len() };
            index.push_box(&top, 0);
            index.mfra = Some(Tree::parse(this.tail.clone(), start)?);
            this.parts.push(Part { start, len, content: Content::Tail });
        }
        for member in &this.members {
            index.take_findings(&member.index, &member.ids, &|offset| member.place(offset));
        }
        this.index = Rc::new(index.ended());
        Ok(this)
    }

    /// Puts the fragments of all members, and the boxes that come along, behind the front.
    fn place_fragments(&mut self, index: &mut Index, order: &[(u32, u32)]) {
        let Self { members, parts, .. } = self;
        let expected = members.iter().map(|member| len_u64(member.index.top.len())).sum();
        parts.reserve_exact(order.len() + 2);
        let push_boxes = |member: &Member, place: u32, from: u64, to: u64, index: &mut Index| {
            let mut pushed = Vec::new();
            for top in member.kept(from, to) {
                let content = Content::Box(place, top.start);
                pushed.push(Part { start: index.file_len, len: top.size, content });
                index.push_box(&top, expected);
            }
            pushed
        };
        for (&(place, number), sequence) in order.iter().zip(1..) {
            let Some(member) = members.get_mut(to_len(place.into())) else { continue };
            let all = &member.index.fragments;
            let at = to_len(number.into());
            let Some(fragment) = all.get(at) else { continue };
            let before = at.checked_sub(1).and_then(|before| all.get(before)).map_or(0, |before| before.end);
            parts.extend(push_boxes(member, place, before, fragment.start, index));
            let start = index.file_len;
            index.push_fragment(&member.index, fragment, &member.ids, expected);
            let content = Content::Fragment(place, number, sequence);
            parts.push(Part { start, len: index.file_len - start, content });
            if at + 1 == all.len() {
                parts.extend(push_boxes(member, place, fragment.end, member.index.file_len, index));
            }
            member.starts.push(start);
        }
    }

    /// The `mfra`: what those of the members say, of where it is now (ISO/IEC 14496-12:2022 8.8.9 to 8.8.11).
    fn random_access(&self) -> Result<Vec<u8>> {
        // With the number of members whose fragments are in it.
        let mut all: Vec<(usize, TrackFragmentRandomAccess)> = Vec::new();
        for member in &self.members {
            let of_others = all.len();
            let Some(tree) = &member.index.mfra else { continue };
            for node in tree.root().all(b"tfra") {
                let mut tfra: TrackFragmentRandomAccess = tree.read(node)?;
                tfra.track_id = member.ids.of(tfra.track_id);
                tfra.head = FullHead { version: 1, ..tfra.head };
                tfra.entries.points.retain_mut(|point| {
                    let is_fragment = member.index.fragment_at(point.moof_offset).is_some();
                    let place = member.place(point.moof_offset).filter(|_| is_fragment);
                    point.moof_offset = place.unwrap_or(0);
                    place.is_some()
                });
                let same = all.iter_mut().take(of_others).find(|(_, it)| it.track_id == tfra.track_id);
                if let Some((members, it)) = same {
                    *members += 1;
                    // The wider of each two widths, or more.
                    it.entries.lengths |= tfra.entries.lengths;
                    it.entries.points.append(&mut tfra.entries.points);
                } else {
                    all.push((1, tfra));
                }
            }
        }
        // One that passes over fragments would be taken for an index of all.
        let with = |id| self.members.iter().filter(move |member| member.has_fragments_of(id)).count();
        all.retain(|(members, tfra)| *members >= with(tfra.track_id));
        let mut all: Vec<u8> = all.iter().flat_map(|(_, tfra)| tfra.to_box(0)).collect();
        if all.is_empty() {
            return Ok(all);
        }
        let parent_size = u32::try_from(8 + len_u64(all.len()) + MFRO_LEN).unwrap_or(u32::MAX);
        all.extend(MovieFragmentRandomAccessOffset { parent_size, ..Default::default() }.to_box(0));
        Ok(wrap(four(b"mfra"), &all))
    }

    /// What is known of the whole, as if it had been opened.
    pub fn index(&self) -> &Rc<Index> {
        &self.index
    }

    /// What is odd about the files beside each other, as plain sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// For each track, in file order, where the file that it comes from begins among the bytes of all files.
    pub fn origins(&self) -> impl Iterator<Item = u64> {
        self.members.iter().flat_map(|member| {
            member.movie().into_iter().flat_map(|movie| &movie.tracks).map(|_| member.base())
        })
    }

    fn member(&self, place: u32) -> Option<&Member> {
        self.members.get(to_len(place.into()))
    }

    /// What changes in the head of the fragment at `start`, and where its bytes come from, without these changes.
    pub fn fragment(&self, start: u64) -> Result<(HeadEdits, Vec<Piece>)> {
        let found = self.parts.binary_search_by_key(&start, |part| part.start).ok();
        match found.and_then(|number| self.parts.get(number)) {
            Some(part) => self.unedited(part),
            None => Ok((HeadEdits::new(), Vec::new())),
        }
    }

    fn unedited(&self, part: &Part) -> Result<(HeadEdits, Vec<Piece>)> {
        let nothing = (HeadEdits::new(), Vec::new());
        Ok(match part.content {
            Content::Front => (HeadEdits::new(), vec![Piece::Made(self.front.clone())]),
            Content::Tail => (HeadEdits::new(), vec![Piece::Made(self.tail.clone())]),
            Content::Box(place, from) => {
                let Some(member) = self.member(place) else { return Ok(nothing) };
                (member.box_edits(from), member.pieces(from, part.len)?)
            }
            Content::Fragment(place, number, sequence) => {
                let Some(member) = self.member(place) else { return Ok(nothing) };
                let Some(fragment) = member.index.fragments.get(to_len(number.into())) else {
                    return Ok(nothing);
                };
                let edits = member.index.head_edits(fragment, part.start, sequence, &member.ids);
                (edits, member.unedited(fragment.start, part.len)?)
            }
        })
    }

    /// The pieces of its `len` bytes from `start` on.
    pub fn pieces(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        let end = start.saturating_add(len);
        let first = self.parts.partition_point(|part| part.start + part.len <= start);
        let mut all = Vec::new();
        for part in self.parts.iter().skip(first).take_while(|part| part.start < end) {
            let (edits, pieces) = self.unedited(part)?;
            all.extend(cut(with_edits(pieces, &edits), part.start, start, end));
        }
        Ok(all)
    }
}

/// The pieces with four bytes made at each of these places, counted from their first byte.
fn with_edits(pieces: Vec<Piece>, edits: &HeadEdits) -> Vec<Piece> {
    if edits.is_empty() {
        return pieces;
    }
    let mut places: Vec<(u64, u64)> =
        edits.iter().map(|(at, value)| ((*at).into(), (*value).into())).collect();
    sort_pairs(&mut places);
    let mut all = Vec::new();
    let mut at = 0;
    for piece in pieces {
        let size = piece.size();
        let mut done = 0;
        for (place, value) in places.iter().filter(|(place, _)| *place >= at && *place + 4 <= at + size) {
            let Ok(value) = u32::try_from(*value) else { continue };
            all.push(piece.clone().part(done, place - at - done));
            all.push(Piece::Made(value.to_be_bytes().to_vec()));
            done = place - at + 4;
        }
        all.push(piece.part(done, size - done));
        at += size;
    }
    all.retain(|piece| piece.size() > 0);
    all
}

/// Of the first file, without what is true of files with one track alone, or of segments.
fn file_type(members: &[Member]) -> Vec<u8> {
    let known = members.first().and_then(|member| member.index.file_type.clone());
    let mut file_type =
        known.unwrap_or_else(|| FileType { major_brand: FourCc(*b"iso6"), ..FileType::default() });
    let is_partial = |brand: &FourCc| {
        is_of_cmaf(*brand) || [b"dash", b"msdh", b"msix", b"lmsg", b"sims"].contains(&&brand.0)
    };
    file_type.compatible_brands.retain(|brand| !is_partial(brand));
    if is_partial(&file_type.major_brand) {
        (file_type.major_brand, file_type.minor_version) = (FourCc(*b"iso6"), 0);
    }
    let mut need = |brand: FourCc| {
        if !file_type.compatible_brands.contains(&brand) {
            file_type.compatible_brands.push(brand);
        }
    };
    // What fragments of another file may count on.
    if members.iter().skip(1).any(|member| brands(&member.index).any(|brand| brand == FourCc(*b"iso6"))) {
        need(FourCc(*b"iso6"));
    }
    need(FourCc(*b"isom"));
    file_type.to_box(0)
}

fn brands(index: &Index) -> impl Iterator<Item = FourCc> {
    let all = index.file_type.iter();
    all.flat_map(|it| it.compatible_brands.iter().copied().chain([it.major_brand]))
}
