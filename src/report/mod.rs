//! Rank 10: everything that a person or a program is shown, as plain structs. Each shape has its one definition here or
//! in [`inspect`](crate::inspect), [`exchange::decode`](crate::exchange::decode) and [`manifest`](crate::manifest); `www/types.d.ts` says the same in TypeScript, and `tests/report.rs` compares them.
//!
//! Offsets, sizes and counts are integers below 2^53 and become JavaScript numbers; ticks may be larger and become
//! `bigint`. What is optional in TypeScript is left out when it is `None`; all else that is `None` becomes `null`.

mod boxes;
mod compare;
mod difference;
mod error;
mod file;
mod findings;
mod keys;
mod kind;
mod offline;
mod plan;
mod protection;
mod rows;
mod samples;
mod search;
mod task;
mod track;
mod verification;

pub use crate::compare::{
    Counts as DifferenceCounts, FieldDifference as DifferingField, Kind as DifferenceKind, Spot as BoxSpot,
};
pub(crate) use crate::exchange::base64_text as base64;
pub use crate::exchange::decode::{Decoded, Fact, Fault, Form as DecodedForm};
pub use crate::inspect::{BoxNode, Found};
pub use crate::manifest::{DescribedFile, Finding, Manifest, Written};
pub use boxes::{BoxView, Text, box_view, children, outside, top_boxes, wanted};
pub use compare::{
    ComparedTrack, DifferenceGroup, DifferingBox, DifferingBytes, FileComparison, FirstDifference, compare,
    comparison,
};
pub use difference::{Difference, Statement};
pub use error::ErrorReport;
pub use file::{Brands, Problem, Protectable, Summary, summary};
pub use findings::{BrokenRule, FileFinding, FileFindings, TargetAnswer, TargetReason, check, findings};
pub use keys::{
    AssignedKey, CommandReport, EncryptedReport, KeyListReport, KeyRule, ListedKey, RecipientReport,
    SpanReport, VideoRule, commands, key_list,
};
pub use offline::{OfflineCheck, offline};
pub use plan::{
    KeyReport, KidView, Measured, PlanReport, PlannedBox, PlannedTrack, PsshReport, measured, plan,
};
pub use protection::{SummaryProtection, TrackProtection};
pub use rows::{PackedSamples, ROW_LEN};
pub use samples::{
    SampleAt, SampleDependency, SampleEncryption, SamplePage, SampleRange, SampleRow, SampleTimeline,
    SampleUnit, SampleView, sample_at, sample_at_time, sample_page, sample_tfxd, sample_timeline,
    sample_view,
};
pub use search::{Overview, Search, SearchPart, overview, starts};
pub use task::{Range, Stretch, Work, work};
pub use track::{TrackReport, tracks};
pub use verification::{
    ClearPart, UsedStream, Verification, VerifiedParts, VerifiedTrack, VerifyFault, verification,
};

/// A file offset, length or count as a number with a fraction.
#[expect(clippy::cast_precision_loss, reason = "files stay below 2^53 bytes")]
pub(crate) fn number(n: u64) -> f64 {
    n as f64
}
