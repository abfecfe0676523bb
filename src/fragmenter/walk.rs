//! All tracks of a file, side by side: which of their samples a fragment has.

use crate::boxes::Tree;
use crate::boxes::movie::{EMPTY_EDIT, EditList};
use crate::bytes::units::{clock, to_len};
use crate::bytes::{Error, FourCc, Result};
use crate::track::{Movie, Track, TrackKind};

use super::columns::{Columns, Cursor, Sample};
use super::secrets::Entries;

/// The samples of one track that a fragment has, and their groups.
#[derive(Debug, Default)]
pub struct Stretch {
    /// Track ID.
    pub id: u32,
    /// In decoding order, all of one sample entry: players and FFmpeg know one `traf` of a track in a fragment.
    pub samples: Vec<Sample>,
    /// Whether more would belong to it, but for their sample entry.
    pub goes_on: bool,
    /// For each box that tells groups: grouping type, its parameter, and the group of each sample.
    pub groups: Vec<(FourCc, Option<u32>, Vec<u32>)>,
    /// How they are encrypted, where they are.
    pub secrets: Option<Entries>,
}

/// The tracks that have samples.
pub struct Walk<'t> {
    /// The columns of each.
    pub columns: Vec<Columns<'t>>,
    /// Which leads: where it can be cut, all are.
    pub lead: usize,
    /// Ticks by which the presentation of each is later than its decode times say.
    shifts: Vec<i64>,
}

impl<'t> Walk<'t> {
    /// The tracks of `movie`, whose `moov` is `tree`.
    pub fn new(tree: &'t Tree<'_>, movie: &Movie) -> Result<Self> {
        let with_samples = || movie.tracks.iter().filter(|track| track.table.samples > 0);
        let mut columns = Vec::new();
        let mut shifts = Vec::new();
        for track in with_samples() {
            if track.timescale == 0 {
                let message =
                    format!("Track {} has the timescale 0, so its samples have no times.", track.id);
                return Err(Error::file("no-timescale", message).inside("moov").at(track.start));
            }
            columns.push(Columns::read(tree, track)?);
            shifts.push(shift(tree, track, movie.timescale));
        }
        let of_kind = |kind| with_samples().position(|track| track.kind == kind && track.table.samples > 1);
        let lead = of_kind(TrackKind::Video).or_else(|| of_kind(TrackKind::Audio)).unwrap_or(0);
        Ok(Self { columns, lead, shifts })
    }

    /// The columns of the track that leads.
    pub fn lead(&self) -> Option<&Columns<'t>> {
        self.columns.get(self.lead)
    }

    /// Before the first samples.
    pub fn start(&self) -> Vec<Cursor> {
        self.columns.iter().map(Columns::start).collect()
    }

    /// Whether no samples are left.
    pub fn is_at_end(&self, cursors: &[Cursor]) -> bool {
        self.columns.iter().zip(cursors).all(|(columns, cursor)| cursor.sample >= columns.count)
    }

    /// The samples from `cursors` on up to those that come at `time`, in ticks of the leading track, or later; without
    /// a time all. Moves the cursors behind them.
    pub fn until(&self, time: Option<u64>, cursors: &mut [Cursor]) -> Result<Vec<Stretch>> {
        let scale = |track: usize| i128::from(self.columns.get(track).map_or(1, |columns| columns.timescale));
        let moved = |time: u64, track: usize| {
            i128::from(time) + i128::from(self.shifts.get(track).copied().unwrap_or(0))
        };
        let end = time.map(|time| moved(time, self.lead));
        let stretch = |(number, (columns, cursor)): (usize, (&Columns<'t>, &mut Cursor))| {
            let comes = |cursor: &Cursor| {
                let comes = |end| moved(cursor.time, number) * scale(self.lead) < end * scale(number);
                end.is_none_or(comes)
            };
            take(columns, cursor, &comes)
        };
        self.columns.iter().zip(cursors).enumerate().map(stretch).collect()
    }

    /// The samples between two rows of cursors.
    pub fn between(&self, from: &[Cursor], to: &[Cursor]) -> Result<Vec<Stretch>> {
        let pairs = self.columns.iter().zip(from).zip(to);
        pairs
            .map(|((columns, from), to)| {
                take(columns, &mut from.clone(), &|cursor| cursor.sample < to.sample)
            })
            .collect()
    }
}

/// The samples from `cursor` on for as long as `wanted` says so of the place before them.
fn take(columns: &Columns<'_>, cursor: &mut Cursor, wanted: &dyn Fn(&Cursor) -> bool) -> Result<Stretch> {
    let mut stretch = Stretch { id: columns.id, ..Stretch::default() };
    let secret = cursor.secret;
    while wanted(cursor) {
        if let Some(last) = stretch.samples.last() {
            stretch.goes_on = columns.changes_entry(cursor, last.entry)?;
        }
        if stretch.goes_on {
            break;
        }
        let Some(sample) = columns.next(cursor).map_err(|error| in_track(columns, cursor.time, error))?
        else {
            break;
        };
        stretch.samples.push(sample);
    }
    stretch.secrets = columns.secrets.as_ref().map(|secrets| secrets.between(secret, cursor.secret));
    for (groups, place) in columns.groups.iter().zip(&mut cursor.groups) {
        let numbers = stretch.samples.iter().map(|_| groups.next(place).unwrap_or(0)).collect();
        stretch.groups.push((groups.kind, groups.parameter, numbers));
    }
    Ok(stretch)
}

/// The error with the track and the time of a sample of it.
pub fn in_track(columns: &Columns<'_>, time: u64, error: Error) -> Error {
    let place = format!("Track {} at {}: ", columns.id, clock(time, columns.timescale));
    error.preceded_by(&place).inside("moov")
}

/// Ticks by which the first edits of a track move it: empty ones make it later, media time that is left out earlier.
/// Only what stands side by side depends on it, so an edit list that says more is not followed further.
pub fn shift(tree: &Tree<'_>, track: &Track, movie_timescale: u32) -> i64 {
    let trak = tree.root().all(b"trak").find(|trak| trak.start == track.start);
    let elst = trak.and_then(|trak| trak.descend(&[b"edts", b"elst"]));
    let Some(Ok(list)) = elst.map(|elst| tree.read::<EditList>(elst)) else { return 0 };
    let mut shift = 0_i64;
    for edit in &list.entries.entries {
        if edit.media_time.0 != EMPTY_EDIT {
            return shift.saturating_sub(edit.media_time.0);
        }
        let (timescale, of_movie) = (u64::from(track.timescale), u64::from(movie_timescale.max(1)));
        let (seconds, rest) = (edit.segment_duration.0 / of_movie, edit.segment_duration.0 % of_movie);
        let ticks = seconds.saturating_mul(timescale).saturating_add(rest * timescale / of_movie);
        shift = shift.saturating_add(i64::try_from(ticks).unwrap_or(i64::MAX));
    }
    shift
}

/// The bytes of all samples of a fragment together.
pub fn media_len(stretches: &[Stretch]) -> u64 {
    stretches.iter().flat_map(|stretch| &stretch.samples).map(|sample| u64::from(sample.size)).sum()
}

/// Where these samples stand in the source: start and bytes, those that follow each other together.
pub fn extents(stretches: &[Stretch]) -> Vec<(u64, u64)> {
    let mut extents: Vec<(u64, u64)> = Vec::with_capacity(to_len(16));
    for sample in stretches.iter().flat_map(|stretch| &stretch.samples).filter(|sample| sample.size > 0) {
        match extents.last_mut().filter(|(start, len)| start.saturating_add(*len) == sample.start) {
            Some((_, len)) => *len += u64::from(sample.size),
            None => extents.push((sample.start, sample.size.into())),
        }
    }
    extents
}
