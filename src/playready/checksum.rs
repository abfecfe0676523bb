//! The header's CHECKSUM, by which a client tells a wrong key before it plays noise.
//!
//! PlayReady Header Specification §5. Defined for AES-CTR only; AES-CBC headers carry none.

use crate::bytes::{ContentKey, KeyId};
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

/// The AESCTR checksum: the first 8 bytes of the KID, in GUID byte order, encrypted with `key` by AES-128-ECB.
pub fn checksum(key: &ContentKey, kid: KeyId) -> [u8; 8] {
    let cipher = Aes128::new((&key.0).into());
    let mut block = kid.guid_bytes().into();
    cipher.encrypt_block(&mut block);
    let [a, b, c, d, e, f, g, h, ..] = block.0;
    [a, b, c, d, e, f, g, h]
}
