//! Initialization vectors and subsample maps: by `saiz` and `saio` as 23001-7 clause 7 wants them read, by `senc`, and
//! by PIFF's own box (PIFF 1.1 clause 5.3.2).

use super::Res;
use super::boxes::{Cursor, Node};
use super::movie::{Defaults, Scheme};

/// How a sample is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cipher {
    pub kid: [u8; 16],
    pub iv: Vec<u8>,
    /// Clear and protected bytes in turns; `None` when the whole sample is protected.
    pub map: Option<Vec<(usize, usize)>>,
}

impl Cipher {
    /// From where to where a sample is protected, neighbours put together.
    pub fn ranges(&self, len: usize) -> Vec<(usize, usize)> {
        let Some(map) = &self.map else { return if len > 0 { vec![(0, len)] } else { Vec::new() } };
        let mut at = 0;
        let mut ranges = Vec::new();
        for (clear, protected) in map {
            at += clear;
            if *protected > 0 {
                super::wanted::add(&mut ranges, at, at + protected);
            }
            at += protected;
        }
        ranges
    }
}

fn check(map: &[(usize, usize)], len: usize) -> Res<()> {
    if map.is_empty() {
        return Err("a subsample count of 0; it must be greater".to_owned());
    }
    if len > 0 && map.contains(&(0, 0)) {
        return Err("a subsample of no bytes".to_owned());
    }
    let sum: usize = map.iter().map(|(clear, protected)| clear + protected).sum();
    if sum == len { Ok(()) } else { Err(format!("subsamples cover {sum} bytes of a sample of {len}")) }
}

fn map(c: &mut Cursor<'_>, len: usize) -> Res<Vec<(usize, usize)>> {
    let mut map = Vec::new();
    for _ in 0..c.u16()? {
        map.push((usize::from(c.u16()?), c.u32()? as usize));
    }
    check(&map, len)?;
    Ok(map)
}

/// Reads `{IV, map}` of each sample, one behind the other.
fn listed(c: &mut Cursor<'_>, of: &[Defaults], maps: bool, sizes: &[usize]) -> Res<Vec<Option<Cipher>>> {
    let mut ciphers = Vec::new();
    for (one, len) in of.iter().zip(sizes) {
        if !one.protected {
            ciphers.push(None);
            continue;
        }
        let iv = c.take(one.iv_len)?.to_vec();
        let map = if maps { Some(map(c, *len)?) } else { None };
        ciphers.push(Some(Cipher { kid: one.kid, iv, map }));
    }
    Ok(ciphers)
}

/// Whether a `saiz` or `saio` is about encryption; the cursor is put behind its type.
fn about_encryption(flags: u32, c: &mut Cursor<'_>, scheme: &Scheme) -> Res<bool> {
    if flags & 1 == 0 {
        return Ok(true);
    }
    let (kind, parameter) = (c.take(4)?, c.u32()?);
    Ok((kind == scheme.kind || kind == [0; 4]) && parameter == 0)
}

fn one_about_encryption<'a>(traf: &Node<'a>, kind: &[u8; 4], scheme: &Scheme) -> Res<(u8, Cursor<'a>)> {
    let mut found = Vec::new();
    for node in traf.all(kind)? {
        let (version, flags, mut c) = node.full()?;
        if about_encryption(flags, &mut c, scheme)? {
            found.push((version, c));
        }
    }
    match found[..] {
        [one] => Ok(one),
        _ => Err(format!("{} has {} {:?}", traf.name(), found.len(), String::from_utf8_lossy(kind))),
    }
}

/// By `saiz` and `saio`; `senc` must say the same.
pub fn cenc(
    traf: &Node<'_>,
    base: usize,
    scheme: &Scheme,
    of: &[Defaults],
    sizes: &[usize],
) -> Res<Vec<Option<Cipher>>> {
    if &scheme.kind != b"cenc" || of.iter().any(|one| one.pattern != 0 || one.protected && one.iv_len == 0) {
        return Err(format!("{} is not of the scheme cenc", traf.name()));
    }
    let (_, mut saiz) = one_about_encryption(traf, b"saiz", scheme)?;
    let default = saiz.u8()?;
    if saiz.u32()? as usize != sizes.len() {
        return Err(format!("saiz of {} is not about its {} samples", traf.name(), sizes.len()));
    }
    let lens: Vec<u8> =
        sizes.iter().map(|_| if default == 0 { saiz.u8() } else { Ok(default) }).collect::<Res<_>>()?;
    if default == 0 && saiz.left() > 0 {
        return Err(format!("saiz of {} is too long", traf.name()));
    }
    let (version, mut saio) = one_about_encryption(traf, b"saio", scheme)?;
    if saio.u32()? != 1 {
        return Err(format!("saio of {} has not one entry", traf.name()));
    }
    let offset = saio.number(if version == 0 { 4 } else { 8 })?;
    let start = usize::try_from(offset)
        .ok()
        .and_then(|offset| base.checked_add(offset))
        .ok_or("saio leads nowhere")?;
    let end = start + lens.iter().map(|len| usize::from(*len)).sum::<usize>();
    let mut c = Cursor::new(traf.file, start, end)?;
    let mut ciphers = Vec::new();
    for ((one, len), size) in of.iter().zip(&lens).zip(sizes) {
        let mut own = Cursor::new(traf.file, c.at(), c.at() + usize::from(*len))?;
        c.take(usize::from(*len))?;
        let with_map = usize::from(*len) > one.iv_len;
        ciphers.extend(listed(&mut own, std::slice::from_ref(one), with_map, &[*size])?);
        if own.left() > 0 {
            return Err(format!("auxiliary information of {} has bytes too many", traf.name()));
        }
    }
    let senc = traf.only(b"senc")?;
    let (version, flags, mut c) = senc.full()?;
    if version != 0 || c.u32()? as usize != sizes.len() {
        return Err(format!("{} is not about the {} samples of its traf", senc.name(), sizes.len()));
    }
    let by_senc = listed(&mut c, of, flags & 2 != 0, sizes).map_err(|e| format!("{}: {e}", senc.name()))?;
    if by_senc != ciphers || c.left() > 0 {
        return Err(format!("{} and saiz/saio say two things", senc.name()));
    }
    Ok(ciphers)
}

/// By PIFF's sample encryption box.
pub fn piff(senc: &Node<'_>, defaults: &Defaults, sizes: &[usize]) -> Res<Vec<Option<Cipher>>> {
    let (_, flags, mut c) = senc.full()?;
    let mut one = defaults.clone();
    if flags & 1 != 0 {
        let algorithm = c.number(3)?;
        one = Defaults { protected: algorithm == 1, iv_len: usize::from(c.u8()?), kid: c.id()?, pattern: 0 };
    }
    if c.u32()? as usize != sizes.len() {
        return Err(format!("{} is not about the {} samples of its traf", senc.name(), sizes.len()));
    }
    let ciphers = listed(&mut c, &vec![one; sizes.len()], flags & 2 != 0, sizes)
        .map_err(|e| format!("{}: {e}", senc.name()))?;
    if c.left() > 0 {
        return Err(format!("{} has bytes too many", senc.name()));
    }
    Ok(ciphers)
}
