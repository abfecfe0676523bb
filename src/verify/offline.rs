//! Whether a protected file, or one that is planned, will play from the disk of a Windows computer without a connection: what
//! is known of what Windows asks of a local file, point by point.

mod checks;

use crate::boxes::Tree;
use crate::bytes::{Error, FourCc, KeyId, Result};
use crate::output::change::form_of;
use crate::output::movie::movie_edits;
use crate::playready::{Header, header_xml_in};
use crate::protect::{Form, Plan};
use crate::track::system_header::is_playready;
use crate::track::{Index, Movie, SystemHeader, TrackKind};

pub use checks::CHECKS;

/// What is found of one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It speaks for playing.
    Ok,
    /// It plays here and not there, or nothing in a file can tell.
    Doubtful,
    /// It does not play.
    Fails,
}

impl State {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Doubtful => "doubtful",
            Self::Fails => "fails",
        }
    }
}

/// One point that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which; see [`CHECKS`].
    pub id: &'static str,
    /// What it is about, for a person.
    pub title: &'static str,
    /// What is found.
    pub state: State,
    /// What the file has, and why that matters: a plain sentence or two.
    pub found: String,
    /// What to do about it; empty where nothing is to be done.
    pub advice: &'static str,
}

/// A track with pictures or sound.
#[derive(Clone, Debug)]
struct Part {
    id: u32,
    kind: TrackKind,
    format: FourCc,
    name: String,
    /// What it is encrypted with, where it is: scheme, bytes of IV with each sample, key ID.
    by: Option<(FourCc, u8, Option<KeyId>)>,
}

/// The PlayReady header of a file.
#[derive(Clone, Debug)]
enum Found {
    Header(Header),
    /// It stands in the movie header, and cannot be read.
    Unreadable(Error),
    /// It stands in fragments alone.
    InFragments,
    Nowhere,
}

/// How samples are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Fragmented,
    /// In the sample tables of the movie header.
    Plain,
    /// There are none.
    Empty,
}

/// What is known of a file.
#[derive(Clone, Debug)]
pub struct Facts {
    form: Form,
    parts: Vec<Part>,
    header: Found,
    /// Key IDs that samples are encrypted with at any time.
    kids: Vec<KeyId>,
    layout: Layout,
    files: usize,
}

impl Facts {
    /// Of an open file that was put together of so many. There are none of what has no movie header.
    pub fn of_file(index: &Index, files: usize) -> Option<Self> {
        let (moov, movie) = (index.moov.as_ref()?, index.movie.as_ref()?);
        Some(Self::of(index, moov, movie, files))
    }

    /// Of the file that comes of a plan; `index` is of what is protected.
    ///
    /// # Errors
    /// Those of putting the movie header together.
    pub fn of_plan(plan: &Plan, index: &Index) -> Result<Option<Self>> {
        let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return Ok(None) };
        let made = Tree::parse(movie_edits(plan, moov, movie)?.apply(moov), 0)?;
        let mut facts = Self::of(index, &made, &Movie::read(&made, &mut Vec::new()), plan.file_count);
        if plan.change.is_none() {
            // What the source was encrypted with is gone.
            facts.kids.clear();
            plan.all_keys().for_each(|key| add(&mut facts.kids, key.kid));
        }
        Ok(Some(facts))
    }

    fn of(index: &Index, moov: &Tree<'_>, movie: &Movie, files: usize) -> Self {
        let of_kind = |kind| matches!(kind, TrackKind::Video | TrackKind::Audio);
        let tracks = movie.tracks.iter().filter(|track| of_kind(track.kind));
        let parts: Vec<Part> = tracks
            .filter_map(|track| {
                let entry =
                    track.entries.iter().find(|entry| entry.is_protected()).or(track.entries.first())?;
                let by = entry.protection.as_ref().filter(|_| entry.is_protected());
                Some(Part {
                    id: track.id,
                    kind: track.kind,
                    format: entry.format,
                    name: entry.codec_name(),
                    by: by.map(|by| (by.cipher, by.iv_size, by.kid)),
                })
            })
            .collect();
        let mut kids = Vec::new();
        for part in parts.iter().filter(|part| part.by.is_some()) {
            part.by.and_then(|(.., kid)| kid).into_iter().for_each(|kid| add(&mut kids, kid));
            let Some(traces) = index.traces.of(part.id) else { continue };
            let used = traces.keys.iter().filter_map(|key| key.kid);
            used.chain(traces.kids.iter().copied()).for_each(|kid| add(&mut kids, kid));
        }
        let layout = if !index.fragments.is_empty() {
            Layout::Fragmented
        } else if movie.samples_in_tables() > 0 {
            Layout::Plain
        } else {
            Layout::Empty
        };
        Self { form: form_of(moov, movie), parts, header: header(index, moov), kids, layout, files }
    }

    /// What is found, in the order of [`CHECKS`]. Of what is not encrypted nothing else is asked.
    pub fn findings(&self) -> Vec<Finding> {
        let most = if self.encrypted().next().is_some() { CHECKS.len() } else { 1 };
        let asked = CHECKS.iter().take(most);
        asked
            .filter_map(|&(id, title, check)| {
                let (state, found, advice) = check(self)?;
                Some(Finding { id, title, state, found, advice })
            })
            .collect()
    }

    fn encrypted(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.by.is_some())
    }

    fn read(&self) -> Option<&Header> {
        match &self.header {
            Found::Header(header) => Some(header),
            _ => None,
        }
    }
}

/// Key IDs of zeros stand for others.
fn add(kids: &mut Vec<KeyId>, kid: KeyId) {
    if kid.0 != [0; 16] && !kids.contains(&kid) {
        kids.push(kid);
    }
}

fn header(index: &Index, moov: &Tree<'_>) -> Found {
    let all = SystemHeader::all(moov, moov.root());
    match all.iter().find(|header| header.is_playready()) {
        Some(found) => match header_xml_in(&found.data, 0).and_then(|xml| Header::parse(&xml)) {
            Ok(read) => Found::Header(read.header),
            Err(error) => Found::Unreadable(error),
        },
        None if index.traces.systems.iter().any(|system| is_playready(*system)) => Found::InFragments,
        None => Found::Nowhere,
    }
}
