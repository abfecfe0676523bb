//! Frame headers of AV1 and VP9 that no encoder writes: made of chance, or real ones changed by it. The core and the second
//! reader, which share no code, say the same of each: the same bytes, or both that it cannot be read.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::protect::scheme::{CBCS, Pattern};
use boxlock::protect::subsample::{RangeFinder, Rule, SENC_MAX_ENTRIES};
use support::dice::Dice;
use support::witness::Res;
use support::witness::av1::Av1;
use support::witness::vp9::Vp9;
use support::witness::wanted::Ranges;

/// Both readers of one stream.
#[derive(Clone)]
struct Both {
    finder: RangeFinder,
    av1: Option<Av1>,
    vp9: Vp9,
}

impl Both {
    fn new(is_av1: bool) -> Self {
        let rule = if is_av1 { Rule::Av1(Box::default()) } else { Rule::Vp9(Default::default()) };
        let finder = RangeFinder::new(rule, SENC_MAX_ENTRIES).in_scheme(CBCS, Pattern::default());
        Self { finder, av1: is_av1.then(Av1::default), vp9: Vp9::default() }
    }

    /// What the second reader says of a sample, once it is sure that the core says the same.
    fn read(&mut self, sample: &[u8]) -> Res<Ranges> {
        let said = match &mut self.av1 {
            Some(av1) => av1.ranges(sample),
            None => self.vp9.ranges(sample).map(whole_blocks),
        };
        let mut entries = Vec::new();
        let ours = self.finder.split(sample, &mut entries);
        let mut at = 0;
        let ranges = entries.iter().map(|entry| {
            let start = at + usize::from(entry.clear);
            at = start + entry.protected as usize;
            (start, at)
        });
        let ranges: Ranges = ranges.filter(|(start, end)| start < end).collect();
        match (&said, ours) {
            (Ok(said), Ok(())) => {
                assert_eq!(ranges, *said);
                assert_eq!(at, sample.len());
            }
            (Err(_), Err(_)) => {}
            (said, ours) => {
                panic!("{said:?}, but {ours:?}: {}", hex::encode(&sample[..sample.len().min(90)]))
            }
        }
        said
    }
}

fn whole_blocks(mut ranges: Ranges) -> Ranges {
    for (start, end) in &mut ranges {
        *start += (*end - *start) % 16;
    }
    ranges.retain(|(start, end)| start < end);
    ranges
}

/// So many bits, of a hundred so many of which are 1.
fn chance(dice: &mut Dice, count: usize, ones: usize) -> Vec<bool> {
    (0..count).map(|_| dice.roll(100) < ones).collect()
}

fn bytes(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | u8::from(*bit) << (7 - at)))
        .collect()
}

fn bits(text: &str) -> Vec<bool> {
    text.bytes().map(|bit| bit == b'1').collect()
}

fn obu(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    [&[kind << 3 | 2, 0x80 | (len & 0x7f) as u8, (len >> 7) as u8], payload].concat()
}

/// A header of chance, and tiles behind it that have few bytes each.
fn frame(dice: &mut Dice, beginning: &str) -> Vec<u8> {
    let ones = [5, 20, 35, 50][dice.roll(4)];
    let header = [bits(beginning), chance(dice, 400, ones)].concat();
    let tiles = (0..2000).map(|_| dice.roll(24) as u8);
    bytes(&header).into_iter().chain(tiles).collect()
}

#[test]
fn av1_of_chance_is_read_alike() {
    let mut dice = Dice(0x5eed_0a51);
    let (mut sequences, mut read, mut tried) = (0, 0, 0_u64);
    while sequences < 400 {
        let beginning = ["00000", "00000", "00100", "01000", "00011"][dice.roll(5)];
        let ones = [15, 40][dice.roll(2)];
        let sequence = obu(1, &bytes(&[bits(beginning), chance(&mut dice, 500, ones)].concat()));
        let mut both = Both::new(true);
        if both.read(&sequence).is_err() {
            continue;
        }
        sequences += 1;
        let mut hits = 0;
        for attempt in 0..150 {
            // Shown key frames first; then whatever comes.
            let beginning = if hits == 0 || attempt % 16 == 0 {
                "0001"
            } else {
                ["0011", "0010", "001", "0", "1", ""][dice.roll(6)]
            };
            let kind = if dice.roll(8) == 0 { 3 } else { 6 };
            let sample = obu(kind, &frame(&mut dice, beginning));
            let mut next = both.clone();
            tried += 1;
            if next.read(&sample).is_ok() {
                both = next;
                hits += 1;
            }
        }
        read += hits;
    }
    println!("{read} of {tried} frames were read");
    assert!(read > 1000, "{read}");
}

#[test]
fn vp9_of_chance_is_read_alike() {
    let mut dice = Dice(0x5eed_0009);
    let (mut read, mut tried) = (0, 0);
    for _ in 0..400 {
        let mut both = Both::new(false);
        let mut hits = 0;
        for attempt in 0..100 {
            let profile = ["00", "10", "01", "110"][dice.roll(4)];
            let (key, sync) = ("0010", "010010011000001101000010");
            let mut beginning = format!("10{profile}");
            if hits == 0 || attempt % 16 == 0 {
                beginning.push_str(key);
                beginning.push_str(sync);
            } else if dice.roll(4) == 0 {
                // Intra alone, of which a decoder resets as many contexts as it likes.
                beginning.push_str("010");
                beginning.push_str(["01", "11"][dice.roll(2)]);
                beginning.push_str(if beginning.ends_with("01") { "00" } else { "" });
                beginning.push_str(sync);
            } else {
                beginning.push_str(["01", "0", ""][dice.roll(3)]);
            }
            let mut sample = frame(&mut dice, &beginning);
            if let Some(last) = sample.last_mut() {
                *last = 0;
            }
            let mut next = both.clone();
            tried += 1;
            if next.read(&sample).is_ok() {
                both = next;
                hits += 1;
            }
        }
        read += hits;
    }
    println!("{read} of {tried} frames were read");
    assert!(read > 1000, "{read}");
}
