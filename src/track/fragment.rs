//! One movie fragment: its tracks, runs, and where each sample stands (ISO/IEC 14496-12:2022 8.8.4 to 8.8.12).

use crate::boxes::fragment::{
    MovieFragmentHeader, SampleFlags, TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun, tfhd_flags,
    trun_flags,
};
use crate::boxes::piff::{self, FragmentTime};
use crate::boxes::{Node, Tree};
use crate::bytes::units::{clock, len_u64, sort_pairs, to_len};
use crate::bytes::{Error, Result, limits};

use super::movie::{FragmentDefaults, Movie};
use super::presented::flags_of;

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
    /// Bytes of each sample, where the run does not say them one by one.
    pub default_size: Option<u32>,
}

impl Run {
    /// Number of samples. Those of a run that says nothing of each take no memory.
    pub fn count(&self) -> usize {
        to_len(u64::from(self.trun.sample_count))
    }

    /// Bytes of the sample of this number.
    pub fn size(&self, number: usize) -> u32 {
        let own = || self.trun.samples.get(number).map_or(0, |sample| sample.sample_size);
        self.default_size.unwrap_or_else(own)
    }
}

/// One track's part of a fragment.
#[derive(Clone, Debug)]
pub struct TrackFragment {
    /// File offset of its `traf`.
    pub start: u64,
    /// File offset of the track ID in its header.
    pub id_at: u64,
    /// Its header as read.
    pub tfhd: TrackFragmentHeader,
    /// Which sample entry, from 1.
    pub sample_description_index: u32,
    /// Decode time of the first sample in ticks, from `tfdt` or else tfxd. tfxd is read as signed: FFmpeg writes
    /// the time of audio priming as a wrapped negative number.
    pub decode_time: Option<i64>,
    /// Whether that is from tfxd.
    pub by_tfxd: bool,
    /// File offset that its data offsets count from.
    pub base: u64,
    /// Its runs.
    pub runs: Vec<Run>,
    /// Number of its samples.
    pub sample_count: usize,
    /// Ticks of all its samples together.
    pub duration: u64,
    /// Ticks of a sample whose run does not say.
    pub default_duration: u32,
    /// What is said of a sample whose run does not say it.
    pub default_flags: SampleFlags,
}

impl TrackFragment {
    /// Ticks of the sample of this number of one of its runs.
    pub fn duration_of(&self, run: &Run, number: usize) -> u32 {
        let own = run.trun.samples.get(number).filter(|_| run.trun.head.has(trun_flags::SAMPLE_DURATION));
        own.map_or(self.default_duration, |own| own.sample_duration)
    }
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
        let mut problems = Vec::new();
        let fragment = Self::read_all(tree, movie, &mut problems);
        problems.into_iter().next().map_or(Ok(fragment), Err)
    }

    /// Reads what can be read: a damaged `traf` costs itself alone, and is added to `problems`.
    pub fn read_all(tree: &Tree<'_>, movie: Option<&Movie>, problems: &mut Vec<Error>) -> Self {
        let moof = tree.root();
        let mfhd = moof.child(b"mfhd").map(|mfhd| tree.read::<MovieFragmentHeader>(mfhd));
        let sequence = mfhd.and_then(|mfhd| {
            mfhd.map_err(|error| problems.push(error)).ok().map(|mfhd| mfhd.sequence_number)
        });
        let mut tracks: Vec<TrackFragment> = Vec::new();
        let mut samples = 0;
        // Where data goes on when neither flag of tfhd says: behind the data of the track before.
        let mut implicit_base = moof.start;
        for traf in moof.all(b"traf") {
            match read_traf(tree, traf, movie, &mut implicit_base) {
                Ok(track) if samples + len_u64(track.sample_count) <= limits::FRAGMENT_SAMPLES => {
                    samples += len_u64(track.sample_count);
                    tracks.push(track);
                }
                Ok(_) => {
                    let message = format!("A fragment has more than {} samples.", limits::FRAGMENT_SAMPLES);
                    problems.push(Error::limit("too-many-samples", message).at(traf.start));
                    break;
                }
                Err(error) => {
                    let place = place(tree, traf, movie);
                    problems.push(error.preceded_by(&place).inside(moof.segment(traf)).inside("moof"));
                }
            }
        }
        Self { sequence, tracks }
    }

    /// Each `traf` that could be read, with what was read of it; `tree` is what it was read from.
    pub fn parts<'f>(&'f self, tree: &'f Tree<'_>) -> impl Iterator<Item = (&'f Node, &'f TrackFragment)> {
        let mut trafs = tree.root().all(b"traf");
        let of = move |track: &'f TrackFragment| Some((trafs.find(|traf| traf.start == track.start)?, track));
        self.tracks.iter().filter_map(of)
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
        self.tracks.iter().map(|track| len_u64(track.sample_count)).sum()
    }
}

impl TrackFragment {
    /// File offset and size in bytes of each sample, run after run.
    pub fn samples(&self) -> impl Iterator<Item = (u64, u32)> {
        self.runs.iter().flat_map(|run| {
            let mut at = run.data_start;
            (0..run.count()).map(move |number| {
                let (start, size) = (at, run.size(number));
                at = at.saturating_add(u64::from(size));
                (start, size)
            })
        })
    }

    /// The flags of each sample, run after run.
    pub fn flags(&self) -> impl Iterator<Item = SampleFlags> {
        self.runs.iter().flat_map(|run| (0..run.count()).map(|place| flags_of(self, run, place)))
    }

    /// Ticks from its first sample to sample `number`.
    pub fn ticks_before(&self, number: usize) -> u64 {
        let mut left = number;
        let mut ticks = 0;
        for run in &self.runs {
            let count = run.count().min(left);
            ticks += run_ticks(&run.trun, count, self.default_duration);
            left -= count;
        }
        ticks
    }

    /// Bytes of all its samples.
    pub fn bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.data_len).sum()
    }
}

/// Which track, and when, for the front of a sentence about a `traf` that is damaged: as far as it says itself.
fn place(tree: &Tree<'_>, traf: &Node, movie: Option<&Movie>) -> String {
    let Some(Ok(tfhd)) = traf.child(b"tfhd").map(|node| tree.read::<TrackFragmentHeader>(node)) else {
        return String::new();
    };
    let id = tfhd.track_id;
    let timescale = movie.and_then(|movie| movie.track(id)).map_or(0, |track| track.timescale);
    match decode_time(tree, traf) {
        Ok(Some(time)) if timescale > 0 => {
            format!("Track {id} at {}: ", clock(u64::try_from(time).unwrap_or(0), timescale))
        }
        _ => format!("Track {id}: "),
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
    let default_flags =
        if tfhd.head.has(tfhd_flags::DEFAULT_SAMPLE_FLAGS) { tfhd.default_sample_flags } else { trex.flags };
    let default_size = given(tfhd_flags::DEFAULT_SAMPLE_SIZE, tfhd.default_sample_size, trex.size);
    let sample_description_index = given(
        tfhd_flags::SAMPLE_DESCRIPTION_INDEX,
        tfhd.sample_description_index,
        trex.sample_description_index,
    );
    let base = data_base(tree, traf, &tfhd, *implicit_base)?;
    let mut track = TrackFragment {
        start: traf.start,
        // Behind version and flags.
        id_at: node.body_start() + 4,
        decode_time: decode_time(tree, traf)?,
        by_tfxd: traf.child(b"tfdt").is_none() && traf.child_id(piff::TFXD).is_some(),
        tfhd,
        sample_description_index,
        base,
        runs: Vec::new(),
        sample_count: 0,
        duration: 0,
        default_duration,
        default_flags,
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
        let mut run = Run { start: node.start, data_start, data_len: 0, default_size: None, trun };
        let count = run.count();
        track.sample_count = track.sample_count.saturating_add(count);
        if len_u64(track.sample_count) > limits::FRAGMENT_SAMPLES {
            let message = format!("A fragment has more than {} samples.", limits::FRAGMENT_SAMPLES);
            return Err(Error::limit("too-many-samples", message).at(node.start));
        }
        if run.trun.head.has(trun_flags::SAMPLE_SIZE) {
            run.data_len = run.trun.samples.iter().map(|sample| u64::from(sample.sample_size)).sum();
        } else {
            run.default_size = Some(default_size);
            run.data_len = len_u64(count) * u64::from(default_size);
        }
        track.duration += run_ticks(&run.trun, count, default_duration);
        data_end = data_start.saturating_add(run.data_len);
        track.runs.push(run);
    }
    *implicit_base = data_end;
    Ok(track)
}

/// Ticks of the first `count` samples of a run.
fn run_ticks(trun: &TrackRun, count: usize, default: u32) -> u64 {
    if trun.head.has(trun_flags::SAMPLE_DURATION) {
        trun.samples.iter().take(count).map(|sample| u64::from(sample.sample_duration)).sum()
    } else {
        len_u64(count) * u64::from(default)
    }
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
