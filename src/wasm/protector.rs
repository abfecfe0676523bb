//! What a worker needs to protect fragments: the movie, the request, and the bytes of one fragment after the other.

use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::boxes::Tree;
use crate::bytes::Error;
use crate::output::assembly::{LargeFragment, protect_fragment};
use crate::output::summary::Touched;
use crate::protect::samples::FragmentTask;
use crate::protect::subsample::{Tally, check_encrypted};
use crate::protect::{Plan, SampleProtector};
use crate::report::{self, Range, number};
use crate::track::Movie;
use crate::track::joint::HeadEdits;

use super::{JsResult, offset, property, request, shown, to_js};

/// A [`FragmentTask`] from JavaScript.
pub fn parse_task(task: &JsValue) -> JsResult<FragmentTask> {
    let malformed = |name| to_js(Error::caller("bad-task", "", format!("The task has no {name}.")));
    let number = |name| {
        let found = property(task, name)?.and_then(|value| value.as_f64());
        found.map(offset).ok_or_else(|| malformed(name))
    };
    let times = property(task, "decodeTimes")?.ok_or_else(|| malformed("decodeTimes"))?;
    let times = js_sys::Array::from(&times).into_iter();
    let parsed = FragmentTask {
        start: number("start")?,
        moof_len: number("moofLen")?,
        end: number("end")?,
        first_sample: number("firstSample")?,
        decode_times: times
            .map(|time| u64::try_from(time).map_err(|_| malformed("decodeTimes")))
            .collect::<JsResult<_>>()?,
        digest: u32::try_from(number("digest")?).map_err(|_| malformed("digest"))?,
        is_lead: property(task, "isLead")?.is_some_and(|value| value.is_truthy()),
        edits: head_edits(task)?,
        extents: Vec::new(),
    };
    let Some(pieces) = property(task, "pieces")? else { return Ok(parsed) };
    let pieces: JsResult<Vec<_>> = js_sys::Array::from(&pieces).iter().map(|piece| extent(&piece)).collect();
    Ok(parsed.made_of(pieces?.into_iter()))
}

/// Pairs of numbers in one list; none where nothing changes.
fn head_edits(task: &JsValue) -> JsResult<HeadEdits> {
    let Some(list) = property(task, "edits")? else { return Ok(HeadEdits::new()) };
    let numbers = js_sys::Uint32Array::new(&list).to_vec();
    Ok(numbers.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))).collect())
}

/// Where a piece, `{ bytes }` or `{ start, len }`, stands in the source, if it does, and its bytes.
fn extent(piece: &JsValue) -> JsResult<(Option<u64>, u64)> {
    let number = |name| property(piece, name).map(|found| found.and_then(|value| value.as_f64()).map(offset));
    Ok(match property(piece, "bytes")? {
        Some(bytes) => (None, js_sys::Uint8Array::from(bytes).length().into()),
        None => (number("start")?, number("len")?.unwrap_or(0)),
    })
}

/// Protects fragments by one plan. The bytes to work on are put into its [`room`](Self::room), in wasm memory, so that
/// they are copied once in and once out.
#[wasm_bindgen]
pub struct Protector {
    movie: Movie,
    inner: SampleProtector,
    room: Vec<u8>,
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

    /// Protects the fragment of `task`, whose bytes, `task.start` to `task.end`, stand in the room from `at` on:
    /// encrypts them in place, and returns the new `moof`, which goes in place of the first `task.moofLen` bytes.
    pub fn protect(&mut self, task: JsValue, at: usize) -> JsResult<Vec<u8>> {
        self.fragment(task, at, false)
    }

    /// How many bytes the `moof` of the fragment in the room will have; encrypts nothing.
    pub fn measure(&mut self, task: JsValue) -> JsResult<usize> {
        Ok(self.fragment(task, 0, true)?.len())
    }

    /// What was found while measuring: `{ boxes, warnings }`. Fails when `all` was measured and nothing would be
    /// encrypted.
    pub fn measured(&self, tallies: &[f64], all: bool) -> JsResult<JsValue> {
        let tallies: Vec<(u32, Tally)> = tallies.chunks_exact(TALLY_LEN).map(parse_tally).collect();
        if all && self.inner.plan().protects() {
            check_encrypted(tallies.iter().map(|(_, tally)| tally.protected).sum()).map_err(to_js)?;
        }
        shown(&report::measured(&self.measured, &tallies))
    }

    /// What became of the samples since this was last asked, [`TALLY_LEN`] numbers a protected track: its ID, bytes,
    /// protected bytes, most subsamples of a sample, bytes of slices that stay clear because of their type, samples
    /// that end with bytes too few for a NAL unit.
    pub fn take_tallies(&mut self) -> Vec<f64> {
        let numbers = |(track, tally): (u32, Tally)| {
            [tally.bytes, tally.protected, tally.most_entries, tally.other_slices, tally.short_ends]
                .into_iter()
                .fold(vec![f64::from(track)], |mut all, one| {
                    all.push(number(one));
                    all
                })
        };
        self.inner.take_tallies().into_iter().flat_map(numbers).collect()
    }

    /// Begins a fragment too large for the room: `moof` are its first bytes. Every piece is read and
    /// [`scan_piece`](Self::scan_piece)d, then the [`moof`](Self::moof) is known, then every piece is read again and
    /// [`encrypt_piece`](Self::encrypt_piece)d.
    pub fn begin_large(&mut self, task: JsValue, moof: &[u8]) -> JsResult<()> {
        let task = parse_task(&task)?;
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
        large(&mut self.large)?.moof(&self.inner).map_err(to_js)
    }

    /// Second pass: encrypts the piece in the room in place.
    pub fn encrypt_piece(&mut self, start: f64, len: usize) -> JsResult<()> {
        let bytes = in_room(&mut self.room, 0, len)?;
        large(&mut self.large)?.encrypt(&self.inner, offset(start), bytes).map_err(to_js)
    }
}

impl Protector {
    fn fragment(&mut self, task: JsValue, at: usize, measure_only: bool) -> JsResult<Vec<u8>> {
        let task = parse_task(&task)?;
        let len = crate::bytes::units::to_len(task.end.saturating_sub(task.start));
        let bytes = in_room(&mut self.room, at, len)?;
        let measured = measure_only.then_some(&mut self.measured);
        let done = protect_fragment(&mut self.inner, &self.movie, &task, bytes, measured).map_err(to_js)?;
        Ok(done.moof)
    }
}

/// Numbers a track in [`Protector::take_tallies`].
const TALLY_LEN: usize = 6;

fn parse_tally(numbers: &[f64]) -> (u32, Tally) {
    let at = |index: usize| numbers.get(index).copied().map_or(0, offset);
    let tally =
        Tally { bytes: at(1), protected: at(2), most_entries: at(3), other_slices: at(4), short_ends: at(5) };
    (u32::try_from(at(0)).unwrap_or(0), tally)
}

fn in_room(room: &mut [u8], at: usize, len: usize) -> JsResult<&mut [u8]> {
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
