//! What `senc` says of the samples of the first track.

use super::raw;
use super::witness::wanted::Ranges;

/// From where to where samples are protected, one range a subsample.
pub fn ranges(file: &[u8], iv_len: usize) -> Vec<Ranges> {
    let mut all = Vec::new();
    for moof in raw::boxes(file, 0).iter().filter(|one| one.name == "moof") {
        let senc = moof.at("traf/senc");
        assert_eq!(senc.flags(), 2, "senc has subsamples");
        let number = |at: usize, len: usize| {
            senc.body()[at..at + len].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
        };
        let mut at = 8;
        for _ in 0..number(4, 4) {
            at += iv_len;
            let (count, mut from, mut found) = (number(at, 2), 0, Ranges::new());
            at += 2;
            for entry in (at..).step_by(6).take(count) {
                from += number(entry, 2);
                let protected = number(entry + 2, 4);
                if protected > 0 {
                    found.push((from, from + protected));
                }
                from += protected;
            }
            at += 6 * count;
            all.push(found);
        }
    }
    all
}
