//! Reading protected fragments: which IVs and subsamples their samples have, and decrypting them.

use crate::boxes::cenc::{SampleEncryption, SampleEncryptionEntries};
use crate::boxes::piff::{self, OVERRIDE, PiffSampleEncryption};
use crate::boxes::{Node, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::track::leftovers::is_key_group;
use crate::track::{Fragment, Movie, TrackFragment};

use super::cipher::AesKey;
use super::samples::{Window, apply_keystream};

/// How the samples of one `traf` are encrypted.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackFragmentEncryption {
    /// Key ID.
    pub kid: Option<KeyId>,
    /// Bytes per IV.
    pub iv_size: u8,
    /// Whether the cipher is AES in counter mode.
    pub counter_mode: bool,
    /// IVs and subsample maps.
    pub entries: SampleEncryptionEntries,
}

/// Reads the sample encryption box of `traf`, CENC or PIFF; `None` when its samples are clear.
pub fn encryption(
    tree: &Tree<'_>,
    traf: &Node,
    track: &TrackFragment,
    movie: &Movie,
) -> Result<Option<TrackFragmentEncryption>> {
    let entry = movie.track(track.tfhd.track_id).and_then(|info| info.entry(track.sample_description_index));
    let Some(protection) =
        entry.and_then(|entry| entry.protection.as_ref()).filter(|found| found.is_protected)
    else {
        return Ok(None);
    };
    let mut found = TrackFragmentEncryption {
        kid: protection.kid,
        iv_size: protection.iv_size,
        counter_mode: protection.counter_mode,
        entries: SampleEncryptionEntries::default(),
    };
    let (count, start) = if let Some(node) = traf.child(b"senc") {
        let senc: SampleEncryption = tree.read_with_iv(node, found.iv_size)?;
        if senc.head.version > 0 {
            let message = format!(
                "The sample encryption box has version {}, for samples with several keys; Boxlock decrypts version 0.",
                senc.head.version
            );
            return Err(Error::unsupported("several-keys", message).at(node.start));
        }
        found.entries = senc.samples;
        (senc.sample_count, node.start)
    } else if let Some(node) = traf.child_id(piff::SAMPLE_ENCRYPTION) {
        let senc: PiffSampleEncryption = tree.read_with_iv(node, found.iv_size)?;
        if senc.head.has(OVERRIDE) {
            if senc.algorithm_id.0 == piff::algorithm::NONE {
                return Ok(None);
            }
            found.kid = Some(senc.kid);
            found.iv_size = senc.iv_size;
            found.counter_mode = senc.algorithm_id.0 == piff::algorithm::AES_CTR;
        }
        found.entries = senc.samples.0;
        (senc.sample_count, node.start)
    } else if let Some(node) = traf.child(b"saio") {
        let message = "The IVs of this fragment stand outside its sample encryption box, where 'saio' points; Boxlock \
                       does not follow it.";
        return Err(Error::unsupported("iv-elsewhere", message).at(node.start));
    } else {
        return Ok(None);
    };
    if u64::from(count) != len_u64(track.sample_count) {
        let message = format!(
            "The sample encryption box lists {count} samples, but the runs of its track have {}.",
            track.sample_count
        );
        return Err(Error::file("sample-count", message).at(start));
    }
    Ok(Some(found))
}

/// Decrypts the samples of a fragment in place. `key` gives the key for a track ID and key ID.
pub fn decrypt(
    tree: &Tree<'_>,
    fragment: &Fragment,
    movie: &Movie,
    key: &dyn Fn(u32, Option<KeyId>) -> Option<ContentKey>,
    window: &mut Window<'_>,
) -> Result<()> {
    for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
        let Some(found) = encryption(tree, traf, track, movie)? else { continue };
        if let Some(node) = traf.all(b"sbgp").find(|node| is_key_group(tree, node)) {
            let message =
                "The samples of this fragment change keys by sample group; Boxlock does not follow that.";
            return Err(Error::unsupported("key-rotation", message).at(node.start));
        }
        if !found.counter_mode {
            let message =
                format!("Track {} is encrypted otherwise than in plain counter mode.", track.tfhd.track_id);
            return Err(Error::unsupported("cipher", message).at(traf.start));
        }
        let Some(key) = key(track.tfhd.track_id, found.kid) else {
            let kid = found.kid.map_or_else(|| "an unknown key".to_owned(), |kid| format!("key ID {kid}"));
            return Err(Error::caller("no-key", "keys", format!("There is no key for {kid}.")));
        };
        apply_keystream(&AesKey::new(&key), track, &found.entries, found.iv_size, window)?;
    }
    Ok(())
}
