//! What is said of samples beside their table or runs: for how many of them, and whether the groups that they are in are
//! described (ISO/IEC 14496-12:2022 8.5.3, 8.6.4, 8.7.6, 8.7.7, 8.9).

use crate::boxes::fragment::SubSampleInformation;
use crate::boxes::grouped::Groups;
use crate::boxes::groups::{FIRST_LOCAL_GROUP, SampleGroupDescription};
use crate::boxes::{Node, Tree};
use crate::bytes::FourCc;
use crate::bytes::units::len_u64;

use super::finding::{Findings, Place};
use super::rules;

/// Where groups of samples are described.
pub type Described<'d> = (&'d Tree<'d>, &'d Node);

/// Looks at the boxes in an `stbl` or `traf`, which has so many samples; `of_track` is the `stbl` beside a `traf`.
pub fn look(
    (tree, parent): Described<'_>,
    of_track: Option<Described<'_>>,
    track: u32,
    samples: u64,
    found: &mut Findings,
) {
    let whole = if parent.id().is(b"traf") { "fragment" } else { "track" };
    let place = |node: &Node| Place::of(tree, node).of_track(track);
    for node in &parent.children {
        let id = node.id();
        let bytes = || len_u64(tree.fields(node).remaining()).saturating_sub(4);
        let mut kind = None;
        // How many it is for; those that are behind the last one of some are just not spoken of.
        let (listed, is_wrong) = match &id.four_cc().0 {
            b"sdtp" => (bytes(), bytes() != samples),
            b"stdp" => (bytes() / 2, bytes() / 2 != samples),
            b"padb" => {
                let mut fields = tree.fields(node);
                let Ok(count) = fields.u32("version").and_then(|_| fields.u32("sample_count")) else {
                    continue;
                };
                (count.into(), u64::from(count) != samples)
            }
            b"subs" => {
                let Ok(subs) = tree.read::<SubSampleInformation>(node) else { continue };
                let listed = subs.entries.entries.iter().map(|entry| u64::from(entry.sample_delta)).sum();
                (listed, listed > samples)
            }
            b"sbgp" | b"csgp" => {
                let Ok(groups) = Groups::read(tree, node) else { continue };
                kind = Some(groups.kind);
                described((tree, parent), of_track, &groups, &|| place(node), found);
                let listed = groups.samples();
                (listed, listed > samples)
            }
            _ => continue,
        };
        if is_wrong {
            found.add_by(&rules::TABLE_COUNTS, &|| {
                let of = kind.map_or_else(String::new, |of| format!(" of the grouping '{of}'"));
                let message = format!("'{id}'{of} is for {listed} samples, and the {whole} has {samples}.");
                (place(node), message)
            });
        }
    }
}

/// Whether each number of a group stands for a description.
fn described(
    own: Described<'_>,
    of_track: Option<Described<'_>>,
    groups: &Groups<'_>,
    place: &dyn Fn() -> Place,
    found: &mut Findings,
) {
    let is_of_keys = groups.kind.0 == *b"seig";
    // Of a fragment those with keys are told where its samples are looked at.
    if is_of_keys && of_track.is_some() {
        return;
    }
    let (inside, beside) = (count(own, groups.kind), of_track.map_or(0, |of| count(of, groups.kind)));
    // A fragment's own, counted by themselves.
    let local = |number: u32| {
        number.checked_sub(FIRST_LOCAL_GROUP - 1).filter(|local| *local > 0 && of_track.is_some())
    };
    // Writers before there were such numbers count them from 1.
    let is_described =
        |number: u32| local(number).map_or(number <= inside.max(beside), |local| local <= inside);
    if let Some(number) = groups.find(&|number| !is_described(number)) {
        let rule = if is_of_keys { &rules::BAD_GROUP } else { &rules::UNDESCRIBED };
        found.add_by(rule, &|| {
            let number = local(number).unwrap_or(number);
            let kind = groups.kind;
            let message =
                format!("Samples are in group {number} of the grouping '{kind}', of which {inside} are described here.");
            (place(), message)
        });
    }
}

/// How many descriptions there are of a kind of groups.
fn count((tree, parent): Described<'_>, kind: FourCc) -> u32 {
    let mut all = parent.all(b"sgpd").filter_map(|node| tree.read::<SampleGroupDescription>(node).ok());
    all.find(|read| read.groups.grouping_type == kind).map_or(0, |read| read.groups.entry_count)
}
