//! What fragments say of the track that they are of: heads of some of them, without the samples.

use crate::boxes::BoxBody;
use crate::boxes::cenc::SampleEncryptionEntries;
use crate::boxes::fragment::TrackFragmentHeader;
use crate::boxes::header::{BoxHeader, BoxId};
use crate::boxes::piff;
use crate::boxes::wire::{Context, FullHead, Wire};
use crate::bytes::units::len_u64;
use crate::bytes::{Error, KeyId, Reader, Result};

/// IV sizes that there are, the usual one first.
const IV_SIZES: [u8; 2] = [8, 16];

/// What heads of fragments of one track say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// The track.
    pub track_id: u32,
    /// How samples are encrypted, where a fragment says that they are.
    pub encryption: Option<Encryption>,
}

/// How samples are encrypted, as far as fragments say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// Bytes of IVs, where there are any.
    pub iv_size: Option<u8>,
    /// Algorithm of PIFF and key ID, where a fragment has its own.
    pub own: Option<(u32, KeyId)>,
    /// Whether it is said by a box of Common Encryption alone.
    pub is_cenc: bool,
}

impl Heads {
    /// Reads `moof` boxes, one behind the other.
    ///
    /// # Errors
    /// `smooth-heads` where there is no track fragment, or there are those of several tracks; and those of boxes that are damaged.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut found: Option<Self> = None;
        each(Reader::new(bytes, 0), &mut |id, moof| {
            if !id.is(b"moof") {
                return Ok(());
            }
            each(moof, &mut |id, traf| if id.is(b"traf") { take(&mut found, traf) } else { Ok(()) })
        })?;
        found
            .ok_or_else(|| wrong("The fragments have no track fragment (‘traf’) that has a header (‘tfhd’)."))
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::file("smooth-heads", message)
}

/// Boxes one behind the other, and what is in each.
fn each(mut r: Reader<'_>, take: &mut dyn FnMut(BoxId, Reader<'_>) -> Result<()>) -> Result<()> {
    while !r.is_empty() {
        let header = BoxHeader::read(&mut r.clone(), len_u64(r.remaining()))?;
        let mut whole = r.sub(header.size, "A box")?;
        BoxHeader::read(&mut whole, header.size)?;
        take(header.id, whole)?;
    }
    Ok(())
}

fn take(found: &mut Option<Heads>, traf: Reader<'_>) -> Result<()> {
    let mut heads = Heads::default();
    let mut has_header = false;
    each(traf, &mut |id, mut body| {
        if id.is(b"tfhd") {
            heads.track_id = TrackFragmentHeader::parse(&mut body, 0)?.track_id;
            has_header = true;
        } else if id == piff::SAMPLE_ENCRYPTION {
            // Damage in it does not make the samples clear.
            heads.encryption = Some(of_piff(body).unwrap_or_default());
        } else if id.is(b"senc") && heads.encryption.is_none() {
            heads.encryption = Some(Encryption { iv_size: iv_size(body), own: None, is_cenc: true });
        }
        Ok(())
    })?;
    if !has_header {
        return Ok(());
    }
    let Some(before) = found else {
        *found = Some(heads);
        return Ok(());
    };
    if before.track_id != heads.track_id {
        let message = format!(
            "The fragments are of several tracks, {} and {}, and those of one quality are of one.",
            before.track_id, heads.track_id
        );
        return Err(wrong(message));
    }
    // A part at the front may be clear, and samples of a fragment may all be.
    match (&mut before.encryption, heads.encryption) {
        (Some(known), Some(more)) => {
            known.iv_size = known.iv_size.or(more.iv_size);
            known.own = known.own.or(more.own);
            known.is_cenc &= more.is_cenc;
        }
        (known, more) => *known = known.or(more),
    }
    Ok(())
}

/// Algorithm, IV size and key ID are there where the box overrides those of the track (PIFF 1.1 5.3.2).
fn of_piff(mut body: Reader<'_>) -> Result<Encryption> {
    if !FullHead::read(&mut body.clone())?.has(piff::OVERRIDE) {
        return Ok(Encryption { iv_size: iv_size(body), ..Encryption::default() });
    }
    FullHead::read(&mut body)?;
    let algorithm = body.u24("AlgorithmID")?;
    let iv_size = Some(body.u8("IV_size")?).filter(|size| IV_SIZES.contains(size));
    let kid = KeyId(body.array("KID")?);
    Ok(Encryption { iv_size, own: Some((algorithm, kid)), is_cenc: false })
}

/// The size of IVs with which a box that does not say it ends where its last sample does.
fn iv_size(body: Reader<'_>) -> Option<u8> {
    let is_whole = |iv_size: u8| -> Result<bool> {
        let mut r = body;
        let head = FullHead::read(&mut r)?;
        let count = r.u32("sample_count")?;
        let cx = Context { head, iv_size, ..Context::default() };
        SampleEncryptionEntries::read(&mut r, "samples", &cx, Some(count.into()))?;
        Ok(count > 0 && head.version == 0 && r.is_empty())
    };
    IV_SIZES.into_iter().find(|size| is_whole(*size).unwrap_or(false))
}
