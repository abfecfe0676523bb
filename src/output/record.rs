//! What a protected file says of the clear one, so that it can be that again byte for byte, and what follows from it.

use crate::boxes::BoxBody;
use crate::boxes::fragment::{TrackFragmentHeader, tfhd_flags};
use crate::boxes::movie::FileType;
use crate::boxes::record::style::{
    BASE_BEHIND, BASE_IN_FILE, FIRST_WITHOUT, NO_BASE, NO_ENTRY, NO_TIME, OLD_RUNS, OTHERS_WITHOUT,
};
use crate::boxes::record::{
    CLEAR_FRAGMENT, ClearFile, ClearFragment, HAD_FILE_TYPE, HAD_HALF_THE_ENTRIES, HAD_NO_EXTENDS,
    HAD_THESE_HEADS,
};
use crate::boxes::{Node, Tree};
use crate::bytes::{FourCc, Result};
use crate::protect::{Form, Plan};
use crate::track::head_style::{fits, of_run, said_of_run, style};
use crate::track::{Fragment, Index, Movie, TrackFragment};

use super::movie::protected_file_type;

/// The record for the protected file; `None` where nothing is protected, or nothing changes but what goes with the
/// protection.
pub fn record(plan: &Plan, index: &Index) -> Option<ClearFile> {
    let (moov, movie) = (index.moov.as_ref()?, index.movie.as_ref()?);
    let is_known = movie.record.as_ref().is_some_and(|record| record.usual().is_some());
    if carries_anew(plan) && is_known {
        // What it says stays true; of entries that come it does not know.
        let before = movie.record.clone().filter(|_| plan.has_clear_entries());
        return before.map(|mut record| {
            record.head.flags |= HAD_HALF_THE_ENTRIES;
            record
        });
    }
    if !plan.protects() && !carries_anew(plan) {
        return None;
    }
    let before = movie.record.as_ref().filter(|_| plan.decrypts() || carries_anew(plan));
    let original = original_type(plan, movie, index.file_type.as_ref());
    let mut record = before.cloned().unwrap_or_else(|| {
        let missing = movie.tracks.iter().filter(|track| track.defaults.is_none());
        let mut record = ClearFile {
            style: index.style.unwrap_or(0),
            without_extends: missing.map(|track| track.id).collect::<Vec<_>>().into(),
            ..ClearFile::default()
        };
        if moov.root().child(b"mvex").is_none() {
            record.head.flags |= HAD_NO_EXTENDS;
        }
        record
    });
    let always = BASE_IN_FILE | FIRST_WITHOUT | OTHERS_WITHOUT;
    let changed = if plan.form.has_cenc() { always | NO_TIME | NO_BASE | OLD_RUNS } else { always };
    let stay = before.is_none_or(|before| before.usual().is_none());
    if stay {
        record.style = index.style.unwrap_or(0);
    }
    record.head.flags &= HAD_NO_EXTENDS;
    if stay && !plan.has_clear_entries() && index.any_style & changed == 0 {
        record.head.flags |= HAD_THESE_HEADS;
    }
    if plan.has_clear_entries() {
        record.head.flags |= HAD_HALF_THE_ENTRIES;
    }
    if let Some(original) = &original {
        record.head.flags |= HAD_FILE_TYPE;
        record.major_brand = original.major_brand;
        record.minor_version = original.minor_version;
        record.compatible_brands.clone_from(&original.compatible_brands);
    }
    let same_type = original.as_ref().map(|original| original.to_box(0))
        == Some(protected_file_type(plan.form, stays_cmaf(plan, movie), original.as_ref()));
    let is_needed = before.is_some()
        || !same_type
        || plan.has_clear_entries()
        || !record.without_extends.entries.is_empty()
        || index.any_style & changed != 0;
    is_needed.then_some(record)
}

/// The file type of the clear file, as far as it is known.
fn original_type(plan: &Plan, movie: &Movie, source: Option<&FileType>) -> Option<FileType> {
    let known = movie.record.as_ref().filter(|_| plan.decrypts() || carries_anew(plan));
    let Some(record) = known else { return source.cloned() };
    let original = FileType {
        major_brand: record.major_brand,
        minor_version: record.minor_version,
        compatible_brands: record.compatible_brands.clone(),
        ..FileType::default()
    };
    record.head.has(HAD_FILE_TYPE).then_some(original)
}

/// Whether what is encrypted gets other boxes that carry the encryption.
fn carries_anew(plan: &Plan) -> bool {
    plan.change.as_ref().is_some_and(|change| change.form.is_some())
}

/// Whether the file type stays as it is.
pub fn keeps_file_type(plan: &Plan) -> bool {
    plan.change.as_ref().is_some_and(|change| change.form.is_none() && change.file_type(None).is_none())
}

/// Whether CMAF allows what a file of CMAF becomes: it has one track, and of the schemes `cenc` and `cbcs` (ISO/IEC
/// 23000-19:2024 7.3.1, 8.2.2).
fn stays_cmaf(plan: &Plan, movie: &Movie) -> bool {
    let is_foreign = plan.form == Form::Piff || [*b"cbc1", *b"cens"].contains(&plan.scheme.code.0);
    movie.tracks.len() == 1 && !is_foreign
}

/// The file type of the output, if it has one.
pub fn file_type(plan: &Plan, index: &Index) -> Vec<u8> {
    let source = index.file_type.as_ref();
    if let Some(change) = &plan.change {
        let kept = source.filter(|_| !carries_anew(plan)).cloned();
        if let Some(file_type) = change.file_type(source).or(kept) {
            return file_type.to_box(0);
        }
    }
    let movie = index.movie.as_ref();
    let original = movie.map_or_else(|| source.cloned(), |movie| original_type(plan, movie, source));
    if plan.protects() || !plan.decrypts() {
        let is_cmaf = movie.is_none_or(|movie| stays_cmaf(plan, movie));
        return protected_file_type(plan.form, is_cmaf, original.as_ref());
    }
    let mut original = original.unwrap_or_default();
    if original == FileType::default() {
        return Vec::new();
    }
    // Of files that others protected nobody knows what they were; the brand of PIFF is that of Smooth Streaming, too.
    let is_smooth = [b"isml", b"piff"].contains(&&original.major_brand.0);
    if movie.is_some_and(|movie| movie.record.is_none()) && !is_smooth {
        original.compatible_brands.retain(|brand| *brand != FourCc(*b"piff"));
    }
    original.to_box(0)
}

/// How heads are made what they were.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restoring {
    /// What the record of the file says of most of them; `None` where they stay.
    pub usual: Option<u8>,
    /// Whether what comes out is clear: data offsets that protecting added go again.
    pub clear: bool,
}

/// The head of one part of a fragment as it was in the clear file.
#[derive(Clone, Debug)]
pub struct OldHead {
    /// Its header.
    pub tfhd: TrackFragmentHeader,
    /// Which sample entry, from 1.
    pub entry: u32,
    /// Whether its `tfdt` came with the protection.
    pub time_is_new: bool,
    /// Whether its data offsets count from where the data before ends.
    pub is_behind: bool,
    /// The styles of its runs.
    pub runs: Vec<u8>,
    /// Its own record, where it needs one.
    pub record: Option<ClearFragment>,
}

impl OldHead {
    /// Of part `number`, whose `traf` is given. `usual` is what the record says that the output gets.
    pub fn read(
        tree: &Tree<'_>,
        traf: &Node,
        (movie, fragment, number): (Option<&Movie>, &Fragment, usize),
        restoring: Restoring,
        usual: Option<u8>,
    ) -> Result<Option<Self>> {
        let Some(track) = fragment.tracks.get(number) else { return Ok(None) };
        let mut head = Self {
            tfhd: track.tfhd.clone(),
            entry: track.sample_description_index,
            time_is_new: false,
            is_behind: false,
            runs: track.runs.iter().map(of_run).collect(),
            record: None,
        };
        let Some(old) = restoring.usual else {
            let style = style(tree.root().start, traf, track);
            if usual.is_some_and(|usual| !fits(usual, style, &head.runs, track)) {
                let runs = head.runs.clone();
                head.record = Some(ClearFragment { style, runs, ..ClearFragment::default() });
            }
            return Ok(Some(head));
        };
        let own = traf.child_id(CLEAR_FRAGMENT).map(|node| tree.read::<ClearFragment>(node)).transpose()?;
        let style = own.as_ref().map_or(old, |own| own.style);
        head.restore(movie, track, style);
        for (number, (run, to)) in track.runs.iter().zip(&mut head.runs).enumerate() {
            let own = own.as_ref().and_then(|own| own.runs.get(number)).copied();
            *to = own.unwrap_or_else(|| said_of_run(style, number, run));
        }
        head.record = own;
        Ok(Some(head))
    }

    fn restore(&mut self, movie: Option<&Movie>, track: &TrackFragment, style: u8) {
        let flags = &mut self.tfhd.head.flags;
        if style & NO_BASE != 0 {
            *flags &= !tfhd_flags::DEFAULT_BASE_IS_MOOF;
            self.is_behind = style & BASE_BEHIND != 0;
        }
        self.time_is_new = style & NO_TIME != 0;
        let known = movie.and_then(|movie| Some((movie, movie.track(track.tfhd.track_id)?)));
        let before = known.and_then(|(movie, known)| movie.entries_before_lead(known));
        let before = before.and_then(|before| u32::try_from(before).ok()).unwrap_or(u32::MAX);
        if let Some(entry) = self.entry.checked_sub(before).filter(|entry| *entry > 0) {
            self.entry = entry;
            self.tfhd.sample_description_index = entry;
            if style & NO_ENTRY != 0 {
                *flags &= !tfhd_flags::SAMPLE_DESCRIPTION_INDEX;
                self.tfhd.sample_description_index = 0;
            }
        }
    }
}
