//! Opening, planning and protecting whatever comes, as a page would: nothing may panic or go on without end.

use boxlock::bytes::{Error, Kind};
use boxlock::session::Session;

use super::drive::{self, Feed};

/// What became of a file.
#[derive(Debug)]
pub enum Fate {
    /// It was protected, in both profiles.
    Protected,
    /// It was refused.
    Refused(Error),
}

/// Opens with just the bytes asked for, and counts the questions.
fn open_counting(file: &[u8]) -> Result<Session, Error> {
    let mut session = Session::new(file.len() as u64)?;
    // Each box takes a question for its header and one for its body; the smallest box has 8 bytes.
    let mut questions = file.len() / 4 + 10;
    while let Some(need) = session.needs() {
        questions = questions.checked_sub(1).expect("opening comes to an end");
        let end = need.start.checked_add(need.len).expect("no wrap");
        assert!(need.len > 0 && end <= file.len() as u64, "{need:?} is in the file");
        session.feed(need.start, &file[need.start as usize..end as usize])?;
    }
    Ok(session)
}

/// What every error has to have.
pub fn check_error(error: &Error) {
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(!error.code().is_empty() && error.code().chars().all(kebab), "{error:?}");
    assert!(
        error.message().ends_with(['.', '?', '!'])
            || error.message().ends_with("output.mp4")
            || error.message().ends_with("output.mov")
            || error.message().ends_with("-map 0)"),
        "{error:?}"
    );
    // What is wrong inside a file has a place; what is wrong with the whole has none.
    let whole = [
        "empty",
        "no-moov",
        "not-fragmented",
        "no-samples",
        "no-track",
        "samples-in-moov",
        "already-protected",
        "nothing-encrypted",
        "still-image",
        "several-videos",
    ];
    let whole = whole.contains(&error.code());
    assert!(whole || error.kind() == Kind::Caller || error.offset().is_some(), "{error:?}");
}

/// Tries everything with a file.
pub fn fate(file: &[u8]) -> Fate {
    let tried = try_all(file);
    if let Fate::Refused(error) = &tried {
        check_error(error);
    }
    tried
}

fn try_all(file: &[u8]) -> Fate {
    let session = match open_counting(file) {
        Ok(session) => session,
        Err(error) => {
            assert_eq!(drive::open(file, Feed::Whole).expect_err("refused however it is read"), error);
            return Fate::Refused(error);
        }
    };
    let index = session.index().expect("open");
    for problem in &index.problems {
        check_error(problem);
    }
    for fragment in &index.fragments {
        assert!(fragment.start + fragment.moof_len <= fragment.end && fragment.end <= index.file_len);
    }
    for profile in ["piff", "hybrid"] {
        if let Err(error) = drive::protect(file, &drive::request(profile)) {
            return Fate::Refused(error);
        }
    }
    // Whatever it is, reading it as a protected file must be as harmless.
    let _ = drive::decrypted_samples(file, |_, _| Some(boxlock::bytes::ContentKey([1; 16])));
    Fate::Protected
}

/// A small generator of numbers that look random and are always the same (xorshift64*).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
