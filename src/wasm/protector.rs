//! What a worker needs to protect fragments: the movie, the request, and the bytes of one fragment after the other.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::boxes::Tree;
use crate::output::assembly::protect_fragment;
use crate::protect::samples::FragmentTask;
use crate::protect::{Plan, SampleProtector};
use crate::track::Movie;

use super::{JsResult, plain, request, to_js};

/// A [`FragmentTask`] in JavaScript.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    start: f64,
    moof_len: f64,
    end: f64,
    first_sample: f64,
    /// Ticks of 10 MHz outgrow 2^53 after 28 years of media; as text they cannot lose a digit.
    decode_times: Vec<String>,
}

impl TaskView {
    /// For JavaScript.
    pub fn of(task: &FragmentTask) -> JsResult<JsValue> {
        plain(&Self {
            start: super::view::number(task.start),
            moof_len: super::view::number(task.moof_len),
            end: super::view::number(task.end),
            first_sample: super::view::number(task.first_sample),
            decode_times: task.decode_times.iter().map(u64::to_string).collect(),
        })
    }

    /// From JavaScript.
    pub fn parse(task: JsValue) -> JsResult<FragmentTask> {
        let view: Self = serde_wasm_bindgen::from_value(task)?;
        Ok(FragmentTask {
            start: super::view::offset(view.start),
            moof_len: super::view::offset(view.moof_len),
            end: super::view::offset(view.end),
            first_sample: super::view::offset(view.first_sample),
            decode_times: view.decode_times.iter().map(|time| time.parse().unwrap_or(0)).collect(),
        })
    }
}

/// Protects fragments by one plan.
#[wasm_bindgen]
pub struct Protector {
    movie: Movie,
    inner: SampleProtector,
}

#[wasm_bindgen]
impl Protector {
    /// `moov` are the bytes of the clear movie header; the request and its random bytes must be those of the plan.
    #[wasm_bindgen(constructor)]
    pub fn new(moov: &[u8], request: JsValue, random: &[u8]) -> JsResult<Self> {
        let request = request::parse(request, random)?;
        let tree = Tree::parse(moov, 0).map_err(to_js)?;
        let movie = Movie::read(&tree).map_err(to_js)?;
        let plan = Plan::new(&movie, request).map_err(to_js)?;
        Ok(Self { movie, inner: SampleProtector::new(plan) })
    }

    /// Protects one fragment: encrypts `bytes`, those of the file from `task.start` to `task.end`, in place, and
    /// returns the new `moof`, which goes in place of the first `task.moofLen` bytes.
    pub fn protect(&mut self, task: JsValue, bytes: &mut [u8]) -> JsResult<Vec<u8>> {
        let task = TaskView::parse(task)?;
        let done = protect_fragment(&mut self.inner, &self.movie, &task, bytes, false).map_err(to_js)?;
        Ok(done.moof)
    }

    /// How many bytes the `moof` of one fragment will have; encrypts nothing.
    pub fn measure(&mut self, task: JsValue, bytes: &mut [u8]) -> JsResult<f64> {
        let task = TaskView::parse(task)?;
        let done = protect_fragment(&mut self.inner, &self.movie, &task, bytes, true).map_err(to_js)?;
        Ok(super::view::number(crate::bytes::units::len_u64(done.moof.len())))
    }
}
