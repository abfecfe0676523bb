//! Working on an opened file: planning, putting the protected file together, playing; and several files that become one.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::Blob;
use zeroize::{Zeroize as _, Zeroizing};

use crate::bytes::Error;
use crate::fragmenter::Piece;
use crate::output::playback::Playback;
use crate::output::{Assembly, Step};
use crate::protect::trial::Trial;
use crate::protect::{FragmentTask, Plan, SourceKeys, order};
use crate::report::{self, Range, Stretch, number};
use crate::session::{Session, Source};
use crate::track::Index;

use super::browser;
use super::file::File;
use super::protector::one_task;
use super::request::{self, RANDOM_LEN};
use super::samples::Looked;
use super::{JsResult, offset, shown, to_js};

/// What is at work on a file.
pub struct Work {
    plan: Option<Plan>,
    /// What was seen of the keys of what is protected already.
    trial: Trial,
    /// What the plan was made with.
    random: Zeroizing<[u8; RANDOM_LEN]>,
    assembly: Option<Assembly>,
    playback: Option<Playback>,
    pub(super) looked: Looked,
}

impl Default for Work {
    fn default() -> Self {
        let random = Zeroizing::new([0; RANDOM_LEN]);
        Self {
            plan: None,
            trial: Trial::default(),
            random,
            assembly: None,
            playback: None,
            looked: Looked::default(),
        }
    }
}

#[wasm_bindgen]
impl File {
    /// Several files that become one: their bytes one behind the other, their names, and the bytes of each.
    pub fn merging(blob: Blob, names: Vec<String>, sizes: &[f64]) -> JsResult<Self> {
        let sources = names.into_iter().zip(sizes).map(|(name, len)| Source { name, len: offset(*len) });
        let session = Session::merging(sources.collect()).map_err(to_js)?;
        Ok(Self::of(blob, session))
    }

    /// Of several files that became one: for each track, where the file that it comes from begins; else none.
    pub fn origins(&self) -> Vec<f64> {
        self.session.merged().into_iter().flat_map(|merged| merged.origins().map(number)).collect()
    }

    /// Where the boxes begin that whoever goes through all of the file has to read.
    pub fn starts(&self) -> JsResult<Vec<f64>> {
        Ok(report::starts(self.index()?).into_iter().map(number).collect())
    }

    /// `DescribedFile`, under this name.
    pub fn describe(&self, name: &str) -> JsResult<JsValue> {
        shown(&self.session.describe(name).map_err(to_js)?)
    }

    /// `Piece[]`, where bytes of the open file come from, when they stand nowhere as they are; else `undefined`.
    pub fn pieces(&self, start: f64, len: f64) -> JsResult<JsValue> {
        match self.session.merged() {
            Some(merged) => pieces(merged.pieces(offset(start), offset(len)).map_err(to_js)?),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// `OfflineCheck[]`: whether the open file will play offline on Windows.
    pub fn offline(&self) -> JsResult<JsValue> {
        shown(&report::offline(&self.session).map_err(to_js)?)
    }

    /// `Order[]`: one for each fragment that [`look`](Self::look) wants before planning.
    pub fn doubtful(&self) -> JsResult<JsValue> {
        self.orders(self.session.doubtful().map_err(to_js)?)
    }

    /// Looks at the bytes of a task's range, whether its samples are clear.
    pub fn look(&mut self, task: &[u8], mut bytes: Vec<u8>) -> JsResult<()> {
        self.session.look(&one_task(task)?, &mut bytes).map_err(to_js)
    }

    /// Plans: `Plan` without the sizes and the name. The plan is kept for [`begin`](Self::begin). Made again with the
    /// [`random`](Self::random) values it was made with, it is the same plan; without, they are drawn.
    pub fn plan(&mut self, wanted: JsValue, random: Option<Vec<u8>>) -> JsResult<JsValue> {
        self.work.random = match random {
            Some(again) => Zeroizing::new(request::random_values(&Zeroizing::new(again))?),
            None => Zeroizing::new(browser::random()?),
        };
        let request = request::parse(&wanted, &self.work.random)?;
        let plan = self.session.plan(request).map_err(to_js)?;
        let view = report::plan(&self.session, &plan).map_err(to_js)?;
        self.work.plan = Some(plan);
        shown(&view)
    }

    /// `Order[]`: one for each fragment by which the keys of what is protected already are [tried](Self::try_keys).
    pub fn trials(&mut self) -> JsResult<JsValue> {
        self.work.trial = Trial::default();
        self.orders(self.session.trials(self.planned()?).map_err(to_js)?)
    }

    /// Tries the keys on the bytes of a task's range.
    pub fn try_keys(&mut self, task: &[u8], mut bytes: Vec<u8>) -> JsResult<()> {
        let mut trial = std::mem::take(&mut self.work.trial);
        let done = self.try_with(&self.planned()?.source_keys, &mut trial, &one_task(task)?, &mut bytes);
        // Clear media.
        bytes.zeroize();
        self.work.trial = trial;
        done.map_err(to_js)
    }

    /// Fails when a key that was tried is the wrong one; else what is doubtful, as plain sentences.
    pub fn tried(&self) -> JsResult<Vec<String>> {
        self.work.trial.judge(self.session.work().map_err(to_js)?, self.planned()?).map_err(to_js)
    }

    /// The random values that the last plan was made with: secret, as the key may be among them.
    pub fn random(&self) -> Vec<u8> {
        self.work.random.to_vec()
    }

    /// The keys of the plan as hex, in its order.
    pub fn keys(&self) -> JsResult<Vec<String>> {
        Ok(self.planned()?.all_keys().map(|key| hex::encode(key.key.0)).collect())
    }

    /// `{ size, fragmentCount, sampleCount }` of what is protected: the file, or the fragmented one that a plain file is on
    /// the way. Fragments that are copied as they are do not count.
    pub fn work(&self) -> JsResult<JsValue> {
        shown(&report::work(self.session.work().map_err(to_js)?, self.work.plan.as_ref()))
    }

    /// The bytes of the clear movie header, for [`Protector`](super::protector::Protector).
    pub fn movie_header(&self) -> JsResult<Vec<u8>> {
        let moov = self.session.work().map_err(to_js)?.moov.as_ref();
        moov.map(|tree| tree.bytes().to_vec())
            .ok_or_else(|| to_js(Error::file("no-moov", "There is no 'moov'.")))
    }

    /// Begins the protected file by the plan made last.
    pub fn begin(&mut self) -> JsResult<()> {
        self.work.assembly = Some(self.session.assemble(self.planned()?).map_err(to_js)?);
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
        self.work.assembly = None;
    }

    /// The task of fragment `number`, for measuring and playing; `undefined` after the last.
    pub fn task(&self, number: usize) -> JsResult<JsValue> {
        let index = self.session.work().map_err(to_js)?;
        // Playing needs no plan.
        let periods = self.work.plan.as_ref().map(|plan| plan.periods.clone()).unwrap_or_default();
        match FragmentTask::numbered(number, index, &periods) {
            Some(task) => {
                let usual = self.work.plan.as_ref().and_then(|plan| plan.usual);
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
        self.work.playback = Some(playback);
        Ok(object.into())
    }

    /// One fragment for playing, from the bytes of its task's range; empty when no track of it is played.
    pub fn playable(&self, task: &[u8], bytes: &[u8]) -> JsResult<Vec<u8>> {
        let task = one_task(task)?;
        let movie = self.index()?.movie.as_ref();
        let (Some(movie), Some(playback)) = (movie, &self.work.playback) else {
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

    /// `Order[]`, one for each task.
    pub(super) fn orders(&self, tasks: Vec<FragmentTask>) -> JsResult<JsValue> {
        let list = js_sys::Array::new();
        for task in tasks {
            list.push(&self.order(vec![task])?);
        }
        Ok(list.into())
    }

    /// Tries keys on the bytes of a task's range.
    pub(super) fn try_with(
        &self,
        keys: &SourceKeys,
        trial: &mut Trial,
        task: &FragmentTask,
        bytes: &mut [u8],
    ) -> Result<(), Error> {
        self.session.try_keys(keys, trial, task, bytes)
    }

    /// What is known of what is protected.
    pub(super) fn shared_work(&self) -> JsResult<Rc<Index>> {
        self.session.work().map(Rc::clone).map_err(to_js)
    }

    fn planned(&self) -> JsResult<&Plan> {
        self.work.plan.as_ref().ok_or_else(|| to_js(Error::caller("no-plan", "", "There is no plan yet.")))
    }

    fn assembly_mut(&mut self) -> JsResult<&mut Assembly> {
        let none = || to_js(Error::caller("not-begun", "", "The output has not been begun."));
        self.work.assembly.as_mut().ok_or_else(none)
    }
}
