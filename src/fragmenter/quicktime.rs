//! What QuickTime writes in its own way, in the way of MP4: browsers and Smooth Streaming players read no other.

use crate::boxes::movie::{Handler, MediaHeader};
use crate::boxes::types::Language;
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::Result;
use crate::bytes::units::len_u64;

use super::sound_entry;

/// The language of a QuickTime track, which may be a number of the Macintosh, as MP4 says it.
pub fn language(tree: &Tree<'_>, mdia: &Node, mdhd: &MediaHeader) -> Language {
    let hdlr = mdia.child(b"hdlr").map(|node| tree.read::<Handler>(node));
    let is_quicktime = hdlr.is_some_and(|hdlr| hdlr.is_ok_and(|hdlr| hdlr.pre_defined != 0));
    if !is_quicktime || mdhd.language.0 >= 0x400 {
        return mdhd.language;
    }
    let code = mdhd.language.code_in_quicktime().unwrap_or_else(|| "und".to_owned());
    Language(code.bytes().fold(0, |packed, letter| packed << 5 | u16::from(letter & 0x1f)))
}

/// Changes a track of a QuickTime movie.
pub fn to_mp4(tree: &Tree<'_>, trak: &Node, edits: &mut Edits) -> Result<()> {
    let Some(mdia) = trak.child(b"mdia") else { return Ok(()) };
    if let Some(node) = mdia.child(b"hdlr") {
        let mut hdlr: Handler = tree.read(node)?;
        // A component type stands where MP4 has zeros, and the name has its length in front.
        if hdlr.pre_defined != 0 {
            (hdlr.pre_defined, hdlr.reserved) = (0, [0; 12]);
            let name = &mut hdlr.name.bytes;
            if name.first().is_some_and(|len| u64::from(*len) + 1 == len_u64(name.len())) {
                name.remove(0);
            }
            hdlr.name.terminated = true;
            edits.replace(node, hdlr.to_box(0));
        }
    }
    let Some(minf) = mdia.child(b"minf") else { return Ok(()) };
    // How the data is reached, which no MP4 says.
    minf.all(b"hdlr").for_each(|node| edits.remove(node));
    let stsd = minf.descend(&[b"stbl", b"stsd"]);
    if let (Some(stsd), Some(mdhd)) = (stsd, mdia.child(b"mdhd")) {
        sound_entry::to_mp4(tree, stsd, tree.read::<MediaHeader>(mdhd)?.timescale, edits)?;
    }
    for entry in stsd.into_iter().flat_map(|stsd| &stsd.children) {
        // Four zeros end a list of boxes there; elsewhere they are a box of no size.
        let rest = tree.slice(entry.boxes_end(), entry.end());
        if !rest.is_empty() && rest.iter().all(|byte| *byte == 0) {
            edits.cut_rest(entry);
        }
    }
    Ok(())
}
