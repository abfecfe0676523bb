//! The fragmented file over the bytes of the plain one: what it consists of, and what is known of it.

use std::rc::Rc;

use crate::boxes::header::{BoxHeader, SizeForm, four, wrap};
use crate::boxes::index::{
    MFRO_LEN, MovieFragmentRandomAccessOffset, RandomAccessPoint, RandomAccessPoints,
    TrackFragmentRandomAccess,
};
use crate::boxes::wire::FullHead;
use crate::boxes::{BoxBody, BoxId, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Result, Writer, limits};
use crate::track::top::TopBox;
use crate::track::{Index, Indexer, Movie};

use super::columns::{Columns, Cursor};
use super::cuts::cuts;
use super::head::head;
use super::movie;
use super::overlaps::Taken;
use super::walk::{Stretch, Walk, extents, in_track, media_len};

/// Milliseconds that a fragment lasts, about: those of Smooth Streaming.
const FRAGMENT_MS: u64 = 2000;

/// A part of a fragmented file that is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that are made.
    Made(Vec<u8>),
    /// Bytes of the source.
    Found {
        /// File offset in the source.
        start: u64,
        /// Bytes.
        len: u64,
    },
}

impl Piece {
    /// Bytes of it.
    pub fn size(&self) -> u64 {
        match self {
            Piece::Made(bytes) => len_u64(bytes.len()),
            Piece::Found { len, .. } => *len,
        }
    }

    /// Where it stands in the source, if it does.
    pub fn start(&self) -> Option<u64> {
        match self {
            Piece::Made(_) => None,
            Piece::Found { start, .. } => Some(*start),
        }
    }

    /// `len` bytes of it from `skip` on, or those that are there.
    pub(super) fn part(self, skip: u64, len: u64) -> Self {
        match self {
            Piece::Made(bytes) => {
                let end = to_len(skip.saturating_add(len)).min(bytes.len());
                Piece::Made(bytes.get(to_len(skip)..end).unwrap_or_default().to_vec())
            }
            Piece::Found { start, len: all } => {
                Piece::Found { start: start + skip, len: len.min(all - skip) }
            }
        }
    }
}

/// What of pieces that stand at `at`, one behind the other, is between `start` and `end`.
pub fn cut(pieces: Vec<Piece>, mut at: u64, start: u64, end: u64) -> Vec<Piece> {
    let mut all = Vec::new();
    for piece in pieces {
        let (from, to) = (start.max(at), end.min(at + piece.size()));
        let begun = at;
        at += piece.size();
        if from < to {
            all.push(piece.part(from - begun, to - from));
        }
    }
    all
}

/// One part of the file, and where it stands in it.
#[derive(Debug)]
struct Part {
    start: u64,
    len: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Made(Vec<u8>),
    Kept(TopBox),
    /// A fragment: the samples between these cursors and the next.
    Fragment(usize),
}

/// The plain file that the tables of a movie header tell of, as a fragmented one.
#[derive(Debug)]
pub struct LaidOut {
    source: Rc<Index>,
    parts: Vec<Part>,
    /// Where each fragment begins in the tables of the tracks, and where the last one ends.
    cursors: Vec<Vec<Cursor>>,
    size: u64,
}

impl LaidOut {
    /// Lays a file out up to its first fragment. Fails where its tables lie or a box of it cannot come along.
    pub fn new(source: Rc<Index>) -> Result<Self> {
        let (Some(tree), Some(film)) = (&source.moov, &source.movie) else {
            return Err(Error::file("no-moov", "This file has no movie header ('moov')."));
        };
        check_items(&source)?;
        let samples: u64 = film.tracks.iter().map(|track| track.table.samples).sum();
        if samples > limits::TABLE_SAMPLES {
            let message = format!(
                "The tracks have {samples} samples together; Boxlock makes fragments of at most {}. Uncompressed sound has \
                 most of them: compress it first.",
                limits::TABLE_SAMPLES
            );
            return Err(Error::limit("too-many-samples", message).at(tree.root().start));
        }
        let walk = Walk::new(tree, film)?;
        walk.columns.iter().try_for_each(Columns::check)?;
        let mut this = Self { source: Rc::clone(&source), parts: Vec::new(), cursors: Vec::new(), size: 0 };
        this.push_made(movie::front(&source)?);
        let end = source.fragments.first().map_or(source.file_len, |first| first.start);
        for top in source.top.within(0, end).filter(|top| is_kept(top.id)) {
            this.push_kept(&source, top);
        }
        let points = this.push_fragments(&walk)?;
        this.push_made(random_access(&walk, film, points));
        Ok(this)
    }

    fn push(&mut self, len: u64, content: Content) {
        self.parts.push(Part { start: self.size, len, content });
        self.size += len;
    }

    fn push_made(&mut self, bytes: Vec<u8>) {
        self.push(len_u64(bytes.len()), Content::Made(bytes));
    }

    /// A box of the source that comes along.
    fn push_kept(&mut self, source: &Index, top: TopBox) {
        let meta = source.metas.iter().find(|meta| meta.root().start == top.start).map(Tree::bytes);
        let mut kept = top;
        // The last one may say that it goes on to the end of the file, which is elsewhere now.
        if top.end() == source.file_len {
            kept = TopBox { start: top.start + top.header_len, size: top.size - top.header_len, ..top };
            let mut header = Writer::new();
            BoxHeader::for_body(top.id, kept.size).write(&mut header);
            self.push_made(header.into_bytes());
        }
        match meta.and_then(|bytes| bytes.get(to_len(kept.start - top.start)..)) {
            Some(bytes) => self.push_made(bytes.to_vec()),
            None => self.push(kept.size, Content::Kept(kept)),
        }
    }

    /// Lays out the fragments. Returns the random access points of the track that leads.
    fn push_fragments(&mut self, walk: &Walk<'_>) -> Result<Vec<RandomAccessPoint>> {
        let Some(lead) = walk.lead() else { return Ok(Vec::new()) };
        let wished = (FRAGMENT_MS * u64::from(lead.timescale) / 1000).max(1);
        let mut cuts = cuts(lead, wished)?.into_iter();
        let media = MediaData::of(&self.source);
        let mut taken = Taken::default();
        let mut points = Vec::new();
        let mut cursors = walk.start();
        let mut end = Some(0_u64);
        let mut goes_on = false;
        self.cursors.push(cursors.clone());
        while !walk.is_at_end(&cursors) {
            if !goes_on {
                // Behind the end of the leading track others may go on.
                end = cuts.next().or_else(|| end?.checked_add(wished));
            }
            let stretches = walk.until(end, &mut cursors)?;
            goes_on = stretches.iter().any(|stretch| stretch.goes_on);
            let Some(number) = sequence(&stretches, self.cursors.len())? else {
                // What is left comes much later: all of it together.
                end = None;
                continue;
            };
            for (track, (stretch, columns)) in stretches.iter().zip(&walk.columns).enumerate() {
                media.check(stretch).map_err(|(time, error)| in_track(columns, time, error))?;
                taken.add(track, &extents(std::slice::from_ref(stretch)));
            }
            if let Some(point) = point(&stretches, walk.lead, self.size) {
                points.push(point);
            }
            let len = len_u64(head(number, &stretches)?.len()) + media_len(&stretches);
            self.push(len, Content::Fragment(self.cursors.len() - 1));
            self.cursors.push(cursors.clone());
        }
        taken.check(&|track| walk.columns.get(track).map_or(0, |columns| columns.id))?;
        Ok(points)
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The pieces of its `len` bytes from `start` on.
    pub fn pieces(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        let end = start.saturating_add(len);
        let first = self.parts.partition_point(|part| part.start + part.len <= start);
        let mut all = Vec::new();
        for part in self.parts.iter().skip(first).take_while(|part| part.start < end) {
            all.extend(cut(self.pieces_of(part)?, part.start, start, end));
        }
        Ok(all)
    }

    fn pieces_of(&self, part: &Part) -> Result<Vec<Piece>> {
        let number = match &part.content {
            Content::Made(bytes) => return Ok(vec![Piece::Made(bytes.clone())]),
            Content::Kept(top) => return Ok(vec![Piece::Found { start: top.start, len: top.size }]),
            Content::Fragment(number) => *number,
        };
        let (Some(tree), Some(film)) = (&self.source.moov, &self.source.movie) else { return Ok(Vec::new()) };
        let (Some(from), Some(to)) = (self.cursors.get(number), self.cursors.get(number + 1)) else {
            return Ok(Vec::new());
        };
        let stretches = Walk::new(tree, film)?.between(from, to)?;
        let sequence = sequence(&stretches, number + 1)?.unwrap_or(0);
        let found = extents(&stretches).into_iter().map(|(start, len)| Piece::Found { start, len });
        Ok([Piece::Made(head(sequence, &stretches)?)].into_iter().chain(found).collect())
    }

    /// What is known of the file, as if it had been opened.
    pub fn index(&self) -> Result<Index> {
        let mut indexer = Indexer::new(self.size)?;
        while let Some(need) = indexer.needs() {
            indexer.feed(need.start, &self.without_media(need.start, need.len)?)?;
        }
        let index = indexer.finish();
        match index.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(index),
        }
    }

    /// Bytes of the file with zeros for all that is not a header of a box.
    fn without_media(&self, start: u64, len: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in self.pieces(start, len)? {
            match piece {
                Piece::Made(made) => bytes.extend(made),
                Piece::Found { start, len } => {
                    let end = bytes.len().saturating_add(to_len(len));
                    let kept = self.source.top.at(start).filter(|top| is_kept(top.id));
                    bytes.extend(kept.map(|top| header_of(&top)).unwrap_or_default());
                    bytes.resize(end, 0);
                }
            }
        }
        Ok(bytes)
    }
}

/// The number of the next fragment, when it has samples.
fn sequence(stretches: &[Stretch], number: usize) -> Result<Option<u32>> {
    let has_samples = stretches.iter().any(|stretch| !stretch.samples.is_empty());
    let number = u32::try_from(number).map_err(|_| {
        Error::limit("too-many-fragments", "The file would have more fragments than 32 bits count.")
    })?;
    Ok(has_samples.then_some(number))
}

/// Where decoding can begin in a fragment at `start` of the file, if it can.
fn point(stretches: &[Stretch], lead: usize, start: u64) -> Option<RandomAccessPoint> {
    let first = stretches.get(lead)?.samples.first().filter(|sample| sample.is_sync())?;
    let before = stretches.iter().take(lead).filter(|stretch| !stretch.samples.is_empty()).count();
    Some(RandomAccessPoint {
        time: first.time.saturating_add_signed(first.composition.into()),
        moof_offset: start,
        traf_number: u32::try_from(before + 1).unwrap_or(1),
        trun_number: 1,
        sample_number: 1,
    })
}

/// The `mfra` (ISO/IEC 14496-12:2022 8.8.9 to 8.8.11).
fn random_access(walk: &Walk<'_>, film: &Movie, points: Vec<RandomAccessPoint>) -> Vec<u8> {
    let Some(lead) = walk.lead() else { return Vec::new() };
    // Numbers of traf boxes may take two bytes.
    let lengths = if film.tracks.len() > 255 { 0b01_0000 } else { 0 };
    let tfra = TrackFragmentRandomAccess {
        head: FullHead { version: 1, flags: 0 },
        track_id: lead.id,
        entries: RandomAccessPoints { lengths, points },
        ..TrackFragmentRandomAccess::default()
    };
    let tfra = tfra.to_box(0);
    let parent_size = u32::try_from(8 + len_u64(tfra.len()) + MFRO_LEN).unwrap_or(u32::MAX);
    let mfro = MovieFragmentRandomAccessOffset { parent_size, ..MovieFragmentRandomAccessOffset::default() };
    wrap(four(b"mfra"), &[tfra, mfro.to_box(0)].concat())
}

/// Whether a top-level box comes along: what is made anew does not, nor what is only room, as zeros are.
pub(super) fn is_kept(id: BoxId) -> bool {
    let gone: [&[u8; 4]; 14] = [
        b"ftyp", b"moov", b"mdat", b"imda", b"free", b"skip", b"wide", b"mfra", b"sidx", b"ssix", b"styp",
        b"pdin", b"pnot", &[0; 4],
    ];
    !gone.iter().any(|code| id.is(code))
}

fn header_of(top: &TopBox) -> Vec<u8> {
    let mut w = Writer::new();
    let form =
        if top.header_len > 8 && matches!(top.id, BoxId::Four(_)) { SizeForm::Long } else { SizeForm::Short };
    BoxHeader { id: top.id, form, size: top.size }.write(&mut w);
    w.into_bytes()
}

/// Fails when metadata says where in the file its items stand: there they are no longer.
pub fn check_items(index: &Index) -> Result<()> {
    use crate::boxes::heif::ItemLocationBox;
    for (tree, node) in index.item_locations() {
        let iloc: ItemLocationBox = tree.read(node)?;
        if let Some(item) =
            iloc.locations.items.iter().find(|item| item.is_in_file() && !item.extents.is_empty())
        {
            let message = format!(
                "Item {} of a 'meta' box stands elsewhere in the file, where it would not be found any more. Take the \
                 metadata out first.",
                item.item_id
            );
            return Err(Error::unsupported("item-in-file", message).at(node.start));
        }
    }
    Ok(())
}

/// Where media data stands in the source.
struct MediaData {
    /// Start and end of each box's body, in file order.
    bodies: Vec<(u64, u64)>,
}

impl MediaData {
    fn of(index: &Index) -> Self {
        let boxes = index.top.iter().filter(|top| top.id.is(b"mdat") || top.id.is(b"imda"));
        Self { bodies: boxes.map(|top| (top.start + top.header_len, top.end())).collect() }
    }

    /// Fails, with the time of the sample, when one stands elsewhere.
    fn check(&self, stretch: &Stretch) -> std::result::Result<(), (u64, Error)> {
        for sample in stretch.samples.iter().filter(|sample| sample.size > 0) {
            let behind = self.bodies.partition_point(|(_, end)| *end <= sample.start);
            let end = sample.start.saturating_add(sample.size.into());
            if self.bodies.get(behind).is_some_and(|(first, last)| *first <= sample.start && end <= *last) {
                continue;
            }
            let message = format!(
                "The sample table says that a sample stands at bytes {} to {end}, which are no media data ('mdat'). Get a \
                 complete copy of the file.",
                sample.start
            );
            return Err((sample.time, Error::file("data-elsewhere", message).at(sample.start)));
        }
        Ok(())
    }
}
