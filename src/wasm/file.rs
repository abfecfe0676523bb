//! One opened file: opening, looking, planning, and putting the protected file together.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::boxes::{Tree, registry};
use crate::bytes::{Error, json, limits};
use crate::inspect::{self, BoxFields, NodeView};
use crate::output::playback::Playback;
use crate::output::{Assembly, Step, summary};
use crate::protect::notes::file_notes;
use crate::protect::plan::rule_text;
use crate::protect::samples::FragmentTask;
use crate::protect::{Plan, request::KeySource};
use crate::session::Session;
use crate::track::Index;
use crate::track::top::{Paths, TopBox};

use super::protector::{parse_task, task_view};
use super::view::{self, node_view, number, offset};
use super::{JsResult, plain, request, to_js};

/// One opened file.
#[wasm_bindgen]
pub struct File {
    session: Session,
    plan: Option<Plan>,
    assembly: Option<Assembly>,
    playback: Option<Playback>,
    /// Where [`tree`](Self::tree) left off.
    listed: Paths,
}

#[wasm_bindgen]
impl File {
    /// A file of `len` bytes, not read yet.
    #[wasm_bindgen(constructor)]
    pub fn new(len: f64) -> JsResult<Self> {
        let session = Session::new(offset(len)).map_err(to_js)?;
        Ok(Self { session, plan: None, assembly: None, playback: None, listed: Paths::default() })
    }

    /// The range of bytes wanted next, `{ start, len }`; `null` when the file is open.
    pub fn needs(&self) -> JsResult<JsValue> {
        let need = self.session.needs();
        plain(&view::range_view(need.map(|need| (need.start, need.len))))
    }

    /// Where fragments will probably be wanted, track by track; known once byte 0 is wanted.
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
        plain(&view::summary_view(self.index()?))
    }

    /// `Track[]`.
    pub fn tracks(&self) -> JsResult<JsValue> {
        let index = self.index()?;
        let tracks = index.movie.iter().flat_map(|movie| &movie.tracks);
        plain(&json::list(tracks, |track, o| view::track_view(o, index, track)))
    }

    /// Top-level boxes as `BoxNode[]`, `count` from number `from` on, [`limits::LISTED`] at most; the movie header and
    /// the index with what is in them, where that is not more.
    pub fn tree(&mut self, from: usize, count: usize) -> JsResult<JsValue> {
        let index = Rc::clone(self.session.index().map_err(to_js)?);
        self.listed.go_to(&index.top, from);
        let boxes = core::iter::from_fn(|| self.listed.next(&index.top)).take(count.min(limits::LISTED));
        plain(&json::list(boxes, |(top, path), o| node_view(o, &top_view(&index, &top, path))))
    }

    /// The range of the top-level box that `path` is in: what [`children`](Self::children) and
    /// [`fields`](Self::fields) want the bytes of. Boxes that are held, or too large to read, are not wanted: `len` is 0.
    pub fn locate(&self, path: &str) -> JsResult<JsValue> {
        let (top, _) = self.top(path)?;
        let wanted = if is_read(&top) && held(self.index()?, &top).is_none() { top.size } else { 0 };
        plain(&view::range_view(Some((top.start, wanted))))
    }

    /// The children of the box at `path` as `BoxNode[]`, `count` from number `from` on, [`limits::LISTED`] at most.
    pub fn children(&self, path: &str, bytes: &[u8], from: usize, count: usize) -> JsResult<JsValue> {
        let (top, _) = self.top(path)?;
        let children = if is_read(&top) {
            let mut read = None;
            let tree = tree_of(self.index()?, &top, bytes, &mut read)?;
            inspect::children_at(tree, path, from, count.min(limits::LISTED))
        } else {
            None
        };
        plain(&json::list(&children.unwrap_or_default(), |child, o| node_view(o, child)))
    }

    /// The box at `path` as `BoxView`, with `count` rows from row `from` on.
    pub fn fields(&self, path: &str, bytes: &[u8], from: usize, count: usize) -> JsResult<JsValue> {
        let index = self.index()?;
        let (top, top_path) = self.top(path)?;
        if !is_read(&top) {
            return plain(&view::box_view(top_view(index, &top, top_path.to_owned()), unread_fields(&top)));
        }
        let mut read = None;
        let tree = tree_of(index, &top, bytes, &mut read)?;
        let no_box = || to_js(Error::caller("no-such-box", "path", format!("There is no box at “{path}”.")));
        let node = inspect::view_at(tree, path).ok_or_else(no_box)?;
        let iv_size = |track: u32| {
            let movie = index.movie.as_ref()?;
            movie.track(track)?.protection().map(|protection| protection.iv_size)
        };
        let fields = inspect::fields(tree, path, from, count.min(limits::LISTED), &iv_size).map_err(to_js)?;
        plain(&view::box_view(node, fields))
    }

    /// Tasks of the fragments that [`look`](Self::look) wants before planning.
    pub fn doubtful(&self) -> JsResult<JsValue> {
        let tasks = self.session.doubtful().map_err(to_js)?;
        let tasks = tasks.iter().map(task_view).collect::<Vec<_>>().join(",");
        plain(&format!("[{tasks}]"))
    }

    /// Looks at the bytes of a task's range, whether its samples are clear.
    pub fn look(&mut self, task: JsValue, mut bytes: Vec<u8>) -> JsResult<()> {
        self.session.look(&parse_task(&task)?, &mut bytes).map_err(to_js)
    }

    /// Plans: `Plan` without the sizes and the name. The plan is kept for [`begin`](Self::begin).
    pub fn plan(&mut self, wanted: JsValue, random: &[u8]) -> JsResult<JsValue> {
        let request = request::parse(&wanted, random)?;
        let plan = self.session.plan(request).map_err(to_js)?;
        let view = plan_view(self.index()?, &plan)?;
        self.plan = Some(plan);
        plain(&view)
    }

    /// The key of the plan as hex.
    pub fn key(&self) -> JsResult<String> {
        Ok(hex::encode(self.planned()?.key.0))
    }

    /// The bytes of the clear movie header, for [`Protector`](super::protector::Protector).
    pub fn movie_header(&self) -> JsResult<Vec<u8>> {
        let moov = self.index()?.moov.as_ref();
        moov.map(|tree| tree.bytes().to_vec())
            .ok_or_else(|| to_js(Error::file("no-moov", "There is no 'moov'.")))
    }

    /// Begins the protected file by the plan made last.
    pub fn begin(&mut self) -> JsResult<()> {
        self.assembly = Some(self.session.assemble(self.planned()?).map_err(to_js)?);
        Ok(())
    }

    /// Whether there will be patches at the end: bytes that are final only then.
    pub fn patched(&mut self) -> JsResult<bool> {
        Ok(self.assembly_mut()?.is_patched())
    }

    /// The next piece: `{ kind: 'bytes', bytes }`, `{ kind: 'copy', start, len }`, `{ kind: 'fragment', task }`,
    /// `{ kind: 'index' }` (ask [`random_access`](Self::random_access)), or `undefined` after the last.
    pub fn next_step(&mut self) -> JsResult<JsValue> {
        let Some(step) = self.assembly_mut()?.next_step() else { return Ok(JsValue::UNDEFINED) };
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
                "copy"
            }
            Step::Fragment(task) => {
                set("task", plain(&task_view(&task))?)?;
                "fragment"
            }
            Step::RandomAccess => "index",
        };
        set("kind", JsValue::from_str(kind))?;
        Ok(object.into())
    }

    /// Says that the next piece in order is in its place, `len` bytes long.
    pub fn placed(&mut self, len: f64) -> JsResult<()> {
        self.assembly_mut()?.placed(offset(len));
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
        let index = self.index()?;
        match index.fragments.get(number) {
            Some(fragment) => plain(&task_view(&FragmentTask::new(index, fragment))),
            None => Ok(JsValue::UNDEFINED),
        }
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
    pub fn playable(&self, task: JsValue, bytes: &[u8]) -> JsResult<Vec<u8>> {
        let task = parse_task(&task)?;
        let movie = self.index()?.movie.as_ref();
        let (Some(movie), Some(playback)) = (movie, &self.playback) else {
            return Err(to_js(Error::file("not-playable", "Playing has not begun.")));
        };
        playback.fragment(movie, &task, bytes).map_err(to_js)
    }
}

impl File {
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

    /// The top-level box that `path` is in, and its path.
    fn top<'p>(&self, path: &'p str) -> JsResult<(TopBox, &'p str)> {
        self.index()?.top.find(path).ok_or_else(|| {
            to_js(Error::caller("no-such-box", "path", format!("There is no box at “{path}”.")))
        })
    }
}

/// The tree of a top-level box, when it is kept since the file was opened.
fn held<'i>(index: &'i Index, top: &TopBox) -> Option<&'i Tree<'static>> {
    [&index.moov, &index.mfra].into_iter().flatten().find(|tree| tree.root().start == top.start)
}

/// The tree of a top-level box: the one kept, else one read from its bytes.
fn tree_of<'t>(
    index: &'t Index,
    top: &TopBox,
    bytes: &'t [u8],
    read: &'t mut Option<Tree<'t>>,
) -> JsResult<&'t Tree<'t>> {
    match held(index, top) {
        Some(tree) => Ok(tree),
        None => Ok(read.insert(Tree::parse(bytes, top.start).map_err(to_js)?)),
    }
}

/// Media data is never read to be looked at as a box, nor is anything too large.
fn is_read(top: &TopBox) -> bool {
    let limit = match &top.id.four_cc().0 {
        b"mdat" => 0,
        b"moov" => limits::MOOV_LEN,
        b"moof" => limits::MOOF_LEN,
        b"mfra" | b"sidx" => limits::INDEX_LEN,
        _ => limits::INSPECT_LEN,
    };
    top.size <= limit
}

fn unread_fields(top: &TopBox) -> BoxFields {
    let known = registry::lookup(top.id, None);
    let (start, end) = (top.start + top.header_len, top.end());
    BoxFields {
        name: known.name().to_owned(),
        clause: known.clause().to_owned(),
        about: known.about().to_owned(),
        rows: vec![crate::boxes::Row {
            name: "data".to_owned(),
            value: format!("{} bytes", end - start),
            meaning: String::new(),
            start,
            end,
            depth: 0,
        }],
        from: 0,
        total: 1,
        texts: Vec::new(),
        problem: None,
    }
}

fn top_view(index: &Index, top: &TopBox, path: String) -> NodeView {
    if let Some(tree) = held(index, top) {
        return inspect::view(tree, &path);
    }
    let fragment = index.fragment_at(top.start);
    let parts = fragment.map(|fragment| index.parts(fragment));
    let damage = index
        .problems
        .iter()
        .find(|problem| problem.offset().is_some_and(|at| (top.start..top.end()).contains(&at)));
    NodeView {
        path,
        kind: top.id.four_cc().text(),
        name: registry::lookup(top.id, None).name().to_owned(),
        uuid: match top.id {
            crate::boxes::BoxId::Uuid(user_type) => Some(user_type.to_string()),
            crate::boxes::BoxId::Four(_) => None,
        },
        start: top.start,
        size: top.size,
        header_size: top.header_len,
        // A moof has an mfhd beside its trafs; what it really has is known when it is opened.
        child_count: parts.map_or(0, |parts| parts.len() + 1),
        children: None,
        note: parts.map(|parts| summary::fragment_note(index, parts)),
        problem: damage.map(|problem| problem.message().to_owned()),
    }
}

/// `Plan` without the sizes and the name.
fn plan_view(index: &Index, plan: &Plan) -> JsResult<String> {
    let fixed_growth = summary::fixed_growth(index, plan).map_err(to_js)?;
    let boxes = summary::planned_boxes(index, plan).map_err(to_js)?;
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks);
    Ok(json::object(|o| {
        o.text("profile", plan.profile.name());
        o.text("scheme", std::str::from_utf8(plan.profile.scheme()).unwrap_or_default());
        o.object("kid", |o| view::kid_view(o, plan.kid));
        let checksum = plan.header.keys.first().and_then(|key| key.checksum);
        o.text_or_null("checksum", checksum.map(|checksum| view::base64(&checksum)).as_deref());
        let key_source = match plan.key_source {
            KeySource::Random => "random",
            KeySource::Typed => "typed",
            KeySource::Seed => "seed",
        };
        o.text("keySource", key_source);
        o.flag("forTests", plan.for_tests);
        o.text("headerVersion", plan.header.version.short());
        o.text("headerXml", &plan.header_xml);
        o.text("laUrl", plan.header.la_url.as_deref().unwrap_or_default());
        o.list("tracks", tracks, |track, o| {
            let planned = plan.tracks.iter().find(|planned| planned.track_id == track.id);
            let rules = planned.and_then(|planned| planned.rules.as_deref());
            o.number("id", track.id.into());
            o.text("kind", view::kind_of(track));
            let codec_name = track.entries.first().map_or_else(String::new, |entry| entry.codec_name());
            o.text("codecName", &codec_name);
            o.flag("protect", rules.is_some());
            let rule = rules.and_then(|rules| rules.first());
            o.text("rule", rule.map_or("Stays clear.", rule_text));
            let why = planned.map(|planned| &*planned.why_clear);
            o.text_if_any("reason", why.filter(|why| !why.is_empty()));
        });
        o.list("boxes", boxes.boxes(), view::planned_box_view);
        o.texts("warnings", &mut plan.warnings().into_iter().chain(file_notes(index)));
        o.number("sizeBefore", index.file_len);
        // Bytes by which everything but the fragments grows.
        o.raw("fixedGrowth", &fixed_growth.to_string());
    }))
}
