//! The samples of one opened file.

use wasm_bindgen::prelude::*;

use crate::bytes::Error;
use crate::bytes::units::len_u64;
use crate::protect::SourceKeys;
use crate::report::{self, Range, number};
use crate::samples::timeline::TableTimeline;
use crate::samples::{Asked, Samples, Stop};
use crate::track::Index;

use super::file::File;
use super::{JsResult, offset, request, shown, to_js};

/// What is known of the samples.
#[derive(Default)]
pub struct Looked {
    samples: Option<Samples>,
    timeline: TableTimeline,
}

/// A question.
type Ask<'a, T> = dyn FnMut(&mut Samples, &Index, &mut TableTimeline) -> Asked<T> + 'a;

#[wasm_bindgen]
impl File {
    /// `PackedSamples`: samples of a track from number `from` on, which counts from 0. Fewer than were asked for where they stand in
    /// many fragments. `undefined` here and below says that there is more to go through: ask again.
    pub fn samples(&mut self, track: u32, from: f64, count: usize) -> JsResult<JsValue> {
        let from = offset(from);
        let page =
            self.asked(&mut |samples, index, _| report::sample_page(samples, index, track, from, count))?;
        let Some(page) = page else { return Ok(JsValue::UNDEFINED) };
        let packed = report::PackedSamples::of(page);
        let numbers = js_sys::Float64Array::from(&packed.numbers[..]);
        let object = shown(&packed)?;
        js_sys::Reflect::set(&object, &JsValue::from_str("numbers"), &numbers)?;
        Ok(object)
    }

    /// Offset and length of each header of a fragment that such a page takes and that is not at hand, in the order of the file.
    pub fn sample_heads(&mut self, track: u32, from: f64, count: usize) -> JsResult<Vec<f64>> {
        let from = offset(from);
        let heads = self.asked(&mut |samples, _, _| Ok(samples.heads_for(track, from, count)))?;
        let heads = heads.unwrap_or_default();
        Ok(heads.iter().flat_map(|head| [number(head.start), number(head.len)]).collect())
    }

    /// Takes one of these headers.
    pub fn take_sample_head(&mut self, start: f64, mut bytes: Vec<u8>) -> JsResult<()> {
        let start = offset(start);
        self.asked(&mut |samples, _, _| {
            samples.take_head(start, std::mem::take(&mut bytes));
            Ok(())
        })
        .map(|_| ())
    }

    /// `SampleAt`: what the byte at a file offset belongs to; `null` where no sample has it.
    pub fn sample_at(&mut self, at: f64, keys: JsValue) -> JsResult<JsValue> {
        let (at, keys) = (offset(at), parse(keys)?);
        let found = self.asked(&mut |samples, index, _| report::sample_at(samples, index, at, &keys))?;
        found.map_or(Ok(JsValue::UNDEFINED), |found| shown(&found))
    }

    /// Number, from 1, of the sample that is presented at a time in seconds; `null` where the track has none.
    pub fn sample_at_time(&mut self, track: u32, seconds: f64) -> JsResult<JsValue> {
        let found =
            self.asked(&mut |samples, index, _| report::sample_at_time(samples, index, track, seconds))?;
        found.map_or(Ok(JsValue::UNDEFINED), |found| shown(&found))
    }

    /// `SampleView`: sample `number` of a track, from 1, opened.
    pub fn sample(&mut self, track: u32, number: f64, keys: JsValue) -> JsResult<JsValue> {
        let (number, keys) = (offset(number), parse(keys)?);
        let found =
            self.asked(&mut |samples, index, _| report::sample_view(samples, index, track, number, &keys))?;
        let Some((view, clear)) = found else { return Ok(JsValue::UNDEFINED) };
        let object = shown(&view)?;
        let clear = clear.map_or(JsValue::NULL, |clear| js_sys::Uint8Array::from(&clear[..]).into());
        js_sys::Reflect::set(&object, &JsValue::from_str("clear"), &clear)?;
        Ok(object)
    }

    /// `SampleTimeline`: a track over time.
    pub fn sample_timeline(&mut self, track: u32) -> JsResult<JsValue> {
        let found =
            self.asked(&mut |samples, index, state| report::sample_timeline(samples, index, track, state))?;
        found.map_or(Ok(JsValue::UNDEFINED), |found| shown(&found))
    }

    /// `(number | null)[]`: ticks from the decode times of fragments to what tfxd says, from the fragment of the track with number
    /// `from` on; none behind the last.
    pub fn sample_tfxd(&mut self, track: u32, from: usize) -> JsResult<JsValue> {
        let found = self.asked(&mut |samples, _, _| report::sample_tfxd(samples, track, from))?;
        found.map_or(Ok(JsValue::UNDEFINED), |found| shown(&found))
    }
}

fn parse(keys: JsValue) -> JsResult<SourceKeys> {
    SourceKeys::parse(&request::source_keys(keys)?).map_err(to_js)
}

impl File {
    /// Asks until there is an answer, and reads what is wanted for it; `None` where there is more to go through.
    fn asked<T>(&mut self, ask: &mut Ask<'_, T>) -> JsResult<Option<T>> {
        let index = self.shared()?;
        let mut looked = std::mem::take(&mut self.work.looked);
        let samples = looked.samples.get_or_insert_with(|| Samples::new(index.clone()));
        let answer = loop {
            match ask(samples, &index, &mut looked.timeline) {
                Ok(answer) => break Ok(Some(answer)),
                Err(Stop::Busy) => break Ok(None),
                Err(Stop::Error(error)) => break Err(to_js(error)),
                Err(Stop::Wants(need)) => {
                    let range = Range { start: need.start, len: need.len };
                    let bytes = match self.reads.read(&self.blob, &self.session, Some(range)) {
                        Ok(bytes) => bytes.to_vec(),
                        Err(error) => break Err(error),
                    };
                    if len_u64(bytes.len()) < need.len {
                        let message = "The file has fewer bytes than when it was opened. Open it again when nobody writes to it.";
                        break Err(to_js(Error::file("short-read", message).at(need.start)));
                    }
                    samples.feed(need.start, bytes);
                }
            }
        };
        self.work.looked = looked;
        answer
    }
}
