//! What is taken from the boxes that are read when a file is opened.

use crate::boxes::Tree;
use crate::boxes::fragment::tfhd_flags;
use crate::boxes::header::BoxHeader;
use crate::boxes::index::TrackFragmentRandomAccess;
use crate::bytes::units::push_expecting;
use crate::bytes::{Error, Result, limits};

use super::findings;
use super::fragment::{Fragment, check_track_ids};
use super::head_style::style;
use super::index::{FragmentEntry, FragmentPart, head_digest};
use super::indexer::Indexer;
use super::leftovers;
use super::movie::Movie;
use super::once;
use super::presented::Presented;

impl Indexer {
    /// Takes what is wanted of a box whose body is in `bytes`. What is damaged in it costs itself alone.
    /// Bytes that it has; fewer than its header says where it cannot have as many.
    pub(super) fn take_body(&mut self, start: u64, header: BoxHeader, bytes: &[u8]) -> u64 {
        let tree = match Tree::parse(bytes, start) {
            Ok(tree) => tree,
            Err(error) => {
                self.note(error);
                return header.size;
            }
        };
        let size = tree.root().header.size;
        let mut problems = Vec::new();
        tree.root().for_each(&mut |node| problems.extend(node.problem.clone()));
        let result = match &header.id.four_cc().0 {
            b"ftyp" => self.take_file_type(&tree),
            b"moov" => self.take_movie(&tree, &mut problems),
            b"sidx" => self.take_segment_index(&tree),
            b"ssix" => self.take_subsegment_index(&tree),
            b"meta" => self.take_meta(&tree),
            b"mfra" => self.take_met_random_access(&tree),
            b"moof" => self.take_fragment(&tree, &mut problems),
            _ => Ok(()),
        };
        // What the end of the file cuts short says so already, and what is missing in it is missing for that.
        if is_cut(&tree) {
            return size;
        }
        problems.extend(result.err());
        for problem in problems {
            self.note(tree.place(problem));
        }
        findings::find(&mut self.index, &tree);
        size
    }

    pub(super) fn note(&mut self, problem: Error) {
        if self.index.problems.len() < limits::PROBLEMS {
            self.index.problems.push(problem);
        }
    }

    fn take_file_type(&mut self, tree: &Tree<'_>) -> Result<()> {
        let file_type = tree.read(tree.root())?;
        self.index.file_type.get_or_insert(file_type);
        Ok(())
    }

    fn take_segment_index(&mut self, tree: &Tree<'_>) -> Result<()> {
        self.index.segment_indexes.push((tree.root().start, tree.read(tree.root())?));
        Ok(())
    }

    fn take_subsegment_index(&mut self, tree: &Tree<'_>) -> Result<()> {
        self.index.subsegment_indexes.push((tree.root().start, tree.read(tree.root())?));
        Ok(())
    }

    /// Kept when it says where items stand.
    fn take_meta(&mut self, tree: &Tree<'_>) -> Result<()> {
        if tree.root().child(b"iloc").is_some() {
            self.index.metas.push(tree.clone().into_owned());
        }
        Ok(())
    }

    /// The `mfra` is looked up from the end first; here it turns out to be there, or another to be elsewhere.
    fn take_met_random_access(&mut self, tree: &Tree<'_>) -> Result<()> {
        let start = tree.root().start;
        if self.mfra_met {
            let message =
                "The file has a second 'mfra'; there must be one. Is it several files joined into one?";
            return Err(Error::unsupported("second-mfra", message).at(start));
        }
        self.mfra_met = true;
        // Most often it has been read already, from the end of the file.
        let read = self.index.mfra.take().filter(|read| read.bytes() == tree.bytes());
        let tree = read.unwrap_or_else(|| tree.clone().into_owned());
        // Read here to fail here: it is wanted again only when all else is written.
        let read = tree
            .root()
            .all(b"tfra")
            .try_for_each(|node| tree.read(node).map(|_: TrackFragmentRandomAccess| ()));
        self.index.mfra = Some(tree);
        read
    }

    fn take_movie(&mut self, tree: &Tree<'_>, problems: &mut Vec<Error>) -> Result<()> {
        let start = tree.root().start;
        let Some(first) = &self.index.moov else {
            let movie = Movie::read(tree, problems);
            problems.extend(once::check(tree).err());
            self.index.traces.take_movie(tree, &movie);
            let room = limits::PROBLEMS.saturating_sub(self.index.findings.len());
            self.index.findings.extend(movie.entry_damage().take(room).cloned());
            self.index.moov = Some(tree.clone().into_owned());
            self.index.movie = Some(movie);
            return Ok(());
        };
        let is_same = first.bytes() == tree.bytes();
        let same = if is_same { "the same as" } else { "another than" };
        let (what, todo) = if self.index.movie.as_ref().is_some_and(|movie| !movie.fragmented) {
            (
                "two files were put one behind the other",
                "Join their media, and not the files, or take them apart",
            )
        } else {
            (
                "two initialization segments were joined into it",
                "Remove the one that is not of these fragments",
            )
        };
        let message = format!(
            "The file has a second 'moov' at byte {start}, {same} the first at byte {}: {what}. {todo}.",
            first.root().start
        );
        if !is_same && let Some(movie) = &mut self.index.movie {
            let other = Movie::read(tree, problems);
            self.index.traces.take_movie(tree, &other);
            movie.join(other);
        }
        Err(Error::file("duplicate-moov", message).at(start))
    }

    pub(super) fn samples_so_far(&self) -> u64 {
        self.index.fragments.last().map_or(0, |last| {
            last.first_sample + self.index.parts(last).iter().map(|part| u64::from(part.samples)).sum::<u64>()
        })
    }

    fn take_fragment(&mut self, tree: &Tree<'_>, problems: &mut Vec<Error>) -> Result<()> {
        self.check_data_place();
        let (start, size) = (tree.root().start, tree.root().header.size);
        let first_sample = self.samples_so_far();
        let first_part = self.index.parts.len();
        let end = start + size;
        let digest = head_digest(tree.bytes());
        // A moof is limited (limits::MOOF_LEN).
        let inside = |at: u64| u32::try_from(at - start).unwrap_or(0);
        let mut entry = FragmentEntry {
            start,
            moof_len: size,
            end,
            first_sample,
            first_part,
            part_count: 0,
            digest,
            // Behind version and flags.
            sequence_at: tree.root().child(b"mfhd").map_or(0, |mfhd| inside(mfhd.body_start() + 4)),
        };
        let damaged = problems.len();
        let fragment = Fragment::read_all(tree, self.index.movie.as_ref(), problems);
        for track in &fragment.tracks {
            if track.sample_count > 0 {
                let (id, entry) = (track.tfhd.track_id, track.sample_description_index);
                let entry = u64::from(id) << 32 | u64::from(entry);
                self.index.used_entries.entry(entry, track.start);
            }
            let has_base = track.tfhd.head.has(tfhd_flags::BASE_DATA_OFFSET);
            if has_base && track.base != start {
                self.index.bases.entry(track.id_at, track.base);
            }
            let expected = self.estimate(self.index.parts.len(), start);
            let Presented { first, earliest, behind, access } = Presented::of(track);
            push_expecting(
                &mut self.index.parts,
                expected,
                FragmentPart {
                    track_id: track.tfhd.track_id,
                    // Limited to far fewer (limits::FRAGMENT_SAMPLES).
                    samples: u32::try_from(track.sample_count).unwrap_or(u32::MAX),
                    bytes: track.bytes(),
                    duration: track.duration,
                    decode_time: self.times.take(track, first),
                    earliest,
                    behind,
                    access,
                    id_at: inside(track.id_at),
                    has_base,
                },
            );
        }
        // A traf takes at least 8 bytes, and a moof is limited (limits::MOOF_LEN).
        entry.part_count = u32::try_from(fragment.tracks.len()).unwrap_or(u32::MAX);
        self.open_ranges = fragment.data_ranges();
        let first = self.open_ranges.first().map_or(end, |(first, _)| *first);
        let last = self.open_ranges.last().map_or(end, |(_, last)| *last);
        self.open_data = Some((first, last));
        let expected = self.estimate(self.index.fragments.len(), start);
        push_expecting(&mut self.index.fragments, expected, entry);
        self.index.traces.take_fragment(tree);
        if problems.len() > damaged {
            return Ok(());
        }
        if let Some(movie) = &self.index.movie {
            for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
                let style = style(start, traf, track);
                self.index.style.get_or_insert(style);
                self.index.any_style |= style;
            }
            self.index.traces.take_keys(tree, &fragment, movie);
            check_track_ids(&fragment, movie)?;
            if self.index.items_in_fragments.is_none() {
                let located = &mut self.index.items_in_fragments;
                tree.root().for_each(&mut |node| {
                    if node.id().is(b"iloc") {
                        located.get_or_insert(node.start);
                    }
                });
            }
            leftovers::collect(&mut self.index.leftovers, tree, &fragment, movie);
        }
        once::check(tree)
    }
}

/// Whether the file ends before the outermost box does.
fn is_cut(tree: &Tree<'_>) -> bool {
    tree.root().problem.as_ref().is_some_and(|problem| problem.code() == "box-overrun")
}
