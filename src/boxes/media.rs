//! What the media of a track is, as far as it says what its sample entries are.

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{FourCc, Reader, Result};

use super::header::{BoxHeader, BoxId, four};
use super::sample_types::Layout;

/// What a handler is of.
pub fn of_handler(handler: FourCc) -> Layout {
    match &handler.0 {
        // Image sequences, and what belongs to pictures: depth, transparency (ISO/IEC 23008-12:2022 7.3).
        b"vide" | b"pict" | b"auxv" => Layout::Visual,
        b"soun" => Layout::Audio,
        _ => Layout::Other,
    }
}

/// What the media is that the box `id` with this `body` is about. `around` is what is known of the box around it, of type
/// `parent`.
pub(super) fn media_of(id: BoxId, parent: Option<BoxId>, around: Layout, body: &Reader<'_>) -> Layout {
    if around == Layout::Other && parent == Some(four(b"stsd")) {
        return supposed(*body).unwrap_or(around);
    }
    let mut boxes = *body;
    // By the handler, and where that is missing by the media header.
    while id.is(b"mdia") || id.is(b"minf") {
        match said_by_next(&mut boxes) {
            Ok(Layout::Other) => {}
            Ok(media) => return media,
            Err(_) => break,
        }
    }
    around
}

fn said_by_next(boxes: &mut Reader<'_>) -> Result<Layout> {
    let header = BoxHeader::read(&mut boxes.clone(), len_u64(boxes.remaining()))?;
    let mut body = boxes.sub(header.size, "A box")?;
    body.take(to_len(header.header_len()), "A box header")?;
    Ok(match &header.id.four_cc().0 {
        b"vmhd" => Layout::Visual,
        b"smhd" => Layout::Audio,
        b"hdlr" => {
            body.take(8, "fields before the handler type")?;
            of_handler(FourCc(body.array("handler_type")?))
        }
        _ => Layout::Other,
    })
}

/// What a sample entry without a track is, should its type be one of pictures and of sound: that has a number of channels
/// where pictures have the upper half of a quality of at most 1024.
fn supposed(mut body: Reader<'_>) -> Result<Layout> {
    body.take(16, "fields before the channels")?;
    Ok(if body.u16("channelcount")? == 0 { Layout::Visual } else { Layout::Audio })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::Tree;
    use crate::bytes::Writer;

    /// A `raw ` entry of sound, QuickTime's 8 bits without sign.
    fn sound(w: &mut Writer) {
        w.nested(FourCc(*b"raw "), |w| {
            w.bytes(&[0, 0, 0, 0, 0, 0, 0, 1]);
            w.bytes(&[0; 8]);
            w.bytes(&[0, 2, 0, 8, 0, 0, 0, 0, 0xac, 0x44, 0, 0]);
            w.nested(FourCc(*b"chan"), |w| w.bytes(&[0; 16]));
        });
    }

    /// The same type of pictures.
    fn picture(w: &mut Writer) {
        w.nested(FourCc(*b"raw "), |w| {
            w.bytes(&[0, 0, 0, 0, 0, 0, 0, 1]);
            w.bytes(&[0; 8]);
            w.bytes(&[0, 0, 2, 0, 0, 0, 2, 0, 0, 16, 0, 16]);
            w.bytes(&[0; 46]);
            w.bytes(&[0, 24, 0xff, 0xff]);
            w.nested(FourCc(*b"pasp"), |w| w.bytes(&[0, 0, 0, 1, 0, 0, 0, 1]));
        });
    }

    /// A `mdia` with a handler, a media header, or neither.
    fn mdia(handler: &[u8; 4], media_header: &[u8; 4], entry: fn(&mut Writer)) -> Vec<u8> {
        let mut w = Writer::new();
        w.nested(FourCc(*b"mdia"), |w| {
            w.nested(FourCc(*b"minf"), |w| {
                w.nested(FourCc(*media_header), |w| w.bytes(&[0; 8]));
                w.nested(FourCc(*b"stbl"), |w| {
                    w.nested(FourCc(*b"stsd"), |w| {
                        w.bytes(&[0, 0, 0, 0, 0, 0, 0, 1]);
                        entry(w);
                    });
                });
            });
            w.nested(FourCc(*b"hdlr"), |w| {
                w.bytes(&[0; 8]);
                w.bytes(handler);
                w.bytes(&[0; 13]);
            });
        });
        w.into_bytes()
    }

    #[test]
    fn a_type_with_two_meanings_is_read_as_the_handler_says() {
        for (handler, media_header, entry, inside, media) in [
            (b"soun", b"smhd", sound as fn(&mut Writer), b"chan", Layout::Audio),
            (b"vide", b"vmhd", picture, b"pasp", Layout::Visual),
            // The handler is missing, or both are.
            (b"    ", b"smhd", sound, b"chan", Layout::Audio),
            (b"    ", b"vmhd", picture, b"pasp", Layout::Visual),
            (b"    ", b"nmhd", sound, b"chan", Layout::Audio),
            (b"    ", b"nmhd", picture, b"pasp", Layout::Visual),
        ] {
            let bytes = mdia(handler, media_header, entry);
            let tree = Tree::parse(&bytes[..], 0).unwrap();
            assert_eq!(tree.root().first_problem(), None);
            let entry = tree.root().descend(&[b"minf", b"stbl", b"stsd", b"raw "]).unwrap();
            assert_eq!((entry.media, entry.child(inside).is_some()), (media, true), "{handler:?}");
        }
    }
}
