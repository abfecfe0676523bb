//! Fragments too large to hold: going by in pieces, they come out as those protected whole.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod support;

use boxlock::output::Step;
use boxlock::output::assembly::{LargeFragment, protect_fragment};
use boxlock::protect::SampleProtector;
use support::drive::{self, Feed};

#[test]
fn pieces_of_any_size_give_the_same_bytes() {
    let mut fragments = 0;
    for (name, file) in support::corpus_files() {
        let Ok(session) = drive::open(&file, Feed::Whole) else { continue };
        for profile in ["piff", "hybrid"] {
            let Ok(plan) = drive::plan(&session, &drive::request(profile)) else { continue };
            let movie = session.index().unwrap().movie.clone().unwrap();
            let mut protector = SampleProtector::new(plan.clone());
            let mut assembly = session.assemble(&plan).unwrap();
            while let Some(step) = assembly.next_step() {
                let Step::Fragment(task) = step else { continue };
                let source = &file[task.start as usize..task.end as usize];
                let mut whole = source.to_vec();
                let done = protect_fragment(&mut protector, &movie, &task, &mut whole, None).unwrap();
                let (moof, media) = source.split_at(task.moof_len as usize);
                // From pieces smaller than most samples to one that holds all.
                for max in [64, 3_000, 50_000, u64::from(u32::MAX)] {
                    let mut large = LargeFragment::new(&mut protector, &movie, task.clone(), moof).unwrap();
                    let mut output = media.to_vec();
                    let media_start = task.start + task.moof_len;
                    let range = |start: u64, len: u64| {
                        let from = (start - media_start) as usize;
                        from..from + len as usize
                    };
                    let mut seen = 0;
                    while let Some((start, len)) = large.next_piece(max) {
                        large.scan(&mut protector, start, &mut output[range(start, len)]).unwrap();
                        seen += len;
                    }
                    assert_eq!(seen, task.end - media_start, "{name}: the pieces cover the media data");
                    assert_eq!(large.moof(&protector).unwrap(), done.moof, "{name} {profile} {max}: moof");
                    while let Some((start, len)) = large.next_piece(max) {
                        large.encrypt(&protector, start, &mut output[range(start, len)]).unwrap();
                    }
                    assert!(output == whole[done.media_start..], "{name} {profile} {max}: media data");
                }
                fragments += 1;
            }
        }
    }
    println!("{fragments} fragments");
}
