//! What a worker needs to protect fragments: the movie, the request, and the bytes of one fragment after the other.

use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::boxes::Tree;
use crate::bytes::Error;
use crate::bytes::units::to_len;
use crate::output::protected::{LargeFragment, protect_fragment};
use crate::output::summary::Touched;
use crate::protect::subsample::{Tally, check_encrypted};
use crate::protect::{FragmentTask, Plan, SampleProtector, order};
use crate::report::{self, Range, number};
use crate::track::Movie;
use crate::track::index::head_digest;

use super::{JsResult, offset, request, shown, to_js};

/// The one task of these bytes.
pub fn one_task(task: &[u8]) -> JsResult<FragmentTask> {
    let tasks = order::from_bytes(task).map_err(to_js)?;
    let none = || to_js(Error::caller("bad-task", "", "One task was asked for."));
    tasks.into_iter().next().ok_or_else(none)
}

/// Protects fragments by one plan. The bytes to work on are put into its [`room`](Self::room), in wasm memory, so that
/// they are copied once in and once out.
#[wasm_bindgen]
pub struct Protector {
    movie: Movie,
    inner: SampleProtector,
    room: Vec<u8>,
    /// New `moof` boxes, one behind the other.
    moofs: Vec<u8>,
    /// [`head_digest`] of each of them.
    digests: Vec<u32>,
    large: Option<LargeFragment>,
    measured: Touched,
}

#[wasm_bindgen]
impl Protector {
    /// `moov` are the bytes of the clear movie header; the request and its random bytes must be those of the plan.
    #[wasm_bindgen(constructor)]
    pub fn new(moov: &[u8], request: JsValue, random: &[u8]) -> JsResult<Self> {
        let request = request::parse(&request, &Zeroizing::new(request::random_values(random)?))?;
        let tree = Tree::parse(moov, 0).map_err(to_js)?;
        let mut problems = Vec::new();
        let movie = Movie::read(&tree, &mut problems);
        problems.into_iter().next().map_or(Ok(()), |problem| Err(to_js(problem)))?;
        let plan = Plan::new(0, &movie, request).map_err(to_js)?;
        Ok(Self {
            movie,
            inner: SampleProtector::new(plan),
            room: Vec::new(),
            moofs: Vec::new(),
            digests: Vec::new(),
            large: None,
            measured: Touched::default(),
        })
    }

    /// Address in wasm memory of room for `len` bytes. Valid until the next call of this; a view on it is valid only
    /// until the next call of anything, as memory may grow.
    pub fn room(&mut self, len: usize) -> usize {
        if self.room.len() < len {
            self.room = vec![0; len];
        }
        self.room.as_ptr().addr()
    }

    /// Protects the fragments of `tasks`, whose bytes, from the first to the last, are the first of the room: encrypts them
    /// in place. Returns three numbers for each: the bytes of its new [`moof`](Self::moofs), where in the room its media
    /// data begin, and how many bytes these are.
    pub fn protect(&mut self, tasks: &[u8]) -> JsResult<Vec<u32>> {
        self.fragments(tasks, false)
    }

    /// Address in wasm memory of the new `moof` boxes, one behind the other. Valid until anything else is called.
    pub fn moofs(&self) -> usize {
        self.moofs.as_ptr().addr()
    }

    /// What tells each of the new `moof` boxes from others, of the fragments done last.
    pub fn digests(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.digests)
    }

    /// How many bytes the `moof` of the fragment in the room will have; encrypts nothing.
    pub fn measure(&mut self, task: &[u8]) -> JsResult<usize> {
        self.fragments(task, true)?;
        Ok(self.moofs.len())
    }

    /// What was found while measuring: `{ boxes, warnings }`. Fails when `all` was measured and nothing would be
    /// encrypted.
    pub fn measured(&self, tallies: &[f64], all: bool) -> JsResult<JsValue> {
        let tallies: Vec<(u32, Tally)> = tallies.chunks_exact(TALLY_LEN).map(parse_tally).collect();
        if all && self.inner.plan().protects() {
            check_encrypted(tallies.iter().map(|(_, tally)| tally.protected).sum()).map_err(to_js)?;
        }
        shown(&report::measured(self.inner.plan(), &self.measured, &tallies))
    }

    /// What became of the samples since this was last asked, [`TALLY_LEN`] numbers a protected track: its ID, bytes,
    /// protected bytes, most subsamples of a sample, bytes of slices that stay clear because of their type, samples
    /// that end with bytes too few for a NAL unit, samples whose sequence header is not that of the codec configuration.
    pub fn take_tallies(&mut self) -> Vec<f64> {
        let numbers = |(track, tally): (u32, Tally)| {
            let Tally { bytes, protected, most_entries, other_slices, short_ends, other_sets } = tally;
            [bytes, protected, most_entries, other_slices, short_ends, other_sets].into_iter().fold(
                vec![f64::from(track)],
                |mut all, one| {
                    all.push(number(one));
                    all
                },
            )
        };
        self.inner.take_tallies().into_iter().flat_map(numbers).collect()
    }

    /// Begins a fragment too large for the room: `moof` are its first bytes. Every piece is read and
    /// [`scan_piece`](Self::scan_piece)d, then the [`moof`](Self::moof) is known, then every piece is read again and
    /// [`encrypt_piece`](Self::encrypt_piece)d.
    pub fn begin_large(&mut self, task: &[u8], moof: &[u8]) -> JsResult<()> {
        let task = one_task(task)?;
        self.large = Some(LargeFragment::new(&mut self.inner, &self.movie, task, moof).map_err(to_js)?);
        Ok(())
    }

    /// `{ start, len }` of the next piece of this pass; `null` at its end.
    pub fn next_piece(&mut self, max: f64) -> JsResult<JsValue> {
        let piece = large(&mut self.large)?.next_piece(offset(max));
        shown(&piece.map(Range::from))
    }

    /// First pass: takes the piece in the room.
    pub fn scan_piece(&mut self, start: f64, len: usize) -> JsResult<()> {
        let bytes = in_room(&mut self.room, 0, len)?;
        let start = offset(start);
        large(&mut self.large)?.scan(&mut self.inner, start, bytes).map_err(to_js)
    }

    /// The new `moof` of the large fragment, between the passes.
    pub fn moof(&mut self) -> JsResult<Vec<u8>> {
        let moof = large(&mut self.large)?.moof(&self.inner).map_err(to_js)?;
        self.digests = vec![head_digest(&moof)];
        Ok(moof)
    }

    /// Second pass: encrypts the piece in the room in place.
    pub fn encrypt_piece(&mut self, start: f64, len: usize) -> JsResult<()> {
        let bytes = in_room(&mut self.room, 0, len)?;
        large(&mut self.large)?.encrypt(&self.inner, offset(start), bytes).map_err(to_js)
    }
}

impl Protector {
    fn fragments(&mut self, tasks: &[u8], measure_only: bool) -> JsResult<Vec<u32>> {
        let tasks = order::from_bytes(tasks).map_err(to_js)?;
        let start = tasks.first().map_or(0, |first| first.start);
        self.moofs.clear();
        self.digests.clear();
        let mut all = Vec::new();
        for task in &tasks {
            let at = to_len(task.start.saturating_sub(start));
            let len = to_len(task.end.saturating_sub(task.start));
            let bytes = in_room(&mut self.room, at, len)?;
            let measured = measure_only.then_some(&mut self.measured);
            let done =
                protect_fragment(&mut self.inner, &self.movie, task, bytes, measured).map_err(to_js)?;
            let of_fragment = [done.moof.len(), at + done.media_start, len - done.media_start];
            // The engine's memory has no more.
            all.extend(of_fragment.map(|number| u32::try_from(number).unwrap_or(u32::MAX)));
            self.digests.push(head_digest(&done.moof));
            self.moofs.extend(done.moof);
        }
        Ok(all)
    }
}

/// Numbers a track in [`Protector::take_tallies`].
const TALLY_LEN: usize = 7;

fn parse_tally(numbers: &[f64]) -> (u32, Tally) {
    let at = |index: usize| numbers.get(index).copied().map_or(0, offset);
    let tally = Tally {
        bytes: at(1),
        protected: at(2),
        most_entries: at(3),
        other_slices: at(4),
        short_ends: at(5),
        other_sets: at(6),
    };
    (u32::try_from(at(0)).unwrap_or(0), tally)
}

/// `len` bytes of a room, from number `at` on.
pub fn in_room(room: &mut [u8], at: usize, len: usize) -> JsResult<&mut [u8]> {
    let have = room.len();
    room.get_mut(at..at.saturating_add(len)).ok_or_else(|| {
        let message = format!(
            "The room has {have} bytes, but bytes {at} to {} were asked for.",
            at.saturating_add(len)
        );
        to_js(Error::caller("no-room", "", message))
    })
}

fn large(large: &mut Option<LargeFragment>) -> JsResult<&mut LargeFragment> {
    large.as_mut().ok_or_else(|| to_js(Error::caller("not-begun", "", "No large fragment has been begun.")))
}
