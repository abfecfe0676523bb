//! One fragment after the other by a plan: its new `moof`, and its media data encrypted, or decrypted, in place.

use crate::boxes::cenc::SampleEncryptionEntries;
use crate::boxes::record::ClearFile;
use crate::boxes::{Edits, Tree};
use crate::bytes::Result;
use crate::bytes::units::to_len;
use crate::protect::samples::{FragmentTask, Window};
use crate::protect::{Change, PiecewiseFragment, Plan, SampleProtector};
use crate::track::{Fragment, Movie};

use super::change;
use super::fragment::{FragmentForm, TrackInformation, rewrite};
use super::protection::{KeyChange, SampleForms, system_headers};
use super::record::Restoring;
use super::summary::Touched;

/// A fragment's new `moof`, with its media data encrypted in place.
#[derive(Debug)]
pub struct ProtectedFragment {
    /// What goes before the media data.
    pub moof: Vec<u8>,
    /// Bytes of the old `moof`: where the media data begins in the fragment's bytes.
    pub media_start: usize,
}

/// The form in which a plan's fragments are written.
fn fragment_form(plan: &Plan, movie: &Movie, task: &FragmentTask) -> FragmentForm {
    let clear = plan.decrypts() && !plan.protects();
    let (samples, modern) = (SampleForms::of(plan.form), plan.form.has_cenc() && !clear);
    let record = movie.record.as_ref().filter(|_| plan.decrypts());
    let restoring = Restoring { usual: record.and_then(ClearFile::usual), clear };
    // Keys of the first time are those of the movie header.
    let is_later = task.period.is_some() && plan.period > 0;
    let systems = if is_later { system_headers(plan) } else { Vec::new() };
    let made = task.is_made();
    let edits = Edits::new();
    FragmentForm { samples, modern, clean: true, made, restoring, usual: task.usual, systems, edits }
}

/// Protects one fragment: `bytes` are those of the source from `task.start` to `task.end`. They are encrypted in
/// place. With `measured` they stay, and only the new `moof` is made; the boxes that change are counted in it.
pub fn protect_fragment(
    protector: &mut SampleProtector,
    movie: &Movie,
    task: &FragmentTask,
    bytes: &mut [u8],
    mut measured: Option<&mut Touched>,
) -> Result<ProtectedFragment> {
    let media_start = to_len(task.moof_len);
    let (moof, media) = task.split(bytes)?;
    let moof = task.head(moof)?;
    let tree = Tree::parse(&*moof, task.start)?;
    let fragment = Fragment::read(&tree, Some(movie))?;
    let mut window = Window { start: task.start + task.moof_len, bytes: media };
    let at_hand = (window.start, &*window.bytes);
    let decryption = protector.decryptor().of_fragment(&tree, &fragment, movie, at_hand);
    let decrypted = decryption.and_then(|found| match found {
        Some(mut found) => found.decrypt_all(&fragment, &mut window),
        None => Ok(()),
    });
    decrypted.map_err(|error| task.in_source(error))?;
    let entries = protector.scan(&fragment, task, &mut window).map_err(|error| task.in_source(error))?;
    let at_hand = (window.start, &*window.bytes);
    let new_moof = protected_moof(
        protector.plan(),
        &tree,
        (movie, &fragment, at_hand),
        &entries,
        task,
        measured.as_deref_mut(),
    )?;
    match measured {
        None => protector.encrypt(&fragment, &entries, &mut window).map_err(|error| task.in_source(error))?,
        Some(touched) => touched.count_media(protector.plan(), &fragment, &entries, &window),
    }
    Ok(ProtectedFragment { moof: new_moof, media_start })
}

/// The `moof` of a fragment with what was found of its samples. What is at hand behind it is given too.
fn protected_moof(
    plan: &Plan,
    tree: &Tree<'_>,
    (movie, fragment, media): (&Movie, &Fragment, (u64, &[u8])),
    entries: &[Option<SampleEncryptionEntries>],
    task: &FragmentTask,
    touched: Option<&mut Touched>,
) -> Result<Vec<u8>> {
    if let Some(change) = &plan.change {
        return changed_moof(change, tree, (movie, fragment, media), task, touched);
    }
    let mut information = Vec::new();
    for (entries, track) in entries.iter().zip(&fragment.tracks) {
        information.push(match (plan.protection(track.tfhd.track_id), entries) {
            (None, _) => TrackInformation::None,
            (Some(found), None) => {
                let known = movie.track(track.tfhd.track_id);
                let before =
                    known.and_then(|known| movie.entries_before_lead(known)).filter(|_| plan.decrypts());
                let own = before.unwrap_or(found.rules.len());
                let behind = if plan.has_clear_entries() { own } else { 0 };
                TrackInformation::Clear(u32::try_from(behind).unwrap_or(0))
            }
            (Some(found), Some(entries)) => {
                let change = KeyChange::of(plan, found);
                TrackInformation::Encrypted { entries, iv_size: found.ivs.size(), change }
            }
        });
    }
    rewrite(
        fragment_form(plan, movie, task),
        tree,
        (Some(movie), fragment),
        &information,
        &task.decode_times,
        touched,
    )
}

/// The `moof` of a fragment whose samples stay encrypted as they are.
fn changed_moof(
    change: &Change,
    tree: &Tree<'_>,
    (movie, fragment, media): (&Movie, &Fragment, (u64, &[u8])),
    task: &FragmentTask,
    touched: Option<&mut Touched>,
) -> Result<Vec<u8>> {
    let (edits, information) = change::fragment_edits(change, tree, (movie, fragment), media)
        .map_err(|error| task.in_source(error))?;
    let form = FragmentForm {
        samples: SampleForms { cenc: true, piff: false },
        modern: change.form.is_some_and(|form| form.has_cenc()),
        clean: false,
        made: task.is_made(),
        restoring: Restoring::default(),
        usual: task.usual,
        systems: Vec::new(),
        edits,
    };
    rewrite(form, tree, (Some(movie), fragment), &information, &task.decode_times, touched)
}

/// A fragment too large to hold, protected in two passes over its media data: [`scan`](Self::scan) every piece, ask for
/// the [`moof`](Self::moof), then [`encrypt`](Self::encrypt) every piece.
#[derive(Debug)]
pub struct LargeFragment {
    tree: Tree<'static>,
    movie: Movie,
    task: FragmentTask,
    pieces: PiecewiseFragment,
}

impl LargeFragment {
    /// `moof` are the first `task.moof_len` bytes of the fragment.
    pub fn new(
        protector: &mut SampleProtector,
        movie: &Movie,
        task: FragmentTask,
        moof: &[u8],
    ) -> Result<Self> {
        let tree = Tree::parse(task.head(moof)?, task.start)?.into_owned();
        let fragment = Fragment::read(&tree, Some(movie))?;
        let nothing = (task.start + task.moof_len, &[][..]);
        let decryption = protector.decryptor().of_fragment(&tree, &fragment, movie, nothing)?;
        let pieces = PiecewiseFragment::new(protector, fragment, &task, decryption)?;
        Ok(Self { tree, movie: movie.clone(), task, pieces })
    }

    /// File offset and bytes of the next piece of this pass, at most `max` bytes unless one sample is larger; `None`
    /// at the end of the pass.
    pub fn next_piece(&mut self, max: u64) -> Option<(u64, u64)> {
        self.pieces.next_piece(max)
    }

    /// First pass: reads the present piece, whose bytes stand at file offset `start`.
    pub fn scan(&mut self, protector: &mut SampleProtector, start: u64, bytes: &mut [u8]) -> Result<()> {
        self.pieces.scan(protector, &mut Window { start, bytes }).map_err(|error| self.task.in_source(error))
    }

    /// The new `moof`, after the first pass; the second begins.
    pub fn moof(&mut self, protector: &SampleProtector) -> Result<Vec<u8>> {
        self.pieces.rewind();
        let (fragment, entries) = (self.pieces.fragment(), self.pieces.entries());
        let nothing = (self.task.start + self.task.moof_len, &[][..]);
        protected_moof(
            protector.plan(),
            &self.tree,
            (&self.movie, fragment, nothing),
            entries,
            &self.task,
            None,
        )
    }

    /// Second pass: encrypts the present piece in place.
    pub fn encrypt(&mut self, protector: &SampleProtector, start: u64, bytes: &mut [u8]) -> Result<()> {
        let done = self.pieces.encrypt(protector, &mut Window { start, bytes });
        done.map_err(|error| self.task.in_source(error))
    }
}
