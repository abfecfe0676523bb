//! Files changed in their structure: each change is opened, planned and protected. Whatever is called a success has to
//! decrypt to the changed file's own samples, by the witness, with every byte encrypted that has to be; and nothing
//! may panic, or go on without end.
//!
//! The short form runs with the other tests. For the long one say how many, on how many threads, and where to begin:
//!
//! ```text
//! BOXLOCK_MUTANTS=1000000 cargo test --release --test all mutation:: -- --nocapture
//! ```
//! with `BOXLOCK_THREADS` (1) and `BOXLOCK_SEED` (1) beside it.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod change;
mod originals;
use crate::support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use support::drive::{protect, request};
use support::hostile::Numbers;
use support::verdict::{reopens, witness};
use support::witness::judge::UNREAD;

/// No file of a few hundred kilobytes takes longer, on the slowest machine.
const LONGEST: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Sums {
    mutants: u64,
    protections: u64,
    refused: BTreeMap<String, u64>,
    /// Successes with files that the witness does not read, by what it says, and one of each.
    unread: BTreeMap<String, (u64, String)>,
    wrong: Vec<String>,
    slowest: Duration,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.mutants += other.mutants;
        self.protections += other.protections;
        other.refused.into_iter().for_each(|(code, n)| *self.refused.entry(code).or_default() += n);
        for (why, (n, example)) in other.unread {
            self.unread.entry(why).or_insert((0, example)).0 += n;
        }
        self.wrong.extend(other.wrong);
        self.slowest = self.slowest.max(other.slowest);
    }

    fn tell(&self) {
        println!(
            "{} mutants, {} protections, {} refusals",
            self.mutants,
            self.protections,
            self.refused.values().sum::<u64>()
        );
        println!("refused: {:?}", self.refused);
        println!("protected, and not read by the witness:");
        for (why, (n, example)) in &self.unread {
            println!("  {n} × {why}; {example}");
        }
        println!("{} wrong, the slowest took {:?}", self.wrong.len(), self.slowest);
    }
}

/// Numbers of a text as one sign, so that like texts are counted together.
fn kind_of(text: &str) -> String {
    let mut kind = String::new();
    for c in text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }) {
        if c != '#' || !kind.ends_with('#') {
            kind.push(c);
        }
    }
    kind
}

fn try_one(mutant: &[u8], sums: &mut Sums, what: &str) {
    for profile in ["piff", "hybrid"] {
        let text = request(profile);
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| protect(mutant, &text)));
        let took = start.elapsed();
        sums.slowest = sums.slowest.max(took);
        let mut wrong = |why: String| sums.wrong.push(format!("{what}, {profile}: {why}"));
        if took > LONGEST {
            wrong(format!("took {took:?}"));
        }
        match result {
            Err(_) => wrong("panicked".to_owned()),
            Ok(Err(error)) => *sums.refused.entry(error.code().to_owned()).or_default() += 1,
            Ok(Ok(out)) => {
                sums.protections += 1;
                if let Err(why) = reopens(&out) {
                    wrong(why);
                }
                match catch_unwind(AssertUnwindSafe(|| witness(mutant, &out, &text))) {
                    Err(_) => wrong("the witness panicked".to_owned()),
                    Ok(Ok(_)) => {}
                    Ok(Err(why)) if why.starts_with(UNREAD) => {
                        sums.unread.entry(kind_of(&why)).or_insert((0, what.to_owned())).0 += 1;
                    }
                    Ok(Err(why)) => wrong(why),
                }
            }
        }
    }
    sums.mutants += 1;
}

/// Protects mutants until there were so many, or so many protections when `of_protections`.
fn run(originals: &[(String, Vec<u8>)], seed: u64, count: u64, of_protections: bool) -> Sums {
    let mut sums = Sums::default();
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut round = 0_u64;
    while (if of_protections { sums.protections } else { sums.mutants }) < count {
        let (name, original) = &originals[(round % originals.len() as u64) as usize];
        let mut mutant = original.clone();
        let mut told = Vec::new();
        // Mostly one change; a few at once find what one hides.
        for _ in 0..[1, 1, 1, 2, 3][numbers.below(5)] {
            told.push(change::change(&mut mutant, &mut numbers));
        }
        try_one(&mutant, &mut sums, &format!("{name}, seed {seed}, round {round}: {}", told.join("; ")));
        round += 1;
        if of_protections && round.is_multiple_of(20_000) {
            println!("seed {seed}");
            sums.tell();
            sums.wrong.iter().take(40).for_each(|wrong| println!("  {wrong}"));
        }
    }
    sums
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|e| panic!("{name}: {e}")))
}

#[test]
fn every_success_with_a_changed_file_decrypts_to_it() {
    let originals = originals::originals();
    let long = number("BOXLOCK_MUTANTS");
    let threads = number("BOXLOCK_THREADS").unwrap_or(1).max(1);
    let first = number("BOXLOCK_SEED").unwrap_or(1);
    let mut sums = Sums::default();
    // What a panic says is in the sums; its text a million times is in nobody's interest.
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|scope| {
        let count = long.unwrap_or(4000).div_ceil(threads);
        let runs: Vec<_> = (first..first + threads)
            .map(|seed| {
                let originals = &originals;
                scope.spawn(move || run(originals, seed, count, long.is_some()))
            })
            .collect();
        runs.into_iter().for_each(|run| sums.add(run.join().expect("the sums")));
    });
    let _ = std::panic::take_hook();
    println!("{} files", originals.len());
    sums.tell();
    let shown = sums.wrong.iter().take(50).cloned().collect::<Vec<_>>();
    assert!(sums.wrong.is_empty(), "{} are wrong:\n{}", sums.wrong.len(), shown.join("\n"));
    assert!(sums.protections > sums.mutants / 10, "too few changes leave anything to protect");
}

/// Cut off at every border of boxes at any depth, and one byte to each side of it.
#[test]
fn files_cut_off_at_every_border() {
    let mut sums = Sums::default();
    for (name, file) in originals::originals() {
        let mut borders: Vec<usize> =
            change::nodes(&file).iter().flat_map(|node| [node.start, node.end]).collect();
        borders.sort_unstable();
        borders.dedup();
        // Files of hundreds of fragments are alike in their borders.
        let step = borders.len().div_ceil(150);
        for border in borders.into_iter().step_by(step) {
            for cut in [border.saturating_sub(1), border, border + 1] {
                if cut < file.len() {
                    try_one(&file[..cut], &mut sums, &format!("{name} cut at {cut}"));
                }
            }
        }
    }
    sums.tell();
    assert!(sums.wrong.is_empty(), "{} are wrong:\n{}", sums.wrong.len(), sums.wrong.join("\n"));
}
