//! What supplemental enhancement information is about (ISO/IEC 14496-10 annex D, ISO/IEC 23008-2 annex D): the names of its
//! messages, which both standards number alike.

/// The names of the messages in a unit, behind its header, up to the first that is not whole.
pub(super) fn names(mut payload: &[u8]) -> String {
    let mut names = Vec::new();
    // The byte that ends a unit has one bit set, and stands alone.
    while payload.len() > 2 {
        let Some(kind) = number(&mut payload) else { break };
        let Some(len) = number(&mut payload) else { break };
        let body = payload.get(..len).unwrap_or(payload);
        names.push(name(kind, body));
        payload = payload.get(len..).unwrap_or_default();
    }
    names.join(", ")
}

/// A number in bytes of which all but the last are 255.
fn number(payload: &mut &[u8]) -> Option<usize> {
    let mut sum = 0_usize;
    loop {
        let (byte, rest) = payload.split_first()?;
        *payload = rest;
        sum += usize::from(*byte);
        if *byte < 0xff {
            return Some(sum);
        }
    }
}

fn name(kind: usize, body: &[u8]) -> String {
    let name = match kind {
        0 => "buffering period",
        1 => "picture timing",
        2 => "pan-scan rectangle",
        3 => "filler",
        // Countries and providers of ITU-T T.35.
        4 => match body {
            [0xb5, 0, 0x31, b'G', b'A', b'9', b'4', 3, ..] => "captions (CEA-608/708)",
            [0xb5, 0, 0x31, b'G', b'A', b'9', b'4', 6, ..] => "bar data",
            [0xb5, 0, 0x31, b'D', b'T', b'G', b'1', ..] => "active format description",
            [0xb5, 0, 0x3c, 0, 1, 4, ..] => "HDR10+ metadata",
            _ => "registered user data",
        },
        5 => "unregistered user data",
        6 => "recovery point",
        9 => "sub-sequence information",
        15 => "picture snapshot",
        19 => "film grain",
        22 => "post-filter hint",
        23 => "tone mapping",
        24 => "scalability information",
        30 => "non-required view",
        37 => "multi-view scene information",
        45 => "frame packing arrangement",
        47 => "display orientation",
        56 => "green metadata",
        128 => "structure of pictures",
        129 => "active parameter sets",
        130 => "decoding unit information",
        131 => "temporal sub-layer zero index",
        132 => "decoded picture hash",
        133 => "scalable nesting",
        134 => "region refresh",
        135 => "no display",
        136 => "time code",
        137 => "mastering display colour volume",
        142 => "colour remapping",
        144 => "content light level",
        147 => "alternative transfer characteristics",
        148 => "ambient viewing environment",
        149 => "content colour volume",
        150 => "equirectangular projection",
        154 => "sphere rotation",
        165 => "alpha channel",
        200 => "list of messages",
        _ => return format!("message {kind}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_named_until_the_unit_ends() {
        assert_eq!(names(&[1, 2, 9, 9, 6, 1, 0x84, 0x80]), "picture timing, recovery point");
        assert_eq!(names(&[0xff, 1, 0, 0x80]), "message 256");
        assert_eq!(names(&[4, 8, 0xb5, 0, 0x31, b'G', b'A', b'9', b'4', 3, 0x80]), "captions (CEA-608/708)");
        // One that is cut short is named; nothing is made up of what is missing.
        assert_eq!(names(&[137, 24, 0, 0]), "mastering display colour volume");
        assert_eq!(names(&[0xff, 0xff, 0xff]), "");
        assert_eq!(names(&[0x80]), "");
        assert_eq!(names(&[]), "");
    }
}
