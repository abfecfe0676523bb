//! One opened file: opening, looking, planning, and putting the protected file together.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::Blob;
use zeroize::{Zeroize as _, Zeroizing};

use crate::bytes::Error;
use crate::fragmenter::Piece;
use crate::output::playback::Playback;
use crate::output::{Assembly, Step};
use crate::protect::trial::Trial;
use crate::protect::{FragmentTask, Plan, order};
use crate::report::{self, Range, Stretch, number};
use crate::session::{Session, Source};
use crate::track::Index;
use crate::track::top::Paths;

use super::browser::{self, SmallReads};
use super::protector::one_task;
use super::request::{self, RANDOM_LEN};
use super::{JsResult, offset, shown, to_js};

/// One opened file.
#[wasm_bindgen]
pub struct File {
    blob: Blob,
    session: Session,
    plan: Option<Plan>,
    /// What was seen of the keys of what is protected already.
    trial: Trial,
    /// What the plan was made with.
    random: Zeroizing<[u8; RANDOM_LEN]>,
    assembly: Option<Assembly>,
    playback: Option<Playback>,
    /// Where [`tree`](Self::tree) left off.
    listed: Paths,
    reads: SmallReads,
}

#[wasm_bindgen]
impl File {
    /// A file that is not read yet.
    #[wasm_bindgen(constructor)]
    pub fn new(blob: Blob) -> JsResult<Self> {
        let session = Session::new(offset(blob.size())).map_err(to_js)?;
        Ok(Self::of(blob, session))
    }

    /// Several files that become one: their bytes one behind the other, their names, and the bytes of each.
    pub fn merging(blob: Blob, names: Vec<String>, sizes: &[f64]) -> JsResult<Self> {
        let sources = names.into_iter().zip(sizes).map(|(name, len)| Source { name, len: offset(*len) });
        let session = Session::merging(sources.collect()).map_err(to_js)?;
        Ok(Self::of(blob, session))
    }

    /// Says that the file is an initialization segment and media segments, and where each begins.
    pub fn joined(self, parts: &[f64]) -> Self {
        Self { session: self.session.joined(parts.iter().copied().map(offset).collect()), ..self }
    }

    fn of(blob: Blob, session: Session) -> Self {
        Self {
            blob,
            session,
            plan: None,
            trial: Trial::default(),
            random: Zeroizing::new([0; RANDOM_LEN]),
            assembly: None,
            playback: None,
            listed: Paths::default(),
            reads: SmallReads::default(),
        }
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

    /// `Summary` without its name.
    pub fn summary(&self) -> JsResult<JsValue> {
        shown(&report::summary(self.index()?, self.session.check()))
    }

    /// `Track[]`.
    pub fn tracks(&self) -> JsResult<JsValue> {
        shown(&report::tracks(self.index()?))
    }

    /// Of several files that became one: for each track, where the file that it comes from begins; else none.
    pub fn origins(&self) -> Vec<f64> {
        self.session.merged().into_iter().flat_map(|merged| merged.origins().map(number)).collect()
    }

    /// `Piece[]`, where bytes of the open file come from, when they stand nowhere as they are; else `undefined`.
    pub fn pieces(&self, start: f64, len: f64) -> JsResult<JsValue> {
        match self.session.merged() {
            Some(merged) => pieces(merged.pieces(offset(start), offset(len)).map_err(to_js)?),
            None => Ok(JsValue::UNDEFINED),
        }
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

    /// `Order[]`: one for each fragment that [`look`](Self::look) wants before planning.
    pub fn doubtful(&self) -> JsResult<JsValue> {
        let list = js_sys::Array::new();
        for task in self.session.doubtful().map_err(to_js)? {
            list.push(&self.order(vec![task])?);
        }
        Ok(list.into())
    }

    /// Looks at the bytes of a task's range, whether its samples are clear.
    pub fn look(&mut self, task: &[u8], mut bytes: Vec<u8>) -> JsResult<()> {
        self.session.look(&one_task(task)?, &mut bytes).map_err(to_js)
    }

    /// Plans: `Plan` without the sizes and the name. The plan is kept for [`begin`](Self::begin). Made again with the
    /// [`random`](Self::random) values it was made with, it is the same plan; without, they are drawn.
    pub fn plan(&mut self, wanted: JsValue, random: Option<Vec<u8>>) -> JsResult<JsValue> {
        self.random = match random {
            Some(again) => Zeroizing::new(request::random_values(&Zeroizing::new(again))?),
            None => Zeroizing::new(browser::random()?),
        };
        let request = request::parse(&wanted, &self.random)?;
        let plan = self.session.plan(request).map_err(to_js)?;
        let view = report::plan(&self.session, &plan).map_err(to_js)?;
        self.plan = Some(plan);
        shown(&view)
    }

    /// `Order[]`: one for each fragment by which the keys of what is protected already are [tried](Self::try_keys).
    pub fn trials(&mut self) -> JsResult<JsValue> {
        self.trial = Trial::default();
        let list = js_sys::Array::new();
        for task in self.session.trials(self.planned()?).map_err(to_js)? {
            list.push(&self.order(vec![task])?);
        }
        Ok(list.into())
    }

    /// Tries the keys on the bytes of a task's range.
    pub fn try_keys(&mut self, task: &[u8], mut bytes: Vec<u8>) -> JsResult<()> {
        let mut trial = std::mem::take(&mut self.trial);
        let done = self.session.try_keys(self.planned()?, &mut trial, &one_task(task)?, &mut bytes);
        // Clear media.
        bytes.zeroize();
        self.trial = trial;
        done.map_err(to_js)
    }

    /// Fails when a key that was tried is the wrong one; else what is doubtful, as plain sentences.
    pub fn tried(&self) -> JsResult<Vec<String>> {
        self.trial.judge(self.session.work().map_err(to_js)?, self.planned()?).map_err(to_js)
    }

    /// The random values that the last plan was made with: secret, as the key may be among them.
    pub fn random(&self) -> Vec<u8> {
        self.random.to_vec()
    }

    /// The keys of the plan as hex, in its order.
    pub fn keys(&self) -> JsResult<Vec<String>> {
        Ok(self.planned()?.all_keys().map(|key| hex::encode(key.key.0)).collect())
    }

    /// `{ size, fragmentCount, sampleCount }` of what is protected: the file, or the fragmented one that a plain file is on
    /// the way. Fragments that are copied as they are do not count.
    pub fn work(&self) -> JsResult<JsValue> {
        shown(&report::work(self.session.work().map_err(to_js)?, self.plan.as_ref()))
    }

    /// The bytes of the clear movie header, for [`Protector`](super::protector::Protector).
    pub fn movie_header(&self) -> JsResult<Vec<u8>> {
        let moov = self.session.work().map_err(to_js)?.moov.as_ref();
        moov.map(|tree| tree.bytes().to_vec())
            .ok_or_else(|| to_js(Error::file("no-moov", "There is no 'moov'.")))
    }

    /// Begins the protected file by the plan made last.
    pub fn begin(&mut self) -> JsResult<()> {
        self.assembly = Some(self.session.assemble(self.planned()?).map_err(to_js)?);
        Ok(())
    }

    /// Where in what is protected the files begin that are written: one, or an initialization segment and media segments.
    /// To be asked for before the first piece.
    pub fn file_starts(&mut self) -> JsResult<Vec<f64>> {
        Ok(self.assembly_mut()?.file_starts().into_iter().map(number).collect())
    }

    /// Whether there will be patches at the end: bytes that are final only then.
    pub fn patched(&mut self) -> JsResult<bool> {
        Ok(self.assembly_mut()?.is_patched())
    }

    /// The next piece: `{ kind: 'bytes', bytes }`, `{ kind: 'copy', start, len, pieces }`, `{ kind: 'fragments', order }`,
    /// `{ kind: 'file' }` (what follows is in a file of its own), `{ kind: 'index' }` (ask
    /// [`random_access`](Self::random_access)), or `undefined` after the last. Fragments that stand side by side come
    /// together, up to so many bytes and so many; a larger one comes alone.
    pub fn next_step(&mut self, max_len: f64, max_count: usize) -> JsResult<JsValue> {
        let assembly = self.assembly_mut()?;
        let Some(step) = assembly.next_step() else { return Ok(JsValue::UNDEFINED) };
        let object = js_sys::Object::new();
        let set =
            |name: &str, value: JsValue| js_sys::Reflect::set(&object, &JsValue::from_str(name), &value);
        let kind = match step {
            Step::Bytes(bytes) => {
                set("bytes", js_sys::Uint8Array::from(&bytes[..]).into())?;
                "bytes"
            }
            Step::Copy { start, len } => {
                set("start", number(start).into())?;
                set("len", number(len).into())?;
                if self.session.is_made() {
                    set("pieces", pieces(self.session.pieces(start, len).map_err(to_js)?)?)?;
                }
                "copy"
            }
            Step::Fragment(task) => {
                let mut tasks = vec![task];
                assembly.next_fragments(&mut tasks, offset(max_len), max_count);
                set("order", self.order(tasks)?)?;
                "fragments"
            }
            Step::File => "file",
            Step::RandomAccess => "index",
        };
        set("kind", JsValue::from_str(kind))?;
        Ok(object.into())
    }

    /// Says that the next pieces in order are in their places, of so many bytes each.
    pub fn placed(&mut self, lens: &[f64]) -> JsResult<()> {
        let assembly = self.assembly_mut()?;
        lens.iter().for_each(|len| assembly.placed(offset(*len)));
        Ok(())
    }

    /// The index box of the output; all pieces before it must be placed.
    pub fn random_access(&mut self) -> JsResult<Vec<u8>> {
        self.assembly_mut()?.random_access().map_err(to_js)
    }

    /// `{ at, bytes }[]` to write over the output at the end, when `protected` bytes were encrypted in it.
    pub fn patches(&mut self, protected: f64) -> JsResult<js_sys::Array> {
        let list = js_sys::Array::new();
        for patch in self.assembly_mut()?.patches(offset(protected)).map_err(to_js)? {
            let object = js_sys::Object::new();
            js_sys::Reflect::set(&object, &"at".into(), &number(patch.at).into())?;
            js_sys::Reflect::set(&object, &"bytes".into(), &js_sys::Uint8Array::from(&patch.bytes[..]))?;
            list.push(&object);
        }
        Ok(list)
    }

    /// Forgets the output begun, as when it is cancelled.
    pub fn end(&mut self) {
        self.assembly = None;
    }

    /// The task of fragment `number`, for measuring and playing; `undefined` after the last.
    pub fn task(&self, number: usize) -> JsResult<JsValue> {
        let index = self.session.work().map_err(to_js)?;
        // Playing needs no plan.
        let periods = self.plan.as_ref().map(|plan| plan.periods.clone()).unwrap_or_default();
        match FragmentTask::numbered(number, index, &periods) {
            Some(task) => {
                let usual = self.plan.as_ref().and_then(|plan| plan.usual);
                self.order(vec![FragmentTask { usual, ..task }])
            }
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// `Order` of the fragments from number `number` on that stand side by side, up to so many bytes and so many, with how many
    /// that are as `count`; `undefined` after the last.
    pub fn fragments(&self, number: usize, max_len: f64, max_count: usize) -> JsResult<JsValue> {
        let tasks = self.session.neighbours(number, offset(max_len), max_count).map_err(to_js)?;
        if tasks.is_empty() {
            return Ok(JsValue::UNDEFINED);
        }
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let order = self.order(tasks)?;
        js_sys::Reflect::set(&order, &"count".into(), &count.into())?;
        Ok(order)
    }

    /// Begins playing: `{ mimeType, duration, kids, init }`.
    pub fn playback(&mut self) -> JsResult<JsValue> {
        let playback = Playback::new(self.index()?).map_err(to_js)?;
        let object = js_sys::Object::new();
        let set =
            |name: &str, value: &JsValue| js_sys::Reflect::set(&object, &JsValue::from_str(name), value);
        set("mimeType", &playback.mime_type.as_str().into())?;
        set("duration", &playback.duration.into())?;
        let kids = playback.kids.iter().map(|kid| JsValue::from_str(&kid.uuid()));
        set("kids", &kids.collect::<js_sys::Array>())?;
        set("init", &js_sys::Uint8Array::from(&playback.init[..]))?;
        self.playback = Some(playback);
        Ok(object.into())
    }

    /// One fragment for playing, from the bytes of its task's range; empty when no track of it is played.
    pub fn playable(&self, task: &[u8], bytes: &[u8]) -> JsResult<Vec<u8>> {
        let task = one_task(task)?;
        let movie = self.index()?.movie.as_ref();
        let (Some(movie), Some(playback)) = (movie, &self.playback) else {
            return Err(to_js(Error::file("not-playable", "Playing has not begun.")));
        };
        playback.fragment(movie, &task, bytes).map_err(to_js)
    }
}

/// `({ bytes } | { start, len })[]`.
fn pieces(pieces: Vec<Piece>) -> JsResult<JsValue> {
    let list = js_sys::Array::new();
    for piece in pieces {
        list.push(&match piece {
            Piece::Made(bytes) => {
                let object = js_sys::Object::new();
                js_sys::Reflect::set(&object, &"bytes".into(), &js_sys::Uint8Array::from(&bytes[..]))?;
                object.into()
            }
            Piece::Found { start, len } => shown(&Range { start, len })?,
        });
    }
    Ok(list.into())
}

impl File {
    /// `Order`: tasks that stand side by side, as bytes, with where they are; of a file that is made with the pieces that
    /// their bytes are made of.
    fn order(&self, mut tasks: Vec<FragmentTask>) -> JsResult<JsValue> {
        let object = shown(&Stretch::of(&tasks))?;
        let set =
            |name: &str, value: JsValue| js_sys::Reflect::set(&object, &JsValue::from_str(name), &value);
        if self.session.is_made() {
            let mut made_of = Vec::new();
            for task in &mut tasks {
                let (made, pieces) = self.session.with_pieces(task.clone()).map_err(to_js)?;
                *task = made;
                made_of.extend(pieces);
            }
            set("pieces", pieces(made_of)?)?;
        }
        let bytes = order::to_bytes(tasks).map_err(to_js)?;
        set("tasks", js_sys::Uint8Array::from(&bytes[..]).into())?;
        Ok(object)
    }

    /// What is known of the open file, for who works on beside it.
    pub(super) fn shared(&self) -> JsResult<Rc<Index>> {
        self.session.index().map(Rc::clone).map_err(to_js)
    }

    /// What is known of what is protected.
    pub(super) fn shared_work(&self) -> JsResult<Rc<Index>> {
        self.session.work().map(Rc::clone).map_err(to_js)
    }

    fn index(&self) -> JsResult<&Index> {
        self.session.index().map(|index| &**index).map_err(to_js)
    }

    fn planned(&self) -> JsResult<&Plan> {
        self.plan.as_ref().ok_or_else(|| to_js(Error::caller("no-plan", "", "There is no plan yet.")))
    }

    fn assembly_mut(&mut self) -> JsResult<&mut Assembly> {
        let none = || to_js(Error::caller("not-begun", "", "The output has not been begun."));
        self.assembly.as_mut().ok_or_else(none)
    }
}
