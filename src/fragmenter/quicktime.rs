//! What QuickTime writes in its own way, in the way of MP4: browsers and Smooth Streaming players read no other.

use crate::boxes::movie::{Handler, MediaHeader};
use crate::boxes::sample_entry::{AudioSampleEntry, QuickTimeV1, rounded};
use crate::boxes::types::{Language, UFixed16};
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{Result, Writer};

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
    for entry in stsd.into_iter().flat_map(|stsd| &stsd.children) {
        if let Some(wave) = entry.child(b"wave") {
            sound(tree, entry, wave, edits)?;
        }
        // Four zeros end a list of boxes there; elsewhere they are a box of no size.
        let rest = tree.slice(entry.boxes_end(), entry.end());
        if !rest.is_empty() && rest.iter().all(|byte| *byte == 0) {
            edits.cut_rest(entry);
        }
    }
    Ok(())
}

/// A sound entry without what QuickTime's versions 1 and 2 add, and with the codec's own boxes where MP4 has them.
fn sound(tree: &Tree<'_>, entry: &Node, wave: &Node, edits: &mut Edits) -> Result<()> {
    let own = [b"frma", b"enda", b"mp4a", &[0; 4]];
    let codec: Vec<&Node> =
        wave.children.iter().filter(|child| !own.iter().any(|code| child.id().is(code))).collect();
    if codec.is_empty() {
        return Ok(());
    }
    let mut fields: AudioSampleEntry = tree.read(entry)?;
    if fields.entry_version == 2 {
        let v2 = &fields.quicktime_v2;
        let rate = u16::try_from(rounded(v2.audio_sample_rate)).unwrap_or(0);
        fields.channelcount = u16::try_from(v2.num_audio_channels).unwrap_or(0);
        fields.samplerate = UFixed16(u32::from(rate) << 16);
    }
    (fields.entry_version, fields.reserved_2, fields.quicktime_v1) = (0, [0; 6], QuickTimeV1(None));
    (fields.samplesize, fields.pre_defined) = (16, 0);
    let mut w = Writer::new();
    fields.write_body(&mut w, 0);
    edits.set_fields(entry, w.into_bytes());
    edits.remove(wave);
    entry.all(b"chan").for_each(|chan| edits.remove(chan));
    for child in codec {
        edits.append(entry, tree.slice(child.start, child.end()));
    }
    Ok(())
}
