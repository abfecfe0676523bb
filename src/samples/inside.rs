//! One sample opened: its units, which bytes of it are encrypted, and, with its key, its clear bytes.

use std::rc::Rc;

use zeroize::Zeroizing;

use crate::boxes::cenc::Subsample;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, limits};
use crate::protect::SourceKeys;
use crate::protect::decrypt::decrypt_sample;
use crate::protect::scheme::{Mode, Pattern, Scheme};
use crate::track::encryption::Encryption;

use super::units::{Unit, units};
use super::{Asked, Row, Samples};

/// A sample and what is in it.
#[derive(Debug)]
pub struct Inside {
    /// Its row.
    pub row: Row,
    /// What is in it, in order.
    pub units: Vec<Unit>,
    /// What its map protects: where each range begins in it, and bytes. All of it where it has no map.
    pub protected: Vec<(usize, usize)>,
    /// Which blocks of these are encrypted, where not all are.
    pub pattern: Option<Pattern>,
    /// Bytes that are encrypted.
    pub encrypted: u64,
    /// Its clear bytes, where it is encrypted and there is a key for it.
    pub clear: Option<Zeroizing<Vec<u8>>>,
    /// What of it cannot be told, and why.
    pub problems: Vec<Error>,
}

impl Samples {
    /// Opens sample `number` of a track, which counts from 0; `None` where the track has none of it.
    pub fn open(&mut self, track: u32, number: u64, keys: &SourceKeys) -> Asked<Option<Inside>> {
        let Some((row, mut problems)) = self.row(track, number)? else { return Ok(None) };
        if u64::from(row.size) > limits::SAMPLE_LEN {
            let message =
                format!("The sample has {} bytes; Boxlock reads at most {}.", row.size, limits::SAMPLE_LEN);
            return Err(Error::limit("sample-too-large", message).at(row.start).into());
        }
        let bytes = self.bytes(row.start, row.size.into())?;
        let info = self.track(track);
        let entry = info.and_then(|info| info.entry(row.entry));
        let protected = protected(&row, bytes.len());
        let mut hidden = protected.clone();
        let mut clear = None;
        let (mut pattern, mut encrypted) = (None, 0);
        if let Some(by) = &row.by {
            hidden = Vec::new();
            for (start, len) in &protected {
                each_encrypted(by, *len, &mut |from, len| {
                    encrypted += len_u64(len);
                    hidden.push((start + from, len));
                });
            }
            pattern = pattern_of(by).filter(|pattern| pattern.crypt > 0);
            match decrypted(&row, by, track, bytes, keys) {
                Ok(Some(bytes)) => {
                    hidden.clear();
                    clear = Some(bytes);
                }
                Ok(None) => {}
                Err(error) => problems.push(error),
            }
        }
        let kind = info.map(|info| info.kind);
        let shown: &[u8] = clear.as_ref().map_or(bytes, |clear| clear);
        let (units, problem) = units(entry, kind, shown, &hidden);
        problems.extend(problem.map(|error| error.moved_by(row.start)));
        Ok(Some(Inside { units, protected, pattern, encrypted, clear, problems, row }))
    }
}

/// Whether the byte at `inside` of a sample is encrypted.
pub fn is_encrypted(row: &Row, inside: u64) -> bool {
    let Some(by) = &row.by else { return false };
    let inside = to_len(inside);
    let range = protected(row, to_len(row.size.into()))
        .into_iter()
        .find(|(start, len)| (*start..start.saturating_add(*len)).contains(&inside));
    let Some((start, len)) = range else { return false };
    let mut found = false;
    each_encrypted(by, len, &mut |from, len| found |= (from..from + len).contains(&(inside - start)));
    found
}

/// The ranges that a sample of `len` bytes has protected: where each begins, and its bytes.
fn protected(row: &Row, len: usize) -> Vec<(usize, usize)> {
    if row.by.is_some() { ranges(&row.map, len) } else { Vec::new() }
}

/// The ranges that a map protects, in order and inside of its sample of `len` bytes: where each begins, and its bytes. All of
/// it without a map.
pub fn ranges(map: &[Subsample], len: usize) -> Vec<(usize, usize)> {
    if map.is_empty() {
        return vec![(0, len)];
    }
    let mut at = 0_usize;
    let mut all = Vec::new();
    for Subsample { clear, protected } in map {
        let start = at.saturating_add(usize::from(*clear)).min(len);
        at = start.saturating_add(to_len(u64::from(*protected))).min(len);
        if at > start {
            all.push((start, at - start));
        }
    }
    all
}

fn pattern_of(by: &Encryption) -> Option<Pattern> {
    let scheme = Scheme::known(&by.scheme.text())?;
    scheme.has_pattern.then_some(Pattern { crypt: by.pattern >> 4, skip: by.pattern & 15 })
}

/// Gives `take` the stretches of a protected range of `len` bytes that are encrypted: where each begins in it, and its bytes.
fn each_encrypted(by: &Encryption, len: usize, take: &mut dyn FnMut(usize, usize)) {
    let is_stream = Scheme::known(&by.scheme.text()).is_none_or(|scheme| scheme.mode == Mode::Ctr);
    let pattern = pattern_of(by);
    if is_stream && pattern.is_none() {
        take(0, len);
        return;
    }
    pattern.unwrap_or_default().each(len, take);
}

fn decrypted(
    row: &Row,
    by: &Rc<Encryption>,
    track: u32,
    bytes: &[u8],
    keys: &SourceKeys,
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let Some(key) = keys.find(track, by.kid).and_then(|number| keys.iter().nth(number)) else {
        return Ok(None);
    };
    // Without its IV it would become something else that is not clear.
    if row.iv.is_empty() {
        return Ok(None);
    }
    let mut clear = Zeroizing::new(bytes.to_vec());
    decrypt_sample(by, track, &key.key, (&row.iv, &row.map), row.start, &mut clear)?;
    Ok(Some(clear))
}
