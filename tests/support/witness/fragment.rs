//! The samples of a movie fragment: where they stand, which sample entry they have (14496-12 clause 8.8), and how they
//! are encrypted.

use super::auxiliary::{self, Cipher};
use super::boxes::Node;
use super::movie::Track;
use super::{PIFF_SENC, Res, groups};

/// One sample.
#[derive(Clone, Debug)]
pub struct Sample {
    pub track: u32,
    pub start: usize,
    pub len: usize,
    /// Index of the sample entry.
    pub entry: usize,
    /// As the boxes of Common Encryption say.
    pub cenc: Option<Cipher>,
    /// As those of PIFF say.
    pub piff: Option<Cipher>,
}

/// One `traf`.
struct Header {
    track: u32,
    flags: u32,
    base: Option<usize>,
    entry: Option<u32>,
    size: Option<u32>,
}

fn header(tfhd: &Node<'_>) -> Res<Header> {
    let (_, flags, mut c) = tfhd.full()?;
    let track = c.u32()?;
    let base = (flags & 1 != 0).then(|| c.u64()).transpose()?;
    let base = base.map(|base| usize::try_from(base).map_err(|e| e.to_string())).transpose()?;
    let entry = (flags & 2 != 0).then(|| c.u32()).transpose()?;
    let _duration = (flags & 8 != 0).then(|| c.u32()).transpose()?;
    let size = (flags & 0x10 != 0).then(|| c.u32()).transpose()?;
    Ok(Header { track, flags, base, entry, size })
}

/// Where a data offset leads.
fn moved(base: usize, offset: u32) -> Res<usize> {
    let to = base as i128 + i128::from(offset as i32);
    usize::try_from(to).map_err(|_| format!("data {offset:#x} from {base} is before the file"))
}

/// A file of 64 samples a byte is no media; what is more is a count gone wrong.
fn most_samples(file: &[u8]) -> usize {
    1_000_000 + file.len()
}

/// All samples of a `moof`, `traf` by `traf`.
pub fn samples(moof: &Node<'_>, tracks: &[Track]) -> Res<Vec<Sample>> {
    let mut all = Vec::new();
    let mut implicit = moof.start;
    for traf in moof.all(b"traf")? {
        let header = header(&traf.only(b"tfhd")?)?;
        let track = tracks.iter().find(|track| track.id == header.track);
        let runs = traf.all(b"trun")?;
        let mut base = match header.base {
            Some(base) => base,
            None if header.flags & 0x2_0000 != 0 => moof.start,
            None => implicit,
        };
        // Shaka's own test file, and others, count from the moof without the flag that says so, in each traf.
        if let (true, Some(first)) = (header.flags & 0x2_0001 == 0, runs.first()) {
            let (_, flags, mut c) = first.full()?;
            c.u32()?;
            if flags & 1 != 0 && c.u32()? as usize >= moof.len() {
                base = moof.start;
            }
        }
        let mut places = Vec::new();
        let mut end = base;
        for run in &runs {
            end = places_of(run, base, end, &header, track, &mut places)?;
        }
        implicit = end;
        // What is of no track is of no interest, but has its place.
        let Some(track) = track else { continue };
        let entry = header.entry.or(track.extends.map(|(entry, _)| entry)).unwrap_or(1);
        let entry = (entry as usize).checked_sub(1).ok_or("sample entry 0")?;
        let file = moof.file;
        if let Some((start, len)) = places.iter().find(|(start, len)| start.saturating_add(*len) > file.len())
        {
            return Err(format!("a sample of {len} bytes at {start} is past the end of the file"));
        }
        let sizes: Vec<usize> = places.iter().map(|(_, len)| *len).collect();
        let (cenc, piff) = ciphers(&traf, moof, &header, track, entry, &sizes)?;
        for (((start, len), cenc), piff) in places.into_iter().zip(cenc).zip(piff) {
            all.push(Sample { track: track.id, start, len, entry, cenc, piff });
        }
    }
    Ok(all)
}

fn places_of(
    run: &Node<'_>,
    base: usize,
    end: usize,
    header: &Header,
    track: Option<&Track>,
    places: &mut Vec<(usize, usize)>,
) -> Res<usize> {
    let (_, flags, mut c) = run.full()?;
    let count = c.u32()? as usize;
    let mut at = if flags & 1 != 0 { moved(base, c.u32()?)? } else { end };
    if flags & 4 != 0 {
        c.u32()?;
    }
    if places.len() + count > most_samples(run.file) {
        return Err(format!("{} has {count} samples", run.name()));
    }
    for _ in 0..count {
        if flags & 0x100 != 0 {
            c.u32()?;
        }
        let size = if flags & 0x200 != 0 {
            c.u32()?
        } else {
            header.size.or(track.and_then(|track| track.extends).map(|(_, size)| size)).unwrap_or(0)
        };
        if flags & 0x400 != 0 {
            c.u32()?;
        }
        if flags & 0x800 != 0 {
            c.u32()?;
        }
        places.push((at, size as usize));
        at = at.checked_add(size as usize).ok_or("samples past all numbers")?;
    }
    Ok(at)
}

type Ciphers = Vec<Option<Cipher>>;

/// How each sample is encrypted, as the two kinds of boxes say.
fn ciphers(
    traf: &Node<'_>,
    moof: &Node<'_>,
    header: &Header,
    track: &Track,
    entry: usize,
    sizes: &[usize],
) -> Res<(Ciphers, Ciphers)> {
    let none = || vec![None; sizes.len()];
    let Some(scheme) = track.entries.get(entry).and_then(|entry| entry.scheme.as_ref()) else {
        return Ok((none(), none()));
    };
    if sizes.is_empty() {
        return Ok((none(), none()));
    }
    let mut cenc = none();
    if let Some(defaults) = &scheme.cenc {
        let groups = groups::of_samples(traf, &track.groups, sizes.len())?;
        let of_samples: Vec<_> = groups.into_iter().map(|g| g.unwrap_or_else(|| defaults.clone())).collect();
        if of_samples.iter().any(|one| one.protected) {
            cenc = auxiliary::cenc(traf, header.base.unwrap_or(moof.start), scheme, &of_samples, sizes)?;
        }
    }
    let mut piff = none();
    if let Some(defaults) = &scheme.piff {
        let senc = traf.user(&PIFF_SENC)?;
        if let (true, Some(senc)) = (defaults.protected, senc) {
            piff = auxiliary::piff(&senc, defaults, sizes)?;
        }
    }
    Ok((cenc, piff))
}
