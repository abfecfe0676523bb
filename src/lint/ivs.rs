//! Whether IVs and patterns are those of the scheme, be it a sample entry or a group of samples that says them (ISO/IEC
//! 23001-7:2023 8.2, 9.1, 10).

use crate::bytes::FourCc;

use super::finding::{Findings, Place};
use super::rules;

/// What is said of the IVs of some samples.
pub struct Ivs<'i> {
    /// Of which samples, as `track 1`.
    pub what: &'i str,
    /// `cenc`, `cbc1`, `cens` or `cbcs`.
    pub cipher: FourCc,
    /// Bytes of IV with each sample.
    pub size: u8,
    /// Bytes of the IV of all of them.
    pub constant: usize,
    /// Blocks encrypted and left clear, half a byte each.
    pub pattern: u8,
    /// Whether they are pictures.
    pub is_video: bool,
}

impl Ivs<'_> {
    /// Looks whether that goes together.
    pub fn look(&self, place: &dyn Fn() -> Place, found: &mut Findings) {
        let Self { what, cipher, size, constant, pattern, is_video } = *self;
        let mut add = |rule, message: String| found.add(rule, place(), message);
        match (&cipher.0, size) {
            (b"cenc" | b"cens", 0) => add(
                &rules::CTR_WITHOUT_IV,
                format!(
                    "The scheme is '{cipher}', and {what} has no IVs but a constant one of {constant} bytes."
                ),
            ),
            (b"cbcs", 8 | 16) => add(
                &rules::CBCS_WITHOUT_CONSTANT,
                format!("The scheme is 'cbcs', and each sample of {what} has an IV of {size} bytes."),
            ),
            (b"cbc1", 8) => add(
                &rules::CHAIN_IV_8,
                format!("IVs of {what} have 8 bytes, and its blocks are chained (AES-CBC), which takes 16."),
            ),
            (_, 0 | 8) => {}
            (b"cenc" | b"cens", 16) => {
                add(&rules::IV_SIZE_16, format!("IVs of {what} have 16 bytes, where 8 play everywhere."));
            }
            (_, 16) => {}
            _ => {
                add(&rules::IV_SIZE, format!("IVs of {what} have {size} bytes, where 8 and 16 are allowed."))
            }
        }
        match constant {
            _ if size > 0 => {}
            8 if cipher.0 == *b"cbcs" => add(
                &rules::CONSTANT_IV_8,
                format!("The constant IV of {what} has 8 bytes, where 16 play everywhere."),
            ),
            0 | 8 | 16 => {}
            other => add(
                &rules::IV_SIZE,
                format!("The constant IV of {what} has {other} bytes, where 8 and 16 are allowed."),
            ),
        }
        if cipher.0 == *b"cbcs" && is_video && pattern == 0 {
            let message =
                format!("In the scheme 'cbcs' {what} is video, and its pattern is 0:0, where 1:9 is usual.");
            add(&rules::CBCS_PATTERN, message);
        }
    }
}
