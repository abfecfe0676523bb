//! How two open files differ.

use serde::Serialize;

use crate::bytes::Result;
use crate::compare::{
    self, BoxDifference, Comparing, Counts, FieldDifference, Kind, Spot, TrackComparison, Unlike,
};
use crate::session::Session;

/// How a file differs from another: `FileComparison`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileComparison {
    /// Whether nothing differs.
    pub same: bool,
    /// Bytes of this file.
    pub size: u64,
    /// Bytes of the other.
    pub other_size: u64,
    /// How many boxes differ.
    pub counts: Counts,
    /// The boxes that differ, in file order; of each group a few are told.
    pub differences: Vec<DifferingBox>,
    /// The same by their kind, all of them, in the order of the first of each.
    pub groups: Vec<DifferenceGroup>,
    /// The samples, track by track.
    pub tracks: Vec<ComparedTrack>,
    /// Whether those of this file were compared decrypted, with keys.
    pub decrypted: bool,
    /// And those of the other.
    pub other_decrypted: bool,
    /// Why the samples could not all be compared, as a plain sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// A box that differs: `DifferingBox`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferingBox {
    /// `changed`, `added`, `removed` or `moved`.
    pub kind: Kind,
    /// Its four-character code as text; in this file, where it has it.
    #[serde(rename = "type")]
    pub code: String,
    /// What it is called.
    pub name: &'static str,
    /// Where it is in this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<Spot>,
    /// Where it is in the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<Spot>,
    /// Whether it stands elsewhere among its neighbours.
    pub moved: bool,
    /// The fields that differ, the first of them.
    pub fields: Vec<FieldDifference>,
    /// How many more there are.
    pub more_fields: u64,
    /// Offsets in it that differ because what they lead to has moved.
    pub offsets: u64,
    /// The first bytes that differ, where no field tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<DifferingBytes>,
    /// Number of its group.
    pub group: usize,
}

/// Bytes that differ: `DifferingBytes`.
#[derive(Clone, Debug, Serialize)]
pub struct DifferingBytes {
    /// File offset of the first that differs, in this file.
    pub here: u64,
    /// And in the other.
    pub there: u64,
    /// A few bytes from there on, as hex.
    pub before: String,
    /// Those of the other.
    pub after: String,
}

/// Boxes that differ in the same way: `DifferenceGroup`.
#[derive(Clone, Debug, Serialize)]
pub struct DifferenceGroup {
    /// `changed`, `added`, `removed` or `moved`.
    pub kind: Kind,
    /// As `moof/traf/trun`, without numbers.
    pub path: String,
    /// What they are called.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// How many of them are told.
    pub told: u64,
}

/// The samples of a track: `ComparedTrack`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedTrack {
    /// Track ID in this file; `null` where it has no such track.
    pub id: Option<u32>,
    /// Track ID in the other.
    pub other_id: Option<u32>,
    /// How many samples it has in this file.
    pub samples: u64,
    /// And in the other.
    pub other_samples: u64,
    /// How many of them are encrypted in this file.
    pub encrypted: u64,
    /// And in the other.
    pub other_encrypted: u64,
    /// How many are the same in size, bytes, duration, composition offset and whether they are random access points.
    pub equal: u64,
    /// How many differ in size.
    pub sizes: u64,
    /// How many differ in bytes, and not in size.
    pub bytes: u64,
    /// How many differ in duration or composition offset.
    pub times: u64,
    /// How many differ in whether they are random access points.
    pub syncs: u64,
    /// The first that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstDifference>,
}

/// The first sample that differs: `FirstDifference`.
#[derive(Clone, Debug, Serialize)]
pub struct FirstDifference {
    /// Its number in the track, from 1.
    pub sample: u64,
    /// Seconds from the beginning of the first; `null` where the file says nothing of time.
    pub time: Option<f64>,
    /// `size`, `bytes`, `time` or `sync`.
    pub how: &'static str,
}

/// Begins to compare two open files.
///
/// # Errors
/// `not-open`.
pub fn compare(this: &Session, other: &Session) -> Result<Comparing> {
    Ok(Comparing::new(this.index()?.clone(), other.index()?.clone()))
}

/// What came of it.
pub fn comparison(comparing: Comparing) -> FileComparison {
    let found = comparing.finish();
    let counts = found.counts;
    let same_tracks = found.tracks.iter().all(|track| {
        let samples = track.samples;
        samples.0 == samples.1 && track.equal == samples.0 && track.ids.0.is_some() == track.ids.1.is_some()
    });
    let boxes =
        counts.changed + counts.added + counts.removed + counts.moved + counts.offsets + counts.unread;
    FileComparison {
        same: boxes == 0 && same_tracks && found.failed.is_none() && found.sizes.0 == found.sizes.1,
        size: found.sizes.0,
        other_size: found.sizes.1,
        counts,
        differences: found.differences.into_iter().map(differing_box).collect(),
        groups: found.groups.into_iter().map(group).collect(),
        tracks: found.tracks.iter().map(track).collect(),
        decrypted: found.decrypted.0,
        other_decrypted: found.decrypted.1,
        failed: found.failed,
    }
}

fn differing_box(found: BoxDifference) -> DifferingBox {
    DifferingBox {
        kind: found.kind,
        code: found.id.four_cc().text(),
        name: found.name,
        here: found.this,
        there: found.other,
        moved: found.moved,
        fields: found.fields,
        more_fields: found.more_fields,
        offsets: found.offsets,
        bytes: found.bytes.map(|bytes| DifferingBytes {
            here: bytes.at.0,
            there: bytes.at.1,
            before: hex::encode(bytes.before),
            after: hex::encode(bytes.after),
        }),
        group: found.group,
    }
}

fn group(found: compare::Group) -> DifferenceGroup {
    let compare::Group { kind, path, name, count, told, .. } = found;
    DifferenceGroup { kind, path, name, count, told }
}

fn track(found: &TrackComparison) -> ComparedTrack {
    let scale = found.timescales.0;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let first = found.first.map(|first| FirstDifference {
        sample: first.sample + 1,
        time: (scale > 0).then(|| first.ticks as f64 / f64::from(scale)),
        how: match first.how {
            Unlike::Size => "size",
            Unlike::Bytes => "bytes",
            Unlike::Time => "time",
            Unlike::Sync => "sync",
        },
    });
    ComparedTrack {
        id: found.ids.0,
        other_id: found.ids.1,
        samples: found.samples.0,
        other_samples: found.samples.1,
        encrypted: found.encrypted.0,
        other_encrypted: found.encrypted.1,
        equal: found.equal,
        sizes: found.sizes,
        bytes: found.bytes,
        times: found.times,
        syncs: found.syncs,
        first,
    }
}
