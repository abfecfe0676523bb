//! The header of one fragment, and the rows of its samples.

use std::rc::Rc;

use crate::boxes::grouped::{self, Groups};
use crate::boxes::outside::Outside;
use crate::boxes::piff::{self, FragmentTime};
use crate::boxes::{Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc};
use crate::track::encryption::{Encryption, Maps, Span, first_of_encryption, maps, spans};
use crate::track::presented::flags_of;
use crate::track::{Fragment, Index, TrackFragment};

use super::{Asked, Page, PartAt, Row, Samples};

/// The header of a fragment as read.
#[derive(Debug)]
pub(super) struct Head {
    tree: Tree<'static>,
    pub fragment: Fragment,
    /// How the samples of each `traf` are encrypted.
    secrets: Vec<Secrets>,
}

/// How the samples of one `traf` are encrypted, as far as that can be told.
#[derive(Debug, Default)]
struct Secrets {
    spans: Vec<(usize, Option<Rc<Encryption>>)>,
    maps: Maps,
    problem: Option<Error>,
}

/// Where a walk over the samples of a `traf` stands in what is said of their encryption.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    span: usize,
    in_span: usize,
    iv: usize,
    map: usize,
}

impl Head {
    /// The head whose `moof` is these bytes. IVs that stand outside of it are asked for.
    pub fn read(samples: &Samples, moof: Vec<u8>, start: u64) -> Asked<Self> {
        let tree = Tree::of_all(moof, start)?.into_owned();
        let movie = samples.index.movie.as_ref();
        // What is damaged is told of the box, and costs its own `traf`.
        let fragment = Fragment::read_all(&tree, movie, &mut Vec::new());
        let mut secrets = Vec::new();
        for (traf, track) in fragment.parts(&tree) {
            secrets.push(Secrets::read(samples, &tree, traf, track)?);
        }
        Ok(Self { tree, fragment, secrets })
    }

    /// Bytes that it takes.
    pub fn len(&self) -> u64 {
        len_u64(self.tree.bytes().len())
    }

    /// Adds the rows of a part, without the first `skip` samples, and up to number `end` of the track.
    pub fn rows(&self, index: &Index, at: PartAt, skip: usize, end: u64, page: &mut Page) {
        let number = to_len(at.part.into());
        let fragment = to_len(at.fragment.into());
        let entry = index.fragments.get(fragment);
        let part = entry.and_then(|entry| index.parts(entry).get(number));
        let (Some(track), Some(part)) = (self.fragment.tracks.get(number), part) else { return };
        // Counted when the file was opened; another number is of another file.
        let count = to_len(u64::from(part.samples)).min(track.sample_count);
        let count = count.min(to_len(end.saturating_sub(at.first)));
        let nothing = Secrets::default();
        let secrets = self.secrets.get(number).unwrap_or(&nothing);
        page.problems.extend(secrets.problem.clone());
        let mut groups = self.groups(track);
        let dependencies = self.dependencies(track);
        let mut place = Place::default();
        let mut decode = part.decode_time;
        let mut sample = 0;
        for run in &track.runs {
            let mut start = run.data_start;
            for in_run in 0..run.count() {
                if sample == count {
                    return;
                }
                let own = run.trun.samples.get(in_run);
                let duration = track.duration_of(run, in_run);
                let offset = own.map_or(0, |own| own.sample_composition_time_offset);
                let size = run.size(in_run);
                let flags = flags_of(track, run, in_run);
                let flags = flags.with_dependency(dependencies.get(sample).copied());
                let in_groups: Vec<(FourCc, u32)> = groups
                    .iter_mut()
                    .map(|(groups, place)| (groups.kind, groups.next(place).unwrap_or(0)))
                    .collect();
                let (by, iv, map) = secrets.next(sample, &mut place);
                if sample >= skip {
                    page.rows.push(Row {
                        number: at.first + len_u64(sample) + 1,
                        fragment: Some(fragment),
                        decode,
                        composition: decode.saturating_add(offset.into()),
                        duration,
                        start,
                        size,
                        flags,
                        entry: track.sample_description_index,
                        groups: in_groups.into_iter().filter(|(_, number)| *number > 0).collect(),
                        iv: iv_of(by, iv),
                        by: by.map(Rc::clone),
                        map: map.to_vec(),
                    });
                }
                decode = decode.saturating_add(duration.into());
                start = start.saturating_add(size.into());
                sample += 1;
            }
        }
    }

    /// The decode time that tfxd says of a part, in ticks.
    pub fn tfxd(&self, part: usize) -> Option<i64> {
        let traf = self.traf(self.fragment.tracks.get(part)?)?;
        let tfxd: FragmentTime = self.tree.read(traf.child_id(piff::TFXD)?).ok()?;
        Some(tfxd.fragment_absolute_time.0.cast_signed())
    }

    fn traf(&self, track: &TrackFragment) -> Option<&Node> {
        self.tree.root().all(b"traf").find(|traf| traf.start == track.start)
    }

    /// What `sdtp` says of the samples of a `traf`, a byte each; nothing where it does not.
    fn dependencies(&self, track: &TrackFragment) -> &[u8] {
        let Some(sdtp) = self.traf(track).and_then(|traf| traf.child(b"sdtp")) else { return &[] };
        let mut fields = self.tree.fields(sdtp);
        fields.u32("version and flags").map(|_| fields.rest()).unwrap_or_default()
    }

    /// Which groups the samples of a `traf` are in.
    fn groups(&self, track: &TrackFragment) -> Vec<(Groups<'_>, grouped::Place)> {
        let nodes = self.traf(track).into_iter().flat_map(Groups::nodes);
        nodes
            .filter_map(|node| Some((Groups::read(&self.tree, node).ok()?, grouped::Place::default())))
            .collect()
    }
}

/// The IV of a sample: its own, or that of all.
pub(super) fn iv_of(by: Option<&Rc<Encryption>>, own: &[u8]) -> Vec<u8> {
    match by {
        Some(by) if by.iv_size == 0 => by.constant_iv.clone(),
        _ => own.to_vec(),
    }
}

impl Secrets {
    fn read(samples: &Samples, tree: &Tree<'_>, traf: &Node, track: &TrackFragment) -> Asked<Self> {
        let index = &samples.index;
        let Some(movie) = &index.movie else { return Ok(Self::default()) };
        let found: Vec<Span> = match spans(tree, traf, track, movie) {
            Ok(found) => found,
            Err(error) => return Ok(Self { problem: Some(error), ..Self::default() }),
        };
        let mut read = maps(tree, traf, track, &found, (0, &[]));
        if let Err(error) = &read
            && error.code() == "iv-elsewhere"
            && let Some(saio) = first_of_encryption(tree, traf, b"saio")
            && let Some(outside) = Outside::of(tree, saio, &[tree.root(), traf], index.moov.as_ref())
            && outside.start.saturating_add(outside.len) <= index.file_len
        {
            let bytes = samples.bytes(outside.start, outside.len)?;
            read = maps(tree, traf, track, &found, (outside.start, bytes));
        }
        let spans = found.into_iter().map(|span| (span.count, span.by.map(Rc::new))).collect();
        Ok(match read {
            Ok(maps) => Self { spans, maps, problem: None },
            Err(error) => Self { spans, maps: Maps::default(), problem: Some(error) },
        })
    }

    /// What is said of sample `number`, which comes next: how it is encrypted, its IV, its map.
    fn next(
        &self,
        number: usize,
        place: &mut Place,
    ) -> (Option<&Rc<Encryption>>, &[u8], &[crate::boxes::cenc::Subsample]) {
        while self.spans.get(place.span).is_some_and(|(count, _)| place.in_span >= *count) {
            (place.span, place.in_span) = (place.span + 1, 0);
        }
        place.in_span += 1;
        let by = self.spans.get(place.span).and_then(|(_, by)| by.as_ref());
        let size = by.map_or(0, |by| usize::from(by.iv_size));
        let iv = self.maps.ivs.get(place.iv..place.iv + size).unwrap_or_default();
        place.iv += iv.len();
        let count = self.maps.counts.get(number).map_or(0, |count| usize::from(*count));
        let map = self.maps.subsamples.get(place.map..place.map + count).unwrap_or_default();
        place.map += count;
        (by, iv, map)
    }
}
