//! One of several files that are merged, as a fragmented one; whether they can be one file, and what is odd about that.

use std::rc::Rc;

use crate::boxes::Node;
use crate::bytes::units::{clock, len_u64};
use crate::bytes::{ByKey, Error, Result, limits};
use crate::track::index::FragmentEntry;
use crate::track::joint::{HeadEdits, NewIds};
use crate::track::lengths;
use crate::track::top::TopBox;
use crate::track::{Index, Movie, TrackKind};

use super::fragmented::Fragmented;
use super::joint_movie::Header;
use super::laid_out::{LaidOut, Piece, check_items, is_kept};
use super::merged::{Merged, Opened};
use super::walk::shift;

/// One of the files.
#[derive(Debug)]
pub struct Member {
    name: String,
    base: u64,
    /// Where samples of it are in its movie header.
    made: Option<Fragmented>,
    /// Of the fragmented file.
    pub index: Rc<Index>,
    /// IDs of its tracks in the whole.
    pub ids: NewIds,
    /// Whether it gives what there is of the whole alone.
    pub leads: bool,
    /// What is to be said of where it ends.
    cut_note: Option<String>,
    /// Where the boxes begin that come along.
    boxes_from: u64,
    /// Where each of its fragments stands in the whole.
    pub starts: Vec<u64>,
}

impl Member {
    /// One file. Fails where it cannot be merged with any.
    pub fn new(file: Opened) -> Result<Self> {
        let Opened { name, base, index } = file;
        let cut_note = index.cut_note();
        Self::fragmented(index)
            .map(|(made, index)| Self { cut_note, ..Self::of(name.clone(), base, made, index) })
            .map_err(|error| in_file(error, &name, base))
    }

    fn of(name: String, base: u64, made: Option<Fragmented>, index: Rc<Index>) -> Self {
        Self {
            name,
            base,
            made,
            index,
            leads: false,
            cut_note: None,
            boxes_from: 0,
            ids: NewIds::default(),
            starts: Vec::new(),
        }
    }

    /// The two of a file that begins as a plain one and goes on in fragments.
    pub fn of_begun(source: Rc<Index>) -> Result<Vec<Self>> {
        check_defaults(&source)?;
        check_inside(&source)?;
        let laid_out = LaidOut::new(Rc::clone(&source))?;
        let index = Rc::new(laid_out.index()?);
        let boxes_from = source.fragments.first().map_or(0, |first| first.start);
        let begin = Self::of(String::new(), 0, Some(Fragmented::Plain(laid_out)), index);
        let rest = Self::of(String::new(), 0, None, source);
        Ok(vec![Self { leads: true, ..begin }, Self { leads: true, boxes_from, ..rest }])
    }

    fn fragmented(index: Rc<Index>) -> Result<(Option<Fragmented>, Rc<Index>)> {
        check_items(&index)?;
        if index.samples_in_tables() > 0 {
            let (made, index) = Fragmented::new(index, Some(Merged::begun))?;
            return Ok((Some(made), index));
        }
        if index.movie.is_none() {
            return Err(Error::file("no-moov", "It has no 'moov'."));
        }
        if index.fragments.is_empty() {
            let message = "None of its tracks has a sample. Choose the whole file, or all segments with their \
                           initialization segment.";
            return Err(Error::file("no-samples", message));
        }
        check_inside(&index)?;
        Ok((None, index))
    }

    /// What is known of its tracks.
    pub fn movie(&self) -> Option<&Movie> {
        self.index.movie.as_ref()
    }

    /// Its movie header.
    pub fn header(&self) -> Option<Header<'_>> {
        Some(Header { tree: self.index.moov.as_ref()?, movie: self.movie()? })
    }

    /// Where its first byte stands among those of all files.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Its `len` bytes from `start` on, as they stand among those of all files.
    pub fn pieces(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        match &self.made {
            Some(made) => Ok(self.moved(made.pieces(start, len)?)),
            None => Ok(self.moved(vec![Piece::Found { start, len }])),
        }
    }

    /// Its fragment at `start`, of `len` bytes, in the same way, without what making it changes in its head.
    pub fn unedited(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        match &self.made {
            Some(made) => Ok(self.moved(made.fragment(start, len)?.1)),
            None => self.pieces(start, len),
        }
    }

    fn moved(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        let moved = |piece| match piece {
            Piece::Found { start, len } => Piece::Found { start: self.base.saturating_add(start), len },
            made @ Piece::Made(_) => made,
        };
        pieces.into_iter().map(moved).collect()
    }

    /// Where a byte of its fragments stands in the whole.
    pub fn place(&self, offset: u64) -> Option<u64> {
        let number = self.index.fragments.partition_point(|it| it.start <= offset).checked_sub(1)?;
        let (fragment, start) = (self.index.fragments.get(number)?, self.starts.get(number)?);
        (offset < fragment.end).then(|| start + (offset - fragment.start))
    }

    /// Boxes of the stretch from `from` to `to`, outside fragments, that come along. Of one that leads all but indexes,
    /// of the others those that belong to the times where they stand.
    pub fn kept(&self, from: u64, to: u64) -> impl Iterator<Item = TopBox> {
        // It names a track, which is plain where there is only one.
        let names_known = self.leads || self.movie().is_some_and(|movie| movie.tracks.len() == 1);
        let of_time = move |top: &TopBox| top.id.is(b"emsg") || (names_known && top.id.is(b"prft"));
        self.index
            .top
            .within(from.max(self.boxes_from), to)
            .filter(move |top| of_time(top) || (self.leads && is_kept(top.id)))
    }

    /// What changes in a box that comes along: the track that a `prft` names, and the size of the last box of the file, which may
    /// say that it goes on to the end.
    pub fn box_edits(&self, start: u64) -> HeadEdits {
        let track = self.movie().and_then(|movie| movie.tracks.first()).map_or(0, |track| track.id);
        let id = self.ids.of(track);
        let times = self.index.top.at(start).filter(|top| id != track && top.id.is(b"prft"));
        // Behind version and flags.
        let at = times.and_then(|top| u32::try_from(top.header_len + 4).ok());
        let last = self.index.top.at(start).filter(|top| top.end() == self.index.file_len);
        // With a 64-bit size the first four bytes say that.
        let size =
            last.filter(|top| matches!(top.header_len, 8 | 24)).and_then(|top| u32::try_from(top.size).ok());
        size.map(|size| (0, size)).into_iter().chain(at.map(|at| (at, id))).collect()
    }

    /// Whether fragments of it are of this track of the whole.
    pub fn has_fragments_of(&self, id: u32) -> bool {
        self.index.fragmented_tracks().any(|own| self.ids.of(own) == id)
    }

    fn has(&self, kind: TrackKind) -> bool {
        self.movie().is_some_and(|movie| movie.tracks.iter().any(|track| track.kind == kind))
    }
}

/// Fails where fragments that are made would be taken for ones of another sample entry: those of the file count on what its
/// `trex` says.
fn check_defaults(index: &Index) -> Result<()> {
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks).filter(|track| track.table.samples > 0);
    for track in tracks {
        let Some(defaults) = track.defaults.filter(|defaults| defaults.sample_description_index != 1) else {
            continue;
        };
        let message = format!(
            "Track {} has {} samples in the movie header and others in fragments, which are of sample entry {} by default. \
             Write it again as a plain file, with: ffmpeg -i input.mp4 -map 0 -c copy output.mp4",
            track.id, track.table.samples, defaults.sample_description_index
        );
        return Err(Error::unsupported("samples-in-moov", message).inside("moov").at(track.start));
    }
    Ok(())
}

/// Fails where what is in a fragment cannot move.
fn check_inside(index: &Index) -> Result<()> {
    if let Some(at) = index.items_in_fragments {
        let message = "A fragment of it has an 'iloc' box, which says where bytes of the file stand. They would not be \
                       found any more.";
        return Err(Error::unsupported("item-in-file", message).at(at));
    }
    let inside = index
        .fragments
        .iter()
        .find_map(|fragment| index.top.within(fragment.start, fragment.end).find(is_index));
    if let Some(top) = inside {
        let message = format!(
            "A box '{}' stands between a fragment's header and its media data, where it would be wrong afterwards. Write \
             the file again with: ffmpeg -i input.mp4 -map 0 -c copy output.mp4",
            top.id
        );
        return Err(Error::unsupported("index-in-fragment", message).at(top.start));
    }
    Ok(())
}

fn is_index(top: &TopBox) -> bool {
    top.id.is(b"sidx") || top.id.is(b"ssix")
}

/// The error with the name of the file it is of in front, and its offset among the bytes of all files.
pub fn in_file(error: Error, name: &str, base: u64) -> Error {
    error.preceded_by(&format!("{name}: ")).moved(&|offset| base.checked_add(offset))
}

/// Fails when the files are no parts of one.
pub fn check_together(members: &[Member]) -> Result<()> {
    let mut pictures = members.iter().filter(|member| member.has(TrackKind::Video));
    if let (Some(one), Some(other)) = (pictures.next(), pictures.next()) {
        let message = format!(
            "{} and {} both have pictures. Renditions of one film stay files of their own; merge one of them with its sound and \
             text at a time.",
            one.name, other.name
        );
        return Err(Error::unsupported("several-videos", message));
    }
    let boxes: usize = members.iter().map(|member| member.index.top.len()).sum();
    if boxes > limits::TOP_BOXES {
        let message =
            format!("The files have {boxes} boxes together; Boxlock takes at most {}.", limits::TOP_BOXES);
        return Err(Error::limit("too-many-boxes", message));
    }
    let tracks: usize = members.iter().filter_map(Member::movie).map(|movie| movie.tracks.len()).sum();
    if tracks > limits::TRACKS {
        let message =
            format!("The files have {tracks} tracks together; Boxlock takes at most {}.", limits::TRACKS);
        return Err(Error::limit("too-many-tracks", message));
    }
    Ok(())
}

/// Billionths of a second.
fn nanoseconds(ticks: i64, timescale: u32) -> i64 {
    let timescale = i64::from(timescale.max(1));
    let (whole, rest) = (ticks.div_euclid(timescale), ticks.rem_euclid(timescale));
    whole.saturating_mul(NANOSECONDS).saturating_add(rest * NANOSECONDS / timescale)
}

const NANOSECONDS: i64 = 1_000_000_000;

/// When the fragments of a member are presented.
pub struct Clock {
    /// Ticks a second, and how much later than decoded a track is presented, by ID.
    tracks: ByKey<(u32, i64)>,
}

impl Clock {
    /// Of one member.
    pub fn of(member: &Member) -> Self {
        let mut tracks = ByKey::default();
        if let Some(Header { tree, movie }) = member.header() {
            for track in &movie.tracks {
                tracks.entry(track.id, (track.timescale, shift(tree, track, movie.timescale)));
            }
        }
        Self { tracks }
    }

    /// Billionths of a second at `ticks` of a track's decoding.
    fn at(&self, id: u32, ticks: i64) -> i64 {
        let (timescale, shift) = self.tracks.get(id).copied().unwrap_or((1, 0));
        nanoseconds(ticks.saturating_add(shift), timescale)
    }

    /// When a fragment of the member begins.
    pub fn time(&self, index: &Index, fragment: &FragmentEntry) -> i64 {
        let parts = index.parts(fragment).iter().filter(|part| part.samples > 0);
        parts.map(|part| self.at(part.track_id, part.decode_time)).min().unwrap_or(i64::MIN)
    }

    /// When the member begins.
    fn start(&self, index: &Index) -> Option<i64> {
        index
            .fragmented_tracks()
            .filter(|id| index.totals(*id).samples > 0)
            .map(|id| self.at(id, index.totals(id).first_time))
            .min()
    }
}

/// What is odd about the files beside each other, as plain sentences; it is in nobody's way.
pub fn notes(members: &[Member]) -> Vec<String> {
    let Some((first, others)) = members.split_first() else { return Vec::new() };
    let start = |member: &Member| Clock::of(member).start(&member.index).unwrap_or(0);
    let length = |member: &Member| {
        lengths::of_file(&member.index).map_or(0, |length| {
            nanoseconds(i64::try_from(length.ticks).unwrap_or(i64::MAX), length.timescale)
        })
    };
    let apart = |one: i64, other: i64| one.saturating_sub(other).saturating_abs() > NANOSECONDS;
    let said = |time: i64| clock(time.unsigned_abs() / 1_000_000, 1000);
    let cut = |member: &Member| Some(format!("{}: {}", member.name, member.cut_note.as_ref()?));
    let mut notes: Vec<String> = members.iter().filter_map(cut).collect();
    for other in others {
        let (name, lead) = (&other.name, &first.name);
        let (begins, lead_begins) = (start(other), start(first));
        if apart(begins, lead_begins) {
            let later = if begins > lead_begins { "later" } else { "earlier" };
            notes.push(format!(
                "{name} begins {} {later} than {lead}. Both keep the times that they have.",
                said(begins.saturating_sub(lead_begins))
            ));
        }
        let (lasts, lead_lasts) = (length(other), length(first));
        if apart(lasts, lead_lasts) {
            notes.push(format!(
                "{name} lasts {}, and {lead} {}: where one has ended the other goes on alone.",
                said(lasts),
                said(lead_lasts)
            ));
        }
    }
    let left: Vec<&str> = others
        .iter()
        .filter(|member| member.index.moov.as_ref().is_some_and(|moov| is_tagged(moov.root())))
        .map(|member| &*member.name)
        .collect();
    if !left.is_empty() {
        notes.push(format!(
            "Titles, tags and chapters of the whole are those of {}; those of {} stay behind.",
            first.name,
            left.join(", ")
        ));
    }
    notes
}

/// Whether a movie header says more of the film than what wrote it.
fn is_tagged(moov: &Node) -> bool {
    let encoder: [u8; 4] = *b"\xa9too";
    let udta = || moov.all(b"udta").flat_map(|udta| &udta.children);
    let tags = moov.children.iter().chain(udta()).filter(|node| node.id().is(b"meta"));
    let mut items = tags.filter_map(|meta| meta.child(b"ilst")).flat_map(|ilst| &ilst.children);
    let mut others = udta().filter(|node| !node.id().is(b"meta"));
    items.any(|item| !item.id().is(&encoder)) || others.next().is_some()
}

/// Which member each fragment of the whole is of, and its number in it: in the order of their times, and those of one
/// member in theirs.
pub fn order(members: &[Member]) -> Result<Vec<(u32, u32)>> {
    let total = members.iter().map(|member| len_u64(member.index.fragments.len())).sum::<u64>();
    if u32::try_from(total).is_err() {
        let message = "The file would have more fragments than 32 bits count.";
        return Err(Error::limit("too-many-fragments", message));
    }
    let clocks: Vec<Clock> = members.iter().map(Clock::of).collect();
    let time = |((member, clock), number): ((&Member, &Clock), u32)| {
        let fragment = member.index.fragments.get(usize::try_from(number).ok()?)?;
        Some(clock.time(&member.index, fragment))
    };
    // When the next fragment of each comes, and its number.
    let mut next: Vec<(Option<i64>, u32)> =
        members.iter().zip(&clocks).map(|pair| (time((pair, 0)), 0)).collect();
    let mut order = Vec::with_capacity(crate::bytes::units::to_len(total));
    loop {
        let soonest = next.iter().zip(0..).filter_map(|((when, _), place)| Some(((*when)?, place)));
        let Some((_, place)) = soonest.min() else { return Ok(order) };
        let pair = members.get(place).zip(clocks.get(place));
        let (Some(pair), Some(next)) = (pair, next.get_mut(place)) else { return Ok(order) };
        order.push((u32::try_from(place).unwrap_or(u32::MAX), next.1));
        next.1 += 1;
        next.0 = time((pair, next.1));
    }
}
