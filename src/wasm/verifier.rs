//! Verifying: workers look at fragments, the leading one puts together what they find.

use wasm_bindgen::prelude::*;
use zeroize::Zeroize as _;

use crate::boxes::Tree;
use crate::bytes::Kind;
use crate::bytes::units::to_len;
use crate::protect::trial::Trial;
use crate::protect::{SourceKeys, order};
use crate::report::{self, Range};
use crate::track::Movie;
use crate::verify::examine::Examination;
use crate::verify::{self, Examiner, Side, wire};

use super::file::File;
use super::protector::{in_room, one_task};
use super::{JsResult, offset, request, shown, to_js};

/// None where samples are compared as they stand.
fn keys(keys: &JsValue) -> JsResult<SourceKeys> {
    if keys.is_null() {
        return Ok(SourceKeys::default());
    }
    SourceKeys::parse(&request::source_keys(keys.clone())?).map_err(to_js)
}

fn movie(moov: &[u8]) -> JsResult<Movie> {
    let tree = Tree::parse(moov, 0).map_err(to_js)?;
    Ok(Movie::read(&tree, &mut Vec::new()))
}

/// Looks at fragments of one file. Their bytes are put into its [`room`](Self::room), in wasm memory.
#[wasm_bindgen]
pub struct FragmentExaminer {
    inner: Examiner,
    room: Vec<u8>,
    large: Option<Examination>,
}

#[wasm_bindgen]
impl FragmentExaminer {
    /// `moov` are the bytes of the movie header; `source_keys` the keys that its samples are encrypted with, or `null` where
    /// they are compared as they stand.
    #[wasm_bindgen(constructor)]
    pub fn new(moov: &[u8], source_keys: &JsValue) -> JsResult<Self> {
        let movie = movie(moov)?;
        let inner = if source_keys.is_null() {
            Examiner::as_they_stand(movie)
        } else {
            Examiner::new(movie, &keys(source_keys)?)
        };
        Ok(Self { inner, room: Vec::new(), large: None })
    }

    /// For a file of whose samples the bytes are compared, and nothing else.
    pub fn of_bytes(moov: &[u8]) -> JsResult<Self> {
        let inner = Examiner::of_bytes(movie(moov)?);
        Ok(Self { inner, room: Vec::new(), large: None })
    }

    /// Address in wasm memory of room for `len` bytes; see [`Protector::room`](super::protector::Protector::room).
    pub fn room(&mut self, len: usize) -> usize {
        if self.room.len() < len {
            self.room = vec![0; len];
        }
        self.room.as_ptr().addr()
    }

    /// Looks at the fragments of `tasks`, whose bytes, from the first to the last, are the first of the room, and are
    /// decrypted there. What was found is for [`Verifier::take`].
    pub fn examine(&mut self, tasks: &[u8]) -> JsResult<Vec<u8>> {
        let tasks = order::from_bytes(tasks).map_err(to_js)?;
        let start = tasks.first().map_or(0, |first| first.start);
        let mut all = Vec::new();
        for task in &tasks {
            let at = to_len(task.start.saturating_sub(start));
            let bytes = in_room(&mut self.room, at, to_len(task.end.saturating_sub(task.start)))?;
            let found = self.inner.whole(task, bytes).map_err(|error| to_js(task.in_source(error)))?;
            all.extend(wire::to_bytes(&found));
        }
        Ok(all)
    }

    /// Begins a fragment too large for the room: `moof` are its first bytes.
    pub fn begin_large(&mut self, task: &[u8], moof: &[u8]) -> JsResult<()> {
        self.large = Some(self.inner.begin(&one_task(task)?, moof, &[]).map_err(to_js)?);
        Ok(())
    }

    /// `{ start, len }` of the next piece, which is put into the room; `null` at the end.
    pub fn next_piece(&mut self, max: f64) -> JsResult<JsValue> {
        let piece = match &mut self.large {
            Some(large) => large.next_piece(offset(max)).map_err(to_js)?,
            None => None,
        };
        shown(&piece.map(Range::from))
    }

    /// Takes the piece in the room.
    pub fn take_piece(&mut self, start: f64, len: usize) -> JsResult<()> {
        let bytes = in_room(&mut self.room, 0, len)?;
        let mut window = crate::protect::Window { start: offset(start), bytes };
        self.large.as_mut().map_or(Ok(()), |large| self.inner.take(large, &mut window)).map_err(to_js)
    }

    /// What was found of the large fragment.
    pub fn large_found(&mut self) -> Vec<u8> {
        self.large.take().map_or_else(Vec::new, |large| wire::to_bytes(&large.found()))
    }
}

/// Puts together what is found of a written file, and of its clear source.
#[wasm_bindgen]
pub struct Verifier {
    inner: Option<verify::Verification>,
    keys: SourceKeys,
    trial: Trial,
}

#[wasm_bindgen]
impl Verifier {
    /// Begins with what the headers of the file say.
    #[wasm_bindgen(constructor)]
    pub fn new(written: &File, source_keys: &JsValue) -> JsResult<Self> {
        let keys = keys(source_keys)?;
        let inner = Some(verify::Verification::new(&*written.shared()?, &keys, None));
        Ok(Self { inner, keys, trial: Trial::default() })
    }

    /// The same, to be compared with this source.
    pub fn comparing(written: &File, source_keys: &JsValue, source: &File) -> JsResult<Self> {
        let (keys, work) = (keys(source_keys)?, source.shared_work()?);
        let inner = Some(verify::Verification::new(&*written.shared()?, &keys, Some(&work)));
        Ok(Self { inner, keys, trial: Trial::default() })
    }

    /// `Order[]`: one for each fragment by which the keys are [tried](Self::try_keys), where somebody gave them.
    pub fn trials(&self, written: &File) -> JsResult<JsValue> {
        written.orders(Trial::tasks(&*written.shared_work()?))
    }

    /// Tries the keys on the bytes of a task's range.
    pub fn try_keys(&mut self, written: &File, task: &[u8], mut bytes: Vec<u8>) -> JsResult<()> {
        let done = written.try_with(&self.keys, &mut self.trial, &one_task(task)?, &mut bytes);
        // Clear media.
        bytes.zeroize();
        match done {
            // What is wrong with the file is found when all of it is looked at.
            Err(error) if error.kind() != Kind::Caller => Ok(()),
            done => done.map_err(to_js),
        }
    }

    /// Says what came of it.
    pub fn tried(&mut self, written: &File) -> JsResult<()> {
        let index = written.shared_work()?;
        if let Some(inner) = &mut self.inner {
            inner.tried(&index, &self.keys, &self.trial);
        }
        Ok(())
    }

    /// Takes the [`digests`](super::protector::Protector::digests) of all fragments that were written.
    pub fn heads(&mut self, written: &File, digests: &[u32]) -> JsResult<()> {
        let index = written.shared()?;
        self.inner.iter_mut().for_each(|inner| inner.heads(&index, digests));
        Ok(())
    }

    /// Takes what was found of the next fragments, of the source or of the written file.
    pub fn take(&mut self, of_source: bool, found: &[u8]) -> JsResult<()> {
        let side = if of_source { Side::Source } else { Side::Written };
        self.inner.as_mut().map_or(Ok(()), |inner| inner.take(side, found)).map_err(to_js)
    }

    /// Says of which tracks something has to be encrypted.
    pub fn expect(&mut self, tracks: &[u32]) {
        self.inner.iter_mut().for_each(|inner| inner.expect(tracks));
    }

    /// Takes that a byte is not what was written there.
    pub fn changed(&mut self, at: f64) {
        self.inner.iter_mut().for_each(|inner| inner.changed(offset(at)));
    }

    /// Takes why the file could not be looked at any further.
    pub fn failed(&mut self, code: &str, message: &str) {
        if let Some(inner) = &mut self.inner {
            inner.failed(code, message);
        }
    }

    /// `Verification`, when all was given.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        shown(&self.inner.take().map(|inner| report::verification(&inner.finish())))
    }
}
