//! Sample groups that give samples another key, or none (ISO/IEC 14496-12 clause 8.9, 23001-7 clause 6).

use super::Res;
use super::boxes::Node;
use super::movie::Defaults;

/// An entry of `sgpd` with type `seig`.
pub type Group = Defaults;

/// The entries that a container describes.
pub fn described(container: &Node<'_>) -> Res<Vec<Group>> {
    let mut found = Vec::new();
    for sgpd in container.all(b"sgpd")? {
        let (version, _, mut c) = sgpd.full()?;
        if c.take(4)? != b"seig" {
            continue;
        }
        let default_len = if version == 1 { c.u32()? } else { 0 };
        if version >= 2 {
            c.u32()?;
        }
        for _ in 0..c.u32()? {
            let len = if version == 1 && default_len == 0 { c.u32()? } else { default_len };
            let before = c.left();
            let (_, pattern, protected) = (c.u8()?, c.u8()?, c.u8()?);
            let (iv_len, kid) = (usize::from(c.u8()?), c.id()?);
            if protected == 1 && iv_len == 0 {
                return Err(format!("{} has a constant IV", sgpd.name()));
            }
            let used = before - c.left();
            if len > 0 {
                c.take((len as usize).checked_sub(used).ok_or("a short seig entry")?)?;
            }
            found.push(Defaults { protected: protected != 0, iv_len, kid, pattern });
        }
    }
    Ok(found)
}

/// For each of `count` samples of a `traf` the group it is in.
pub fn of_samples(traf: &Node<'_>, of_track: &[Group], count: usize) -> Res<Vec<Option<Group>>> {
    let own = described(traf)?;
    let mut groups = vec![None; count];
    for sbgp in traf.all(b"sbgp")? {
        let (version, _, mut c) = sbgp.full()?;
        if c.take(4)? != b"seig" {
            continue;
        }
        if version == 1 {
            c.u32()?;
        }
        let mut at = 0_usize;
        for _ in 0..c.u32()? {
            let (run, index) = (c.u32()? as usize, c.u32()? as usize);
            let group = match index {
                0 => None,
                1..=0xffff => {
                    Some(of_track.get(index - 1).ok_or("a group that the track does not describe")?)
                }
                _ => Some(own.get(index - 0x1_0001).ok_or("a group that the fragment does not describe")?),
            };
            for _ in 0..run.min(count.saturating_sub(at)) {
                groups[at] = group.cloned();
                at += 1;
            }
        }
    }
    Ok(groups)
}
