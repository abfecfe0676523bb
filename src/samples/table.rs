//! Rows of the sample table of a plain file.

use std::rc::Rc;

use crate::boxes::fragment::SampleFlags;
use crate::bytes::units::to_len;
use crate::bytes::{Error, FourCc};
use crate::fragmenter::columns::{Columns, Cursor};
use crate::track::Track;
use crate::track::encryption::{Encryption, by_entry};

use super::head::iv_of;
use super::{Asked, Page, Row, Samples, Stop};

/// Samples between two places that are kept.
pub(super) const STRIDE: u64 = 1024;

/// Samples that one call goes through at most before it says that it is busy.
const BUDGET: u64 = 1 << 18;

impl Samples {
    /// The columns of a track, and why nothing is said of its encryption where that is so.
    pub(super) fn columns(&self, track: u32) -> Asked<(Columns<'_>, Option<Error>)> {
        let (Some(moov), Some(info)) = (&self.index.moov, self.track(track)) else {
            let message = format!("The movie header has no track {track}.");
            return Err(Error::caller("no-such-track", "track", message).into());
        };
        let mut columns = Columns::read_clear(moov, info)?;
        let Some((start, len)) = columns.secrets_outside(moov, info) else {
            let problem = columns.read_secrets(moov, info, (0, &[])).err();
            return Ok((columns, problem));
        };
        let problem = match self.bytes(start, len) {
            Ok(bytes) => columns.read_secrets(moov, info, (start, bytes)).err(),
            Err(Stop::Error(error)) => Some(error),
            Err(stop) => return Err(stop),
        };
        Ok((columns, problem))
    }

    pub(super) fn track(&self, track: u32) -> Option<&Track> {
        self.index.movie.as_ref()?.track(track)
    }

    /// A place in the table of a track, before sample `number` or at a kept place before it. Goes on through the table where
    /// it was not yet gone through.
    pub(super) fn cursor(&mut self, track: u32, number: u64) -> Asked<Cursor> {
        let stride = to_len(number / STRIDE);
        if let Some(cursor) = self.map(track).cursors.get(stride) {
            return Ok(cursor.clone());
        }
        let mut cursors = std::mem::take(&mut self.map(track).cursors);
        let done = self.go_on(track, number, &mut cursors);
        let found = cursors.get(stride).cloned();
        self.map(track).cursors = cursors;
        done?;
        found.ok_or(Stop::Busy)
    }

    fn go_on(&self, track: u32, number: u64, cursors: &mut Vec<Cursor>) -> Asked<()> {
        let (columns, _) = self.columns(track)?;
        if cursors.is_empty() {
            cursors.push(columns.start());
        }
        let mut cursor = cursors.last().cloned().unwrap_or_default();
        let stop = u64::from(cursor.sample).saturating_add(BUDGET).min(number / STRIDE * STRIDE);
        while u64::from(cursor.sample) < stop && columns.next(&mut cursor)?.is_some() {
            if u64::from(cursor.sample).is_multiple_of(STRIDE) {
                cursors.push(cursor.clone());
            }
        }
        Ok(())
    }

    /// Adds the rows from number `from` up to `end`.
    pub(super) fn table_rows(&mut self, track: u32, from: u64, end: u64, page: &mut Page) -> Asked<()> {
        let mut cursor = self.cursor(track, from)?;
        let (columns, problem) = self.columns(track)?;
        page.problems.extend(problem);
        let Some(info) = self.track(track) else { return Ok(()) };
        // The same for rows in a row.
        let mut last: Option<Rc<Encryption>> = None;
        while u64::from(cursor.sample) < end {
            let number = u64::from(cursor.sample);
            let sample = match columns.next(&mut cursor) {
                Ok(Some(sample)) => sample,
                Ok(None) => break,
                Err(error) => {
                    page.problems.push(error);
                    break;
                }
            };
            let of_key = &mut 0;
            let mut groups: Vec<(FourCc, u32)> = Vec::new();
            for (column, place) in columns.groups.iter().zip(&mut cursor.groups) {
                let group = column.next(place).unwrap_or(0);
                if column.kind.0 == *b"seig" {
                    *of_key = group;
                }
                if group > 0 {
                    groups.push((column.kind, group));
                }
            }
            if number < from {
                continue;
            }
            let by = match by_entry(info, sample.entry, *of_key) {
                Ok(by) => by,
                Err(error) => {
                    page.problems.extend(page.problems.is_empty().then_some(error));
                    None
                }
            };
            let by = by.map(|by| match &last {
                Some(last) if **last == by => Rc::clone(last),
                _ => Rc::new(by),
            });
            last.clone_from(&by);
            let said = columns.secrets.as_ref().map(|secrets| secrets.entry(&sample)).unwrap_or_default();
            let iv_size = by.as_ref().map_or(0, |by| usize::from(by.iv_size));
            let (iv, map) = said.split_at_checked(iv_size).unwrap_or((said, &[]));
            let decode = i64::try_from(sample.time).unwrap_or(i64::MAX);
            page.rows.push(Row {
                number: number + 1,
                fragment: None,
                decode,
                composition: decode.saturating_add(sample.composition.into()),
                duration: sample.duration,
                start: sample.start,
                size: sample.size,
                flags: SampleFlags(columns.said_flags(cursor.sample - 1, sample.flags)),
                entry: sample.entry,
                groups,
                iv: iv_of(by.as_ref(), iv),
                map: if by.is_some() { map_of(map) } else { Vec::new() },
                by,
            });
        }
        Ok(())
    }
}

/// A subsample map: a count, and two numbers for each.
pub fn map_of(bytes: &[u8]) -> Vec<crate::boxes::cenc::Subsample> {
    let entries = bytes.get(2..).unwrap_or_default().chunks_exact(crate::boxes::cenc::SUBSAMPLE_LEN);
    let read = |entry: &[u8]| {
        let (clear, protected) = entry.split_first_chunk::<2>()?;
        let protected = protected.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))?;
        Some(crate::boxes::cenc::Subsample { clear: u16::from_be_bytes(*clear), protected })
    };
    entries.filter_map(read).collect()
}
