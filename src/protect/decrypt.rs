//! Decrypting the samples of protected fragments, with keys that are given for key IDs or tracks.

use std::rc::Rc;

use crate::boxes::Tree;
use crate::boxes::cenc::Subsample;
use crate::bytes::{ContentKey, Error, FourCc, KeyId, Result};
use crate::track::encryption::{Encryption, Maps, maps, spans};
use crate::track::{Fragment, Movie};

use super::apply::{Cipher, Mapped, Way, whole_block};
use super::cipher::AesKey;
use super::samples::Window;
use super::scheme::{BLOCK, Pattern, Scheme};
use super::source_keys::SourceKeys;

/// Keys of what is protected already, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Decryptor {
    keys: SourceKeys,
    ciphers: Vec<Rc<AesKey>>,
}

impl Decryptor {
    /// With these keys.
    pub fn new(keys: &SourceKeys) -> Self {
        Self {
            keys: keys.clone(),
            ciphers: keys.iter().map(|known| Rc::new(AesKey::new(&known.key))).collect(),
        }
    }

    /// How the samples of a fragment are to be decrypted; `None` where nothing is. `media` is what is at hand behind its
    /// `moof`, and where that begins.
    pub fn of_fragment(
        &self,
        tree: &Tree<'_>,
        fragment: &Fragment,
        movie: &Movie,
        media: (u64, &[u8]),
    ) -> Result<Option<FragmentDecryption>> {
        if self.ciphers.is_empty() {
            return Ok(None);
        }
        let key =
            |track, kid| self.keys.find(track, kid).and_then(|number| self.ciphers.get(number)).cloned();
        FragmentDecryption::read(tree, fragment, movie, &key, media).map(Some)
    }
}

/// Samples in a row that are decrypted alike.
#[derive(Debug)]
struct Stretch {
    count: usize,
    /// `None` where they are clear.
    by: Option<(Rc<AesKey>, Cipher)>,
    iv_size: usize,
}

/// Where the samples of a `traf` stand that come next.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    stretch: usize,
    /// Samples of the stretch before.
    inside: usize,
    sample: usize,
    /// Bytes of IVs before.
    iv: usize,
    subsample: usize,
}

/// How the samples of one `traf` are to be decrypted.
#[derive(Debug)]
struct TrackDecryption {
    stretches: Vec<Stretch>,
    maps: Maps,
    cursor: Cursor,
}

/// How the samples of a fragment are to be decrypted, and which come next.
#[derive(Debug)]
pub struct FragmentDecryption {
    tracks: Vec<TrackDecryption>,
}

impl FragmentDecryption {
    fn read(
        tree: &Tree<'_>,
        fragment: &Fragment,
        movie: &Movie,
        key: &dyn Fn(u32, Option<KeyId>) -> Option<Rc<AesKey>>,
        media: (u64, &[u8]),
    ) -> Result<Self> {
        let mut tracks = Vec::new();
        for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
            let spans = spans(tree, traf, track, movie)?;
            let maps = maps(tree, traf, track, &spans, media)?;
            let mut stretches = Vec::new();
            for span in spans {
                let (count, id) = (span.count, track.tfhd.track_id);
                let iv_size = span.by.as_ref().map_or(0, |by| usize::from(by.iv_size));
                let by = span.by.map(|by| -> Result<_> {
                    let key = key(id, by.kid).ok_or_else(|| no_keys(&[(by.kid, vec![id])]))?;
                    Ok((key, cipher_of(&by, id).map_err(|error| error.at(traf.start))?))
                });
                stretches.push(Stretch { count, by: by.transpose()?, iv_size });
            }
            tracks.push(TrackDecryption { stretches, maps, cursor: Cursor::default() });
        }
        Ok(Self { tracks })
    }

    /// Goes back to the first samples.
    pub fn rewind(&mut self) {
        self.tracks.iter_mut().for_each(|track| track.cursor = Cursor::default());
    }

    /// Whether any sample of the `traf` of this number is encrypted.
    pub fn touches(&self, number: usize) -> bool {
        let track = self.tracks.get(number);
        track.is_some_and(|track| track.stretches.iter().any(|stretch| stretch.by.is_some()))
    }

    /// Decrypts all samples in place.
    pub fn decrypt_all(&mut self, fragment: &Fragment, window: &mut Window<'_>) -> Result<()> {
        for (number, track) in fragment.tracks.iter().enumerate().filter(|(_, track)| track.sample_count > 0)
        {
            if self.touches(number) {
                self.decrypt(number, &mut track.samples(), window)?;
            }
        }
        Ok(())
    }

    /// Decrypts samples in place, by file offset and bytes: the next ones of the `traf` of this number.
    pub fn decrypt(
        &mut self,
        number: usize,
        samples: &mut dyn Iterator<Item = (u64, u32)>,
        window: &mut Window<'_>,
    ) -> Result<()> {
        let Some(TrackDecryption { stretches, maps, cursor }) = self.tracks.get_mut(number) else {
            return Ok(());
        };
        let mut next = samples.next();
        while let (Some(_), Some(stretch)) = (next, stretches.get(cursor.stretch)) {
            let mut alike = Vec::new();
            while let Some((start, size)) = next.filter(|_| cursor.inside < stretch.count) {
                let iv = maps.ivs.get(cursor.iv..cursor.iv + stretch.iv_size).unwrap_or_default();
                let count = maps.counts.get(cursor.sample).map_or(0, |&count| usize::from(count));
                let map = maps.subsamples.get(cursor.subsample..cursor.subsample + count).unwrap_or_default();
                cursor.iv += iv.len();
                cursor.inside += 1;
                cursor.sample += 1;
                cursor.subsample += count;
                // Samples without bytes may stand anywhere.
                alike.extend((size > 0).then_some(Mapped { start, size, iv, map }));
                next = samples.next();
            }
            if let Some((key, cipher)) = &stretch.by {
                cipher.apply(key, Way::Decrypt, window, alike.into_iter())?;
            }
            if cursor.inside == stretch.count {
                (cursor.stretch, cursor.inside) = (cursor.stretch + 1, 0);
            }
        }
        Ok(())
    }
}

/// The cipher of samples that are encrypted like this.
fn cipher_of(by: &Encryption, track: u32) -> Result<Cipher> {
    let scheme = Scheme::known(&by.scheme.text()).filter(Scheme::protects);
    let scheme = scheme.ok_or_else(|| unknown_scheme(track, by.scheme))?;
    let iv = (by.iv_size == 0).then_some(by.constant_iv.as_slice());
    let len = iv.map_or(usize::from(by.iv_size), <[u8]>::len);
    // Blocks are chained to whole ones, but Shaka Packager wrote short IVs there too.
    if ![BLOCK / 2, BLOCK].contains(&len) {
        let message =
            format!("Track {track} has IVs of {len} bytes, which the scheme {} does not know.", by.scheme);
        return Err(Error::file("bad-iv", message));
    }
    let pattern = if scheme.has_pattern {
        Pattern { crypt: by.pattern >> 4, skip: by.pattern & 15 }
    } else {
        Pattern::default()
    };
    Ok(Cipher { scheme, pattern, iv: iv.map(whole_block) })
}

/// That samples of a track are encrypted in a way that is not known.
pub fn unknown_scheme(track: u32, scheme: FourCc) -> Error {
    let message = format!(
        "Track {track} is encrypted with the scheme “{scheme}”; Boxlock decrypts cenc, cbcs, cens, cbc1 and PIFF."
    );
    Error::unsupported("unknown-scheme", message)
}

/// That keys are missing: for each key ID, the tracks that are encrypted with it.
pub fn no_keys(missing: &[(Option<KeyId>, Vec<u32>)]) -> Error {
    let one = |(kid, tracks): &(Option<KeyId>, Vec<u32>)| {
        let ids: Vec<String> = tracks.iter().map(u32::to_string).collect();
        let tracks = format!("track{} {}", if ids.len() == 1 { "" } else { "s" }, ids.join(", "));
        kid.map_or_else(|| tracks.clone(), |kid| format!("the key ID {kid} ({tracks})"))
    };
    const MOST: usize = 8;
    let mut all: Vec<String> = missing.iter().take(MOST).map(one).collect();
    if missing.len() > MOST {
        all.push(format!("{} more key IDs", missing.len() - MOST));
    }
    let message = format!(
        "There is no key for {}. Without it its samples cannot be decrypted.",
        all.join(", nor for ")
    );
    Error::caller("no-key", "sourceKeys", message)
}

/// Decrypts one sample in place, which stands at file offset `start` and has this IV and this map.
pub fn decrypt_sample(
    by: &Encryption,
    track: u32,
    key: &ContentKey,
    (iv, map): (&[u8], &[Subsample]),
    start: u64,
    sample: &mut [u8],
) -> Result<()> {
    let size = u32::try_from(sample.len()).unwrap_or(u32::MAX);
    let mut window = Window { start, bytes: sample };
    let sample = Mapped { start, size, iv, map };
    let cipher = cipher_of(by, track).map_err(|error| error.at(start))?;
    cipher.apply(&AesKey::new(key), Way::Decrypt, &mut window, core::iter::once(sample))
}

/// Decrypts the samples of a fragment in place. `key` gives the key for a track ID and key ID.
pub fn decrypt(
    tree: &Tree<'_>,
    fragment: &Fragment,
    movie: &Movie,
    key: &dyn Fn(u32, Option<KeyId>) -> Option<ContentKey>,
    window: &mut Window<'_>,
) -> Result<()> {
    let expanded = |track, kid| key(track, kid).as_ref().map(AesKey::new).map(Rc::new);
    FragmentDecryption::read(tree, fragment, movie, &expanded, (window.start, window.bytes))?
        .decrypt_all(fragment, window)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(scheme: [u8; 4], iv_size: u8, constant_iv: &[u8]) -> Encryption {
        let constant_iv = constant_iv.to_vec();
        Encryption { scheme: FourCc(scheme), pattern: 0x19, iv_size, constant_iv, kid: None }
    }

    #[test]
    fn ciphers_have_the_ivs_and_patterns_of_their_schemes() {
        let cipher = |by: Encryption| cipher_of(&by, 3);
        let cbcs = cipher(by(*b"cbcs", 0, &[7; 16])).unwrap();
        assert_eq!((cbcs.pattern, cbcs.iv), (Pattern { crypt: 1, skip: 9 }, Some([7; 16])));
        let cenc = cipher(by(*b"cenc", 8, &[])).unwrap();
        assert_eq!((cenc.pattern, cenc.iv), (Pattern::default(), None));
        assert!(cipher(by(*b"cenc", 0, &[7; 8])).is_ok());
        for (by, code) in [
            (by(*b"cenc", 4, &[]), "bad-iv"),
            (by(*b"cbcs", 0, &[]), "bad-iv"),
            (by(*b"itun", 8, &[]), "unknown-scheme"),
            (by(*b"none", 8, &[]), "unknown-scheme"),
        ] {
            assert_eq!(cipher(by).unwrap_err().code(), code);
        }
    }

    #[test]
    fn missing_keys_are_named_up_to_eight() {
        let missing =
            |count: u8| -> Vec<_> { (0..count).map(|kid| (Some(KeyId([kid; 16])), vec![1])).collect() };
        let said = |missing: &[_]| no_keys(missing).message().to_owned();
        assert!(said(&missing(8)).contains("07070707"));
        assert!(!said(&missing(8)).contains("more key IDs"));
        assert!(said(&missing(10)).contains(", nor for 2 more key IDs."), "{}", said(&missing(10)));
        assert!(said(&[(None, vec![1, 2])]).starts_with("There is no key for tracks 1, 2. "));
    }
}
