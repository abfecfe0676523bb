//! Whatever the file: opening, planning and protecting end, without a panic.

#![no_main]

use boxlock::bytes::{ContentKey, KeyId};
use boxlock::output::Step;
use boxlock::output::protected::protect_fragment;
use boxlock::protect::request::SecretText;
use boxlock::protect::{Random, Request, RequestText, SampleProtector};
use boxlock::session::Session;
use libfuzzer_sys::fuzz_target;

fn protect(file: &[u8], profile: &str) -> Option<()> {
    let mut session = Session::new(file.len() as u64).ok()?;
    while let Some(need) = session.needs() {
        session.feed(need.start, &file[need.start as usize..(need.start + need.len) as usize]).ok()?;
    }
    let text = RequestText {
        profile: Some(profile.to_owned()),
        kid: Some(KeyId([7; 16]).uuid()),
        key: Some(SecretText("3a2a1b68dd2bd9b2eeb25e84c4776668".to_owned())),
        la_url: "https://licence.example/".to_owned(),
        ..RequestText::default()
    };
    let random = Random { key: ContentKey([1; 16]), kid: [2; 16], iv_start: u64::MAX, more: ContentKey([3; 16]) };
    let plan = session.plan(Request::parse(&text, &random).ok()?).ok()?;
    let movie = session.index().ok()?.movie.clone()?;
    let mut protector = SampleProtector::new(plan.clone());
    let mut assembly = session.assemble(&plan).ok()?;
    while let Some(step) = assembly.next_step() {
        let len = match step {
            Step::Bytes(bytes) => bytes.len() as u64,
            Step::Copy { len, .. } => len,
            Step::File => continue,
            Step::RandomAccess => assembly.random_access().ok()?.len() as u64,
            Step::Fragment(task) => {
                let mut bytes = file[task.start as usize..task.end as usize].to_vec();
                let done = protect_fragment(&mut protector, &movie, &task, &mut bytes, None).ok()?;
                (done.moof.len() + bytes.len() - done.media_start) as u64
            }
        };
        assembly.placed(len);
    }
    assembly.patches(1).ok().map(|_| ())
}

fuzz_target!(|file: &[u8]| {
    protect(file, "piff");
    protect(file, "hybrid");
});
