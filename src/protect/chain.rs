//! AES-128 in CBC mode as PIFF and CENC use it (PIFF 1.1 6.2; ISO/IEC 23001-7:2023 9.4.3, 9.6, 10.2, 10.4): whole blocks
//! alone, what is left of a range stays clear. A chain cannot be hastened; so many chains go side by side.

use crate::boxes::cenc::Subsample;
use crate::bytes::units::to_len;

use super::cipher::{AesKey, Block, WIDTH};
use super::scheme::{BLOCK, Pattern};

/// Ranges that are chained: of one sample, or of one subsample where each begins anew.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'s> {
    /// Where its first subsample begins.
    pub at: usize,
    /// Its subsamples, all inside the bytes to be encrypted.
    pub subsamples: &'s [Subsample],
    /// What the first block is chained to.
    pub iv: Block,
}

/// One chain on its way.
#[derive(Clone, Copy)]
struct Lane<'s> {
    chain: Chain<'s>,
    /// Protected bytes left of the range in hand.
    left: usize,
    /// Blocks encrypted of this turn of the pattern, where there is one.
    turn: u8,
}

impl<'s> Lane<'s> {
    fn new(chain: Chain<'s>) -> Self {
        Self { chain, left: 0, turn: 0 }
    }

    /// Where the next block to encrypt begins; `None` at the end.
    fn next(&mut self, pattern: Pattern) -> Option<usize> {
        loop {
            if self.left < BLOCK {
                let (next, rest) = self.chain.subsamples.split_first()?;
                self.chain.at += self.left + usize::from(next.clear);
                (self.left, self.turn) = (to_len(u64::from(next.protected)), 0);
                self.chain.subsamples = rest;
            } else if pattern.crypt > 0 && self.turn == pattern.crypt {
                let skipped = (usize::from(pattern.skip) * BLOCK).min(self.left);
                (self.left, self.turn) = (self.left - skipped, 0);
                self.chain.at += skipped;
            } else {
                let at = self.chain.at;
                self.chain.at += BLOCK;
                self.left -= BLOCK;
                self.turn += u8::from(pattern.crypt > 0);
                return Some(at);
            }
        }
    }
}

/// Encrypts the blocks of all chains in place. What a chain names outside `bytes` is passed over.
pub fn encrypt<'s>(
    key: &AesKey,
    pattern: Pattern,
    bytes: &mut [u8],
    chains: &mut dyn Iterator<Item = Chain<'s>>,
) {
    let mut chains = chains.map(Lane::new);
    let mut lanes: [Option<Lane<'_>>; WIDTH] = [None; WIDTH];
    loop {
        let mut blocks = [[0; BLOCK]; WIDTH];
        let mut places = [None; WIDTH];
        let mut idle = true;
        for ((lane, block), place) in lanes.iter_mut().zip(&mut blocks).zip(&mut places) {
            *place = loop {
                match lane.as_mut().and_then(|lane| lane.next(pattern)) {
                    Some(at) => break Some(at),
                    None => *lane = chains.next(),
                }
                if lane.is_none() {
                    break None;
                }
            };
            let (Some(lane), Some(data)) = (lane, place.and_then(|at| block_at(bytes, at))) else { continue };
            for (to, (data, chained)) in block.iter_mut().zip(data.iter().zip(&lane.chain.iv)) {
                *to = data ^ chained;
            }
            idle = false;
        }
        if idle {
            return;
        }
        key.encrypt(&mut blocks);
        for ((lane, block), place) in lanes.iter_mut().zip(blocks).zip(places) {
            let (Some(lane), Some(data)) = (lane, place.and_then(|at| block_at(bytes, at))) else { continue };
            *data = block;
            lane.chain.iv = block;
        }
    }
}

/// Decrypts the blocks of all chains in place. What a chain names outside `bytes` is passed over.
pub fn decrypt<'s>(
    key: &AesKey,
    pattern: Pattern,
    bytes: &mut [u8],
    chains: &mut dyn Iterator<Item = Chain<'s>>,
) {
    let mut chains = chains.map(Lane::new);
    let mut lane = chains.next();
    loop {
        // Unlike the way there, each block needs nothing of the others but their cipher text.
        let mut blocks = [[0; BLOCK]; WIDTH];
        let mut places = [None; WIDTH];
        for (block, to) in blocks.iter_mut().zip(&mut places) {
            let at = loop {
                match lane.as_mut().and_then(|lane| lane.next(pattern)) {
                    Some(at) => break Some(at),
                    None => lane = chains.next(),
                }
                if lane.is_none() {
                    break None;
                }
            };
            let (Some(at), Some(lane)) = (at, &mut lane) else { break };
            let Some(data) = block_at(bytes, at) else { continue };
            *block = *data;
            *to = Some((at, std::mem::replace(&mut lane.chain.iv, *data)));
        }
        if places.iter().all(Option::is_none) && lane.is_none() {
            return;
        }
        key.decrypt(&mut blocks);
        for (block, place) in blocks.iter().zip(places) {
            let Some((at, chained)) = place else { continue };
            let Some(data) = block_at(bytes, at) else { continue };
            for (to, (plain, chained)) in data.iter_mut().zip(block.iter().zip(chained)) {
                *to = plain ^ chained;
            }
        }
    }
}

fn block_at(bytes: &mut [u8], at: usize) -> Option<&mut Block> {
    bytes.get_mut(at..)?.first_chunk_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ContentKey;
    use crate::protect::scheme::VIDEO_PATTERN;

    const WHOLE: Pattern = Pattern { crypt: 0, skip: 0 };

    fn key() -> AesKey {
        let mut key = [0; 16];
        hex::decode_to_slice("3a2a1b68dd2bd9b2eeb25e84c4776668", &mut key).unwrap();
        AesKey::new(&ContentKey(key))
    }

    fn data(len: usize) -> Vec<u8> {
        (0..len).map(|at| u8::try_from((7 * at + 3) & 0xff).unwrap()).collect()
    }

    fn iv() -> Block {
        std::array::from_fn(|at| u8::try_from(at + 1).unwrap())
    }

    fn range(clear: u16, protected: u32) -> Subsample {
        Subsample { clear, protected }
    }

    #[test]
    fn whole_blocks_of_a_sample_are_chained_and_its_tail_is_clear() {
        let mut bytes = data(70);
        let subsamples = [range(0, 70)];
        encrypt(
            &key(),
            WHOLE,
            &mut bytes,
            &mut [Chain { at: 0, subsamples: &subsamples, iv: iv() }].into_iter(),
        );
        let expected = "b6bbb7617bcece3bef5ad27e3b45c12fbe15b6b5d98366e417b821789291953f\
            da6d49f5faa49ba12935fe20cee856098e3838266c7d3c7146e82a536f4796bfc3cad1d8dfe6";
        assert_eq!(hex::encode(bytes), expected);
    }

    #[test]
    fn a_pattern_begins_anew_with_each_range() {
        let mut bytes = data(400);
        let subsamples = [range(12, 180), range(9, 199)];
        let chains = [(0, &subsamples[..1]), (192, &subsamples[1..])];
        let chains = chains.map(|(at, subsamples)| Chain { at, subsamples, iv: iv() });
        encrypt(&key(), VIDEO_PATTERN, &mut bytes, &mut chains.into_iter());
        for (at, expected) in [
            (12, "77ebcac0c677467b6b14a00420a980f1"),
            (172, "ab363ffe9152a9116b86a458db6e788e"),
            (201, "c184ba00aac6f0f5af1daed7adb7dea2"),
            (361, "4c13bf62ec50f61e411ef3a69772b3f7"),
        ] {
            assert_eq!(hex::encode(&bytes[at..at + 16]), expected, "at {at}");
        }
        use sha2::Digest as _;
        let digest = hex::encode(sha2::Sha256::digest(&bytes));
        assert_eq!(digest, "c15171b83d2dfe6c884828e5a768650f443b1539c5b419c03406ce41d491915f");
    }

    /// However chains fall into lanes, each comes out as alone.
    #[test]
    fn chains_do_not_meet() {
        let lens = [0_u32, 5, 16, 31, 160, 48, 700, 16, 9000, 33, 15, 64, 400, 1, 96];
        let mut at = 0;
        let ranges: Vec<_> = lens
            .iter()
            .zip(0_u16..)
            .map(|(&len, number)| {
                let clear = number % 4 * 3;
                let start = at;
                at += usize::from(clear) + usize::try_from(len).unwrap();
                (start, [range(clear, len)])
            })
            .collect();
        let chain = |(start, subsamples): &'_ (usize, [Subsample; 1])| (*start, *subsamples);
        for pattern in [WHOLE, VIDEO_PATTERN] {
            let (mut together, mut alone) = (data(at), data(at));
            let all = ranges.iter().map(|(at, subsamples)| Chain { at: *at, subsamples, iv: iv() });
            encrypt(&key(), pattern, &mut together, &mut { all });
            for (at, subsamples) in ranges.iter().map(chain) {
                let one = Chain { at, subsamples: &subsamples, iv: iv() };
                encrypt(&key(), pattern, &mut alone, &mut [one].into_iter());
            }
            assert_eq!(together, alone);
            assert_ne!(together, data(at));
            let all = ranges.iter().map(|(at, subsamples)| Chain { at: *at, subsamples, iv: iv() });
            decrypt(&key(), pattern, &mut together, &mut { all });
            assert_eq!(together, data(at));
        }
    }

    /// A chain over several ranges goes on from one to the next.
    #[test]
    fn a_chain_goes_on_over_clear_bytes() {
        let mut bytes = data(64);
        let subsamples = [range(0, 32), range(0, 32)];
        encrypt(
            &key(),
            WHOLE,
            &mut bytes,
            &mut [Chain { at: 0, subsamples: &subsamples, iv: iv() }].into_iter(),
        );
        let mut whole = data(64);
        let one = [range(0, 64)];
        encrypt(&key(), WHOLE, &mut whole, &mut [Chain { at: 0, subsamples: &one, iv: iv() }].into_iter());
        assert_eq!(bytes, whole);
    }
}
