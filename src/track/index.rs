//! The index of a file: its top-level boxes, movie and fragments.

use crate::boxes::index::SegmentIndex;
use crate::boxes::movie::FileType;
use crate::boxes::tables::SubsegmentIndex;
use crate::boxes::{Node, Tree};
use crate::bytes::units::{clock, to_len};
use crate::bytes::{ByKey, Error};

use super::leftovers::Leftovers;
use super::movie::{Movie, Track};
use super::points;
use super::presented::Access;
use super::top::{TopBox, TopBoxes};
use super::totals::TrackTotals;
use super::traces::Traces;

/// One fragment: a `moof` and the media data behind it.
#[derive(Clone, Copy, Debug)]
pub struct FragmentEntry {
    /// File offset of the `moof`.
    pub start: u64,
    /// Bytes of the `moof`.
    pub moof_len: u64,
    /// File offset after the last `mdat` that belongs to it.
    pub end: u64,
    /// Samples in all fragments before it.
    pub first_sample: u64,
    /// Index of its first part.
    pub(super) first_part: usize,
    /// Number of its parts.
    pub(super) part_count: u32,
    /// [`head_digest`] of the `moof`.
    pub digest: u32,
    /// Where its sequence number stands, in bytes from its first; 0 where it has none.
    pub(super) sequence_at: u32,
}

/// What tells a `moof` from another version of it: the first bytes of its SHA-256.
pub fn head_digest(moof: &[u8]) -> u32 {
    use sha2::Digest as _;
    let digest: [u8; 32] = sha2::Sha256::digest(moof).into();
    digest.first_chunk().map_or(0, |first| u32::from_be_bytes(*first))
}

/// What one track has in one fragment.
#[derive(Clone, Copy, Debug)]
pub struct FragmentPart {
    /// Track ID.
    pub track_id: u32,
    /// Number of samples.
    pub samples: u32,
    /// Bytes of the samples.
    pub bytes: u64,
    /// Ticks of the samples together.
    pub duration: u64,
    /// Decode time in ticks; may be negative (audio priming). From `tfdt`, tfxd, `tfra`, or the durations before.
    pub decode_time: i64,
    /// Ticks from the decode time of its first sample to when the earliest is presented.
    pub earliest: i32,
    /// Ticks from when its last sample has been decoded to when all have been presented.
    pub behind: i32,
    /// Whether decoding can begin with its first sample.
    pub access: Access,
    /// Where the track ID stands, in bytes from the first of the `moof`.
    pub(super) id_at: u32,
    /// Whether its data offsets count from a file offset, which stands behind the track ID.
    pub(super) has_base: bool,
}

/// All that is known of a file without reading its media data.
#[derive(Debug, Default)]
pub struct Index {
    /// Bytes of the file.
    pub file_len: u64,
    /// The top-level boxes, in file order.
    pub top: TopBoxes,
    /// The file type box.
    pub file_type: Option<FileType>,
    /// The `moov`.
    pub moov: Option<Tree<'static>>,
    /// What the `moov` says.
    pub movie: Option<Movie>,
    /// The `mfra` that ends the file.
    pub mfra: Option<Tree<'static>>,
    /// Where the last box stands, when the file ends within it and it holds nothing that is missed.
    pub cut: Option<u64>,
    /// Segment indexes, in file order.
    pub segment_indexes: Vec<(u64, SegmentIndex)>,
    /// Subsegment indexes, in file order.
    pub subsegment_indexes: Vec<(u64, SubsegmentIndex)>,
    /// Top-level `meta` boxes, in file order.
    pub metas: Vec<Tree<'static>>,
    /// File offset of the first `iloc` inside a fragment's header.
    pub items_in_fragments: Option<u64>,
    /// The fragments, in file order.
    pub fragments: Vec<FragmentEntry>,
    pub(super) parts: Vec<FragmentPart>,
    /// What each track has in all of them, by ID.
    pub(super) totals: ByKey<TrackTotals>,
    /// Bases of data offsets that are not the first byte of their `moof`, by the file offset of the track ID before them.
    pub(super) bases: ByKey<u64>,
    /// What says that samples are encrypted, and with what.
    pub traces: Traces,
    /// File offset of the first `traf` that uses a sample entry, by track ID in the high half and 1-based index.
    pub(super) used_entries: ByKey<u64>,
    /// Boxes of an earlier encryption in fragments of clear tracks.
    pub leftovers: Leftovers,
    /// How the headers of fragments are written ([`head_style`](super::head_style)): the first, and whatever is so in any.
    pub style: Option<u8>,
    /// See [`style`](Self::style).
    pub any_style: u8,
    /// Damage found, in file order; the file can be looked at, but not protected.
    pub problems: Vec<Error>,
    /// Faults of single boxes that stand in nobody's way, in file order.
    pub findings: Vec<Error>,
}

impl Index {
    /// Problems and findings together.
    pub fn faults(&self) -> impl Iterator<Item = &Error> {
        self.problems.iter().chain(&self.findings)
    }

    /// What is to be said of a file that ends within a box which holds nothing that is missed.
    pub fn cut_note(&self) -> Option<String> {
        let found = self.findings.iter().find(|found| self.cut.is_some() && found.offset() == self.cut)?;
        Some(format!(
            "{} Whether more came behind that box, nobody can tell; what is there of it is left out.",
            found.message()
        ))
    }

    /// What each track has in `fragment`, in the order of its `traf` boxes.
    pub fn parts(&self, fragment: &FragmentEntry) -> &[FragmentPart] {
        self.parts
            .get(fragment.first_part..)
            .and_then(|parts| parts.get(..to_len(fragment.part_count.into())))
            .unwrap_or_default()
    }

    /// The parts of all fragments.
    pub fn all_parts(&self) -> &[FragmentPart] {
        &self.parts
    }

    /// The tree of a top-level box, when it is kept since the file was opened.
    pub fn held(&self, top: &TopBox) -> Option<&Tree<'static>> {
        [&self.moov, &self.mfra].into_iter().flatten().find(|tree| tree.root().start == top.start)
    }

    /// The `iloc` boxes outside fragments, with the trees they are in.
    pub fn item_locations(&self) -> Vec<(&Tree<'static>, &Node)> {
        let mut found = Vec::new();
        for tree in self.metas.iter().chain(&self.moov) {
            let mut add = |node| found.push((tree, node));
            tree.root().for_each(&mut |node| {
                if node.id().is(b"iloc") {
                    add(node);
                }
            });
        }
        found
    }

    /// What tells the file from others, by all that was read of it: the first bytes of a SHA-256.
    pub fn identity(&self) -> u64 {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        hash.update(self.file_len.to_be_bytes());
        hash.update(self.moov.as_ref().map(Tree::bytes).unwrap_or_default());
        for fragment in &self.fragments {
            hash.update(fragment.start.to_be_bytes());
            hash.update(fragment.digest.to_be_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// The fragment whose `moof` stands at `start`.
    pub fn fragment_at(&self, start: u64) -> Option<&FragmentEntry> {
        let found = self.fragments.binary_search_by_key(&start, |fragment| fragment.start).ok()?;
        self.fragments.get(found)
    }

    /// The fragments that begin from one file offset on and before another.
    pub fn fragments_between(&self, from: u64, to: u64) -> &[FragmentEntry] {
        let number = |offset: u64| self.fragments.partition_point(|fragment| fragment.start < offset);
        self.fragments.get(number(from)..number(to)).unwrap_or_default()
    }

    /// File offsets to which the random access points of the `mfra` lead, track by track.
    pub fn random_access_points(&self) -> Vec<u64> {
        self.mfra.as_ref().map(points::moof_offsets).unwrap_or_default()
    }

    /// Samples in all fragments.
    pub fn sample_count(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.samples)).sum()
    }

    /// Whether some fragment of a track uses its sample entry of this 1-based index.
    pub fn uses(&self, track_id: u32, entry: u32) -> bool {
        self.used_entries.get(u64::from(track_id) << 32 | u64::from(entry)).is_some()
    }

    /// The sample entries that fragments use: track ID, 1-based index, and file offset of the first `traf` that does.
    pub fn used_entries(&self) -> impl Iterator<Item = (u32, u32, u64)> {
        let halves = |key: u64| (key >> 32, key & u64::from(u32::MAX));
        let id = |half: u64| u32::try_from(half).unwrap_or(0);
        self.used_entries.iter().map(move |(key, traf)| {
            let (track, entry) = halves(key);
            (id(track), id(entry), *traf)
        })
    }

    /// Which track, and when, for the front of a sentence about the byte at `offset`: `Track 1 at 0:00:02.000: `.
    pub fn place(&self, track: &Track, offset: u64) -> String {
        let behind = self.fragments.partition_point(|fragment| fragment.start <= offset);
        let fragment = behind.checked_sub(1).and_then(|number| self.fragments.get(number));
        let parts = fragment.map(|fragment| self.parts(fragment)).unwrap_or_default();
        let part = parts.iter().find(|part| part.track_id == track.id);
        let time = part.and_then(|part| u64::try_from(part.decode_time).ok()).unwrap_or(0);
        format!("Track {} at {}: ", track.id, clock(time, track.timescale))
    }

    /// What a track has in all fragments.
    pub fn totals(&self, track_id: u32) -> TrackTotals {
        self.totals.get(track_id).copied().unwrap_or_default()
    }

    /// IDs of the tracks that fragments have parts of.
    pub fn fragmented_tracks(&self) -> impl Iterator<Item = u32> {
        self.totals.iter().filter_map(|(id, _)| u32::try_from(id).ok())
    }

    /// Samples in the tables of the movie header.
    pub fn samples_in_tables(&self) -> u64 {
        self.movie.as_ref().map_or(0, Movie::samples_in_tables)
    }

    /// How far a track's decode times must move so that none is negative, in ticks.
    pub fn time_shift(&self, track_id: u32) -> u64 {
        self.totals(track_id).first_time.min(0).unsigned_abs()
    }
}
