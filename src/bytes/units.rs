//! The small types that carry a meaning: four-character codes, 16-byte identifiers, key identifiers.

use core::fmt;

/// A four-character code, shown with unprintable bytes escaped (`\xA9nam`).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The four bytes as text; Latin-1 `©` as itself, other bytes outside ASCII as `\xNN`.
    pub fn text(self) -> String {
        let mut text = String::with_capacity(4);
        for byte in self.0 {
            match byte {
                b' '..=b'~' => text.push(char::from(byte)),
                0xA9 => text.push('©'),
                _ => text.push_str(&format!("\\x{byte:02X}")),
            }
        }
        text
    }
}

impl From<&[u8; 4]> for FourCc {
    fn from(bytes: &[u8; 4]) -> Self {
        Self(*bytes)
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.text())
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// A 16-byte identifier in text order (big-endian), as boxes carry it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid16(pub [u8; 16]);

impl Uuid16 {
    /// From a 128-bit literal in text order.
    pub const fn from_u128(value: u128) -> Self {
        Self(value.to_be_bytes())
    }
}

impl fmt::Display for Uuid16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

impl fmt::Debug for Uuid16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key identifier (KID). Held in UUID text order (big-endian), as boxes, manifests and ClearKey write it;
/// PlayReady headers use the Microsoft GUID order of [`KeyId::guid_bytes`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// The 16 bytes in Microsoft GUID memory order: the first three groups reversed.
    pub fn guid_bytes(self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0;
        let [i, j, k, l, m, n, o, p] = rest;
        [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
    }

    /// From the 16 bytes in Microsoft GUID memory order.
    pub fn from_guid_bytes(bytes: [u8; 16]) -> Self {
        // The reordering is its own inverse.
        Self(Self(bytes).guid_bytes())
    }

    /// The key ID that these bytes are where they are read in the other byte order, as copies by mistake are.
    pub fn swapped(self) -> Self {
        Self(self.guid_bytes())
    }

    /// The lower-case UUID text.
    pub fn uuid(self) -> String {
        Uuid16(self.0).to_string()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uuid())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uuid())
    }
}

/// `n` as `usize`. On 32-bit targets a larger number cannot be a length in memory, so it saturates,
/// and the bounds check that follows fails as it should.
pub fn to_len(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A length in memory as a file length; never loses anything.
pub fn len_u64(n: usize) -> u64 {
    n as u64
}

/// Most entries that [`push_expecting`] makes room for at once, so that a file cannot ask for much by looking dense.
const EXPECTED_MAX: u64 = 1 << 18;
/// So many are there before what is expected counts.
const EXPECTED_MIN: u64 = 1 << 10;

/// Puts a value behind the others in a list that is expected to become `expected` long. Lists that grow by doubling
/// leave holes, and in WebAssembly memory that was once used is never given back.
pub fn push_expecting<T>(list: &mut Vec<T>, expected: u64, value: T) {
    let len = len_u64(list.len());
    if list.len() == list.capacity() {
        // The first few say little of what comes.
        let more =
            if len < EXPECTED_MIN { EXPECTED_MIN } else { expected.saturating_sub(len).min(EXPECTED_MAX) };
        list.reserve_exact(to_len(more.max(len / 8)));
    }
    list.push(value);
}

/// Sorts pairs. A sort is some 4 KB of code for each type sorted, so that others are better sorted by way of this.
pub fn sort_pairs(pairs: &mut [(u64, u64)]) {
    pairs.sort_unstable();
}

/// A media time for people: `0:00:02.040` of `ticks` at `timescale` ticks a second.
pub fn clock(ticks: u64, timescale: u32) -> String {
    let timescale = u64::from(timescale.max(1));
    let (seconds, rest) = (ticks / timescale, ticks % timescale);
    let minutes = seconds / 60;
    format!("{}:{:02}:{:02}.{:03}", minutes / 60, minutes % 60, seconds % 60, rest * 1000 / timescale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_times_are_read_as_such() {
        assert_eq!(clock(0, 0), "0:00:00.000");
        assert_eq!(clock(90_000 * 3661 + 89_999, 90_000), "1:01:01.999");
        assert_eq!(clock(u64::MAX, 10_000_000), "512409557:36:10.955");
    }

    #[test]
    fn kid_swaps_the_first_three_groups() {
        // PlayReady in DASH: f81d4fae-… becomes rk8d+Ox90BGnZQCgyR5r9g==.
        let kid = KeyId(0xf81d_4fae_7dec_11d0_a765_00a0_c91e_6bf6_u128.to_be_bytes());
        assert_eq!(hex::encode(kid.guid_bytes()), "ae4f1df8ec7dd011a76500a0c91e6bf6");
        assert_eq!(KeyId::from_guid_bytes(kid.guid_bytes()), kid);
    }

    #[test]
    fn fourcc_shows_bytes_that_are_not_text() {
        assert_eq!(FourCc(*b"\xA9nam").text(), "©nam");
        assert_eq!(FourCc([0, b'a', 0xff, b' ']).text(), "\\x00a\\xFF ");
    }
}
