//! Building the [`Index`] of a file from byte ranges that it asks for.

use crate::boxes::header::{BoxHeader, SizeForm};
use crate::boxes::index::{MFRO_LEN, mfra_size};
use crate::boxes::registry::{self, Known};
use crate::boxes::{BoxId, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, Reader, Result, limits};

use super::disagreements;
use super::findings;
use super::foreign::{FRONT_LEN, is_tagged, not_mp4, shown};
use super::index::Index;
use super::movie::Movie;
use super::resync::{Search, Step};
use super::times;
use super::totals;

/// A byte range of the file that is wanted next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// File offset of the first byte.
    pub start: u64,
    /// How many bytes at least; more may be given.
    pub len: u64,
}

impl Need {
    /// File offset after the last byte.
    fn end(self) -> u64 {
        self.start.saturating_add(self.len)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The last bytes of the file, where `mfro` stands when there is an `mfra`.
    Tail,
    /// The `mfra`.
    RandomAccess(Need),
    /// The top-level boxes from the front.
    Walk(Need),
    /// What may be the next box behind bytes that are none.
    Search(Search),
    Done,
}

/// Builds an [`Index`]: ask [`needs`](Self::needs), give the bytes to [`feed`](Self::feed), repeat.
#[derive(Debug)]
pub struct Indexer {
    pub(super) index: Index,
    stage: Stage,
    /// Whether media data that comes next belongs to the last fragment.
    fragment_open: bool,
    /// Whether it has media data.
    has_media: bool,
    /// Where that fragment's samples stand, as disjoint ranges in file order.
    pub(super) open_ranges: Vec<(u64, u64)>,
    /// File offsets of the first byte of that fragment's samples and after the last.
    pub(super) open_data: Option<(u64, u64)>,
    /// The first fragment whose samples stand elsewhere than in its media data.
    outside: Option<Error>,
    /// Whether the `mfra` read is one that the walk met.
    pub(super) mfra_met: bool,
    /// Decode times of fragments so far.
    pub(super) times: times::Times,
    /// Where there is no box, and where the next one begins, when one was found.
    pub(super) resumed: Option<(u64, Option<u64>)>,
    /// What was used of the bytes that came last.
    used: Vec<Need>,
    /// Whether that tells of fragments alone.
    of_fragments: bool,
}

/// What stands between two stretches is a part of one with them when it has no more bytes.
const USED_GAP: u64 = 4 << 10;

impl Indexer {
    /// An indexer for a file of `file_len` bytes.
    pub fn new(file_len: u64) -> Result<Self> {
        if file_len == 0 {
            return Err(Error::file("empty", "This file is empty."));
        }
        let stage =
            if file_len > MFRO_LEN { Stage::Tail } else { Stage::Walk(Need { start: 0, len: file_len }) };
        Ok(Self {
            index: Index { file_len, ..Index::default() },
            stage,
            fragment_open: false,
            has_media: false,
            open_ranges: Vec::new(),
            open_data: None,
            outside: None,
            mfra_met: false,
            times: times::Times::default(),
            resumed: None,
            used: Vec::new(),
            of_fragments: false,
        })
    }

    /// The range wanted next; `None` when all is known.
    pub fn needs(&self) -> Option<Need> {
        match self.stage {
            Stage::Tail => Some(Need { start: self.index.file_len - MFRO_LEN, len: MFRO_LEN }),
            Stage::RandomAccess(need) | Stage::Walk(need) => Some(need),
            Stage::Search(search) => Some(search.need()),
            Stage::Done => None,
        }
    }

    /// Where the fragments of each track are said to begin: they will be wanted, if it is true.
    pub fn expected(&self) -> Vec<u64> {
        self.index.random_access_points()
    }

    /// What is known so far. Complete when [`needs`](Self::needs) is `None`.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// File offset up to which the walk has come.
    pub fn position(&self) -> u64 {
        match self.stage {
            Stage::Walk(need) => need.start,
            Stage::Search(search) => search.need().start,
            Stage::Done => self.index.file_len,
            Stage::Tail | Stage::RandomAccess(_) => 0,
        }
    }

    /// What was used of the bytes given last, in file order: another indexer, given no more, would come as far. Nothing
    /// where the movie header was among them or is still to come.
    pub fn of_fragments(&self) -> &[Need] {
        if self.of_fragments { &self.used } else { &[] }
    }

    /// Takes the bytes at file offset `start`: at least the range wanted. Uses as much of them as it can.
    pub fn feed(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        self.of_fragments = self.index.moov.is_some();
        self.used.clear();
        self.feed_all(start, bytes)
    }

    /// Notes that bytes were used.
    fn note_used(&mut self, used: Need) {
        match self.used.last_mut() {
            Some(last) if used.start <= last.end().saturating_add(USED_GAP) => {
                last.len = last.end().max(used.end()) - last.start;
            }
            _ => self.used.push(used),
        }
    }

    fn feed_all(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let mut used = false;
        while let Some(need) = self.needs() {
            let window = need.start.checked_sub(start).map(to_len).and_then(|from| bytes.get(from..));
            let Some(window) = window.filter(|window| len_u64(window.len()) >= need.len) else {
                if used {
                    return Ok(());
                }
                let message =
                    format!("{} bytes were wanted, but fewer could be read. Has the file changed?", need.len);
                return Err(Error::file("short-read", message).at(need.start));
            };
            used = true;
            self.note_used(need);
            match self.stage {
                Stage::Tail => self.take_tail(window),
                Stage::RandomAccess(need) => self.take_random_access(need, window),
                Stage::Walk(need) => self.take_box(need.start, window)?,
                Stage::Search(search) => {
                    let window = window.get(..to_len(need.len)).unwrap_or(window);
                    self.stage = match search.step(window) {
                        Step::More(search) => Stage::Search(search),
                        found => {
                            let next = if let Step::Found(next) = found { Some(next) } else { None };
                            self.resumed = Some((search.from, next));
                            self.walk(search.from)
                        }
                    };
                }
                Stage::Done => {}
            }
        }
        Ok(())
    }

    /// The finished index.
    pub fn finish(mut self) -> Index {
        if !self.mfra_met {
            // The last box said it ends one, but there is none.
            self.index.mfra = None;
        }
        times::resolve(&mut self.index, &self.times);
        self.index.totals = totals::of_tracks(&self.index.parts);
        self.check_data_place();
        if let Some(error) = self.outside.take()
            // A file cut short says so already.
            && self.index.problems.is_empty()
        {
            self.index.problems.push(error);
        }
        disagreements::find(&mut self.index);
        findings::finish(&mut self.index);
        self.index.top.shrink();
        self.index.fragments.shrink_to_fit();
        self.index.parts.shrink_to_fit();
        self.index
    }

    /// Samples must stand in the media data behind their own `moof`: looks at the last fragment, when all of its media
    /// data is known. FFmpeg with a global `sidx` writes base offsets that ignore it, and such files play nowhere.
    pub(super) fn check_data_place(&mut self) {
        let (Some(fragment), Some((first, last))) = (self.index.fragments.last(), self.open_data.take())
        else {
            return;
        };
        let media_start = fragment.start + fragment.moof_len;
        if self.outside.is_some() || (first >= media_start && last <= fragment.end) {
            return;
        }
        let message = format!(
            "The samples of the fragment at byte {} stand at bytes {first} to {last}, but the media data behind it is bytes \
             {media_start} to {}.",
            fragment.start, fragment.end
        );
        self.outside = Some(Error::file("data-elsewhere", message).at(fragment.start));
    }

    pub(super) fn walk_from(&mut self, start: u64) {
        self.stage = self.walk(start);
    }

    fn walk(&self, start: u64) -> Stage {
        match self.index.file_len.saturating_sub(start) {
            0 => Stage::Done,
            rest => Stage::Walk(Need { start, len: rest.min(BoxHeader::MAX_LEN) }),
        }
    }

    /// Wants so many bytes from `start` on at once.
    pub(super) fn want(&mut self, start: u64, len: u64) {
        self.stage = Stage::Walk(Need { start, len });
    }

    fn take_tail(&mut self, tail: &[u8]) {
        let len = self.index.file_len;
        let size = mfra_size(tail.get(..to_len(MFRO_LEN)).unwrap_or_default());
        match size.filter(|&size| size > MFRO_LEN && size < len && size <= limits::INDEX_LEN) {
            Some(size) => self.stage = Stage::RandomAccess(Need { start: len - size, len: size }),
            None => self.walk_from(0),
        }
    }

    fn take_random_access(&mut self, need: Need, bytes: &[u8]) {
        let bytes = bytes.get(..to_len(need.len)).unwrap_or(bytes);
        if let Ok(tree) = Tree::parse(bytes.to_vec(), need.start)
            && tree.root().id().is(b"mfra")
        {
            self.index.mfra = Some(tree);
        }
        self.walk_from(0);
    }

    fn take_box(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let rest = self.index.file_len - start;
        let mut r = Reader::new(bytes, start);
        let mut header = match BoxHeader::read(&mut r, rest) {
            Ok(header) => header,
            Err(error) => return self.take_damaged(start, bytes, error),
        };
        if start == 0 && (!is_plausible(header.id) || is_tagged(bytes)) {
            return self.refuse(bytes);
        }
        // After a box with a wrong size anything may look like a header; what is taken for a box is copied as it is.
        // Zeros up to the end pass for a box, and not where another is behind them.
        let is_zeros = header.id.four_cc().0 == [0; 4]
            && self.resumed != Some((start, None))
            && rest > 2 * BoxHeader::MAX_LEN;
        let is_endless = header.form == SizeForm::ToEnd;
        if !is_plausible(header.id) || (is_endless && (is_zeros || !is_known(header.id))) {
            let message = format!(
                "The structure of the file breaks off at byte {start}: what should be a box begins with {}. The box before \
                 it has a wrong size, or bytes were lost. Get a sound copy of it.",
                shown(bytes)
            );
            return self.take_damaged(start, bytes, Error::file("no-box", message).at(start));
        }
        let wanted = body_limit(&header);
        if let Some(limit) = wanted {
            if header.size > limit {
                let message =
                    format!("Box '{}' has {} bytes; Boxlock reads at most {limit}.", header.id, header.size);
                return Err(Error::limit("box-too-large", message).at(start));
            }
            let Some(body) = bytes.get(..to_len(header.size)) else {
                self.stage = Stage::Walk(Need { start, len: header.size });
                return Ok(());
            };
            // Less than it claims, where it cannot be so long.
            header.size = self.take_body(start, header, body);
            self.note_used(Need { start, len: header.size });
        }
        self.check_place(&header);
        let before = self.index.fragments.last().map_or(0, |last| last.first_sample);
        if header.id.is(b"moof") && (before..self.samples_so_far()).contains(&self.index.file_len) {
            // Samples without bytes take none in their run either, so a small file could claim any number.
            let message = "The fragments claim more samples than the file has bytes. Get a sound copy of it.";
            self.note(Error::limit("too-many-samples", message).at(start));
        }
        if self.index.top.len() == limits::TOP_BOXES {
            let message = format!("The file has more than {} top-level boxes.", limits::TOP_BOXES);
            return Err(Error::limit("too-many-boxes", message).at(start));
        }
        self.extend_fragment(start, &header);
        self.push_top(start, &header);
        if header.form == SizeForm::ToEnd {
            self.stage = Stage::Done
        } else {
            self.walk_from(start + header.size)
        }
        Ok(())
    }

    /// Media data belongs to the fragment before it, also with other boxes in between. A sample that
    /// covers the header of a box would have it encrypted along.
    pub(super) fn extend_fragment(&mut self, start: u64, header: &BoxHeader) {
        let behind = self.open_ranges.partition_point(|(_, end)| *end <= start);
        // Of a box that is put right in the output, no byte may be a sample's.
        let own = if is_put_right(header.id) { header.size } else { header.header_len() };
        let covered =
            self.open_ranges.get(behind).is_some_and(|(first, _)| *first < start.saturating_add(own));
        if self.fragment_open && covered && !header.id.is(b"moof") {
            let message =
                format!("Samples of the fragment before it cover bytes of the box '{}' itself.", header.id);
            self.note(Error::file("data-elsewhere", message).at(start));
        }
        match header.id {
            BoxId::Uuid(_) => {}
            BoxId::Four(FourCc(code)) => match &code {
                b"moof" => (self.fragment_open, self.has_media) = (true, false),
                b"mdat" => {
                    // A further one that its samples do not reach is of something else.
                    let reached = self.open_data.is_some_and(|(_, last)| last > start);
                    let is_its = self.fragment_open && (reached || !self.has_media);
                    if let (true, Some(fragment)) = (is_its, self.index.fragments.last_mut()) {
                        self.has_media = true;
                        fragment.end = (start + header.size).min(self.index.file_len);
                    }
                }
                b"moov" | b"mfra" | b"ftyp" => self.fragment_open = false,
                // Events, indexes and other boxes may stand between a 'moof' and its media data.
                _ => {}
            },
        }
    }

    /// How many of something there will be in the file, when there are `count` before file offset `start`.
    pub(super) fn estimate(&self, count: usize, start: u64) -> u64 {
        // Twenty digits are exact enough, and 64 bits long enough for them: 128 would be code for nothing else.
        let start = start.max(1);
        let shift = start.ilog2().saturating_sub(20);
        let all = len_u64(count).saturating_mul(self.index.file_len >> shift) / (start >> shift);
        // A little more, so that a slightly denser end does not take another round.
        all.saturating_add(all / 16)
    }

    pub(super) fn push_top(&mut self, start: u64, header: &BoxHeader) {
        let size = header.size.min(self.index.file_len - start);
        let expected = self.estimate(self.index.top.len(), start);
        self.index.top.push(header.id, size, header.header_len().min(size), expected);
    }

    /// The file is no ISO media: says what it is instead, when enough of it is there.
    fn refuse(&mut self, bytes: &[u8]) -> Result<()> {
        let wanted = self.index.file_len.min(FRONT_LEN);
        if len_u64(bytes.len()) < wanted {
            self.stage = Stage::Walk(Need { start: 0, len: wanted });
            return Ok(());
        }
        Err(not_mp4(bytes))
    }

    /// A header that cannot be right: at the front the file is none of ours, further on it is cut short or damaged.
    fn take_damaged(&mut self, start: u64, bytes: &[u8], error: Error) -> Result<()> {
        let mut r = Reader::new(bytes, start);
        let header = BoxHeader::read(&mut r, u64::MAX);
        let known = header.as_ref().is_ok_and(|header| is_known(header.id));
        if start == 0 && (!known || is_tagged(bytes)) {
            return self.refuse(bytes);
        }
        match self.resumed {
            Some((from, Some(next))) if from == start => return self.resume(start, next, bytes),
            Some((from, None)) if from == start => {}
            // There may be a box behind it.
            _ if self.index.file_len - start > 2 * BoxHeader::MAX_LEN => {
                self.stage = Stage::Search(Search::new(start, self.index.file_len));
                return Ok(());
            }
            _ => {}
        }
        let rest = self.index.file_len - start;
        if !known && rest <= limits::TRAILING_LEN {
            let Some(tail) = bytes.get(..to_len(rest)) else {
                self.stage = Stage::Walk(Need { start, len: rest });
                return Ok(());
            };
            // Media must never pass for something that merely stands behind it.
            let media: [&[u8]; 5] = [b"moof", b"mdat", b"moov", b"imda", b"!mof"];
            if !tail.windows(4).any(|word| media.contains(&word)) {
                let message = format!("The file ends with {rest} bytes that are no box: {}.", shown(tail));
                self.index.findings.push(Error::file("trailing-bytes", message).at(start));
                self.stage = Stage::Done;
                return Ok(());
            }
        }
        if let Ok(header) = &header
            && error.code() == "box-overrun"
            && let Some((code, place)) = self.may_be_cut(header.id)
        {
            let message = format!(
                "The file is cut short in {place}: '{}' should have {} bytes, and {rest} are there. All media before it is \
                 whole.",
                header.id, header.size
            );
            self.index.findings.push(Error::file(code, message).at(start));
            self.index.cut = Some(start);
            self.push_top(start, header);
            self.stage = Stage::Done;
            return Ok(());
        }
        if let Ok(header) = &header
            && error.code() == "box-overrun"
            && body_limit(header).is_some_and(|limit| rest <= limit)
        {
            // What is there of it is shown.
            let Some(body) = bytes.get(..to_len(rest)) else {
                self.stage = Stage::Walk(Need { start, len: rest });
                return Ok(());
            };
            self.index.problems.push(cut_short(header, rest).at(start));
            self.take_body(start, BoxHeader { size: rest, ..*header }, body);
            self.push_top(start, header);
            self.stage = Stage::Done;
            return Ok(());
        }
        self.index.problems.push(match &header {
            Ok(_) if !known => {
                let why = if rest <= limits::TRAILING_LEN {
                    "Names of media boxes are among them.".to_owned()
                } else {
                    format!("Boxlock looks through {} such bytes at most.", limits::TRAILING_LEN)
                };
                let message = format!(
                    "The last {rest} bytes, from byte {start} on, are no box that is known: {}. {why} Get a complete \
                     copy of the file, or take them off when they are no media.",
                    shown(bytes)
                );
                Error::file("unknown-bytes", message).at(start)
            }
            Ok(header) if error.code() == "box-overrun" => cut_short(header, rest).at(start),
            _ => error,
        });
        if let Ok(header) = &header {
            self.push_top(start, header);
        }
        self.stage = Stage::Done;
        Ok(())
    }

    /// The code and the name of a place in which a file may end: the box there says nothing of media, and all of them before
    /// it are whole.
    fn may_be_cut(&self, id: BoxId) -> Option<(&'static str, &'static str)> {
        let is_index = id.is(b"mfra");
        let is_room = [b"free", b"skip", b"wide"].iter().any(|code| id.is(code));
        let has_media = if self.index.fragments.is_empty() {
            let samples = self.index.movie.as_ref().map_or(0, Movie::samples_in_tables);
            is_room && samples > 0 && self.index.top.iter().any(|top| top.id.is(b"mdat"))
        } else {
            !self.fragment_open || self.has_media || self.open_data.is_none()
        };
        (has_media && (is_index || is_room)).then_some(if is_index {
            ("index-cut-short", "the random access index at its end")
        } else {
            ("room-cut-short", "the unused room at its end")
        })
    }
}

/// Most bytes of a box that is read, when it is one that is.
pub(super) fn body_limit(header: &BoxHeader) -> Option<u64> {
    let BoxId::Four(FourCc(code)) = header.id else { return None };
    match &code {
        b"moov" => Some(limits::MOOV_LEN),
        b"moof" => Some(limits::MOOF_LEN),
        b"sidx" | b"ssix" | b"mfra" => Some(limits::INDEX_LEN),
        b"ftyp" | b"styp" => Some(limits::INSPECT_LEN),
        // A larger one is none of items alone, or no event that means one, and is passed by.
        b"meta" | b"emsg" | b"prft" if header.size <= limits::INSPECT_LEN => Some(limits::INSPECT_LEN),
        _ => None,
    }
}

fn cut_short(header: &BoxHeader, rest: u64) -> Error {
    let message = format!(
        "This file is cut short: its box '{}' should have {} bytes, but only {rest} are there. Get a complete copy of it.",
        header.id, header.size
    );
    Error::file("truncated", message)
}

pub(super) fn is_known(id: BoxId) -> bool {
    !matches!(registry::lookup(id, None), Known::Unknown)
}

/// Whether a file can begin with such a box: a known one, or at least one with a name.
fn is_plausible(id: BoxId) -> bool {
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || b" -_.\xa9".contains(byte);
    is_known(id) || id.four_cc().0.iter().all(named)
}

/// Whether the output has its bytes changed where it stands.
fn is_put_right(id: BoxId) -> bool {
    [b"sidx", b"ssix", b"meta"].iter().any(|code| id.is(code))
}
