//! Software that Boxlock did not write, asked by its tests whether an output is right.

use std::sync::Mutex;

/// A track ID and the key of that track.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TrackKey {
    /// Track ID.
    pub track_id: u32,
    /// AES-128 key.
    pub key: [u8; 16],
}

unsafe extern "C" {
    fn boxlock_bento4_decrypt(
        input: *const u8,
        input_size: u32,
        keys: *const TrackKey,
        key_count: u32,
        output: *mut *mut u8,
        output_size: *mut u32,
    ) -> i32;
    fn boxlock_bento4_encrypt(
        input: *const u8,
        input_size: u32,
        keys: *const TrackKey,
        key_count: u32,
        kid: *const std::ffi::c_char,
        iv: *const u8,
        variant: i32,
        options: u32,
        output: *mut *mut u8,
        output_size: *mut u32,
    ) -> i32;
    fn boxlock_bento4_free(output: *mut u8);
}

/// Bento4 keeps global state in its factories.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Decrypts a whole CENC or PIFF file with Bento4.
///
/// # Panics
/// When Bento4 refuses the file, with its result code.
pub fn bento4_decrypt(file: &[u8], keys: &[TrackKey]) -> Vec<u8> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (mut output, mut output_size) = (std::ptr::null_mut(), 0);
    let size = u32::try_from(file.len()).expect("below 4 GiB");
    let key_count = u32::try_from(keys.len()).expect("few keys");
    // SAFETY: all pointers come from live slices with their own lengths; Bento4 copies what it keeps, and the output
    // it allocates is copied and given back to it.
    unsafe {
        let result = boxlock_bento4_decrypt(
            file.as_ptr(),
            size,
            keys.as_ptr(),
            key_count,
            &mut output,
            &mut output_size,
        );
        assert_eq!(result, 0, "Bento4 refused the file");
        let bytes = std::slice::from_raw_parts(output, output_size as usize).to_vec();
        boxlock_bento4_free(output);
        bytes
    }
}

/// In which way Bento4 encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Variant {
    /// PIFF, AES-CTR.
    PiffCtr,
    /// PIFF, AES-CBC.
    PiffCbc,
    /// CENC.
    Cenc,
    /// AES-CBC.
    Cbc1,
    /// AES-CTR with a pattern.
    Cens,
    /// AES-CBC with a pattern.
    Cbcs,
}

/// Options of Bento4's encryption.
pub mod options {
    /// PIFF boxes beside those of CENC.
    pub const PIFF_TWINS: u32 = 2;
    /// IVs of 8 bytes.
    pub const SHORT_IVS: u32 = 8;
    /// IVs stand where `saio` points alone.
    pub const NO_SENC: u32 = 16;
}

/// Encrypts a whole file with Bento4, with one key ID (hex) and first IV for all tracks; `None` when it refuses.
///
/// # Panics
/// When the file is too large, or `kid` has a zero in it.
pub fn bento4_encrypt(
    file: &[u8],
    keys: &[TrackKey],
    (kid, iv): (&str, [u8; 16]),
    variant: Variant,
    options: u32,
) -> Option<Vec<u8>> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (mut output, mut output_size) = (std::ptr::null_mut(), 0);
    let size = u32::try_from(file.len()).expect("below 4 GiB");
    let key_count = u32::try_from(keys.len()).expect("few keys");
    let kid = std::ffi::CString::new(kid).expect("hex");
    // SAFETY: as in `bento4_decrypt`; the key ID ends with a zero, and the IV has the 16 bytes that are read.
    unsafe {
        let result = boxlock_bento4_encrypt(
            file.as_ptr(),
            size,
            keys.as_ptr(),
            key_count,
            kid.as_ptr(),
            iv.as_ptr(),
            variant as i32,
            options,
            &mut output,
            &mut output_size,
        );
        if result != 0 {
            return None;
        }
        let bytes = std::slice::from_raw_parts(output, output_size as usize).to_vec();
        boxlock_bento4_free(output);
        Some(bytes)
    }
}
