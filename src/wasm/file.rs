//! One opened file: opening it, and looking. [`work`](super::work) has what else is done with it.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::report::{self, Range, number};
use crate::session::Session;
use crate::track::Index;
use crate::track::top::Paths;

use super::reads::SmallReads;
#[cfg(not(feature = "look"))]
use super::work::Work;
use super::{JsResult, offset, shown, to_js};

/// One opened file.
#[wasm_bindgen]
pub struct File {
    pub(super) blob: Blob,
    pub(super) session: Session,
    /// Where [`tree`](Self::tree) left off.
    listed: Paths,
    pub(super) reads: SmallReads,
    #[cfg(not(feature = "look"))]
    pub(super) work: Work,
}

#[wasm_bindgen]
impl File {
    /// A file that is not read yet.
    #[wasm_bindgen(constructor)]
    pub fn new(blob: Blob) -> JsResult<Self> {
        let len = offset(blob.size());
        #[cfg(not(feature = "look"))]
        let session = Session::new(len);
        #[cfg(feature = "look")]
        let session = Session::looking(len);
        let session = session.map_err(to_js)?;
        Ok(Self::of(blob, session))
    }

    /// Says that the file is an initialization segment and media segments, and where each begins.
    pub fn joined(self, parts: &[f64]) -> Self {
        Self { session: self.session.joined(parts.iter().copied().map(offset).collect()), ..self }
    }

    /// The range of bytes wanted next, `{ start, len }`; `null` when the file is open.
    pub fn needs(&self) -> JsResult<JsValue> {
        let need = self.session.needs();
        shown(&need.map(|need| Range { start: need.start, len: need.len }))
    }

    /// Where fragments will probably be wanted, track by track; known once the first byte of a file is wanted.
    pub fn expected(&self) -> Vec<f64> {
        self.session.expected().into_iter().map(number).collect()
    }

    /// Takes bytes from `start` on: those wanted, or more.
    pub fn feed(&mut self, start: f64, bytes: &[u8]) -> JsResult<()> {
        self.session.feed(offset(start), bytes).map_err(to_js)
    }

    /// How far opening has come, in bytes of the file.
    pub fn position(&self) -> f64 {
        number(self.session.position())
    }

    /// Which of the bytes given last tell of fragments alone, offset and length of each stretch: with no more, another opening
    /// comes as far.
    pub fn of_fragments(&self) -> Vec<f64> {
        self.session.of_fragments().into_iter().flat_map(|used| [used.start, used.len]).map(number).collect()
    }

    /// What tells the file from others, by all that was read of it at opening.
    pub fn identity(&self) -> JsResult<u64> {
        Ok(self.index()?.identity())
    }

    /// `Summary` without its name.
    pub fn summary(&self) -> JsResult<JsValue> {
        shown(&report::summary(self.index()?, self.session.check()))
    }

    /// `Track[]`.
    pub fn tracks(&self) -> JsResult<JsValue> {
        shown(&report::tracks(self.index()?))
    }

    /// Top-level boxes as `BoxNode[]`, `count` from number `from` on.
    pub fn tree(&mut self, from: usize, count: usize) -> JsResult<JsValue> {
        let index = self.shared()?;
        shown(&report::top_boxes(&index, &mut self.listed, from, count))
    }

    /// `{ stride, types }`: which type of top-level box has most of each of `parts` stretches of the file.
    pub fn overview(&self, parts: f64) -> JsResult<JsValue> {
        shown(&report::overview(self.index()?, offset(parts)))
    }

    /// The children of the box at `path` as `BoxNode[]`, `count` from number `from` on.
    pub fn children(&mut self, path: &str, from: usize, count: usize) -> JsResult<JsValue> {
        let index = self.shared()?;
        let bytes =
            self.reads.read(&self.blob, &self.session, report::wanted(&index, path).map_err(to_js)?)?;
        shown(&report::children(&index, path, bytes, from, count).map_err(to_js)?)
    }

    /// The box at `path` as `BoxView`, with `count` rows from row `from` on.
    pub fn fields(&mut self, path: &str, from: usize, count: usize) -> JsResult<JsValue> {
        let index = self.shared()?;
        let bytes =
            self.reads.read(&self.blob, &self.session, report::wanted(&index, path).map_err(to_js)?)?;
        let Some(outside) = report::outside(&index, path, bytes).map_err(to_js)? else {
            return shown(&report::box_view(&index, path, bytes, &[], from, count).map_err(to_js)?);
        };
        let bytes = bytes.to_vec();
        let beside = self.reads.read(&self.blob, &self.session, Some(outside))?;
        shown(&report::box_view(&index, path, &bytes, beside, from, count).map_err(to_js)?)
    }
}

/// Most boxes that are shown before a file is open.
#[cfg(feature = "look")]
const FRONT: usize = 12;

#[cfg(feature = "look")]
#[wasm_bindgen]
impl File {
    /// `BoxNode[]`: the boxes at the front of a file that is still being opened, once its movie header is among them; until then,
    /// and when it is open, `undefined`.
    pub fn front(&self) -> JsResult<JsValue> {
        match self.session.so_far().filter(|index| index.movie.is_some()) {
            Some(index) => shown(&report::top_boxes(index, &mut Paths::default(), 0, FRONT)),
            None => Ok(JsValue::UNDEFINED),
        }
    }
}

impl File {
    pub(super) fn of(blob: Blob, session: Session) -> Self {
        Self {
            blob,
            session,
            listed: Paths::default(),
            reads: SmallReads::default(),
            #[cfg(not(feature = "look"))]
            work: Work::default(),
        }
    }

    /// What is known of the open file, for who works on beside it.
    pub(super) fn shared(&self) -> JsResult<Rc<Index>> {
        self.session.index().map(Rc::clone).map_err(to_js)
    }

    pub(super) fn index(&self) -> JsResult<&Index> {
        self.session.index().map(|index| &**index).map_err(to_js)
    }
}
