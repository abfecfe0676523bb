//! What groups of samples with a key of their own (`seig`) say of encryption, held against the scheme as the track's defaults
//! are (ISO/IEC 23001-7:2023 6, 9.1, 10).

use crate::boxes::cenc::pattern_text;
use crate::boxes::groups::SampleGroupDescription;
use crate::boxes::{Node, Tree};
use crate::track::leftovers::is_key_group;
use crate::track::{Protection, Track, TrackKind};

use super::finding::{Findings, Place};
use super::ivs::Ivs;
use super::rules;

/// Looks at the descriptions in an `stbl` or `traf` of an encrypted track.
pub fn look(tree: &Tree<'_>, parent: &Node, track: &Track, protection: &Protection, found: &mut Findings) {
    let all = parent.all(b"sgpd").filter(|node| is_key_group(tree, node));
    for (node, read) in all.filter_map(|node| Some((node, tree.read::<SampleGroupDescription>(node).ok()?))) {
        let place = || Place::of(tree, node).of_track(track.id);
        for (number, group) in (1_u64..).zip(read.groups.encryption()) {
            let Some(group) = group else { continue };
            let what = &format!("group {number} of track {}", track.id);
            let (flag, pattern, cipher) = (group.is_protected, group.pattern, protection.cipher);
            if flag > 1 {
                let message =
                    format!("The 'seig' of {what} says isProtected {flag}, where 0 and 1 are known.");
                found.add(&rules::PROTECTED_FLAG, place(), message);
            }
            if flag != 1 {
                continue;
            }
            if pattern != 0 && matches!(&cipher.0, b"cenc" | b"cbc1") {
                let message = format!(
                    "The 'seig' of {what} has the pattern {pattern:#04x} ({}), and the scheme is '{cipher}', which has none.",
                    pattern_text(pattern)
                );
                found.add(&rules::PATTERN, place(), message);
            }
            for key in group.keys() {
                if key.kid.0 == [0; 16] {
                    let message = format!("The key ID of {what} is 16 bytes of zeros.");
                    found.add(&rules::KID_ZERO, place(), message);
                }
                let (size, constant) = (key.per_sample_iv_size, key.constant_iv.entries.len());
                // What is the track's own has been told of it.
                let own = (protection.iv_size, protection.constant_iv.len(), protection.pattern);
                if protection.is_protected && own == (size, constant, pattern) {
                    continue;
                }
                let is_video = track.kind == TrackKind::Video;
                Ivs { what, cipher, size, constant, pattern, is_video }.look(&place, found);
            }
        }
    }
}
