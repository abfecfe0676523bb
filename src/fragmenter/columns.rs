//! The sample table of one track, read sample by sample (ISO/IEC 14496-12:2022 8.6.1, 8.6.2, 8.6.4, 8.7, 8.9.2). Its
//! columns stay as they stand in the `moov`: a long file has millions of samples.

use crate::boxes::grouped::{Groups, Place, word};
use crate::boxes::{Node, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, FourCc, Reader, Result};
use crate::track::Track;
use crate::track::contradictions::{NO_ENTRY, no_entry};
use crate::track::table::{Sizes, list};

use super::secrets::Secrets;

/// The columns of one track.
pub struct Columns<'t> {
    /// Track ID.
    pub id: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// Number of samples.
    pub count: u32,
    sizes: Sizes<'t>,
    durations: &'t [u8],
    compositions: Option<&'t [u8]>,
    syncs: Option<&'t [u8]>,
    dependencies: Option<&'t [u8]>,
    chunk_runs: &'t [u8],
    chunks: &'t [u8],
    chunk_width: usize,
    /// The groups that samples are in.
    pub groups: Vec<Groups<'t>>,
    /// How they are encrypted, where they are.
    pub secrets: Option<Secrets<'t>>,
    /// Number of its sample entries.
    entries: usize,
    stbl_start: u64,
}

/// Where one track stands: before which sample, and where in each column.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// Number of the next sample, from 0.
    pub sample: u32,
    /// Its decode time in ticks.
    pub time: u64,
    duration: Place,
    composition: Place,
    sync: u32,
    chunk: u32,
    in_chunk: u32,
    offset: u64,
    chunk_run: u32,
    /// Where it is among what is said of their encryption.
    pub secret: u64,
    /// Where it is in each of the boxes that tell groups.
    pub groups: Vec<Place>,
}

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// File offset.
    pub start: u64,
    /// Bytes.
    pub size: u32,
    /// Decode time in ticks.
    pub time: u64,
    /// Ticks.
    pub duration: u32,
    /// Ticks from decoding to composition.
    pub composition: i32,
    /// Sample flags as `trun` has them (8.8.3.1).
    pub flags: u32,
    /// Which sample entry, from 1.
    pub entry: u32,
    /// Where what is said of its encryption stands among that of all, and its bytes.
    pub secret: u64,
    /// See [`secret`](Self::secret).
    pub secret_len: u32,
}

impl Sample {
    /// Whether decoding can begin here.
    pub fn is_sync(&self) -> bool {
        self.flags & NON_SYNC == 0
    }
}

const NON_SYNC: u32 = 1 << 16;
/// `sample_depends_on`: 2, on no other.
const DEPENDS_ON_NONE: u32 = 2 << 24;
/// 1, on others.
const DEPENDS: u32 = 1 << 24;

/// The entries of a list of a track, all of `len` bytes.
fn entries<'t>(tree: &'t Tree<'_>, node: &Node, len: u64) -> Result<&'t [u8]> {
    list(tree, node, len).map(|entries| entries.rest())
}

impl<'t> Columns<'t> {
    /// The columns of the `stbl` of `track`. Fails when one that must be there is missing or damaged.
    pub fn read(tree: &'t Tree<'_>, track: &Track) -> Result<Self> {
        let mut columns = Self::read_clear(tree, track)?;
        columns.read_secrets(tree, track, (0, &[]))?;
        Ok(columns)
    }

    /// The columns without what is said of encryption.
    pub fn read_clear(tree: &'t Tree<'_>, track: &Track) -> Result<Self> {
        let stbl = stbl(tree, track)?;
        Self::of(tree, stbl, track).map_err(|error| of_track(track.id, error))
    }

    /// Reads what is said of encryption. `media` is what is at hand of what stands outside of the `moov`, and where it begins.
    pub fn read_secrets(&mut self, tree: &'t Tree<'_>, track: &Track, media: (u64, &'t [u8])) -> Result<()> {
        let secrets = Secrets::read(tree, stbl(tree, track)?, track, self.count, media);
        self.secrets = secrets.map_err(|error| of_track(track.id, error))?;
        Ok(())
    }

    /// Where what is said of encryption stands outside of the `moov`: file offset and bytes.
    pub fn secrets_outside(&self, tree: &Tree<'_>, track: &Track) -> Option<(u64, u64)> {
        Secrets::outside(tree, stbl(tree, track).ok()?, track, self.count)
    }

    fn of(tree: &'t Tree<'_>, stbl: &Node, track: &Track) -> Result<Self> {
        let need = |code| stbl.child(code).ok_or_else(|| missing(&FourCc(*code).text(), stbl.start));
        let sizes = Sizes::of(tree, stbl).unwrap_or_else(|| Err(missing("stsz", stbl.start)))?;
        let (chunks, chunk_width) = match stbl.child(b"co64") {
            Some(co64) => (entries(tree, co64, 8)?, 8),
            None => (entries(tree, need(b"stco")?, 4)?, 4),
        };
        let optional = |code, len| stbl.child(code).map(|node| entries(tree, node, len)).transpose();
        let dependencies = stbl.child(b"sdtp").map(|sdtp| {
            let mut fields = tree.fields(sdtp);
            fields.u32("version and flags").map(|_| fields.rest())
        });
        let groups: Result<Vec<Groups<'t>>> =
            Groups::nodes(stbl).map(|node| Groups::read(tree, node)).collect();
        let count = u32::try_from(sizes.count).unwrap_or(u32::MAX);
        Ok(Self {
            id: track.id,
            timescale: track.timescale,
            count,
            sizes,
            durations: entries(tree, need(b"stts")?, 8)?,
            compositions: optional(b"ctts", 8)?,
            syncs: optional(b"stss", 4)?,
            // One that is shorter than it should be says nothing of the rest.
            dependencies: dependencies.transpose()?,
            chunk_runs: entries(tree, need(b"stsc")?, 12)?,
            chunks,
            chunk_width,
            groups: groups?,
            secrets: None,
            entries: track.entries.len(),
            stbl_start: stbl.start,
        })
    }

    /// The chunk whose samples may have the byte at file offset `offset`, which is that of the chunk or behind it: its own
    /// offset, the number of its first sample, and how many it has. Chunks need not stand in order.
    pub fn chunk_at(&self, offset: u64) -> Option<(u64, u32, u32)> {
        let mut nearest: Option<(u64, u32, u32)> = None;
        let (mut run, mut sample) = (0, 0_u32);
        for chunk in 0..u32::try_from(self.chunk_count()).unwrap_or(u32::MAX) {
            while word(self.chunk_runs, run + 1, 3, 0).is_some_and(|first| first <= chunk + 1) {
                run += 1;
            }
            let count = word(self.chunk_runs, run, 3, 1)?.min(self.count.saturating_sub(sample));
            let start = self.chunk_offset(chunk)?;
            if start <= offset && count > 0 && nearest.is_none_or(|(before, ..)| start >= before) {
                nearest = Some((start, sample, count));
            }
            sample = sample.saturating_add(count);
        }
        nearest
    }

    /// Bytes of the sample of this number, from 0.
    pub fn size(&self, number: u32) -> u32 {
        self.sizes.get(number)
    }

    /// Sample flags without what [`next`](Self::next) supposes where `sdtp` says nothing of a sample.
    pub fn said_flags(&self, number: u32, flags: u32) -> u32 {
        let hints = self.dependencies.and_then(|column| column.get(to_len(number.into())));
        if hints.is_some_and(|hints| *hints != 0) { flags } else { flags & NON_SYNC }
    }

    /// Fails when the columns contradict each other. It goes through all of them.
    pub fn check(&self) -> Result<()> {
        self.check_counts().map_err(|error| of_track(self.id, error))
    }

    fn check_counts(&self) -> Result<()> {
        let sum = |column: &[u8]| -> u64 {
            let runs = 0..u32::try_from(column.len() / 8).unwrap_or(u32::MAX);
            runs.filter_map(|entry| word(column, entry, 2, 0)).map(u64::from).sum()
        };
        let timed = Some(("stts", sum(self.durations)));
        let composed = self.compositions.map(|column| ("ctts", sum(column)));
        for (name, found) in timed.into_iter().chain(composed) {
            if found != u64::from(self.count) {
                let message = format!(
                    "The sample table lists the sizes of {} samples, but its '{name}' is of {found}. Get a sound copy of \
                     the file.",
                    self.count
                );
                return Err(Error::file("sample-count", message).at(self.stbl_start));
            }
        }
        // Runs of chunks begin with the first chunk, one behind the other, each with a chunk that is there.
        let mut before = 0;
        for entry in 0..u32::try_from(self.chunk_runs.len() / 12).unwrap_or(u32::MAX) {
            let first = word(self.chunk_runs, entry, 3, 0).unwrap_or(0);
            let most = if entry == 0 { 1 } else { self.chunk_count() };
            if first <= before || to_len(first.into()) > most {
                let message = format!(
                    "Entry {} of 'stsc' begins with chunk {first}, behind chunk {before} of the entry before it; there are \
                     {} chunks. Get a sound copy of the file.",
                    entry + 1,
                    self.chunk_count()
                );
                return Err(Error::file("chunk-out-of-range", message).at(self.stbl_start));
            }
            before = first;
        }
        Ok(())
    }

    /// Before the first sample.
    pub fn start(&self) -> Cursor {
        Cursor { groups: vec![Place::default(); self.groups.len()], ..Cursor::default() }
    }

    /// Number of chunks.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len() / self.chunk_width
    }

    fn chunk_offset(&self, chunk: u32) -> Option<u64> {
        let at = to_len(chunk.into()).checked_mul(self.chunk_width)?;
        let mut r = Reader::new(self.chunks.get(at..at + self.chunk_width)?, 0);
        if self.chunk_width == 8 { r.u64("offset").ok() } else { r.u32("offset").ok().map(u64::from) }
    }

    /// The sample at `cursor`, which moves on behind it; `None` at the end. Fails where the tables end too early.
    pub fn next(&self, cursor: &mut Cursor) -> Result<Option<Sample>> {
        if cursor.sample >= self.count {
            return Ok(None);
        }
        let number = cursor.sample;
        let (start, entry) = self.place(cursor)?;
        let size = self.sizes.get(number);
        let (duration, composition) = self.times(cursor);
        let mut flags = self.dependency(number, cursor);
        // Where they stand in place of nothing, sync samples say what players guess by.
        if flags & 0xfff0_0000 == 0 {
            flags |= if flags & NON_SYNC == 0 { DEPENDS_ON_NONE } else { DEPENDS };
        }
        let secret = cursor.secret;
        let secret_len = self.secrets.as_ref().map_or(Ok(0), |secrets| secrets.len(number, secret, entry))?;
        cursor.secret += secret_len;
        let secret_len = u32::try_from(secret_len).unwrap_or(u32::MAX);
        let time = cursor.time;
        let sample = Sample { start, size, time, duration, composition, flags, entry, secret, secret_len };
        cursor.sample += 1;
        cursor.time = cursor.time.saturating_add(u64::from(duration));
        cursor.in_chunk += 1;
        cursor.offset = cursor.offset.saturating_add(u64::from(size));
        Ok(Some(sample))
    }

    /// Whether the sample at `cursor` has another sample entry than the one before it, which has `entry`.
    pub fn changes_entry(&self, cursor: &mut Cursor, entry: u32) -> Result<bool> {
        Ok(self.entries > 1 && cursor.sample < self.count && self.place(cursor)?.1 != entry)
    }

    /// File offset of the sample at the cursor, and its sample entry; moves on to its chunk.
    fn place(&self, cursor: &mut Cursor) -> Result<(u64, u32)> {
        loop {
            // The run that this chunk is in: the last that begins at or before it. Chunks count from 1.
            while word(self.chunk_runs, cursor.chunk_run + 1, 3, 0)
                .is_some_and(|first| first <= cursor.chunk + 1)
            {
                cursor.chunk_run += 1;
            }
            let per_chunk = word(self.chunk_runs, cursor.chunk_run, 3, 1);
            let entry = word(self.chunk_runs, cursor.chunk_run, 3, 2);
            let (Some(per_chunk), Some(entry), Some(offset)) =
                (per_chunk, entry, self.chunk_offset(cursor.chunk))
            else {
                let message = format!(
                    "The sample table has {} samples, but its {} chunks hold only {}. Get a sound copy of the file.",
                    self.count,
                    self.chunk_count(),
                    cursor.sample
                );
                return Err(Error::file("chunks-too-few", message).at(self.stbl_start));
            };
            if cursor.in_chunk < per_chunk {
                if entry == 0 || to_len(entry.into()) > self.entries {
                    return Err(Error::file(NO_ENTRY, no_entry(entry, self.entries)).at(self.stbl_start));
                }
                return Ok((offset.saturating_add(cursor.offset), entry));
            }
            cursor.chunk += 1;
            (cursor.in_chunk, cursor.offset) = (0, 0);
        }
    }

    /// Duration and composition offset of the sample at the cursor.
    fn times(&self, cursor: &mut Cursor) -> (u32, i32) {
        let duration = cursor.duration.next(self.durations).unwrap_or(0);
        let composition = self.compositions.and_then(|column| cursor.composition.next(column)).unwrap_or(0);
        // QuickTime writes negative durations, of which players make 0, and composition offsets are signed whatever the
        // version of their box says.
        let duration = if duration >> 31 == 1 { 0 } else { duration };
        (duration, i32::from_ne_bytes(composition.to_ne_bytes()))
    }

    /// Sample flags: those of `sdtp`, and whether it is in `stss`.
    fn dependency(&self, number: u32, cursor: &mut Cursor) -> u32 {
        let hints = self.dependencies.and_then(|column| column.get(to_len(number.into())));
        let mut flags = hints.map_or(0, |hints| u32::from(*hints) << 20);
        if let Some(syncs) = self.syncs {
            while word(syncs, cursor.sync, 1, 0).is_some_and(|sync| sync <= number) {
                cursor.sync += 1;
            }
            if word(syncs, cursor.sync, 1, 0) != Some(number + 1) {
                flags |= NON_SYNC;
            }
        }
        flags
    }
}

fn stbl<'n>(tree: &'n Tree<'_>, track: &Track) -> Result<&'n Node> {
    let trak = tree.root().all(b"trak").find(|trak| trak.start == track.start);
    let stbl = trak.and_then(|trak| trak.descend(&[b"mdia", b"minf", b"stbl"]));
    stbl.ok_or_else(|| of_track(track.id, missing("stbl", track.start)))
}

fn of_track(id: u32, error: Error) -> Error {
    error.preceded_by(&format!("Track {id}: ")).inside("moov")
}

fn missing(name: &str, start: u64) -> Error {
    let message = format!("The sample table has no '{name}' box, which it must have.");
    Error::file("missing-box", message).at(start)
}
