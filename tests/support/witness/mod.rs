//! The witness: a second reader and decryptor of fragmented files, written from the standards alone. It shares no code
//! with the core, so that what both say of an output is more than one opinion. It knows `cenc` (ISO/IEC 23001-7) and
//! PIFF 1.1 with AES-CTR, and where a file leaves two readings open it says so instead of choosing.

pub mod auxiliary;
pub mod av1;
mod av1_parts;
pub mod boxes;
pub mod fragment;
mod groups;
pub mod headers;
pub mod hevc;
pub mod judge;
pub mod movie;
pub mod vp9;
pub mod wanted;

use aes::cipher::{KeyIvInit, StreamCipher};
use fragment::Sample;
use movie::Track;

/// What came out, or what cannot be read and why.
pub type Res<T> = Result<T, String>;

/// PIFF's track encryption box.
pub const PIFF_TENC: [u8; 16] = *b"\x89\x74\xdb\xce\x7b\xe7\x4c\x51\x84\xf9\x71\x48\xf9\x88\x25\x54";
/// PIFF's sample encryption box.
pub const PIFF_SENC: [u8; 16] = *b"\xa2\x39\x4f\x52\x5a\x9b\x4f\x14\xa2\x44\x6c\x42\x7c\x64\x8d\xf4";
/// PIFF's box for a DRM system.
pub const PIFF_PSSH: [u8; 16] = *b"\xd0\x8a\x4f\x18\x10\xf3\x4a\x82\xb6\xc8\x32\xd8\xab\xa1\x83\xd3";

/// A file as the witness sees it.
#[derive(Debug)]
pub struct Movie {
    pub tracks: Vec<Track>,
    /// Fragment by fragment, in file order.
    pub samples: Vec<Sample>,
}

impl Movie {
    /// Reads a whole file.
    pub fn read(file: &[u8]) -> Res<Self> {
        let (top, _) = boxes::top(file);
        let moovs: Vec<_> = top.iter().filter(|node| node.is(b"moov")).collect();
        // The same initialization segment twice is one.
        let same =
            moovs.windows(2).all(|two| file[two[0].start..two[0].end] == file[two[1].start..two[1].end]);
        let moov =
            moovs.last().filter(|_| same).ok_or_else(|| format!("there are {} moov boxes", moovs.len()))?;
        let tracks = movie::tracks(moov)?;
        let mut samples = Vec::new();
        for moof in top.iter().filter(|node| node.is(b"moof")) {
            samples.extend(fragment::samples(moof, &tracks)?);
        }
        Ok(Self { tracks, samples })
    }

    /// The samples of a track, in file order.
    pub fn of(&self, track: u32) -> Vec<&Sample> {
        self.samples.iter().filter(|sample| sample.track == track).collect()
    }
}

/// AES-CTR over the protected ranges of a sample: the cipher goes on from range to range (23001-7 clause 9.6.2), and
/// only the lower half of the counter counts.
pub fn apply(key: &[u8; 16], iv: &[u8], ranges: &[(usize, usize)], sample: &mut [u8]) {
    let mut counter = [0; 16];
    counter[..iv.len()].copy_from_slice(iv);
    let mut cipher = ctr::Ctr64BE::<aes::Aes128>::new(key.into(), &counter.into());
    for (start, end) in ranges {
        cipher.apply_keystream(&mut sample[*start..*end]);
    }
}
