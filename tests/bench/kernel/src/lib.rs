//! AES-128-CTR by the crates aes and ctr, over samples of one size as CENC has them: a counter of its own for each.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{InnerIvInit, KeyInit, StreamCipher};
use std::cell::RefCell;

const LEN: usize = 2 << 20;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0x5a; LEN]);
}

/// Encrypts two mebibytes as samples of `sample` bytes, and says how many bytes that were.
#[unsafe(no_mangle)]
pub extern "C" fn encrypt(sample: usize) -> usize {
    let cipher = Aes128::new(&[7; 16].into());
    BUFFER.with_borrow_mut(|buffer| {
        let mut done = 0;
        for (number, bytes) in buffer.chunks_exact_mut(sample.max(1)).enumerate() {
            let mut iv = [0; 16];
            iv[..8].copy_from_slice(&(number as u64).to_be_bytes());
            Ctr128BE::from_core(ctr::CtrCore::inner_iv_init(&cipher, &iv.into())).apply_keystream(bytes);
            done += bytes.len();
        }
        done
    })
}
