//! The segments of a quality that is one file, from the index in it (`sidx`, ISO/IEC 14496-12:2022 8.16.3): read of pieces of the file,
//! of which it says what more it wants. Indexes that the first one leads to are followed; what those lead to is counted.

use serde::Serialize;

use super::amount::{MOST, scaled};
use super::described::ByteRange;
use super::segments::{Run, SEGMENTS, push};
use crate::boxes::declare::BoxBody;
use crate::boxes::header::BoxHeader;
use crate::boxes::index::SegmentIndex as Sidx;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Reader, Result};

/// Asked for where nobody says how long an index is: one of an hour of two-second segments is in it.
const AHEAD: u64 = 24 << 10;

/// Asked for of a further index, whose length the first does not say.
const FURTHER: u64 = 4 << 10;

/// An index cannot be longer than its 65535 entries and what stands before them.
const LONGEST: u64 = 1 << 20;

/// Most further indexes that are followed.
const FOLLOWED: usize = 128;

/// Bytes of the shortest header of a box.
const SHORT_HEADER: u64 = 8;

/// Most boxes before an index.
const BOXES: usize = 64;

/// Bytes of a file that were asked for.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'b> {
    /// Where they begin.
    pub start: u64,
    /// How many were asked for.
    pub asked: u64,
    /// Those that are there: fewer where the file ends.
    pub bytes: &'b [u8],
}

/// What an index lists: `SegmentIndex`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SegmentIndex {
    /// Bytes that are wanted; none when all is read.
    pub needs: Vec<ByteRange>,
    /// Where the index is; where several are, the first.
    pub at: Option<ByteRange>,
    /// Ticks a second.
    pub timescale: u64,
    /// When segments are.
    pub runs: Vec<Run>,
    /// Which bytes of the file they are, one by one.
    pub ranges: Vec<ByteRange>,
    /// How many indexes were read.
    pub indexes: u64,
    /// How many are a level further down: they are not followed.
    pub deeper: u64,
    /// How many indexes and segments are left out, because there are too many.
    pub left: u64,
}

/// What is there of bytes.
enum Got<'b> {
    Bytes(&'b [u8]),
    Wanted(ByteRange),
    /// The file ends before.
    Ended,
}

/// Reads what an index lists; it begins at the first of the bytes of `from`, or behind other boxes there. Where nobody says where it
/// ends, `from` ends at 0.
///
/// # Errors
/// `no-segment-index`, `bad-segment-index`, `truncated`, and those of a box that cannot be read.
pub fn read(pieces: &[Piece<'_>], from: ByteRange) -> Result<SegmentIndex> {
    let len = from.end.checked_sub(from.start).filter(|len| *len > 0).map_or(AHEAD, |len| len.min(LONGEST));
    let mut found = SegmentIndex::default();
    let Some((place, sidx)) = find(pieces, from.start, len, &mut found.needs)? else { return Ok(found) };
    found.at = Some(place);
    found.timescale = u64::from(sidx.timescale);
    found.indexes = 1;
    let mut at = place.end.saturating_add(sidx.first_offset.0);
    let mut time = sidx.earliest_presentation_time.0;
    let mut followed = 0;
    for reference in &sidx.references.entries {
        let end = at.saturating_add(u64::from(reference.referenced_size()));
        let duration = u64::from(reference.subsegment_duration);
        if !reference.is_index() {
            found.add(time, duration, ByteRange { start: at, end });
        } else if followed == FOLLOWED {
            found.left += 1;
        } else {
            followed += 1;
            found.follow(pieces, at)?;
        }
        at = end;
        time = time.saturating_add(duration);
    }
    Ok(found)
}

impl SegmentIndex {
    fn add(&mut self, time: u64, duration: u64, range: ByteRange) {
        if len_u64(self.ranges.len()) < SEGMENTS {
            push(&mut self.runs, time, duration);
            // Numbers of JavaScript end there, and so does every file.
            self.ranges.push(ByteRange { start: range.start.min(MOST), end: range.end.min(MOST) });
        } else {
            self.left += 1;
        }
    }

    /// Reads a further index.
    fn follow(&mut self, pieces: &[Piece<'_>], start: u64) -> Result<()> {
        let Some((place, sidx)) = find(pieces, start, FURTHER, &mut self.needs)? else { return Ok(()) };
        self.indexes += 1;
        let mut at = place.end.saturating_add(sidx.first_offset.0);
        let (own, all) = (u64::from(sidx.timescale), self.timescale);
        let ticks = |ticks: u64| if own == all { ticks } else { scaled(ticks, own, all) };
        let mut time = sidx.earliest_presentation_time.0;
        for reference in &sidx.references.entries {
            let end = at.saturating_add(u64::from(reference.referenced_size()));
            let next = time.saturating_add(u64::from(reference.subsegment_duration));
            if reference.is_index() {
                self.deeper += 1;
            } else {
                let (begins, ends) = (ticks(time), ticks(next));
                self.add(begins, ends.saturating_sub(begins), ByteRange { start: at, end });
            }
            (at, time) = (end, next);
        }
        Ok(())
    }
}

/// The index at `start`, or behind other boxes there; nothing where bytes are wanted for that, of which `len` are asked for at first.
fn find(
    pieces: &[Piece<'_>],
    start: u64,
    len: u64,
    needs: &mut Vec<ByteRange>,
) -> Result<Option<(ByteRange, Sidx)>> {
    let mut at = start;
    for _ in 0..BOXES {
        if at > MOST - LONGEST {
            break;
        }
        let ask = len.max(BoxHeader::MAX_LEN);
        let head = match get(pieces, at, BoxHeader::MAX_LEN, ask) {
            Got::Bytes(bytes) => bytes,
            Got::Wanted(range) => return Ok(want(needs, range)),
            // The last box of a file may be shorter than a header can be.
            Got::Ended => match get(pieces, at, SHORT_HEADER, ask) {
                Got::Bytes(bytes) => bytes,
                _ => break,
            },
        };
        let header = BoxHeader::read(&mut Reader::new(head, at), u64::MAX - at)?;
        if header.id.is(b"sidx") {
            return whole(pieces, at, header, needs);
        }
        // Behind the first fragment there is none of all.
        if header.id.is(b"moof") || header.id.is(b"mdat") {
            break;
        }
        at = at.saturating_add(header.size);
    }
    let message = format!(
        "No index of segments ('sidx') stands at byte {start}, nor behind other boxes there before the first fragment. Open the file itself to see its fragments."
    );
    Err(Error::file("no-segment-index", message).at(start))
}

/// Reads an index, when all of it is there.
fn whole(
    pieces: &[Piece<'_>],
    start: u64,
    header: BoxHeader,
    needs: &mut Vec<ByteRange>,
) -> Result<Option<(ByteRange, Sidx)>> {
    let size = header.size;
    let place = ByteRange { start, end: start.saturating_add(size) };
    let bad = |message: String| Err(Error::file("bad-segment-index", message).at(place.start));
    if size > LONGEST {
        return bad(format!(
            "The index of segments ('sidx') says that it has {size} bytes; with all the 65535 entries that one can have it has not {LONGEST}."
        ));
    }
    let bytes = match get(pieces, place.start, size, size) {
        Got::Bytes(bytes) => bytes.get(to_len(header.header_len())..to_len(size)).unwrap_or_default(),
        Got::Wanted(range) => return Ok(want(needs, range)),
        Got::Ended => {
            let message = format!(
                "The index of segments ('sidx') ends at byte {}, and the file ends before. It may not have been copied whole.",
                place.end
            );
            return Err(Error::file("truncated", message).at(place.start));
        }
    };
    let sidx = Sidx::parse(&mut Reader::new(bytes, start + header.header_len()), 0)
        .map_err(|error| error.inside("sidx").at(start))?;
    if sidx.timescale == 0 {
        return bad(
            "The index of segments ('sidx') has a timescale of 0, so that its segments have no times."
                .to_owned(),
        );
    }
    Ok(Some((place, sidx)))
}

/// Wants bytes; those that begin in or right behind the last that are wanted, together with them.
fn want<T>(needs: &mut Vec<ByteRange>, range: ByteRange) -> Option<T> {
    match needs.last_mut() {
        Some(last) if (last.start..=last.end).contains(&range.start) => last.end = last.end.max(range.end),
        _ => needs.push(range),
    }
    None
}

/// The bytes from `at` on, where `len` of them are there; else `ask` are wanted, where the file has not ended.
fn get<'b>(pieces: &[Piece<'b>], at: u64, len: u64, ask: u64) -> Got<'b> {
    let mut ended = false;
    for piece in pieces {
        let Some(skipped) = at.checked_sub(piece.start) else { continue };
        let here = piece.bytes.get(to_len(skipped)..).unwrap_or_default();
        if len_u64(here.len()) >= len {
            return Got::Bytes(here);
        }
        let is_short = len_u64(piece.bytes.len()) < piece.asked;
        ended |= is_short && piece.asked.saturating_sub(skipped) >= len;
    }
    if ended { Got::Ended } else { Got::Wanted(ByteRange { start: at, end: at.saturating_add(ask) }) }
}
