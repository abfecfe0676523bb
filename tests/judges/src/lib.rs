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
