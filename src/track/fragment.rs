//! One movie fragment: its tracks, runs, and where each sample stands (ISO/IEC 14496-12:2022 8.8.4 to 8.8.12).

use crate::boxes::fragment::{
    MovieFragmentHeader, TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun, tfhd_flags, trun_flags,
};
use crate::boxes::piff::{self, FragmentTime};
use crate::boxes::{Node, Tree};
use crate::bytes::units::{len_u64, sort_pairs};
use crate::bytes::{Error, Result, limits};

use super::movie::{FragmentDefaults, Movie};

/// A run of samples that stand one behind the other.
#[derive(Clone, Debug)]
pub struct Run {
    /// File offset of its `trun`.
    pub start: u64,
    /// The `trun` as read.
    pub trun: TrackRun,
    /// File offset of its first sample.
    pub data_start: u64,
    /// Bytes of all its samples.
    pub data_len: u64,
}

/// One track's part of a fragment.
#[derive(Clone, Debug)]
pub struct TrackFragment {
    /// File offset of its `traf`.
    pub start: u64,
    /// Its header as read.
    pub tfhd: TrackFragmentHeader,
    /// Which sample entry, from 1.
    pub sample_description_index: u32,
    /// Decode time of the first sample in ticks, from `tfdt` or else tfxd. tfxd is read as signed: FFmpeg writes
    /// the time of audio priming as a wrapped negative number.
    pub decode_time: Option<i64>,
    /// File offset that its data offsets count from.
    pub base: u64,
    /// Its runs.
    pub runs: Vec<Run>,
    /// Sizes of all its samples in bytes, run after run.
    pub sizes: Vec<u32>,
    /// Ticks of all its samples together.
    pub duration: u64,
    /// Ticks of a sample whose run does not say.
    pub default_duration: u32,
}

/// One movie fragment.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Sequence number, where `mfhd` is there.
    pub sequence: Option<u32>,
    /// Its tracks, in file order.
    pub tracks: Vec<TrackFragment>,
}

impl Fragment {
    /// Reads a `moof` tree. `movie` has the defaults; without it (a fragment alone) they are zero.
    pub fn read(tree: &Tree<'_>, movie: Option<&Movie>) -> Result<Self> {
        let moof = tree.root();
        let sequence = match moof.child(b"mfhd") {
            Some(mfhd) => Some(tree.read::<MovieFragmentHeader>(mfhd)?.sequence_number),
            None => None,
        };
        let mut tracks = Vec::new();
        let mut samples = 0;
        // Where data goes on when neither flag of tfhd says: behind the data of the track before.
        let mut implicit_base = moof.start;
        for traf in moof.all(b"traf") {
            let track = read_traf(tree, traf, movie, &mut implicit_base)
                .map_err(|error| error.inside(moof.segment(traf)).inside("moof"))?;
            samples += len_u64(track.sizes.len());
            if samples > limits::FRAGMENT_SAMPLES {
                let message = format!("A fragment has more than {} samples.", limits::FRAGMENT_SAMPLES);
                return Err(Error::limit("too-many-samples", message).inside("moof").at(traf.start));
            }
            tracks.push(track);
        }
        Ok(Self { sequence, tracks })
    }

    /// File ranges of its samples: disjoint, none empty, in file order.
    pub fn data_ranges(&self) -> Vec<(u64, u64)> {
        let runs = self.tracks.iter().flat_map(|track| &track.runs).filter(|run| run.data_len > 0);
        let mut ranges: Vec<(u64, u64)> =
            runs.map(|run| (run.data_start, run.data_start.saturating_add(run.data_len))).collect();
        sort_pairs(&mut ranges);
        ranges.dedup_by(|next, kept| {
            let joined = next.0 <= kept.1;
            if joined {
                kept.1 = kept.1.max(next.1);
            }
            joined
        });
        ranges
    }

    /// Number of samples of all its tracks.
    pub fn sample_count(&self) -> u64 {
        self.tracks.iter().map(|track| len_u64(track.sizes.len())).sum()
    }
}

impl TrackFragment {
    /// File offset and size in bytes of each sample, run after run.
    pub fn samples(&self) -> impl Iterator<Item = (u64, u32)> {
        let mut sizes = self.sizes.iter();
        self.runs.iter().flat_map(move |run| {
            let mut at = run.data_start;
            // `by_ref` so that each run goes on where the one before stopped.
            let count = run.trun.samples.len();
            let taken: &[u32] = sizes.as_slice().get(..count).unwrap_or_default();
            sizes = sizes.as_slice().get(count..).unwrap_or_default().iter();
            taken.iter().map(move |&size| {
                let start = at;
                at = at.saturating_add(u64::from(size));
                (start, size)
            })
        })
    }

    /// Ticks from its first sample to sample `number`.
    pub fn ticks_before(&self, number: usize) -> u64 {
        let own = |run: &Run| run.trun.head.has(trun_flags::SAMPLE_DURATION);
        let of_run = self.runs.iter().flat_map(|run| {
            let own = own(run);
            run.trun.samples.iter().map(move |sample| (own, sample.sample_duration))
        });
        let durations = of_run.map(|(own, duration)| if own { duration } else { self.default_duration });
        durations.take(number).map(u64::from).sum()
    }

    /// Bytes of all its samples.
    pub fn bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.data_len).sum()
    }
}

fn read_traf(
    tree: &Tree<'_>,
    traf: &Node,
    movie: Option<&Movie>,
    implicit_base: &mut u64,
) -> Result<TrackFragment> {
    let Some(node) = traf.child(b"tfhd") else {
        let message = "A 'traf' has no 'tfhd', so nothing says which track it belongs to.";
        return Err(Error::file("missing-box", message).at(traf.start));
    };
    let tfhd: TrackFragmentHeader = tree.read(node)?;
    let trex = movie
        .and_then(|movie| movie.track(tfhd.track_id))
        .and_then(|track| track.defaults)
        .unwrap_or(FragmentDefaults { sample_description_index: 1, ..FragmentDefaults::default() });
    let given = |flag, value, default| if tfhd.head.has(flag) { value } else { default };
    let default_duration =
        given(tfhd_flags::DEFAULT_SAMPLE_DURATION, tfhd.default_sample_duration, trex.duration);
    let default_size = given(tfhd_flags::DEFAULT_SAMPLE_SIZE, tfhd.default_sample_size, trex.size);
    let sample_description_index = given(
        tfhd_flags::SAMPLE_DESCRIPTION_INDEX,
        tfhd.sample_description_index,
        trex.sample_description_index,
    );
    let base = data_base(tree, traf, &tfhd, *implicit_base)?;
    let mut track = TrackFragment {
        start: traf.start,
        decode_time: decode_time(tree, traf)?,
        tfhd,
        sample_description_index,
        base,
        runs: Vec::new(),
        sizes: Vec::new(),
        duration: 0,
        default_duration,
    };
    let mut data_end = base;
    for node in traf.all(b"trun") {
        let trun: TrackRun = tree.read(node).map_err(|error| error.inside(traf.segment(node)))?;
        let data_start = if trun.head.has(trun_flags::DATA_OFFSET) {
            base.checked_add_signed(i64::from(trun.data_offset)).ok_or_else(|| {
                let message =
                    format!("A run's data offset {} from byte {base} is before the file.", trun.data_offset);
                Error::file("bad-data-offset", message).at(node.start)
            })?
        } else {
            data_end
        };
        let mut data_len = 0;
        for sample in &trun.samples {
            let own_size = trun.head.has(trun_flags::SAMPLE_SIZE);
            let size = if own_size { sample.sample_size } else { default_size };
            let own_duration = trun.head.has(trun_flags::SAMPLE_DURATION);
            track.duration += u64::from(if own_duration { sample.sample_duration } else { default_duration });
            data_len += u64::from(size);
            track.sizes.push(size);
        }
        if len_u64(track.sizes.len()) > limits::FRAGMENT_SAMPLES {
            let message = format!("A fragment has more than {} samples.", limits::FRAGMENT_SAMPLES);
            return Err(Error::limit("too-many-samples", message).at(node.start));
        }
        data_end = data_start.saturating_add(data_len);
        track.runs.push(Run { start: node.start, trun, data_start, data_len });
    }
    *implicit_base = data_end;
    Ok(track)
}

/// Where the data offsets of a `traf` count from. Without a flag that says, the standard counts the second and later
/// tracks from the end of the data before them; but there are files that count all from the `moof`, which shows in
/// an offset that leads past the whole `moof`.
fn data_base(tree: &Tree<'_>, traf: &Node, tfhd: &TrackFragmentHeader, implicit_base: u64) -> Result<u64> {
    let moof = tree.root();
    if tfhd.head.has(tfhd_flags::BASE_DATA_OFFSET) {
        return Ok(tfhd.base_data_offset);
    }
    if tfhd.head.has(tfhd_flags::DEFAULT_BASE_IS_MOOF) {
        return Ok(moof.start);
    }
    let Some(node) = traf.child(b"trun") else { return Ok(implicit_base) };
    // Only the front of the run is read here: flags, count, offset.
    let mut fields = tree.body(node);
    let mut front = || -> Result<i32> {
        let flags = fields.u32("version and flags")?;
        fields.u32("sample_count")?;
        let given = flags & trun_flags::DATA_OFFSET != 0;
        Ok(if given { i32::from_be_bytes(fields.array("data_offset")?) } else { 0 })
    };
    let offset = front().map_err(|error| error.inside(traf.segment(node)))?;
    let offset = u64::try_from(offset).unwrap_or(0);
    Ok(if offset >= moof.header.size { moof.start } else { implicit_base })
}

/// Fails when a fragment is of a track that the movie does not have: nobody could protect it, or play it.
pub fn check_track_ids(fragment: &Fragment, movie: &Movie) -> Result<()> {
    let unknown = fragment.tracks.iter().find(|track| movie.track(track.tfhd.track_id).is_none());
    unknown.map_or(Ok(()), |track| {
        let message =
            format!("A fragment is of track {}, which the movie header does not have.", track.tfhd.track_id);
        Err(Error::file("unknown-track", message).inside("moof").at(track.start))
    })
}

fn decode_time(tree: &Tree<'_>, traf: &Node) -> Result<Option<i64>> {
    if let Some(tfdt) = traf.child(b"tfdt") {
        let tfdt: TrackFragmentDecodeTime = tree.read(tfdt)?;
        return Ok(Some(i64::from_ne_bytes(tfdt.base_media_decode_time.0.to_ne_bytes())));
    }
    let Some(tfxd) = traf.child_id(piff::TFXD) else { return Ok(None) };
    let tfxd: FragmentTime = tree.read(tfxd)?;
    Ok(Some(i64::from_ne_bytes(tfxd.fragment_absolute_time.0.to_ne_bytes())))
}
