//! How the header of one track's part of a fragment is written: what protecting it changes, so that it can be changed back.

use crate::boxes::Node;
use crate::boxes::fragment::{tfhd_flags, trun_flags};
use crate::boxes::record::style::{
    BASE_BEHIND, BASE_IN_FILE, FIRST_WITHOUT, NO_BASE, NO_ENTRY, NO_TIME, OLD_RUNS, OTHERS_WITHOUT,
};

use super::fragment::{Run, TrackFragment};

/// All that is not about runs.
const OF_HEAD: u8 = NO_TIME | NO_BASE | BASE_BEHIND | BASE_IN_FILE | NO_ENTRY;

/// The style of `traf`, in a `moof` that begins at `moof_start`: that of its first runs, where they differ.
pub fn style(moof_start: u64, traf: &Node, track: &TrackFragment) -> u8 {
    let has = |flag| track.tfhd.head.has(flag);
    let mut style = 0;
    let mut set = |bit: u8, is: bool| style |= if is { bit } else { 0 };
    let in_file = has(tfhd_flags::BASE_DATA_OFFSET);
    let no_base = !in_file && !has(tfhd_flags::DEFAULT_BASE_IS_MOOF);
    set(NO_TIME, traf.child(b"tfdt").is_none());
    set(NO_BASE, no_base);
    set(BASE_BEHIND, no_base && track.base != moof_start);
    set(BASE_IN_FILE, in_file);
    set(NO_ENTRY, !has(tfhd_flags::SAMPLE_DESCRIPTION_INDEX));
    let old = track.runs.iter().find(|run| is_negative(run));
    set(OLD_RUNS, old.is_some_and(|run| run.trun.head.version == 0));
    let is_without = |number: usize| track.runs.get(number).is_some_and(is_without_offset);
    set(FIRST_WITHOUT, is_without(0));
    set(OTHERS_WITHOUT, is_without(1));
    style
}

/// Whether composition offsets of a run are negative.
pub fn is_negative(run: &Run) -> bool {
    run.trun.samples.iter().any(|sample| sample.sample_composition_time_offset < 0)
}

fn is_without_offset(run: &Run) -> bool {
    !run.trun.head.has(trun_flags::DATA_OFFSET)
}

/// The style of one run: [`OLD_RUNS`] and [`FIRST_WITHOUT`].
pub fn of_run(run: &Run) -> u8 {
    let old = if is_negative(run) && run.trun.head.version == 0 { OLD_RUNS } else { 0 };
    old | if is_without_offset(run) { FIRST_WITHOUT } else { 0 }
}

/// What the style of a part says of its run of this number.
pub fn said_of_run(style: u8, number: usize, run: &Run) -> u8 {
    let without = if number == 0 { FIRST_WITHOUT } else { OTHERS_WITHOUT };
    let old = if is_negative(run) { style & OLD_RUNS } else { 0 };
    old | if style & without == 0 { 0 } else { FIRST_WITHOUT }
}

/// Whether all that `usual` says is true of a part with this style and these runs.
pub fn fits(usual: u8, style: u8, runs: &[u8], track: &TrackFragment) -> bool {
    let mut all = track.runs.iter().enumerate().zip(runs);
    usual & OF_HEAD == style & OF_HEAD
        && all.all(|((number, run), own)| said_of_run(usual, number, run) == *own)
}
