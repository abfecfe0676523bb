//! The kernel that encrypts in WebAssembly, here on its stand-in for SIMD: published vectors, and the crates `aes` and
//! `ctr` on random input. `tests/page/kernel.test.mjs` tests the same code as it is shipped.

#![allow(clippy::unwrap_used, reason = "tests")]

use aes::Aes128;
use aes::cipher::{
    BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper, StreamCipherSeek,
};
use boxlock_kernel::{Chain, Key, WIDTH};
use ctr::CtrCore;
use ctr::flavors::Ctr64BE;
use proptest::prelude::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// The same by the crates.
fn crates<T>(
    key: &[u8; 16],
    block: [u8; 16],
    body: impl FnOnce(&mut StreamCipherCoreWrapper<CtrCore<&Aes128, Ctr64BE>>) -> T,
) -> T {
    let key = Aes128::new(key.into());
    body(&mut StreamCipherCoreWrapper::from_core(CtrCore::inner_iv_init(&key, &block.into())))
}

#[test]
fn nist_sp_800_38a_f_5_1() {
    let mut data = hex::decode(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    )
    .unwrap();
    Key::new(&bytes("2b7e151628aed2a6abf7158809cf4f3c"))
        .stream(bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
        .apply(&mut data);
    let expected = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
                    5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee";
    assert_eq!(hex::encode(data), expected);
}

#[test]
fn nist_sp_800_38a_f_2_1() {
    let clear = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                 30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    let mut data = hex::decode(clear).unwrap();
    let last = bytes("000102030405060708090a0b0c0d0e0f");
    let key = Key::new(&bytes("2b7e151628aed2a6abf7158809cf4f3c"));
    key.chain(&mut data, &mut [Chain { at: 0, left: 4, last }], 16);
    let expected = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
                    73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7";
    assert_eq!(hex::encode(data), expected);
}

/// FIPS 197 appendices B and C.1: the keystream of one block is the block cipher.
#[test]
fn fips_197() {
    for (key, block, expected) in [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "3243f6a8885a308d313198a2e0370734",
            "3925841d02dc09fbdc118597196a0b32",
        ),
        (
            "000102030405060708090a0b0c0d0e0f",
            "00112233445566778899aabbccddeeff",
            "69c4e0d86a7b0430d8cdb78070b4c55a",
        ),
    ] {
        let mut data = [0; 16];
        Key::new(&bytes(key)).stream(bytes(block)).apply(&mut data);
        assert_eq!(hex::encode(data), expected);
    }
}

#[test]
fn a_real_piff_sample() {
    let mut data: [u8; 16] = bytes("6f2ca870ee86068a1f3e69b0ac1f8802");
    Key::new(&bytes("0b17cd8bfc86557341c77bbc6e4fe9a3"))
        .stream(bytes("fd085e39758ca6c00000000000000000"))
        .apply(&mut data);
    assert_eq!(hex::encode(data), "09000003bf7139213b2448921f671392");
}

#[test]
fn a_whole_cenc_sample() {
    let mut data: Vec<u8> = (0..100).collect();
    Key::new(&bytes("3a2a1b68dd2bd9b2eeb25e84c4776668"))
        .stream(bytes("a1a2a3a4a5a6a7a80000000000000000"))
        .apply(&mut data);
    let expected = "eddd27cd355cda598c4ed6767b64c0e1e51ee612b78a90780c361c8de13c007c97b30173b5b06af0ab535459b56e05b5\
                    f4d3a199dd981aad4063856c814ea5b57290947ae9c26b6d24506d7a5c40349a3bacc6fbbb93d18c5e9f90780fc4f686\
                    47b23997";
    assert_eq!(hex::encode(data), expected);
}

#[test]
fn the_upper_half_of_the_block_does_not_count() {
    let key = Key::new(&bytes("3a2a1b68dd2bd9b2eeb25e84c4776668"));
    let mut data: Vec<u8> = (0..32).collect();
    key.stream(bytes("0011223344556677ffffffffffffffff")).apply(&mut data);
    assert_eq!(hex::encode(data), "d00d88013f279d55e78c850d3d6702ef911feb589bf637e2ad1114815eb9cfad");
}

/// Every value of the lowest counter byte, and the carry out of it.
#[test]
fn a_counter_runs_through_its_lowest_bytes() {
    let (key, block) = ([0x5a; 16], bytes("0123456789abcdef00000000fffffe03"));
    let mut data = vec![0; 0x300 * 16];
    let mut expected = data.clone();
    Key::new(&key).stream(block).apply(&mut data);
    crates(&key, block, |cipher| cipher.apply_keystream(&mut expected));
    assert!(data == expected);
}

/// Blocks whose counter starts anywhere, and just before it wraps.
fn block() -> impl Strategy<Value = [u8; 16]> {
    let count = prop_oneof![Just(0), any::<u64>(), (0..400_u64).prop_map(|before| u64::MAX - before)];
    (any::<u64>(), count)
        .prop_map(|(fixed, count)| (u128::from(fixed) << 64 | u128::from(count)).to_be_bytes())
}

proptest! {
    #[test]
    fn what_is_encrypted_is_decrypted(key: [u8; 16], blocks: [[u8; 16]; 8]) {
        let kernel = Key::new(&key);
        let mut encrypted = blocks.map(Into::into);
        BlockCipherEncrypt::encrypt_blocks(&Aes128::new(&key.into()), &mut encrypted);
        let mut done = encrypted.map(<[u8; 16]>::from);
        kernel.decrypt(&mut done);
        prop_assert_eq!(done, blocks);
    }

    #[test]
    fn the_same_as_the_crates_however_it_is_split(
        key: [u8; 16],
        block in block(),
        data in prop::collection::vec(any::<u8>(), 0..5000),
        cuts in prop::collection::vec(0..400_usize, 0..20),
    ) {
        let mut expected = data.clone();
        crates(&key, block, |cipher| cipher.apply_keystream(&mut expected));
        let mut split = data;
        let key = Key::new(&key);
        let mut stream = key.stream(block);
        let mut rest = &mut split[..];
        for cut in cuts {
            let part = rest.split_off_mut(..cut.min(rest.len())).unwrap();
            stream.apply(part);
        }
        stream.apply(rest);
        prop_assert_eq!(split, expected);
    }

    #[test]
    fn the_same_as_the_crates_after_seeks(
        key: [u8; 16],
        fixed: u64,
        seeks in prop::collection::vec((0..1_u64 << 40, 0..600_usize), 1..8),
    ) {
        let block = (u128::from(fixed) << 64).to_be_bytes();
        let kernel = Key::new(&key);
        let mut stream = kernel.stream(block);
        for (position, len) in seeks {
            let (mut data, mut expected) = (vec![0; len], vec![0; len]);
            stream.seek(position);
            stream.apply(&mut data);
            crates(&key, block, |cipher| {
                cipher.seek(position);
                cipher.apply_keystream(&mut expected);
            });
            prop_assert_eq!(data, expected);
        }
    }

    /// Each chain by itself, a block at a time, until the first has none left; the last ones may leave the data.
    #[test]
    fn chains_are_those_of_the_crate(
        key: [u8; 16],
        lens in prop::collection::vec(1..20_usize, 0..=WIDTH),
        ivs: [[u8; 16]; WIDTH],
        stride in 16..60_usize,
        first in 0..40_usize,
        missing in 0..400_usize,
    ) {
        let mut at = first;
        let mut chains: Vec<Chain> = lens
            .iter()
            .zip(ivs)
            .map(|(&left, last)| {
                let start = at;
                at += left * stride;
                Chain { at: start, left, last }
            })
            .collect();
        let data: Vec<u8> = (0..at.saturating_sub(missing)).map(|at| at.to_le_bytes()[0]).collect();
        let (mut expected, mut ends) = (data.clone(), chains.clone());
        let cipher = Aes128::new(&key.into());
        let steps = lens.iter().copied().min().unwrap_or(0);
        for chain in &mut ends {
            for _ in 0..steps {
                let place = expected.get_mut(chain.at..chain.at + 16);
                let clear = place.as_deref().map_or([0; 16], |data| data.try_into().unwrap());
                let mut block = std::array::from_fn(|at| clear[at] ^ chain.last[at]).into();
                cipher.encrypt_block(&mut block);
                *chain = Chain { at: chain.at + stride, left: chain.left - 1, last: block.into() };
                if let Some(place) = place {
                    place.copy_from_slice(&block);
                }
            }
        }
        let mut made = data;
        Key::new(&key).chain(&mut made, &mut chains, stride);
        prop_assert_eq!(made, expected);
        let state = |chain: &Chain| (chain.at, chain.left, chain.last);
        prop_assert!(chains.iter().map(state).eq(ends.iter().map(state)));
    }
}
