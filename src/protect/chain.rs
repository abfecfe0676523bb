//! AES-128 in CBC mode as PIFF and CENC use it (PIFF 1.1 6.2; ISO/IEC 23001-7:2023 9.4.3, 9.6, 10.2, 10.4): whole blocks
//! alone, what is left of a range stays clear. A chain cannot be hastened; so many chains go side by side.

use crate::boxes::cenc::Subsample;
use crate::bytes::units::to_len;

use super::cipher::{self, AesKey, Block, WIDTH};
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
}

impl<'s> Lane<'s> {
    /// Where its next blocks begin that are equally far apart, and how many they are; `None` at the end.
    fn next(&mut self, pattern: Pattern) -> Option<(usize, usize)> {
        while self.left < BLOCK {
            let (next, rest) = self.chain.subsamples.split_first()?;
            self.chain.at += self.left + usize::from(next.clear);
            self.left = to_len(u64::from(next.protected));
            self.chain.subsamples = rest;
        }
        let (at, blocks) = (self.chain.at, self.left / BLOCK);
        let turn = usize::from(pattern.crypt) + usize::from(pattern.skip);
        let (found, passed) = match pattern.crypt {
            0 => (blocks, blocks),
            1 => (blocks.div_ceil(turn), blocks),
            crypt => (blocks.min(usize::from(crypt)), blocks.min(turn)),
        };
        self.chain.at += passed * BLOCK;
        self.left -= passed * BLOCK;
        Some((at, found))
    }
}

/// Encrypts the blocks of all chains in place. What a chain names outside `bytes` is passed over.
pub fn encrypt<'s>(
    key: &AesKey,
    pattern: Pattern,
    bytes: &mut [u8],
    chains: &mut dyn Iterator<Item = Chain<'s>>,
) {
    let stride = stride(pattern);
    // Those under way, and of each the blocks that are next.
    let (mut lanes, mut next) = (Vec::new(), Vec::new());
    loop {
        let mut number = 0;
        while number < WIDTH {
            match (lanes.get_mut(number), next.get_mut(number)) {
                (Some(_), Some(cipher::Chain { left: 1.., .. })) => number += 1,
                (Some(lane), Some(blocks)) => match Lane::next(lane, pattern) {
                    Some(found) => (blocks.at, blocks.left) = found,
                    None => {
                        lanes.swap_remove(number);
                        next.swap_remove(number);
                    }
                },
                _ => {
                    let Some(chain) = chains.next() else { break };
                    next.push(cipher::Chain { at: 0, left: 0, last: chain.iv });
                    lanes.push(Lane { chain, left: 0 });
                }
            }
        }
        if next.is_empty() {
            return;
        }
        key.chain(bytes, &mut next, stride);
    }
}

/// Decrypts the blocks of all chains in place. What a chain names outside `bytes` is passed over.
pub fn decrypt<'s>(
    key: &AesKey,
    pattern: Pattern,
    bytes: &mut [u8],
    chains: &mut dyn Iterator<Item = Chain<'s>>,
) {
    let stride = stride(pattern);
    // Unlike the way there, each block needs nothing of the others but their cipher text.
    let (mut blocks, mut places) = ([[0; BLOCK]; WIDTH], Vec::with_capacity(WIDTH));
    for chain in chains {
        let mut lane = Lane { chain, left: 0 };
        while let Some((at, count)) = lane.next(pattern) {
            for at in (0..count).map(|number| at + number * stride) {
                let (Some(data), Some(block)) = (block_at(bytes, at), blocks.get_mut(places.len())) else {
                    continue;
                };
                *block = *data;
                places.push((at, std::mem::replace(&mut lane.chain.iv, *data)));
                if places.len() == WIDTH {
                    decrypt_group(key, bytes, &mut blocks, &mut places);
                }
            }
        }
    }
    decrypt_group(key, bytes, &mut blocks, &mut places);
}

/// Decrypts these blocks, and puts each in its place, unchained.
fn decrypt_group(
    key: &AesKey,
    bytes: &mut [u8],
    blocks: &mut [Block; WIDTH],
    places: &mut Vec<(usize, Block)>,
) {
    key.decrypt(blocks);
    for (block, (at, chained)) in blocks.iter().zip(places.drain(..)) {
        let Some(data) = block_at(bytes, at) else { continue };
        for (to, (plain, chained)) in data.iter_mut().zip(block.iter().zip(chained)) {
            *to = plain ^ chained;
        }
    }
}

/// Bytes from one encrypted block of a run to the next.
fn stride(pattern: Pattern) -> usize {
    if pattern.crypt == 1 { BLOCK + usize::from(pattern.skip) * BLOCK } else { BLOCK }
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
        for pattern in [WHOLE, VIDEO_PATTERN, Pattern { crypt: 3, skip: 2 }, Pattern { crypt: 1, skip: 0 }] {
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

    /// Block by block, as clause 10.4 has it: of each turn of a range the first blocks, and what is not whole stays.
    #[test]
    fn a_pattern_is_what_it_says() {
        let subsamples = [range(5, 16 * 23 + 7), range(0, 15), range(3, 16), range(2, 16 * 11)];
        let len = subsamples.iter().map(|one| usize::from(one.clear) + to_len(one.protected.into())).sum();
        for (crypt, skip) in [(0, 0), (1, 9), (1, 0), (2, 1), (5, 5), (9, 1)] {
            let mut expected = data(len);
            let (mut at, mut last) = (0, iv());
            for one in &subsamples {
                at += usize::from(one.clear);
                for block in 0..to_len(one.protected.into()) / BLOCK {
                    if crypt > 0 && block % usize::from(crypt + skip) >= usize::from(crypt) {
                        continue;
                    }
                    let place = &mut expected[at + block * BLOCK..][..BLOCK];
                    let mut blocks = [[0; BLOCK]; WIDTH];
                    blocks[0] = std::array::from_fn(|at| place[at] ^ last[at]);
                    key().encrypt(&mut blocks);
                    place.copy_from_slice(&blocks[0]);
                    last = blocks[0];
                }
                at += to_len(one.protected.into());
            }
            let mut bytes = data(len);
            let one = Chain { at: 0, subsamples: &subsamples, iv: iv() };
            encrypt(&key(), Pattern { crypt, skip }, &mut bytes, &mut [one].into_iter());
            assert_eq!(bytes, expected, "{crypt}:{skip}");
        }
    }

    /// What a chain names behind the bytes is passed over, and the others go on.
    #[test]
    fn a_chain_that_leaves_the_bytes_disturbs_no_other() {
        let (inside, outside) = ([range(0, 48)], [range(0, 160)]);
        let chain = |at, subsamples| Chain { at, subsamples, iv: iv() };
        let mut bytes = data(64);
        let chains = [chain(48, &outside[..]), chain(usize::MAX - 400, &outside), chain(0, &inside)];
        encrypt(&key(), WHOLE, &mut bytes, &mut chains.into_iter());
        let mut expected = data(64);
        encrypt(&key(), WHOLE, &mut expected, &mut [chain(0, &inside[..])].into_iter());
        encrypt(&key(), WHOLE, &mut expected, &mut [chain(48, &[range(0, 16)][..])].into_iter());
        assert_eq!(bytes, expected);
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
