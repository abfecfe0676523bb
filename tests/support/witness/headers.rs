//! The boxes of DRM systems in a file, wherever they may stand.

use super::boxes::{self, Node};
use super::{PIFF_PSSH, Res};

/// One `pssh` or its PIFF twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub twin: bool,
    /// Type of the box around it; none at the top.
    pub inside: Option<[u8; 4]>,
    pub system: [u8; 16],
    /// Key IDs named outside the data.
    pub kids: Vec<[u8; 16]>,
    pub data: Vec<u8>,
}

fn header(node: &Node<'_>, inside: Option<[u8; 4]>) -> Res<Option<Header>> {
    let twin = node.user == Some(PIFF_PSSH);
    if !twin && !node.is(b"pssh") {
        return Ok(None);
    }
    let (version, _, mut c) = node.full()?;
    let system = c.id()?;
    let mut kids = Vec::new();
    if version > 0 {
        for _ in 0..c.u32()? {
            kids.push(c.id()?);
        }
    }
    let len = c.u32()? as usize;
    Ok(Some(Header { twin, inside, system, kids, data: c.take(len)?.to_vec() }))
}

/// All of them.
pub fn all(file: &[u8]) -> Res<Vec<Header>> {
    let mut found = Vec::new();
    for node in boxes::top(file).0 {
        found.extend(header(&node, None)?);
        if node.is(b"moov") || node.is(b"moof") {
            for child in node.children(0)? {
                found.extend(header(&child, Some(node.kind))?);
            }
        }
    }
    Ok(found)
}
