//! Fragments too large to hold are decrypted in pieces, to the same bytes.

use boxlock::output::Step;
use boxlock::output::protected::{LargeFragment, protect_fragment};
use boxlock::protect::RequestText;
use boxlock::protect::SampleProtector;
use boxlock::protect::request::SecretText;

use super::{WAYS, undo};
use crate::support::drive::{self, Feed, request_in};

#[test]
fn pieces_of_any_size_give_the_same_bytes() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let own = undo(&[(drive::KID, drive::KEY)]);
    let anew = RequestText {
        kid: Some("0e1e2e3e-0000-4000-8000-0123456789ab".to_owned()),
        key: Some(SecretText("0102030405060708090a0b0c0d0e0f00".to_owned())),
        source_keys: own.source_keys.clone(),
        ..request_in("cbcs", "plain")
    };
    let mut fragments = 0;
    for (scheme, form) in WAYS {
        let file = drive::protect(sample, &request_in(scheme, form)).unwrap();
        let session = drive::open(&file, Feed::Whole).unwrap();
        for text in [&own, &anew] {
            let plan = drive::plan(&session, text).unwrap();
            let movie = session.work().unwrap().movie.clone().unwrap();
            let mut protector = SampleProtector::new(plan.clone());
            let mut piecewise = SampleProtector::new(plan.clone());
            let mut assembly = session.assemble(&plan).unwrap();
            while let Some(step) = assembly.next_step() {
                let Step::Fragment(task) = step else { continue };
                let source = file[task.start as usize..task.end as usize].to_vec();
                let mut whole = source.clone();
                let done = protect_fragment(&mut protector, &movie, &task, &mut whole, None).unwrap();
                let (moof, media) = source.split_at(task.moof_len as usize);
                for max in [64, 3_000, 50_000, u64::from(u32::MAX)] {
                    let mut large = LargeFragment::new(&mut piecewise, &movie, task.clone(), moof).unwrap();
                    let range = |start: u64, len: u64| {
                        let from = (start - task.start - task.moof_len) as usize;
                        from..from + len as usize
                    };
                    while let Some((start, len)) = large.next_piece(max) {
                        large.scan(&mut piecewise, start, &mut media[range(start, len)].to_vec()).unwrap();
                    }
                    assert_eq!(large.moof(&piecewise).unwrap(), done.moof, "{scheme} {form} {max}");
                    // Each pass reads the file for itself.
                    let mut output = media.to_vec();
                    while let Some((start, len)) = large.next_piece(max) {
                        large.encrypt(&piecewise, start, &mut output[range(start, len)]).unwrap();
                    }
                    assert!(output == whole[done.media_start..], "{scheme} {form} {max}");
                }
                fragments += 1;
            }
        }
    }
    assert!(fragments >= 50, "{fragments}");
}
